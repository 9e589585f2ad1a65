"""Plausible contents, determined by the random generator given. Pure functions: no database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from random import Random
from typing import Any

from backoffice.models import Dispositif
from backoffice.models.content import (
    Action,
    Contact,
    Contenu,
    Creneau,
    Financement,
    Financeur,
    Formation,
    Inscription,
    Lieu,
    Niveaux,
    Session,
)
from backoffice.models.content.parts import school_year
from backoffice.models.content.vocabulary import JOURS
from backoffice.reference.communes import CommuneRow, read_communes

from . import phrases
from .structures import House, Site, Towns, address
from .themes import Theme

PERIODS = {
    1: ((13, 297, 32),),
    2: ((13, 150, 17), (160, 297, 16)),
    3: ((13, 108, 12), (125, 206, 10), (217, 304, 11)),
}
"""{number of sessions: (first day, last day, weeks) of each}, in days after the `begins` of the fiche.

The set is loaded 59 to 91 days after `begins`: the first session is then in progress, the second one still to come.
"""

Slots = tuple[tuple[str, int, int], ...]
"""(weekday, start hour, end hour) of each weekly slot."""

SLOTS: tuple[Slots, ...] = (
    (("lundi", 9, 11), ("jeudi", 9, 11)),
    (("mardi", 14, 16), ("vendredi", 14, 16)),
    (("mercredi", 9, 12),),
    (("lundi", 18, 20), ("mercredi", 18, 20)),
    (("mardi", 9, 12), ("jeudi", 9, 12), ("vendredi", 9, 11)),
    (("samedi", 10, 12),),
    (("lundi", 14, 17), ("mardi", 14, 17), ("jeudi", 14, 17)),
)
DAYS = tuple(JOURS)


@cache
def towns(region: str) -> Towns:
    """The communes of a région that have a postal code, by name."""
    return _towns().get(region, {})


@cache
def _towns() -> dict[str, dict[str, CommuneRow]]:
    found: dict[str, dict[str, CommuneRow]] = {}
    for row in read_communes():
        if row.codes_postaux and row.parent is None:
            found.setdefault(row.region, {}).setdefault(row.nom, row)
    return found


@dataclass(frozen=True)
class Brief:
    """Subject of a fiche. begins: first day of its year; groups: number of sessions of each group."""

    house: House
    theme: Theme
    begins: date
    title: int = 0
    groups: tuple[int, ...] = (1,)


def beginning(today: date, dispositif: Dispositif, years: int = 0) -> date:
    """First day of the year of a fiche, `years` after the present one; some of its sessions are in progress on any day.

    Fiches of OEPRE follow the school year; from July on, the next one.
    """
    if dispositif is Dispositif.OEPRE:
        return date(school_year(today + timedelta(62)) + years, 9, 1)
    year, month = divmod(today.year * 12 + today.month - 1 - 2, 12)
    return date(year + years, month + 1, 1)


def compose(brief: Brief, rng: Random) -> Contenu:
    """A complete content: it can be submitted and approved."""
    house = brief.house
    known = towns(house.region)
    sites = [house.sites[0], *rng.sample(house.sites[1:], min(len(brief.groups), len(house.sites)) - 1)]
    if rng.random() < 0.4:
        sites.reverse()
    content = Contenu(structure=house.structure(known))
    slots = rng.sample(SLOTS, len(brief.groups))
    for rank, sessions in enumerate(brief.groups):
        content.actions.append(Action(id=content.new_id(Action)))
        if rank < len(sites):
            content.lieux.append(_place(content, sites[rank], known, rng))
        _fill(content.actions[rank], brief, slots[rank], rng)
        content.actions[rank].lieu = content.lieux[rank % len(content.lieux)].id
        _plan(content, content.actions[rank], brief, sessions, rng)
    content.formation = _formation(brief, sites[0], rng)
    content.inscription = _inscription(house, known, brief, rng)
    content.financement = _financement(brief, rng)
    return content


def _formation(brief: Brief, site: Site, rng: Random) -> Formation:
    house, theme = brief.house, brief.theme
    nom, prenom = rng.choice(phrases.CONTACTS)
    return Formation(
        intitule=_title(brief, site),
        domaines=list(theme.domaines),
        parcours=rng.choice(("", "insertion")),
        url=f"https://www.{house.key}.example/ateliers" if rng.random() < 0.6 else "",
        objectif=theme.objectif,
        contenu=theme.contenu,
        resultats=theme.resultats or rng.choice(phrases.RESULTATS),
        espaces_sociaux=list(theme.espaces),
        publics=list(theme.publics),
        info_publics=theme.info_publics or rng.choice(phrases.PRECISIONS),
        visees=list(theme.visees),
        certification=theme.certification,
        code_certification=theme.code_certification,
        niveaux=Niveaux(*theme.niveaux),
        niveau_obligatoire=rng.random() < 0.2,
        conditions=theme.conditions or rng.choice(phrases.CONDITIONS),
        contact=Contact(nom, prenom, house.telephone(rng), house.courriel),
    )


def _title(brief: Brief, site: Site) -> str:
    pattern = brief.theme.titres[brief.title % len(brief.theme.titres)]
    pattern = pattern.replace("de {ville}", "{de}").replace("à {ville}", "{a}")
    return pattern.format(ville=site.ville, lieu=site.nom, de=de(site.ville), a=_at(site.ville))


def de(town: str) -> str:
    """«de Caen», «d’Évreux», «du Havre», «des Andelys»"""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if town.startswith(article):
            return contracted + town.removeprefix(article)
    return f"d’{town}" if town[0] in "AÂEÉÈIÎOÔU" else f"de {town}"


def _at(town: str) -> str:
    """«à Caen», «au Havre», «aux Andelys»"""
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if town.startswith(article):
            return contracted + town.removeprefix(article)
    return f"à {town}"


def _place(content: Contenu, site: Site, known: Towns, rng: Random) -> Lieu:
    return Lieu(
        id=content.new_id(Lieu),
        adresse=address(site, known),
        acces_handicapes=rng.choice(phrases.ACCES),
        transport=site.transport,
    )


def _fill(action: Action, brief: Brief, slots: Slots, rng: Random) -> None:
    """Slots, size and rhythm of the group."""
    action.creneaux = [Creneau(day, time(start, 30 * rng.randrange(2)), time(end, 30)) for day, start, end in slots]
    if len(brief.groups) > 1:
        day, start, _ = slots[0]
        action.nom = f"Groupe du {day} {'matin' if start < 12 else 'après-midi' if start < 17 else 'soir'}"
        oral, _, aimed, _ = brief.theme.niveaux
        action.niveaux = Niveaux(entree_oral=oral, vise_oral=aimed)
    action.format = rng.choice(("collectif", "collectif", "collectif", "mixte"))
    action.presence = "1" if "numerique" in brief.theme.espaces and rng.random() < 0.5 else "0"
    action.effectif_min = rng.choice((None, 4, 6))
    action.effectif_max = rng.choice((8, 10, 12, 15))
    action.rythme = rng.choice(phrases.RYTHMES)
    action.organisation = rng.choice(phrases.ORGANISATIONS)
    action.garde_enfants = rng.choice(phrases.GARDES)


def _plan(content: Contenu, action: Action, brief: Brief, sessions: int, rng: Random) -> None:
    """Adds the sessions: each begins on the weekday of the group's first slot."""
    for first, last, weeks in PERIODS[sessions]:
        action.semaines = action.semaines or weeks
        start = _on_weekday(_after(first, brief), action.creneaux[0].jour)
        recruiting = rng.choice(("1", "1", "1", "2", "3"))
        free = 0 if recruiting == "2" else rng.choice((None, 2, 3, 5, 8))
        action.sessions.append(Session(content.new_id(Session), start, _after(last, brief), recruiting, free))
    if action.computed_hours and rng.random() < 0.25:
        # Some groups declare more hours than their slots: the review then asks whether it is intended.
        action.heures_total = action.computed_hours + rng.choice((0, 0, 40))


def _after(days: int, brief: Brief) -> date:
    return brief.begins + timedelta(days)


def _on_weekday(day: date, name: str) -> date:
    return day + timedelta((DAYS.index(name) - day.weekday()) % 7)


def _inscription(house: House, known: Towns, brief: Brief, rng: Random) -> Inscription:
    entry = Inscription(
        entrees=rng.choice("110"),
        modalites=rng.choice(phrases.INSCRIPTIONS),
        recrutement=rng.choice(phrases.ACCUEILS),
        ou=rng.choice(("sur_place", "sur_place", "structure", "autre")),
    )
    if entry.entrees == "0":
        entry.debut, entry.fin = _after(-10, brief), _after(40, brief)
    if entry.ou == "autre":
        entry.adresse = address(house.sites[-1], known)
    if rng.random() < 0.25:
        entry.contact = Contact("Service des inscriptions", "", house.telephone(rng), house.courriel)
    return entry


def _financement(brief: Brief, rng: Random) -> Financement:
    money = Financement(cout="gratuit", frais=rng.choice(phrases.FRAIS), conventionne="non")
    if rng.random() < 0.12:
        money = Financement(cout="payant", prix=rng.choice((30, 60, 120)), prise_en_charge=True, conventionne="non")
    if rng.random() < 0.8:
        money.conventionne = "oui"
        money.financeurs = [
            Financeur(code, programme, f"{brief.begins.year}-{rng.randrange(1, 1000):04d}", rng.choice((None, 12, 24)))
            for code, programme in rng.choice(phrases.SUBVENTIONS)
        ]
    return money


# --- Later changes of a content -----------------------------------------------------------------------


def renew(content: Contenu, rng: Random) -> Contenu:
    """The next version of a published fiche: a new session, fewer free places, a longer description."""
    action = content.actions[0]
    last = action.sessions[-1]
    assert last.fin is not None
    start = _on_weekday(last.fin + timedelta(70), action.creneaux[0].jour)
    action.sessions.append(Session(content.new_id(Session), start, start + timedelta(280), "1", action.effectif_max))
    last.recrutement, last.places_libres = "2", 0
    content.formation.contenu = f"{content.formation.contenu}\n{rng.choice(phrases.NOUVEAUTES)}"
    return content


def faulty(content: Contenu, remark: phrases.Remark) -> Contenu:
    """The content without the value that the remark asks for."""
    put(content, remark.pattern, "")
    return content


def corrected(content: Contenu, remark: phrases.Remark) -> Contenu:
    put(content, remark.pattern, remark.answer)
    return content


def put(target: Any, pattern: str, value: str) -> None:
    """Sets the same text at every spot of a pattern."""
    name, _, rest = pattern.partition(".")
    inner = getattr(target, name.removesuffix("[]"), None)
    if not rest:
        setattr(target, name, value)
        return
    for item in inner if isinstance(inner, list) else [inner]:
        put(item, rest, value)


def begun(content: Contenu, steps: int) -> Contenu:
    """The content when only the first `steps` pages are filled."""
    blank = Contenu(dernier_repere=content.dernier_repere)
    if steps < 7:
        content.financement = blank.financement
    if steps < 6:
        content.inscription = blank.inscription
        for action in content.actions:
            action.sessions = []
        content.formation.contact = Contact()
    if steps < 5:
        content.lieux = []
        content.actions = [Action(id=action.id) for action in content.actions[:1]]
    if steps < 4:
        said = content.formation
        content.formation = Formation(
            intitule=said.intitule,
            domaines=said.domaines,
            objectif=said.objectif,
            contenu=said.contenu,
            espaces_sociaux=said.espaces_sociaux,
        )
    if steps < 3:
        content.formation = Formation(intitule=content.formation.intitule, domaines=content.formation.domaines)
    if steps < 2:
        content.formation = Formation()
    return content


def spread(themes: Sequence[Theme], rank: int) -> tuple[Theme, int]:
    """Theme and title number of the fiche of this rank: every theme is used once before a second title is."""
    return themes[rank % len(themes)], rank // len(themes)
