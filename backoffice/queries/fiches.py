"""Fiches as each kind of person may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from backoffice.models import Fiche, FicheState, Organisme, Revision, Territoire, TransitionLog, User
from backoffice.permissions import Role


def own_fiches(session: Session, user: User, organisme: Organisme) -> Sequence[Fiche]:
    """The fiches of one of the person's structures, the latest saved first."""
    latest = select(func.max(Revision.saved_at)).where(Revision.fiche_id == Fiche.id).scalar_subquery()
    query = _own(user).where(Fiche.organisme_id == organisme.id).order_by(latest.desc())
    return session.scalars(query.options(selectinload(Fiche.revisions), joinedload(Fiche.territoire))).all()


def own_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    return session.scalars(_own(user).where(Fiche.id == fiche_id)).first()


def entered_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    """One that the person may write: of their structures, or of the territoires that they moderate."""
    mine = Fiche.organisme_id.in_(user.organisme_ids)
    helped = Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    return session.scalars(select(Fiche).where(Fiche.id == fiche_id, or_(mine, helped))).first()


def _own(user: User) -> Select[Fiche]:
    return select(Fiche).where(Fiche.organisme_id.in_(user.organisme_ids))


def moderated_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    """A fiche of the moderator's territoires, once it was sent: a draft is the structure's own."""
    return session.scalars(
        select(Fiche).where(
            Fiche.id == fiche_id,
            Fiche.numero.is_not(None),
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
    ).first()


def published_fiches(session: Session, user: User) -> Sequence[Fiche]:
    """What is published in the territoires of a funder."""
    return session.scalars(
        _funded(user)
        .order_by(Fiche.numero)
        .options(joinedload(Fiche.published_revision), joinedload(Fiche.organisme), joinedload(Fiche.territoire))
        .limit(500)
    ).all()


def published_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    return session.scalars(_funded(user).where(Fiche.id == fiche_id)).first()


def _funded(user: User) -> Select[Fiche]:
    return select(Fiche).where(
        Fiche.territoire_id.in_(user.territoire_ids(Role.FINANCEUR)), Fiche.state == FicheState.PUBLIEE
    )


def history(session: Session, fiche: Fiche) -> Sequence[TransitionLog]:
    """The whole life of a fiche, the latest event first."""
    return session.scalars(
        select(TransitionLog)
        .where(TransitionLog.fiche_id == fiche.id)
        .options(joinedload(TransitionLog.actor))
        .order_by(TransitionLog.id.desc())
    ).all()


def counts_by_territoire(session: Session) -> Sequence[tuple[str, str, int]]:
    """(territoire, state of the fiche, number), for the administrator."""
    rows = session.execute(
        select(Territoire.nom, Fiche.state, func.count())
        .join(Fiche, Fiche.territoire_id == Territoire.id)
        .group_by(Territoire.nom, Fiche.state)
        .order_by(Territoire.nom, Fiche.state)
    )
    return [(nom, state.label, number) for nom, state, number in rows]


def matching(text: str) -> ColumnElement[bool]:
    """Condition on Revision and Organisme: the words are in the title, the name or the numero."""
    return or_(containing(Revision.title, text), containing(Organisme.nom, text), containing(Fiche.numero, text))


def containing(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.ilike(f"%{escaped}%", escape="\\")
