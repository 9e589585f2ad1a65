"""The leaflet on paper: one A4 sheet, whatever the screen."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backoffice.core.extensions import db
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])
def test_two_groups_in_two_places_hold_on_one_sheet(app: Flask, someone: NewPerson, size: dict[str, int]) -> None:
    content = make.two_places()
    evening = make.complete_content().actions[0]
    evening.id, evening.nom, evening.lieu = "G5", "Groupe du soir", "L4"
    content.actions.append(evening)
    for place in content.lieux:
        place.transport, place.acces_handicapes = "Bus 3, arrêt Mairie, puis tout droit", "Oui, rampe à l’entrée"
    content.financement.frais = "Adhésion de 5 € par an"
    nadia = make.provider()
    email, fiche_id = nadia.email, make.draft(nadia, content).id
    db.session.remove()
    person = someone(size)
    person.login(email)
    person.open(f"/fiches/{fiche_id}/relecture")
    person.follow("Affichette à imprimer")
    person.reads("Brouillon")
    person.follow("Groupe du soir")
    person.reads("Bibliothèque")
    person.follow("Tous les groupes")
    sheet = person.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1
