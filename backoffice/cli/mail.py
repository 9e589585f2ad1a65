"""flask mail sweep: sends the waiting e-mails."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from backoffice.core.extensions import post
from workflows.notices import mail

group = AppGroup("mail", help="E-mails.")


@group.command("sweep")
def sweep() -> None:
    """Envoie les e-mails qui attendent et reprend ceux qu’un processus arrêté a laissés. À lancer chaque minute."""
    if not post.server:
        raise click.ClickException("RELAIS_SMTP est vide : les e-mails attendent dans la base.")
    mail.sweep()
