"""Flows at the size of the country, side by side with what they are measured against.

``python -m tests.bench.flux [--fiches 20000] [--rounds 3] [--base sqlite --base postgresql]``. Every
measure is a process of its own; those that are compared run one just after the other, round after
round, so that a busy machine slows them alike.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from backoffice.core.clock import now
from tests.support import services

from . import bases
from .measure import Cost, median, ratios, run, schema_file

CHANGED = 100
SLOPE = 10
NAME = os.environ.get("RELAIS_TEST_NAME", "relais_bench")


class Bench:
    """The measures on one base."""

    def __init__(self, base: str, url: str, folder: Path, rounds: int):
        self.base, self.folder, self.rounds = base, folder, rounds
        self.env = {
            **os.environ,
            "DATABASE_URL": url,
            "SECRET_KEY": "x",
            "REDIS_URL": "",
            "RELAIS_INSTANCE": str(folder),
            "RELAIS_FLUX": str(folder / "flux"),
        }

    def work(self, name: str, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "tests.bench.work", name, *map(str, arguments)]

    def measure(self, commands: dict[str, list[str]], rounds: int = 0) -> dict[str, list[Cost]]:
        found: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(rounds or self.rounds):
            for name, command in commands.items():
                found[name].append(run(command, self.env))
        return found

    def file(self, name: str) -> Path:
        return self.folder / name

    def plain(self) -> Path:
        """The full flow of this base, unpacked: what gzip and xmllint are given."""
        run(self.work("full", self.file("flux.xml")), self.env)
        return self.file("flux.xml")

    def gzip(self, file: Path) -> list[str]:
        return ["sh", "-c", f"gzip -6 -c {file} > {file}.gzip"]


def row(name: str, costs: list[Cost], against: list[Cost] | None = None, idle: float = 0.0) -> None:
    cost = median(costs)
    compared = "{:.2f} / {:.2f}".format(*ratios(costs, against)) if against else ""
    more = f"{cost.peak - idle:7.0f} Mio" if idle else f"{'':11}"
    tell(f"{name:50}{cost.clock:8.2f} s{cost.processor:10.2f} s{cost.peak:7.0f} Mio{more}  {compared}")


def head(title: str) -> None:
    tell(f"\n{title}")
    tell(f"{'':50}{'durée':>10}{'processeur':>12}{'mémoire':>11}{'en plus':>11}  {'rapport (moindre / médian)'}")


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def flows(bench: Bench) -> None:
    """The full flow beside gzip and one tree; the differential; the check; the import."""
    plain = bench.plain()
    size = plain.stat().st_size
    before = now()
    found = bench.measure(
        {
            "idle": bench.work("idle"),
            "full": bench.work("full", bench.file("complet.xml.gz")),
            "gzip": bench.gzip(plain),
            "tree": bench.work("tree", bench.file("arbre.xml.gz")),
        }
    )
    idle = median(found["idle"]).peak
    head(f"{bench.base} : {size / 1e6:.0f} Mo")
    row("application au repos", found["idle"])
    row("flux complet compressé", found["full"], found["gzip"], idle)
    row("gzip -6 seul, mêmes octets", found["gzip"])
    row("un seul arbre lxml, puis écrit", found["tree"], found["gzip"], idle)

    bases.change(bench.env["DATABASE_URL"], str(bench.folder), CHANGED)
    since = (before - timedelta(seconds=1)).isoformat()
    output = bench.file("differentiel.xml.gz")
    changed = bench.measure(
        {
            "differential": bench.work("differential", output, since),
            "full": bench.work("full", bench.file("complet.xml.gz")),
        }
    )
    row(f"flux différentiel, {CHANGED} changements", changed["differential"], changed["full"], idle)
    tell(
        f"{'':50}(rapport au flux complet ; {output.stat().st_size / 1000:.0f} ko au lieu de "
        f"{bench.file('complet.xml.gz').stat().st_size / 1000:.0f})"
    )


def checked(bench: Bench) -> None:
    plain = bench.plain()
    schema = schema_file(bench.folder, tell)
    found = bench.measure(
        {
            "idle": bench.work("idle"),
            "xmllint": ["xmllint", "--stream", "--noout", "--schema", str(schema), str(plain)],
            "schema": bench.work("schema_only", plain),
            "check": bench.work("check", plain),
        }
    )
    idle = median(found["idle"]).peak
    head(f"Vérifier un flux de {plain.stat().st_size / 1e6:.0f} Mo")
    row("xmllint --stream --schema", found["xmllint"])
    row("vérification, schéma seul", found["schema"], found["xmllint"], idle)
    row("vérification, tout", found["check"], found["xmllint"], idle)


def imported(bench: Bench) -> None:
    plain = bench.plain()
    found = bench.measure(
        {"idle": bench.work("idle"), "parse": bench.work("parse", plain), "read": bench.work("read", plain)}
    )
    idle = median(found["idle"]).peak
    head(f"Importer un flux de {plain.stat().st_size / 1e6:.0f} Mo")
    row("analyse XML seule (iterparse)", found["parse"], None, idle)
    row("import : lecture de toutes les fiches", found["read"], found["parse"], idle)


def slope(bench: Bench, sessions: int, *, beside: bool = True) -> None:
    """The full flow of another size; `beside`: with gzip on the same bytes."""
    output = bench.file("complet.xml.gz")
    commands = {"idle": bench.work("idle"), "full": bench.work("full", output)}
    if beside:
        commands["gzip"] = bench.gzip(bench.plain())
    found = bench.measure(commands, 0 if beside else 1)
    name = f"flux complet, {sessions} sessions ({output.stat().st_size / 1e6:.0f} Mo compressés)"
    row(name, found["full"], found.get("gzip"), median(found["idle"]).peak)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fiches", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="Dossier où garder la base SQLite, reprise d’une fois à l’autre.")
    args = parser.parse_args()
    started = time.monotonic()
    chosen = args.base or ["sqlite", *(["postgresql"] if services.AVAILABLE["postgresql"]() else [])]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        seeded = seeded_base(args.keep or folder, args.fiches)
        tell(f"{now():%Y-%m-%d}, {os.cpu_count()} cœurs, {machine()}, {args.rounds} tours")
        tell(f"{args.fiches} fiches, {3 * args.fiches} sessions")
        for base in chosen:
            one_base(base, seeded, folder, args)
        # Reading a file does not depend on the base.
        for read, every in ((checked, 1), (imported, SLOPE)):
            base = f"sqlite:///{folder / f'lecture-{every}.sqlite3'}"
            bases.copy(f"sqlite:///{seeded}", base, str(folder), every)
            read(Bench("sqlite", base, folder, args.rounds))
    tell(f"\nEn tout : {(time.monotonic() - started) / 60:.1f} min")


def seeded_base(folder: Path, fiches: int) -> Path:
    file = folder / f"pays-{fiches}.sqlite3"
    if not file.exists():
        draft = folder / "pays.tmp"
        bases.seed(f"sqlite:///{draft}", str(folder), fiches)
        draft.rename(file)
    return file


def one_base(base: str, seeded: Path, folder: Path, args: argparse.Namespace) -> None:
    source, names = f"sqlite:///{seeded}", [f"{NAME}_{size}" for size in ("moyen", "petit")]
    if base == "postgresql":
        medium, small = map(bases.new_postgresql, names)
        bases.copy(source, medium, str(folder))
    else:
        medium, small = (f"sqlite:///{folder / name}.sqlite3" for name in names)
        shutil.copy(seeded, folder / f"{names[0]}.sqlite3")
    try:
        bases.copy(source, small, str(folder), SLOPE)
        flows(Bench(base, medium, folder, args.rounds))
        head(f"{base} : la pente")
        slope(Bench(base, small, folder, args.rounds), 3 * args.fiches // SLOPE)
        bases.multiply(medium, SLOPE)
        slope(Bench(base, medium, folder, args.rounds), 3 * args.fiches * SLOPE, beside=False)
    finally:
        if base == "postgresql":
            for name in names:
                bases.drop_postgresql(name)


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "machine inconnue")


if __name__ == "__main__":
    main()
