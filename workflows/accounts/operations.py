"""What accounts are given and lose: an account, a role in a structure, a territoire, the whole network.

They flush, keep each change in the log, and never commit. Names and addresses of people never reach that log.
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
    """email: in lower case."""
    return session.scalars(select(User).where(User.email == email)).one_or_none()


def lock_account(session: Session, user_id: int) -> User:
    """Reads a person and their roles anew, holding the row until the transaction ends."""
    user = session.scalars(
        select(User)
        .where(User.id == user_id)
        .with_for_update(of=User, key_share=True)  # what others write in the history names people: let them
        .execution_options(populate_existing=True)
    ).one_or_none()
    if user is None:
        raise Refused("Ce compte n’existe pas.")
    if session.scalar(select(exists().where(Erasure.account_id == user_id))):
        raise Refused("Ce compte est effacé : plus rien n’y change.")
    session.refresh(user, ["memberships", "assignments"])
    return user


def create_account(session: Session, email: str, name: str, password_hash: str = "") -> User:
    """A person without any role yet. password_hash: "" for one who comes in by the links of e-mails.

    Refused when the address has an account, even one made at the same moment.
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
    """The person may enter the fiches of the structure; one who already could keeps the larger of both roles."""
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
    """In the log: which role somebody had, and has, in a structure; "" for none."""
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
    """A moderator or a funder of a territoire; for a funder, the programmes and départements that it follows.

    Asked again, it says anew what the funder follows.
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
    """The person no longer serves the territoire."""
    record(session, actor, user, _name_of(row), shown_scope(row), shown_scope(None), row.territoire_id)
    user.assignments.remove(row)
    session.delete(row)
    session.flush()


def check_departements(session: Session, territoire: Territoire, codes: Sequence[str]) -> None:
    """Refused when one of them is of another territoire."""
    known = departements_of(session, [territoire.id]) if codes else {}
    strange = [code for code in codes if code not in known]
    if strange:
        raise Refused(f"{', '.join(strange)} : ce n’est pas un département de ce territoire ({territoire.nom}).")


def shown_scope(row: Assignment | None) -> str:
    """In words, for the log and for the page of the account."""
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
    """Refused for the last one who can connect. All of them must be held: see `lock_administrators`."""
    keep_an_administrator(session, user)
    record(session, actor, user, NETWORK, YES if user.administrator else NO, NO)
    user.administrator = False
    session.flush()


def lock_administrators(session: Session) -> None:
    """Holds all of them, before any other row, until the transaction ends: two who put each other aside at the
    same moment do not both succeed."""
    session.scalars(
        select(User)
        .where(User.administrator)
        .order_by(User.id)
        .with_for_update(of=User, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def keep_an_administrator(session: Session, leaving: User) -> None:
    """Refused when the network would have nobody left."""
    other = select(User.id).where(User.administrator, User.active, User.id != leaving.id).limit(1)
    if leaving.administrator and session.scalar(other) is None:
        raise Refused(
            "C’est le dernier compte d’administration actif : donnez d’abord l’administration à une autre personne."
        )


def must_administer(actor: User) -> None:
    if not actor.active or not actor.can(Permission.ADMINISTER):
        raise Refused("Seule l’administration du réseau peut faire cela.")


def tell_access(session: Session, user: User, actor: User, key: str, what: str) -> None:
    """The person is told that what they may do has changed. what: a sentence."""
    tell(session, "acces_change", key=key, actor=actor, to=[addressee_of(user)], facts={"quoi": what})


def addressee_of(user: User) -> Addressee:
    return Addressee(user.email, user.name, user.id, not user.password_hash)
