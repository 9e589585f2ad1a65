"""Merges two rows of the same structure, in one transaction, without losing data.

Every foreign key to the old structure is set to the kept one: fiches and their drafts, members, grants, invitations,
imports. The columns are read from the metadata, so a table added later is included. Only where both structures may
have a row under the same unique constraint does `JOINS` say how to resolve the conflict.

Decisions do not change: revisions, the transition log, obligations, numeros of fiches. Nor do fragments: they are what
a moderator approved, and the next flow contains the same bytes. A fragment keeps the name, numbers and numero that the
structure had that day. The numero (exports.fragment.build.organisme_numero) and the rest become those of the kept
structure at the next approval of the fiche; the fast lane updates the numero alone. The row of the old structure stays
and points to the kept one: old URLs redirect there, and nobody acts for it any more.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Role
from backoffice.core.snapshot import exclusive_lock
from backoffice.models import (
    Convention,
    Fiche,
    Membership,
    Organisme,
    OrganismeMerge,
    User,
)
from backoffice.models.accounts.account import COLUMNS, NUMBERS
from backoffice.models.content import Document, Structure, dump
from exports.importing.merge import place_key
from workflows.case import Refused
from workflows.change_log import record
from workflows.notices.audiences import Addressee, Fact
from workflows.notices.outbox import tell

from .duplicates import may_join
from .merge_identity import GONE, KEPT, choices, known_identity
from .merge_rows import (
    OWN,
    STAYS,
    Following,
    _plain,
    name_of,
    references,
)
from .operations import numbered


def must_merge(session: Session, kept: Organisme, gone: Organisme, actor: User) -> None:
    """Raises Refused unless the actor may merge these two structures.

    For a moderator, both structures and every fiche and grant of the old one must be in their territoires.
    """
    if kept.id == gone.id:
        raise Refused("Il faut deux structures différentes.")
    if not (may_join(actor, kept) and may_join(actor, gone)):
        raise Refused("Ces deux structures ne sont pas toutes les deux de vos territoires.")
    if kept.merged_into_id or gone.merged_into_id:
        dead = kept if kept.merged_into_id else gone
        raise Refused(f"« {dead.nom} » vient d’être réunie avec une autre structure : rien n’a été changé.")
    if actor.administrator:
        return
    served = actor.territoire_ids(Role.MODERATEUR)
    for model in (Fiche, Convention):
        elsewhere = select(model.id).where(model.organisme_id == gone.id, model.territoire_id.not_in(served))
        if session.scalar(elsewhere.limit(1)) is not None:
            raise Refused(f"« {gone.nom} » travaille aussi dans un autre territoire : demandez à un administrateur.")


def preview(session: Session, gone: Organisme) -> dict[str, int]:
    """{table: number of its rows that refer to the old structure}."""
    found: dict[str, int] = {}
    for column in references():
        if name_of(column) in STAYS | OWN:
            continue
        count = session.scalar(select(func.count()).select_from(column.table).where(column == gone.id)) or 0
        if count:
            found[column.table.name] = found.get(column.table.name, 0) + count
    return found


def merge(session: Session, kept_id: int, gone_id: int, chosen: Mapping[str, str], actor: User) -> OrganismeMerge:
    """Merges two structures. chosen: {name of PARTS: KEPT or GONE}; a missing name takes Choice.usual.

    Holds the decision lock exclusively: decisions in progress end before, new ones wait. Raises Refused.
    """
    exclusive_lock(session)
    session.flush()
    rows = {id_: _locked(session, id_) for id_ in sorted({kept_id, gone_id})}
    kept, gone = rows[kept_id], rows[gone_id]
    must_merge(session, kept, gone, actor)
    before = {
        side: {name: getattr(row, name) for name in ("nom", *NUMBERS)} for side, row in ((KEPT, kept), (GONE, gone))
    }
    offered = choices(session, kept, gone)
    settled = {one.name: chosen.get(one.name, one.usual) if one.open else KEPT for one in offered}
    people = _people(session, kept.id, gone.id)
    _settle(session, kept, gone, settled, actor)
    following = Following(session, kept.id, gone.id)
    following.run()
    gone.merged_into_id = kept.id
    kept.said_at = now()
    made = OrganismeMerge(
        actor_id=actor.id,
        kept_id=kept.id,
        gone_id=gone.id,
        before=before,
        chosen=settled,
        moved=following.moved,
        absorbed=following.absorbed,
    )
    session.add(made)
    record(session, actor, gone, "fusion", gone.nom, f"réunie avec « {kept.nom} »", gone.territoire_id)
    session.flush()
    session.expire_all()  # rows were updated in SQL, outside the identity map
    facts: dict[str, Fact] = {"structure": kept.nom, "disparue": gone.nom, "organisme": kept.id, "auteur": actor.name}
    tell(session, "structures_reunies", key=str(made.id), actor=actor, to=people, facts=facts)
    return made


def _locked(session: Session, organisme_id: int) -> Organisme:
    found = session.scalars(
        select(Organisme)
        .where(Organisme.id == organisme_id)
        .with_for_update(of=Organisme)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused("Cette structure n’existe pas.")
    return found


def _people(session: Session, *ids: int) -> list[Addressee]:
    rows = session.execute(
        select(User.id, User.email, User.name, User.password_hash)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organisme_id.in_(ids), User.active)
        .distinct()
        .order_by(User.id)
    )
    return [Addressee(row.email, row.name, row.id, not row.password_hash) for row in rows]


def _settle(session: Session, kept: Organisme, gone: Organisme, settled: Mapping[str, str], actor: User) -> None:
    """Writes the chosen values to the kept row; its replaced values are stored in `set_aside` of the old row."""
    said, other = known_identity(session, kept), known_identity(session, gone)
    aside: Document = {}
    taken = {name for name, side in settled.items() if side == GONE}
    words = {one.name: (one.kept, one.gone) for one in choices(session, kept, gone)}
    for name in taken:
        _take(name, kept, gone, said, other, aside)
        if name != "contacts":  # contacts may name a person: not logged
            record(session, actor, kept, name, *words[name], kept.territoire_id)
    kept.said = said
    known = {place_key(lieu.adresse): lieu for lieu in (*gone.places, *kept.places)}
    kept.lieux = numbered(list(known.values()))
    gone.set_aside = aside


def _take(name: str, kept: Organisme, gone: Organisme, said: Structure, other: Structure, aside: Document) -> None:
    """Takes one part from the old structure; what the kept one had goes into `aside`."""
    leaves = {
        "nom": ("nom", "raison_sociale"),
        "contacts": ("contact", "formateur", "courriel"),
        **{column: (leaf,) for column, leaf in COLUMNS.items() if column != "nom"},
    }.get(name, (name,))
    if name == "qualiopi":
        for column in ("qualiopi", "qualiopi_categories", "qualiopi_until", "qualiopi_source"):
            aside[column] = _plain(getattr(kept, column))
            setattr(kept, column, getattr(gone, column))
        return
    for leaf in leaves:
        aside[leaf] = dump(getattr(said, leaf))
        setattr(said, leaf, getattr(other, leaf))
    if name == "contacts":
        aside["contacts"] = kept.contacts
        kept.contacts = gone.contacts
