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
from exports.importing.merge import place_key
from exports.importing.reading import Read
from workflows.conventions.recognition import (
    NUMBERS,
    Candidate,
    Named,
    departement_of,
    given,
    names_agree,
    recognise,
)

SURE, DOUBTFUL = 93, 75
"""Minimum `likeness`: to be the same fiche; to be proposed as a candidate."""

CLOSE = 90
"""Out of 100: similarity from which a name without number may be that of a known structure: a doubt."""


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
    """The structure of an entry: that of the job, else the one of its territoire that its numbers and name mean.

    A number of one structure with the name of another, and homonyms of another département, are a doubt: the entry is
    rejected, and the message names them. When none is found: `new` if the job may create structures, else a message.
    """
    said = read.content.structure
    siret, rna = given(said.siret), given(said.rna)
    if job.organisme is not None:
        return _own(job.organisme, read)
    if not siret and not said.nom:
        return Owner(message="Cette ligne ne dit ni le SIRET ni le nom de la structure.")
    departement = said.adresse.departement or departement_of(said.adresse.code_insee)
    named = Named(said.nom, siret, rna, departement, said.raison_sociale)
    found = recognise(session, job.territoire_id, named)
    if found.sure is not None:
        return Owner(found.sure)
    numbered = [row for row in found.candidates if row.why.startswith(NUMBERS)]
    doubts = numbered or [row for row in found.candidates if row.score >= CLOSE and not row.apart]
    if doubts:
        return Owner(message=_doubt(named, list(found.candidates) if numbered else doubts))
    whom = f"le SIRET {siret}" if siret else f"le nom « {said.nom} »"
    if not job.settings.get("create_structures"):
        return Owner(
            message=f"Aucune structure de votre territoire n’a {whom}. "
            "Recommencez en demandant de créer les structures inconnues."
        )
    if not said.nom:
        return Owner(message="Il manque le nom de la structure à créer.")
    return Owner(new=True)


def _own(organisme: Organisme, read: Read) -> Owner:
    """The structure that imports for itself: a line with another number is rejected, another name is a remark."""
    said = read.content.structure
    for label, theirs, ours in (("SIRET", said.siret, organisme.siret), ("RNA", said.rna, organisme.rna)):
        if given(theirs) and given(ours) and theirs != ours:
            return Owner(
                message=f"Cette ligne est au nom d’une autre structure ({label} {theirs}). "
                f"Vous importez pour {organisme.nom}."
            )
    names = [name for name in (said.nom, said.raison_sociale) if name]
    if names and not names_agree(organisme, *names):
        message = (
            f"Ce nom n’est pas celui de « {organisme.nom} », pour qui vous importez. Vérifiez que c’est bien elle."
        )
        read.remark("structure-nom", message, said.nom)
    return Owner(organisme)


def _doubt(named: Named, candidates: Sequence[Candidate]) -> str:
    """French message that shows what the line says and each structure that it may mean."""
    facts = [f"SIRET {named.siret}" if named.siret else "", f"RNA {named.rna}" if named.rna else ""]
    line = ", ".join([f"« {named.nom} »" if named.nom else "sans nom", *filter(None, facts)])
    shown = []
    for row in candidates:
        number = f", SIRET {row.organisme.siret}" if row.organisme.siret else ""
        shown.append(f"« {row.organisme.nom} »{number} ({row.why})")
    return (
        f"La structure de cette ligne ({line}) est à vérifier. Elle peut être : {' ; '.join(shown)}. "
        "Corrigez le nom ou le numéro dans le fichier, puis envoyez-le de nouveau."
    )


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
    owner_ = given(content.structure.siret) or search_key(content.structure.nom)
    return (owner_, search_key(content.formation.intitule), place)
