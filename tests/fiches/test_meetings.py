"""Hours as slots, dates and holidays make them; the same meetings for an agenda."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from backoffice.core.dates import NBSP
from backoffice.models.content import Creneau, Session
from backoffice.models.content.vocabulary import Dispositif
from exports.documents import agenda, meetings
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support.factories import complete_content

pytestmark = pytest.mark.dates

YEAR = (date(2026, 9, 15), date(2027, 6, 30))
SAVED = datetime(2026, 9, 1, 8, tzinfo=UTC)


def content(departement: str = "14", *slots: Creneau, start: date = YEAR[0], end: date = YEAR[1]):
    made = complete_content()
    made.lieux[0].adresse.departement = departement
    made.actions[0].creneaux = list(slots) or made.actions[0].creneaux
    made.actions[0].sessions = [Session("S3", start, end)]
    return made


def only(made):
    (found,) = meetings.counts(made, made.actions[0])
    return found


def test_a_school_year_without_its_holidays():
    found = only(content())
    assert (found.weeks, found.hours, found.known) == (34, 132, True)
    assert found.words.replace(NBSP, " ") == (
        "34 semaines et 132 h du 15/09/2026 au 30/06/2027, hors jours fériés et vacances scolaires (zone B)."
    )


def test_each_day_that_is_left_out():
    wednesday = Creneau("mercredi", time(14), time(16))
    days = {meeting.jour for meeting in only(content("14", wednesday)).meetings}
    assert date(2026, 9, 16) in days
    assert date(2026, 11, 11) not in days, "l’armistice"
    assert date(2026, 10, 21) not in days, "la Toussaint"
    assert date(2026, 12, 23) not in days, "Noël"
    assert {date(2027, 2, 17), date(2027, 3, 10)} <= days
    assert not {date(2027, 2, 24), date(2027, 3, 3)} & days, "l’hiver de la zone B"
    paris = {meeting.jour for meeting in only(content("75", wednesday)).meetings}
    assert {date(2027, 2, 24), date(2027, 3, 3)} <= paris
    assert date(2027, 2, 10) not in paris, "l’hiver de la zone C"


def test_a_group_that_goes_on_during_the_holidays():
    made = content()
    made.actions[0].vacances = True
    found = only(made)
    assert (found.weeks, found.hours, found.known) == (42, 164, True)
    assert "vacances scolaires comprises" in found.words


def test_public_holidays_are_those_of_the_place():
    saturday = Creneau("samedi", time(10), time(12))
    here = {"start": date(2026, 12, 1), "end": date(2026, 12, 31)}
    alsace, normandie = content("67", saturday, **here), content("14", saturday, **here)
    for made in (alsace, normandie):
        made.actions[0].vacances = True
    gap = {one.jour for one in only(normandie).meetings} - {one.jour for one in only(alsace).meetings}
    assert gap == {date(2026, 12, 26)}


@pytest.mark.parametrize("departement", ["57", "67", "68"])
def test_nobody_meets_on_good_friday_in_alsace_nor_in_moselle(departement):
    friday = Creneau("vendredi", time(10), time(12))
    days = [
        {one.jour for one in only(content(code, friday, start=date(2026, 3, 30), end=date(2026, 4, 3))).meetings}
        for code in (departement, "54")
    ]
    assert days == [set(), {date(2026, 4, 3)}]


@pytest.mark.parametrize(
    ("departement", "end", "words"),
    [
        ("2A", YEAR[1], "Les vacances scolaires (Corse) ne sont pas retirées"),
        ("974", YEAR[1], "Les vacances scolaires (La Réunion) ne sont pas retirées"),
        ("14", date(2027, 12, 31), "Les vacances scolaires (zone B) ne sont pas retirées"),
        ("", YEAR[1], "il nous faut la commune du lieu"),
    ],
)
def test_what_is_not_known_is_said(departement, end, words):
    found = only(content(departement, end=end))
    assert not found.known
    assert words in found.words


@pytest.mark.parametrize(
    "change",
    [
        {"debut": None},
        {"fin": None},
        {"debut": YEAR[1], "fin": YEAR[0]},
        {"mois_seulement": True},
        {"fin": date(2099, 1, 1)},
    ],
)
def test_nothing_is_counted_while_the_days_are_not_said(change):
    made = content()
    for name, value in change.items():
        setattr(made.actions[0].sessions[0], name, value)
    assert meetings.counts(made, made.actions[0]) == []
    assert not meetings.dated(made)
    assert agenda.calendar(made, "28_NO1", SAVED) is None


def test_nor_while_a_slot_lacks_its_hours():
    made = content("14", Creneau("mardi", time(9), None), Creneau("", time(9), time(10)))
    assert meetings.counts(made, made.actions[0]) == []


# --- Beside what is declared ------------------------------------------------------------------------


def warnings(made) -> dict[str, str]:
    found = review(made, PATHS[Dispositif.ASL], {}, today=YEAR[0])
    return {one.path: one.message for one in found.warnings if "les dates donnent" in one.message}


@pytest.mark.parametrize(
    ("weeks", "hours", "field"),
    [
        (30, None, None),
        (33, None, None),
        (20, None, "actions-0-semaines"),
        (None, 130, None),
        (None, 60, "actions-0-heures_total"),
        (None, None, "actions-0-heures_total"),
    ],
)
def test_declared_hours_are_compared_with_the_calendar(weeks, hours, field):
    made = content()
    made.actions[0].semaines, made.actions[0].heures_total = weeks, hours
    found = warnings(made)
    assert list(found) == ([field] if field else [])
    if field:
        assert "132 h" in found[field].replace(NBSP, " ")


def test_a_calendar_that_is_not_known_contradicts_nobody():
    made = content("974")
    made.actions[0].semaines = 20
    assert warnings(made) == {}


# --- In an agenda -----------------------------------------------------------------------------------


def days_of(event) -> list[datetime]:
    """The days on which an event takes place, as an agenda reads its repetition."""
    first, left = event.decoded("dtstart"), event.get("exdate")
    excluded = {one.dt for one in left.dts} if left else set()
    until = event["rrule"]["until"][0] if "rrule" in event else first
    found, day = [], first
    while day <= until:
        if day not in excluded:
            found.append(day)
        day += timedelta(weeks=1)
    return found


@pytest.mark.parametrize(
    ("departement", "zone"), [("14", "Europe/Paris"), ("971", "America/Guadeloupe"), ("974", "Indian/Reunion")]
)
def test_the_agenda_has_the_same_meetings_in_the_clock_of_the_place(departement, zone):
    made = content(departement)
    events = Calendar.from_ical(agenda.calendar(made, "28_NO1", SAVED)).walk("VEVENT")
    assert len(events) == 2
    shown = sorted(day.date() for event in events for day in days_of(event))
    assert shown == [meeting.jour for meeting in only(made).meetings]
    for event in events:
        assert event["dtstart"].params["TZID"] == zone
        assert event.decoded("dtstart").hour == 9
        assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(hours=2)
        assert "Maison de quartier" in event["location"]
        assert "02 61 91 00 00" in event["description"]


def test_the_same_fiche_always_gives_the_same_file():
    made = content()
    assert agenda.calendar(made, "28_NO1", SAVED) == agenda.calendar(made, "28_NO1", SAVED)
    uids = [event["uid"] for event in Calendar.from_ical(agenda.calendar(made, "28_NO1", SAVED)).walk("VEVENT")]
    assert len(set(uids)) == len(uids)


ZONES = {
    "14": ("Europe/Paris", {"DAYLIGHT": "-1SU 3", "STANDARD": "-1SU 10"}),
    "975": ("America/Miquelon", {"DAYLIGHT": "2SU 3", "STANDARD": "1SU 11"}),
    "974": ("Indian/Reunion", {"STANDARD": None}),
}


@pytest.mark.parametrize(("departement", "known"), ZONES.items())
def test_the_time_zone_is_written_with_its_yearly_rules(departement, known):
    zone, rules = known
    text = agenda.calendar(content(departement, Creneau("lundi", time(9), time(11))), "28_NO1", SAVED)
    (component,) = Calendar.from_ical(text).walk("VTIMEZONE")
    assert component["tzid"] == zone
    assert b"RDATE" not in component.to_ical()
    said = {}
    for part in component.subcomponents:
        rule = part.get("rrule")
        said[part.name] = f"{rule['byday'][0]} {rule['bymonth'][0]}" if rule else None
    assert said == rules
    # A calendar that follows the component has the hours of the zone, whatever the year.
    follows, real = component.to_tz(), ZoneInfo(zone)
    for days in range(0, 5 * 366, 6):
        moment = datetime(2026, 1, 1, 12, tzinfo=real) + timedelta(days)
        assert moment.replace(tzinfo=follows).utcoffset() == moment.utcoffset()
