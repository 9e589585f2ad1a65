"""Field library: WTForms fields that read with the one reader of their question (exports.lheo.fields).

What was typed is kept when it is refused, and the error says why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from backoffice.core.dates import local_day
from backoffice.core.text import clean, fold
from backoffice.models.values import telephones
from backoffice.models.values.faults import Doubt
from exports.lheo import fields
from exports.lheo.data_inclusion import TITLE_SHOWN

from .questions import Kind, Question


def limit_of(question: Question) -> int:
    """Maximum length of a text, in characters."""
    return fields.limit_of(question.spot)


def display_limit(question: Question) -> int:
    """Characters shown by the strictest reader; 0 = all."""
    return TITLE_SHOWN if question.pattern == "formation.intitule" else 0


CONFIRMED = "confirme"
"""Name of the reply to a doubt, after that of the field: the text that the person confirms, or chooses instead."""


class Answer:
    """Mixin of every field: its question, and what its reader said of what was typed."""

    question: Question
    name: str
    data: Any
    errors: Sequence[str]
    spot = ""
    """Path in the content of a field that was written; its id differs when an empty row comes before. "" else."""
    offered: Sequence[Any] = ()
    """Suggestions shown beside the field."""
    known: Any = None
    """What a reference table knows of the answer."""
    doubt: Doubt | None = None
    """The error, when the person may confirm the answer."""
    understood = ""
    """How an ambiguous answer was read, "" otherwise."""
    reply = ""
    """The text that the person confirmed, or chose instead; see CONFIRMED."""
    confirmed = ""
    """The unlikely value that the person confirmed, in its stored form; "" otherwise. See Contenu.confirmes."""

    def process(self, formdata: Any, *arguments: Any, **named: Any) -> None:
        if formdata is not None:
            self.reply = clean(formdata.get(f"{self.name}-{CONFIRMED}", ""))
        super().process(formdata, *arguments, **named)  # type: ignore[misc]  # of the field that it is mixed into

    @property
    def kind(self) -> str:
        return str(self.question.kind)

    @property
    def empty(self) -> bool:
        return self.data in ("", None, [], False)

    def read(self, typed: Any) -> Any:
        """The value of what was typed. Raises ValidationError with a message in French."""
        answer = fields.read(self.question.spot, typed, local_day(now()))
        doubt, self.understood = answer.doubt, answer.understood
        if doubt is not None and self.reply and self.reply == doubt.suggestion:
            return self.read(doubt.suggestion)
        if doubt is not None and self.reply == typed:
            self.confirmed = fields.as_confirmed(doubt)
            return doubt.value
        self.doubt = doubt
        if answer.fault:
            raise ValidationError(answer.fault)
        return answer.value

    def settle(self, confirmed: Collection[str]) -> None:
        """Takes the answer in spite of its doubt when it was confirmed before. confirmed: see Contenu.confirmes."""
        if self.doubt is not None and fields.as_confirmed(self.doubt) in confirmed:
            self.data, self.errors, self.doubt = self.doubt.value, [], None


class Line(Answer, StringField):
    """Data is the value; what was typed while it has an error."""

    multiline = False

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0], multiline=self.multiline) if valuelist else ""

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        if self.data and not self.errors:
            try:
                self.data = self.read(self.data)
            except ValueError as error:
                self.errors = [*self.errors, str(error)]


class Text(Line, TextAreaField):
    multiline = True


class Telephone(Line):
    """Data is the stored form; the page shows the national one."""

    def _value(self) -> str:
        return telephones.shown(self.data or "")


class Lines(Text):
    """Lines of an address; data is a list, each line folded to the LHEO limit."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean(valuelist[0], multiline=True) if valuelist else ""
        self.data = fold(text, limit_of(self.question))

    def process_data(self, value: Any) -> None:
        self.data = list(value or [])

    def _value(self) -> str:
        return "\n".join(self.data)


class Typed(Answer):
    """Mixin of a field whose data is not a text: it is None while what was typed has an error."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean(valuelist[0]) if valuelist else ""
        self.data = None
        self.data = self.read(text) if text else None


class Integer(Typed, StringField):
    """Data is an int or None; an unreadable text stays on the screen."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    @property
    def empty(self) -> bool:
        return self.data is None


class Day(Typed, DateField):
    """Data is a date or None."""

    def _value(self) -> str:
        if self.data:
            return str(self.data.isoformat())
        return str(self.raw_data[0]) if self.raw_data else ""


class Hour(Typed, StringField):
    """Data is a time or None."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat("minutes") if self.data else ""


class Chosen(Answer, SelectFieldBase):
    """A choice in a closed list. Another value can only come from a tampered page: it is refused."""

    def pre_validate(self, form: BaseForm) -> None:
        if self.data is None:  # a row that was posted without this question
            self.data = [] if self.question.spot.type == list[str] else ""
        if self.data and not self.question.choices_from:
            self.data = self.read(self.data)


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
    Kind.EMAIL: Line,
    Kind.PHONE: Telephone,
    Kind.URL: Line,
    Kind.POSTCODE: Line,
    Kind.SIRET: Line,
    Kind.NDA: Line,
    Kind.RNA: Line,
    Kind.UAI: Line,
    Kind.CERTIFICATION: Line,
}
