"""One piece of work in this process: ``python -m tests.bench.work NAME ARGUMENTS``. Tells what it took.

Starting Python and the application is not counted, nor what a worker builds once for all its jobs (`prepare`): it
is there already when the work comes.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from lxml import etree
from sqlalchemy.orm import Session

from backoffice.core.extensions import db, read_only
from backoffice.core.snapshot import snapshot
from backoffice.models.importing import ImportKind
from backoffice.web.factory import create_app
from exports.flux import build, published
from exports.flux.build import find
from exports.fragment.check import HEAD, TAIL
from exports.importing.entries import entries
from exports.lheo.checker import check_file, schema_faults
from exports.lheo.grammar import NAMESPACE
from workflows.work.jobs import prepare

FORMATION = f"{{{NAMESPACE}}}formation"


def idle(_session: Session) -> None:
    """Nothing: what the application holds before it works."""


def full(session: Session, output: str) -> None:
    build.full(session, find(session, "france"), Path(output), at=snapshot(session))


def tree(session: Session, output: str) -> None:
    """The same flow as one tree in memory, then written: what streaming is compared with."""
    root = etree.fromstring(HEAD + TAIL)
    offers = root[0]
    with closing(published.as_of(session, find(session, "france"), snapshot(session))) as pieces:
        for piece in pieces:
            offers.append(etree.fromstring(zlib.decompress(piece.xml)))
    etree.ElementTree(root).write(output, xml_declaration=True, encoding="UTF-8", compression=6)


def differential(session: Session, output: str, since: str) -> None:
    at = snapshot(session)
    build.differential(session, find(session, "france"), Path(output), since=datetime.fromisoformat(since), at=at)


def schema_only(_session: Session, file: str) -> None:
    assert not any(schema_faults(Path(file)))


def check(_session: Session, file: str) -> None:
    assert check_file(Path(file)).formations


def read(_session: Session, file: str) -> None:
    assert sum(1 for _ in entries(Path(file), ImportKind.LHEO, {}))


def parse(_session: Session, file: str) -> None:
    """Only the XML, formation by formation, each forgotten at once."""
    for _, element in etree.iterparse(file, tag=FORMATION):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


WORK: dict[str, Callable[..., None]] = {
    work.__name__: work for work in (idle, full, tree, differential, schema_only, check, read, parse)
}


def main(name: str, *arguments: str) -> None:
    app = create_app()
    read_only.set(True)
    with app.app_context(), Session(db.engine) as session:
        session.connection()
        prepare()
        clock, processor = time.perf_counter(), time.process_time()
        WORK[name](session, *arguments)
        took = [time.perf_counter() - clock, time.process_time() - processor]
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
