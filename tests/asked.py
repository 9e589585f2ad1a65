"""The questions of all the paths, each once, and the dispositif that asks them."""

from __future__ import annotations

from backoffice.models.vocabulary import Dispositif
from forms.paths import PATHS
from forms.questions import Step

ASL = PATHS[Dispositif.ASL]

_KNOWN = {question.pattern for step in ASL.steps for question in step.questions()}

ASKED = [(step, question) for step in ASL.steps for question in step.questions()] + [
    (step, question)
    for path in PATHS.values()
    for step in path.steps
    for question in step.questions()
    if question.pattern not in _KNOWN
]
"""The questions of the ASL, then those that only another dispositif asks."""


def dispositif_of(step: Step | None) -> Dispositif:
    """The dispositif whose path has this very step; ASL for those that several share."""
    return next((path.dispositif for path in PATHS.values() if step in path.steps), Dispositif.ASL)


def step_under_test(request) -> Step | None:
    """The step that a parametrised test is about, None when it has none."""
    params = getattr(request.node, "callspec", None)
    return params.params.get("step") if params else None
