"""Settings of a territoire, declared once for the pages, their validation and the history of changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backoffice.core.text import clean
from backoffice.models import Territoire
from backoffice.models.values import emails, telephones

Value = int | bool | str

DELAYS, CONTACT, TEXTS = "Délais et règles", "Votre Carif-Oref", "Ce que vous dites aux structures"


@dataclass(frozen=True)
class Setting:
    """One setting.

    name: of the column of Territoire and of the field. read: returns the typed value, or raises ValueError with a
    message in French. shown: a value in words. typed: a stored text as its field shows it. choices: {text sent:
    words} of a closed list. longest: maximum length of a text in characters, None for a number or a choice. area: a
    text of several lines. personal: its values are not written in the history of changes, which only says that they
    changed.
    """

    name: str
    group: str
    label: str
    help: str
    read: Callable[[str], Value]
    shown: Callable[[Value], str] = str
    choices: Mapping[str, str] | None = None
    longest: int | None = None
    area: bool = False
    personal: bool = False
    typed: Callable[[str], str] = str


def _number(name: str, label: str, advice: str, low: int, high: int, unit: str = "jour") -> Setting:
    """A setting in days."""
    units = " ".join(f"{word}s" for word in unit.split())

    def read(text: str) -> int:
        text = text.strip()
        if not re.fullmatch("[0-9]{1,4}", text) or not low <= int(text) <= high:
            raise ValueError(f"Écrivez un nombre de jours, de {low} à {high}.")
        return int(text)

    return Setting(name, DELAYS, label, advice, read, lambda value: f"{value} {units if int(value) > 1 else unit}")


def _yes(text: str) -> bool:
    if text not in ("1", "0"):
        raise ValueError("Choisissez oui ou non.")
    return text == "1"


YES_NO = {"1": "Oui", "0": "Non"}


def _text(
    name: str,
    group: str,
    label: str,
    advice: str,
    longest: int,
    read: Callable[[str], str] = str,
    *,
    area: bool = False,
    personal: bool = False,
    typed: Callable[[str], str] = str,
) -> Setting:
    """A text setting, possibly empty. read: validates and normalises a text that is not empty."""

    def bounded(text: str) -> str:
        said = clean(text, multiline=area)
        if len(said) > longest:
            raise ValueError(f"Ce texte a {len(said)} caractères : {longest} au plus.")
        return read(said) if said else ""

    def shown(value: Value) -> str:
        return f"« {value} »" if value else "rien"

    return Setting(
        name, group, label, advice, bounded, shown, longest=longest, area=area, personal=personal, typed=typed
    )


def _site(text: str) -> str:
    found = text if "//" in text else f"https://{text}"
    if len(found) > 250 or not re.fullmatch(
        r"https?://[^\s/?#@\"<>]+\.[^\s/?#@\"<>]+(?:[/?#][^\s\"<>]*)?", found, re.I
    ):
        raise ValueError("Écrivez l’adresse d’un site, comme https://www.exemple.fr.")
    return found


SETTINGS = (
    _number(
        "delai_instruction",
        "Jours ouvrés pour répondre à une structure",
        "La file montre ce qui est en retard d’après ce nombre. Il vaut pour les fiches envoyées à partir de "
        "maintenant : celles qui attendent déjà gardent leur date.",
        1,
        60,
        "jour ouvré",
    ),
    Setting(
        "siret_obligatoire",
        DELAYS,
        "Une structure sans SIRET doit-elle nommer une structure porteuse ?",
        "« Non » : une association sans numéro SIRET peut envoyer sa fiche seule.",
        _yes,
        lambda value: YES_NO[str(int(value))],
        YES_NO,
    ),
    _number(
        "decalage_dates",
        "Jours dont une structure peut décaler une date publiée, sans vérification",
        "Au-delà, elle modifie la fiche et vous la vérifiez. 0 : aucune date ne change sans vous.",
        0,
        60,
    ),
    _number(
        "rappel_brouillon",
        "Jours avant de rappeler à une structure un brouillon laissé de côté",
        "Compté depuis le dernier enregistrement.",
        3,
        120,
    ),
    _number(
        "dernier_rappel_brouillon",
        "Jours avant le dernier rappel de ce brouillon",
        "Il n’y en a pas d’autre après lui.",
        3,
        240,
    ),
    _number(
        "rappel_places",
        "Jours avant une session où demander s’il reste des places",
        "La structure reçoit ce rappel si elle n’en a rien dit depuis longtemps.",
        1,
        60,
    ),
    _number(
        "silence_places",
        "Jours sans nouvelles des places avant de les demander",
        "Une structure qui a parlé de ses places depuis n’est pas dérangée.",
        1,
        120,
    ),
    _number(
        "delai_archivage",
        "Jours entre la dernière session d’une fiche et son archivage",
        "La structure est toujours prévenue deux semaines avant, au moins.",
        15,
        365,
    ),
    _number(
        "alerte_certification",
        "Jours avant la fin d’une certification où signaler les fiches qui la préparent",
        "La structure reçoit un message, et la fiche porte une alerte. 0 : le jour où elle finit.",
        0,
        365,
    ),
    _text(
        "contact_nom",
        CONTACT,
        "Nom du Carif-Oref",
        "Tel que les structures le connaissent.",
        120,
    ),
    _text(
        "contact_courriel",
        CONTACT,
        "Adresse e-mail pour les structures",
        "De préférence celle du service, que plusieurs personnes lisent.",
        emails.LONGEST,
        emails.read,
        personal=True,
    ),
    _text(
        "contact_telephone",
        CONTACT,
        "Téléphone",
        "Comme 02 61 91 00 00.",
        30,
        telephones.read,
        personal=True,
        typed=telephones.shown,
    ),
    _text("contact_site", CONTACT, "Site", "Comme https://www.exemple.fr.", 250, _site),
    _text(
        "texte_accueil",
        TEXTS,
        "Mot d’accueil",
        "Les structures de votre territoire le lisent au-dessus de leurs fiches, et quand elles en commencent une.",
        600,
        area=True,
    ),
    _text(
        "texte_envoi",
        TEXTS,
        "Ce qui se passe après l’envoi",
        "Ajouté à la page qui confirme l’envoi d’une fiche : vos dates, votre manière de faire.",
        600,
        area=True,
    ),
    _text(
        "texte_courriels",
        TEXTS,
        "Fin des e-mails",
        "Ajouté à la fin des e-mails que Relais envoie aux structures de votre territoire.",
        400,
        area=True,
    ),
)

GROUPS: dict[str, tuple[Setting, ...]] = {
    group: tuple(setting for setting in SETTINGS if setting.group == group) for group in (DELAYS, CONTACT, TEXTS)
}


def sent_value(setting: Setting, territoire: Territoire) -> str:
    """Text of the field when the page is opened."""
    value = getattr(territoire, setting.name)
    return setting.typed(value) if setting.longest else str(int(value))


CHANGE_LABELS = {setting.name: setting.label for setting in SETTINGS} | {
    "couverture": "Départements et communes couverts",
    "collecte": "Territoire qui collecte pour celui-ci",
}
"""{name in the change log of a territoire: words}."""


def typed_values(sent: Mapping[str, str]) -> dict[str, str]:
    """Sent texts, to be shown again; cut at 10,000 characters, 20 for a number or a choice."""
    return {
        setting.name: sent.get(setting.name, "").replace("\x00", "")[: 10_000 if setting.longest else 20]
        for setting in SETTINGS
    }


def read_settings(sent: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, str]]:
    """({name: value}, {name: error})."""
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.read(sent.get(setting.name, ""))
        except ValueError as error:
            errors[setting.name] = str(error)
    return values, errors
