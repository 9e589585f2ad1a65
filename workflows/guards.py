"""Conditions that a transition may ask for. Each raises Refused, in words, when it is not met."""

from __future__ import annotations

from collections.abc import Callable

from backoffice.models import RevisionState
from forms.paths import PATHS
from forms.review import review

from .case import Case, Refused


def all_of(*conditions: Callable[[Case], None]) -> Callable[[Case], None]:
    """Each of these conditions, in order."""

    def check(case: Case) -> None:
        for condition in conditions:
            condition(case)

    return check


def complete(case: Case) -> None:
    """Every step is valid and nothing that the dispositif requires is missing."""
    fiche, revision = case.fiche, case.revision
    missing = review(
        revision.content,
        PATHS[fiche.dispositif],
        revision.pending,
        siret_required=fiche.territoire.siret_obligatoire,
    ).blocking
    if missing:
        raise Refused("La fiche n’est pas encore complète : elle n’a pas été envoyée.", tuple(missing))


def not_in_moderation(case: Case) -> None:
    """No version of the fiche is waiting for a moderator."""
    if case.revision.state in (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION):
        raise Refused(
            "Une version de cette fiche est en cours de vérification. "
            "Attendez la réponse du modérateur avant de l’archiver."
        )
