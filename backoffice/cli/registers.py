"""flask registers: imports public registers from files."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import DifferenceKind, RegisterImport
from backoffice.models.importing import JobStatus
from workflows.case import Refused
from workflows.registers import runs, versions
from workflows.registers.declared import REGISTERS
from workflows.work import jobs

group = AppGroup("registers", help="Registres publiés par d’autres : communes, certifications, établissements…")
name_argument = click.argument("name", type=click.Choice(list(REGISTERS)))


@group.command("list")
def list_() -> None:
    """Les registres, leur propriétaire, et combien de lignes ils ont donné."""
    session = db.session()
    for register in REGISTERS.values():
        last = versions.last_version(session, [register])
        at = local_day(last.applied_at).isoformat() if last and last.applied_at else "jamais importé"
        held = versions.rows_held(session, register)
        click.echo(f"{register.name:16} {held:>7}  {at:14}  {register.owner}, {register.title}")


@group.command("import")
@name_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--apply", "write", is_flag=True, help="Applique ce qui a été lu assez de fois ; sans elle, rien n’est écrit."
)
@click.option("--now", "at_once", is_flag=True, help="Avec --apply : applique tout, sans attendre d’autres lectures.")
def import_(name: str, file: Path, write: bool, at_once: bool) -> None:
    """Lit FILE, dit ce qu’il changerait dans le registre NAME, et le change si on le demande."""
    try:
        with file.open("rb") as stream:
            stored = uploads.keep(stream)
    except uploads.UploadRefused as refused:
        raise click.ClickException(refused.message) from refused
    with atomic() as session:
        # Committed before the work begins, so that a killed run is visible and can be started again.
        import_id = runs.ask_reading(session, REGISTERS[name], file.name, stored, None).id
    _wait(import_id)
    if _report(db.session(), import_id) and write:
        with atomic() as session:
            runs.ask_applying(session, import_id, at_once=at_once)
        _wait(import_id)
        row = db.session.get_one(RegisterImport, import_id)
        if row.applied_at is None:
            raise click.ClickException(row.error)
        click.echo(f"Appliqué : version {import_id}.")


@group.command("undo")
@click.argument("version", type=int)
def undo(version: int) -> None:
    """Défait la dernière VERSION appliquée d’une table : chaque ligne redevient ce qu’elle était."""
    try:
        with atomic() as session:
            if session.get(RegisterImport, version) is None:
                raise click.ClickException("Cette version n’existe pas.")
            versions.undo(session, version, None)
    except Refused as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"Version {version} défaite.")


@group.command("as-of")
@name_argument
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
def as_of(name: str, day: datetime) -> None:
    """Écrit en CSV la table de NAME telle qu’elle était à la fin du jour DAY (AAAA-MM-JJ)."""
    versions.write_csv(db.session(), REGISTERS[name], day.date(), sys.stdout)


def _wait(import_id: int) -> None:
    """Runs the job in this process; if a worker has already taken it, waits for it to end."""
    jobs.perform(runs.RUN, import_id)
    while db.session.get_one(RegisterImport, import_id).busy:
        db.session.rollback()
        time.sleep(0.5)


def _report(session: Session, import_id: int) -> bool:
    """Prints the report. Raises ClickException when the file was refused; otherwise returns True."""
    row = session.get_one(RegisterImport, import_id)
    for fault in row.report.get("said", ()):
        click.echo(f"ligne {fault['line']} : {fault['message']}")
    if row.status is not JobStatus.FINI:
        raise click.ClickException(row.error)
    click.echo(f"Lignes lues : {row.report['rows']}. Fautes : {row.report['faults']}.")
    for kind in DifferenceKind:
        numbers = row.report["kinds"].get(kind, {"applied": 0, "waiting": 0})
        click.echo(
            f"{kind.label} : {numbers['applied']} à appliquer, {numbers['waiting']} à revoir aux prochaines lectures"
        )
    for one in row.report["examples"]:
        kind, words = DifferenceKind(one["kind"]), versions.told(one["before"], one["after"])
        click.echo(f"  {kind.label} {one['key']} (lu {one['seen']} fois)")
        for name, before, after in words:
            click.echo(f"      {name} : {before} → {after}")
    return True
