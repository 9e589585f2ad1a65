"""Loads the rows named in addresses, within the scope of the connected person; aborts with 404 outside it."""

from __future__ import annotations

from flask import abort, session
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.models import Fiche, Organisme, Revision, Territoire, User
from backoffice.queries.fiches import scope
from backoffice.queries.moderation.queue import moderated_revision
from backoffice.queries.structures.page import shown_structure as structure_shown
from backoffice.queries.structures.scope import survivor


def me() -> User:
    """The connected person, loaded in the current transaction."""
    return db.session.get_one(User, current_user.id)


def acting_organisme() -> Organisme | None:
    """The structure that the person acts for: the chosen one, else their first one; None when they have none."""
    if not current_user.is_authenticated or not current_user.memberships:
        return None
    own: dict[int, Organisme] = {row.organisme_id: row.organisme for row in current_user.memberships}
    first, chosen = next(iter(own.values())), session.get("organisme_id")
    if chosen is None:
        return first
    return own.get(chosen if chosen in own else survivor(db.session(), chosen), first)


def own_fiche(fiche_id: int) -> Fiche:
    """The fiche, if it belongs to one of the person's structures."""
    return scope.own_fiche(db.session(), current_user, fiche_id) or abort(404)


def entered_fiche(fiche_id: int) -> Fiche:
    """The fiche, if the person may edit it: for their structure, or as a moderator of its territoire."""
    return scope.entered_fiche(db.session(), current_user, fiche_id) or abort(404)


def moderated_fiche(fiche_id: int) -> Fiche:
    """The fiche, if it was submitted and is in one of the moderator's territoires."""
    return scope.moderated_fiche(db.session(), current_user, fiche_id) or abort(404)


def moderated_version(revision_id: int) -> Revision:
    """The revision, if it was submitted and is in one of the moderator's territoires."""
    return moderated_revision(db.session(), current_user, revision_id) or abort(404)


def moderated_territoire(slug: str) -> Territoire:
    """The territoire, if the person moderates it."""
    mine: dict[str, Territoire] = {
        territoire.slug: territoire for territoire in current_user.territoires(Role.MODERATEUR)
    }
    return mine.get(slug) or abort(404)


def funded_territoires() -> dict[int, Territoire]:
    """{id: territoire} of those where the person is a funder."""
    return {territoire.id: territoire for territoire in current_user.territoires(Role.FINANCEUR)}


def shown_structure(organisme_id: int) -> Organisme:
    """The structure, if the person may see its page; for a merged one, the structure that it was merged into."""
    return structure_shown(db.session(), current_user, organisme_id) or abort(404)
