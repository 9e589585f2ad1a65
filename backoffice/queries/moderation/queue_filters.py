"""The filters of the queue, as data. The form, the SQL conditions and the saved views all read this table.

To add a filter, add a row to FILTERS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, lazyload

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Role
from backoffice.core.text import clean
from backoffice.models import (
    AlertKind,
    Assignment,
    Campaign,
    CampaignTerritoire,
    Convention,
    ConventionFiche,
    Dispositif,
    Fiche,
    ModerationRule,
    Nature,
    Organisme,
    Revision,
    RuleHit,
    RuleVersion,
    User,
)
from backoffice.models.accounts.account import moderates
from backoffice.models.moderation.moderation_rules import standing
from backoffice.queries.fiches.former_fragments import has_former_fragment
from backoffice.queries.fiches.register_alerts import ANY, FAULTY, alerted
from backoffice.queries.search import says
from backoffice.queries.territoires.coverage import departements_of
from backoffice.reference.programmes import programmes

LONGEST = 100
"""Maximum length of a filter's value, in characters; the rest is cut."""


@dataclass(frozen=True)
class Filter:
    """options: {value: label} of a list, None for free text; condition: on Revision, Fiche and Organisme joined."""

    name: str
    label: str
    condition: Callable[[str], ColumnElement[bool]]
    options: Callable[[Session, User], Mapping[str, str]] | None = None


def _departements(session: Session, user: User) -> dict[str, str]:
    found = departements_of(session, user.territoire_ids(Role.MODERATEUR))
    return {code: f"{code} – {nom}" for code, nom in found.items()}


def colleagues(session: Session, user: User) -> dict[str, str]:
    """{user id: name} of the active moderators of the same territoires; the person comes first."""
    mine = user.territoire_ids(Role.MODERATEUR)
    rows = session.scalars(
        select(User)
        .join(Assignment, Assignment.user_id == User.id)
        .where(moderates(mine), User.active)
        .order_by(User.name)
        .distinct()
        .options(lazyload(User.memberships), lazyload(User.assignments))
    ).all()
    others = {str(row.id): row.name for row in rows if row.id != user.id}
    return {str(user.id): f"{user.name} (vous)"} | others


def _late(value: str) -> ColumnElement[bool]:
    today = local_day(now())
    return Revision.due_on < today if value == "retard" else Revision.due_on >= today


def _flagged_by(rule_id: str) -> ColumnElement[bool]:
    """Condition on Revision: this rule has a hit that is not dismissed."""
    return Revision.id.in_(select(RuleHit.revision_id).where(RuleHit.rule_id == int(rule_id), standing()))


def _rules(session: Session, user: User) -> dict[str, str]:
    """The active rules of the network and of the person's territoires."""
    mine = ModerationRule.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    rows = session.execute(
        select(ModerationRule.id, RuleVersion.name)
        .join(RuleVersion, RuleVersion.id == ModerationRule.active_version_id)
        .where(or_(ModerationRule.territoire_id.is_(None), mine))
        .order_by(RuleVersion.name)
    )
    return {str(row.id): row.name for row in rows}


def _campaigns(session: Session, user: User) -> dict[str, str]:
    """The campaigns opened in the person's territoires, latest first."""
    mine = select(CampaignTerritoire.campaign_id).where(
        CampaignTerritoire.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    )
    rows = session.execute(
        select(Campaign.id, Campaign.label)
        .where(Campaign.id.in_(mine), Campaign.opened_at.is_not(None))
        .order_by(Campaign.opens_on.desc(), Campaign.id.desc())
    )
    return {str(row.id): row.label for row in rows}


UNPAID = "sans"


def _paid(value: str) -> ColumnElement[bool]:
    """Condition on Fiche: attached to a convention, to one of this programme, or to none (UNPAID)."""
    ties = select(ConventionFiche.fiche_id)
    if value in programmes():
        ties = ties.join(Convention).where(Convention.programme == value)
    return Fiche.id.not_in(ties) if value == UNPAID else Fiche.id.in_(ties)


def _grants(_session: Session, _user: User) -> dict[str, str]:
    return {"avec": "Rattachée à une convention", UNPAID: "Sans convention", **{code: code for code in programmes()}}


FORMER = "ancienne"
ALERTS = {
    ANY: "N’importe laquelle d’un répertoire",
    **{str(kind): kind.label for kind in AlertKind},
    FAULTY: "Réponse publiée que les règles refusent",
    FORMER: "Reste dans le flux sous son ancienne forme",
}


def _alerted(kind: str) -> ColumnElement[bool]:
    return has_former_fragment() if kind == FORMER else alerted(kind)


FILTERS = (
    Filter("q", "Intitulé, structure ou numéro", lambda text: says(Revision, text)),
    Filter("structure", "Structure (nom ou SIRET)", lambda text: says(Organisme, text)),
    Filter(
        "dispositif",
        "Dispositif",
        lambda value: Fiche.dispositif == Dispositif(value),
        lambda _session, _user: {str(item): str(item) for item in Dispositif},
    ),
    Filter("departement", "Département", lambda value: Revision.departement == value, _departements),
    Filter("moderateur", "Modérateur", lambda value: Revision.moderator_id == int(value), colleagues),
    Filter(
        "nature",
        "Première fiche ou suite",
        lambda value: Revision.nature == Nature(value),
        lambda _session, _user: {str(item): item.label for item in Nature},
    ),
    Filter("campagne", "Campagne", lambda value: Revision.campaign_id == int(value), _campaigns),
    Filter("convention", "Subvention", _paid, _grants),
    Filter("regle", "Règle qui a réagi", _flagged_by, _rules),
    Filter("alerte", "Alerte", _alerted, lambda _session, _user: ALERTS),
    Filter("delai", "Délai", _late, lambda _session, _user: {"retard": "En retard", "temps": "Dans les temps"}),
)

Options = Mapping[str, Mapping[str, str]]


def options_of(session: Session, user: User) -> Options:
    """{filter: {value: label}} of the filters that are lists."""
    return {row.name: row.options(session, user) for row in FILTERS if row.options}


def understood(asked: Mapping[str, Any], options: Options) -> dict[str, str]:
    """The valid filters of a query string: unknown filters and values outside the lists are dropped."""
    values = {row.name: clean(str(asked.get(row.name, "")))[:LONGEST] for row in FILTERS}
    return {name: value for name, value in values.items() if value and value in options.get(name, {value: ""})}


def conditions(values: Mapping[str, str]) -> list[ColumnElement[bool]]:
    return [row.condition(values[row.name]) for row in FILTERS if row.name in values]
