"""Contract with the readers of our flows: each documented behaviour, rendered apart, keeps what was published."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest
from data_inclusion.schema.v1 import Service
from data_inclusion.schema.v1.score_qualite import score
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.demo.load import load_demo
from backoffice.models import Fiche, Fragment
from backoffice.models.content import Contenu
from backoffice.models.content.vocabulary import Dispositif
from exports.fragment.build import Identity, build
from exports.fragment.check import HEAD, TAIL
from exports.fragment.reader_views import views
from exports.lheo.consumers import DATA_INCLUSION
from tests.support import readers
from tests.support.contents import contents

DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)
IDENTITY = Identity("01_N1", "01_O1", Dispositif.ASL, DAY, DAY)


def flow(*fragments: Fragment) -> str:
    return "\n".join([HEAD, *(zlib.decompress(fragment.xml).decode() for fragment in fragments), TAIL])


def shown(fragments: list[Fragment]) -> dict[str, list[readers.Row]]:
    written = flow(*fragments)
    return {
        "data·inclusion": readers.data_inclusion(written),
        "Réfugiés.info": readers.refugies_info(written),
        "Anotéa": list(readers.anotea(written)),
    }


def lacking(rows: list[readers.Row], *fields: str) -> dict[str, list[str]]:
    """{field: numeros of the actions without it}"""
    found = {field: [row["numero"] for row in rows if row[field] in ("", None, [])] for field in fields}
    return {field: numeros for field, numeros in found.items() if numeros}


@pytest.mark.once
def test_every_demonstration_fiche_is_kept_whole(app) -> None:
    load_demo(db.session(), now())
    fiches = db.session.scalars(select(Fiche).where(Fiche.fragment_id.is_not(None))).all()
    fragments = [fiche.fragment for fiche in fiches]
    actions = sum(fragment.actions for fragment in fragments)
    rows = shown(fragments)
    assert {name: len(found) for name, found in rows.items() if name != "Réfugiés.info"} == {
        "data·inclusion": actions,
        "Anotéa": actions,
    }
    told = ("publics", "level", "adresse", "commune", "frais", "structure", "structure_adresse", "description")
    assert lacking(rows["data·inclusion"], *told) == {}
    assert all(row["telephone"] or row["courriel"] for row in rows["data·inclusion"])
    assert lacking(rows["Réfugiés.info"], "title", "level", "price") == {}
    assert lacking(rows["Anotéa"], "session", "place") == {}


@given(st.sampled_from(Dispositif).flatmap(lambda one: st.tuples(st.just(one), contents(one))))
@settings(max_examples=30, deadline=None)
def test_any_approved_content_is_kept(drawn: tuple[Dispositif, Contenu]) -> None:
    _, content = drawn
    fragment = build(content, IDENTITY)
    written = flow(fragment)
    services = readers.data_inclusion(written)
    assert len(list(readers.anotea(written))) == fragment.actions
    # Groups that a full audience text leaves no room to tell apart are merged, and their people are told.
    merged = [drop for drop in views(content, Dispositif.ASL)[0].drops if "se ressemblent" in drop.message]
    assert len(services) + len(merged) == fragment.actions
    assert lacking(services, "adresse", "commune", "frais_precisions" if content.financement.frais else "adresse") == {}
    assert lacking(services, "structure", "structure_nom", "description") == {}


@given(contents())
@settings(max_examples=30, deadline=None)
def test_the_cards_say_what_the_rendering_says(content: Contenu) -> None:
    (card, *cards), rows = (
        views(content, Dispositif.ASL)[0].cards,
        readers.data_inclusion(flow(build(content, IDENTITY))),
    )
    assert len(rows) == 1 + len(cards)
    for one, row in zip((card, *cards), rows, strict=True):
        assert one.title == row["nom"]
        assert (one.price.lower(), one.price_details) == (row["frais"], row["frais_precisions"])
        assert bool(one.audience) == bool(row["publics"])
        assert (one.point is None) == (row["latitude"] is None)
        assert one.description == row["description"]


@pytest.mark.once
def test_the_score_beside_ours_is_theirs_for_every_fiche(app) -> None:
    load_demo(db.session(), now())
    for fiche in db.session.scalars(select(Fiche).where(Fiche.fragment_id.is_not(None))):
        content = fiche.revisions[-1].content
        at = now()
        written = flow(build(content, Identity("apercu", "apercu", fiche.dispositif, at, at)))
        theirs = [score(Service(**readers.their_service(row)))[0] for row in readers.data_inclusion(written)]
        view = next(view for view in views(content, fiche.dispositif) if view.reader.name == DATA_INCLUSION)
        assert view.scores == tuple(theirs), fiche.numero
