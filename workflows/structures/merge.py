"""Two structures that are the same become one, in one transaction, and nothing is lost.

All that names the structure that goes names the one that is kept from then on: its fiches, their drafts, its people,
grants, invitations, imports. What references a structure is read from the metadata, so that a table made later
follows by itself; only where both may have said the same thing (a unique constraint) has `JOINS` to say what is kept.

What was decided does not change: revisions, the log of transitions, obligations, numeros of fiches. Nor do fragments:
they are what a moderator approved, and the next flow is made of the very same bytes. Inside a fragment the structure
has the name, the numbers and the numero that it had that day; the numero (exports.fragment.build.organisme_numero) and
the rest become those of the kept structure when the fiche is next approved, or next changed by the fast lane for the
numero alone. The row of the structure that goes stays and points at the other: old addresses lead there, and nobody
acts for it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
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
"""References that are history: they name the structure of that day."""

Values = dict[str, Any]


# --- What survives of what the two say of themselves -----------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One thing of which only one survives. kept, gone: what each says, in words, "" when it says nothing."""

    name: str
    label: str
    kept: str
    gone: str

    @property
    def usual(self) -> str:
        """What most will choose: the word of the structure that is kept, when it has one."""
        return KEPT if self.kept else GONE

    @property
    def open(self) -> bool:
        """Whether there is something to choose."""
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
    """All that the two may say differently, in the order of their page."""
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


# --- What follows ----------------------------------------------------------------------------------------


def references() -> Iterator[Column[Any]]:
    """Every column of the base that names a structure."""
    key = Organisme.__table__.c.id
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(foreign.column is key for foreign in column.foreign_keys):
                yield column


def name_of(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def uniques(column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """The other columns of each unique constraint of this one: two rows that have them alike cannot both stay."""
    table = column.table
    assert isinstance(table, Table)
    groups: list[Sequence[Any]] = [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    groups.append(list(table.primary_key.columns))
    groups += [list(index.columns) for index in table.indexes if index.unique]
    for group in groups:
        if column in group:
            yield [other for other in group if other is not column]


@dataclass(frozen=True)
class Joined:
    """Of two rows that say the same: what the survivor's becomes, and what becomes of the other.

    other: None: it is no more, and the record keeps it whole; values: it follows, with these; STAY: it stays with
    the structure that is gone.
    """

    kept: Values = field(default_factory=dict)
    other: Values | None = None


STAY: Values = {"stay": True}

Join = Callable[[RowMapping, RowMapping], "Joined | None"]
"""Of the survivor's row and of the other one; None: both may live."""


def _higher_role(kept: RowMapping, gone: RowMapping) -> Joined:
    return Joined({"role": Role.RESPONSABLE} if gone["role"] is Role.RESPONSABLE else {})


def _earlier_invitation(kept: RowMapping, gone: RowMapping) -> Joined:
    return Joined({"invited_at": min(kept["invited_at"], gone["invited_at"])})


def _last_answer(kept: RowMapping, gone: RowMapping) -> Joined:
    """What the carrier said last holds for the structure that is left; the link of either e-mail still answers."""
    if gone["answered_at"] is None or (kept["answered_at"] is not None and kept["answered_at"] >= gone["answered_at"]):
        return Joined(other=STAY)
    return Joined({"accepted": gone["accepted"], "answered_at": gone["answered_at"]}, STAY)


def _all_columns(kept: RowMapping, gone: RowMapping) -> Joined:
    return Joined({"chosen": {**gone["chosen"], **kept["chosen"]}})


def _last_word(kept: RowMapping, gone: RowMapping) -> Joined:
    names = ("state", "source", "findings", "note", "actor_id", "at")
    return Joined({name: gone[name] for name in names} if gone["at"] > kept["at"] else {})


def _one_open_invitation(kept: RowMapping, gone: RowMapping) -> Joined | None:
    """Two that wait for the same address: the larger role is offered, the link of the other no longer lets in."""
    if kept["state"] is not InvitationState.OUVERTE or gone["state"] is not InvitationState.OUVERTE:
        return None
    return Joined(_higher_role(kept, gone).kept, {"state": InvitationState.RETIREE, "closed_at": now()})


def _one_waiting_request(kept: RowMapping, gone: RowMapping) -> Joined | None:
    if kept["state"] is not JoinState.EN_ATTENTE or gone["state"] is not JoinState.EN_ATTENTE:
        return None
    return Joined(other={"state": JoinState.RETIREE, "closed_at": now()})


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
    """What moves from one structure to another, kept as it goes."""

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
        """Makes one row of two that say the same; gives the keys of those that stay where they are."""
        keys, remain = list(table.primary_key.columns), set()
        for others in uniques(column):
            rows = {
                side: self.session.execute(select(table).where(column == id_).order_by(*keys)).mappings().all()
                for side, id_ in ((KEPT, self.kept_id), (GONE, self.gone_id))
            }
            known = {tuple(row[other.name] for other in others): row for row in rows[KEPT]}
            for row in rows[GONE]:
                twin = known.get(tuple(row[other.name] for other in others))
                joined = JOINS[name_of(column)](twin, row) if twin is not None else None
                if twin is None or joined is None:
                    continue
                if joined.kept:
                    self.session.execute(update(table).where(*_is(keys, twin)).values(joined.kept))
                if joined.other is STAY:
                    remain.add(tuple(row[key.name] for key in keys))
                    continue
                if joined.other is not None:
                    self.session.execute(update(table).where(*_is(keys, row)).values(joined.other))
                    continue
                self.absorbed.setdefault(table.name, []).append({name: _plain(value) for name, value in row.items()})
                self.session.execute(delete(table).where(*_is(keys, row)))
        return remain

    def carry_pairs(self) -> None:
        """Who was told apart from the structure that goes is told apart from the one that is kept. The rows stay."""
        mine = (StructurePair.first_id == self.gone_id) | (StructurePair.second_id == self.gone_id)
        for row in self.session.scalars(select(StructurePair).where(mine)).all():
            other = row.second_id if row.first_id == self.gone_id else row.first_id
            first, second = sorted((other, self.kept_id))
            known = select(StructurePair.id).where(StructurePair.first_id == first, StructurePair.second_id == second)
            if first != second and self.session.scalar(known) is None:
                self.session.add(StructurePair(first_id=first, second_id=second, actor_id=row.actor_id, at=row.at))
        self.session.flush()


OWN = {"structure_pair.first_id", "structure_pair.second_id"}
"""References that `Following` handles itself."""


def _is(keys: Sequence[Column[Any]], row: RowMapping) -> list[Any]:
    return [key == row[key.name] for key in keys]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


# --- Making them one -------------------------------------------------------------------------------------


def must_merge(session: Session, kept: Organisme, gone: Organisme, actor: User) -> None:
    """A moderator only within their territoires, the fiches of the structure that goes included."""
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
    """{table: how many of its rows name the structure that would go}."""
    found: dict[str, int] = {}
    for column in references():
        if name_of(column) in STAYS | OWN:
            continue
        count = session.scalar(select(func.count()).select_from(column.table).where(column == gone.id)) or 0
        if count:
            found[column.table.name] = found.get(column.table.name, 0) + count
    return found


def merge(session: Session, kept_id: int, gone_id: int, chosen: Mapping[str, str], actor: User) -> OrganismeMerge:
    """Makes two structures one. chosen: {name of PARTS: KEPT or GONE}; the usual choice where it says nothing.

    No decision is taken on any fiche meanwhile: whoever was deciding has ended, whoever begins waits.
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
    session.expire_all()  # rows were moved behind the back of the session
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
    """The row that is kept says what was chosen; what it said before is set aside on the other one."""
    said, other = _known(session, kept), _known(session, gone)
    aside: Document = {}
    taken = {name for name, side in settled.items() if side == GONE}
    words = {one.name: (one.kept, one.gone) for one in choices(session, kept, gone)}
    for name in taken:
        _take(name, kept, gone, said, other, aside)
        if name != "contacts":  # a person may be named there
            record(session, actor, kept, name, *words[name], kept.territoire_id)
    kept.said = said
    known = {place_key(lieu.adresse): lieu for lieu in (*gone.places, *kept.places)}
    kept.lieux = numbered(list(known.values()))
    gone.set_aside = aside


def _take(name: str, kept: Organisme, gone: Organisme, said: Structure, other: Structure, aside: Document) -> None:
    """One part of what survives, from the structure that goes."""
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
