"""Closed lists {value: label} for the filters and forms of the tables."""

from __future__ import annotations

from enum import StrEnum

from flask import g
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import Territoire


def territoires() -> dict[int, str]:
    """{id: name} of the territoires, by name. Read once per request."""
    if "tables_territoires" not in g:
        rows = db.session.execute(select(Territoire.id, Territoire.nom).order_by(Territoire.nom))
        g.tables_territoires = {row.id: row.nom for row in rows}
    found: dict[int, str] = g.tables_territoires
    return found


def words_of(kind: type[StrEnum]) -> dict[StrEnum, str]:
    """{member: its label}."""
    return {member: str(getattr(member, "label", member.value)) for member in kind}


def yes_no() -> dict[bool, str]:
    return {True: "Oui", False: "Non"}
