"""What consumers of our flows would leave out. The facts were read in their public code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backoffice.core.dates import NBSP
from backoffice.models.content import Action, Contenu
from backoffice.reference.formacodes import domaines
from exports.lheo.consumers import CLOSE_HOURS, DATA_INCLUSION, EDOF, TITLE_SHOWN


@dataclass(frozen=True)
class Drop:
    """One loss at one consumer. path: spot that causes it, "" when there is none. message: what is left out, in French.

    whole: the whole fiche is left out, not a part of it.
    """

    consumer: str
    path: str
    message: str
    whole: bool = False


def drops(content: Contenu) -> Iterator[Drop]:
    for rule in RULES:
        yield from rule(content)


def _domain(content: Contenu) -> Iterator[Drop]:
    if content.formation.domaines and not set(content.formation.domaines) & domaines().keys():
        yield Drop(DATA_INCLUSION, "formation-domaines", "Aucun des domaines choisis n’y est repris.", whole=True)


def _title(content: Contenu) -> Iterator[Drop]:
    length = len(content.formation.intitule)
    if length > TITLE_SHOWN:
        message = f"L’intitulé y est coupé à {TITLE_SHOWN} caractères : il en a {length}."
        yield Drop(DATA_INCLUSION, "formation-intitule", message)


def _place(content: Contenu) -> Iterator[Drop]:
    for rank, action in enumerate(content.actions):
        if content.place_of(action) is None:
            yield Drop(DATA_INCLUSION, f"actions-{rank}-lieu", f"Le groupe {rank + 1} n’y figure pas sans lieu.")


def _same_town(content: Contenu) -> Iterator[Drop]:
    """Among actions with the same mode, weekly hours and town (the rest is shared by the fiche), one is kept."""
    seen: dict[tuple[object, ...], int] = {}
    for rank, action in enumerate(content.actions):
        lieu = content.place_of(action)
        town = lieu.adresse.code_insee if lieu else ""
        key = (action.presence, round(action.minutes_per_week / 60), town)
        if key in seen:
            yield Drop(
                DATA_INCLUSION,
                f"actions-{rank}-nom",
                f"Les groupes {seen[key] + 1} et {rank + 1} se ressemblent{NBSP}: un seul des deux y figure.",
            )
        seen.setdefault(key, rank)


def _identical(content: Contenu) -> Iterator[Drop]:
    """Codes 30056 and 30057: the same action, or less than ten hours apart in the same mode and place."""
    actions = list(enumerate(content.actions))
    for rank, action in actions:
        for earlier_rank, earlier in actions[:rank]:
            if _alike(content, action, earlier):
                yield Drop(
                    EDOF,
                    f"actions-{rank}-heures_total",
                    f"Les groupes {earlier_rank + 1} et {rank + 1} ont le même lieu et moins de {CLOSE_HOURS} h "
                    "d’écart : le second y est refusé.",
                )


def _alike(content: Contenu, one: Action, other: Action) -> bool:
    return (
        one.presence == other.presence
        and content.place_of(one) is content.place_of(other)
        and abs((one.hours or 0) - (other.hours or 0)) < CLOSE_HOURS
    )


RULES: tuple[Callable[[Contenu], Iterator[Drop]], ...] = (_domain, _title, _place, _same_town, _identical)
