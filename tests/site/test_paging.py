"""Pages that follow a row: every row once, in order, forwards and backwards, whatever the order and its ties."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import Convention, User
from backoffice.queries.conventions import board
from backoffice.queries.conventions.board_filters import SORTS, Filters
from backoffice.queries.paging import Key, Page, Place, in_order, keyset_page
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor

SIZE = 4


@pytest.fixture
def flora(app):
    """Funds 14 projects: amounts that are equal or unknown, names in both cases, obligations late or not."""
    flora = make.funder()
    for rank in range(14):
        make.convention(
            flora,
            reference=f"R{rank % 5}-{rank:02}",
            nom=("Échelle", "ateliers", "Ateliers", "Zébulon")[rank % 4],
            montant=(None, 1_000, 1_000, 0, 25_000)[rank % 5],
        )
    return flora


def orders() -> list[tuple[Key, ...]]:
    found = [(*terms(), Key(Convention.id)) for terms in board.SORTED.values()]
    return [*found, (Key(Convention.id, down=True),), (Key(Convention.programme), Key(Convention.id, down=True))]


def page(keys: tuple[Key, ...], place: Place, size: int = SIZE) -> Page[Convention]:
    query = select(Convention).outerjoin(Convention.organisme)
    return keyset_page(db.session(), query, keys, place, size, counted=True)


@pytest.mark.parametrize("rank", range(len(SORTS) + 2))
def test_every_row_once_in_order_and_the_same_pages_backwards(flora, rank):
    keys = orders()[rank]
    query = select(Convention.id).outerjoin(Convention.organisme).order_by(*in_order(keys))
    expected = list(db.session.scalars(query))
    assert len(expected) == 14
    for size in (1, 4, 7, 13, 14, 20):
        pages = walk(keys, size)
        assert [row.id for shown in pages for row in shown.rows] == expected
        assert [shown.number for shown in pages] == list(range(1, len(pages) + 1))
        assert {(shown.pages, shown.total) for shown in pages} == {(len(pages), 14)}
        found = pages[-1]
        for before in pages[-2::-1]:
            found = page(keys, Place(**found.previous), size)
            assert (found.rows, found.rank, found.following) == (before.rows, before.rank, before.following)
        for number, shown in enumerate(pages, 1):
            assert page(keys, Place(page=number), size).rows == shown.rows


def walk(keys: tuple[Key, ...], size: int) -> list[Page[Convention]]:
    """Every page, from the first one by the links to the page that follows."""
    pages = [page(keys, Place(), size)]
    while following := pages[-1].following:
        pages.append(page(keys, Place.read({name: str(id_) for name, id_ in following.items()}), size))
    assert not pages[0].previous
    return pages


def test_what_is_no_place_of_the_list_is_its_first_page(flora):
    keys = orders()[1]
    first = page(keys, Place()).rows
    for asked in ({"apres": "999999"}, {"avant": "999999"}, {"apres": "x"}, {"avant": "9" * 30}, {"page": "-1"}):
        assert page(keys, Place.read(asked)).rows == first
    query = select(Convention).outerjoin(Convention.organisme).order_by(*in_order(keys, back=True)).limit(SIZE)
    assert page(keys, Place(page=1_000)).rows == db.session.scalars(query).all()[::-1]


def test_a_row_that_others_alone_may_read_is_no_place(app, flora):
    """Else the order would say what its name is."""
    others = make.convention(make.funder("Fanny Fonds", "bretagne"), nom="Milieu", departement="35")
    shown = [
        board.page(db.session(), flora, Filters(2026, tri="nom"), place)[0] for place in (Place(), Place(others.id))
    ]
    assert shown[0] == shown[1]


def test_what_goes_and_comes_between_two_pages_neither_hides_nor_repeats_a_row(flora):
    keys = (Key(Convention.reference), Key(Convention.id))
    first = page(keys, Place())
    make.convention(flora, reference="A", nom="Venue en tête")
    expected = page(keys, Place(page=1), 20).rows[SIZE + 1 : 2 * SIZE + 1]
    assert page(keys, Place(**first.following)).rows == expected


def test_accounts_of_the_same_name_are_each_shown_once(app):
    admin = Visitor(app, make.administrator())
    db.session.add_all(
        User(email=f"homonyme{rank}@exemple.fr", name="Camille Homonyme", password_hash="") for rank in range(120)
    )
    db.session.commit()
    address, seen, asked = "/administration/comptes/", [], set()
    while address:
        asked.add(queries_of(admin, address))
        shown = open_page(admin, address)
        seen += shown.dom.xpath("//tbody//a/@href")
        address = shown.dom.xpath("string(//a[@rel='next']/@href)")
    assert len(seen) == len(set(seen)) == 121
    assert max(asked) - min(asked) <= 1, "the row where the page begins"
