"""Past moments and differences: the history gives back each day's flow, and each change once."""

from __future__ import annotations

import threading
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import event
from sqlalchemy.orm import Session

from backoffice.core.extensions import db
from backoffice.core.snapshot import snapshot
from backoffice.models import Fiche, FicheState, Flux, Fragment, Publication, RevisionState, User
from exports.flux import published
from exports.flux.build import differential, find, full
from exports.flux.writer import EmptyFlux
from exports.fragment.build import Identity, build
from exports.fragment.check import HEAD, TAIL
from tests.support import factories as make
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.engine import apply
from workflows.fiches.fast_lane import Change, update_session

START = datetime(2026, 9, 1, tzinfo=UTC)


def formations(file: Path) -> dict[str, bytes]:
    """{numero: canonical bytes} of a flow, as a reader keeps it."""
    found = etree.parse(file).getroot().iter("{http://lheo.gouv.fr/2.3}formation")
    return {node.get("numero"): etree.tostring(node, method="c14n") for node in found}


def removals(file: Path) -> list[str]:
    return etree.parse(file).xpath("//*[@info='suppressions']/*[@info='numero']/text()")


def body(file: Path) -> bytes:
    """Everything but the export stamp."""
    return file.read_bytes().rpartition(b'<extras info="flux-intercarif">')[0]


def france() -> Flux:
    return find(db.session(), "france")


def pool(app, count: int) -> list[tuple[Fiche, list[Fragment]]]:
    """Numbered fiches with three ready fragments each, none published yet."""
    by = make.provider()
    made = []
    for rank in range(count):
        fiche = make.draft(by)
        fiche.numero = f"28_NO{rank:06d}"
        fragments = []
        for version in range(3):
            content = make.complete_content(f"Atelier {rank}, version {version}")
            fragment = build(content, Identity.of(fiche, modified=START))
            db.session.add(fragment)
            fragments.append(fragment)
        made.append((fiche, fragments))
    db.session.commit()
    return made


EVENTS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0, 1, 2, None])), max_size=25)


def test_a_differential_applied_to_yesterday_gives_today_over_random_histories(app, tmp_path):
    fiches = pool(app, 5)

    @given(EVENTS, st.data())
    @settings(max_examples=25, deadline=None)
    def live(events, data):
        # Each history begins where all have left, later than the one before: the table only grows.
        base = START + timedelta(days=400 * (db.session.query(Publication).count() + 1))
        leave_all(fiches, base)
        base += timedelta(days=1)
        for rank, (which, version) in enumerate(events):
            fiche, fragments = fiches[which]
            fragment = None if version is None else fragments[version].id
            db.session.add(Publication(fiche_id=fiche.id, fragment_id=fragment, at=base + timedelta(hours=rank)))
            db.session.flush()
        db.session.commit()
        first = data.draw(st.integers(0, len(events)))
        last = data.draw(st.integers(first, len(events)))
        compare(tmp_path, *(base + timedelta(hours=rank, minutes=-30) for rank in (first, last)))

    live()


STEPS = ("place", "date", "suspendre", "republier", "archiver", "revenir", "nouvelle version")
LIVES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STEPS), st.integers(0, 20)), min_size=1, max_size=8)


def test_a_differential_is_right_over_the_lives_that_people_give_to_fiches(app, people, tmp_path):
    """The same, each event by the engine or the fast lane, as on the pages; what is refused changes nothing."""
    fiches = [make.fiche_in(RevisionState.VALIDEE, *people) for _ in range(3)]
    ids, seen = [fiche.id for fiche in fiches], set()

    @given(LIVES, st.data())
    @settings(max_examples=30, deadline=None)
    @example([(0, step, 1) for step in STEPS], None)
    def live(events, data):
        moments = [snapshot(db.session())]
        for which, step, number in events:
            try:
                STORY[step](db.session.get_one(Fiche, ids[which]), number, *people)
                seen.add(step)
                db.session.commit()
            except Refused:
                db.session.rollback()
            db.session.expire_all()
            moments.append(snapshot(db.session()))
        first = data.draw(st.integers(0, len(events))) if data else 0
        compare(tmp_path, moments[first], moments[data.draw(st.integers(first, len(events))) if data else -1])

    live()
    assert seen == set(STEPS)


def _places(fiche, number, by, _moderator):
    update_session(db.session(), fiche.id, Change("G2", "S3", places_libres=number), by)


def _dates(fiche, number, by, _moderator):
    update_session(db.session(), fiche.id, Change("G2", "S3", debut=date(2026, 9, 15) + timedelta(days=number)), by)


def _step(name, mine):
    def take(fiche, _number, by, moderator):
        ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
        said = {"comment": "Une raison.", "reason": make.reason_for(name)}
        apply(db.session(), name, **ids, actor=by if mine else moderator, **said)

    return take


def _again(fiche, number, by, moderator):
    """A new version, with another title, through the whole way; an archived fiche comes back first."""
    if fiche.state is FicheState.ARCHIVEE:
        _step("desarchiver", True)(fiche, number, by, moderator)
    if fiche.latest.state is not RevisionState.BROUILLON:
        operations.open_draft(db.session(), fiche.id, by)
    db.session.expire_all()
    operations.save_draft(db.session(), fiche.latest, make.complete_content(f"Atelier {number}"), {}, by)
    for name in ("soumettre", "prendre", "valider"):
        _step(name, name == "soumettre")(fiche, number, by, moderator)
        db.session.expire_all()


STORY = {
    "place": _places,
    "date": _dates,
    "suspendre": _step("suspendre", False),
    "republier": _step("republier", False),
    "archiver": _step("archiver", True),
    "revenir": _step("desarchiver", True),
    "nouvelle version": _again,
}


def compare(folder: Path, since: datetime, at: datetime) -> None:
    before, after = flow(folder / "hier.xml", since), flow(folder / "jour.xml", at)
    file = folder / "difference.xml"
    try:
        manifest = differential(db.session(), france(), file, since=since, at=at)
    except EmptyFlux:
        assert before == after
        return
    kept = dict(before)
    if manifest.file:
        changed = formations(file)
        assert removals(file) == manifest.removed
        assert all(before.get(numero) != xml for numero, xml in changed.items())
        kept.update(changed)
    for numero in manifest.removed:
        del kept[numero]
    assert kept == after


def leave_all(fiches, at):
    for fiche, _ in fiches:
        db.session.add(Publication(fiche_id=fiche.id, fragment_id=None, at=at))
    db.session.commit()


def flow(file: Path, at: datetime) -> dict[str, bytes]:
    try:
        full(db.session(), france(), file, at=at)
    except EmptyFlux:
        return {}
    return formations(file)


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


def test_the_flow_of_a_past_day_is_given_back_byte_for_byte_but_for_its_stamp(people, tmp_path):
    by, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    other = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    then = snapshot(db.session())
    full(db.session(), france(), tmp_path / "ce-jour.xml", at=then)
    operations.open_draft(db.session(), fiche.id, by)
    db.session.commit()
    for name, actor in (("soumettre", by), ("prendre", moderator), ("valider", moderator)):
        make.step(fiche, name, actor)
        db.session.expire_all()
    make.step(other, "suspendre", moderator, "Téléphone faux.")
    full(db.session(), france(), tmp_path / "plus-tard.xml", at=then)
    assert body(tmp_path / "plus-tard.xml") == body(tmp_path / "ce-jour.xml")
    full(db.session(), france(), tmp_path / "maintenant.xml")
    assert body(tmp_path / "maintenant.xml") != body(tmp_path / "ce-jour.xml")


def test_each_step_of_the_workflow_enters_or_leaves_the_history(people, tmp_path):
    by, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    moments = [snapshot(db.session())]
    for name, actor in (("suspendre", moderator), ("republier", moderator), ("archiver", by)):
        make.step(fiche, name, actor, "Une raison.")
        db.session.expire_all()
        moments.append(snapshot(db.session()))
    shown = [published.count(db.session(), france(), at) for at in moments]
    assert shown == [1, 0, 1, 0]


def test_a_differential_with_departures_only_is_its_manifest_alone(app, people, tmp_path):
    by, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    since = snapshot(db.session())
    make.step(fiche, "archiver", by)
    manifest = differential(db.session(), france(), tmp_path / "d.xml", since=since)
    assert (manifest.removed, manifest.file) == ([fiche.numero], "")
    assert [path.name for path in tmp_path.iterdir()] == ["d.xml.manifest.json"]


def test_nothing_changed_writes_nothing_and_says_so(app, people, tmp_path):
    make.fiche_in(RevisionState.VALIDEE, *people)
    since = snapshot(db.session())
    result = app.test_cli_runner().invoke(
        args=["flux", "build", "france", "--since", since.isoformat(), "--output", str(tmp_path / "d.xml")]
    )
    assert result.exit_code == 1
    assert "aucun fichier" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--since", "--as-of"])
def test_an_unreadable_moment_is_said_so(app, tmp_path, option):
    args = ["flux", "build", "france", option, "hier", "--output", str(tmp_path / "d.xml")]
    result = app.test_cli_runner().invoke(args=args)
    assert result.exit_code == 2
    assert "hier" in result.output


def test_a_differential_costs_what_changed(people):
    by, moderator = people
    fiches = [make.fiche_in(RevisionState.VALIDEE, by, moderator) for _ in range(12)]
    since = snapshot(db.session())
    make.step(fiches[3], "suspendre", moderator, "Téléphone faux.")
    at = snapshot(db.session())
    read = []
    flux, gone = france(), fiches[3].numero
    listener = lambda *args: read.append(args[0])  # noqa: E731
    event.listen(Fragment, "load", listener)
    orders: list[str] = []
    count = lambda *args: orders.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", count)
    assert [change.numero for change in published.changes(db.session(), flux, since, at)] == [gone]
    event.remove(Fragment, "load", listener)
    event.remove(db.engine, "before_cursor_execute", count)
    assert len([order for order in orders if "SELECT" in order]) <= 2
    assert read == []


CHOICES = {
    "public voulu": ({"publics": ["81042"]}, True),
    "autre public": ({"publics": ["81018"]}, False),
    "financeur voulu": ({"financeurs": ["2", "19"]}, True),
    "autre financeur": ({"financeurs": ["2"]}, False),
    "dispositif voulu": ({"dispositifs": ["ASL"]}, True),
    "autre dispositif": ({"dispositifs": ["OFII"]}, False),
    "bon pour l’annuaire": ({"consumers": ["data·inclusion"]}, True),
}


@pytest.mark.parametrize(("definition", "taken"), CHOICES.values(), ids=CHOICES)
def test_the_definition_of_a_flow_chooses_what_it_takes(people, tmp_path, definition, taken):
    make.fiche_in(RevisionState.VALIDEE, *people)
    flux = Flux(code="choisi", title="Choisi", **definition)
    db.session.add(flux)
    db.session.commit()
    if taken:
        assert full(db.session(), flux, tmp_path / "f.xml").formations == 1
    else:
        with pytest.raises(EmptyFlux):
            full(db.session(), flux, tmp_path / "f.xml")


@pytest.mark.committed
def test_a_decision_under_way_at_the_cut_is_in_the_next_differential(app, people, tmp_path):
    """The cut waits for it: whatever is decided is before the cut, or after it, never lost between."""
    by, moderator = people
    make.fiche_in(RevisionState.VALIDEE, by, moderator)
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, by, moderator)
    ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
    actor = moderator.id
    db.session.remove()
    engine, moments = db.engine, []

    def take_the_cut():
        with app.app_context(), Session(engine) as session:
            moments.append(snapshot(session))

    with Session(engine) as session:
        apply(session, "valider", actor=session.get_one(User, actor), **ids)
        thread = threading.Thread(target=take_the_cut)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "la coupe n’a pas attendu la décision en cours"
        session.commit()
    thread.join(20)
    assert published.count(db.session(), france(), moments[0]) == 2


# --- The fast lane ----------------------------------------------------------------------------------


def test_the_fast_lane_changes_the_next_flow_and_leaves_the_approved_version(people, tmp_path):
    by, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    approved = dict(fiche.latest.document)
    since = snapshot(db.session())
    change = Change("G2", "S3", recrutement="2", places_libres=0, debut=datetime(2026, 9, 22).date())  # noqa: DTZ001
    assert update_session(db.session(), fiche.id, change, by) is True
    db.session.commit()
    manifest = differential(db.session(), france(), tmp_path / "d.xml", since=since)
    assert manifest.formations == 1
    root = etree.parse(tmp_path / "d.xml")
    assert root.xpath("//*[local-name()='etat-recrutement']/text()") == ["2"]
    assert root.xpath("//*[@info='places-libres']/text()") == ["0"]
    assert root.xpath("//*[local-name()='session']/*[local-name()='periode']/*[1]/text()") == ["20260922"]
    assert fiche.latest.document == approved
    assert fiche.latest.fragment_id != fiche.fragment_id
    assert update_session(db.session(), fiche.id, change, by) is False


def test_what_the_fast_lane_changed_outlives_a_suspension(people, tmp_path):
    by, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    update_session(db.session(), fiche.id, Change("G2", "S3", places_libres=7), by)
    db.session.commit()
    for name in ("suspendre", "republier"):
        make.step(fiche, name, moderator, "Une raison.")
        db.session.expire_all()
    full(db.session(), france(), tmp_path / "f.xml")
    assert b">7</extra>" in (tmp_path / "f.xml").read_bytes()


def test_fragments_stay_valid_alone(people):
    fiche = make.fiche_in(RevisionState.VALIDEE, *people)
    xml = zlib.decompress(fiche.fragment.xml)
    assert etree.fromstring(HEAD.encode() + xml + TAIL.encode()) is not None
