"""Form in which a moderator defines a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, IntegerField, StringField, TextAreaField, validators
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.text import clean
from backoffice.models import Campaign, Territoire
from backoffice.models.content.vocabulary import DISPOSITIFS
from backoffice.models.values import dates
from forms.flux.definition import Boxes, Words, choices

LONGEST_LABEL, LONGEST_MESSAGE = 120, 2_000


class Year(IntegerField):
    data: int
    """An integer once the form is valid."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError("Écrivez une année, par exemple 2027.") from error


class Day(StringField):
    """A day as people type it, or as a browser's date field sends it. Data is a date once it is valid."""

    def __init__(self, label: str, empty: str, **kwargs: Any):
        super().__init__(label, [validators.InputRequired(empty)], **kwargs)

    def _value(self) -> str:
        return self.data.isoformat() if isinstance(self.data, date) else self.data or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data: Any = clean(valuelist[0]) if valuelist else ""

    def pre_validate(self, form: BaseForm) -> None:
        if not self.data:
            return  # InputRequired reports it
        try:
            day, _ = dates.day(str(self.data), local_day(now()))
        except ValueError as error:
            raise validators.StopValidation(str(error)) from None
        self.data = day


class Message(TextAreaField):
    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0], multiline=True) if valuelist else ""


class Definition(Form):
    label = Words(
        "Nom de la campagne",
        "Donnez un nom à la campagne.",
        LONGEST_LABEL,
        description="Les structures le lisent. Exemple : « Ateliers sociolinguistiques 2027 ».",
    )
    year = Year(
        "Année",
        [
            validators.InputRequired("Dites pour quelle année."),
            validators.NumberRange(2000, 2100, "De 2000 à 2100."),
        ],
        description="Les fiches que les lecteurs ont vues l’année d’avant sont à reconduire.",
    )
    opens_on = Day("Ouverture", "Dites quel jour la campagne ouvre.")
    deadline = Day("Date limite", "Dites jusqu’à quel jour envoyer.", description="Ce jour compris.")
    territoires = Boxes("Territoires", coerce=int)
    dispositifs = Boxes("Dispositifs", choices=choices((str(code), words) for code, words in DISPOSITIFS.items()))
    message = Message(
        "Votre message",
        [validators.Length(max=LONGEST_MESSAGE, message=f"{LONGEST_MESSAGE} caractères au plus.")],
        description="Facultatif. Il est ajouté à l’e-mail d’invitation.",
    )

    def __init__(
        self,
        formdata: MultiDict[str, str] | None,
        territoires: Iterable[Territoire],
        campaign: Campaign | None = None,
        **kwargs: Any,
    ):
        """campaign: the one that is edited; its territoires are ticked."""
        super().__init__(formdata, obj=campaign, **kwargs)
        self.territoires.choices = choices((territoire.id, territoire.nom) for territoire in territoires)
        if campaign is not None and formdata is None:
            self.territoires.data = [territoire.id for territoire in campaign.territoires]

    def validate_deadline(self, field: Field) -> None:
        opens = self.opens_on.data
        if isinstance(opens, date) and isinstance(field.data, date) and field.data < opens:
            raise ValidationError("La date limite vient avant l’ouverture.")

    def fill(self, campaign: Campaign) -> None:
        campaign.label, campaign.year = self.label.data, self.year.data
        campaign.opens_on, campaign.deadline = self.opens_on.data, self.deadline.data
        campaign.dispositifs, campaign.message = self.dispositifs.data or [], self.message.data or ""
