"""Cards of a structure's list of fiches: state in words and next action."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.models import Campaign, Fiche, FicheAlert, FicheState, Revision, RevisionState
from backoffice.models.content import Contenu
from backoffice.models.content import Session as ContentSession
from backoffice.models.content.findings import Finding
from backoffice.models.content.timely import as_of
from backoffice.queries.fiches.register_alerts import alerts_of
from backoffice.queries.fiches.visibility import Visible, visibility

from .publication import last_day
from .published_faults import faults_of
from .renewals import Candidate, candidates

SOON = timedelta(30)
"""A session that begins within this time should state its free places."""

ENDING = timedelta(60)
"""A fiche whose last session ends within this time may be renewed at once."""


ONLINE = "En ligne."


class Next(StrEnum):
    """Next action of a fiche. The button's label is here; its page is in the template."""

    CORRIGER = "corriger"
    TERMINER = "terminer"
    SUSPENDUE = "suspendue"
    REFUSEE = "refusee"
    RECONDUIRE = "reconduire"
    PLACES = "places"
    REPRENDRE = "reprendre"
    RIEN = "rien"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Next.CORRIGER: "Répondre au modérateur",
    Next.TERMINER: "Terminer et envoyer",
    Next.SUSPENDUE: "Voir pourquoi et corriger",
    Next.REFUSEE: "Voir pourquoi et corriger",
    Next.RECONDUIRE: "Reconduire",
    Next.PLACES: "Dire les places libres",
    Next.REPRENDRE: "Voir la fiche archivée",
    Next.RIEN: "",
}


@dataclass(frozen=True)
class Card:
    """One fiche of the list. words: its state, in a sentence; why: reason of the next action, may be ""."""

    fiche: Fiche
    words: str
    next: Next
    why: str
    visible: Visible | None
    renewable: bool
    last_day: date | None
    alerts: Sequence[FicheAlert] = ()
    faults: Sequence[Finding] = ()
    """See published_faults."""

    @property
    def latest(self) -> Revision:
        return self.fiche.latest

    @property
    def quiet(self) -> bool:
        """Whether its words only state that it is online."""
        return self.words == ONLINE


def cards(session: Session, fiches: Sequence[Fiche], campaigns: Sequence[Campaign] = ()) -> list[Card]:
    """One card for each fiche, in order. The number of queries is constant."""
    today = local_day(now())
    known = {one.fiche.id: one for one in candidates(session, fiches)}
    seen = visibility(session, fiches)
    flagged = alerts_of(session, [fiche.id for fiche in fiches])
    wrong = faults_of(session, fiches)
    return [
        replace(
            _card(fiche, known.get(fiche.id), seen.get(fiche.id), campaigns, today),
            alerts=flagged.get(fiche.id, ()),
            faults=wrong.get(fiche.id, ()),
        )
        for fiche in fiches
    ]


def _card(
    fiche: Fiche, known: Candidate | None, visible: Visible | None, campaigns: Sequence[Campaign], today: date
) -> Card:
    step, why = _next(fiche, known, campaigns, today)
    renewable = known is not None and not known.obstacle
    return Card(fiche, _words(fiche), step, why, visible, renewable, known.last_day if known else None)


def _next(fiche: Fiche, known: Candidate | None, campaigns: Sequence[Campaign], today: date) -> tuple[Next, str]:
    latest = fiche.latest
    if fiche.merged_into_id is not None or latest.with_moderator:
        return Next.RIEN, ""
    if fiche.state is FicheState.ARCHIVEE:
        return (Next.RECONDUIRE, "") if known is not None and not known.obstacle else (Next.REPRENDRE, "")
    if latest.state is RevisionState.BROUILLON:
        return (Next.CORRIGER if fiche.returned else Next.TERMINER), ""
    if fiche.state is FicheState.SUSPENDUE:
        return Next.SUSPENDUE, ""
    if latest.state is RevisionState.REFUSEE:
        return Next.REFUSEE, ""
    assert known is not None, "une fiche ni brouillon, ni refusée, ni chez un modérateur est publiée"
    return _next_online(known, campaigns, today)


def _next_online(known: Candidate, campaigns: Sequence[Campaign], today: date) -> tuple[Next, str]:
    if last_day(known.content, today) is not None:
        return Next.RECONDUIRE, "La dernière session est terminée."
    if campaign := known.asked_by(campaigns):
        return Next.RECONDUIRE, f"La campagne se termine le {long_day(campaign.deadline)}."
    if any(_silent(row, today) for row in _sessions(as_of(deepcopy(known.content), today))):
        return Next.PLACES, "On ne sait pas s’il reste des places."
    if known.last_day is not None and known.last_day <= today + ENDING:
        return Next.RECONDUIRE, f"La dernière session se termine le {long_day(known.last_day)}."
    return Next.RIEN, ""


def _sessions(content: Contenu) -> list[ContentSession]:
    return [row for action in content.actions for row in action.sessions]


def _silent(row: ContentSession, today: date) -> bool:
    """Whether the session is open to new people, now or soon, and its free places are not stated."""
    near = row.debut is not None and row.debut <= today + SOON and (row.fin is None or row.fin >= today)
    return near and row.recrutement == "1" and row.places_libres is None


def _words(fiche: Fiche) -> str:
    """The state of the fiche, as a French sentence."""
    if fiche.merged_into_id is not None:
        return "Réunie avec une autre fiche."
    if fiche.state is FicheState.ARCHIVEE:
        return "Archivée : les lecteurs ne la voient plus."
    online = fiche.state is FicheState.PUBLIEE
    if fiche.state is FicheState.SUSPENDUE:
        return "Un modérateur a suspendu la publication : les lecteurs ne la voient plus."
    latest = fiche.latest
    if latest.with_moderator:
        waiting = "un modérateur la vérifie"
        return f"En ligne ; vous avez envoyé une nouvelle version : {waiting}." if online else f"Envoyée : {waiting}."
    if latest.state is RevisionState.BROUILLON:
        draft = "un modérateur demande une correction" if fiche.returned else "une nouvelle version est commencée"
        if online:
            return f"En ligne ; {draft}."
        return "Correction demandée par un modérateur." if fiche.returned else "Brouillon : vous seul le voyez."
    if latest.state is RevisionState.REFUSEE:
        return "En ligne ; la nouvelle version a été refusée." if online else "Refusée par un modérateur."
    return ONLINE
