"""Chromium as Debian ships it, people with a browser of their own, the two widths."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.conftest import need
from tests.support import services
from tests.support.clock import travel_browser

from .person import Person

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
QUIET = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
)
logging.getLogger("werkzeug").setLevel(logging.WARNING)  # one line a request hides what failed
PATIENCE = 15_000
"""Milliseconds before a person gives up."""
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    need("chromium")
    return {**browser_type_launch_args, "executable_path": services.chromium(), "args": QUIET.split()}


NewPerson = Callable[..., Person]


@pytest.fixture
def someone(browser: Browser, server: str) -> Iterator[NewPerson]:
    """Makes a person with a browser of their own; at the end, none of them has met a faulty page."""
    people: list[Person] = []
    contexts: list[BrowserContext] = []

    def make(size: dict[str, int] = WIDE, *, scripted: bool = True) -> Person:
        mine, helper = (
            browser.new_context(base_url=server, viewport=size, java_script_enabled=script, locale="fr-FR")
            for script in (scripted, True)
        )
        for context in (mine, helper):
            context.set_default_timeout(PATIENCE)
            travel_browser(context)
            contexts.append(context)
        people.append(Person(mine, helper, scripted=scripted))
        return people[-1]

    yield make
    for context in contexts:
        context.close()
    for person in people:
        person.no_problem()
