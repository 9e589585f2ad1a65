"""One line of a funder's list: preview of its import, then the import itself.

Rows are written through `workflows.conventions.operations`, which checks the rights of the person who imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backoffice.models import Convention, ConventionOrigin, ImportJob, ImportLine, Outcome
from backoffice.models.conventions.convention import Bpi
from backoffice.queries.territoires.coverage import departements_of
from exports.importing.files import read_table
from forms.conventions import grants
from forms.conventions.grant_table import COLUMNS, Line, lines
from forms.conventions.grants import Grant

from . import operations
from .recognition import recognise

_HEADERS = {column.key: column.header for column in COLUMNS}
_MAY_BE_LEFT = ("departement", "nom")
"""Required for a new convention; optional in a line that updates a known one, which then keeps its values."""


def entries(path: Path, mapping: Mapping[int, str], settings: Mapping[str, Any]) -> Iterator[Line]:
    """Yields the lines of a stored file. Raises UnreadableFile."""
    otherwise = {name: settings.get(name, "") for name in ("programme", "annee")}
    yield from lines(read_table(path), mapping, otherwise)


def report(
    session: Session, job: ImportJob, line: Line, seen: dict[tuple[str, ...], str], _taken: set[int]
) -> ImportLine:
    """Previews one line: planned outcome, changed fields, errors. Changes no convention; adds the line to `seen`."""
    grant, errors = grants.read(line.said, departements_of(session, [job.territoire_id]))
    plan, message, changes, candidates = Outcome.ECARTEE, "", [], 0
    known = None if errors.keys() & {"programme", "annee", "reference"} else _known(session, job, grant)
    if known is not None:
        errors = {name: text for name, text in errors.items() if name not in _MAY_BE_LEFT or line.said.get(name)}
        grant = _over(known, grant, line)
    key = (grant.programme, str(grant.annee), grant.reference)
    if not errors and key in seen:
        errors["reference"] = f"Cette convention est déjà dite : {seen[key]}."
    if not errors and not job.created_by.funds(job.territoire_id, grant.programme, grant.departement):
        errors["programme"] = "Ce programme ou ce département n’est pas de ceux que vous suivez."
    if not errors:
        seen[key] = line.place
        found = recognise(session, job.territoire_id, grant)
        candidates = len(found.candidates)
        changes = _changes(known, grant) if known else []
        plan = Outcome.NOUVELLE if known is None else Outcome.MISE_A_JOUR if changes else Outcome.INCHANGEE
        message = _whose(known, found.sure.nom if found.sure else "", candidates)
    return ImportLine(
        job_id=job.id,
        rank=job.done,
        place=line.place[:200],
        numero=grant.reference[:100],
        title=(grant.nom or line.said.get("nom", ""))[:255],
        structure=(grant.nom or grant.siret)[:250],
        plan=plan,
        report={
            "message": message,
            "changes": changes,
            "missing": [],
            "candidates": [],
            "remarks": [
                {"path": name, "label": _HEADERS[name], "message": text, "quote": line.said.get(name, "")[:200]}
                | {"fault": True}
                for name, text in errors.items()
            ],
        },
        read={**asdict(grant), "bpi": str(grant.bpi)},
    )


def _known(session: Session, job: ImportJob, grant: Grant) -> Convention | None:
    return operations.known(session, job.territoire_id, grant)


def _over(known: Convention, grant: Grant, line: Line) -> Grant:
    """The known convention updated with the line; an empty cell keeps the known value."""
    kept = {name: getattr(known, name) for name in asdict(grant) if not line.said.get(name)}
    return replace(grant, **kept)


def _changes(known: Convention, grant: Grant) -> list[str]:
    return [grants.FIELDS[name] for name, value in asdict(grant).items() if getattr(known, name) != value]


def _whose(known: Convention | None, sure: str, candidates: int) -> str:
    if known is not None and known.organisme is not None:
        return f"Structure : {known.organisme.nom}."
    if sure:
        return f"Structure reconnue : {sure}."
    if candidates:
        return f"Structure à reconnaître parmi {candidates} : vous choisirez ensuite."
    return "Aucune structure de Relais ne lui ressemble : vous pourrez la rattacher plus tard."


def import_line(session: Session, job: ImportJob, line: ImportLine) -> tuple[Outcome, str]:
    """Imports one line: creates the convention, or updates the known one. Returns (outcome, message in French).

    Raises Refused; the caller rolls the line back.
    """
    grant = Grant(**{**line.read, "bpi": Bpi(line.read["bpi"])})
    known = _known(session, job, grant)
    if known is None:
        made = operations.create(session, job.created_by, job.territoire_id, grant, ConventionOrigin.IMPORT)
        outcome = Outcome.NOUVELLE
    else:
        outcome = Outcome.MISE_A_JOUR if _changes(known, grant) else Outcome.INCHANGEE
        made = operations.change(session, job.created_by, known.id, grant) if _changes(known, grant) else known
    operations.recognise_one(session, job.created_by, made)
    line.read = {**line.read, "convention_id": made.id}
    return outcome, f"Structure : {made.organisme.nom}." if made.organisme else made.matching.label + "."
