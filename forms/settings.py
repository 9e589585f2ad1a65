"""The settings that a territoire changes by itself: declared once, for the page, its reading and its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backoffice.models import Territoire


@dataclass(frozen=True)
class Setting:
    """name: of the column of Territoire, and of the field. read: the value typed, or ValueError with what to
    tell; shown: a value in words; choices: {text sent: words} of a closed list."""

    name: str
    label: str
    help: str
    read: Callable[[str], int | bool]
    shown: Callable[[int | bool], str]
    choices: Mapping[str, str] | None = None


LONGEST_DELAY = 60


def _days(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text.strip()[:4]) <= LONGEST_DELAY:
        raise ValueError(f"Écrivez un nombre de jours, de 1 à {LONGEST_DELAY}.")
    return int(text.strip())


def _yes(text: str) -> bool:
    if text not in ("1", "0"):
        raise ValueError("Choisissez oui ou non.")
    return text == "1"


YES_NO = {"1": "Oui", "0": "Non"}

SETTINGS = (
    Setting(
        "delai_instruction",
        "Jours ouvrés pour répondre à une structure",
        "La file montre ce qui est en retard d’après ce nombre. Il vaut pour les fiches envoyées à partir de "
        "maintenant : celles qui attendent déjà gardent leur date.",
        _days,
        lambda value: f"{int(value)} jour{'s' if value > 1 else ''} ouvré{'s' if value > 1 else ''}",
    ),
    Setting(
        "siret_obligatoire",
        "Une structure sans SIRET doit-elle nommer une structure porteuse ?",
        "« Non » : une association sans numéro SIRET peut envoyer sa fiche seule.",
        _yes,
        lambda value: YES_NO[str(int(value))],
        YES_NO,
    ),
)


def sent_value(setting: Setting, territoire: Territoire) -> str:
    """What the page shows in the field before anything is typed."""
    return str(int(getattr(territoire, setting.name)))


def read_settings(sent: Mapping[str, str]) -> tuple[dict[str, int | bool], dict[str, str]]:
    """The values by name, and what is wrong by name."""
    values: dict[str, int | bool] = {}
    errors: dict[str, str] = {}
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.read(sent.get(setting.name, ""))
        except ValueError as error:
            errors[setting.name] = str(error)
    return values, errors
