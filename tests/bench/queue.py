"""The page of the moderators' queue with 600 fiches and with 60,000, side by side in one run.

``python -m tests.bench.queue [rounds]``, on SQLite, and on PostgreSQL too when one answers. All the
fiches are in one territoire, in every state, with whole contents. Pages are asked of the real application,
one base after the other at each round, so that a busy machine slows both alike.
"""

from __future__ import annotations

import logging
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import insert, text

from backoffice.cli.seed import load_territoires
from backoffice.core import config
from backoffice.core.extensions import db
from backoffice.models import Fiche, Nature, Organisme, Revision, RevisionState
from backoffice.models.content import dump
from backoffice.web.factory import create_app
from tests.support import factories as make
from tests.support import services
from tests.support.bases import PostgresqlBase
from tests.support.visitor import Visitor

SIZES = (600, 60_000)
ALLOWED = 1.3
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
BATCH = 2_000

SHARES = (
    *[RevisionState.SOUMISE] * 4,
    *[RevisionState.EN_INSTRUCTION] * 1,
    *[RevisionState.A_CORRIGER] * 2,
    *[RevisionState.REFUSEE] * 3,
)
"""Of ten fiches. Approved ones would need their fragment; the tab of what is done reads the refused alike."""

PAGES = {
    "à prendre": "/moderation/",
    "à prendre, au milieu": "{middle}",
    "les miennes": "/moderation/?onglet=miennes",
    "en attente de correction": "/moderation/?onglet=correction",
    "traitées": "/moderation/?onglet=traitees",
    "un département en retard": "/moderation/?departement=14&delai=retard",
}


def fill(number: int, moderator_id: int, organisme_id: int, territoire_id: int) -> None:
    document = dump(make.complete_content())
    for start in range(0, number, BATCH):
        ranks = range(start, min(start + BATCH, number))
        fiches = [
            {
                "id": rank + 1,
                "numero": f"28_NO{rank + 1:06d}",
                "dispositif": "ASL",
                "organisme_id": organisme_id,
                "territoire_id": territoire_id,
            }
            for rank in ranks
        ]
        db.session.execute(insert(Fiche), fiches)
        db.session.execute(
            insert(Revision).execution_options(render_nulls=True),
            [revision(rank, document, moderator_id, territoire_id) for rank in ranks],
        )
        db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What autovacuum does in time; SQLite only needs its statistics.
        connection.execute(text("VACUUM ANALYZE" if db.engine.dialect.name == "postgresql" else "ANALYZE"))


def revision(rank: int, document: dict[str, Any], moderator_id: int, territoire_id: int) -> dict[str, Any]:
    state = SHARES[rank % len(SHARES)]
    sent = START + timedelta(minutes=rank)
    decided = state in (RevisionState.A_CORRIGER, RevisionState.REFUSEE)
    return {
        "fiche_id": rank + 1,
        "number": 1,
        "state": state,
        "document": document,
        "content_hash": "0" * 64,
        "title": f"Ateliers de français {rank + 1}",
        "departement": ("14", "27", "50", "61", "76")[rank // 10 % 5],
        "territoire_id": territoire_id,
        "nature": Nature.PREMIERE,
        "due_on": date(2026, 1, 12),
        "submitted_at": sent,
        "moderator_id": None if state is RevisionState.SOUMISE else moderator_id,
        "decided_at": sent + timedelta(days=2) if decided else None,
        "reason": "Précisez les horaires." if decided else None,
    }


@contextmanager
def filled(url: str, folder: Path, number: int) -> Iterator[tuple[Visitor, dict[str, str]]]:
    """A moderator in front of a queue of so many fiches, and the addresses to ask."""
    folder.mkdir(exist_ok=True)
    settings = config.load({"DATABASE_URL": url, "SECRET_KEY": "mesure", "RELAIS_INSTANCE": str(folder)})
    app: Flask = create_app(settings, TESTING=True, ARGON2={"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    with app.app_context():
        flask_migrate.upgrade()
        load_territoires()
        moderator = make.moderator()
        structure: Organisme = make.organisme()
        db.session.commit()
        fill(number, moderator.id, structure.id, structure.territoire_id)
        visitor = Visitor(app, moderator)
        address = "/moderation/"
        for _ in range(3):  # 240 fiches wait in the smaller base: five pages
            found = re.search(r'rel="next" href="([^"]+)"', visitor.get(address).text)
            assert found, "pas de page suivante"
            address = found[1].replace("&amp;", "&")
        db.session.remove()
    yield visitor, {name: path.format(middle=address) for name, path in PAGES.items()}
    with app.app_context():
        db.engine.dispose()


def timed(queues: list[tuple[Visitor, dict[str, str]]], pages: list[str], rounds: int) -> dict[str, list[list[float]]]:
    """{page: for each base, the seconds of each round}."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in queues] for name in pages}
    for round_ in range(-3, rounds):  # the first ones warm the caches and are not kept
        for name in pages:
            for rank, (visitor, addresses) in enumerate(queues):
                start = time.perf_counter()
                answer = visitor.get(addresses[name])
                spent = time.perf_counter() - start
                assert answer.status_code == 200
                if round_ >= 0:
                    times[name][rank].append(spent)
    return times


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def compare(kind: str, rounds: int, tell: Callable[[str], object]) -> float:
    """Prints the two sizes side by side on one kind of base; returns the largest ratio."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        bases = [PostgresqlBase(f"mesure_{size}") for size in SIZES] if kind == "postgresql" else []
        urls = [base.url for base in bases] or [f"sqlite:///{folder}/{size}.sqlite3" for size in SIZES]
        small, large = (filled(url, folder / str(size), size) for url, size in zip(urls, SIZES, strict=True))
        with small as one, large as two:
            times = timed([one, two], list(PAGES), rounds)
        for base in bases:
            base._manage(f"DROP DATABASE IF EXISTS {base.name} WITH (FORCE)")
    tell(f"{kind}, {rounds} tours{'':14}{SIZES[0]:>8} fiches{SIZES[1]:>8} fiches   rapport des p95")
    ratios = []
    for page, (few, many) in times.items():
        ratios.append(p95(many) / p95(few))
        shown = "".join(f"{statistics.median(found) * 1000:7.1f} /{p95(found) * 1000:6.1f}" for found in (few, many))
        tell(f"{page:28}{shown}  ms (médiane / p95){ratios[-1]:6.2f}")
    return max(ratios)


def main(rounds: int = 200, tell: Callable[[str], object] = print) -> float:
    logging.disable(logging.INFO)  # one line a request would hide the figures
    kinds = ["sqlite", *(["postgresql"] if services.AVAILABLE["postgresql"]() else [])]
    worst = max(compare(kind, rounds, tell) for kind in kinds)
    tell(f"Demandé : {ALLOWED} au plus.")
    return worst


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])) > ALLOWED)
