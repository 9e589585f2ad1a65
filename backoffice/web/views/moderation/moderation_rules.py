"""Moderation rules: list, form, trial, activation; dismissal of a hit on a fiche."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Effect, ModerationRule, Territoire
from backoffice.models.moderation.moderation_rules import RULE_EVENTS
from backoffice.models.moderation.rule_language import KINDS, Definition, load
from backoffice.queries.moderation import moderation_rules as queries
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_version
from backoffice.web.security import id_of
from backoffice.web.version_page import version_page
from forms.moderation.moderation_rules import RuleForm, said
from workflows.case import Refused
from workflows.moderation import moderation_rules as rules

blueprint = Blueprint("moderation_rules", __name__, url_prefix="/moderation/regles")

NETWORK = "reseau"
"""Choice of the territoire list that makes a rule for the whole network."""


def visible(rule_id: int) -> ModerationRule:
    """The rule, when it belongs to the network or to one of the person's territoires; else 404."""
    return queries.visible_rule(db.session(), current_user, rule_id) or abort(404)


def own(rule_id: int) -> ModerationRule:
    """The rule, when the person may change it; else 404."""
    rule = visible(rule_id)
    return rule if queries.may_write_rule(current_user, rule.territoire_id) else abort(404)


def territoires() -> dict[str, str]:
    """{slug: name} of the territoires for which the person may write rules, and NETWORK for an administrator."""
    served = current_user.territoires(Role.MODERATEUR)
    network = {NETWORK: "Tout le réseau"} if current_user.can(Permission.ADMINISTER) else {}
    return {**{territoire.slug: territoire.nom for territoire in served}, **network}


@blueprint.get("/")
@requires(Permission.WRITE_RULES)
def index() -> ResponseReturnValue:
    found = queries.visible_rules(db.session(), current_user)
    paused = queries.paused_in(db.session(), [rule.id for rule in found])
    mine = current_user.territoire_ids(Role.MODERATEUR)
    return render_template("moderation/moderation_rules/list.html", rules=found, paused=paused, mine=mine)


@blueprint.get("/<int:rule_id>")
@requires(Permission.WRITE_RULES)
def rule_view(rule_id: int) -> ResponseReturnValue:
    return rule_page(visible(rule_id))


def rule_page(rule: ModerationRule, error: str = "") -> str:
    return render_template(
        "moderation/moderation_rules/rule.html",
        rule=rule,
        definition=load(rule.latest.definition),
        said=said,
        log=queries.rule_log(db.session(), rule),
        rule_events=RULE_EVENTS,
        writes=queries.may_write_rule(current_user, rule.territoire_id),
        paused=queries.paused_in(db.session(), [rule.id]).get(rule.id, set()),
        served=current_user.territoires(Role.MODERATEUR),
        error=error,
    )


@blueprint.get("/nouvelle")
@requires(Permission.WRITE_RULES)
def new() -> ResponseReturnValue:
    """?modele=<id of a rule> fills the form with that rule."""
    model = request.args.get("modele", type=id_of)
    return form_page(RuleForm.of(visible(model).latest) if model else RuleForm())


@blueprint.post("/nouvelle")
@requires(Permission.WRITE_RULES, keeps_input=True)
def create() -> ResponseReturnValue:
    form = RuleForm.read(request.form)
    where = request.form.get("territoire", "")
    if changed(form):
        return form_page(form, where)
    choices = territoires()
    if where not in choices and len(choices) == 1:
        where = next(iter(choices))
    if where not in choices:
        form.errors["territoire"] = "Choisissez le territoire de la règle."
    definition = form.validated()
    if definition is None:
        return form_page(form, where), 422
    with atomic() as session:
        territoire = session.query(Territoire).filter_by(slug=where).first()
        rule = rules.write_rule(session, territoire.id if territoire else None, written(form, definition), current_user)
    flash("La règle est enregistrée. Essayez-la, puis activez-la : pour l’instant elle ne fait rien.", "success")
    return redirect(url_for(".rule_view", rule_id=rule.id), 303)


@blueprint.get("/<int:rule_id>/modifier")
@requires(Permission.WRITE_RULES)
def edit(rule_id: int) -> ResponseReturnValue:
    rule = own(rule_id)
    return form_page(RuleForm.of(rule.latest), rule=rule)


@blueprint.post("/<int:rule_id>/modifier")
@requires(Permission.WRITE_RULES, keeps_input=True)
def save(rule_id: int) -> ResponseReturnValue:
    rule = own(rule_id)
    form = RuleForm.read(request.form)
    if changed(form):
        return form_page(form, rule=rule)
    definition = form.validated()
    if definition is None:
        return form_page(form, rule=rule), 422
    with atomic() as session:
        version = rules.rewrite_rule(session, rule_id, written(form, definition), current_user)
    flash(f"La version {version.number} est enregistrée. Elle ne sert qu’une fois activée.", "success")
    return redirect(url_for(".rule_view", rule_id=rule_id), 303)


def changed(form: RuleForm) -> bool:
    """Adds or removes a condition of the form, when that is the button pressed. Returns whether it was."""
    action, _, rank = request.form.get("ligne", "").partition(":")
    if action == "ajouter":
        form.add(request.form.get("ajouter", ""))
    elif action == "retirer":
        form.remove(rank)
    return action in ("ajouter", "retirer")


def written(form: RuleForm, definition: Definition) -> rules.Writing:
    return rules.Writing(form.name, form.message, Effect(form.effect), definition)


def form_page(form: RuleForm, where: str = "", rule: ModerationRule | None = None) -> str:
    return render_template(
        "moderation/moderation_rules/form.html",
        form=form,
        rule=rule,
        where=where,
        territoires=territoires(),
        effects={str(effect): effect.label for effect in Effect},
        kinds={code: kind.title for code, kind in KINDS.items()},
    )


@blueprint.post("/<int:rule_id>/<any(activer, desactiver):action>")
@requires(Permission.WRITE_RULES)
def change_action(rule_id: int, action: str) -> ResponseReturnValue:
    own(rule_id)
    change = {"activer": rules.activate, "desactiver": rules.deactivate}[action]
    try:
        with atomic() as session:
            change(session, rule_id, current_user)
    except Refused as refused:
        return rule_page(visible(rule_id), refused.message), 409
    flash("La règle est active." if action == "activer" else "La règle ne fait plus rien.", "success")
    return redirect(url_for(".rule_view", rule_id=rule_id), 303)


@blueprint.post("/<int:rule_id>/<any(ecarter, reprendre):action>")
@requires(Permission.WRITE_RULES)
def dismiss_here(rule_id: int, action: str) -> ResponseReturnValue:
    """Pauses a rule of the network in one of the person's territoires, or resumes it."""
    visible(rule_id)
    territoire_id = request.form.get("territoire", type=id_of) or abort(404)
    try:
        with atomic() as session:
            rules.pause(session, rule_id, territoire_id, current_user, paused=action == "ecarter")
    except Refused:
        abort(404)
    flash("C’est noté.", "success")
    return redirect(url_for(".rule_view", rule_id=rule_id), 303)


@blueprint.get("/<int:rule_id>/essai")
@requires(Permission.WRITE_RULES)
def trial_page(rule_id: int) -> ResponseReturnValue:
    rule = visible(rule_id)
    trial = rules.try_rule(db.session(), rule.latest, current_user, request.args.get("avant", type=id_of))
    return render_template("moderation/moderation_rules/trial.html", rule=rule, trial=trial)


@blueprint.post("/signalements/<int:hit_id>/ecarter")
@requires(Permission.MODERATE, keeps_input=True)
def dismiss(hit_id: int) -> ResponseReturnValue:
    """Dismisses a hit: it has no more effect on this fiche."""
    hit = queries.moderated_hit(db.session(), current_user, hit_id) or abort(404)
    word = clean(request.form.get("mot", ""), multiline=True)
    revision_id = hit.revision_id
    try:
        with atomic() as session:
            rules.set_aside(session, hit, word, current_user)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused, word, f"ecarter-{hit_id}"), 409
    flash("Le signalement est écarté pour cette fiche.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id, _anchor="signalements"), 303)
