"""Formations written by our own export, as text, to build test files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

from lxml import etree

from backoffice.models.content import Session
from backoffice.models.content.vocabulary import Dispositif
from exports.fragment.build import Identity
from exports.fragment.build import formation as build
from exports.lheo.grammar import NAMESPACE

from .factories import complete_content

HEAD = f'<lheo xmlns="{NAMESPACE}"><offres>\n'
TAIL = "</offres></lheo>\n"
DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)


@cache
def formation(sessions: int = 1) -> str:
    """One valid formation without namespace, on two lines, that every reader shows in full."""
    content = complete_content()
    (action,) = content.actions
    action.sessions = [Session(f"S{rank}", date(2026, 9, 15), date(2027, 6, 30)) for rank in range(3, 3 + sessions)]
    content.formation.url = "https://tilleuls.example/ateliers"
    content.lieux[0].adresse.latitude, content.lieux[0].adresse.longitude = "49.18", "-0.37"
    content.structure.site = "https://tilleuls.example"
    content.inscription.perimetre = "2"
    identity = Identity("01_N000001", "01_O000001", Dispositif.ASL, DAY, DAY)
    written = etree.tostring(build(content, identity), encoding="unicode").replace("\n", " ")
    return written.replace(" </formation>", "\n</formation>")


def document(*parts: str, extras: str = "") -> str:
    """A flow of these formations, each on lines of its own from the second line on."""
    return HEAD + "".join(f"{part}\n" for part in parts) + extras + TAIL


def formations(number: int, sessions: int = 3) -> Iterator[str]:
    """Yields a flow of `number` formations, piece by piece."""
    yield HEAD
    one = formation(sessions) + "\n"
    for rank in range(number):
        yield one.replace("01_N000001", f"01_N{rank:06d}")
    yield TAIL
