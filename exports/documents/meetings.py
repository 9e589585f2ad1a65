"""When a group meets: its weekly slots between the dates of a session, without holidays.

Public holidays are left out. School holidays of the zone of the place are left out too, unless the group also
meets then. When their dates are not known (see backoffice.reference.school_holidays), school holidays are not
removed, and `Count.words` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from backoffice.core.dates import NBSP, short_day
from backoffice.models.content import Action, Contenu, Creneau, Session
from backoffice.models.content.parts import taught_minutes
from backoffice.models.content.vocabulary import JOURS
from backoffice.reference.public_holidays import holiday
from backoffice.reference.school_holidays import Academie, academies, breaks, covers, within
from exports.fragment.words import duration

LONGEST = timedelta(3 * 366)
"""Longest session whose meetings are counted. A longer one does not fit a school year."""

WEEKDAYS = {name: rank for rank, name in enumerate(JOURS)}


@dataclass(frozen=True)
class Meeting:
    jour: date
    creneau: Creneau


@dataclass(frozen=True)
class Count:
    """Meetings of a group between the dates of one session.

    known: the number is reliable: school holidays are removed, or the group also meets then.
    what: in French, which holidays are left out; ends `words`.
    """

    session: Session
    meetings: tuple[Meeting, ...]
    known: bool
    what: str

    @property
    def minutes(self) -> int:
        """Overlapping meetings count once."""
        days = groupby(self.meetings, key=lambda meeting: meeting.jour)
        return sum(taught_minutes(meeting.creneau for meeting in met) for _, met in days)

    @property
    def hours(self) -> int:
        return round(self.minutes / 60)

    @property
    def weeks(self) -> int:
        """ISO weeks with at least one meeting."""
        return len({meeting.jour.isocalendar()[:2] for meeting in self.meetings})

    @property
    def words(self) -> str:
        """«30 semaines et 120 h du 15/09/2026 au 30/06/2027, hors jours fériés et vacances scolaires (zone B).»"""
        start, end = (short_day(day) if day else "" for day in (self.session.debut, self.session.fin))
        weeks = f"{self.weeks}{NBSP}semaine{'s' if self.weeks > 1 else ''}"
        return f"{weeks} et {duration(self.minutes)} du {start} au {end}, {self.what}"


def academie_of(content: Contenu, action: Action) -> Academie | None:
    """Académie of the place where the group meets; None while the département of the place is unknown."""
    place = content.place_of(action)
    return academies().get(place.adresse.departement) if place else None


def count(content: Contenu, action: Action, session: Session) -> Count | None:
    """Meetings of a group in one session, holidays left out.

    None when the dates or the slots are missing, when only the months are known, or when the session ends before it
    starts or is longer than LONGEST.
    """
    start, end = session.debut, session.fin
    if start is None or end is None or session.mois_seulement or not timedelta(0) <= end - start <= LONGEST:
        return None
    slots = sorted(filter(_complete, action.creneaux), key=lambda slot: (slot.debut, slot.fin))
    if not slots:
        return None
    academie, place = academie_of(content, action), content.place_of(action)
    known = academie is not None and covers(academie.zone, start, end)
    zone = academie.zone if academie and known and not action.vacances else ""
    departement = place.adresse.departement if place else ""
    closed, weekdays = breaks(zone) if zone else (), {WEEKDAYS[slot.jour] for slot in slots}
    found = tuple(
        Meeting(day, slot)
        for day in (start + timedelta(number) for number in range((end - start).days + 1))
        if day.weekday() in weekdays and not within(closed, day) and not holiday(day, departement)
        for slot in slots
        if WEEKDAYS[slot.jour] == day.weekday()
    )
    return Count(session, found, known or action.vacances, _what(action, academie, known=known))


def counts(content: Contenu, action: Action) -> list[Count]:
    """One Count per session whose meetings can be computed."""
    return [found for session in action.sessions if (found := count(content, action, session))]


def dated(content: Contenu) -> bool:
    """Whether at least one meeting can be computed."""
    return any(found.meetings for action in content.actions for found in counts(content, action))


def _what(action: Action, academie: Academie | None, *, known: bool) -> str:
    if action.vacances:
        return "vacances scolaires comprises, hors jours fériés."
    if academie is None:
        return "hors jours fériés. Pour retirer les vacances scolaires, il nous faut la commune du lieu."
    if not known:
        return (
            f"hors jours fériés. Les vacances scolaires ({academie.zone_words}) ne sont pas retirées{NBSP}: "
            "nous n’en connaissons pas toutes les dates."
        )
    return f"hors jours fériés et vacances scolaires ({academie.zone_words})."


def _complete(slot: Creneau) -> bool:
    return slot.jour in WEEKDAYS and slot.minutes > 0
