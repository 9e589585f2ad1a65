"""Recognition of the structure and the fiches a funder means. Sure by number; otherwise a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.text import search_key
from backoffice.models import Convention, Fiche, FicheState, Organisme
from backoffice.queries.structures.scope import works_in
from backoffice.reference.programmes import programmes
from forms.conventions.grants import Grant

SURE, DOUBTFUL = 97, 70
"""Name similarity, out of 100. SURE: same structure when no other reaches it; DOUBTFUL: shown as a candidate."""
NUMBERS = ("même SIRET", "même RNA")
SHOWN = 5
EMPTY_WORDS = frozenset("association asso assoc ass loi 1901 de du des d l la le les et".split())  # noqa: SIM905
"""Words too common in names to tell structures apart."""


@dataclass(frozen=True)
class Candidate:
    """why: what matches, in French. score: 0 to 100."""

    organisme: Organisme
    score: int
    why: str


@dataclass(frozen=True)
class Recognised:
    """sure: the structure, when there is no doubt; candidates: the possible ones, best first."""

    sure: Organisme | None
    candidates: Sequence[Candidate] = ()


def recognise(session: Session, territoire_id: int, said: Grant | Convention) -> Recognised:
    """Searches by SIRET, by RNA, then by name similarity, among the structures that work in the territoire."""
    theirs = select(Organisme).where(works_in([territoire_id])).order_by(Organisme.id)
    for condition, why in _numbers(said):
        found = session.scalars(theirs.where(condition)).all()
        if len(found) == 1:
            return Recognised(found[0], [Candidate(found[0], 100, why)])
        if found:
            return _among([Candidate(row, alike(row.nom, said.nom), why) for row in found])
    named = session.scalars(theirs).all() if said.nom else _of_siren(session, territoire_id, said.siret)
    return _among([_compared(row, said) for row in named])


def _among(candidates: Sequence[Candidate]) -> Recognised:
    """Sure when exactly one candidate reaches SURE."""
    ranked = sorted(
        (row for row in candidates if row.score >= DOUBTFUL), key=lambda row: (-row.score, row.organisme.id)
    )
    sure = [row for row in ranked if row.score >= SURE]
    if len(sure) == 1:
        return Recognised(sure[0].organisme, ranked[:SHOWN])
    return Recognised(None, ranked[:SHOWN] or [row for row in candidates if row.why.startswith("même")][:SHOWN])


def _compared(organisme: Organisme, said: Grant | Convention) -> Candidate:
    """Scores one structure by name. Different SIRETs keep the score under SURE; the same SIREN raises it."""
    score, why = alike(organisme.nom, said.nom), "nom proche"
    raison = organisme.said.raison_sociale
    if alike(raison, said.nom) > score:
        score, why = alike(raison, said.nom), "nom officiel proche"
    if said.siret and organisme.siret and said.siret[:9] == organisme.siret[:9]:
        return Candidate(organisme, max(score, 90) if score < SURE else 96, "même SIREN, autre établissement")
    if said.siret and organisme.siret and score >= SURE:
        return Candidate(organisme, SURE - 1, f"{why}, autre SIRET")
    return Candidate(organisme, score, why)


def _numbers(said: Grant | Convention) -> list[tuple[ColumnElement[bool], str]]:
    """(condition on Organisme, its label in French) for each number given by the funder."""
    found: list[tuple[ColumnElement[bool], str]] = []
    if said.siret:
        found.append((Organisme.siret == said.siret, NUMBERS[0]))
    if said.rna:
        found.append((Organisme.rna == said.rna, NUMBERS[1]))
    return found


def _of_siren(session: Session, territoire_id: int, siret: str) -> Sequence[Organisme]:
    if not siret:
        return []
    of_siren = Organisme.siret.startswith(siret[:9], autoescape=True)
    return session.scalars(select(Organisme).where(works_in([territoire_id]), of_siren)).all()


def alike(one: str, two: str) -> int:
    """Similarity of two names, 0 to 100; 0 when one is empty."""
    folded = bare_name(one), bare_name(two)
    return int(fuzz.token_sort_ratio(*folded)) if all(folded) else 0


def bare_name(name: str) -> str:
    """The name folded (`search_key`), without EMPTY_WORDS unless nothing else is left."""
    words = search_key(name).split()
    return " ".join([word for word in words if word not in EMPTY_WORDS] or words)


# --- Fiches -----------------------------------------------------------------------------------------


def likely_fiches(session: Session, convention: Convention) -> list[tuple[Fiche, str]]:
    """(fiche, why the grant may pay for it) among its structure's fiches, best first; tied ones are excluded."""
    if convention.organisme_id is None:
        return []
    tied = {row.fiche_id for row in convention.ties}
    fiches = session.scalars(
        select(Fiche)
        .where(
            Fiche.organisme_id == convention.organisme_id,
            Fiche.numero.is_not(None),
            Fiche.state != FicheState.ARCHIVEE,
            Fiche.dispositif.in_(programmes()[convention.programme].dispositifs),
            Fiche.id.not_in(tied),
        )
        .options(selectinload(Fiche.revisions))
        .order_by(Fiche.id)
    ).all()
    scored = [(score, fiche, why) for fiche in fiches for score, why in [_paid(convention, fiche)]]
    return [(fiche, why) for _, fiche, why in sorted(scored, key=lambda row: (-row[0], row[1].id))]


def sure_fiches(session: Session, convention: Convention) -> list[Fiche]:
    """The fiches that give the reference of the grant; else the only likely one of its département."""
    likely = likely_fiches(session, convention)
    named = [fiche for fiche, _ in likely if _paid(convention, fiche)[0] >= NAMED]
    near = [fiche for fiche, _ in likely if _paid(convention, fiche)[0] >= NEAR]
    return named or (near if len(near) == 1 else [])


NAMED, NEAR = 4, 2


def _paid(convention: Convention, fiche: Fiche) -> tuple[int, str]:
    """(likelihood, 1 to 4; reason in French)."""
    content = fiche.latest.content
    paid = content.financement.financeurs
    near = fiche.latest.departement == convention.departement
    if any(search_key(row.reference) == search_key(convention.reference) for row in paid if row.reference):
        return NAMED, "La fiche donne la référence de la convention"
    if near and any(row.programme == convention.programme for row in paid):
        return 3, "Même programme et même département"
    return (NEAR, "Même département") if near else (1, "Même structure")
