"""Filters of the published offer, each declared once.

The search, its errors, its OpenAPI document and its help read FILTERS; a fragment stores the values that FACETS
find in its content. A fragment built before a facet existed is rebuilt: see workflows.fiches.fragment_refresh.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from backoffice.models import Fiche, Fragment, Territoire
from backoffice.models.content import Adresse, Contenu
from backoffice.models.content.timely import closes_on
from backoffice.models.content.vocabulary import DISPOSITIFS, RECRUTEMENTS
from backoffice.reference.communes import departements
from exports.fragment.words import public_words, publics_of
from exports.lheo.consumers import DATA_INCLUSION
from exports.lheo.data_inclusion import keeps_domains
from exports.lheo.tables import TABLES


@dataclass(frozen=True)
class Filter:
    """One filter. codes: the accepted values; without it, `pattern` is the regular expression of a value.

    column: column that must equal the value. facet: key of Fragment.facets whose list must contain the value; `of`
    computes the list from a content. The search itself applies a filter that has neither.
    """

    name: str
    description: str
    codes: Callable[[Session], Collection[str]] | None = None
    pattern: str = ""
    length: int = 100
    column: Any = None
    facet: str = ""
    of: Callable[[Contenu], Iterable[str]] | None = None
    example: str = ""


def _slugs(session: Session) -> Sequence[str]:
    return session.scalars(select(Territoire.slug).order_by(Territoire.slug)).all()


def _places(content: Contenu) -> Iterator[Adresse]:
    """Addresses where groups meet. A place without a group is not searched."""
    return (place.adresse for place in map(content.place_of, content.actions) if place)


TERRITOIRE = Filter("territoire", "Nom court du territoire.", _slugs, column=Territoire.slug, example="normandie")

FILTERS = (
    TERRITOIRE,
    Filter("dispositif", "Dispositif.", lambda _: list(DISPOSITIFS), column=Fiche.dispositif, example="ASL"),
    Filter(
        "departement",
        "Code du département d’un des lieux.",
        lambda _: departements(),
        facet="departements",
        of=lambda content: (place.departement for place in _places(content) if place.departement),
        example="14",
    ),
    Filter(
        "commune",
        "Code Insee de la commune d’un des lieux ; celui d’un arrondissement vaut pour toute sa ville.",
        pattern="[0-9][0-9AB][0-9]{3}",
        facet="communes",
        of=lambda content: (place.code_insee for place in _places(content) if place.code_insee),
        example="14118",
    ),
    Filter(
        "public",
        "Public visé, Formacode V14.",
        lambda _: public_words(),
        facet="publics",
        of=publics_of,
        example="81042",
    ),
    Filter(
        "financeur",
        "Code LHEO d’un financeur.",
        lambda _: TABLES["financeurs"],
        facet="financeurs",
        of=lambda content: (financeur.code for financeur in content.financement.financeurs),
        example="19",
    ),
    Filter(
        "etat_inscription",
        "État des inscriptions d’au moins une session : "
        + ", ".join(f"{code} = {words.lower()}" for code, words in RECRUTEMENTS.items())
        + ".",
        lambda _: RECRUTEMENTS,
        facet="inscriptions",
        of=lambda content: (session.recrutement for action in content.actions for session in action.sessions),
        example="1",
    ),
    Filter(
        "q",
        "Mots de l’intitulé, du nom de la structure ou du numéro : tous présents, dans n’importe quel ordre, "
        "sans égard aux accents, aux majuscules ni aux apostrophes.",
        example="atelier",
    ),
)

FACETS: dict[str, Callable[[Contenu], Iterable[str]]] = {
    **{row.facet: row.of for row in FILTERS if row.of},
    "dropped_by": lambda content: (
        [DATA_INCLUSION] if content.formation.domaines and not keeps_domains(content.formation.domaines) else []
    ),
    "closes_on": lambda content: (day.isoformat() for day in (closes_on(content),) if day),
}
"""Lists that flows and searches filter by, by key: see models.Fragment.

closes_on: the day on which time makes the fragment false, in ISO 8601; it is then built again (`made_false`).
"""


def facets(content: Contenu) -> dict[str, list[str]]:
    return {name: sorted(set(of(content))) for name, of in FACETS.items()}


def made_false(today: date) -> ColumnElement[bool]:
    """SQL condition: the fragment says that enrolments are open, which is over on this day."""
    day: ColumnElement[str] = Fragment.facets[("closes_on", 0)].as_string()
    return day <= today.isoformat()


def false_on(found: Mapping[str, Sequence[str]], today: date) -> bool:
    """The same condition on the facets of a fragment."""
    return any(day <= today.isoformat() for day in found.get("closes_on", ()))


def lacks_a_facet() -> ColumnElement[bool]:
    """SQL condition: the fragment was built before one of the facets existed."""
    return or_(*(Fragment.facets[name].as_string().is_(None) for name in FACETS))
