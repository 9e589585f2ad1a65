"""Form of an action on an obligation: address of a Réfugiés.info page, day, comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.text import clean
from backoffice.models import ObligationKind
from backoffice.models.conventions.obligation import Proof
from backoffice.models.transition_names import ObligationTransition
from exports.importing.reading import read_day

LONGEST = 2_000
HOSTS = ("refugies.info", "www.refugies.info")
_PAGE = re.compile(r"/(?:[a-z]{2}/)?(dispositif|demarche|program|procedure)/([0-9a-f]{24})/?")


def page_address(text: str) -> str:
    """Address of a page of Réfugiés.info, without query or anchor. Raises ValueError with a message in French."""
    typed = text if "//" in text else f"https://{text}"
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise ValueError(_WRONG) from None
    found = _PAGE.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or parts.hostname not in HOSTS or port or not found:
        raise ValueError(_WRONG)
    return f"https://refugies.info{parts.path.rstrip('/')}"


_WRONG = (
    "Ce n’est pas l’adresse d’une page de Réfugiés.info. Ouvrez la page de l’action sur ce site et copiez toute son "
    "adresse, comme https://refugies.info/fr/dispositif/5e3bf12c0a1b2c3d4e5f6a7b."
)


@dataclass
class Said:
    """What was typed with an action. errors: {field id: message}."""

    comment: str = ""
    proof: Proof = field(default_factory=dict)
    due_on: date | None = None
    errors: dict[str, str] = field(default_factory=dict)


DATED: dict[str, dict[ObligationKind, str]] = {
    ObligationTransition.VERIFIER: {ObligationKind.REFUGIES_INFO: "date", ObligationKind.PNE: "verifie"},
    ObligationTransition.DECLARER: {ObligationKind.PNE: "repondu"},
    ObligationTransition.ENVOYER_QUESTIONNAIRE: {ObligationKind.PNE: "envoye"},
}
"""{transition: {kind: key of the proof}} for the day of an action. It is today when no day is typed."""


def read(posted: Mapping[str, str], kind: ObligationKind, name: str) -> Said:
    """Reads what was typed with the transition `name` of an obligation of this kind."""
    said = Said(clean(posted.get("commentaire", ""), multiline=True)[:LONGEST])
    if address := clean(posted.get("adresse", ""))[:500]:
        try:
            said.proof["adresse"] = page_address(address)
        except ValueError as error:
            said.errors["adresse"] = str(error)
    elif name == ObligationTransition.DECLARER and kind is ObligationKind.REFUGIES_INFO:
        said.errors["adresse"] = "Donnez l’adresse de la page."
    day, wrong = _day(posted.get("jour", ""))
    if name == ObligationTransition.REPORTER:
        said.due_on = day
        if wrong or day is None:
            said.errors["jour"] = wrong or "Donnez la nouvelle échéance."
    elif key := DATED.get(name, {}).get(kind):
        said.proof[key] = (day or local_day(now())).isoformat()
        if wrong or (day and day > local_day(now())):
            said.errors["jour"] = wrong or "Ce jour n’est pas encore arrivé."
    return said


def _day(text: str) -> tuple[date | None, str]:
    day, wrong = read_day(text[:40])
    return day, "Écrivez la date comme 15/09/2026." if wrong else ""


def past_day(text: str) -> date:
    """Day on which something was done; today when empty. Raises ValueError in French if unreadable or in the future."""
    day, wrong = _day(text)
    if wrong or (day and day > local_day(now())):
        raise ValueError(wrong or "Ce jour n’est pas encore arrivé.")
    return day or local_day(now())
