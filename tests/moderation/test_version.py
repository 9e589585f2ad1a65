"""The page of a version: what changed, remarks and what became of them, a moderator's corrections, doubles."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import event

from backoffice.core.extensions import db
from backoffice.models import (
    Contestation,
    DistinctPair,
    Fiche,
    FicheState,
    Origin,
    ReadySentence,
    Remark,
    RevisionState,
    TransitionLog,
)
from backoffice.models.content import Session
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.moderation.remarks import pin

CAEN_TITLE = "Ateliers de français du quartier des Tilleuls"


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


def renewed(provider, moderator, change):
    """A published fiche whose next version waits, taken by the moderator."""
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    draft = operations.open_draft(db.session(), fiche.id, provider)
    content = draft.content
    change(content)
    operations.save_draft(db.session(), draft, content, {}, provider)
    db.session.commit()
    make.step(fiche, "soumettre", provider)
    make.step(fiche, "prendre", moderator)
    return fiche


def again(fiche):
    """The fiche as the base has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Fiche, fiche.id)


def entry(app, moderator, fiche, query="") -> Page:
    revision_id = again(fiche).latest.id
    return open_page(Visitor(app, moderator), f"/moderation/{revision_id}{query}")


def section(page: Page, title: str) -> str:
    return page.words(f"//section[@aria-labelledby='{title}']")


def press(page: Page, button: str, **fields: str) -> Page:
    """Presses a button of any form of the page, as a browser without JavaScript would."""
    pressed = next(
        one for one in page.dom.xpath("//main//button") if " ".join(one.text_content().split()).startswith(button)
    )
    (form,) = page.dom.xpath("//form[@id=$id]", id=pressed.get("form")) or pressed.xpath("ancestor::form")
    data = dict(form.form_values()) | fields
    if pressed.get("name"):
        data[pressed.get("name")] = pressed.get("value")
    answer = page.visitor.post(pressed.get("formaction") or form.get("action"), data)
    if answer.status_code == 303:
        return open_page(page.visitor, answer.headers["Location"])
    return Page(page.visitor, answer)


# --- What changed -----------------------------------------------------------------------------------


def test_a_renewal_says_what_changed_since_the_approval(app, people):
    def change(content):
        content.formation.objectif = "Se débrouiller chez le médecin, à la poste et à la mairie."
        content.actions[0].sessions = [Session(content.new_id(Session), date(2026, 10, 6), date(2027, 6, 30))]

    page = entry(app, people[1], renewed(*people, change))
    said = section(page, "changements")
    assert "Depuis la version validée (version 1" in said
    assert "Déplacé Groupe 1, dates 1 du 15/09/2026 au 30/06/2027 → devient du 06/10/2026 au 30/06/2027" in said
    assert "Retiré puis saisi de nouveau" in said
    text = page.dom.xpath("//li[.//a[@href='#champ-formation-objectif']]")[0]
    assert [node.text_content() for node in text.xpath(".//del")] == ["l’école"]
    assert [node.text_content() for node in text.xpath(".//ins")] == ["la poste"]


def test_every_link_of_the_page_leads_somewhere_on_it(app, people):
    def change(content):
        content.formation.objectif = "Autre chose."
        content.lieux[0].transport = "Bus 3"

    page = entry(app, people[1], renewed(*people, change))
    ids = set(page.dom.xpath("//@id"))
    assert len(ids) == len(page.dom.xpath("//@id")), "un id est là deux fois"
    assert {link[1:] for link in page.links("//main") if link.startswith("#")} <= ids


def test_a_version_sent_again_can_be_compared_with_the_one_returned(app, people):
    provider, moderator = people
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    for text, last in (("Deuxième texte.", False), ("Troisième texte.", True)):
        draft = again(fiche).latest
        if draft.state is not RevisionState.BROUILLON:
            draft = operations.open_draft(db.session(), fiche.id, provider)
        content = draft.content
        content.formation.contenu = text
        operations.save_draft(db.session(), draft, content, {}, provider)
        db.session.commit()
        make.step(fiche, "soumettre", provider)
        if not last:
            make.step(fiche, "prendre", moderator)
            make.step(fiche, "renvoyer", moderator, "Dites-en plus.")
    assert "version 1" in section(entry(app, moderator, fiche), "changements")
    said = section(entry(app, moderator, fiche, "?depuis=2"), "changements")
    assert "version envoyée avant (version 2" in said
    assert "DeuxièmeTroisième texte." in said


def test_a_first_version_says_that_all_is_new_and_any_number_is_harmless(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    for query in ("", "?depuis=7", "?depuis=x", "?champ=nulle-part"):
        assert "tout est nouveau" in entry(app, people[1], fiche, query).words()


def test_the_page_takes_as_many_queries_whatever_stands_beside_the_entry(app, people):
    """From one lookalike and one remark to six and five."""
    provider, moderator = people
    fiche = renewed(provider, moderator, lambda content: setattr(content.formation, "contenu", "Autre."))
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))

    def add(*paths: str) -> None:
        for path in paths:
            content = make.complete_content(f"{CAEN_TITLE} bi{path[:1]}s")
            make.fiche_in(RevisionState.SOUMISE, provider, moderator, content)
            press(entry(app, moderator, fiche), "Épingler", champ=path, texte="Précisez.")

    def count() -> int:
        visitor, revision_id = Visitor(app, moderator), again(fiche).latest.id
        visitor.see(f"/moderation/{revision_id}")
        seen.clear()
        visitor.see(f"/moderation/{revision_id}")
        return len(seen)

    add("formation-objectif")
    few = count()
    add("formation-contenu", "actions-0", "lieux-0-transport", "")
    assert count() == few


# --- Remarks ----------------------------------------------------------------------------------------


def test_remarks_go_to_their_fields_are_answered_and_come_back(app, people):
    provider, moderator = people
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator)
    where = {"territoire_id": fiche.territoire_id, "pattern": "lieux[].transport"}
    sentence = db.session.query(ReadySentence).filter_by(**where).one()
    page = entry(app, moderator, fiche)
    page = press(page, "Épingler", champ="formation-objectif", texte="Dites pour qui.")
    page = press(page, "Épingler", champ="lieux-0-transport", phrase=str(sentence.id), texte="Merci !")
    page = press(page, "Épingler", champ="actions-0", texte="Deux groupes ?")
    assert "Remarques (3)" in page.words()
    page = press(page, "Retirer cette remarque : Groupe 1")
    assert "Remarques (2)" in page.words()

    theirs = Visitor(app, provider)
    assert "Dites pour qui." not in theirs.see(f"/fiches/{fiche.id}").text, "rien n’est vu avant le renvoi"
    page = press(page, "Renvoyer pour correction")
    assert page.status == 200
    assert again(fiche).revisions[0].state is RevisionState.A_CORRIGER

    shown = open_page(theirs, f"/fiches/{fiche.id}")
    assert "À traiter" in shown.words("//ul[@class='demandes']")
    assert any(link.endswith("/saisie/objectifs#formation-objectif") for link in shown.links("//ul[@class='demandes']"))
    assert "Deux groupes" not in shown.text

    step = open_page(theirs, f"/fiches/{fiche.id}/saisie/objectifs")
    field = step.element("formation-objectif")
    remark = db.session.query(Remark).filter_by(anchor="formation-objectif").one()
    assert f"remarque-{remark.id}-texte" in field.get("aria-describedby").split()
    step.type({f"remarque_reponse:{remark.id}": "Pour les parents d’élèves.", f"remarque_traitee:{remark.id}": "oui"})
    assert step.send(suite="relecture").status == 200

    place = db.session.query(Remark).filter(Remark.anchor.like("lieux-%")).one()
    assert place.anchor == "lieux-L1-transport"
    assert place.text == f"{sentence.text}\nMerci !"
    step = open_page(theirs, f"/fiches/{fiche.id}/saisie/lieux")
    step.type({"lieux-0-transport": "Bus 3, arrêt Mairie"})
    review = step.send(suite="relecture")
    assert "Corrigée" in review.words("//ul[@class='demandes']")
    assert press(review, "Envoyer pour vérification").status == 200

    page = entry(app, moderator, fiche)
    said = section(page, "suites")
    assert "Traitée" in said
    assert "Pour les parents d’élèves." in said
    assert "Sans changement." in said
    assert "(vide) → devient Bus 3, arrêt Mairie" in said
    press(page, "Prendre")
    page = press(entry(app, moderator, fiche), "Demander de nouveau : Formation, Objectifs")
    assert "Remarques (1)" in page.words()


def test_an_answer_can_be_taken_back_and_every_act_is_kept(app, people):
    fiche, remark = returned(people)
    theirs = Visitor(app, people[0])
    for data in (
        {"remarque_reponse": "Oui.", "remarque_traitee": "oui"},
        {"remarque_reponse": "Oui."},
        {"remarque_reponse": "Oui, voilà."},
        {"remarque_reponse": "Oui, voilà."},
    ):
        theirs.see(f"/fiches/{fiche.id}/relecture")
        fields = {f"{name}:{remark}": text for name, text in data.items()} | {f"remarque:{remark}": "1"}
        assert theirs.post(f"/fiches/{fiche.id}/remarques", fields).status_code == 303
    kept = db.session.get_one(Remark, remark)
    assert [(e.act, e.text) for e in kept.events] == [
        ("traitee", "Oui."),
        ("rouverte", None),
        ("repondue", "Oui, voilà."),
    ]
    assert (kept.done, kept.answer) == (False, "Oui, voilà.")


def returned(people) -> tuple[Fiche, int]:
    """A fiche sent back with one remark on its objectives."""
    provider, moderator = people
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator)
    remark = pin(db.session(), fiche.id, fiche.latest.id, "formation-objectif", "Dites pour qui.", moderator).id
    db.session.commit()
    make.step(fiche, "renvoyer", moderator)
    return again(fiche), remark


def test_a_reply_typed_on_the_review_page_goes_with_the_fiche(app, people):
    fiche, remark = returned(people)
    theirs = Visitor(app, people[0])
    theirs.see(f"/fiches/{fiche.id}")
    assert theirs.post(f"/fiches/{fiche.id}/modifier").status_code == 303
    review = open_page(theirs, f"/fiches/{fiche.id}/relecture")
    sent = press(review, "Envoyer pour vérification", **{f"remarque_reponse:{remark}": "Pour les parents."})
    assert sent.status == 200
    assert again(fiche).latest.state is RevisionState.SOUMISE
    assert db.session.get_one(Remark, remark).answer == "Pour les parents."


def test_a_remark_of_somebody_else_s_fiche_cannot_be_answered(app, people):
    fiche, remark = returned(people)
    neighbour = make.provider("Olga Voisine", make.organisme("Association voisine"))
    other, theirs = make.draft(neighbour), Visitor(app, neighbour)
    theirs.see(f"/fiches/{other.id}")
    said = {f"remarque:{remark}": "1", f"remarque_reponse:{remark}": "Non."}
    assert theirs.post(f"/fiches/{other.id}/remarques", said).status_code == 303
    assert theirs.post(f"/fiches/{fiche.id}/remarques", said).status_code == 404
    assert db.session.get_one(Remark, remark).events == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"champ": "formation-objectif", "texte": " "}, "Écrivez la remarque"),
        ({"champ": "formation-nulle_part", "texte": "Précisez."}, "Choisissez dans la liste"),
        ({"champ": "actions-7-nom", "texte": "Précisez."}, "Choisissez dans la liste"),
        ({"champ": "formation-objectif", "texte": "x" * 2001}, "trop longue"),
        ({"champ": "formation-objectif", "phrase": "999999", "texte": ""}, "Écrivez la remarque"),
        ({"champ": "actions-١-nom", "texte": "Précisez."}, "Choisissez dans la liste"),
    ],
)
def test_a_remark_that_cannot_be_pinned_says_why_and_is_kept(app, people, fields, message):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = press(entry(app, people[1], fiche), "Épingler", **fields)
    assert page.status == 409
    assert message in page.words("//p[@id='remarque-texte-erreur']")
    assert page.element("remarque-texte").text_content().strip() == fields["texte"].strip()
    assert db.session.query(Remark).count() == 0


def test_the_same_remark_sent_twice_is_one(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = entry(app, people[1], fiche)
    for _ in range(2):
        press(page, "Épingler", champ="formation-objectif", texte="Précisez.")
    assert db.session.query(Remark).count() == 1


def test_a_colleague_may_add_a_remark_and_a_late_one_is_told_and_keeps_the_words(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    colleague = make.moderator("Mina Modèle")
    late = entry(app, colleague, fiche)
    press(late, "Épingler", champ="formation-contenu", texte="Et les sorties ?")
    press(entry(app, people[1], fiche), "Renvoyer pour correction", commentaire="Voir la remarque.")
    answer = press(late, "Épingler", champ="formation-objectif", texte="Mes mots à garder.")
    assert answer.status == 409
    assert "n’est pas en cours de vérification" in answer.words("//div[@role='alert']")
    assert "Mes mots à garder." in answer.words("//div[@role='alert']")
    assert db.session.query(Remark).count() == 1


def test_ready_sentences_are_those_of_the_territoire(app, people):
    page = open_page(Visitor(app, people[1]), "/moderation/phrases")
    page = press(page, "Ajouter la phrase", question="formation.objectif", texte="Et pour les débutants ?")
    assert "Et pour les débutants ?" in page.words()
    assert (
        "Et pour les débutants ?"
        not in Visitor(app, make.moderator("Mina Est", "grand-est")).get("/moderation/phrases").text
    )
    wrong = press(page, "Ajouter la phrase", question="formation.objectif", texte=" ")
    assert wrong.status == 422
    assert "Écrivez la phrase." in wrong.words("//p[@class='erreur']")
    count = db.session.query(ReadySentence).filter_by(removed_at=None).count()
    press(page, "Retirer cette phrase")
    db.session.rollback()
    assert db.session.query(ReadySentence).filter_by(removed_at=None).count() == count - 1


# --- A moderator's own corrections -------------------------------------------------------------------


def corrected(app, people) -> tuple[Fiche, Page]:
    """A fiche whose title a moderator has corrected; the page where it is decided."""
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = press(entry(app, people[1], fiche), "Corriger moi-même")
    assert "Rien n’est changé" in page.words()
    step = open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction/intitule")
    step.type({"formation-intitule": "Ateliers de français des Tilleuls"})
    page = open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction") if step.send() else page
    assert "Intitulé" in section(page, "corrections")
    return fiche, press(page, "Terminer la correction")


def test_a_moderator_corrects_a_copy_approves_it_and_the_structure_contests(app, people):
    provider, moderator = people
    fiche, page = corrected(app, people)
    sent, copy_ = again(fiche).revisions
    assert sent.title == CAEN_TITLE
    assert (sent.state, sent.origin) == (RevisionState.A_CORRIGER, Origin.STRUCTURE)
    assert (copy_.state, copy_.origin) == (RevisionState.EN_INSTRUCTION, Origin.MODERATEUR)
    assert copy_.submitted_at == sent.submitted_at
    assert "du quartier" in section(page, "corrections")
    press(page, "Valider et publier")
    assert again(fiche).state is FicheState.PUBLIEE

    theirs = open_page(Visitor(app, provider), f"/fiches/{fiche.id}")
    assert "une petite correction" in section(theirs, "corrections")
    refused = press(theirs, "Contester la correction", contestation=" ")
    assert refused.status == 409
    theirs = press(theirs, "Contester la correction", contestation="Le quartier compte pour nous.")
    assert "Vous avez contesté" in theirs.words()
    found = open_page(Visitor(app, moderator), "/moderation/corrections")
    assert "Le quartier compte pour nous." in found.words()
    page = press(entry(app, moderator, fiche), "Répondre et classer", reponse="Vous avez raison : renvoyez-la.")
    assert "réponse donnée" in page.words()
    assert "Vous avez raison" in open_page(Visitor(app, provider), f"/fiches/{fiche.id}").words()
    names = [row.transition for row in db.session.query(TransitionLog).order_by(TransitionLog.id)]
    assert names[-6:] == ["corriger", "relire", "valider", "publier", "contester", "repondre_contestation"]


def test_a_moderator_corrects_a_telephone_in_any_spelling(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = press(entry(app, people[1], fiche), "Corriger moi-même")
    step = open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction/structure")
    assert step.shown("structure-contact-telephone") == ["02 61 91 00 00"]
    step.type({"structure-contact-telephone": "+33 (0)2.31.00.11.22"}).send()
    assert again(fiche).latest.content.structure.contact.telephone == "+33231001122"
    page = open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction")
    assert "02 31 00 11 22" in page.words()
    assert "+33" not in page.words()


def test_while_a_moderator_corrects_the_structure_sees_what_it_sent_and_cannot_write(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    press(entry(app, people[1], fiche), "Corriger moi-même")
    theirs = Visitor(app, people[0])
    page = open_page(theirs, f"/fiches/{fiche.id}")
    assert "Un modérateur relit votre fiche" in page.words()
    assert "Continuer la saisie" not in page.words()
    assert theirs.post(f"/fiches/{fiche.id}/modifier").status_code == 409
    answer = theirs.post(f"/fiches/{fiche.id}/saisie/intitule", {"formation-intitule": "Mes mots", "empreinte": "x"})
    assert answer.status_code == 409
    assert theirs.post(f"/fiches/{fiche.id}/archiver").status_code == 409
    assert again(fiche).latest.title == CAEN_TITLE


def test_a_correction_given_up_leaves_what_was_sent_to_be_decided(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = press(entry(app, people[1], fiche), "Corriger moi-même")
    open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction/intitule").type(
        {"formation-intitule": "Tout autre chose"}
    ).send()
    page = press(open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction"), "Annuler mes corrections")
    assert "sans rien y changer" in page.words()
    sent, copy_ = again(fiche).revisions
    assert copy_.document == sent.document
    assert copy_.state is RevisionState.EN_INSTRUCTION


def test_a_faulty_correction_does_not_end(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = press(entry(app, people[1], fiche), "Corriger moi-même")
    open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction/objectifs").type(
        {"formation-objectif": ""}
    ).send()
    page = press(open_page(page.visitor, f"/moderation/fiches/{fiche.id}/correction"), "Terminer la correction")
    assert page.status == 422
    assert "Objectifs" in page.words("//div[@role='alert']")


def test_two_moderators_correct_the_same_step_and_nobody_loses_a_word(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    press(entry(app, people[1], fiche), "Corriger moi-même")
    address = f"/moderation/fiches/{fiche.id}/correction/intitule"
    pages = [open_page(Visitor(app, who), address) for who in (people[1], make.moderator("Mina Modèle"))]
    assert pages[0].type({"formation-intitule": "Les mots du premier"}).send().status == 200
    second = pages[1].type({"formation-intitule": "Les mots de la seconde"}).send()
    assert second.status == 409
    assert "Les mots du premier" in second.text
    assert "Les mots de la seconde" in second.text
    assert again(fiche).latest.title == "Les mots du premier"


# --- Doubles ----------------------------------------------------------------------------------------


def doubles(people) -> tuple[Fiche, Fiche]:
    """A published fiche, and almost the same one that a moderator reads."""
    provider, moderator = people
    first = make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    second = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator, make.complete_content(f"{CAEN_TITLE} !"))
    return first, second


def test_a_double_is_shown_with_what_is_alike_and_can_be_told_apart_for_good(app, people):
    first, second = doubles(people)
    page = entry(app, people[1], second)
    assert f"n° {again(first).numero}" in section(page, "doublons")
    assert "même structure" in section(page, "doublons")
    page = press(page, "Ce n’est pas un doublon")
    assert section(page, "doublons") == ""
    assert section(entry(app, people[1], first), "doublons") == ""
    assert db.session.query(DistinctPair).count() == 1
    assert db.session.query(TransitionLog).filter_by(transition="distinguer").count() == 2


def open_data(app, numero):
    """What a machine reads at this numero."""
    return Visitor(app).get(f"/api/fiches/{numero}").json["fiche"]


@pytest.mark.parametrize("choice", ["autre", "celle-ci"])
def test_two_fiches_become_one_and_the_other_numero_leads_to_it(app, people, choice):
    first, second = doubles(people)
    page = press(entry(app, people[1], second), "Fusionner les deux fiches", garder=choice)
    assert page.status == 200
    kept, gone = (first, second) if choice == "autre" else (second, first)
    gone, kept = again(gone), again(kept)
    assert (gone.state, gone.merged_into_id, gone.fragment_id) == (FicheState.ARCHIVEE, kept.id, None)
    assert kept.state is not FicheState.ARCHIVEE
    assert not any(
        revision.state in (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION) for revision in gone.revisions
    )
    set_aside = db.session.query(TransitionLog).filter_by(fiche_id=gone.id, transition="ecarter").all()
    assert [row.motif["code"] for row in set_aside] == (["doublon"] if gone.id == second.id else [])
    rows = db.session.query(TransitionLog).filter_by(fiche_id=gone.id, transition="fusionner").all()
    assert [kept.numero in row.comment for row in rows] == [True]
    if kept.state is FicheState.PUBLIEE:
        assert open_data(app, gone.numero)["numero"] == kept.numero
    theirs = Visitor(app, people[0])
    assert f"/fiches/{kept.id}" in theirs.see(f"/fiches/{gone.id}").text
    assert theirs.post(f"/fiches/{gone.id}/desarchiver").status_code == 409
    assert "a été réunie avec" in entry(app, people[1], gone).words()


def test_different_groups_of_one_structure_are_no_doubles(app, people):
    provider, moderator = people
    make.fiche_in(RevisionState.VALIDEE, provider, moderator, make.complete_content("Ateliers de français A1"))
    other = make.complete_content("Ateliers de français A2")
    other.actions[0].creneaux[0].jour = "lundi"
    fiche = make.fiche_in(RevisionState.SOUMISE, provider, moderator, other)
    assert section(entry(app, moderator, fiche), "doublons") == ""


def test_a_double_of_another_territoire_is_neither_shown_nor_reached(app, people):
    far = make.organisme("Centre social des Tilleuls", "grand-est")
    theirs = make.provider("Elsa Est", far)
    first = make.draft(theirs)
    make.step(first, "soumettre", theirs)
    first.territoire_id = far.territoire_id
    db.session.commit()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    page = entry(app, people[1], fiche)
    assert section(page, "doublons") == ""
    revision_id = again(fiche).latest.id
    for what in ("distinguer", "fusionner"):
        url = f"/moderation/{revision_id}/doublons/{first.id}/{what}"
        assert page.visitor.post(url, {"garder": "autre"}).status_code == 404


# --- Two at once -------------------------------------------------------------------------------------


def test_a_decision_that_comes_too_late_says_who_was_faster_and_keeps_the_words(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    late = entry(app, make.moderator("Mina Modèle"), fiche)
    press(entry(app, people[1], fiche), "Valider et publier")
    answer = press(late, "Renvoyer pour correction", commentaire="Mes mots à garder.")
    assert answer.status == 409
    assert re.search(r"déjà été .*Marc Modèle", answer.words("//div[@role='alert']"))
    assert "Mes mots à garder." in answer.words("//div[@role='alert']")


def test_a_clean_renewal_is_approved_from_the_top_of_the_page(app, people):
    fiche = renewed(*people, lambda content: setattr(content.formation, "contenu", "Autre."))
    page = entry(app, people[1], fiche)
    bar = page.words("//div[@class='barre']")
    assert bar.startswith("Valider et publier")
    press(page, "Valider et publier")
    assert again(fiche).latest.state is RevisionState.VALIDEE
    assert db.session.query(Contestation).count() == 0


def test_what_is_left_of_corrections_is_listed(app, people):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, *people)
    press(entry(app, people[1], fiche), "Corriger moi-même")
    page = open_page(Visitor(app, people[1]), "/moderation/corrections")
    assert f"/moderation/fiches/{fiche.id}/correction" in page.links("//section[@aria-labelledby='en-cours']")
    others = open_page(Visitor(app, make.moderator("Mina Est", "grand-est")), "/moderation/corrections")
    assert CAEN_TITLE not in others.words()
