"""Editing a structure: one page per subject. Identity and locations use the same questions as fiches."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Organisme
from backoffice.models.content import Contenu, dump, fingerprint
from backoffice.models.content.vocabulary import QUALIOPI, USAGES
from backoffice.models.values import telephones
from backoffice.queries.registers.certifications import certifications
from backoffice.queries.territoires.communes import communes_of
from backoffice.web.guard import requires
from backoffice.web.scope import shown_structure
from forms.kit.builder import StepForm
from forms.kit.orders import ADD, follow
from forms.kit.posted import fields_of, order_of
from forms.kit.questions import Step
from forms.kit.rows import add_row
from forms.kit.saving import open_form, save
from forms.structures import pages as forms
from workflows.case import Refused
from workflows.structures import operations, register_checks

blueprint = Blueprint("structure_editing", __name__, url_prefix="/structures")

STALE = (
    "Quelqu’un d’autre vient de modifier cette page. Ce que vous avez écrit est gardé ci-dessous : vérifiez-le, "
    "puis enregistrez de nouveau."
)


def stamp(organisme: Organisme) -> str:
    """Optimistic lock of these pages: fingerprint of what is stored, sent with each form."""
    said = dump(operations.known_structure(db.session(), organisme))
    rest = [organisme.contacts, organisme.lieux, operations.qualiopi_of(organisme).words]
    return fingerprint([said, *rest])[:20]


def stale(organisme: Organisme) -> bool:
    """Optimistic-lock conflict: the structure changed since the posted page was loaded."""
    return request.form.get("empreinte") != stamp(organisme)


def content_of(organisme: Organisme) -> Contenu:
    """The structure as a Contenu, to fill the questions shared with fiches."""
    content = Contenu(structure=operations.known_structure(db.session(), organisme), lieux=organisme.places)
    content.structure.nom = organisme.nom
    content.dernier_repere = len(content.lieux)
    return content


def step_page(organisme: Organisme, step: Step, form: StepForm, content: Contenu, error: str = "") -> str:
    return render_template(
        "structures/form.html",
        organisme=organisme,
        step=step,
        form=form,
        content=content,
        stamp=stamp(organisme),
        error=error,
    )


def posted_step(step: Step, content: Contenu) -> tuple[StepForm, bool]:
    """(form of the posted page, whether it can be saved). Writes the answers into `content`.

    A button that changes rows, such as «Ajouter un lieu», saves nothing: it is applied and the page is shown again.
    """
    order = order_of(request.form)
    answers, _ = follow(step, content, fields_of(request.form), order, certifications)
    saved = save(step, content, {}, answers, communes_of)
    if not order:
        return saved.form, saved.clean
    what, _, path = order.partition(":")
    if what == ADD:
        add_row(saved, step, path)
    return open_form(step, saved.content, saved.pending, communes_of), False


@blueprint.get("/<int:organisme_id>/identite")
@requires(Permission.KEEP_STRUCTURE)
def identity(organisme_id: int) -> ResponseReturnValue:
    return show(shown_structure(organisme_id), forms.IDENTITY)


@blueprint.get("/<int:organisme_id>/lieux")
@requires(Permission.KEEP_STRUCTURE)
def locations(organisme_id: int) -> ResponseReturnValue:
    return show(shown_structure(organisme_id), forms.USUAL_PLACES)


def show(organisme: Organisme, step: Step) -> str:
    content = content_of(organisme)
    return step_page(organisme, step, open_form(step, content, {}, communes_of), content)


@blueprint.post("/<int:organisme_id>/identite")
@requires(Permission.KEEP_STRUCTURE, keeps_input=True)
def save_identity(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    content = content_of(organisme)
    form, sound = posted_step(forms.IDENTITY, content)
    name = form.field("structure-nom")
    if name is not None and not name.data and not request.form.get("ligne"):
        name.errors = ["Écrivez le nom de la structure."]
        sound = False
    return kept(organisme, forms.IDENTITY, form, content, sound)


@blueprint.post("/<int:organisme_id>/lieux")
@requires(Permission.KEEP_STRUCTURE, keeps_input=True)
def save_locations(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    content = content_of(organisme)
    form, sound = posted_step(forms.USUAL_PLACES, content)
    return kept(organisme, forms.USUAL_PLACES, form, content, sound)


def kept(organisme: Organisme, step: Step, form: StepForm, content: Contenu, sound: bool) -> ResponseReturnValue:
    if not sound:
        return step_page(organisme, step, form, content), 200 if request.form.get("ligne") else 422
    if stale(organisme):
        return step_page(organisme, step, form, content, STALE), 409
    try:
        with atomic() as session:
            if step is forms.IDENTITY:
                register_checks.say_identity(session, organisme.id, content.structure, current_user)
            else:
                operations.keep_places(session, organisme.id, content.lieux, current_user)
    except Refused as refused:
        return step_page(shown_structure(organisme.id), step, form, content, refused.message), 409
    return done(organisme, "identite" if step is forms.IDENTITY else "lieux")


def done(organisme: Organisme, anchor: str) -> ResponseReturnValue:
    flash("C’est enregistré. Vos prochaines fiches commenceront ainsi.", "success")
    return redirect(url_for("structures.structure", organisme_id=organisme.id, _anchor=anchor), 303)


@blueprint.get("/<int:organisme_id>/contacts")
@requires(Permission.KEEP_STRUCTURE)
def contacts(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    said = content_of(organisme).structure
    found = {usage: dump(operations.contact_of(organisme, said, usage)) for usage in USAGES}
    typed = {f"{usage}-{name}": text for usage, contact in found.items() for name, text in contact.items()}
    typed |= {f"{usage}-telephone": telephones.shown(contact["telephone"]) for usage, contact in found.items()}
    return contacts_page(organisme, typed)


def contacts_page(
    organisme: Organisme, typed: dict[str, str], errors: dict[str, str] | None = None, error: str = ""
) -> str:
    return render_template(
        "structures/contacts.html",
        organisme=organisme,
        usages=USAGES,
        names=forms.FIELD_NAMES,
        typed=typed,
        errors=errors or {},
        error=error,
        stamp=stamp(organisme),
    )


@blueprint.post("/<int:organisme_id>/contacts")
@requires(Permission.KEEP_STRUCTURE, keeps_input=True)
def save_contacts(organisme_id: int) -> ResponseReturnValue:
    organisme, typed = shown_structure(organisme_id), request.form.to_dict()
    said, errors = forms.read_contacts(request.form)
    if errors:
        return contacts_page(organisme, typed, errors), 422
    if stale(organisme):
        return contacts_page(organisme, typed, error=STALE), 409
    try:
        with atomic() as session:
            operations.name_contacts(session, organisme.id, said, current_user)
    except Refused as refused:
        return contacts_page(shown_structure(organisme_id), typed, error=refused.message), 409
    return done(organisme, "contacts")


@blueprint.get("/<int:organisme_id>/qualiopi")
@requires(Permission.KEEP_STRUCTURE)
def qualiopi(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    said = operations.qualiopi_of(organisme)
    answer = next(word for word, value in forms.ANSWERS.items() if value is said.certified)
    until = f"{said.until:%d/%m/%Y}" if said.until else ""
    return qualiopi_page(organisme, {"qualiopi": answer, "jusqu_au": until}, said.categories)


def qualiopi_page(
    organisme: Organisme, typed: dict[str, str], chosen: object, errors: dict[str, str] | None = None, error: str = ""
) -> str:
    return render_template(
        "structures/qualiopi.html",
        organisme=organisme,
        answers={"oui": "Oui", "non": "Non", "": "Nous ne savons pas"},
        categories=QUALIOPI,
        typed=typed,
        chosen=chosen,
        errors=errors or {},
        error=error,
        stamp=stamp(organisme),
    )


@blueprint.post("/<int:organisme_id>/qualiopi")
@requires(Permission.KEEP_STRUCTURE, keeps_input=True)
def save_qualiopi(organisme_id: int) -> ResponseReturnValue:
    organisme, typed = shown_structure(organisme_id), request.form.to_dict()
    chosen = request.form.getlist("categories")
    said, errors = forms.read_qualiopi(request.form, chosen)
    if errors:
        return qualiopi_page(organisme, typed, chosen, errors), 422
    if stale(organisme):
        return qualiopi_page(organisme, typed, chosen, error=STALE), 409
    try:
        with atomic() as session:
            register_checks.say_certified(session, organisme.id, said, current_user)
    except Refused as refused:
        return qualiopi_page(shown_structure(organisme_id), typed, chosen, error=refused.message), 409
    return done(organisme, "qualiopi")
