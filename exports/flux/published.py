"""What was published at an instant, read from the append-only history of publications."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, Subquery, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from backoffice.models import Fiche, Flux, Fragment, Publication

BATCH = 500
"""Fragments read at a time: memory use does not depend on the size of the flow."""


COLUMNS = (
    Fragment.xml,
    Fragment.sha256,
    Fragment.code_version,
    Fragment.actions,
    Fragment.sessions,
    Fragment.facets,
)


@dataclass(frozen=True)
class Piece:
    """One stored fragment, ready to be written. xml: compressed with zlib; sha256: of the uncompressed bytes."""

    numero: str
    xml: bytes
    sha256: str
    code_version: int
    actions: int
    sessions: int


def as_of(session: Session, flux: Flux, at: datetime) -> Generator[Piece, None, None]:
    """Yields the fragments of the flow as of `at`, ordered by numero. Close the generator when you stop early."""
    last = _last(at)
    query = (
        select(Fiche.numero, Fiche.dispositif, *COLUMNS)
        .join(Publication, Publication.fiche_id == Fiche.id)
        .join(last, last.c.id == Publication.id)
        .join(Fragment, Fragment.id == Publication.fragment_id)
        .where(_here(flux, Publication.territoire_id))
        .order_by(_by_numero(session))
    )
    with session.execute(query, execution_options={"yield_per": BATCH}) as rows:
        for row in rows:
            if chosen(flux, row.dispositif, row.facets):
                yield _piece(row)


def count(session: Session, flux: Flux, at: datetime) -> int:
    """Number of fiches that the flow reads as of `at`: an upper bound, since `chosen` is not applied."""
    last = _last(at)
    return (
        session.scalar(
            select(func.count())
            .select_from(Publication)
            .join(last, last.c.id == Publication.id)
            .join(Fiche, Fiche.id == Publication.fiche_id)
            .where(Publication.fragment_id.is_not(None), _here(flux, Publication.territoire_id))
        )
        or 0
    )


def carried(session: Session, flux: Flux, at: datetime, fiche_ids: Collection[int]) -> set[int]:
    """Ids, among `fiche_ids`, of the fiches that the flow contained as of `at`."""
    last = (
        select(func.max(Publication.id).label("id"))
        .where(Publication.at <= at, Publication.fiche_id.in_(fiche_ids))
        .group_by(Publication.fiche_id)
        .subquery("last")
    )
    rows = session.execute(
        select(Fiche.id, Fiche.dispositif, Fragment.facets)
        .join(Publication, Publication.fiche_id == Fiche.id)
        .join(last, last.c.id == Publication.id)
        .join(Fragment, Fragment.id == Publication.fragment_id)
        .where(_here(flux, Publication.territoire_id))
    )
    return {row.id for row in rows if chosen(flux, row.dispositif, row.facets)}


@dataclass(frozen=True)
class Change:
    """One fiche that changed in a flow. fragment_id: None when it left the flow."""

    numero: str
    fragment_id: int | None


def changes(session: Session, flux: Flux, since: datetime, at: datetime) -> list[Change]:
    """Changes from the flow as of `since` to the flow as of `at`, ordered by numero.

    Only fiches with a publication event between the two instants are read: the cost depends on the changes, not on
    the size of the flow.
    """
    touched = (
        select(Publication.fiche_id).where(Publication.at > since, Publication.at <= at).distinct().subquery("touched")
    )
    before, after = _state(touched, since, "before"), _state(touched, at, "after")
    old, new = aliased(Fragment), aliased(Fragment)
    rows = session.execute(
        select(
            Fiche.numero,
            Fiche.dispositif,
            old.sha256,
            old.facets,
            before.c.territoire_id,
            new.sha256,
            new.facets,
            after.c.territoire_id,
            new.id,
        )
        .select_from(touched)
        .join(Fiche, Fiche.id == touched.c.fiche_id)
        .outerjoin(before, before.c.fiche_id == Fiche.id)
        .outerjoin(after, after.c.fiche_id == Fiche.id)
        .outerjoin(old, old.id == before.c.fragment_id)
        .outerjoin(new, new.id == after.c.fragment_id)
        .where(or_(_here(flux, before.c.territoire_id), _here(flux, after.c.territoire_id)))
        .order_by(_by_numero(session))
    )
    found = []
    for numero, dispositif, old_sha, old_facets, old_place, new_sha, new_facets, new_place, fragment_id in rows:
        assert numero, "ce qui a été publié a un numéro"
        was_in = old_sha is not None and _takes(flux, old_place) and chosen(flux, dispositif, old_facets)
        is_in = new_sha is not None and _takes(flux, new_place) and chosen(flux, dispositif, new_facets)
        if is_in and not (was_in and old_sha == new_sha):
            found.append(Change(numero, fragment_id))
        elif was_in and not is_in:
            found.append(Change(numero, None))
    return found


def pieces(session: Session, changes: list[Change]) -> Iterator[Piece]:
    """New fragments of these changes, in their order, read a batch at a time; removals are skipped."""
    present = [change for change in changes if change.fragment_id is not None]
    for first in range(0, len(present), BATCH):
        batch = present[first : first + BATCH]
        ids = [change.fragment_id for change in batch]
        rows = {row.id: row for row in session.execute(select(Fragment.id, *COLUMNS).where(Fragment.id.in_(ids)))}
        for change in batch:
            yield _piece(rows[change.fragment_id], change.numero)


def chosen(flux: Flux, dispositif: str, facets: dict[str, list[str]]) -> bool:
    """Whether the definition of the flow takes this fragment. An empty list takes all.

    A fragment that one of the flow's `consumers` would drop is not taken.
    """
    return (
        (not flux.dispositifs or dispositif in flux.dispositifs)
        and (not flux.financeurs or bool(set(flux.financeurs) & set(facets.get("financeurs", ()))))
        and (not flux.publics or bool(set(flux.publics) & set(facets.get("publics", ()))))
        and not set(flux.consumers) & set(facets.get("dropped_by", ()))
    )


def _last(at: datetime) -> Subquery:
    """Id of the last publication event of each fiche as of `at`."""
    return (
        select(func.max(Publication.id).label("id"))
        .where(Publication.at <= at)
        .group_by(Publication.fiche_id)
        .subquery("last")
    )


def _state(touched: Subquery, at: datetime, name: str) -> Subquery:
    """(fiche_id, fragment_id, territoire_id) of the touched fiches as of `at`."""
    last = (
        select(func.max(Publication.id).label("id"))
        .join(touched, touched.c.fiche_id == Publication.fiche_id)
        .where(Publication.at <= at)
        .group_by(Publication.fiche_id)
        .subquery(f"last_{name}")
    )
    columns = (Publication.fiche_id, Publication.fragment_id, Publication.territoire_id)
    return select(*columns).join(last, last.c.id == Publication.id).subquery(name)


def _here(flux: Flux, territoire_id: SQLColumnExpression[int | None]) -> ColumnElement[bool]:
    """SQL condition: the publication belongs to the flow's territoire. Its territoire is the one at that time."""
    return true() if flux.territoire_id is None else territoire_id == flux.territoire_id


def _takes(flux: Flux, territoire_id: int | None) -> bool:
    return flux.territoire_id is None or territoire_id == flux.territoire_id


def _by_numero(session: Session) -> ColumnElement[Any]:
    # The same order on every database, whatever the locale of the server.
    binary = "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"
    return Fiche.numero.collate(binary)


def _piece(row: Any, numero: str = "") -> Piece:
    return Piece(numero or row.numero, row.xml, row.sha256, row.code_version, row.actions, row.sessions)
