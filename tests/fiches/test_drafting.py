"""A posted step saved by the use case alone: plain data in, without request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.datastructures import MultiDict

from backoffice.core.transactions import atomic
from backoffice.models import Dispositif, Fiche, User
from forms.fiches.paths import PATHS
from forms.kit.posted import PostedStep, Reply, fields_of, kept_pairs, read_step, replies_of, ties_of
from forms.kit.saving import stamp
from tests.support import factories as make
from tests.support.asked import typed
from workflows.case import Refused
from workflows.fiches.drafting import ClosedStep, SavedStep, StaleStep, save_step

CONTENT = PATHS[Dispositif.ASL].step("objectifs")
AIM = "formation-objectif"


@pytest.fixture
def fiche(nadia: User) -> Fiche:
    return make.draft(nadia)


def page_of(fiche: Fiche) -> PostedStep:
    """What the page of the step sends when nothing was changed on it."""
    revision = fiche.latest
    answers = MultiDict(typed(CONTENT, revision.content))
    seen = stamp(CONTENT, revision.content, revision.pending)
    return PostedStep(answers, order="", stamp=seen, place="", replies={}, ties={})


def saying(page: PostedStep, text: str) -> PostedStep:
    answers = page.answers.copy()
    answers.setlist(AIM, [text])
    return replace(page, answers=answers)


def keep(fiche: Fiche, page: PostedStep, actor: User) -> SavedStep:
    with atomic() as session:
        return save_step(session, fiche.id, CONTENT, page, actor)


def test_a_page_is_stored_once_however_many_times_it_is_sent(nadia, fiche):
    page = saying(page_of(fiche), "Parler avec les enseignants")
    first = keep(fiche, page, nadia)
    assert (first.saved.clean, first.spot, first.before) == (True, "", page.stamp)
    moment = fiche.latest.saved_at
    again = keep(fiche, page, nadia)
    assert again.before != page.stamp
    assert (fiche.latest.content.formation.objectif, fiche.latest.saved_at) == ("Parler avec les enseignants", moment)


def test_a_page_that_is_out_of_date_writes_nothing_and_says_what_was_typed(nadia, fiche):
    old = page_of(fiche)
    keep(fiche, saying(old, "Une collègue écrit ceci"), nadia)
    with pytest.raises(StaleStep) as conflict:
        keep(fiche, saying(old, "Moi, cela"), nadia)
    gap = next(gap for gap in conflict.value.page.gaps(fiche.latest))
    assert (gap.theirs, gap.mine) == ("Une collègue écrit ceci", "Moi, cela")
    assert fiche.latest.content.formation.objectif == "Une collègue écrit ceci"


def test_who_cannot_write_any_more_gets_what_was_typed_back(nadia, fiche):
    page = saying(page_of(fiche), "Trop tard")
    make.step(fiche, "soumettre", nadia)
    with pytest.raises(ClosedStep, match="a été envoyée") as closed:
        keep(fiche, page, nadia)
    assert isinstance(closed.value, Refused)
    assert [gap.mine for gap in closed.value.page.gaps(fiche.latest)] == ["Trop tard"]


def test_a_moderator_does_not_write_the_draft_of_a_structure_as_a_copy(marc, fiche):
    with pytest.raises(ClosedStep, match="Un modérateur corrige"), atomic() as session:
        save_step(session, fiche.id, CONTENT, page_of(fiche), marc, correcting=True)


def test_what_the_page_carries_beside_its_answers_is_read_from_its_pairs():
    form = MultiDict(
        [
            ("csrf_token", "abc"),
            (AIM, "Parler"),
            ("ligne", "habituel:lieux-0"),
            ("habituel:lieux-0", "L2"),
            ("empreinte", "0123"),
            ("remarque:4", "1"),
            ("remarque_reponse:4", " Fait. "),
            ("remarque_traitee:4", "oui"),
            ("remarque:dix", "1"),
            ("convention:7", "1"),
            ("convention:8", "1"),
            ("convention_paie:8", "1"),
            ("<script>", "1"),
        ]
    )
    page = read_step(form)
    assert (page.order, page.place, page.stamp) == ("habituel:lieux-0", "L2", "0123")
    assert page.answers.get(AIM) == "Parler"
    assert set(fields_of(form)) == {"csrf_token", AIM, "ligne", "empreinte"}
    assert page.replies == replies_of(form) == {4: Reply("Fait.", done=True)}
    assert page.ties == ties_of(form) == {7: False, 8: True}
    kept = {name for name, _ in kept_pairs(form)}
    assert {"remarque_reponse:4", "convention_paie:8"} < kept
    assert not kept & set(fields_of(form))
