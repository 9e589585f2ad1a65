"""Field library: WTForms fields that clean the typed text, keep it when it is refused, and say why."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import time
from typing import Any

from email_validator import EmailNotValidError, validate_email
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
from backoffice.core.dates import NBSP, local_day, long_day
from backoffice.core.text import clean, fold
from exports.lheo import grammar
from exports.lheo.consumers import TITLE_SHOWN

from . import numbers
from .days import read_day
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


class Answer:
    """Mixin of every field: its question, and whether it was left empty."""

    question: Question
    data: Any
    errors: Sequence[str]
    offered: Sequence[Any] = ()
    """Suggestions shown beside the field."""
    known: Any = None
    """What a reference table knows of the answer."""

    @property
    def kind(self) -> str:
        return str(self.question.kind)

    @property
    def empty(self) -> bool:
        return self.data in ("", None, [], False)


class Line(Answer, StringField):
    multiline = False

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0], multiline=self.multiline) if valuelist else ""

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        if self.data and not self.errors:
            self.check()

    def check(self) -> None:
        self.refuse_longer_than(limit_of(self.question))

    def refuse_longer_than(self, limit: int) -> None:
        if (length := len(self.data)) > limit:
            self.refuse(
                f"Ce texte est trop long de {spaced(length - limit)} caractères : "
                f"il en compte {spaced(length)}, pour {spaced(limit)} au plus."
            )

    def refuse(self, message: str) -> None:
        self.errors = [*self.errors, message]


class Text(Line, TextAreaField):
    multiline = True


class Lines(Text):
    """Lines of an address; data is a list, each line folded to the LHEO limit."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean(valuelist[0], multiline=True) if valuelist else ""
        self.data = fold(text, limit_of(self.question))

    def process_data(self, value: Any) -> None:
        self.data = list(value or [])

    def _value(self) -> str:
        return "\n".join(self.data)

    def check(self) -> None:
        if len(self.data) > (most := count_of(self.question)):
            self.refuse(f"Cette adresse a {len(self.data)} lignes : {most} au plus.")


class Numbered(Line):
    """A number with a check key or a format, normalised when it is valid."""

    reading: Callable[[str], str]

    def check(self) -> None:
        self.refuse_longer_than(PLAIN_LIMIT)
        if self.errors:
            return
        try:
            self.data = type(self).reading(self.data)
        except ValueError as error:
            self.refuse(str(error))


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


class Phone(Numbered):
    reading = staticmethod(numbers.phone)

    def check(self) -> None:
        self.refuse_longer_than(limit_of(self.question))
        if not self.errors:
            super().check()


class Email(Line):
    def check(self) -> None:
        super().check()
        if self.errors:
            return
        try:
            # Deliverability is not checked: typing must not send any request.
            self.data = validate_email(self.data, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError:
            self.refuse(f"« {self.data} » n’est pas une adresse e-mail. Écrivez-la comme accueil@exemple.fr.")


class Url(Line):
    def check(self) -> None:
        if re.match(r"www\.", self.data, re.IGNORECASE):
            self.data = f"https://{self.data}"
        super().check()
        if not self.errors and not re.fullmatch(r"https?://[^\s/?#]+\.[^\s]+", self.data, re.IGNORECASE):
            self.refuse(f"« {self.data} » n’est pas une adresse internet. Copiez-la depuis votre navigateur.")


class Postcode(Line):
    def check(self) -> None:
        self.data = self.data.replace(" ", "")
        if not re.fullmatch(r"[0-9]{5}", self.data):
            self.refuse(f"« {self.data[:40]} » n’est pas un code postal : il a 5 chiffres, comme 68300.")


class Integer(Line):
    """Data is an int or None; an unreadable text stays on the screen."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean(valuelist[0]) if valuelist else ""
        self.typed = text
        self.data = None
        if not text:
            return
        digits = text.replace(NBSP, "").replace(" ", "")
        question = self.question
        if not re.fullmatch(r"[0-9]{1,9}", digits):
            raise ValueError(f"« {text[:40]} » n’est pas un nombre entier. Écrivez-le en chiffres, comme 12.")
        if not question.low <= int(digits) <= question.high:
            raise ValueError(f"Un nombre entre {spaced(question.low)} et {spaced(question.high)} est attendu.")
        self.data = int(digits)

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
        text = clean(valuelist[0]) if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data, inferred = read_day(text, local_day(now()))
        except ValueError:
            raise ValueError(
                f"« {text[:40]} » n’est pas une date. Écrivez le jour, le mois et l’année, comme 15/09/2026."
            ) from None
        if not 2000 <= self.data.year <= 2100:
            self.data = None
            raise ValueError(f"L’année de « {text[:40]} » n’est pas vraisemblable. Vérifiez-la.")
        if inferred:
            self.understood = f"« {text[:40]} » a été compris comme le {long_day(self.data)}."

    def _value(self) -> str:
        if self.data:
            return str(self.data.isoformat())
        return str(self.raw_data[0]) if self.raw_data else ""


class Hour(Answer, StringField):
    """Data is a time or None; «9h30», «09:30» and «9 h» are accepted."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean(valuelist[0]) if valuelist else ""
        self.data = None
        if not text:
            return
        found = re.fullmatch(r"(\d{1,2})\s*(?:[h:]\s*(\d{2})?)?(?::\d{2})?", text, re.IGNORECASE)
        if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
            raise ValueError(f"« {text[:40]} » n’est pas une heure. Écrivez-la comme 9:30 ou 14:00.")
        self.data = time(int(found[1]), int(found[2] or 0))

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


def spaced(number: int) -> str:
    """«3 000»: thousands separated as in French."""
    return f"{number:,}".replace(",", NBSP)
