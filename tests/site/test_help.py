"""The help: every page opens to everybody, and says of the paths and of the rules what they are today."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backoffice.core.clock import clock_at
from backoffice.models import Dispositif
from backoffice.web.views.help_pages import PAGES, help_of, told_rules
from forms.fiches.paths import PATHS
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor


@pytest.mark.parametrize("slug", PAGES)
def test_every_page_opens_from_the_first_one(app, slug):
    visitor = Visitor(app)
    links = open_page(visitor, "/aide/").dom.xpath("//main//a/@href")
    assert f"/aide/{slug}" in links
    page = open_page(visitor, f"/aide/{slug}")
    assert (page.status, page.words("//h1")) == (200, PAGES[slug].title)
    for link in page.dom.xpath("//main//a/@href"):
        assert visitor.get(link).status_code in (200, 303), link


@pytest.mark.parametrize("dispositif", Dispositif)
def test_a_path_is_told_with_its_own_steps(app, dispositif):
    words = open_page(Visitor(app), f"/aide/{dispositif.lower()}").words("//ol")
    for step in PATHS[dispositif].steps:
        assert step.title in words


def test_a_rule_is_told_as_it_is_on_the_day_without_what_speaks_of_one_fiche():
    def said(day):
        with clock_at(day):
            return {message: source for message, _, source in told_rules(Dispositif.OEPRE)}

    now, before = said(datetime(2026, 11, 1, tzinfo=UTC)), said(datetime(2025, 3, 1, tzinfo=UTC))
    hours = "Un atelier OEPRE dure de 60 à 120 heures dans l’année."
    assert "4 septembre 2025" in now[hours]
    assert "2017" in before[hours]
    assert not any("{" in message or "celui-ci" in message for message in {**now, **before})


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/fiches/", "apres-l-envoi"),
        ("/fiches/nouvelle", "asl"),
        ("/fiche-asl", "asl"),
        ("/moderation/3", "moderer"),
        ("/historique/3", "moderer"),
        ("/suivi/relances", "suivre-une-subvention"),
        ("/lheo/verifier", "lire-un-flux"),
        ("/moderations", ""),
        ("/avis/", ""),
    ],
)
def test_a_page_leads_to_the_help_that_speaks_of_it(path, slug):
    assert help_of(path) == slug


def test_a_step_leads_to_the_help_of_its_dispositif(app):
    nadia = make.provider()
    fiche = make.draft(nadia, dispositif=Dispositif.OEPRE)
    menu = open_page(Visitor(app, nadia), f"/fiches/{fiche.id}/saisie/objectifs").dom.xpath(
        "//header//a[.='Aide']/@href"
    )
    assert menu == ["/aide/oepre"]
    assert open_page(Visitor(app, nadia), "/avis/").dom.xpath("//header//a[.='Aide']/@href") == ["/aide/"]


def test_a_page_that_is_none_is_not_there(app):
    assert Visitor(app).get("/aide/inconnue").status_code == 404
