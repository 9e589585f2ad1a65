"""flask flux: builds, publishes and lists flows; manages their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.dates import PARIS, day_and_time
from backoffice.core.extensions import db, read_only
from backoffice.core.snapshot import snapshot
from backoffice.core.text import many
from backoffice.core.transactions import atomic
from backoffice.models import Flux, FluxRun, FluxToken, RunState
from exports.flux.build import UnknownFlux, differential, find, full
from exports.flux.writer import EmptyFlux, Manifest, UnfitFlux
from workflows.case import Refused
from workflows.fiches.fragment_refresh import refresh_stale
from workflows.flux import runs as flux_runs
from workflows.flux import settings

group = AppGroup("flux", help="Flux LHEO.")


class Moment(click.ParamType[datetime]):
    """An ISO 8601 date or datetime; in Paris time unless a time zone is given."""

    name = "moment"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"« {value} » n’est pas un moment. Écrivez-le comme 2026-11-01T06:00.", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=PARIS)


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only session: a long build must not hold SQLite's write lock."""
    mark = read_only.set(True)
    try:
        yield db.session()
    finally:
        db.session.remove()
        read_only.reset(mark)


@group.command("build")
@click.argument("code")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier .xml ou .xml.gz."
)
@click.option("--since", type=Moment(), help="Flux différentiel : ce qui a changé depuis ce moment.")
@click.option("--as-of", "as_of", type=Moment(), help="Le flux tel qu’il était à ce moment.")
def build(code: str, output: Path, since: datetime | None, as_of: datetime | None) -> None:
    """Écrit le flux CODE : le code d’un territoire (normandie, grand-est…) ou « france »."""
    if not output.name.endswith((".xml", ".xml.gz")):
        raise click.BadParameter("le nom du fichier doit finir par .xml ou .xml.gz", param_hint="--output")
    at = as_of or snapshot(db.session())
    if since and since >= at:
        raise click.BadParameter("ce moment doit être avant celui du flux", param_hint="--since")
    try:
        with reading() as session:
            flux = find(session, code)
            if since:
                manifest = differential(session, flux, output, since=since, at=at)
            else:
                manifest = full(session, flux, output, at=at)
    except (EmptyFlux, UnfitFlux, UnknownFlux) as error:
        raise click.ClickException(str(error)) from error
    _say(output, manifest)


def _say(output: Path, manifest: Manifest) -> None:
    if not manifest.file:
        click.echo(f"{many(len(manifest.removed), 'retrait')} et rien d’autre : seul le manifeste est écrit.")
        return
    removed = f", {many(len(manifest.removed), 'retrait')}" if manifest.since else ""
    click.echo(
        f"{output} : {many(manifest.formations, 'formation')}, {many(manifest.actions, 'action')}, "
        f"{many(manifest.sessions, 'session')}{removed}, {many(manifest.size, 'octet')}."
    )
    if len(manifest.code_versions) > 1:
        click.echo("Attention : ce flux mêle des fragments de plusieurs versions. Lancez « flask flux refresh ».")


@group.command("list")
def list_fluxes() -> None:
    """Les flux définis."""
    for flux in db.session.scalars(select(Flux).order_by(Flux.code)):
        click.echo(f"{flux.code:32} {flux.title}")


@group.command("run")
@click.argument("codes", nargs=-1)
def run(codes: tuple[str, ...]) -> None:
    """Fait et publie les flux CODES (tous les flux actifs sans code). Pour une crontab ordinaire.

    Avec Redis, des travailleurs les font côte à côte ; sans Redis, ils sont faits ici, l’un après l’autre.
    """
    if not codes:
        flux_runs.publish_all()
    else:
        try:
            with atomic() as session:
                for code in codes:
                    flux_runs.ask(session, find(session, code))
        except UnknownFlux as error:
            raise click.ClickException(str(error)) from error
    _tell(db.session.scalars(select(FluxRun).order_by(FluxRun.id.desc()).limit(len(codes) or 100)))


@group.command("runs")
def runs() -> None:
    """Les dernières fabrications, la plus récente d’abord."""
    _tell(db.session.scalars(select(FluxRun).order_by(FluxRun.id.desc()).limit(30)))


@group.command("stop")
@click.argument("run_id", type=int)
def stop(run_id: int) -> None:
    """Arrête une fabrication : le flux publié reste en place."""
    with atomic() as session:
        flux_runs.ask_to_stop(session, _run(session, run_id))


@group.command("restart")
@click.argument("run_id", type=int)
def restart(run_id: int) -> None:
    """Recommence une fabrication arrêtée, échouée ou interrompue."""
    with atomic() as session:
        found = _run(session, run_id)
        if not flux_runs.may_begin_again(found):
            raise click.ClickException("Cette fabrication est en cours, ou elle a réussi.")
        flux_runs.ask_again(session, found)
    db.session.expire_all()
    _tell([_run(db.session(), run_id)])


@group.command("token")
@click.argument("code")
@click.option("--name", required=True, help="Qui lira ce flux.")
def token(code: str, name: str) -> None:
    """Donne une clé de lecture d’un flux. Elle n’est montrée qu’une fois."""
    try:
        with atomic() as session:
            key = settings.give_key(session, find(session, code), name, actor=None)
    except UnknownFlux as error:
        raise click.ClickException(str(error)) from error
    click.echo(key)


@group.command("tokens")
def tokens() -> None:
    """Les clés de lecture, leur dernier usage et leur retrait."""
    for found in db.session.scalars(select(FluxToken).order_by(FluxToken.id)):
        used = day_and_time(found.last_used_at) if found.last_used_at else "jamais lue"
        revoked = " (retirée)" if found.revoked_at else ""
        click.echo(f"{found.id:4} {found.flux.code:28} {found.name:30} {used}{revoked}")


@group.command("revoke")
@click.argument("token_id", type=int)
def revoke(token_id: int) -> None:
    """Retire une clé de lecture, aussitôt."""
    with atomic() as session:
        found = session.get(FluxToken, token_id)
        if found is None:
            raise click.ClickException(f"Aucune clé n’a le numéro {token_id}.")
        try:
            settings.take_back(session, found, actor=None)
        except Refused as refused:
            raise click.ClickException(refused.message) from refused


@group.command("refresh")
def refresh() -> None:
    """Refait et revalide les fragments d’une version antérieure du code d’export."""
    with atomic() as session:
        done, refused = refresh_stale(session)
    click.echo(f"{done} fragments refaits, {len(refused)} refusés.")
    if refused:
        raise click.ClickException(f"Fiches à revoir : {', '.join(map(str, refused))}.")


def _run(session: Session, run_id: int) -> FluxRun:
    found = session.get(FluxRun, run_id)
    if found is None:
        raise click.ClickException(f"Aucune fabrication n’a le numéro {run_id}.")
    return found


def _tell(found: Iterable[FluxRun]) -> None:
    failed = False
    for run_ in found:
        state = "interrompu" if flux_runs.interrupted(run_) else run_.state
        click.echo(f"{run_.id:6} {run_.flux.code:28} {state:12} {run_.done}/{run_.total} {run_.message or ''}".rstrip())
        failed = failed or run_.state is RunState.ECHOUE
    if failed:
        raise click.exceptions.Exit(1)
