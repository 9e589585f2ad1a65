"""The pages of messages and links, seen at both widths: from the public page to the first step, and back by e-mail."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import FailedJob, RevisionState
from tests.support import factories as make
from tests.support.post_office import open_office

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])


def link_in(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"/lien/\S+", body.get_content())
    assert found
    return found[0]


@pytest.mark.parametrize("scripted", [True, False], ids=["avec script", "sans script"])
def test_a_volunteer_without_account_begins_and_comes_back(
    app: Flask, someone: NewPerson, size: Size, scripted: bool
) -> None:
    with open_office() as office:
        awa = someone(size, scripted=scripted)
        awa.open("/")
        awa.follow("Décrire nos ateliers, sans compte", awa.page.get_by_role("main"))
        awa.press("Recevoir le lien")
        awa.reads("Écrivez une adresse e-mail complète")
        awa.write(awa.page, "Votre prénom et votre nom", "Awa Exemple")
        awa.write(awa.page, "Votre adresse e-mail", "awa@tilleuls.example")
        awa.write(awa.page, "Le nom de votre association ou de votre structure", "Les amis des Tilleuls")
        awa.write(awa.page, "Le code postal où ont lieu vos ateliers", "14000")
        awa.press("Recevoir le lien")
        awa.title("Regardez vos messages")
        awa.open(link_in(office.messages[0]))
        awa.press("Continuer")
        awa.page.wait_for_url(re.compile("/saisie/structure"))
        elsewhere = someone(size, scripted=scripted)
        elsewhere.open("/connexion")
        elsewhere.follow("Recevoir par e-mail un lien pour entrer")
        elsewhere.press("Recevoir le lien")
        elsewhere.reads("Écrivez une adresse e-mail complète")
        elsewhere.write(elsewhere.page, "Adresse e-mail", "awa@tilleuls.example")
        elsewhere.press("Recevoir le lien")
        elsewhere.title("Regardez vos messages")
        elsewhere.open(link_in(office.messages[1]))
        elsewhere.press("Continuer")
        elsewhere.title("Mes fiches")
        elsewhere.open("/lien/inconnu")
        elsewhere.title("Ce lien n’est pas connu")


def test_what_one_was_told_and_what_the_administrator_sees(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, admin = make.provider(), make.administrator()
    make.fiche_in(RevisionState.A_CORRIGER, provider, make.moderator())
    db.session.add(
        FailedJob(function="workflows.importing.jobs.run", arguments=[3], reason="Trace\nOSError: disque plein")
    )
    db.session.commit()
    email, alma_email = committed(provider, admin)
    nadia = someone(size)
    nadia.login(email)
    nadia.open("/avis/choix")
    nadia.press("Enregistrer")
    nadia.reads("Vos choix sont enregistrés.")
    nadia.open("/avis/")
    nadia.reads("Non lu")
    nadia.press("Ouvrir : Votre fiche est à corriger : Ateliers de français du quartier des Tilleuls")
    nadia.reads("Précisez les horaires.")
    alma = someone(size)
    alma.login(alma_email)
    alma.open("/administration/courriels")
    alma.reads("À envoyer")
    alma.open("/administration/travaux")
    alma.reads("disque plein")
