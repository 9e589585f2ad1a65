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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, RowMapping, Table, UniqueConstraint, and_, delete, func, select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import Base
from backoffice.core.permissions import Role
from backoffice.core.snapshot import exclusive_lock
from backoffice.models import (
    Convention,
    Fiche,
    InvitationState,
    JoinState,
    Membership,
    Organisme,
    OrganismeMerge,
    StructurePair,
    User,
)
from backoffice.models.accounts.account import COLUMNS, NUMBERS
from backoffice.models.content import Document, Structure, dump, load
from exports.importing.merge import place_key
from workflows.case import Refused
from workflows.change_log import record
from workflows.notices.audiences import Addressee, Fact
from workflows.notices.outbox import tell

from .duplicates import may_join
from .operations import known_structure, numbered, qualiopi_of

KEPT, GONE = "kept", "gone"

STAYS = {"organisme_merge.kept_id", "organisme_merge.gone_id", "orphan.organisme_id"}
"""Foreign keys that are history: they keep the structure of that day."""

Values = dict[str, Any]


# --- Which identity is kept ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One part of the identity where one value must be chosen. kept, gone: the value of each, in words; "" if none."""

    name: str
    label: str
    kept: str
    gone: str

    @property
    def usual(self) -> str:
        """The default: the kept structure's value if it has one, else the old one's."""
        return KEPT if self.kept else GONE

    @property
    def open(self) -> bool:
        """Whether there is a choice: the old structure has a value and it differs."""
        return self.kept != self.gone and bool(self.gone)


PARTS = {
    "nom": "Nom",
    "categorie": "Sorte de structure",
    "siret": "Numéro SIRET",
    "nda": "Numéro de déclaration d’activité",
    "rna": "Numéro RNA",
    "uai": "Numéro UAI",
    "qualiopi": "Certification Qualiopi",
    "adresse": "Adresse",
    "contacts": "Contacts",
    "porteuse": "Structure porteuse",
}


def choices(session: Session, kept: Organisme, gone: Organisme) -> list[Choice]:
    """One Choice for each of PARTS, in that order."""
    said = {side: _known(session, organisme) for side, organisme in ((KEPT, kept), (GONE, gone))}
    words = {side: _words(organisme, said[side]) for side, organisme in ((KEPT, kept), (GONE, gone))}
    return [Choice(name, label, words[KEPT][name], words[GONE][name]) for name, label in PARTS.items()]


def _known(session: Session, organisme: Organisme) -> Structure:
    said = load({"structure": known_structure(session, organisme)}).structure
    said.nom = organisme.nom
    return said


def _words(organisme: Organisme, said: Structure) -> dict[str, str]:
    people = [said.contact, said.formateur, *(load_contact(one) for one in organisme.contacts.values())]
    reach = [text for one in people for text in (one.nom, one.telephone, one.courriel) if text]
    return {
        **{name: getattr(said, leaf) for name, leaf in COLUMNS.items()},
        "nom": " – ".join(text for text in (said.nom, said.raison_sociale) if text),
        "qualiopi": qualiopi_of(organisme).words,
        "adresse": ", ".join(said.adresse.envelope),
        "contacts": ", ".join(dict.fromkeys([*reach, said.courriel] if said.courriel else reach)),
        "porteuse": " – ".join(text for text in (said.porteuse.nom, said.porteuse.siret) if text),
    }


def load_contact(document: Document) -> Any:
    return load({"structure": {"contact": document}}).structure.contact


# --- Moving the rows -------------------------------------------------------------------------------------


def references() -> Iterator[Column[Any]]:
    """Every column of the database with a foreign key to a structure."""
    key = Organisme.__table__.c.id
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(foreign.column is key for foreign in column.foreign_keys):
                yield column


def name_of(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def uniques(column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """For each unique constraint on this column, its other columns: two rows equal on them conflict after the merge."""
    table = column.table
    assert isinstance(table, Table)
    groups: list[Sequence[Any]] = [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    groups.append(list(table.primary_key.columns))
    groups += [list(index.columns) for index in table.indexes if index.unique]
    for group in groups:
        if column in group:
            yield [other for other in group if other is not column]


class OldRow(Enum):
    """What becomes of the old structure's row in a unique conflict, when it does not move."""

    DELETE = "delete"
    """It is deleted; OrganismeMerge.absorbed keeps its values."""
    KEEP_ON_OLD = "keep on old"
    """It stays attached to the old structure."""


@dataclass(frozen=True)
class Move:
    """The old structure's row moves to the kept structure, with these changes that end the conflict."""

    changes: Values


@dataclass(frozen=True)
class Resolution:
    """Resolution of a unique conflict. kept: changes of the kept structure's row. old: what becomes of the other."""

    kept: Values = field(default_factory=dict)
    old: OldRow | Move = OldRow.DELETE


Join = Callable[[RowMapping, RowMapping], "Resolution | None"]
"""(row of the kept structure, row of the old one) -> the resolution; None when there is no conflict."""


def _higher_role(kept: RowMapping, gone: RowMapping) -> Resolution:
    return Resolution({"role": Role.RESPONSABLE} if gone["role"] is Role.RESPONSABLE else {})


def _earlier_invitation(kept: RowMapping, gone: RowMapping) -> Resolution:
    return Resolution({"invited_at": min(kept["invited_at"], gone["invited_at"])})


def _last_answer(kept: RowMapping, gone: RowMapping) -> Resolution:
    """The carrier's latest answer applies to the kept structure. The links of both e-mails remain valid."""
    if gone["answered_at"] is None or (kept["answered_at"] is not None and kept["answered_at"] >= gone["answered_at"]):
        return Resolution(old=OldRow.KEEP_ON_OLD)
    return Resolution({"accepted": gone["accepted"], "answered_at": gone["answered_at"]}, OldRow.KEEP_ON_OLD)


def _all_columns(kept: RowMapping, gone: RowMapping) -> Resolution:
    return Resolution({"chosen": {**gone["chosen"], **kept["chosen"]}})


def _last_word(kept: RowMapping, gone: RowMapping) -> Resolution:
    names = ("state", "source", "findings", "note", "actor_id", "at")
    return Resolution({name: gone[name] for name in names} if gone["at"] > kept["at"] else {})


def _one_open_invitation(kept: RowMapping, gone: RowMapping) -> Resolution | None:
    """Two open invitations to the same address: the higher role is kept, the old structure's one is withdrawn."""
    if kept["state"] is not InvitationState.OUVERTE or gone["state"] is not InvitationState.OUVERTE:
        return None
    withdrawn = Move({"state": InvitationState.RETIREE, "closed_at": now()})
    return Resolution(_higher_role(kept, gone).kept, withdrawn)


def _one_waiting_request(kept: RowMapping, gone: RowMapping) -> Resolution | None:
    if kept["state"] is not JoinState.EN_ATTENTE or gone["state"] is not JoinState.EN_ATTENTE:
        return None
    return Resolution(old=Move({"state": JoinState.RETIREE, "closed_at": now()}))


JOINS: dict[str, Join] = {
    "membership.organisme_id": _higher_role,
    "invitation.organisme_id": _one_open_invitation,
    "join_request.organisme_id": _one_waiting_request,
    "support.organisme_id": _last_answer,
    "campaign_invitation.organisme_id": _earlier_invitation,
    "import_mapping.organisme_id": _all_columns,
    "structure_check.organisme_id": _last_word,
}


@dataclass
class Following:
    """Moves the rows of one structure to another.

    moved: {column: keys of the rows}; absorbed: {table: values of the deleted rows}.
    """

    session: Session
    kept_id: int
    gone_id: int
    moved: dict[str, list[str]] = field(default_factory=dict)
    absorbed: dict[str, list[Values]] = field(default_factory=dict)

    def run(self) -> None:
        self.carry_pairs()
        for column in references():
            if name_of(column) not in STAYS | OWN:
                self.follow(column)

    def follow(self, column: Column[Any]) -> None:
        table, name = column.table, name_of(column)
        assert isinstance(table, Table)
        left = self.join(column, table)
        keys = list(table.primary_key.columns)
        rows = self.session.execute(select(*keys).where(column == self.gone_id).order_by(*keys)).all()
        moving = [tuple(row) for row in rows if tuple(row) not in left]
        if not moving:
            return
        self.moved[name] = ["-".join(map(str, row)) for row in moving]
        order = update(table).where(column == self.gone_id).values({column.name: self.kept_id})
        for row in left:
            order = order.where(~and_(*(key == value for key, value in zip(keys, row, strict=True))))
        self.session.execute(order)

    def join(self, column: Column[Any], table: Table) -> set[tuple[Any, ...]]:
        """Resolves the unique conflicts of a column. Returns the keys of the rows that stay on the old structure."""
        keys, remain = list(table.primary_key.columns), set()
        for others in uniques(column):
            rows = {
                side: self.session.execute(select(table).where(column == id_).order_by(*keys)).mappings().all()
                for side, id_ in ((KEPT, self.kept_id), (GONE, self.gone_id))
            }
            known = {tuple(row[other.name] for other in others): row for row in rows[KEPT]}
            for row in rows[GONE]:
                twin = known.get(tuple(row[other.name] for other in others))
                resolution = JOINS[name_of(column)](twin, row) if twin is not None else None
                if twin is None or resolution is None:
                    continue
                if resolution.kept:
                    self.session.execute(update(table).where(*_is(keys, twin)).values(resolution.kept))
                if isinstance(resolution.old, Move):
                    self.session.execute(update(table).where(*_is(keys, row)).values(resolution.old.changes))
                elif resolution.old is OldRow.KEEP_ON_OLD:
                    remain.add(tuple(row[key.name] for key in keys))
                else:
                    absorbed = {name: _plain(value) for name, value in row.items()}
                    self.absorbed.setdefault(table.name, []).append(absorbed)
                    self.session.execute(delete(table).where(*_is(keys, row)))
        return remain

    def carry_pairs(self) -> None:
        """Copies to the kept structure the pairs marked «not duplicates» with the old one. The old rows stay."""
        mine = (StructurePair.first_id == self.gone_id) | (StructurePair.second_id == self.gone_id)
        for row in self.session.scalars(select(StructurePair).where(mine)).all():
            other = row.second_id if row.first_id == self.gone_id else row.first_id
            first, second = sorted((other, self.kept_id))
            known = select(StructurePair.id).where(StructurePair.first_id == first, StructurePair.second_id == second)
            if first != second and self.session.scalar(known) is None:
                self.session.add(StructurePair(first_id=first, second_id=second, actor_id=row.actor_id, at=row.at))
        self.session.flush()


OWN = {"structure_pair.first_id", "structure_pair.second_id"}
"""Foreign keys that `carry_pairs` handles."""


def _is(keys: Sequence[Column[Any]], row: RowMapping) -> list[Any]:
    return [key == row[key.name] for key in keys]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


# --- Merging ---------------------------------------------------------------------------------------------


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
    said, other = _known(session, kept), _known(session, gone)
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
