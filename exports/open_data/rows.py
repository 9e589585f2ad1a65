"""From published contents to open data: JSON, and one row a group for spreadsheets and maps. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from backoffice.core.dates import local_day
from backoffice.models.content import Action, Adresse, Contact, Contenu, Niveaux, Session
from backoffice.models.content.vocabulary import (
    CATEGORIES,
    COUTS,
    DISPOSITIFS,
    DOMAINES,
    ENTREES,
    ESPACES_SOCIAUX,
    FINANCEURS,
    FORMATS,
    PARCOURS,
    PARCOURS_OF,
    PRESENCES,
    PUBLICS,
    RECRUTEMENTS,
    VISEES,
    Dispositif,
)
from backoffice.reference.commune_centres import centres
from backoffice.reference.publics import publics as every_public
from exports.fragment import words
from exports.fragment.build import DEFAULT_DOMAIN, DEFAULT_PUBLIC

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
    SessionPublique,
    StructurePublique,
    Terme,
    TerritoirePublic,
    plain,
)

VERSION = 2
"""Raise it when this module writes something else for the same content: copies kept by readers expire."""


@dataclass(frozen=True)
class Offer:
    """One published fiche as its readers see it, fast lane included."""

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
    return FichePublique(
        numero=offer.numero,
        mise_a_jour=offer.modified,
        dispositif=Terme(code=offer.dispositif, libelle=DISPOSITIFS[offer.dispositif]),
        territoire=TerritoirePublic(slug=offer.territoire, nom=offer.territoire_nom),
        intitule=said.intitule,
        domaines=_terms(said.domaines or [DEFAULT_DOMAIN], DOMAINES),
        parcours=_term(said.parcours or PARCOURS_OF[offer.dispositif], PARCOURS),
        objectif=said.objectif,
        contenu=said.contenu,
        resultats=said.resultats,
        espaces_sociaux=_terms(said.espaces_sociaux, ESPACES_SOCIAUX),
        visees=_terms(said.visees, VISEES),
        publics=_terms(publics_of(content), public_words()),
        info_publics=said.info_publics,
        niveaux=_levels(said.niveaux),
        niveau_obligatoire=said.niveau_obligatoire,
        conditions=said.conditions,
        certification=said.certification,
        code_certification=said.code_certification,
        url=said.url,
        accueil=_reception(said.contact),
        structure=_structure(offer),
        inscription=InscriptionPublique(
            entrees=_maybe(content.inscription.entrees, ENTREES),
            modalites=content.inscription.modalites,
            deroulement=content.inscription.recrutement,
            debut=content.inscription.debut,
            fin=content.inscription.fin,
            accueil=_reception(content.inscription.contact),
        ),
        financement=FinancementPublic(
            cout=_maybe(content.financement.cout, COUTS),
            prix=content.financement.prix,
            frais=content.financement.frais,
            prise_en_charge=content.financement.prise_en_charge,
            financeurs=[
                FinanceurPublic(financeur=_term(row.code, FINANCEURS), programme=row.programme)
                for row in content.financement.financeurs
            ],
        ),
        actions=[_action(offer, action) for action in content.actions],
    )


def _structure(offer: Offer) -> StructurePublique:
    said = offer.content.structure
    return StructurePublique(
        numero=offer.organisme_numero,
        nom=said.nom,
        raison_sociale=said.raison_sociale or said.nom,
        categorie=_maybe(said.categorie, CATEGORIES),
        siret=said.known_siret,
        adresse=_address(said.adresse),
        accueil=_reception(said.contact),
    )


def _action(offer: Offer, action: Action) -> ActionPublique:
    place, numero = offer.content.place_of(action), f"{offer.numero}-{action.id}"
    return ActionPublique(
        numero=numero,
        nom=action.nom,
        lieu=_address(place.adresse) if place else None,
        transport=place.transport if place else "",
        acces_handicapes=place.acces_handicapes if place else "",
        format=_maybe(action.format, FORMATS),
        presence=_maybe(action.presence, PRESENCES),
        niveaux=_levels(offer.content.levels_of(action)),
        horaires=[
            Horaire(jour=slot.jour, debut=f"{slot.debut:%H:%M}", fin=f"{slot.fin:%H:%M}")
            for slot in action.creneaux
            if slot.jour and slot.debut and slot.fin
        ],
        rythme=words.rhythm(action),
        heures_total=action.hours,
        vacances=action.vacances,
        semaines=action.semaines,
        duree=action.duree,
        effectif_min=action.effectif_min,
        effectif_max=action.effectif_max,
        garde_enfants=action.garde_enfants,
        sessions=[_session(session, f"{numero}-{session.id}") for session in action.sessions],
    )


def _session(session: Session, numero: str) -> SessionPublique:
    return SessionPublique(
        numero=numero,
        debut=None if session.mois_seulement else session.debut,
        fin=None if session.mois_seulement else session.fin,
        etat_inscription=_maybe(session.recrutement, RECRUTEMENTS),
        places_libres=session.places_libres,
    )


def _address(adresse: Adresse) -> AdressePublique:
    return AdressePublique(**{item.name: getattr(adresse, item.name) for item in fields(AdressePublique)})


def _levels(levels: Niveaux) -> NiveauxPublics:
    return NiveauxPublics(**{item.name: getattr(levels, item.name) for item in fields(NiveauxPublics)})


def _reception(contact: Contact) -> Accueil:
    return Accueil(telephone=contact.telephone, courriel=contact.courriel)


def _term(code: str, table: Mapping[Any, str]) -> Terme:
    """A code that the table does not know stands for itself."""
    return Terme(code=code, libelle=table.get(code, code))


def _maybe(code: str, table: Mapping[Any, str]) -> Terme | None:
    return _term(code, table) if code else None


def _terms(codes: Iterable[str], table: Mapping[Any, str]) -> list[Terme]:
    return [_term(code, table) for code in codes]


def publics_of(content: Contenu) -> list[str]:
    return content.formation.publics or [DEFAULT_PUBLIC]


@cache
def public_words() -> dict[str, str]:
    """Every public that a fiche may name, in plain words where we have some. Shared: do not change it."""
    return {**every_public(), **PUBLICS}


# --- Rows ------------------------------------------------------------------------------------------


def rows(offer: Offer) -> Iterator[LigneAction]:
    """One row for each group."""
    content, said = offer.content, offer.content.formation
    for action in content.actions:
        place, levels = content.place_of(action), content.levels_of(action)
        where = place.adresse if place else Adresse()
        reach = _reach(content)
        yield LigneAction(
            numero=f"{offer.numero}-{action.id}",
            fiche=offer.numero,
            intitule=said.intitule,
            dispositif=offer.dispositif,
            territoire=offer.territoire_nom,
            structure=content.structure.nom,
            siret=content.structure.siret,
            groupe=action.nom,
            lieu=where.denomination,
            adresse=", ".join(where.lignes),
            code_postal=where.code_postal,
            commune=where.ville,
            code_insee=where.code_insee,
            departement=where.departement,
            presence=PRESENCES.get(action.presence, action.presence),
            rythme=words.rhythm(action),
            heures_total=action.hours,
            niveau_entree=_level(levels.entree_oral, levels.entree_ecrit),
            niveau_vise=_level(levels.vise_oral, levels.vise_ecrit),
            publics=_joined(publics_of(content), public_words()),
            visees=_joined(said.visees, VISEES),
            espaces_sociaux=_joined(said.espaces_sociaux, ESPACES_SOCIAUX),
            cout=COUTS.get(content.financement.cout, ""),
            financeurs=_joined([row.code for row in content.financement.financeurs], FINANCEURS),
            premier_jour=min((row.debut for row in action.sessions if row.debut), default=None),
            dernier_jour=max((row.fin for row in action.sessions if row.fin), default=None),
            etat_inscription=_state(action.sessions),
            places_libres=_places(action.sessions),
            entrees=ENTREES.get(content.inscription.entrees, ""),
            comment_s_inscrire=content.inscription.modalites,
            telephone=reach.telephone,
            courriel=reach.courriel,
            url=said.url,
            mise_a_jour=local_day(offer.modified),
        )


def _reach(content: Contenu) -> Contact:
    """Whom to call to join: the most precise contact that says something."""
    said = (content.inscription.contact, content.formation.contact, content.structure.contact)
    return next((contact for contact in said if contact.telephone or contact.courriel), Contact())


def _level(oral: str, written: str) -> str:
    parts = [
        f"{words.short_level(code)} {where}" for code, where in ((oral, "à l’oral"), (written, "à l’écrit")) if code
    ]
    return ", ".join(parts)


def _joined(codes: Iterable[str], table: Mapping[Any, str]) -> str:
    return " | ".join(words.labels(codes, table))


def _state(sessions: Sequence[Session]) -> str:
    """The most welcoming state: open, then suspended, then closed."""
    states = {session.recrutement for session in sessions}
    return next((RECRUTEMENTS[code] for code in ("1", "3", "2") if code in states), "")


def _places(sessions: Sequence[Session]) -> int | None:
    known = [session.places_libres for session in sessions if session.places_libres is not None]
    return sum(known) if known else None


# --- CSV -------------------------------------------------------------------------------------------

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells a spreadsheet that the file is in UTF-8."""

FORMULA = "=+-@\t\r\n＝＋－＠"
"""What makes a spreadsheet compute a cell, at its beginning or after blanks."""


def headers() -> list[str]:
    return [item.metadata["header"] for item in fields(LigneAction)]


def csv_lines(offers: Iterable[Offer]) -> Iterator[str]:
    """A CSV file for French spreadsheets: BOM, semicolons, French headers; one line a group."""
    yield BOM + csv_line(headers())
    for offer in offers:
        for row in rows(offer):
            yield csv_line([cell(getattr(row, item.name)) for item in fields(LigneAction)])


def cell(value: object) -> str:
    """The text of a cell. One that a spreadsheet would run as a formula is preceded by an apostrophe."""
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    text = str(value)
    bare = text.lstrip(" \N{NO-BREAK SPACE}")
    return f"'{text}" if bare and bare[0] in FORMULA else text


def csv_line(cells: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


# --- GeoJSON ---------------------------------------------------------------------------------------


def geojson_parts(offers: Iterable[Offer]) -> Iterator[str]:
    """A FeatureCollection (RFC 7946), piece by piece; one feature a group.

    Entries hold no coordinates: the point is that of the commune, null for one that the map does not know.
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
