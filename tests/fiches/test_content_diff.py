"""The differences of two contents name exactly the leaves that differ; rows are recognised across versions."""

from __future__ import annotations

import copy
import re
from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backoffice.models.content import Action, Contenu, Creneau, Financeur, Lieu, Recrutement, Session, dump, load
from exports.importing.reading import leaf_values
from forms.fiches.content_diff import Comparison, Kind, compare
from forms.fiches.renewals import PROPOSED, renew
from tests.support.contents import contents
from tests.support.factories import complete_content, two_places

QUICK = [Phase.explicit, Phase.reuse, Phase.generate]  # shrinking whole contents takes minutes
FEW = settings(max_examples=60, deadline=None, phases=QUICK, suppress_health_check=list(HealthCheck))


def stored_contents():
    """As the base gives them back: hours without seconds."""
    return contents().map(lambda content: load(dump(content)))


@st.composite
def later(draw, of: Contenu) -> Contenu:
    """A next version: answers of another content, rows removed, typed again, added, put in another order."""
    made, other = load(dump(of)), draw(stored_contents())
    for name in draw(st.sets(st.sampled_from(["structure", "formation", "inscription", "financement"]))):
        setattr(made, name, getattr(other, name))
    made.dernier_repere = 100
    for rows, fresh in ((made.lieux, other.lieux), (made.actions, other.actions)):
        change_rows(draw, made, rows, fresh)
    for action in made.actions:
        change_rows(draw, made, action.sessions, [Session("", date(2026, 9, 1), date(2026, 12, 1))])
        for session in action.sessions:
            days = timedelta(draw(st.sampled_from([0, 0, 7, 400])))
            session.debut, session.fin = session.debut + days, session.fin + days
        action.creneaux = draw(st.permutations(action.creneaux))[: draw(st.integers(0, 3))]
    return made


def change_rows(draw, content: Contenu, rows: list, fresh: list) -> None:
    what = draw(st.sampled_from(["rien", "retirer", "ressaisir", "ajouter", "mêler"]))
    if what == "retirer" and rows:
        del rows[draw(st.integers(0, len(rows) - 1))]
    elif what == "ressaisir" and rows:
        draw(st.sampled_from(rows)).id = content.new_id(type(rows[0]))
    elif what == "ajouter":
        row = copy.deepcopy(draw(st.sampled_from(fresh)))
        row.id = content.new_id(type(row))
        rows.append(row)
    elif what == "mêler":
        rows[:] = draw(st.permutations(rows))


def before_of(path: str, found: Comparison) -> str | None:
    """Where a leaf of the newer content stood in the older one; None when its row is new."""
    parts = path.split("-")
    for size in range(len(parts), 0, -1):
        row = "-".join(parts[:size])
        if parts[size - 1].isdecimal():
            return "-".join([found.origins[row], *parts[size:]]) if row in found.origins else None
    return path


ROWS = {
    "lieux": Lieu,
    "actions": Action,
    "creneaux": Creneau,
    "sessions": Session,
    "recrutements": Recrutement,
    "financeurs": Financeur,
}


def defaults(path: str) -> object:
    """The value of a leaf in a row that nobody has filled."""
    found = list(re.finditer(rf"({'|'.join(ROWS)})-\d+-", path))[-1]
    return dict(leaf_values(ROWS[found[1]]()))[path[found.end() :]]


def leaves_of(content: Contenu) -> dict[str, object]:
    """{path: value}, without the lists of rows that are empty: they are no answer."""
    return {path: value for path, value in leaf_values(content) if path.rpartition("-")[2] not in ROWS}


@given(st.data())
@FEW
def test_the_differences_name_exactly_the_leaves_that_differ(data):
    old = data.draw(stored_contents())
    new = data.draw(later(old))
    found = compare(old, new)
    left, right = leaves_of(old), leaves_of(new)
    leaves = [leaf for change in found.changes for leaf in change.leaves if change.kind is not Kind.ORDRE]
    named = {(leaf.before, leaf.after) for leaf in leaves}
    assert len(named) == len(leaves), "une différence est dite deux fois"
    for leaf in leaves:
        assert leaf.old != leaf.new
        assert left.get(leaf.before) == leaf.old
        assert right.get(leaf.after) == leaf.new
    for path, value in right.items():
        was = before_of(path, found)
        if was is None:
            assert (("", path) in named) == (value != defaults(path)), path
        else:
            assert ((was, path) in named) == (left[was] != value), path
    reached = {before_of(path, found) for path in right}
    for path, value in left.items():
        if path not in reached:
            assert ((path, "") in named) == (value != defaults(path)), path
    # Applied to the older content, they give the newer one.
    patched = {path: left.get(before_of(path, found) or "", None) for path in right}
    patched = {path: defaults(path) if before_of(path, found) is None else patched[path] for path in right}
    patched |= {leaf.after: leaf.new for leaf in leaves if leaf.after}
    assert patched == right
    assert sorted(found.origins.values()) == sorted(set(found.origins.values())), "deux lignes ont la même origine"


@given(stored_contents())
@FEW
def test_equal_contents_have_no_difference(content):
    assert compare(content, load(dump(content))).changes == []


def kinds(old: Contenu, new: Contenu) -> list[tuple[str, str]]:
    return [(change.kind, change.after or change.before) for change in compare(old, new).changes]


def test_other_dates_of_the_same_session_are_a_move():
    old, new = complete_content(), complete_content()
    new.actions[0].sessions[0].debut = date(2026, 10, 6)
    assert kinds(old, new) == [("deplacee", "actions-0-sessions-0")]


def test_other_dates_and_free_places_are_a_move_and_an_answer():
    old, new = complete_content(), complete_content()
    new.actions[0].sessions[0].fin = date(2026, 10, 6)
    new.actions[0].sessions[0].places_libres = 4
    assert kinds(old, new) == [
        ("deplacee", "actions-0-sessions-0"),
        ("modifiee", "actions-0-sessions-0-places_libres"),
    ]


def test_another_place_of_a_group_is_a_move():
    old, new = two_places(), two_places()
    new.actions[0].lieu = "L4"
    assert kinds(old, new) == [("deplacee", "actions-0-lieu")]


@pytest.mark.parametrize("shift", [0, 20])
def test_dates_removed_and_typed_again_are_recognised(shift):
    old, new = complete_content(), complete_content()
    days = timedelta(shift)
    new.actions[0].sessions = [Session(new.new_id(Session), date(2026, 9, 15) + days, date(2027, 6, 30) + days)]
    found = dict(kinds(old, new))
    assert found["ressaisie"] == "actions-0-sessions-0-id"
    assert ("deplacee" in found) == bool(shift)
    assert not {"nouvelle", "retiree"} & found.keys()


def test_next_years_session_takes_the_place_of_this_years():
    """As a renewal does: another session, whose dates are a move."""
    old = complete_content()
    new = renew(old, PROPOSED, date(2027, 7, 1)).content
    assert new.actions[0].sessions[0].id != old.actions[0].sessions[0].id
    found = dict(kinds(old, new))
    assert found.keys() == {"ressaisie", "deplacee", "modifiee"}  # the last: the local id given last
    assert found["deplacee"] == "actions-0-sessions-0"


def test_beside_a_session_that_is_not_over_next_years_is_new():
    old = complete_content()
    new = renew(old, PROPOSED, date(2027, 3, 1)).content
    assert ("nouvelle", "actions-0-sessions-1") in kinds(old, new)


def test_dates_of_another_time_are_new_and_those_of_before_removed():
    old, new = complete_content(), complete_content()
    new.actions[0].sessions = [Session(new.new_id(Session), date(2028, 9, 15), date(2029, 6, 30))]
    assert kinds(old, new)[:2] == [("nouvelle", "actions-0-sessions-0"), ("retiree", "actions-0-sessions-0")]


def test_a_group_removed_and_typed_again_is_recognised_with_its_dates():
    old, new = complete_content(), complete_content()
    action = new.actions[0]
    action.id, action.nom, action.sessions[0].id = new.new_id(Action), "Le matin", new.new_id(Session)
    found = kinds(old, new)
    assert [kind for kind, _ in found].count("ressaisie") == 2
    assert ("modifiee", "actions-0-nom") in found
    assert not {"nouvelle", "retiree"} & {kind for kind, _ in found}


def test_a_slot_of_another_hour_is_the_same_slot():
    old, new = complete_content(), complete_content()
    new.actions[0].creneaux[1].fin = time(12)
    assert kinds(old, new) == [("modifiee", "actions-0-creneaux-1-fin")]


def test_another_order_is_said_once():
    old, new = complete_content(), complete_content()
    new.actions[0].creneaux.reverse()
    assert kinds(old, new) == [("ordre", "actions-0-creneaux")]
