"""The whole life of a fiche, for its structure and for its moderators; the journal of a territoire."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    Dispositif,
    Flux,
    FluxKind,
    FluxRun,
    Remark,
    RevisionState,
    RunState,
    TransitionLog,
)
from forms.kit.posted import Reply
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches.engine import apply, lock
from workflows.fiches.fast_lane import Change, update_session
from workflows.moderation import moderation_rules, remarks


def carried_by(flux_code, at, since=None):
    flux = db.session.query(Flux).filter_by(code=flux_code).one()
    kind = FluxKind.DIFFERENTIEL if since else FluxKind.COMPLET
    run = FluxRun(flux=flux, kind=kind, state=RunState.REUSSI, at=at, since=since, file="f.xml", sha256="0" * 64)
    db.session.add(run)
    db.session.commit()


@pytest.fixture
def lived(nadia, marc):
    """Flagged, approved, carried by flows, changed by the fast lane, suspended for a reason."""
    make.rule(marc, "sorties", name="Sorties à voir")
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.running_content())
    carried_by("normandie", now())
    carried_by("normandie", now())
    carried_by("grand-est", now())
    update_session(db.session(), fiche.id, Change("G2", "S3", places_libres=4), nadia)
    db.session.commit()
    carried_by("france", now())
    hit = moderation_rules.db.session.query(moderation_rules.RuleHit).one()
    with atomic() as session:
        moderation_rules.set_aside(session, hit, "Des sorties en français.", marc)
    with atomic() as session:
        ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
        apply(session, "suspendre", **ids, actor=marc, reason="lieu-ferme", comment="Prévenez-nous.")
    db.session.expire_all()
    return fiche


COMMON = (
    "Fiche créée",
    "Fiche envoyée",
    "Fiche prise",
    "Fiche validée",
    "Fiche publiée",
    "Dans l’offre",
    "Dans le flux « Offre de formation linguistique, Normandie »",
    "2 fois, la première",
    "Places ou dates mises à jour",
    "4 places libres",
    "Modifiée dans l’offre",
    "Dans le flux « Offre de formation linguistique, France entière »",
    "Retirée de l’offre",
    "Le lieu n’accueille plus l’action",
    "Le lieu indiqué est fermé ou n’accueille plus cette action.",
    "Prévenez-nous.",
    "E-mail « Votre fiche est validée",
    "nadia.exemple@exemple.fr",
)
INSIDE = ("Signalée par la règle « Sorties à voir » (version 1 de la règle)", "« sorties »", "Des sorties en français.")


def test_a_moderator_reads_all_that_happened(app, lived, marc):
    words = open_page(Visitor(app, marc), f"/historique/{lived.id}").words()
    for said in (*COMMON, *INSIDE):
        assert said in words
    assert "Grand Est" not in words


def test_the_structure_reads_its_own_life_but_not_what_rules_found(app, lived, nadia):
    words = open_page(Visitor(app, nadia), f"/historique/{lived.id}").words()
    for said in COMMON:
        assert said in words
    for hidden in INSIDE:
        assert hidden not in words


def test_the_pages_of_the_fiche_lead_to_it(app, lived, nadia, marc):
    for person, path in ((nadia, f"/fiches/{lived.id}"), (marc, f"/moderation/{lived.latest.id}")):
        assert f"/historique/{lived.id}" in open_page(Visitor(app, person), path).links("//main")


def test_the_history_is_taken_away_as_data(app, lived, nadia, marc):
    answer = Visitor(app, marc).get(f"/historique/{lived.id}.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="historique-{lived.numero}.json"'
    told = json.loads(answer.data)
    assert told["fiche"]["numero"] == lived.numero
    moments = [datetime.fromisoformat(row["le"]) for row in told["evenements"]]
    assert moments == sorted(moments)
    assert all(moment.tzinfo == UTC for moment in moments)
    assert {row["genre"] for row in told["evenements"]} == {"etape", "offre", "flux", "courriel", "regle"}
    steps = db.session.query(TransitionLog).filter_by(fiche_id=lived.id).count()
    assert len([row for row in told["evenements"] if row["genre"] == "etape"]) == steps
    theirs = json.loads(Visitor(app, nadia).get(f"/historique/{lived.id}.json").data)
    assert {row["genre"] for row in theirs["evenements"]} == {"etape", "offre", "flux", "courriel"}


def test_remarks_are_told_to_the_structure_once_the_version_is_sent_back(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
    with atomic() as session:
        remarks.pin(session, *ids.values(), "formation-objectif", "Dites pour qui.", marc)
        mistaken = remarks.pin(session, *ids.values(), "formation-intitule", "Trop long.", marc)
        remarks.withdraw(session, fiche.id, mistaken, marc)
    path = f"/historique/{fiche.id}"
    assert "Dites pour qui." in open_page(Visitor(app, marc), path).words()
    assert "Dites pour qui." not in open_page(Visitor(app, nadia), path).words()
    with atomic() as session:
        apply(session, "renvoyer", **ids, actor=marc)
    with atomic() as session:
        remark = session.query(Remark).order_by(Remark.id).first()
        lock(session, fiche.id)
        remarks.reply(session, remark.fiche, {remark.id: Reply("Pour les parents.", done=True)}, nadia)
    words = open_page(Visitor(app, nadia), path).words()
    for said in ("Dites pour qui.", "Pour les parents.", "Remarque traitée"):
        assert said in words
    assert "Trop long." not in words
    assert "Remarque retirée" in open_page(Visitor(app, marc), path).words()


def test_the_history_is_taken_away_as_a_text(app, lived, nadia):
    answer = Visitor(app, nadia).get(f"/historique/{lived.id}.txt")
    assert answer.mimetype == "text/plain"
    for said in ("Historique de la fiche", "Fiche suspendue, par Marc Modèle", "    Prévenez-nous."):
        assert said in answer.text


def test_a_differential_carries_what_changed_since_only(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    carried_by("normandie", now() + timedelta(minutes=2), since=now() + timedelta(minutes=1))
    assert "Dans le flux" not in open_page(Visitor(app, marc), f"/historique/{fiche.id}").words()
    carried_by("normandie", now() + timedelta(minutes=2), since=now() - timedelta(days=1))
    assert "Dans le flux" in open_page(Visitor(app, marc), f"/historique/{fiche.id}").words()


def test_a_draft_has_a_history_too(app, nadia):
    fiche = make.draft(nadia)
    page = open_page(Visitor(app, nadia), f"/historique/{fiche.id}")
    assert "1 événement" in page.words()


# --- The journal --------------------------------------------------------------------------------------


@pytest.fixture
def busy(app, nadia, marc):
    """Two territoires, two dispositifs, three people, two years."""
    other = make.provider("Olga Voisine", make.organisme("Association 100 % voisine"))
    mina = make.moderator("Mina Modèle", "grand-est")
    est = make.provider("Elsa Lointaine", make.organisme("Est et mots", "grand-est"))
    with clock_at(datetime(2025, 3, 3, 9, tzinfo=UTC)):
        make.fiche_in(RevisionState.REFUSEE, nadia, marc)
    with clock_at(datetime(2026, 3, 31, 22, 30, tzinfo=UTC)):  # the first of April in Paris
        make.fiche_in(RevisionState.A_CORRIGER, other, marc)
    make.fiche_in(RevisionState.SOUMISE, est, mina, make.content_in("67482"))
    return Visitor(app, marc)


def shown(visitor, **filters):
    """(structure, event, person) of each row, through the pages."""
    page, rows = open_page(visitor, "/moderation/journal?" + "&".join(f"{k}={v}" for k, v in filters.items())), []
    while True:
        assert page.status == 200
        for row in page.dom.xpath("//tbody/tr"):
            cells = [" ".join(cell.text_content().split()) for cell in row.xpath("td")]
            rows.append((cells[4], cells[1], cells[2]))
        following = page.dom.xpath("//a[@rel='next']/@href")
        if not following:
            return rows
        page = open_page(visitor, following[0])


def test_the_journal_is_that_of_ones_own_territoires(busy):
    rows = shown(busy)
    assert len(rows) == 8
    assert not any("Est et mots" in row[0] for row in rows)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"du": "2026-01-01"}, 4),
        ({"au": "2025-12-31"}, 4),
        ({"du": "2025-03-03", "au": "2025-03-03"}, 4),
        ({"du": "2026-04-01", "au": "2026-04-01"}, 4),
        ({"au": "2026-03-31"}, 4),
        ({"personne": "marc"}, 4),
        ({"personne": "nadia"}, 2),
        ({"etape": "refuser"}, 1),
        ({"structure": "100 %25 voisine"}, 4),
        ({"structure": "%25 voisine"}, 4),
        ({"structure": "_"}, 0),
        ({"dispositif": "ASL"}, 8),
        ({"dispositif": "OFII"}, 0),
        ({"etape": "prendre", "personne": "marc", "du": "2026-01-01"}, 1),
    ],
)
def test_each_filter_chooses(busy, filters, count):
    assert len(shown(busy, **filters)) == count


def test_the_journal_is_read_page_by_page_and_taken_away_whole(busy, monkeypatch):
    from backoffice.queries.moderation import journal

    together = shown(busy)
    monkeypatch.setattr(journal, "PAGE", 3)
    monkeypatch.setattr(journal, "BATCH", 3)
    assert shown(busy) == together
    answer = busy.get("/moderation/journal.csv", buffered=True)
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [row[7] for row in rows[1:]] == [row[0].removesuffix("ASL").strip() for row in together]
    refusal = next(row for row in rows if row[2] == "Fiche refusée")
    assert refusal[12] == "Ce n’est pas une action d’apprentissage du français"


def test_no_cell_is_run_as_a_formula(app, marc):
    by = make.provider("Nadia Exemple", make.organisme("=1+1"))
    make.draft(by)
    assert ";'=1+1;" in Visitor(app, marc).get("/moderation/journal.csv?structure=%3D1", buffered=True).text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("du=hier", "du"),
        ("au=2026-02-30", "au"),
        ("du=0001-01-01", "du"),
        ("au=9999-12-31", "au"),
        ("du=2026-02-02&au=2026-01-01", "au"),
        ("etape=voler", "etape"),
        ("dispositif=XYZ", "dispositif"),
        ("territoire=grand-est", "territoire"),
    ],
)
def test_a_filter_that_means_nothing_is_said_at_its_place(busy, query, field):
    page = open_page(busy, f"/moderation/journal?{query}")
    assert page.status == 422
    if field != "territoire":  # asked only of those who serve several
        assert page.error(field)
    assert busy.get(f"/moderation/journal.csv?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["avant=0", "avant=-1", "avant=x", "avant=" + "9" * 30, "personne=%00", "structure=%FF"]
)
def test_no_address_breaks_the_journal(busy, query):
    assert busy.get(f"/moderation/journal?{query}").status_code == 200


def test_the_number_of_queries_does_not_follow_the_number_of_rows(busy, nadia, marc):
    def queries():
        with statements() as seen:
            Page(busy, busy.get("/moderation/journal"))
        return len(seen)

    before = queries()
    for _ in range(6):
        make.fiche_in(RevisionState.A_CORRIGER, nadia, marc)
    assert queries() == before


def test_today_is_in_the_journal_of_today(app, nadia, marc):
    make.draft(nadia)
    today = local_day(now()).isoformat()
    assert len(shown(Visitor(app, marc), du=today, au=today, dispositif=Dispositif.ASL)) == 1
