"""Thousands of published fiches, to test flows and queues at the scale of the country.

Rows are inserted in batches: the engine handles one fiche at a time and would take far longer. Each fiche still has
the content, hash, fragment and log that the engine would have written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from backoffice.core.dates import local_day
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Role
from backoffice.models import (
    Assignment,
    Dispositif,
    Fiche,
    FicheState,
    Fragment,
    Membership,
    Nature,
    Organisme,
    Publication,
    Revision,
    RevisionState,
    Territoire,
    TransitionLog,
    User,
)
from backoffice.models.accounts.account import COLUMNS
from backoffice.models.content import Contenu, Document, Structure, dump, fingerprint
from backoffice.models.transition_names import FicheTransition
from backoffice.reference.demonstration import PASSWORD, Account
from exports.fragment.build import Identity, build

from .contents import Brief, beginning, compose, de, spread, towns
from .people import add_account
from .structures import House, Site
from .themes import THEMES

KEY = "masse-"
"""Prefix of the creation key of every fiche made here."""

SEED = 60_000
BATCH = 1_000
PER_HOUSE = 8
FIRST_RANK = 1_000
"""Structures of the scenario have lower ranks: no SIRET is used twice."""

SHAPES = ((3,), (1, 2), (2, 1), (1, 1, 1))
"""Number of sessions of each group of a fiche; three sessions in all."""

KINDS = (
    "Association des habitants {de}",
    "Centre social {de}",
    "Maison de quartier {de}",
    "Atelier des langues {de}",
    "Passerelle des mots {de}",
    "Entraide {de}",
)
ROOMS = ("Salle des fêtes", "Médiathèque", "Maison des associations", "École élémentaire", "Foyer communal")
STREETS = ("rue des Tilleuls", "place du Marché", "avenue des Acacias", "rue du Moulin", "allée des Roses")


def has_bulk(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Fiche).where(Fiche.creation_key.like(f"{KEY}%"))))


def load_bulk(session: Session, number: int, now: datetime) -> int:
    """Adds `number` published fiches, shared equally among the territoires. Returns the number of their sessions."""
    password = hash_password(PASSWORD)
    orders = _orders(session, number, now, password)
    sessions = 0
    while batch := list(islice(orders, BATCH)):
        sessions += _publish(session, batch)
    return sessions


@dataclass(frozen=True)
class Team:
    """The accounts that act in a territoire."""

    territoire: Territoire
    provider_id: int
    moderator_id: int


@dataclass(frozen=True)
class Order:
    """A fiche to publish."""

    rank: int
    team: Team
    organisme_id: int
    content: Contenu
    created: datetime

    @property
    def submitted(self) -> datetime:
        return self.created + timedelta(hours=26)

    @property
    def taken(self) -> datetime:
        return self.submitted + timedelta(hours=47)

    @property
    def decided(self) -> datetime:
        return self.taken + timedelta(minutes=12)


def _orders(session: Session, number: int, now: datetime, password: str) -> Iterator[Order]:
    territoires = session.scalars(select(Territoire).order_by(Territoire.slug)).all()
    rank, house_rank, begins = 0, FIRST_RANK, beginning(local_day(now), Dispositif.ASL)
    for place, territoire in enumerate(territoires):
        share = number // len(territoires) + (place < number % len(territoires))
        if not share:
            continue
        team = _team(session, territoire, password)
        houses = [_house(house_rank + n, territoire.region) for n in range(-(-share // PER_HOUSE))]
        house_rank += len(houses)
        ids = _add_houses(session, houses, team)
        for n in range(share):
            rng = Random(f"{SEED}-{rank}")  # noqa: S311 - random texts, not secrets
            theme, title = spread(THEMES, rank)
            brief = Brief(houses[n // PER_HOUSE], theme, begins, title, rng.choice(SHAPES))
            created = now - timedelta(days=rng.randint(5, 200), minutes=rng.randrange(600))
            yield Order(rank, team, ids[n // PER_HOUSE], compose(brief, rng), created)
            rank += 1


def _publish(session: Session, batch: list[Order]) -> int:
    """Inserts a batch. The numero of a fiche contains its id, so the fiche is published in a last update."""
    fiche_ids = _insert(
        session,
        Fiche,
        [
            {
                "dispositif": Dispositif.ASL,
                "organisme_id": order.organisme_id,
                "territoire_id": order.team.territoire.id,
                "created_at": order.created,
                "creation_key": f"{KEY}{order.rank + 1:06d}",
            }
            for order in batch
        ],
    )
    numeros = [f"{order.team.territoire.prefixe}{id_:06d}" for order, id_ in zip(batch, fiche_ids, strict=True)]
    fragments = [build(order.content, _identity(order, numero)) for order, numero in zip(batch, numeros, strict=True)]
    fragment_ids = _insert(
        session,
        Fragment,
        [
            {
                "sha256": fragment.sha256,
                "code_version": fragment.code_version,
                "actions": fragment.actions,
                "sessions": fragment.sessions,
                "facets": fragment.facets,
                "built_at": order.decided,
                "xml": fragment.xml,
            }
            for order, fragment in zip(batch, fragments, strict=True)
        ],
    )
    revision_ids = _insert(
        session,
        Revision,
        [_revision(*row) for row in zip(batch, fiche_ids, fragment_ids, strict=True)],
    )
    session.execute(
        insert(TransitionLog).execution_options(render_nulls=True),  # else one statement per row without a revision
        [row for told in zip(batch, fiche_ids, revision_ids, strict=True) for row in _log(*told)],
    )
    fiches = Fiche.__table__
    assert isinstance(fiches, Table)
    session.connection().execute(
        update(fiches)
        .where(fiches.c.id == bindparam("fiche"))
        .values(
            numero=bindparam("given"),
            published_revision_id=bindparam("approved"),
            fragment_id=bindparam("shown"),
            state=FicheState.PUBLIEE,
        ),
        [
            {"fiche": fiche, "given": numero, "approved": revision, "shown": fragment}
            for fiche, numero, revision, fragment in zip(fiche_ids, numeros, revision_ids, fragment_ids, strict=True)
        ],
    )
    session.execute(
        insert(Publication),
        [
            {
                "fiche_id": fiche,
                "fragment_id": fragment,
                "territoire_id": order.team.territoire.id,
                "at": order.decided,
            }
            for fiche, fragment, order in zip(fiche_ids, fragment_ids, batch, strict=True)
        ],
    )
    return sum(fragment.sessions for fragment in fragments)


def _identity(order: Order, numero: str) -> Identity:
    organisme = f"{order.team.territoire.prefixe}O{order.organisme_id:06d}"
    return Identity(numero, organisme, Dispositif.ASL, order.created, order.decided)


def _revision(order: Order, fiche_id: int, fragment_id: int) -> dict[str, Any]:
    document: Document = dump(order.content)
    return {
        "fiche_id": fiche_id,
        "number": 1,
        "state": RevisionState.VALIDEE,
        "document": document,
        "content_hash": fingerprint(document),
        "title": order.content.formation.intitule,
        "departement": order.content.lieux[0].adresse.departement,
        "commune": order.content.lieux[0].adresse.code_insee,
        "created_at": order.created,
        "saved_at": order.submitted,
        "submitted_at": order.submitted,
        "submitted_by_id": order.team.provider_id,
        "territoire_id": order.team.territoire.id,
        "nature": Nature.PREMIERE,
        "moderator_id": order.team.moderator_id,
        "decided_at": order.decided,
        "fragment_id": fragment_id,
    }


def _log(order: Order, fiche_id: int, revision_id: int) -> Iterator[dict[str, Any]]:
    """The log rows that the engine writes for these five events."""
    provider, moderator = order.team.provider_id, order.team.moderator_id
    draft, sent, taken = RevisionState.BROUILLON, RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION
    approved, before, after = RevisionState.VALIDEE, FicheState.NON_PUBLIEE, FicheState.PUBLIEE
    for at, actor, revision, name, source, target in (
        (order.created, provider, revision_id, FicheTransition.CREER, "", draft),
        (order.submitted, provider, revision_id, FicheTransition.SOUMETTRE, draft, sent),
        (order.taken, moderator, revision_id, FicheTransition.PRENDRE, sent, taken),
        (order.decided, moderator, revision_id, FicheTransition.VALIDER, taken, approved),
        (order.decided, moderator, None, FicheTransition.PUBLIER, before, after),
    ):
        yield {
            "at": at,
            "actor_id": actor,
            "fiche_id": fiche_id,
            "revision_id": revision,
            "transition": name,
            "source": str(source),
            "target": str(target),
        }


# --- People and structures -------------------------------------------------------------------------


def _team(session: Session, territoire: Territoire, password: str) -> Team:
    """A provider account of the territoire and its demonstration moderator, created if missing."""
    slug, known = territoire.slug, {territoire.slug: territoire}
    entry = Account(f"saisie-{slug}@demo.example", f"Saisie, {territoire.nom}", "", Role.SAISIE)
    moderator = session.scalars(
        select(User)
        .join(Assignment, Assignment.user_id == User.id)
        .where(User.demonstration, Assignment.territoire_id == territoire.id, Assignment.role == Role.MODERATEUR)
        .order_by(User.id)
    ).first()
    if moderator is None:
        desk = Account(f"moderation-{slug}@demo.example", f"Modération, {territoire.nom}", "", Role.MODERATEUR, (slug,))
        moderator = add_account(session, desk, password, {}, known)
    provider = add_account(session, entry, password, {}, known)
    return Team(territoire, provider.id, moderator.id)


def _house(rank: int, region: str) -> House:
    rng = Random(f"{SEED}-structure-{rank}")  # noqa: S311
    names = rng.choices(list(towns(region)), k=3)
    sites = tuple(
        Site(rng.choice(ROOMS), f"{rng.randint(1, 90)} {rng.choice(STREETS)}", name, "Arrêt de bus à 200 m")
        for name in names
    )
    name = rng.choice(KINDS).format(de=de(names[0]))
    return House(f"structure-{rank}", rank, name, "association", region, sites, declared=rng.random() < 0.4)


def _add_houses(session: Session, houses: list[House], team: Team) -> list[int]:
    known, territoire = towns(team.territoire.region), team.territoire.id
    ids = _insert(
        session,
        Organisme,
        [_row(house.structure(known), territoire) for house in houses],
    )
    session.execute(
        insert(Membership), [{"user_id": team.provider_id, "organisme_id": id_, "role": Role.SAISIE} for id_ in ids]
    )
    return ids


def _row(said: Structure, territoire_id: int) -> dict[str, Any]:
    made = Organisme(said=said)
    names = (*COLUMNS, "structure", "commune")
    return {"territoire_id": territoire_id, **{name: getattr(made, name) for name in names}}


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Inserts the rows; returns their ids, in the same order."""
    return list(session.scalars(insert(model).returning(model.id, sort_by_parameter_order=True), rows))
