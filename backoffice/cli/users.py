"""flask users create | reset-factor"""

from __future__ import annotations

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models import Assignment, Membership, Organisme, Territoire, User
from backoffice.passwords import SHORTEST, hash_password
from backoffice.permissions import Role
from backoffice.reference.programmes import programmes
from backoffice.transactions import atomic
from workflows import second_factor

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
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise click.ClickException(f"« {email} » n’est pas une adresse e-mail.") from error
    if len(password) < SHORTEST:
        raise click.ClickException(f"Le mot de passe doit avoir au moins {SHORTEST} caractères.")
    with atomic() as session:
        if session.scalars(select(User).where(User.email == email)).first():
            raise click.ClickException(f"Un compte existe déjà pour {email}.")
        user = User(email=email, name=name, password_hash=hash_password(password))
        user.administrator = role == Role.ADMINISTRATEUR
        session.add(user)
        if role != Role.ADMINISTRATEUR:
            _attach(user, Role(role), organisme, _territoire(territoire))
        for assignment in user.assignments:
            if assignment.role is Role.FINANCEUR:
                assignment.programmes, assignment.departements = list(scope), list(departements)
    click.echo(f"Compte créé : {email} ({role}).")


@group.command("reset-factor")
@click.argument("email")
def reset_factor(email: str) -> None:
    """Retire le second facteur d’un compte : le téléphone est perdu, et aucun administrateur ne peut le faire."""
    with atomic() as session:
        user = session.scalars(select(User).where(User.email == email.lower())).first()
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


def _attach(user: User, role: Role, organisme: str | None, territoire: Territoire) -> None:
    if role in (Role.MODERATEUR, Role.FINANCEUR):
        user.assignments.append(Assignment(role=role, territoire_id=territoire.id))
        return
    if not organisme:
        raise click.ClickException("Donnez le nom de la structure avec --organisme.")
    found = db.session.scalars(
        select(Organisme).where(
            Organisme.nom == organisme, Organisme.territoire_id == territoire.id, Organisme.merged_into_id.is_(None)
        )
    ).first()
    found = found or Organisme(nom=organisme, territoire_id=territoire.id)
    user.memberships.append(Membership(role=role, organisme=found))
