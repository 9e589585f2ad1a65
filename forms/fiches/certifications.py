"""Suggests the certifications that a typed examination may mean. Choosing one is optional."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from werkzeug.datastructures import MultiDict

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from forms.kit.builder import StepForm
from forms.kit.fields import Line

EXAM, CODE = "formation-certification", "formation-code_certification"
AIMS, AIM = "formation-visees", "certification"


class Certification(Protocol):
    id: int
    label: str
    code: str

    def valid_on(self, day: date, /) -> bool: ...

    @property
    def validity(self) -> str: ...


class CertificationFinder(Protocol):
    def of_code(self, code: str, /) -> Certification | None: ...

    def get(self, number: str, /) -> Certification | None:
        """By its id in the table, as a button sends it."""

    def like(self, text: str, /) -> Sequence[Certification]:
        """Candidates valid today for a name, possibly misspelt, or for the beginning of a number."""


def offer(form: StepForm, find: CertificationFinder) -> None:
    """Sets the candidates beside the examination (`offered`) and what the table knows beside its number (`known`)."""
    exam, code = form.field(EXAM), form.field(CODE)
    if not isinstance(exam, Line) or not isinstance(code, Line) or exam.errors or code.errors:
        return
    if known := find.of_code(code.data):
        code.known = known
        if not known.valid_on(local_day(now())):
            exam.offered = find.like(known.label) or find.like(known.code)
        else:
            exam.offered = [] if exam.data else [known]
    elif exam.data:
        found = find.like(exam.data)
        exam.offered = [] if exam.data in {one.label for one in found} else found


def choose(posted: MultiDict[str, str], order: str, find: CertificationFinder) -> MultiDict[str, str]:
    """The posted page with the chosen certification in both fields, and the aim ticked. order: ``certification:12``."""
    chosen, found = MultiDict(posted), find.get(order.partition(":")[2])
    if found is not None:
        for name, text in ((EXAM, found.label), (CODE, found.code)):
            if name in posted:
                chosen.setlist(name, [text])
        if AIM not in chosen.getlist(AIMS) and {EXAM, CODE} & posted.keys():
            chosen.add(AIMS, AIM)
    return chosen
