"""Declarations that make a path: steps, sections, questions and repeated rows.

A question names, by its pattern, the spot of the content that it fills (see backoffice.models.content): label and
choices are declared there. Its limit is that of the LHEO element declared there, read from the grammar by
`exports.lheo.fields.limit_of`. To ask one more thing, declare the value there and a Question in `forms.steps`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from backoffice.models.content import Contenu, Spot, spots
from backoffice.models.content.vocabulary import Dispositif


class Kind(StrEnum):
    """How a question is asked: its field is `forms.kit.fields.FIELDS[kind]`, rendered by macros/fields.html."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    SELECT = "select"
    RADIO = "radio"
    CHECKS = "checks"
    FLAG = "flag"
    DATE = "date"
    TIME = "time"
    INTEGER = "integer"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    POSTCODE = "postcode"
    SIRET = "siret"
    NDA = "nda"
    RNA = "rna"
    UAI = "uai"
    CERTIFICATION = "certification"


@dataclass(frozen=True, eq=False)
class Question:
    """help: one sentence. example: one good answer from a language workshop.

    required: the fiche cannot be submitted without an answer. label: replaces the label of the content.
    choices_from: list of the content whose rows are the choices.
    folded: shown under «Plus de précisions», closed until it is used.
    """

    pattern: str
    kind: Kind = Kind.LINE
    help: str = ""
    example: str = ""
    required: bool = False
    label: str = ""
    choices_from: str = ""
    folded: bool = False

    @property
    def spot(self) -> Spot:
        return spots()[self.pattern]

    @property
    def words(self) -> str:
        return self.label or self.spot.label

    @property
    def choices(self) -> Mapping[str, str]:
        """{code: label} of the closed list; empty for a free answer."""
        return self.spot.choices


@dataclass(frozen=True, eq=False)
class Rows:
    """A part that may be repeated.

    fixed: rows are neither added nor removed here. blank: empty rows offered besides the filled ones.
    several: name of a choice; ticking several of its values creates as many rows.
    """

    pattern: str
    title: str
    add: str
    questions: tuple[Question | Rows, ...]
    remove: str = "Retirer"
    fixed: bool = False
    least: int = 1
    blank: int = 0
    most: int = 40
    several: str = ""

    def __iter__(self) -> Iterator[Question | Rows]:
        return iter(self.questions)


@dataclass(frozen=True, eq=False)
class Section:
    """Questions under one title. folded: closed until one of them has an answer."""

    title: str
    items: tuple[Question | Rows, ...]
    intro: str = ""
    folded: bool = False

    def __iter__(self) -> Iterator[Question | Rows]:
        return iter(self.items)


@dataclass(frozen=True, eq=False)
class Step:
    """One page of the form, at one address."""

    slug: str
    title: str
    sections: tuple[Section, ...]
    intro: str = ""

    def items(self) -> Iterator[Question | Rows]:
        for section in self.sections:
            yield from section

    def questions(self) -> Iterator[Question]:
        """Every question of the step, those of rows included."""
        yield from _questions(self.items())

    def question(self, pattern: str) -> Question | None:
        return next((question for question in self.questions() if question.pattern == pattern), None)


def _questions(items: Iterator[Question | Rows]) -> Iterator[Question]:
    for item in items:
        if isinstance(item, Rows):
            yield from _questions(iter(item))
        else:
            yield item


Items = tuple[Question | Rows, ...]


def vary(
    step: Step,
    *,
    title: str = "",
    without: Collection[str] = (),
    change: Mapping[str, Mapping[str, Any]] | None = None,
    after: Mapping[str, Items] | None = None,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
) -> Step:
    """The same step, as another dispositif asks it.

    without: patterns of questions and rows to leave out. change: {pattern: attributes to replace}.
    after: {pattern: items to add just after}. sections: {title: attributes to replace}.
    Raises ValueError for a pattern that the step does not have.
    """
    left = {*without, *(change or {}), *(after or {})}

    def varied(items: Items) -> Items:
        made: list[Question | Rows] = []
        for item in items:
            pattern = item.pattern
            left.discard(pattern)
            if pattern in without:
                continue
            if isinstance(item, Rows):
                item = replace(item, questions=varied(item.questions))
            made += [replace(item, **(change or {}).get(pattern, {})), *(after or {}).get(pattern, ())]
        return tuple(made)

    kept = [
        replace(section, items=varied(section.items), **(sections or {}).get(section.title, {}))
        for section in step.sections
    ]
    if left:
        raise ValueError(f"{step.slug}: {sorted(left)} is not asked there")
    return replace(step, title=title or step.title, sections=tuple(section for section in kept if section.items))


@dataclass(frozen=True, eq=False)
class Path:
    """Steps of one dispositif, in order. The pages add the last one, the review.

    defaults: {pattern: the most frequent answer}, proposed in a new fiche.
    """

    dispositif: Dispositif
    steps: tuple[Step, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, content: Contenu) -> None:
        """Writes the default answers into the content, where there is none yet."""
        for pattern, value in self.defaults.items():
            *way, last = pattern.split(".")
            target: Any = content
            for name in way:
                target = getattr(target, name)
            if getattr(target, last) in ("", [], None):
                setattr(target, last, deepcopy(value))

    def step(self, slug: str) -> Step | None:
        return next((step for step in self.steps if step.slug == slug), None)

    def after(self, step: Step) -> Step | None:
        rank = self.steps.index(step) + 1
        return self.steps[rank] if rank < len(self.steps) else None

    def before(self, step: Step) -> Step | None:
        rank = self.steps.index(step)
        return self.steps[rank - 1] if rank else None

    def step_of(self, pattern: str) -> Step | None:
        """Step that asks about this spot or a part of it, else about what contains it; None when there is none."""
        for step in self.steps:
            if any(q.pattern == pattern or q.pattern.startswith(pattern + ".") for q in step.questions()):
                return step
        inside, _, _ = pattern.rpartition(".")
        return self.step_of(inside) if inside else None
