"""flask backup FILE, flask restore FILE"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from backoffice.core import backup as archives


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Sauvegarde la base et les fichiers de l’instance dans FILE (.tar.gz), sans arrêter Relais."""
    try:
        contents = archives.backup(file)
    except archives.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Sauvegarde du {contents.at} : {file}, {file.stat().st_size / 1e6:.1f} Mo.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Remplace une base qui contient des comptes.")
@click.option("--even-running", is_flag=True, help="Remet la sauvegarde même si Relais fonctionne.")
@with_appcontext
def restore(file: Path, force: bool, even_running: bool) -> None:
    """Remet la sauvegarde FILE à la place de la base, Relais étant arrêté ; puis « flask flux run »."""
    try:
        contents = archives.restore(file, force=force, even_running=even_running)
    except archives.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Sauvegarde du {contents.at} remise en place. « flask flux run » refait les flux publiés.")
