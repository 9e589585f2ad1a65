"""A volunteer renews last year's fiche, counted from the list of fiches to «envoyée»; a structure renews many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.models import RevisionState
from backoffice.queries.fiches.scope import PAGE
from forms.fiches.renewals import PROPOSED, renew
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])
MOST_CLICKS = 6


class Clicks:
    """Counts what the person presses, by the browser itself."""

    def __init__(self, page: Page):
        self.number = 0
        page.expose_function("oneMore", self._more)
        page.add_init_script("addEventListener('click', event => event.isTrusted && oneMore(), true)")

    def _more(self) -> None:
        self.number += 1


def test_last_years_fiche_is_renewed_in_six_clicks_at_most(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, moderator = make.provider(), make.moderator()
    content = make.complete_content()
    row = content.actions[0].sessions[0]
    today = local_day(now())
    row.debut, row.fin = today - timedelta(430), today - timedelta(145)
    (new,) = renew(content, PROPOSED, today).content.actions[0].sessions
    email, _ = committed(provider, make.fiche_in(RevisionState.VALIDEE, provider, moderator, content))
    nadia = someone(size)
    clicks = Clicks(nadia.page)
    nadia.login(email)
    nadia.title("Mes fiches")
    clicks.number = 0
    nadia.page.get_by_role("link", name=f"Reconduire {content.formation.intitule}").click()
    nadia.look()
    nadia.reads(long_day(new.debut))
    nadia.press("Reconduire cette fiche")
    nadia.reads("Votre fiche est complète")
    nadia.press("Envoyer pour vérification")
    nadia.title("Merci, votre fiche est envoyée")
    assert 0 < clicks.number <= MOST_CLICKS
    assert nadia.inputs == 2, "l’adresse et le mot de passe, rien d’autre"


def test_several_fiches_without_javascript(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, moderator = make.provider(), make.moderator()
    titles = ("Ateliers du matin", "Ateliers du soir", "Ateliers du samedi")
    fiches = [
        make.fiche_in(RevisionState.VALIDEE, provider, moderator, make.complete_content(title)) for title in titles
    ]
    email, *_ = committed(provider, *fiches)
    nadia = someone(size, scripted=False)
    nadia.login(email)
    nadia.open("/fiches/reconduire?choix=1")
    nadia.reads("Cochez au moins une fiche à reconduire.")
    nadia.tick(nadia.page, "Quelles fiches de Centre social des Tilleuls ?", *titles[:2])
    nadia.press("Voir les nouvelles dates")
    kept = nadia.fold("Choisir ce qui est gardé")
    kept.get_by_label("Les dates, un an plus tard").uncheck()
    nadia.press("Voir les dates avec ces choix")
    nadia.reads("Vous avez choisi de ne pas garder les dates.")
    nadia.fold("Choisir ce qui est gardé").get_by_label("Les dates, un an plus tard").check()
    nadia.press("Voir les dates avec ces choix")
    nadia.press("Reconduire ces 2 fiches")
    nadia.title("2 fiches sont reconduites")
    nadia.follow("Relire et envoyer Ateliers du matin")
    nadia.reads("Votre fiche est complète")
    nadia.open("/fiches/reconduire")
    nadia.reads("Celles qui ne peuvent pas l’être maintenant")


def test_a_moderator_opens_a_campaign_and_a_volunteer_answers_it(app: Flask, someone: NewPerson, size: Size) -> None:
    provider, moderator = make.provider(), make.moderator()
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    last_year = make.campaign(moderator, label="Ateliers de l’an dernier", opened_at=now())
    nadia_email, marc_email, *_ = committed(provider, moderator, fiche, last_year)
    marc, nadia = someone(size), someone(size)
    marc.login(marc_email)
    marc.follow("Campagnes")
    marc.follow("Nouvelle campagne")
    today = local_day(now())
    marc.press("Enregistrer la campagne")
    marc.reads("Donnez un nom à la campagne.")
    marc.write(marc.page, "Nom de la campagne", "Ateliers de l’année qui vient")
    marc.write(marc.page, "Année", today.year + 1)
    marc.write(marc.page, "Ouverture", today)
    marc.write(marc.page, "Date limite", today + timedelta(30))
    marc.page.get_by_label("Votre message").fill("Merci de répondre tôt.")
    marc.press("Enregistrer la campagne")
    marc.reads("Une structure serait invitée (1 personne)")
    marc.press("Ouvrir et inviter")
    marc.reads("Les invitations partent")
    marc.open("/moderation/campagnes/")
    nadia.login(nadia_email)
    nadia.reads("Ateliers de l’année qui vient")
    nadia.follow("Choisir les fiches à reconduire")
    nadia.reads("Merci de répondre tôt.")
    nadia.press("Voir les nouvelles dates")
    nadia.press("Reconduire cette fiche")
    nadia.press("Envoyer pour vérification")
    marc.open("/moderation/")
    marc.follow("Campagnes")
    marc.follow("Ateliers de l’année qui vient")
    marc.follow("Modifier la campagne")


def test_a_structure_with_more_fiches_than_a_page_holds(app: Flask, someone: NewPerson, size: Size) -> None:
    provider = make.provider()
    for rank in range(PAGE + 1):
        make.draft(provider, make.complete_content(f"Ateliers, groupe {rank}"))
    (email,) = committed(provider)
    nadia = someone(size)
    nadia.login(email)
    nadia.reads("21 fiches, page 1 sur 2.")
    nadia.follow("Page suivante")
    nadia.follow("Ateliers, groupe 0")
    nadia.open("/fiches/")
    nadia.write(nadia.page, "Intitulé ou numéro", "groupe 12")
    nadia.press("Chercher")
    nadia.reads("1 fiche.")
    nadia.follow("Terminer et envoyer Ateliers, groupe 12")
