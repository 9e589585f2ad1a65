"""Two clicks: a structure says its places, its entries and small shifts of dates; readers know at once."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from backoffice.core.extensions import db
from backoffice.core.snapshot import snapshot
from backoffice.models import (
    EntryCount,
    Fiche,
    Membership,
    Organisme,
    Publication,
    RevisionState,
    SessionUpdate,
    TransitionLog,
    User,
)
from backoffice.models.content import Session
from exports.flux.build import differential, find
from forms.fiches.fast_lane import SessionForm
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import fast_lane
from workflows.fiches.fast_lane import present

NOVEMBER = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def nadia(app, monkeypatch):
    """Nadia, in November 2026: her group began on 15 September."""
    monkeypatch.setattr(fast_lane, "now", lambda: NOVEMBER)
    provider = make.provider()
    make.fiche_in(RevisionState.VALIDEE, provider, make.moderator())
    return Visitor(app, provider)


@pytest.fixture
def path(nadia):
    return f"/fiches/{db.session.scalars(select(Fiche.id)).one()}/places"


def seen(visitor, path) -> str:
    return re.search(r'name="G2-S3-vu"[^>]* value="(\w+)"', visitor.see(path).text)[1]


def send(visitor, path, vu=None, **fields):
    data = {f"G2-S3-{name}": value for name, value in fields.items() if name != "complet"}
    data |= {"G2-S3-vu": vu or seen(visitor, path)}
    if "complet" in fields:
        data["complet"] = "G2-S3"
    return visitor.post(path, data)


def session_now():
    db.session.rollback()
    db.session.expire_all()
    (row,) = present(db.session(), db.session.scalars(select(Fiche)).one())
    return row


def published_xml() -> str:
    return zlib.decompress(db.session.scalars(select(Fiche)).one().fragment.xml).decode()


def counts():
    db.session.rollback()
    return [db.session.query(model).count() for model in (SessionUpdate, EntryCount, TransitionLog, Publication)]


def test_from_the_dashboard_two_clicks_say_that_it_is_full(nadia, path):
    assert f'href="{path}"' in nadia.see("/fiches/").text
    assert f'href="{path}"' in nadia.see(path.removesuffix("/places")).text
    answer = send(nadia, path, complet=True)
    assert answer.status_code == 303
    row = session_now().session
    assert (row.recrutement, row.places_libres) == ("2", 0)
    assert "<etat-recrutement>2</etat-recrutement>" in published_xml()
    assert "Le prochain flux le dira" in nadia.see(path).text
    log = db.session.scalars(select(TransitionLog).order_by(TransitionLog.id.desc())).first()
    assert (log.transition, log.comment) == (
        "mettre_a_jour",
        "G2, S3 : complet ou inscriptions closes, 0 places libres",
    )


def test_everything_at_once_is_in_the_next_differential(nadia, path, tmp_path):
    since = snapshot(db.session())
    dates = {"debut": "2026-09-22", "fin": "2027-07-05"}
    answer = send(nadia, path, places_libres="4", recrutement="3", entrees="8", mois="2026-10", **dates)
    assert answer.status_code == 303
    manifest = differential(db.session(), find(db.session(), "france"), tmp_path / "d.xml", since=since)
    assert manifest.formations == 1
    flow = (tmp_path / "d.xml").read_text()
    assert "<etat-recrutement>3</etat-recrutement>" in flow
    assert "<debut>20260922</debut>\n<fin>20270705</fin>" in flow
    row = session_now()
    assert (row.session.places_libres, row.entries) == (4, {"2026-10": 8})
    assert "8 en octobre 2026" in nadia.see(path).text


def test_entries_are_counts_by_month_corrected_by_a_later_row_and_in_no_flow(nadia, path):
    before = published_xml()
    for number, month in (("5", "2026-09"), ("3", "2026-11"), ("7", "2026-09")):
        assert send(nadia, path, entrees=number, mois=month).status_code == 303
    assert session_now().entries == {"2026-09": 7, "2026-11": 3}
    assert counts()[:2] == [0, 3]
    assert "10 en tout" in nadia.see(path).text
    assert published_xml() == before


def test_the_same_thing_said_twice_changes_nothing(nadia, path):
    send(nadia, path, places_libres="4", entrees="8", mois="2026-11")
    before = counts()
    assert send(nadia, path, places_libres="4", entrees="8", mois="2026-11").status_code == 303
    assert "Rien n’avait changé" in nadia.see(path).text
    assert counts() == before


def test_an_unlikely_date_that_is_published_is_not_asked_again():
    session = Session("S3", date(2020, 9, 1), date(2027, 6, 30))
    form = SessionForm(MultiDict({"G2-S3-debut": "2020-09-01", "G2-S3-fin": "2027-06-30"}), "G2", session, [], "", 7)
    assert form.validate(), form.errors
    assert (form.debut.data, form.fin.data) == (session.debut, session.fin)
    other = SessionForm(MultiDict({"G2-S3-debut": "2020-09-02"}), "G2", session, [], "", 7)
    assert not other.validate()


WRONG = {
    "places en lettres": ("places_libres", "quelques-unes"),
    "places négatives": ("places_libres", "-1"),
    "trop de places": ("places_libres", "10000"),
    "entrées en lettres": ("entrees", "huit"),
    "date impossible": ("debut", "2026-02-31"),
    "date trop loin": ("debut", "2026-10-30"),
    "fin trop loin": ("fin", "2027-12-01"),
    "inscriptions inconnues": ("recrutement", "9"),
}


@pytest.mark.parametrize(("field", "value"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(nadia, path, field, value):
    before = counts()
    # Month first: the last value of a field is the one sent.
    answer = send(nadia, path, **{"places_libres": "6", "mois": "2026-11", field: value})
    assert answer.status_code == 422
    assert f'id="G2-S3-{field}-erreur"' in answer.text
    if field != "recrutement":
        assert f'value="{value}"' in answer.text
    if field != "places_libres":
        assert 'value="6"' in answer.text
    assert counts() == before


CONTRADICTIONS = {
    "places libres et complet": ({"places_libres": "5", "recrutement": "2"}, "places_libres"),
    "plus de places que le groupe": ({"places_libres": "50"}, "places_libres"),
    "inscriptions après la fin": ({"fin": "2027-06-15"}, "fin"),
    "mêmes dates deux fois": ({"debut": "2026-09-22"}, "debut"),
}


@pytest.mark.parametrize(("fields", "where"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_contradicts_is_refused_at_its_field(app, monkeypatch, fields, where):
    monkeypatch.setattr(fast_lane, "now", lambda: NOVEMBER)
    provider, content = make.provider(), make.complete_content()
    action = content.actions[0]
    action.effectif_max, content.inscription.fin = 12, date(2027, 6, 30)
    if where == "debut":
        action.sessions.append(Session("S9", date(2026, 9, 22), action.sessions[0].fin))
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, make.moderator(), content)
    nadia, before = Visitor(app, provider), counts()
    answer = send(nadia, f"/fiches/{fiche.id}/places", **fields)
    assert answer.status_code == 422
    assert f'id="G2-S3-{where}-erreur"' in answer.text
    assert counts() == before


def test_what_contradicted_before_is_not_asked_about_here():
    content = make.complete_content()
    content.actions[0].effectif_min, content.actions[0].effectif_max = 40, 12
    fast_lane.refuse_contradictions(fast_lane.Change("G2", "S3", places_libres=4), content, NOVEMBER.date())
    with pytest.raises(Refused, match="50 places"):
        fast_lane.refuse_contradictions(fast_lane.Change("G2", "S3", places_libres=50), content, NOVEMBER.date())


@pytest.mark.parametrize("month", ["2026-08", "2026-12", "2030-01", "novembre", ""])
def test_entries_are_of_a_month_when_the_group_had_begun_and_that_is_not_to_come(nadia, path, month):
    before = counts()
    answer = send(nadia, path, entrees="8", mois=month)
    assert answer.status_code == 422
    assert 'id="G2-S3-mois-erreur"' in answer.text
    assert counts() == before


def test_a_date_may_move_within_its_bounds_of_the_approved_one_however_often(nadia, path):
    for day, answered in (("2026-10-06", 303), ("2026-10-07", 422), ("2026-08-25", 303), ("2026-08-24", 422)):
        assert send(nadia, path, debut=day).status_code == answered, day
    assert session_now().session.debut == date(2026, 8, 25)
    assert send(nadia, path, debut="2026-09-15", fin="2026-09-10").status_code == 422


def test_two_people_on_one_page_neither_erases_the_other(app, nadia, path):
    colleague = make.user("Karim Collègue")
    colleague.memberships.append(Membership(organisme=db.session.scalars(select(Organisme)).first()))
    db.session.commit()
    karim = Visitor(app, colleague)
    old = seen(nadia, path)
    send(karim, path, places_libres="2")
    answer = send(nadia, path, vu=old, places_libres="9")
    assert answer.status_code == 409
    assert "mises à jour entre-temps" in answer.text
    assert 'value="9"' in answer.text
    assert "2 places libres" in answer.text
    assert session_now().session.places_libres == 2
    fresh = re.search(r'name="G2-S3-vu"[^>]* value="(\w+)"', answer.text)[1]
    assert send(nadia, path, vu=fresh, places_libres="9").status_code == 303
    assert session_now().session.places_libres == 9


@pytest.fixture
def two(nadia):
    """Address of the page of a fiche with two sessions."""
    nadia_, marc = db.session.scalars(
        select(User).where(User.name.in_(["Nadia Exemple", "Marc Modèle"])).order_by(User.name.desc())
    ).all()
    content = make.complete_content()
    first = content.actions[0].sessions[0]
    content.actions[0].sessions.append(replace(first, id="S4", debut=date(2026, 10, 5), fin=date(2027, 3, 26)))
    return f"/fiches/{make.fiche_in(RevisionState.VALIDEE, nadia_, marc, content).id}/places"


def seats(page: str) -> list[int | None]:
    db.session.rollback()
    db.session.expire_all()
    fiche = db.session.get_one(Fiche, int(page.split("/")[2]))
    return [row.session.places_libres for row in present(db.session(), fiche)]


def test_one_button_sends_every_session_of_the_page(nadia, two):
    page = open_page(nadia, two).type({"G2-S3-places_libres": "4", "G2-S4-places_libres": "5"})
    assert page.send(follow=False).status == 303
    assert seats(two) == [4, 5]
    page = open_page(nadia, two).type({"G2-S3-places_libres": "6", "G2-S4-places_libres": "cinq"})
    refused = page.send(complet="G2-S3")
    assert refused.status == 422
    assert refused.shown("G2-S3-places_libres") == ["6"]
    assert refused.shown("G2-S4-places_libres") == ["cinq"]
    assert seats(two) == [4, 5]
    page.type({"G2-S4-places_libres": "7"}).send(complet="G2-S3")
    assert seats(two) == [0, 7]


def test_a_session_that_nobody_touched_is_not_written_back(nadia, two):
    page = open_page(nadia, two).type({"G2-S3-places_libres": "4"})
    open_page(nadia, two).type({"G2-S4-places_libres": "9"}).send()
    assert page.send(follow=False).status == 303
    assert seats(two) == [4, 9]


def test_a_fiche_suspended_meanwhile_is_said_so_and_nothing_changes(nadia, path):
    mark = seen(nadia, path)
    fiche = db.session.scalars(select(Fiche)).one()
    marc = db.session.scalars(select(User).where(User.name == "Marc Modèle")).one()
    make.step(fiche, "suspendre", marc, "Téléphone faux.")
    before = counts()
    answer = send(nadia, path, vu=mark, places_libres="3")
    assert (answer.status_code, 'value="3"' in answer.text) == (409, True)
    assert "n’est pas publiée" in answer.text
    assert counts() == before


@pytest.mark.parametrize("key", ["", "G2-S9", "\x00-😀", "S3-G2"])
def test_dates_that_are_not_of_this_fiche_are_refused(nadia, path, key):
    nadia.see(path)
    before = counts()
    answer = nadia.post(path, {f"{key}-vu": "x", f"{key}-places_libres": "3", "complet": key})
    assert answer.status_code == 422
    assert counts() == before


def test_a_group_that_has_not_begun_is_asked_no_entries(nadia, path, monkeypatch):
    monkeypatch.setattr(fast_lane, "now", lambda: datetime(2026, 8, 1, tzinfo=UTC))
    page = nadia.see(path).text
    assert "Personnes entrées" not in page
    assert "Places encore libres" in page
    assert send(nadia, path, entrees="8", mois="2026-08", places_libres="3").status_code == 303
    assert counts()[:2] == [1, 0]


def test_the_base_refuses_that_a_count_be_changed(nadia, path):
    send(nadia, path, entrees="8", mois="2026-11")
    row = db.session.scalars(select(EntryCount)).one()
    row.number = 9
    with pytest.raises(Exception, match="append-only"):
        db.session.commit()
    db.session.rollback()
