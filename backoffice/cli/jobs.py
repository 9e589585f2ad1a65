"""flask jobs: worker, scheduler and scheduled jobs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from backoffice.core import running
from backoffice.core.config import home
from backoffice.core.extensions import QUEUE
from backoffice.core.extensions import jobs as extension
from workflows.work import jobs
from workflows.work.schedule import SCHEDULE, scheduler

NO_REDIS = "REDIS_URL est vide"

group = AppGroup("jobs", help="Travaux de fond.")


@group.command("work")
@click.option("--burst", is_flag=True, help="S’arrête quand plus rien n’attend.")
@click.option("--queue", default=QUEUE, show_default=True, help="Nom de la file.")
def work(burst: bool, queue: str) -> None:
    """Exécute les travaux qui attendent dans Redis (REDIS_URL). Plusieurs à la fois : lancez-en plusieurs."""
    running.mark(Path(current_app.instance_path))
    if not jobs.work(queue, burst=burst):
        raise click.ClickException(f"{NO_REDIS} : les travaux s’exécutent dans l’application elle-même.")


@group.command("schedule")
def schedule() -> None:
    """Met chaque travail régulier dans la file à son heure (REDIS_URL). Un seul suffit, à côté des travailleurs."""
    if extension.queue is None:
        raise click.ClickException(f"{NO_REDIS} : « flask jobs crontab » donne les lignes d’une crontab ordinaire.")
    running.mark(Path(current_app.instance_path))
    scheduler(extension.queue).start()  # type: ignore[no-untyped-call]  # rq has no types for it


@group.command("run")
@click.argument("name", type=click.Choice(list(SCHEDULE)))
def run(name: str) -> None:
    """Fait tout de suite un travail régulier."""
    SCHEDULE[name].run()


@group.command("crontab")
def crontab() -> None:
    """Écrit les travaux réguliers comme les lignes d’une crontab ordinaire."""
    command = f"cd {shlex.quote(str(home()))} && {shlex.quote(sys.executable)} -m flask --app wsgi jobs run"
    for periodic in SCHEDULE.values():
        click.echo(f"# {periodic.words}")
        click.echo(f"{periodic.cron}  {command} {periodic.name}")
