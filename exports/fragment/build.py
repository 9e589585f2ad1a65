"""Builds the LHEO ``formation`` of a content, in the Intercarif profile.

Elements follow the order of the grammar; an empty optional element is left out.
Where LHEO has no element, the standard's ``extras`` are used:

======================  ==================  =====================================================
extras/@info            on                  extra
======================  ==================  =====================================================
niveau-langue           formation, action   referentiel, niveau-entree, niveau-vise; then extras
                                            ``competences`` with tag ``oral`` and ``ecrit``
espaces-sociaux         formation           one ``espace-social`` per code (models.content.vocabulary)
parcours                formation           ``parcours``, ``code-dispositif`` and one ``visee`` per code
duree-hebdo             action              whole hours a week, as a national consumer reads it
groupe                  action              one per answer of `GROUP`: a code, a number, 1 for yes
objectifs-oepre         formation           one ``objectif`` per code (models.content.vocabulary)
horaires                session             ``creneau``: tag = weekday, text = HHMM-HHMM
accueil                 session             ``garde-enfants`` in words, ``places-libres``
specificites            organisme-financeur publics, programme, reference (profile)
categorie-organisme     organisme           code of the category (profile)
identifiants            organisme           ``RNA``
structure-porteuse      organisme           ``nom`` and ``SIRET`` of the carrier of a structure without
                                            SIRET; ``raison-sociale-portee``: that structure's official name
======================  ==================  =====================================================
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from backoffice.core.dates import PARIS, local_day
from backoffice.core.text import search_key
from backoffice.models import Fiche, Fragment
from backoffice.models.content import Action, Adresse, Contenu, Financeur, Niveaux, Recrutement, Session, Structure
from backoffice.models.content.findings import Finding
from backoffice.models.content.vocabulary import PARCOURS_OF, Dispositif
from exports.open_data.filters import facets

from . import practical, words
from .check import findings_of
from .elements import (
    add,
    address,
    answer,
    contact,
    extras,
    flag,
    hour,
    number,
    optional,
    period,
    principal,
    reach,
)

CODE_VERSION = 4
"""Increment it when this module writes something else for the same content."""

NO_ACTIVITY_NUMBER = "00000000000"
NO_SIRET = "00000000000000"

FORMACODE = "V14"
DEFAULT_DOMAIN = "15235"
NO_SPECIFIC_LEVEL = "1"
BASIC_SKILLS, CERTIFICATION = "5", "6"  # objectif-general-formation
CATEGORY_CODES = {"association": "13"}
OFII = "20"  # code-financeur
OUR_PAGE = "fiche"  # urlweb/@info
REMOTE = "2"  # modalites-enseignement
GROUP = ("nom", "format", "effectif_min", "effectif_max", "semaines", "intensite", "vacances")
"""Attributes of Action written in the ``groupe`` extras, under the same name with hyphens."""


class NotExportable(ValueError):
    """The content cannot be written as a valid ``formation``. findings: where and why."""

    def __init__(self, findings: tuple[Finding, ...]):
        super().__init__("; ".join(f"{finding.path}: {finding.message}" for finding in findings))
        self.findings = findings


@dataclass(frozen=True)
class Identity:
    """What the flow says of a fiche besides its content. page: address of its public page, "" when it has none."""

    numero: str
    organisme_numero: str
    dispositif: Dispositif
    created: datetime
    modified: datetime
    page: str = ""

    @classmethod
    def of(cls, fiche: Fiche, *, modified: datetime) -> Identity:
        assert fiche.numero, "une fiche reçoit son numéro à l’envoi"
        return cls(
            fiche.numero,
            organisme_numero(fiche.territoire.prefixe, fiche.organisme_id),
            fiche.dispositif,
            fiche.created_at,
            modified,
        )


def organisme_numero(prefixe: str, organisme_id: int) -> str:
    """Identifier of a structure in the flows: prefix of the territoire, «O», six digits."""
    return f"{prefixe}O{organisme_id:06d}"


def build(content: Contenu, identity: Identity) -> Fragment:
    """The fragment of a content, not added to a session. Raises NotExportable when the grammar or a rule refuses it."""
    xml = etree.tostring(formation(content, identity), encoding="unicode")
    if findings := findings_of(xml, content):
        raise NotExportable(tuple(findings))
    raw = xml.encode()
    return Fragment(
        sha256=hashlib.sha256(raw).hexdigest(),
        code_version=CODE_VERSION,
        actions=len(content.actions),
        sessions=sum(len(action.sessions) for action in content.actions),
        facets=facets(content),
        xml=zlib.compress(raw, 6),
    )


def formation(content: Contenu, identity: Identity) -> etree._Element:
    """The ``formation`` element, without namespace: the flow declares it once, on its root."""
    said, made = content.formation, _stamps(identity)
    root = etree.Element("formation", {"numero": identity.numero} | made)
    root.set("horodatage-creation", _instant(identity.created))
    root.set("horodatage-modification", _instant(identity.modified))
    domain = add(root, "domaine-formation")
    for rank, code in enumerate(said.domaines or [DEFAULT_DOMAIN]):
        add(domain, "code-FORMACODE", code, ref=FORMACODE, **principal(rank))
    add(root, "intitule-formation", said.intitule)
    add(root, "objectif-formation", said.objectif)
    add(root, "resultats-attendus", words.RESULTS.write(content))
    add(root, "contenu-formation", practical.PROGRAMME.write(content))
    certifying = said.certifying
    add(root, "certifiante", "1" if certifying else "0")
    contact(root, "contact-formation", said.contact)
    add(root, "parcours-de-formation", _pathway(content))
    add(root, "code-niveau-entree", NO_SPECIFIC_LEVEL)
    add(root, "objectif-general-formation", CERTIFICATION if certifying else BASIC_SKILLS)
    if certifying:
        code = said.code_certification
        certification = add(root, "certification")
        add(certification, "code-RS" if code.startswith("RS") else "code-RNCP", code)
    add(root, "code-niveau-sortie", NO_SPECIFIC_LEVEL)
    if identity.page or said.url:
        addresses = add(root, "url-formation")
        if identity.page:
            add(addresses, "urlweb", identity.page, info=OUR_PAGE)
        optional(addresses, "urlweb", said.url)
    for action in content.actions:
        _action(root, content, action, identity)
    _organisme(root, content, identity)
    _levels(root, said.niveaux)
    extras(root, "espaces-sociaux", [("espace-social", code) for code in said.espaces_sociaux])
    parcours = said.parcours or PARCOURS_OF[identity.dispositif]
    extras(root, "objectifs-oepre", [("objectif", code) for code in said.objectifs_oepre])
    told = [("parcours", parcours), ("code-dispositif", identity.dispositif)]
    extras(root, "parcours", [*told, *(("visee", code) for code in said.visees)])
    etree.indent(root, space="")
    return root


def _action(root: etree._Element, content: Contenu, action: Action, identity: Identity) -> None:
    said, money, entry = content.formation, content.financement, content.inscription
    numero = f"{identity.numero}-{action.id}"
    node = add(root, "action", numero=numero, **_stamps(identity))
    add(node, "rythme-formation", words.rhythm(action))
    publics = words.publics_of(content)
    for code in publics:
        add(node, "code-public-vise", code, ref=FORMACODE)
    optional(node, "info-public-vise", practical.AUDIENCE.write(content, action))
    add(node, "niveau-entree-obligatoire", flag(said.niveau_obligatoire))
    add(node, "modalites-alternance", action.organisation or words.NO_ALTERNANCE)
    add(node, "modalites-enseignement", action.presence)
    add(node, "conditions-specifiques", words.CONDITIONS.write(content, action))
    add(node, "prise-en-charge-frais-possible", flag(money.prise_en_charge))
    lieu = content.place_of(action)
    if lieu is not None:
        place = add(node, "lieu-de-formation", **principal(0))
        if lieu.uai:
            add(add(place, "code-UAI-lieu-formation"), "code-UAI", lieu.uai)
        address(add(place, "coordonnees"), lieu.adresse)
    add(node, "modalites-entrees-sorties", entry.entrees)
    for session in action.sessions:
        _session(node, content, action, session, f"{numero}-{session.id}", identity)
    if entry.reunion:
        add(add(node, "date-information"), "date", f"{entry.reunion:%Y%m%d}")
    if lieu is not None:
        optional(node, "transport", lieu.transport)
        optional(node, "acces-handicapes", lieu.acces_handicapes)
    add(node, "langue-formation", "FR")
    optional(node, "modalites-recrutement", entry.recrutement)
    optional(node, "frais-restants", money.frais)
    optional(node, "code-perimetre-recrutement", entry.perimetre)
    price = "0" if money.cout == "gratuit" else "" if money.prix is None else str(money.prix)
    optional(node, "prix-total-TTC", price)
    optional(node, "duree-indicative", words.length(action))
    optional(node, "nombre-heures-centre", number(action.heures_centre))
    optional(node, "nombre-heures-total", number(action.hours))
    optional(node, "detail-conditions-prise-en-charge", words.price_details(content))
    optional(node, "conventionnement", {"oui": "1", "non": "0"}.get(money.conventionne, ""))
    _formateur(node, content, identity)
    for financeur in words.funders_of(content):
        _financeur(node, financeur, publics, money.lot, identity)
    if action.minutes_per_week:
        extras(node, "duree-hebdo", [("duree-hebdo", str(round(action.minutes_per_week / 60)))])
    if not action.niveaux.empty:
        _levels(node, content.levels_of(action))
    extras(node, "groupe", [(name.replace("_", "-"), answer(getattr(action, name))) for name in GROUP])


def _session(
    node: etree._Element, content: Contenu, action: Action, session: Session, numero: str, identity: Identity
) -> None:
    entry = content.inscription
    root = add(node, "session", numero=numero, **_stamps(identity))
    period(root, session.debut, session.fin, month=session.mois_seulement)
    address(add(root, "adresse-inscription"), registration_address(content, action))
    optional(root, "modalites-inscription", entry.modalites)
    if entry.debut or entry.fin:
        period(add(root, "periode-inscription"), entry.debut, entry.fin)
    optional(root, "etat-recrutement", session.recrutement)
    for appointment in session.recrutements:
        _appointment(root, content, action, session, appointment)
    contact(root, "contact-session", content.formation.contact if entry.contact.empty else entry.contact)
    slots = [creneau for creneau in action.creneaux if creneau.minutes]
    if slots:
        hours = add(root, "extras", info="horaires")
        for creneau in slots:
            text = f"{creneau.debut:%H%M}-{creneau.fin:%H%M}"
            add(hours, "extra", text, info="creneau", tag=creneau.jour)
    free = number(session.places_libres)
    extras(root, "accueil", [("garde-enfants", action.garde_enfants), ("places-libres", free)])


def _appointment(
    node: etree._Element, content: Contenu, action: Action, session: Session, appointment: Recrutement
) -> None:
    root = add(node, "recrutement")
    add(root, "modalite-recrutement", appointment.modalite)
    optional(root, "code-perimetre-recrutement", content.inscription.perimetre)
    add(root, "a-distance", flag(action.presence == REMOTE))
    optional(root, "nb-places", number(appointment.places))
    if appointment.jour:
        period(root, appointment.jour, appointment.jour, month=session.mois_seulement)
    optional(root, "heure-debut", hour(appointment.debut))
    optional(root, "heure-fin", hour(appointment.fin))


def registration_address(content: Contenu, action: Action) -> Adresse:
    """Address where people register for this group: LHEO requires it in each session."""
    entry, lieu = content.inscription, content.place_of(action)
    if entry.ou == "autre":
        return entry.adresse
    if entry.ou == "structure" or lieu is None:
        return content.structure.adresse
    return lieu.adresse


def _organisme(root: etree._Element, content: Contenu, identity: Identity) -> None:
    """The responsible structure. Without a SIRET, the SIRET and the official name of its carrier are written."""
    structure, carrier = content.structure, content.structure.carrier
    node = add(root, "organisme-formation-responsable", numero=identity.organisme_numero)
    add(node, "numero-activite", structure.numero_activite or NO_ACTIVITY_NUMBER)
    add(add(node, "SIRET-organisme-formation"), "SIRET", structure.known_siret or NO_SIRET)
    add(node, "nom-organisme", structure.nom)
    add(node, "raison-sociale", carrier.nom if carrier else structure.legal_name)
    coordinates = add(add(node, "coordonnees-organisme"), "coordonnees")
    address(coordinates, structure.adresse)
    person = replace(structure.contact, courriel=structure.courriel or structure.contact.courriel)
    reach(coordinates, person, structure.site)
    contact(node, "contact-organisme", structure.contact)
    if structure.uai:
        add(add(node, "code-UAI-organisme-formation"), "code-UAI", structure.uai)
    code = CATEGORY_CODES.get(structure.categorie, "")
    extras(node, "categorie-organisme", [("code-categorie-organisme", code)])
    extras(node, "identifiants", [("RNA", structure.rna)])
    if carrier:
        told = [("nom", carrier.nom), ("SIRET", carrier.siret), ("raison-sociale-portee", structure.raison_sociale)]
        extras(node, "structure-porteuse", told)


def _formateur(node: etree._Element, content: Contenu, identity: Identity) -> None:
    """The structure itself, unless it names another teacher. A national consumer drops an action without a teacher."""
    structure = content.structure
    formateur = add(node, "organisme-formateur", numero=formateur_numero(structure, identity), **principal(0))
    siret = structure.formateur_siret if structure.formateur_nom else structure.known_siret
    add(add(formateur, "SIRET-formateur"), "SIRET", siret or NO_SIRET)
    add(formateur, "raison-sociale-formateur", structure.formateur_nom or structure.legal_name)
    person = structure.contact if structure.formateur.empty else structure.formateur
    # The address of another teacher is unknown: its readers take that of the place.
    seat = (None, "") if structure.formateur_nom else (structure.adresse, structure.site)
    contact(formateur, "contact-formateur", person, *seat)


def formateur_numero(structure: Structure, identity: Identity) -> str:
    """Stable identifier of who teaches: the structure's own, else the SIRET of the other body, else one from its name.

    data·inclusion identifies a structure by it, and gives all trainers without one the same structure.
    """
    if not structure.formateur_nom:
        return identity.organisme_numero
    if structure.formateur_siret:
        return structure.formateur_siret
    name = search_key(structure.formateur_nom)
    return f"{identity.organisme_numero}F{zlib.crc32(name.encode()):08x}"


def _financeur(node: etree._Element, financeur: Financeur, publics: list[str], lot: str, identity: Identity) -> None:
    root = add(node, "organisme-financeur")
    add(root, "code-financeur", financeur.code)
    optional(root, "nb-places-financees", number(financeur.places))
    more = add(root, "extras", info="specificites")
    for code in publics:
        add(more, "extra", code, info="code-public-vise", ref=FORMACODE)
    add(more, "extra", identity.dispositif, info="programme-financeur")
    if market := financeur.programme or (lot if financeur.code == OFII else ""):
        add(more, "extra", market, info="ref-action-marche-financeur")
    if financeur.reference:
        add(more, "extra", financeur.reference, info="reference-convention")


def _levels(node: etree._Element, levels: Niveaux) -> None:
    if levels.empty:
        return
    root = add(node, "extras", info="niveau-langue")
    add(root, "extra", "CECRL", info="referentiel")
    # For readers of a single level: the oral one, else the written one.
    for info, oral, written in (
        ("niveau-entree", levels.entree_oral, levels.entree_ecrit),
        ("niveau-vise", levels.vise_oral, levels.vise_ecrit),
    ):
        if oral or written:
            add(root, "extra", oral or written, info=info)
    for name, oral, written in (
        ("competences-entree", levels.entree_oral, levels.entree_ecrit),
        ("competences", levels.vise_oral, levels.vise_ecrit),
    ):
        if oral or written:
            inner = add(root, "extras", info=name)
            if oral:
                add(inner, "extra", oral, info="competence", tag="oral")
            if written:
                add(inner, "extra", written, info="competence", tag="ecrit")


def _pathway(content: Contenu) -> str:
    """Code of parcours-de-formation: 1 in group, 2 individual, 4 both."""
    formats = {action.format for action in content.actions}
    return {frozenset({"collectif"}): "1", frozenset({"individuel"}): "2"}.get(frozenset(formats), "4")


def _stamps(identity: Identity) -> dict[str, str]:
    return {
        "datecrea": f"{local_day(identity.created):%Y%m%d}",
        "datemaj": f"{local_day(identity.modified):%Y%m%d}",
    }


def _instant(at: datetime) -> str:
    return at.astimezone(PARIS).isoformat(timespec="seconds")
