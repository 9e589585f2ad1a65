"""What time makes false is said as it is: enrolments whose last day is past leave every door as closed."""

from __future__ import annotations

import zlib
from datetime import date, datetime, time, timedelta

import pytest

from backoffice.core.clock import clock_at
from backoffice.core.dates import PARIS
from backoffice.core.extensions import db
from backoffice.models import Fiche, Publication, RevisionState, User
from backoffice.models.content import Session
from backoffice.models.content.timely import as_of, closes_on, last_closing, last_day
from backoffice.queries.fiches import offer
from backoffice.queries.fiches.offer import Search
from backoffice.queries.moderation.bilan import Scope, bilan
from exports.open_data.rows import public_fiche
from tests.support import factories as make
from workflows.case import Refused
from workflows.fiches.fast_lane import Change, present, update_session
from workflows.fiches.fragment_refresh import refresh, stale

END = date(2026, 12, 10)
"""The last day to register in `content`."""


def content():
    made = make.complete_content()
    made.inscription.fin = END
    made.actions[0].sessions[0].places_libres = 4
    made.actions[0].sessions.append(Session("S9", date(2027, 9, 1), None, "3"))
    return made


STATES = [
    (END, ["1", "3"], [4, None]),
    (END + timedelta(1), ["2", "2"], [None, None]),
    (date(2027, 7, 1), ["2", "2"], [None, None]),
]


@pytest.mark.parametrize(("day", "states", "places"), STATES)
def test_enrolments_are_open_up_to_their_last_day(day, states, places):
    sessions = as_of(content(), day).actions[0].sessions
    assert [session.recrutement for session in sessions] == states
    assert [session.places_libres for session in sessions] == places


def test_without_a_last_day_to_register_a_session_closes_with_its_own():
    made = content()
    made.inscription.fin = None
    assert closes_on(made) == date(2027, 7, 1)
    assert [row.recrutement for row in as_of(made, date(2027, 7, 1)).actions[0].sessions] == ["2", "3"]
    assert closes_on(made) is None
    assert last_closing(content(), END) is None
    assert last_closing(content(), date(2027, 1, 1)) == END + timedelta(1)


def test_a_month_that_is_known_alone_ends_with_its_last_day():
    made = make.complete_content()
    session = made.actions[0].sessions[0]
    session.fin, session.mois_seulement = date(2027, 2, 1), True
    assert last_day(made) == date(2027, 2, 28)
    assert closes_on(made) == date(2027, 3, 1)


# --- Doors ------------------------------------------------------------------------------------------


def midday(day: date) -> datetime:
    return datetime.combine(day, time(12), PARIS)


@pytest.fixture
def fiche(app):
    with clock_at(midday(date(2026, 12, 1))):
        return make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator(), content())


def xml(fiche: Fiche) -> str:
    db.session.expire_all()
    return zlib.decompress(db.session.get_one(Fiche, fiche.id).fragment.xml).decode()


def found(state: str) -> list[str]:
    return [one.numero for one in offer.page(db.session(), Search({"etat_inscription": state})).offers]


def test_the_flow_the_api_and_the_figures_say_closed_the_day_after(fiche):
    numero = fiche.numero
    with clock_at(midday(END)):
        refresh()
        assert stale(db.session()) == []
        assert "<etat-recrutement>1</etat-recrutement>" in xml(fiche)
        assert found("1") == [numero]
        scope = Scope(fiche.territoire_id)
        assert bilan(db.session(), scope, 2026).total.places == 4
        stamp = offer.stamp(db.session())
    with clock_at(midday(END + timedelta(1))):
        # The open data do not wait for the fragment to be built again.
        assert (found("1"), found("2")) == ([], [numero])
        (session, _) = public_fiche(offer.one(db.session(), numero)).actions[0].sessions
        assert (session.etat_inscription.code, session.places_libres) == ("2", None)
        assert offer.stamp(db.session()) != stamp
        assert bilan(db.session(), scope, 2026).total.places == 0
        assert stale(db.session()) == [fiche.id]
        refresh()
        assert stale(db.session()) == []
        text = xml(fiche)
        assert "<etat-recrutement>1</etat-recrutement>" not in text
        assert "places-libres" not in text
        assert 'datemaj="20261211"' in text
    with clock_at(midday(END + timedelta(30))):
        before = db.session.query(Publication).count()
        refresh()
        assert db.session.query(Publication).count() == before
        assert 'datemaj="20261211"' in xml(fiche)
    assert db.session.get_one(Fiche, fiche.id).latest.content.actions[0].sessions[0].recrutement == "1"


def test_what_is_closed_already_is_approved_as_closed(app):
    with clock_at(midday(END + timedelta(2))):
        made = make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator(), content())
        assert "<etat-recrutement>1</etat-recrutement>" not in xml(made)
        assert 'datemaj="20261212"' in xml(made)
        assert stale(db.session()) == []


def test_the_fast_lane_shows_closed_and_does_not_open_again_what_is_over(fiche):
    nadia = db.session.get_one(User, fiche.latest.submitted_by_id)
    with clock_at(midday(END + timedelta(1))):
        assert present(db.session(), fiche)[0].session.recrutement == "2"
        with pytest.raises(Refused, match="closes depuis le 11/12/2026") as refused:
            update_session(db.session(), fiche.id, Change("G2", "S3", recrutement="1"), nadia)
        assert refused.value.findings[0].path == "recrutement"
        with pytest.raises(Refused, match="places encore libres"):
            update_session(db.session(), fiche.id, Change("G2", "S3", places_libres=3), nadia)
