"""Importing as a person does it: send a file, say what the columns are, read the report, choose, see the result."""

from __future__ import annotations

import csv
import io
import re

import pytest
from lxml import html
from werkzeug.datastructures import FileStorage

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheState, ImportJob, ImportKind, ImportLine, JobStatus, Phase, RevisionState
from backoffice.models.content import dump
from exports.importing.columns import exact
from tests.flux.test_file_check_pages import post_file
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.importing import jobs

from .test_imports import foreign_flow, start
from .test_tables import ROW, sheet

FORM = {"genre": "lheo", "dispositif": "ASL"}


@pytest.fixture
def by(app):
    return make.provider()


@pytest.fixture
def person(app, by):
    return Visitor(app, by)


def send(visitor, raw: bytes, name="offre.xml", **fields):
    visitor.see("/import/")
    pour = re.search(r'name="pour" id="[^"]+" value="([^"]+)"', visitor.get("/import/").text)
    sent = {"fichier": FileStorage(io.BytesIO(raw), name), "pour": pour[1] if pour else "", **FORM, **fields}
    return visitor.post("/import/", sent, content_type="multipart/form-data")


def send_large(visitor, raw: bytes, **fields):
    page = visitor.see("/import/").text
    pour = re.search(r'name="pour" id="[^"]+" value="([^"]+)"', page)[1]
    return post_file(visitor, "/import/", raw, "offre.xml", pour=pour, **{**FORM, **fields})


def boxes(text: str) -> list[str]:
    return re.findall(r'name="ligne" value="(\d+)"', text)


def test_from_the_file_to_the_drafts(person):
    answer = send(person, foreign_flow("Cours du matin", "Cours du soir"))
    assert answer.status_code == 303
    report = person.see(answer.headers["Location"])
    assert "Rien n’a encore été écrit" in report.text
    assert "Cours du matin" in report.text
    assert db.session.query(Fiche).count() == 0
    first, _ = boxes(report.text)
    done = person.post(f"{answer.headers['Location']}/appliquer", {"ligne": first, "vers": "brouillon"})
    assert done.status_code == 303
    result = person.see(done.headers["Location"])
    assert "Résultat de l’import" in result.text
    (fiche,) = db.session.query(Fiche).all()
    assert f"/fiches/{fiche.id}" in result.text
    assert fiche.latest.title == "Cours du matin"
    assert len(boxes(result.text)) == 1
    assert "Voir la fiche" in result.text


def test_straight_to_the_queue(person, by):
    answer = send(person, foreign_flow("Cours du matin"))
    with atomic() as session:
        line = session.query(ImportLine).one()
        line.read = {**line.read, "content": dump(make.complete_content("Cours du matin"))}
    page = person.see(answer.headers["Location"])
    person.post(f"{answer.headers['Location']}/appliquer", {"ligne": boxes(page.text), "vers": "file"})
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.latest.state is RevisionState.SOUMISE


def test_a_text_of_the_file_is_shown_as_text(person):
    answer = send(person, foreign_flow("Cours &lt;script&gt;alert(1)&lt;/script&gt; <img src=x>"))
    page = person.see(answer.headers["Location"]).text
    assert "<script>alert" not in page
    assert "<img" not in re.sub(r'<img src="/static[^>]*>', "", page)


def answers(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("cp1252")


ANSWER = {
    "Horodateur": "12/09/2026 10:32",
    "Comment s’appelle votre action ?": "Français pour l’école",
    "Numéro SIRET": make.SIRET,
    "Où ? (rue)": "12 rue des Tilleuls",
    "Lieu : code postal": "14000",
    "Lieu : ville": "Caen",
}


def test_the_columns_of_a_form_are_chosen_once_and_remembered(person, by):
    answer = send(person, answers(ANSWER), "réponses.csv", genre="reponses")
    columns = f"{answer.headers['Location']}/colonnes"
    page = html.fromstring(person.see(columns).text)
    labels = [label.text_content().strip() for label in page.xpath("//label[starts-with(@for, 'colonne-')]")]
    assert labels == list(ANSWER)
    chosen = {
        select.get("name"): select.xpath("string(option[@selected]/@value)") for select in page.xpath("//main//select")
    }
    assert chosen["colonne-2"] == "structure.siret"
    assert chosen["colonne-0"] == ""
    chosen |= {"colonne-1": "formation.intitule", "colonne-3": "lieux[].adresse.lignes"}
    sent = person.post(columns, chosen)
    assert sent.status_code == 303
    report = person.see(sent.headers["Location"])
    assert "Français pour l’école" in report.text
    assert "Nouvelle fiche" in report.text
    again = send(person, answers({**ANSWER, "Où ? (rue)": "1 place du Marché"}), "réponses.csv", genre="reponses")
    page = html.fromstring(person.see(f"{again.headers['Location']}/colonnes").text)
    kept = {
        select.get("name"): select.xpath("string(option[@selected]/@value)") for select in page.xpath("//main//select")
    }
    assert kept == chosen


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ({"colonne-0": "structure.siret", "colonne-1": "structure.siret"}, "la même chose"),
        ({"colonne-2": "structure.siret"}, "l’intitulé"),
        ({"colonne-1": "n-importe-quoi"}, "l’intitulé"),
    ],
)
def test_columns_that_make_no_sense_are_asked_again(person, choices, why):
    answer = send(person, answers(ANSWER), "réponses.csv", genre="reponses")
    sent = person.post(f"{answer.headers['Location']}/colonnes", choices)
    assert sent.status_code == 422
    assert why in sent.text


def test_the_template_once_filled_needs_no_choice_of_columns(person):
    raw = person.get("/import/modele.csv").data.decode("utf-8-sig")
    headers, help_ = raw.splitlines()[0], "\n".join(raw.splitlines()[1:])
    row = [ROW.get(column, "") for column in keys_of(headers)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow(row)
    answer = send(person, f"{headers}\n{help_}\n{out.getvalue()}".encode(), "modele.csv", genre="tableau")
    report = person.see(answer.headers["Location"])
    assert "Ce que ferait l’import" in report.text
    assert "Français à l’école" in report.text


def keys_of(headers: str) -> list[str]:
    found = exact(headers.split(";"))
    return [found[rank] for rank in range(len(found))]


def test_the_xlsx_template_is_a_workbook(person):
    answer = person.get("/import/modele.xlsx")
    assert answer.data[:2] == b"PK"
    assert "attachment" in answer.headers["Content-Disposition"]


BAD = {
    "not XML": (b"ceci n'est pas du XML", {}),
    "nothing": (b"", {}),
    "another XML": (b"<html><body/></html>", {}),
    "entities": (b'<!DOCTYPE a [<!ENTITY x "y">]><lheo xmlns="http://lheo.gouv.fr/2.3">&x;</lheo>', {}),
    "binary": (bytes(range(256)) * 20, {}),
    "table as LHEO": (sheet(ROW), {}),
    "LHEO as table": (b"<lheo/>", {"genre": "tableau"}),
    "broken workbook": (b"PK\x03\x04nope", {"genre": "tableau"}),
    "binary table": (bytes(range(256)) * 20, {"genre": "reponses"}),
    "unknown kind": (b"a;b\n1;2", {"genre": "pdf"}),
    "another structure": (b"<lheo/>", {"pour": "structure-99999"}),
    "a territoire": (b"<lheo/>", {"pour": "territoire-1"}),
    "unknown dispositif": (b"<lheo/>", {"dispositif": "XYZ"}),
}


@pytest.mark.parametrize(("raw", "fields"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_french_and_leaves_nothing(person, raw, fields):
    before = len(list(uploads.folder().iterdir()))
    answer = send(person, raw, **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert db.session.query(ImportJob).count() == 0
    assert len(list(uploads.folder().iterdir())) == before


def test_a_flow_of_twelve_megabytes_is_taken_and_a_table_of_seven_is_not(person):
    blank = b" " * 3_000_000
    large = foreign_flow("Cours du matin", "Cours du midi", "Cours du soir", "Cours de nuit")
    large = large.replace(b"</formation>", b"</formation>" + blank)
    assert len(large) > 12_000_000
    answer = send_large(person, large)
    assert answer.status_code == 303
    assert "Cours du matin" in person.see(answer.headers["Location"]).text
    answer = send_large(person, b"Titre;Ville\n" + b"Cours;Caen\n" * 700_000, genre="tableau")
    assert (answer.status_code, "6 Mo au plus" in answer.text) == (422, True)


def test_a_flow_beyond_the_limit_is_told_what_to_do(app, person, monkeypatch):
    monkeypatch.setattr(app.view_functions["imports.upload"], "largest_upload", 1_000_000)
    answer = send_large(person, b" " * 1_300_000)
    assert (answer.status_code, "dépasse 1 Mo" in answer.text) == (413, True)


def test_no_file_at_all(person):
    person.see("/import/")
    pour = re.search(r'name="pour" id="[^"]+" value="([^"]+)"', person.get("/import/").text)[1]
    answer = person.post("/import/", {**FORM, "pour": pour})
    assert answer.status_code == 422
    assert "Choisissez le fichier" in answer.text


def test_nothing_chosen_is_said(person):
    answer = send(person, foreign_flow("Cours"))
    none = person.post(f"{answer.headers['Location']}/appliquer", {"vers": "brouillon"})
    assert none.status_code == 422
    assert "Aucune ligne" in none.text
    odd = person.post(f"{answer.headers['Location']}/appliquer", {"ligne": "999999", "vers": "brouillon"})
    assert odd.status_code == 422
    assert db.session.query(Fiche).count() == 0


def test_the_progress_page_is_followed_and_offers_to_start_again(person, by):
    made = start(by, foreign_flow("Un", "Deux"))
    with atomic() as session:
        job = session.get_one(ImportJob, made)
        job.phase, job.status, job.done, job.total = Phase.IMPORT, JobStatus.EN_COURS, 3, 8
    page = person.see(f"/import/{made}")
    assert "data-suivi" in page.text
    assert "3 lignes sur 8" in page.text
    refused = person.post(f"/import/{made}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    assert "Import des lignes choisies" in refused.text
    again = person.post(f"/import/{made}/relancer")
    assert again.status_code == 303
    db.session.rollback()
    assert db.session.get_one(ImportJob, made).status is JobStatus.FINI


def test_a_job_that_failed_says_so_and_can_be_taken_up(person, by, monkeypatch):
    made = start(by, foreign_flow("Un"))

    def stumble(job_id, attempt):
        raise RuntimeError("panne")

    monkeypatch.setattr(jobs, "_read", stumble)
    with atomic() as session:
        jobs.ask_reading(session, session.get_one(ImportJob, made))
    page = person.see(f"/import/{made}")
    assert "Vous pouvez reprendre" in page.text
    assert 'http-equiv="refresh"' not in page.text
    monkeypatch.undo()
    person.post(f"/import/{made}/relancer")
    assert "Ce que ferait l’import" in person.see(f"/import/{made}").text


def test_a_moderator_imports_for_the_territoire_and_is_not_shown_the_pages_of_providers(app, by):
    visitor = Visitor(app, make.moderator())
    answer = send(visitor, foreign_flow("Cours du matin"))
    page = visitor.see(answer.headers["Location"])
    visitor.post(f"{answer.headers['Location']}/appliquer", {"ligne": boxes(page.text), "vers": "brouillon"})
    result = visitor.see(answer.headers["Location"]).text
    assert db.session.query(Fiche).count() == 1
    assert "/fiches/" not in result


def test_a_long_report_has_pages_and_can_be_imported_whole(person, by):
    made = start(by, foreign_flow(*(f"Cours numéro {rank:03d}" for rank in range(105))))
    first = person.see(f"/import/{made}")
    assert len(boxes(first.text)) == 100
    assert len(boxes(person.see(f"/import/{made}?page=2").text)) == 5
    assert person.see(f"/import/{made}?page=zz").status_code == 200
    person.see(f"/import/{made}")
    person.post(f"/import/{made}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    assert db.session.query(Fiche).count() == 105


# --- The command ---------------------------------------------------------------------------------------


def run(app, *args: str):
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["import", *args])


def test_the_command_reads_then_applies(app, by, tmp_path):
    path = tmp_path / "offre.xml"
    path.write_bytes(foreign_flow("Cours du matin").replace(b"20260915", b"20260931"))
    structure = str(by.memberships[0].organisme_id)
    dry = run(app, str(path), "--organisme", structure)
    assert dry.exit_code == 0, dry.output
    assert "Nouvelle fiche – Cours du matin" in dry.output
    assert "20260931" in dry.output
    assert db.session.query(Fiche).count() == 0
    done = run(app, str(path), "--organisme", structure, "--apply")
    assert done.exit_code == 0, done.output
    assert db.session.query(Fiche).count() == 1
    table = tmp_path / "board_files.csv"
    table.write_bytes(sheet(ROW))
    done = run(app, str(table), "--organisme", structure, "--kind", str(ImportKind.TABLEAU), "--apply", "--submit")
    assert done.exit_code == 0, done.output
    assert db.session.query(Fiche).count() == 2


def test_the_command_says_why_a_line_is_left_out(app, by, tmp_path):
    path = tmp_path / "offre.xml"
    path.write_bytes(foreign_flow("Cours du matin", siret="73282932000074"))
    said = run(app, str(path), "--organisme", str(by.memberships[0].organisme_id)).output
    (line,) = [line for line in said.splitlines() if "Écartée – Cours du matin" in line]
    assert "Écartée – Cours du matin. Cette ligne est au nom d’une autre structure (SIRET 73282932000074)" in line


def test_the_command_refuses_what_it_cannot_read_or_whom_it_does_not_know(app, by, tmp_path):
    path = tmp_path / "offre.xml"
    path.write_bytes(b"rien")
    assert run(app, str(path), "--organisme", str(by.memberships[0].organisme_id)).exit_code == 1
    path.write_bytes(foreign_flow("Cours"))
    unknown = run(app, str(path), "--organisme", "99999")
    assert unknown.exit_code == 1
    assert "n’existe pas" in unknown.output


def written_by_an_earlier_release(fiche: Fiche) -> None:
    """Stores the draft of a fiche, and what its import wrote, without a version, as the first release did."""
    line = db.session.query(ImportLine).filter_by(fiche_id=fiche.id).one()
    older = {name: value for name, value in fiche.latest.document.items() if name != "version"}
    older["formation"] = {**older["formation"], "contact": {"telephone": "02 61 91 00 00"}}
    fiche.latest.document = older
    line.read = {**line.read, "undo": {**line.read["undo"], "after": older}}
    db.session.commit()


def test_an_import_of_fiches_is_undone_until_they_are_changed(person, by):
    answer = send(person, foreign_flow("Cours du matin", "Cours du soir", "Cours de nuit"))
    where = answer.headers["Location"]
    person.post(f"{where}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    _, evening, night = db.session.query(Fiche).order_by(Fiche.id)
    before = dump(evening.latest.content)
    written_by_an_earlier_release(evening)
    with atomic() as session:
        draft = operations.open_draft(session, night.id, by)
        content = draft.content
        content.formation.contenu = "Écrit depuis"
        operations.save_draft(session, draft, content, {}, by)
    person.post(f"{where}/defaire")
    db.session.expire_all()
    states = [fiche.state for fiche in db.session.query(Fiche).order_by(Fiche.id)]
    assert states == [FicheState.ARCHIVEE, FicheState.ARCHIVEE, FicheState.NON_PUBLIEE]
    assert "La fiche a été changée depuis" in person.see(where).text
    person.post(f"{where}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    again = db.session.query(Fiche).order_by(Fiche.id).all()
    assert [fiche.latest.title for fiche in again if fiche.state is not FicheState.ARCHIVEE] == [
        "Cours de nuit",
        "Cours du matin",
        "Cours du soir",
    ]
    assert before["formation"] == dump(again[-1].latest.content)["formation"]


def test_a_faulty_cell_of_a_table_is_mended_on_the_page(person):
    wrong = {**ROW, "actions[].semaines": "trente", "actions[].sessions[].debut": "31/02/2026"}
    where = send(person, sheet(wrong), "tableau.csv", genre="tableau").headers["Location"]
    (line,) = db.session.query(ImportLine)
    page = person.see(f"{where}/lignes/{line.id}").text
    assert 'value="trente"' in page
    assert 'value="31/02/2026"' in page
    person.post(f"{where}/lignes/{line.id}", {"2:actions[].semaines": "30", "2:actions[].sessions[].debut": "1/9/2026"})
    (line,) = db.session.query(ImportLine)
    assert line.read["wrong"] == []
    assert line.read["content"]["actions"][0]["semaines"] == 30
    person.post(f"{where}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    assert db.session.query(Fiche).one().latest.content.actions[0].semaines == 30


def test_the_report_says_each_value_before_and_after(person):
    for price in ("20", "45"):
        row = {**ROW, "numero": "F-1", "financement.cout": "payant", "financement.prix": price}
        where = send(person, sheet(row), "t.csv", genre="tableau").headers["Location"]
        page = person.see(where).text
        person.post(f"{where}/appliquer", {"quoi": "tout", "vers": "brouillon"})
    text = " ".join(html.fromstring(page).text_content().split())
    assert re.search(r"20\D{0,3} → 45", text)
