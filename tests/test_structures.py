"""The page of a structure: what it says of itself, how far that is verified, the places that it uses often."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models import Change, Organisme, RevisionState, StructureCheck, User, Verification
from tests import factories as make
from tests.pages import Page, open_step
from tests.pages import stored as saved
from tests.statements import queries_of
from tests.visitor import Visitor
from workflows import operations


@pytest.fixture
def theirs(app) -> Organisme:
    return make.organisme()


@pytest.fixture
def person(app, theirs) -> User:
    return make.provider("Nadia Exemple", theirs)


@pytest.fixture
def nadia(app, person) -> Visitor:
    return Visitor(app, person)


@pytest.fixture
def marc(app, theirs) -> Visitor:
    return Visitor(app, make.moderator())


def open_(visitor: Visitor, organisme: Organisme, page: str = "") -> Page:
    return Page(visitor, visitor.get(f"/structures/{organisme.id}{page}"))


def stored(organisme: Organisme) -> Organisme:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Organisme, organisme.id)


def logged(organisme: Organisme) -> dict[str, tuple[str, str]]:
    rows = db.session.scalars(select(Change).where(Change.subject_id == str(organisme.id)).order_by(Change.id))
    return {row.name: (row.before, row.after) for row in rows}


def test_what_is_said_on_the_page_is_kept_logged_and_begins_the_next_fiche(nadia, theirs):
    page = open_(nadia, theirs, "/identite")
    page.type(
        {
            "structure-categorie": "centre_social",
            "structure-rna": "w14 3000001",
            "structure-adresse-lignes": "12 rue des Tilleuls",
            "structure-adresse-code_postal": "14000",
        }
    )
    assert page.send().status == 200
    kept = stored(theirs)
    assert (kept.categorie, kept.rna, kept.commune, kept.siren) == ("centre_social", "W143000001", "14118", "778972851")
    assert logged(theirs)["categorie"] == ("", "Centre social")
    assert logged(theirs)["adresse"] == ("", "12 rue des Tilleuls, 14000 Caen")

    page = open_(nadia, theirs, "/contacts")
    page.type({"direction-nom": "Dupré", "direction-courriel": "direction@tilleuls.example"})
    page.type({"accueil-nom": "Accueil", "accueil-telephone": "02 61 91 00 00"})
    assert "Dupré" in page.send().text
    assert logged(theirs)["contact_direction"] == ("", "modifié")  # no name of a person in the log

    person = db.session.get_one(Organisme, theirs.id)
    content = operations.first_content(db.session(), person).structure
    assert (content.categorie, content.rna, content.courriel) == (
        "centre_social",
        "W143000001",
        "direction@tilleuls.example",
    )
    assert (content.contact.telephone, content.adresse.ville) == ("02 61 91 00 00", "Caen")


def test_what_cannot_be_understood_is_said_at_its_field_and_nothing_is_lost(nadia, theirs):
    page = open_(nadia, theirs, "/identite").type({"structure-siret": "12345", "structure-nom": ""}).send()
    assert page.status == 422
    assert "14 chiffres" in page.error("structure-siret")
    assert page.error("structure-nom")
    assert page.shown("structure-siret") == ["12345"]
    page = open_(nadia, theirs, "/contacts").type({"direction-courriel": "à la direction"}).send()
    assert page.status == 422
    assert page.error("direction-courriel")
    page = open_(nadia, theirs, "/qualiopi").type({"qualiopi": "oui", "jusqu_au": "bientôt"}).send()
    assert (page.status, bool(page.error("jusqu_au")), bool(page.error("categories"))) == (422, True, True)
    assert stored(theirs).said_at is None
    assert logged(theirs) == {}


def test_two_people_change_the_same_page(nadia, theirs):
    first, second = open_(nadia, theirs, "/identite"), open_(nadia, theirs, "/identite")
    first.type({"structure-nom": "Les Tilleuls"}).send()
    late = second.type({"structure-nom": "Centre des Tilleuls"}).send()
    assert late.status == 409
    assert late.shown("structure-nom") == ["Centre des Tilleuls"]
    assert stored(theirs).nom == "Les Tilleuls"
    assert late.send().status == 200  # the person has looked, and presses again
    assert stored(theirs).nom == "Centre des Tilleuls"


def test_qualiopi(nadia, theirs):
    page = open_(nadia, theirs, "/qualiopi")
    page.type({"qualiopi": "oui", "categories": ["formation"], "jusqu_au": "31/12/2027"})
    assert "jusqu’au vendredi 31 décembre 2027" in page.send().text
    kept = stored(theirs)
    assert (kept.qualiopi, kept.qualiopi_categories, kept.qualiopi_source) == (True, ["formation"], "la structure")
    assert logged(theirs)["qualiopi"] == ("", "oui – Actions de formation – jusqu’au 31/12/2027")


def test_the_places_of_its_fiches_are_kept_in_one_click_and_chosen_in_the_next_one(nadia, person, theirs):
    make.fiche_in(RevisionState.SOUMISE, person, make.moderator())
    page = open_(nadia, theirs)
    assert "12 rue des Tilleuls, 14000 Caen" in page.words("//section[@aria-labelledby='lieux']")
    kept = page.dom.xpath("//input[@name='lieu']/@value")
    answer = nadia.post(f"/structures/{theirs.id}/lieux/garder", {"lieu": kept[0]})
    assert answer.status_code == 303
    assert nadia.post(f"/structures/{theirs.id}/lieux/garder", {"lieu": kept[0]}).status_code == 409
    assert [lieu.name for lieu in stored(theirs).places] == ["Maison de quartier – Caen"]
    blank = make.complete_content()
    blank.lieux = []
    fiche = make.draft(person, blank)
    page = open_step(nadia, fiche, "lieux").type({"habituel:lieux-0": "L1"})
    page = page.send(ligne="habituel:lieux-0")
    assert page.shown("lieux-0-adresse-lignes") == ["12 rue des Tilleuls"]
    assert "habituel:lieux-0" not in page.answers  # the row is filled: there is nothing left to choose
    assert saved(fiche).lieux[0].adresse.code_insee == "14118"
    # Whoever meets in one place only need not say it again.
    begun = operations.first_content(db.session(), stored(theirs))
    assert [(lieu.id, lieu.name) for lieu in begun.lieux] == [("L1", "Maison de quartier – Caen")]


def test_usual_places_are_written_with_the_fields_of_fiches(nadia, theirs):
    page = open_(nadia, theirs, "/lieux")
    page.type({"lieux-0-adresse-denomination": "Bibliothèque", "lieux-0-adresse-lignes": "1 rue de l’École"})
    page.type({"lieux-0-adresse-code_postal": "14000"})
    more = page.send(ligne="ajouter:lieux")
    assert (more.status, more.rows("lieux"), stored(theirs).lieux) == (200, 2, [])
    assert more.shown("lieux-0-adresse-denomination") == ["Bibliothèque"]
    assert more.send().status == 200
    assert [lieu.name for lieu in stored(theirs).places] == ["Bibliothèque – Caen"]
    wrong = open_(nadia, theirs, "/lieux").type({"lieux-0-adresse-code_postal": "99999"}).send()
    assert (wrong.status, bool(wrong.error("lieux-0-adresse-code_postal"))) == (422, True)


def test_a_fiche_that_is_sent_fills_in_what_was_not_said_and_changes_nothing_else(nadia, person, theirs):
    content = make.complete_content()
    content.structure.rna, content.structure.siret = "W143000001", "73282932000074"
    make.fiche_in(RevisionState.SOUMISE, person, make.moderator(), content)
    kept = stored(theirs)
    assert (kept.siret, kept.rna, kept.categorie) == (make.SIRET, "W143000001", "association")
    assert logged(theirs)["rna"] == ("", "W143000001")
    page = open_(nadia, theirs)
    assert "dit 73282932000074, ici c’est 77897285100068" in page.words("//section[@aria-labelledby='numeros']")
    said = {"numero": "siret", "valeur": "73282932000074"}
    assert nadia.post(f"/structures/{theirs.id}/numeros/reprendre", said).status_code == 303
    assert stored(theirs).siret == "73282932000074"
    assert logged(theirs)["siret"] == (make.SIRET, "73282932000074")
    other = {"numero": "siret", "valeur": "44306184100047"}
    assert nadia.post(f"/structures/{theirs.id}/numeros/reprendre", other).status_code == 409


def test_a_moderator_verifies_by_hand_and_the_verification_is_of_that_value_alone(marc, nadia, theirs):
    where = f"/structures/{theirs.id}/verification"
    assert marc.post(where, {"objet": "siret", "verdict": "verifiee"}).status_code == 422  # how was it verified?
    assert marc.post(where, {"objet": "rna", "verdict": "verifiee", "note": "x"}).status_code == 409  # none is given
    assert nadia.post(where, {"objet": "siret", "verdict": "verifiee", "note": "x"}).status_code == 403
    said = {"objet": "siret", "verdict": "verifiee", "note": "Avis de situation reçu le 3 mars."}
    assert marc.post(where, said).status_code == 303
    page = open_(nadia, theirs)
    assert "Vérifié vérifié par Marc Modèle, modération" in page.words("//main/p[2]")
    assert "Avis de situation" not in page.text  # between moderators
    assert "Avis de situation" in open_(marc, theirs).text
    open_(nadia, theirs, "/identite").type({"structure-siret": "73282932000074"}).send()
    assert "Pas encore vérifié" in open_(nadia, theirs).words("//main/p[2]")
    against = {"objet": "ensemble", "verdict": "contredite", "note": "Dissoute, selon la mairie."}
    assert marc.post(where, against).status_code == 303
    assert "Contredit" in open_(nadia, theirs).words("//main/p[2]")
    states = {row.subject: row.state for row in db.session.scalars(select(StructureCheck))}
    assert states == {"siret": Verification.VERIFIEE, "ensemble": Verification.CONTREDITE}


def test_the_page_asks_the_same_of_the_base_whatever_it_shows(nadia, person, theirs):
    moderator = make.moderator()
    make.fiche_in(RevisionState.SOUMISE, person, moderator)
    one = queries_of(nadia, f"/structures/{theirs.id}")
    for _ in range(3):
        make.fiche_in(RevisionState.SOUMISE, person, moderator)
    assert queries_of(nadia, f"/structures/{theirs.id}") == one
