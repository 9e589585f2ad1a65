"""Cells of a table of fiches written anew by the person who imports it, without sending the file again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import ImportJob, ImportKind, ImportLine, Outcome, Phase
from exports.importing.columns import BY_KEY, NUMERO
from exports.importing.files import Table
from exports.importing.tables import read_rows
from workflows.case import Refused

from . import lines as import_lines
from . import stored

WHOSE = (NUMERO, "structure.siret", "structure.nom", "formation.intitule")
"""Columns that decide which structure and which fiche a line is: offered for a line that was set aside."""


@dataclass(frozen=True)
class MendedCell:
    """A cell to write anew. row: its number in the file. message: what is wrong, "" for one offered beside."""

    row: int
    key: str
    text: str
    message: str

    @property
    def name(self) -> str:
        """Name of its field on the page."""
        return f"{self.row}:{self.key}"

    @property
    def header(self) -> str:
        return BY_KEY[self.key].header


def mapping_of(job: ImportJob | stored.JobFile) -> dict[int, str]:
    """{rank of the column: key} as chosen."""
    return {int(rank): key for rank, key in job.settings.get("mapping", {}).items()}


def table_of(job: ImportJob | stored.JobFile) -> Table:
    """The sheet that the job reads, with the cells written anew. Raises UnreadableFile."""
    found, mended = stored.table_of(job), job.settings.get("mended", {})
    if not mended:
        return found
    ranks = {key: rank for rank, key in mapping_of(job).items()}
    rows = []
    for number, cells in found.rows:
        anew = {ranks[key]: text for key, text in mended.get(str(number), {}).items() if key in ranks}
        rows.append((number, [anew.get(rank, cell) for rank, cell in enumerate(cells)]))
    return replace(found, rows=rows)


def can_mend(job: ImportJob, line: ImportLine) -> bool:
    open_ = line.result is None or line.result is Outcome.ECHEC
    return bool(open_ and job.stored and not job.busy and job.kind in (ImportKind.TABLEAU, ImportKind.REPONSES))


def cells(line: ImportLine) -> Sequence[MendedCell]:
    """The cells of a line that may be written anew: the faulty ones, and those of WHOSE when it was set aside."""
    said = {(row, key): text for row, key, text in line.read.get("cells", [])}
    faulty = {(row, key): message for row, key, message in line.read.get("wrong", [])}
    asked = {*faulty, *(place for place in said if place[1] in WHOSE and line.plan is Outcome.ECARTEE)}
    return [MendedCell(row, key, said.get((row, key), ""), faulty.get((row, key), "")) for row, key in sorted(asked)]


def mend(session: Session, job: ImportJob, line: ImportLine, texts: Mapping[str, str]) -> bool:
    """Reads the line again with these cells. texts: {`MendedCell.name`: text}. Returns False when the whole file must
    be read again, because nothing of it was imported yet.

    Raises Refused when the line became another entry although lines were imported; UnreadableFile.
    """
    anew = {number: dict(row) for number, row in job.settings.get("mended", {}).items()}
    for cell in cells(line):
        if cell.name in texts:
            anew.setdefault(str(cell.row), {})[cell.key] = texts[cell.name]
    job.settings = {**job.settings, "mended": anew}
    session.flush()
    if job.phase is Phase.LECTURE:
        return False
    reads = read_rows(table_of(job), mapping_of(job), grouped=job.kind is ImportKind.TABLEAU)
    read = next((one for one in reads if one.place == line.place), None)
    if read is None:
        raise Refused("Cette ligne n’est plus la même fiche : corrigez-la dans le fichier, et envoyez-le de nouveau.")
    others = select(ImportLine.fiche_id).where(ImportLine.job_id == job.id, ImportLine.id != line.id)
    taken = {found for found in session.scalars(others) if found is not None}
    made = import_lines.report(session, job, read, {}, taken)
    for name in ("numero", "title", "structure", "plan", "fiche_id", "report", "read"):
        setattr(line, name, getattr(made, name))
    line.result, line.chosen, line.message = None, False, ""
    session.flush()
    return True
