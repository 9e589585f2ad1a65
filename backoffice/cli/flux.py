"""flask flux build"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from backoffice.extensions import db, read_only
from exports.flux import EmptyFlux, UnknownFlux, write_flux

group = AppGroup("flux", help="Flux LHEO.")


@group.command("build")
@click.argument("code")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier .xml ou .xml.gz."
)
def build(code: str, output: Path) -> None:
    """Écrit le flux complet CODE : le code d’un territoire (normandie, grand-est…) ou « france »."""
    if not output.name.endswith((".xml", ".xml.gz")):
        raise click.BadParameter("le nom du fichier doit finir par .xml ou .xml.gz", param_hint="--output")
    mark = read_only.set(True)  # a long reading must not hold SQLite's write lock
    try:
        manifest = write_flux(db.session(), code, output)
    except (EmptyFlux, UnknownFlux) as error:
        raise click.ClickException(str(error)) from error
    finally:
        db.session.remove()
        read_only.reset(mark)
    click.echo(
        f"{output} : {manifest.formations} formations, {manifest.actions} actions, "
        f"{manifest.sessions} sessions, {manifest.size} octets."
    )
