"""Conventions: the list, the page of one project and its actions, the form."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Convention, Obligation, ObligationKind
from backoffice.models.transition_names import ObligationTransition
from backoffice.queries.conventions import scope as queries
from backoffice.queries.flux.sightings import sightings_of
from backoffice.queries.paging import Place
from backoffice.queries.territoires.coverage import departements_of
from backoffice.reference.programmes import programmes
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email
from backoffice.web.scope import funded_territoires
from backoffice.web.security import id_of
from exports.documents.refugies_info import sections
from forms.conventions import grants
from forms.conventions import obligations as typed
from workflows.case import Refused
from workflows.conventions import operations, pne_contacts
from workflows.conventions.obligation_transitions import TRANSITIONS, TransitionRow
from workflows.conventions.obligations import apply, authorised, available
from workflows.conventions.pne_survey import STEPS
from workflows.conventions.recognition import likely_fiches

blueprint = Blueprint("conventions", __name__, url_prefix="/conventions")

BY_PEOPLE = (
    ObligationTransition.DECLARER,
    ObligationTransition.VERIFIER,
    ObligationTransition.SIGNALER,
    ObligationTransition.REDEMANDER,
    ObligationTransition.DISPENSER,
    ObligationTransition.EXIGER,
    ObligationTransition.REPORTER,
    ObligationTransition.ENVOYER_QUESTIONNAIRE,
)
"""Transitions offered as buttons. Asking for an address and noting a bounce have their own forms."""


def visible(convention_id: int) -> Convention:
    """The convention, when a role of the person allows reading it; else 404."""
    return queries.visible_convention(db.session(), current_user, convention_id) or abort(404)


def funded(convention_id: int) -> Convention:
    """The convention, when the person follows it as a funder; else 404."""
    return queries.funded_convention(db.session(), current_user, convention_id) or abort(404)


def kept(convention_id: int) -> Convention:
    """The convention, when the person is of its structure or follows it as a funder; else 404."""
    found = queries.own_convention(db.session(), current_user, convention_id)
    return found or funded(convention_id)


@blueprint.get("/")
@requires(Permission.READ_CONVENTION)
def index() -> ResponseReturnValue:
    asked = {name: clean(request.args.get(name, ""))[:60] for name in ("annee", "programme", "q")}
    page = queries.page(db.session(), current_user, asked, Place.read(request.args))
    return render_template(
        "conventions/list.html",
        page=page,
        asked=asked,
        years=queries.years(db.session(), current_user),
        programmes=programmes(),
        unsettled=queries.unsettled_count(db.session(), current_user),
    )


# --- The project ------------------------------------------------------------------------------------


@blueprint.get("/<int:convention_id>")
@requires(Permission.READ_CONVENTION)
def convention(convention_id: int) -> ResponseReturnValue:
    return project_page(visible(convention_id))


def project_page(
    convention: Convention, error: str = "", typed_in: str = "", errors: dict[str, str] | None = None
) -> str:
    """typed_in: id of the refused form, shown again with the typed values; errors: by field."""
    session = db.session()
    mine = queries.may_keep(current_user, convention)
    return render_template(
        "conventions/convention.html",
        convention=convention,
        funder=current_user.funds(convention.territoire_id, convention.programme, convention.departement),
        mine=mine,
        actions={row.kind: actions(row) for row in convention.obligations},
        history=queries.history(session, convention),
        likely=likely_fiches(session, convention) if mine else [],
        shared=queries.sharing(session, convention),
        sightings=sightings_of(session, [tie.fiche_id for tie in convention.ties]),
        error=error,
        typed_in=typed_in,
        errors=errors or {},
    )


def actions(row: Obligation) -> list[TransitionRow]:
    """Transitions that the page offers the person for this obligation."""
    return [transition for transition in available(current_user, row) if transition.name in BY_PEOPLE]


@blueprint.post("/<int:convention_id>/obligations/<kind>/<name>")
@requires(Permission.READ_CONVENTION, keeps_input=True)
def act(convention_id: int, kind: str, name: str) -> ResponseReturnValue:
    found = visible(convention_id)
    if kind not in set(ObligationKind) or name not in BY_PEOPLE:
        abort(404)
    row, transition = found.obligation(ObligationKind(kind)), TRANSITIONS[name]
    if row.kind not in transition.kinds or not authorised(current_user, transition, found):
        abort(404)
    said = typed.read(request.form, row.kind, name)
    if said.errors:
        return project_page(found, typed_in=f"{kind}-{name}", errors=said.errors), 422
    if name in STEPS and row.kind is ObligationKind.PNE and found.contact_pne:
        said.proof["adresse"] = found.contact_pne
    try:
        with atomic() as session:
            apply(
                session,
                name,
                obligation_id=row.id,
                actor=current_user,
                comment=said.comment,
                proof=said.proof or None,
                due_on=said.due_on,
            )
    except Refused as refused:
        return project_page(visible(convention_id), refused.message, f"{kind}-{name}"), 409
    flash(f"C’est noté : {transition.done.lower()}.", "success")
    return redirect(url_for(".convention", convention_id=convention_id, _anchor=kind), 303)


@blueprint.post("/<int:convention_id>/fiches")
@requires(Permission.READ_CONVENTION)
def tie_fiche(convention_id: int) -> ResponseReturnValue:
    found = kept(convention_id)
    fiche = queries.fiche_of(db.session(), current_user, found, request.form.get("fiche", 0, type=id_of)) or abort(404)
    verb = operations.untie if "retirer" in request.form else operations.tie
    try:
        with atomic() as session:
            verb(session, current_user, convention_id, fiche)
    except Refused as refused:
        return project_page(kept(convention_id), refused.message), 409
    flash("Les fiches de cette convention sont à jour.", "success")
    return redirect(url_for(".convention", convention_id=convention_id, _anchor="fiches"), 303)


@blueprint.get("/<int:convention_id>/fiches/<int:fiche_id>")
@requires(Permission.READ_CONVENTION)
def fiche(convention_id: int, fiche_id: int) -> ResponseReturnValue:
    """A fiche of the project: latest submitted version, or latest version for its own structure."""
    found = visible(convention_id)
    tied = next((row.fiche for row in found.ties if row.fiche_id == fiche_id), None) or abort(404)
    revision = queries.shown_revision(tied, own=tied.organisme_id in current_user.organisme_ids) or abort(404)
    return render_template(
        "conventions/fiche.html", convention=found, fiche=tied, revision=revision, content=revision.content
    )


@blueprint.get("/<int:convention_id>/refugies-info")
@requires(Permission.READ_CONVENTION)
def text(convention_id: int) -> ResponseReturnValue:
    """A text for Réfugiés.info from each fiche of the project. Only the structure itself sees the text of a draft."""
    found = visible(convention_id)
    own = found.organisme_id in current_user.organisme_ids
    fiches = [(tie.fiche, queries.shown_revision(tie.fiche, own=own)) for tie in found.ties]
    texts = [(fiche, sections(revision.content)) for fiche, revision in fiches if revision]
    return render_template("conventions/refugies_info.html", convention=found, texts=texts)


# --- E-mail address for the survey ------------------------------------------------------------------


@blueprint.post("/<int:convention_id>/adresse")
@requires(Permission.READ_CONVENTION, keeps_input=True)
def email(convention_id: int) -> ResponseReturnValue:
    found = kept(convention_id)
    try:
        address = asked_email("contact")
    except ValueError as error:
        return project_page(found, typed_in="contact", errors={"contact": str(error)}), 422
    with atomic() as session:
        pne_contacts.rename(session, current_user, convention_id, address)
    flash("L’adresse est enregistrée. Elle doit encore être confirmée par la personne qui la lit.", "success")
    return redirect(url_for(".convention", convention_id=convention_id, _anchor="pne"), 303)


@blueprint.post("/<int:convention_id>/adresse/<any(demander, retour):what>")
@requires(Permission.FUND, keeps_input=True)
def follow_email(convention_id: int, what: str) -> ResponseReturnValue:
    funded(convention_id)
    why = clean(request.form.get("raison", ""))[:500] or "L’e-mail est revenu."
    try:
        with atomic() as session:
            if what == "demander":
                pne_contacts.ask(session, current_user, convention_id)
            else:
                pne_contacts.bounced(session, current_user, convention_id, why)
    except Refused as refused:
        return project_page(funded(convention_id), refused.message), 409
    flash("Le lien de confirmation est envoyé." if what == "demander" else "Le retour est noté.", "success")
    return redirect(url_for(".convention", convention_id=convention_id, _anchor="pne"), 303)


# --- Form -------------------------------------------------------------------------------------------


@blueprint.get("/nouvelle")
@requires(Permission.FUND)
def new() -> ResponseReturnValue:
    return form_page({})


def form_page(values: dict[str, str], errors: dict[str, str] | None = None, known: Convention | None = None) -> str:
    mine = funded_territoires()
    return render_template(
        "conventions/form.html",
        fields=grants.FIELDS,
        values=values,
        errors=errors or {},
        convention=known,
        programmes={code: row.label for code, row in programmes().items()},
        departements={code: f"{code} – {nom}" for code, nom in departements_of(db.session(), mine).items()},
        territoires=mine,
    )


@blueprint.post("/nouvelle")
@requires(Permission.FUND, keeps_input=True)
def create() -> ResponseReturnValue:
    mine = funded_territoires()
    territoire = mine.get(request.form.get("territoire", 0, type=id_of)) or next(iter(mine.values()))
    grant, errors = grants.read(request.form, departements_of(db.session(), [territoire.id]))
    if errors:
        return form_page(request.form.to_dict(), errors), 422
    try:
        with atomic() as session:
            made = operations.create(session, current_user, territoire.id, grant)
            operations.recognise_one(session, current_user, made)
    except Refused as refused:
        return form_page(request.form.to_dict(), {"reference": refused.message}), 422
    flash(f"La convention {grant.reference} est enregistrée.", "success")
    return redirect(url_for(".convention", convention_id=made.id), 303)


@blueprint.get("/<int:convention_id>/modifier")
@requires(Permission.FUND)
def edit(convention_id: int) -> ResponseReturnValue:
    found = funded(convention_id)
    return form_page(grants.texts(found), known=found)


@blueprint.post("/<int:convention_id>/modifier")
@requires(Permission.FUND, keeps_input=True)
def save(convention_id: int) -> ResponseReturnValue:
    found = funded(convention_id)
    grant, errors = grants.read(request.form, departements_of(db.session(), [found.territoire_id]))
    if errors:
        return form_page(request.form.to_dict(), errors, found), 422
    try:
        with atomic() as session:
            made = operations.change(session, current_user, convention_id, grant)
            operations.recognise_one(session, current_user, made)
    except Refused as refused:
        return form_page(request.form.to_dict(), {"reference": refused.message}, funded(convention_id)), 422
    flash("La convention est à jour.", "success")
    return redirect(url_for(".convention", convention_id=convention_id), 303)
