"""Takes the screenshots of the help pages on the demonstration data: ``python -m tests.support.photographer``."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from backoffice.cli.seed import load_communes, load_territoires
from backoffice.core import config
from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.demo.load import load_demo
from backoffice.reference.demonstration import PASSWORD
from backoffice.web.captures import CAPTURES, FOLDER, WORDS, Capture
from backoffice.web.factory import create_app
from tests.browser.conftest import QUIET

from . import services

SPOKEN = "main h1, main h2, main h3, main legend, main label, main button, main summary, main th"
"""Selectors of the page's own text; the rest is user data."""
_DAYS = re.compile(
    r"\b(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|mai|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre|1er|\d+)\b"
)


class Photographer:
    """One browser; each account logs in once per window size."""

    def __init__(self, browser: Browser, address: str):
        self.browser, self.address = browser, address
        self.people: dict[tuple[str, tuple[int, int]], BrowserContext] = {}

    def show(self, capture: Capture) -> Page:
        """Opens the page of a capture with its account."""
        page = self._person(capture.account, capture.size).new_page()
        answer = page.goto(capture.path)
        assert answer is not None
        assert answer.status == 200, (capture.path, answer.status)
        if capture.follow:
            page.get_by_role("link", name=capture.follow).first.click()
        page.wait_for_load_state("networkidle")
        if capture.at:
            page.evaluate("id => document.getElementById(id).scrollIntoView()", capture.at)
        return page

    def close(self) -> None:
        for context in self.people.values():
            context.close()

    def _person(self, account: str, size: tuple[int, int]) -> BrowserContext:
        if (account, size) not in self.people:
            window = {"width": size[0], "height": size[1]}
            context = self.browser.new_context(base_url=self.address, viewport=window, locale="fr-FR")
            self.people[account, size] = context
            if account:
                page = context.new_page()
                page.goto("/connexion")
                page.get_by_label("Adresse e-mail").first.fill(account)
                page.get_by_role("textbox", name="Mot de passe").fill(PASSWORD)
                page.locator("main").get_by_role("button", name="Se connecter").first.click()
                page.wait_for_url(lambda url: "/connexion" not in url)
                page.close()
        return self.people[account, size]


def words(page: Page) -> str:
    """SHA-256 of the page's own text, without days and numbers."""
    said = {_DAYS.sub("", text).strip() for text in page.locator(SPOKEN).all_inner_texts()}
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """Serves a separate application with the demonstration data; yields its URL."""
    app = create_app(config.load({"RELAIS_DEMO": "1", "RELAIS_INSTANCE": str(folder)}))
    with app.app_context():
        flask_migrate.upgrade()
        load_territoires()
        load_communes()
        load_demo(db.session(), now())
        db.session.commit()
    listener = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    thread.join(10)
    listener.server_close()


def take_all() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    kept = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        demonstration(Path(folder)) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=services.chromium(), args=QUIET.split()) as browser,
    ):
        photographer = Photographer(browser, address)
        for name, capture in CAPTURES.items():
            page = photographer.show(capture)
            page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
            width, height = capture.size
            kept[name] = {"largeur": width, "hauteur": height, "mots": words(page)}
            page.close()
            print(name)  # noqa: T201 - a command
    WORDS.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    take_all()
