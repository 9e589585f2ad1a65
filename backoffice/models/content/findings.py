"""Something to say about one spot of a content: what is missing, wrong, or could be better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """path: see backoffice.models.content; "" when it concerns the whole entry.

    blocking: the entry cannot be submitted or approved while it stands.
    source: the text that the rule comes from, shown to the person who meets it.
    """

    path: str
    message: str
    blocking: bool = True
    source: str = ""
