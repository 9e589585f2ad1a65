"""What the page of a revision shows besides its content: differences, corrections, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backoffice.models import Fiche, Origin, Remark, Revision, RevisionState
from backoffice.models.content import Contenu
from backoffice.models.content.anchors import path_of
from forms.fiches.content_diff_words import Shown, changes
from forms.fiches.paths import PATHS
from workflows.fiches.publication import effective_content
from workflows.moderation import remarks
from workflows.moderation.corrections import corrected_version


@dataclass(frozen=True)
class Asked:
    """A remark and its outcome. path: its field in this revision, None when its row no longer exists."""

    remark: Remark
    path: str | None
    changes: tuple[Shown, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether the remark was neither ticked off, answered nor followed by a change."""
        return not (self.remark.done or self.remark.answer or self.changes)


@dataclass(frozen=True)
class Since:
    """The differences from an earlier revision. approved: whether that revision was approved."""

    base: Revision
    approved: bool
    lines: Sequence[Shown]


def bases(fiche: Fiche, revision: Revision) -> list[Revision]:
    """Revisions to compare with: the last approved one, then the previous one, if any."""
    before = [other for other in fiche.revisions if other.number < revision.number]
    approved = [other for other in before if other.state is RevisionState.VALIDEE]
    return list(dict.fromkeys([*approved[-1:], *before[-1:]]))


def since(session: Session, fiche: Fiche, revision: Revision, number: int | None = None) -> Since | None:
    """The differences from the base with this number, or from the first base; None when there is no base."""
    choice = bases(fiche, revision)
    if not choice:
        return None
    base = next((other for other in choice if other.number == number), choice[0])
    # Includes fast lane updates: they are part of what readers see now.
    old = effective_content(session, base) if base.state is RevisionState.VALIDEE else base.content
    return Since(base, base.state is RevisionState.VALIDEE, changes(old, revision.content, PATHS[fiche.dispositif]))


def corrections(fiche: Fiche, revision: Revision) -> list[Shown]:
    """What a moderator changed in the submitted revision; empty when the revision is the structure's own."""
    if revision.origin is not Origin.MODERATEUR:
        return []
    sent = corrected_version(fiche, revision)
    return changes(sent.content, revision.content, PATHS[fiche.dispositif])


def answered(session: Session, fiche: Fiche, revision: Revision) -> list[Asked]:
    """The remarks that this revision should answer, each with the changes at its field."""
    content, told = revision.content, {}
    found = []
    for remark in remarks.asked(session, fiche, revision):
        if remark.revision_id not in told:
            asked_on = next(other for other in fiche.revisions if other.id == remark.revision_id)
            told[remark.revision_id] = (
                asked_on.content,
                changes(asked_on.content, content, PATHS[fiche.dispositif]),
            )
        old, lines = told[remark.revision_id]
        found.append(Asked(remark, path_of(content, remark.anchor), tuple(_about(remark, old, content, lines))))
    return found


def _about(remark: Remark, old: Contenu, new: Contenu, lines: Sequence[Shown]) -> list[Shown]:
    """The differences at the spot of a remark, or inside it; all of them for a remark on the whole fiche."""
    if not remark.anchor:
        return list(lines)
    now, then = path_of(new, remark.anchor), path_of(old, remark.anchor)
    # Moved dates are one line for both days: it concerns a remark on either day.
    return [
        line
        for line in lines
        if (now is not None and (within(line.path, now) or (line.kind == "deplacee" and within(now, line.path))))
        or (now is None and not line.path and then is not None and line.label.startswith(remark.label.split(" – ")[0]))
    ]


def within(path: str, part: str) -> bool:
    """Whether `path` is `part` or inside it."""
    return bool(part) and (path == part or path.startswith(f"{part}-"))


def by_path(content: Contenu, pinned: Sequence[Remark]) -> dict[str, list[Remark]]:
    """{path: its remarks} in this content; "" for remarks on the whole fiche or on a row that no longer exists."""
    found: dict[str, list[Remark]] = {}
    for remark in pinned:
        found.setdefault(path_of(content, remark.anchor) or "", []).append(remark)
    return found
