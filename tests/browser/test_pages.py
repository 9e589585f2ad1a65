"""Every page of the application, at both widths: accessible, and nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import RevisionState
from backoffice.models.content import Contenu, Porteuse
from backoffice.web.views.help_pages import PAGES
from forms.fiches.paths import PATHS
from tests.support import factories as make
from workflows.fiches.transitions import TRANSITIONS, Subject

from .conftest import PHONE, WIDE, NewPerson
from .person import Person, part
from .walks import new_fiche, section

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])

Size = dict[str, int]
STEPS = [step.slug for step in next(iter(PATHS.values())).steps]


def committed(*rows: Any) -> list[Any]:
    """E-mails of people and ids of fiches, read before the base is left to the server."""
    facts = [getattr(row, "email", None) or row.id for row in rows]
    db.session.remove()
    return facts


def wrong_structure(person: Person) -> None:
    person.write(person.page, "Numéro SIRET", "123 456")
    person.write(person.page, "Code postal", "9999")
    reach = section(person, "Comment joindre la structure")
    person.write(reach, "Téléphone", "bonjour")
    person.write(reach, "Adresse e-mail", "accueil chez nous")


def wrong_title(person: Person) -> None:
    person.write(person.page, "Intitulé", "Ateliers de français " * 20)
    person.write(person.page, "Page internet", "notre page")


def wrong_content(person: Person) -> None:
    person.write(person.page, "Objectifs", "Se débrouiller chez le médecin. " * 120)


def wrong_public(person: Person) -> None:
    person.write(person.page, "Numéro RNCP ou RS", "le DELF")


def wrong_places(person: Person) -> None:
    group = part(person.page, "Groupe 1")
    person.write(part(person.page, "Lieu 1"), "Code postal", "00000")
    person.write(group, "Nombre maximum de personnes", "une douzaine")
    person.write(group, "Nombre minimum de personnes", "six")


def wrong_sessions(person: Person) -> None:
    person.write(part(person.page, "Groupe 1"), "Places encore libres", "quelques-unes")


def wrong_funding(person: Person) -> None:
    person.write(part(person.page, "Financeur 1"), "Places financées", "dix")


MISTAKES: dict[str, Callable[[Person], None]] = {
    "structure": wrong_structure,
    "intitule": wrong_title,
    "objectifs": wrong_content,
    "publics": wrong_public,
    "lieux": wrong_places,
    "sessions": wrong_sessions,
    "financement": wrong_funding,
}


def test_before_logging_in(app: Flask, someone: NewPerson, size: Size) -> None:
    passer = someone(size)
    passer.open("/")
    passer.follow("Se connecter", passer.page.get_by_role("main"))
    passer.write(passer.page, "Adresse e-mail", "nadia@exemple.fr")
    passer.write(passer.page, "Mot de passe", "je ne sais plus")
    passer.press("Se connecter", passer.page.get_by_role("main"))
    passer.reads("n’est pas le bon")
    passer.open("/cette-page-n-existe-pas")
    passer.title("Cette page n’existe pas")


def test_the_help(app: Flask, someone: NewPerson, size: Size) -> None:
    passer = someone(size)
    passer.open("/aide/")
    for slug in PAGES:
        passer.open(f"/aide/{slug}")


def test_each_step_empty_then_wrong(app: Flask, someone: NewPerson, size: Size) -> None:
    (email,) = committed(make.provider())
    nadia = someone(size)
    nadia.login(email)
    nadia.reads("Vous n’avez pas encore de fiche.")
    new_fiche(nadia)
    assert set(MISTAKES) == set(STEPS)
    start = nadia.page.url
    for slug in STEPS:
        nadia.open(start.replace("structure", slug))
        MISTAKES[slug](nadia)
        nadia.press("Enregistrer et continuer")
        nadia.reads("Tout ce que vous avez écrit est gardé.")
    nadia.open(start.replace("saisie/structure", "relecture"))
    nadia.reads("à compléter avant l’envoi")
    nadia.open("/moderation/")
    nadia.title("Cette page n’est pas ouverte à votre compte")


def test_each_step_filled_and_the_review(app: Flask, someone: NewPerson, size: Size) -> None:
    provider = make.provider("Nadia Exemple", make.organisme(), make.organisme("Mairie de Caen"))
    email, fiche = committed(provider, make.draft(provider))
    nadia = someone(size)
    nadia.login(email)
    for slug in (*STEPS, "relecture"):
        nadia.open(f"/fiches/{fiche}/{slug if slug == 'relecture' else f'saisie/{slug}'}")
    nadia.reads("Votre fiche est complète")
    nadia.open("/fiches/nouvelle")
    nadia.page.get_by_label("Vous agissez pour").select_option(label="Mairie de Caen")
    nadia.press("Changer de structure")
    nadia.reads("Vous agissez maintenant pour « Mairie de Caen ».")
    nadia.open(f"/fiches/{fiche}/relecture")
    nadia.reads("Attention : cette fiche est au nom de Centre social des Tilleuls")


def test_two_tabs_write_the_same_step(app: Flask, someone: NewPerson, size: Size) -> None:
    provider = make.provider()
    email, fiche = committed(provider, make.draft(provider))
    nadia = someone(size)
    nadia.login(email)
    nadia.open(f"/fiches/{fiche}/saisie/objectifs")
    nadia.write(nadia.page, "Objectifs", "Ce que j’écris dans le premier onglet.")
    other = nadia.another_tab()
    other.open(f"/fiches/{fiche}/saisie/objectifs")
    other.write(other.page, "Objectifs", "Ce que j’ai enregistré dans le second.")
    other.press("Enregistrer et continuer")
    nadia.press("Enregistrer et continuer")
    nadia.title("Cette étape a été modifiée entre-temps")
    nadia.reads("Ce que j’ai enregistré dans le second.")
    nadia.press("Garder ce que je viens d’écrire")
    nadia.open(f"/fiches/{fiche}/relecture")
    nadia.reads("Ce que j’écris dans le premier onglet.")
    other.no_problem()


def test_a_session_that_ended_while_typing_loses_nothing(app: Flask, someone: NewPerson, size: Size) -> None:
    provider = make.provider()
    email, fiche = committed(provider, make.draft(provider))
    nadia = someone(size)
    nadia.login(email)
    nadia.open(f"/fiches/{fiche}/saisie/objectifs")
    nadia.write(nadia.page, "Objectifs", "Parler avec l’enseignante de son enfant.")
    nadia.page.context.clear_cookies()
    nadia.press("Enregistrer et continuer")
    nadia.reads("Ce que vous venez d’écrire est gardé")
    nadia.write(nadia.page, "Adresse e-mail", email)
    nadia.write(nadia.page, "Mot de passe", make.PASSWORD)
    nadia.press("Se connecter", nadia.page.get_by_role("main"))
    nadia.title("Vous êtes de nouveau connecté")
    nadia.press("Enregistrer ce que j’avais écrit")
    nadia.open(f"/fiches/{fiche}/relecture")
    nadia.reads("Parler avec l’enseignante de son enfant.")


def test_a_fiche_in_each_state(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, moderator = make.provider(), make.moderator()
    fiches = [make.fiche_in(state, provider, moderator) for state in RevisionState]
    email, *ids = committed(provider, *fiches)
    nadia = someone(size)
    nadia.login(email)
    for fiche in ids:
        nadia.open(f"/fiches/{fiche}/affichette")
        nadia.open(f"/fiches/{fiche}")
    nadia.press("Modifier la fiche")
    nadia.open("/fiches/")


def test_the_queue_and_each_decision(app: Flask, someone: NewPerson, size: Size) -> None:
    moderator = make.moderator()
    (email,) = committed(moderator)
    marc = someone(size)
    marc.login(email)
    marc.reads("Aucune fiche n’attend.")

    provider = make.provider()
    moderator = db.session.merge(moderator)
    # One more than a page of the queue holds would be slow: the pages are tested without a browser.
    states = (*RevisionState, RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)
    fiches = [make.fiche_in(state, provider, moderator, _titled(rank)) for rank, state in enumerate(states)]
    shown = {
        fiche.revisions[0].state: fiche.revisions[0].id
        for fiche in fiches
        if fiche.revisions[0].state is not RevisionState.BROUILLON
    }
    db.session.remove()
    marc.open("/moderation/")
    marc.page.get_by_label("Intitulé, structure ou numéro").fill("tilleuls")
    marc.press("Filtrer")
    for revision in shown.values():
        marc.open(f"/moderation/{revision}")
    marc.open(f"/moderation/{shown[RevisionState.EN_INSTRUCTION]}")
    for transition in TRANSITIONS.values():
        if transition.explained and Subject.REVISION in transition.kinds and not transition.apart:
            decision = marc.fold(transition.label)
            marc.look()
            marc.press(transition.label, decision)  # without the words that it requires
            marc.page.get_by_role("alert").wait_for()
    marc.open(f"/moderation/{shown[RevisionState.VALIDEE]}")
    closing = marc.fold(TRANSITIONS["suspendre"].label)
    marc.choose(closing, "Pour quel motif ?", "Le lieu n’accueille plus l’action")
    marc.press(TRANSITIONS["suspendre"].label, closing)
    marc.reads("La fiche a été suspendue.")


def _titled(rank: int) -> Contenu:
    return make.complete_content(f"Ateliers de français, groupe {rank + 1}")


def test_readers_and_administrators(
    app: Flask, someone: NewPerson, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    funder, admin, provider = make.funder(), make.administrator(), make.provider()
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, make.moderator())
    flora_email, alma_email, id_ = committed(funder, admin, fiche)
    flora, alma = someone(size), someone(size)
    flora.login(flora_email)
    flora.title("Suivi des projets financés")
    flora.follow("Fiches publiées")
    flora.open(f"/consultation/{id_}")
    flora.reads("Ateliers de français du quartier des Tilleuls")
    flora.follow("Bilan")
    flora.page.get_by_text("Comment ces nombres sont comptés").click()
    flora.page.get_by_text("Voir en barres").first.click()
    flora.look()
    alma.login(alma_email)
    alma.open("/administration/exploitation/")
    alma.open("/administration")
    alma.title("Administration")
    alma.open("/administration/registres/")
    alma.follow("Vacances scolaires")
    table = b"zone;debut;fin;nom\nB;2025-10-18;2025-11-02;Toussaint\n"
    alma.page.get_by_label("Fichier", exact=True).set_input_files(
        {"name": "v.csv", "mimeType": "text/csv", "buffer": table}
    )
    alma.press("Lire ce fichier")
    alma.press("Appliquer cette lecture")
    alma.page.get_by_text("Défaire cette version").first.click()
    alma.look()

    def broken() -> str:
        raise RuntimeError("une panne inventée")

    broken.permission = app.view_functions["home.administration"].permission  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "home.administration", broken)
    alma.open("/administration")
    alma.title("Une erreur s’est produite chez nous")


def test_what_a_moderator_sets_and_a_silent_carrier(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, moderator = make.provider(), make.moderator()
    content = make.complete_content()
    content.structure.siret = ""
    content.structure.porteuse = Porteuse("Fédération des Tilleuls", make.SIRET, "direction@federation.example")
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator, content)
    version = fiche.latest.id
    (email,) = committed(moderator)
    marc = someone(size)
    marc.login(email)
    marc.open("/moderation/reglages/")
    marc.write(marc.page, "Jours ouvrés pour répondre à une structure", "beaucoup")
    marc.press("Enregistrer les réglages")
    marc.reads("Écrivez un nombre de jours")
    marc.open(f"/moderation/{version}")
    marc.press("Écrire de nouveau à la structure porteuse")
    marc.reads("Attendez un jour avant un autre.")
    agreement = marc.fold("Elle a donné son accord autrement")
    marc.press("Noter cet accord", agreement)
    marc.reads("Dites comment la structure porteuse a donné son accord")
    marc.write(marc.page, "Comment, et quand ?", "Courrier reçu le 3 mars.")
    marc.press("Noter cet accord")
    marc.reads("L’accord de la structure porteuse est noté")
