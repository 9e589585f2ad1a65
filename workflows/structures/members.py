"""Members of a structure: change a role, leave, remove.

Each operation locks the row of the structure, so that two concurrent ones cannot leave it without a responsable. Lock
order: account, structure, invitation or request. Operations flush, write the log and never commit.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Role
from backoffice.models import Membership, Organisme, User
from backoffice.queries.structures.members import manages
from workflows.accounts.operations import note_role, tell_access
from workflows.case import Refused

LAST = (
    "{nom} n’aurait plus de responsable. Donnez d’abord ce rôle à une autre personne ; si vous êtes seul, "
    "invitez quelqu’un ou écrivez à votre Carif-Oref."
)


def lock_structure(session: Session, organisme_id: int) -> Organisme:
    found = session.scalars(
        select(Organisme)
        .where(Organisme.id == organisme_id)
        .with_for_update(of=Organisme, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused("Cette structure n’existe pas.")
    if found.merged_into_id is not None:
        raise Refused(f"« {found.nom} » vient d’être réunie avec une autre structure. Rien n’a été changé.")
    return found


def change_role(session: Session, actor: User, organisme_id: int, user_id: int, role: Role) -> Membership:
    """role: Role.SAISIE or Role.RESPONSABLE. Giving the same role changes nothing."""
    organisme = _managed(session, actor, organisme_id)
    membership = _membership(session, organisme, user_id)
    if membership.role is role:
        return membership
    if role is not Role.RESPONSABLE:
        _keep_a_responsable(session, actor, organisme, membership)
    note_role(session, actor, membership.user, organisme, membership.role, role)
    membership.role = role
    session.flush()
    what = f"Vous avez maintenant le rôle « {role.label} » dans la structure « {organisme.nom} »."
    tell_access(session, membership.user, actor, f"{membership.id} {role} {now().isoformat()}", what)
    return membership


def remove(session: Session, actor: User, organisme_id: int, user_id: int) -> None:
    organisme = _managed(session, actor, organisme_id)
    user = _take_out(session, actor, organisme, user_id)
    what = f"Vous ne faites plus partie de la structure « {organisme.nom} » : vous ne pouvez plus saisir ses fiches."
    tell_access(session, user, actor, f"{organisme.id} {user.id} retrait {now().isoformat()}", what)


def leave(session: Session, actor: User, organisme_id: int) -> Organisme:
    """The actor leaves the structure."""
    organisme = lock_structure(session, organisme_id)
    _take_out(session, actor, organisme, actor.id)
    return organisme


def _managed(session: Session, actor: User, organisme_id: int) -> Organisme:
    organisme = lock_structure(session, organisme_id)
    session.refresh(actor, ["memberships", "assignments"])
    if not manages(actor, organisme):
        raise Refused("Vous ne pouvez pas gérer les personnes de cette structure.")
    return organisme


def _membership(session: Session, organisme: Organisme, user_id: int) -> Membership:
    found = session.scalars(
        select(Membership)
        .where(Membership.organisme_id == organisme.id, Membership.user_id == user_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused("Cette personne ne fait plus partie de la structure. Rien n’a été changé.")
    return found


def _take_out(session: Session, actor: User, organisme: Organisme, user_id: int) -> User:
    membership = _membership(session, organisme, user_id)
    _keep_a_responsable(session, actor, organisme, membership)
    user = membership.user
    note_role(session, actor, user, organisme, membership.role, "")
    session.delete(membership)
    session.flush()
    session.expire(user, ["memberships"])
    return user


def _keep_a_responsable(session: Session, actor: User, organisme: Organisme, leaving: Membership) -> None:
    """Raises Refused when the last active responsable would go, unless the actor moderates its territoire."""
    if leaving.role is not Role.RESPONSABLE or organisme.territoire_id in actor.territoire_ids(Role.MODERATEUR):
        return
    others = (
        select(Membership.id)
        .join(User)
        .where(
            Membership.organisme_id == organisme.id,
            Membership.role == Role.RESPONSABLE,
            Membership.id != leaving.id,
            User.active,
        )
    )
    if session.scalar(others.limit(1)) is None:
        raise Refused(LAST.format(nom=f"« {organisme.nom} »"))
