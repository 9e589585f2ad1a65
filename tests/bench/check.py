"""How fast a national flow is checked, beside xmllint on the same file in the same run.

``python -m tests.bench.check [rounds]``. RELAIS_SHARED names the folder of the published schema;
without it, xmllint is given the schema that is built from our own grammar.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.formations import formations

from .measure import schema_file

FORMATIONS, SESSIONS = 20_000, 3
ALLOWED = 1.2

SCHEMA = """
import sys
from pathlib import Path
from exports.lheo.checker import schema_faults
sys.exit(any(schema_faults(Path(sys.argv[1]))))
"""
WHOLE = """
import sys
from pathlib import Path
from exports.lheo.checker import check_file
sys.exit(check_file(Path(sys.argv[1])).status)
"""
STARTED = "from exports.lheo.checker import check_file; from exports.lheo.schema import schema; schema()"


def written(folder: Path) -> Path:
    """A flow of our own formations, three sessions each."""
    file = folder / "national.xml"
    with file.open("w") as stream:
        stream.writelines(formations(FORMATIONS, SESSIONS))
    return file


def run(command: list[str]) -> tuple[float, float, int]:
    """Seconds on the clock, seconds of processor, most KiB held, by a process of its own."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss)\n"
        "sys.exit(done.returncode)"
    )
    start = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True).stdout
    clock = time.perf_counter() - start
    processor, peak = out.split()
    return clock, float(processor), int(peak)


def main(rounds: int = 5, tell: Callable[[str], object] = print) -> float:
    """Print the medians; return the ratio of processor time, schema part to xmllint."""
    python = [sys.executable, "-c"]
    with TemporaryDirectory() as folder:
        file = written(Path(folder))
        schema = str(schema_file(Path(folder), tell))
        commands = {
            "xmllint --stream --schema": ["xmllint", "--stream", "--noout", "--schema", schema, str(file)],
            "schéma seul": [*python, SCHEMA, str(file)],
            "tout": [*python, WHOLE, str(file)],
            "démarrage": [*python, STARTED],
        }
        results: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():  # one after the other: a busy machine slows them alike
                results[name].append(run(command))
        tell(f"{file.stat().st_size / 1e6:.0f} Mo, {FORMATIONS} formations, {FORMATIONS * SESSIONS} sessions")
    tell(f"{'':28}{'durée':>9}{'processeur':>12}{'mémoire':>11}{'/ xmllint':>11}")
    reference = [result[1] for result in results["xmllint --stream --schema"]]
    ratios = {}
    for name, found in results.items():
        clock, processor, peak = (statistics.median(values) for values in zip(*found, strict=True))
        pairs = zip((result[1] for result in found), reference, strict=True)
        ratios[name] = statistics.median(one / other for one, other in pairs)
        tell(f"{name:28}{clock:7.2f} s{processor:10.2f} s{peak / 1024:7.0f} Mio{ratios[name]:11.2f}")
    tell(f"Demandé : {ALLOWED} au plus pour le schéma seul.")
    return ratios["schéma seul"]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])) > ALLOWED)
