"""Bars beside their numbers, as an SVG image: nothing is said by colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

GAP, STEP, TOP, LEFT, ROOM = 18, 22, 64, 190, 380
"""Between groups, from one bar to the next, above the first, left of all, the longest."""


@dataclass(frozen=True)
class Bar:
    """value: its length, in any unit that is the same for all; words: what is written beside it."""

    value: float
    words: str
    colour: str


@dataclass(frozen=True)
class Drawn:
    """y, width, height: in the units of the drawing."""

    words: str
    y: int
    width: float
    colour: str
    height: int = 18


def bars_image(title: str, groups: Iterable[tuple[str, list[Bar]]]) -> ResponseReturnValue:
    """groups: (label, its bars); those without bar are left out."""
    shown = [(label, bars) for label, bars in groups if bars]
    largest = max((bar.value for _, bars in shown for bar in bars), default=0) or 1
    drawn, y = [], TOP
    for label, bars in shown:
        rows = [
            Drawn(bar.words, y + rank * STEP, bar.value / largest * ROOM, bar.colour) for rank, bar in enumerate(bars)
        ]
        drawn.append((label, rows))
        y += len(rows) * STEP + GAP
    drawing = render_template("macros/bars.svg", title=title, groups=drawn, height=max(y, 120), left=LEFT)
    return drawing, 200, {"Content-Type": "image/svg+xml; charset=utf-8"}
