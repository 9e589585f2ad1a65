"""Fiche, Revision, Fragment and the log of transitions.

A Fiche is the lasting identity; a Revision is one of its contents, numbered, frozen at submission; a Fragment is the
LHEO ``formation`` of an approved revision. CHECK constraints tie each state to the facts it requires, so that even
a bug cannot publish what nobody approved.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
    inspect,
    text,
)
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import Organisme, User
from backoffice.models.base import Instant, Json, Model, OptionalJson, Word, one_of
from backoffice.models.content import Contenu, Document, dump, load
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.moderation.campaign import Campaign
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire

from .states import OPEN_STATES, FicheState, Nature, Origin, RevisionState

_OPEN = f"state IN ({', '.join(repr(str(state)) for state in OPEN_STATES)})"


class Fragment(Model):
    """One LHEO ``formation``, immutable. `xml` is zlib-compressed UTF-8 text, without namespace."""

    __tablename__ = "fragment"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the uncompressed bytes, in hexadecimal."""
    code_version: Mapped[int]
    """Version of the export code that built it."""
    actions: Mapped[int]
    sessions: Mapped[int]
    facets: Mapped[dict[str, list[str]]] = mapped_column(Json, default=dict)
    """{facet: values}, used to filter flows and searches: see exports.open_data.filters.FACETS."""
    built_at: Mapped[datetime] = mapped_column(Instant, default=now)
    xml: Mapped[bytes] = mapped_column(LargeBinary)


class Fiche(Searched, Model):
    __tablename__ = "fiche"
    __table_args__ = (
        CheckConstraint(one_of("state", FicheState), name="state"),
        CheckConstraint(one_of("dispositif", Dispositif), name="dispositif"),
        CheckConstraint("state NOT IN ('publiee', 'suspendue') OR published_revision_id IS NOT NULL", name="published"),
        CheckConstraint("published_revision_id IS NULL OR numero IS NOT NULL", name="numbered"),
        CheckConstraint("(state = 'publiee') = (fragment_id IS NOT NULL)", name="in_the_flows"),
        CheckConstraint("(state = 'suspendue') = (suspension_reason IS NOT NULL)", name="suspended_for_a_reason"),
        CheckConstraint("merged_into_id IS NULL OR state = 'archivee'", name="merged_is_archived"),
        Index("ix_fiche_flux", "territoire_id", "state", "numero"),
        *searched_index("fiche"),
    )
    SEARCHED = ("numero", "foreign_numero")

    id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[str | None] = mapped_column(String(30), unique=True)
    """Given at the first submission, when the territoire is known; stable for the life of the offer."""
    foreign_numero: Mapped[str | None] = mapped_column(String(100), index=True)
    """Its numero in the file it was imported from: a second import finds it again."""
    dispositif: Mapped[Dispositif] = mapped_column(Word(Dispositif))
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    organisme: Mapped[Organisme] = relationship()
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire] = relationship()
    state: Mapped[FicheState] = mapped_column(Word(FicheState), default=FicheState.NON_PUBLIEE)
    suspension_reason: Mapped[str | None] = mapped_column(Text)
    published_revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("revision.id", use_alter=True, name="fk_fiche_published_revision_id")
    )
    published_revision: Mapped[Revision | None] = relationship(foreign_keys=[published_revision_id], viewonly=True)
    fragment_id: Mapped[int | None] = mapped_column(ForeignKey(Fragment.id), index=True)
    """The fragment now published; null unless the fiche is published."""
    fragment: Mapped[Fragment | None] = relationship()
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("fiche.id", name="fk_fiche_merged_into_id"), index=True
    )
    """The duplicate fiche that was kept: the numero of this one leads to it."""
    merged_into: Mapped[Fiche | None] = relationship(remote_side="Fiche.id")
    faulty: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a reader refuses a value of the published version; see workflows.fiches.published_faults."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    creation_key: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Sent by the page that created it: a form posted twice creates one fiche (idempotent)."""
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="fiche", foreign_keys="Revision.fiche_id", order_by="Revision.number"
    )

    @property
    def latest(self) -> Revision:
        return self.revisions[-1]

    @property
    def returned(self) -> Revision | None:
        """The version that a moderator sent back, when the latest one is the structure's correction of it."""
        before = self.revisions[-2] if len(self.revisions) > 1 and not self.latest.being_corrected else None
        if before is None or before.state is not RevisionState.A_CORRIGER or before.taken_back:
            return None
        return before


class Revision(Searched, Model):
    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("fiche_id", "number"),
        Index(
            "uq_revision_open",
            "fiche_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        CheckConstraint(one_of("state", RevisionState), name="state"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint(
            "state = 'brouillon' OR (content_hash IS NOT NULL AND submitted_at IS NOT NULL)", name="frozen"
        ),
        CheckConstraint("state <> 'en_instruction' OR moderator_id IS NOT NULL", name="taken"),
        CheckConstraint("state <> 'validee' OR fragment_id IS NOT NULL", name="exportable"),
        CheckConstraint(
            "state NOT IN ('refusee', 'a_corriger') OR (reason IS NOT NULL AND length(trim(reason)) > 0)",
            name="explained",
        ),
        CheckConstraint("(state IN ('validee', 'refusee', 'a_corriger')) = (decided_at IS NOT NULL)", name="decided"),
        Index("ix_revision_commune", "commune", "fiche_id"),
        # moderator_id is last: tabs are counted from the index alone, without reading rows, whose documents are long.
        Index("ix_revision_queue", "territoire_id", "state", "submitted_at", "id", "moderator_id"),
        Index("ix_revision_flagged", "territoire_id", "state", "flagged", "submitted_at", "id"),
        Index("ix_revision_hurried", "territoire_id", "state", "priority", "submitted_at", "id"),
        Index("ix_revision_decided", "territoire_id", "state", "superseded", "decided_at", "id"),
        CheckConstraint(f"nature IS NULL OR {one_of('nature', Nature)}", name="nature"),
        *searched_index("revision"),
    )
    SEARCHED = ("title",)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id))
    fiche: Mapped[Fiche] = relationship(back_populates="revisions", foreign_keys=[fiche_id])
    number: Mapped[int]
    state: Mapped[RevisionState] = mapped_column(Word(RevisionState), default=RevisionState.BROUILLON)
    origin: Mapped[Origin] = mapped_column(Word(Origin), default=Origin.STRUCTURE, server_default=Origin.STRUCTURE)
    document: Mapped[Document] = mapped_column(Json, default=dict)
    """The content (content.Contenu) as JSON; see the property `content`."""
    pending: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Values typed that could not be parsed yet: {step slug: [[field name, text], …]}.
    Kept so that nothing typed is lost; empty once the revision is submitted.
    """
    content_hash: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(255), default="")
    """Copy of a value of the content, like `departement` and `commune`, for lists and searches."""
    departement: Mapped[str] = mapped_column(String(3), default="")
    commune: Mapped[str] = mapped_column(String(5), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    saved_at: Mapped[datetime] = mapped_column(Instant, default=now)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    """Copy of the fiche's at submission, when it no longer changes: the queue is queried by this column alone."""
    nature: Mapped[Nature | None] = mapped_column(Word(Nature))
    due_on: Mapped[date | None]
    """Last day for the territoire to answer: see workflows.moderation.arrival."""
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey(Campaign.id), index=True)
    """The campaign it answers, when it was started by renewing the fiche during one."""
    superseded: Mapped[bool] = mapped_column(default=False)
    """Whether a later version of the fiche was submitted."""
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    moderator: Mapped[User | None] = relationship(foreign_keys=[moderator_id])
    priority: Mapped[int] = mapped_column(default=0)
    """1 when a rule escalates it, else 0; denormalised for sorting the queue."""
    flagged: Mapped[bool] = mapped_column(default=False)
    """Whether a hit of an active rule stands against it; denormalised: see workflows.moderation.rule_hits."""
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text)
    """What the moderator wrote when sending back or refusing."""
    fragment_id: Mapped[int | None] = mapped_column(ForeignKey(Fragment.id), unique=True)
    """The fragment as approved. The published one, fast lane included, is Fiche.fragment."""
    fragment: Mapped[Fragment | None] = relationship()

    @property
    def with_moderator(self) -> bool:
        """Waits for a moderator, or is being corrected by one: the structure cannot change it."""
        waits = self.state in (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)
        return waits or self.being_corrected

    @property
    def being_corrected(self) -> bool:
        return self.state is RevisionState.BROUILLON and self.origin is Origin.MODERATEUR

    @property
    def shown_state(self) -> RevisionState:
        """The state shown to the structure."""
        return RevisionState.EN_INSTRUCTION if self.being_corrected else self.state

    @property
    def taken_back(self) -> bool:
        """Withdrawn by its structure before any decision: no moderator asked for a correction."""
        return self.state is RevisionState.A_CORRIGER and self.moderator_id is None

    @property
    def content(self) -> Contenu:
        """A new typed copy of the document; assign it back to save a change."""
        return load(self.document)

    @content.setter
    def content(self, content: Contenu) -> None:
        self.document = dump(content)
        self.title = content.formation.intitule
        self.departement = next((lieu.adresse.departement for lieu in content.lieux), "")
        self.commune = next((lieu.adresse.code_insee for lieu in content.lieux), "")


class TransitionLog(Model):
    """Append-only history: a database trigger refuses UPDATE and DELETE."""

    __tablename__ = "transition_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now, index=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), index=True)
    fiche: Mapped[Fiche] = relationship(viewonly=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey(Revision.id), index=True)
    revision: Mapped[Revision | None] = relationship(viewonly=True)
    transition: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(30))
    target: Mapped[str] = mapped_column(String(30))
    comment: Mapped[str | None] = mapped_column(Text)
    motif: Mapped[dict[str, str] | None] = mapped_column(OptionalJson)
    """The reason chosen, as worded on that day: {"code", "label", "text", "cure"}."""


class FrozenError(RuntimeError):
    """Attempt to change a fragment, or the content of a revision that is no longer a draft."""


@event.listens_for(Revision, "before_update")
def _keep_frozen(_mapper: Mapper[Revision], _connection: Connection, revision: Revision) -> None:
    if not inspect(revision).attrs.document.history.has_changes():
        return
    before = inspect(revision).attrs.state.history
    state_was = (before.deleted or before.unchanged or [revision.state])[0]
    if state_was is not RevisionState.BROUILLON:
        raise FrozenError(f"révision {revision.id}: son contenu est figé ({state_was})")


@event.listens_for(Fragment, "before_update")
def _keep_fragment(_mapper: Mapper[Fragment], _connection: Connection, fragment: Fragment) -> None:
    raise FrozenError(f"fragment {fragment.id}: un fragment ne change jamais")
