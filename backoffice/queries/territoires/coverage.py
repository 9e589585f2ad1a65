"""Which territoire a place is of, and what each territoire covers."""

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
    """The one that covers this commune (Insee code, "" when unknown), else its département; None: nobody does.

    A row of the commune wins over its département's. An arrondissement of Paris, Lyon or Marseille that has no
    row of its own is read as its city.
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
    """That of its first place whose town is known."""
    places = (lieu.adresse for lieu in content.lieux)
    first = next((place for place in places if place.code_insee or place.departement), None)
    return territoire_of(session, first.code_insee, first.departement) if first else None


def departements_of(session: Session, territoire_ids: Collection[int]) -> dict[str, str]:
    """{code: name} of the départements that these territoires cover, wholly or by one of their communes."""
    within = select(Commune.departement).join(Coverage, Coverage.code == Commune.code_insee)
    whole = select(Coverage.code).where(func.length(Coverage.code) < 5)
    of_them = Coverage.territoire_id.in_(territoire_ids)
    codes = set(session.scalars(whole.where(of_them).union(within.where(of_them))))
    return {code: row.nom for code, row in departements().items() if code in codes}


@dataclass(frozen=True)
class Covered:
    """code: of a département or of a commune; nom: its name, "" for a code that no table knows any more."""

    code: str
    nom: str


def coverage_of(session: Session, territoire_id: int) -> Sequence[Covered]:
    """What a territoire covers: départements, then communes, by code."""
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
    """A département with communes that lead to no territoire. nom: of the département; communes: how many."""

    code: str
    nom: str
    communes: int


def uncovered(session: Session) -> Sequence[Gap]:
    """Where a place leads to no territoire, by département."""
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
    """Those of these codes that are a commune's."""
    return set(session.scalars(select(Commune.code_insee).where(Commune.code_insee.in_(codes))))


@dataclass(frozen=True)
class Counts:
    """Of a territoire. waiting: versions in its queue; structures: that are at home there."""

    published: int = 0
    waiting: int = 0
    structures: int = 0
    moderators: int = 0


def counts(session: Session) -> dict[int, Counts]:
    """{territoire: its counts}, in one query."""

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
