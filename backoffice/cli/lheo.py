"""flask lheo check: validates a LHEO file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from exports.lheo import file_check
from exports.lheo.report import as_text

group = AppGroup("lheo", help="Fichiers LHEO.")


@group.command("check")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text par défaut.")
def check(file: Path, form: str) -> None:
    """Vérifie FILE (.xml ou .xml.gz). État de sortie : 0 sans faute, 1 avec, 2 si le fichier est illisible."""
    told = file_check.check(file)
    if form == "json":
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(as_text(told)))
    sys.exit(told["etat"])
