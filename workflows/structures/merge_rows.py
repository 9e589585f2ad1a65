"""How the rows of a merged structure follow it, and what happens where a unique constraint allows only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, RowMapping, Table, UniqueConstraint, and_, delete, select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import Base
from backoffice.core.permissions import Role
from backoffice.models import (
    InvitationState,
    JoinState,
    Organisme,
    StructurePair,
)

from .merge_identity import GONE, KEPT

STAYS = {"organisme_merge.kept_id", "organisme_merge.gone_id", "orphan.organisme_id"}
"""Foreign keys that are history: they keep the structure of that day."""

Values = dict[str, Any]


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
