"""The published offer, readable by anyone: filtered page by page, or entirely as a stream.

The content is the approved revision with its fast lane updates applied. Fiches that are not published are
never returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models import (
    Commune,
    Fiche,
    FicheState,
    Fragment,
    Publication,
    Revision,
    SessionUpdate,
    Territoire,
)
from backoffice.models.content import Contenu, load
from backoffice.models.content.timely import as_of
from backoffice.models.fiches.updates import updated
from backoffice.queries.search import says
from exports.fragment.build import CODE_VERSION, organisme_numero
from exports.open_data.filters import FACETS, FILTERS, facets, false_on
from exports.open_data.rows import Offer

LARGEST_PAGE = 100
USUAL_PAGE = 25
LOOKED_AT = 10_000
"""Maximum number of fiches examined for one page. A search with few results stops there and returns a next page."""
BATCH = 200
"""Number of fiches read at a time."""


NUMERO = "[0-9A-Za-z_]{1,30}"


def city_of(session: Session, code_insee: str) -> str | None:
    """Insee code of the commune used in addresses: the city, for an arrondissement; None when unknown."""
    row = session.execute(
        select(Commune.code_insee, Commune.parent).where(Commune.code_insee == code_insee)
    ).one_or_none()
    return None if row is None else row.parent or row.code_insee


@dataclass(frozen=True)
class Search:
    """values: {name of a Filter: one of its values}. after: last numero already read."""

    values: Mapping[str, str] = field(default_factory=dict)
    after: str = ""
    limit: int = USUAL_PAGE


@dataclass(frozen=True)
class Page:
    offers: Sequence[Offer]
    after: str | None
    """numero after which the next page begins; None on the last page."""


def page(session: Session, search: Search) -> Page:
    """At most `limit` fiches, by numero. The number of queries is constant.

    Keyset page: it begins after a numero, so fiches published or withdrawn between two pages neither hide nor
    repeat another one.
    """
    numeros, after = matching(session, search)
    return Page(offers(session, Fiche.numero.in_(numeros)) if numeros else [], after)


def one(session: Session, numero: str) -> Offer | None:
    """The offer with this numero, or the fiche that a duplicate with this numero was merged into; None if none."""
    joined = aliased(Fiche)
    kept = select(joined.merged_into_id).where(joined.numero == numero).scalar_subquery()
    return next(iter(offers(session, or_(Fiche.numero == numero, Fiche.id == kept))), None)


def stream(session: Session, territoire: str = "") -> Iterator[Offer]:
    """All offers by numero, in constant memory. Each batch ends its transaction, so a slow reader keeps none open."""
    after = ""
    while True:
        where = [Fiche.numero > after, *_in_sql({"territoire": territoire} if territoire else {})]
        found = offers(session, *where, limit=BATCH)
        session.rollback()
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1].numero


def stamp(session: Session) -> str:
    """Version of the published offer. It changes at each publication or withdrawal: Publication is append-only.

    It changes each day too: enrolments close by themselves.
    """
    last, count = session.execute(select(func.max(Publication.id), func.count(Publication.id))).one()
    return f"{last or 0}-{count}-{local_day(now()):%Y%m%d}"


def matching(session: Session, search: Search, *where: ColumnElement[bool]) -> tuple[list[str], str | None]:
    """The numeros of one page, and where the next page begins. Reads light rows until the page is full."""
    said = [says(Revision, search.values["q"])] if "q" in search.values else []
    wanted = {row.facet: search.values[row.name] for row in FILTERS if row.facet and row.name in search.values}
    query = (
        select(Fiche.numero, Revision.id, Fragment.code_version, Fragment.facets)
        .join(Fragment, Fragment.id == Fiche.fragment_id)
        .join(Revision, Revision.id == Fiche.published_revision_id)
        .join(Territoire, Territoire.id == Fiche.territoire_id)
        .where(Fiche.state == FicheState.PUBLIEE, Fiche.numero > search.after, *_in_sql(search.values), *said, *where)
        .order_by(Fiche.numero)
        .limit(LOOKED_AT)
    )
    found: list[str] = []
    looked, last = 0, search.after
    with session.execute(query, execution_options={"yield_per": BATCH}) as rows:
        for batch in rows.partitions():
            known = _facets(session, batch) if wanted else {}
            for row in batch:
                if len(found) == search.limit:
                    return found, last
                looked, last = looked + 1, row.numero
                if all(value in known[row.id].get(name, ()) for name, value in wanted.items()):
                    found.append(row.numero)
    return found, last if looked == LOOKED_AT else None


def _facets(session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, dict[str, list[str]]]:
    """{revision id: facets}. Those of fragments to be built again are computed from the content."""
    known, today = {row.id: row.facets for row in rows}, local_day(now())
    stale = [
        row.id
        for row in rows
        if row.code_version != CODE_VERSION or FACETS.keys() - row.facets.keys() or false_on(row.facets, today)
    ]
    if stale:
        documents = session.execute(select(Revision.id, Revision.document).where(Revision.id.in_(stale))).all()
        contents = _contents(session, {row.id: row.document for row in documents})
        known |= {id_: facets(content) for id_, content in contents.items()}
    return known


def _in_sql(values: Mapping[str, str]) -> list[ColumnElement[bool]]:
    return [row.column == values[row.name] for row in FILTERS if row.column is not None and row.name in values]


def offers(session: Session, *where: ColumnElement[bool], limit: int | None = None) -> list[Offer]:
    """The offers that match, by numero, in two queries."""
    rows = session.execute(
        select(
            Fiche.numero,
            Fiche.dispositif,
            Fiche.organisme_id,
            Territoire.slug,
            Territoire.nom,
            Territoire.prefixe,
            Fragment.built_at,
            Revision.id,
            Revision.document,
        )
        .join(Territoire, Territoire.id == Fiche.territoire_id)
        .join(Fragment, Fragment.id == Fiche.fragment_id)
        .join(Revision, Revision.id == Fiche.published_revision_id)
        .where(Fiche.state == FicheState.PUBLIEE, *where)
        .order_by(Fiche.numero)
        .limit(limit)
    ).all()
    contents = _contents(session, {row.id: row.document for row in rows})
    return [
        Offer(
            row.numero,
            row.dispositif,
            row.slug,
            row.nom,
            organisme_numero(row.prefixe, row.organisme_id),
            row.built_at,
            contents[row.id],
        )
        for row in rows
    ]


def _contents(session: Session, documents: Mapping[int, dict[str, Any]]) -> dict[int, Contenu]:
    """{revision id: approved content with its fast lane updates applied, as true today}."""
    updates: dict[int, list[SessionUpdate]] = {}
    query = select(SessionUpdate).where(SessionUpdate.revision_id.in_(documents)).order_by(SessionUpdate.id)
    for update in session.scalars(query) if documents else ():
        updates.setdefault(update.revision_id, []).append(update)
    today = local_day(now())
    return {id_: as_of(updated(load(document), updates.get(id_, ())), today) for id_, document in documents.items()}
