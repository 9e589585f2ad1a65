"""Members of the demonstration set: an invitation, two requests to join, a structure left without members."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Organisme, User
from backoffice.reference.demonstration import Account
from workflows.accounts import deactivation, invitations, joining
from workflows.accounts.invitations import Offer

COMES = "Maé Canevas"
"""A person without a role, who asks to join two structures."""
LEFT = "plume-lexovie"
"""Key of the structure whose only account is deactivated: nobody keeps its fiches up to date."""


def come_and_go(session: Session, users: list[tuple[Account, User]], organismes: dict[str, Organisme]) -> None:
    """Creates an invitation, a request for a responsable, a request for the moderators, a structure without members."""
    by_email = {account.email: user for account, user in users}
    admin, chief = by_email["admin@demo.example"], by_email["organisme@demo.example"]
    invitations.invite(session, chief, "nouvelle@rive-claire.example", Offer(Role.SAISIE, organismes["rive-claire"]))
    newcomer = User(email="benevole@demo.example", name=COMES, password_hash=chief.password_hash, demonstration=True)
    session.add(newcomer)
    session.flush()
    joining.ask(session, newcomer, organismes["rive-claire"].id, "J’anime l’atelier du jeudi avec Sacha.")
    joining.ask(session, newcomer, organismes["trois-tilleuls"].id, "Je remplace Camille à partir du mois prochain.")
    for account, user in users:
        if account.of == (LEFT,):
            deactivation.deactivate(session, admin, user.id)
