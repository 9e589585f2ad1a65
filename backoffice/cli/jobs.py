"""flask jobs work"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from workflows import jobs

group = AppGroup("jobs", help="Travaux de fond.")


@group.command("work")
@click.option("--burst", is_flag=True, help="S’arrête quand plus rien n’attend.")
def work(burst: bool) -> None:
    """Exécute les travaux qui attendent dans Redis (REDIS_URL). Plusieurs à la fois : lancez-en plusieurs."""
    if not jobs.work(burst=burst):
        raise click.ClickException("REDIS_URL est vide : les travaux s’exécutent dans l’application elle-même.")
