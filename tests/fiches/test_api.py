"""The open data as a program of somebody else reads it: filters, pages, errors, CSV, GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from copy import deepcopy
from datetime import date
from itertools import chain

import pytest
from sqlalchemy import insert, select

from backoffice.core.extensions import db
from backoffice.models import Dispositif, Fiche, Fragment, Publication, Revision, RevisionState
from backoffice.models.content import Action, Adresse, Financeur, Lieu, Session
from backoffice.queries.fiches import offer as queries
from backoffice.reference.commune_centres import centres
from backoffice.reference.communes import read_communes
from exports.fragment.build import CODE_VERSION
from exports.open_data.filters import FILTERS
from exports.open_data.rows import cell, csv_lines, headers
from exports.open_data.shapes import LICENCE
from tests.support import factories as make
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches.fast_lane import Change, update_session
from workflows.fiches.fragment_refresh import refresh_stale, stale

ROUEN = Adresse("Salle Jeanne", ["1 rue du Gros-Horloge"], "76000", "Rouen", "76540", "76", "28")
STRASBOURG = Adresse("Salle Kléber", ["1 place Kléber"], "67000", "Strasbourg", "67482", "67", "44")


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


def publish(people, content=None):
    return make.fiche_in(RevisionState.VALIDEE, *people, content)


class Reader:
    """A program that reads the open data."""

    def __init__(self, app):
        self.visitor = Visitor(app)

    def get(self, url, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.visitor.get(url, headers=named, buffered=True)

    def fiches(self, query=""):
        answer = self.get(f"/api/fiches?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json["fiches"]

    def numeros(self, query=""):
        return [fiche["numero"] for fiche in self.fiches(query)]

    def walk(self, url):
        """Every page, following `suite`."""
        while url:
            page = self.get(url).json
            yield [fiche["numero"] for fiche in page["fiches"]]
            url = page["suite"]


@pytest.fixture
def reader(app):
    return Reader(app)


# --- What is shown ---------------------------------------------------------------------------------


def test_a_fiche_says_what_its_readers_see(people, reader):
    fiche = publish(people)
    answer = reader.get(f"/api/fiches/{fiche.numero}")
    assert answer.json["licence"]["nom"] == "Licence Ouverte 2.0"
    shown = answer.json["fiche"]
    assert shown == reader.fiches()[0]
    assert shown["numero"] == fiche.numero
    assert shown["intitule"] == "Ateliers de français du quartier des Tilleuls"
    assert shown["dispositif"] == {"code": "ASL", "libelle": "Ateliers sociolinguistiques (ASL)"}
    assert shown["territoire"] == {"slug": "normandie", "nom": "Normandie"}
    assert [public["code"] for public in shown["publics"]] == ["81023", "81042"]
    assert shown["structure"]["siret"] == make.SIRET
    assert shown["structure"]["categorie"]["libelle"] == "Association"
    (action,) = shown["actions"]
    assert action["numero"] == f"{fiche.numero}-G2"
    assert action["lieu"]["code_insee"] == "14118"
    assert action["horaires"][0] == {"jour": "mardi", "debut": "09:30", "fin": "11:30"}
    assert action["heures_total"] == 120
    (session,) = action["sessions"]
    assert session["numero"] == f"{fiche.numero}-G2-S3"
    assert (session["debut"], session["fin"]) == ("2026-09-15", "2027-06-30")


def test_nobody_is_named_and_nothing_internal_is_told(people, reader):
    content = make.complete_content()
    content.formation.contact.nom, content.formation.contact.prenom = "Durand-Secret", "Zoé"
    content.financement.financeurs[0].reference = "CONV-INTERNE-7"
    publish(people, content)
    for path in ("/api/fiches", "/api/offre.csv", "/api/offre.geojson"):
        text = reader.get(path).text
        assert "accueil@tilleuls.example" in text
        for hidden in ("Durand-Secret", "Zoé", "CONV-INTERNE-7", "Marc Mod", "Nadia", "content_hash", "moderator"):
            assert hidden not in text


@pytest.mark.parametrize("state", [state for state in RevisionState if state is not RevisionState.VALIDEE])
def test_what_was_never_approved_is_not_shown(people, reader, state):
    fiche = make.fiche_in(state, *people)
    assert nothing_of(fiche, reader)


@pytest.mark.parametrize(("way", "actor"), [("suspendre", 1), ("archiver", 0)])
def test_what_was_withdrawn_is_no_longer_shown(people, reader, way, actor):
    fiche = publish(people)
    assert not nothing_of(fiche, reader)
    make.step(fiche, way, people[actor], "Le téléphone est faux.")
    assert nothing_of(fiche, reader)


def nothing_of(fiche, reader):
    """Whether the fiche is nowhere in the open data; it must be everywhere or nowhere."""
    numero = fiche.numero or "inconnu"
    seen = {
        reader.get(f"/api/fiches/{numero}").status_code == 200,
        reader.numeros() != [],
        len(reader.get("/api/offre.csv").text.splitlines()) > 1,
        reader.get("/api/offre.geojson").json["features"] != [],
    }
    assert len(seen) == 1, "montrée ici et pas là"
    return seen == {False}


def test_a_version_that_waits_changes_nothing_for_readers(people, reader):
    from workflows.fiches.operations import open_draft, save_draft

    fiche = publish(people)
    draft = open_draft(db.session(), fiche.id, people[0])
    save_draft(db.session(), draft, make.complete_content("Titre pas encore vérifié"), {}, people[0])
    db.session.commit()
    make.step(fiche, "soumettre", people[0])
    assert reader.fiches()[0]["intitule"].startswith("Ateliers de français")
    assert reader.numeros("q=verifie") == []
    db.session.expire_all()
    make.step(fiche, "prendre", people[1])
    make.step(fiche, "valider", people[1])
    assert reader.fiches("q=verifie")[0]["intitule"] == "Titre pas encore vérifié"


def test_the_fast_lane_is_seen_at_once_and_changes_the_filters(people, reader):
    fiche = publish(people)
    assert reader.numeros("etat_inscription=1") == [fiche.numero]
    before = reader.get("/api/offre.csv").headers["ETag"]
    change = Change("G2", "S3", recrutement="2", places_libres=0, debut=date(2026, 9, 22))
    assert update_session(db.session(), fiche.id, change, people[0])
    db.session.commit()
    (session,) = reader.fiches("etat_inscription=2")[0]["actions"][0]["sessions"]
    assert session["etat_inscription"]["code"] == "2"
    assert (session["places_libres"], session["debut"]) == (0, "2026-09-22")
    assert reader.numeros("etat_inscription=1") == []
    assert reader.get("/api/offre.csv", If_None_Match=before).status_code == 200
    (row,) = table(reader.get("/api/offre.csv"))
    assert (row["Places libres"], row["Premier jour"]) == ("0", "2026-09-22")


# --- Filters ---------------------------------------------------------------------------------------


@pytest.fixture
def two(people):
    """One fiche of Caen and one of Rouen that answers no filter of the first."""
    here = publish(people, make.complete_content("Écoles et œuvres du quartier"))
    content = make.complete_content("Alphabétisation")
    content.lieux[0].adresse = ROUEN
    content.formation.publics = ["81018"]
    content.financement.financeurs = [Financeur("2")]
    content.actions[0].sessions[0].recrutement = "3"
    there = publish(people, content)
    return here, there


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("departement=14", "departement=76"),
        ("commune=14118", "commune=76540"),
        ("public=81042", "public=81018"),
        ("financeur=19", "financeur=2"),
        ("etat_inscription=1", "etat_inscription=3"),
        ("q=ecoles", "q=alphabetisation"),
        ("q=OEUVRES+%C3%A9cole", "q=Alpha"),
        ("departement=14&q=ecole", "departement=76&financeur=2&public=81018"),
    ],
)
def test_each_filter_keeps_its_own_and_leaves_the_other(two, reader, one, other):
    here, there = two
    assert reader.numeros() == [here.numero, there.numero]
    assert reader.numeros(one) == [here.numero]
    assert reader.numeros(other) == [there.numero]


@pytest.mark.parametrize("query", ["departement=50", "q=ecoles+alphabetisation", "q=%21", "departement=14&financeur=2"])
def test_filters_that_nothing_answers(two, reader, query):
    assert reader.get(f"/api/fiches?{query}").json == {
        "licence": {"nom": LICENCE.nom, "url": LICENCE.url},
        "fiches": [],
        "retraits": [],
        "suite": None,
        "curseur": None,
    }


def test_by_territoire_and_by_dispositif(app, people, reader):
    here = publish(people)
    content = make.complete_content()
    content.lieux[0].adresse = STRASBOURG
    there = publish((people[0], make.moderator("Mina Modèle", "grand-est")), content)
    assert reader.numeros("territoire=normandie") == [here.numero]
    assert reader.numeros("territoire=grand-est") == [there.numero]
    # No organisation of the tests holds the OFII market: the column itself is what the filter reads.
    db.session.get_one(Fiche, there.id).dispositif = Dispositif.OFII
    db.session.commit()
    assert reader.numeros("dispositif=ASL") == [here.numero]
    assert reader.numeros("dispositif=OFII") == [there.numero]
    assert reader.numeros("dispositif=OEPRE") == []
    for path in ("/api/offre.csv", "/api/offre.geojson"):
        assert here.numero in reader.get(f"{path}?territoire=normandie").text
        assert there.numero not in reader.get(f"{path}?territoire=normandie").text


def test_every_place_counts_and_a_place_without_group_does_not(people, reader):
    content = make.complete_content()
    content.lieux += [Lieu("L4", ROUEN), Lieu("L6", STRASBOURG)]
    content.actions[0].lieu = "L1"
    second = deepcopy(content.actions[0])
    second.id, second.lieu, second.sessions = "G5", "L4", [Session("S7", date(2026, 9, 15), date(2027, 6, 30), "2")]
    content.actions.append(second)
    content.dernier_repere = 7
    fiche = publish(people, content)
    for query in ("departement=14", "departement=76", "commune=76540", "etat_inscription=1", "etat_inscription=2"):
        assert reader.numeros(query) == [fiche.numero]
    assert reader.numeros("departement=67") == []


def test_an_arrondissement_is_looked_for_as_its_city(people, reader):
    content = make.complete_content()
    content.lieux[0].adresse = Adresse("", ["1 rue de Rivoli"], "75004", "Paris", "75056", "75", "11")
    fiche = publish((people[0], make.moderator("Ida Francil", "ile-de-france")), content)
    assert reader.numeros("commune=75104") == [fiche.numero]
    assert reader.numeros("commune=75056") == [fiche.numero]


@pytest.mark.parametrize("version", [CODE_VERSION - 1, CODE_VERSION], ids=["older code", "before a facet"])
def test_a_fragment_that_lacks_a_facet_is_still_found_then_built_again(people, reader, version):
    fiche = publish(people)
    assert stale(db.session()) == []
    table_ = Fragment.__table__
    old = {"publics": ["81023"], "financeurs": ["19"], "dropped_by": []}
    db.session.execute(table_.update().values(facets=old, code_version=version))
    db.session.commit()
    assert reader.numeros("commune=14118&departement=14&etat_inscription=1") == [fiche.numero]
    assert reader.numeros("commune=76540") == []
    assert stale(db.session()) == [fiche.id]
    assert refresh_stale(db.session()) == (1, [])
    assert stale(db.session()) == []


# --- Pages -----------------------------------------------------------------------------------------


def multiply(fiche, count):
    """Copies of one published fiche, each with its numero and its title."""
    db.session.expire_all()
    source = db.session.get_one(Fiche, fiche.id)
    revision = source.published_revision
    names = ("sha256", "code_version", "actions", "sessions", "facets", "xml", "built_at")
    fragment = {name: getattr(source.fragment, name) for name in names}
    base = {
        "dispositif": source.dispositif,
        "organisme_id": source.organisme_id,
        "territoire_id": source.territoire_id,
    }
    made = db.session.scalars(
        insert(Fiche).returning(Fiche.id, sort_by_parameter_order=True), [base for _ in range(count)]
    ).all()
    fragments = db.session.scalars(
        insert(Fragment).returning(Fragment.id, sort_by_parameter_order=True), [fragment for _ in range(count)]
    ).all()
    dates = {name: getattr(revision, name) for name in ("submitted_at", "decided_at", "content_hash")}
    contents = [
        {
            **dates,
            "fiche_id": fiche_id,
            "number": 1,
            "state": RevisionState.VALIDEE,
            "document": revision.document,
            "title": f"Atelier {rank}",
            "fragment_id": fragment_id,
        }
        for rank, (fiche_id, fragment_id) in enumerate(zip(made, fragments, strict=True))
    ]
    revisions = db.session.scalars(
        insert(Revision).returning(Revision.id, sort_by_parameter_order=True), contents
    ).all()
    rows = zip(made, revisions, fragments, strict=True)
    for fiche_id, revision_id, fragment_id in rows:
        db.session.execute(
            Fiche.__table__.update()
            .where(Fiche.id == fiche_id)
            .values(
                numero=f"28_NO{fiche_id:06d}",
                published_revision_id=revision_id,
                fragment_id=fragment_id,
                state="publiee",
            )
        )
    db.session.execute(
        insert(Publication), [{"fiche_id": f, "fragment_id": i} for f, i in zip(made, fragments, strict=True)]
    )
    db.session.commit()


@pytest.fixture
def crowd(people):
    """Twenty-six fiches; the first went through the engine."""
    first = publish(people)
    multiply(first, 25)
    return first


def test_pages_neither_lose_nor_repeat_a_fiche_while_others_are_archived(crowd, people, reader):
    every = reader.numeros("limite=100")
    assert every == sorted(every)
    assert len(every) == 26
    seen = []
    for rank, numeros in enumerate(reader.walk("/api/fiches?limite=4")):
        assert len(numeros) <= 4
        seen += numeros
        if rank == 1:  # one that was read, the very last read, and one that was not
            for numero in (every[0], every[7], every[20]):
                fiche = db.session.scalars(select(Fiche).where(Fiche.numero == numero)).one()
                make.step(fiche, "archiver", people[0])
    assert seen == [numero for numero in every if numero != every[20]]
    assert reader.numeros("limite=100") == [n for n in every if n not in (every[0], every[7], every[20])]


def test_the_first_page_is_of_25_and_its_suite_keeps_the_filters(crowd, reader):
    answer = reader.get("/api/fiches?territoire=normandie&q=atelier")
    assert len(answer.json["fiches"]) == 25
    assert 'rel="next"' in " ".join(answer.headers.getlist("Link"))
    rest = reader.get(answer.json["suite"])
    assert "territoire=normandie" in answer.json["suite"]
    assert len(rest.json["fiches"]) == 1
    assert rest.json["suite"] is None
    assert 'rel="next"' not in " ".join(rest.headers.getlist("Link"))


@pytest.mark.parametrize("looked_at", [1, 7, 26, 100])
def test_a_rare_fiche_is_found_however_little_one_page_may_look_at(crowd, reader, monkeypatch, looked_at):
    monkeypatch.setattr(queries, "LOOKED_AT", looked_at)
    monkeypatch.setattr(queries, "BATCH", 3)
    assert list(chain(*reader.walk("/api/fiches?q=atelier+24&limite=5"))) == ["28_NO000026"]
    every = list(chain(*reader.walk("/api/fiches?limite=5")))
    assert len(every) == len(set(every)) == 26
    whole = {feature["properties"]["fiche"] for feature in reader.get("/api/offre.geojson").json["features"]}
    assert whole == set(every)


def test_the_number_of_queries_depends_neither_on_the_page_nor_on_the_base(people, reader):
    first = publish(people)
    urls = (
        "/api/fiches?limite=100",
        "/api/fiches?limite=100&q=atelier&territoire=normandie&financeur=19",
        f"/api/fiches/{first.numero}",
    )
    before = [count_queries(reader, url) for url in urls]
    multiply(first, 60)
    assert [count_queries(reader, url) for url in urls] == before
    assert max(before) <= 5


def count_queries(reader, url):
    with statements() as orders:
        assert reader.get(url).status_code == 200
    return len([order for order in orders if order.lstrip().startswith("SELECT")])


# --- What is not understood, and the manners of the web --------------------------------------------


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("inconnu=1", "inconnu"),
        ("territoire=atlantide", "territoire"),
        ("territoire=", "territoire"),
        ("dispositif=asl", "dispositif"),
        ("dispositif=ASL&dispositif=OFII", "dispositif"),
        ("departement=99", "departement"),
        ("commune=1411", "commune"),
        ("commune=14999", "commune"),
        ("commune=%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5", "commune"),
        ("public=0", "public"),
        ("financeur=99", "financeur"),
        ("etat_inscription=4", "etat_inscription"),
        ("q=", "q"),
        (f"q={'a' * 101}", "q"),
        ("limite=0", "limite"),
        ("limite=101", "limite"),
        ("limite=-1", "limite"),
        ("limite=%D9%A3", "limite"),
        ("limite=dix", "limite"),
        ("apres=%00", "apres"),
        ("apres=a%0A", "apres"),
        ("apres=%27%20OR%201=1", "apres"),
    ],
)
def test_a_bad_parameter_is_named_and_explained(people, reader, query, parameter):
    publish(people)
    answer = reader.get(f"/api/fiches?{query}")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 422
    assert [fault["parametre"] for fault in answer.json["erreurs"]] == [parameter]
    assert answer.json["erreurs"][0]["message"].endswith(".")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_title_may_be_looked_for_with_any_character(people, reader):
    publish(people)
    for query in ("q=%00", "q=%25", "q=_", "q=%F0%9F%8E%93", "q=%27%3B--"):
        assert reader.numeros(query) == []


@pytest.mark.parametrize("path", ["/api/rien", "/api/", "/api/fiches/", "/api/fiches/28_NO999999", "/api/fiches/%00"])
def test_what_does_not_exist_is_said_in_json(app, reader, path):
    answer = reader.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json["title"] == "Rien à cette adresse"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_nothing_can_be_written(app, reader):
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(app.test_client(), method)("/api/fiches")
        assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
        assert "GET" in answer.headers["Allow"]


def test_an_error_of_ours_is_a_json_problem_too(app, reader, monkeypatch):
    monkeypatch.setattr(queries, "page", lambda *_: 1 / 0)
    answer = reader.get("/api/fiches")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "division" not in answer.text


def test_any_page_of_the_web_may_read_the_open_data_and_nothing_else(people, reader):
    publish(people)
    for path in ("/api/fiches", "/api/offre.csv", "/api/offre.geojson", "/api/openapi.json"):
        answer = reader.get(path, Origin="https://ailleurs.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert f'<{LICENCE.url}>; rel="license"' in answer.headers.getlist("Link")
        preflight = reader.visitor.client.options(path, headers={"Origin": "https://ailleurs.example"})
        assert preflight.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    for path in ("/", "/api", "/connexion", "/healthz", "/flux/normandie/manifeste.json", "/rien"):
        assert "Access-Control-Allow-Origin" not in reader.get(path).headers


@pytest.mark.parametrize("path", ["/api/fiches", "/api/fiches/{0}", "/api/offre.csv", "/api/offre.geojson"])
def test_what_has_not_changed_is_not_sent_again(people, reader, path):
    fiche = publish(people)
    path = path.format(fiche.numero)
    etag = reader.get(path).headers["ETag"]
    answer = reader.get(path, If_None_Match=etag)
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert reader.get(path, If_None_Match='"autre"').status_code == 200
    make.step(fiche, "archiver", people[0])
    assert reader.get(path, If_None_Match=etag).status_code in (200, 404)


def test_a_reader_in_a_great_hurry_is_slowed_down(app, reader):
    codes = [reader.get("/api/offre.csv").status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    answer = reader.get("/api/offre.csv")
    assert answer.json["title"] == "Trop de demandes en peu de temps"
    assert answer.headers["Retry-After"] == "60"
    assert reader.get("/api/fiches").status_code == 200


def test_the_page_explains_every_filter_and_is_linked_from_every_page(app, reader):
    page = reader.get("/api").text
    for row in FILTERS:
        assert f"<code>{row.name}</code>" in page
        assert reader.get(f"/api/fiches?{row.name}={row.example}").status_code == 200, row.name
    assert 'href="/api"' in reader.get("/").text


# --- CSV and GeoJSON -------------------------------------------------------------------------------


def table(answer):
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_spreadsheet_has_one_line_for_each_group(people, reader):
    content = make.complete_content("Français ; « l’été » à Caen")
    content.actions.append(Action("G4", 'Groupe "avancé"', creneaux=content.actions[0].creneaux, semaines=10))
    content.actions[1].sessions = [Session("S5", date(2026, 10, 1), date(2026, 12, 18), "2", 0)]
    content.dernier_repere = 5
    fiche = publish(people, content)
    answer = reader.get("/api/offre.csv?territoire=normandie")
    assert answer.data.startswith("\ufeffNuméro;Fiche;Intitulé;".encode())
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=offre-normandie.csv"
    first, second = table(answer)
    assert list(first) == headers()
    assert [first["Numéro"], second["Numéro"]] == [f"{fiche.numero}-G2", f"{fiche.numero}-G4"]
    assert second["Groupe"] == 'Groupe "avancé"'
    assert first["Intitulé"] == "Français ; « l’été » à Caen"
    assert (first["Commune"], first["Code Insee"], first["Département"]) == ("Caen", "14118", "14")
    assert first["Niveau à l’entrée"] == "A1 à l’oral, alphabétisation à l’écrit"
    assert (first["Inscriptions"], second["Inscriptions"]) == (
        "Inscriptions ouvertes",
        "Complet ou inscriptions closes",
    )
    assert (first["Places libres"], second["Places libres"]) == ("", "0")


def test_no_text_of_an_entry_becomes_a_formula(people, reader):
    content = make.complete_content('=HYPERLINK("https://ailleurs.example";"Cliquez")')
    content.actions[0].nom = "@SUM(A1)"
    content.structure.nom = "+33 Les Tilleuls"
    content.inscription.modalites = " -1+cmd|' /C calc'!A0"
    publish(people, content)
    (row,) = table(reader.get("/api/offre.csv"))
    assert row["Intitulé"].startswith("'=HYPERLINK")
    assert row["Groupe"] == "'@SUM(A1)"
    assert row["Structure"] == "'+33 Les Tilleuls"
    assert not [text for text in row.values() if re.match(r"\s*[=+\-@＝＋－＠]", text)]
    assert reader.fiches()[0]["intitule"].startswith("=HYPERLINK"), "le JSON n’est pas un tableur"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "\u00a0@"])
def test_every_beginning_of_a_formula_is_disarmed(start):
    assert cell(f"{start}A1") == f"'{start}A1"
    assert cell(f"a{start}A1") == f"a{start}A1"


def test_the_map_has_one_feature_for_each_group(people, reader):
    fiche = publish(people, make.complete_content("Français à l’école"))
    answer = reader.get("/api/offre.geojson")
    assert answer.mimetype == "application/geo+json"
    collection = json.loads(answer.data.decode("utf-8"))
    assert (collection["type"], collection["licence"]["nom"]) == ("FeatureCollection", LICENCE.nom)
    (feature,) = collection["features"]
    assert set(feature) == {"type", "id", "geometry", "properties"}
    assert (feature["type"], feature["id"]) == ("Feature", f"{fiche.numero}-G2")
    assert feature["geometry"] == {"type": "Point", "coordinates": [-0.36, 49.19]}, "Caen : longitude puis latitude"
    assert feature["properties"]["code_insee"] == "14118"
    assert feature["properties"]["intitule"] == "Français à l’école"
    assert feature["properties"]["premier_jour"] == "2026-09-15"


def test_a_commune_that_the_map_does_not_know_has_no_point(people, reader):
    content = make.complete_content()
    small = next(row for row in read_communes() if row.departement == "14" and row.code_insee not in centres())
    content.lieux[0].adresse.code_insee = small.code_insee
    publish(people, content)
    (feature,) = reader.get("/api/offre.geojson").json["features"]
    assert feature["geometry"] is None


def test_an_empty_offer_is_still_a_whole_document(app, reader):
    assert reader.get("/api/offre.geojson").json["features"] == []
    assert table(reader.get("/api/offre.csv")) == []
    assert reader.get("/api/offre.csv").data.decode("utf-8-sig").startswith("Numéro;")


def test_memory_stays_flat_whatever_the_size_of_the_offer(people, monkeypatch):
    monkeypatch.setattr(queries, "BATCH", 30)
    first = publish(people)
    multiply(first, 3 * queries.BATCH)
    peaks = []
    for territoire in ("normandie", ""):  # warm up, then measure
        list(csv_lines(queries.stream(db.session(), territoire)))
    for _ in range(2):
        tracemalloc.start()
        lines = sum(1 for _ in csv_lines(queries.stream(db.session())))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == 1 + len(db.session.scalars(select(Fiche.id)).all())
        db.session.rollback()
        if len(peaks) == 1:
            multiply(first, 6 * queries.BATCH)
    assert peaks[1] < 1.3 * peaks[0]
