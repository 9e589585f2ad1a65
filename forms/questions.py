"""What a path is made of: steps, sections, questions and repeated rows. Only declarations.

A question names the spot of the content that it fills by its pattern (see backoffice.models.content);
its label and its LHEO limit come from there. To ask one more thing, declare one more Question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backoffice.models.content import Spot, spots


class Kind(StrEnum):
    """How a question is asked; also the name of its partial in templates/champs/."""

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
    CERTIFICATION = "certification"


@dataclass(frozen=True, eq=False)
class Question:
    """help: one sentence; example: one good answer from a language workshop.

    required: the entry cannot be submitted without it. label: replaces the model's own words.
    choices: {code: words}; choices_from: the list of the content whose rows are offered.
    folded: shown under «Plus de précisions», closed until it is used.
    """

    pattern: str
    kind: Kind = Kind.LINE
    help: str = ""
    example: str = ""
    required: bool = False
    label: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    choices_from: str = ""
    folded: bool = False
    low: int = 0
    high: int = 99_999

    @property
    def spot(self) -> Spot:
        return spots()[self.pattern]

    @property
    def words(self) -> str:
        return self.label or self.spot.label


@dataclass(frozen=True, eq=False)
class Rows:
    """A part that may be repeated.

    fixed: rows are neither added nor removed here. blank: empty rows offered beyond those filled.
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

    def __iter__(self) -> Iterator[Question | Rows]:
        return iter(self.questions)


@dataclass(frozen=True, eq=False)
class Section:
    """folded: closed until one of its questions has an answer."""

    title: str
    items: tuple[Question | Rows, ...]
    intro: str = ""
    folded: bool = False

    def __iter__(self) -> Iterator[Question | Rows]:
        return iter(self.items)


@dataclass(frozen=True, eq=False)
class Step:
    """One page, one address."""

    slug: str
    title: str
    sections: tuple[Section, ...]
    intro: str = ""

    def items(self) -> Iterator[Question | Rows]:
        for section in self.sections:
            yield from section

    def questions(self) -> Iterator[Question]:
        """Every question of the step, those of the rows included."""
        yield from _questions(self.items())

    def question(self, pattern: str) -> Question | None:
        return next((question for question in self.questions() if question.pattern == pattern), None)


def _questions(items: Iterator[Question | Rows]) -> Iterator[Question]:
    for item in items:
        if isinstance(item, Rows):
            yield from _questions(iter(item))
        else:
            yield item


@dataclass(frozen=True, eq=False)
class Path:
    """The steps of one dispositif, in order. The last one, the review, is added by the pages."""

    steps: tuple[Step, ...]

    def step(self, slug: str) -> Step | None:
        return next((step for step in self.steps if step.slug == slug), None)

    def after(self, step: Step) -> Step | None:
        rank = self.steps.index(step) + 1
        return self.steps[rank] if rank < len(self.steps) else None

    def before(self, step: Step) -> Step | None:
        rank = self.steps.index(step)
        return self.steps[rank - 1] if rank else None

    def step_of(self, pattern: str) -> Step | None:
        """The step that asks about this spot, or about something within it."""
        for step in self.steps:
            if any(q.pattern == pattern or q.pattern.startswith(pattern + ".") for q in step.questions()):
                return step
        inside, _, _ = pattern.rpartition(".")
        return self.step_of(inside) if inside else None
