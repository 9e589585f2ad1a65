"""The full flow: valid for xmllint, streamed, whole or absent, the same for the same base."""

from __future__ import annotations

import gzip
import hashlib
import json
import tracemalloc
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import event, insert, select

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.models import Fiche, FicheState, Fragment, Publication, Revision, RevisionState
from exports.flux.build import UnknownFlux, find, full
from exports.flux.writer import EmptyFlux, UnfitFlux
from exports.fragment.build import CODE_VERSION
from exports.lheo.checker import check_file
from tests.support import factories as make

AT = datetime(2040, 11, 1, 5, 28, 47, tzinfo=UTC)
"""A moment after everything that a test does."""


def write_flux(code, output, at=AT):
    return full(db.session(), find(db.session(), code), output, at=at)


@pytest.fixture
def published(app):
    """Two fiches published in Normandie, one in Grand Est, and one in each other state."""
    by, moderator = make.provider(), make.moderator()
    for title in ("Premier atelier", "Second atelier"):
        make.fiche_in(RevisionState.VALIDEE, by, moderator, make.complete_content(title))
    content = make.content_in("67482", "Atelier de l’Est")
    make.fiche_in(RevisionState.VALIDEE, by, make.moderator("Elsa Est", "grand-est"), content)
    for state in RevisionState:
        if state is not RevisionState.VALIDEE:
            make.fiche_in(state, by, moderator, make.complete_content("Jamais publié"))
    return by, moderator


def titles(file: Path) -> list[str]:
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return etree.fromstring(data).xpath("//*[local-name()='intitule-formation']/text()")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("normandie", ["Premier atelier", "Second atelier"]),
        ("grand-est", ["Atelier de l’Est"]),
        ("france", ["Atelier de l’Est", "Premier atelier", "Second atelier"]),
    ],
)
@pytest.mark.parametrize("suffix", [".xml", ".xml.gz"])
def test_a_flow_holds_what_is_published_in_its_territoire(app, published, tmp_path, code, expected, suffix):
    file = tmp_path / f"flux{suffix}"
    manifest = write_flux(code, file)
    assert titles(file) == expected
    assert (manifest.formations, manifest.actions, manifest.sessions) == (len(expected),) * 3
    assert json.loads((tmp_path / f"flux{suffix}.manifest.json").read_text()) == {
        "code": code,
        "kind": "complet",
        "file": file.name,
        "at": "2040-11-01T05:28:47+00:00",
        "since": "",
        "removed": [],
        "code_versions": {str(CODE_VERSION): len(expected)},
        "others": {},
        "formations": len(expected),
        "actions": len(expected),
        "sessions": len(expected),
        "size": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def test_the_command_writes_a_flow_and_says_what_is_in_it(app, published, tmp_path):
    file = tmp_path / "flux.xml"
    result = app.test_cli_runner().invoke(args=["flux", "build", "france", "--output", str(file)])
    assert result.exit_code == 0, result.output
    assert "3 formations" in result.output
    root = etree.parse(file).getroot()
    assert root[0][-1].get("info") == "flux-intercarif"


def test_every_flow_passes_our_own_check(app, published, tmp_path):
    write_flux("france", tmp_path / "flux.xml.gz")
    report = check_file(tmp_path / "flux.xml.gz")
    assert (report.status, report.formations) == (0, 3)


def test_the_export_stamp_is_the_hour_of_paris(app, published, tmp_path):
    write_flux("france", tmp_path / "f.xml")
    stamp = {node.get("info"): node.text for node in etree.parse(tmp_path / "f.xml").getroot()[0][-1]}
    assert stamp == {"date-export": "20401101", "heure-export": "062847"}


@pytest.mark.parametrize("suffix", [".xml", ".xml.gz"])
def test_the_same_base_gives_the_same_bytes(app, published, tmp_path, suffix):
    one, two = tmp_path / f"un{suffix}", tmp_path / f"deux{suffix}"
    write_flux("france", one)
    write_flux("france", two)
    assert one.read_bytes() == two.read_bytes()


def test_a_suspended_or_archived_fiche_leaves_the_flow_by_absence(app, published, tmp_path):
    by, moderator = published
    first, second = db.session.scalars(
        select(Fiche).where(Fiche.state == FicheState.PUBLIEE).order_by(Fiche.id).limit(2)
    )
    make.step(first, "suspendre", moderator, "Téléphone faux.")
    make.step(second, "archiver", by)
    with pytest.raises(EmptyFlux):
        write_flux("normandie", tmp_path / "f.xml")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_code_is_said_so(app, tmp_path):
    result = app.test_cli_runner().invoke(args=["flux", "build", "atlantide", "--output", str(tmp_path / "f.xml")])
    assert result.exit_code == 1
    assert "atlantide" in result.output
    with pytest.raises(UnknownFlux):
        write_flux("atlantide", tmp_path / "f.xml")


def test_an_output_of_another_kind_is_refused(app, tmp_path):
    result = app.test_cli_runner().invoke(args=["flux", "build", "france", "--output", str(tmp_path / "f.zip")])
    assert result.exit_code == 2


@pytest.mark.parametrize("spoiled", [b"abime", b""], ids=["illisible", "remplacé"])
def test_a_run_that_fails_leaves_the_last_good_flow_and_nothing_else(app, published, tmp_path, spoiled):
    file = tmp_path / "f.xml"
    write_flux("france", file)
    good = file.read_bytes()
    other = zlib.compress(b"<formation>autre</formation>")
    db.session.execute(Fragment.__table__.update().where(Fragment.id == 2).values(xml=spoiled or other))
    with pytest.raises((UnfitFlux, zlib.error)):
        write_flux("france", file)
    assert file.read_bytes() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.xml", "f.xml.manifest.json"]


def multiply(count: int) -> None:
    """Adds published fiches made of one fragment, straight into the base: only reading is measured."""
    by, moderator = make.provider(), make.moderator()
    model = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    fragment = model.latest.fragment
    shared = {"dispositif": "ASL", "organisme_id": model.organisme_id, "territoire_id": model.territoire_id}
    fragments = [
        {name: getattr(fragment, name) for name in ("sha256", "code_version", "actions", "sessions", "facets", "xml")}
    ] * count
    ids = db.session.scalars(insert(Fragment).returning(Fragment.id), fragments).all()
    fiches = db.session.scalars(
        insert(Fiche).returning(Fiche.id),
        [{**shared, "state": FicheState.NON_PUBLIEE, "numero": f"N{rank:06d}"} for rank in range(count)],
    ).all()
    base = {"number": 1, "state": RevisionState.VALIDEE, "document": {}, "content_hash": "x"}
    dates = {"submitted_at": now(), "decided_at": now()}
    revisions = db.session.scalars(
        insert(Revision).returning(Revision.id, sort_by_parameter_order=True),
        [{**base, **dates, "fiche_id": f, "fragment_id": i} for f, i in zip(fiches, ids, strict=True)],
    ).all()
    assert len(revisions) == count
    db.session.execute(
        insert(Publication),
        [
            {"fiche_id": f, "fragment_id": i, "territoire_id": model.territoire_id}
            for f, i in zip(fiches, ids, strict=True)
        ],
    )
    db.session.commit()


def test_memory_and_queries_stay_flat_whatever_the_size(app, tmp_path):
    peaks, queries = [], []

    def run(size: int) -> None:
        orders: list[str] = []
        listener = lambda *args: orders.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        tracemalloc.start()
        manifest = write_flux("normandie", tmp_path / "f.xml")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        event.remove(db.engine, "before_cursor_execute", listener)
        queries.append(len([order for order in orders if "SELECT" in order]))
        assert manifest.formations == size

    multiply(1500)
    run(1501)
    leaving = db.session.scalars(select(Fiche.id).where(Fiche.id > 600)).all()
    db.session.execute(insert(Publication), [{"fiche_id": fiche, "fragment_id": None} for fiche in leaving])
    db.session.commit()
    run(600)
    assert queries[0] == queries[1]
    assert peaks[0] < 1.5 * peaks[1] + 1_000_000
