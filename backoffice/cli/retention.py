"""flask retention: erases personal data at the end of its retention period."""

from __future__ import annotations

import click

from backoffice.reference.retention import conservation
from workflows.privacy import retention


@click.command("retention")
@click.option("--apply", is_flag=True, help="Efface vraiment ; sans cela, dit seulement ce qui le serait.")
def command(apply: bool) -> None:
    """Efface ce qui a été gardé assez longtemps (backoffice/reference/conservation.toml)."""
    counts = retention.run() if apply else retention.survey()
    for kind, period in conservation().items():
        click.echo(f"{counts.get(kind, 0):>8}  {period.what} ({period.keep} après {period.since})")
    click.echo("C’est fait." if apply else "Rien n’a été effacé. Avec --apply, ce serait fait.")
