"""How data·inclusion reads a ``formation``, and DORA and others through it.

Facts of its models ``stg_carif_oref__*`` and ``int_carif_oref__*``, read and tried in November 2026. Columns have the
names of its published schema, version 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree

from backoffice.core.dates import NBSP
from backoffice.reference.formacodes import domaines

from .cards import (
    Card,
    Children,
    Shown,
    Tree,
    address,
    children,
    descendant,
    descendants,
    extra,
    levels_in,
    number,
    text,
    text_of,
)

TITLE_SHOWN = 150
"""Characters of a title that it keeps."""

EXILED, JOB_SEEKERS, EVERYBODY = "personnes-exilees", "demandeurs-emploi", "tous-publics"
PUBLICS: dict[str, str] = {
    **dict.fromkeys(("81023", "81042", "81022"), EXILED),
    **dict.fromkeys(("80006", "80001", "80003", "80004", "80007", "80008", "80009"), JOB_SEEKERS),
    "80010": "beneficiaires-des-minimas-sociaux",
    "81018": "femmes",
    **dict.fromkeys(("81024", "81032", "81033"), "jeunes"),
    "81020": "personnes-en-situation-de-handicap",
    "82044": "actifs",
    **dict.fromkeys(("83056", "81050"), EVERYBODY),
}
"""{code-public-vise: its public}, most telling first. It shows nothing for another code."""
PUBLIC_LABELS = {
    EXILED: "Personnes exilées",
    JOB_SEEKERS: "Demandeurs d’emploi",
    "beneficiaires-des-minimas-sociaux": "Bénéficiaires des minimas sociaux",
    "femmes": "Femmes",
    "jeunes": "Jeunes",
    "personnes-en-situation-de-handicap": "Personnes en situation de handicap",
    "actifs": "Actifs",
    EVERYBODY: "Tous publics",
}
FRENCH = "lecture-ecriture-calcul--maitriser-le-francais"
THEMES = dict.fromkeys(("15235", "15043", "15022", "15040", "15041", "15281"), FRENCH)
"""{Formacode of language: its theme}."""
ON_SITE, REMOTE = "en-presentiel", "a-distance"
MODES = {"0": (ON_SITE,), "1": (REMOTE,), "2": (ON_SITE, REMOTE)}
"""{modalites-enseignement: modes_accueil}: 1 and 2 are inverted with the standard."""
MODE_LABELS = {ON_SITE: "En présentiel", REMOTE: "À distance"}
PREFERRED_CONTACTS = ("3", "0", "4")  # type-contact
COMMUNE, DEPARTEMENT, REGION = "1", "2", "3"  # code-perimetre-recrutement
NEEDED = {
    "organisme-formateur": "sans-formateur",
    "code-public-vise": "sans-public",
    "lieu-de-formation": "sans-lieu",
}
"""{element without which an action is left out: code of the rule}."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure. id: "" when the trainer has no numero: the service then has no structure."""

    id: str
    nom: str
    siret: str
    telephone: str
    courriel: str
    site_web: str
    adresse: str
    commune: str
    own_address: bool
    """False: the address is that of the place."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service in the columns of the schema. actions: ranks of the actions that it keeps as one."""

    actions: tuple[int, ...]
    numero: str
    structure: Structure
    nom: str
    description: str
    lien_source: str
    date_maj: str
    thematiques: tuple[str, ...]
    frais: str
    frais_precisions: str
    publics: tuple[str, ...]
    publics_precisions: str
    conditions_acces: str
    adresse: str
    commune: str
    code_insee: str
    code_postal: str
    latitude: float | None
    longitude: float | None
    telephone: str
    courriel: str
    modes_accueil: tuple[str, ...]
    perimetre: str
    mobilisation_precisions: str
    volume_horaire_hebdomadaire: float | None
    mobilisable_par: tuple[str, ...] = ("professionnels",)

    @property
    def zone(self) -> str:
        return {COMMUNE: "commune", DEPARTEMENT: "departement"}.get(self.perimetre, "region")

    @property
    def modes_mobilisation(self) -> tuple[str, ...]:
        ways = (("telephoner", self.telephone), ("envoyer-un-courriel", self.courriel))
        return tuple(name for name, given in ways if given)


def show(tree: Tree) -> Shown:
    shown = Shown()
    shown.cards = [_card(service) for service in read(tree, shown)]
    return shown


def services(formation: etree._Element) -> list[Service]:
    return read(Tree.of(formation), Shown())


def read(tree: Tree, shown: Shown) -> list[Service]:
    """The services made of a formation. What is left out or changed is added to `shown`."""
    parts = tree.parts
    domain = parts.get("domaine-formation", [])
    codes = [text_of(code) for node in domain for code in descendants(node, "code-FORMACODE")]
    if not keeps_domains(codes):
        shown.lose("domaine")
        return []
    title = text(parts, "intitule-formation")
    if len(title) > TITLE_SHOWN:
        shown.lose("titre", told=f"Il en a {len(title)}.")
    if "url-formation" not in parts:
        shown.lose("sans-lien")
    common = _Common(
        title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1]}…",
        "\n\n".join(filter(None, (text(parts, "objectif-formation"), text(parts, "contenu-formation")))),
        descendant(parts["url-formation"][0], "urlweb") if "url-formation" in parts else "",
        tree.root.get("datemaj", ""),
        tuple(dict.fromkeys(THEMES[code] for code in codes if code in THEMES)),
        parts.get("contact-formation", [])[:1],
    )
    made: list[Service] = []
    kept: dict[tuple[object, ...], int] = {}
    for rank, (action, inside) in enumerate(tree.actions):
        lacking = [code for name, code in NEEDED.items() if name not in inside]
        for code in lacking:
            shown.lose(code, rank)
        if lacking:
            continue
        service = _service(common, action, inside, rank)
        at = kept.setdefault(_likeness(service, inside), len(made))
        if at < len(made):
            shown.lose("semblable", rank, made[at].actions[0])
            made[at] = replace(made[at], actions=(*made[at].actions, rank))
        else:
            made.append(service)
            _losses(shown, rank, service, inside)
    return made


def keeps_domains(codes: Iterable[str]) -> bool:
    """Whether it keeps a formation with these Formacodes, of any edition."""
    return not domaines().keys().isdisjoint(codes)


@dataclass(frozen=True, slots=True)
class _Common:
    """What all services of a formation share."""

    title: str
    description: str
    link: str
    dated: str
    themes: tuple[str, ...]
    contacts: list[etree._Element]


def _service(common: _Common, action: etree._Element, inside: Children, rank: int) -> Service:
    # With several places: the untagged one (nulls come first in its sort), else the first.
    place = min(inside["lieu-de-formation"], key=lambda node: node.get("tag") is not None)
    trainer = inside["organisme-formateur"][0]
    contact = _contact(trainer)
    joined = [*([] if contact is None else [contact]), place, *common.contacts]
    price = number(text(inside, "prix-total-TTC"))
    public = PUBLICS.get(text(inside, "code-public-vise"))
    weekly = extra(inside, "duree-hebdo")
    return Service(
        (rank,),
        action.get("numero", ""),
        _structure(trainer, contact, place),
        common.title,
        common.description,
        common.link,
        action.get("datemaj") or common.dated,
        common.themes,
        "" if price is None else "payant" if price > 0 else "gratuit",
        text(inside, "detail-conditions-prise-en-charge"),
        (public,) if public else (),
        text(inside, "info-public-vise"),
        text(inside, "conditions-specifiques"),
        address(place),
        descendant(place, "ville"),
        descendant(place, "code-INSEE-commune"),
        descendant(place, "codepostal"),
        number(descendant(place, "latitude")),
        number(descendant(place, "longitude")),
        _telephone(joined),
        next(filter(None, (descendant(node, "courriel") for node in joined)), ""),
        MODES.get(text(inside, "modalites-enseignement"), ()),
        text(inside, "code-perimetre-recrutement"),
        text(inside, "modalites-recrutement"),
        number(text_of(weekly[0])) if weekly else None,
    )


def _contact(trainer: etree._Element) -> etree._Element | None:
    ranks = {code: rank for rank, code in enumerate(PREFERRED_CONTACTS)}
    found = list(descendants(trainer, "contact-formateur"))
    return min(found, key=lambda node: ranks.get(descendant(node, "type-contact"), len(ranks)), default=None)


def _structure(trainer: etree._Element, contact: etree._Element | None, place: etree._Element) -> Structure:
    where = contact if contact is not None and descendant(contact, "ville") else place
    return Structure(
        trainer.get("numero", ""),
        descendant(trainer, "raison-sociale-formateur"),
        descendant(trainer, "SIRET"),
        _telephone([place] if contact is None else [contact, place]),
        descendant(contact, "courriel") or descendant(place, "courriel"),
        descendant(contact, "urlweb") or descendant(place, "urlweb"),
        address(where),
        descendant(where, "ville"),
        own_address=where is contact,
    )


def _telephone(nodes: list[etree._Element]) -> str:
    found = (
        descendant(tel, "numtel")
        for node in nodes
        for tel in (*descendants(node, "telfixe"), *descendants(node, "portable"))
    )
    return next(filter(None, found), "")


def _likeness(service: Service, inside: Children) -> tuple[object, ...]:
    """The values by which two actions of a formation differ; alike in all of them, they become one service."""
    return (
        number(text(inside, "prix-total-TTC")),
        service.frais_precisions,
        service.publics_precisions,
        service.mobilisation_precisions,
        service.modes_accueil,
        service.perimetre,
        service.volume_horaire_hebdomadaire,
        service.structure.id or service.structure.siret,
        frozenset(map(text_of, inside["code-public-vise"])),
        service.code_insee or service.commune,
    )


def _losses(shown: Shown, rank: int, service: Service, inside: Children) -> None:
    codes = [text_of(code) for code in inside["code-public-vise"]]
    others = dict.fromkeys(PUBLICS[code] for code in codes[1:] if code in PUBLICS)
    hidden = [PUBLIC_LABELS[public] for public in others if public not in service.publics]
    mode = text(inside, "modalites-enseignement")
    remaining = text(inside, "frais-restants")
    said = f"{service.frais_precisions} {service.conditions_acces}"
    childcare = {
        text_of(node)
        for session in inside.get("session", ())
        for node in extra(children(session), "accueil")
        if node.get("info") == "garde-enfants"
    }
    found = {
        "public-ignore": not service.publics,
        "autres-publics": bool(service.publics and hidden),
        "autres-lieux": len(inside["lieu-de-formation"]) > 1,
        "sans-point": service.latitude is None or service.longitude is None,
        "sans-numero": not service.structure.id,
        "adresse-structure": not service.structure.own_address,
        "sans-site": not service.structure.site_web,
        "sans-prix": not service.frais,
        "gratuit": service.frais == "gratuit" and bool(remaining),
        "frais": _lacks(said, remaining),
        "injoignable": not (service.telephone or service.courriel),
        "presence": mode in ("1", "2"),
        "perimetre": service.zone == "region" and service.perimetre != REGION,
        "niveau": not levels_in(f"{service.description} {service.conditions_acces}"),
        "garde": any(_lacks(service.description, words) for words in childcare),
    }
    told = {
        "autres-publics": f"N’y figure pas{NBSP}: {', '.join(hidden)}.",
        "gratuit": f"Frais{NBSP}: {remaining.rstrip('.')}.",
        "frais": f"Frais{NBSP}: {remaining.rstrip('.')}.",
    }
    for code, lost in found.items():
        if lost:
            shown.lose(code, rank, told=told.get(code, ""))


def _lacks(said: str, words: str) -> bool:
    """Whether a text does not contain these words, blanks and final full stop apart."""
    return " ".join(words.split()).rstrip(".") not in " ".join(said.split())


def _card(service: Service) -> Card:
    structure = service.structure
    point = None
    if service.latitude is not None and service.longitude is not None:
        point = (service.latitude, service.longitude)
    return Card(
        service.actions,
        title=service.nom,
        structure=", ".join(filter(None, (structure.nom, structure.adresse, structure.commune)))
        if structure.id
        else "",
        audience=tuple(PUBLIC_LABELS[public] for public in service.publics),
        level=levels_in(f"{service.description} {service.conditions_acces}"),
        place=", ".join(filter(None, (service.adresse, f"{service.code_postal} {service.commune}".strip()))),
        point=point,
        price=service.frais.capitalize(),
        price_details=service.frais_precisions,
        hours=""
        if service.volume_horaire_hebdomadaire is None
        else f"{service.volume_horaire_hebdomadaire:g} h par semaine",
        mode=" et ".join(MODE_LABELS[mode] for mode in service.modes_accueil),
        area={"commune": "La commune", "departement": "Le département", "region": "Toute la région"}[service.zone],
        contact=", ".join(filter(None, (service.telephone, service.courriel))),
        website=structure.site_web,
        conditions=service.conditions_acces,
        description=service.description,
        link=service.lien_source,
        updated=service.date_maj,
    )
