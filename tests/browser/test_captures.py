"""The pictures of the help show the pages of today."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.demo.load import load_demo
from backoffice.web.captures import CAPTURES, FOLDER, WORDS
from backoffice.web.views.help_pages import PAGES
from tests.support.pages import open_page
from tests.support.photographer import Photographer, words
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser


def test_each_picture_is_there_and_shown(app):
    shown = [
        image.rpartition("/")[2].partition(".")[0]
        for slug in PAGES
        for image in open_page(Visitor(app), f"/aide/{slug}").dom.xpath("//main//img/@src")
    ]
    assert sorted(shown) == sorted(CAPTURES)
    assert {file.stem for file in FOLDER.glob("*.png")} == set(CAPTURES)
    sizes = {name: (kept["largeur"], kept["hauteur"]) for name, kept in json.loads(WORDS.read_text()).items()}
    assert sizes == {name: capture.size for name, capture in CAPTURES.items()}


def test_no_picture_lies(app, server: str, browser: Browser):
    """`make captures` takes them anew."""
    load_demo(db.session(), now())
    db.session.commit()
    photographer, kept = Photographer(browser, server), json.loads(WORDS.read_text())
    changed = []
    for name, capture in CAPTURES.items():
        page = photographer.show(capture)
        if words(page) != kept[name]["mots"]:
            changed.append(name)
        page.close()
    photographer.close()
    assert changed == []
