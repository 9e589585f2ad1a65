"""From a content to its LHEO ``formation``, in the Intercarif profile.

Elements stand in the order of the grammar; an optional element that would be empty is left out.
Where LHEO has no element, the standard's ``extras`` are used:

======================  ==================  =====================================================
extras/@info            on                  extra
======================  ==================  =====================================================
niveau-langue           formation, action   referentiel, niveau-entree, niveau-vise; then extras
                                            ``competences`` with tag ``oral`` and ``ecrit``
espaces-sociaux         formation           one ``espace-social`` a code (models.vocabulary)
parcours                formation           ``parcours`` and one ``visee`` a code
duree-hebdo             action              whole hours a week, as a national consumer reads it
groupe                  action              ``nom``, ``format``, ``effectif-min``, ``effectif-max``,
                                            ``semaines``
horaires                session             ``creneau``: tag = weekday, text = HHMM-HHMM
accueil                 session             ``garde-enfants`` in words, ``places-libres``
specificites            organisme-financeur publics, programme, reference (profile)
categorie-organisme     organisme           code of the category (profile)
======================  ==================  =====================================================
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from datetime import date, datetime

from lxml import etree

from backoffice.models import Fiche, Fragment
from backoffice.models.content import Action, Adresse, Contact, Contenu, Financeur, Niveaux, Session
from backoffice.models.dates import PARIS, local_day
from backoffice.models.findings import Finding
from backoffice.models.vocabulary import PARCOURS_OF, Dispositif

from . import words
from .check import findings_of
from .consumers import drops

CODE_VERSION = 2
"""Raise it when this module writes something else for the same content."""

NO_ACTIVITY_NUMBER = "00000000000"
NO_SIRET = "00000000000000"
UNKNOWN_START, UNKNOWN_END = "00000000", "99999999"

FORMACODE = "V14"
DEFAULT_DOMAIN = "15235"
DEFAULT_PUBLIC = "83056"
RECEPTION = "4"  # type-contact: accueil
NO_SPECIFIC_LEVEL = "1"
BASIC_SKILLS, CERTIFICATION = "5", "6"  # objectif-general-formation
CATEGORY_CODES = {"association": "13"}


class NotExportable(ValueError):
    """The content cannot be written as a valid ``formation``; `findings` say where and why."""

    def __init__(self, findings: tuple[Finding, ...]):
        super().__init__("; ".join(f"{finding.path}: {finding.message}" for finding in findings))
        self.findings = findings


@dataclass(frozen=True)
class Identity:
    """What the flow says of an entry beside its content."""

    numero: str
    organisme_numero: str
    dispositif: Dispositif
    created: datetime
    modified: datetime

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
    """What readers of the flows know a structure by."""
    return f"{prefixe}O{organisme_id:06d}"


def build(content: Contenu, identity: Identity) -> Fragment:
    """The stored form of a content. Raises NotExportable when grammar or business rules refuse it."""
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


def facets(content: Contenu) -> dict[str, list[str]]:
    """What flows and searches choose by, see models.Fragment."""
    places = [place.adresse for place in map(content.place_of, content.actions) if place]
    return {
        "publics": sorted(content.formation.publics or [DEFAULT_PUBLIC]),
        "financeurs": sorted({financeur.code for financeur in content.financement.financeurs}),
        "dropped_by": sorted({drop.consumer for drop in drops(content) if drop.whole}),
        "departements": sorted({place.departement for place in places if place.departement}),
        "communes": sorted({place.code_insee for place in places if place.code_insee}),
        "inscriptions": sorted({row.recrutement for action in content.actions for row in action.sessions}),
    }


def formation(content: Contenu, identity: Identity) -> etree._Element:
    """The ``formation`` element, without namespace: the flow declares it once, on its root."""
    said, made = content.formation, _stamps(identity)
    root = etree.Element("formation", numero=identity.numero, **made)
    root.set("horodatage-creation", _instant(identity.created))
    root.set("horodatage-modification", _instant(identity.modified))
    domain = _add(root, "domaine-formation")
    for rank, code in enumerate(said.domaines or [DEFAULT_DOMAIN]):
        _add(domain, "code-FORMACODE", code, ref=FORMACODE, **_principal(rank))
    _add(root, "intitule-formation", said.intitule)
    _add(root, "objectif-formation", said.objectif)
    _add(root, "resultats-attendus", words.results(content))
    _add(root, "contenu-formation", said.contenu)
    certifying = "certification" in said.visees and bool(said.code_certification)
    _add(root, "certifiante", "1" if certifying else "0")
    _contact(root, "contact-formation", said.contact)
    _add(root, "parcours-de-formation", _pathway(content))
    _add(root, "code-niveau-entree", NO_SPECIFIC_LEVEL)
    _add(root, "objectif-general-formation", CERTIFICATION if certifying else BASIC_SKILLS)
    if certifying:
        code = said.code_certification
        certification = _add(root, "certification")
        _add(certification, "code-RS" if code.startswith("RS") else "code-RNCP", code)
    _add(root, "code-niveau-sortie", NO_SPECIFIC_LEVEL)
    if said.url:
        _add(_add(root, "url-formation"), "urlweb", said.url)
    for action in content.actions:
        _action(root, content, action, identity)
    _organisme(root, content, identity)
    _levels(root, said.niveaux)
    _extras(root, "espaces-sociaux", [("espace-social", code) for code in said.espaces_sociaux])
    parcours = said.parcours or PARCOURS_OF[identity.dispositif]
    _extras(root, "parcours", [("parcours", parcours), *(("visee", code) for code in said.visees)])
    return root


def _action(root: etree._Element, content: Contenu, action: Action, identity: Identity) -> None:
    said, money, entry = content.formation, content.financement, content.inscription
    numero = f"{identity.numero}-{action.id}"
    node = _add(root, "action", numero=numero, **_stamps(identity))
    _add(node, "rythme-formation", words.rhythm(action))
    publics = said.publics or [DEFAULT_PUBLIC]
    for code in publics:
        _add(node, "code-public-vise", code, ref=FORMACODE)
    _optional(node, "info-public-vise", said.info_publics)
    _add(node, "niveau-entree-obligatoire", _flag(said.niveau_obligatoire))
    _add(node, "modalites-alternance", action.organisation or words.NO_ALTERNANCE)
    _add(node, "modalites-enseignement", action.presence)
    _add(node, "conditions-specifiques", words.conditions(content, action))
    _add(node, "prise-en-charge-frais-possible", _flag(money.prise_en_charge))
    lieu = content.place_of(action)
    if lieu is not None:
        place = _add(node, "lieu-de-formation", **_principal(0))
        _adresse(_add(place, "coordonnees"), lieu.adresse)
    _add(node, "modalites-entrees-sorties", entry.entrees)
    for session in action.sessions:
        _session(node, content, action, session, f"{numero}-{session.id}", identity)
    if lieu is not None:
        _optional(node, "transport", lieu.transport)
        _optional(node, "acces-handicapes", lieu.acces_handicapes)
    _add(node, "langue-formation", "FR")
    _optional(node, "modalites-recrutement", entry.recrutement)
    _optional(node, "frais-restants", money.frais)
    price = "0" if money.cout == "gratuit" else "" if money.prix is None else str(money.prix)
    _optional(node, "prix-total-TTC", price)
    _optional(node, "duree-indicative", action.duree)
    _optional(node, "nombre-heures-total", "" if action.hours is None else str(action.hours))
    _optional(node, "conventionnement", {"oui": "1", "non": "0"}.get(money.conventionne, ""))
    _formateur(node, content, identity)
    for financeur in money.financeurs:
        _financeur(node, financeur, publics, identity)
    if action.minutes_per_week:
        _extras(node, "duree-hebdo", [("duree-hebdo", str(round(action.minutes_per_week / 60)))])
    if not action.niveaux.empty:
        _levels(node, content.levels_of(action))
    group = {
        "nom": action.nom,
        "format": action.format,
        "effectif-min": _number(action.effectif_min),
        "effectif-max": _number(action.effectif_max),
        "semaines": _number(action.semaines),
    }
    _extras(node, "groupe", list(group.items()))


def _session(
    node: etree._Element, content: Contenu, action: Action, session: Session, numero: str, identity: Identity
) -> None:
    entry = content.inscription
    root = _add(node, "session", numero=numero, **_stamps(identity))
    _period(root, session.debut, session.fin)
    _adresse(_add(root, "adresse-inscription"), registration_address(content, action))
    _optional(root, "modalites-inscription", entry.modalites)
    if entry.debut or entry.fin:
        _period(_add(root, "periode-inscription"), entry.debut, entry.fin)
    _optional(root, "etat-recrutement", session.recrutement)
    contact = content.formation.contact if entry.contact.empty else entry.contact
    _contact(root, "contact-session", contact)
    slots = [creneau for creneau in action.creneaux if creneau.minutes]
    if slots:
        hours = _add(root, "extras", info="horaires")
        for creneau in slots:
            text = f"{creneau.debut:%H%M}-{creneau.fin:%H%M}"
            _add(hours, "extra", text, info="creneau", tag=creneau.jour)
    free = _number(session.places_libres)
    _extras(root, "accueil", [("garde-enfants", action.garde_enfants), ("places-libres", free)])


def registration_address(content: Contenu, action: Action) -> Adresse:
    """Where one joins this group: LHEO asks it of each session."""
    entry, lieu = content.inscription, content.place_of(action)
    if entry.ou == "autre":
        return entry.adresse
    if entry.ou == "structure" or lieu is None:
        return content.structure.adresse
    return lieu.adresse


def _organisme(root: etree._Element, content: Contenu, identity: Identity) -> None:
    structure = content.structure
    node = _add(root, "organisme-formation-responsable", numero=identity.organisme_numero)
    _add(node, "numero-activite", structure.numero_activite or NO_ACTIVITY_NUMBER)
    _add(_add(node, "SIRET-organisme-formation"), "SIRET", structure.siret or NO_SIRET)
    _add(node, "nom-organisme", structure.nom)
    _add(node, "raison-sociale", structure.raison_sociale or structure.nom)
    coordinates = _add(_add(node, "coordonnees-organisme"), "coordonnees")
    _adresse(coordinates, structure.adresse)
    _reach(coordinates, replace(structure.contact, courriel=structure.courriel or structure.contact.courriel))
    _contact(node, "contact-organisme", structure.contact)
    if code := CATEGORY_CODES.get(structure.categorie):
        _extras(node, "categorie-organisme", [("code-categorie-organisme", code)])


def _formateur(node: etree._Element, content: Contenu, identity: Identity) -> None:
    """The structure itself teaches; a national consumer drops an action that names nobody here."""
    structure = content.structure
    formateur = _add(node, "organisme-formateur", numero=identity.organisme_numero, **_principal(0))
    _add(_add(formateur, "SIRET-formateur"), "SIRET", structure.siret or NO_SIRET)
    _add(formateur, "raison-sociale-formateur", structure.raison_sociale or structure.nom)
    _contact(formateur, "contact-formateur", structure.contact if structure.formateur.empty else structure.formateur)


def _financeur(node: etree._Element, financeur: Financeur, publics: list[str], identity: Identity) -> None:
    root = _add(node, "organisme-financeur")
    _add(root, "code-financeur", financeur.code)
    _optional(root, "nb-places-financees", _number(financeur.places))
    extras = _add(root, "extras", info="specificites")
    for code in publics:
        _add(extras, "extra", code, info="code-public-vise", ref=FORMACODE)
    _add(extras, "extra", identity.dispositif, info="programme-financeur")
    if financeur.programme:
        _add(extras, "extra", financeur.programme, info="ref-action-marche-financeur")
    if financeur.reference:
        _add(extras, "extra", financeur.reference, info="reference-convention")


def _levels(node: etree._Element, levels: Niveaux) -> None:
    if levels.empty:
        return
    extras = _add(node, "extras", info="niveau-langue")
    _add(extras, "extra", "CECRL", info="referentiel")
    # One word for readers of a single level: the oral one, else the written one.
    for info, oral, written in (
        ("niveau-entree", levels.entree_oral, levels.entree_ecrit),
        ("niveau-vise", levels.vise_oral, levels.vise_ecrit),
    ):
        if oral or written:
            _add(extras, "extra", oral or written, info=info)
    for name, oral, written in (
        ("competences-entree", levels.entree_oral, levels.entree_ecrit),
        ("competences", levels.vise_oral, levels.vise_ecrit),
    ):
        if oral or written:
            inner = _add(extras, "extras", info=name)
            if oral:
                _add(inner, "extra", oral, info="competence", tag="oral")
            if written:
                _add(inner, "extra", written, info="competence", tag="ecrit")


def _pathway(content: Contenu) -> str:
    """parcours-de-formation: 1 in group, 2 individual, 4 both."""
    formats = {action.format for action in content.actions}
    return {frozenset({"collectif"}): "1", frozenset({"individuel"}): "2"}.get(frozenset(formats), "4")


def _contact(node: etree._Element, name: str, contact: Contact) -> None:
    root = _add(node, name, **_principal(0))
    _add(root, "type-contact", RECEPTION)
    coordinates = _add(root, "coordonnees")
    _optional(coordinates, "nom", contact.nom)
    _optional(coordinates, "prenom", contact.prenom)
    _reach(coordinates, contact)


def _reach(coordinates: etree._Element, contact: Contact) -> None:
    if contact.telephone:
        _add(_add(coordinates, "telfixe"), "numtel", contact.telephone)
    _optional(coordinates, "courriel", contact.courriel)


def _adresse(node: etree._Element, adresse: Adresse) -> None:
    root = _add(node, "adresse")
    _optional(root, "denomination", adresse.denomination)
    for line in adresse.lignes or [adresse.denomination or adresse.ville]:
        _add(root, "ligne", line)
    _add(root, "codepostal", adresse.code_postal)
    _add(root, "ville", adresse.ville)
    _optional(root, "departement", adresse.departement)
    _optional(root, "code-INSEE-commune", adresse.code_insee)
    if len(adresse.region) == 2:  # the element has two characters: overseas collectivities have three
        _add(root, "region", adresse.region)
    _add(root, "pays", "FR")


def _period(node: etree._Element, start: date | None, end: date | None) -> None:
    period = _add(node, "periode")
    _add(period, "debut", f"{start:%Y%m%d}" if start else UNKNOWN_START)
    _add(period, "fin", f"{end:%Y%m%d}" if end else UNKNOWN_END)


def _extras(node: etree._Element, info: str, pairs: list[tuple[str, str]]) -> None:
    pairs = [(name, value) for name, value in pairs if value]
    if pairs:
        extras = _add(node, "extras", info=info)
        for name, value in pairs:
            _add(extras, "extra", value, info=name)


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, name, attributes)
    if text is not None:
        node.text = text
    return node


def _optional(parent: etree._Element, name: str, text: str) -> None:
    if text:
        _add(parent, name, text)


def _principal(rank: int) -> dict[str, str]:
    return {"tag": "principal"} if rank == 0 else {}


def _stamps(identity: Identity) -> dict[str, str]:
    return {
        "datecrea": f"{local_day(identity.created):%Y%m%d}",
        "datemaj": f"{local_day(identity.modified):%Y%m%d}",
    }


def _instant(at: datetime) -> str:
    return at.astimezone(PARIS).isoformat(timespec="seconds")


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
