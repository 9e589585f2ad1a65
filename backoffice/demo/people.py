"""The demonstration accounts. Their password is public: they can connect in demonstration mode only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Assignment, Membership, Organisme, Territoire, User

PASSWORD = "relais-demo-2026"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class Account:
    """who: what the person is, in French; of: keys of structures or slugs of territoires, by role."""

    email: str
    name: str
    who: str
    role: Role
    of: tuple[str, ...] = ()


ACCOUNTS = (
    Account(
        "association@demo.example",
        "Camille Exemple",
        "Bénévole d’une association de Vernon (Normandie)",
        Role.SAISIE,
        ("trois-tilleuls",),
    ),
    Account(
        "organisme@demo.example",
        "Sacha Maquette",
        "Responsable d’un organisme de formation, à Rouen et à Strasbourg",
        Role.RESPONSABLE,
        ("rive-claire", "rive-claire-est"),
    ),
    Account(
        "ecole@demo.example",
        "Ange Échantillon",
        "Secrétariat d’une école de Vernon (OEPRE)",
        Role.SAISIE,
        ("ecole-lavandieres",),
    ),
    Account(
        "marche@demo.example",
        "Swann Ébauche",
        "Titulaire du marché de l’OFII, à Rouen et au Havre",
        Role.RESPONSABLE,
        ("cap-langues-normandie",),
    ),
    Account("moderation1@demo.example", "Dominique Patron", "Modération de Normandie", Role.MODERATEUR, ("normandie",)),
    Account("moderation2@demo.example", "Noa Gabarit", "Modération de Normandie", Role.MODERATEUR, ("normandie",)),
    Account("moderation-ge@demo.example", "Alix Prototype", "Modération de Grand Est", Role.MODERATEUR, ("grand-est",)),
    Account("financeur@demo.example", "Lou Spécimen", "Financeur en Normandie", Role.FINANCEUR, ("normandie",)),
    Account("admin@demo.example", "Eden Témoin", "Administration du réseau", Role.ADMINISTRATEUR),
)
"""Those shown to visitors, in the order in which a visit makes sense."""


def add_account(
    session: Session,
    account: Account,
    password_hash: str,
    organismes: dict[str, Organisme],
    territoires: dict[str, Territoire],
) -> User:
    user = User(
        email=account.email,
        name=account.name,
        password_hash=password_hash,
        administrator=account.role is Role.ADMINISTRATEUR,
        demonstration=True,
    )
    for key in account.of:
        if account.role in (Role.MODERATEUR, Role.FINANCEUR):
            user.assignments.append(Assignment(role=account.role, territoire=territoires[key]))
        else:
            user.memberships.append(Membership(role=account.role, organisme=organismes[key]))
    session.add(user)
    session.flush()
    return user


def present(session: Session) -> list[Account]:
    """The shown accounts that this base really has."""
    known = set(
        session.scalars(
            select(User.email).where(User.demonstration, User.email.in_([account.email for account in ACCOUNTS]))
        )
    )
    return [account for account in ACCOUNTS if account.email in known]
