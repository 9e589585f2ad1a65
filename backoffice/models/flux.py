"""What is published, when, and in which flows.

`Publication` is the append-only history of what readers could see: one row each time a fiche enters the published
offer, changes in it or leaves it. The current flow, the flow of a past instant and a differential are all read from it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.fiches.fiche import Fiche, Fragment, Revision

from .base import Instant, Json, Model, Word, one_of
from .searched import Searched, searched_index
from .territoires import Territoire

WHOLE_FRANCE = "france"


class Publication(Model):
    """From `at` on, this fragment of the fiche is published; null fragment_id: the fiche is not."""

    __tablename__ = "publication"
    __table_args__ = (Index("ix_publication_fiche", "fiche_id", "id"), Index("ix_publication_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id))
    fragment_id: Mapped[int | None] = mapped_column(ForeignKey(Fragment.id))
    fragment: Mapped[Fragment | None] = relationship()
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    """Territoire of the fiche at that time: its flow contains the fiche from then on. It may change later."""
    at: Mapped[datetime] = mapped_column(Instant, default=now)


class SessionUpdate(Model):
    """A fast-lane change of a published session, made by the structure without moderation. Append-only.

    Null means «not changed by this update»: the last non-null value counts.
    """

    __tablename__ = "session_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id), index=True)
    action: Mapped[str] = mapped_column(String(10))
    session: Mapped[str] = mapped_column(String(10))
    """Local ids, as in the content."""
    recrutement: Mapped[str | None] = mapped_column(String(1))
    places_libres: Mapped[int | None]
    debut: Mapped[str | None] = mapped_column(String(10))
    fin: Mapped[str | None] = mapped_column(String(10))
    """ISO 8601, like `debut`."""
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))


class EntryCount(Model):
    """Number of people who entered a session in a month, without names. Append-only: the last row counts."""

    __tablename__ = "entry_count"
    __table_args__ = (CheckConstraint("number >= 0", name="number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), index=True)
    action: Mapped[str] = mapped_column(String(10))
    session: Mapped[str] = mapped_column(String(10))
    """Local ids, as in the content: the same in all versions."""
    month: Mapped[str] = mapped_column(String(7))
    """«2026-11»"""
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))


class Flux(Searched, Model):
    """Definition of a flow. An empty list means «all»; `code` is its name in commands and URLs."""

    __tablename__ = "flux"
    __table_args__ = searched_index("flux")
    SEARCHED = ("title", "code")

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire | None] = relationship()
    dispositifs: Mapped[list[str]] = mapped_column(Json, default=list)
    financeurs: Mapped[list[str]] = mapped_column(Json, default=list)
    publics: Mapped[list[str]] = mapped_column(Json, default=list)
    consumers: Mapped[list[str]] = mapped_column(Json, default=list)
    """Consumers that it targets: a fiche that one of them would reject entirely is left out."""
    profile: Mapped[str] = mapped_column(String(30), default="intercarif")
    public: Mapped[bool] = mapped_column(default=False)
    """Served without a token."""
    active: Mapped[bool] = mapped_column(default=True)
    kept: Mapped[int] = mapped_column(default=14)
    """Number of past full flows kept on disk beside the current one."""


class FluxKind(StrEnum):
    COMPLET = "complet"
    DIFFERENTIEL = "differentiel"

    @property
    def label(self) -> str:
        return _KINDS[self]


_KINDS = {FluxKind.COMPLET: "Flux complet", FluxKind.DIFFERENTIEL: "Flux différentiel"}


class RunState(StrEnum):
    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    REUSSI = "reussi"
    VIDE = "vide"
    ECHOUE = "echoue"
    ARRETE = "arrete"

    @property
    def label(self) -> str:
        return _STATES[self]


_STATES = {
    RunState.EN_ATTENTE: "En attente",
    RunState.EN_COURS: "En cours",
    RunState.REUSSI: "Réussie",
    RunState.VIDE: "Rien à écrire",
    RunState.ECHOUE: "Échouée",
    RunState.ARRETE: "Arrêtée",
}
"""Of a run («fabrication»)."""


class FluxRun(Model):
    """A run that builds a flow. `done` of `total` fragments are written."""

    __tablename__ = "flux_run"
    __table_args__ = (
        CheckConstraint(one_of("kind", FluxKind), name="kind"),
        CheckConstraint(one_of("state", RunState), name="state"),
        CheckConstraint("state <> 'reussi' OR (file IS NOT NULL AND sha256 IS NOT NULL)", name="published"),
        Index("ix_flux_run_flux", "flux_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    flux_id: Mapped[int] = mapped_column(ForeignKey(Flux.id))
    flux: Mapped[Flux] = relationship()
    kind: Mapped[FluxKind] = mapped_column(Word(FluxKind), default=FluxKind.COMPLET)
    state: Mapped[RunState] = mapped_column(Word(RunState), default=RunState.EN_ATTENTE)
    since: Mapped[datetime | None] = mapped_column(Instant)
    """Of a differential: snapshot instant of the flow that its reader already has."""
    at: Mapped[datetime | None] = mapped_column(Instant)
    """Snapshot instant of the flow: every decision before it is included, none after."""
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    file: Mapped[str | None] = mapped_column(String(200))
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str | None] = mapped_column(Text)
    """Why it failed or why nothing was written, in French."""

    @property
    def over(self) -> bool:
        """Whether it has ended: neither waiting nor running."""
        return self.state not in (RunState.EN_ATTENTE, RunState.EN_COURS)


class FluxToken(Searched, Model):
    """A reader's access token to one flow. Only its SHA-256 is stored; the token is shown once, when created."""

    __tablename__ = "flux_token"
    __table_args__ = searched_index("flux_token")
    SEARCHED = ("name",)

    id: Mapped[int] = mapped_column(primary_key=True)
    flux_id: Mapped[int] = mapped_column(ForeignKey(Flux.id), index=True)
    flux: Mapped[Flux] = relationship()
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
