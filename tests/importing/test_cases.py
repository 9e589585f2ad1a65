"""Small files that were once read wrong, with what is right for each (`cases` in the published facts)."""

from __future__ import annotations

from pathlib import Path

import pytest

from exports.importing.lheo import read_formation
from exports.importing.merge import merge
from exports.importing.reading import Read
from exports.lheo.checker import check_file
from exports.lheo.reader import read_formations
from tests.importing.test_lheo import reread, written
from tests.support.factories import complete_content
from workflows.importing.lines import settle


@pytest.fixture
def cases(shared: Path) -> Path:
    return shared / "cases"


def read(cases: Path, name: str) -> Read:
    (path,) = cases.glob(f"{name}-*.xml")
    element, line = next(iter(read_formations(path)))
    return read_formation(element, f"ligne {line}")


def quotes(found: Read) -> str:
    return " | ".join(f"{remark.message} {remark.quote}" for remark in found.remarks)


def test_c01_an_invalid_address_on_the_frame_is_a_fault(cases):
    report = check_file(cases / "c01-offres-uri.xml")
    ((path, rule),) = {(group.path, group.rule) for group in report.groups.values()}
    assert (path, rule) == ("/lheo/offres/@uri", "attribut-forme")


@pytest.mark.parametrize(
    ("uri", "right"), [("https://a.fr/?b=c", True), ("", True), ("a b", True), ("http://[", False)]
)
def test_c01_an_address_is_judged_as_libxml2_does(tmp_path, uri, right):
    file = tmp_path / "flux.xml"
    file.write_text(f'<lheo xmlns="http://lheo.gouv.fr/2.3"><offres uri="{uri}"/></lheo>')
    faults = {group.rule for group in check_file(file).groups.values()}
    assert ("attribut-forme" not in faults) is right


def test_c02_every_certification_that_is_not_kept_is_named(app, cases):
    found = read(cases, "c02")
    assert found.content.formation.code_certification == "38000"
    for code in ("5398", "84385", "100001", "84386"):
        assert code in quotes(found)


def test_c03_the_insee_code_decides(app, cases):
    found = read(cases, "c03")
    settle(found)
    (lieu,) = found.content.lieux
    assert (lieu.adresse.ville, lieu.adresse.code_insee, lieu.adresse.departement) == ("Paris", "75056", "75")
    assert lieu.adresse.code_postal == "75013"
    assert not found.doubtful("lieux-0-adresse")
    assert found.content.formation.publics == ["81023", "81042"]
    assert "81022" in quotes(found), "le public du financeur, que l’action ne dit pas"


@pytest.mark.parametrize(
    ("insee", "postal", "town", "expected"),
    [
        ("75113", "75013", "Paris 13e", "Paris"),
        ("69383", "69003", "LYON 03", "Lyon"),
        ("14118", "14050", "CAEN CEDEX 4", "Caen"),
        ("14118", "14000", "Quelque part", "Caen"),
    ],
)
def test_c03_a_town_is_found_by_its_insee_code_whatever_its_name(app, insee, postal, town, expected):
    content = complete_content()
    adresse = content.lieux[0].adresse
    adresse.code_insee, adresse.code_postal, adresse.ville = insee, postal, town
    found = Read("ligne 1", content)
    settle(found)
    assert adresse.ville == expected
    assert not found.doubtful("lieux-0-adresse")


def test_c05_a_dot_is_no_programme(app, cases):
    found = read(cases, "c05")
    assert [row.programme for row in found.content.financement.financeurs] == [""]
    assert found.content.inscription.contact.nom == ""
    assert [remark for remark in found.remarks if remark.fault and remark.quote in (".", "non precise")] == []


def test_c06_the_place_that_is_not_kept_is_named(app, cases):
    found = read(cases, "c06")
    assert [lieu.adresse.lignes for lieu in found.content.lieux] == [["95 Rue de Mulhouse"]]
    assert "8 rue du Parc 68300 Saint-Louis" in quotes(found)


def test_c07_a_doctype_that_declares_nothing_is_passed_over(app, cases):
    assert read(cases, "c07").content.formation.intitule == "Cours de français langue d'intégration"
    assert check_file(cases / "c07-doctype.xml").status == 0


def test_c08_the_number_of_a_public_body_is_kept(app, cases):
    assert read(cases, "c08").content.structure.numero_activite == "7331P001531"


def test_c09_the_programme_of_another_is_named(app, cases):
    assert "Programme régional 2017 : Parcours métiers" in quotes(read(cases, "c09"))


def test_c10_codes_of_the_former_edition_are_taken_and_erase_nothing(app, cases):
    found = read(cases, "c10")
    assert found.content.formation.domaines == ["15235"]
    assert sorted(found.content.formation.publics) == ["81023", "81042", "83056"]
    assert found.partial == {"inscription-contact-telephone"}  # its number does not exist
    assert "de l’édition V12" in quotes(found)
    stored = merge(complete_content(), found)
    assert sorted(merge(stored, read(cases, "c10")).formation.publics) == ["81023", "81042", "83056"]


def test_c11_a_trainer_without_numero_keeps_its_name_and_ours_gives_it_one(app, cases):
    found = read(cases, "c11")
    assert found.content.structure.legal_name == "Centre socio-culturel de Saint-Louis"
    xml = written(found.content)
    assert '<organisme-formateur numero="' in xml


def test_c12_what_we_wrote_before_is_read_back_and_written_line_by_line(app, cases):
    found = read(cases, "c12")
    assert found.ours
    assert [remark for remark in found.remarks if remark.fault] == []
    xml = written(found.content)
    assert written(reread(xml).content) == xml
