"""Whose entry is this, and which fiche does it continue? So that importing twice updates instead of doubling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from backoffice.models import Fiche, ImportJob, Organisme
from backoffice.models.content import Contenu
from backoffice.queries.structures.scope import works_in
from backoffice.reference.communes import search_key
from exports.importing.merge import place_key
from exports.importing.reading import Read

SURE, DOUBTFUL = 93, 75
"""How alike, of 100, title and place must be: to be the same fiche; to be shown as perhaps the same."""

SAME_NAME = 95


@dataclass(frozen=True)
class Owner:
    """organisme: None when there is none yet, or when `message` says why the entry cannot be taken."""

    organisme: Organisme | None = None
    message: str = ""
    new: bool = False


@dataclass(frozen=True)
class Match:
    fiche: Fiche | None = None
    candidates: list[tuple[Fiche, int]] = field(default_factory=list)
    message: str = ""


def owner(session: Session, job: ImportJob, read: Read) -> Owner:
    """The structure that an entry belongs to, within what the job may touch."""
    said = read.content.structure
    if job.organisme is not None:
        if said.siret and job.organisme.siret and said.siret != job.organisme.siret:
            return Owner(
                message=f"Cette ligne est au nom d’une autre structure (SIRET {said.siret}). "
                f"Vous importez pour {job.organisme.nom}."
            )
        return Owner(job.organisme)
    theirs = select(Organisme).where(works_in([job.territoire_id])).order_by(Organisme.id)
    if said.siret:
        found = session.scalars(theirs.where(Organisme.siret == said.siret)).all()
    elif said.nom:
        named = session.scalars(theirs).all()
        found = [known for known in named if _alike(known.nom, said.nom) >= SAME_NAME]
    else:
        return Owner(message="Cette ligne ne dit ni le SIRET ni le nom de la structure.")
    if found:
        return Owner(max(found, key=lambda known: _alike(known.nom, said.nom)))
    whom = f"le SIRET {said.siret}" if said.siret else f"le nom « {said.nom} »"
    if not job.settings.get("create_structures"):
        return Owner(
            message=f"Aucune structure de votre territoire n’a {whom}. "
            "Recommencez en demandant de créer les structures inconnues."
        )
    if not said.nom:
        return Owner(message="Il manque le nom de la structure à créer.")
    return Owner(new=True)


def match(session: Session, job: ImportJob, read: Read, organisme: Organisme | None, taken: set[int]) -> Match:
    """The fiche that an entry continues: by numero, else by likeness among those of its structure."""
    if read.numero:
        known = session.scalars(
            select(Fiche).where(or_(Fiche.numero == read.numero, Fiche.foreign_numero == read.numero))
        ).all()
        kept = [fiche.merged_into or fiche for fiche in known]
        mine = [fiche for fiche in kept if organisme is not None and fiche.organisme_id == organisme.id]
        if mine:
            return Match(mine[0])
        if any(fiche.numero == read.numero for fiche in known):
            return Match(message=f"Le numéro {read.numero} est celui d’une fiche d’une autre structure.")
    if organisme is None:
        return Match()
    fiches = session.scalars(
        select(Fiche).where(Fiche.organisme_id == organisme.id).options(selectinload(Fiche.revisions))
    ).all()
    return _likeliest(read, fiches, taken)


def _likeliest(read: Read, fiches: Sequence[Fiche], taken: set[int]) -> Match:
    scored = [
        (fiche, likeness(read.content, fiche.latest.content))
        for fiche in fiches
        # Two numeros of the same sender are two entries, however alike.
        if fiche.id not in taken and not (read.numero and fiche.foreign_numero)
    ]
    scored = sorted((row for row in scored if row[1] >= DOUBTFUL), key=lambda row: (-row[1], row[0].id))
    sure = [fiche for fiche, score in scored if score >= SURE]
    if sure and (len(sure) == 1 or scored[0][1] > scored[1][1]):
        return Match(sure[0])
    return Match(candidates=scored[:5])


def likeness(one: Contenu, two: Contenu) -> int:
    """0 to 100: titles count for seven tenths, the first place for three when both are known."""
    titles = _alike(one.formation.intitule, two.formation.intitule)
    places = [place_key(content.lieux[0].adresse) if content.lieux else "" for content in (one, two)]
    score = round(0.7 * titles + 0.3 * fuzz.ratio(*places)) if all(places) else round(titles)
    # «Groupe 1» and «Groupe 2», «A1» and «A2»: alike to the letter, and two different things.
    return score if _numbers(one) == _numbers(two) else min(score, SURE - 1)


def _numbers(content: Contenu) -> list[str]:
    return sorted(word for word in search_key(content.formation.intitule).split() if not word.isalpha())


def _alike(one: str, two: str) -> float:
    """Of two titles or names: 0 as soon as one of them says nothing."""
    folded = search_key(one), search_key(two)
    return fuzz.ratio(*folded) if all(folded) else 0.0


def same_entry(read: Read) -> tuple[str, ...]:
    """Two lines of a file with the same key say the same fiche twice."""
    if read.numero:
        return (read.numero,)
    content = read.content
    place = place_key(content.lieux[0].adresse) if content.lieux else ""
    owner_ = content.structure.siret or search_key(content.structure.nom)
    return (owner_, search_key(content.formation.intitule), place)
