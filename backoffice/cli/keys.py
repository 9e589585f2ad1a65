"""Keys that encrypt the secrets of the database."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from backoffice.core import sealing
from backoffice.core.extensions import Base
from backoffice.core.transactions import atomic

group = AppGroup("keys", help="Clés qui chiffrent les secrets de la base.")


@group.command("rotate")
def rotate() -> None:
    """Chiffre de nouveau tous les secrets avec la première clé de RELAIS_KEYS. Retirez ensuite l’ancienne."""
    with atomic() as session:
        for table in Base.metadata.sorted_tables:
            if any(isinstance(column.type, sealing.Sealed) for column in table.columns):
                click.echo(f"{table.name} : {sealing.rotate(session.connection(), table)} ligne(s).")
