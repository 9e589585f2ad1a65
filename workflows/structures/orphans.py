"""Weekly notice to the moderators of each territoire: structures that no longer have a member to enter fiches."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import Organisme, Orphan, Territoire
from backoffice.queries.structures.orphans import orphaned
from workflows.notices.audiences import Told, moderators
from workflows.notices.outbox import tell

SHOWN = 20


def notice() -> None:
    """The job. Each orphaned structure is announced once; it is forgotten when it has a member again."""
    with atomic() as session:
        ids = session.scalars(select(Territoire.id).order_by(Territoire.id)).all()
    for territoire_id in ids:
        with atomic() as session:
            _notice(session, session.get_one(Territoire, territoire_id))


def _notice(session: Session, territoire: Territoire) -> None:
    here = select(Organisme.id, Organisme.nom).where(Organisme.territoire_id == territoire.id, orphaned())
    now_orphans = {row.id: row.nom for row in session.execute(here.order_by(Organisme.nom, Organisme.id))}
    theirs = select(Organisme.id).where(Organisme.territoire_id == territoire.id)
    known = set(session.scalars(select(Orphan.organisme_id).where(Orphan.organisme_id.in_(theirs))))
    gone = known - now_orphans.keys()
    session.execute(delete(Orphan).where(Orphan.organisme_id.in_(gone)))
    new = [id_ for id_ in now_orphans if id_ not in known]
    if not new:
        return
    session.add_all(Orphan(organisme_id=id_) for id_ in new)
    session.flush()
    tell(
        session,
        "structures_orphelines",
        key=f"{territoire.slug} {local_day(now())} {len(new)} {new[0]}",
        territoire=territoire,
        to=moderators(Told(session, territoire=territoire)),
        facts={
            "nombre": len(new),
            "noms": [now_orphans[id_] for id_ in new[:SHOWN]],
            "autres": max(0, len(new) - SHOWN),
        },
    )
