"""Buttons inside a step: each transforms the posted page, which is then saved as usual.

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
    """(page after the order, path of the field where the person goes on; "" for the top of the page).

    order: value of the button, ``what:path``; an invalid order changes nothing. content: its rows are copied or moved
    with those of the page. usual: the structure's usual places. place: id of the chosen one.
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
