"""Looks for a form that answers 500: ``make fuzz-forms``, or ``python -m tests.fuzz.fuzz_forms --minutes 2 --seed 7``.

On PostgreSQL, which refuses what SQLite stores. Each round opens a page of the table of addresses as one of its people,
sends one of its forms with values that people and robots type, and asks the page again with odd parameters.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from lxml import html

from backoffice.cli.seed import load_communes, load_territoires
from backoffice.core import config
from backoffice.core.extensions import db, limiter
from backoffice.web.factory import create_app
from tests.site.test_urls import ACTORS, GETS, POSTS
from tests.support.bases import PostgresqlBase
from tests.support.visitor import Visitor
from tests.support.world import World

ODD = (
    "", " ", "0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9" * 30, "1e309", "NaN", "1,5", "12,500",
    "\x00", "a\x00b", "\ud7ff", "𝕊", "’«»", "é" * 300, "x" * 70_000, "<script>", "' OR 1=1 --", "%", "_", "\\", "{0}",
    "31/02/2026", "2026-13-01", "99999999", "0000-00-00", "25:61", "on", "oui", "null", "[]", "{}", "../../etc/passwd",
    "javascript:alert(1)", "a@b", "https://", "14000", "99138", "FR", "00000000000000", "\r\nX: y", "ASL", "2026",
)  # fmt: skip
PARAMETERS = (
    "page",
    "q",
    "annee",
    "depuis",
    "etat",
    "territoire",
    "onglet",
    "tri",
    "apres",
    "avant",
    "version",
    "limite",
)
LEFT = ("/deconnexion", "/mes-donnees/effacer")
"""Forms that would end the round: the person is gone."""


def mutated(rng: random.Random, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same fields, some with an odd value, twice, absent, or under a name that does not exist."""
    made = []
    for name, value in pairs:
        chance = rng.random()
        if name == "csrf_token" or chance > 0.35:
            made.append((name, value))
        elif chance > 0.08:
            made.append((name, rng.choice(ODD)))
        elif chance > 0.04:
            made += [(name, value), (name, rng.choice(ODD))]
    if rng.random() < 0.1:
        made.append((rng.choice(("actions-0-x", "choix-99999999999", "fiche", "version", "q")), rng.choice(ODD)))
    return made


def forms(page: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(address, fields) of each form of a page that is posted."""
    found = []
    for form in html.fromstring(page).forms if page.strip() else []:
        if form.method == "POST" and form.action and not form.action.startswith(LEFT):
            pairs = [(name, str(value or "")) for name, value in form.form_values()]
            buttons = form.xpath(".//button[@name]")
            found.append((form.action, pairs + [(one.get("name"), one.get("value", "")) for one in buttons[:1]]))
    return found


def lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def round_of(rng: random.Random, visitors: dict[str, Visitor], world: World) -> str | None:
    """One round; the request that gave a 500, else None."""
    limiter.reset()
    actor = rng.choice(ACTORS)
    visitor, row = visitors[actor], rng.choice(GETS)
    path = row.path.format_map(world.names)
    if rng.random() < 0.3:
        path, value = path.partition("?")[0], rng.choice(ODD)
        asked = dict.fromkeys(rng.sample(PARAMETERS, 4), value)
        answer = visitor.get(path, query_string=asked)
        return f"{actor} GET {path} {asked!r}" if answer.status_code == 500 else None
    answer = visitor.get(path, follow_redirects=True)
    if answer.status_code == 500:
        return f"{actor} GET {path}"
    found = forms(visitor.remember(answer).text) if answer.mimetype == "text/html" else []
    if found and rng.random() < 0.7:
        target, pairs = rng.choice(found)
    else:
        post = rng.choice(POSTS)
        if post.path.startswith(LEFT):
            return None
        target = post.path.format_map(world.names)
        pairs = [(name, text.format_map(world.names)) for name, text in post.data]
    sent = lists(mutated(rng, pairs))
    answer = visitor.post(target, sent)
    return f"{actor} POST {target} {sent!r}"[:2000] if answer.status_code == 500 else None


def application(base: PostgresqlBase, instance: Path) -> Flask:
    settings = {"DATABASE_URL": base.url, "SECRET_KEY": "cle", "RELAIS_DEMO": "1", "RELAIS_INSTANCE": str(instance)}
    cheap = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    return create_app(config.load(settings), TESTING=True, PROPAGATE_EXCEPTIONS=False, ARGON2=cheap)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng, base = random.Random(given.seed), PostgresqlBase("fuzz")
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        app = application(base, Path(folder))
        logging.getLogger("backoffice").setLevel(logging.ERROR)
        with app.app_context():
            flask_migrate.upgrade()
            load_territoires()
            load_communes()
            db.session.commit()
            world: Any = World()
            visitors = {name: Visitor(app, person) for name, person in world.people.items()}
            end, rounds = time.monotonic() + given.minutes * 60, 0
            while time.monotonic() < end:
                rounds += 1
                fault = round_of(rng, visitors, world)
                if fault and fault not in faults:
                    faults.append(fault)
                    sys.stdout.write(f"{fault}\n")
            db.session.remove()
            base.drop()
    sys.stdout.write(f"{rounds} tours, {len(faults)} erreur(s) 500.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
