"""Undoes one line of an imported list of grants, until something was built on its convention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Convention, ConventionFiche, ImportJob, ImportLine, Matching, Obligation, ObligationEvent
from backoffice.models.conventions.convention import Bpi
from forms.conventions import grants
from forms.conventions.grants import Grant
from workflows.case import Refused
from workflows.robot import robot

from . import operations
from .obligations import lock


def stored_grant(grant: Grant | Convention) -> dict[str, Any]:
    """{field: value} of a grant, as JSON."""
    return {name: str(value) if name == "bpi" else value for name, value in values_of(grant).items()}


def values_of(grant: Grant | Convention) -> dict[str, Any]:
    return {name: getattr(grant, name) for name in grants.FIELDS}


def read_grant(stored: Mapping[str, Any]) -> Grant:
    """The grant of `stored_grant`; other keys are ignored."""
    return Grant(**{name: stored[name] for name in grants.FIELDS} | {"bpi": Bpi(stored["bpi"])})


def state_of(convention: Convention) -> dict[str, Any]:
    """What an import may change of a convention, as JSON."""
    return stored_grant(convention) | {
        "organisme_id": convention.organisme_id,
        "matching": str(convention.matching),
        "fiches": sorted(tie.fiche_id for tie in convention.ties),
    }


def memo(session: Session, before: dict[str, Any] | None, convention: Convention) -> dict[str, Any]:
    """What `undo` needs of a line just imported. before: `state_of` the convention before it; None when it is new."""
    return {"before": before, "after": state_of(convention), "event": _last_event(session, convention)}


def undo(session: Session, job: ImportJob, line: ImportLine) -> None:
    """The convention is as before the line; a new one is withdrawn: no page shows it, and its history stays.

    Raises Refused when a person has changed it or followed its obligations since.
    """
    kept = line.read.get("undo")
    if kept is None:
        raise Refused("Cet import est trop ancien pour être défait.")
    convention = lock(session, line.read["convention_id"])
    if convention.withdrawn_at is not None or state_of(convention) != kept["after"]:
        raise Refused("La convention a été changée depuis.")
    followed = exists().where(
        Obligation.convention_id == convention.id,
        ObligationEvent.obligation_id == Obligation.id,
        ObligationEvent.id > kept["event"],
        ObligationEvent.actor_id != robot(session).id,
    )
    if session.scalar(select(followed)):
        raise Refused("Ses obligations ont été suivies depuis.")
    before = kept["before"]
    if before is None:
        convention.withdrawn_at = now()
    else:
        operations.change(session, job.created_by, convention.id, read_grant(before))
        convention.organisme_id, convention.matching = before["organisme_id"], Matching(before["matching"])
        kept_ties = {tie.fiche_id: tie for tie in convention.ties if tie.fiche_id in before["fiches"]}
        convention.ties = [
            kept_ties.get(fiche_id) or ConventionFiche(fiche_id=fiche_id, tied_by_id=job.created_by_id)
            for fiche_id in before["fiches"]
        ]
    line.read = {name: value for name, value in line.read.items() if name not in ("undo", "convention_id")}
    session.flush()
    session.refresh(convention, ["organisme", "ties"])


def _last_event(session: Session, convention: Convention) -> int:
    mine = select(ObligationEvent.id).join(Obligation).where(Obligation.convention_id == convention.id)
    return session.scalar(mine.order_by(ObligationEvent.id.desc()).limit(1)) or 0
