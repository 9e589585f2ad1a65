"""Argument of the guards and effects of fiche transitions: one locked fiche, the actor and the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Fiche, Revision, Territoire, User
from backoffice.models.content import label_of
from backoffice.models.content.findings import Finding
from backoffice.reference.reasons import Motif


@dataclass
class Case:
    """revision: the one the transition applies to; for a transition of the fiche itself, its latest one."""

    session: Session
    fiche: Fiche
    revision: Revision
    actor: User
    comment: str = ""
    to: User | None = None
    """The moderator who gets the revision, when it is not the actor."""
    reason: str = ""
    """Code of the reason chosen, for transitions that require one."""
    motif: Motif | None = None
    """The reason chosen, or the fixed one of the transition."""
    at: datetime = field(default_factory=now)
    facts: dict[str, str | list[str]] = field(default_factory=dict)
    """Extra facts for the notice, set by effects."""
    left: Territoire | None = None
    """Previous territoire, when the fiche has just moved to that of its location. Set by effects."""

    @property
    def explanation(self) -> str:
        """The full text sent to the structure: the reason, how to correct it, the moderator's comment."""
        parts = [self.motif.text, f"Ce que vous pouvez faire : {self.motif.cure}"] if self.motif else []
        return "\n\n".join(part for part in (*parts, self.comment) if part)


class Refused(Exception):
    """The operation was refused and nothing is applied. message: shown to the user, in French."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()):
        super().__init__(message)
        self.message = message
        self.findings = findings

    @property
    def reasons(self) -> str:
        """The message, then each finding after the name of its field, on one line."""
        details = (f"{label_of(one.path)} : {one.message}" if one.path else one.message for one in self.findings)
        return " ".join(dict.fromkeys((self.message, *details)))
