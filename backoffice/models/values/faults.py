"""Why a value is refused, or asked again."""

from __future__ import annotations

from typing import Any


class Fault(ValueError):
    """The value is refused. str(): the French sentence to show beside it."""


class Doubt(Fault):
    """The value is understood but not likely: a person may confirm it, a file may not.

    value: what is kept once confirmed. suggestion: the likelier text; "" for none.
    """

    def __init__(self, message: str, value: Any, suggestion: str = ""):
        super().__init__(message)
        self.value, self.suggestion = value, suggestion


def quoted(text: str, most: int = 60) -> str:
    """«text», shortened, as a fault begins with it."""
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"«\N{NO-BREAK SPACE}{shown}\N{NO-BREAK SPACE}»"
