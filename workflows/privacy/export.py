"""Export of all the personal data of an account, as a zip archive: JSON data and an HTML page."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import IO, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.config import templates
from backoffice.core.dates import day_and_time, short_day
from backoffice.models import User
from workflows.fiches.transitions import EVENTS
from workflows.notices.declared import NOTICES

from .holding import ACCOUNT, Holding
from .personal_data import HOLDINGS

DATA, PAGE = "data.json", "donnees.html"
"""File names in the archive."""


@dataclass(frozen=True)
class Part:
    """One holding of one person. labels: {key: French label}; rows: one value for each label, in that order."""

    key: str
    title: str
    labels: dict[str, str]
    rows: list[tuple[Any, ...]]


def parts(session: Session, user: User) -> Iterator[Part]:
    """The account, then every holding of HOLDINGS, empty ones included."""
    account = {name: own.label for name, own in ACCOUNT.items() if own.label}
    yield Part("compte", "Votre compte", account, [tuple(getattr(user, name) for name in account)])
    for holding in HOLDINGS:
        rows = [tuple(row) for row in session.execute(holding.rows(user))]
        yield Part(holding.key, holding.title, _labels(holding), rows)


def write(session: Session, user: User, output: IO[bytes]) -> None:
    """Writes the zip: data.json, with the French label of each key, and donnees.html."""
    found = list(parts(session, user))
    at = now()
    data = {
        "relais": 1,
        "ecrit": at.isoformat(timespec="seconds"),
        **{
            part.key: {
                "titre": part.title,
                "champs": part.labels,
                "lignes": [dict(zip(part.labels, map(_plain, row), strict=True)) for row in part.rows],
            }
            for part in found
        },
    }
    page = _templates().get_template("archive.html").render(parts=found, at=at, words=words)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DATA, json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr(PAGE, page)


def words(value: Any) -> str:
    """A value as French text."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return day_and_time(value)
    if isinstance(value, date):
        return short_day(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return EVENTS.get(value) or (NOTICES[value].label if value in NOTICES else value)
    return str(getattr(value, "label", value))


def _plain(value: Any) -> Any:
    """A value that JSON accepts: dates and instants in ISO 8601, UTC."""
    return value.isoformat() if isinstance(value, date) else value


def _labels(holding: Holding) -> dict[str, str]:
    return {key: label for key, (label, _) in holding.shown.items()}


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(templates() / "privacy")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
