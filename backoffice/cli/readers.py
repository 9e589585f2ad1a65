"""flask readers: reads back what the readers of our flows publish."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from backoffice.core.dates import day_and_time
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.queries.flux import sightings
from workflows.flux import read_back

group = AppGroup("readers", help="Ce que montrent les lecteurs des flux.")


@group.command("read")
@click.argument("reader")
@click.argument("locations", nargs=-1, required=True)
def read(reader: str, locations: tuple[str, ...]) -> None:
    """Lit ce que READER publie (fichiers ou adresses https : JSON, CSV, LHEO), et le relira chaque nuit."""
    with atomic() as session:
        ids = [read_back.declare(session, reader[:60], location).id for location in locations]
    found = read_back.read_sources(reader[:60], ids)
    if found is None:
        for row in sightings.sources(db.session()):
            if row.reader == reader[:60] and row.message:
                click.echo(f"{row.location} : {row.message}", err=True)
        sys.exit(2)
    click.echo(
        f"{found.rows} lignes portent un de nos numéros. {found.seen} fiches vues, dont {found.different} autrement "
        f"qu’ici ; {found.absent} absentes."
    )


@group.command("list")
def list_() -> None:
    """Les sources relues chaque nuit."""
    for row in sightings.sources(db.session()):
        when = day_and_time(row.read_at) if row.read_at else "jamais lue"
        click.echo(f"{row.reader} : {row.location} : {row.message or f'{when}, {row.matched} fiches'}")


@group.command("forget")
@click.argument("reader")
def forget(reader: str) -> None:
    """Ne relit plus READER, et oublie ce qu’il montrait."""
    with atomic() as session:
        read_back.forget(session, reader)
