"""The pages of the URL map on which something may be typed, for the tests that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask
from lxml import html

from .url_rows import Row
from .visitor import Visitor
from .world import World

KINDS = ("text", "email", "tel", "number", "url")
OF_KIND = " or ".join(f"@type='{kind}'" for kind in KINDS)
FIELDS = f".//textarea | .//input[not(@type) or {OF_KIND}]"


POSTED = "//main//form[@method='post' and not(.//input[@type='password'])]"


@dataclass(frozen=True)
class TypedPage:
    """forms: those of the main part that have a text field and no password."""

    actor: str
    path: str
    forms: Sequence[html.FormElement]


def typed_pages(app: Flask, world: World, actors: Sequence[str], rows: Sequence[Row]) -> Iterator[TypedPage]:
    """Each page once, as the first actor who may read it."""
    visitors = {name: Visitor(app, person) for name, person in world.people.items()}
    known = set()
    for row in rows:
        path = row.path.format_map(world.names)
        able = [name for name, status in zip(actors, row.expected, strict=True) if status == 200]
        if row.method != "GET" or not able or path in known:
            continue
        known.add(path)
        answer = visitors[able[0]].get(path, buffered=True)
        text = answer.text if answer.mimetype == "text/html" and answer.status_code == 200 else ""
        answer.close()
        if text:
            forms = html.fromstring(text).xpath(POSTED)
            if typed := [form for form in forms if form.xpath(FIELDS)]:
                yield TypedPage(able[0], path, typed)
