"""Days and times in French, in the time zone of metropolitan France."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from babel.dates import format_date

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\N{NO-BREAK SPACE}"


def long_day(day: date) -> str:
    """«mardi 3 mars 2026», «dimanche 1er mars 2026»"""
    return f"{format_date(day, 'EEEE', locale='fr')} {_day(day)}"


def _day(day: date) -> str:
    text = format_date(day, "d MMMM y", locale="fr")
    return f"1er{text[1:]}" if day.day == 1 else text


def month(day: date) -> str:
    """«mars 2026»"""
    return str(format_date(day, "MMMM y", locale="fr"))


def short_day(day: date) -> str:
    """«03/03/2026»"""
    return f"{day:%d/%m/%Y}"


def hour(moment: time) -> str:
    """«9 h 30», «14 h»"""
    minutes = f"{NBSP}{moment.minute:02d}" if moment.minute else ""
    return f"{moment.hour}{NBSP}h{minutes}"


def day_and_time(at: datetime) -> str:
    """«le 3 mars 2026 à 14 h 32»"""
    local = at.astimezone(PARIS)
    return f"le {_day(local.date())} à {hour(local.time())}"


def local_day(at: datetime) -> date:
    return at.astimezone(PARIS).date()


def month_of(day: date) -> str:
    """«2026-11»: the stored form of a month"""
    return f"{day:%Y-%m}"


def month_words(month: str) -> str:
    """«novembre 2026»"""
    return format_date(date.fromisoformat(f"{month}-01"), "MMMM y", locale="fr")
