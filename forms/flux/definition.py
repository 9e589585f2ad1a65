"""Administrator's forms of a flow: definition, settings, start of a run, reader key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice came with 3.3: the stubs describe 3.2
    BooleanField,
    Field,
    Form,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    validators,
    widgets,
)
from wtforms.validators import ValidationError

from backoffice.core.clock import now
from backoffice.core.dates import PARIS
from backoffice.core.text import clean
from backoffice.models import Flux, Territoire
from backoffice.models.content.vocabulary import DISPOSITIFS, FINANCEURS, PUBLICS
from exports.lheo.consumers import DATA_INCLUSION, EDOF

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_CODE, LONGEST_TITLE, LONGEST_NAME, MOST_KEPT = 60, 200, 100, 365


class Words(StringField):
    """Required text of one line."""

    data: str
    """A text once a form was sent."""

    def __init__(self, label: str, empty: str, longest: int, **kwargs: Any):
        checks = [
            validators.DataRequired(empty),
            validators.Length(max=longest, message=f"{longest} caractères au plus."),
        ]
        super().__init__(label, checks, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0]) if valuelist else ""


def choices(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    return [SelectChoice(value=code, label=words) for code, words in pairs]


class Boxes(SelectMultipleField):
    """Checkboxes; none ticked means all."""

    data: list[Any]
    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class Kept(IntegerField):
    data: int
    """An integer once the form is valid."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError("Écrivez un nombre, par exemple 14.") from error


class Settings(Form):
    """Settings that may change while the flow has readers."""

    title = Words("Titre", "Donnez un titre à ce flux.", LONGEST_TITLE)
    public = BooleanField("Ouvert à tous, sans clé de lecture")
    active = BooleanField("Actif : fait chaque nuit et servi à ses lecteurs")
    kept = Kept(
        "Nombre de flux passés à garder",
        [
            validators.InputRequired("Dites combien de flux passés garder."),
            validators.NumberRange(0, MOST_KEPT, f"De 0 à {MOST_KEPT}."),
        ],
        description="En plus du flux présent.",
    )

    def fill(self, flux: Flux) -> None:
        flux.title, flux.public, flux.active = self.title.data, self.public.data, self.active.data
        flux.kept = self.kept.data


class Definition(Settings):
    """A new flow. What it takes never changes afterwards: its readers could not know which fiches left it."""

    code = Words(
        "Code",
        "Donnez un code à ce flux.",
        LONGEST_CODE,
        description="Dans l’adresse du flux. Lettres sans accent, chiffres et tirets, par exemple asl-normandie.",
    )
    territoire = SelectField("Territoire", coerce=int)
    dispositifs = Boxes("Types d’action", choices=choices((str(code), words) for code, words in DISPOSITIFS.items()))
    financeurs = Boxes("Financeurs", choices=choices(FINANCEURS.items()))
    publics = Boxes("Publics", choices=choices(PUBLICS.items()))
    consumers = Boxes(
        "Lecteurs à qui ce flux est destiné",
        choices=choices((name, name) for name in (DATA_INCLUSION, EDOF)),
        description="Une fiche que l’un d’eux écarterait tout entière n’y est pas.",
    )

    def __init__(
        self,
        formdata: MultiDict[str, str] | None,
        territoires: Iterable[Territoire],
        taken: Iterable[str],
        **kwargs: Any,
    ):
        super().__init__(formdata, **kwargs)
        self.territoire.choices = choices([(0, "Toute la France"), *((t.id, t.nom) for t in territoires)])
        self.taken = set(taken)

    def validate_code(self, field: Field) -> None:
        if not CODE.fullmatch(field.data):
            raise ValidationError("Des lettres minuscules sans accent, des chiffres et des tirets, rien d’autre.")
        if field.data in self.taken:
            raise ValidationError("Un autre flux a déjà ce code.")

    def fill(self, flux: Flux) -> None:
        super().fill(flux)
        flux.code, flux.territoire_id = self.code.data, self.territoire.data or None
        flux.dispositifs, flux.financeurs = self.dispositifs.data, self.financeurs.data
        flux.publics, flux.consumers = self.publics.data, self.consumers.data


def past_instant(text: str) -> datetime | None:
    """The instant that was typed, of Paris unless it says otherwise; None when empty. Raises ValidationError."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValidationError("Écrivez un jour et une heure, par exemple 2026-11-01 06:00.") from error
    found = found if found.tzinfo else found.replace(tzinfo=PARIS)
    if found >= now():
        raise ValidationError("Ce moment doit être passé.")
    return found


class Start(Form):
    """Starts a run now: full when `depuis` is empty, else differential."""

    depuis = StringField(
        "Depuis quand",
        description="Seulement pour un flux différentiel : le moment du flux que son lecteur a déjà.",
    )
    since: datetime | None = None

    def validate_depuis(self, field: Field) -> None:
        self.since = past_instant(field.data or "")


class Key(Form):
    """A key for one reader of one flow."""

    name = Words("Qui lira ce flux", "Dites à qui est cette clé.", LONGEST_NAME)

    def __init__(self, formdata: MultiDict[str, str] | None, taken: Iterable[str], **kwargs: Any):
        super().__init__(formdata, **kwargs)
        self.taken = {name.casefold() for name in taken}

    def validate_name(self, field: Field) -> None:
        if field.data.casefold() in self.taken:
            raise ValidationError("Ce lecteur a déjà une clé. Retirez-la d’abord, ou donnez un autre nom à celle-ci.")
