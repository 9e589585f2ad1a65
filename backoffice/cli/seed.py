"""flask seed: reference tables and demonstration set."""

from __future__ import annotations

from datetime import date

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import delete, func, insert, select

from backoffice.core.backup import BackupError
from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.text import many
from backoffice.core.transactions import atomic
from backoffice.demo import standing
from backoffice.demo.bulk import has_bulk, load_bulk
from backoffice.demo.load import load_demo
from backoffice.models import (
    Certification,
    Commune,
    Coverage,
    Fiche,
    Flux,
    Formacode,
    PostalCode,
    ReadySentence,
    SchoolBreak,
    Territoire,
)
from backoffice.models.flux import WHOLE_FRANCE
from backoffice.queries.accounts.search import demonstration_accounts
from backoffice.reference.certifications import read_certifications
from backoffice.reference.communes import read_communes
from backoffice.reference.demonstration import PASSWORD
from backoffice.reference.files import FOLDER, read_rows
from backoffice.reference.formacodes import domaines
from backoffice.reference.publics import publics
from backoffice.reference.ready_sentences import read_phrases
from backoffice.reference.school_holidays import CALENDAR
from backoffice.reference.territoires import read_territoires
from workflows.moderation.moderation_rules import load_ready_rules

group = AppGroup("seed", help="Données de référence et de démonstration.")


@group.command("reference")
@click.option("--again", is_flag=True, help="Recharge les communes même si elles sont déjà là.")
def reference(again: bool) -> None:
    """Charge les territoires et les communes, s’ils manquent."""
    with atomic():
        load_territoires()
        load_extracts()
        loaded = load_communes(again=again)
    click.echo(f"{loaded} communes chargées." if loaded else "Les communes sont déjà là.")


@group.command("demo")
@click.option("--fiches", type=click.IntRange(1, 100_000), help="Ajoute ce nombre de fiches publiées, en masse.")
@click.option("--again", is_flag=True, help="Met de côté la base d’essai, même vivante, et recharge le jeu.")
def demo(fiches: int | None, again: bool) -> None:
    """Charge le jeu de démonstration : comptes, structures et fiches inventés, dans tous les états.

    Sans option, ne change rien s’il existe déjà une fiche, à moins que le jeu soit dépassé : sa campagne est finie, ses
    échéances sont derrière lui. La base est alors gardée dans une archive du dossier de l’instance, et le jeu rechargé
    aux dates du jour ; s’il y a d’autres comptes que ceux du jeu, il faut le demander avec --again. Avec --fiches,
    ajoute en plus des fiches publiées dans tous les territoires, une seule fois par base. Tout est écrit, ou rien.
    """
    _require_demo_mode()
    _renew(again=again)
    with atomic() as session:
        load_territoires()
        load_extracts()
        load_communes()
        empty = session.scalar(select(func.count()).select_from(Fiche)) == 0
        if fiches and has_bulk(session):
            raise click.ClickException(
                "Cette base contient déjà des fiches ajoutées en masse. Partez d’une base neuve pour recommencer."
            )
        if empty:
            click.echo(f"{load_demo(session, now())} fiches de démonstration chargées.")
        elif not fiches:
            click.echo("Il y a déjà des fiches : rien n’a été changé.")
        if fiches:
            sessions = load_bulk(session, fiches, now())
            click.echo(f"{many(fiches, 'fiche publiée')} et {many(sessions, 'session ajoutée')}.")


def _renew(*, again: bool) -> None:
    """Archives an outdated demonstration set, or any set with `again`, then empties the database: see demo.standing.

    Leaves an outdated set alone when the database has other accounts, unless `again`.
    """
    session = db.session()
    if not again:
        if not standing.over(session, local_day(now())):
            return
        if standing.has_real_accounts(session):
            click.echo(
                "Le jeu de démonstration est dépassé : sa campagne est finie. Rien n’a été changé : la base a d’autres "
                "comptes que les siens. « flask seed demo --again » la garde dans une archive et recharge le jeu."
            )
            return
    try:
        file = standing.put_aside(session)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        "Le jeu de démonstration est rechargé aux dates du jour. La base d’avant est gardée, avec tout ce qui y a été "
        f"écrit : {file}. Pour la retrouver : flask restore {file} --force"
    )


@group.command("accounts")
def accounts() -> None:
    """Montre les comptes de démonstration : adresse e-mail, mot de passe, qui est la personne."""
    found = demonstration_accounts(db.session()) if current_app.config["RELAIS_DEMO"] else []
    if not found:
        click.echo("Aucun compte de démonstration n’est ouvert.")
    width = max((len(account.email) for account in found), default=0)
    for account in found:
        click.echo(f"{account.email:{width}}  {PASSWORD}  {account.who}")


def _require_demo_mode() -> None:
    if not current_app.config["RELAIS_DEMO"]:
        raise click.ClickException(
            "Le mode de démonstration n’est pas activé : rien n’a été fait. "
            "Donnez la valeur 1 à la variable RELAIS_DEMO pour une installation d’essai, jamais en production."
        )


def load_territoires() -> None:
    """Adds the missing territoires, each with the départements of its région not covered yet, and their flows."""
    known = set(db.session.scalars(select(Territoire.slug)))
    covered = set(db.session.scalars(select(Coverage.code)))
    for row in read_territoires():
        if row.slug not in known:
            made = Territoire(
                slug=row.slug,
                nom=row.nom,
                prefixe=row.prefixe,
                region=row.region,
                siret_obligatoire=row.siret_obligatoire,
            )
            db.session.add(made)
            db.session.flush()
            free = [code for code in row.departements if code not in covered]
            db.session.add_all(Coverage(code=code, territoire_id=made.id) for code in free)
    db.session.flush()
    load_fluxes()
    load_ready_rules(db.session())
    load_sentences()
    load_certifications()


def load_certifications() -> None:
    """Adds the missing certifications of the file; existing rows, which an import may have changed, are kept."""
    known = set(db.session.scalars(select(Certification.label)))
    for row in read_certifications():
        if row.label not in known:
            db.session.add(
                Certification(
                    label=row.label,
                    search_name=row.search_name,
                    code=row.code,
                    valid_from=row.valid_from,
                    valid_until=row.valid_until,
                )
            )
    db.session.flush()


def load_extracts() -> None:
    """Loads the shipped extracts of registers into empty tables; importing the full register completes them."""
    codes = [{"code": code, "label": label} for code, label in {**domaines(), **publics()}.items()]
    shipped = [
        {"zone": row["zone"], "debut": date.fromisoformat(row["debut"]), "fin": date.fromisoformat(row["fin"])}
        | {"nom": row["nom"]}
        for row in read_rows(FOLDER / CALENDAR)
    ]
    for table, rows in ((Formacode, codes), (SchoolBreak, shipped)):
        if not db.session.scalar(select(func.count()).select_from(table)):
            db.session.execute(insert(table), rows)


def load_sentences() -> None:
    """Adds the initial ready sentences to territoires without any; removed ones keep a row and stay removed."""
    known = set(db.session.scalars(select(ReadySentence.territoire_id)))
    for territoire in db.session.scalars(select(Territoire)):
        if territoire.id not in known:
            for pattern, text in read_phrases():
                db.session.add(ReadySentence(territoire_id=territoire.id, pattern=pattern, text=text))
    db.session.flush()


def load_fluxes() -> None:
    """Adds the missing flows: one for the whole of France, one per territoire."""
    known = set(db.session.scalars(select(Flux.code)))
    if WHOLE_FRANCE not in known:
        db.session.add(Flux(code=WHOLE_FRANCE, title="Offre de formation linguistique, France entière"))
    for territoire in db.session.scalars(select(Territoire)):
        if territoire.slug not in known:
            title = f"Offre de formation linguistique, {territoire.nom}"
            db.session.add(Flux(code=territoire.slug, title=title, territoire_id=territoire.id))
    db.session.flush()


def load_communes(*, again: bool = False) -> int:
    """Returns the number of communes loaded; 0 when the table was already filled and not `again`."""
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
