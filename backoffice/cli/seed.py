"""flask seed: reference tables, and the demonstration set."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import delete, func, insert, select

from backoffice.extensions import db
from backoffice.models import Commune, PostalCode, Territoire
from backoffice.reference.communes import read_communes
from backoffice.reference.territoires import read_territoires
from backoffice.transactions import atomic

group = AppGroup("seed", help="Données de référence et de démonstration.")


@group.command("reference")
@click.option("--again", is_flag=True, help="Recharge les communes même si elles sont déjà là.")
def reference(again: bool) -> None:
    """Charge les territoires et les communes, s’ils manquent."""
    with atomic():
        load_territoires()
        loaded = load_communes(again=again)
    click.echo(f"{loaded} communes chargées." if loaded else "Les communes sont déjà là.")


def load_territoires() -> None:
    known = set(db.session.scalars(select(Territoire.slug)))
    for row in read_territoires():
        if row.slug not in known:
            db.session.add(
                Territoire(
                    slug=row.slug,
                    nom=row.nom,
                    prefixe=row.prefixe,
                    region=row.region,
                    siret_obligatoire=row.siret_obligatoire,
                )
            )
    db.session.flush()


def load_communes(*, again: bool = False) -> int:
    """Returns how many communes were loaded; 0 when the table was already filled."""
    if not again and db.session.scalar(select(func.count()).select_from(Commune)):
        return 0
    db.session.execute(delete(PostalCode))
    db.session.execute(delete(Commune))
    rows = list(read_communes())
    db.session.execute(
        insert(Commune),
        [
            {
                "code_insee": row.code_insee,
                "nom": row.nom,
                "search_name": row.search_name,
                "departement": row.departement,
                "region": row.region,
                "parent": row.parent,
            }
            for row in rows
        ],
    )
    db.session.execute(
        insert(PostalCode),
        [{"code": code, "code_insee": row.code_insee} for row in rows for code in dict.fromkeys(row.codes_postaux)],
    )
    return len(rows)
