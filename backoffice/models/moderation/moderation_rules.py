"""Moderation rules written by moderators, their versions, and their hits in fiches.

A rule groups its versions; a version never changes, so that a hit can always be read with the exact text that caused
it. Everything here except `ModerationRule` and `RulePause` is append-only, by database triggers.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, exists
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Json, Model, Word, one_of
from backoffice.models.fiches.fiche import Fiche, Revision
from backoffice.models.territoires import Territoire


class Effect(StrEnum):
    """Effect of a hit on the fiche."""

    SIGNALE = "signale"
    BLOQUE = "bloque"
    PRIORITE = "priorite"

    @property
    def label(self) -> str:
        return _EFFECTS[self]


_EFFECTS = {
    Effect.SIGNALE: "Signaler la fiche au modérateur",
    Effect.BLOQUE: "Bloquer la validation",
    Effect.PRIORITE: "Mettre la fiche en tête de la file",
}


class RuleState(StrEnum):
    BROUILLON = "brouillon"
    ACTIVE = "active"
    INACTIVE = "inactive"

    @property
    def label(self) -> str:
        return {"brouillon": "Pas encore activée", "active": "Active", "inactive": "Désactivée"}[self]


class ModerationRule(Model):
    """territoire_id: null for a rule of the whole network. `active_version_id`: the version applied; null: none."""

    __tablename__ = "moderation_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Code of a rule shipped with the application; null for a rule written by a person."""
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id), index=True)
    territoire: Mapped[Territoire | None] = relationship()
    active_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_rule_version.id", use_alter=True, name="fk_moderation_rule_active_version_id")
    )
    active_version: Mapped[RuleVersion | None] = relationship(foreign_keys=[active_version_id], post_update=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    versions: Mapped[list[RuleVersion]] = relationship(
        back_populates="rule", foreign_keys="RuleVersion.rule_id", order_by="RuleVersion.number"
    )
    log: Mapped[list[RuleLog]] = relationship(order_by="RuleLog.id", viewonly=True)

    @property
    def latest(self) -> RuleVersion:
        return self.versions[-1]

    @property
    def status(self) -> RuleState:
        if self.active_version_id is not None:
            return RuleState.ACTIVE
        return RuleState.INACTIVE if any(row.event == "activer" for row in self.log) else RuleState.BROUILLON


class RuleVersion(Model):
    """One version of a rule. `definition`: see backoffice.models.moderation.rule_language."""

    __tablename__ = "moderation_rule_version"
    __table_args__ = (
        UniqueConstraint("rule_id", "number"),
        CheckConstraint(one_of("effect", Effect), name="effect"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey(ModerationRule.id))
    rule: Mapped[ModerationRule] = relationship(back_populates="versions", foreign_keys=[rule_id])
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    message: Mapped[str] = mapped_column(Text)
    """Shown to the moderator of a fiche with a hit, and when a blocking rule refuses an approval."""
    effect: Mapped[Effect] = mapped_column(Word(Effect))
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    """Null: shipped with the application."""
    actor: Mapped[User | None] = relationship()


class RuleLog(Model):
    """Log of a rule; event: a key of RULE_EVENTS. territoire_id: where, for a pause or its end in one territoire."""

    __tablename__ = "moderation_rule_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey(ModerationRule.id), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey(RuleVersion.id))
    version: Mapped[RuleVersion] = relationship()
    event: Mapped[str] = mapped_column(String(30))
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User | None] = relationship()


RULE_EVENTS = {
    "ecrire": "Version écrite",
    "activer": "Version activée",
    "desactiver": "Règle désactivée",
    "ecarter": "Règle écartée dans ce territoire",
    "reprendre": "Règle reprise dans ce territoire",
}


class RulePause(Model):
    """A rule of the whole network, disabled in one territoire."""

    __tablename__ = "moderation_rule_pause"

    rule_id: Mapped[int] = mapped_column(ForeignKey(ModerationRule.id), primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id), primary_key=True)


class RuleHit(Model):
    """A hit of a rule version in a submitted version of a fiche.

    effect: copy of the rule version's, for lists. spots: [{"path": …, "excerpt": …}, …], where `path` is a path of
    the content ("" for the whole fiche) and `excerpt` the words or the value found.
    """

    __tablename__ = "rule_hit"
    __table_args__ = (
        UniqueConstraint("revision_id", "rule_version_id"),
        CheckConstraint(one_of("effect", Effect), name="effect"),
        Index("ix_rule_hit_rule_id_revision_id", "rule_id", "revision_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id))
    rule_id: Mapped[int] = mapped_column(ForeignKey(ModerationRule.id))
    rule: Mapped[ModerationRule] = relationship()
    rule_version_id: Mapped[int] = mapped_column(ForeignKey(RuleVersion.id))
    version: Mapped[RuleVersion] = relationship()
    effect: Mapped[Effect] = mapped_column(Word(Effect))
    spots: Mapped[list[dict[str, str]]] = mapped_column(Json)
    dismissal: Mapped[RuleDismissal | None] = relationship(back_populates="hit", viewonly=True)


class RuleDismissal(Model):
    """A hit set aside by a moderator: it no longer flags, blocks or escalates the fiche.

    carried_from_id: the dismissal, in an earlier version, of the same words found by the same rule.
    """

    __tablename__ = "rule_dismissal"

    id: Mapped[int] = mapped_column(primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey(RuleHit.id), unique=True)
    hit: Mapped[RuleHit] = relationship(back_populates="dismissal")
    word: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("rule_dismissal.id"))


def standing() -> ColumnElement[bool]:
    """Condition on RuleHit: not dismissed, and its rule is active.

    `Revision.flagged` is a copy of it for lists.
    """
    return and_(
        ~exists().where(RuleDismissal.hit_id == RuleHit.id),
        exists().where(ModerationRule.id == RuleHit.rule_id, ModerationRule.active_version_id.is_not(None)),
    )
