"""Whether an answer is asked, optional or computed: decided by the rules that will judge it.

Three kinds of rules: `Question.required`; CONDITIONS, where another answer decides; and the blocking rules of the
dispositif (dispositif_rules.toml). The labels of the pages and the review before sending both read `need`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, get_origin

from backoffice.models.content import Action, Contenu, spots, values
from backoffice.models.content.vocabulary import Dispositif
from forms.kit.questions import Path, Question

from . import dispositif_rules

PERMANENT = "1"  # modalites-entrees-sorties


class Need(StrEnum):
    ASKED = "demandé"
    OPTIONAL = "facultatif"
    COMPUTED = "calculé si vous laissez vide"


@dataclass(frozen=True)
class Condition:
    """needed(content, path): whether this answer is needed at this path; it judges alone, whatever the question says.

    message: shown at the field as soon as another answer makes it needed, after the name of its group; "" when the
    review alone says that the answer is missing. answered(content, path): default, the value is not empty.
    """

    needed: Callable[[Contenu, str], bool]
    message: str = ""
    answered: Callable[[Contenu, str], bool] | None = None


def _carried(content: Contenu, _path: str) -> bool:
    return not content.structure.siret and not content.structure.porteuse.empty


def _elsewhere(content: Contenu, _path: str) -> bool:
    return content.inscription.ou == "autre"


def _funded(content: Contenu, path: str) -> bool:
    known = len(content.financement.financeurs)
    return _rank(path) < known or (content.financement.conventionne == "oui" and not known)


def _placed(content: Contenu, path: str) -> bool:
    action = _action(content, path)
    return action is None or content.place_of(action) is not None


CONDITIONS: Mapping[str, Condition] = {
    "structure.porteuse.nom": Condition(_carried, "Dites le nom officiel de la structure qui vous porte."),
    "structure.porteuse.siret": Condition(_carried, "Donnez le numéro SIRET de la structure qui vous porte."),
    "structure.porteuse.courriel": Condition(
        _carried, "Donnez l’adresse e-mail de la structure qui vous porte : elle doit confirmer."
    ),
    "actions[].lieu": Condition(
        lambda content, _: len(content.lieux) > 1, "Dites dans quel lieu il se réunit.", answered=_placed
    ),
    "actions[].sessions[].fin": Condition(lambda content, _: content.inscription.entrees != PERMANENT),
    "inscription.adresse.lignes": Condition(_elsewhere, "Adresse d’inscription : il manque le numéro et la rue."),
    "inscription.adresse.code_postal": Condition(_elsewhere, "Adresse d’inscription : il manque le code postal."),
    "inscription.adresse.ville": Condition(_elsewhere, "Adresse d’inscription : il manque la ville."),
    "financement.prix": Condition(
        lambda content, _: content.financement.cout == "payant" and not content.financement.frais,
        "L’action est payante : indiquez le prix ou ce qui reste à payer.",
    ),
    "financement.financeurs[].code": Condition(_funded, "Choisissez celui qui verse la subvention."),
}


def _hours_known(content: Contenu, path: str) -> bool:
    action = _action(content, path)
    return action is not None and action.computed_hours is not None


COMPUTED: Mapping[str, Callable[[Contenu, str], bool]] = {"actions[].heures_total": _hours_known}
"""{pattern: whether the answer follows from others at this path}."""


def need(
    question: Question, path: str, content: Contenu, asking: Path, today: date, waived: Collection[str] = ()
) -> Need:
    """What a page says beside a question, and what the review will do about it.

    path: of the field, even in a row that the content does not have yet. waived: patterns that the territoire or the
    carrier makes optional.
    """
    pattern = question.pattern
    if pattern in COMPUTED and COMPUTED[pattern](content, path):
        return Need.COMPUTED
    if pattern in CONDITIONS:
        asked = CONDITIONS[pattern].needed(content, path)
    else:
        asked = question.required and pattern not in waived
    return Need.ASKED if asked or _ruled(pattern, path, content, asking.dispositif, today) else Need.OPTIONAL


def waived(content: Contenu, *, siret_required: bool) -> tuple[str, ...]:
    """Patterns that are not needed: the SIRET of a structure with a carrier, or where the territoire asks none."""
    return () if siret_required and not content.structure.carrier else ("structure.siret",)


def made_needed(content: Contenu) -> Iterator[tuple[str, str]]:
    """(path, message) of the answers that another answer makes needed and that are not given."""
    for pattern, condition in CONDITIONS.items():
        if not condition.message:
            continue
        for path, value in _answers(content, pattern):
            answered = condition.answered(content, path) if condition.answered else value not in ("", None, [])
            if not answered and condition.needed(content, path):
                group = re.match(r"actions-(\d+)", path)
                words = condition.message
                yield path, f"Groupe {int(group[1]) + 1} : {words[0].lower()}{words[1:]}" if group else words


def _answers(content: Contenu, pattern: str) -> list[tuple[str, Any]]:
    """As `values`; the first row of a list of one level that is empty has an empty answer."""
    found = list(values(content, pattern))
    if found or pattern.count("[]") != 1 or pattern.startswith("actions"):
        return found
    return [(pattern.replace("[]", "-0").replace(".", "-"), "")]


def _ruled(pattern: str, path: str, content: Contenu, dispositif: Dispositif, today: date) -> bool:
    """Whether a blocking rule of the dispositif refuses an empty answer."""
    rows = [
        row
        for row in dispositif_rules.rules()
        if row.champ == pattern and dispositif in row.dispositifs and row.gravite is dispositif_rules.Severity.BLOQUE
    ]
    if not rows:
        return False
    days = dispositif_rules.days_of(content, path) or [today]
    return any(
        not row.holds(_nothing(row.looks_at))
        for day in days
        for row in dispositif_rules.in_force(rows, dispositif, day).values()
        if dispositif_rules.concerned(row, content, path)
    )


def _nothing(pattern: str) -> Any:
    """The empty value of a spot, or of a value that the content computes from its rows."""
    spot = spots().get(pattern)
    return [] if spot is None or get_origin(spot.type) is list else ""


def _action(content: Contenu, path: str) -> Action | None:
    rank = _rank(path)
    return content.actions[rank] if rank < len(content.actions) else None


def _rank(path: str) -> int:
    """Rank of the first row that a path names; 0 when it names none."""
    found = re.search(r"-(\d+)(?=-|$)", path)
    return int(found[1]) if found else 0
