"""Next year's dates: the same weekdays in the same order, never a holiday, and nothing else changed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.models.content import Lieu, Recrutement, Session, dump, load
from backoffice.models.content.parts import school_year
from backoffice.reference.public_holidays import holiday
from forms.fiches.renewals import (
    BEGUN,
    CONTRADICTORY,
    DATES,
    IMPOSSIBLE,
    NOT_KEPT,
    OTHER_YEAR,
    PARTS,
    PAST,
    PROPOSED,
    UNFINISHED,
    Shift,
    duplicate,
    renew,
)
from tests.support.factories import caen, complete_content, two_places

pytestmark = pytest.mark.dates

TODAY = date(2026, 11, 22)
ALL = PROPOSED | {"references"}
WHERE = ("14", "57", "67", "971", "973", "974", "988")


def content_of(*sessions, departement="14"):
    content = complete_content()
    content.lieux[0].adresse.departement = departement
    content.actions[0].sessions = list(sessions)
    content.dernier_repere = 9
    return content


def new_dates(content, kept=ALL - {UNFINISHED}, today=TODAY):
    made = renew(content, kept, today).content
    return [(row.debut, row.fin) for row in made.actions[0].sessions]


def moves(content, kept=ALL - {UNFINISHED}, today=TODAY):
    return {(move.old, move.new, move.reason) for move in renew(content, kept, today).moves}


def sessions_of(terms):
    """terms: (first day, length in days) of each."""
    return [Session(f"S{rank}", start, start + timedelta(days)) for rank, (start, days) in enumerate(terms, 10)]


def new_sessions(plan):
    return [row for row in plan.content.actions[0].sessions if row not in plan.known]


def followed(one, two):
    """Whether the second term may be the first one, years later."""
    return (two[0] - one[0]).days > 300


# --- The shift ----------------------------------------------------------------------------------------

DAYS = st.dates(date(2005, 1, 1), date(2090, 12, 31))
TERMS = st.lists(st.tuples(DAYS, st.integers(0, 330)), min_size=1, max_size=6)


@given(st.sets(DAYS, min_size=1, max_size=15), st.integers(1, 6), st.sampled_from(WHERE), st.booleans())
def test_each_day_keeps_its_weekday_its_order_and_its_year_and_is_no_holiday(days, years, departement, civil):
    year = (lambda day: day.year) if civil else school_year
    shift = Shift(years, round(years * 365.25 / 7), year, (departement,))
    landings = shift.landings(days)
    assert set(landings) == days
    reached = [(day, landings[day].day) for day in sorted(days) if landings[day].day is not None]
    for day, new in reached:
        assert new.weekday() == day.weekday()
        assert not holiday(new, departement)
        assert year(new) == year(day) + years
        assert timedelta(0) <= new - day - timedelta(364 * years) <= timedelta(7 * (years + 6))
    assert [new for _, new in reached] == sorted({new for _, new in reached})


@given(TERMS, st.sampled_from(WHERE), DAYS)
def test_the_sessions_of_an_entry_come_out_on_the_same_weekdays_and_never_on_a_holiday(terms, departement, today):
    sessions = [
        Session(
            f"S{rank + 10}", start, start + timedelta(length), recrutements=[Recrutement("8", start - timedelta(9))]
        )
        for rank, (start, length) in enumerate(terms)
    ]
    content = content_of(*sessions, departement=departement)
    before = dump(content)
    plan = renew(content, ALL - {UNFINISHED}, today)
    assert dump(content) == before, "la source a changé"
    for move in plan.moves:
        if move.new is not None:
            assert move.new.weekday() == move.old.weekday()
            assert not holiday(move.new, departement)
            assert move.new > move.old
        else:
            assert move.reason
    for row in plan.content.actions[0].sessions:
        assert row.debut is None or row.fin is None or row.debut <= row.fin
        assert row.fin is None or row.fin >= today
        assert all(meeting.jour is None or meeting.jour >= today for meeting in row.recrutements)
    made = new_sessions(plan)
    assert len(plan.moves) == 3 * len(made), "chaque date est dite"
    assert len(made) == len(terms) or plan.known or any(followed(one, two) for one in terms for two in terms)


@given(TERMS, st.sampled_from(WHERE), DAYS)
def test_nothing_but_the_dates_of_the_sessions_changes(terms, departement, today):
    sessions = [
        Session(f"S{rank + 10}", start, start + timedelta(length)) for rank, (start, length) in enumerate(terms)
    ]
    content = content_of(*sessions, departement=departement)
    content.dernier_repere = 40
    plan = renew(content, ALL - {UNFINISHED}, today)
    made = plan.content
    assert load(dump(made)) == made
    new = new_sessions(plan)
    assert [row.id for row in new] == [f"S{41 + rank}" for rank in range(len(new))], "nouvelles, dans le même ordre"
    assert made.actions[0].sessions == [*plan.known, *new]
    bare = deepcopy(content)
    for one in (bare, made):
        one.dernier_repere = 0
        one.actions[0].sessions = []
    assert made == bare


# --- The year that is kept ----------------------------------------------------------------------------


def test_a_school_year_moves_by_52_weeks():
    content = content_of(Session("S3", date(2026, 9, 15), date(2027, 6, 30)))
    assert new_dates(content) == [(date(2027, 9, 14), date(2028, 6, 28))]


def test_the_first_of_september_moves_by_53_weeks_so_as_not_to_fall_in_the_year_before():
    content = content_of(Session("S3", date(2026, 9, 1), date(2027, 8, 31)))
    assert new_dates(content) == [(date(2027, 9, 7), date(2028, 8, 29))]


def test_a_civil_year_stays_a_civil_year():
    content = content_of(Session("S3", date(2026, 1, 5), date(2026, 12, 18)))
    assert new_dates(content) == [(date(2027, 1, 4), date(2027, 12, 17))]
    content = content_of(Session("S3", date(2026, 1, 1), date(2026, 12, 31)))
    assert new_dates(content) == [(date(2027, 1, 7), date(2027, 12, 30))]


def test_an_entry_forgotten_for_years_comes_back_to_the_year_under_way():
    content = content_of(Session("S3", date(2023, 9, 12), date(2024, 6, 28)))
    assert new_dates(content) == [(date(2026, 9, 15), date(2027, 7, 2))]
    assert BEGUN in {reason for _, _, reason in moves(content)}


# --- Holidays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "departement", "expected", "name"),
    [
        (date(2026, 11, 2), "14", date(2027, 11, 8), "Toussaint"),  # Monday 1 November 2027
        (date(2026, 11, 12), "14", date(2027, 11, 18), "Armistice"),  # Thursday 11
        (date(2026, 3, 27), "14", date(2027, 3, 26), ""),
        (date(2026, 3, 27), "57", date(2027, 4, 2), "Vendredi saint"),  # in Moselle, Good Friday
        (date(2026, 5, 28), "971", date(2027, 6, 3), "abolition"),  # 27 May in Guadeloupe
    ],
)
def test_a_day_that_becomes_a_holiday_goes_to_the_next_meeting(start, departement, expected, name):
    content = content_of(Session("S3", start, start + timedelta(200)), departement=departement)
    ((debut, _),) = new_dates(content)
    assert debut == expected
    (reason,) = {reason for old, _, reason in moves(content) if old == start}
    assert name.lower() in reason.lower()


def test_a_meeting_pushed_by_a_holiday_pushes_the_day_after_it():
    """Monday 1 November 2027 is All Saints': the meeting of that Monday goes to the 8th, so the course begins after."""
    session = Session("S3", date(2026, 11, 3), date(2027, 6, 30), recrutements=[Recrutement("8", date(2026, 11, 2))])
    made = renew(content_of(session), ALL - {UNFINISHED}, TODAY).content.actions[0].sessions[0]
    assert (made.recrutements[0].jour, made.debut) == (date(2027, 11, 8), date(2027, 11, 9))


# --- Cleared ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (Session("S3", date(26, 9, 15), date(27, 6, 30)), {IMPOSSIBLE}),
        (Session("S3", date(2027, 6, 30), date(2026, 9, 15)), {CONTRADICTORY, ""}),
        (
            Session("S3", date(2026, 1, 5), date(2026, 12, 26)),
            {OTHER_YEAR, ""},
        ),
        (Session("S3", date(9999, 9, 15), date(9999, 10, 1)), {IMPOSSIBLE}),
    ],
)
def test_a_date_that_cannot_be_trusted_is_cleared_and_says_why(session, expected):
    assert {reason for _, new, reason in moves(content_of(session))} == expected


def test_a_term_that_would_be_past_is_cleared_and_the_others_are_kept():
    terms = [
        Session("S3", date(2025, 9, 15), date(2025, 10, 17)),
        Session("S4", date(2026, 1, 5), date(2026, 6, 26)),
    ]
    assert new_dates(content_of(*terms)) == [(None, None), (date(2027, 1, 4), date(2027, 6, 25))]
    assert PAST in {reason for _, _, reason in moves(content_of(*terms))}


def test_past_days_of_the_inscriptions_are_cleared():
    content = content_of(Session("S3", date(2025, 11, 24), date(2026, 6, 26)))
    content.inscription.debut, content.inscription.fin = date(2025, 9, 1), date(2025, 10, 1)
    content.inscription.reunion = date(2025, 11, 20)
    made = renew(content, ALL, TODAY).content.inscription
    assert (made.debut, made.fin, made.reunion) == (None, None, None)


def test_where_only_the_month_is_known_the_month_is_the_same():
    session = Session("S3", date(2026, 11, 1), date(2027, 5, 1), mois_seulement=True)
    assert new_dates(content_of(session)) == [(date(2027, 11, 1), date(2028, 5, 1))]


# --- What is kept -------------------------------------------------------------------------------------


def test_a_session_that_is_not_over_stays_beside_the_new_one():
    now, next_ = renew(complete_content(), PROPOSED, TODAY).content.actions[0].sessions
    assert (now.id, now.fin) == ("S3", date(2027, 6, 30))
    assert (next_.id, next_.debut) == ("S4", date(2027, 9, 14))
    (alone,) = renew(complete_content(), PROPOSED, date(2027, 7, 1)).content.actions[0].sessions
    assert alone.id == "S4"


def test_nobody_has_entered_the_new_session():
    content = content_of(Session("S3", date(2025, 9, 15), date(2026, 6, 30), "2", 0))
    (made,) = renew(content, PROPOSED, TODAY).content.actions[0].sessions
    assert (made.recrutement, made.places_libres) == ("1", None)


def test_each_part_that_is_not_kept_is_left_blank_and_the_others_stay():
    content = two_places()
    content.financement.financeurs[0].reference = "2026-0001"
    whole = renew(content, {part.key for part in PARTS}, TODAY).content
    assert whole.financement == content.financement
    for part in PARTS:
        made = renew(content, {other.key for other in PARTS} - {part.key}, TODAY).content
        assert made != whole, part.key
        assert made.structure == content.structure
        assert [action.id for action in made.actions] == ["G2"]
        assert load(dump(made)) == made
    usual = renew(content, PROPOSED, TODAY).content
    assert usual.financement.financeurs[0].reference == ""


def test_without_the_dates_each_one_is_listed_as_cleared():
    plan = renew(complete_content(), PROPOSED - {DATES, UNFINISHED}, TODAY)
    assert [(row.debut, row.fin) for row in plan.content.actions[0].sessions] == [(None, None)]
    assert {move.reason for move in plan.moves} == {NOT_KEPT}
    assert len(plan.cleared) == len(plan.moves) == 2


# --- What exists already -------------------------------------------------------------------------------

NOW, NEXT = Session("S3", date(2026, 9, 15), date(2027, 6, 30)), Session("S4", date(2027, 9, 15), date(2028, 6, 30))


def ids_and_starts(content, today, kept=PROPOSED):
    return [(row.id, row.debut) for row in renew(content, kept, today).content.actions[0].sessions]


@pytest.mark.parametrize("start", [date(2027, 9, 15), date(2027, 9, 14), date(2027, 9, 20)])
@pytest.mark.parametrize("kept", [PROPOSED, PROPOSED - {UNFINISHED}])
def test_a_session_that_exists_a_year_on_is_not_proposed_nor_moved_to_the_year_after(start, kept):
    content = content_of(NOW, replace(NEXT, debut=start))
    for today in (TODAY, date(2027, 6, 1)):
        plan = renew(content, kept, today)
        sessions = plan.content.actions[0].sessions
        assert [row.id for row in sessions] == (["S3", "S4"] if UNFINISHED in kept else ["S4"])
        assert plan.moves == ()
        assert [row.id for row in plan.known] == ["S4"]
        assert plan.empty
    assert ids_and_starts(content, date(2027, 8, 1)) == [("S4", start)]


def test_once_next_year_has_begun_the_year_after_is_proposed_and_nothing_twice():
    content = content_of(NOW, NEXT)
    assert ids_and_starts(content, date(2027, 11, 1)) == [("S4", date(2027, 9, 15)), ("S10", date(2028, 9, 13))]
    assert not renew(content, PROPOSED, date(2027, 11, 1)).empty


def test_the_terms_of_one_year_all_move():
    terms = [
        Session("S3", date(2026, 9, 14), date(2026, 11, 13)),
        Session("S4", date(2026, 11, 30), date(2027, 1, 29)),
        Session("S5", date(2027, 2, 1), date(2027, 4, 30)),
    ]
    assert [debut for debut, _ in new_dates(content_of(*terms))] == [
        date(2027, 9, 13),
        date(2027, 11, 29),
        date(2028, 1, 31),
    ]


def test_of_two_terms_only_the_one_that_is_missing_is_proposed():
    terms = [Session("S3", date(2026, 9, 14), date(2027, 1, 29)), Session("S4", date(2026, 10, 5), date(2027, 6, 25))]
    content = content_of(*terms, Session("S5", date(2027, 9, 13), date(2028, 1, 28)))
    assert ids_and_starts(content, TODAY) == [
        *(("S3", date(2026, 9, 14)), ("S4", date(2026, 10, 5)), ("S5", date(2027, 9, 13))),
        ("S10", date(2027, 10, 4)),
    ]


def test_next_year_of_an_entry_that_was_forgotten_for_years_is_not_a_year_too_late():
    content = content_of(Session("S3", date(2023, 9, 12), date(2024, 6, 28)), Session("S4", date(2027, 9, 14), None))
    assert ids_and_starts(content, date(2027, 7, 1)) == [("S4", date(2027, 9, 14))]


# --- Duplication --------------------------------------------------------------------------------------


def test_a_copy_has_its_own_local_ids_and_the_same_words():
    content = two_places()
    content.lieux.append(Lieu("L9", caen("Mairie")))
    content.actions[0].lieu = "L9"
    made = duplicate(content)
    assert [lieu.id for lieu in made.lieux] == ["L1", "L2", "L3"]
    assert (made.actions[0].id, made.actions[0].lieu, made.actions[0].sessions[0].id) == ("G4", "L3", "S5")
    assert made.dernier_repere == 5
    assert made.formation == content.formation
    assert made.place_of(made.actions[0]).adresse == caen("Mairie")


def test_a_session_without_end_stays_and_has_no_copy():
    content = content_of(Session("S1", date(2025, 9, 15), None), Session("S2", date(2025, 9, 16), date(2026, 6, 30)))
    for kept in (ALL, ALL - {UNFINISHED}):
        renewed = renew(content, kept, TODAY).content.actions[0].sessions
        assert (renewed[0].id, renewed[0].fin) == ("S1", None)
        assert len(renewed) == 2
        assert renewed[1].fin is not None
