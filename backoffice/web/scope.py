"""The rows that an address names, within the scope of the connected person; each load answers 404 outside it."""

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
    """The connected person, as a row of the present transaction."""
    return db.session.get_one(User, current_user.id)


def acting_organisme() -> Organisme | None:
    """The structure that the person acts for; the first of theirs until they choose; None for who has none."""
    if not current_user.is_authenticated or not current_user.memberships:
        return None
    own: dict[int, Organisme] = {row.organisme_id: row.organisme for row in current_user.memberships}
    first, chosen = next(iter(own.values())), session.get("organisme_id")
    if chosen is None:
        return first
    return own.get(chosen if chosen in own else survivor(db.session(), chosen), first)


def own_fiche(fiche_id: int) -> Fiche:
    """The fiche, when it belongs to one of the person's structures."""
    return scope.own_fiche(db.session(), current_user, fiche_id) or abort(404)


def entered_fiche(fiche_id: int) -> Fiche:
    """The fiche, when the person may write it: for their structure, or to help one of their territoires."""
    return scope.entered_fiche(db.session(), current_user, fiche_id) or abort(404)


def moderated_fiche(fiche_id: int) -> Fiche:
    """The fiche, when it was sent and is of one of the moderator's territoires."""
    return scope.moderated_fiche(db.session(), current_user, fiche_id) or abort(404)


def moderated_version(revision_id: int) -> Revision:
    """The version, when it was sent and is of one of the moderator's territoires."""
    return moderated_revision(db.session(), current_user, revision_id) or abort(404)


def moderated_territoire(slug: str) -> Territoire:
    """The territoire, when the person moderates it."""
    mine: dict[str, Territoire] = {
        territoire.slug: territoire for territoire in current_user.territoires(Role.MODERATEUR)
    }
    return mine.get(slug) or abort(404)


def funded_territoires() -> dict[int, Territoire]:
    """{id: territoire} of those where the person funds."""
    return {territoire.id: territoire for territoire in current_user.territoires(Role.FINANCEUR)}


def shown_structure(organisme_id: int) -> Organisme:
    """The structure, when the person may see its page; for one that was merged, the one that stays."""
    return structure_shown(db.session(), current_user, organisme_id) or abort(404)
