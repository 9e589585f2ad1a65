"""Registers at their real size: read, compared and applied, on SQLite and on PostgreSQL; time and memory.

``python -m tests.bench.registers``. Each file is invented, in the columns of its owner. It is imported by the command,
in a process of its own, a first time into an empty table and a second time with a row out of a hundred changed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support import register_files as files
from tests.support import services

from .bases import drop_postgresql, migrated, new_postgresql
from .measure import run

SIZES = {"communes": 35_000, "certifications": 30_000, "organismes": 150_000}
NAMED = {"communes": "LIBELLE", "certifications": "Intitule", "organismes": "denomination"}
ALLOWED_SECONDS, ALLOWED_MIB = 60, 64
"""For one file, and over the process that only lists the registers."""


def changed(register: str, number: int):
    row = files.KINDS[register][1]
    for rank in range(1, number + 1):
        yield row(rank, **{NAMED[register]: f"Autre nom {rank}"}) if rank % 100 == 0 else row(rank)


def measure(kind: str, folder: Path, tell) -> bool:
    url = new_postgresql("relais_mesure_registres") if kind == "postgresql" else f"sqlite:///{folder}/b.sqlite3"
    migrated(url, str(folder))
    env = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "mesure", "RELAIS_INSTANCE": str(folder), "REDIS_URL": ""}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", "registers"]
    idle = run([*flask, "list"], env)
    good = True
    for register, number in SIZES.items():
        first = files.write_many(register, folder / "premier.csv", number)
        second = files.write(register, folder / "second.csv", changed(register, number))
        for words, file in (("premier", first), ("un sur cent changé", second)):
            cost = run([*flask, "import", register, str(file), "--apply", "--now"], env)
            more = cost.peak - idle.peak
            good = good and cost.clock < ALLOWED_SECONDS and more < ALLOWED_MIB
            tell(f"{kind:10} {register:14} {number:>7} {words:18} {cost.clock:6.1f} s  +{more:5.0f} Mio\n")
    if kind == "postgresql":
        drop_postgresql("relais_mesure_registres")
    return good


def main() -> int:
    kinds = ["sqlite", "postgresql"] if services.AVAILABLE["postgresql"]() else ["sqlite"]
    good = True
    for kind in kinds:
        with TemporaryDirectory() as folder:
            good = measure(kind, Path(folder), sys.stdout.write) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
