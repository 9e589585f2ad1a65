"""Settings, coverage and collection of a territoire. Each change is logged, see `workflows.change_log`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission, Role
from backoffice.core.snapshot import decision_lock
from backoffice.models import Coverage, Territoire, User
from forms.territoires.settings import SETTINGS, Value
from workflows.case import Refused
from workflows.change_log import record

CHANGED = "modifié"
"""Logged in place of a personal value, such as an address or a number."""


def may_set(actor: User, territoire_id: int) -> bool:
    """Whether the actor may change the territoire's settings: its moderators and the administrators."""
    moderates = territoire_id in actor.territoire_ids(Role.MODERATEUR) and actor.can(Permission.MODERATE)
    return moderates or actor.can(Permission.ADMINISTER)


def change_settings(session: Session, territoire_id: int, values: Mapping[str, Value], actor: User) -> int:
    """Saves the settings that differ; returns how many. values: {setting name: value}. Raises Refused."""
    if not may_set(actor, territoire_id):
        raise Refused("Vous ne pouvez pas changer les réglages de ce territoire.")
    territoire = _locked(session, territoire_id)
    changed = [setting for setting in SETTINGS if values[setting.name] != getattr(territoire, setting.name)]
    for setting in changed:
        before, after = getattr(territoire, setting.name), values[setting.name]
        setattr(territoire, setting.name, after)
        words = ("", CHANGED) if setting.personal else (setting.shown(before), setting.shown(after))
        record(session, actor, territoire, setting.name, *words, territoire.id)
    session.flush()
    return len(changed)


def rename(session: Session, territoire: Territoire, nom: str, actor: User) -> None:
    _must_administer(actor)
    before, territoire.nom = territoire.nom, nom
    record(session, actor, territoire, "nom", before, nom, territoire.id)


def cover(session: Session, territoire_id: int, codes: Collection[str], actor: User) -> bool:
    """Sets the exact coverage, in départements and communes; False when unchanged.

    Raises Refused when another territoire covers one of them. Fiches move later, see
    `workflows.territoires.assignment`.
    """
    _must_administer(actor)
    decision_lock(session)
    session.scalars(select(Territoire.id).order_by(Territoire.id).with_for_update()).all()
    territoire = session.get_one(Territoire, territoire_id)
    rows = select(Coverage.code, Coverage.territoire_id)
    before = set(session.scalars(rows.where(Coverage.territoire_id == territoire_id)))
    wanted = set(codes)
    taken = taken_by_others(session, territoire_id, wanted)
    if taken:
        raise Refused(" ".join(f"{code} est déjà couvert par {nom}." for code, nom in sorted(taken.items())))
    if wanted == before:
        return False
    session.execute(delete(Coverage).where(Coverage.code.in_(before - wanted)))
    session.add_all(Coverage(code=code, territoire_id=territoire_id) for code in sorted(wanted - before))
    record(session, actor, territoire, "couverture", _list(before), _list(wanted), territoire.id)
    session.flush()
    return True


def taken_by_others(session: Session, territoire_id: int, codes: Collection[str]) -> dict[str, str]:
    """{code: name of the other territoire that covers it}."""
    rows = session.execute(
        select(Coverage.code, Territoire.nom)
        .join(Territoire, Territoire.id == Coverage.territoire_id)
        .where(Coverage.code.in_(codes), Coverage.territoire_id != territoire_id)
    )
    return {row.code: row.nom for row in rows}


def collect(session: Session, territoire_id: int, collector_id: int | None, actor: User) -> bool:
    """Sets the territoire whose moderators also moderate this one; None: none. False when unchanged.

    Raises Refused beyond one level: a collector is never collected, so that no territoire is left without moderators.
    """
    _must_administer(actor)
    decision_lock(session)
    known = {
        row.id: row
        for row in session.scalars(
            select(Territoire).order_by(Territoire.id).with_for_update().execution_options(populate_existing=True)
        )
    }
    territoire, collector = known[territoire_id], known.get(collector_id or 0)
    if collector_id is not None:
        if collector is None or collector is territoire:
            raise Refused("Choisissez un autre territoire de la liste.")
        if collector.collected_by_id is not None:
            raise Refused(f"{collector.nom} est déjà collecté par un autre territoire : il ne peut pas collecter.")
        if any(row.collected_by_id == territoire_id for row in known.values()):
            raise Refused(f"{territoire.nom} collecte déjà pour un autre territoire : il ne peut pas être collecté.")
    if territoire.collected_by_id == collector_id:
        return False
    before = known.get(territoire.collected_by_id or 0)
    territoire.collected_by_id = collector_id
    was, now_ = (row.nom if row else "personne d’autre" for row in (before, collector))
    record(session, actor, territoire, "collecte", was, now_, territoire.id)
    session.flush()
    return True


def _locked(session: Session, territoire_id: int) -> Territoire:
    return session.scalars(
        select(Territoire)
        .where(Territoire.id == territoire_id)
        .with_for_update(of=Territoire)
        .execution_options(populate_existing=True)
    ).one()


def _must_administer(actor: User) -> None:
    if not actor.can(Permission.ADMINISTER):
        raise Refused("Seul un administrateur du réseau peut changer cela.")


def _list(codes: Collection[str]) -> str:
    return ", ".join(sorted(codes, key=lambda code: (len(code) == 5, code))) or "rien"
