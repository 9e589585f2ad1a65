"""Declarations of the registers that Relais imports. To add a register, add an entry to `_DECLARED`.

Column names are those of the owners' files; `docs/registres.md` says which were verified, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Table, false, or_, select, true
from sqlalchemy.orm import Session

from backoffice.core.extensions import Base
from backoffice.models import Etablissement, Organisme

from . import rows

Cells = Mapping[str, str]
Content = dict[str, Any]
"""{column: value} of one row of the table; days in ISO 8601, so that it can be stored as JSON."""


@dataclass(frozen=True)
class Format:
    """One kind of file. columns: {name for `read`: the accepted headers}; those of `optional` may be missing.

    read: converts one line into rows of the table, none when the line is out of scope; raises ValueError, in French,
    when it is invalid. covers: the rows of the table that a complete file contains: those it lacks are removals.
    None: the file is partial, and never removes a row.
    """

    name: str
    label: str
    columns: Mapping[str, Sequence[str]]
    read: Callable[[Cells], Iterable[Content]]
    covers: Callable[[FromClause], ColumnElement[bool]] | None = lambda table: true()
    optional: frozenset[str] = frozenset()
    member: str = ""
    """Text in the name of the file to read, where the owner publishes a zip with several files."""


@dataclass(frozen=True)
class Register:
    """An external register. owner, title: who publishes it, under which name. columns: those it fills, the key first.

    held: the rows of the table that come from this register; others may share the table. gone: values that a removal
    writes; None: the row is deleted. known: filters keys, returns those to import; None: all.
    """

    name: str
    label: str
    owner: str
    title: str
    table: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]
    formats: tuple[Format, ...]
    held: Callable[[FromClause], ColumnElement[bool]] = lambda table: true()
    gone: Mapping[str, Any] | None = None
    known: Callable[[Session, Sequence[str]], set[str]] | None = None

    @cached_property
    def sharing(self) -> tuple[Register, ...]:
        """The registers that fill the same table, this one included."""
        return tuple(one for one in REGISTERS.values() if one.table is self.table)

    @property
    def stored(self) -> list[Column[Any]]:
        """The columns of the table, except those computed from the others."""
        return [column for column in self.table.c if column.name != "searched"]

    def key_of(self, content: Content) -> str:
        return " ".join(str(content[name]) for name in self.key)


def _tracked(session: Session, sirets: Sequence[str]) -> set[str]:
    """Sirene has forty million establishments: only those already in the table or used by a structure are imported."""
    listed = select(Etablissement.siret).where(Etablissement.siret.in_(sirets))
    ours = select(Organisme.siret).where(Organisme.siret.in_(sirets))
    return {*session.scalars(listed), *session.scalars(ours)}


OVERSEAS = ("975", "977", "978", "984", "986", "987", "988")
"""Overseas collectivités absent from Insee's list of communes."""


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _columns(*names: str) -> dict[str, tuple[str, ...]]:
    """Columns whose header is their name."""
    return {name: (name,) for name in names}


_DECLARED = (
    Register(
        "communes",
        "Communes",
        "Insee",
        "Code officiel géographique : liste des communes (v_commune_AAAA.csv)",
        _table("commune"),
        ("code_insee",),
        ("code_insee", "nom", "search_name", "departement", "region", "parent"),
        (
            Format(
                "insee",
                "la liste des communes de l’Insee",
                _columns("TYPECOM", "COM", "REG", "DEP", "LIBELLE", "COMPARENT"),
                rows.insee_commune,
                covers=lambda table: table.c.departement.not_in(OVERSEAS),
            ),
            Format(
                "relais",
                "la table de Relais, que « flask communes rebuild » fait du paquet d’Etalab",
                _columns("code_insee", "nom", "departement", "region", "parent"),
                rows.relais_commune,
            ),
        ),
    ),
    Register(
        "codes-postaux",
        "Codes postaux",
        "La Poste",
        "Base officielle des codes postaux (019HexaSmal.csv)",
        _table("commune_postal_code"),
        ("code_insee", "code"),
        ("code_insee", "code"),
        (
            Format(
                "la-poste",
                "la base de La Poste",
                {"code_insee": ("Code_commune_INSEE",), "code": ("Code_postal",)},
                rows.postal_code,
            ),
            Format(
                "relais",
                "la table de Relais, que « flask communes rebuild » fait du paquet d’Etalab",
                _columns("code_insee", "codes_postaux"),
                rows.postal_codes,
            ),
        ),
    ),
    Register(
        "formacode",
        "Formacode V14",
        "Centre Inffo",
        "Formacode V14, codes et libellés",
        _table("formacode"),
        ("code",),
        ("code", "label"),
        (
            Format(
                "codes",
                "une table des codes et de leurs libellés",
                {
                    "code": ("code", "formacode", "code formacode"),
                    "label": ("libelle", "libelle formacode", "intitule"),
                },
                rows.formacode,
            ),
        ),
    ),
    Register(
        "certifications",
        "Certifications (RNCP et répertoire spécifique)",
        "France compétences",
        "RNCP et RS, export quotidien des fiches en CSV (le fichier « Standard »)",
        _table("certification"),
        ("code",),
        ("code", "label", "search_name", "valid_from", "valid_until", "active"),
        (
            Format(
                "standard",
                "le fichier « Standard » de France compétences, ou son archive",
                _columns("Numero_Fiche", "Intitule", "Date_Effet", "Date_Decision", "Date_Fin_Enregistrement", "Actif"),
                rows.certification,
                optional=frozenset({"Date_Effet", "Date_Decision"}),
                member="standard",
            ),
        ),
        held=lambda table: table.c.code != "",
    ),
    Register(
        "certif-info",
        "Certif Info",
        "Réseau des Carif-Oref",
        "Certif Info : codes et numéros des certifications",
        _table("certif_info"),
        ("code",),
        ("code", "certification", "label"),
        (
            Format(
                "codes",
                "une table des codes Certif Info",
                {
                    "code": ("code_certifinfo", "certifinfo"),
                    "rncp": ("code_rncp", "rncp"),
                    "rs": ("code_rs", "code_inventaire", "rs"),
                    "label": ("intitule_certification", "intitule", "libelle"),
                },
                rows.certif_info,
                optional=frozenset({"rs"}),
            ),
        ),
    ),
    Register(
        "organismes",
        "Organismes de formation",
        "Ministère du Travail (DGEFP)",
        "Liste publique des organismes de formation",
        _table("etablissement"),
        ("siret",),
        (
            "siret",
            "nda",
            "denomination",
            "listed",
            "qualiopi_formation",
            "qualiopi_bilan",
            "qualiopi_vae",
            "qualiopi_apprentissage",
            "address",
            "postal_code",
            "city",
        ),
        (
            Format(
                "liste-publique",
                "la liste publique, ou une table dont les colonnes ont les noms de celle de Relais",
                {
                    "siret": ("siretEtablissementDeclarant", "siret"),
                    "nda": ("numeroDeclarationActivite", "nda"),
                    "denomination": ("denomination",),
                    "formation": ("certifications.actionsDeFormation", "qualiopi_formation"),
                    "bilan": ("certifications.bilansDeCompetences", "qualiopi_bilan"),
                    "vae": ("certifications.VAE", "qualiopi_vae"),
                    "apprentissage": ("certifications.actionsDeFormationParApprentissage", "qualiopi_apprentissage"),
                    "address": ("adressePhysiqueOrganismeFormation.voie", "address"),
                    "postal_code": ("adressePhysiqueOrganismeFormation.codePostal", "postal_code"),
                    "city": ("adressePhysiqueOrganismeFormation.ville", "city"),
                },
                rows.organisme,
            ),
        ),
        held=lambda table: table.c.listed,
        gone={"listed": false()},
    ),
    Register(
        "sirene",
        "Sirene : fermetures",
        "Insee",
        "Base Sirene, fichier StockEtablissement",
        _table("etablissement"),
        ("siret",),
        ("siret", "code_insee", "closed_on"),
        (
            Format(
                "stock",
                "le fichier StockEtablissement, ou un extrait",
                _columns("siret", "etatAdministratifEtablissement", "dateDebut", "codeCommuneEtablissement"),
                rows.sirene,
                covers=None,
                member="stocketablissement",
            ),
        ),
        held=lambda table: or_(table.c.code_insee != "", table.c.closed_on.is_not(None)),
        known=_tracked,
    ),
    Register(
        "uai",
        "Écoles et établissements scolaires (UAI)",
        "Ministère de l’Éducation nationale",
        "Annuaire de l’éducation",
        _table("uai"),
        ("uai",),
        ("uai", "nom", "kind", "siret", "address", "postal_code", "city", "code_insee", "open"),
        (
            Format(
                "annuaire",
                "l’annuaire de l’éducation",
                {
                    "uai": ("Identifiant_de_l_etablissement",),
                    "nom": ("Nom_etablissement",),
                    "kind": ("Type_etablissement",),
                    "siret": ("SIREN_SIRET",),
                    "address": ("Adresse_1",),
                    "postal_code": ("Code_postal",),
                    "city": ("Nom_commune",),
                    "code_insee": ("Code_commune",),
                    "open": ("etat",),
                },
                rows.uai,
                optional=frozenset({"siret", "open", "kind"}),
            ),
        ),
    ),
    Register(
        "vacances",
        "Vacances scolaires",
        "Ministère de l’Éducation nationale",
        "Calendrier scolaire",
        _table("school_break"),
        ("zone", "debut"),
        ("zone", "debut", "fin", "nom"),
        (
            Format(
                "calendrier",
                "le calendrier scolaire",
                {
                    "description": ("Description",),
                    "population": ("Population",),
                    "start": ("Date de début", "start_date"),
                    "end": ("Date de fin", "end_date"),
                    "zone": ("Zones",),
                },
                rows.school_break,
                optional=frozenset({"population"}),
            ),
            Format("relais", "la table de Relais", _columns("zone", "debut", "fin", "nom"), rows.relais_break),
        ),
    ),
)

REGISTERS: dict[str, Register] = {register.name: register for register in _DECLARED}

LABELS = {
    "code_insee": "Code Insee",
    "nom": "Nom",
    "search_name": "Nom pour la recherche",
    "departement": "Département",
    "region": "Région",
    "parent": "Commune",
    "code": "Code",
    "label": "Libellé",
    "valid_from": "Valable du",
    "valid_until": "Valable jusqu’au",
    "active": "Active",
    "certification": "Numéro RNCP ou RS",
    "siret": "SIRET",
    "nda": "Numéro de déclaration d’activité",
    "denomination": "Nom",
    "listed": "Dans la liste publique",
    "qualiopi_formation": "Qualiopi, formation",
    "qualiopi_bilan": "Qualiopi, bilans de compétences",
    "qualiopi_vae": "Qualiopi, VAE",
    "qualiopi_apprentissage": "Qualiopi, apprentissage",
    "address": "Adresse",
    "postal_code": "Code postal",
    "city": "Ville",
    "closed_on": "Fermé depuis le",
    "uai": "UAI",
    "kind": "Type",
    "open": "Ouvert",
    "zone": "Zone",
    "debut": "Premier jour",
    "fin": "Dernier jour",
}
"""{column: French label}, shown in the differences."""
