"""Near-duplicate fiches: found, declared distinct, merged."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from backoffice.core.permissions import Permission
from backoffice.core.text import search_key
from backoffice.models import DistinctPair, Fiche, FicheState, Revision, RevisionState, User
from backoffice.models.content import Contenu
from backoffice.models.transition_names import FicheTransition
from exports.importing.merge import place_key
from workflows.case import Case, Refused
from workflows.fiches.engine import apply, authorised, lock, record

LOOKED_AT = 60
"""Number of fiches compared, of the same structure and of the same commune each: the last saved ones."""

SHOWN = 5
ALIKE = 80
"""Minimum score, out of 100, of a possible duplicate."""

WEIGHTS = {"intitulé": 45, "lieu": 20, "horaires": 20, "structure": 15}


@dataclass(frozen=True)
class Lookalike:
    """A possible duplicate. score: 0 to 100; why: what matches, in French."""

    fiche: Fiche
    revision: Revision
    score: int
    why: tuple[str, ...]


def lookalikes(session: Session, fiche: Fiche, revision: Revision) -> list[Lookalike]:
    """The likeliest duplicates, at most SHOWN, without those declared distinct. Constant number of queries."""
    apart = {
        other
        for pair in session.execute(
            select(DistinctPair.first_id, DistinctPair.second_id).where(
                or_(DistinctPair.first_id == fiche.id, DistinctPair.second_id == fiche.id)
            )
        )
        for other in pair
    }
    content = revision.content
    found = []
    for other in _candidates(session, fiche, revision):
        if other.fiche_id in apart or other.fiche_id == fiche.id:
            continue
        score, why = likeness(content, other.content, same_structure=other.fiche.organisme_id == fiche.organisme_id)
        if score >= ALIKE:
            found.append(Lookalike(other.fiche, other, score, why))
    return sorted(found, key=lambda one: (-one.score, one.fiche.id))[:SHOWN]


def _candidates(session: Session, fiche: Fiche, revision: Revision) -> list[Revision]:
    """Latest versions of the fiches of the same structure, then of the same commune, in the territoire.

    Two indexed queries, so that the fiches of a large town do not displace those of the structure.
    """
    latest = select(func.max(Revision.number)).where(Revision.fiche_id == Fiche.id).correlate(Fiche).scalar_subquery()
    query = (
        select(Revision)
        .join(Revision.fiche)
        .join(Fiche.organisme)
        .where(
            Revision.number == latest,
            Fiche.id != fiche.id,
            Fiche.territoire_id == fiche.territoire_id,
            Fiche.dispositif == fiche.dispositif,
            Fiche.state != FicheState.ARCHIVEE,
            Fiche.numero.is_not(None),
        )
        .options(contains_eager(Revision.fiche).contains_eager(Fiche.organisme))
        .order_by(Revision.saved_at.desc(), Revision.id)
        .limit(LOOKED_AT)
    )
    found = {row.id: row for row in session.scalars(query.where(Fiche.organisme_id == fiche.organisme_id))}
    if revision.commune:
        near = query.where(Revision.commune == revision.commune, Fiche.organisme_id != fiche.organisme_id)
        found |= {row.id: row for row in session.scalars(near)}
    return list(found.values())


def likeness(one: Contenu, two: Contenu, *, same_structure: bool) -> tuple[int, tuple[str, ...]]:
    """(score 0 to 100, what matches in French). Criteria missing on one side are ignored."""
    marks = {"intitulé": _titles(one, two), "structure": 100.0 if same_structure else _names(one, two)}
    if (places := _places(one, two)) is not None:
        marks["lieu"] = places
    if (slots := _slots(one, two)) is not None:
        marks["horaires"] = slots
    score = sum(WEIGHTS[name] * mark for name, mark in marks.items()) / sum(WEIGHTS[name] for name in marks)
    return round(score), tuple(_said(name, mark) for name, mark in marks.items() if mark >= ALIKE)


def _said(name: str, mark: float) -> str:
    return f"même {name}" if mark >= 100 else f"{name} proche ({round(mark)} %)"


def _titles(one: Contenu, two: Contenu) -> float:
    left, right = (search_key(content.formation.intitule) for content in (one, two))
    # «Groupe 1» and «Groupe 2», «A1» and «A2»: nearly the same letters, two different things.
    numbers = [sorted(word for word in text.split() if not word.isalpha()) for text in (left, right)]
    mark = fuzz.token_sort_ratio(left, right) if left and right else 0.0
    return mark if numbers[0] == numbers[1] else min(mark, 60.0)


def _names(one: Contenu, two: Contenu) -> float:
    mark = fuzz.token_sort_ratio(*(search_key(content.structure.nom) for content in (one, two)))
    return mark if mark >= ALIKE else 0.0


def _places(one: Contenu, two: Contenu) -> float | None:
    keys = [{place_key(lieu.adresse) for lieu in content.lieux} - {""} for content in (one, two)]
    return max((fuzz.ratio(a, b) for a in keys[0] for b in keys[1]), default=None)


def _slots(one: Contenu, two: Contenu) -> float | None:
    """Share of weekly slots in common, 0 to 100; None when a side has none."""
    sides = [
        {(slot.jour, slot.debut, slot.fin) for action in content.actions for slot in action.creneaux}
        for content in (one, two)
    ]
    return 100 * len(sides[0] & sides[1]) / len(sides[0] | sides[1]) if all(sides) else None


def tell_apart(session: Session, fiche_id: int, other_id: int, actor: User) -> None:
    """Declares two fiches distinct («Ce n’est pas un doublon»); logged in the history of both. Idempotent."""
    fiches = _both(session, fiche_id, other_id, actor)
    first, second = sorted(fiche.id for fiche in fiches)
    try:
        with session.begin_nested():
            session.add(DistinctPair(first_id=first, second_id=second, actor_id=actor.id))
    except IntegrityError:
        return  # declared by another moderator meanwhile
    for fiche, other in (fiches, fiches[::-1]):
        comment = f"Différente de la fiche n° {other.numero} ({other.latest.title})."
        case = Case(session, fiche, fiche.latest, actor, comment)
        record(case, FicheTransition.DISTINGUER, fiche.state, fiche.state, of_fiche=True)


def merge(session: Session, kept_id: int, gone_id: int, actor: User) -> Fiche:
    """Archives the duplicate; its numero redirects to the kept fiche. Returns the archived fiche. Raises Refused."""
    kept, gone = _both(session, kept_id, gone_id, actor)
    if kept.state is FicheState.ARCHIVEE or kept.numero is None:
        raise Refused("La fiche à garder est archivée ou n’a jamais été envoyée : choisissez l’autre.")
    if gone.latest.being_corrected:
        raise Refused("Un modérateur corrige en ce moment la fiche qui disparaîtrait : terminez d’abord la correction.")
    comment = f"Doublon : la fiche n° {kept.numero} ({kept.latest.title}) est gardée."
    if gone.latest.state in (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION):
        apply(
            session, FicheTransition.ECARTER, fiche_id=gone.id, revision_id=gone.latest.id, actor=actor, comment=comment
        )
    apply(
        session, FicheTransition.FUSIONNER, fiche_id=gone.id, revision_id=gone.latest.id, actor=actor, comment=comment
    )
    gone.merged_into_id = kept.id
    for before in session.scalars(select(Fiche).where(Fiche.merged_into_id == gone.id)):
        before.merged_into_id = kept.id
    session.flush()
    return gone


def _both(session: Session, one_id: int, two_id: int, actor: User) -> tuple[Fiche, Fiche]:
    """Locks two different fiches, always in id order, to avoid deadlocks. Raises Refused."""
    if one_id == two_id:
        raise Refused("Il faut deux fiches différentes.")
    fiches = {fiche_id: lock(session, fiche_id) for fiche_id in sorted((one_id, two_id))}
    if not all(authorised(actor, Permission.MODERATE, fiche) for fiche in fiches.values()):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    return fiches[one_id], fiches[two_id]
