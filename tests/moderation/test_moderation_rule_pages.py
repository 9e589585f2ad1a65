"""A moderator writes a rule without JavaScript, tries it, activates it; sees what it found and sets it aside."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from backoffice.core.extensions import db
from backoffice.models import Effect, ModerationRule, RevisionState, RuleDismissal, RuleState
from backoffice.models.moderation.rule_language import KINDS, load
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.visitor import Visitor


@pytest.fixture
def visitor(app, marc):
    return Visitor(app, marc)


def send(visitor, page, extra=(), **typed):
    for name, value in typed.items():
        page.answers.setlist(re.sub(r"^c_(\d)_", r"c-\1-", name), value if isinstance(value, list) else [value])
    answers = page.answers.copy()
    for name, value in dict(extra).items():
        answers[name] = value
    return Page(visitor, visitor.post(page.action, answers))


def add(visitor, page, kind):
    return send(visitor, page, {"ligne": "ajouter"}, ajouter=kind)


def the_rule():
    db.session.expire_all()
    return db.session.query(ModerationRule).filter_by(code=None).one()


def test_a_rule_is_written_condition_by_condition(visitor):
    page = open_page(visitor, "/moderation/regles/nouvelle")
    page = send(
        visitor, page, {"ligne": "ajouter"}, ajouter="mots", nom="Jardins", message="À lire de près.", mode="any"
    )
    assert page.status == 200
    assert page.shown("nom") == ["Jardins"]
    page = add(
        visitor, send(visitor, page, {"ligne": "ajouter"}, ajouter="nombre", c_0_mots="jardin*\npotager"), "publics"
    )
    assert [text.strip() for text in page.dom.xpath("//fieldset[@class='rangee']/p[@class='calcul']/text()")] == [
        "Des mots sont écrits",
        "Un nombre est trop petit ou trop grand",
        "Le public est, ou n’est pas, l’un de ceux-ci",
    ]
    page = send(visitor, page, {"ligne": "retirer:2"})
    assert page.element("condition-2") is None
    page = send(visitor, page, c_0_textes=["contenu"], c_1_valeur="prix", c_1_plus_de="1 000")
    assert page.status == 303
    rule = the_rule()
    assert (rule.status, rule.latest.name, rule.latest.effect) == (RuleState.BROUILLON, "Jardins", Effect.SIGNALE)
    assert rule.latest.definition == {
        "match": "any",
        "conditions": [
            {"kind": "mots", "textes": ["contenu"], "mots": ["jardin*", "potager"]},
            {"kind": "nombre", "valeur": "prix", "moins_de": None, "plus_de": 1000},
        ],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_condition_can_be_asked_and_says_what_it_lacks(visitor, kind):
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), kind)
    page = send(visitor, page, nom="Essai", message="Message")
    if kind in ("lecteurs", "coordonnees"):
        assert page.status == 303
        return
    assert page.status == 422
    first = fields(KINDS[kind])[0].name
    assert page.error(f"c-0-{first}")
    assert db.session.query(ModerationRule).filter_by(code=None).count() == 0


def test_all_that_is_wrong_is_said_at_its_field_and_nothing_is_lost(visitor):
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), "nombre")
    page = send(visitor, page, effet="", mode="", c_0_valeur="prix", c_0_plus_de="dix")
    assert page.status == 422
    assert page.error("nom") == "Donnez un nom à la règle."
    assert page.error("message")
    assert page.error("effet")
    assert page.error("mode")
    assert page.error("c-0-plus_de") == "Écrivez un nombre entier."
    assert page.shown("c-0-plus_de") == ["dix"]


@pytest.mark.parametrize("typed", ["²", "1" * 5_000, "-1", "1e9", "٣", "1_000"])
def test_no_number_breaks_the_page(visitor, typed):
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), "nombre")
    page = send(visitor, page, nom="N", message="M", c_0_valeur="prix", c_0_plus_de=typed)
    assert page.status == 422
    assert page.error("c-0-plus_de")


def test_a_form_of_any_shape_breaks_nothing(visitor):
    visitor.see("/moderation/regles/nouvelle")
    for data in (
        {},
        {"ligne": "retirer:99"},
        {"ligne": "retirer:x"},
        {"ligne": "ajouter", "ajouter": "inconnue"},
        {"condition": ["mots", "inconnue"] * 20},
        {"nom": "x" * 5_000, "message": "y" * 5_000},
    ):
        assert visitor.post("/moderation/regles/nouvelle", data).status_code in (200, 422)


def test_no_more_conditions_than_the_limit(visitor):
    page = open_page(visitor, "/moderation/regles/nouvelle")
    for _ in range(10):
        page = add(visitor, page, "coordonnees")
    page = add(visitor, page, "coordonnees")
    assert "Il y a déjà 10 conditions" in page.error("ajouter")


def test_a_rule_is_tried_then_activated_then_changed_then_switched_off(visitor, marc):
    by = make.provider()
    make.fiche_in(RevisionState.VALIDEE, by, marc)
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), "mots")
    send(visitor, page, nom="Sorties", message="M", c_0_textes=["contenu"], c_0_mots="sorties")
    id_ = the_rule().id
    trial = open_page(visitor, f"/moderation/regles/{id_}/essai")
    assert "1 fiche touchée sur 1 regardée" in trial.words()
    assert "« sorties »" in trial.words()
    assert visitor.post(f"/moderation/regles/{id_}/activer").status_code == 303
    assert the_rule().status is RuleState.ACTIVE
    page = open_page(visitor, f"/moderation/regles/{id_}/modifier")
    assert page.shown("c-0-mots") == ["sorties"]
    assert send(visitor, page, c_0_mots="promenade*").status == 303
    page = open_page(visitor, f"/moderation/regles/{id_}")
    assert "La version 1 est celle qui sert. La version 2, montrée ici, attend d’être activée." in page.words()
    assert visitor.post(f"/moderation/regles/{id_}/activer").status_code == 303
    again = Page(visitor, visitor.post(f"/moderation/regles/{id_}/activer"))
    assert (again.status, "Cette règle est déjà active." in again.words("//*[@role='alert']")) == (409, True)
    assert visitor.post(f"/moderation/regles/{id_}/desactiver").status_code == 303
    history = open_page(visitor, f"/moderation/regles/{id_}").words("//ul[@class='journal']")
    for event in ("Règle désactivée", "Version activée (version 2)", "Version écrite (version 1)", "par Marc Modèle"):
        assert event in history


def test_a_rule_is_the_model_of_another(visitor):
    national = db.session.query(ModerationRule).filter_by(code="heures").one()
    page = open_page(visitor, f"/moderation/regles/nouvelle?modele={national.id}")
    assert page.shown("c-0-plus_de") == ["35"]
    assert send(visitor, page).status == 303
    assert the_rule().latest.definition == national.latest.definition
    assert the_rule().territoire_id == make.territoire().id


@pytest.mark.parametrize("code", ["formations-douteuses", "annuaires", "injoignable", "heures", "dates-passees"])
def test_each_ready_rule_is_shown_in_words_and_goes_through_its_form_unchanged(app, code):
    admin = Visitor(app, make.administrator())
    rule = db.session.query(ModerationRule).filter_by(code=code).one()
    assert rule.latest.name in open_page(admin, f"/moderation/regles/{rule.id}").words()
    page = open_page(admin, f"/moderation/regles/{rule.id}/modifier")
    assert send(admin, page).status == 303
    db.session.expire_all()
    assert load(rule.latest.definition) == load(rule.versions[0].definition)


def test_an_administrator_writes_for_the_network(app):
    admin = Visitor(app, make.administrator())
    page = add(admin, open_page(admin, "/moderation/regles/nouvelle"), "coordonnees")
    assert send(admin, page, nom="Réseau", message="M").status == 303
    assert the_rule().territoire_id is None


def test_a_moderator_of_two_territoires_says_which(app, marc):
    marc.assignments.append(make.Assignment(role=make.Role.MODERATEUR, territoire=make.territoire("grand-est")))
    db.session.commit()
    visitor = Visitor(app, marc)
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), "coordonnees")
    page = send(visitor, page, nom="N", message="M", territoire="bretagne")
    assert page.error("territoire")
    assert send(visitor, page, territoire="grand-est").status == 303
    assert the_rule().territoire_id == make.territoire("grand-est").id


def test_what_is_typed_outlives_an_expired_session(app, visitor, marc):
    page = add(visitor, open_page(visitor, "/moderation/regles/nouvelle"), "mots")
    visitor.post("/deconnexion")
    login = send(visitor, page, nom="Gardé", message="M", c_0_mots="potager")
    assert login.status == 401
    assert "Gardé" in login.text
    assert "potager" in login.text


# --- On the fiche -------------------------------------------------------------------------------------


def test_the_moderator_reads_what_was_found_and_sets_it_aside(app, visitor, marc):
    make.rule(marc, "sorties", effect=Effect.BLOQUE, name="Sorties à voir")
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, make.provider(), marc, make.running_content())
    id_ = fiche.latest.id
    page = open_page(visitor, f"/moderation/{id_}")
    shown = page.words("//*[@id='signalements']")
    for words in (
        "Sorties à voir",
        "Bloque la validation",
        "Le texte est à lire de près.",
        "Contenu : Jeux de rôle, « sorties »",
    ):
        assert words in shown
    refused = Page(visitor, visitor.post(f"/moderation/{id_}/valider"))
    assert refused.status == 409
    assert "Une règle bloque la validation" in refused.words("//*[@role='alert']")
    (action,) = page.dom.xpath("//*[@id='signalements']//form/@action")
    empty = Page(visitor, visitor.post(action, {"mot": "  "}))
    assert empty.status == 409
    field = empty.dom.xpath("//*[@id='signalements']//input[@name='mot']")[0]
    assert field.get("aria-invalid") == "true"
    assert "Écrivez un mot" in empty.words("//*[@id='signalements']")
    assert visitor.post(action, {"mot": "Des sorties en français."}).status_code == 303
    page = open_page(visitor, f"/moderation/{id_}")
    assert "Écarté par Marc Modèle" in page.words("//*[@id='signalements']")
    assert "Des sorties en français." in page.words("//*[@id='signalements']")
    assert visitor.post(f"/moderation/{id_}/valider").status_code == 303
    late = Page(visitor, visitor.post(action, {"mot": "Encore."}))
    assert (late.status, db.session.query(RuleDismissal).count()) == (409, 1)


def test_the_structure_does_not_see_what_rules_found(app, marc):
    make.rule(marc, "sorties", name="Sorties à voir")
    by = make.provider()
    fiche = make.fiche_in(RevisionState.SOUMISE, by, marc)
    page = open_page(Visitor(app, by), f"/fiches/{fiche.id}")
    assert "Sorties à voir" not in page.text


def test_a_page_without_hit_has_no_empty_section(app, visitor, marc):
    fiche = make.fiche_in(RevisionState.SOUMISE, make.provider(), marc, make.running_content())
    assert open_page(visitor, f"/moderation/{fiche.latest.id}").element("signalements") is None
