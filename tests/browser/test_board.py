"""A funder's morning: open the board, see who did not confirm, remind, and see it turn."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import Mail, RevisionState
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson

pytestmark = [
    pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")]),
    pytest.mark.at("2026-11-16T10:00"),  # the grants are those of 2026
]

Size = dict[str, int]


def confirmation_link() -> str:
    text = db.session.scalars(select(Mail.text).where(Mail.notice == "adresse_enquete")).one()
    db.session.remove()
    found = re.search(r"/adresse-enquete/\S+", text)
    assert found
    return found[0]


def test_a_funder_reminds_and_sees_it_turn(app: Flask, someone: NewPerson, size: Size) -> None:
    funder, provider = make.funder(), make.provider()
    structure = provider.memberships[0].organisme
    make.convention(funder, structure, contact_pne="enquete@tilleuls.example", montant=1_250_000)
    make.convention(funder, reference="2026-104-0002", nom="Association de la Rive", departement="76", annee=2026)
    make.convention(funder, reference="2025-104-0003", nom="Une autre année", annee=2025)
    make.fiche_in(RevisionState.VALIDEE, provider, make.moderator())
    email = funder.email
    db.session.remove()

    flora = someone(size)
    flora.login(email)
    flora.open("/suivi/?annee=2026")
    flora.reads("Association de la Rive")
    for address in ("/suivi/non-financees?annee=2026", "/suivi/?annee=2024", "/suivi/relances?annee=2024"):
        flora.open(address)
    flora.open("/suivi/?annee=2026")
    flora.choose(flora.page, "Où en sont-ils ?", "PNE non confirmée")
    flora.press("Voir")
    expect(flora.page.get_by_role("heading", name=re.compile("PNE non confirmée : 2"))).to_be_visible()

    flora.follow("Relancer ces projets")
    flora.reads("confirmer l’adresse e-mail de l’enquête")
    flora.write(flora.page, "Ajouter quelques mots", "Merci de répondre cette semaine.")
    flora.page.get_by_label("Association de la Rive – 2026-104-0002").uncheck()
    flora.press("Envoyer les relances")
    flora.reads("1 relance demandée")

    reader = someone(size)
    reader.open(confirmation_link())
    reader.page.get_by_role("main").get_by_role("button").first.click()
    reader.look()

    flora.open("/suivi/?annee=2026&etat=pne-adresse")
    expect(flora.page.get_by_role("heading", name=re.compile("PNE non confirmée : 1"))).to_be_visible()
    flora.open("/suivi/?annee=2026")
    flora.reads("Adresse : confirmée")


def test_what_is_asked_badly_is_said(app: Flask, someone: NewPerson, size: Size) -> None:
    funder = make.funder()
    make.convention(funder)
    email = funder.email
    db.session.remove()
    flora = someone(size)
    flora.login(email)
    flora.open("/suivi/relances?annee=2026")
    flora.page.get_by_label("Centre social").uncheck()
    flora.press("Envoyer les relances")
    flora.reads("Choisissez au moins un projet")
