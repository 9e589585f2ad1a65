"""Registers: what is read, believed, applied, undone; told as of a day; and what bad files become."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from backoffice.cli.registers import group
from backoffice.core import uploads
from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    Certification,
    CertifInfo,
    Change,
    Commune,
    Etablissement,
    Formacode,
    PostalCode,
    RegisterDifference,
    RegisterImport,
    RegisterRow,
    RegisterSetting,
    SchoolBreak,
    Uai,
)
from backoffice.models.importing import JobStatus
from backoffice.reference import school_holidays
from backoffice.reference.files import FOLDER
from exports.importing import csv_files
from tests.support import factories as make
from tests.support import register_files as files
from workflows.case import Refused
from workflows.registers import rows, runs, versions
from workflows.registers.declared import REGISTERS


def read(name: str, path: Path) -> RegisterImport:
    with path.open("rb") as stream, atomic() as session:
        row = runs.ask_reading(session, REGISTERS[name], path.name, uploads.keep(stream), None)
    db.session.expire_all()
    return row


def apply(row: RegisterImport, *, at_once: bool = False) -> RegisterImport:
    assert row.status is JobStatus.FINI, row.error
    with atomic() as session:
        runs.ask_applying(session, row.id, at_once=at_once)
    db.session.expire_all()
    assert row.applied_at, row.error
    return row


def undo(row: RegisterImport) -> None:
    with atomic() as session:
        versions.undo(session, row.id, None)


def everything(model) -> list[tuple]:
    db.session.rollback()
    columns = [column for column in model.__table__.c if column.name != "searched"]  # follows the others
    return sorted(map(tuple, db.session.execute(select(*columns))), key=str)


def patient(name: str, additions: int, changes: int, removals: int, least: int = 0) -> None:
    db.session.merge(
        RegisterSetting(register=name, additions=additions, changes=changes, removals=removals, least=least)
    )
    db.session.commit()


@pytest.fixture
def communes(app):
    """On PostgreSQL communes are kept from one test to the next: they are put back."""
    kept = {
        model: [dict(row) for row in db.session.execute(model.__table__.select()).mappings()]
        for model in (Commune, PostalCode)
    }
    yield
    db.session.rollback()
    for model, held in kept.items():
        db.session.execute(delete(model))
        db.session.execute(model.__table__.insert(), held)
    db.session.commit()


# --- Each register -----------------------------------------------------------------------------------


def test_each_register_fills_its_table_from_the_columns_of_its_owner(app, tmp_path):
    """The first reading of an empty table is believed whole."""

    def fill(name: str, text: str, encoding: str = "utf-8") -> None:
        file = tmp_path / f"{name}.csv"
        file.write_text(text, encoding=encoding)
        assert apply(read(name, file)).report["faults"] == 0

    fill("formacode", "Code;Libellé\n15235;Français langue étrangère\n81023;Primo-arrivant\n")
    assert db.session.get(Formacode, "15235").label == "Français langue étrangère"
    fill(
        "certifications",
        "Id_Fiche;Numero_Fiche;Intitule;Date_dernier_jo;Date_Decision;Date_Fin_Enregistrement;Date_Effet;Actif\n"
        "1;RNCP38115;Titre d’exemple;;2023-10-18;2026-10-18;;ACTIVE\n"
        "2;RS5398;Titre d’exemple;;18/10/2020;18/10/2023;19/10/2020;INACTIVE\n",
    )
    rncp, rs = (
        db.session.scalars(select(Certification).where(Certification.code == c)).one() for c in ("38115", "RS5398")
    )
    assert (rncp.label, rncp.search_name, rncp.active, str(rncp.valid_until)) == (
        "Titre d’exemple", "titre d exemple", True, "2026-10-18",
    )  # fmt: skip
    assert (rs.active, str(rs.valid_from), rs.label) == (False, "2020-10-19", rncp.label)
    fill(
        "certif-info",
        "code_certifinfo,code_rncp,code_rs,intitule_certification\n80735,38115,-1,Titre\n80736,-1,5398,T\n",
    )
    assert {one.code: one.certification for one in db.session.scalars(select(CertifInfo))} == {
        "80735": "38115",
        "80736": "RS5398",
    }
    files.write("organismes", tmp_path / "o.csv", [files.organisme(1), files.organisme(2)])
    fill("organismes", (tmp_path / "o.csv").read_text())
    one = db.session.get(Etablissement, files.siret(1))
    assert (one.nda, one.qualiopi, one.qualiopi_vae, one.postal_code, one.listed) == (
        "28000000001",
        True,
        False,
        "14000",
        True,
    )
    assert not db.session.get(Etablissement, files.siret(2)).qualiopi
    ours = make.organisme()
    ours.siret = files.siret(9)
    db.session.commit()
    fill(
        "sirene",
        "siren,nic,siret,dateDebut,etatAdministratifEtablissement,codeCommuneEtablissement\n"
        f"1,1,{files.siret(1)},2024-03-01,F,14118\n1,1,{files.siret(2)},2020-01-01,A,14118\n"
        f"1,1,{files.siret(9)},2025-12-31,F,76540\n1,1,{files.siret(7)},2025-12-31,F,76540\n"
        f"1,1,{files.siret(2)},,,14118\n",
    )
    closed = {row.siret: str(row.closed_on) for row in db.session.scalars(select(Etablissement))}
    assert closed == {files.siret(1): "2024-03-01", files.siret(2): "None", files.siret(9): "2025-12-31"}
    assert db.session.get(Etablissement, files.siret(1)).denomination == "Organisme d’exemple 1"
    fill(
        "uai",
        "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Adresse_1;Code_postal;Code_commune;"
        "Nom_commune;SIREN_SIRET;etat\n0140001A;École des Exemples;Ecole;1 rue;14000;14118;Caen;;OUVERT\n",
    )
    assert db.session.scalars(select(Uai)).one().open
    fill(
        "vacances",
        "Description;Population;Date de début;Date de fin;Académies;Zones;annee_scolaire\n"
        "Vacances de la Toussaint;-;2025-10-17T22:00:00+00:00;2025-11-02T23:00:00+00:00;Caen;Zone B;2025-2026\n"
        "Vacances de la Toussaint;-;2025-10-17T22:00:00+00:00;2025-11-02T23:00:00+00:00;Lille;Zone B;2025-2026\n"
        "Pont;Enseignants;2025-10-17T22:00:00+00:00;2025-11-02T23:00:00+00:00;Lille;Zone C;2025-2026\n",
    )
    found = db.session.scalars(select(SchoolBreak)).one()
    assert (found.zone, str(found.debut), str(found.fin)) == ("B", "2025-10-18", "2025-11-02")


def test_communes_follow_insee_and_la_poste_each_on_its_day(communes, tmp_path):
    """What Insee's list leaves out, overseas collectivités, stays; what `communes rebuild` made changes nothing."""
    for name in ("communes", "codes-postaux"):
        assert read(name, FOLDER / "communes.csv.gz").report["kinds"] == {}
    held = db.session.scalar(select(func.count()).select_from(Commune))
    patient("communes", 1, 1, 1)
    rows = [
        {"TYPECOM": "ARM" if c.parent else "COM", "COM": c.code_insee, "REG": c.region, "DEP": c.departement,
         "LIBELLE": "Caen-sur-Exemple" if c.code_insee == "14118" else c.nom, "COMPARENT": c.parent or ""}
        for c in db.session.scalars(select(Commune)).unique()
        if c.departement not in ("975", "977", "978", "984", "986", "987", "988") and c.code_insee != "14001"
    ]  # fmt: skip
    rows.append(files.commune(0, TYPECOM="COMD", COM="14999"))
    version = apply(read("communes", files.write("communes", tmp_path / "v_commune.csv", rows)))
    assert version.report["kinds"] == {
        "changement": {"applied": 1, "waiting": 0},
        "retrait": {"applied": 1, "waiting": 0},
    }
    assert db.session.get(Commune, "14118").search_name == "caen sur exemple"
    assert db.session.scalar(select(func.count()).select_from(Commune)) == held - 1
    undo(version)
    assert db.session.get(Commune, "14118").nom == "Caen"
    poste = tmp_path / "019HexaSmal.csv"
    poste.write_text(
        "#Code_commune_INSEE;Nom_de_la_commune;Code_postal;Libellé_d_acheminement;Ligne_5\n"
        "14118;CAEN;14000;CAEN;\n14118;CAEN;14000;CAEN;BEAULIEU\n1001;L ABERGEMENT;1400;L ABERGEMENT;\n",
        encoding="latin-1",
    )
    refused = read("codes-postaux", poste)
    assert "n’a que 2 lignes utiles" in refused.error


# --- Believing, undoing ------------------------------------------------------------------------------


def certifications(tmp_path: Path, *rows: dict[str, str]) -> Path:
    return files.write("certifications", tmp_path / "standard.csv", rows)


def test_a_bad_day_of_a_source_changes_nothing_and_is_forgotten_when_it_is_over(app, tmp_path):
    """Changes wait for a second reading, removals for a third one; what comes back drops out."""
    good = [files.certification(rank) for rank in range(1, 11)]
    apply(read("certifications", certifications(tmp_path, *good)))
    before = everything(Certification)
    bad = [files.certification(1, Intitule="Tout faux"), *good[1:9]]
    day = apply(read("certifications", certifications(tmp_path, *bad)))
    assert day.report["kinds"]["retrait"] == {"applied": 0, "waiting": 1}
    assert everything(Certification) == before
    assert apply(read("certifications", certifications(tmp_path, *good))).report["kinds"] == {}
    again = [apply(read("certifications", certifications(tmp_path, *bad))).report["kinds"] for _ in range(3)]
    assert [kinds.get("changement", {}).get("applied") for kinds in again] == [0, 1, None]
    assert [kinds["retrait"]["applied"] for kinds in again] == [0, 0, 1]
    assert db.session.scalars(select(Certification.label).where(Certification.code == "1")).one() == "Tout faux"
    assert db.session.scalars(select(Certification).where(Certification.code == "10")).first() is None
    bare = db.session.scalar(select(func.count()).select_from(Certification).where(Certification.code == ""))
    assert bare == 20, "les certifications sans numéro ne sont pas au registre"


def test_an_administrator_may_believe_what_waits_and_undo_it(app, tmp_path):
    admin = make.administrator()
    db.session.commit()
    good = [files.certification(rank) for rank in range(1, 11)]
    apply(read("certifications", certifications(tmp_path, *good)))
    bad = [files.certification(1, Intitule="Nouveau nom"), *good[1:8]]
    apply(read("certifications", certifications(tmp_path, *bad)))
    before, register = everything(Certification), REGISTERS["certifications"]
    with atomic() as session:
        assert versions.apply_waiting(session, register, admin, ["10", "inconnu"]) == 1
    with atomic() as session:
        assert versions.apply_waiting(session, register, admin, None) == 2
        assert versions.apply_waiting(session, register, admin, None) == 0
    assert len(everything(Certification)) == len(before) - 2
    last = versions.last_version(db.session(), [register])
    first = db.session.get(RegisterImport, last.id - 1)
    with pytest.raises(Refused, match="Seule la dernière version"):
        undo(first)
    db.session.rollback()
    undo(last)
    undo(first)
    assert everything(Certification) == before
    with atomic() as session:
        assert versions.apply_waiting(session, register, admin, None) == 3, "ce qui attendait attend de nouveau"
    said = db.session.scalars(select(Change.after).where(Change.subject == "register_import").order_by(Change.id)).all()
    assert said == ["appliquée"] * 4 + ["défaite"] * 2 + ["appliquée"]


def test_the_last_version_of_a_shared_table_is_the_one_that_can_be_undone(app, tmp_path):
    """Sirene closes an establishment that the public list then forgets: the row stays, with what each said."""
    patient("organismes", 1, 1, 1)
    listed = apply(
        read("organismes", files.write("organismes", tmp_path / "o.csv", [files.organisme(1), files.organisme(2)]))
    )
    sirene = tmp_path / "stock.csv"
    sirene.write_text(
        "siret,dateDebut,etatAdministratifEtablissement,codeCommuneEtablissement\n"
        f"{files.siret(1)},2024-03-01,F,14118\n"
    )
    closed = apply(read("sirene", sirene))
    with pytest.raises(Refused):
        undo(listed)
    db.session.rollback()
    left = apply(read("organismes", files.write("organismes", tmp_path / "o.csv", [files.organisme(2)])))
    row = db.session.get(Etablissement, files.siret(1))
    assert (row.listed, str(row.closed_on), row.denomination) == (False, "2024-03-01", "Organisme d’exemple 1")
    back = apply(
        read("organismes", files.write("organismes", tmp_path / "o.csv", [files.organisme(1), files.organisme(2)]))
    )
    assert back.report["kinds"] == {"ajout": {"applied": 1, "waiting": 0}}
    for version in (back, left, closed, listed):
        undo(version)
    assert everything(Etablissement) == []


KEYS = st.integers(1, 5)
FILES = st.dictionaries(KEYS, st.sampled_from(("a", "b", "c")), min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    turns=st.lists(st.one_of(FILES, st.just("annuler"), st.just("appliquer")), min_size=1, max_size=9),
    needed=st.tuples(*[st.integers(1, 3)] * 3),
)
def test_the_table_is_what_the_rule_says_and_each_undoing_gives_back_the_exact_rows(app, tmp_path, turns, needed):
    """Beside a model of a few lines: {key: label}, and what waits with how many times it was seen."""
    for model in (RegisterSetting, CertifInfo):
        db.session.execute(delete(model))
    db.session.execute(
        RegisterImport.__table__.update().values(undone_at=now()).where(RegisterImport.applied_at.is_not(None))
    )
    patient("certif-info", *needed)
    table: dict[int, str] = {}
    waiting: dict[tuple[int, str | None], int] = {}
    past: list[tuple] = []
    days: list[tuple] = []
    for turn in turns:
        before = (dict(table), dict(waiting), everything(CertifInfo))
        if turn == "annuler":
            last = versions.last_version(db.session(), [REGISTERS["certif-info"]])
            if last is None:
                continue
            undo(last)
            table, waiting, rows = past.pop()
            days.pop()
            assert everything(CertifInfo) == rows
            continue
        moment = now()
        if turn == "appliquer":
            with atomic() as session:
                if not versions.apply_waiting(session, REGISTERS["certif-info"], None, None):
                    continue
            for key, label in waiting:
                table.pop(key, None) if label is None else table.update({key: label})
            waiting = {}
        else:
            file = tmp_path / "certif-info.csv"
            lines = [f"{key};{key};-1;{label}" for key, label in turn.items()]
            file.write_text("\n".join(["code_certifinfo;code_rncp;code_rs;intitule_certification", *lines, ""]))
            apply(read("certif-info", file))
            said = {(key, label) for key, label in turn.items() if table.get(key) != label}
            said |= {(key, None) for key in table.keys() - turn.keys()}
            first, seen, waiting = not table, waiting, {}
            for key, label in said:
                times = seen.get((key, label), 0) + 1
                rule = needed[2] if label is None else needed[1] if key in table else needed[0]
                if not first and times < rule:
                    waiting[key, label] = times
                elif label is None:
                    del table[key]
                else:
                    table[key] = label
        past.append(before)
        days.append((moment, before[2]))
        found = {int(one.code): one.label for one in db.session.scalars(select(CertifInfo))}
        assert found == table
        version = versions.last_version(db.session(), [REGISTERS["certif-info"]])
        left = select(RegisterDifference).where(
            RegisterDifference.import_id == version.id, RegisterDifference.applied.is_(False)
        )
        waits = {(int(d.key), d.after and d.after["label"]): d.seen for d in db.session.scalars(left)}
        assert waits == waiting
    for moment, rows in days:
        told = versions.as_of(db.session(), REGISTERS["certif-info"], moment)
        assert sorted((row["code"], row["certification"], row["label"]) for row in told) == rows


def test_a_table_as_of_a_day_is_told_by_the_command(app, tmp_path):
    start = now() - timedelta(days=10)
    with clock_at(start):
        apply(read("vacances", _breaks(tmp_path, "2025-11-02")))
    with clock_at(start + timedelta(days=5)):
        apply(read("vacances", _breaks(tmp_path, "2025-11-03")))
    runner = app.test_cli_runner()

    def told(day) -> str:
        return runner.invoke(group, ["as-of", "vacances", day.date().isoformat()]).output

    assert "B;2025-10-18;2025-11-03" in told(now())
    assert "B;2025-10-18;2025-11-02" in told(start + timedelta(days=2))
    assert told(start - timedelta(days=2)).splitlines() == ["zone;debut;fin;nom"]


def test_the_imported_calendar_is_what_the_meetings_follow_until_it_is_undone(app, tmp_path):
    shipped = school_holidays.breaks("B")
    assert not school_holidays.breaks("La Réunion")
    file = tmp_path / "calendrier.csv"
    file.write_text(
        "Description;Population;start_date;end_date;Zones\n"
        "Vacances d'été;-;2025-12-19T20:00:00+00:00;2026-01-28T20:00:00+00:00;Réunion\n"
        "Début des Vacances d'Été;-;2026-07-03T22:00:00+00:00;2026-07-03T22:00:00+00:00;Zone B\n"
    )
    version = apply(read("vacances", file))
    assert [(str(one.debut), str(one.fin)) for one in school_holidays.breaks("La Réunion")] == [
        ("2025-12-20", "2026-01-28")
    ]
    assert [(str(one.debut), str(one.fin)) for one in school_holidays.breaks("B")] == [("2026-07-04", "2026-08-31")]
    undo(version)
    assert school_holidays.breaks("B") == shipped


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Pont de l'Ascension;-;2027-05-06T22:00Z;2027-05-06T22:00Z;Zone B", "B 2027-05-07 2027-05-08"),
        ("Vacances d'Été;Élèves;2027-07-02T22:00Z;2027-09-01T22:00Z;Zone B", "B 2027-07-03 2027-09-01"),
        ("Vacances d'Été;Enseignants;2027-07-02T22:00Z;2027-08-23T22:00Z;Zone B", None),
        # Midnight in Paris, wherever it is; a Friday, whose classes are held.
        ("Vacances de Noël;-;2026-12-17T23:00Z;2027-01-03T23:00Z;Guadeloupe", "Guadeloupe 2026-12-19 2027-01-03"),
        ("Vacances d'été;-;2025-12-19T20:00Z;2026-01-28T20:00Z;Réunion", "La Réunion 2025-12-20 2026-01-28"),
        ("Carnaval;Saint-Martin;2027-02-05T23:00Z;2027-02-21T23:00Z;Guadeloupe", "Saint-Martin 2027-02-06 2027-02-21"),
        ("Carnaval;Saint-Barthélémy;2027-02-06;2027-02-22;Guadeloupe", "Saint-Barthélemy 2027-02-06 2027-02-21"),
        ("Toussaint;-;2026-10-21;2026-11-02;Corse", "Corse 2026-10-21 2026-11-01"),
        ("Toussaint;-;2026-10-22;2026-10-23;Corse", None),
    ],
)  # fmt: skip
def test_how_a_line_of_the_school_calendar_is_read(line, kept):
    cells = dict(zip(("description", "population", "start", "end", "zone"), line.split(";"), strict=True))
    found = [f"{row['zone']} {row['debut']} {row['fin']}" for row in rows.school_break(cells)]
    assert found == ([kept] if kept else [])


def _breaks(folder: Path, end: str) -> Path:
    file = folder / "vacances.csv"
    file.write_text(f"zone;debut;fin;nom\nB;2025-10-18;{end};Toussaint\n")
    return file


def test_the_command_reads_reports_applies_and_undoes(app, tmp_path):
    before = set(uploads.folder().iterdir())
    runner = app.test_cli_runner()
    file = tmp_path / "archive.zip"
    inner = certifications(
        tmp_path,
        files.certification(1),
        files.certification(2, Numero_Fiche="X"),
        *map(files.certification, range(3, 40)),
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(inner, "export_fiches_CSV_Standard_2026_11_22.csv")
        archive.writestr("export_fiches_CSV_Rome_2026_11_22.csv", "Numero_Fiche;Codes_Rome_Code\n")
    dry = runner.invoke(group, ["import", "certifications", str(file)]).output
    assert "ligne 3 : «\N{NO-BREAK SPACE}X\N{NO-BREAK SPACE}» n’est ni un numéro RNCP" in dry
    assert "Lignes lues : 38. Fautes : 1." in dry
    assert "Ajout : 38 à appliquer" in dry
    assert not db.session.scalars(select(Certification).where(Certification.code != "")).first()
    with clock_at(datetime(2026, 12, 31, 23, 10, tzinfo=UTC)):  # the first of January in Paris
        done = runner.invoke(group, ["import", "certifications", str(file), "--apply"])
    assert done.exit_code == 0, done.output
    assert len(db.session.scalars(select(Certification).where(Certification.code != "")).all()) == 38
    number = done.output.split("version ")[1].split(".")[0]
    assert "certifications        38  2027-01-01" in runner.invoke(group, ["list"]).output
    assert runner.invoke(group, ["undo", number]).exit_code == 0
    assert not db.session.scalars(select(Certification).where(Certification.code != "")).first()
    assert runner.invoke(group, ["undo", number]).exit_code == 1
    assert runner.invoke(group, ["import", "uai", str(file)]).exit_code == 1
    assert set(uploads.folder().iterdir()) == before, "aucun fichier lu ou refusé ne reste"


# --- Bad files ---------------------------------------------------------------------------------------

HEADERS = ";".join(files.CERTIFICATION)
LINE = "1;RNCP1;Titre;01/01/2024;31/12/2027;;ACTIVE"
GOOD = "\n".join([HEADERS, *(f"{n};RNCP{n};Titre {n};01/01/2024;31/12/2027;;ACTIVE" for n in range(1, 41)), ""])
BAD = {
    "vide": (b"", "Ce fichier est vide."),
    "seulement les titres": (f"{HEADERS}\n".encode(), "aucune ligne pour nous"),
    "autres colonnes": (b"a;b;c\n1;2;3\n", "n’a pas les colonnes"),
    "une colonne manque": (GOOD.replace("Actif", "Autre").encode(), "il manque : « Actif »"),
    "NUL": (GOOD.encode() + b"\0", "autre chose que du texte"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-16"),
    "deux encodages": (
        GOOD.replace("Titre", "Métier").encode() + "1;RNCP9;Été;;;;\n".encode("cp1252"),
        "en mélange deux",
    ),
    "zip coupé": (b"PK\x03\x04rien", "abîmé ou coupé"),
    "gzip coupé": (gzip.compress(GOOD.encode())[:-20], "abîmé ou coupé"),
    "presque tout faux": (GOOD.replace("RNCP", "?").encode(), "Première faute, ligne 2"),
    "PDF": (b"%PDF-1.7\n\x00\x01", "autre chose que du texte"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_right_is_refused_in_words_and_changes_nothing(app, tmp_path, name):
    raw, words = BAD[name]
    file = tmp_path / "fichier"
    file.write_bytes(raw)
    row = read("certifications", file)
    assert row.status is JobStatus.ECHEC
    assert words in row.error
    assert db.session.scalar(select(func.count()).select_from(RegisterRow)) == 0
    with pytest.raises(Refused):
        runs.ask_applying(db.session(), row.id)


def test_a_file_in_the_encoding_of_windows_is_read_as_it_is(app, tmp_path):
    file = tmp_path / "windows.csv"
    file.write_bytes(GOOD.replace("Titre 1;", "Métier d’œuvre;").encode("cp1252"))
    apply(read("certifications", file))
    assert db.session.scalars(select(Certification.label).where(Certification.code == "1")).one() == "Métier d’œuvre"


def test_odd_lines_are_told_with_their_number_and_block_no_other(app, tmp_path):
    """A megabyte in one cell, too few columns, a key said twice, a name that is too long, a day that does not exist."""
    lines = GOOD.splitlines()
    lines[5] = lines[5].replace("Titre", "x" * 1_000_000)
    lines[9] = "coupée;RNCP9"
    lines.insert(20, lines[19].replace("Titre", "Autre"))
    lines.insert(21, lines[19])
    lines[30] = lines[30].replace("31/12/2027", "31/02/2027")
    lines[31] = lines[31].replace("Titre", "Long " * 100)
    file = tmp_path / "fautes.csv"
    file.write_text("\n".join([*lines, *(f"{n};RNCP{n};T;;;;ACTIVE" for n in range(100, 200)), ""]))
    row = read("certifications", file)
    assert row.status is JobStatus.FINI, row.error
    told = {fault["line"]: fault["message"] for fault in row.report["said"]}
    assert "beaucoup trop longue" in told[6]
    assert [words for words in told.values() if "2 colonnes au lieu de 7" in words]
    assert [words for words in told.values() if "« 19 » est déjà à la ligne" in words]
    assert [words for words in told.values() if "31/02/2027" in words]
    apply(row)
    labels = dict(
        db.session.execute(select(Certification.code, Certification.label).where(Certification.code != "")).all()
    )
    assert labels["19"] == "Titre 19"
    assert len(labels["29"]) <= 250
    assert labels["29"].endswith("…")
    assert "5" not in labels


def test_an_archive_that_grows_too_much_is_not_read_to_its_end(app, tmp_path, monkeypatch):
    file = tmp_path / "bombe.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("standard.csv", HEADERS + "\n" + LINE * 2_000_000)
    assert "grossit beaucoup trop" in read("certifications", file).error
    double = io.BytesIO()
    with zipfile.ZipFile(double, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, GOOD)
    file.write_bytes(double.getvalue())
    assert "plusieurs fichiers CSV" in read("certifications", file).error
    monkeypatch.setattr(csv_files, "MOST", 100)
    file.write_text(GOOD)
    assert "grossit" in read("certifications", file).error


def test_a_source_that_comes_back_nearly_empty_is_refused_until_its_setting_says_otherwise(app, tmp_path):
    apply(read("certifications", certifications(tmp_path, *map(files.certification, range(1, 41)))))
    few = certifications(tmp_path, *map(files.certification, range(1, 15)))
    row = read("certifications", few)
    assert "n’a que 14 lignes utiles, et la table en a 40" in row.error
    patient("certifications", 1, 1, 1, least=10)
    assert apply(read("certifications", few)).report["kinds"]["retrait"]["applied"] == 26


# --- Size, and what is left ---------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_file(app, tmp_path):
    """The slope, at a reduced size: `make bench-registers` measures the real one."""
    read("certifications", files.write_many("certifications", tmp_path / "a.csv", 100))
    peaks = []
    for number in (4_000, 16_000):
        file = files.write_many("certifications", tmp_path / "b.csv", number)
        tracemalloc.start()
        apply(read("certifications", file), at_once=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        db.session.remove()
    assert peaks[1] < peaks[0] * 1.3, peaks


def test_what_was_read_and_never_applied_is_forgotten_after_a_week(app, tmp_path):
    with clock_at(now() - timedelta(days=8)):
        old = read("certifications", certifications(tmp_path, files.certification(1)))
    recent = read("certifications", certifications(tmp_path, files.certification(2)))
    runs.purge()
    db.session.expire_all()
    assert "envoyez-le de nouveau" in old.error
    assert set(db.session.scalars(select(RegisterRow.import_id))) == {recent.id}
    apply(recent)
