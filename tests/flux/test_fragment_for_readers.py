"""What the fragment says because a reader of the flows shows nothing else; the import takes it off again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from lxml import etree

from backoffice.models.content import Action, Contact, Contenu, Creneau, Financeur, Lieu, Niveaux, Session
from exports.fragment.build import formation
from exports.fragment.check import content_path
from exports.importing.lheo import read_formation
from tests.support.contents import contents
from tests.support.factories import caen, complete_content

from .test_fragment import IDENTITY, built


def spoken(root: etree._Element, path: str) -> str:
    return (root.findtext(path) or "").replace("\xa0", " ")


def two_groups() -> Contenu:
    """Two groups in one town, alike but for their level and their days."""
    content = complete_content()
    second = replace(content.actions[0], id="G8", nom="", niveaux=Niveaux("B1", "B1", "B2", ""))
    second.creneaux = [Creneau("lundi", time(18), time(20)), Creneau("jeudi", time(18), time(20))]
    second.sessions = [Session("S9", date(2026, 9, 15), date(2027, 6, 30))]
    second.garde_enfants = "Halte-garderie sur place."
    content.actions.append(second)
    return content


def test_a_line_begins_with_the_end_of_the_formation(app):
    written = etree.tostring(formation(complete_content(), IDENTITY), encoding="unicode")
    assert written.splitlines()[-1] == "</formation>"
    assert max(map(len, written.splitlines())) < 300


def test_the_most_telling_audience_comes_first(app):
    content = complete_content()
    content.formation.publics = ["81021", "83056", "81018", "81022", "80010", "81023"]
    codes = built(content).xpath("action[1]/code-public-vise/text()")
    assert codes == ["81023", "81022", "80010", "81018", "83056", "81021"]


SIRET = "77897285100068"
NUMEROS = {
    "the structure itself": ({}, IDENTITY.organisme_numero),
    "another body, by its SIRET": (
        {"formateur_nom": "L’Atelier", "formateur_siret": "77897285100068"},
        "77897285100068",
    ),
    "another body, by its name": ({"formateur_nom": "L’Atelier"}, f"{IDENTITY.organisme_numero}F"),
}


@pytest.mark.parametrize(("changes", "numero"), NUMEROS.values(), ids=NUMEROS)
def test_every_trainer_has_a_stable_numero(app, changes, numero):
    content = complete_content()
    content.structure = replace(content.structure, **changes)
    given_ = built(content).find("action/organisme-formateur").get("numero")
    assert given_.startswith(numero)
    content.structure.formateur_nom = content.structure.formateur_nom.upper()
    assert built(content).find("action/organisme-formateur").get("numero") == given_
    assert reread(content).structure.formateur_nom == content.structure.formateur_nom


def test_two_other_bodies_have_two_numeros(app):
    one, two = complete_content(), complete_content()
    one.structure.formateur_nom, two.structure.formateur_nom = "Un", "Deux"
    assert len({built(content).find("action/organisme-formateur").get("numero") for content in (one, two)}) == 2


def test_the_trainer_is_joined_at_the_seat_of_the_structure(app):
    content = complete_content()
    content.structure.adresse.ville, content.structure.site = "Bayeux", "https://tilleuls.example"
    found = built(content).find("action/organisme-formateur/contact-formateur/coordonnees")
    assert found.findtext("adresse/ville") == "Bayeux"
    assert found.findtext("telfixe/numtel")
    assert found.findtext("web/urlweb") == reread(content).structure.site == "https://tilleuls.example"
    content.structure.formateur_nom = "L’Atelier"  # its address is unknown
    assert built(content).find("action/organisme-formateur/contact-formateur/coordonnees/adresse") is None


def test_what_no_field_shows_ends_the_programme(app):
    content = complete_content()
    content.actions[0].garde_enfants = "Oui,\nà la halte-garderie."
    content.lieux[0].acces_handicapes = "Rampe"
    content.formation.resultats = "Attestation."
    assert spoken(built(content), "contenu-formation").splitlines() == [
        "Jeux de rôle, sorties, lecture de courriers.",
        "Niveau de français à l’entrée : A1 à l’oral, alphabétisation à l’écrit.",
        "Niveau de français visé : A2 à l’oral.",
        "Jours et horaires : mardi, 9 h 30 – 11 h 30 ; jeudi, 9 h 30 – 11 h 30 (soit 4 h par semaine).",
        "Garde d’enfants : Oui, à la halte-garderie.",
        "Accès pour les personnes handicapées : Rampe.",
        "À la fin : Attestation.",
    ]


def test_each_group_is_named_where_they_differ(app):
    lines = spoken(built(two_groups()), "contenu-formation").splitlines()
    assert "Groupe 1 (Groupe débutants) – Niveau de français visé : A2 à l’oral." in lines
    assert "Groupe 2 – Niveau de français à l’entrée : B1 à l’oral, B1 à l’écrit." in lines
    assert "Groupe 2 – Garde d’enfants : Halte-garderie sur place." in lines


@pytest.mark.parametrize("length", [2_800, 2_990, 3_000])
def test_what_was_typed_is_never_cut(app, length):
    content = two_groups()
    content.formation.contenu = "x" * length
    written = built(content).findtext("contenu-formation")
    assert written.startswith(content.formation.contenu)
    assert len(written) <= 3_000
    assert reread(content).formation.contenu == content.formation.contenu


def test_groups_that_differ_only_by_level_or_hours_are_told_apart(app):
    root = built(two_groups())
    told = [spoken(action, "info-public-vise") for action in root.iterfind("action")]
    assert told[0].startswith("Groupe 1 (Groupe débutants).\nNiveau de français à l’entrée : A1")
    assert told[1].startswith("Groupe 2.\nNiveau de français à l’entrée : B1 à l’oral, B1 à l’écrit.")
    assert built(complete_content()).findtext("action/info-public-vise") is None


@pytest.mark.parametrize("typed", ["", "Parents d’élèves.", "x" * 250])
def test_the_audience_as_typed_comes_back(app, typed):
    content = two_groups()
    content.formation.info_publics = typed
    assert reread(content).formation.info_publics == typed


def test_fees_are_said_where_they_are_shown(app):
    content = complete_content()
    content.financement.frais = "Adhésion de 10 € par an."
    content.inscription.perimetre = "2"
    action = built(content).find("action")
    assert spoken(action, "detail-conditions-prise-en-charge") == "Reste à payer : Adhésion de 10 € par an."
    lines = spoken(action, "conditions-specifiques").splitlines()
    assert lines[-2:] == ["Reste à payer : Adhésion de 10 € par an.", "Ouvert aux personnes du département."]
    content.financement.cout, content.financement.prix, content.financement.prise_en_charge = "payant", 40, True
    assert spoken(built(content).find("action"), "detail-conditions-prise-en-charge") == (
        "Prix pour la personne : 40 €. Reste à payer : Adhésion de 10 € par an. Une aide peut payer ces frais."
    )


def test_the_dispositif_is_said_when_nobody_funds_it(app):
    content = complete_content()
    content.financement.financeurs = []
    root = built(content)
    assert root.xpath("string(extras[@info='parcours']/extra[@info='code-dispositif'])") == "ASL"
    assert read(content).dispositif == IDENTITY.dispositif


def test_the_funder_by_which_a_reader_knows_that_it_is_free_comes_first(app):
    content = complete_content()
    content.financement.financeurs = [Financeur("20"), Financeur("19", "BOP 104"), Financeur("9")]
    root = built(content)
    assert root.xpath("action/organisme-financeur/code-financeur/text()") == ["19", "9", "20"]
    path = "/lheo/offres/formation[1]/action[1]/organisme-financeur[3]/code-financeur"
    assert content_path(path, content) == "financement-financeurs-0-code"


def test_the_page_of_the_fiche_is_its_first_address(app):
    content = complete_content()
    content.formation.url = "https://tilleuls.example/ateliers"
    root = formation(content, replace(IDENTITY, page="https://relais.example/offre/01_GE000042"))
    assert root.xpath("url-formation/urlweb/text()") == [
        "https://relais.example/offre/01_GE000042",
        content.formation.url,
    ]
    assert read(root).content.formation.url == content.formation.url
    content.formation.url = ""
    root = formation(content, replace(IDENTITY, page="https://relais.example/offre/01_GE000042"))
    assert read(root).content.formation.url == ""


def test_the_length_is_said_when_nobody_typed_it(app):
    content = complete_content()
    assert spoken(built(content), "action/duree-indicative") == "120 h en tout, 4 h par semaine, 30 semaines"
    assert reread(content).actions[0].duree == ""
    content.actions[0].duree = "Une année scolaire"
    assert reread(content).actions[0].duree == "Une année scolaire"


def read(made: Contenu | etree._Element):
    root = formation(made, IDENTITY) if isinstance(made, Contenu) else made
    text = f'<lheo xmlns="http://lheo.gouv.fr/2.3">{etree.tostring(root, encoding="unicode")}</lheo>'
    found = read_formation(etree.fromstring(text)[0], "ligne 1")
    assert found.remarks == []
    return found


def reread(content: Contenu) -> Contenu:
    return read(content).content


@given(contents())
@settings(max_examples=30, deadline=None)
def test_every_text_comes_back_as_it_was_typed(content):
    content.formation.conditions = content.formation.conditions[:2_500]
    content.structure.formateur = Contact("Ali", "", "+33261910002", "")
    content.lieux.append(Lieu("L77", caen("Ailleurs")))
    content.actions.append(Action("G77", lieu="L77", rythme="Le soir.", sessions=[Session("S1")]))
    back = reread(content)
    for name in ("contenu", "conditions", "info_publics", "resultats"):
        assert getattr(back.formation, name) == getattr(content.formation, name), name
    assert [action.rythme for action in back.actions] == [action.rythme for action in content.actions]
    assert [action.duree for action in back.actions] == [action.duree for action in content.actions]
