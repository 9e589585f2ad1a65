"""The tables that administrators edit for the whole network, with the forms and functions of the domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_login import current_user
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload
from werkzeug.datastructures import MultiDict
from wtforms import Form

from backoffice.core.extensions import db
from backoffice.models import (
    Campaign,
    Flux,
    FluxToken,
    ModerationRule,
    ReadySentence,
    Reason,
    Territoire,
    User,
)
from backoffice.models.content.vocabulary import DISPOSITIFS, FINANCEURS, PUBLICS
from backoffice.queries.moderation.campaigns import served_territoires
from backoffice.reference.communes import regions
from backoffice.reference.reasons import Motif
from forms.flux import definition as flux_forms
from forms.flux.definition import Words
from forms.moderation import campaigns as campaign_forms
from forms.moderation import ready_sentences
from forms.moderation.reasons import ReasonForm
from forms.territoires.settings import SETTINGS
from workflows.flux import settings
from workflows.moderation import campaigns
from workflows.moderation import ready_sentences as sentences
from workflows.moderation.reasons import DECISIONS, word
from workflows.territoires.settings import rename

from .choices import territoires, yes_no
from .logs import person
from .table import Among, Table, Vocabularies, Written

NETWORK = "Réseau"
MODERATION = "Modération"
DIFFUSION = "Diffusion"
LONGEST_NAME = 80


# --- Territoires --------------------------------------------------------------------------------------


class TerritoireForm(Form):
    nom = Words("Nom", "Donnez un nom à ce territoire.", LONGEST_NAME)


class Territoires(Written):
    model_class = Territoire
    slug, title, one, group = "territoires", "Territoires", "Territoire", NETWORK
    about = (
        "Un territoire par Carif-Oref. Ici, seul son nom change : le début de ses numéros de fiche ne change jamais, "
        "et ses réglages ont leur propre page."
    )
    columns = ("nom", "prefixe", "region", "collected_by")
    more = ("slug", *(setting.name for setting in SETTINGS))
    order = ("nom", False)
    vocabularies = {"region": regions()}
    loading = (joinedload(Territoire.collected_by),)

    def ask(self, sent: MultiDict[str, str] | None, row: Territoire | None) -> TerritoireForm:
        return TerritoireForm(sent, obj=row)

    def write(self, session: Session, form: TerritoireForm, row: Territoire | None) -> Territoire:
        assert row is not None, "territoires are made by the command that loads the reference tables"
        rename(session, row, form.nom.data, current_user)
        return row

    def elsewhere(self, row: Territoire) -> list[tuple[str, str]]:
        return [("Réglages, couverture et collecte", url_for("territoires.territoire", slug=row.slug))]


class Accounts(Table):
    model_class = User
    slug, title, one, group = "comptes", "Comptes", "Compte", NETWORK
    about = "Les personnes qui ont un compte. Il se règle sur sa propre page."
    columns = ("name", "email", "roles", "active", "created_at")
    more = ("memberships", "assignments", "administrator", "demonstration")
    order = ("name", False)

    def filters(self) -> tuple[Among, ...]:
        return (Among(User.active, "active", yes_no),)

    def text(self, row: User, name: str) -> str:
        if name == "memberships":
            return ", ".join(f"{one.organisme.nom} ({one.role.label})" for one in row.memberships) or "–"
        if name == "assignments":
            return ", ".join(f"{one.territoire.nom} ({one.role.label})" for one in row.assignments) or "–"
        return super().text(row, name)

    def condition(self) -> ColumnElement[bool]:
        return User.email.not_like("%.invalid")  # the application's own account and erased accounts

    def elsewhere(self, row: User) -> list[tuple[str, str]]:
        return [("Régler ce compte", url_for("account_admin.account", user_id=row.id))]


# --- Moderation ---------------------------------------------------------------------------------------


@dataclass
class ReasonRow(ReasonForm):
    active: bool = True


class Reasons(Written):
    model_class = Reason
    slug, title, one, group = "motifs", "Motifs de refus et de suspension", "Motif", MODERATION
    about = (
        "Ce qu’un territoire a écrit lui-même. Les motifs communs, qu’il n’a pas changés, n’y sont pas. "
        "Les décisions déjà prises gardent les mots d’alors."
    )
    columns = ("label", "territoire_id", "transitions", "active", "updated_at")
    more = ("text", "cure", "code")
    form_template = "admin_tables/reason.html"

    @property
    def vocabularies(self) -> Vocabularies:
        return {"territoire_id": territoires(), "transitions": DECISIONS}

    def filters(self) -> tuple[Among, ...]:
        return (Among(Reason.territoire_id, "territoire", territoires),)

    def ask(self, sent: MultiDict[str, str] | None, row: Reason | None) -> ReasonRow:
        assert row is not None, "a reason is written first by the moderators of its territoire"
        if sent is None:
            return ReasonRow(row.label, row.text, row.cure, tuple(row.transitions), active=row.active)
        form = ReasonRow.read(sent)
        assert isinstance(form, ReasonRow)
        form.active = sent.get("propose") == "1"
        return form

    def right(self, form: ReasonRow) -> bool:
        return form.validated("", tuple(DECISIONS)) is not None

    def write(self, session: Session, form: ReasonRow, row: Reason | None) -> Reason:
        assert row is not None
        motif = Motif(row.code, form.label, form.text, form.cure, form.transitions, form.active, own=True)
        return word(session, row.territoire_id, motif, current_user)

    def render(self, template: str, **kwargs: Any) -> str:
        return super().render(template, decisions=DECISIONS, **kwargs)


@dataclass
class SentenceForm:
    territoire: str
    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def validate(self) -> bool:
        self.typed, wrong = ready_sentences.read(self.typed)
        if wrong:
            self.errors["texte" if self.typed["question"] or "phrase" in wrong else "question"] = wrong
        if self.territoire not in map(str, territoires()):
            self.errors["territoire"] = "Choisissez un territoire."
        return not self.errors


class Sentences(Written):
    model_class = ReadySentence
    slug, title, one, group = "phrases", "Phrases prêtes", "Phrase", MODERATION
    about = "Ce que les modérateurs de chaque territoire écrivent souvent aux structures."
    columns = ("text", "pattern", "territoire_id")
    form_template = "admin_tables/ready_sentence.html"
    can_create = can_delete = True
    removal, removed = "Retirer la phrase", "La phrase est retirée."
    removal_warning = "Les modérateurs ne la verront plus. Ce qui a déjà été écrit aux structures ne change pas."

    @property
    def vocabularies(self) -> Vocabularies:
        return {"territoire_id": territoires(), **sentences.columns()}

    def filters(self) -> tuple[Among, ...]:
        return (Among(ReadySentence.territoire_id, "territoire", territoires),)

    def condition(self) -> ColumnElement[bool]:
        return ReadySentence.removed_at.is_(None)

    def heading(self, row: ReadySentence) -> str:
        return "Phrase prête"

    def ask(self, sent: MultiDict[str, str] | None, row: ReadySentence | None) -> SentenceForm:
        if sent is not None:
            where = str(row.territoire_id) if row is not None else sent.get("territoire", "")
            return SentenceForm(where, {name: sent.get(name, "") for name in ("question", "texte")})
        if row is None:
            return SentenceForm("", {"question": "", "texte": ""})
        return SentenceForm(str(row.territoire_id), {"question": row.pattern, "texte": row.text})

    def write(self, session: Session, form: SentenceForm, row: ReadySentence | None) -> ReadySentence:
        sentence = row or ReadySentence(territoire_id=int(form.territoire))
        return sentences.write(session, sentence, form.typed, current_user)

    def remove(self, session: Session, row: ReadySentence) -> None:
        sentences.remove(session, row, current_user)

    def render(self, template: str, **kwargs: Any) -> str:
        places = {str(id_): nom for id_, nom in territoires().items()}
        return super().render(template, territoires=places, questions=ready_sentences.questions(), **kwargs)


class Rules(Table):
    model_class = ModerationRule
    slug, title, one, group = "regles", "Règles de modération", "Règle", MODERATION
    about = "Chaque changement d’une règle est une nouvelle version : elles s’écrivent et s’activent sur leur page."
    columns = ("latest.name", "territoire", "latest.effect", "status", "latest.number", "active_version.number")
    more = ("latest.message", "code", "created_at")
    loading = (
        joinedload(ModerationRule.territoire),
        joinedload(ModerationRule.active_version),
        selectinload(ModerationRule.versions),
        selectinload(ModerationRule.log),
    )

    def filters(self) -> tuple[Among, ...]:
        return (Among(ModerationRule.territoire_id, "territoire", territoires),)

    def text(self, row: ModerationRule, name: str) -> str:
        if name == "territoire" and row.territoire is None:
            return "Tout le réseau"
        return super().text(row, name)

    def elsewhere(self, row: ModerationRule) -> list[tuple[str, str]]:
        if row.territoire_id is None:
            return [("Lire, écrire et activer cette règle", url_for("moderation_rules.rule_view", rule_id=row.id))]
        return [("Règles de modération", url_for("moderation_rules.index"))]


# --- Diffusion ----------------------------------------------------------------------------------------


class Fluxes(Written):
    model_class = Flux
    slug, title, one, group = "flux", "Flux", "Flux", DIFFUSION
    about = "Ce que prend un flux ne change plus : ses lecteurs ne sauraient pas ce qui en est sorti."
    columns = ("title", "code", "territoire", "public", "active", "kept")
    more = ("dispositifs", "financeurs", "publics", "consumers", "profile")
    order = ("code", False)
    vocabularies = {"dispositifs": DISPOSITIFS, "financeurs": FINANCEURS, "publics": PUBLICS}
    loading = (joinedload(Flux.territoire),)
    can_create = can_delete = True
    removal, removed = "Supprimer le flux", "Le flux est supprimé."
    removal_warning = "Seul un flux qui n’a jamais été fait et que personne ne lit peut l’être."
    in_use = (
        "Ce flux a été fait, ou des lecteurs en ont une clé : il ne peut pas être supprimé, et rien n’a été changé. "
        "Rendez-le inactif : il ne sera plus fait ni servi."
    )

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(Flux.territoire_id, "territoire", territoires),
            Among(Flux.active, "active", yes_no),
            Among(Flux.public, "public", yes_no),
        )

    def text(self, row: Flux, name: str) -> str:
        if name == "territoire" and row.territoire_id is None:
            return "Toute la France"
        if name in ("dispositifs", "financeurs", "publics", "consumers") and not getattr(row, name):
            return "Tous"
        return super().text(row, name)

    def ask(self, sent: MultiDict[str, str] | None, row: Flux | None) -> flux_forms.Settings:
        if row is not None:
            return flux_forms.Settings(sent, obj=row)
        rows = db.session.scalars(select(Territoire).order_by(Territoire.nom)).all()
        taken = db.session.scalars(select(Flux.code)).all()
        return flux_forms.Definition(sent, rows, taken, active=True, kept=14)

    def write(self, session: Session, form: flux_forms.Settings, row: Flux | None) -> Flux:
        return settings.write(session, row or Flux(), form, current_user)

    def remove(self, session: Session, row: Flux) -> None:
        settings.delete(session, row, current_user)

    def elsewhere(self, row: Flux) -> list[tuple[str, str]]:
        return [("Fabrications et clés de ce flux", url_for("flux_administration.flux", flux_id=row.id))]


class Keys(Written):
    """Keys are created on the page of their flow, which shows each one once; this table only revokes them."""

    model_class = FluxToken
    slug, title, one, group = "cles", "Clés de lecture des flux", "Clé", DIFFUSION
    about = "Une clé ouvre un flux à un lecteur. Elle se donne sur la page du flux, et n’est montrée qu’à ce moment."
    columns = ("name", "flux", "created_at", "last_used_at", "revoked_at")
    loading = (joinedload(FluxToken.flux),)
    can_edit = False
    can_delete = True
    removal, removed = "Retirer la clé", "La clé est retirée : elle n’ouvre plus ce flux."
    removal_warning = "Son lecteur ne pourra plus lire ce flux. Il lui faudra une autre clé."

    def filters(self) -> tuple[Among, ...]:
        return (Among(FluxToken.flux_id, "flux", fluxes),)

    def removable(self, row: FluxToken) -> bool:
        return row.revoked_at is None

    def remove(self, session: Session, row: FluxToken) -> None:
        settings.take_back(session, row, current_user)

    def elsewhere(self, row: FluxToken) -> list[tuple[str, str]]:
        return [("Page du flux", url_for("flux_administration.flux", flux_id=row.flux_id))]


def fluxes() -> dict[int, str]:
    return {row.id: row.title for row in db.session.execute(select(Flux.id, Flux.title).order_by(Flux.title))}


class Campaigns(Written):
    model_class = Campaign
    slug, title, one, group = "campagnes", "Campagnes de reconduction", "Campagne", NETWORK
    about = "Elles s’ouvrent et s’y invitent les structures sur leur propre page."
    columns = ("label", "year", "territoires", "opens_on", "deadline", "opened_at")
    more = ("dispositifs", "message", "created_at", "created_by")
    vocabularies = {"dispositifs": DISPOSITIFS}
    loading = (person(Campaign.created_by),)
    can_create = can_delete = True
    removal, removed = "Supprimer la campagne", "La campagne est supprimée."
    removal_warning = "Seule une campagne à laquelle personne n’a encore été invité peut l’être."

    def ask(self, sent: MultiDict[str, str] | None, row: Campaign | None) -> campaign_forms.Definition:
        return campaign_forms.Definition(sent, served_territoires(db.session(), current_user), row)

    def write(self, session: Session, form: campaign_forms.Definition, row: Campaign | None) -> Campaign:
        asked = form.territoires.data or []
        served = served_territoires(session, current_user)
        return campaigns.write(
            session, row, form, [one for one in served if not asked or one.id in asked], current_user
        )

    def remove(self, session: Session, row: Campaign) -> None:
        campaigns.delete(session, row, current_user)

    def removable(self, row: Campaign) -> bool:
        return row.opened_at is None

    def elsewhere(self, row: Campaign) -> list[tuple[str, str]]:
        return [("Inviter et suivre", url_for("campaigns.campaign_view", campaign_id=row.id))]


VIEWS: tuple[type[Table], ...] = (Territoires, Campaigns, Accounts, Reasons, Sentences, Rules, Fluxes, Keys)
