"""Rows duplicated, moved, removed, several typed at once: nothing is lost, and no local id is given twice."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from backoffice.models.content import Contenu, Creneau, Document, Session, dump
from backoffice.models.content.vocabulary import Dispositif
from forms.fiches.paths import PATHS
from forms.kit.questions import Step
from forms.kit.rows import ORDERS, growing, obey, ranks_of, spread
from forms.kit.saving import save
from tests.support import factories as make
from tests.support.asked import typed

from .test_saving import FIND, contents, kept, settled, tidy

PLACES = PATHS[Dispositif.ASL].step("lieux")


def drawn(data: Any, dispositif: Dispositif) -> Contenu:
    content = settled(kept(tidy(data.draw(contents(dispositif)))))
    content.dernier_repere = 1000
    for action in content.actions:
        for session in action.sessions:
            session.id = content.new_id(Session)
    return content


def lists_in(step: Step, posted: MultiDict[str, str]) -> list[str]:
    """The lists of the page whose rows come and go."""
    found = {name[: match.start()] for name in posted for match in re.finditer(r"-\d+-", name)}
    return sorted(path for path in found if growing(step, path))


def rows_at(content: Contenu, path: str) -> list[Any]:
    target: Any = content
    for part in path.split("-"):
        target = target[int(part)] if part.isdecimal() else getattr(target, part)
    return target


def local_ids(content: Contenu) -> list[str]:
    sessions = [session.id for action in content.actions for session in action.sessions]
    return [*(lieu.id for lieu in content.lieux), *(action.id for action in content.actions), *sessions]


def without_ids(value: Document | list[Any] | Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(part) for key, part in value.items() if key not in ("id", "dernier_repere")}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def as_told(rows: list[Any], what: str, rank: int, most: int) -> list[Any]:
    """What a person expects of an order."""
    rows = list(rows)
    if what == "retirer":
        del rows[rank]
    elif what == "copier" and len(rows) < most:
        rows.insert(rank + 1, rows[rank])
    elif what in ("monter", "descendre"):
        other = rank + (1 if what == "descendre" else -1)
        if 0 <= other < len(rows):
            rows[rank], rows[other] = rows[other], rows[rank]
    return rows


@pytest.mark.parametrize("dispositif", Dispositif)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_whatever_the_orders_nothing_else_changes_and_ids_stay_unique(dispositif, data):
    content = drawn(data, dispositif)
    given_ids = set(local_ids(content))
    for _ in range(4):
        step = data.draw(st.sampled_from([s for s in PATHS[dispositif].steps if lists_in(s, page_of(s, content))]))
        posted = page_of(step, content)
        path = data.draw(st.sampled_from(lists_in(step, posted)))
        what = data.draw(st.sampled_from(sorted(ORDERS)))
        rank = data.draw(st.sampled_from(ranks_of(posted, path)))
        most = growing(step, path).most
        before = deepcopy(content)
        posted, spot = obey(step, content, posted, f"{what}:{path}-{rank}")
        assert save(step, content, {}, posted, FIND).form.faulty == []

        rows_before, rows = rows_at(before, path), rows_at(content, path)
        expected = as_told(dump(rows_before), what, rank, most)
        assert without_ids(dump(rows)) == without_ids(expected), f"{what} {path}-{rank}"
        assert spot.startswith(path)
        ids = local_ids(content)
        assert len(ids) == len(set(ids))
        assert set(ids) <= given_ids if what == "retirer" else set(ids) >= given_ids
        assert what == "copier" or len(ids) <= len(given_ids)
        given_ids = set(ids)
        # Elsewhere nothing has changed; but a group whose place is gone is asked for another.
        elsewhere = deepcopy(content)
        rows_at(elsewhere, path).clear()
        rows_before.clear()
        if (what, path) != ("retirer", "lieux"):
            assert without_ids(dump(elsewhere)) == without_ids(dump(before))


def page_of(step: Step, content: Contenu) -> MultiDict[str, str]:
    return MultiDict(list(typed(step, content)))


def test_a_group_is_duplicated_with_the_dates_that_another_step_asks():
    content = make.two_places()
    posted, spot = obey(PLACES, content, page_of(PLACES, content), "copier:actions-0")
    saved = save(PLACES, content, {}, posted, FIND)
    first, second = content.actions
    assert spot == "actions-1"
    assert (second.nom, second.lieu, second.creneaux) == (first.nom, first.lieu, first.creneaux)
    assert second.sessions[0].debut == first.sessions[0].debut
    assert second.sessions[0].id not in ("", first.sessions[0].id)
    assert saved.ids["actions-1-id"] == second.id != first.id


def test_a_row_moves_with_what_its_page_does_not_show():
    content = make.two_places()
    content.lieux[0].uai = "0140001A"  # not asked on the path of an ASL
    posted, _ = obey(PLACES, content, page_of(PLACES, content), "descendre:lieux-0")
    save(PLACES, content, {}, posted, FIND)
    assert [lieu.uai for lieu in content.lieux] == ["", "0140001A"]


def test_a_new_row_that_waits_with_an_error_keeps_its_id_and_its_dates():
    content = make.complete_content()
    page = page_of(PLACES, content)
    page.update({"actions-1-id": "", "actions-1-nom": "Groupe avancé", "actions-1-semaines": "trente"})
    pending = save(PLACES, content, {}, page, FIND).pending
    waiting = dict(pending["lieux"])
    assert waiting["actions-1-id"] == content.actions[1].id
    content.actions[1].sessions.append(Session(content.new_id(Session)))
    mended = MultiDict([*waiting.items(), ("actions-1-semaines", "30")])
    mended.setlist("actions-1-semaines", ["30"])
    save(PLACES, content, pending, mended, FIND)
    assert [action.nom for action in content.actions] == ["Groupe débutants", "Groupe avancé"]
    assert len(content.actions[1].sessions) == 1


# --- Several days at once -----------------------------------------------------------------------------

SLOTS = "actions-0-creneaux"


def week(days: list[str], start: str, end: str) -> MultiDict[str, str]:
    posted = page_of(PLACES, make.complete_content())
    begins = f"{SLOTS}-plusieurs"
    for day in days:
        posted.add(f"{begins}-jour", day)
    posted.update({f"{begins}-debut": start, f"{begins}-fin": end})
    return posted


def slots_of(posted: MultiDict[str, str]) -> list[Creneau]:
    content = make.complete_content()
    save(PLACES, content, {}, spread(PLACES, posted), FIND)
    return content.actions[0].creneaux


def test_several_days_at_the_same_hours_become_one_slot_each():
    before = make.complete_content().actions[0].creneaux
    added = [Creneau(day, time(14), time(16)) for day in ("lundi", "mercredi", "samedi")]
    assert slots_of(week(["lundi", "mercredi", "samedi"], "14:00", "16h")) == [*before, *added]


def test_days_fill_the_empty_slots_first():
    posted = week(["lundi", "jeudi"], "9:00", "10:00")
    for name in ("jour", "debut", "fin"):
        posted[f"{SLOTS}-0-{name}"] = ""
    assert [slot.jour for slot in slots_of(posted)] == ["lundi", "jeudi", "jeudi"]


def test_hours_without_a_day_are_kept_and_nothing_typed_makes_nothing():
    before = make.complete_content().actions[0].creneaux
    assert slots_of(week([], "14:00", "")) == [*before, Creneau("", time(14), None)]
    assert slots_of(week([], " ", "")) == before


def test_no_more_slots_than_a_week_may_have():
    posted = week(["lundi"] * 60, "9:00", "10:00")
    for rank in range(21):
        posted[f"{SLOTS}-{rank}-jour"] = "mardi"
    assert len(slots_of(posted)) == 21
