"""Register alerts on fiches: computed from contents and registers (`standing`), and as recorded (FicheAlert)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, not_, null, or_, select, union_all
from sqlalchemy.orm import Session

from backoffice.models import (
    AlertKind,
    Certification,
    Etablissement,
    Fiche,
    FicheAlert,
    FicheState,
    Revision,
    Territoire,
)
from backoffice.models.fiches.states import OPEN_STATES

LONGEST_NOTICE = timedelta(days=365)
"""Longest notice before a certification ends that a territoire may set: see forms.territoires.settings."""

Key = tuple[int, str, str]
"""(fiche id, kind, subject)."""


@dataclass(frozen=True)
class Finding:
    label: str
    day: date | None


def standing(session: Session, today: date, fiche_ids: Collection[int] | None = None) -> dict[Key, Finding]:
    """{key: finding} for these fiches, or for all when fiche_ids is None, in one query.

    Examines the published revision and the open one of each fiche.
    """
    structure, formation = Revision.document["structure"], Revision.document["formation"]
    own, carried = structure["siret"].as_string(), structure["porteuse"]["siret"].as_string()
    alone = func.coalesce(own, "") == ""
    concerned = _looked_at() if fiche_ids is None else and_(Fiche.id.in_(fiche_ids), _looked_at())
    queries = (
        _certifications(formation["code_certification"].as_string(), today),
        _closed(AlertKind.STRUCTURE, own, today),
        _closed(AlertKind.PORTEUSE, carried, today).where(alone),
        _closed(AlertKind.FORMATEUR, structure["formateur_siret"].as_string(), today),
    )
    return dict(_read(session.execute(union_all(*(query.where(concerned) for query in queries))), today))


def _read(rows: Iterable[Row[*tuple[Any, ...]]], today: date) -> Iterator[tuple[Key, Finding]]:
    for row in rows:
        kind = row.kind
        if kind == AlertKind.CERTIFICATION and row.day is not None and row.day >= today:
            if row.day > today + timedelta(days=row.notice):
                continue
            kind = str(AlertKind.CERTIFICATION_BIENTOT)
        yield (row.fiche_id, kind, row.subject), Finding(row.label, row.day)


def _looked_at() -> ColumnElement[bool]:
    """Condition on Fiche and one Revision of it: the published revision, or an open one, of a fiche not archived."""
    return and_(
        Fiche.state != FicheState.ARCHIVEE,
        or_(
            and_(Revision.id == Fiche.published_revision_id, Fiche.state == FicheState.PUBLIEE),
            Revision.state.in_(OPEN_STATES),
        ),
    )


def _certifications(code: ColumnElement[str], today: date) -> Select[*tuple[Any, ...]]:
    """Certifications that have ended or end within LONGEST_NOTICE. Same rule as Certification.valid_on."""
    ended = and_(not_(Certification.active), Certification.valid_until.is_(None))
    return (
        select(
            Fiche.id.label("fiche_id"),
            literal(str(AlertKind.CERTIFICATION)).label("kind"),
            Certification.code.label("subject"),
            Certification.label.label("label"),
            Certification.valid_until.label("day"),
            Territoire.alerte_certification.label("notice"),
        )
        .join(Revision, Revision.fiche_id == Fiche.id)
        .join(Territoire, Territoire.id == Fiche.territoire_id)
        .join(Certification, and_(Certification.code != "", Certification.code == code))
        .where(or_(ended, Certification.valid_until <= today + LONGEST_NOTICE))
    )


def _closed(kind: AlertKind, siret: ColumnElement[str], today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Fiche.id,
            literal(str(kind)),
            Etablissement.siret,
            Etablissement.denomination,
            Etablissement.closed_on,
            null(),
        )
        .join(Revision, Revision.fiche_id == Fiche.id)
        .join(Etablissement, Etablissement.siret == siret)
        .where(Etablissement.closed_on <= today)
    )


def alerts_of(session: Session, fiche_ids: Collection[int]) -> dict[int, list[FicheAlert]]:
    """{fiche id: its recorded alerts}, in one query. Fiches without alerts are absent."""
    query = select(FicheAlert).where(FicheAlert.fiche_id.in_(fiche_ids)).order_by(FicheAlert.id)
    found: dict[int, list[FicheAlert]] = {}
    for row in session.scalars(query) if fiche_ids else ():
        found.setdefault(row.fiche_id, []).append(row)
    return found


ANY, FAULTY = "toute", "reponse"


def alerted(kind: str) -> ColumnElement[bool]:
    """Condition on Fiche: it has an alert of this kind (ANY: of any kind; FAULTY: see Fiche.faulty)."""
    if kind == FAULTY:
        return Fiche.faulty.is_(True)
    some = select(FicheAlert.fiche_id)
    return Fiche.id.in_(some if kind == ANY else some.where(FicheAlert.kind == AlertKind(kind)))
