"""Differences between two inputs of the same step, in words, for a person who must choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from wtforms import Field

from backoffice.core.dates import hour, long_day
from backoffice.models.content import label_of
from backoffice.models.values import telephones

from .builder import Rank, StepForm
from .questions import Kind, Question


@dataclass(frozen=True)
class Difference:
    """label: of the question. theirs, mine: answers in words, "" when empty."""

    label: str
    theirs: str
    mine: str


def differences(theirs: StepForm, mine: StepForm) -> list[Difference]:
    """One line for each question whose two answers differ; local ids are ignored."""
    ours = {field.id: field for field in mine.fields()}
    stored = {field.id: field for field in theirs.fields()}
    gaps = []
    for path in dict.fromkeys([*stored, *ours]):
        field = ours.get(path) or stored[path]
        if isinstance(field, Rank):
            continue
        left, right = shown(stored.get(path)), shown(ours.get(path))
        if left != right:
            gaps.append(Difference(label_of(path), left, right))
    return gaps


def shown(field: Field | None) -> str:
    """An answer in words; an unreadable one as it was typed."""
    if field is None:
        return ""
    if field.errors and field.raw_data:
        return ", ".join(map(str, field.raw_data))
    return words(field.data, getattr(field, "question", None))


def words(value: Any, question: Question | None = None) -> str:
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, date):
        return long_day(value)
    if isinstance(value, time):
        return hour(value)
    if isinstance(value, list):
        return "\n".join(words(item, question) for item in value)
    if value is None:
        return ""
    if question is not None and question.kind is Kind.PHONE:
        return telephones.shown(str(value))
    return str(question.choices.get(value, value)) if question is not None else str(value)
