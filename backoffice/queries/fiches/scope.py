"""Fiches within the scope of each role."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from backoffice.core.permissions import Role
from backoffice.models import Fiche, FicheState, Organisme, Revision, Territoire, TransitionLog, User
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.search import search
from backoffice.reference.programmes import programmes

_LIGHT = (
    joinedload(Fiche.published_revision),
    joinedload(Fiche.organisme),
    selectinload(Fiche.revisions).options(defer(Revision.document), defer(Revision.pending)),
)
"""Loads all revisions of a fiche without their content, except the published one."""
MOST_RENEWABLE = 300
PAGE = 20
"""Fiches on one page of a structure's list."""


def own_fiches(session: Session, user: User, organisme: Organisme, text: str, place: Place) -> Page[Fiche]:
    """One page of the fiches of one of the person's structures: latest saved first, archived ones last."""
    latest = select(func.max(Revision.saved_at)).where(Revision.fiche_id == Fiche.id).scalar_subquery()
    query = search(_own(user).where(Fiche.organisme_id == organisme.id), text)
    archived = case((Fiche.state == FicheState.ARCHIVEE, 1), else_=0)
    keys = (Key(archived), Key(latest, down=True), Key(Fiche.id, down=True))
    return keyset_page(session, query, keys, place, PAGE, options=_LIGHT, counted=True)


def renewable_fiches(session: Session, user: User, organisme: Organisme) -> Sequence[Fiche]:
    """Fiches of one of the person's structures that are, or once were, published; merged duplicates are left out."""
    seen = _own(user).where(
        Fiche.organisme_id == organisme.id,
        Fiche.state.in_((FicheState.PUBLIEE, FicheState.ARCHIVEE)),
        Fiche.published_revision_id.is_not(None),
        Fiche.merged_into_id.is_(None),
    )
    return session.scalars(seen.order_by(Fiche.id).options(*_LIGHT).limit(MOST_RENEWABLE)).all()


def own_fiches_among(session: Session, user: User, ids: Collection[int]) -> Sequence[Fiche]:
    """Those of these fiches that belong to the person's structures."""
    return session.scalars(_own(user).where(Fiche.id.in_(ids)).order_by(Fiche.id).options(*_LIGHT)).all()


def own_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    return session.scalars(_own(user).where(Fiche.id == fiche_id)).first()


def entered_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    """A fiche that the person may edit: of one of their structures, or of a territoire that they moderate."""
    mine = Fiche.organisme_id.in_(user.organisme_ids)
    helped = Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    query = select(Fiche).options(joinedload(Fiche.territoire))
    return session.scalars(query.where(Fiche.id == fiche_id, or_(mine, helped))).first()


def _own(user: User) -> Select[Fiche]:
    return select(Fiche).where(Fiche.organisme_id.in_(user.organisme_ids))


def moderated_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    """A fiche of the moderator's territoires; None if it was never submitted (no numero)."""
    return session.scalars(
        select(Fiche).where(
            Fiche.id == fiche_id,
            Fiche.numero.is_not(None),
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
    ).first()


def published_fiches(session: Session, user: User) -> Sequence[Fiche]:
    """The published fiches that a funder follows, by numero; 500 at most."""
    return session.scalars(
        _funded(user)
        .order_by(Fiche.numero)
        .options(joinedload(Fiche.published_revision), joinedload(Fiche.organisme), joinedload(Fiche.territoire))
        .limit(500)
    ).all()


def published_fiche(session: Session, user: User, fiche_id: int) -> Fiche | None:
    return session.scalars(_funded(user).where(Fiche.id == fiche_id)).first()


def _funded(user: User) -> Select[Fiche]:
    return (
        select(Fiche)
        .join(Revision, Revision.id == Fiche.published_revision_id)
        .where(Fiche.state == FicheState.PUBLIEE, followed(user))
    )


def followed(user: User) -> ColumnElement[bool]:
    """Condition on Fiche and its published Revision: territoire, département and dispositif funded by the person."""
    scopes = []
    for row in user.assignments:
        if row.role is not Role.FINANCEUR:
            continue
        scope: list[ColumnElement[bool]] = [Fiche.territoire_id == row.territoire_id]
        if row.departements:
            scope.append(Revision.departement.in_(row.departements))
        if row.programmes:
            paid = {code for name in row.programmes if name in programmes() for code in programmes()[name].dispositifs}
            scope.append(Fiche.dispositif.in_(paid))
        scopes.append(and_(*scope))
    return or_(false(), *scopes)


def history(session: Session, fiche: Fiche) -> Sequence[TransitionLog]:
    """All transitions of a fiche, latest first."""
    return session.scalars(
        select(TransitionLog)
        .where(TransitionLog.fiche_id == fiche.id)
        .options(joinedload(TransitionLog.actor))
        .order_by(TransitionLog.id.desc())
    ).all()


def counts_by_territoire(session: Session) -> dict[str, dict[FicheState, int]]:
    """{territoire name: {state: number of fiches}}. Territoires without fiches are absent."""
    rows = session.execute(
        select(Territoire.nom, Fiche.state, func.count())
        .join(Fiche, Fiche.territoire_id == Territoire.id)
        .group_by(Territoire.nom, Fiche.state)
        .order_by(Territoire.nom)
    )
    counts: dict[str, dict[FicheState, int]] = {}
    for nom, state, number in rows:
        counts.setdefault(nom, {})[state] = number
    return counts
