"""What guards and effects are given: one fiche, locked, and who does what to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Fiche, Revision, Territoire, User
from backoffice.models.content.findings import Finding
from backoffice.reference.reasons import Motif


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
    reason: str = ""
    """The code of the reason given, where the transition asks for one."""
    motif: Motif | None = None
    """That reason, or the one that the transition always gives."""
    at: datetime = field(default_factory=now)
    facts: dict[str, str | list[str]] = field(default_factory=dict)
    """More that the notice says: set by effects."""
    left: Territoire | None = None
    """The territoire that the fiche has just left for that of its place: set by effects."""

    @property
    def explanation(self) -> str:
        """All that the structure is told: the reason, its cure, what the moderator added."""
        parts = [self.motif.text, f"Ce que vous pouvez faire : {self.motif.cure}"] if self.motif else []
        return "\n\n".join(part for part in (*parts, self.comment) if part)


class Refused(Exception):
    """A transition that was not applied; the message is for the person, in French."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()):
        super().__init__(message)
        self.message = message
        self.findings = findings
