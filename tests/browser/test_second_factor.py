"""On a phone: a moderator sets up the second factor, comes back with a code, and looks at their account."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from backoffice.core.extensions import db
from backoffice.models import SecondFactor
from tests.support import factories as make

from .conftest import PHONE, WIDE


@pytest.mark.parametrize("scripted", [True, False])
def test_setting_up_the_second_factor_then_coming_back_with_a_code(someone, app, scripted) -> None:
    moderator = make.moderator()
    moderator.second_factor = None
    db.session.commit()
    email = moderator.email
    db.session.remove()
    marc = someone(PHONE, scripted=scripted)
    marc.login(email)
    marc.title("Second facteur")
    marc.reads("un mot de passe ne suffit pas")
    marc.press("Commencer")
    drawing = marc.page.get_by_role("img", name="Dessin carré")
    assert drawing.evaluate("image => image.complete && image.naturalWidth > 0") if scripted else drawing.is_visible()
    telephone = pyotp.TOTP(marc.page.locator("code.cle").inner_text().replace(" ", ""))
    marc.write(marc.page, "Code à six chiffres", "123")
    marc.press("Confirmer")
    marc.reads("Ce code n’est pas le bon")
    marc.write(marc.page, "Code à six chiffres", telephone.now())
    marc.press("Confirmer")
    marc.title("Vos codes de secours")
    codes = marc.page.locator(".codes code").all_inner_texts()
    with marc.page.expect_download() as kept:
        marc.page.get_by_role("button", name="Télécharger les codes").click()
    assert Path(kept.value.path()).read_text().split()[-10:] == codes
    marc.follow("J’ai gardé mes codes, continuer")
    expect(marc.page.get_by_role("heading", level=1)).not_to_have_text("Second facteur")
    marc.press("Se déconnecter")
    db.session.execute(update(SecondFactor).values(last_step=0))  # as thirty seconds later
    db.session.commit()
    for wrong, spare in (("000000", ""), ("", codes[0])):
        if not wrong:
            marc.fold("Vous n’avez pas votre téléphone ?")
            marc.write(marc.page, "Un de vos codes de secours", spare)
        else:
            marc.open("/connexion")
            marc.write(marc.page, "Adresse e-mail", email)
            marc.write(marc.page, "Mot de passe", make.PASSWORD)
            marc.press("Se connecter", marc.page.get_by_role("main"))
            marc.title("Donnez votre code")
            marc.write(marc.page, "Code à six chiffres", wrong)
        marc.press("Continuer")
    marc.open("/compte/")
    for page in ("Second facteur", "Mot de passe", "Adresse e-mail", "Connexions"):
        marc.open("/compte/")
        marc.follow(page, marc.page.get_by_role("main"))
        marc.title(page)
    marc.reads("Code de secours : accepté")
    marc.open("/mot-de-passe-oublie")
    marc.open("/mot-de-passe/inconnu")


def test_an_administrator_looks_at_the_connections(someone, app) -> None:
    alma, marc = make.administrator(), make.moderator()
    email, number = alma.email, marc.id
    db.session.remove()
    person = someone(WIDE)
    person.login(email)
    person.open("/administration/connexions/")
    person.reads("Alma Admin")
    person.open(f"/administration/connexions/{number}")
    person.fold("La personne a perdu son téléphone et ses codes de secours")
    person.look()
    person.press("Retirer son second facteur")
    person.reads("Ce compte n’a pas de second facteur")
