"""Hits of moderation rules on a submitted fiche, and the guard they feed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, exists, select, update
from sqlalchemy import case as sql_case
from sqlalchemy.orm import Session, joinedload

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models import Effect, Fiche, Revision, RuleDismissal, RuleHit, RuleVersion
from backoffice.models.content.findings import Finding
from backoffice.models.moderation.moderation_rules import standing
from backoffice.models.moderation.rule_language import load
from backoffice.queries.moderation.moderation_rules import applied_versions
from workflows.case import Case, Refused

from .rule_matching import Facts, evaluate


def record_hits(case: Case) -> None:
    """Records the hits of the active rules on a version being submitted, in the same transaction."""
    search(case.session, case.fiche, case.revision, applied_versions(case.session, case.fiche.territoire_id))


def search(session: Session, fiche: Fiche, revision: Revision, versions: Sequence[RuleVersion]) -> None:
    """Records the hits of these rule versions. A hit dismissed before, with the same words, stays dismissed."""
    facts = Facts(revision.content, fiche.organisme.nom, fiche.dispositif, local_day(now()))
    for version in versions:
        spots = evaluate(load(version.definition), facts)
        if not spots:
            continue
        hit = RuleHit(
            fiche_id=fiche.id,
            revision_id=revision.id,
            rule_id=version.rule_id,
            rule_version_id=version.id,
            effect=version.effect,
            spots=[{"path": spot.path, "excerpt": spot.excerpt} for spot in spots],
        )
        session.add(hit)
        session.flush()
        if not _set_aside_before(session, hit):
            revision.flagged = True
            if version.effect is Effect.PRIORITE:
                revision.priority = 1


def _set_aside_before(session: Session, hit: RuleHit) -> bool:
    earlier = session.scalars(
        select(RuleDismissal)
        .join(RuleHit, RuleHit.id == RuleDismissal.hit_id)
        .where(RuleHit.fiche_id == hit.fiche_id, RuleHit.rule_version_id == hit.rule_version_id)
        .options(joinedload(RuleDismissal.hit))
        .order_by(RuleDismissal.id.desc())
    )
    words = {spot["excerpt"] for spot in hit.spots}
    for dismissal in earlier:
        if words <= {spot["excerpt"] for spot in dismissal.hit.spots}:
            session.add(
                RuleDismissal(
                    hit_id=hit.id, word=dismissal.word, actor_id=dismissal.actor_id, carried_from_id=dismissal.id
                )
            )
            session.flush()
            return True
    return False


def nothing_blocks(case: Case) -> None:
    """Guard: raises Refused when a standing hit of a blocking rule exists on this version."""
    blocking = case.session.scalars(
        select(RuleHit)
        .where(RuleHit.revision_id == case.revision.id, RuleHit.effect == Effect.BLOQUE, standing())
        .options(joinedload(RuleHit.version))
        .order_by(RuleHit.id)
    ).all()
    if blocking:
        raise Refused(
            "Une règle bloque la validation. Renvoyez la fiche pour correction, ou écartez le signalement en "
            "disant pourquoi.",
            tuple(Finding(hit.spots[0]["path"], f"{hit.version.message} ({hit.version.name})") for hit in blocking),
        )


def mark(session: Session, revision_ids: Select[int]) -> None:
    """Recomputes `priority` and `flagged` of these revisions, which the queue sorts and counts by."""
    flagged = exists().where(RuleHit.revision_id == Revision.id, standing())
    escalated = flagged.where(RuleHit.effect == Effect.PRIORITE)
    session.execute(
        update(Revision)
        .where(Revision.id.in_(revision_ids))
        .values(priority=sql_case((escalated, 1), else_=0), flagged=flagged)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
