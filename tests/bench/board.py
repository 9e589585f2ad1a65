"""The funders' board with 50 conventions and with 5,000, side by side in one run.

``python -m tests.bench.board [rounds]``, on SQLite, and on PostgreSQL too when one answers. Pages are asked of the
real application, one base after the other at each round, so that a busy machine slows both alike.
"""

from __future__ import annotations

import logging
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import flask_migrate
from flask import Flask
from sqlalchemy import insert, text

from backoffice.cli.seed import load_territoires
from backoffice.core import config
from backoffice.core.extensions import db
from backoffice.models import Convention, Obligation, ObligationEvent, ObligationKind, ObligationState
from backoffice.web.factory import create_app
from tests.support import factories as make
from tests.support import services
from tests.support.bases import PostgresqlBase
from tests.support.visitor import Visitor

from .queue import p95, timed

SIZES = (50, 5_000)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
PROGRAMMES = ("BOP 104", "BOP 147", "OEPRE", "Région")
DEPARTEMENTS = ("14", "27", "50", "61", "76")
STATES = (*[ObligationState.A_FOURNIR] * 4, *[ObligationState.VERIFIEE] * 4, ObligationState.DECLAREE)

PAGES = {
    "tous les projets": "/suivi/?annee=2026",
    "la dernière page": "/suivi/?annee=2026&page=1000",
    "en retard": "/suivi/?annee=2026&etat=retard",
    "PNE non confirmée": "/suivi/?annee=2026&etat=pne-adresse",
    "par structure": "/suivi/?annee=2026&tri=nom&departement=14",
    "la carte": "/suivi/carte.svg?annee=2026",
}


def fill(number: int, user_id: int, territoire_id: int, organisme_id: int) -> None:
    conventions = [
        {
            "id": rank + 1,
            "territoire_id": territoire_id,
            "programme": PROGRAMMES[rank % 4],
            "annee": 2026,
            "reference": f"2026-{rank:05d}",
            "departement": DEPARTEMENTS[rank % 5],
            "nom": f"Association {rank}",
            "organisme_id": organisme_id if rank % 2 else None,
            "matching": "rattachee" if rank % 2 else "a_regler",
            "montant": 100_000 * (rank % 90),
            "bpi": "inconnu",
            "contact_pne": f"enquete{rank}@exemple.fr",
            "contact_confirmed_at": START if rank % 3 else None,
            "origin": "import",
            "created_by_id": user_id,
        }
        for rank in range(number)
    ]
    obligations = [
        {
            "id": 3 * rank + place + 1,
            "convention_id": rank + 1,
            "kind": kind,
            "state": STATES[(rank + place) % len(STATES)],
            "due_on": date(2026, 9, 30) if (rank + place) % 4 else date(2026, 12, 31),
            "proof": {"date": "2026-03-01"},
            "changed_at": START,
            "changed_by_id": user_id,
        }
        for rank in range(number)
        for place, kind in enumerate(ObligationKind)
    ]
    events = [
        {"obligation_id": row["id"], "at": START, "actor_id": user_id, "transition": name, "target": row["state"]}
        for row in obligations
        for name in ("ouvrir", "relancer")
    ]
    for model, rows in ((Convention, conventions), (Obligation, obligations), (ObligationEvent, events)):
        db.session.execute(insert(model).execution_options(render_nulls=True), rows)
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if db.engine.dialect.name == "postgresql" else "ANALYZE"))


@contextmanager
def filled(url: str, folder: Path, number: int) -> Iterator[Visitor]:
    """A funder in front of so many conventions."""
    folder.mkdir(exist_ok=True)
    settings = config.load({"DATABASE_URL": url, "SECRET_KEY": "mesure", "RELAIS_INSTANCE": str(folder)})
    app: Flask = create_app(settings, TESTING=True, ARGON2={"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    with app.app_context():
        flask_migrate.upgrade()
        load_territoires()
        funder, structure = make.funder(), make.organisme()
        db.session.commit()
        fill(number, funder.id, structure.territoire_id, structure.id)
        visitor = Visitor(app, funder)
        db.session.remove()
    yield visitor
    with app.app_context():
        db.engine.dispose()


def compare(kind: str, rounds: int, tell: Callable[[str], object]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        bases = [PostgresqlBase(f"tableau_{size}") for size in SIZES] if kind == "postgresql" else []
        urls = [base.url for base in bases] or [f"sqlite:///{folder}/{size}.sqlite3" for size in SIZES]
        small, large = (filled(url, folder / str(size), size) for url, size in zip(urls, SIZES, strict=True))
        with small as one, large as two:
            times = timed([(one, PAGES), (two, PAGES)], list(PAGES), rounds)
        for base in bases:
            base._manage(f"DROP DATABASE IF EXISTS {base.name} WITH (FORCE)")
    tell(f"{kind}, {rounds} tours{'':8}{SIZES[0]:>8} conventions{SIZES[1]:>8} conventions   rapport des p95")
    for page, (few, many) in times.items():
        shown = "".join(f"{statistics.median(found) * 1000:8.1f} /{p95(found) * 1000:7.1f}" for found in (few, many))
        tell(f"{page:24}{shown}  ms (médiane / p95){p95(many) / p95(few):6.2f}")


def main(rounds: int = 100, tell: Callable[[str], object] = print) -> None:
    logging.disable(logging.INFO)  # one line a request would hide the figures
    for kind in ("sqlite", *(["postgresql"] if services.AVAILABLE["postgresql"]() else [])):
        compare(kind, rounds, tell)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
