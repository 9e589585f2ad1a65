"""Reasons of decisions: choosing one, and rewording those of a territoire."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Fiche, Reason, User
from backoffice.queries.moderation.reasons import offered
from backoffice.reference.reasons import Motif, shipped
from workflows.case import Refused
from workflows.change_log import record_all, said
from workflows.fiches.transitions import TRANSITIONS
from workflows.territoires.settings import may_set

DECISIONS = {name: transition.label for name, transition in TRANSITIONS.items() if transition.reasons}
"""{transition that requires a reason: its label}."""

LOGGED = {"label": {}, "text": {}, "cure": {}, "transitions": DECISIONS, "active": {}}


def chosen(session: Session, fiche: Fiche, transition: str, code: str) -> Motif:
    """The offered reason with this code. Raises Refused when it is not offered."""
    for motif in offered(session, fiche.territoire_id, transition):
        if motif.code == code:
            return motif
    raise Refused("Choisissez un motif dans la liste : la structure le lira, avec la manière d’y remédier.")


def word(session: Session, territoire_id: int, motif: Motif, actor: User) -> Reason:
    """Saves the territoire's wording of a reason; an empty code adds a new reason. Raises Refused."""
    if not may_set(actor, territoire_id):
        raise Refused("Vous ne pouvez pas changer les motifs de ce territoire.")
    code = motif.code or f"propre-{secrets.token_hex(4)}"
    row = session.scalars(
        select(Reason).where(Reason.territoire_id == territoire_id, Reason.code == code).with_for_update()
    ).first()
    known = row or shipped().get(code)
    before = said(known, LOGGED) if known else {}
    if row is None:
        row = Reason(territoire_id=territoire_id, code=code)
        session.add(row)
    row.label, row.text, row.cure = motif.label, motif.text, motif.cure
    row.transitions, row.active = list(motif.transitions), motif.active
    row.updated_at, row.updated_by_id = now(), actor.id
    session.flush()
    record_all(session, actor, row, before, said(row, LOGGED))
    return row
