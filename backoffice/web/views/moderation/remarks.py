"""Remarks pinned on fields by a moderator, the replies of the structure, and the ready sentences of a territoire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import ReadySentence
from backoffice.queries.moderation.remarks import moderated_remark, own_sentence, sentences
from backoffice.web.fiche_page import fiche_page
from backoffice.web.guard import requires
from backoffice.web.scope import entered_fiche, moderated_version
from backoffice.web.security import id_of
from backoffice.web.version_page import version_page
from forms.kit.posted import replies_of
from forms.moderation import ready_sentences
from workflows.case import Refused
from workflows.fiches.engine import lock
from workflows.moderation import ready_sentences as written
from workflows.moderation import remarks

blueprint = Blueprint("remarks", __name__)


# --- The moderator ----------------------------------------------------------------------------------


@blueprint.post("/moderation/<int:revision_id>/remarques")
@requires(Permission.MODERATE, keeps_input=True)
def pin(revision_id: int) -> ResponseReturnValue:
    """The text of the remark is the chosen ready sentence, if any, then the typed text."""
    revision = moderated_version(revision_id)
    typed = {name: clean(request.form.get(name, ""), multiline=True) for name in ("champ", "phrase", "texte")}
    chosen = next(
        (
            ready.text
            for ready in sentences(db.session(), revision.fiche.territoire_id)
            if str(ready.id) == typed["phrase"]
        ),
        "",
    )
    text = "\n".join(part for part in (chosen, typed["texte"]) if part)
    try:
        with atomic() as session:
            remark = remarks.pin(session, revision.fiche_id, revision_id, typed["champ"], text, current_user)
            number = remark.id
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused, asked="epingler", typed=typed), 409
    return redirect(url_for("moderation.version", revision_id=revision_id, _anchor=f"remarque-{number}"), 303)


@blueprint.post("/moderation/<int:revision_id>/remarques/<int:remark_id>/retirer")
@requires(Permission.MODERATE)
def remove(revision_id: int, remark_id: int) -> ResponseReturnValue:
    revision = moderated_version(revision_id)
    remark = moderated_remark(db.session(), current_user, revision_id, remark_id) or abort(404)
    try:
        with atomic() as session:
            remarks.withdraw(session, revision.fiche_id, remark, current_user)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused), 409
    return redirect(url_for("moderation.version", revision_id=revision_id, _anchor="remarques"), 303)


# --- The structure ----------------------------------------------------------------------------------


@blueprint.post("/fiches/<int:fiche_id>/remarques")
@requires(Permission.ENTER_FICHE, keeps_input=True)
def answer(fiche_id: int) -> ResponseReturnValue:
    """Saves the replies typed in the list of remarks. Replies typed beside a field are saved with their step."""
    entered_fiche(fiche_id)
    said = replies_of(request.form)
    try:
        with atomic() as session:
            remarks.reply(session, lock(session, fiche_id), said, current_user)
    except Refused as refused:
        typed = "\n".join(reply.text for reply in said.values() if reply.text)
        return fiche_page(entered_fiche(fiche_id), refused.message, typed=typed), 409
    flash("Vos réponses sont enregistrées.", "success")
    return redirect(url_for("steps.review_form", fiche_id=fiche_id, _anchor="remarques"), 303)


# --- Ready sentences --------------------------------------------------------------------------------


@blueprint.get("/moderation/phrases")
@requires(Permission.MODERATE)
def sentences_view() -> ResponseReturnValue:
    return sentences_page()


def sentences_page(
    error: str = "", about: str = "", typed: Mapping[str, str] = MappingProxyType({}), where: int | None = None
) -> str:
    """error: of the sentence `about` (its id, "" for a new one), shown again as `typed`; where: its territoire's id."""
    territoires = current_user.territoires(Role.MODERATEUR)
    return render_template(
        "moderation/ready_sentences.html",
        territoires=[(row, sentences(db.session(), row.id)) for row in territoires],
        questions=ready_sentences.questions(),
        error=error,
        about=about,
        typed=typed,
        where=where,
    )


@blueprint.post("/moderation/phrases")
@requires(Permission.MODERATE, keeps_input=True)
def add_sentence() -> ResponseReturnValue:
    territoire = request.form.get("territoire", type=id_of)
    if territoire not in current_user.territoire_ids(Role.MODERATEUR):
        abort(404)
    typed, error = ready_sentences.read(request.form)
    if error:
        return sentences_page(error, "", typed, territoire), 422
    with atomic() as session:
        written.write(session, ReadySentence(territoire_id=territoire), typed, current_user)
    flash("La phrase est ajoutée.", "success")
    return redirect(url_for(".sentences_view"), 303)


@blueprint.post("/moderation/phrases/<int:sentence_id>")
@requires(Permission.MODERATE, keeps_input=True)
def edit_sentence(sentence_id: int) -> ResponseReturnValue:
    ready = own_sentence(db.session(), current_user, sentence_id) or abort(404)
    typed, error = ready_sentences.read(request.form)
    if error:
        return sentences_page(error, str(sentence_id), typed), 422
    with atomic() as session:
        written.write(session, ready, typed, current_user)
    flash("La phrase est modifiée.", "success")
    return redirect(url_for(".sentences_view"), 303)


@blueprint.post("/moderation/phrases/<int:sentence_id>/retirer")
@requires(Permission.MODERATE)
def remove_sentence(sentence_id: int) -> ResponseReturnValue:
    ready = own_sentence(db.session(), current_user, sentence_id) or abort(404)
    with atomic() as session:
        written.remove(session, ready, current_user)
    flash("La phrase est retirée.", "success")
    return redirect(url_for(".sentences_view"), 303)
