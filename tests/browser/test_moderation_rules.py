"""A moderator writes a rule, tries it and activates it; a fiche is hit, then refused; its structure reads why."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import RevisionState
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson

SIZES = [pytest.param(WIDE, id="ordinateur"), pytest.param(PHONE, id="telephone")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripted", [True, False], ids=["avec-script", "sans-script"])
def test_from_the_rule_to_the_refusal(app: Flask, someone: NewPerson, size: dict[str, int], scripted: bool) -> None:
    provider, moderator = make.provider(), make.moderator()
    make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    fiche = make.draft(provider)
    db.session.commit()
    fiche_id, nadia_email, marc_email = fiche.id, provider.email, moderator.email
    db.session.remove()

    marc = someone(size, scripted=scripted)
    marc.login(marc_email)
    marc.follow("Règles")
    marc.follow("Nouvelle règle")
    marc.press("Enregistrer la règle")  # nothing is written yet
    marc.page.get_by_role("alert").wait_for()
    marc.write(marc.page, "Nom de la règle", "Sorties à regarder")
    marc.write(marc.page, "Ce que le modérateur doit regarder", "Les sorties doivent servir à parler français.")
    marc.choose(marc.page, "Ajouter une condition", "Des mots sont écrits")
    marc.press("Ajouter")
    marc.tick(marc.page, "Où chercher", "Les objectifs et le contenu")
    marc.write(marc.page, "Mots ou groupes de mots, un par ligne", "sortie*\nvisite de ville")
    marc.press("Enregistrer la règle")
    marc.title("Sorties à regarder")
    marc.follow("Essayer sur les fiches existantes")
    marc.reads("1 fiche touchée sur 1 regardée")
    marc.reads("« sorties »")
    marc.follow("Revenir à la règle")
    marc.press("Activer la version 1")
    marc.reads("La règle est active.")

    nadia = someone(size, scripted=scripted)
    nadia.login(nadia_email)
    nadia.open(f"/fiches/{fiche_id}/relecture")
    nadia.press("Envoyer pour vérification")

    db.session.rollback()
    revision_id = db.session.get_one(type(fiche), fiche_id).latest.id
    db.session.remove()
    marc.open(f"/moderation/{revision_id}")
    marc.press("Prendre")
    marc.reads("Sorties à regarder")
    marc.reads("Jeux de rôle, « sorties », lecture de courriers.")
    marc.reads("Les sorties doivent servir à parler français.")
    aside = marc.fold("Écarter ce signalement…")
    marc.press("Écarter ce signalement", aside)  # without a word
    marc.page.get_by_role("alert").wait_for()
    aside = marc.fold("Écarter ce signalement…")
    marc.write(aside, "Pourquoi peut-il être écarté ?", "Des sorties en français.")
    marc.press("Écarter ce signalement", aside)
    marc.reads("Écarté par Marc Modèle")
    refusal = marc.fold("Refuser…")
    marc.press("Refuser", refusal)  # without a reason
    marc.page.get_by_role("alert").wait_for()
    refusal = marc.fold("Refuser…")
    marc.choose(refusal, "Pour quel motif ?", "La même action a déjà une fiche")
    marc.press("Refuser", refusal)

    nadia.open(f"/fiches/{fiche_id}")
    nadia.reads("Une autre fiche décrit déjà cette action")
    nadia.reads("Ce que vous pouvez faire")
    nadia.reads("Gardez la fiche déjà en ligne")
    nadia.follow("Toute la vie de la fiche")
    nadia.title("Toute la vie de la fiche")
    nadia.reads("La même action a déjà une fiche")
    marc.open(f"/historique/{fiche_id}")
    marc.reads("Signalement écarté")


@pytest.mark.parametrize("size", SIZES)
def test_the_tools_of_a_moderator(app: Flask, someone: NewPerson, size: dict[str, int]) -> None:
    """Every page of the tools, each kind of condition and each error state, on a large screen and on a phone."""
    moderator, admin = make.moderator(), make.administrator()
    make.fiche_in(RevisionState.REFUSEE, make.provider(), moderator)
    marc_email, alma_email = moderator.email, admin.email
    db.session.remove()
    marc = someone(size)
    marc.login(marc_email)
    marc.open("/moderation/regles/nouvelle")
    for kind in (
        "Des mots sont écrits",
        "Un nombre est trop petit ou trop grand",
        "Un lieu est dans un département ou une commune",
        "Des dates sont passées ou lointaines",
        "Le public est, ou n’est pas, l’un de ceux-ci",
        "La fiche est de ce dispositif",
        "Une réponse manque",
        "Un annuaire national laisserait la fiche ou un groupe de côté",
    ):
        marc.choose(marc.page, "Ajouter une condition", kind)
        marc.press("Ajouter")
    marc.press("Enregistrer la règle")
    marc.page.get_by_role("alert").wait_for()
    marc.follow("Règles", marc.page.get_by_role("main"))
    marc.follow("Formation douteuse : soins, bien-être ou promesses")
    marc.press("L’écarter pour Normandie")
    marc.reads("Cette règle est écartée pour Normandie")
    marc.follow("Motifs")
    marc.follow("Nouveau motif pour Normandie")
    marc.press("Enregistrer le motif")
    marc.page.get_by_role("alert").wait_for()
    marc.follow("Motifs")
    marc.follow("L’action est terminée")
    marc.press("Enregistrer le motif")
    marc.follow("Journal")
    marc.reads("Fiche refusée")
    marc.open("/moderation/journal?du=2026-02-02&au=2026-01-01&etape=voler")
    marc.page.get_by_role("alert").wait_for()
    marc.open("/moderation/journal?structure=introuvable")
    alma = someone(size)
    alma.login(alma_email)
    alma.follow("Règles")
    alma.follow("Dates passées")
    alma.press("Désactiver")
    alma.reads("La règle ne fait plus rien.")
