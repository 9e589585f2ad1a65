"""The moderators' queue: its tabs, its filters, its clock, its pages, and taking the next fiche."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, insert, update

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.models import Effect, Fiche, Nature, Revision, RevisionState, SavedView, TransitionLog
from backoffice.queries.moderation.queue import MOST, PAGE, TABS, Cursor, _ids, queue, wanted
from backoffice.queries.moderation.queue_filters import FILTERS, options_of
from tests.support import factories as make
from tests.support.pages import Page
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches import operations

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Followed by a week without holiday."""


def titled(rank, **changes):
    content = make.running_content(f"Ateliers, groupe {rank}")
    for name, value in changes.items():
        setattr(content.actions[0].sessions[0], name, value)
    return content


def titles(answer) -> list[str]:
    return re.findall(r"<a data-fiche[^>]*>([^<]+)</a>", answer.text)


def see(app, person, **asked):
    return Visitor(app, person).get(f"/moderation/?{urlencode(asked)}")


# --- Tabs --------------------------------------------------------------------------------------------


def test_each_fiche_is_in_the_tab_of_its_state(app, marc, nadia):
    mina = make.moderator("Mina Modèle")
    states = dict(zip(RevisionState, "abcdef", strict=True))
    for state, letter in states.items():
        make.fiche_in(state, nadia, marc, titled(letter))
    make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, mina, titled("g"))
    expected = {
        "a_prendre": "b",
        "miennes": "c",
        "collegues": "g",
        "correction": "e",
        "signalees": "",
        "traitees": "fd",
    }
    assert set(expected) <= set(TABS)
    for tab, letters in expected.items():
        answer = see(app, marc, onglet=tab)
        assert titles(answer) == [f"Ateliers, groupe {letter}" for letter in letters], tab
        counts = re.findall(r'<span class="nombre">([^<]+)</span>', answer.text)
        assert counts[: len(expected)] == ["1", "1", "1", "1", "0", "2"]


def test_a_corrected_fiche_leaves_the_tab_of_those_that_wait_for_correction(app, marc, nadia):
    fiche = make.fiche_in(RevisionState.A_CORRIGER, nadia, marc)
    assert titles(see(app, marc, onglet="correction"))
    make.step(fiche, "soumettre", nadia)
    assert not titles(see(app, marc, onglet="correction"))
    assert titles(see(app, marc))


def test_a_moderator_sees_the_fiches_of_their_territoire_alone(app, marc, nadia):
    make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    other = make.moderator("Gaël Voisin", "grand-est")
    for tab in TABS:
        assert not titles(see(app, other, onglet=tab))
    assert titles(see(app, marc))


def test_one_list_for_a_moderator_of_two_territoires(app, marc, nadia):
    both = make.moderator("Deux Rives")
    both.assignments.append(make.Assignment(role=make.Role.MODERATEUR, territoire=make.territoire("grand-est")))
    east = make.provider("Else Est", make.organisme("Est", "grand-est"))
    for rank, by in enumerate((nadia, east, nadia, east)):
        with clock_at(MONDAY + timedelta(hours=rank)):
            make.step(make.draft(by, titled(rank)), "soumettre", by)
            db.session.query(Fiche).filter(Fiche.organisme_id == east.memberships[0].organisme_id).update(
                {"territoire_id": make.territoire("grand-est").id}
            )
            db.session.commit()
    db.session.execute(
        update(Revision).values(
            territoire_id=db.select(Fiche.territoire_id).where(Fiche.id == Revision.fiche_id).scalar_subquery()
        )
    )
    db.session.commit()
    assert titles(see(app, both)) == [f"Ateliers, groupe {rank}" for rank in range(4)]


def test_what_a_rule_hits_is_flagged_filtered_and_may_come_first(app, marc, nadia):
    """The oldest first; what a rule hurries before all; across pages and back."""
    hurry = make.rule(marc, "urgence", effect=Effect.PRIORITE, name="Urgences")
    make.rule(marc, "miracle", name="Promesses")
    objectives = {"urgence": "Une urgence.", "miracle": "Un miracle.", "calme": "Parler."}
    for rank, word in enumerate(("calme", "miracle", "urgence", "calme", "urgence")):
        content = titled(rank)
        content.formation.objectif = objectives[word]
        with clock_at(MONDAY + timedelta(hours=rank)):
            make.step(make.draft(nadia, content), "soumettre", nadia)
    visitor = Visitor(app, marc)
    shown = [f"Ateliers, groupe {rank}" for rank in (2, 4, 0, 1, 3)]
    assert titles(visitor.get("/moderation/")) == shown
    assert titles(visitor.get("/moderation/?onglet=signalees")) == [f"Ateliers, groupe {rank}" for rank in (1, 2, 4)]
    assert titles(visitor.get(f"/moderation/?regle={hurry.id}")) == shown[:2]
    found = queue(db.session(), marc, {}).rows
    for cut in range(1, 5):
        place = str(Cursor(found[cut].submitted_at, found[cut].id, found[cut].priority))
        assert titles(visitor.get(f"/moderation/?apres={place}")) == shown[cut + 1 :]
        before, _ = _ids(db.session(), marc, wanted({"avant": place}, options_of(db.session(), marc)), PAGE)
        assert before == [row.id for row in found[:cut]]
    visitor.see("/moderation/")
    first = visitor.post("/moderation/suivante", {"vue": ""}).headers["Location"]
    assert first == f"/moderation/{found[0].id}"


# --- Filters -----------------------------------------------------------------------------------------


def test_filters_narrow_the_list_and_say_so(app, marc, nadia):
    far = titled("loin")
    far.lieux[0].adresse = make.Adresse("", ["1 rue du Port"], "50100", "Cherbourg-en-Cotentin", "50129", "50", "28")
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, far)
    voisine = make.provider("Olga Voisine", make.organisme("Association voisine"))
    make.fiche_in(RevisionState.SOUMISE, voisine, marc, titled("pres"))
    numero = db.session.query(Fiche.numero).order_by(Fiche.id).first()[0]
    visitor = Visitor(app, marc)
    for asked, expected in (
        ({"departement": "50"}, ["loin"]),
        ({"departement": "14"}, ["pres"]),
        ({"structure": "VOISINE"}, ["pres"]),
        ({"structure": make.SIRET}, ["loin", "pres"]),
        ({"q": "groupe loin"}, ["loin"]),
        ({"q": numero}, ["loin"]),
        ({"q": "%"}, []),
        ({"dispositif": "ASL"}, ["loin", "pres"]),
        ({"dispositif": "OEPRE"}, []),
        ({"nature": "premiere"}, ["loin", "pres"]),
        ({"nature": "renouvellement"}, []),
        ({"delai": "temps"}, ["loin", "pres"]),
        ({"delai": "retard"}, []),
        ({"departement": "75"}, ["loin", "pres"]),  # no département of this territoire: no filter
    ):
        answer = visitor.get(f"/moderation/?{urlencode(asked)}")
        assert titles(answer) == [f"Ateliers, groupe {name}" for name in expected], asked
        if not expected:
            assert "Aucune fiche ne correspond" in answer.text


def test_the_fiches_that_a_colleague_decided(app, marc, nadia):
    mina = make.moderator("Mina Modèle")
    make.fiche_in(RevisionState.VALIDEE, nadia, mina, titled("a"))
    make.fiche_in(RevisionState.REFUSEE, nadia, marc, titled("b"))
    assert titles(see(app, marc, onglet="traitees", moderateur=mina.id)) == ["Ateliers, groupe a"]


def test_the_form_shows_every_filter_of_the_table(app, marc):
    page = Page(Visitor(app, marc), see(app, marc))
    for row in FILTERS:
        assert page.element(f"filtre-{row.name}") is not None
        assert row.label in page.text


def test_first_fiche_change_and_renewal_are_told_apart(app, marc, nadia):
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    natures = [fiche.latest.nature]
    for debut, fin in ((date(2026, 10, 1), date(2027, 6, 30)), (date(2027, 9, 14), date(2028, 6, 30))):
        draft = operations.open_draft(db.session(), fiche.id, nadia)
        db.session.refresh(fiche, ["revisions"])
        operations.save_draft(db.session(), draft, titled(1, debut=debut, fin=fin), {}, nadia)
        for name, by in (("soumettre", nadia), ("prendre", marc), ("valider", marc)):
            make.step(fiche, name, by)
            db.session.expire_all()
        natures.append(fiche.latest.nature)
    assert natures == [Nature.PREMIERE, Nature.MODIFICATION, Nature.RENOUVELLEMENT]


# --- The clock ---------------------------------------------------------------------------------------


def sent_at(fiche, by, moment):
    with clock_at(moment):
        return make.step(fiche, "soumettre", by)


def test_an_answer_is_due_within_working_days(app, nadia):
    assert sent_at(make.draft(nadia), nadia, MONDAY).due_on == date(2026, 3, 9)


def test_public_holidays_are_not_counted_nor_those_of_overseas_elsewhere(app, nadia):
    before_ascension = datetime(2026, 5, 11, 9, tzinfo=UTC)
    assert sent_at(make.draft(nadia), nadia, before_ascension).due_on == date(2026, 5, 19)
    abolition = datetime(2026, 5, 19, 9, tzinfo=UTC)  # 22 May in Martinique; 25 May everywhere
    fiche = make.draft(nadia, make.content_in("97209"))
    assert sent_at(fiche, nadia, abolition).due_on == date(2026, 5, 28)
    assert sent_at(make.draft(nadia), nadia, abolition).due_on == date(2026, 5, 27)


def test_working_days_are_those_of_the_moderators_territoire(app, nadia):
    """Good Friday, a holiday in Strasbourg, is a working day of Grand Est; who collects brings its own calendar."""
    holy_thursday = datetime(2026, 4, 2, 9, tzinfo=UTC)
    assert sent_at(make.draft(nadia, make.content_in("67482")), nadia, holy_thursday).due_on == date(2026, 4, 10)
    abolition = datetime(2026, 5, 26, 9, tzinfo=UTC)  # 27 May in Guadeloupe, 28 May in Saint-Martin
    assert sent_at(make.draft(nadia, make.content_in("97801")), nadia, abolition).due_on == date(2026, 6, 3)
    make.territoire("saint-martin").collected_by = make.territoire("guadeloupe")
    db.session.commit()
    later = datetime(2026, 5, 27, 9, tzinfo=UTC)
    assert sent_at(make.draft(nadia, make.content_in("97801")), nadia, later).due_on == date(2026, 6, 3)


def test_each_territoire_has_its_own_delay(app, nadia):
    normandie = make.territoire()
    normandie.delai_instruction = 2
    db.session.commit()
    assert sent_at(make.draft(nadia), nadia, MONDAY).due_on == date(2026, 3, 4)


def test_the_clock_stands_still_while_the_structure_corrects(app, marc, nadia):
    fiche = make.draft(nadia)
    sent_at(fiche, nadia, MONDAY)
    with clock_at(MONDAY + timedelta(days=2)):  # two days of ours
        make.step(fiche, "prendre", marc)
        make.step(fiche, "renvoyer", marc, "Précisez les horaires.")
    answer = see(app, marc, onglet="correction")
    assert "Délai arrêté" in answer.text
    db.session.expire_all()
    again = sent_at(fiche, nadia, MONDAY + timedelta(days=21))  # three weeks of theirs
    assert again.due_on == date(2026, 3, 26)  # three working days are left
    with clock_at(MONDAY + timedelta(days=60)):  # far too late, then once more
        make.step(fiche, "prendre", marc)
        make.step(fiche, "renvoyer", marc, "Encore un détail.")
    db.session.expire_all()
    assert sent_at(fiche, nadia, datetime(2026, 6, 1, 9, tzinfo=UTC)).due_on == date(2026, 6, 2)


def test_a_new_exchange_begins_with_the_whole_delay(app, marc, nadia):
    fiche = make.draft(nadia)
    sent_at(fiche, nadia, MONDAY)
    with clock_at(MONDAY + timedelta(days=4)):
        make.step(fiche, "prendre", marc)
        make.step(fiche, "valider", marc)
    operations.open_draft(db.session(), fiche.id, nadia)
    db.session.commit()
    db.session.expire_all()
    assert sent_at(fiche, nadia, MONDAY + timedelta(days=14)).due_on == date(2026, 3, 23)


def test_late_is_said_in_words(app, marc, nadia):
    sent_at(make.draft(nadia), nadia, MONDAY)
    answer = see(app, marc)
    assert re.search(r"En retard de \d+ jours ouvrés", answer.text)
    assert titles(see(app, marc, delai="retard"))
    sent_at(make.draft(nadia, titled("neuf")), nadia, now())
    assert "À traiter avant la fin du" in see(app, marc, delai="temps").text


# --- Pages and their cost ----------------------------------------------------------------------------


def many(number: int, by, state=RevisionState.SOUMISE) -> None:
    """Versions that wait, written by batches, one a minute."""
    organisme_id, territoire_id = by.memberships[0].organisme_id, make.territoire().id
    first = db.session.scalar(db.select(db.func.coalesce(db.func.max(Fiche.id), 0))) + 1
    fiches = [
        {
            "id": first + rank,
            "numero": f"28_NO{first + rank:06d}",
            "dispositif": "ASL",
            "organisme_id": organisme_id,
            "territoire_id": territoire_id,
        }
        for rank in range(number)
    ]
    revisions = [
        {
            "fiche_id": row["id"],
            "number": 1,
            "state": state,
            "content_hash": "0" * 64,
            "title": f"Ateliers {row['id']:06d}",
            "departement": "14",
            "territoire_id": territoire_id,
            "nature": Nature.PREMIERE,
            "due_on": date(2026, 3, 9),
            "submitted_at": MONDAY + timedelta(minutes=row["id"] // 2),  # two at each minute
        }
        for row in fiches
    ]
    db.session.execute(insert(Fiche), fiches)
    db.session.execute(insert(Revision), revisions)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(db.text("SELECT setval('fiche_id_seq', (SELECT max(id) FROM fiche))"))
        db.session.commit()


def walk(app, person, rel: str, url: str = "/moderation/") -> list[list[str]]:
    """The titles of each page from `url`, following its links as a person does."""
    pages, visitor = [], Visitor(app, person)
    while url:
        answer = visitor.get(url)
        pages.append(titles(answer))
        found = re.search(rf'rel="{rel}" href="([^"]+)"', answer.text)
        url = found[1].replace("&amp;", "&") if found else ""
    return pages


def test_pages_follow_each_other_without_gap_nor_repeat(app, marc, nadia):
    many(3 * PAGE + 7, nadia)
    pages = walk(app, marc, "next")
    assert [len(page) for page in pages] == [PAGE, PAGE, PAGE, 7]
    assert list(chain(*pages)) == [f"Ateliers {rank:06d}" for rank in range(1, 3 * PAGE + 8)]


def test_going_back_shows_the_same_pages(app, marc, nadia):
    many(2 * PAGE + 7, nadia)
    visitor = Visitor(app, marc)
    answer, seen = visitor.get("/moderation/"), []
    for rel in ("next", "next", "prev", "prev"):
        link = re.search(rf'rel="{rel}" href="([^"]+)"', answer.text)
        answer = visitor.get(link[1].replace("&amp;", "&"))
        seen.append(titles(answer)[0])
    assert seen == [f"Ateliers {rank:06d}" for rank in (PAGE + 1, 2 * PAGE + 1, PAGE + 1, 1)]
    assert 'rel="prev"' not in answer.text


def test_a_decision_elsewhere_moves_nothing_on_the_next_page(app, marc, nadia):
    many(2 * PAGE, nadia)
    visitor = Visitor(app, marc)
    link = re.search(r'rel="next" href="([^"]+)"', visitor.get("/moderation/").text)[1].replace("&amp;", "&")
    db.session.execute(
        update(Revision)
        .where(Revision.title.in_(["Ateliers 000002", "Ateliers 000003"]))
        .values(state=RevisionState.EN_INSTRUCTION, moderator_id=marc.id)
    )
    db.session.commit()
    assert titles(visitor.get(link)) == [f"Ateliers {rank:06d}" for rank in range(PAGE + 1, 2 * PAGE + 1)]


@pytest.mark.parametrize("asked", [{}, {"q": "ateliers", "delai": "retard"}, {"onglet": "traitees"}], ids=str)
def test_the_number_of_queries_is_the_same_from_10_to_10_000_rows(app, marc, nadia, asked):
    visitor = Visitor(app, marc)
    url = f"/moderation/?{urlencode(asked)}"
    visitor.get(url)
    found = []
    for more in (10, 90, 900, 9_000):
        many(more, nadia)
        if asked.get("onglet") == "traitees":
            db.session.execute(update(Revision).values(superseded=False))
            db.session.commit()
        with statements() as asked_of_the_base:
            visitor.get(url)
        found.append(len(asked_of_the_base))
    assert len(set(found)) == 1, found
    assert found[0] <= 14


def test_counts_stop_where_nobody_counts_any_more(app, marc, nadia):
    many(MOST + 5, nadia)
    page = queue(db.session(), marc, {})
    assert page.counts["a_prendre"] == page.found == MOST
    assert "et plus" in see(app, marc).text


@pytest.mark.parametrize("tab", TABS)
def test_the_rows_of_a_tab_are_read_in_order_from_an_index(app, marc, nadia, tab):
    many(3_000, nadia)
    db.session.execute(db.text("ANALYZE"))
    db.session.commit()
    plans: list[str] = []
    explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "

    def look(connection, _cursor, statement, parameters, *_):
        if "moment" in statement and not statement.startswith("EXPLAIN"):
            plans.extend(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))

    event.listen(db.engine, "before_cursor_execute", look)
    try:
        queue(db.session(), marc, {"onglet": tab})
    finally:
        event.remove(db.engine, "before_cursor_execute", look)
    index = "ix_revision_decided" if TABS[tab].order_by == "decided_at" else "ix_revision_(queue|hurried|flagged)"
    assert re.search(index, " ".join(plans))
    assert not [line for line in plans if "Seq Scan on revision" in line or "SCAN revision" in line]


# --- Saved views -------------------------------------------------------------------------------------


def test_a_view_is_kept_used_renamed_and_removed(app, marc, nadia):
    make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    answer = visitor.post("/moderation/vues", {"nom": "Calvados", "vue": "onglet=a_prendre&departement=14&x=1"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("onglet=a_prendre&departement=14")
    view = db.session.query(SavedView).one()
    assert view.query == "onglet=a_prendre&departement=14"
    assert titles(visitor.get(f"/moderation/?{view.query}"))
    assert ">Calvados</a>" in visitor.get("/moderation/").text
    twice = visitor.post("/moderation/vues", {"nom": "Calvados", "vue": ""})
    assert twice.status_code == 422
    assert "Vous avez déjà une vue « Calvados »" in twice.text
    assert visitor.post("/moderation/vues", {"nom": "  ", "vue": ""}).status_code == 422
    assert visitor.post(f"/moderation/vues/{view.id}", {"nom": "Le Calvados"}).status_code == 303
    assert visitor.post(f"/moderation/vues/{view.id}", {"nom": "x" * 61}).status_code == 422
    assert "Le Calvados" in visitor.get("/moderation/vues").text
    visitor.post(f"/moderation/vues/{view.id}", {"ordre": "supprimer"})
    assert db.session.query(SavedView).count() == 0


# --- One after the other -----------------------------------------------------------------------------


def test_a_clean_renewal_takes_two_clicks(app, marc, nadia):
    for rank in range(3):
        with clock_at(MONDAY + timedelta(hours=rank)):
            make.fiche_in(RevisionState.SOUMISE, nadia, marc, titled(rank))
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    first = visitor.post("/moderation/suivante", {"vue": ""}).headers["Location"]
    assert "Ateliers, groupe 0" in visitor.see(first).text
    second = visitor.post(f"{first}/valider").headers["Location"]
    assert second != first
    assert "Ateliers, groupe 1" in visitor.see(second).text
    third = visitor.post(f"{second}/renvoyer", {"commentaire": "Précisez les horaires."}).headers["Location"]
    assert "Ateliers, groupe 2" in visitor.see(third).text
    assert visitor.post(f"{third}/valider").headers["Location"] == "/moderation/"
    assert "Il n’y a plus de fiche à prendre" in visitor.see("/moderation/").text
    states = [row.state for row in db.session.query(Revision).filter(Revision.number == 1).order_by(Revision.id)]
    assert states == [RevisionState.VALIDEE, RevisionState.A_CORRIGER, RevisionState.VALIDEE]


def test_the_series_keeps_to_the_filters_and_ends_when_the_fiche_is_given_back(app, marc, nadia):
    for rank in ("a", "b", "a bis"):
        make.fiche_in(RevisionState.SOUMISE, nadia, marc, titled(rank))
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    first = visitor.post("/moderation/suivante", {"vue": "q=groupe+a"}).headers["Location"]
    second = visitor.post(f"{first}/valider").headers["Location"]
    assert "Ateliers, groupe a bis" in visitor.see(second).text
    assert visitor.post(f"{second}/rendre").headers["Location"] == "/moderation/"
    assert titles(visitor.get("/moderation/")) == ["Ateliers, groupe b", "Ateliers, groupe a bis"]


def test_a_decision_outside_a_series_goes_back_to_the_queue(app, marc, nadia):
    one = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    id_ = one.latest.id
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    visitor.post("/moderation/suivante", {"vue": ""})
    visitor.see("/moderation/")  # the series ends here
    assert visitor.post(f"/moderation/{id_}/valider").headers["Location"] == "/moderation/"
    assert db.session.query(TransitionLog).filter_by(transition="prendre").count() == 2


# --- Taking back what was sent -----------------------------------------------------------------------


@pytest.mark.parametrize("state", [RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION])
def test_a_structure_takes_back_what_it_sent_and_goes_on_from_a_copy(app, marc, nadia, state):
    fiche = make.fiche_in(state, nadia, marc)
    sent, words = fiche.latest, dict(fiche.latest.document)
    fiche_id, hash_ = fiche.id, fiche.latest.content_hash
    visitor = Visitor(app, nadia)
    assert "Reprendre pour la modifier" in visitor.see(f"/fiches/{fiche_id}").text
    assert visitor.post(f"/fiches/{fiche_id}/retirer").status_code == 303
    db.session.expire_all()
    assert (sent.state, sent.document, sent.content_hash) == (RevisionState.A_CORRIGER, words, hash_)
    assert sent.taken_back
    draft = db.session.get_one(Fiche, fiche_id).latest
    assert (draft.state, draft.document) == (RevisionState.BROUILLON, words)
    page = visitor.see(f"/fiches/{fiche_id}/relecture").text
    assert "Le modérateur vous demande une correction" not in page
    assert "Correction demandée" not in visitor.see("/fiches/").text
    assert not titles(see(app, marc))
