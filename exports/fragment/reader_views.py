"""What each reader of the flows would show of a content, and the field to change beside each loss.

The content is written as it would be in a flow, then read as the reader does: see exports.lheo.consumers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from backoffice.core.clock import now
from backoffice.core.text import clean
from backoffice.models.content import Contenu, dump, load
from backoffice.models.content.vocabulary import Dispositif
from exports.lheo import data_inclusion
from exports.lheo.cards import Card, Loss, Tree, rows
from exports.lheo.consumers import DATA_INCLUSION, READERS, RULES, Effect, Reader
from exports.lheo.data_inclusion_score import score

from .build import Identity, formation


@dataclass(frozen=True)
class Drop:
    """One loss at one reader. path: spot to change, "" when there is none. message: what is lost, in plain French."""

    consumer: str
    path: str
    message: str
    effect: Effect


@dataclass(frozen=True)
class View:
    """What one reader shows. No card: the fiche does not appear there.

    scores: quality of each card by the reader's own score, between 0 and 1; () when it has none or is not installed.
    """

    reader: Reader
    cards: tuple[Card, ...]
    drops: tuple[Drop, ...]
    scores: tuple[float, ...] = ()

    def rows(self, card: Card) -> list[tuple[str, str]]:
        """(label, text) of a card without its title and description; "" for what it does not show."""
        return rows(card, (name for name in self.reader.fields if name not in ("title", "description")))


def views(content: Contenu, dispositif: Dispositif) -> list[View]:
    """One view per reader, in the order of the table, as if the content were published now."""
    tree = Tree.of(_written(content, dispositif))
    found = []
    for reader in READERS.values():
        shown = reader.show(tree)
        drops = dict.fromkeys(_drop(reader, loss, content) for loss in shown.losses)
        found.append(View(reader, tuple(shown.cards), tuple(drops), _scores(reader, tree.root)))
    return found


def _scores(reader: Reader, root: etree._Element) -> tuple[float, ...]:
    if reader.name != DATA_INCLUSION:
        return ()
    scores = [score(service) for service in data_inclusion.services(root)]
    return tuple(found for found in scores if found is not None) if None not in scores else ()


def drops(content: Contenu, dispositif: Dispositif) -> Iterator[Drop]:
    """What readers leave out or show otherwise; what they only lack is not listed."""
    for view in views(content, dispositif):
        if not view.reader.through:
            yield from (drop for drop in view.drops if drop.effect is not Effect.LACKING)


def _written(content: Contenu, dispositif: Dispositif) -> etree._Element:
    at = now()
    identity = Identity("apercu", "apercu", dispositif, at, at)
    try:
        return formation(content, identity)
    except ValueError:  # characters that XML forbids: forms remove them, a rule may be tried on any text
        return formation(load(_cleaned(dump(content))), identity)


def _cleaned(value: Any) -> Any:
    """The same JSON value with its texts cleaned."""
    if isinstance(value, dict):
        return {name: _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return clean(value, multiline=True) if isinstance(value, str) else value


def _drop(reader: Reader, loss: Loss, content: Contenu) -> Drop:
    rule = RULES[loss.code]
    words = _PLAIN.get(loss.code, rule.words)
    groups = [rank + 1 for rank in (loss.other, loss.action) if rank is not None]
    if len(groups) == 2:
        words = words.format(*groups)
    elif "[]" in rule.field and len(content.actions) > 1 and groups:
        words = f"Groupe {groups[0]} : {words[:1].lower()}{words[1:]}"
    return Drop(reader.name, _path(rule.field, loss, content), f"{words} {loss.told}".strip(), rule.effect)


def _path(field: str, loss: Loss, content: Contenu) -> str:
    """The path of the pattern for the group of the loss, or for the place of that group."""
    rank = loss.action or 0
    first, dot, rest = field.partition("[].")
    if not dot:
        return field.replace(".", "-")
    if first == "lieux":
        place = content.place_of(content.actions[rank]) if rank < len(content.actions) else None
        rank = next((at for at, lieu in enumerate(content.lieux) if lieu is place), 0)
    return f"{first}-{rank}-{rest.replace('.', '-')}"


_PLAIN = {
    "domaine": "Aucun des domaines choisis n’y est repris : la fiche n’y figure pas.",
    "titre": "L’intitulé y est coupé à 150 caractères.",
    "sans-lien": "Le lien y mène à un autre annuaire, faute de page internet.",
    "sans-lieu": "Sans lieu, ce groupe n’y figure pas.",
    "semblable": "Les groupes {} et {} se ressemblent : un seul des deux y figure.",
    "public-ignore": "Aucun public n’y est montré : ceux que vous avez choisis n’y ont pas d’équivalent.",
    "autres-publics": "Un seul public y est montré, le plus parlant.",
    "gratuit": "Le prix y est « Gratuit », alors qu’il reste quelque chose à payer : c’est dit à côté.",
    "frais": "Ce qui reste à payer n’y est pas montré.",
    "sans-prix": "Le prix n’y est pas montré.",
    "presence": "« En partie à distance » et « entièrement à distance » y sont montrés l’un pour l’autre.",
    "perimetre": "Elle y est ouverte à toute la région : dites d’où l’on peut venir.",
    "injoignable": "Ni téléphone ni adresse e-mail n’y sont montrés.",
    "niveau": "Le niveau de français n’y est pas montré : il manque, ou le contenu est trop long pour l’ajouter.",
    "garde": "La garde d’enfants n’y est pas montrée : le contenu est trop long pour l’ajouter.",
    "sans-point": "Le lieu n’y est pas sur la carte : son adresse n’est pas située.",
    "adresse-structure": "L’adresse de la structure y est celle du lieu.",
    "sans-site": "La structure y est sans site internet.",
    "ri-un-public": "Elle n’y figure pas : il faut au moins deux publics.",
    "ri-code-postal": "Elle n’y figure pas : les codes postaux qui commencent par 0 y sont perdus.",
    "ri-payant": "Elle y est « payante » : dites que l’action est subventionnée, et par qui.",
    "ri-titre": "Le nom du lieu y sert de titre : donnez-en un.",
    "ri-niveau": "Le niveau de français n’y est pas montré.",
    "ri-point": "Le lieu n’y est pas sur la carte : son adresse n’est pas située.",
    "ri-sessions": "Seules les premières dates y sont montrées.",
    "anotea-reperes": "Elle n’y figure pas : il faut un numéro SIRET et un lieu avec son adresse.",
    "moteur-page": "La fiche n’a pas de page internet à montrer.",
    "30056": "Les groupes {} et {} sont identiques : le second y est refusé.",
    "30057": "Les groupes {} et {} ont le même lieu et moins de 10 h d’écart : le second y est refusé.",
}
"""Sentences of the pages for providers and moderators, where those of the rules speak of elements of LHEO."""
