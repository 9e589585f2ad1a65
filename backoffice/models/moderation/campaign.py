"""Campaigns: a territoire asks last year's structures to renew their fiches before a deadline."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import Organisme, User
from backoffice.models.base import Instant, Json, Model
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire


class CampaignTerritoire(Model):
    __tablename__ = "campaign_territoire"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id), primary_key=True, index=True)


class Campaign(Searched, Model):
    """A campaign of renewal for `year`. It concerns the fiches published during the year before."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("deadline >= opens_on", name="order"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
        *searched_index("campaign"),
    )
    SEARCHED = ("label",)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    label: Mapped[str] = mapped_column(String(120))
    opens_on: Mapped[date]
    deadline: Mapped[date]
    """Last day for structures to submit."""
    dispositifs: Mapped[list[str]] = mapped_column(Json, default=list)
    """Empty: all."""
    message: Mapped[str] = mapped_column(Text, default="")
    """Message of the territoire to the structures."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    """Date of the first invitation; before it, the campaign is not visible to structures."""
    territoires: Mapped[list[Territoire]] = relationship(
        secondary="campaign_territoire", order_by=Territoire.nom, lazy="selectin"
    )
    created_by: Mapped[User] = relationship()

    @property
    def territoire_ids(self) -> set[int]:
        return {territoire.id for territoire in self.territoires}

    @property
    def chosen(self) -> list[Dispositif]:
        """The dispositifs concerned."""
        return [dispositif for dispositif in Dispositif if not self.dispositifs or dispositif in self.dispositifs]


class CampaignInvitation(Model):
    """The invitation of a structure; the outbox sends it once to each member."""

    __tablename__ = "campaign_invitation"
    __table_args__ = (UniqueConstraint("campaign_id", "organisme_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"))
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    organisme: Mapped[Organisme] = relationship()
    invited_at: Mapped[datetime] = mapped_column(Instant, default=now)
