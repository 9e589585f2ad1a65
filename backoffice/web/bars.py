"""Bar charts as SVG images. Each bar has its value in words: nothing depends on colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

GAP, STEP, TOP, LEFT, ROOM = 18, 22, 64, 190, 380
"""In SVG units: space between groups, step between bars, top margin, left margin, longest bar."""


@dataclass(frozen=True)
class Bar:
    """One bar. value: its length, in the same unit for all bars; words: the text beside it."""

    value: float
    words: str
    colour: str


@dataclass(frozen=True)
class Drawn:
    """A bar as drawn. y, width, height: in SVG units."""

    words: str
    y: int
    width: float
    colour: str
    height: int = 18


def bars_image(title: str, groups: Iterable[tuple[str, list[Bar]]]) -> ResponseReturnValue:
    """The response of an SVG image. groups: (label, bars); groups without bars are left out."""
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
