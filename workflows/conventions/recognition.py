"""Recognition of the structure and the fiches a funder means. Sure by number; otherwise a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.text import search_key
from backoffice.models import Convention, Fiche, FicheState, Organisme
from backoffice.queries.structures.scope import works_in
from backoffice.reference.programmes import programmes
from forms.conventions.grants import Grant

SURE, DOUBTFUL, AGREEING = 97, 70, 80
"""Name similarity, out of 100. SURE: same structure when no other reaches it; DOUBTFUL: shown as a candidate; AGREEING:
may be the name of the structure whose number is given."""
NUMBERS = ("même SIRET", "même RNA")
SHOWN = 5
EMPTY_WORDS = frozenset("association asso assoc ass loi 1901 de du des d l la le les et".split())  # noqa: SIM905
"""Words too common in names to tell structures apart."""


@dataclass(frozen=True)
class Named:
    """A structure as a file or a person says it. raison: its official name. departement: a code; "" when unknown."""

    nom: str
    siret: str = ""
    rna: str = ""
    departement: str = ""
    raison: str = ""

    @property
    def names(self) -> list[str]:
        return [name for name in (self.nom, self.raison) if name]


@dataclass(frozen=True)
class Candidate:
    """why: what matches, in French. score: 0 to 100. apart: its own SIRET differs from the given one."""

    organisme: Organisme
    score: int
    why: str
    apart: bool = False


@dataclass(frozen=True)
class Recognised:
    """sure: the structure, when there is no doubt; candidates: the possible ones, best first."""

    sure: Organisme | None
    candidates: Sequence[Candidate] = ()


def recognise(session: Session, territoire_id: int, said: Grant | Convention | Named) -> Recognised:
    """Searches by SIRET, by RNA, then by name, among the structures that work in the territoire.

    A number is sure when the name agrees with it and all the numbers are of one structure. Else the structures of the
    numbers are shown first, then those of the name.
    """
    theirs = select(Organisme).where(works_in([territoire_id])).order_by(Organisme.id)
    meant = said if isinstance(said, Named) else Named(said.nom, said.siret, said.rna, said.departement)
    numbered: dict[int, Candidate] = {}
    for condition, why in _numbers(meant):
        for row in session.scalars(theirs.where(condition)):
            numbered.setdefault(row.id, Candidate(row, _likeness(row, meant)[0], why))
    found = list(numbered.values())
    if len(found) == 1 and (not meant.names or found[0].score >= SURE):
        return Recognised(found[0].organisme, [replace(found[0], score=100)])
    if len(found) > 1 and len({row.why for row in found}) == 1:  # entered twice
        return _among(found)
    if not meant.names:
        return _among(found or [_compared(row, meant) for row in _of_siren(session, territoire_id, meant.siret)])
    named = [_compared(row, meant) for row in session.scalars(theirs) if row.id not in numbered]
    if not found:
        return _among(named)
    others = [row for row in named if row.score >= SURE - 1]
    if len(found) == 1 and not others and names_agree(found[0].organisme, *meant.names):
        return Recognised(found[0].organisme, [replace(found[0], score=100)])
    doubts = [row if row.score >= SURE else replace(row, why=f"{row.why}, autre nom") for row in found]
    return Recognised(None, [*doubts, *_ranked(named)][:SHOWN])


def _ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    shown = (row for row in candidates if row.score >= DOUBTFUL)
    return sorted(shown, key=lambda row: (-row.score, row.organisme.id))


def _among(candidates: Sequence[Candidate]) -> Recognised:
    """Sure when exactly one candidate reaches SURE."""
    ranked = _ranked(candidates)
    sure = [row for row in ranked if row.score >= SURE]
    if len(sure) == 1:
        return Recognised(sure[0].organisme, ranked[:SHOWN])
    return Recognised(None, ranked[:SHOWN] or [row for row in candidates if row.why.startswith("même")][:SHOWN])


def _likeness(organisme: Organisme, said: Named) -> tuple[int, str]:
    """(similarity of the closest names, what is close)."""
    usual, official = organisme.nom, organisme.said.raison_sociale
    score = max((alike(usual, name) for name in said.names), default=0)
    other = max((alike(official, name) for name in said.names), default=0)
    return (other, "nom officiel proche") if other > score else (score, "nom proche")


def names_agree(organisme: Organisme, *names: str) -> bool:
    """Whether one of these names may be that of the structure: close, or one longer than the other."""
    ours = [bare_name(name) for name in (organisme.nom, organisme.said.raison_sociale) if name]
    pairs = [(one, bare_name(name)) for one in ours for name in names]
    scores = [max(fuzz.token_sort_ratio(*pair), fuzz.token_set_ratio(*pair)) for pair in pairs]
    return max(scores, default=0) >= AGREEING


def _compared(organisme: Organisme, said: Named) -> Candidate:
    """Scores one structure by name. Another SIRET or département keeps it under SURE; the same SIREN raises it."""
    score, why = _likeness(organisme, said)
    siret, theirs = given(said.siret), given(organisme.siret)
    if siret and siret[:9] == theirs[:9]:
        return Candidate(
            organisme, max(score, 90) if score < SURE else 96, "même SIREN, autre établissement", apart=True
        )
    if siret and theirs and score >= SURE:
        return Candidate(organisme, SURE - 1, f"{why}, autre SIRET", apart=True)
    elsewhere = departement_of(organisme.commune)
    if score >= SURE and said.departement and elsewhere not in ("", said.departement):
        return Candidate(organisme, SURE - 1, f"{why}, autre département ({elsewhere})")
    return Candidate(organisme, score, why, apart=bool(siret and theirs))


def departement_of(insee: str) -> str:
    """Code of the département, or of the overseas collectivité, of the INSEE code of a commune; "" without one."""
    return insee[: 3 if insee[:2] in ("97", "98") else 2]


def given(number: str) -> str:
    """A registration number; "" when it is made of zeros, as flows write a missing one."""
    return number if number.strip("0") else ""


def _numbers(said: Named) -> list[tuple[ColumnElement[bool], str]]:
    """(condition on Organisme, its label in French) for each number given."""
    found: list[tuple[ColumnElement[bool], str]] = []
    if given(said.siret):
        found.append((Organisme.siret == said.siret, NUMBERS[0]))
    if given(said.rna):
        found.append((Organisme.rna == said.rna, NUMBERS[1]))
    return found


def _of_siren(session: Session, territoire_id: int, siret: str) -> Sequence[Organisme]:
    if not given(siret):
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
