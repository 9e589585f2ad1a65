"""The page of a structure: what it says of itself, how far that is verified, the places that it uses often."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import (
    Change,
    Etablissement,
    Organisme,
    RevisionState,
    StructureCheck,
    Subject,
    Uai,
    User,
    Verification,
)
from backoffice.models.structures.structure import standings
from backoffice.queries.structures.page import checks_of
from tests.support import factories as make
from tests.support.pages import Page, open_step
from tests.support.pages import stored as saved
from tests.support.statements import queries_of, statements
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.structures.register_checks import check, check_all


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
    page = page.send()
    assert "Dupré" in page.text
    assert "02 61 91 00 00" in page.text
    assert open_(nadia, theirs, "/contacts").shown("accueil-telephone") == ["02 61 91 00 00"]
    assert logged(theirs)["contact_direction"] == ("", "modifié")  # no name of a person in the log

    person = db.session.get_one(Organisme, theirs.id)
    content = operations.first_content(db.session(), person).structure
    assert (content.categorie, content.rna, content.courriel) == (
        "centre_social",
        "W143000001",
        "direction@tilleuls.example",
    )
    assert (content.contact.telephone, content.adresse.ville) == ("+33261910000", "Caen")


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


def established(**said: object) -> None:
    row = {"siret": make.SIRET, "denomination": "ASS CENTRE SOCIAL DES TILLEULS", "listed": True, "city": "CAEN"}
    db.session.add(Etablissement(**row | said))
    db.session.commit()


def whole(organisme: Organisme) -> Verification:
    kept = stored(organisme)
    return standings(kept, checks_of(db.session(), kept))[Subject.ENSEMBLE].state


def test_registers_verify_what_they_know_and_say_nothing_of_the_rest(nadia, theirs):
    theirs.nda = "28140000114"
    db.session.commit()
    check_all()
    assert whole(theirs) is Verification.NON_VERIFIEE  # nobody knows it
    established(nda="28140000114", qualiopi_formation=True)
    check_all()
    kept = stored(theirs)
    states = {row.subject: row.state for row in checks_of(db.session(), kept)}
    assert states == {"siret": "verifiee", "nda": "verifiee", "qualiopi": "verifiee"}
    assert (kept.qualiopi, kept.qualiopi_categories) == (True, ["formation"])
    assert "Vérifié Sirene et liste publique" in open_(nadia, theirs).words("//main/p[2]")
    with statements() as asked:
        check_all()
    assert not [order for order in asked if order.startswith(("INSERT", "UPDATE"))]  # old news
    db.session.delete(db.session.get_one(Etablissement, make.SIRET))
    db.session.commit()
    check_all()
    assert whole(theirs) is Verification.NON_VERIFIEE


def test_what_a_register_contradicts_is_said_plainly_and_to_moderators_beside_the_fiche(nadia, marc, person, theirs):
    established(denomination="GARAGE DE LA PLAGE", nda="28140000114", closed_on=date(2026, 3, 3))
    db.session.add(Uai(uai="0140001A", nom="Collège Pagnol", open=True))
    db.session.commit()
    page = open_(nadia, theirs, "/identite")
    page.type({"structure-uai": "0140001A", "structure-numero_activite": "28500000250"})
    page = page.send()  # checked as soon as it is typed
    said = page.words("//section[@aria-labelledby='numeros']")
    for words in (
        "Cet établissement est fermé depuis le 03/03/2026.",
        "Ce numéro est celui de « GARAGE DE LA PLAGE », à CAEN.",
        "Pour ce SIRET, la liste publique donne le numéro 28140000114.",
        "Ce numéro est celui de « Collège Pagnol ».",
    ):
        assert words in said
    assert whole(theirs) is Verification.CONTREDITE
    fiche = make.fiche_in(RevisionState.SOUMISE, person, make.moderator("Mina Modèle"))
    beside = marc.see(f"/moderation/{fiche.latest.id}").text
    assert "GARAGE DE LA PLAGE" in beside
    said = {"objet": "siret", "verdict": "verifiee", "note": "Le garage était l’ancien nom."}
    for subject in ("siret", "nda", "uai"):
        marc.post(f"/structures/{theirs.id}/verification", {**said, "objet": subject})
    assert whole(theirs) is Verification.VERIFIEE  # a person looked after the register spoke
    check_all()
    assert whole(theirs) is Verification.VERIFIEE
    row = db.session.get_one(Etablissement, make.SIRET)
    row.closed_on = date(2026, 4, 4)
    db.session.commit()
    check_all()
    assert whole(theirs) is Verification.CONTREDITE  # the register says something new


def test_a_declaration_number_of_another_legal_unit(theirs):
    theirs.nda = "28140000114"
    established(siret="73282932000074", nda="28140000114", denomination="Rive Claire")
    check_all()
    (row,) = checks_of(db.session(), stored(theirs))
    assert row.findings == ["Ce numéro est celui de « Rive Claire » (SIRET 73282932000074)."]
    one, two = make.organisme("Une"), make.organisme("Deux")
    one.siret, one.nda, two.siret, two.nda = "73282932000074", "28140000114", "44306184100047", ""
    db.session.commit()
    with statements() as few:
        check(db.session(), [one])
    with statements() as more:
        check(db.session(), [one, two, theirs])
    assert len(more) <= len(few)


def test_the_likely_doubles_and_those_told_apart(app, marc, theirs):
    """The same number; nearly the same name in the same commune."""
    twin, near, far = (
        make.organisme(name) for name in ("Autre nom", "Bibliothèque des Amis", "Bibliothèque des amies")
    )
    for one in (near, far):
        one.siret, one.commune = "", "14118"
    db.session.commit()
    page = Page(marc, marc.get("/structures/doublons/"))
    assert page.words("//h2").split(" Nom proche")[0] == "Même SIRET"
    assert "Nom proche" in page.words("//h2")
    several = queries_of(marc, "/structures/doublons/")
    assert (
        marc.post("/structures/doublons/distinguer", {"une": str(twin.id), "autre": str(theirs.id)}).status_code == 303
    )
    page = Page(marc, marc.get("/structures/doublons/"))
    assert len(page.dom.xpath("//h2")) == 1
    for rank in range(4):
        make.organisme(f"Encore une {rank}").siret = "44306184100047"
    db.session.commit()
    assert queries_of(marc, "/structures/doublons/") == several
    compared = Page(marc, marc.get(f"/structures/doublons/{near.id}/{far.id}"))
    assert "Bibliothèque des amies disparaît" in compared.words()
    assert compared.send().status == 422  # not confirmed
    done = compared.type({"confirmation": "oui", "nom": "gone"}).send()
    assert "sont réunies" in done.text
    assert stored(near).nom == "Bibliothèque des amies"
    assert "Réunie avec « Bibliothèque des amies »" in done.text
    found = marc.see(f"/structures/doublons/{near.id}?q=Encore")
    assert found.text.count("Encore une") == 4
