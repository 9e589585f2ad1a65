"""Campaigns: created, changed, opened; invites the structures of last year, each person once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.transactions import atomic
from backoffice.models import Campaign, CampaignInvitation, Membership, Organisme, Territoire, User
from backoffice.models.content.vocabulary import DISPOSITIFS
from backoffice.queries.moderation import campaigns as queries
from forms.moderation.campaigns import Definition
from workflows.case import Refused
from workflows.change_log import Columns, kept
from workflows.notices.audiences import Addressee, Fact
from workflows.notices.outbox import tell
from workflows.structures.operations import living
from workflows.work.jobs import enqueue

LOGGED: Columns = {
    "label": {},
    "year": {},
    "territoires": {},
    "opens_on": {},
    "deadline": {},
    "dispositifs": DISPOSITIFS,
    "message": {},
}


def write(
    session: Session, campaign: Campaign | None, said: Definition, territoires: Sequence[Territoire], actor: User
) -> Campaign:
    """Creates or changes a campaign. territoires: those it concerns. Raises Refused when the actor does not serve all
    of them."""
    allowed = {territoire.id for territoire in queries.served_territoires(session, actor)}
    if not territoires or not {territoire.id for territoire in territoires} <= allowed:
        raise Refused("Vous ne pouvez ouvrir une campagne que pour vos territoires.")
    made = campaign or Campaign(created_by_id=actor.id)
    if campaign is not None and not queries.manages(actor, campaign):
        raise Refused("Cette campagne concerne d’autres territoires que les vôtres.")
    with kept(session, actor, made, LOGGED):
        said.fill(made)
        made.territoires = list(territoires)
        session.add(made)
    return made


def delete(session: Session, campaign: Campaign, actor: User) -> None:
    if not queries.manages(actor, campaign):
        raise Refused("Cette campagne concerne d’autres territoires que les vôtres.")
    if campaign.opened_at is not None:
        raise Refused("Des structures ont été invitées à cette campagne : elle reste, et rien n’a été changé.")
    with kept(session, actor, campaign, LOGGED):
        session.delete(campaign)


def open_and_invite(session: Session, campaign_id: int, actor: User) -> None:
    """Opens a campaign, or invites the structures added since. A job writes the e-mails. Raises Refused."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"of": Campaign}, populate_existing=True)
    today = local_day(now())
    if not queries.manages(actor, campaign):
        raise Refused("Cette campagne concerne d’autres territoires que les vôtres.")
    if today < campaign.opens_on:
        raise Refused(f"Cette campagne ouvre le {long_day(campaign.opens_on)} : vous pourrez inviter ce jour-là.")
    if today > campaign.deadline:
        raise Refused("Cette campagne est terminée. Reculez sa date limite pour inviter encore.")
    campaign.opened_at = campaign.opened_at or now()
    session.flush()
    enqueue(session, "workflows.moderation.campaigns.send_invitations", campaign.id)


def send_invitations(campaign_id: int) -> None:
    """Job: one transaction per structure. Idempotent: each person is notified once."""
    with atomic() as session:
        structures = queries.concerned_structures(session, session.get_one(Campaign, campaign_id))
    for organisme_id in structures:
        with atomic() as session:
            invite(session, campaign_id, organisme_id)


def invite(session: Session, campaign_id: int, organisme_id: int) -> None:
    organisme_id = living(session, organisme_id).id
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"of": Campaign}, populate_existing=True)
    people = _people(session, organisme_id)
    if not people:
        return  # the page of the campaign lists structures without addressee
    known = select(CampaignInvitation.id).where(
        CampaignInvitation.campaign_id == campaign_id, CampaignInvitation.organisme_id == organisme_id
    )
    if session.scalar(known) is None:
        session.add(CampaignInvitation(campaign_id=campaign_id, organisme_id=organisme_id))
        session.flush()
    facts: dict[str, Fact] = {
        "campagne": campaign.label,
        "echeance": long_day(campaign.deadline),
        "message": campaign.message,
        "structure": session.get_one(Organisme, organisme_id).nom,
        "organisme": organisme_id,
        "fiches": queries.titles_of(session, campaign, organisme_id),
    }
    tell(session, "campagne_invitation", key=f"{campaign_id} {organisme_id}", to=people, facts=facts)


def _people(session: Session, organisme_id: int) -> list[Addressee]:
    """Active members of the structure; a member without password gets a magic link."""
    rows = session.execute(
        select(User.id, User.email, User.name, User.password_hash)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organisme_id == organisme_id, User.active)
        .order_by(User.id)
    )
    return [Addressee(row.email, row.name, row.id, not row.password_hash) for row in rows]
