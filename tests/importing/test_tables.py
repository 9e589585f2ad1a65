"""Tables as structures send them: CSV and XLSX, UTF-8 and cp1252, French headers, several groups."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from backoffice.models.content import Contenu, Creneau, spots
from exports.importing.cells import read_cell, read_slots
from exports.importing.columns import BY_KEY, COLUMNS, NUMERO, SLOTS, exact, propose
from exports.importing.files import MOST_ROWS
from exports.importing.merge import changes, merge
from exports.importing.reading import UnreadableFile
from exports.importing.tables import read_rows
from exports.importing.template import template_csv, template_xlsx
from tests.support.factories import complete_content
from tests.support.tables import table_of
from tests.support.workbooks import ods, xls

ROW = {
    "structure.nom": "Association l’Été",
    "structure.siret": "778 972 851 00068",
    "formation.intitule": "Français à l’école – « débutants »",
    "formation.publics": "Femmes ; Tout public",
    "formation.niveaux.entree_oral": "A1.1",
    "formation.niveau_obligatoire": "oui",
    "lieux[].adresse.lignes": "12 rue des Tilleuls",
    "lieux[].adresse.code_postal": "14000",
    "lieux[].adresse.ville": "Caen",
    "actions[].nom": "Matin",
    SLOTS: "mardi et jeudi 9h30-11h30 ; samedi de 10h à 12h",
    "actions[].semaines": "30",
    "actions[].sessions[].debut": "15/09/2026",
    "actions[].sessions[].fin": "30/06/2027",
    "actions[].sessions[].recrutement": "Inscriptions ouvertes",
    "financement.cout": "gratuit",
    "financement.financeurs[].code": "OFII",
}


def sheet(*rows: dict[str, str], delimiter: str = ";", encoding: str = "utf-8-sig") -> bytes:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([BY_KEY[key].header for key in keys])
    writer.writerows([[row.get(key, "") for key in keys] for row in rows])
    return out.getvalue().encode(encoding)


def read(raw: bytes, *, grouped: bool = True):
    table = table_of(raw)
    return read_rows(table, exact(table.headers), grouped=grouped)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_row_makes_an_entry_in_every_encoding(encoding, delimiter):
    (one,) = read(sheet(ROW, encoding=encoding, delimiter=delimiter))
    content = one.content
    assert one.remarks == []
    assert one.place == "ligne 2"
    assert content.structure.nom == "Association l’Été"
    assert content.structure.siret == "77897285100068"
    assert content.formation.intitule == "Français à l’école – « débutants »"
    assert content.formation.publics == ["81018", "83056"]
    assert content.formation.niveaux.entree_oral == "A1.1"
    assert content.formation.niveau_obligatoire is True
    (action,) = content.actions
    assert [(slot.jour, slot.debut) for slot in action.creneaux] == [
        ("mardi", time(9, 30)),
        ("jeudi", time(9, 30)),
        ("samedi", time(10)),
    ]
    assert content.place_of(action).adresse.ville == "Caen"
    assert (action.sessions[0].debut, action.sessions[0].recrutement) == (date(2026, 9, 15), "1")
    assert content.financement.financeurs[0].code == "20"
    assert len({action.id, action.sessions[0].id, content.lieux[0].id}) == 3


def test_rows_of_the_same_fiche_are_its_groups_and_its_periods():
    title = {"structure.siret": ROW["structure.siret"], "formation.intitule": ROW["formation.intitule"].upper()}
    evening = {
        **title,
        "actions[].nom": "Soir",
        "lieux[].adresse.lignes": "1 place du Marché",
        "lieux[].adresse.ville": "Bayeux",
    }
    later = {**title, "actions[].nom": "Matin", "actions[].sessions[].debut": "2027-09-14"}
    other = {**title, "formation.intitule": "Une autre fiche"}
    whole, second = read(sheet(ROW, evening, later, other))
    assert whole.place == "lignes 2, 3, 4"
    assert [action.nom for action in whole.content.actions] == ["Matin", "Soir"]
    assert [session.debut for session in whole.content.actions[0].sessions] == [date(2026, 9, 15), date(2027, 9, 14)]
    assert [lieu.adresse.ville for lieu in whole.content.lieux] == ["Caen", "Bayeux"]
    assert second.content.formation.intitule == "Une autre fiche"


def test_each_row_of_a_form_is_a_fiche():
    assert len(read(sheet(ROW, ROW), grouped=False)) == 2


def test_a_second_row_that_contradicts_the_first_is_named():
    (one,) = read(sheet({**ROW, "formation.objectif": "Un"}, {**ROW, "formation.objectif": "Deux"}))
    assert one.content.formation.objectif == "Un"
    assert [(remark.path, remark.quote) for remark in one.remarks] == [("formation-objectif", "Deux")]


WRONG = {
    "actions[].sessions[].debut": ("31/02/2026", "actions-0-sessions-0-debut"),
    "actions[].semaines": ("trente", "actions-0-semaines"),
    "formation.publics": ("Femmes ; Martiens", "formation-publics"),
    "formation.niveau_obligatoire": ("peut-être", "formation-niveau_obligatoire"),
    SLOTS: ("le matin, ça dépend", "actions-0-creneaux-0-jour"),
    "financement.prix": ("12,50", "financement-prix"),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_cell_is_named_with_its_row_its_column_and_its_text(key):
    text, path = WRONG[key]
    (one,) = read(sheet({**ROW, key: text}))
    (remark,) = one.remarks
    assert (remark.path, remark.quote) == (path, text)
    assert remark.message.startswith(f"Ligne 2, colonne « {BY_KEY[key].header} »")
    assert one.content.structure.nom == ROW["structure.nom"]


def test_slots_that_cannot_be_read_stay_readable():
    (one,) = read(sheet({**ROW, SLOTS: "le matin, ça dépend"}))
    assert one.content.actions[0].rythme == "le matin, ça dépend"
    assert "actions-0-rythme" not in one.unsaid


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("lundi 9h-11h", [Creneau("lundi", time(9), time(11))]),
        ("Lundi de 9:00 à 11:30", [Creneau("lundi", time(9), time(11, 30))]),
        ("lundis, mardis 14h00–16h00", [Creneau("lundi", time(14), time(16)), Creneau("mardi", time(14), time(16))]),
    ],
)
def test_slots_as_people_write_them(text, slots):
    assert read_slots(text) == (slots, "")


def test_spreadsheet_cells_keep_their_meaning():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    keys = ["structure.siret", "lieux[].adresse.code_postal", "actions[].sessions[].debut", "formation.intitule"]
    for rank, key in enumerate(keys):
        page.write_string(0, rank, BY_KEY[key].header)
    page.write_number(1, 0, 77897285100068)
    page.write_number(1, 1, 1000)
    page.write_datetime(1, 2, datetime(2026, 9, 15), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001
    page.write_string(1, 3, "=1+1")
    book.close()
    (one,) = read(out.getvalue())
    assert one.remarks == []
    assert one.content.structure.siret == "77897285100068"
    assert one.content.lieux[0].adresse.code_postal == "01000"
    assert one.content.actions[0].sessions[0].debut == date(2026, 9, 15)
    assert one.content.formation.intitule == "=1+1"


# --- The columns and the template --------------------------------------------------------------------


def test_every_column_is_a_spot_of_the_content_and_has_its_own_header():
    headers = [column.header for column in COLUMNS]
    assert len(set(headers)) == len(headers)
    for column in COLUMNS:
        assert column.key in (NUMERO, SLOTS) or column.key in spots()
    assert exact(headers) == {rank: column.key for rank, column in enumerate(COLUMNS)}


@pytest.mark.parametrize("make", [template_csv, template_xlsx])
def test_the_template_has_every_column_and_its_help_row_is_not_read(make):
    with pytest.raises(UnreadableFile, match="aucune ligne"):
        table_of(make())


def test_the_filled_template_is_read_back():
    lines = template_csv().decode("utf-8-sig").splitlines()
    filled = ";".join(f'"{ROW.get(column.key, "")}"' for column in COLUMNS)
    (one,) = read("\n".join([*lines, filled]).encode("cp1252"))
    assert one.place == "ligne 3"
    assert one.content.structure.nom == ROW["structure.nom"]


def test_no_cell_of_the_template_is_a_formula():
    book = CalamineWorkbook.from_filelike(io.BytesIO(template_xlsx()))
    page = book.get_sheet_by_name("Fiches").to_python()
    assert page[0] == [column.header for column in COLUMNS]
    assert all(isinstance(cell, str) for row in page for cell in row)


@pytest.mark.parametrize("column", [column for column in COLUMNS if column.choices], ids=lambda column: column.key)
def test_every_word_that_the_template_offers_is_understood(column):
    for code, words in column.choices.items():
        value, wrong = read_cell(column.key, words)
        assert wrong == ""
        assert value in (code, [code])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "vide"),
        (b"\n\n", "vide"),
        (b"une seule colonne\nx", "une colonne"),
        (b"a;b\n", "aucune ligne"),
        (b"PK\x03\x04 pas un classeur", "ne s’ouvre pas"),
        (b"\x00\x01\x02;\x03\n\x04;\x05", "autre chose que du texte"),
        (b"a;b\n" + b"x;y\n" * (MOST_ROWS + 1), "trop grand"),
        (b'a;b\n"' + b"x" * 200_000, "guillemet"),
    ],
    ids=["nothing", "blank", "one column", "headers", "zip", "binary", "long", "quote"],
)
def test_what_is_not_a_table_is_refused_in_french(raw, why):
    with pytest.raises(UnreadableFile, match=why):
        table_of(raw)


# --- Headers of others -------------------------------------------------------------------------------


def test_the_headers_of_a_form_are_proposed_then_remembered():
    headers = ["Horodateur", "Quel est l’intitulé ?", "Numéro de SIRET", "NOM DE LA STRUCTURE", "Votre avis"]
    proposed = propose(headers, {})
    assert proposed[2] == "structure.siret"
    assert proposed[3] == "structure.nom"
    assert 4 not in proposed
    again = propose(headers, {"Votre avis": "formation.contenu", "Numéro de SIRET": ""})
    assert again[4] == "formation.contenu"
    assert 2 not in again


# --- Into what is already there ----------------------------------------------------------------------


def test_a_column_that_is_not_there_changes_nothing():
    stored = complete_content()
    (one,) = read(sheet({"formation.intitule": "Nouveau titre", "formation.objectif": ""}))
    made = merge(stored, one)
    assert changes(stored, made) == ["Intitulé"]
    assert made.formation.objectif == stored.formation.objectif
    assert made.actions == stored.actions


def test_what_a_table_does_not_say_is_no_default():
    stored = complete_content()
    stored.formation.niveau_obligatoire = stored.financement.prise_en_charge = True
    stored.inscription.ou = "structure"
    stored.actions[0].format, stored.actions[0].presence = "individuel", "1"
    stored.actions[0].sessions[0].recrutement = "2"
    row = {"formation.intitule": stored.formation.intitule, "actions[].nom": stored.actions[0].nom}
    (one,) = read(
        sheet(
            {**row, "actions[].sessions[].debut": "15/09/2026"},
            {**row, "actions[].sessions[].debut": "14/09/2027", "actions[].sessions[].recrutement": "3"},
        )
    )
    made = merge(stored, one)
    assert [session.recrutement for session in made.actions[0].sessions] == ["2", "3"]
    made.actions[0].sessions = stored.actions[0].sessions
    made.dernier_repere = stored.dernier_repere
    assert made == stored


def test_a_new_period_of_a_known_group_is_a_new_session_and_the_others_keep_their_ids():
    stored = complete_content()
    row = {"formation.intitule": "x", "actions[].nom": "groupe DÉBUTANTS"}
    (one,) = read(
        sheet(
            {**row, "actions[].sessions[].debut": "15/09/2026", "actions[].sessions[].recrutement": "2"},
            {**row, "actions[].nom": "groupe DÉBUTANTS", "actions[].sessions[].debut": "14/09/2027"},
        )
    )
    made = merge(stored, one)
    assert [action.id for action in made.actions] == ["G2"]
    assert [(s.id, s.debut, s.recrutement) for s in made.actions[0].sessions] == [
        ("S3", date(2026, 9, 15), "2"),
        ("S4", date(2027, 9, 14), "1"),
    ]
    assert made.actions[0].sessions[0].fin == date(2027, 6, 30)
    assert made.actions[0].creneaux == stored.actions[0].creneaux


def test_merging_twice_changes_nothing_more():
    (one,) = read(sheet(ROW))
    once = merge(Contenu(), one)
    assert merge(once, one) == once


# --- Workbooks of other software -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "row"), [(ods, [77897285100068, date(2026, 9, 15), 98.075]), (xls, [77897285100068, "Été", 98.075])]
)
def test_xls_and_ods_are_read_with_their_types(make, row):
    found = table_of(make([["SIRET", "Début", "Montant"], row]))
    assert (found.headers, found.rows) == (["SIRET", "Début", "Montant"], [(2, row)])
