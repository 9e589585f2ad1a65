"""flask users: create | reset-factor"""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import Organisme, Territoire
from backoffice.models.values import emails
from backoffice.reference.programmes import programmes
from forms.accounts import passwords
from workflows.accounts import operations, second_factor
from workflows.case import Refused

group = AppGroup("users", help="Comptes.")


@group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="Prénom et nom, comme on les lira.")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--organisme", help="Nom de la structure (saisie, responsable) ; créée si elle n’existe pas.")
@click.option("--territoire", help="Code du territoire (normandie…).")
@click.option(
    "--programme", "scope", multiple=True, type=click.Choice([*programmes()]), help="Financeur : le seul suivi."
)
@click.option(
    "--departement", "departements", multiple=True, help="Financeur : le seul suivi (plusieurs fois possible)."
)
@click.option("--password", prompt="Mot de passe", hide_input=True, confirmation_prompt=True)
def create(
    email: str,
    name: str,
    role: str,
    organisme: str | None,
    territoire: str | None,
    scope: tuple[str, ...],
    departements: tuple[str, ...],
    password: str,
) -> None:
    """Crée un compte. Un responsable ou une saisie a une structure ; les autres ont un territoire."""
    try:
        email = emails.read(email)
        passwords.password(password, email)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    written = hash_password(password)
    try:
        with atomic() as session:
            user = operations.create_account(session, email, name, written)
            if role == Role.ADMINISTRATEUR:
                operations.make_administrator(session, user, None)
            elif role in (Role.MODERATEUR, Role.FINANCEUR):
                operations.assign(session, user, Role(role), _territoire(territoire), scope, departements, None)
            else:
                operations.add_member(session, user, _organisme(organisme, _territoire(territoire)), Role(role), None)
    except Refused as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"Compte créé : {email} ({role}).")


@group.command("reset-factor")
@click.argument("email")
def reset_factor(email: str) -> None:
    """Retire le second facteur d’un compte : le téléphone est perdu, et aucun administrateur ne peut le faire."""
    with atomic() as session:
        user = operations.by_email(session, email.lower())
        if user is None:
            raise click.ClickException(f"Aucun compte n’a l’adresse {email}.")
        if not second_factor.reset(session, None, user):
            raise click.ClickException(f"Le compte {email} n’a pas de second facteur.")
    click.echo(f"Second facteur retiré : {email}. La personne en est prévenue par e-mail.")


def _territoire(slug: str | None) -> Territoire:
    found = db.session.scalars(select(Territoire).where(Territoire.slug == (slug or ""))).first()
    if found is None:
        raise click.ClickException(
            f"Aucun territoire n’a le code « {slug or ''} ». Chargez-les avec « flask seed reference »."
        )
    return found


def _organisme(nom: str | None, territoire: Territoire) -> Organisme:
    """The structure with this name in the territoire, created if missing."""
    if not nom:
        raise click.ClickException("Donnez le nom de la structure avec --organisme.")
    found = db.session.scalars(
        select(Organisme).where(
            Organisme.nom == nom, Organisme.territoire_id == territoire.id, Organisme.merged_into_id.is_(None)
        )
    ).first()
    if found is None:
        found = Organisme(nom=nom, territoire_id=territoire.id)
        db.session.add(found)
        db.session.flush()
    return found
