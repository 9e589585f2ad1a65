"""The questions of all the paths, each once, with a dispositif that asks it."""

from __future__ import annotations

from collections.abc import Iterator

from backoffice.models.content import Contenu
from backoffice.models.content.vocabulary import Dispositif
from forms.fiches.paths import PATHS
from forms.kit.builder import bind
from forms.kit.questions import Kind, Step

ASL = PATHS[Dispositif.ASL]

_KNOWN = {question.pattern for step in ASL.steps for question in step.questions()}

ASKED = [(step, question) for step in ASL.steps for question in step.questions()] + [
    (step, question)
    for path in PATHS.values()
    for step in path.steps
    for question in step.questions()
    if question.pattern not in _KNOWN
]
"""(step, question): those of the ASL path, then those of the other dispositifs only."""


def dispositif_of(step: Step | None) -> Dispositif:
    """The dispositif whose path has this step; ASL for a step shared by several."""
    return next((path.dispositif for path in PATHS.values() if step in path.steps), Dispositif.ASL)


def step_under_test(request) -> Step | None:
    """The `step` parameter of the running test, else None."""
    params = getattr(request.node, "callspec", None)
    return params.params.get("step") if params else None


def typed(step: Step, content: Contenu) -> Iterator[tuple[str, str]]:
    """(field name, value) that a browser sends for this page when nothing is changed."""
    for field in bind(step, content).fields():
        kind = getattr(field, "question", None) and field.question.kind
        if kind is Kind.CHECKS:
            yield from ((field.name, code) for code in field.data)
        elif kind is Kind.FLAG:
            if field.data:
                yield field.name, "y"
        elif kind in (Kind.SELECT, Kind.RADIO):
            yield field.name, field.data
        else:
            yield field.name, field._value()
