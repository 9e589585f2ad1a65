"""Alerts on fiches that name an ended certification or a closed establishment, with notices to their people.
Nothing is unpublished automatically: the structure corrects, or the moderator decides.

Alerts are derived from content and registers, and removed when their cause is. Each is notified once per end date.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheAlert, Territoire
from backoffice.queries.fiches.register_alerts import Key, standing
from workflows.notices.audiences import Fact
from workflows.notices.outbox import tell

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def look() -> None:
    """Job: each morning, and after a register has changed. Can be interrupted: the next run continues."""
    with atomic() as session:
        refresh(session)
    with atomic() as session:
        waiting = select(FicheAlert.fiche_id).where(FicheAlert.told_at.is_(None)).distinct()
        ids = session.scalars(waiting.order_by(FicheAlert.fiche_id)).all()
    concerned: dict[int, int] = {}
    for fiche_id in ids:
        with atomic() as session:
            territoire_id = tell_people(session, fiche_id)
        concerned[territoire_id] = concerned.get(territoire_id, 0) + 1
    for territoire_id, number in concerned.items():
        with atomic() as session:
            _tell_moderators(session, session.get_one(Territoire, territoire_id), number)


def after_import(_import_id: int) -> None:
    """Job: a register has a new version, or its last version was removed."""
    look()


def refresh(session: Session, fiche_ids: Collection[int] | None = None) -> None:
    """Recomputes the alerts of these fiches; None: of all."""
    found = standing(session, local_day(now()), fiche_ids)
    query = select(FicheAlert.id, FicheAlert.fiche_id, FicheAlert.kind, FicheAlert.subject, FicheAlert.day)
    rows = session.execute(query if fiche_ids is None else query.where(FicheAlert.fiche_id.in_(fiche_ids))).all()
    known: dict[Key, Any] = {(row.fiche_id, str(row.kind), row.subject): row for row in rows}
    # Another end date is a new alert: it is notified again.
    gone = [row.id for key, row in known.items() if key not in found or found[key].day != row.day]
    for first in range(0, len(gone), 500):
        session.execute(delete(FicheAlert).where(FicheAlert.id.in_(gone[first : first + 500])))
    new = [
        {"fiche_id": key[0], "kind": key[1], "subject": key[2], "label": one.label, "day": one.day, "raised_at": now()}
        for key, one in found.items()
        if key not in known or known[key].day != one.day
    ]
    if new:
        insert = _INSERT[session.get_bind().dialect.name]
        session.execute(insert(FicheAlert).on_conflict_do_nothing(), new)
    session.flush()


def tell_people(session: Session, fiche_id: int) -> int:
    """Notifies the structure of a fiche's new alerts; returns the territoire id."""
    fiche = session.get_one(Fiche, fiche_id)
    rows = session.scalars(
        select(FicheAlert).where(FicheAlert.fiche_id == fiche_id, FicheAlert.told_at.is_(None)).order_by(FicheAlert.id)
    ).all()
    said = sorted(f"{row.kind} {row.subject} {row.day}" for row in rows)
    facts: dict[str, Fact] = {
        "alertes": [f"{row.words} Source : {row.source}. {row.kind.cure}" for row in rows],
        "publiee": fiche.published_revision_id is not None,
    }
    if rows:
        tell(session, "fiche_alerte", key=f"{fiche_id} {' '.join(said)}", fiche=fiche, facts=facts)
    ids = [row.id for row in rows]
    session.execute(update(FicheAlert).where(FicheAlert.id.in_(ids)).values(told_at=now()))
    return fiche.territoire_id


def _tell_moderators(session: Session, territoire: Territoire, number: int) -> None:
    tell(
        session,
        "alertes_du_jour",
        key=f"{territoire.slug} {now().isoformat()}",
        territoire=territoire,
        facts={"nombre": number},
    )
