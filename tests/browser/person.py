"""A person in front of a browser: finds fields, buttons and links by the words that are written there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support.factories import PASSWORD, next_code

Where = Page | Locator

AXE = Axe()
OPTIONS = {"resultTypes": ["violations"], "preload": False}
SMALLEST = 320
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def words(text: str) -> re.Pattern[str]:
    """A label as written, with or without «(facultatif)» or what computes it after it."""
    return re.compile(rf"^\s*{re.escape(text)}\s*(\((facultatif|calculé si vous laissez vide)\))?\s*$")


def part(where: Where, title: str) -> Locator:
    """A part of a page by its title: «Groupe 2», also «Groupe 2 – Débutants»."""
    return where.get_by_role("group", name=re.compile(rf"^\s*{re.escape(title)}(\s|$)"))


class Person:
    """`seen`: the pages met, each checked for accessibility and horizontal scroll. `inputs`: answers given."""

    def __init__(self, context: BrowserContext, helper: BrowserContext, *, scripted: bool = True):
        self.page = context.new_page()
        self.scripted = scripted
        self.seen: list[str] = []
        self.inputs = 0
        self.problems: list[str] = []
        self.page.on("console", lambda message: self._console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.problems.append(f"JavaScript: {error}"))
        self._helper = helper
        self._mirror: Page | None = None

    def _console(self, kind: str, text: str) -> None:
        # A page answered with 4xx is logged as an error too: such pages are met on purpose.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.problems.append(f"console: {text}")

    def another_tab(self) -> Person:
        return Person(self.page.context, self._helper, scripted=self.scripted)

    # --- Going about ---------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.page.goto(path)
        self.look()

    def login(self, email: str) -> None:
        self.open("/connexion")
        self.write(self.page, "Adresse e-mail", email)
        self.write(self.page, "Mot de passe", PASSWORD)
        self.press("Se connecter", self.page.get_by_role("main"))
        if self.page.get_by_role("heading", level=1, name="Donnez votre code").count():
            self.write(self.page, "Code à six chiffres", next_code(email))
            self.press("Continuer")

    def press(self, name: str, where: Where | None = None) -> None:
        (where or self.page).get_by_role("button", name=name, exact=True).click()
        if self.scripted:  # what was being saved on its own goes first
            self.page.wait_for_function("() => !document.querySelector('form[aria-busy]')")
        self.look()

    def follow(self, name: str, where: Where | None = None) -> None:
        (where or self.page).get_by_role("link", name=name, exact=True).first.click()
        self.look()

    def title(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def reads(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    # --- Filling -------------------------------------------------------------------------------------

    def write(self, where: Where, label: str, value: object) -> None:
        """Types a value; one that is empty is not typed at all. Opens the fold around the field first."""
        if value in ("", None):
            return
        field = where.get_by_label(words(label))
        self.unfold(field)
        text = value.isoformat("minutes") if isinstance(value, time) else str(value)
        field.fill(value.isoformat() if isinstance(value, date) else text)
        self.inputs += 1

    def choose(self, where: Where, label: str, option: str) -> None:
        field = where.get_by_label(words(label))
        self.unfold(field)
        field.select_option(label=option)
        self.inputs += 1

    def tick(self, where: Where, legend: str, *options: str) -> None:
        """Boxes or radio buttons of one question."""
        asked = where.get_by_role("group", name=words(legend))
        for option in options:
            asked.get_by_label(option, exact=True).check()
            self.inputs += 1

    def unfold(self, field: Locator) -> None:
        if field.is_visible():
            return
        field.locator("xpath=ancestor::details[not(@open)]/summary").click()
        expect(field).to_be_visible()

    def fold(self, title: str) -> Locator:
        """A part that is closed until it is asked for, opened."""
        begins = re.compile(rf"^\s*{re.escape(title)}")
        found = self.page.locator("details").filter(has=self.page.locator(":scope > summary", has_text=begins))
        if found.get_attribute("open") is None:
            found.locator(":scope > summary").click()
        return found

    # --- Looking -------------------------------------------------------------------------------------

    def look(self) -> None:
        """What must be true of every page, whoever comes and however."""
        page = self.page
        page.wait_for_load_state()
        self.seen.append(page.url)
        self._narrow()
        key = (page.viewport_size or {}).get("width"), shape(page.content())
        if key not in CHECKED:
            CHECKED.add(key)
            found = AXE.run(page if self.scripted else self._copy(), options=OPTIONS)
            self.problems += [f"{page.url}: {fault}" for fault in faults(found.response["violations"])]
        if PICTURES:
            page.screenshot(path=PICTURES / f"{_name(page)}-{len(self.seen):02}.png", full_page=True)

    def _narrow(self) -> None:
        """No horizontal scroll; for a person with a phone, not even on a smaller one."""
        page, size = self.page, self.page.viewport_size
        assert size is not None
        widths = [size["width"], SMALLEST] if size["width"] < 768 else [size["width"]]
        for width in widths:
            if width != size["width"]:
                page.set_viewport_size({"width": width, "height": size["height"]})
            if (excess := page.evaluate(OVERFLOW)) > 0:
                self.problems.append(f"{page.url}: à {width} px, la page déborde de {excess} px")
        if len(widths) > 1:
            page.set_viewport_size(size)

    def _copy(self) -> Page:
        """axe is a script: a page of a browser without JavaScript is copied into one that has it."""
        if self._mirror is None:
            self._mirror = self._helper.new_page()
        mirror, body = self._mirror, self.page.content()
        mirror.unroute_all()
        mirror.route(self.page.url, lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
        mirror.route("**/*.js", lambda route: route.abort())
        mirror.goto(self.page.url)
        return mirror

    def no_problem(self) -> None:
        assert not self.problems, "\n".join(self.problems)


CHECKED: set[tuple[int | None, int]] = set()
"""The widths and shapes of the pages that axe has judged: a page of the same shape need not be again."""


def shape(html: str) -> int:
    """The same for two pages that differ by their words, their numbers and what is typed in them."""
    html = re.sub(r">\s*[^<\s][^<]*<", ">…<", html)
    return hash(re.sub(r'\d+|value="[^"]+"', "", html))


def faults(violations: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each element that breaks a rule."""
    for broken in violations:
        for node in broken["nodes"]:
            yield f"{broken['id']} ({broken['impact']}) {' '.join(map(str, node['target']))}: {node['failureSummary']}"


PICTURES = Path(os.environ["RELAIS_PICTURES"]) if "RELAIS_PICTURES" in os.environ else None
"""Where to keep a picture of each page met, for whoever wants to look at them."""


def _name(page: Page) -> str:
    width = page.viewport_size["width"] if page.viewport_size else 0
    return f"{width}-{re.sub(r'[^a-z]+', '-', page.url.split('/', 3)[-1].lower()).strip('-') or 'accueil'}"
