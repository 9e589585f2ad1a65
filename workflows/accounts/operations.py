"""Operations on accounts: creation, roles in a structure, in a territoire, in the network.

They flush, log each change and never commit. Names and addresses of people are never written to the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission, Role
from backoffice.models import Assignment, Erasure, Membership, Organisme, Territoire, User
from backoffice.queries.territoires.coverage import departements_of
from workflows.case import Refused
from workflows.change_log import record
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell

CREATED, NETWORK = "compte créé", "administration du réseau"
YES, NO = "oui", "non"


def by_email(session: Session, email: str) -> User | None:
    """The account of this address, or None. email: lower case."""
    return session.scalars(select(User).where(User.email == email)).one_or_none()


def lock_account(session: Session, user_id: int) -> User:
    """Reloads an account and its roles under a row lock. Raises Refused when it is unknown or erased."""
    user = session.scalars(
        select(User)
        .where(User.id == user_id)
        .with_for_update(of=User, key_share=True)  # lets other transactions write history rows that reference this user
        .execution_options(populate_existing=True)
    ).one_or_none()
    if user is None:
        raise Refused("Ce compte n’existe pas.")
    if session.scalar(select(exists().where(Erasure.account_id == user_id))):
        raise Refused("Ce compte est effacé : plus rien n’y change.")
    session.refresh(user, ["memberships", "assignments"])
    return user


def create_account(session: Session, email: str, name: str, password_hash: str = "") -> User:
    """Creates an account without role. password_hash: "" for one who logs in by magic links.

    Raises Refused when the address has an account, even one created concurrently.
    """
    user = User(email=email, name=name, password_hash=password_hash)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise Refused(f"Un compte existe déjà pour {email}.") from error
    record(session, None, user, CREATED, NO, YES)
    return user


def add_member(session: Session, user: User, organisme: Organisme, role: Role, actor: User | None) -> Membership:
    """Adds a member to the structure; an existing member keeps the higher of both roles."""
    membership = next((row for row in user.memberships if row.organisme_id == organisme.id), None)
    if membership is None:
        membership = Membership(role=role, organisme=organisme)
        user.memberships.append(membership)
        session.flush()
        note_role(session, actor, user, organisme, "", role)
    elif role is Role.RESPONSABLE and membership.role is not role:
        note_role(session, actor, user, organisme, membership.role, role)
        membership.role = role
        session.flush()
    return membership


def note_role(session: Session, actor: User | None, user: User, organisme: Organisme, before: str, after: str) -> None:
    """Logs the former and the new role in a structure; "" for none."""
    name = f"rôle dans la structure {organisme.id}"
    record(session, actor, user, name, before or "aucun", after or "aucun", organisme.territoire_id)


def assign(
    session: Session,
    user: User,
    role: Role,
    territoire: Territoire,
    programmes: Sequence[str],
    departements: Sequence[str],
    actor: User | None,
) -> Assignment:
    """Assigns a moderator or a funder to a territoire. programmes, departements: what a funder follows.

    When the role exists already, replaces what the funder follows. Raises Refused for an unknown département.
    """
    if role is not Role.FINANCEUR:
        programmes, departements = (), ()
    check_departements(session, territoire, departements)
    row = next((one for one in user.assignments if (one.territoire_id, one.role) == (territoire.id, role)), None)
    before = shown_scope(row)
    if row is None:
        row = Assignment(role=role, territoire=territoire)
        user.assignments.append(row)
    row.programmes, row.departements = list(programmes), list(departements)
    session.flush()
    record(session, actor, user, _name_of(row), before, shown_scope(row), territoire.id)
    return row


def unassign(session: Session, user: User, row: Assignment, actor: User) -> None:
    """Removes the role in the territoire."""
    record(session, actor, user, _name_of(row), shown_scope(row), shown_scope(None), row.territoire_id)
    user.assignments.remove(row)
    session.delete(row)
    session.flush()


def check_departements(session: Session, territoire: Territoire, codes: Sequence[str]) -> None:
    """Raises Refused when one of them is outside the territoire."""
    known = departements_of(session, [territoire.id]) if codes else {}
    strange = [code for code in codes if code not in known]
    if strange:
        raise Refused(f"{', '.join(strange)} : ce n’est pas un département de ce territoire ({territoire.nom}).")


def shown_scope(row: Assignment | None) -> str:
    """The scope as text, for the log and the account page."""
    if row is None:
        return "aucun"
    if row.role is not Role.FINANCEUR:
        return "tout le territoire"
    programmes = ", ".join(row.programmes) or "tous les programmes"
    return f"{programmes} ; {', '.join(row.departements) or 'tous les départements'}"


def _name_of(row: Assignment) -> str:
    return f"{row.role.label.lower()}, territoire {row.territoire_id}"


def make_administrator(session: Session, user: User, actor: User | None) -> None:
    record(session, actor, user, NETWORK, YES if user.administrator else NO, YES)
    user.administrator = True
    session.flush()


def dismiss_administrator(session: Session, user: User, actor: User) -> None:
    """Raises Refused for the last active one. The caller must hold `lock_administrators`."""
    keep_an_administrator(session, user)
    record(session, actor, user, NETWORK, YES if user.administrator else NO, NO)
    user.administrator = False
    session.flush()


def lock_administrators(session: Session) -> None:
    """Takes a row lock on all administrators, before any other row, until the end of the transaction: two
    administrators cannot remove each other concurrently."""
    session.scalars(
        select(User)
        .where(User.administrator)
        .order_by(User.id)
        .with_for_update(of=User, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def keep_an_administrator(session: Session, leaving: User) -> None:
    """Raises Refused when no other active administrator is left."""
    other = select(User.id).where(User.administrator, User.active, User.id != leaving.id).limit(1)
    if leaving.administrator and session.scalar(other) is None:
        raise Refused(
            "C’est le dernier compte d’administration actif : donnez d’abord l’administration à une autre personne."
        )


def must_administer(actor: User) -> None:
    if not actor.active or not actor.can(Permission.ADMINISTER):
        raise Refused("Seule l’administration du réseau peut faire cela.")


def tell_access(session: Session, user: User, actor: User, key: str, what: str) -> None:
    """Notifies the person that their access has changed. what: a sentence."""
    tell(session, "acces_change", key=key, actor=actor, to=[addressee_of(user)], facts={"quoi": what})


def addressee_of(user: User) -> Addressee:
    return Addressee(user.email, user.name, user.id, not user.password_hash)
