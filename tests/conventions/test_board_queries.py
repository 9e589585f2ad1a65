"""The funders' board: right figures, one's own projects only, lists to take away without formulas."""

from __future__ import annotations

import csv
import io
import re

import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import Assignment, ObligationKind, RevisionState
from backoffice.queries.conventions import board
from backoffice.queries.conventions.board_filters import WHAT, Filters
from backoffice.reference.communes import departements
from backoffice.reference.tiles import tiles
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.conventions import operations
from workflows.conventions.obligations import apply

CARTE, INFO, PNE = ObligationKind
ALL = "/suivi/?annee=2026"
pytestmark = pytest.mark.at("2026-11-16T10:00")


@pytest.fixture
def visitor(app, flora):
    return Visitor(app, flora)


def step(convention, kind, name, by, **said):
    with atomic() as session:
        apply(session, name, obligation_id=convention.obligation(kind).id, actor=by, **said)
    db.session.expire_all()


def names(visitor, address=ALL):
    page = open_page(visitor, address)
    assert page.status == 200
    return [link.text_content() for link in page.dom.xpath("//td[@data-titre='Projet']/*[1]")]


def resume(page):
    """The figures on top of the page."""
    heads, values = (page.dom.xpath(f"//dl[@class='resume']//{tag}") for tag in ("dt", "dd"))
    return {
        head.text_content(): value.text_content().replace("\N{NO-BREAK SPACE}", " ")
        for head, value in zip(heads, values, strict=True)
    }


def test_one_page_says_it_all(visitor, flora):
    with_page = make.convention(flora, nom="Association de la Rive", montant=1_250_000)
    make.convention(flora, reference="2026-104-0002", nom="Centre du Pont", departement="76", programme="BOP 147")
    adresse = {"adresse": "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4", "date": "2026-10-12"}
    step(with_page, INFO, "verifier", flora, proof=adresse)
    page = open_page(visitor, ALL)
    words = page.words()
    assert resume(page) == {
        "Projets en 2026": "2",
        "Montant": "12 500 €",
        "Carte nationale": "0 sur 2",
        "Réfugiés.info": "1 sur 2",
        "Enquête PNE": "0 sur 2",
        "Obligations en retard": "3",
    }
    assert "Association de la Rive" in words
    assert "Vérifiée" in words
    assert "Flora Fonds" in words, "qui a vérifié"
    assert "BOP 147" in words
    assert "Seine-Maritime" in words


def test_who_is_late_comes_first_with_the_day(visitor, flora):
    fine = make.convention(flora, nom="À l’heure")
    for kind in ObligationKind:
        step(fine, kind, "dispenser", flora, comment="Projet annulé.")
    make.convention(flora, reference="2", nom="En retard", annee=2025)
    page = open_page(visitor, "/suivi/?annee=2025")
    assert "En retard depuis le 30/09/2025" in page.words()
    assert names(visitor, "/suivi/?annee=2025&etat=retard") == ["En retard"]
    assert names(visitor, "/suivi/?annee=2026&etat=retard") == []
    assert names(visitor, "/suivi/?annee=2026&etat=en-regle") == ["À l’heure"]


def test_each_filter_takes_some_and_leaves_some(flora, app):
    """The choices of the list part the projects of a year: none takes all, together they leave nobody out."""
    structure = make.provider().memberships[0].organisme
    plain = make.convention(flora, reference="1", nom="Un")
    told = make.convention(flora, structure, reference="2", nom="Deux", contact_pne="enquete@exemple.fr")
    step(told, PNE, "declarer", flora, proof={"repondu": "2026-10-02"})
    proof = {"date": "2026-10-01", "numero": "28_NO1", "numeros": ["28_NO1"], "lien": "/api/fiches/28_NO1"}
    from workflows.robot import robot

    step(told, CARTE, "constater", robot(db.session()), proof=proof)
    page = {"adresse": "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4"}
    step(told, INFO, "declarer", flora, proof=page)
    found = {
        what: {row.convention.nom for row in board.every(db.session(), flora, Filters(2026, etat=what))}
        for what in WHAT
    }
    assert found["hors-carte"] == {"Un"}
    assert found["sur-carte"] == {"Deux"}
    assert found["page-declaree"] == {"Deux"}
    assert found["pne"] == {"Un"}
    assert found["pne-declaree"] == {"Deux"}
    assert found["pne-adresse"] == {"Un", "Deux"}
    assert found["pne-retour"] == found["non-conforme"] == found["en-regle"] == set()
    step(plain, CARTE, "dispenser", flora, comment="Rien à publier.")
    assert board.every(db.session(), flora, Filters(2026, etat="hors-carte")) == []


def test_programme_departement_and_words(visitor, flora):
    make.convention(flora, reference="A-1", nom="Un", programme="BOP 104", departement="14")
    make.convention(flora, reference="B-2", nom="Deux 100 %", programme="OEPRE", departement="76", montant=5)
    assert names(visitor, f"{ALL}&programme=OEPRE") == ["Deux 100 %"]
    assert names(visitor, f"{ALL}&departement=14") == ["Un"]
    assert names(visitor, f"{ALL}&texte=B-2") == ["Deux 100 %"]
    assert names(visitor, f"{ALL}&texte=100 %25") == ["Deux 100 %"]
    assert names(visitor, f"{ALL}&tri=nom") == ["Deux 100 %", "Un"]
    assert names(visitor, f"{ALL}&tri=reference") == ["Un", "Deux 100 %"]
    assert names(visitor, f"{ALL}&tri=montant") == ["Deux 100 %", "Un"]


@pytest.mark.parametrize(
    "asked",
    [
        "annee=abcd",
        "annee=0000",
        "annee=²⁰²⁶",
        "page=-3",
        "page=abc",
        "page=99999",
        "etat=rien",
        "tri=rien",
        "texte=%00",
    ],
)
def test_an_address_that_makes_no_sense_is_read_as_it_can_be(visitor, flora, asked):
    make.convention(flora)
    assert visitor.get(f"/suivi/?{asked}").status_code == 200


# --- One's own --------------------------------------------------------------------------------------


def test_another_territoire_programme_or_departement_is_not_seen(app, flora):
    make.convention(flora, reference="1", nom="Calvados 104")
    make.convention(flora, reference="2", nom="Eure 104", departement="27")
    make.convention(flora, reference="3", nom="Calvados OEPRE", programme="OEPRE")
    narrow = make.enrol(make.user("Nora Étroite"))
    narrow.assignments.append(
        Assignment(role=Role.FINANCEUR, territoire=make.territoire(), programmes=["BOP 104"], departements=["14"])
    )
    db.session.commit()
    assert names(Visitor(app, narrow)) == ["Calvados 104"]
    page = open_page(Visitor(app, narrow), ALL)
    assert resume(page)["Projets en 2026"] == "1"
    assert "Eure" not in page.words()
    assert names(Visitor(app, make.funder("Félix Fonds", "grand-est"))) == []
    assert len(names(Visitor(app, make.moderator()))) == 3
    for table in ("projets", "chiffres"):
        text = Visitor(app, narrow).get(f"/suivi/{table}.csv?annee=2026").text
        assert "OEPRE" not in text
        assert ";27;" not in text


def test_a_moderator_reads_and_does_not_remind(app, flora):
    make.convention(flora)
    moderator = Visitor(app, make.moderator())
    assert "Relancer ces projets" not in open_page(moderator, ALL).words()
    assert moderator.get("/suivi/relances?annee=2026").status_code == 403


# --- On the map and not funded ----------------------------------------------------------------------


def test_published_fiches_that_no_project_pays_for(app, visitor, flora):
    nadia, marc = make.provider(), make.moderator()
    paid, free = (
        make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content(title)) for title in ("Payée", "Libre")
    )
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Pas encore publiée"))
    convention = make.convention(flora, nadia.memberships[0].organisme)
    with atomic() as session:
        operations.tie(session, flora, convention.id, paid)
    words = open_page(visitor, "/suivi/non-financees?annee=2026").words("//tbody")
    assert "Libre" in words
    assert "Payée" not in words
    assert "Pas encore" not in words
    text = visitor.get("/suivi/non-financees.csv?annee=2026").text
    assert free.numero in text
    assert "Payée" not in text
    assert visitor.get("/suivi/non-financees.xlsx?annee=2026").status_code == 200
    assert "Payée" in open_page(visitor, "/suivi/non-financees?annee=2025").words("//tbody")
    assert "Libre" not in open_page(visitor, "/suivi/non-financees?annee=2026&departement=76").words()


@pytest.mark.parametrize(
    ("programmes", "departements", "reads"),
    [([], [], True), (["BOP 104"], ["14", "61"], True), (["OFII"], [], False), ([], ["76"], False)],
)
def test_a_funder_reads_what_is_published_of_its_programmes_and_departements(
    app, visitor, flora, programmes, departements, reads
):
    fiche = make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator(), make.complete_content("À Caen"))
    flora.assignments[0].programmes, flora.assignments[0].departements = programmes, departements
    db.session.commit()
    assert ("À Caen" in open_page(visitor, "/consultation/").words()) is reads
    assert ("À Caen" in open_page(visitor, "/suivi/non-financees?annee=2026").words()) is reads
    assert visitor.get(f"/consultation/{fiche.id}").status_code == (200 if reads else 404)


# --- To take away -----------------------------------------------------------------------------------

FORMULAS = ("=1+1", "+33", "-2", "@SUM(A1)", "\t=1", " =1")


def test_the_csv_has_no_formula_and_the_workbook_has_texts(visitor, flora):
    for rank, name in enumerate(FORMULAS):
        make.convention(flora, reference=f"={rank}", nom=name, montant=123_456)
    answer = visitor.get("/suivi/projets.csv?annee=2026")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")), delimiter=";"))
    assert len(rows) == len(FORMULAS) + 1
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@-]", cell)]
    assert rows[1][6] == "1234,56"
    raw = visitor.get("/suivi/projets.xlsx?annee=2026").data
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert {row[0] for row in sheet[1:]} == {f"={rank}" for rank in range(len(FORMULAS))}
    assert {row[6] for row in sheet[1:]} == {1234.56}


def test_the_figures_to_take_away_are_those_of_the_page(visitor, flora):
    make.convention(flora, montant=100_000)
    make.convention(flora, reference="2", departement="76", montant=50_000)
    text = visitor.get("/suivi/chiffres.csv?annee=2026").text
    assert "Total;Tous les projets;2;1500,00" in text
    assert "Département;76;1;500,00" in text
    assert visitor.get("/suivi/chiffres.xlsx?annee=2026").status_code == 200
    assert visitor.get("/suivi/autre.csv").status_code == 404


# --- Drawings ---------------------------------------------------------------------------------------


def test_every_departement_has_its_own_tile():
    assert set(tiles()) == set(departements()) - {"984", "989"}
    assert len(set(tiles().values())) == len(tiles())
    (west, _), (east, _) = tiles()["29"], tiles()["67"]
    (_, north), (_, south) = tiles()["59"], tiles()["66"]
    assert west < east
    assert north < south < tiles()["974"][1]


@pytest.mark.parametrize("drawing", ["carte", "obligations"])
def test_a_drawing_says_its_figures_and_has_no_style_of_its_own(visitor, flora, drawing):
    make.convention(flora, annee=2025)
    answer = visitor.get(f"/suivi/{drawing}.svg?annee=2025")
    assert answer.mimetype == "image/svg+xml"
    root = etree.fromstring(answer.data)
    said = root.findtext("{*}desc")
    assert ("Calvados : 1 sur 1" if drawing == "carte" else "1 à fournir") in said
    assert not root.xpath("//@style")
    assert not root.xpath("//*[local-name()='style' or local-name()='script']")
    assert visitor.get(f"/suivi/{drawing}.svg?annee=2024").status_code == 200


# --- Many -------------------------------------------------------------------------------------------


def test_the_number_of_queries_does_not_depend_on_the_number_of_projects(visitor, flora):
    addresses = [f"{ALL}&etat={what}" for what in ("", *WHAT)] + ["/suivi/carte.svg?annee=2026", f"{ALL}&page=2"]
    numbers = []
    for size in (3, 120):
        for rank in range(size):
            reference = f"{size}-{rank}"
            make.convention(
                flora, reference=reference, nom=f"Structure {reference}", departement=("14", "76")[rank % 2]
            )
        db.session.expire_all()
        seen = []
        for address in addresses:
            visitor.get(address)
            with statements() as found:
                assert visitor.get(address).status_code == 200
            seen.append(len(found))
        numbers.append(seen)
    assert max(numbers[1]) <= 15
    assert all(many <= few + 3 for few, many in zip(*numbers, strict=True)), "une page vide en demande moins"
    assert numbers[0][0] == numbers[1][0]


def test_pages_follow_each_other_and_show_each_project_once(visitor, flora):
    for rank in range(board.PAGE + 5):
        make.convention(flora, reference=f"{rank:03}", nom=f"Structure {rank:03}")
    first, second = names(visitor, f"{ALL}&tri=nom"), names(visitor, f"{ALL}&tri=nom&page=2")
    assert (len(first), len(second)) == (board.PAGE, 5)
    assert sorted({*first, *second}) == [*first, *second]
    assert open_page(visitor, f"{ALL}&tri=nom").dom.xpath("//a[@rel='next']")
