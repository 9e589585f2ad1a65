"""A moderator's morning in a real browser, with and without JavaScript, at both widths."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import Fiche, RevisionState
from backoffice.models.content import Contenu
from tests.support import factories as make
from workflows.fiches import operations

from .conftest import PHONE, WIDE, NewPerson
from .person import Person

TITLE = "Ateliers de français du quartier des Tilleuls"
RENEWED = "Conversation du samedi"
DOUBLE = f"{TITLE} !"


@pytest.fixture
def people(app: Flask) -> tuple[str, str]:
    """E-mails of a structure and of a moderator: one fiche waits for the first time, another is renewed."""
    provider, moderator = make.provider(), make.moderator()
    make.fiche_in(RevisionState.SOUMISE, provider, moderator)
    content = make.complete_content(RENEWED)
    content.actions[0].creneaux[0].jour = "samedi"
    renewed = make.fiche_in(RevisionState.VALIDEE, provider, moderator, content)
    change(renewed, provider)
    emails = provider.email, moderator.email
    db.session.remove()
    return emails


def change(fiche: Fiche, provider: object) -> None:
    """The next version of a published fiche, sent: other dates, another sentence."""
    draft = operations.open_draft(db.session(), fiche.id, provider)  # type: ignore[arg-type]
    content: Contenu = draft.content
    session = content.actions[0].sessions[0]
    assert session.debut
    session.debut = session.debut.replace(month=10)
    content.formation.contenu = "Jeux de rôle, chansons, lecture de courriers."
    operations.save_draft(db.session(), draft, content, {}, provider)  # type: ignore[arg-type]
    db.session.commit()
    make.step(fiche, "soumettre", provider)  # type: ignore[arg-type]


def pin(person: Person, field: str, text: str) -> None:
    form = person.page.locator("#epingler")
    form.get_by_label("Sur quelle question ?").select_option(label=field)
    form.get_by_label(re.compile("Vos mots")).fill(text)
    person.press("Épingler la remarque")


WAYS = pytest.mark.parametrize(
    ("size", "scripted"),
    [
        pytest.param(WIDE, True, id="1280px"),
        pytest.param(PHONE, True, id="390px"),
        pytest.param(PHONE, False, id="390px-sans-javascript"),
    ],
)


@WAYS
def test_a_moderator_s_morning(
    app: Flask, someone: NewPerson, people: tuple[str, str], size: dict[str, int], scripted: bool
) -> None:
    association, moderator = (someone(size, scripted=scripted) for _ in people)
    moderator.login(people[1])

    # The first: two remarks, then back to the structure.
    moderator.open("/moderation/")
    moderator.press("Prendre la suivante")
    moderator.reads(TITLE)
    moderator.reads("tout est nouveau")
    pin(moderator, "Objectifs", "Dites pour qui.")
    pin(moderator, "Lieu 1 – Maison de quartier – Caen : Comment venir", "Quel bus ?")
    moderator.reads("Remarques (2)")
    returning = moderator.fold("Renvoyer pour correction")
    moderator.press("Renvoyer pour correction", returning)
    moderator.reads("La fiche a été renvoyée.")

    # The next one opens by itself, a renewal: what changed is read, then one press.
    moderator.reads(RENEWED)
    moderator.reads("du 15/09/2026 au 30/06/2027")
    moderator.reads("du 15/10/2026 au 30/06/2027")
    moderator.press("Valider et publier")
    moderator.reads("La fiche a été validée.")

    # The structure sees each remark at its field, answers one, corrects the other, and sends again.
    association.login(people[0])
    association.follow(TITLE)
    association.reads("Le modérateur vous demande une correction")
    association.follow("Formation, Objectifs")
    remark = association.page.locator(".remarque").filter(has_text="Dites pour qui.")
    remark.get_by_label(re.compile("Votre réponse")).fill("Pour les parents de l’école.")
    remark.get_by_label(re.compile("C’est traité")).check()
    association.press("Enregistrer et relire")
    association.reads("Traitée")
    association.follow("Lieu 1, Comment venir")
    association.write(association.page, "Comment venir", "Bus 3, arrêt Mairie")
    association.press("Enregistrer et relire")
    association.reads("Corrigée")
    association.press("Envoyer pour vérification")

    # Both were dealt with, and how. From the queue to the approval: two presses.
    moderator.open("/moderation/")
    moderator.press("Prendre la suivante")
    moderator.reads("Ce que la structure a fait de vos remarques")
    moderator.reads("Pour les parents de l’école.")
    moderator.reads("Bus 3, arrêt Mairie")
    moderator.press("Valider et publier")
    moderator.reads("La fiche a été validée.")


@WAYS
def test_a_moderator_corrects_a_typo_and_the_structure_contests(
    app: Flask, someone: NewPerson, people: tuple[str, str], size: dict[str, int], scripted: bool
) -> None:
    association, moderator = (someone(size, scripted=scripted) for _ in people)
    moderator.login(people[1])
    moderator.open("/moderation/")
    moderator.follow(TITLE)
    moderator.press("Prendre")
    moderator.press("Corriger moi-même")
    moderator.open(f"{moderator.page.url}/intitule")
    moderator.write(moderator.page, "Intitulé", "Ateliers de français des Tilleuls")
    moderator.press("Enregistrer et relire")
    moderator.reads("Vos corrections")
    moderator.press("Terminer la correction")
    moderator.reads("Corrections du modérateur")
    moderator.press("Valider et publier")

    association.login(people[0])
    association.follow("Ateliers de français des Tilleuls")
    association.reads("Ce que le modérateur a corrigé")
    contest = association.fold("Je ne suis pas d’accord")
    association.write(contest, "Dites ce qui ne va pas", "Le quartier compte pour nous.")
    association.press("Contester la correction")
    association.reads("Vous avez contesté cette correction")

    moderator.open("/moderation/corrections")
    moderator.follow("Ateliers de français des Tilleuls")
    moderator.write(moderator.page, "Votre réponse à la structure", "C’est noté.")
    moderator.press("Répondre et classer")
    moderator.reads("réponse donnée")


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])
def test_doubles_and_ready_sentences(
    app: Flask, someone: NewPerson, people: tuple[str, str], size: dict[str, int]
) -> None:
    provider = db.session.query(make.User).filter_by(email=people[0]).one()
    make.fiche_in(RevisionState.SOUMISE, provider, None, make.complete_content(DOUBLE))  # type: ignore[arg-type]
    db.session.remove()
    moderator = someone(size)
    moderator.login(people[1])
    moderator.open("/moderation/phrases")
    moderator.fold("Ajouter une phrase")
    moderator.press("Ajouter la phrase")
    moderator.reads("Écrivez la phrase.")
    moderator.open("/moderation/")
    moderator.follow(DOUBLE)
    moderator.reads("Fiches qui lui ressemblent")
    merging = moderator.fold("Fusionner…")
    moderator.press("Fusionner les deux fiches", merging)
    moderator.reads("Dites laquelle des deux fiches vous gardez.")
    merging = moderator.fold("Fusionner…")
    merging.get_by_label(re.compile("Celle que vous lisez")).check()
    moderator.press("Fusionner les deux fiches", merging)
    moderator.reads("est gardée")
