"""What guards and effects are given: one fiche, locked, and who does what to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backoffice.models import Fiche, Revision, User
from backoffice.models.base import now


@dataclass
class Case:
    """revision: the one in question; for a transition of the fiche itself, its latest."""

    session: Session
    fiche: Fiche
    revision: Revision
    actor: User
    comment: str = ""
    at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Finding:
    """Something to say about one spot of a content.

    path: see backoffice.models.content; "" when it concerns the whole entry
    blocking: the entry cannot be submitted or approved while it stands
    """

    path: str
    message: str
    blocking: bool = True
    code: str = ""


class Refused(Exception):
    """A transition that was not applied; the message is for the person, in French."""

    def __init__(self, message: str, findings: tuple[Any, ...] = ()):
        super().__init__(message)
        self.message = message
        self.findings = findings
