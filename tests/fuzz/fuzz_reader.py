"""Looks for a file that the checker does not survive: ``make fuzz``, or
``python -m tests.fuzz.fuzz_reader -max_total_time=120``.

Whatever the bytes, reading gives formations or raises ReadError, and checking gives a report.
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["exports.lheo"]):
    from exports.lheo.checker import check_file
    from exports.lheo.reader import Limits

from tests.flux.test_reader import PIECES, SEEDS
from tests.support.formations import document, formation

LIMITS = Limits(size=3_000_000, ratio_from=200_000, weight=1_500_000, signs=30_000, formations=100)


def one(written: bytes) -> None:
    report = check_file(io.BytesIO(written), limits=LIMITS)
    assert report.status in (0, 1, 2)
    assert (report.unreadable is not None) == (report.status == 2)
    assert report.as_json()["nombre_de_fautes"] == report.faults


def corpus(folder: Path) -> None:
    whole = document(formation()).encode()
    for rank, seed in enumerate([*SEEDS, whole, gzip.compress(whole, mtime=0), whole.decode().encode("utf-16")]):
        (folder / f"{rank}.xml").write_bytes(seed)


def words(file: Path) -> None:
    """The pieces that make XML go wrong, as libFuzzer's dictionary."""
    file.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in piece) + '"\n' for piece in PIECES))


def main(arguments: list[str]) -> None:
    with TemporaryDirectory() as folder:
        seeds = Path(folder) / "corpus"
        seeds.mkdir()
        corpus(seeds)
        words(Path(folder) / "mots")
        atheris.Setup([*arguments, f"-dict={folder}/mots", "-max_len=20000", "-timeout=20", str(seeds)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
