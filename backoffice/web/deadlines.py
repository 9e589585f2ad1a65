"""The age of a revision in the queue and its deadline, in French words."""

from __future__ import annotations

from datetime import date, datetime

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.models import Revision, RevisionState
from backoffice.reference.public_holidays import working_days_between

WAITING = (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)


def age(at: datetime) -> str:
    """«aujourd’hui», «hier», «il y a 5 jours»"""
    days = (local_day(now()) - local_day(at)).days
    return {0: "aujourd’hui", 1: "hier"}.get(days, f"il y a {days} jours")


def is_late(revision: Revision) -> bool:
    return revision.state in WAITING and revision.due_on is not None and revision.due_on < local_day(now())


def deadline(revision: Revision) -> str:
    """«En retard de 2 jours ouvrés», «À traiter avant la fin du mardi 3 mars 2026»; "" without a deadline."""
    if revision.state is RevisionState.A_CORRIGER:
        return "" if revision.superseded else "Délai arrêté : la structure corrige"
    if revision.state not in WAITING or revision.due_on is None:
        return ""
    return _due(revision.due_on, local_day(now()), revision.fiche.territoire.working_region)


def _due(day: date, today: date, region: str) -> str:
    if day == today:
        return "À traiter aujourd’hui"
    if day > today:
        return f"À traiter avant la fin du {long_day(day)}"
    late = working_days_between(day, today, region)
    return f"En retard de {late} jour{'s' if late > 1 else ''} ouvré{'s' if late > 1 else ''}" if late else "En retard"
