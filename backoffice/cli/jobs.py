"""flask jobs work"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from backoffice.extensions import QUEUE
from workflows import jobs

group = AppGroup("jobs", help="Travaux de fond.")


@group.command("work")
@click.option("--burst", is_flag=True, help="S’arrête quand plus rien n’attend.")
@click.option("--queue", default=QUEUE, show_default=True, help="Nom de la file.")
def work(burst: bool, queue: str) -> None:
    """Exécute les travaux qui attendent dans Redis (REDIS_URL). Plusieurs à la fois : lancez-en plusieurs."""
    if not jobs.work(queue, burst=burst):
        raise click.ClickException("REDIS_URL est vide : les travaux s’exécutent dans l’application elle-même.")
