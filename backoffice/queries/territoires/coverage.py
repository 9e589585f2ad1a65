"""Which territoire a place belongs to, and what each territoire covers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.permissions import Role
from backoffice.models import (
    Assignment,
    Commune,
    Coverage,
    Fiche,
    FicheState,
    Organisme,
    Revision,
    RevisionState,
    Territoire,
    User,
)
from backoffice.models.content import Contenu
from backoffice.reference.communes import departements


def territoire_of(session: Session, commune: str, departement: str = "") -> Territoire | None:
    """The territoire that covers this commune (Insee code, "" if unknown), else its département; None if none does.

    The row of a commune takes precedence over its département's. An arrondissement of Paris, Lyon or Marseille
    without a row of its own follows its city.
    """
    known = Commune.code_insee == commune
    found = or_(
        Coverage.code.in_([code for code in (commune, departement) if code]),
        Coverage.code.in_(select(Commune.parent).where(known, Commune.parent.is_not(None))),
        Coverage.code.in_(select(Commune.departement).where(known)),
    )
    return session.scalars(
        select(Territoire)
        .join(Coverage, Coverage.territoire_id == Territoire.id)
        .where(found)
        .order_by(func.length(Coverage.code).desc(), (Coverage.code == commune).desc())
        .limit(1)
    ).first()


def territoire_of_content(session: Session, content: Contenu) -> Territoire | None:
    """Territoire of the first place whose commune or département is known; None if none."""
    places = (lieu.adresse for lieu in content.lieux)
    first = next((place for place in places if place.code_insee or place.departement), None)
    return territoire_of(session, first.code_insee, first.departement) if first else None


def departements_of(session: Session, territoire_ids: Collection[int]) -> dict[str, str]:
    """{code: name} of the départements covered by these territoires, entirely or through one commune."""
    within = select(Commune.departement).join(Coverage, Coverage.code == Commune.code_insee)
    whole = select(Coverage.code).where(func.length(Coverage.code) < 5)
    of_them = Coverage.territoire_id.in_(territoire_ids)
    codes = set(session.scalars(whole.where(of_them).union(within.where(of_them))))
    return {code: row.nom for code, row in departements().items() if code in codes}


@dataclass(frozen=True)
class Covered:
    """code: of a département or a commune; nom: its name, "" when the code is in no table any more."""

    code: str
    nom: str


def coverage_of(session: Session, territoire_id: int) -> Sequence[Covered]:
    """Départements, then communes, covered by a territoire, by code."""
    rows = session.execute(
        select(Coverage.code, Commune.nom)
        .outerjoin(Commune, Commune.code_insee == Coverage.code)
        .where(Coverage.territoire_id == territoire_id)
        .order_by(func.length(Coverage.code) == 5, Coverage.code)
    )
    known = departements()
    return [Covered(row.code, row.nom or (known[row.code].nom if row.code in known else "")) for row in rows]


@dataclass(frozen=True)
class Gap:
    """A département with uncovered communes. nom: of the département; communes: number of uncovered ones."""

    code: str
    nom: str
    communes: int


def uncovered(session: Session) -> Sequence[Gap]:
    """Communes that no territoire covers, counted by département."""
    own, whole = aliased(Coverage), aliased(Coverage)
    rows = session.execute(
        select(Commune.departement, func.count())
        .outerjoin(own, own.code == Commune.code_insee)
        .outerjoin(whole, whole.code == Commune.departement)
        .where(own.code.is_(None), whole.code.is_(None), Commune.parent.is_(None))
        .group_by(Commune.departement)
        .order_by(Commune.departement)
    )
    return [Gap(code, departements()[code].nom, number) for code, number in rows]


def by_slug(session: Session, slug: str) -> Territoire | None:
    return session.scalars(select(Territoire).where(Territoire.slug == slug)).first()


def all_territoires(session: Session) -> Sequence[Territoire]:
    """By name."""
    return session.scalars(select(Territoire).order_by(Territoire.nom)).all()


def communes_among(session: Session, codes: Collection[str]) -> set[str]:
    """Those of these codes that are Insee codes of communes."""
    return set(session.scalars(select(Commune.code_insee).where(Commune.code_insee.in_(codes))))


@dataclass(frozen=True)
class Counts:
    """Figures of a territoire. waiting: revisions in its queue; structures: registered there; moderators: active."""

    published: int = 0
    waiting: int = 0
    structures: int = 0
    moderators: int = 0


def counts(session: Session) -> dict[int, Counts]:
    """{territoire id: counts}, in one query."""

    def number(
        of: type[Fiche | Revision | Organisme | Assignment], *conditions: ColumnElement[bool]
    ) -> ScalarSelect[int]:
        here = select(func.count()).select_from(of).where(of.territoire_id == Territoire.id, *conditions)
        return here.scalar_subquery()

    rows = session.execute(
        select(
            Territoire.id,
            number(Fiche, Fiche.state == FicheState.PUBLIEE),
            number(Revision, Revision.state.in_((RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION))),
            number(Organisme, Organisme.merged_into_id.is_(None)),
            number(Assignment, Assignment.role == Role.MODERATEUR, Assignment.user.has(User.active)),
        )
    )
    return {id_: Counts(*numbers) for id_, *numbers in rows}
