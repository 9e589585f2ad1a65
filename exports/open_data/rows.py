"""Published contents as open data: JSON, and one row per group for spreadsheets and maps. Pure functions."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from backoffice.core.dates import local_day
from backoffice.models.content import Action, Contact, Contenu, Lieu, Session
from backoffice.models.content.vocabulary import (
    DISPOSITIFS,
    DOMAINES,
    FINANCEURS,
    PARCOURS,
    PARCOURS_OF,
    RECRUTEMENTS,
    Dispositif,
)
from backoffice.models.values import telephones
from backoffice.reference.commune_centres import centres
from exports.fragment import words
from exports.fragment.build import DEFAULT_DOMAIN

from .carried import Terme, carried, carried_row, term
from .shapes import (
    LICENCE,
    Accueil,
    ActionPublique,
    AdressePublique,
    FichePublique,
    FinancementPublic,
    FinanceurPublic,
    Horaire,
    InscriptionPublique,
    LigneAction,
    NiveauxPublics,
    Schemas,
    SessionPublique,
    StructurePublique,
    TerritoirePublic,
    plain,
)


@dataclass(frozen=True)
class Offer:
    """One published fiche as its readers see it, fast-lane changes included."""

    numero: str
    dispositif: Dispositif
    territoire: str
    """Slug."""
    territoire_nom: str
    organisme_numero: str
    modified: datetime
    content: Contenu


# --- JSON ------------------------------------------------------------------------------------------


def public_fiche(offer: Offer) -> FichePublique:
    content, said = offer.content, offer.content.formation
    return carried(
        FichePublique,
        said,
        numero=offer.numero,
        mise_a_jour=offer.modified,
        dispositif=term(offer.dispositif, DISPOSITIFS),
        territoire=TerritoirePublic(slug=offer.territoire, nom=offer.territoire_nom),
        domaines=_terms(said.domaines or [DEFAULT_DOMAIN], DOMAINES),
        parcours=term(said.parcours or PARCOURS_OF[offer.dispositif], PARCOURS),
        certifiante=said.certifying,
        publics=_terms(words.publics_of(content), words.public_words()),
        niveaux=carried(NiveauxPublics, said.niveaux),
        accueil=_accueil(said.contact),
        structure=_structure(offer),
        inscription=carried(InscriptionPublique, content.inscription, accueil=_accueil(content.inscription.contact)),
        financement=carried(
            FinancementPublic,
            content.financement,
            financeurs=[
                carried(FinanceurPublic, row, financeur=term(row.code, FINANCEURS))
                for row in content.financement.financeurs
            ],
        ),
        actions=[_action(offer, action) for action in content.actions],
    )


def _accueil(contact: Contact) -> Accueil:
    return carried(Accueil, contact, telephone=telephones.shown(contact.telephone))


def _structure(offer: Offer) -> StructurePublique:
    said = offer.content.structure
    return carried(
        StructurePublique,
        said,
        numero=offer.organisme_numero,
        raison_sociale=said.raison_sociale or said.nom,
        siret=said.known_siret,
        adresse=carried(AdressePublique, said.adresse),
        accueil=_accueil(said.contact),
    )


def _action(offer: Offer, action: Action) -> ActionPublique:
    place, numero = offer.content.place_of(action), f"{offer.numero}-{action.id}"
    return carried(
        ActionPublique,
        action,
        place or Lieu(),
        numero=numero,
        lieu=carried(AdressePublique, place.adresse) if place else None,
        niveaux=carried(NiveauxPublics, offer.content.levels_of(action)),
        horaires=[
            carried(Horaire, slot, debut=f"{slot.debut:%H:%M}", fin=f"{slot.fin:%H:%M}")
            for slot in action.creneaux
            if slot.jour and slot.debut and slot.fin
        ],
        rythme=words.rhythm(action),
        heures_total=action.hours,
        sessions=[_session(session, f"{numero}-{session.id}") for session in action.sessions],
    )


def _session(session: Session, numero: str) -> SessionPublique:
    days = {"debut": None, "fin": None} if session.mois_seulement else {}
    return carried(SessionPublique, session, numero=numero, **days)


def _terms(codes: Iterable[str], table: Mapping[Any, str]) -> list[Terme]:
    return [term(code, table) for code in codes]


# --- Rows ------------------------------------------------------------------------------------------


def rows(offer: Offer) -> Iterator[LigneAction]:
    """One row per group."""
    content, reach = offer.content, _reach(offer.content)
    for action in content.actions:
        levels = content.levels_of(action)
        yield carried_row(
            LigneAction,
            content,
            action,
            numero=f"{offer.numero}-{action.id}",
            fiche=offer.numero,
            dispositif=offer.dispositif,
            territoire=offer.territoire_nom,
            rythme=words.rhythm(action),
            heures_total=action.hours,
            niveau_entree=_level(levels.entree_oral, levels.entree_ecrit),
            niveau_vise=_level(levels.vise_oral, levels.vise_ecrit),
            publics=_joined(words.publics_of(content), words.public_words()),
            financeurs=_joined([one.code for one in content.financement.financeurs], FINANCEURS),
            premier_jour=min((one.debut for one in action.sessions if one.debut), default=None),
            dernier_jour=_last_day(action.sessions),
            etat_inscription=_state(action.sessions),
            places_libres=_places(action.sessions),
            telephone=telephones.shown(reach.telephone),
            courriel=reach.courriel,
            mise_a_jour=local_day(offer.modified),
        )


def _reach(content: Contenu) -> Contact:
    """Contact for registration: the most specific one that has a telephone or an e-mail address."""
    said = (content.inscription.contact, content.formation.contact, content.structure.contact)
    return next((contact for contact in said if contact.telephone or contact.courriel), Contact())


def _level(oral: str, written: str) -> str:
    parts = [
        f"{words.short_level(code)} {where}" for code, where in ((oral, "à l’oral"), (written, "à l’écrit")) if code
    ]
    return ", ".join(parts)


def _joined(codes: Iterable[str], table: Mapping[Any, str]) -> str:
    return " | ".join(words.labels(codes, table))


def _last_day(sessions: Sequence[Session]) -> date | None:
    """None when a session has no end."""
    days = [session.fin for session in sessions if session.fin]
    return max(days) if days and len(days) == len(sessions) else None


def _state(sessions: Sequence[Session]) -> str:
    """The most open state of the sessions: open, then suspended, then closed."""
    states = {session.recrutement for session in sessions}
    return next((RECRUTEMENTS[code] for code in ("1", "3", "2") if code in states), "")


def _places(sessions: Sequence[Session]) -> int | None:
    known = [session.places_libres for session in sessions if session.places_libres is not None]
    return sum(known) if known else None


# --- CSV -------------------------------------------------------------------------------------------

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Byte order mark: spreadsheets then read the file as UTF-8."""

FORMULA = "=+-@\t\r\n＝＋－＠"
"""Characters that make a spreadsheet compute a cell, at its beginning or after blanks."""


def headers() -> list[str]:
    return [item.metadata["header"] for item in fields(LigneAction)]


def csv_line(cells: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def _shape() -> str:
    schemas = Schemas()
    schemas.of(FichePublique)
    return csv_line(headers()) + json.dumps(schemas.components)


VERSION = f"2-{zlib.crc32(_shape().encode()):08x}"
"""Increment its number when this module writes something else for the same content: cached copies then expire.

The headers and the JSON Schema are part of it, so that a new value changes it.
"""


def csv_lines(offers: Iterable[Offer]) -> Iterator[str]:
    """CSV file for French spreadsheets, line by line: BOM, semicolons, French headers; one line per group."""
    yield BOM + csv_line(headers())
    for offer in offers:
        for row in rows(offer):
            yield csv_line([cell(getattr(row, item.name)) for item in fields(LigneAction)])


def cell(value: object) -> str:
    """Text of a cell. A text that a spreadsheet would run as a formula is preceded by an apostrophe."""
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    text = str(value)
    bare = text.lstrip(" \N{NO-BREAK SPACE}")
    return f"'{text}" if bare and bare[0] in FORMULA else text


# --- JSON Lines ------------------------------------------------------------------------------------


def json_lines(offers: Iterable[Offer]) -> Iterator[str]:
    """One FichePublique a line (https://jsonlines.org), as /api/fiches gives it."""
    for offer in offers:
        yield json.dumps(plain(public_fiche(offer)), ensure_ascii=False) + "\n"


# --- GeoJSON ---------------------------------------------------------------------------------------


def geojson_parts(offers: Iterable[Offer]) -> Iterator[str]:
    """A FeatureCollection (RFC 7946), in chunks of text; one feature per group.

    Fiches hold no coordinates: the point is that of the commune, null when the commune has no known point.
    """
    head = json.dumps({"type": "FeatureCollection", "licence": plain(LICENCE)}, ensure_ascii=False)
    yield head.removesuffix("}") + ', "features": ['
    separator = "\n"
    for offer in offers:
        for row in rows(offer):
            yield separator + json.dumps(feature(row), ensure_ascii=False)
            separator = ",\n"
    yield "\n]}\n"


def feature(row: LigneAction) -> dict[str, Any]:
    point = centres().get(row.code_insee)
    geometry = {"type": "Point", "coordinates": list(point)} if point else None
    return {"type": "Feature", "id": row.numero, "geometry": geometry, "properties": plain(row)}


Writer = Callable[[Iterable[Offer]], Iterator[str]]
