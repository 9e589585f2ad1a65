"""Text of a Réfugiés.info page built from a fiche, section by section, to be copied there."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.dates import NBSP
from backoffice.models.content import Action, Contact, Contenu
from backoffice.models.content.vocabulary import COUTS, DOMAINES, ENTREES, PUBLICS, RECRUTEMENTS
from backoffice.models.values import telephones
from exports.fragment import words


@dataclass(frozen=True)
class Section:
    """One section. key: stable anchor of its block in the page. text: plain, lines separated by line feeds."""

    key: str
    title: str
    text: str


def sections(content: Contenu) -> list[Section]:
    """Sections in the order in which such a page is filled; empty sections are left out."""
    said = content.formation
    parts = {
        ("titre", "Titre"): said.intitule,
        ("structure", "Structure qui propose l’action"): content.structure.nom,
        ("resume", "En une phrase"): _summary(content),
        ("quoi", "De quoi s’agit-il ?"): _blocks(said.objectif, said.contenu, _list(words.social_spaces(content))),
        ("qui", "Pour qui ?"): _audience(content),
        ("interet", "Qu’est-ce que cela apporte ?"): _blocks(
            _list(words.labels(said.domaines, DOMAINES)), _list(words.aims(content)), words.RESULTS.write(content)
        ),
        ("ou-quand", "Où et quand ?"): "\n\n".join(_group(content, action) for action in content.actions),
        ("inscription", "Comment s’inscrire ?"): _blocks(
            ENTREES.get(content.inscription.entrees, ""), content.inscription.modalites, _cost(content)
        ),
        ("contact", "Contact"): _contact(said.contact),
    }
    return [Section(key, title, text.strip()) for (key, title), text in parts.items() if text.strip()]


def _summary(content: Contenu) -> str:
    towns = list(dict.fromkeys(lieu.adresse.ville for lieu in content.lieux if lieu.adresse.ville))
    where = f" à {', '.join(towns)}" if towns else ""
    return f"{content.structure.nom} propose « {content.formation.intitule} »{where}."


def _audience(content: Contenu) -> str:
    said = content.formation
    return _blocks(
        _list(words.labels(said.publics, PUBLICS)), said.info_publics, words.entry_level(said.niveaux), said.conditions
    )


def _group(content: Contenu, action: Action) -> str:
    lieu = content.place_of(action)
    place = ""
    if lieu:
        town = f"{lieu.adresse.code_postal} {lieu.adresse.ville}".strip()
        place = ", ".join(text for text in (lieu.adresse.denomination, *lieu.adresse.lignes, town) if text)
    dates = [f"{words.period(row)} ({RECRUTEMENTS.get(row.recrutement, '')})" for row in action.sessions if row.debut]
    return "\n".join(text for text in (action.nom, place, words.rhythm(action), _list(dates)) if text)


def _cost(content: Contenu) -> str:
    said = content.financement
    if not said.cout:
        return ""
    price = f"{NBSP}: {said.prix}{NBSP}€" if said.prix else ""
    return f"{COUTS.get(said.cout, '')}{price}." + (f" {said.frais}" if said.frais else "")


def _contact(person: Contact) -> str:
    name = " ".join(text for text in (person.prenom, person.nom) if text)
    return "\n".join(text for text in (name, telephones.shown(person.telephone), person.courriel) if text)


def _blocks(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _list(items: list[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
