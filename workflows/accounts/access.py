"""Grants and revokes of an administrator: a role in a territoire, the administration of the network.

Each locks the account, logs the change and notifies the person. They raise Refused, flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Role
from backoffice.core.snapshot import decision_lock
from backoffice.models import Territoire, User
from workflows.case import Refused

from .deactivation import release
from .operations import (
    assign,
    dismiss_administrator,
    lock_account,
    lock_administrators,
    make_administrator,
    must_administer,
    shown_scope,
    tell_access,
    unassign,
)


@dataclass(frozen=True)
class Place:
    """Scope of a moderator or a funder; programmes and departements as in Assignment."""

    role: Role
    territoire: Territoire
    programmes: Sequence[str] = ()
    departements: Sequence[str] = ()


def serve(session: Session, actor: User, user_id: int, place: Place) -> None:
    """Assigns the role. When it exists already, replaces what a funder follows."""
    user = _account(session, actor, user_id)
    row = assign(session, user, place.role, place.territoire, place.programmes, place.departements, actor)
    _tell(session, user, actor, f"{row.role.label}, {row.territoire.nom} : {shown_scope(row)}.")


def stop_serving(session: Session, actor: User, user_id: int, assignment_id: int) -> None:
    """Removes the role. Revisions the moderator had taken in the territoire return to the queue."""
    decision_lock(session)  # before row locks: same order as workflows.fiches.engine.lock
    user = _account(session, actor, user_id)
    row = next((one for one in user.assignments if one.id == assignment_id), None)
    if row is None:
        raise Refused("Ce rôle a déjà été retiré. Rien n’a été changé.")
    what = f"Vous n’avez plus ce rôle : {row.role.label}, {row.territoire.nom}."
    moderated = user.territoire_ids(Role.MODERATEUR)
    unassign(session, user, row, actor)
    release(session, user, moderated - user.territoire_ids(Role.MODERATEUR))
    _tell(session, user, actor, what)


def give_network(session: Session, actor: User, user_id: int) -> None:
    user = _account(session, actor, user_id)
    make_administrator(session, user, actor)
    _tell(session, user, actor, "Vous administrez maintenant le réseau Relais.")


def take_network(session: Session, actor: User, user_id: int) -> None:
    """Raises Refused for the last active administrator."""
    lock_administrators(session)
    user = _account(session, actor, user_id)
    dismiss_administrator(session, user, actor)
    _tell(session, user, actor, "Vous n’administrez plus le réseau Relais.")


def _account(session: Session, actor: User, user_id: int) -> User:
    must_administer(actor)
    return lock_account(session, user_id)


def _tell(session: Session, user: User, actor: User, what: str) -> None:
    tell_access(session, user, actor, f"{user.id} {now().isoformat()}", what)
