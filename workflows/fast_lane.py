"""The fast lane: free places, state of the inscriptions and small shifts of dates of a published
session, by its own structure. Applied at once, logged, in the next flow, without moderation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from backoffice.models import FicheState, Revision, SessionUpdate, User
from backoffice.models.content import Contenu
from backoffice.models.content import Session as ContentSession
from backoffice.models.dates import short_day
from backoffice.models.vocabulary import RECRUTEMENTS
from backoffice.permissions import Permission

from .case import Case, Refused
from .engine import authorised, lock, record
from .publication import effective_content, present_fragment, show

EVENT = "mettre_a_jour"
LARGEST_SHIFT = timedelta(days=21)
"""A date may move by so much from the approved one; more is a new version to be moderated."""


@dataclass(frozen=True)
class Change:
    """New values of one session, named by its local ids. None: unchanged."""

    action: str
    session: str
    recrutement: str | None = None
    places_libres: int | None = None
    debut: date | None = None
    fin: date | None = None


def update_session(session: Session, fiche_id: int, change: Change, actor: User) -> bool:
    """Applies a change; False when it changes nothing. Raises Refused."""
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.WRITE_FICHE, fiche):
        raise Refused("Vous ne pouvez pas modifier cette fiche.")
    if fiche.state is not FicheState.PUBLIEE:
        raise Refused("Cette fiche n’est pas publiée : ses places et ses dates se changent dans la fiche.")
    revision = session.get_one(Revision, fiche.published_revision_id)
    approved = _find(revision.content, change)
    current = _find(effective_content(session, revision), change)
    _check(change, approved, current)
    said = _difference(change, current)
    if not said:
        return False
    session.add(
        SessionUpdate(
            revision_id=revision.id,
            action=change.action,
            session=change.session,
            recrutement=change.recrutement,
            places_libres=change.places_libres,
            debut=change.debut.isoformat() if change.debut else None,
            fin=change.fin.isoformat() if change.fin else None,
            actor_id=actor.id,
        )
    )
    session.flush()
    case = Case(session, fiche, revision, actor, f"{change.action}, {change.session} : {said}")
    show(session, fiche, present_fragment(session, fiche, case.at), case.at)
    record(case, EVENT, FicheState.PUBLIEE, FicheState.PUBLIEE)
    session.flush()
    return True


def _find(content: Contenu, change: Change) -> ContentSession:
    for action in content.actions:
        for row in action.sessions:
            if (action.id, row.id) == (change.action, change.session):
                return row
    raise Refused("Ces dates n’existent pas dans la fiche publiée.")


def _check(change: Change, approved: ContentSession, current: ContentSession) -> None:
    if change.recrutement is not None and change.recrutement not in RECRUTEMENTS:
        raise Refused("Choisissez l’état des inscriptions dans la liste.")
    if change.places_libres is not None and not 0 <= change.places_libres <= 9_999:
        raise Refused("Le nombre de places libres va de 0 à 9999.")
    for new, old in ((change.debut, approved.debut), (change.fin, approved.fin)):
        if new is not None and (old is None or abs(new - old) > LARGEST_SHIFT):
            raise Refused(
                f"Une date peut être décalée de {LARGEST_SHIFT.days} jours au plus sans vérification. "
                "Pour un changement plus grand, modifiez la fiche."
            )
    start, end = change.debut or current.debut, change.fin or current.fin
    if start and end and end < start:
        raise Refused("Le dernier jour est avant le premier.")


def _difference(change: Change, current: ContentSession) -> str:
    """What changes, in words, for the history."""
    words = []
    if change.recrutement is not None and change.recrutement != current.recrutement:
        words.append(RECRUTEMENTS[change.recrutement].lower())
    if change.places_libres is not None and change.places_libres != current.places_libres:
        words.append(f"{change.places_libres} places libres")
    if change.debut is not None and change.debut != current.debut:
        words.append(f"commence le {short_day(change.debut)}")
    if change.fin is not None and change.fin != current.fin:
        words.append(f"finit le {short_day(change.fin)}")
    return ", ".join(words)
