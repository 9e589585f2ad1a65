"""The yearly report of a territoire: right numbers, the same for ever once the year is over."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import RevisionState
from backoffice.queries.moderation.bilan import DIMENSIONS, HEADS, Movement, Scope, bilan
from tests.support import factories as make
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.fiches.fast_lane import Change, update_session

SPRING_2025, AUTUMN_2025 = datetime(2025, 3, 3, 9, tzinfo=UTC), datetime(2025, 11, 3, 9, tzinfo=UTC)
SPRING_2026 = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = "/bilan/normandie/2026"


def this_year():
    return local_day(now()).year


def published(people, at, title, **changes):
    """Sent and approved at that moment; changes: of the first group."""
    provider, moderator = people
    content = make.complete_content(title)
    for name, value in changes.items():
        setattr(content.actions[0], name, value)
    with clock_at(at):
        return make.fiche_in(RevisionState.VALIDEE, provider, moderator, content)


def next_version(people, fiche, at, **shift):
    provider, moderator = people
    with clock_at(at):
        draft = operations.open_draft(db.session(), fiche.id, provider)
        content = draft.content
        content.formation.objectif = "D’autres objectifs."
        for session in content.actions[0].sessions:
            session.debut, session.fin = session.debut + timedelta(**shift), session.fin + timedelta(**shift)
        operations.save_draft(db.session(), draft, content, {}, provider)
        db.session.commit()
        for name, by in (("soumettre", provider), ("prendre", moderator), ("valider", moderator)):
            make.step(fiche, name, by)


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


@pytest.fixture
def two_years(people):
    """2025: four fiches. 2026: one is gone, one is renewed, one only corrected, one stays as it was, one is new."""
    stays = published(people, SPRING_2025, "Reste", heures_total=100)
    gone = published(people, SPRING_2025, "Part")
    renewed = published(people, SPRING_2025, "Renouvelée", heures_total=30)
    corrected = published(people, SPRING_2025, "Corrigée", heures_total=10)
    with clock_at(AUTUMN_2025):
        make.step(gone, "archiver", people[0])
    next_version(people, renewed, SPRING_2026, days=364)
    next_version(people, corrected, SPRING_2026)
    published(people, SPRING_2026, "Nouvelle", heures_total=7)
    return stays


def report(year, **scope):
    db.session.expire_all()
    return bilan(db.session(), Scope(make.territoire().id, **scope), year)


def test_what_is_new_renewed_kept_and_gone(two_years):
    assert report(2025).movement == Movement(seen=4, new=4, renewed=0, kept=0, gone=0)
    assert report(2026).movement == Movement(seen=4, new=1, renewed=1, kept=2, gone=1)


def test_every_table_adds_up_to_the_whole(two_years):
    found = report(2026)
    assert found.total.numbers[:3] == [4, 4, 4]
    assert found.total.numbers[4] == 100 + 30 + 10 + 7
    assert set(found.tables) == set(DIMENSIONS)
    for name, lines in found.tables.items():
        assert [sum(line.numbers[place] for line in lines) for place in range(5)] == found.total.numbers, name


def test_a_past_year_never_changes(people, two_years):
    before = report(2025)
    next_version(people, two_years, SPRING_2026)
    with clock_at(SPRING_2026):
        make.step(two_years, "archiver", people[0])
    assert report(2025) == before
    assert report(2026).movement.seen == 4, "en ligne un moment de l’année"


def test_free_places_are_those_said_last_in_the_year(people, two_years):
    provider, _ = people
    for at, places in ((SPRING_2025, 12), (AUTUMN_2025, 5), (SPRING_2026, 3)):
        with clock_at(at), atomic() as session:
            update_session(session, two_years.id, Change("G2", "S3", places_libres=places), provider)
    assert report(2025).total.places == 5
    assert report(2026).total.places == 3


def test_a_department_and_a_dispositif_narrow_it(people, two_years):
    assert report(2026, departements=frozenset({"14"})) == report(2026)
    assert report(2026, departements=frozenset({"76"})).total.actions == 0
    assert report(2026, departements=frozenset({"76"})).movement == Movement(0, 0, 0, 0, 0)
    assert report(2026, dispositifs=frozenset({"OFII"})).movement.seen == 0
    assert report(2026, dispositifs=frozenset({"ASL"})) == report(2026)


def test_another_territoire_sees_nothing_of_it(two_years):
    far = bilan(db.session(), Scope(make.territoire("grand-est").id), 2026)
    assert (far.total.actions, far.movement.gone) == (0, 0)


def test_the_number_of_queries_does_not_follow_the_number_of_fiches(people, two_years):
    with statements() as few:
        report(2026)
    for rank in range(8):
        published(people, SPRING_2026, f"Encore {rank}")
    with statements() as many:
        report(2026)
    assert len(many) == len(few)


@pytest.fixture
def readers(people, two_years):
    return people[1], make.funder()


def test_moderators_and_funders_read_it_and_its_images(app, readers):
    for reader in readers:
        visitor = Visitor(app, reader)
        assert visitor.get("/bilan/").headers["Location"] == f"/bilan/normandie/{this_year()}"
        page = visitor.get(PAGE)
        assert page.status_code == 200
        assert page.text.count("<table") == len(DIMENSIONS)
        assert "<dt>Disparues</dt><dd>1</dd>" in page.text
        image = visitor.get("/bilan/normandie/2026/dispositif-heures.svg")
        drawing = etree.fromstring(image.data)
        assert drawing.xpath("count(//*[local-name()='rect'])") == 2, "le fond et une barre"
        assert "Ateliers sociolinguistiques (ASL) : 147" in "".join(drawing.itertext())


def test_a_funder_of_some_departements_reads_the_figures_of_those_alone(app, readers):
    funder = readers[1]
    for codes, number in ((["76"], "0"), (["14", "76"], "4"), ([], "4")):
        funder.assignments[0].departements = codes
        db.session.commit()
        page = Visitor(app, funder).get(PAGE).text
        assert f"<dt>Fiches</dt><dd>{number}</dd>" in page


def test_the_form_leads_to_a_year(app, readers):
    answer = Visitor(app, readers[0]).get("/bilan/choisir?territoire=normandie&annee=2025")
    assert answer.headers["Location"] == "/bilan/normandie/2025"


@pytest.mark.parametrize(
    "address",
    [
        "/bilan/grand-est/2026",
        "/bilan/normandie/2023",
        "/bilan/normandie/2099",
        "/bilan/normandie/2026/semaine-heures.svg",
        "/bilan/normandie/2026/dispositif-places.svg",
        "/bilan/choisir?territoire=grand-est&annee=2026",
        "/bilan/choisir?annee=deux",
    ],
)
def test_what_is_out_of_reach_is_not_there(app, readers, address):
    assert Visitor(app, readers[1]).get(address).status_code == 404


def test_the_file_has_the_same_numbers_and_no_formula(app, people, readers):
    published(people, SPRING_2026, "Formule", heures_total=1)
    provider, _ = people
    with clock_at(SPRING_2026):
        content = make.complete_content("Certifiée")
        content.formation.visees, content.formation.certification = ["certification"], "=1+1"
        content.formation.code_certification = "RS5398"
        fiche = make.draft(provider, content)
        for name, by in (("soumettre", provider), ("prendre", people[1]), ("valider", people[1])):
            make.step(fiche, name, by)
    answer = Visitor(app, readers[0]).get(f"{PAGE}.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Tableau", "Ligne", *HEADS]
    assert rows[1][2:] == [str(number) for number in report(2026).total.numbers]
    assert {len(row) for row in rows} == {7}
    assert [row[1] for row in rows if "1+1" in row[1]] == ["'=1+1 (RS5398)"]
    assert not any(value.startswith("=") for row in rows for value in row)
