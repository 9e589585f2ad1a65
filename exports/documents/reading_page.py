"""A fiche as its readers see it: blocks of labelled answers, in page order.

Each Line lists the values that it shows. A value that no line of its block lists is shown at the end, under its
own label, so that a new value is declared only once, in the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from backoffice.core.dates import hour, long_day
from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Contenu,
    Lieu,
    Niveaux,
    Spot,
    leaves,
    seen_by,
    spots,
    vocabulary,
)
from backoffice.models.content.vocabulary import PARCOURS_OF, Dispositif
from backoffice.models.values import telephones
from exports.fragment import words

Words = str | list[Any]
"""A text, or a list of items: a text or a pair (text, nested list)."""


@dataclass(frozen=True)
class Line:
    """values: patterns of the values that the line shows; the pattern of a part covers all its values."""

    label: str
    words: Words
    values: tuple[str, ...]


@dataclass
class Page:
    """Blocks of the page. groups: one (title, lines) pair per group."""

    general: list[Line]
    joining: list[Line]
    money: list[Line]
    structure: list[Line]
    groups: list[tuple[str, list[Line]]] = field(default_factory=list)


def page(content: Contenu, dispositif: Dispositif) -> Page:
    made = Page(
        _block(content, None, _general(content, dispositif), "formation."),
        _block(content, None, _joining(content), "inscription."),
        _block(content, None, _money(content), "financement."),
        _block(content, None, _structure(content), "structure."),
    )
    for rank, action in enumerate(content.actions, 1):
        lines = _block(content, action, _group(content, action), "actions[].", "lieux[].")
        made.groups.append((action.nom or f"Groupe {rank}", lines))
    return made


def _block(content: Contenu, action: Action | None, lines: Iterable[Line], *parts: str) -> list[Line]:
    lines = list(lines)
    said = {value for line in lines for value in line.values}
    rest = [spot.pattern for part in parts for spot in _unsaid(part, said)]
    return [line for line in (*lines, *_plain(content, action, *rest)) if line.words]


def _unsaid(part: str, said: Iterable[str]) -> Iterator[Spot]:
    """Visible values of a part that are not in `said`."""
    for spot in leaves():
        inside = f"{spot.pattern}."
        if inside.startswith(part) and not spot.hidden and not any(inside.startswith(f"{name}.") for name in said):
            yield spot


def _plain(content: Contenu, action: Action | None, *patterns: str) -> Iterator[Line]:
    for pattern in patterns:
        yield Line(spots()[pattern].label, _words(seen_by(content, action, pattern), spots()[pattern]), (pattern,))


def _words(value: Any, spot: Spot) -> Words:
    """An answer in French words; "" for False, None or an empty value."""
    if isinstance(value, bool):
        return "Oui" if value else ""
    if isinstance(value, date):
        return long_day(value)
    if isinstance(value, time):
        return hour(value)
    if isinstance(value, list):
        return words.labels(value, spot.choices) if spot.choices else "\n".join(value)
    return "" if value is None else str(spot.choices.get(value, value))


def _others(row: Any, part: str, *said: str) -> list[str]:
    """«label : answer» for each answered value of a row that is not in `said`."""
    rest = _unsaid(part, [f"{part}{name}" for name in said])
    told = ((spot.label, _words(getattr(row, spot.name), spot)) for spot in rest)
    return [f"{label} : {answer}" for label, answer in told if answer]


def _joined(parts: Iterable[str], separator: str = "\n") -> str:
    return separator.join(part for part in parts if part)


def _levels(levels: Niveaux) -> str:
    return _joined((words.entry_level(levels), words.aimed_level(levels)))


def _address(adresse: Adresse) -> str:
    return "\n".join(adresse.envelope)


def _contact(person: Contact) -> str:
    telephone = f"Téléphone : {telephones.shown(person.telephone)}" if person.telephone else ""
    courriel = f"E-mail : {person.courriel}" if person.courriel else ""
    return _joined((_joined((person.prenom, person.nom), " "), telephone, courriel))


def _general(content: Contenu, dispositif: Dispositif) -> Iterator[Line]:
    said = content.formation
    yield from _plain(content, None, "formation.objectif", "formation.contenu", "formation.domaines")
    yield from _plain(content, None, "formation.espaces_sociaux", "formation.objectifs_oepre", "formation.publics")
    yield from _plain(content, None, "formation.info_publics", "formation.visees")
    exam = _joined((said.certification, said.code_certification), " – ")
    yield Line("Examen ou diplôme préparé", exam, ("formation.certification", "formation.code_certification"))
    parcours = vocabulary.PARCOURS[said.parcours or PARCOURS_OF[dispositif]]
    yield Line("Parcours", parcours, ("formation.parcours",))
    yield Line("Niveau", _levels(said.niveaux), ("formation.niveaux",))
    needed = "formation.niveau_obligatoire"
    yield Line(spots()[needed].label, "Oui" if said.niveau_obligatoire else "Non", (needed,))
    conditions = said.conditions or words.NO_CONDITION
    yield Line("Conditions pour participer", conditions, ("formation.conditions",))
    yield Line("Ce que l’on obtient à la fin", said.resultats or words.NO_RESULT, ("formation.resultats",))
    # These values are shown elsewhere: the title above, the contact and the web page below.
    yield Line("", "", ("formation.intitule", "formation.contact", "formation.url"))


def _group(content: Contenu, action: Action) -> Iterator[Line]:
    lieu = content.place_of(action) or Lieu()
    yield Line("Où", _address(lieu.adresse), ("actions[].lieu", "lieux[].adresse"))
    yield Line("Numéro UAI", lieu.uai, ("lieux[].uai",))
    rhythm = ("actions[].nom", "actions[].creneaux[]", "actions[].intensite", "actions[].rythme")
    yield Line("Horaires", words.rhythm(action), rhythm)
    yield from _plain(content, action, "actions[].format", "actions[].presence")
    yield Line("Niveau du groupe", _levels(action.niveaux), ("actions[].niveaux",))
    hours = f"{action.hours} h" if action.hours is not None else ""
    yield Line("Nombre d’heures en tout", hours, ("actions[].heures_total", "actions[].semaines"))
    breaks = "L’atelier a lieu aussi" if action.vacances else ""
    yield Line("Pendant les vacances scolaires", breaks, ("actions[].vacances",))
    on_site = f"{action.heures_centre} h" if action.heures_centre is not None else ""
    yield Line("Dont heures sur place", on_site, ("actions[].heures_centre",))
    yield Line("Durée", action.duree, ("actions[].duree",))
    sizes = [str(size) for size in (action.effectif_min, action.effectif_max) if size is not None]
    people = f"{' à '.join(sizes)} personnes" if sizes else ""
    yield Line("Places", people, ("actions[].effectif_min", "actions[].effectif_max"))
    yield Line("Organisation", action.organisation, ("actions[].organisation",))
    yield from _plain(content, action, "actions[].garde_enfants", "lieux[].acces_handicapes", "lieux[].transport")
    yield Line("Dates", list(_sessions(action)), ("actions[].sessions[]",))


def _sessions(action: Action) -> Iterator[str | tuple[str, list[str]]]:
    if not any(session.debut for session in action.sessions):
        return
    part = "actions[].sessions[]."
    named = ("debut", "fin", "mois_seulement", "recrutement", "places_libres", "recrutements[]")
    for session in action.sessions:
        state = vocabulary.RECRUTEMENTS.get(session.recrutement, "")
        free = f"{session.places_libres} places libres" if session.places_libres is not None else ""
        said = _joined((state, free, *_others(session, part, *named)), ", ")
        appointments = [words.appointment(found, session) for found in session.recrutements]
        yield f"{words.period(session)} – {said}", appointments


def _joining(content: Contenu) -> Iterator[Line]:
    entry = content.inscription
    yield from _plain(content, None, "inscription.entrees", "inscription.modalites", "inscription.recrutement")
    first = f"du {long_day(entry.debut)}" if entry.debut else ""
    last = f"au {long_day(entry.fin)}" if entry.fin else ""
    yield Line("Inscriptions", _joined((first, last), " "), ("inscription.debut", "inscription.fin"))
    yield from _plain(content, None, "inscription.reunion", "inscription.perimetre", "inscription.ou")
    address = _address(entry.adresse) if entry.ou == "autre" else ""
    yield Line("Adresse d’inscription", address, ("inscription.adresse",))
    yield Line("Personne à contacter", _contact(content.formation.contact), ())
    yield Line("Personne qui inscrit", _contact(entry.contact), ("inscription.contact",))
    yield from _plain(content, None, "formation.url")


def _money(content: Contenu) -> Iterator[Line]:
    money = content.financement
    price = f" : {money.prix} €" if money.prix else ""
    yield Line("Prix", vocabulary.COUTS.get(money.cout, "") + price, ("financement.cout", "financement.prix"))
    yield from _plain(content, None, "financement.frais", "financement.prise_en_charge")
    yield from _plain(content, None, "financement.conventionne", "financement.lot")
    for row in money.financeurs:
        places = f"{row.places} places" if row.places is not None else ""
        programme = vocabulary.PROGRAMMES.get(row.programme, "")
        others = _others(row, "financement.financeurs[].", "code", "programme", "reference", "places")
        said = (vocabulary.FINANCEURS.get(row.code, ""), programme, row.reference, places, *others)
        yield Line("Financeur", _joined(said, " – "), ())
    yield Line("", "", ("financement.financeurs[]",))


def _structure(content: Contenu) -> Iterator[Line]:
    said, carrier = content.structure, content.structure.carrier
    yield Line(said.nom, _address(said.adresse), ("structure.nom", "structure.adresse"))
    yield from _plain(content, None, "structure.raison_sociale")
    yield Line("Type de structure", vocabulary.CATEGORIES.get(said.categorie, ""), ("structure.categorie",))
    siret = said.siret or ("" if carrier else words.NO_SIRET)
    yield Line("Numéro SIRET", siret, ("structure.siret",))
    lent = f"{carrier.nom}\nSIRET {carrier.siret}" if carrier else ""
    yield Line("Structure porteuse", lent, ("structure.porteuse",))
    declared = said.numero_activite or words.NO_ACTIVITY
    yield Line("Numéro de déclaration d’activité", declared, ("structure.numero_activite",))
    yield from _plain(content, None, "structure.rna")
    yield Line("Numéro UAI", said.uai, ("structure.uai",))
    teacher = _joined((said.formateur_nom, said.formateur_siret), "\nSIRET ")
    yield Line("Organisme qui donne les cours", teacher, ("structure.formateur_nom", "structure.formateur_siret"))
    yield Line("Accueil", _contact(said.contact), ("structure.contact",))
    yield Line("Site internet", said.site, ("structure.site",))
    yield Line("E-mail de la direction", said.courriel, ("structure.courriel",))
    yield Line("Accueil des formateurs", _contact(said.formateur), ("structure.formateur",))
