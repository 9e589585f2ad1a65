"""Findings of the review: a value that is missing, wrong, or could be better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """path: see backoffice.models.content; "" for the whole fiche.

    blocking: the fiche cannot be submitted or approved until it is solved.
    source: the text that the rule comes from, shown to the user.
    """

    path: str
    message: str
    blocking: bool = True
    source: str = ""
