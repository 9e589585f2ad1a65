"""Moderation rules: written, tried, activated, and their hits on waiting fiches.

They flush, log and never commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Effect,
    Fiche,
    FicheState,
    ModerationRule,
    Revision,
    RevisionState,
    RuleDismissal,
    RuleHit,
    RuleLog,
    RulePause,
    RuleVersion,
    User,
)
from backoffice.models.moderation.rule_language import Definition, load
from backoffice.queries.moderation.moderation_rules import may_write_rule
from backoffice.reference.moderation_rules import ready_rules
from workflows.case import Refused
from workflows.fiches.engine import authorised, lock
from workflows.work.jobs import enqueue

from .rule_hits import mark, search
from .rule_matching import Facts, Hit, evaluate

WAITING = (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)
TRIED_AT_ONCE = 1_000
"""Number of fiches tested by one page of a trial."""


@dataclass(frozen=True)
class Writing:
    """Content of a rule version, as written by a moderator."""

    name: str
    message: str
    effect: Effect
    definition: Definition


# --- Write, activate --------------------------------------------------------------------------------


def write_rule(session: Session, territoire_id: int | None, writing: Writing, actor: User) -> ModerationRule:
    """Creates a rule, inactive. Raises Refused."""
    if not may_write_rule(actor, territoire_id):
        raise Refused("Vous ne pouvez pas écrire de règle pour ce territoire.")
    rule = ModerationRule(territoire_id=territoire_id)
    session.add(rule)
    session.flush()
    _add_version(session, rule, writing, actor)
    return rule


def rewrite_rule(session: Session, rule_id: int, writing: Writing, actor: User) -> RuleVersion:
    """Adds a version, or returns the latest when nothing changed. The active version is unchanged. Raises Refused."""
    rule = _own(session, rule_id, actor)
    latest = rule.latest
    now_said = (latest.name, latest.message, latest.effect, latest.definition)
    if now_said == (writing.name, writing.message, writing.effect, writing.definition.dump()):
        return latest
    return _add_version(session, rule, writing, actor)


def activate(session: Session, rule_id: int, actor: User) -> None:
    """Activates the latest version, for new submissions and for waiting fiches (by a job). Raises Refused."""
    rule = _own(session, rule_id, actor)
    if rule.active_version_id == rule.latest.id:
        raise Refused("Cette règle est déjà active.")
    rule.active_version_id = rule.latest.id
    _log(session, rule.latest, "activer", actor)
    session.flush()
    _mark(session, rule)  # hits found before it was deactivated count again
    enqueue(session, "workflows.moderation.moderation_rules.search_waiting", rule.latest.id)


def deactivate(session: Session, rule_id: int, actor: User) -> None:
    """Deactivates a rule. Its hits are kept but no longer flag, block or escalate. Raises Refused."""
    rule = _own(session, rule_id, actor)
    if rule.active_version_id is None:
        raise Refused("Cette règle n’est pas active.")
    _log(session, session.get_one(RuleVersion, rule.active_version_id), "desactiver", actor)
    rule.active_version_id = None
    session.flush()
    _mark(session, rule)


def _mark(session: Session, rule: ModerationRule) -> None:
    mark(session, select(RuleHit.revision_id).where(RuleHit.rule_id == rule.id))


def pause(session: Session, rule_id: int, territoire_id: int, actor: User, *, paused: bool) -> None:
    """Disables a network rule in one territoire, or enables it again. Raises Refused."""
    rule = _locked(session, rule_id)
    if rule.territoire_id is not None or territoire_id not in actor.territoire_ids(Role.MODERATEUR):
        raise Refused("Vous ne pouvez pas écarter cette règle.")
    row = session.get(RulePause, (rule_id, territoire_id))
    if (row is not None) == paused:
        return
    if row is None:
        session.add(RulePause(rule_id=rule_id, territoire_id=territoire_id))
    else:
        session.delete(row)
    _log(session, rule.latest, "ecarter" if paused else "reprendre", actor, territoire_id)
    session.flush()


def load_ready_rules(session: Session) -> None:
    """Adds the missing ready-made rules, active; leaves the existing ones unchanged."""
    known = set(session.scalars(select(ModerationRule.code).where(ModerationRule.code.is_not(None))))
    for ready in ready_rules():
        if ready.code in known:
            continue
        rule = ModerationRule(code=ready.code)
        session.add(rule)
        session.flush()
        definition = load(ready.definition)
        version = _add_version(session, rule, Writing(ready.name, ready.message, Effect(ready.effect), definition))
        rule.active_version_id = version.id
        _log(session, version, "activer")
    session.flush()


def _add_version(session: Session, rule: ModerationRule, writing: Writing, actor: User | None = None) -> RuleVersion:
    version = RuleVersion(
        rule_id=rule.id,
        number=len(rule.versions) + 1,
        name=writing.name,
        message=writing.message,
        effect=writing.effect,
        definition=writing.definition.dump(),
        actor_id=actor.id if actor else None,
    )
    session.add(version)
    session.flush()
    session.refresh(rule, ["versions"])
    _log(session, version, "ecrire", actor)
    session.flush()
    return version


def _log(
    session: Session, version: RuleVersion, event: str, actor: User | None = None, territoire_id: int | None = None
) -> None:
    session.add(
        RuleLog(
            rule_id=version.rule_id,
            version_id=version.id,
            event=event,
            territoire_id=territoire_id,
            actor_id=actor.id if actor else None,
        )
    )


def _locked(session: Session, rule_id: int) -> ModerationRule:
    rule = session.scalars(
        select(ModerationRule)
        .where(ModerationRule.id == rule_id)
        .with_for_update(of=ModerationRule)
        .execution_options(populate_existing=True)
    ).one()
    session.refresh(rule, ["versions"])
    return rule


def _own(session: Session, rule_id: int, actor: User) -> ModerationRule:
    rule = _locked(session, rule_id)
    if not may_write_rule(actor, rule.territoire_id):
        raise Refused("Vous ne pouvez pas changer cette règle.")
    return rule


# --- Hits on waiting fiches --------------------------------------------------------------------------


def set_aside(session: Session, hit: RuleHit, word: str, actor: User) -> None:
    """Dismisses a hit: it no longer flags, blocks or escalates this fiche. word: the reason. Raises Refused."""
    fiche = lock(session, hit.fiche_id)
    if not authorised(actor, Permission.MODERATE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    if not word.strip():
        raise Refused("Écrivez un mot : pourquoi ce signalement peut-il être écarté ?")
    done = session.scalars(select(RuleDismissal).where(RuleDismissal.hit_id == hit.id)).first()
    if done is not None:
        raise Refused(f"Ce signalement a déjà été écarté par {done.actor.name}.")
    session.add(RuleDismissal(hit_id=hit.id, word=word.strip(), actor_id=actor.id))
    session.flush()
    mark(session, select(RuleHit.revision_id).where(RuleHit.id == hit.id))


def search_waiting(version_id: int) -> None:
    """Job: runs a newly activated version on the waiting fiches. Idempotent."""
    version = db.session.get(RuleVersion, version_id)
    if version is None:
        return
    waiting = (
        select(Revision.fiche_id, Revision.id)
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .where(Revision.state.in_(WAITING), _in_reach(version.rule))
        .order_by(Revision.id)
    )
    pairs = db.session.execute(waiting).all()
    db.session.rollback()
    for fiche_id, revision_id in pairs:
        with atomic() as session:
            fiche = lock(session, fiche_id)
            revision = session.get_one(Revision, revision_id)
            rule = session.get_one(RuleVersion, version_id).rule
            known = exists().where(RuleHit.revision_id == revision_id, RuleHit.rule_version_id == version_id)
            if rule.active_version_id != version_id or revision.state not in WAITING:
                continue
            if not session.scalar(select(known)):
                search(session, fiche, revision, [session.get_one(RuleVersion, version_id)])


def _in_reach(rule: ModerationRule) -> ColumnElement[bool]:
    if rule.territoire_id is not None:
        return Fiche.territoire_id == rule.territoire_id
    return ~exists().where(RulePause.rule_id == rule.id, RulePause.territoire_id == Fiche.territoire_id)


# --- Trial ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrialRow:
    """A revision and the hits of the rule in it."""

    revision: Revision
    hits: list[Hit]


@dataclass
class Trial:
    """One page of a trial. looked_at: number of revisions tested; following: `before` of the next page, None at the
    end."""

    looked_at: int
    rows: list[TrialRow]
    following: int | None


def try_rule(session: Session, version: RuleVersion, user: User, before: int | None = None) -> Trial:
    """One keyset page of the hits a rule version would have in published or waiting fiches, latest first.

    Limited to the rule's territoire, else to those the user moderates (an administrator: all). Writes nothing.
    """
    definition, today = load(version.definition), local_day(now())
    trial, last = Trial(0, [], None), 0
    for revision in _existing(session, version.rule, user, before):
        trial.looked_at, last = trial.looked_at + 1, revision.id
        fiche = revision.fiche
        facts = Facts(revision.content, fiche.organisme.nom, fiche.dispositif, today)
        if hits := evaluate(definition, facts):
            trial.rows.append(TrialRow(revision, hits))
    trial.following = last if trial.looked_at == TRIED_AT_ONCE else None
    return trial


def _existing(session: Session, rule: ModerationRule, user: User, before: int | None) -> Iterator[Revision]:
    online = (Fiche.state == FicheState.PUBLIEE) & (Fiche.published_revision_id == Revision.id)
    query = (
        select(Revision)
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .where(or_(Revision.state.in_(WAITING), online))
        .options(joinedload(Revision.fiche).joinedload(Fiche.organisme))
        .order_by(Revision.id.desc())
        .limit(TRIED_AT_ONCE)
    )
    if rule.territoire_id is not None:
        query = query.where(Fiche.territoire_id == rule.territoire_id)
    elif not user.can(Permission.ADMINISTER):
        query = query.where(Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
    if before is not None:
        query = query.where(Revision.id < before)
    yield from session.scalars(query, execution_options={"yield_per": 100})
