"""flask import: imports fiches from a file."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Dispositif, ImportJob, ImportKind, ImportLine, Membership, Organisme, User
from backoffice.models.importing import FICHE_KINDS
from backoffice.queries.importing.jobs import lines
from backoffice.queries.paging import Place
from exports.importing.columns import exact
from exports.importing.reading import UnreadableFile
from workflows.importing import jobs as imports
from workflows.importing import stored as stored_files
from workflows.work import jobs


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisme", type=int, required=True, help="Identifiant de la structure pour laquelle on importe.")
@click.option("--by", help="Adresse e-mail de la personne au nom de qui ; par défaut, une de la structure.")
@click.option("--kind", type=click.Choice([str(kind) for kind in FICHE_KINDS]), default=str(ImportKind.LHEO))
@click.option("--dispositif", type=click.Choice([str(item) for item in Dispositif]), default=str(Dispositif.ASL))
@click.option("--apply", "write", is_flag=True, help="Écrit les fiches ; sans elle, rien n’est écrit.")
@click.option("--submit", is_flag=True, help="Envoie ensuite les fiches complètes pour vérification.")
@with_appcontext
def command(file: Path, organisme: int, by: str | None, kind: str, dispositif: str, write: bool, submit: bool) -> None:
    """Lit FILE (LHEO, ou tableau du modèle) et dit ligne par ligne ce qu’il changerait."""
    try:
        stored_files.check(file, ImportKind(kind))
    except UnreadableFile as unreadable:
        raise click.ClickException(str(unreadable)) from unreadable
    session = db.session()
    structure = session.get(Organisme, organisme)
    actor = _actor(session, organisme, by)
    if structure is None or actor is None:
        raise click.ClickException("Cette structure n’existe pas, ou personne ne peut écrire pour elle.")
    job_id = _job(file, ImportKind(kind), dispositif, structure, actor)
    if write:
        with atomic() as writing:
            imports.ask_import(writing, writing.get_one(ImportJob, job_id), None, {}, submit=submit)
        _do(job_id)
    _report(db.session(), job_id)


def _actor(session: Session, organisme_id: int, email: str | None) -> User | None:
    people = select(User).join(Membership).where(Membership.organisme_id == organisme_id, User.active)
    if email:
        people = people.where(User.email == email.lower())
    return session.scalars(people.order_by(User.id)).first()


def _job(file: Path, kind: ImportKind, dispositif: str, structure: Organisme, actor: User) -> int:
    try:
        with file.open("rb") as stream:
            stored = uploads.keep(stream)
    except uploads.UploadRefused as refused:
        raise click.ClickException(refused.message) from refused
    mapping = {} if kind is ImportKind.LHEO else exact(stored_files.table(stored, kind).headers)
    settings = {"dispositif": dispositif}
    with atomic() as session:
        job = imports.create_job(
            session,
            actor,
            kind,
            file.name,
            stored,
            settings,
            organisme=structure,
            territoire_id=structure.territoire_id,
        )
        job_id = job.id
        imports.ask_reading(session, job, mapping)
    _do(job_id)
    return job_id


def _do(job_id: int) -> None:
    """Runs the job in this process; if a worker has already taken it, waits for it to end."""
    jobs.perform(imports.RUN, job_id)
    while db.session.get_one(ImportJob, job_id).busy:
        db.session.rollback()
        time.sleep(0.5)


def _report(session: Session, job_id: int) -> None:
    job = session.get_one(ImportJob, job_id)
    for line in session.scalars(select(ImportLine).where(ImportLine.job_id == job_id).order_by(ImportLine.rank)):
        became = line.result or line.plan
        said = f"{line.place} : {became.label} – {line.title or 'sans intitulé'}"
        click.echo(". ".join(text for text in (said, line.message, line.report["message"]) if text))
        for remark in line.report["remarks"]:
            quote = f" « {remark['quote']} »" if remark["quote"] else ""
            label = f"{remark['label']} : " if remark["label"] else ""
            kept = " La fiche garde ce qu’elle dit déjà." if remark.get("kept") else ""
            click.echo(f"    {label}{remark['message']}{quote}{kept}")
    if job.error:
        click.echo(job.error, err=True)
    found = lines(session, job, Place())
    totals = {kind.label: number for kind, number in {**found.counts, **found.imported}.items()}
    click.echo(", ".join(f"{words} : {number}" for words, number in totals.items()) or "Aucune fiche.")
