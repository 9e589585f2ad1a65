"""The VTIMEZONE of a time zone: its yearly rules as RRULE, which every calendar reads.

RFC 5545 allows lists of dates (RDATE) too; some calendars ignore them, and they end with their last date.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOUR, DAY = timedelta(hours=1), timedelta(1)
SAME = 3
"""Consecutive years in which a rule must give the same changes."""
BEGIN = 1970
"""Year of the first occurrence written, before any event."""


@dataclass(frozen=True)
class Change:
    """A yearly change of offset. rule: (month, rank of the weekday in the month, or -1 for the last, weekday).

    at: local time before the change, in the year BEGIN or later.
    """

    rule: tuple[int, int, str]
    at: datetime
    before: timedelta
    after: timedelta
    daylight: bool
    name: str


def timezone(key: str, year: int) -> Timezone:
    """The component of a zone of the IANA base, by the rules in force in this year.

    Raises ValueError when its changes follow no yearly rule in this year and the next ones.
    """
    zone, made = ZoneInfo(key), Timezone()
    made.add("tzid", key)
    found = [_rules(zone, year + later) for later in range(SAME)]
    if any({change.rule for change in other} != {change.rule for change in found[0]} for other in found[1:]):
        raise ValueError(f"{key}: no yearly rule from {year} on")
    for change in found[0]:
        part = TimezoneDaylight() if change.daylight else TimezoneStandard()
        month, rank, weekday = change.rule
        part.add("dtstart", _first(change))
        part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": f"{rank}{weekday}"})
        _offsets(part, change.before, change.after, change.name)
        made.add_component(part)
    if not found[0]:
        moment = datetime(year, 1, 1, tzinfo=zone)
        part = TimezoneStandard()
        part.add("dtstart", moment.replace(year=BEGIN, tzinfo=None))
        offset = moment.utcoffset() or timedelta()
        _offsets(part, offset, offset, moment.tzname() or key)
        made.add_component(part)
    return made


def _offsets(part: TimezoneDaylight | TimezoneStandard, before: timedelta, after: timedelta, name: str) -> None:
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after)
    part.add("tzname", name)


def _rules(zone: ZoneInfo, year: int) -> list[Change]:
    """The changes of offset of one year, in order."""
    found = []
    moment, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        if _offset(moment, zone) != _offset(moment + DAY, zone):
            hours = [moment + number * HOUR for number in range(1, 25)]
            found += [_change(hour, zone) for hour in hours if _offset(hour - HOUR, zone) != _offset(hour, zone)]
        moment += DAY
    return found


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(moment: datetime, zone: ZoneInfo) -> Change:
    """The change that happens at this instant, a whole hour in UTC."""
    was, now = _offset(moment - HOUR, zone), _offset(moment, zone)
    local = (moment + was).replace(tzinfo=None)
    last = local.day + 7 > monthrange(local.year, local.month)[1]
    rank = -1 if last else (local.day - 1) // 7 + 1
    rule = (local.month, rank, WEEKDAYS[local.weekday()])
    return Change(rule, local, was, now, now > was, moment.astimezone(zone).tzname() or "")


def _first(change: Change) -> datetime:
    """The first occurrence of the rule, in the year BEGIN."""
    month, rank, weekday = change.rule
    days = monthrange(BEGIN, month)[1]
    wanted = [day for day in range(1, days + 1) if date(BEGIN, month, day).weekday() == WEEKDAYS.index(weekday)]
    day = wanted[-1] if rank == -1 else wanted[rank - 1]
    return change.at.replace(year=BEGIN, month=month, day=day)
