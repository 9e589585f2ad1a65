"""The steps of the guided path, filled with the words of a sample.

What a sample does not say (social spaces, language levels, price) is answered as a person would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time

from playwright.sync_api import Locator

from backoffice.models.content import vocabulary
from backoffice.models.content.vocabulary import Dispositif

from .person import Person, Where, part
from .sample import Sample

ORGANISME = "organisme-formation-responsable"
ON = "Enregistrer et continuer"


@dataclass
class Group:
    """A group as told in the sample's own sentences. slots: (jour, start, end)."""

    name: str = ""
    slots: tuple[tuple[str, time, time], ...] = ()
    format: str = "collectif"
    levels: tuple[str, str] | None = None
    smallest: int | None = None
    largest: int | None = None
    rhythm: str = ""
    organisation: str = ""
    duration: str = ""


GENERAL_EMAIL = f"{ORGANISME}/coordonnees-organisme/coordonnees/courriel"


@dataclass
class Answers:
    """What is chosen in lists, beside the words of the sample."""

    sample: Sample
    groups: list[Group] = field(default_factory=lambda: [Group()])
    spaces: tuple[str, ...] = ("ecole", "sante")
    entry: tuple[str, str] = ("infra A1.1", "alpha")
    aimed: tuple[str, str] = ("B1", "B1")
    wrong_email: bool = False
    """The general address of the structure is one of the sample's faults: no such domain can exist."""


def oral(code: str) -> str:
    return vocabulary.NIVEAUX_ORAL[code]


def written(code: str) -> str:
    return vocabulary.NIVEAUX_ECRIT[code]


def section(person: Person, title: str) -> Locator:
    return person.page.get_by_role("region", name=title, exact=True)


def contact(person: Person, where: Where, sample: Sample, path: str) -> None:
    said = f"{path}/coordonnees"
    person.write(where, "Nom", sample(f"{said}/nom"))
    person.write(where, "Prénom", sample(f"{said}/prenom"))
    person.write(where, "Téléphone", sample(f"{said}/telfixe/numtel"))
    person.write(where, "Adresse e-mail", sample(f"{said}/courriel"))


def address(person: Person, where: Where, sample: Sample, path: str) -> None:
    person.write(where, "Code postal", sample(f"{path}/codepostal"))
    person.write(where, "Ville", sample(f"{path}/ville"))


def structure(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Votre structure")
    person.write(page, "Nom de la structure", sample(f"{ORGANISME}/nom-organisme"))
    person.write(page, "Nom officiel", sample(f"{ORGANISME}/raison-sociale"))
    person.tick(page, "Vous êtes", "Association")
    person.write(page, "Numéro SIRET", sample(f"{ORGANISME}/SIRET-organisme-formation/SIRET"))
    where = section(person, "Où se trouve la structure")
    path = f"{ORGANISME}/coordonnees-organisme/coordonnees/adresse"
    # The name of the building, as on an envelope, above the street.
    person.write(where, "Numéro et rue", sample(f"{path}/ligne"))
    person.write(where, "Nom du bâtiment ou du service", sample(f"{path}/denomination"))
    address(person, where, sample, path)
    contact(person, section(person, "Comment joindre la structure"), sample, f"{ORGANISME}/contact-organisme")
    others = person.fold("D’autres adresses de la structure")
    if not answers.wrong_email:
        person.write(others, "Adresse e-mail de la direction", sample(GENERAL_EMAIL))
    contact(person, others, sample, "action/organisme-formateur/contact-formateur")
    person.press(ON)


def title(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("L’action en quelques mots")
    person.write(page, "Intitulé", sample("intitule-formation"))
    domains = [vocabulary.DOMAINES[code] for code in sample.codes("domaine-formation/code-FORMACODE")]
    person.tick(page, "Ce que l’on apprend", *domains)
    person.write(page, "Page internet", sample("url-formation/urlweb"))
    person.press(ON)


def content(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Objectifs et contenu")
    person.write(page, "Objectifs", sample("objectif-formation"))
    person.write(page, "Contenu", sample("contenu-formation"))
    person.write(page, "Ce que l’on obtient à la fin", sample("resultats-attendus"))
    spaces = [vocabulary.ESPACES_SOCIAUX[code] for code in answers.spaces]
    person.tick(page, "Espaces sociaux travaillés", *spaces)
    person.press(ON)


def public(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Pour qui, dans quel but")
    people = [vocabulary.PUBLICS[code] for code in sample.codes("action/code-public-vise")]
    person.tick(page, "Pour qui", *people)
    person.write(page, "Précisions sur le public", sample("action/info-public-vise"))
    person.write(page, "Conditions pour participer", sample("action/conditions-specifiques"))
    person.tick(page, "Dans quel but", vocabulary.VISEES["sociale"])
    person.choose(page, "Niveau à l’oral en arrivant", oral(answers.entry[0]))
    person.choose(page, "Niveau à l’écrit en arrivant", written(answers.entry[1]))
    person.choose(page, "Niveau visé à l’oral", oral(answers.aimed[0]))
    person.choose(page, "Niveau visé à l’écrit", written(answers.aimed[1]))
    if sample("action/niveau-entree-obligatoire") == "1":
        page.get_by_label("Ce niveau est indispensable pour entrer").check()
    person.press(ON)


def places(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Lieux, groupes et horaires")
    where = part(page, "Lieu 1")
    path = "action/lieu-de-formation/coordonnees/adresse"
    person.write(where, "Nom du lieu", sample(f"{path}/denomination"))
    person.write(where, "Numéro et rue", sample(f"{path}/ligne"))
    address(person, where, sample, path)
    person.write(where, "Accès pour les personnes handicapées", sample("action/acces-handicapes"))
    for rank, group in enumerate(answers.groups, 1):
        if rank > 1:
            person.press("Ajouter un groupe")
        one_group(person, part(page, f"Groupe {rank}"), group)
    person.press(ON)


def one_group(person: Person, where: Locator, group: Group) -> None:
    person.write(where, "Nom du groupe", group.name)
    person.choose(where, "En groupe ou en individuel", vocabulary.FORMATS[group.format])
    for rank, (day, start, end) in enumerate(group.slots, 1):
        slot = part(where, f"Créneau {rank}")
        person.choose(slot, "Jour", vocabulary.JOURS[day])
        person.write(slot, "Début", start)
        person.write(slot, "Fin", end)
    person.write(where, "Précisions sur le rythme", group.rhythm)
    person.write(where, "Durée, en quelques mots", group.duration)
    person.write(where, "Nombre minimum de personnes", group.smallest)
    person.write(where, "Nombre maximum de personnes", group.largest)
    if group.levels:
        person.choose(where, "Niveau à l’oral en arrivant", oral(group.levels[0]))
        person.choose(where, "Niveau visé à l’oral", oral(group.levels[1]))
    person.write(where, "Organisation du groupe", group.organisation)


def sessions(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Dates et inscription")
    person.tick(page, "Quand peut-on arriver", vocabulary.ENTREES[sample("action/modalites-entrees-sorties")])
    for rank in range(1, len(answers.groups) + 1):
        dates = part(part(page, f"Groupe {rank}"), "Dates 1")
        person.write(dates, "Premier jour", sample.day("action/session/periode/debut"))
        person.write(dates, "Dernier jour", sample.day("action/session/periode/fin"))
        person.choose(dates, "Inscriptions", vocabulary.RECRUTEMENTS[sample("action/session/etat-recrutement")])
    person.write(page, "Comment s’inscrire", sample("action/session/modalites-inscription"))
    person.write(page, "Début des inscriptions", sample.day("action/session/periode-inscription/periode/debut"))
    person.write(page, "Fin des inscriptions", sample.day("action/session/periode-inscription/periode/fin"))
    person.tick(page, "Où s’inscrit-on", vocabulary.LIEUX_INSCRIPTION["sur_place"])
    contact(person, section(person, "Qui renseigne les personnes"), sample, "contact-formation")
    other = person.fold("Une autre personne pour s’inscrire")
    contact(person, other, sample, "action/session/contact-session")
    person.press(ON)


def funding(person: Person, answers: Answers) -> None:
    sample, page = answers.sample, person.page
    person.title("Financement et obligations")
    person.tick(page, "Prix pour la personne", "Gratuit")
    person.tick(page, "Action subventionnée", "Oui" if sample("action/conventionnement") == "1" else "Non")
    money = part(page, "Financeur 1")
    path = "action/organisme-financeur"
    person.choose(money, "Financeur", vocabulary.FINANCEURS[sample(f"{path}/code-financeur")])
    programme = sample(f"{path}/extras/extra[@info='ref-action-marche-financeur']")
    person.choose(money, "Programme", vocabulary.PROGRAMMES[programme])
    person.write(money, "Places financées", sample(f"{path}/nb-places-financees"))
    person.press(ON)


STEPS: tuple[Callable[[Person, Answers], None], ...] = (structure, title, content, public, places, sessions, funding)


def new_fiche(person: Person, dispositif: Dispositif = Dispositif.ASL) -> None:
    """From the list of fiches to the first step, by the first question: what is to be described."""
    person.follow("Nouvelle fiche")
    person.page.get_by_role("radio", name=vocabulary.DISPOSITIF_HELP[dispositif]).check()
    person.inputs += 1
    person.press("Commencer")


def to_step(person: Person, title: str) -> None:
    """By the list of steps, which is folded on a phone."""
    folded = person.page.get_by_text("Toutes les étapes")
    if folded.is_visible():
        folded.click()
    person.follow(title, person.page.get_by_role("navigation", name="Étapes de la fiche"))


def fill(person: Person, answers: Answers) -> None:
    for step in STEPS:
        step(person, answers)
    person.title("Relecture et envoi")
