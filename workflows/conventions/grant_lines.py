"""One line of a funder's list: preview of its import, then the import itself.

Rows are written through `workflows.conventions.operations`, which checks the rights of the person who imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Convention, ConventionOrigin, ImportJob, ImportLine, Outcome
from backoffice.models.values import amounts
from backoffice.models.values.cells import Cell, text_of
from backoffice.models.values.faults import Fault
from backoffice.queries.territoires.coverage import departements_of
from exports.importing.files import Table
from exports.importing.typed_cells import as_json, from_json
from forms.conventions import grants
from forms.conventions.grant_table import COLUMNS, Line, lines
from forms.conventions.grants import Grant

from . import operations
from .grant_undo import memo, read_grant, state_of, stored_grant
from .recognition import recognise

_HEADERS = {column.key: column.header for column in COLUMNS}
_MAY_BE_LEFT = ("departement", "nom")
"""Required for a new convention; optional in a line that updates a known one, which then keeps its values."""
_TOLD = ("montant", "departement", "programme", "annee")
"""The values of a new convention that its report tells."""


def entries(table: Table, mapping: Mapping[int, str], settings: Mapping[str, Any]) -> Iterator[Line]:
    """Yields the lines of a table."""
    otherwise = {name: settings.get(name, "") for name in ("programme", "annee")}
    yield from lines(table, mapping, otherwise)


def report(
    session: Session, job: ImportJob, line: Line, seen: dict[tuple[str, ...], str], _taken: set[int]
) -> ImportLine:
    """Previews one line: planned outcome, values before and after, errors. Changes no convention; adds it to `seen`."""
    return ImportLine(job_id=job.id, rank=job.done, place=line.place[:200], **_preview(session, job, line, seen))


def mend(session: Session, job: ImportJob, line: ImportLine, texts: Mapping[str, str]) -> None:
    """Previews again a line of which some cells were written anew. texts: {field: text}."""
    given = {name: from_json(cell) for name, cell in line.read["said"].items()} | dict(texts)
    said = {name: cell for name, cell in given.items() if cell != "" and name in grants.FIELDS}
    others = session.scalars(
        select(ImportLine).where(
            ImportLine.job_id == job.id, ImportLine.id != line.id, ImportLine.plan != Outcome.ECARTEE
        )
    )
    seen = {_key(other.read): other.place for other in others}
    for name, value in _preview(session, job, Line(line.place, said), seen).items():
        setattr(line, name, value)
    session.flush()


def _preview(session: Session, job: ImportJob, line: Line, seen: dict[tuple[str, ...], str]) -> dict[str, Any]:
    """The columns of the ImportLine that a line of the file decides."""
    grant, errors = grants.read(line.said, departements_of(session, [job.territoire_id]))
    plan, message, changes, candidates = Outcome.ECARTEE, "", [], 0
    known = None if errors.keys() & {"programme", "annee", "reference"} else _known(session, job, grant)
    if known is not None:
        errors = {name: text for name, text in errors.items() if name not in _MAY_BE_LEFT or line.said.get(name)}
        grant = _over(known, grant, line)
    key = _key(asdict(grant))
    if not errors and key in seen:
        errors["reference"] = f"Cette convention est déjà dite : {seen[key]}."
    if not errors and not job.created_by.funds(job.territoire_id, grant.programme, grant.departement):
        errors["programme"] = "Ce programme ou ce département n’est pas de ceux que vous suivez."
    if not errors:
        seen[key] = line.place
        found = recognise(session, job.territoire_id, grant)
        candidates = len(found.candidates)
        changes = _changes(known, grant)
        plan = Outcome.NOUVELLE if known is None else Outcome.MISE_A_JOUR if changes else Outcome.INCHANGEE
        message = _whose(known, found.sure.nom if found.sure else "", candidates)
    texts = {name: _text(name, cell) for name, cell in line.said.items()}
    return {
        "numero": grant.reference[:100],
        "title": (grant.nom or texts.get("nom", ""))[:255],
        "structure": (grant.nom or grant.siret)[:250],
        "plan": plan,
        "report": {
            "message": message,
            "changes": changes,
            "before": known.montant if known else None,
            "missing": [],
            "candidates": [],
            "remarks": [
                {"path": name, "label": _HEADERS[name], "message": text, "quote": texts.get(name, "")[:300]}
                | {"fault": True}
                for name, text in errors.items()
            ],
        },
        "read": {**stored_grant(grant), "said": {name: as_json(cell) for name, cell in line.said.items()}},
    }


def _text(name: str, cell: Cell) -> str:
    """The text of a cell, as a person would type it in the form of a convention."""
    if name == "montant" and isinstance(cell, int | float) and not isinstance(cell, bool):
        with suppress(Fault):
            return grants.euros(amounts.cents(cell))
    return text_of(cell)


def _key(read: Mapping[str, Any]) -> tuple[str, ...]:
    return read["programme"], str(read["annee"]), read["reference"]


def _known(session: Session, job: ImportJob, grant: Grant) -> Convention | None:
    return operations.known(session, job.territoire_id, grant)


def _over(known: Convention, grant: Grant, line: Line) -> Grant:
    """The known convention updated with the line; an empty cell keeps the known value."""
    kept = {name: getattr(known, name) for name in asdict(grant) if not line.said.get(name)}
    return replace(grant, **kept)


def _changes(known: Convention | None, grant: Grant) -> list[dict[str, Any]]:
    """[{"name": field, "before", "after"}] of the values that change; of a new convention, of those that count most."""
    after = stored_grant(grant)
    if known is None:
        return [{"name": name, "before": None, "after": after[name]} for name in _TOLD if after[name] not in ("", None)]
    before = stored_grant(known)
    return [
        {"name": name, "before": before[name], "after": after[name]} for name in after if before[name] != after[name]
    ]


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
    grant = read_grant(line.read)
    known = _known(session, job, grant)
    before = state_of(known) if known else None
    if known is None:
        made = operations.create(session, job.created_by, job.territoire_id, grant, ConventionOrigin.IMPORT)
        outcome = Outcome.NOUVELLE
    else:
        outcome = Outcome.MISE_A_JOUR if _changes(known, grant) else Outcome.INCHANGEE
        made = operations.change(session, job.created_by, known.id, grant) if _changes(known, grant) else known
    operations.recognise_one(session, job.created_by, made)
    line.read = {**line.read, "convention_id": made.id, "undo": memo(session, before, made)}
    return outcome, f"Structure : {made.organisme.nom}." if made.organisme else made.matching.label + "."
