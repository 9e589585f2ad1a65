"""What time makes false in a content: enrolment stated as open, or suspended, after registrations have closed."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from .parts import Contenu, Session

CLOSED = "2"  # etat-recrutement
DAY = timedelta(1)


def last_day(content: Contenu) -> date | None:
    """The last day of all sessions; None without sessions, or when one has no end."""
    days = [end_of(session) for action in content.actions for session in action.sessions]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def end_of(session: Session) -> date | None:
    """Its last day, that of the month when only the month is known; None when it has no end."""
    if session.fin is None or not session.mois_seulement:
        return session.fin
    return session.fin.replace(day=monthrange(session.fin.year, session.fin.month)[1])


def closed_since(content: Contenu, session: Session) -> date | None:
    """First day on which nobody can register: after the last day of registrations, or of the session if it is earlier.

    None when neither has an end.
    """
    ends = [day for day in (content.inscription.fin, end_of(session)) if day is not None]
    return min(ends) + DAY if ends else None


def as_of(content: Contenu, day: date) -> Contenu:
    """Closes the sessions whose registrations are over on this day, and forgets their free places.

    Modifies and returns `content` itself.
    """
    for session, since in _closing(content):
        if since <= day:
            session.recrutement, session.places_libres = CLOSED, None
    return content


def closes_on(content: Contenu) -> date | None:
    """First day on which what a content says of its enrolments is false; None when no day makes it false.

    content: as `as_of` returns it, else the day may be past.
    """
    return min((since for _, since in _closing(content)), default=None)


def last_closing(content: Contenu, day: date) -> date | None:
    """The latest day, up to this one, on which enrolments closed by themselves. content: before `as_of`."""
    return max((since for _, since in _closing(content) if since <= day), default=None)


def _closing(content: Contenu) -> Iterator[tuple[Session, date]]:
    """(session, the day from which it is closed) of the sessions that are not stated as closed and have such a day."""
    for action in content.actions:
        for session in action.sessions:
            since = closed_since(content, session)
            if session.recrutement not in ("", CLOSED) and since is not None:
                yield session, since
