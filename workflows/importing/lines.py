"""One entry of an imported file: its report, then its import.

Fiches are written by workflows.fiches.operations and submitted by the engine, with the rights of the job's author.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from backoffice.models import Dispositif, Fiche, ImportJob, ImportLine, Organisme, Outcome, RevisionState
from backoffice.models.content import Adresse, Contenu, dump, label_of, load
from backoffice.queries.territoires.communes import communes_of
from backoffice.reference.towns import town_of
from exports.fragment.build import Identity
from exports.importing.merge import changes, merge, merged, same_flow
from exports.importing.reading import Read
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from workflows.case import Refused
from workflows.conventions.recognition import given
from workflows.fiches import operations
from workflows.fiches.engine import apply, lock

from . import fiche_undo
from .matching import match, owner, same_entry
from .told import told

_REPORTED = ("message", "changes", "told", "missing", "candidates")


def report(
    session: Session, job: ImportJob, read: Read, seen: dict[tuple[str, ...], str], taken: set[int]
) -> ImportLine:
    settle(read)
    found = plan(session, job, read, taken)
    key = same_entry(read)
    if key in seen and found["plan"] is not Outcome.ECARTEE:
        found |= {"plan": Outcome.ECARTEE, "fiche": None, "message": f"La même fiche est déjà dite : {seen[key]}."}
    seen.setdefault(key, read.place)
    if found["fiche"] is not None:
        taken.add(found["fiche"].id)
    remarks = [
        {"path": r.path, "label": label_of(r.path) if r.path else "", "message": r.message, "quote": r.quote}
        | {"fault": r.fault, "kept": any(f"{r.path}-".startswith(f"{path}-") for path in found["kept"])}
        for r in read.remarks
    ]
    content = read.content
    return ImportLine(
        job_id=job.id,
        rank=job.done,
        place=read.place[:200],
        numero=read.numero[:100],
        title=content.formation.intitule[:255],
        structure=content.structure.nom[:250],
        plan=found["plan"],
        fiche_id=found["fiche"].id if found["fiche"] is not None else None,
        report={name: found[name] for name in _REPORTED} | {"remarks": remarks},
        read={
            "content": dump(content),
            "unsaid": sorted(read.unsaid),
            "partial": sorted(read.partial),
            "emptied": sorted(read.emptied),
            "ours": read.ours,
            "cells": [list(cell) for cell in read.cells],
            "wrong": [list(cell) for cell in read.wrong],
            "dispositif": str(read.dispositif or job.settings.get("dispositif") or Dispositif.ASL),
        },
    )


def settle(read: Read) -> None:
    """Finds the commune of each address: by its INSEE code, else as the form does. An unknown one becomes a doubt."""
    content = read.content
    spots = [("structure-adresse", content.structure.adresse), ("inscription-adresse", content.inscription.adresse)]
    spots += [(f"lieux-{rank}-adresse", lieu.adresse) for rank, lieu in enumerate(content.lieux)]
    for path, adresse in spots:
        if adresse.code_postal:
            _settle(read, path, adresse)
    if read.doubtful("inscription-adresse"):
        read.partial.add("inscription-ou")


def _settle(read: Read, path: str, adresse: Adresse) -> None:
    known = communes_of.by_insee(adresse.code_insee)
    if known is not None and all(postal.code != adresse.code_postal for postal in known.postal_codes):
        message = f"Ce code postal n’est pas de {known.nom}, la commune du code Insee : vérifiez-le."
        read.remark(f"{path}-code_postal", message, f"{adresse.code_postal} {adresse.ville}")
    found = town_of(adresse.code_postal, adresse.ville, communes_of, adresse.code_insee)
    if found.commune is not None:
        adresse.ville, adresse.code_insee = found.commune.nom, found.commune.code_insee
        adresse.departement, adresse.region = found.commune.departement, found.commune.region
    elif found.wrong_code:
        read.doubt(f"{path}-code_postal", found.wrong_code, adresse.code_postal, part=path)
    elif found.wrong_town:
        read.doubt(f"{path}-ville", found.wrong_town, adresse.ville, part=path)


def plan(session: Session, job: ImportJob, read: Read, taken: set[int]) -> dict[str, Any]:
    """What importing an entry would do: {plan, fiche, message, changes, missing, candidates, kept}. Writes nothing.

    kept: paths that were not wholly understood and leave the fiche as it is.
    """
    found: dict[str, Any] = {
        "plan": Outcome.ECARTEE, "fiche": None, "message": "", "kept": frozenset(),
        "changes": [], "told": [], "missing": [], "candidates": [],
    }  # fmt: skip
    dispositif = read.dispositif or Dispositif(job.settings.get("dispositif") or Dispositif.ASL)
    if dispositif not in PATHS:
        return found | {"message": f"Ce type d’action n’est pas encore ouvert à la saisie : {dispositif.label}."}
    whose = owner(session, job, read)
    if whose.message:
        return found | {"message": whose.message}
    same = match(session, job, read, whose.organisme, taken)
    if same.message:
        return found | {"message": same.message}
    fiche = same.fiche
    if fiche is not None:
        before = fiche.latest.content
    else:
        before = operations.first_content(session, whose.organisme) if whose.organisme else Contenu()
    made = merged(before, read)
    after = made.content
    required = job.territoire.siret_obligatoire
    missing = review(after, PATHS[dispositif], {}, siret_required=required).blocking
    found["missing"] = list(dict.fromkeys(finding.message for finding in missing))
    found["message"] = "La structure sera créée." if whose.new else ""
    found["told"] = told(before, after, PATHS[dispositif])
    if fiche is not None:
        unchanged = same_flow(before, after, _identity(fiche))
        found |= {"plan": Outcome.INCHANGEE if unchanged else Outcome.MISE_A_JOUR, "fiche": fiche, "kept": made.kept}
        return found if unchanged else found | {"changes": changes(before, after)}
    if same.candidates:
        rows = [
            {"fiche_id": known.id, "title": known.latest.title, "numero": known.numero or "", "score": score}
            for known, score in same.candidates
        ]
        return found | {"plan": Outcome.A_CHOISIR, "candidates": rows}
    return found | {"plan": Outcome.NOUVELLE}


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _identity(fiche: Fiche) -> Identity:
    """An identity with fixed dates, enough to compare the flow output of two contents."""
    return Identity(fiche.numero or "", "", fiche.dispositif, _EPOCH, _EPOCH)


def import_line(session: Session, job: ImportJob, line: ImportLine) -> tuple[Outcome, str]:
    """Writes one line: a new fiche, or the draft of the one to update; submits it when the job says so.

    Returns (outcome, message). Raises Refused when it cannot be written: the caller rolls back.
    """
    actor, read = job.created_by, _stored(line)
    if line.fiche_id is None:
        fiche, outcome = _new_fiche(session, job, line, read), Outcome.NOUVELLE
    else:
        fiche, outcome = lock(session, line.fiche_id), Outcome.MISE_A_JOUR
        _check_scope(job, fiche)
        before = fiche.latest.content
        if same_flow(before, merge(before, read), _identity(fiche)):
            outcome = Outcome.INCHANGEE
    numero = fiche.foreign_numero
    if line.numero and line.numero != fiche.numero:
        fiche.foreign_numero = line.numero
    if outcome is not Outcome.INCHANGEE:
        revision = operations.open_draft(session, fiche.id, actor)
        session.refresh(fiche, ["revisions"])
        kept = fiche_undo.before(revision, created=line.fiche_id is None, numero=numero)
        operations.save_draft(session, revision, merge(revision.content, read), revision.pending, actor)
        line.read = {**line.read, "undo": kept | {"after": dump(revision.content)}}
    line.fiche_id = fiche.id
    return outcome, _send(session, job, fiche) if job.settings.get("submit") else ""


def _stored(line: ImportLine) -> Read:
    kept = line.read
    return Read(
        line.place,
        load(kept["content"]),
        line.numero,
        Dispositif(kept["dispositif"]),
        ours=kept["ours"],
        unsaid=set(kept["unsaid"]),
        partial=set(kept.get("partial", ())),
        emptied=set(kept.get("emptied", ())),  # absent from lines read before it existed
    )


def _check_scope(job: ImportJob, fiche: Fiche) -> None:
    if job.organisme_id is not None and fiche.organisme_id != job.organisme_id:
        raise Refused("Cette fiche n’est pas celle de votre structure.")


def _new_fiche(session: Session, job: ImportJob, line: ImportLine, read: Read) -> Fiche:
    whose = owner(session, job, read)
    if whose.message:
        raise Refused(whose.message)
    organisme = whose.organisme
    if organisme is None:
        said = read.content.structure
        organisme = Organisme(nom=said.nom[:250], siret=given(said.siret)[:14], territoire_id=job.territoire_id)
        session.add(organisme)
        session.flush()
    assert read.dispositif is not None
    undone = line.read.get("undone", 0)
    key = f"import-{job.id}-{line.id}" + (f"-{undone}" if undone else "")
    return operations.create_fiche(session, organisme, read.dispositif, job.created_by, key)


def _send(session: Session, job: ImportJob, fiche: Fiche) -> str:
    """Submits the draft and returns the result in French. An incomplete draft stays a draft."""
    actor, latest = job.created_by, fiche.latest
    if latest.state is not RevisionState.BROUILLON:
        return ""
    try:
        apply(session, operations.sending(actor, fiche), fiche_id=fiche.id, revision_id=latest.id, actor=actor)
    except Refused as refused:
        missing = " ".join(dict.fromkeys(finding.message for finding in refused.findings))
        return f"{refused.message} {missing}".strip()
    return "Envoyée pour vérification."
