"""The list of a funder: read first, reported line by line, then written; matched to structures and to fiches."""

from __future__ import annotations

import csv
import io
import re

import pytest
import xlsxwriter
from lxml import html
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    Bpi,
    Convention,
    ImportJob,
    ImportKind,
    ImportLine,
    Matching,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    Outcome,
    RevisionState,
)
from exports.importing.columns import exact, propose, titles
from exports.importing.files import read_table
from exports.importing.reading import UnreadableFile
from exports.importing.template import template_csv, template_xlsx
from forms.conventions import grants
from forms.conventions.grant_table import COLUMNS, TEMPLATE
from tests.support import factories as make
from tests.support.tables import table_of
from tests.support.visitor import Visitor
from workflows.conventions import operations, pne_survey
from workflows.conventions.recognition import Named, Recognised, likely_fiches, recognise
from workflows.importing import jobs, mappings

HEADERS = [column.header for column in COLUMNS]
LINE = {
    "reference": "2026-104-0101",
    "siret": "",
    "nom": "Les Ateliers du Val",
    "departement": "Calvados",
    "programme": "BOP104",
    "annee": "2026",
    "montant": "12 500,50 €",
    "contact_pne": "Accueil@Ateliers.example",
    "bpi": "oui",
}


@pytest.fixture
def funder(app):
    return make.funder()


def sheet(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADERS)
    writer.writerows([[row.get(column.key, "") for column in COLUMNS] for row in rows])
    return out.getvalue().encode(encoding)


def workbook(*rows: dict[str, str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    for y, values in enumerate([HEADERS, *([row.get(column.key, "") for column in COLUMNS] for row in rows)]):
        for x, value in enumerate(values):
            page.write(y, x, int(value) if value.isdecimal() and len(value) < 10 else value)
    book.close()
    return out.getvalue()


def read(by, raw: bytes, **settings: str) -> ImportJob:
    stored = uploads.keep(io.BytesIO(raw))
    mapping = exact(read_table(uploads.path_of(stored)).headers, COLUMNS)
    where = by.assignments[0].territoire_id
    with atomic() as session:
        job = jobs.create_job(session, by, ImportKind.CONVENTIONS, "liste.csv", stored, settings, territoire_id=where)
        jobs.ask_reading(session, job, mapping)
    db.session.expire_all()
    return job


def write(job: ImportJob) -> list[ImportLine]:
    with atomic() as session:
        jobs.ask_import(session, job, None, {}, submit=False)
    db.session.expire_all()
    return lines(job)


def lines(job: ImportJob) -> list[ImportLine]:
    return list(db.session.scalars(select(ImportLine).where(ImportLine.job_id == job.id).order_by(ImportLine.rank)))


@pytest.mark.parametrize("made", [sheet, lambda row: sheet(row, encoding="cp1252"), workbook])
def test_a_line_becomes_a_convention_with_its_facts(funder, made):
    job = read(funder, made(LINE))
    assert [line.plan for line in lines(job)] == [Outcome.NOUVELLE]
    assert db.session.query(Convention).count() == 0, "la lecture n’écrit rien"
    (line,) = write(job)
    assert line.result is Outcome.NOUVELLE
    (one,) = db.session.query(Convention)
    assert (one.programme, one.annee, one.reference, one.departement) == ("BOP 104", 2026, "2026-104-0101", "14")
    assert (one.montant, one.contact_pne, one.bpi) == (1_250_050, "accueil@ateliers.example", Bpi.OUI)
    assert len(one.obligations) == 3


def test_a_second_import_updates_and_an_empty_cell_changes_nothing(funder):
    write(read(funder, sheet(LINE)))
    again = read(funder, sheet({**LINE, "montant": "13 000", "bpi": "", "contact_pne": "", "departement": ""}))
    assert [(line.plan, line.report["changes"]) for line in lines(again)] == [
        (Outcome.MISE_A_JOUR, [{"name": "montant", "before": 1_250_050, "after": 1_300_000}])
    ]
    write(again)
    (one,) = db.session.query(Convention)
    assert (one.montant, one.contact_pne, one.bpi) == (1_300_000, "accueil@ateliers.example", Bpi.OUI)
    same = read(funder, sheet(LINE | {"montant": "13000"}))
    count = db.session.query(ObligationEvent).count()
    assert [line.plan for line in lines(same)] == [Outcome.INCHANGEE]
    write(same)
    assert (db.session.query(Convention).count(), db.session.query(ObligationEvent).count()) == (1, count)


FAULTS = {
    "reference": ("", "Donnez la référence"),
    "siret": ("77897285100067", "contient une erreur"),
    "departement": ("Bas-Rhin", "n’est pas un département de votre territoire"),
    "programme": ("BOP 999", "n’est pas un programme connu"),
    "annee": ("26", "n’est pas une année"),
    "montant": ("beaucoup", "n’est pas un montant"),
    "contact_pne": ("accueil", "n’est pas une adresse e-mail"),
    "bpi": ("peut-être", "répondez oui ou non"),
    "rna": ("143000001", "n’est pas un numéro RNA"),
    "nom": ("", "Donnez le nom"),
}


@pytest.mark.parametrize("field", FAULTS)
def test_a_fault_is_named_with_its_column_and_blocks_no_other_line(funder, field):
    text, message = FAULTS[field]
    job = read(funder, sheet({**LINE, field: text}, {**LINE, "reference": "2026-104-0102"}))
    wrong, right = lines(job)
    assert wrong.plan is Outcome.ECARTEE
    (remark,) = wrong.report["remarks"]
    assert (wrong.place, remark["label"]) == ("ligne 2", grants.FIELDS[field])
    assert message in remark["message"]
    assert right.plan is Outcome.NOUVELLE
    write(job)
    assert [row.reference for row in db.session.query(Convention)] == ["2026-104-0102"]


def test_the_same_reference_twice_in_a_file_is_one_convention(funder):
    first, second = lines(read(funder, sheet(LINE, LINE)))
    assert (first.plan, second.plan) == (Outcome.NOUVELLE, Outcome.ECARTEE)
    assert "ligne 2" in second.report["remarks"][0]["message"]


def test_what_the_file_does_not_say_is_said_once_for_all(funder):
    job = read(funder, sheet({**LINE, "programme": "", "annee": ""}), programme="BOP 147", annee="2027")
    write(job)
    (one,) = db.session.query(Convention)
    assert (one.programme, one.annee) == ("BOP 147", 2027)


def test_a_line_outside_what_the_funder_follows_is_refused_by_name(funder):
    funder.assignments[0].departements = ["50"]
    db.session.commit()
    (line,) = lines(read(funder, sheet(LINE)))
    assert line.plan is Outcome.ECARTEE
    assert "que vous suivez" in line.report["remarks"][0]["message"]


def test_the_template_is_read_back_and_its_help_is_no_line(funder):
    for raw in (template_csv(TEMPLATE), template_xlsx(TEMPLATE)):
        with pytest.raises(UnreadableFile, match="aucune ligne"):
            table_of(raw)
    assert exact(template_csv(TEMPLATE).decode("utf-8-sig").splitlines()[0].replace('"', "").split(";"), COLUMNS) == {
        rank: column.key for rank, column in enumerate(COLUMNS)
    }


def test_the_headers_of_a_real_list_are_guessed_and_remembered_apart_from_those_of_fiches(funder):
    headers = ["N° de dossier", "Bénéficiaire", "Siret", "Dépt", "Subvention", "Courriel", "Observations"]
    proposed = propose(headers, {}, COLUMNS)
    assert [proposed.get(rank) for rank in range(7)] == [
        "reference", "nom", "siret", "departement", "montant", "contact_pne", None,
    ]  # fmt: skip
    job = read(funder, sheet(LINE))
    with atomic() as session:
        mappings.remember(session, job, {"Observations": "", "Siret": "siret"})
    assert mappings.remembered(db.session(), job) == {"Observations": "", "Siret": "siret"}
    job.kind = ImportKind.TABLEAU
    assert mappings.remembered(db.session(), job) == {}


# --- Matching ---------------------------------------------------------------------------------------


def test_the_siret_decides_whatever_the_name(funder):
    known = make.organisme("Centre social des Tilleuls")
    write(read(funder, sheet({**LINE, "siret": make.SIRET, "nom": "ASSO TILLEULS"})))
    (one,) = db.session.query(Convention)
    assert (one.organisme_id, one.matching) == (known.id, Matching.RATTACHEE)


def test_the_rna_decides_too(funder):
    known = make.organisme("Centre social des Tilleuls")
    known.rna = "W143000001"
    db.session.commit()
    write(read(funder, sheet({**LINE, "nom": "Tilleuls (centre social)", "rna": "W143000001"})))
    assert db.session.query(Convention).one().organisme_id == known.id


def test_the_very_name_is_sure_and_a_likeness_is_a_doubt(funder):
    known = make.organisme("Association Les Ateliers du Val")
    near = make.organisme("Ateliers du Valois")
    for row in (known, near):
        row.siret = ""
    db.session.commit()
    said = make.grant(nom="LES ATELIERS DU VAL")
    where = known.territoire_id
    assert recognise(db.session(), where, said).sure is known
    doubt = recognise(db.session(), where, make.grant(nom="Ateliers Vals"))
    assert doubt.sure is None
    assert {row.organisme for row in doubt.candidates} == {known, near}
    assert all(70 <= row.score < 97 for row in doubt.candidates)
    assert recognise(db.session(), where, make.grant(nom="Boulangerie du port")).candidates == []


def test_two_structures_of_the_same_name_are_a_doubt(funder):
    one, two = make.organisme("Les Ateliers du Val"), make.organisme("Les ateliers du val")
    for row in (one, two):
        row.siret = ""
    db.session.commit()
    found = recognise(db.session(), one.territoire_id, make.grant(nom="Les ateliers du Val"))
    assert found.sure is None
    assert len(found.candidates) == 2


def test_a_siret_that_contradicts_the_name_is_a_doubt(funder):
    known = make.organisme("Les Ateliers du Val")
    found = recognise(db.session(), known.territoire_id, make.grant(nom="Les Ateliers du Val", siret="73282932000074"))
    assert found.sure is None
    assert [row.why for row in found.candidates] == ["nom proche, autre SIRET"]


def test_another_establishment_of_the_same_siren_is_a_doubt(funder):
    known = make.organisme("Centre social des Tilleuls")
    found = recognise(db.session(), known.territoire_id, make.grant(nom="Autre nom", siret=make.SIRET[:9] + "00076"))
    assert [(row.organisme, row.why) for row in found.candidates] == [(known, "même SIREN, autre établissement")]


def test_structures_of_another_territoire_are_never_meant(funder):
    far = make.organisme("Les Ateliers du Val", "grand-est")
    assert recognise(db.session(), make.territoire().id, make.grant(nom=far.nom, siret=far.siret)).sure is None
    convention = make.convention(funder)
    with pytest.raises(operations.Refused, match="autre territoire"):
        operations.attach(db.session(), funder, convention.id, far)


def test_the_only_fiche_of_the_departement_is_tied_and_the_one_that_names_the_grant(funder):
    structure = make.organisme()
    nadia, marc = make.provider("Nadia Exemple", structure), make.moderator()
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    make.draft(nadia)
    line = {**LINE, "nom": structure.nom, "siret": make.SIRET}
    write(read(funder, sheet(line)))
    (one,) = db.session.query(Convention)
    assert [tie.fiche_id for tie in one.ties] == [fiche.id]
    named = make.complete_content("Ateliers du soir")
    named.financement.financeurs[0].reference = "2026-104-0900"
    second = make.fiche_in(RevisionState.SOUMISE, nadia, marc, named)
    write(read(funder, sheet({**line, "reference": "2026-104-0900"})))
    other = db.session.query(Convention).filter_by(reference="2026-104-0900").one()
    assert [tie.fiche_id for tie in other.ties] == [second.id]
    assert [found.id for found, _ in likely_fiches(db.session(), other)] == [fiche.id]


# --- Numbers and names --------------------------------------------------------------------------------


def test_the_number_of_one_structure_with_the_name_of_another_is_a_doubt_that_shows_both(funder):
    one, two = make.organisme("Les Ateliers du Val"), make.organisme("Boulangerie du port")
    two.siret, one.rna = "73282932000074", "W143000001"
    db.session.commit()
    where = one.territoire_id
    for said in ({"siret": make.SIRET}, {"rna": "W143000001"}):
        found = recognise(db.session(), where, make.grant(nom="Boulangerie du Port", **said))
        assert found.sure is None
        assert [row.organisme for row in found.candidates] == [one, two]
        assert "autre nom" in found.candidates[0].why
    found = recognise(db.session(), where, make.grant(nom="Les Ateliers", siret="73282932000074", rna="W143000001"))
    assert found.sure is None
    assert {row.organisme for row in found.candidates} == {one, two}
    assert recognise(db.session(), where, make.grant(nom="Un tout autre nom", siret=make.SIRET)).sure is None


@pytest.mark.parametrize("name", ["", "ATELIERS DU VAL", "Les Ateliers du Val de Vire", "Asso des Tilleuls"])
def test_a_number_with_its_own_name_is_sure(funder, name):
    known = make.organisme("Les Ateliers du Val")
    known.structure = {**known.structure, "raison_sociale": "Association des Tilleuls"}
    db.session.commit()
    assert recognise(db.session(), known.territoire_id, make.grant(nom=name, siret=make.SIRET)).sure is known


def test_a_homonym_of_another_departement_is_a_doubt(funder):
    near, far = make.organisme("Les Ateliers du Val"), make.organisme("Les ateliers du val")
    near.siret = far.siret = ""
    near.commune, far.commune = "14118", "50129"
    db.session.commit()
    said = make.grant(nom="Les Ateliers du Val", departement="14")
    assert recognise(db.session(), near.territoire_id, said).sure is near
    near.merged_into_id = far.id
    db.session.commit()
    found = recognise(db.session(), far.territoire_id, said)
    assert found.sure is None
    assert [row.why for row in found.candidates] == ["nom proche, autre département (50)"]


def test_c14_zeros_are_no_number(funder):
    known = make.organisme("Les Ateliers du Val")
    known.siret = "0" * 14
    db.session.commit()
    said = Named("Boulangerie du port", "0" * 14, "0")
    assert recognise(db.session(), known.territoire_id, said) == Recognised(None, [])
    assert recognise(db.session(), known.territoire_id, Named("", "0" * 14)).candidates == []


# --- Typed cells, sheets, totals, lines mended on the page -------------------------------------------


@pytest.fixture
def two_sheets(shared) -> bytes:
    return (shared / "cases" / "F01-deux-feuilles-et-montants.xlsx").read_bytes()


def send(visitor: Visitor, raw: bytes, name: str = "liste.xlsx"):
    visitor.see("/conventions/import/")
    sent = {"fichier": FileStorage(io.BytesIO(raw), name)}
    return visitor.post("/conventions/import/", sent, content_type="multipart/form-data").headers["Location"]


def test_a_number_is_rounded_a_doubtful_text_is_asked_and_a_total_is_no_grant(app, funder, two_sheets):
    person = Visitor(app, funder)
    page = person.see(send(person, two_sheets))
    one, two, three = lines(db.session.query(ImportJob).one())
    assert (one.read["montant"], one.report["remarks"]) == (9_808, [])
    assert [remark["path"] for remark in two.report["remarks"]] == ["montant"]
    assert "deux façons" in two.report["remarks"][0]["message"]
    assert [remark["path"] for remark in three.report["remarks"]] == ["contact_pne"]
    text = page.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "La ligne 5 du fichier est un total" in text
    assert "98,08 €" in text


def test_a_faulty_line_is_mended_on_the_page(app, funder, two_sheets):
    person = Visitor(app, funder)
    where = send(person, two_sheets)
    person.see(where)
    _, two, _ = lines(db.session.query(ImportJob).one())
    again = person.post(f"{where}/lignes/{two.id}", {"montant": "douze"})
    assert (again.status_code, 'value="douze"' in again.text) == (422, True)
    person.post(f"{where}/lignes/{two.id}", {"montant": "12,50"})
    db.session.expire_all()
    assert (two.plan, two.read["montant"]) == (Outcome.NOUVELLE, 1_250)
    person.post(f"{where}/appliquer", {})
    amounts = {row.reference: row.montant for row in db.session.scalars(select(Convention))}
    assert amounts == {"T-1": 9_808, "T-2": 1_250}


def test_another_sheet_is_offered_before_and_after_the_first(app, funder, two_sheets):
    person = Visitor(app, funder)
    where = send(person, two_sheets)
    assert "BOP 147" in person.see(where).text
    moved = person.post(f"{where}/feuille", {"feuille": "1"}).headers["Location"]
    assert moved == where
    assert [line.numero for line in lines(db.session.query(ImportJob).one())] == ["T-9"]
    person.post(f"{where}/appliquer", {})
    other = person.post(f"{where}/feuille", {"feuille": "0"}).headers["Location"]
    assert other != where
    assert "T-1" in person.see(other).text


def test_the_report_says_what_each_value_was_and_becomes(app, funder):
    person = Visitor(app, funder)
    for amount in ("1 000", "2 500,50"):
        where = send(person, sheet({**LINE, "montant": amount}), "liste.csv")
        page = person.see(where).text
        person.post(f"{where}/appliquer", {})
    text = " ".join(html.fromstring(page).text_content().split())
    assert "Montant en euros : 1 000 € → 2 500,50 €" in text
    assert re.search("Total avant ?1 000 € ?Total après ?2 500,50 €", text)


@pytest.mark.parametrize("name", ["C12-mac.csv", "C12-sep.csv"])
def test_files_of_macintosh_and_with_a_declared_separator(shared, name):
    found = table_of((shared / "cases" / name).read_bytes())
    assert "Les Mots partagés" in str(found.rows) or "Œuvre de l’été à Évreux" in str(found.rows)
    assert len(found.headers) == 6


TITLED = [
    ["Subventions accordées en 2026", "", "", ""],
    ["", "Le projet", "", "L’argent"],
    HEADERS[:4],
    ["A-1", "", "Les Mots partagés", ""],
    ["Total général", "", "", "12 500,00 €"],
]


def test_headers_are_found_below_titles_and_a_total_is_set_aside():
    raw = "\n".join(";".join(row) for row in TITLED).encode()
    found = table_of(raw, titles=titles(COLUMNS))
    assert found.headers == HEADERS[:4]
    assert [number for number, _ in found.rows] == [4]
    assert [number for number, _ in found.totals] == [5]


def test_an_unknown_list_has_its_headers_below_its_title_too():
    found = table_of(b"Liste des inscrits;;\n;;\nDossier;Qui;Combien\n1;a;2\n")
    assert (found.headers, len(found.rows)) == (["Dossier", "Qui", "Combien"], 1)


# --- Undoing -----------------------------------------------------------------------------------------


def imported(person: Visitor, *rows: dict[str, str]) -> str:
    where = send(person, sheet(*rows), "liste.csv")
    person.post(f"{where}/appliquer", {})
    return where


def known_amounts() -> dict[str, int | None]:
    db.session.expire_all()
    return {row.reference: row.montant for row in db.session.scalars(select(Convention))}


OTHER = {**LINE, "reference": "2026-104-0102", "nom": "Une autre association"}


def test_an_import_is_undone_and_may_be_done_again(app, funder):
    person = Visitor(app, funder)
    imported(person, {**LINE, "montant": "1 000"})
    where = imported(person, LINE, OTHER)
    assert known_amounts() == {"2026-104-0101": 1_250_050, "2026-104-0102": 1_250_050}
    kept = {row.id for row in db.session.scalars(select(Convention))}
    person.post(f"{where}/defaire", {})
    assert known_amounts() == {"2026-104-0101": 100_000}
    assert "Import défait" in person.see(where).text
    assert "2026-104-0102" not in person.see("/conventions/").text
    person.post(f"{where}/appliquer", {})
    assert known_amounts() == {"2026-104-0101": 1_250_050, "2026-104-0102": 1_250_050}
    assert {row.id for row in db.session.scalars(select(Convention))} == kept


def test_the_reference_of_an_undone_import_may_be_given_to_another_convention(app, funder):
    person = Visitor(app, funder)
    where = imported(person, LINE)
    person.post(f"{where}/defaire", {})
    imported(person, OTHER)
    with atomic() as session:
        one = session.scalars(select(Convention)).one()
        grant = grants.Grant(**{name: getattr(one, name) for name in grants.FIELDS} | {"reference": LINE["reference"]})
        operations.change(session, funder, one.id, grant)
    assert list(known_amounts()) == [LINE["reference"]]


def test_what_was_built_on_an_import_stays_and_is_named(app, funder):
    person = Visitor(app, funder)
    where = imported(person, LINE, OTHER, {**LINE, "reference": "2026-104-0103"})
    changed, followed, _ = db.session.scalars(select(Convention).order_by(Convention.id))
    with atomic() as session:
        grant = grants.Grant(**{name: getattr(changed, name) for name in grants.FIELDS} | {"montant": 5})
        operations.change(session, funder, changed.id, grant)
        pne_survey.note(session, funder, [followed], "declarer", local_day(now()))
    person.post(f"{where}/defaire", {})
    assert known_amounts() == {changed.reference: 5, followed.reference: 1_250_050}
    text = person.see(where).text
    assert "La convention a été changée depuis" in text
    assert "Ses obligations ont été suivies depuis" in text


def test_a_list_of_respondents_is_undone_until_the_survey_goes_on(app, funder):
    person = Visitor(app, funder)
    imported(person, LINE, OTHER)
    one, two = db.session.scalars(select(Convention).order_by(Convention.id))
    raw = f"Référence\n{one.reference}\n{two.reference}\n".encode()
    person.see("/conventions/enquete/?annee=2026")
    page = person.post(
        "/conventions/enquete/repondants?annee=2026", {"fichier": FileStorage(io.BytesIO(raw), "liste.csv")}
    )
    assert 'name="liste"' in page.text
    chosen = {"etape": "declarer", "liste": "1", "convention": [str(one.id), str(two.id)]}
    person.post("/conventions/enquete/?annee=2026", chosen)
    pne = [row.obligation(ObligationKind.PNE) for row in (one, two)]
    db.session.expire_all()
    assert [row.state for row in pne] == [ObligationState.DECLAREE] * 2
    with atomic() as session:
        pne_survey.note(session, funder, [two], "verifier", local_day(now()))
    job = db.session.scalars(select(ImportJob).where(ImportJob.kind == ImportKind.REPONDANTS)).one()
    person.post(f"/conventions/enquete/listes/{job.id}/defaire", {})
    db.session.expire_all()
    assert [row.state for row in pne] == [ObligationState.A_FOURNIR, ObligationState.VERIFIEE]
    assert "Le suivi de l’enquête a continué depuis" in person.see(f"/conventions/enquete/listes/{job.id}").text
