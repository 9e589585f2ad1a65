"""What a command costs, in a process of its own that nothing else shares."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from exports.lheo.schema import build
from tests.support import services

PUBLISHED = services.SHARED / "lheo" / "lheo-2.3.xsd"
LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(json.dumps([time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss]), file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Small on purpose: a process begins with the peak memory of the one that starts it."""


def schema_file(folder: Path, tell: Callable[[str], object]) -> Path:
    """The schema that xmllint is given: the published one or, where it is absent, ours, written in `folder`."""
    if PUBLISHED.is_file():
        return PUBLISHED
    file = folder / "lheo.xsd"
    etree.ElementTree(build()).write(file, encoding="utf-8", xml_declaration=True)
    tell(f"Schéma publié absent ({PUBLISHED}) : xmllint reçoit celui que l’on construit de notre grammaire.")
    return file


@dataclass(frozen=True)
class Cost:
    """clock and processor in seconds; peak: most memory held, in MiB."""

    clock: float
    processor: float
    peak: float


def run(command: list[str], env: Mapping[str, str], *, good: tuple[int, ...] = (0,)) -> Cost:
    """Of the whole process; when it tells on its standard output what its work alone took, of that work."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode not in good:
        raise RuntimeError(f"{command} : {done.stderr[-2000:]}")
    clock, processor, peak = json.loads(done.stderr.splitlines()[-1])
    if command[1:3] == ["-m", "tests.bench.work"]:
        clock, processor = json.loads(done.stdout.splitlines()[-1])
    return Cost(clock, processor, peak / 1024)


def median(costs: list[Cost]) -> Cost:
    return Cost(
        *(statistics.median(values) for values in zip(*((c.clock, c.processor, c.peak) for c in costs), strict=True))
    )


def ratios(costs: list[Cost], others: list[Cost]) -> tuple[float, float]:
    """(least, median) of the ratios of times, pair by pair: both were measured one just after the other."""
    pairs = [one.clock / other.clock for one, other in zip(costs, others, strict=True)]
    return min(pairs), statistics.median(pairs)
