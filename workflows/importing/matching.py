"""Finds the structure and the existing fiche of an imported entry, so that a second import updates the same fiches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.text import search_key
from backoffice.models import Fiche, ImportJob, Organisme
from backoffice.models.content import Contenu
from backoffice.queries.structures.scope import works_in
from exports.importing.merge import place_key
from exports.importing.reading import Read

SURE, DOUBTFUL = 93, 75
"""Minimum `likeness`: to be the same fiche; to be proposed as a candidate."""

SAME_NAME = 95
"""Out of 100: similarity from which two names are the same structure."""


@dataclass(frozen=True)
class Owner:
    """organisme: None when it must be created (`new`), or when the entry is rejected; `message` says why, in French."""

    organisme: Organisme | None = None
    message: str = ""
    new: bool = False


@dataclass(frozen=True)
class Match:
    """fiche: the one to update. candidates: (fiche, likeness) for a person to choose. message: why it is rejected."""

    fiche: Fiche | None = None
    candidates: list[tuple[Fiche, int]] = field(default_factory=list)
    message: str = ""


def owner(session: Session, job: ImportJob, read: Read) -> Owner:
    """The structure of an entry: that of the job, else one of its territoire with the same SIRET or name.

    When none is found: `new` if the job may create structures, else a message.
    """
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
    """The fiche to update: by numero, else by likeness among those of its structure. taken: ids already matched."""
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
        # Two numeros of one sender are two fiches, whatever their likeness.
        if fiche.id not in taken and not (read.numero and fiche.foreign_numero)
    ]
    scored = sorted((row for row in scored if row[1] >= DOUBTFUL), key=lambda row: (-row[1], row[0].id))
    sure = [fiche for fiche, score in scored if score >= SURE]
    if sure and (len(sure) == 1 or scored[0][1] > scored[1][1]):
        return Match(sure[0])
    return Match(candidates=scored[:5])


def likeness(one: Contenu, two: Contenu) -> int:
    """0 to 100: the titles count for 70 %, the first places for 30 % when both have one; else the titles alone."""
    titles = _alike(one.formation.intitule, two.formation.intitule)
    places = [place_key(content.lieux[0].adresse) if content.lieux else "" for content in (one, two)]
    score = round(0.7 * titles + 0.3 * fuzz.ratio(*places)) if all(places) else round(titles)
    # «Groupe 1» and «Groupe 2», «A1» and «A2» are similar titles of two different fiches.
    return score if _numbers(one) == _numbers(two) else min(score, SURE - 1)


def _numbers(content: Contenu) -> list[str]:
    return sorted(word for word in search_key(content.formation.intitule).split() if not word.isalpha())


def _alike(one: str, two: str) -> float:
    """Similarity of two titles or names, 0 to 100; 0 when one is empty."""
    folded = search_key(one), search_key(two)
    return fuzz.ratio(*folded) if all(folded) else 0.0


def same_entry(read: Read) -> tuple[str, ...]:
    """The identity of an entry within its file: two lines with the same key are the same fiche."""
    if read.numero:
        return (read.numero,)
    content = read.content
    place = place_key(content.lieux[0].adresse) if content.lieux else ""
    owner_ = content.structure.siret or search_key(content.structure.nom)
    return (owner_, search_key(content.formation.intitule), place)
