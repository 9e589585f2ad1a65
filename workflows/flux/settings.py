"""Creates, changes and deletes the flows of the network; creates and revokes the keys of their readers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.models import Flux, FluxToken, User
from backoffice.models.content.vocabulary import DISPOSITIFS, FINANCEURS, PUBLICS
from forms.flux.definition import Settings
from workflows.case import Refused
from workflows.change_log import Columns, kept

FLUX: Columns = {
    "title": {},
    "code": {},
    "territoire": {},
    "public": {},
    "active": {},
    "kept": {},
    "dispositifs": DISPOSITIFS,
    "financeurs": FINANCEURS,
    "publics": PUBLICS,
    "consumers": {},
    "profile": {},
}
KEY: Columns = {"name": {}, "flux": {}, "revoked_at": {}}


def write(session: Session, flux: Flux, form: Settings, actor: User) -> Flux:
    """Creates a flow from its form, or changes its settings. Logged."""
    with kept(session, actor, flux, FLUX):
        form.fill(flux)
        session.add(flux)
    return flux


def delete(session: Session, flux: Flux, actor: User) -> None:
    """Deletes a flow. Raises IntegrityError when it has a run or a key."""
    with kept(session, actor, flux, FLUX):
        session.delete(flux)


def give_key(session: Session, flux: Flux, name: str, actor: User | None) -> str:
    """Creates a key for a reader of this flow and returns it: only its hash is stored."""
    key = new_token()
    row = FluxToken(flux=flux, name=name, token_hash=token_hash(key))
    with kept(session, actor, row, KEY):
        session.add(row)
    return key


def take_back(session: Session, key: FluxToken, actor: User | None) -> None:
    """Revokes a key. Raises Refused when it is already revoked."""
    if key.revoked_at is not None:
        raise Refused("Cette clé est déjà retirée : rien n’a été changé.")
    with kept(session, actor, key, KEY):
        key.revoked_at = now()
