"""Checking a file by the page: sent once, told in French, read again, downloaded; nothing breaks it."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from lxml import html
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from backoffice.web.views.flux import file_checks
from exports.lheo.grammar import ELEMENTS
from tests.support import factories as make
from tests.support.formations import document, formation, formations
from tests.support.visitor import ORIGIN, Visitor

FAULTY = document(formation(), formation().replace("<certifiante>0", "<certifiante>7").replace(">15235<", ">31054<"))


@pytest.fixture
def nadia(app) -> Visitor:
    return Visitor(app, make.provider())


def post_file(visitor: Visitor, url: str, written: bytes, name: str = "flux.xml", **fields: str):
    """The form with its file, encoded here: werkzeug's client forgets to close the file it would make of it."""
    fields.setdefault("csrf_token", visitor.token)
    boundary, body = encode_multipart({"fichier": FileStorage(io.BytesIO(written), filename=name), **fields})
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor._ask(visitor.client.post, url, data=body, content_type=kind, headers=ORIGIN)


def send(visitor: Visitor, written: bytes, name: str = "flux.xml", **fields: str):
    visitor.see("/lheo/verifier")
    return post_file(visitor, "/lheo/verifier", written, name, **fields)


def result(visitor: Visitor, written: bytes, name: str = "flux.xml") -> str:
    answer = send(visitor, written, name)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/lheo/verifier/resultat"
    return " ".join(html.fromstring(visitor.get("/lheo/verifier/resultat").text).text_content().split())


def test_a_connected_person_finds_the_page_in_the_footer(nadia) -> None:
    page = html.fromstring(nadia.see("/fiches/").text)
    assert page.xpath("//footer//a[text()='Vérifier un fichier LHEO']/@href") == ["/lheo/verifier"]
    (field,) = html.fromstring(nadia.see("/lheo/verifier").text).xpath("//input[@type='file']")
    assert field.get("name") == "fichier"


def test_a_faulty_file_is_told_with_lines_cures_readers_and_usage(nadia) -> None:
    text = result(nadia, FAULTY.encode())
    assert "Vérification de flux.xml" in text
    assert "1 faute à corriger, de 1 sorte." in text
    assert "« 7 » n’est pas un code de « certifiante »." in text
    assert "Choisissez parmi 0, 1." in text
    assert "ligne 4, /lheo/offres/formation[2]/certifiante" in text
    assert "data·inclusion" in text
    assert "1 formation sur 2" in text
    assert "/formation/intitule-formation 100,0 % 2 formations sur 2" in text


def test_a_file_without_fault(nadia) -> None:
    assert "Aucune faute" in result(nadia, gzip.compress(document(formation()).encode()), "flux.xml.gz")


def test_the_report_is_downloaded_and_the_next_check_replaces_it(nadia) -> None:
    result(nadia, FAULTY.encode())
    answer = nadia.get("/lheo/verifier/rapport.json")
    assert answer.json["nombre_de_fautes"] == 1
    assert "attachment" in answer.headers["Content-Disposition"]
    answer.close()
    result(nadia, document(formation()).encode(), "corrige.xml")
    answer = nadia.get("/lheo/verifier/rapport.json")
    assert (answer.json["fichier"], answer.json["nombre_de_fautes"]) == ("corrige.xml", 0)
    answer.close()


def test_a_report_is_seen_by_who_sent_the_file_only(app, nadia) -> None:
    result(nadia, FAULTY.encode())
    other = Visitor(app, make.moderator())
    assert other.get("/lheo/verifier/resultat").status_code == 303
    assert other.get("/lheo/verifier/rapport.json").status_code == 404


LAUGHS = b"<!DOCTYPE lheo [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><lheo>&b;</lheo>"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (b"", "Ce fichier est vide."),
        (b"bonjour", "n’est pas du XML"),
        (LAUGHS, "DOCTYPE"),
        (b"<a>" * 400, "256 niveaux"),
        (FAULTY.encode()[:-40], "La lecture s’est arrêtée."),
        (gzip.compress(FAULTY.encode())[:-30], "s’arrête trop tôt"),
        (b"PK\x03\x04", "archive zip"),
        (bytes(range(256)) * 20, "La lecture s’est arrêtée."),
    ],
)
def test_no_file_breaks_the_page(nadia, written: bytes, words: str) -> None:
    assert words in result(nadia, written)


@pytest.mark.parametrize("name", ["../../etc/passwd.xml", "C:\\dossier\\passwd.xml", "x" * 500 + "passwd.xml"])
def test_the_name_of_the_file_is_only_shown(app, nadia, name: str) -> None:
    before = {path for path in Path(app.instance_path).rglob("*") if "passwd" in path.name}
    text = result(nadia, FAULTY.encode(), name)
    assert "etc" not in text.split("Vérification de")[1][:130]
    assert {path for path in Path(app.instance_path).rglob("*") if "passwd" in path.name} == before


def test_what_the_file_says_is_shown_as_text(nadia) -> None:
    hostile = formation().replace("<certifiante>0", "<certifiante>&lt;script&gt;alert(1)&lt;/script&gt;")
    send(nadia, document(hostile).encode(), "<b>x.xml")
    answer = nadia.get("/lheo/verifier/resultat").text
    assert "&lt;script&gt;" in answer
    assert "<script>alert" not in answer
    assert "<b>x" not in answer


def test_a_form_without_file_is_explained(nadia) -> None:
    nadia.see("/lheo/verifier")
    answer = nadia.post("/lheo/verifier", {}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Choisissez d’abord un fichier" in answer.text


def test_seven_megabytes_pass_here_and_nowhere_else(nadia) -> None:
    """The limit of the other pages is 6 MB."""
    large = document(formation(), " " * 7_000_000).encode()
    assert "Aucune faute" in result(nadia, large)
    assert post_file(nadia, "/fiches/nouvelle", large).status_code == 413


def test_beyond_the_limit_one_is_told_what_to_do(app, nadia, monkeypatch) -> None:
    monkeypatch.setattr(app.view_functions["file_checks.check_action"], "largest_upload", 1_000_000)
    answer = send(nadia, b" " * 1_200_000)
    assert answer.status_code == 413
    assert "dépasse 1 Mo" in answer.text
    assert "compressez-le" in answer.text


def test_nobody_sends_a_large_file_without_an_account(app) -> None:
    answer = send(Visitor(app), b" " * 7_000_000)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/connexion")


def test_a_large_file_without_its_token_is_refused(nadia) -> None:
    assert send(nadia, b" " * 7_000_000, csrf_token="").status_code == 400


def test_a_flow_of_many_formations_over_http(nadia, tmp_path) -> None:
    text = result(nadia, "".join(formations(300)).encode())
    assert "300 formations, 300 actions, 900 sessions" in text


# --- the reference


def test_the_reference_tells_every_element_with_its_children_in_order(visitor) -> None:
    page = html.fromstring(visitor.get("/lheo/reference").text)
    for name, element in ELEMENTS.items():
        (section,) = page.xpath(f"//section[@aria-labelledby='{name}']")
        if element.kind == "sequence":
            assert section.xpath(".//li/a/text()") == [child.name for child in element.children]
        assert all(code in section.text_content() for code in element.codes)
        if element.limits:
            low, high = (f"{value:,}".replace(",", "\u202f") for value in element.limits)
            said = section.text_content().replace("\u00a0", "\u202f")
            assert f"de {low} à {high} caractères" in said
    said = " ".join(page.xpath("//section[@aria-labelledby='action']")[0].text_content().split())
    for words in (
        "rythme-formation, une fois",
        "code-public-vise, de 1 à 10 fois",
        "info-public-vise, facultatif",
        "session, au moins une fois",
        "lieu-de-formation, autant de fois que l’on veut",
        "organisme-financeur, 8 fois au plus",
    ):
        assert words in said


def test_the_reference_is_light_and_written_once(app, visitor, monkeypatch) -> None:
    first = visitor.get("/lheo/reference")
    assert len(gzip.compress(first.data)) < 30_000
    monkeypatch.setattr(file_checks, "ELEMENTS", {})
    assert visitor.get("/lheo/reference").data == first.data
