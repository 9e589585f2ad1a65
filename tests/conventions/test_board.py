"""The list of a structure: where each fiche stands, what to do next, where it is visible and since which flow."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import PARIS, local_day, long_day, short_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Flux, FluxKind, FluxRun, Revision, RevisionState, RunState
from backoffice.models.content import Session
from backoffice.queries.fiches.scope import PAGE
from backoffice.queries.fiches.visibility import visibility
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.fiches.dashboard import Next, cards
from workflows.fiches.fast_lane import Change, update_session

TODAY = local_day(now())


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


def lasting(begins, ends, places=3):
    """An entry whose session begins and ends so many days from today."""
    content = make.complete_content()
    row = Session("S3", TODAY + timedelta(begins), TODAY + timedelta(ends), "1", places)
    content.actions[0].sessions = [row]
    return content


def card_of(fiche, campaigns=()):
    db.session.expire_all()
    (card,) = cards(db.session(), [fiche], campaigns)
    return card


# --- What to do next ----------------------------------------------------------------------------------


def published(nadia, marc, content=None):
    return make.fiche_in(RevisionState.VALIDEE, nadia, marc, content or lasting(-30, 200))


def with_draft(nadia, marc):
    fiche = published(nadia, marc)
    with atomic() as session:
        operations.open_draft(session, fiche.id, nadia)
    return fiche


def moved(*names, by="marc"):
    def make_it(nadia, marc):
        fiche = published(nadia, marc)
        for name in names:
            make.step(fiche, name, {"marc": marc, "nadia": nadia}[by], "Le téléphone est faux.")
        return fiche

    return make_it


def in_state(state):
    return lambda nadia, marc: make.fiche_in(state, nadia, marc, lasting(-30, 200))


STORIES = {
    "un brouillon": (in_state(RevisionState.BROUILLON), Next.TERMINER, "Brouillon"),
    "envoyée": (in_state(RevisionState.SOUMISE), Next.RIEN, "Envoyée : un modérateur la vérifie."),
    "prise": (in_state(RevisionState.EN_INSTRUCTION), Next.RIEN, "Envoyée"),
    "renvoyée": (in_state(RevisionState.A_CORRIGER), Next.CORRIGER, "Correction demandée"),
    "refusée": (in_state(RevisionState.REFUSEE), Next.REFUSEE, "Refusée"),
    "en ligne": (published, Next.RIEN, "En ligne."),
    "en ligne et modifiée": (with_draft, Next.TERMINER, "En ligne ; une nouvelle version est commencée."),
    "suspendue": (moved("suspendre"), Next.SUSPENDUE, "suspendu"),
    "archivée avant la fin": (moved("archiver", by="nadia"), Next.REPRENDRE, "Archivée"),
    "places inconnues": (lambda n, m: published(n, m, lasting(20, 200, None)), Next.PLACES, "En ligne."),
    "dans longtemps": (lambda n, m: published(n, m, lasting(31, 200, None)), Next.RIEN, "En ligne."),
    "bientôt finie": (lambda n, m: published(n, m, lasting(-200, 60)), Next.RECONDUIRE, "En ligne."),
    "finie plus tard": (lambda n, m: published(n, m, lasting(-200, 61)), Next.RIEN, "En ligne."),
    "finie": (lambda n, m: published(n, m, lasting(-200, -1)), Next.RECONDUIRE, "En ligne."),
}


@pytest.mark.parametrize("name", STORIES)
def test_one_thing_to_do_next_and_the_state_in_words(visitor, nadia, marc, name):
    story, expected, words = STORIES[name]
    fiche = story(nadia, marc)
    card = card_of(fiche)
    assert (card.next, words in card.words) == (expected, True), card.words
    page = open_page(visitor, "/fiches/")
    (shown,) = page.dom.xpath("//li[@class='carte']")
    buttons = shown.xpath(".//a[contains(@class, 'btn-primary')]")
    assert [button.text for button in buttons] == ([expected.label] if expected.label else [])
    for button in shown.xpath(".//a"):
        assert visitor.see(button.get("href")).status_code == 200, button.get("href")


def test_places_said_by_the_fast_lane_are_known(nadia, marc):
    fiche = published(nadia, marc, lasting(-10, 200, None))
    assert card_of(fiche).next is Next.PLACES
    with atomic() as session:
        update_session(session, fiche.id, Change("G2", "S3", places_libres=4), nadia)
    assert card_of(fiche).next is Next.RIEN


def test_a_campaign_asks_to_renew(nadia, marc):
    fiche = published(nadia, marc)
    card = card_of(fiche, [make.campaign(marc)])
    assert card.next is Next.RECONDUIRE
    assert "campagne" in card.why
    assert card_of(fiche, [make.campaign(marc, dispositifs=["OFII"])]).next is Next.RIEN


# --- Where it is visible ------------------------------------------------------------------------------


def a_run(code, at, state=RunState.REUSSI, kind=FluxKind.COMPLET):
    flux = db.session.scalars(select(Flux).where(Flux.code == code)).one()
    db.session.add(FluxRun(flux_id=flux.id, kind=kind, state=state, at=at, file="x.xml", sha256="0" * 64))
    db.session.commit()
    return flux.title


def at(day):
    return datetime(2026, 3, day, 9, tzinfo=PARIS)


def test_since_when_and_in_which_flows(visitor, nadia, marc):
    with clock_at(at(2)):
        fiche = published(nadia, marc)
    a_run("normandie", at(1))  # before it was approved
    a_run("normandie", at(3), RunState.ECHOUE)
    a_run("normandie", at(3), kind=FluxKind.DIFFERENTIEL)
    a_run("bretagne", at(3))
    assert visibility(db.session(), [fiche])[fiche.id].flows == ()
    assert "et dans le prochain flux" in open_page(visitor, "/fiches/").words()
    here = a_run("normandie", at(4))
    a_run("normandie", at(5))
    everywhere = a_run("france", at(6))
    seen = visibility(db.session(), [fiche])[fiche.id]
    assert (seen.since, [(one.title, one.since) for one in seen.flows]) == (
        at(2),
        sorted([(here, at(4)), (everywhere, at(6))]),
    )
    assert f"{here} (depuis le" in open_page(visitor, f"/fiches/{fiche.id}").words()
    words = open_page(visitor, "/fiches/").words()
    assert f"En ligne depuis le {long_day(at(2).date())}" in words
    assert f"{here} (depuis le {short_day(at(4).date())})" in words


def test_a_break_in_the_publication_begins_the_count_anew(nadia, marc):
    with clock_at(at(2)):
        fiche = published(nadia, marc)
    a_run("normandie", at(3))
    with clock_at(at(4)):
        make.step(fiche, "suspendre", marc, "Le téléphone est faux.")
    assert visibility(db.session(), [fiche]) == {}
    with clock_at(at(6)):
        make.step(fiche, "republier", marc)
    seen = visibility(db.session(), [fiche])[fiche.id]
    assert (seen.since, seen.flows) == (at(6), ())


def test_a_flow_that_does_not_take_the_dispositif_has_not_carried_it(nadia, marc):
    with clock_at(at(2)):
        fiche = published(nadia, marc)
    db.session.scalars(select(Flux).where(Flux.code == "normandie")).one().dispositifs = ["OFII"]
    a_run("normandie", at(3))
    assert visibility(db.session(), [fiche])[fiche.id].flows == ()


# --- Many fiches --------------------------------------------------------------------------------------


def multiply(fiche, number):
    """So many more fiches like this one, without the engine: they only fill the list."""
    revision = fiche.latest
    for rank in range(number):
        made = db.session.execute(
            insert(Fiche).values(
                dispositif=fiche.dispositif,
                organisme_id=fiche.organisme_id,
                territoire_id=fiche.territoire_id,
                numero=f"X{rank:05d}",
                created_at=now(),
                state="non_publiee",
            )
        ).inserted_primary_key[0]
        copy = db.session.execute(
            insert(Revision).values(
                fiche_id=made,
                number=1,
                state="validee",
                document=revision.document,
                pending={},
                title=f"Ateliers {rank:03d}",
                content_hash=revision.content_hash,
                created_at=now(),
                saved_at=now(),
                submitted_at=now(),
                decided_at=now(),
                fragment_id=_another_fragment(fiche),
            )
        ).inserted_primary_key[0]
        copied = db.session.get_one(Fiche, made)
        copied.published_revision_id = copy
        copied.fragment_id = db.session.get_one(Revision, copy).fragment_id
        copied.state = fiche.state
    db.session.commit()


def _another_fragment(fiche):
    source = fiche.fragment
    fields = ("sha256", "code_version", "actions", "sessions", "facets", "xml")
    copy = type(source)(**{name: getattr(source, name) for name in fields})
    db.session.add(copy)
    db.session.flush()
    return copy.id


def test_as_many_queries_for_1_fiche_as_for_200(visitor, nadia, marc):
    fiche = published(nadia, marc)
    few = queries_of(visitor, "/fiches/")
    multiply(fiche, 199)
    assert queries_of(visitor, "/fiches/") == few
    following = open_page(visitor, "/fiches/").dom.xpath("string(//a[@rel='next']/@href)")
    assert queries_of(visitor, following) == few + 1, "the row where the page begins"


def test_pages_and_search(visitor, nadia, marc):
    fiche = published(nadia, marc)
    multiply(fiche, 44)
    page = open_page(visitor, "/fiches/")
    assert "45 fiches, page 1 sur 3." in page.words()
    seen = []
    for number in (1, 2, 3):
        seen += open_page(visitor, f"/fiches/?page={number}").dom.xpath("//li[@class='carte']/h2/a/@href")
    assert len(seen) == len(set(seen)) == 45
    assert len(open_page(visitor, "/fiches/").dom.xpath("//li[@class='carte']")) == PAGE
    found = open_page(visitor, "/fiches/?q=ateliers+007")
    assert [link.text for link in found.dom.xpath("//li[@class='carte']/h2/a")] == ["Ateliers 007"]
    by_number = open_page(visitor, "/fiches/?q=X00012")
    assert len(by_number.dom.xpath("//li[@class='carte']")) == 1
    assert "Aucune fiche ne correspond" in open_page(visitor, "/fiches/?q=%25").words()


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=abc", "page=99999999999999", "q=%00", "q=" + "é" * 300])
def test_no_search_breaks_the_list(visitor, nadia, query):
    make.draft(nadia)
    assert visitor.get(f"/fiches/?{query}").status_code == 200
