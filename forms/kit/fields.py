"""Field library: WTForms fields that clean the typed text, keep it when it is refused, and say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    Field,
    RadioField,
    SelectField,
    SelectFieldBase,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.text import clean, fold, spaced
from backoffice.models.values import answers, dates, emails, hours, numbers, telephones, urls
from backoffice.models.values.cells import said
from backoffice.models.values.faults import Doubt
from exports.lheo import grammar
from exports.lheo.data_inclusion import TITLE_SHOWN

from .questions import Kind, Question

PLAIN_LIMIT = 250
"""In characters, for the few texts without an LHEO element."""


def limit_of(question: Question) -> int:
    """Maximum length of a text, in characters: limit of its LHEO element, minus the reserve of the spot."""
    spot = question.spot
    if not spot.lheo:
        return PLAIN_LIMIT
    return grammar.limit(spot.lheo)[1] - spot.reserve


def display_limit(question: Question) -> int:
    """Characters shown by the strictest reader; 0 = all."""
    return TITLE_SHOWN if question.pattern == "formation.intitule" else 0


def count_of(question: Question) -> int:
    """Maximum number of values of a list, from the grammar."""
    if not question.spot.lheo:
        return len(question.choices) or 20
    parent, child = question.spot.lheo.split("/")[-2:]
    return grammar.occurs(parent, child)[1] or 99


CONFIRMED = "confirme"
"""Name of the reply to a doubt, after that of the field: the text that the person confirms, or chooses instead."""


class Answer:
    """Mixin of every field: its question, and whether it was left empty."""

    question: Question
    name: str
    data: Any
    object_data: Any
    errors: Sequence[str]
    spot = ""
    """Path in the content of a field that was written; its id differs when an empty row comes before. "" else."""
    offered: Sequence[Any] = ()
    """Suggestions shown beside the field."""
    known: Any = None
    """What a reference table knows of the answer."""
    doubt: Doubt | None = None
    """Why the typed text is asked again, with what would be kept."""
    reply: str = ""
    """The text that the person confirmed, or chose instead; see CONFIRMED."""

    def process(self, formdata: Any, *arguments: Any, **named: Any) -> None:
        if formdata is not None:
            self.reply = clean(formdata.get(f"{self.name}-{CONFIRMED}", ""))
        super().process(formdata, *arguments, **named)  # type: ignore[misc]  # of the field that it is mixed into

    def read(self, reading: Callable[[str], Any], text: str) -> Any:
        """The value of a typed text. A doubt is taken when it was confirmed, or when it is what was stored.

        Raises ValueError with a message in French.
        """
        try:
            return reading(text)
        except Doubt as doubt:
            if doubt.suggestion and self.reply == doubt.suggestion:
                return reading(doubt.suggestion)
            if doubt.value == self.object_data or self.reply == text:
                return doubt.value
            self.doubt = doubt
            raise

    @property
    def kind(self) -> str:
        return str(self.question.kind)

    @property
    def empty(self) -> bool:
        return self.data in ("", None, [], False)


class Line(Answer, StringField):
    multiline = False

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = said(valuelist[0], multiline=self.multiline) if valuelist else ""

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        if self.data and not self.errors:
            self.check()

    def check(self) -> None:
        self.refuse_longer_than(limit_of(self.question))

    def refuse_longer_than(self, limit: int) -> None:
        if (length := len(self.data)) > limit:
            over = f"{spaced(length - limit)} caractère{'s' if length - limit > 1 else ''}"
            self.refuse(
                f"Ce texte est trop long de {over} : il en compte {spaced(length)}, pour {spaced(limit)} au plus."
            )

    def refuse(self, message: str) -> None:
        self.errors = [*self.errors, message]


class Text(Line, TextAreaField):
    multiline = True


class Lines(Text):
    """Lines of an address; data is a list, each line folded to the LHEO limit."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = said(valuelist[0], multiline=True) if valuelist else ""
        self.data = fold(text, limit_of(self.question))

    def process_data(self, value: Any) -> None:
        self.data = list(value or [])

    def _value(self) -> str:
        return "\n".join(self.data)

    def check(self) -> None:
        if len(self.data) > (most := count_of(self.question)):
            self.refuse(f"Cette adresse a {len(self.data)} lignes : {most} au plus.")


class Read(Line):
    """A text with a form of its own: data is what its reader makes of it."""

    reading: Callable[[str], Any]

    @property
    def typed_limit(self) -> int:
        """Characters that may be typed."""
        return limit_of(self.question)

    def check(self) -> None:
        self.refuse_longer_than(self.typed_limit)
        if self.errors:
            return
        try:
            self.data = self.read(type(self).reading, self.data)
        except ValueError as error:
            self.refuse(str(error))
        else:
            super().check()


class Numbered(Read):
    """An official number, typed with blanks that are not stored."""

    @property
    def typed_limit(self) -> int:
        return PLAIN_LIMIT


class Siret(Numbered):
    reading = staticmethod(numbers.siret)


class Nda(Numbered):
    reading = staticmethod(numbers.nda)


class Rna(Numbered):
    reading = staticmethod(numbers.rna)


class Uai(Numbered):
    reading = staticmethod(numbers.uai)


class Certification(Numbered):
    reading = staticmethod(numbers.certification)


class Phone(Read):
    reading = staticmethod(telephones.checked)


class Email(Read):
    reading = staticmethod(emails.read)


class Url(Read):
    reading = staticmethod(urls.read)


class Postcode(Numbered):
    reading = staticmethod(numbers.postal_code)


class Integer(Line):
    """Data is an int or None; an unreadable text stays on the screen."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = said(valuelist[0]) if valuelist else ""
        self.data = None
        if self.typed:
            question = self.question
            self.data = answers.count(self.typed, question.spot.unit, question.low, question.high)

    def _value(self) -> str:
        return getattr(self, "typed", "" if self.data is None else str(self.data))

    def check(self) -> None: ...

    @property
    def empty(self) -> bool:
        return self.data is None


class Day(Answer, DateField):
    """Data is a date or None. understood: how a day without a year was read, "" otherwise."""

    understood = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = said(valuelist[0]) if valuelist else ""
        self.data = None
        if text:
            self.data = self.read(self._day, text)

    def _day(self, text: str) -> date:
        found, inferred = dates.day(text, local_day(now()))
        if inferred:
            self.understood = f"« {text[:40]} » a été compris comme le {long_day(found)}."
        return found

    def _value(self) -> str:
        if self.data:
            return str(self.data.isoformat())
        return str(self.raw_data[0]) if self.raw_data else ""


class Hour(Answer, StringField):
    """Data is a time or None; «9h30», «09:30» and «9 h» are accepted."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        text = said(valuelist[0]) if valuelist else ""
        self.data = hours.hour(text) if text else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat("minutes") if self.data else ""


class Chosen(Answer, SelectFieldBase):
    """A choice in a closed list. Another value can only come from a tampered page: it is refused."""

    def pre_validate(self, form: BaseForm) -> None:
        known = {choice.value for choice in self.iter_choices()}  # type: ignore[attr-defined]  # tuples before 3.3
        values = self.data if isinstance(self.data, list) else [self.data]
        if not set(values) <= known | {""}:
            raise ValidationError("Choisissez une réponse de la liste.")


def _text_or_empty(value: Any) -> str:
    return "" if value is None else str(value)


class Select(Chosen, SelectField):
    def __init__(self, label: str, *, choices: dict[str, str], **kwargs: Any):
        super().__init__(label, coerce=_text_or_empty, choices={"": "Choisir…", **choices}, **kwargs)


class Radio(Chosen, RadioField):
    def __init__(self, label: str, **kwargs: Any):
        super().__init__(label, coerce=_text_or_empty, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0]) if valuelist else ""


class Checks(Chosen, SelectMultipleField):
    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        most = count_of(self.question)
        if self.data and len(self.data) > most:
            self.errors = [*self.errors, f"Choisissez {most} réponses au plus."]


class Flag(Answer, BooleanField):
    pass


FIELDS: dict[Kind, type[Field]] = {
    Kind.LINE: Line,
    Kind.TEXT: Text,
    Kind.LINES: Lines,
    Kind.SELECT: Select,
    Kind.RADIO: Radio,
    Kind.CHECKS: Checks,
    Kind.FLAG: Flag,
    Kind.DATE: Day,
    Kind.TIME: Hour,
    Kind.INTEGER: Integer,
    Kind.EMAIL: Email,
    Kind.PHONE: Phone,
    Kind.URL: Url,
    Kind.POSTCODE: Postcode,
    Kind.SIRET: Siret,
    Kind.NDA: Nda,
    Kind.RNA: Rna,
    Kind.UAI: Uai,
    Kind.CERTIFICATION: Certification,
}
