"""Nothing typed is lost: on every page with a text field, the person is asked before it goes, or finds it again.

The pages are those of the URL map: a new one is walked at once.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page, expect

from backoffice.core.extensions import db
from tests.site.test_urls import ACTORS, ROWS
from tests.support.typed_pages import typed_pages
from tests.support.world import World

from .conftest import NewPerson

SCRIPT = """
const texts = "textarea, input:not([type]), [type=text], [type=email], [type=tel], [type=number], [type=url]";
const typing = (form) => [...form.elements].filter((one) => one.matches(texts) && !one.readOnly && !one.disabled);
const kept = (form) => form.dataset.brouillon !== undefined || form.querySelector("[type=password]");
const forms = [...document.querySelectorAll("main form[method=post]")].filter((form) => typing(form).length);
function type(form) {
  for (const field of typing(form)) {
    field.value = field.type === "number" ? "7" : `${field.value} écrit`.trim();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
"""
PRESS_ELSEWHERE = f"""() => {{
{SCRIPT}
const lost = [];
let asked = 0, here;
window.confirm = () => {{ asked += 1; return false; }};
document.addEventListener("submit", (event) => {{
  lost.push(`${{here.textContent.trim()}} (${{here.form.action}})`);
  event.preventDefault();
}});
for (const form of forms.filter((form) => !kept(form))) {{
  type(form);
  for (const button of document.querySelectorAll("form button:not([type=button])")) {{
    here = button;
    if (button.form !== form) button.form.requestSubmit(button);
  }}
  form.reset();
}}
return lost;
}}"""
"""Types in each form, then presses each button of the others, which must ask; returns the buttons that did not."""

TYPE = f"""() => {{
{SCRIPT}
forms.forEach(type);
const saved = forms.find((form) => form.dataset.brouillon !== undefined);
return [forms.some((form) => !kept(form)), saved ? typing(saved).map((field) => [field.id, field.value]) : []];
}}"""
"""Types everywhere; returns [whether something waits to be sent, [[id, value] of the fields that save themselves]]."""


@pytest.fixture
def walk(app: Flask) -> dict[str, list[str]]:
    """{e-mail of a person: the pages to walk as them}."""
    world = World()
    emails = {name: person.email if person else "" for name, person in world.people.items()}
    found: dict[str, list[str]] = {}
    for one in typed_pages(app, world, ACTORS, ROWS):
        found.setdefault(emails[one.actor], []).append(one.path)
    db.session.remove()
    return found


def test_the_person_is_asked_before_what_was_typed_is_lost(walk: dict[str, list[str]], someone: NewPerson) -> None:
    faults: list[str] = []
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss() if stay else dialog.accept()

    for email, paths in walk.items():
        person = someone()
        if email:
            person.login(email)
        page: Page = person.page
        page.on("dialog", answer)
        for path in paths:
            stay = False
            page.goto(path)
            page.keyboard.press("Shift")  # the browser asks only a person who did something
            faults += [f"{path} : {button}" for button in page.evaluate(PRESS_ELSEWHERE)]
            waits, saved = page.evaluate(TYPE)
            stay, here = bool(waits), page.url
            asked.clear()
            page.locator("a.marque").click(no_wait_after=True)
            page.wait_for_timeout(50 if waits else 500)
            if waits and (asked != ["beforeunload"] or page.url != here):
                faults.append(f"{path} : quitter la page ({asked})")
            if saved:
                stay = False
                page.goto(path)
                with suppress(AssertionError):  # what could not leave with the page is sent when it is opened again
                    expect(page.locator(f"[id='{saved[0][0]}']")).to_have_value(saved[0][1], timeout=5000)
                shown = [page.locator(f"[id='{id_}']").input_value() for id_, _ in saved]
                faults += [
                    f"{path} : {id_} = {now}, not {was}"
                    for (id_, was), now in zip(saved, shown, strict=True)
                    if now != was
                ]
        stay = False
        page.goto("about:blank")
    assert sum(map(len, walk.values())) > 40
    assert not faults, "\n".join(faults)
