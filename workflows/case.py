"""What guards and effects are given: one fiche, locked, and who does what to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.models import Fiche, Revision, User
from backoffice.models.base import now
from backoffice.models.findings import Finding


@dataclass
class Case:
    """revision: the one in question; for a transition of the fiche itself, its latest."""

    session: Session
    fiche: Fiche
    revision: Revision
    actor: User
    comment: str = ""
    to: User | None = None
    """For whom the actor takes it, when it is not for themselves."""
    at: datetime = field(default_factory=now)
    notice: str = ""
    """Told instead of the transition's own notice: set by an effect."""
    facts: dict[str, str | list[str]] = field(default_factory=dict)
    """More that the notice says: set by effects."""


class Refused(Exception):
    """A transition that was not applied; the message is for the person, in French."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()):
        super().__init__(message)
        self.message = message
        self.findings = findings
