"""Archives published fiches some time after their last session, once their structure was notified."""

from __future__ import annotations

import logging

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Mail, Membership, Revision
from backoffice.models.transition_names import FicheTransition
from workflows.case import Refused
from workflows.robot import robot

from .engine import apply
from .provider_reminders import WARNED, kept, published
from .publication import last_day

log = logging.getLogger(__name__)


def close() -> None:
    """Job, each morning before the reminders."""
    today = local_day(now())
    with atomic() as session:
        robot(session)
    with atomic() as session:
        past = [
            fiche_id
            for fiche_id, _, content, territoire in published(session)
            if (day := last_day(content, today)) is not None and day + kept(territoire) <= today
        ]
    for fiche_id in past:
        try:
            with atomic() as session:
                if _told(session, session.get_one(Fiche, fiche_id)):
                    latest = session.scalars(
                        select(Revision.id)
                        .where(Revision.fiche_id == fiche_id)
                        .order_by(Revision.number.desc())
                        .limit(1)
                    ).one()
                    apply(
                        session, FicheTransition.TERMINER, fiche_id=fiche_id, revision_id=latest, actor=robot(session)
                    )
        except Refused as refused:
            # A new version is being prepared: the next run tries again.
            log.info("fiche %s laissée en ligne : %s", fiche_id, refused.message)


def _told(session: Session, fiche: Fiche) -> bool:
    """Whether the structure was notified long enough ago, or has no member to notify."""
    told = exists().where(Mail.fiche_id == fiche.id, Mail.notice == "fiche_terminee", Mail.created_at <= now() - WARNED)
    somebody = exists().where(Membership.organisme_id == fiche.organisme_id)
    return bool(session.scalar(select(told | ~somebody)))
