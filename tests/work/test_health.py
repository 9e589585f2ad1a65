"""The page of who keeps the machine: what it shows is there, and it stays open when something is down."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from backoffice.core.extensions import db, jobs, make_queue
from backoffice.models import FluxRun, ImportJob, ImportKind, JobStatus, Phase, RevisionState
from backoffice.queries.work.health import disks
from exports.flux.build import find
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.services import free_port
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.work import failures

from .test_jobs import redis_queue  # noqa: F401 - a fixture

PAGE = "/administration/exploitation/"


@pytest.fixture
def alma(app):
    return Visitor(app, make.administrator())


def figures(page) -> dict[str, str]:
    """{label: number} of the page."""
    return {term.text_content(): term.getnext().text_content() for term in page.dom.xpath("//main//dt")}


def test_the_base_the_disk_and_what_was_done_last(app, alma):
    marc = make.moderator()
    make.fiche_in(RevisionState.VALIDEE, make.provider(), marc)  # two e-mails
    normandie = find(db.session(), "normandie")
    normandie.active = True
    db.session.add(FluxRun(flux_id=normandie.id))
    db.session.add(
        ImportJob(
            created_by_id=marc.id,
            territoire_id=make.territoire().id,
            kind=ImportKind.TABLEAU,
            filename="rentrée.csv",
            stored="",
            phase=Phase.IMPORT,
            status=JobStatus.FINI,
            total=1200,
            done=1200,
        )
    )
    db.session.commit()
    failures.keep("workflows.notices.mail.sweep", (), "Traceback\nZeroDivisionError: x")
    page = open_page(alma, PAGE)
    words, numbers = page.words(), figures(page)
    kind = "PostgreSQL" if db.engine.dialect.name == "postgresql" else "SQLite"
    assert any(label.startswith(f"Base ({kind}, migration ") for label in numbers)
    assert any(label.startswith("Place libre") for label in numbers)
    assert (numbers["Travaux en échec"], int(numbers["À envoyer"]) > 0) == ("1", True)
    assert normandie.title in words
    assert [cell.split(", ")[0] for cell in page.table()[-1]][:3] == ["rentrée.csv", "Normandie", "Marc Modèle"]
    assert "Terminé, 1 200 lignes sur 1 200" in words.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ")
    assert "dans l’application elle-même" in words


@pytest.mark.committed
@pytest.mark.redis
def test_with_redis_the_queue_is_counted(app, alma, redis_queue):  # noqa: F811
    redis_queue.enqueue("workflows.work.jobs.perform", "workflows.notices.mail.sweep")
    page = open_page(alma, PAGE)
    assert figures(page)["Travaux qui attendent"] == "1"
    assert "Aucun travailleur n’est en marche" in page.words()


def test_with_redis_down_the_page_says_so(app, alma, monkeypatch):
    monkeypatch.setitem(app.extensions, "relais_jobs", make_queue(f"redis://127.0.0.1:{free_port()}/0"))
    assert jobs.queue is not None
    assert "Redis ne répond pas" in open_page(alma, PAGE).words()


def test_a_disk_that_fills_up_is_told(alma, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100_000_000_000, 95_000_000_000, 5_000_000_000))
    (disk,) = disks(tmp_path, tmp_path / "pas" / "encore")
    assert disk.short
    assert "moins d’un dixième de la place" in open_page(alma, PAGE).words()


def test_the_page_asks_the_base_as_often_whatever_there_is(app, alma):
    counts = []
    for _ in range(2):
        with statements() as asked:
            assert alma.get(PAGE).status_code == 200
        counts.append(len(asked))
        for code in ("normandie", "bretagne", "grand-est"):
            db.session.add(FluxRun(flux_id=find(db.session(), code).id))
        db.session.commit()
    assert counts[0] == counts[1]
