"""Buttons inside a step: each changes the page as it was posted, before it is saved like any other.

Rows are added after the page is saved: see rows.add_row.
"""

from __future__ import annotations

from collections.abc import Sequence

from backoffice.models.content import Contenu, Lieu
from forms.fiches import certifications as exams
from forms.fiches import usual_locations

from .communes import choose
from .questions import Step
from .rows import SEVERAL, Posted, obey, spread

ADD = "ajouter"


def follow(
    step: Step,
    content: Contenu,
    answers: Posted,
    order: str,
    find: exams.CertificationFinder,
    usual: Sequence[Lieu] = (),
    place: str = "",
) -> tuple[Posted, str]:
    """(the page as the order leaves it, the path where the person goes on; "" for the top of the page).

    order: the value of the button, ``what:path``; one that makes no sense changes nothing. content: its rows are
    copied or moved with those of the page. usual, place: the structure's usual places, the id of the one chosen.
    """
    what, _, path = order.partition(":")
    answers = spread(step, answers)
    if what == "chercher":
        return answers, _town(path)
    if what == "commune":
        return choose(answers, order), _town(path)
    if what == "examen":
        return answers, exams.EXAM
    if what == "certification":
        return exams.choose(answers, order, find), exams.EXAM
    if what == SEVERAL:
        return answers, path
    if what == usual_locations.ORDER:
        lieu = next((one for one in usual if one.id == place), None)
        return usual_locations.fill(answers, path, lieu), path
    return obey(step, content, answers, order)


def _town(path: str) -> str:
    return f"{path.split(':')[0]}-ville"
