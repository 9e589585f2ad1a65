"""The fast lane: a structure changes free places, entries, enrolment state and small date shifts of a published
session. Applied at once, logged, exported in the next flow, without moderation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, month_of, month_words, short_day
from backoffice.core.permissions import Permission
from backoffice.models import EntryCount, Fiche, FicheState, Revision, SessionUpdate, User
from backoffice.models.content import Contenu, dump
from backoffice.models.content import Session as ContentSession
from backoffice.models.content.findings import Finding
from backoffice.models.content.vocabulary import RECRUTEMENTS
from backoffice.models.transition_names import FicheTransition
from backoffice.models.values.faults import Fault
from backoffice.queries.fiches.monthly_entries import Entries, entries_of
from exports.lheo import fields
from forms.fiches.contradictions import contradictions
from workflows.case import Case, Refused

from .engine import authorised, lock, record
from .publication import current_content, present_fragment, show

MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Change:
    """New values of one session, identified by its local ids. None: unchanged.

    entrees: number of people who entered in `mois` («2026-11»). seen: `Present.stamp` of the page, "" when the change
    does not come from a page.
    """

    action: str
    session: str
    recrutement: str | None = None
    places_libres: int | None = None
    debut: date | None = None
    fin: date | None = None
    entrees: int | None = None
    mois: str = ""
    seen: str = ""


def full(change: Change) -> Change:
    """The change for a full session: no place left, enrolment closed."""
    return replace(change, recrutement="2", places_libres=0)


class Stale(Refused):
    """Optimistic-lock conflict: the session changed since the page was loaded; nothing is written."""


@dataclass(frozen=True)
class Present:
    """One session as currently published. title: of its group, else of the formation."""

    action: str
    title: str
    session: ContentSession
    entries: Entries

    @property
    def key(self) -> str:
        return f"{self.action}-{self.session.id}"

    @property
    def months(self) -> list[str]:
        """The months whose entries may be stated («2026-11»), latest first, at most MONTHS_SHOWN."""
        today = local_day(now())
        last = min(self.session.fin or today, today)
        first = self.session.debut or last
        found: list[str] = []
        while last >= first.replace(day=1) and len(found) < MONTHS_SHOWN:
            found.append(month_of(last))
            last = last.replace(day=1) - timedelta(days=1)
        return found

    @property
    def stamp(self) -> str:
        """Optimistic-lock stamp of what the page shows of this session."""
        text = json.dumps([dump(self.session), self.entries], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


def present(session: Session, fiche: Fiche) -> list[Present]:
    """The sessions of the published version, with their fast-lane updates."""
    content = current_content(session, session.get_one(Revision, fiche.published_revision_id))
    entries = entries_of(session, fiche)
    return [
        Present(action.id, action.nom or content.formation.intitule, row, entries.get((action.id, row.id), {}))
        for action in content.actions
        for row in action.sessions
    ]


def update_session(session: Session, fiche_id: int, change: Change, actor: User) -> bool:
    """Applies a change; False when nothing changes. Raises Refused with findings named after Change's fields, or
    Stale."""
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.WRITE_FICHE, fiche):
        raise Refused("Vous ne pouvez pas modifier cette fiche.")
    if fiche.state is not FicheState.PUBLIEE:
        raise Refused("Cette fiche n’est pas publiée : ses places et ses dates se changent dans la fiche.")
    revision = session.get_one(Revision, fiche.published_revision_id)
    approved = _find(revision.content, change)
    current = next(
        row for row in present(session, fiche) if (row.action, row.session.id) == (change.action, change.session)
    )
    _check(change, approved, current, fiche.territoire.decalage_dates)
    moved, entered = _difference(change, current.session), _entered(change, current.entries)
    if not moved and not entered:
        return False
    if change.seen and change.seen != current.stamp:
        raise Stale("Ces dates ont été mises à jour entre-temps. Relisez, puis enregistrez de nouveau si besoin.")
    if moved:
        refuse_contradictions(change, current_content(session, revision), local_day(now()))
    case = Case(session, fiche, revision, actor, f"{change.action}, {change.session} : {', '.join(moved + entered)}")
    if entered:
        _count(case, change)
    if moved:
        _apply(case, change)
    record(case, FicheTransition.METTRE_A_JOUR, FicheState.PUBLIEE, FicheState.PUBLIEE)
    return True


def _apply(case: Case, change: Change) -> None:
    case.session.add(
        SessionUpdate(
            revision_id=case.revision.id,
            action=change.action,
            session=change.session,
            recrutement=change.recrutement,
            places_libres=change.places_libres,
            debut=change.debut.isoformat() if change.debut else None,
            fin=change.fin.isoformat() if change.fin else None,
            actor_id=case.actor.id,
        )
    )
    case.session.flush()
    show(case.session, case.fiche, present_fragment(case.session, case.fiche), case.at)


def _count(case: Case, change: Change) -> None:
    case.session.add(
        EntryCount(
            fiche_id=case.fiche.id,
            action=change.action,
            session=change.session,
            month=change.mois,
            number=change.entrees,
            actor_id=case.actor.id,
        )
    )


def _find(content: Contenu, change: Change) -> ContentSession:
    for action in content.actions:
        for row in action.sessions:
            if (action.id, row.id) == (change.action, change.session):
                return row
    raise Refused("Ces dates n’existent pas dans la fiche publiée.")


def _check(change: Change, approved: ContentSession, current: Present, most: int) -> None:
    """most: maximum shift of a date from the approved one, in days; a larger shift needs a moderated version."""
    if change.recrutement == "":
        raise _wrong("recrutement", "Choisissez l’état des inscriptions dans la liste.")
    for name, said in (
        ("recrutement", change.recrutement), ("places_libres", change.places_libres), ("entrees", change.entrees),
    ):  # fmt: skip
        try:
            fields.value(f"actions[].sessions[].{'places_libres' if name == 'entrees' else name}", said)
        except Fault as fault:
            raise _wrong(name, str(fault)) from None
    if change.entrees is not None and change.mois not in current.months:
        raise _wrong("mois", "Choisissez un mois de la liste : un mois où le groupe a commencé.")
    for name, new, old in (("debut", change.debut, approved.debut), ("fin", change.fin, approved.fin)):
        if new is not None and (old is None or abs(new - old) > timedelta(days=most)):
            was = f" Elle a été validée au {short_day(old)}." if old else " Elle a été validée sans fin."
            raise _wrong(
                name,
                f"Cette date peut être décalée de {most} jours au plus sans vérification.{was} "
                "Pour un changement plus grand, modifiez la fiche.",
            )


def refuse_contradictions(change: Change, before: Contenu, today: date) -> None:
    """Refuses what would contradict the rest of the fiche. before: as published; it is modified.

    What contradicted before the change is not asked about here: the next version is.
    """
    known = set(contradictions(before, today))
    rank, session_rank, row = next(
        (rank, session_rank, row)
        for rank, action in enumerate(before.actions)
        for session_rank, row in enumerate(action.sessions)
        if (action.id, row.id) == (change.action, change.session)
    )
    for name in ("recrutement", "places_libres", "debut", "fin"):
        if getattr(change, name) is not None:
            setattr(row, name, getattr(change, name))
    here = f"actions-{rank}-sessions-{session_rank}-"
    findings = []
    for found in contradictions(before, today):
        if found not in known:
            name = next((spot.removeprefix(here) for spot in found.spots if spot.startswith(here)), "debut")
            findings.append(Finding(name, found.message))
    if findings:
        raise Refused(findings[0].message, tuple(findings))


def _wrong(name: str, message: str) -> Refused:
    return Refused(message, (Finding(name, message),))


def _difference(change: Change, current: ContentSession) -> list[str]:
    """The visible changes, in French, for the history."""
    words = []
    if change.recrutement is not None and change.recrutement != current.recrutement:
        words.append(RECRUTEMENTS[change.recrutement].lower())
    if change.places_libres is not None and change.places_libres != current.places_libres:
        words.append(f"{change.places_libres} places libres")
    if change.debut is not None and change.debut != current.debut:
        words.append(f"commence le {short_day(change.debut)}")
    if change.fin is not None and change.fin != current.fin:
        words.append(f"finit le {short_day(change.fin)}")
    return words


def _entered(change: Change, known: Mapping[str, int]) -> list[str]:
    if change.entrees is None or known.get(change.mois) == change.entrees:
        return []
    return [f"{change.entrees} personnes entrées en {month_words(change.mois)}"]
