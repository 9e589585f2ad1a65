"""iCalendar file of the meetings of a fiche, for the calendar of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from backoffice.core.dates import NBSP, PARIS
from backoffice.models.content import Action, Contenu, Creneau
from backoffice.models.values import telephones

from .meetings import Count, academie_of, counts
from .timezones import timezone

REMOTE = "2"  # modalites-enseignement


def calendar(content: Contenu, key: str, modified: datetime) -> bytes | None:
    """The iCalendar file, encoded; None when no meeting can be computed.

    One event per weekly slot and session, repeated each week; weeks without a meeting are excluded.
    key: stable identifier of the fiche, part of each event's UID. modified: timestamp of the events.
    """
    events: list[Event] = []
    zones: set[str] = set()
    for action in content.actions:
        found = list(_of_group(content, action, key, modified))
        events += found
        zones |= {_clock(content, action).key} if found else set()
    if not events:
        return None
    made = Calendar()
    made.add("prodid", "-//Relais//Offre de formation linguistique//FR")
    made.add("version", "2.0")
    made.add("x-wr-calname", content.formation.intitule or "Ateliers")
    for event in events:
        made.add_component(event)
    for zone in sorted(zones):
        made.add_component(timezone(zone, modified.year))
    return bytes(made.to_ical())


def _clock(content: Contenu, action: Action) -> ZoneInfo:
    """The time zone of the place where a group meets."""
    academie = academie_of(content, action)
    return academie.clock if academie else PARIS


def _of_group(content: Contenu, action: Action, key: str, modified: datetime) -> Iterator[Event]:
    clock = _clock(content, action)
    for found in counts(content, action):
        for rank, slot in enumerate(action.creneaux):
            days = [meeting.jour for meeting in found.meetings if meeting.creneau is slot]
            if not days:
                continue
            starts = [datetime.combine(day, slot.debut or time.min, clock) for day in days]
            event = _weekly(starts, slot, clock)
            event.add("uid", f"{key}-{action.id}-{found.session.id}-{rank}@relais")
            event.add("dtstamp", modified.astimezone(UTC))
            event.add("summary", " – ".join(filter(None, (content.formation.intitule, action.nom))) or "Atelier")
            event.add("location", _place(content, action))
            event.add("description", _words(content, found))
            yield event


def _weekly(starts: list[datetime], slot: Creneau, clock: ZoneInfo) -> Event:
    """One weekly recurring event for these sorted starts; missing weeks are in EXDATE."""
    first, last = starts[0], starts[-1]
    event = Event()
    event.add("dtstart", first)
    event.add("dtend", first + timedelta(minutes=slot.minutes))
    if last > first:
        event.add("rrule", {"freq": "weekly", "until": last.astimezone(UTC)})
    weeks = [first + timedelta(weeks=n) for n in range((last.date() - first.date()).days // 7 + 1)]
    if missing := [day for day in weeks if day not in set(starts)]:
        event.add("exdate", missing)
    return event


def _place(content: Contenu, action: Action) -> str:
    place = content.place_of(action)
    if action.presence == REMOTE or place is None:
        return "À distance" if action.presence == REMOTE else ""
    said = place.adresse
    return ", ".join(filter(None, (said.denomination, *said.lignes, f"{said.code_postal} {said.ville}".strip())))


def _words(content: Contenu, found: Count) -> str:
    contact = content.formation.contact if content.inscription.contact.empty else content.inscription.contact
    lines = [content.structure.nom]
    if contact.telephone:
        lines.append(f"Téléphone{NBSP}: {telephones.shown(contact.telephone)}")
    lines.append(found.words)
    return "\n".join(filter(None, lines))
