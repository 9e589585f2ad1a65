"""Structures that were probably entered twice: the likeliest pairs, and marking a pair as not duplicates.

Merging a pair is `workflows.structures.merge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backoffice.core.permissions import Permission, Role
from backoffice.models import Fiche, Membership, Organisme, StructurePair, Subject, User
from workflows.case import Refused
from workflows.conventions.recognition import bare_name

NUMBERS = (Subject.SIRET, Subject.RNA, Subject.UAI)
"""Numbers that identify one structure. A declaration number or a SIREN belongs to a legal unit with several of them."""
ALIKE = 88
"""Out of 100: similarity from which two names in the same commune may be the same structure."""
MOST = 50
"""Maximum number of pairs shown."""
MOST_IN_TOWN = 2000
"""Maximum number of structures of one commune whose names are compared."""


@dataclass(frozen=True)
class Likely:
    """Two structures, the lower id first. score: out of 100; why: what they have in common, in French."""

    first: Organisme
    second: Organisme
    score: int
    why: tuple[str, ...]


def within(user: User) -> Select[Organisme]:
    """The structures, not merged, that the person may merge: those of their territoires, all for an administrator."""
    living = select(Organisme).where(Organisme.merged_into_id.is_(None))
    if user.administrator:
        return living
    return living.where(Organisme.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))


def may_join(actor: User, organisme: Organisme) -> bool:
    """Whether the person may merge this structure: the scope of `within`."""
    if not actor.active or not actor.can(Permission.MANAGE_STRUCTURES):
        return False
    return actor.administrator or organisme.territoire_id in actor.territoire_ids(Role.MODERATEUR)


def likely(session: Session, user: User) -> list[Likely]:
    """The MOST + 1 likeliest pairs, without those marked as different. The number of queries is constant."""
    why: dict[tuple[int, int], dict[str, int]] = {}
    for number in NUMBERS:
        for pair in _same_number(session, user, number):
            why.setdefault(pair, {})[f"même {number.upper()}"] = 100
    for pair, score in _same_names(session, user):
        why.setdefault(pair, {})["même nom ou presque" if score == 100 else f"nom proche ({score} %)"] = score
    for row in session.execute(select(StructurePair.first_id, StructurePair.second_id)):
        why.pop((row.first_id, row.second_id), None)
    best = sorted(why, key=lambda pair: (-max(why[pair].values()), -len(why[pair]), pair))[: MOST + 1]
    ids = {id_ for pair in best for id_ in pair}
    found = {row.id: row for row in session.scalars(select(Organisme).where(Organisme.id.in_(ids)))}
    return [
        Likely(found[first], found[second], max(why[first, second].values()), tuple(why[first, second]))
        for first, second in best
    ]


def _same_number(session: Session, user: User, number: Subject) -> Iterator[tuple[int, int]]:
    one, two = (aliased(Organisme, within(user).subquery()) for _ in range(2))
    left, right = getattr(one, number), getattr(two, number)
    said = func.replace(left, "0", "") != ""  # a number of zeros stands for a missing one
    query = select(one.id, two.id).join(two, (left == right) & (one.id < two.id)).where(said)
    for row in session.execute(query.order_by(one.id, two.id).limit(MOST * 4)):
        yield row[0], row[1]


def _same_names(session: Session, user: User) -> Iterator[tuple[tuple[int, int], int]]:
    """Pairs with similar names in the same commune, or equal names in one territoire when a commune is unknown."""
    columns = (Organisme.id, Organisme.nom, Organisme.commune, Organisme.territoire_id)
    rows = session.execute(within(user).with_only_columns(*columns).order_by(Organisme.id)).all()
    towns: dict[str, list[tuple[int, str]]] = {}
    names: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for row in rows:
        if bare := bare_name(row.nom):
            towns.setdefault(row.commune, []).append((row.id, bare))
            names.setdefault((row.territoire_id, bare), []).append((row.id, row.commune))
    for commune, members in towns.items():
        if commune:
            yield from _alike(members[:MOST_IN_TOWN])
    for same in names.values():
        for rank, (one, commune) in enumerate(same[:MOST]):
            for two, other in same[rank + 1 : MOST]:
                if not (commune and other):
                    yield (one, two), 100


def _alike(members: Sequence[tuple[int, str]]) -> Iterator[tuple[tuple[int, int], int]]:
    for rank, (one, bare) in enumerate(members):
        rest = members[rank + 1 :]
        found = process.extract(
            bare, [name for _, name in rest], scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=MOST
        )
        for name, score, place in found:
            if _numbers(bare) == _numbers(name):
                yield (one, rest[place][0]), round(score)


def _numbers(name: str) -> list[str]:
    """The words with a digit: «École 1» and «École 2» are similar names of two different structures."""
    return sorted(word for word in name.split() if not word.isalpha())


def sizes(session: Session, organismes: Iterable[Organisme]) -> dict[int, tuple[int, int]]:
    """{id: (number of fiches, number of members)} of each structure."""
    ids = {organisme.id for organisme in organismes}
    fiches = dict(_counted(session, Fiche.organisme_id, ids))
    people = dict(_counted(session, Membership.organisme_id, ids))
    return {id_: (fiches.get(id_, 0), people.get(id_, 0)) for id_ in ids}


def _counted(session: Session, column: InstrumentedAttribute[int], ids: set[int]) -> Iterator[tuple[int, int]]:
    for row in session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column)):
        yield row[0], row[1]


def tell_apart(session: Session, one_id: int, two_id: int, actor: User) -> None:
    """«Ce ne sont pas des doublons»: the pair is no longer shown to anyone. Raises Refused outside the scope."""
    first, second = sorted((one_id, two_id))
    found = session.scalars(within(actor).where(or_(Organisme.id == first, Organisme.id == second))).all()
    if first == second or len(found) != 2 or not all(may_join(actor, row) for row in found):
        raise Refused("Ces deux structures ne sont pas toutes les deux de vos territoires.")
    try:
        with session.begin_nested():
            session.add(StructurePair(first_id=first, second_id=second, actor_id=actor.id))
    except IntegrityError:
        return  # the pair was already marked
