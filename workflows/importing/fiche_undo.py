"""Undoes one line of an imported file of fiches, until its fiche was changed or sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission
from backoffice.models import ImportJob, ImportLine, Revision, RevisionState
from backoffice.models.content import dump, load
from backoffice.models.transition_names import FicheTransition
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.engine import apply, authorised, lock

WHY = "Import défait."


def before(draft: Revision, *, created: bool, numero: str | None) -> dict[str, Any]:
    """What `undo` needs, as JSON, of the draft that a line is about to fill. numero: foreign_numero before it."""
    kept = {"document": dump(draft.content), "pending": draft.pending}
    return kept | {"created": created, "numero": numero, "revision": draft.id}


def undo(session: Session, job: ImportJob, line: ImportLine) -> None:
    """The draft is as before the line; a fiche made by it is archived, empty.

    Raises Refused when the fiche was changed or sent since.
    """
    kept, actor = line.read.get("undo"), job.created_by
    if kept is None or line.fiche_id is None:
        raise Refused("Cet import est trop ancien pour être défait.")
    fiche = lock(session, line.fiche_id)
    draft = fiche.latest
    if draft.id != kept["revision"] or draft.state is not RevisionState.BROUILLON:
        raise Refused("La fiche a été envoyée depuis.")
    if draft.content != load(kept["after"]):
        raise Refused("La fiche a été changée depuis.")
    fiche.foreign_numero = kept["numero"]
    undone = line.read.get("undone", 0)
    if kept["created"]:
        own = authorised(actor, Permission.WRITE_FICHE, fiche)
        name, comment = (FicheTransition.ARCHIVER, "") if own else (FicheTransition.CLASSER, WHY)
        apply(session, name, fiche_id=fiche.id, revision_id=draft.id, actor=actor, comment=comment)
        operations.forget(draft)
        line.fiche_id, undone = None, undone + 1
    else:
        operations.save_draft(session, draft, load(kept["document"]), kept["pending"], actor)
    line.read = {name: value for name, value in line.read.items() if name != "undo"} | {"undone": undone}
    session.flush()
