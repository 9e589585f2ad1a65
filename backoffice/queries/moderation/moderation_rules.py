"""Moderation rules within a person's scope, and their hits on revisions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.core.permissions import Permission, Role
from backoffice.models import (
    Fiche,
    ModerationRule,
    Revision,
    RuleDismissal,
    RuleHit,
    RuleLog,
    RulePause,
    RuleVersion,
    User,
)


def visible_rules(session: Session, user: User) -> Sequence[ModerationRule]:
    """Network rules, then rules of the person's territoires, by name of the latest version."""
    found = session.scalars(
        select(ModerationRule)
        .where(_visible(user))
        .options(
            selectinload(ModerationRule.versions),
            selectinload(ModerationRule.log),
            joinedload(ModerationRule.territoire),
        )
    ).all()
    return sorted(found, key=lambda rule: (rule.territoire.nom if rule.territoire else "", rule.latest.name))


def visible_rule(session: Session, user: User, rule_id: int) -> ModerationRule | None:
    return session.scalars(select(ModerationRule).where(ModerationRule.id == rule_id, _visible(user))).first()


def _visible(user: User) -> ColumnElement[bool]:
    return or_(
        ModerationRule.territoire_id.is_(None),
        ModerationRule.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
    )


def may_write_rule(user: User, territoire_id: int | None) -> bool:
    """Whether the person may write rules of this territoire; None means the whole network."""
    if not user.active:
        return False
    if territoire_id is None:
        return user.can(Permission.ADMINISTER)
    return territoire_id in user.territoire_ids(Role.MODERATEUR)


def rule_log(session: Session, rule: ModerationRule) -> Sequence[RuleLog]:
    """The events of a rule, latest first."""
    return session.scalars(
        select(RuleLog)
        .where(RuleLog.rule_id == rule.id)
        .options(joinedload(RuleLog.actor), joinedload(RuleLog.version))
        .order_by(RuleLog.id.desc())
    ).all()


def paused_in(session: Session, rule_ids: Sequence[int]) -> dict[int, set[int]]:
    """{rule id: ids of the territoires where the rule is paused}."""
    found: dict[int, set[int]] = {}
    for pause in session.scalars(select(RulePause).where(RulePause.rule_id.in_(rule_ids))):
        found.setdefault(pause.rule_id, set()).add(pause.territoire_id)
    return found


def applied_versions(session: Session, territoire_id: int) -> Sequence[RuleVersion]:
    """The rule versions applied to a fiche of this territoire at submission: active and not paused there."""
    return session.scalars(
        select(RuleVersion)
        .join(ModerationRule, ModerationRule.active_version_id == RuleVersion.id)
        .where(
            or_(ModerationRule.territoire_id.is_(None), ModerationRule.territoire_id == territoire_id),
            ~exists().where(RulePause.rule_id == ModerationRule.id, RulePause.territoire_id == territoire_id),
        )
        .order_by(RuleVersion.id)
    ).all()


def hits_of(session: Session, revision: Revision) -> Sequence[RuleHit]:
    """Hits of the rules on a revision, dismissed ones included."""
    return session.scalars(
        select(RuleHit)
        .where(RuleHit.revision_id == revision.id)
        .options(
            joinedload(RuleHit.version),
            joinedload(RuleHit.rule),
            joinedload(RuleHit.dismissal).joinedload(RuleDismissal.actor),
        )
        .order_by(RuleHit.id)
    ).all()


def moderated_hit(session: Session, user: User, hit_id: int) -> RuleHit | None:
    """The hit, if its fiche is in one of the moderator's territoires."""
    return session.scalars(
        select(RuleHit)
        .join(Fiche, Fiche.id == RuleHit.fiche_id)
        .where(RuleHit.id == hit_id, Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
    ).first()
