"""The pages of a structure, and of two that are made one, at both widths: read, filled, accessible."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import Etablissement, Organisme, RevisionState, Uai
from tests.support import factories as make
from workflows.structures.register_checks import check_all

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])


def test_the_page_of_a_structure(app: Flask, someone: NewPerson, size: Size) -> None:
    structure = make.organisme()
    structure.uai = "0140001A"
    provider, moderator = make.provider("Nadia Exemple", structure), make.moderator()
    fiche = make.fiche_in(RevisionState.SOUMISE, provider, moderator)
    closed = Etablissement(siret=make.SIRET, denomination="CENTRE SOCIAL DES TILLEULS", closed_on=date(2026, 3, 3))
    db.session.add_all([closed, Uai(uai="0140001A", nom="Centre social des Tilleuls")])
    db.session.commit()
    check_all()
    email, marcs, number, version = committed(provider, moderator, structure, fiche.latest)
    nadia = someone(size)
    nadia.login(email)
    nadia.follow("Ma structure")
    nadia.reads("Cet établissement est fermé depuis le 03/03/2026.")
    nadia.page.get_by_role("button", name="Garder ce lieu").first.click()
    nadia.look()
    nadia.reads("est gardé")
    for page in ("identite", "contacts", "qualiopi", "lieux"):
        nadia.open(f"/structures/{number}/{page}")
    nadia.open(f"/structures/{number}/contacts")
    nadia.write(nadia.page.get_by_role("region", name="Direction"), "Adresse e-mail", "à la direction")
    nadia.press("Enregistrer")
    nadia.reads("Tout ce que vous avez écrit est gardé.")
    marc = someone(size)
    marc.login(marcs)
    marc.open(f"/moderation/{version}")
    marc.reads("Cet établissement est fermé")
    marc.open(f"/structures/{number}")
    marc.page.get_by_text("Noter ce que vous avez vérifié").click()
    marc.press("Noter la vérification")
    marc.reads("Dites comment vous l’avez vérifié")


def test_two_structures_are_made_one(app: Flask, someone: NewPerson, size: Size) -> None:
    one, two = make.organisme(), make.organisme("Centre social Les Tilleuls")
    two.siret, one.commune, two.commune, two.rna = "", "14118", "14118", "W143000001"
    provider, moderator = make.provider("Nadia Exemple", one), make.moderator()
    make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    (marcs,) = committed(moderator)
    marc = someone(size)
    marc.login(marcs)
    marc.open("/structures/doublons/")
    marc.page.get_by_role("link", name="Comparer et réunir").first.click()
    marc.look()
    marc.press("Réunir les deux structures")
    marc.reads("Cochez la case qui confirme")
    marc.page.get_by_label("C’est bien la même structure").check()
    marc.press("Réunir les deux structures")
    marc.reads("sont réunies")
    assert db.session.query(Organisme).filter(Organisme.merged_into_id.is_not(None)).count() == 1
    db.session.remove()
