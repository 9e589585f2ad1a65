"""The figures of a territoire: right numbers, charts that can be read without seeing, tables without formulas."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from lxml import etree

from backoffice.core.clock import clock_at
from backoffice.core.extensions import db
from backoffice.models import RevisionState
from backoffice.queries.moderation.figures import COUNTS, DIMENSIONS, Line, Period, happenings, lines, total
from tests.support import factories as make
from tests.support.visitor import Visitor

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
ASKED = "du=2026-03-01&au=2026-03-31"
DECISION = {"valider": "", "renvoyer": "Précisez.", "refuser": "Hors du champ."}


def decided(nadia, marc, sent, days, name):
    with clock_at(sent):
        fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    with clock_at(sent + timedelta(days=days)):
        make.step(fiche, name, marc, DECISION[name])
    db.session.expire_all()


@pytest.fixture
def month(app):
    """Ten decisions of one moderator in the first week, after 1 to 10 days; one of another, in the third."""
    marc, mina = make.moderator("=Marc Modèle"), make.moderator("Mina <Modèle>")
    nadia = make.provider()
    for days in range(1, 11):
        decided(nadia, marc, MONDAY - timedelta(days=days), days, "valider" if days > 3 else "renvoyer")
    decided(nadia, mina, MONDAY + timedelta(days=10), 4, "refuser")
    with clock_at(MONDAY):
        make.fiche_in(RevisionState.SOUMISE, nadia, marc)
        make.fiche_in(RevisionState.BROUILLON, nadia, marc)
    return marc, mina


def test_the_numbers_of_a_month(app, month):
    marc, _ = month
    found = happenings(db.session(), marc, MARCH)
    whole = total(found)
    received = [one.at for one in found if one.what == "recues"]
    assert all(date(2026, 3, 1) <= at.date() <= date(2026, 3, 31) for at in received)
    assert (whole.recues, whole.validees, whole.renvoyees, whole.refusees) == (3, 7, 3, 1)
    by = {line.label: line for line in lines(found, DIMENSIONS["moderateur"])}
    assert (by["=Marc Modèle"].mediane, by["=Marc Modèle"].p90) == (5.5, 9.1)
    assert (by["Mina <Modèle>"].mediane, by["Mina <Modèle>"].p90) == (4.0, 4.0)
    weeks = [(line.label, line.refusees) for line in lines(found, DIMENSIONS["semaine"])]
    assert weeks == [("23/02/2026", 0), ("02/03/2026", 0), ("09/03/2026", 0), ("16/03/2026", 1)]
    for dimension in ("semaine", "dispositif", "departement"):
        made = lines(found, DIMENSIONS[dimension])
        assert [sum(getattr(line, name) for line in made) for name in COUNTS] == [3, 7, 3, 1], dimension


def test_nothing_decided_has_no_delay():
    assert (Line("x").mediane, Line("x").p90) == (None, None)


def test_a_moderator_counts_their_territoire_alone(app, month):
    assert total(happenings(db.session(), make.moderator("Gaël", "grand-est"), MARCH)).recues == 0


def test_the_page_shows_the_same_numbers(app, month):
    page = Visitor(app, month[0]).get(f"/moderation/chiffres/?{ASKED}").text
    assert "Mina &lt;Modèle&gt;" in page
    assert page.count("<table") == len(DIMENSIONS)
    assert "<dd>7</dd>" in page
    assert "<dd>5,0</dd>" in page


@pytest.mark.parametrize(
    "asked", ["du=hier&au=demain", "du=2026-03-01", "du=2026-04-01&au=2026-03-01", "du=0001-01-01&au=0001-01-02"]
)
def test_a_wrong_period_is_said(app, month, asked):
    answer = Visitor(app, month[0]).get(f"/moderation/chiffres/?{asked}")
    assert answer.status_code == 422
    assert 'aria-describedby="periode-erreur"' in answer.text


def test_the_table_taken_away_has_no_formula(app, month):
    answer = Visitor(app, month[0]).get(f"/moderation/chiffres/moderateur.csv?{ASKED}")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][0] == "Modérateur"
    assert [row[0] for row in rows[1:]] == ["'=Marc Modèle", "Mina <Modèle>"]
    assert rows[1][1:] == ["7", "3", "0", "5,5", "9,1"]


@pytest.mark.parametrize("what", ["nombres", "delais"])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_chart_says_in_words_all_that_it_draws(app, month, dimension, what):
    answer = Visitor(app, month[0]).get(f"/moderation/chiffres/{dimension}-{what}.svg?{ASKED}")
    assert answer.mimetype == "image/svg+xml"
    drawing = etree.fromstring(answer.data)
    names = {"s": "http://www.w3.org/2000/svg"}
    said = drawing.findtext("s:desc", namespaces=names)
    drawn = [text.text for text in drawing.iterfind("s:text", names)]
    assert drawing.findtext("s:title", namespaces=names) in drawn
    assert all(words in said for words in drawn[1:] if "–" in words)
    assert not drawing.xpath("//@style | //@*[starts-with(name(), 'on')] | //s:script | //s:style", namespaces=names)


@pytest.mark.parametrize("path", ["autre.csv", "autre-nombres.svg", "semaine-autre.svg", "semaine.csv?du=x"])
def test_what_is_no_figure_is_no_page(app, month, path):
    assert Visitor(app, month[0]).get(f"/moderation/chiffres/{path}").status_code == 404
