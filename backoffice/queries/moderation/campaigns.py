"""Renewal campaigns: who may manage them, which fiches they concern, progress of each structure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.dates import PARIS
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import search_key
from backoffice.models import (
    Campaign,
    CampaignInvitation,
    CampaignTerritoire,
    Fiche,
    Membership,
    Organisme,
    Publication,
    Revision,
    RevisionState,
    Territoire,
    User,
)

BEFORE_THE_END = (14, 3)
"""Days before the deadline when structures that have not submitted everything are reminded."""
LATE = timedelta(60)
"""A renewal begun up to this long after the deadline still counts, as late."""


# --- Which campaigns ----------------------------------------------------------------------------------


def served_territoires(session: Session, user: User) -> Sequence[Territoire]:
    """Territoires for which the person may open a campaign: theirs as a moderator, all for an administrator."""
    query = select(Territoire).order_by(Territoire.nom)
    if not user.can(Permission.ADMINISTER):
        query = query.where(Territoire.id.in_(user.territoire_ids(Role.MODERATEUR)))
    return session.scalars(query).all()


def campaigns_of(session: Session, user: User) -> Sequence[Campaign]:
    """Campaigns of the person's territoires, latest first; all for an administrator."""
    return session.scalars(_of(user).order_by(Campaign.opens_on.desc(), Campaign.id.desc())).all()


def campaign_of(session: Session, user: User, campaign_id: int) -> Campaign | None:
    return session.scalars(_of(user).where(Campaign.id == campaign_id)).one_or_none()


def manages(user: User, campaign: Campaign) -> bool:
    """Whether the person may change the campaign and invite: administrator, or moderator of all its territoires."""
    return user.can(Permission.ADMINISTER) or campaign.territoire_ids <= user.territoire_ids(Role.MODERATEUR)


def _of(user: User) -> Select[Campaign]:
    if user.can(Permission.ADMINISTER):
        return select(Campaign)
    return select(Campaign).where(_in(user.territoire_ids(Role.MODERATEUR)))


def _in(territoires: Collection[int]) -> ColumnElement[bool]:
    here = select(CampaignTerritoire.campaign_id).where(CampaignTerritoire.territoire_id.in_(territoires))
    return Campaign.id.in_(here)


def under_way(session: Session, today: date, late: timedelta = timedelta(0)) -> Sequence[Campaign]:
    """Opened campaigns not ended, or ended `late` ago at most; nearest deadline first."""
    return session.scalars(
        select(Campaign)
        .where(Campaign.opened_at.is_not(None), Campaign.opens_on <= today, Campaign.deadline >= today - late)
        .order_by(Campaign.deadline, Campaign.id)
    ).all()


def answered_by(session: Session, fiche: Fiche, today: date) -> Campaign | None:
    """The campaign that a renewal of this fiche begun today belongs to; None if none.

    A campaign under way comes first (nearest deadline), else the one that ended last, within LATE.
    """
    concerned = [
        campaign
        for campaign in under_way(session, today, LATE)
        if fiche.territoire_id in campaign.territoire_ids and fiche.dispositif in campaign.chosen
    ]
    return next((one for one in concerned if one.deadline >= today), next(iter(concerned[::-1]), None))


def open_to(session: Session, organisme: Organisme, today: date) -> Sequence[Campaign]:
    """Campaigns under way that invited this structure, nearest deadline first."""
    invited = select(CampaignInvitation.campaign_id).where(CampaignInvitation.organisme_id == organisme.id)
    return session.scalars(
        select(Campaign)
        .where(Campaign.id.in_(invited), Campaign.opens_on <= today, Campaign.deadline >= today)
        .order_by(Campaign.deadline, Campaign.id)
    ).all()


# --- Which fiches and structures ----------------------------------------------------------------------


def concerned(campaign: Campaign, territoires: Collection[int] | None = None) -> list[ColumnElement[bool]]:
    """Conditions on Fiche: to be renewed in the campaign. territoires: only these; None for all of the campaign."""
    here = campaign.territoire_ids if territoires is None else campaign.territoire_ids & set(territoires)
    return [
        Fiche.territoire_id.in_(here),
        Fiche.dispositif.in_(campaign.chosen),
        Fiche.merged_into_id.is_(None),
        _seen_in(campaign.year - 1),
    ]


def _seen_in(year: int) -> ColumnElement[bool]:
    """Condition on Fiche: visible at some moment of the year."""
    start, end = (datetime.combine(date(number, 1, 1), time(), PARIS) for number in (year, year + 1))
    later = aliased(Publication)
    replaced = exists().where(later.fiche_id == Publication.fiche_id, later.id > Publication.id, later.at < start)
    return exists().where(
        Publication.fiche_id == Fiche.id,
        Publication.fragment_id.is_not(None),
        Publication.at < end,
        ~and_(Publication.at < start, replaced),
    )


def concerned_structures(session: Session, campaign: Campaign) -> Sequence[int]:
    """Ids of the structures to invite, sorted."""
    query = select(Fiche.organisme_id).where(*concerned(campaign)).distinct().order_by(Fiche.organisme_id)
    return session.scalars(query).all()


def titles_of(session: Session, campaign: Campaign, organisme_id: int) -> list[str]:
    """Titles of the structure's fiches that the campaign concerns, from their published revisions."""
    rows = session.scalars(
        select(Revision.title)
        .join(Fiche, Fiche.published_revision_id == Revision.id)
        .where(Fiche.organisme_id == organisme_id, *concerned(campaign))
        .order_by(Fiche.id)
    )
    return list(rows)


def unsent(session: Session, campaign: Campaign) -> dict[int, list[int]]:
    """{id of an invited structure: ids of its fiches of which no revision was submitted in this campaign}."""
    sent = exists().where(
        Revision.fiche_id == Fiche.id, Revision.campaign_id == campaign.id, Revision.submitted_at.is_not(None)
    )
    invited = select(CampaignInvitation.organisme_id).where(CampaignInvitation.campaign_id == campaign.id)
    rows = session.execute(
        select(Fiche.organisme_id, Fiche.id)
        .where(*concerned(campaign), Fiche.organisme_id.in_(invited), ~sent)
        .order_by(Fiche.organisme_id, Fiche.id)
    )
    found: dict[int, list[int]] = {}
    for organisme_id, fiche_id in rows:
        found.setdefault(organisme_id, []).append(fiche_id)
    return found


# --- Progress -----------------------------------------------------------------------------------------


@dataclass
class Line:
    """Progress of one structure. fiches: number that the campaign concerns; people: its active members.

    started, sent, approved: number of its fiches renewed up to that stage; each stage includes the following ones.
    """

    organisme_id: int
    nom: str
    fiches: int = 0
    people: int = 0
    invited_at: datetime | None = None
    started: int = 0
    sent: int = 0
    approved: int = 0

    @property
    def to_invite(self) -> bool:
        return self.fiches > 0 and self.people > 0 and self.invited_at is None


STAGES = {
    "invited": "Structures invitées",
    "started": "Ont commencé",
    "sent": "Ont envoyé",
    "approved": "Ont une fiche validée",
}


def progress(session: Session, campaign: Campaign, territoires: Collection[int]) -> list[Line]:
    """One line per structure concerned, invited or that began a renewal in these territoires, by name. Four queries."""
    here = campaign.territoire_ids & set(territoires)
    found: dict[int, Line] = {}
    for id_, nom, number in session.execute(_by_structure(concerned(campaign, here), func.count())):
        found[id_] = Line(id_, nom, fiches=number)
    invited = (
        select(Organisme.id, Organisme.nom, CampaignInvitation.invited_at)
        .join(CampaignInvitation, CampaignInvitation.organisme_id == Organisme.id)
        .where(CampaignInvitation.campaign_id == campaign.id, Organisme.territoire_id.in_(here))
    )
    for id_, nom, at in session.execute(invited):
        found.setdefault(id_, Line(id_, nom)).invited_at = at
    for id_, nom, started, sent, approved in session.execute(_answers(campaign, here)):
        line = found.setdefault(id_, Line(id_, nom))
        line.started, line.sent, line.approved = started, sent, approved
    people = (
        select(Membership.organisme_id, func.count())
        .join(User, User.id == Membership.user_id)
        .where(User.active, Membership.organisme_id.in_(found))
        .group_by(Membership.organisme_id)
    )
    for id_, number in session.execute(people):
        found[id_].people = number
    return sorted(found.values(), key=lambda line: (search_key(line.nom), line.organisme_id))


def totals(lines: Sequence[Line]) -> dict[str, int]:
    """{stage: number of structures that reached it}."""
    return {
        "invited": sum(line.invited_at is not None for line in lines),
        **{stage: sum(getattr(line, stage) > 0 for line in lines) for stage in list(STAGES)[1:]},
    }


def _by_structure(conditions: list[ColumnElement[bool]], *counted: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Organisme.id, Organisme.nom, *counted)
        .join(Fiche, Fiche.organisme_id == Organisme.id)
        .where(*conditions)
        .group_by(Organisme.id, Organisme.nom)
    )


def _answers(campaign: Campaign, territoires: Collection[int]) -> Select[*tuple[Any, ...]]:
    """Rows (structure id, name, fiches begun, submitted, approved)."""

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(func.distinct(case((condition, Fiche.id))))

    return (
        select(
            Organisme.id,
            Organisme.nom,
            func.count(func.distinct(Fiche.id)),
            number(Revision.submitted_at.is_not(None)),
            number(Revision.state == RevisionState.VALIDEE),
        )
        .join(Fiche, Fiche.organisme_id == Organisme.id)
        .join(Revision, Revision.fiche_id == Fiche.id)
        .where(Revision.campaign_id == campaign.id, Fiche.territoire_id.in_(territoires))
        .group_by(Organisme.id, Organisme.nom)
    )
