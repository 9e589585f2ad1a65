"""Conventions: grants of funders to structures, the fiches they pay for, their obligations and the history of these.

A convention may be imported from a funder's list before its structure is in Relais: the name and numbers written by
the funder are kept beside the recognised structure.

`ObligationEvent` is append-only by a database trigger. The row of an Obligation is derived from its events:
workflows.conventions.obligations is the only writer of both.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, relationship, with_loader_criteria

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models.accounts.account import Organisme, User
from backoffice.models.base import Instant, Model, OptionalJson, Word, one_of
from backoffice.models.fiches.fiche import Fiche
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire

from .obligation import WAITED, ObligationKind, ObligationState, Proof

CONFIRMATION_LIFE = timedelta(days=365)
"""Validity of a confirmed contact address: confirmation is asked every year."""


class Bpi(StrEnum):
    """Whether all or part of the project is for beneficiaries of international protection."""

    OUI = "oui"
    NON = "non"
    INCONNU = "inconnu"

    @property
    def label(self) -> str:
        return _BPI[self]


_BPI = {Bpi.OUI: "Oui", Bpi.NON: "Non", Bpi.INCONNU: "Non précisé"}


class ConventionOrigin(StrEnum):
    SAISIE = "saisie"
    IMPORT = "import"

    @property
    def label(self) -> str:
        return _ORIGINS[self]


_ORIGINS = {ConventionOrigin.SAISIE: "Saisie à la main", ConventionOrigin.IMPORT: "Importée d’un fichier"}


class Matching(StrEnum):
    """Recognition of the structure named by the funder."""

    A_REGLER = "a_regler"
    RATTACHEE = "rattachee"
    SANS_STRUCTURE = "sans_structure"

    @property
    def label(self) -> str:
        return _MATCHINGS[self]


_MATCHINGS = {
    Matching.A_REGLER: "Structure à reconnaître",
    Matching.RATTACHEE: "Structure reconnue",
    Matching.SANS_STRUCTURE: "Structure absente de Relais",
}


class ContactState(StrEnum):
    """State of the contact address of the PNE survey."""

    ABSENTE = "absente"
    A_CONFIRMER = "a_confirmer"
    DEMANDEE = "demandee"
    CONFIRMEE = "confirmee"
    PERIMEE = "perimee"
    EN_ERREUR = "en_erreur"

    @property
    def label(self) -> str:
        return _CONTACTS[self]


_CONTACTS = {
    ContactState.ABSENTE: "Aucune adresse",
    ContactState.A_CONFIRMER: "À confirmer",
    ContactState.DEMANDEE: "Confirmation demandée",
    ContactState.CONFIRMEE: "Confirmée",
    ContactState.PERIMEE: "À confirmer de nouveau",
    ContactState.EN_ERREUR: "Les e-mails n’arrivent pas",
}


class Convention(Searched, Model):
    __tablename__ = "convention"
    __table_args__ = (
        UniqueConstraint("territoire_id", "programme", "annee", "reference"),
        CheckConstraint(one_of("bpi", Bpi), name="bpi"),
        CheckConstraint(one_of("origin", ConventionOrigin), name="origin"),
        CheckConstraint(one_of("matching", Matching), name="matching"),
        CheckConstraint("(matching = 'rattachee') = (organisme_id IS NOT NULL)", name="matched"),
        CheckConstraint("length(trim(reference)) > 0", name="referenced"),
        CheckConstraint("montant IS NULL OR montant >= 0", name="amount"),
        CheckConstraint(
            "contact_pne <> '' OR (contact_confirmed_at IS NULL AND contact_bounced_at IS NULL)", name="contact"
        ),
        CheckConstraint("contact_confirmed_at IS NULL OR contact_bounced_at IS NULL", name="confirmed_or_bounced"),
        Index("ix_convention_board", "territoire_id", "annee", "programme", "departement"),
        *searched_index("convention"),
    )
    SEARCHED = ("nom", "reference", "siret", "rna")

    id: Mapped[int] = mapped_column(primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire] = relationship()
    programme: Mapped[str] = mapped_column(String(30))
    """A code of backoffice.reference.programmes."""
    annee: Mapped[int]
    reference: Mapped[str] = mapped_column(String(60))
    """The funder's reference; unique within a territoire, a programme and a year."""
    departement: Mapped[str] = mapped_column(String(3))
    nom: Mapped[str] = mapped_column(String(250))
    """As written by the funder, like `siret` and `rna`; "" when not given."""
    siret: Mapped[str] = mapped_column(String(14), default="")
    rna: Mapped[str] = mapped_column(String(10), default="")
    organisme_id: Mapped[int | None] = mapped_column(ForeignKey(Organisme.id), index=True)
    organisme: Mapped[Organisme | None] = relationship()
    matching: Mapped[Matching] = mapped_column(Word(Matching), default=Matching.A_REGLER)
    montant: Mapped[int | None] = mapped_column(BigInteger)
    """In cents."""
    bpi: Mapped[Bpi] = mapped_column(Word(Bpi), default=Bpi.INCONNU)
    """As the funder says; when unknown, the publics of the fiches decide."""
    contact_pne: Mapped[str] = mapped_column(String(160), default="", index=True)
    """In lower case. No other personal data is kept."""
    contact_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    """Last time the confirmation of this address was requested."""
    contact_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    contact_bounced_at: Mapped[datetime | None] = mapped_column(Instant)
    contact_bounce: Mapped[str] = mapped_column(Text, default="")
    """Answer of the mail server, or note of the person who recorded the bounce."""
    origin: Mapped[ConventionOrigin] = mapped_column(Word(ConventionOrigin))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    created_by: Mapped[User] = relationship()
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the import that made it was undone: queries leave it out, unless `WITHDRAWN_TOO`."""
    obligations: Mapped[list[Obligation]] = relationship(order_by="Obligation.id", back_populates="convention")
    ties: Mapped[list[ConventionFiche]] = relationship(
        order_by="ConventionFiche.fiche_id", back_populates="convention", cascade="all, delete-orphan"
    )

    def obligation(self, kind: ObligationKind) -> Obligation:
        return next(row for row in self.obligations if row.kind == kind)

    @property
    def structure_name(self) -> str:
        return self.organisme.nom if self.organisme else self.nom

    @property
    def contact_state(self) -> ContactState:
        """queries.conventions.scope.contact_is is the same in SQL."""
        if not self.contact_pne:
            return ContactState.ABSENTE
        if self.contact_bounced_at:
            return ContactState.EN_ERREUR
        if self.contact_confirmed_at:
            fresh = self.contact_confirmed_at > now() - CONFIRMATION_LIFE
            return ContactState.CONFIRMEE if fresh else ContactState.PERIMEE
        return ContactState.DEMANDEE if self.contact_asked_at else ContactState.A_CONFIRMER


WITHDRAWN_TOO = {"withdrawn_too": True}
"""Execution options of a query that finds withdrawn conventions as well."""


@event.listens_for(Session, "do_orm_execute")
def _leave_withdrawn_out(state: ORMExecuteState) -> None:
    loads = state.is_column_load or state.is_relationship_load
    if state.is_select and not loads and not state.execution_options.get("withdrawn_too"):
        here = with_loader_criteria(
            Convention, Convention.withdrawn_at.is_(None), include_aliases=True, propagate_to_loaders=False
        )
        state.statement = state.statement.options(here)


class Obligation(Model):
    __tablename__ = "obligation"
    __table_args__ = (
        UniqueConstraint("convention_id", "kind"),
        CheckConstraint(one_of("kind", ObligationKind), name="kind"),
        CheckConstraint(one_of("state", ObligationState), name="state"),
        CheckConstraint("state NOT IN ('declaree', 'verifiee') OR proof IS NOT NULL", name="proved"),
        CheckConstraint("state NOT IN ('non_conforme', 'sans_objet') OR length(trim(comment)) > 0", name="explained"),
        Index("ix_obligation_board", "kind", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    convention_id: Mapped[int] = mapped_column(ForeignKey(Convention.id))
    convention: Mapped[Convention] = relationship(back_populates="obligations")
    kind: Mapped[ObligationKind] = mapped_column(Word(ObligationKind))
    state: Mapped[ObligationState] = mapped_column(Word(ObligationState))
    due_on: Mapped[date | None]
    proof: Mapped[Proof | None] = mapped_column(OptionalJson)
    comment: Mapped[str] = mapped_column(Text, default="")
    """Why it is non-compliant or does not apply; "" in the other states."""
    changed_at: Mapped[datetime] = mapped_column(Instant)
    """When and by whom (`changed_by`) it entered this state."""
    changed_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    changed_by: Mapped[User] = relationship()

    @property
    def waited(self) -> bool:
        """Whether the structure still has something to do."""
        return self.state in WAITED

    @property
    def late(self) -> bool:
        """Whether it is overdue. queries.conventions.scope.late is the same in SQL."""
        return self.state in WAITED and self.due_on is not None and self.due_on < local_day(now())


class ObligationEvent(Model):
    """An event in the history of an obligation. Source and target are equal when the state does not change."""

    __tablename__ = "obligation_event"
    __table_args__ = (
        CheckConstraint(f"source IS NULL OR {one_of('source', ObligationState)}", name="source"),
        CheckConstraint(one_of("target", ObligationState), name="target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey(Obligation.id), index=True)
    obligation: Mapped[Obligation] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    transition: Mapped[str] = mapped_column(String(40))
    """An ObligationTransition."""
    source: Mapped[ObligationState | None] = mapped_column(Word(ObligationState))
    """Null for the first event."""
    target: Mapped[ObligationState] = mapped_column(Word(ObligationState))
    comment: Mapped[str] = mapped_column(Text, default="")
    proof: Mapped[Proof | None] = mapped_column(OptionalJson)
    due_on: Mapped[date | None]
    """The new due date, when the event sets one."""


class ConventionFiche(Model):
    """This convention pays for this fiche; who linked them, and when."""

    __tablename__ = "convention_fiche"

    convention_id: Mapped[int] = mapped_column(ForeignKey(Convention.id), primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), primary_key=True, index=True)
    tied_at: Mapped[datetime] = mapped_column(Instant, default=now)
    tied_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    tied_by: Mapped[User] = relationship()
    convention: Mapped[Convention] = relationship(back_populates="ties")
    fiche: Mapped[Fiche] = relationship()


class ContactRequest(Model):
    """A confirmation e-mail sent to a contact address. The database stores only the SHA-256 of its token."""

    __tablename__ = "contact_request"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    convention_id: Mapped[int] = mapped_column(ForeignKey(Convention.id), index=True)
    convention: Mapped[Convention] = relationship()
    email: Mapped[str] = mapped_column(String(160))
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def open(self) -> bool:
        """Whether it can still confirm: not expired, and the convention still has this address."""
        return self.expires_at > now() and self.convention.contact_pne == self.email
