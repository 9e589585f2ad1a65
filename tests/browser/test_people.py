"""Invited on a computer, a person makes their account on a telephone and enters a fiche."""

from __future__ import annotations

import re

from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import Organisme
from tests.support import factories as make
from tests.support.post_office import open_office

from .conftest import PHONE, WIDE, NewPerson
from .walks import new_fiche

PHRASE = "une phrase que moi seule invente"


def test_from_the_invitation_to_a_fiche_on_a_telephone(app: Flask, someone: NewPerson) -> None:
    structure = Organisme(nom="Ateliers du Quai", siret="", territoire_id=make.territoire().id)
    db.session.add(structure)
    db.session.flush()
    chief = make.provider("Nadia Exemple", structure).email
    db.session.remove()  # SQLite has one writer at a time: the test leaves it to the server
    nadia, awa = someone(WIDE), someone(PHONE)
    with open_office() as office:
        nadia.login(chief)
        nadia.follow("Personnes")
        nadia.title("Personnes de la structure")
        nadia.write(nadia.page, "Son adresse e-mail", "awa@exemple.fr")
        nadia.press("Envoyer l’invitation")
        nadia.reads("L’invitation est partie à awa@exemple.fr.")
        text = office.messages[-1].get_body(("plain",)).get_content()
    awa.open(re.search(r"/invitation/\S+", text)[0])
    awa.title("Vous êtes invité dans Relais")
    awa.write(awa.page, "Votre prénom et votre nom", "Awa Nouvelle")
    awa.write(awa.page, "Choisissez un mot de passe", "court")
    awa.write(awa.page, "Le même, une seconde fois", "court")
    awa.press("Créer mon compte")
    awa.reads("trop court")
    awa.write(awa.page, "Choisissez un mot de passe", PHRASE)
    awa.write(awa.page, "Le même, une seconde fois", PHRASE)
    awa.press("Créer mon compte")
    awa.title("Mes fiches")
    awa.reads("Votre compte est prêt.")
    new_fiche(awa)
    awa.open("/mes-structures/")
    awa.reads("Ateliers du Quai")
    awa.open("/mes-structures/rejoindre?q=quai")
    awa.reads("Aucune structure ne correspond.")
    nadia.open("/structures/membres")
    nadia.reads("Awa Nouvelle")


def test_the_pages_of_accounts_and_people_on_a_telephone(app: Flask, someone: NewPerson) -> None:
    structure = make.organisme()
    left = make.provider("Omar Parti", structure)
    make.draft(left)
    left.active = False
    flora, alma, marc = make.funder(), make.administrator(), make.moderator()
    flora_id, structure_id, emails = flora.id, structure.id, (alma.email, marc.email)
    db.session.commit()
    db.session.remove()
    admin, moderator = someone(PHONE), someone(PHONE)
    admin.login(emails[0])
    for page in ("", str(flora_id), "invitations"):
        admin.open(f"/administration/comptes/{page}")
    admin.press("Envoyer l’invitation")
    admin.reads("Choisissez ce que cette personne pourra faire.")
    moderator.login(emails[1])
    moderator.open("/moderation/personnes/")
    moderator.reads("Centre social des Tilleuls")
    moderator.open(f"/structures/{structure_id}/membres")
    moderator.reads("Compte désactivé")
    visitor = someone(PHONE)
    visitor.open("/rejoindre")
    visitor.press("Recevoir le lien")
    visitor.reads("Écrivez votre prénom et votre nom")
