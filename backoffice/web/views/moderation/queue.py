"""The moderation queue of a moderator's territoires, the next fiche to take, and saved views."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import SavedView
from backoffice.queries.moderation.saved_views import own_view, own_views
from backoffice.web import next_in_queue
from backoffice.web.guard import requires
from backoffice.web.queue_page import posted_view, queue_page

blueprint = Blueprint("queue", __name__, url_prefix="/moderation")

NAME_LENGTH = 60
MOST_VIEWS = 30


@blueprint.get("/")
@requires(Permission.MODERATE)
def queue() -> ResponseReturnValue:
    next_in_queue.end()
    return queue_page()


@blueprint.post("/suivante")
@requires(Permission.MODERATE)
def take_next() -> ResponseReturnValue:
    """Takes the first fiche of the filtered queue and redirects to it."""
    return redirect(next_in_queue.take(posted_view()[1]), 303)


@blueprint.post("/vues")
@requires(Permission.MODERATE, keeps_input=True)
def keep_view() -> ResponseReturnValue:
    asked, want = posted_view()
    name = clean(request.form.get("nom", ""))
    views = own_views(db.session(), current_user)
    if error := _wrong_name(name, [view.name for view in views], len(views)):
        return queue_page(error, "vue", asked), 422
    with atomic() as session:
        session.add(SavedView(user_id=current_user.id, name=name, query=want.query()))
    flash(f"La vue « {name} » est gardée.", "success")
    return redirect(f"{url_for('.queue')}?{want.query()}", 303)


def _wrong_name(name: str, taken: list[str], number: int = 0) -> str:
    if not name or len(name) > NAME_LENGTH:
        return f"Donnez à la vue un nom de {NAME_LENGTH} caractères au plus."
    if name in taken:
        return f"Vous avez déjà une vue « {name} ». Donnez un autre nom."
    return f"Vous avez déjà {MOST_VIEWS} vues : supprimez-en une d’abord." if number >= MOST_VIEWS else ""


@blueprint.get("/vues")
@requires(Permission.MODERATE)
def saved_views() -> ResponseReturnValue:
    return views_page()


def views_page(error: str = "", wrong: int | None = None, typed: str = "") -> str:
    """wrong: id of the view whose new name, `typed`, is refused."""
    rows = own_views(db.session(), current_user)
    return render_template("moderation/saved_views.html", views=rows, error=error, wrong=wrong, typed=typed)


@blueprint.post("/vues/<int:view_id>")
@requires(Permission.MODERATE, keeps_input=True)
def change_view(view_id: int) -> ResponseReturnValue:
    """Renames a view; deletes it when «ordre» = supprimer."""
    view = own_view(db.session(), current_user, view_id) or abort(404)
    if request.form.get("ordre") == "supprimer":
        with atomic() as session:
            session.delete(view)
        flash("La vue est supprimée.", "success")
        return redirect(url_for(".saved_views"), 303)
    name = clean(request.form.get("nom", ""))
    others = [row.name for row in own_views(db.session(), current_user) if row.id != view_id]
    if error := _wrong_name(name, others):
        return views_page(error, view_id, name), 422
    with atomic():
        view.name = name
    flash(f"La vue s’appelle maintenant « {name} ».", "success")
    return redirect(url_for(".saved_views"), 303)
