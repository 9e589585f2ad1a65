"""Lines added to ``contenu-formation`` and ``info-public-vise`` for readers that show them nowhere else.

data·inclusion, and DORA and Réfugiés.info through it, have no field for the level, the hours, childcare or
accessibility, and merge groups that differ only by them. The import takes these lines off again.
"""

from __future__ import annotations

from collections.abc import Callable

from backoffice.core.dates import NBSP
from backoffice.models.content import Action, Contenu

from .words import Text, aimed_level, entry_level, one_line, schedule

SHORT_RESULT = 300
"""A longer «à la fin» stays in resultats-attendus: data·inclusion asks for descriptions under 2,000 characters."""

Told = Callable[[Contenu, Action], str]


def _by_group(told: Told) -> Callable[[Contenu, Action | None], str]:
    """The line common to all groups, else one line per group that has one, after its name."""

    def lines(content: Contenu, _action: Action | None) -> str:
        said = [told(content, action) for action in content.actions]
        if len(set(said)) <= 1:
            return said[0] if said else ""
        return "\n".join(
            f"{group_name(content, action)} – {text}"
            for action, text in zip(content.actions, said, strict=True)
            if text
        )

    return lines


def group_name(content: Contenu, action: Action) -> str:
    """«Groupe 2», with the name of the group if it has one; no two groups of a fiche have the same."""
    rank = next(rank for rank, row in enumerate(content.actions, 1) if row is action)
    return f"Groupe {rank} ({one_line(action.nom)})" if action.nom else f"Groupe {rank}"


def _entry(content: Contenu, action: Action) -> str:
    return entry_level(content.levels_of(action))


def _aimed(content: Contenu, action: Action) -> str:
    return aimed_level(content.levels_of(action))


def _hours(_content: Contenu, action: Action) -> str:
    told = schedule(action) or (f"{one_line(action.rythme)}." if action.rythme else "")
    return f"Jours et horaires{NBSP}: {told}" if told else ""


def _childcare(_content: Contenu, action: Action) -> str:
    told = one_line(action.garde_enfants)
    return f"Garde d’enfants{NBSP}: {told}." if told else ""


def _access(content: Contenu, action: Action) -> str:
    lieu = content.place_of(action)
    told = one_line(lieu.acces_handicapes) if lieu else ""
    return f"Accès pour les personnes handicapées{NBSP}: {told}." if told else ""


def _result(content: Contenu, _action: Action | None) -> str:
    told = one_line(content.formation.resultats)
    return f"À la fin{NBSP}: {told}." if told and len(told) <= SHORT_RESULT else ""


PROGRAMME = Text(
    "formation.contenu",
    "",
    (_by_group(_entry), _by_group(_aimed), _by_group(_hours), _by_group(_childcare), _by_group(_access), _result),
    "formation/contenu-formation",
)
"""Text of contenu-formation."""


def alike(content: Contenu, action: Action) -> bool:
    """Whether data·inclusion would merge this group with another: same mode, weekly hours and town.

    The other values that it compares are shared by all groups of a fiche.
    """
    return [_shown(content, row) for row in content.actions].count(_shown(content, action)) > 1


def _shown(content: Contenu, action: Action) -> tuple[object, ...]:
    lieu = content.place_of(action)
    town = (lieu.adresse.code_insee or lieu.adresse.ville) if lieu else ""
    return action.presence, round(action.minutes_per_week / 60), town


def _apart(content: Contenu, action: Action | None) -> str:
    """Lines that tell this group from those it would be merged with; "" when none is alike."""
    if action is None or not alike(content, action):
        return ""
    return "\n".join([f"{group_name(content, action)}.", _entry(content, action), _hours(content, action)])


AUDIENCE = Text("formation.info_publics", "", (_apart,), "formation/action/info-public-vise")
"""Text of info-public-vise, for each group."""
