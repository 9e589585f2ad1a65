"""What was typed survives a refusal and an expired login, on every page of the URL map that has a text field."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from lxml import html
from werkzeug.datastructures import MultiDict

from backoffice.core.permissions import Permission
from backoffice.web.attempts import TRAP
from backoffice.web.guard import permission_of
from tests.support.bases import ground
from tests.support.typed_pages import FIELDS, TypedPage, typed_pages
from tests.support.visitor import Visitor
from tests.support.world import World

from .test_urls import ACTORS, ROWS

MARK = "Écrit à la main"


@ground
def typed_world():
    return World()


@pytest.fixture
def pages(app: Flask, typed_world: World) -> list[TypedPage]:
    found = list(typed_pages(app, typed_world, ACTORS, ROWS))
    assert len(found) > 40
    return found


def actions(form: html.FormElement, path: str) -> set[str]:
    """The addresses that the buttons of the form send it to."""
    own = form.xpath(".//button/@formaction")
    whole = form.xpath("//button[@form=$id]/@formaction", id=form.get("id") or "-")
    return {urlsplit(address).path for address in (form.get("action") or path, *own, *whole)}


@pytest.mark.once
def test_every_form_with_a_text_keeps_it_when_the_login_has_expired(app, pages):
    lost = set()
    routes = app.url_map.bind("localhost")
    for page in pages:
        # A file cannot be kept by the page of the login: it is chosen again, with what goes with it.
        for form in (form for form in page.forms if not form.xpath(".//input[@type='file']")):
            for address in actions(form, page.path):
                endpoint, _ = routes.match(address, method="POST")
                public = permission_of(app, endpoint) is Permission.PUBLIC  # asks for no login
                if not public and not getattr(app.view_functions[endpoint], "keeps_input", False):
                    lost.add(endpoint)
    assert lost == set()


@pytest.mark.once
def test_a_refusal_shows_again_what_was_typed(app, typed_world, pages):
    """Each form is sent with a text in every field; an answer of refusal holds each of them."""
    visitors = {name: Visitor(app, person) for name, person in typed_world.people.items()}
    lost = []
    for page in pages:
        for form in page.forms:
            names = [field.name for field in form.xpath(FIELDS) if field.name]
            sent = MultiDict(form.form_values())
            for rank, name in enumerate(names):
                sent[name] = f"{MARK} {rank} !"
            visitor = visitors[page.actor]
            if not visitor.token:
                visitor.see(page.path)
            sent["csrf_token"] = visitor.token
            answer = visitor.post(form.get("action") or page.path, sent)
            if 400 <= answer.status_code < 500:
                again = html.fromstring(answer.text)
                shown = " ".join((*again.xpath("//input/@value"), again.text_content())).casefold()
                for rank, name in enumerate(names):
                    if name != TRAP and f"{MARK} {rank} ".casefold() not in shown:
                        lost.append(f"{page.path} → {form.get('action')} ({answer.status_code}) : {name}")
            assert answer.status_code < 500, page.path
    assert not lost, "\n".join(lost)
