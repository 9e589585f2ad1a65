"""What changed in the published offer after a cursor, withdrawals included: nothing lost, nothing given twice.

`Publication` is append-only and written by each decision that changes what readers see. A cursor is the id of the
last row already told. A row is told only once it is final (`backoffice.core.snapshot.settled`), and only when it is
the last one of its fiche: an older one would give a content that no longer holds.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.snapshot import settled
from backoffice.models import Fiche, Publication
from exports.open_data.rows import Offer

from .offer import Search, matching, offers

START = "debut"
CURSOR = f"{START}|[0-9A-Za-z_-]{{4,40}}"
_INSIDE = re.compile(rb"offre(0|[1-9][0-9]{0,17})")


class UnknownCursor(ValueError):
    """The cursor was not given by this base: malformed, or later than all that happened here."""


@dataclass(frozen=True)
class Changes:
    """offers: fiches that entered or changed, in the order of their changes. left: (numero, when) of those to drop.

    cursor: where the next reading begins. more: whether other changes wait already.
    """

    offers: Sequence[Offer]
    left: Sequence[tuple[str, datetime]]
    cursor: str
    more: bool


def changes(session: Session, cursor: str, values: Mapping[str, str], limit: int) -> Changes:
    """At most `limit` changed fiches after the cursor, in a constant number of queries. Raises UnknownCursor.

    values: {name of a Filter: value}; a changed fiche that the filters do not take is told as left.
    """
    after, top = _position(cursor), last(session)
    if after > top:
        raise UnknownCursor(cursor)
    if not settled(session):
        return Changes([], [], cursor, more=False)  # the same question has its answer a little later
    newer = aliased(Publication)
    found = session.execute(
        select(Publication.id, Publication.fragment_id, Publication.at, Fiche.numero)
        .join(Fiche, Fiche.id == Publication.fiche_id)
        .where(
            Publication.id > after,
            Publication.id <= top,
            ~exists().where(newer.fiche_id == Publication.fiche_id, newer.id > Publication.id),
        )
        .order_by(Publication.id)
        .limit(limit + 1)
    ).all()
    rows, more = found[:limit], len(found) > limit
    fragments = [row.fragment_id for row in rows if row.fragment_id is not None]
    here = Fiche.fragment_id.in_(fragments)
    # A fiche whose fragment changed meanwhile is in neither list: its newer row tells it.
    present = {offer.numero: offer for offer in offers(session, here)} if fragments else {}
    kept = set(matching(session, Search(values, limit=limit), here)[0]) if values and present else set(present)
    return Changes(
        [present[row.numero] for row in rows if row.numero in kept and row.numero in present],
        [
            (row.numero, row.at)
            for row in rows
            if row.fragment_id is None or (row.numero in present and row.numero not in kept)
        ],
        text_of(rows[-1].id if more else top),
        more,
    )


def present_cursor(session: Session) -> str | None:
    """The cursor after all that is published now; None when decisions in progress last too long."""
    top = last(session)
    return text_of(top) if settled(session) else None


def last(session: Session) -> int:
    """Id of the last Publication; 0 when there is none."""
    return session.scalar(select(func.max(Publication.id))) or 0


def text_of(publication_id: int) -> str:
    """The opaque text of a cursor."""
    return base64.urlsafe_b64encode(b"offre%d" % publication_id).decode().rstrip("=")


def _position(cursor: str) -> int:
    if cursor == START:
        return 0
    try:
        inside = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise UnknownCursor(cursor) from error
    known = _INSIDE.fullmatch(inside)
    if known is None:
        raise UnknownCursor(cursor)
    return int(known[1])
