"""What readers publish, read back: files of three forms, what is seen, otherwise, absent, and who reads it."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backoffice.core import outgoing
from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import ReaderSource, RevisionState, Sighting
from exports.flux.read_back import seen
from tests.support import factories as make
from tests.support.tree import ROOT
from tests.support.visitor import Visitor
from workflows.flux import read_back

from .test_flux import write_flux

READER = "data·inclusion"
EXAMPLE = ROOT / "docs" / "lecteurs" / "services-exemple.csv"
OURS = "28_NO[0-9]{6,}"


def services() -> list[dict[str, str]]:
    with EXAMPLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def as_json(file: Path, rows) -> Path:
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


# --- Files -------------------------------------------------------------------------------------------


def test_the_example_says_the_same_in_each_form(tmp_path):
    expected = list(seen(str(EXAMPLE), OURS))
    assert [numero for numero, _ in expected] == ["28_NO000001", "28_NO000002"]
    assert expected[1][1]["nom"] == "Un ancien titre"
    rows = services()
    lines = tmp_path / "lignes.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    semicolons = tmp_path / "points-virgules.csv"
    with semicolons.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    packed = tmp_path / "services.csv.gz"
    packed.write_bytes(gzip.compress(EXAMPLE.read_bytes()))
    for file in (as_json(tmp_path / "tableau.json", rows), lines, semicolons, packed):
        assert list(seen(str(file), OURS)) == expected, file.name


def test_a_lheo_flow_is_read_too(app, tmp_path):
    fiche = make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    write_flux("normandie", tmp_path / "flux.xml.gz", now() + timedelta(minutes=1))
    ((numero, values),) = seen(str(tmp_path / "flux.xml.gz"), OURS)
    assert numero == fiche.numero
    assert values["nom"] == "Ateliers de français du quartier des Tilleuls"
    assert values["code_insee"] == "14118"


@pytest.mark.parametrize(
    "text",
    ["", "rien;du;tout\n1;2;3", "[{", '[{"id": "28_NO000001"}, 3]', '{"id": ', "<lheo", "<a/>", "[" * 100_000, "\x80"],
)
def test_what_cannot_be_read_says_why(app, tmp_path, text):
    file = tmp_path / "faux"
    file.write_bytes(text.encode("latin-1"))
    with atomic() as session:
        source = read_back.declare(session, READER, str(file))
        source_id = source.id
    found = read_back.read_sources(READER, [source_id])
    message = db.session.get_one(ReaderSource, source_id, populate_existing=True).message
    assert (found is None) == bool(message)
    assert found is None or found.rows == 0
    assert db.session.scalar(select(Sighting.id)) is None


# --- What is written ---------------------------------------------------------------------------------


@pytest.fixture
def published(app):
    """Two fiches, 28_NO000001 and 28_NO000002 as in the example, and one that it does not hold."""
    provider, moderator = make.provider(), make.moderator()
    fiches = [make.fiche_in(RevisionState.VALIDEE, provider, moderator) for _ in range(3)]
    rows = services()
    for row, fiche in zip(rows, fiches, strict=False):
        row["id"] = f"carif-oref--{fiche.numero}-G2" if row is not rows[2] else row["id"]
        row["lien_source"] = ""
    rows[0]["date_maj"] = rows[1]["date_maj"] = "2099-01-01"
    return provider, moderator, fiches, rows


def read(tmp_path, rows):
    file = as_json(tmp_path / "services.json", rows)
    with atomic() as session:
        source_id = read_back.declare(session, READER, str(file)).id
    return read_back.read_sources(READER, [source_id])


def sighting(fiche) -> Sighting:
    db.session.rollback()
    query = select(Sighting).where(Sighting.fiche_id == fiche.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def test_each_fiche_is_seen_seen_otherwise_or_absent_with_its_cause(published, tmp_path):
    _, _, (same, other, absent), rows = published
    assert read(tmp_path, rows) == read_back.Reading(rows=2, seen=2, different=1, absent=1)
    assert (sighting(same).seen, sighting(same).differences, sighting(same).cause) == (True, [], "")
    gaps = {gap["quoi"]: gap["chez lui"] for gap in sighting(other).differences}
    assert gaps == {
        "L’intitulé": "Un ancien titre",
        "La commune": "76540",
        "L’adresse e-mail": "ancienne@tilleuls.example",
    }
    assert not sighting(absent).seen
    assert sighting(absent).cause == "Elle n’est encore dans aucun flux publié."


def test_since_is_kept_while_the_state_stays_and_a_failure_changes_nothing(published, tmp_path):
    _, moderator, (fiche, _, _), rows = published
    read(tmp_path, rows)
    first = sighting(fiche).since
    with clock_at(now() + timedelta(days=3)):
        read(tmp_path, rows)
        assert sighting(fiche).since == first < sighting(fiche).read_at
        (tmp_path / "services.json").write_text("[{", encoding="utf-8")
        read_back.read_all()
        assert sighting(fiche).seen
        read(tmp_path, rows[1:])
        assert not sighting(fiche).seen
        assert sighting(fiche).since > first
    make.step(fiche, "suspendre", moderator, "Le téléphone est faux.")
    read(tmp_path, rows)
    assert db.session.scalars(select(Sighting).where(Sighting.fiche_id == fiche.id)).all() == []


@pytest.mark.committed
@pytest.mark.parametrize(("days", "words"), [(1, "laissez au lecteur le temps"), (20, "demandez au lecteur")])
def test_the_cause_depends_on_what_was_sent(published, tmp_path, days, words):
    make.flow()
    with clock_at(now() + timedelta(days=days)):
        read(tmp_path, [])
        assert words in sighting(published[2][0]).cause


def test_the_structure_the_moderator_and_the_funder_read_it(app, published, tmp_path):
    provider, moderator, (fiche, _, absent), rows = published
    read(tmp_path, rows)
    text = Visitor(app, provider).get(f"/fiches/{fiche.id}").text
    assert f"Vue sur {READER} depuis le" in text
    page = Visitor(app, moderator).get("/moderation/lecteurs/").text
    assert absent.numero in page
    assert fiche.numero not in page
    elsewhere = Visitor(app, make.moderator("Ida Francil", "ile-de-france")).get("/moderation/lecteurs/").text
    assert absent.numero not in elsewhere


def test_the_command_reads_remembers_and_forgets(app, published, tmp_path):
    file = as_json(tmp_path / "services.json", published[3])
    run = app.test_cli_runner().invoke
    result = run(args=["readers", "read", READER, str(file)])
    assert result.exit_code == 0, result.output
    assert "2 fiches vues" in result.output
    assert str(file) in run(args=["readers", "list"]).output
    missing = run(args=["readers", "read", READER, str(tmp_path / "rien.json")])
    assert missing.exit_code == 2
    assert "n’existe pas" in missing.output
    assert run(args=["readers", "forget", READER]).exit_code == 0
    assert run(args=["readers", "list"]).output == ""
    assert db.session.scalar(select(Sighting.id)) is None


@pytest.mark.once
@pytest.mark.parametrize("url", ["http://annuaire.example/s.json", "https://127.0.0.1/s.json", "https://[::1]/s.json"])
def test_an_address_of_our_network_is_not_fetched(app, tmp_path, url):
    with pytest.raises(outgoing.RefusedAddress):
        outgoing.fetch(url, tmp_path / "lu", 10)
