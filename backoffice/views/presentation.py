"""What every template may use: French words for dates and codes, and who is acting."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_login import current_user
from markupsafe import Markup, escape

from backoffice.models import dates, vocabulary
from backoffice.permissions import Permission
from exports import words
from forms.fields import count_of, limit_of, spaced
from forms.questions import Rows

from .compte import acting_organisme

STEP_WORDS = {"complet": "Complet", "a_faire": "À compléter", "a_corriger": "À corriger"}


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        long_day=dates.long_day,
        short_day=dates.short_day,
        hour=dates.hour,
        day_and_time=dates.day_and_time,
        duration=words.duration,
        spaced=spaced,
        paragraphs=paragraphs,
        labels=words.labels,
    )
    app.jinja_env.globals.update(
        words=words,
        vocabulary=vocabulary,
        limit_of=limit_of,
        count_of=count_of,
        is_rows=lambda item: isinstance(item, Rows),
        locate=locate,
        step_words=STEP_WORDS,
        Permission=Permission,
    )
    app.context_processor(_who)


def _who() -> dict[str, Any]:
    connected = current_user.is_authenticated
    return {
        "acting": acting_organisme(),
        "own_structures": [m.organisme for m in current_user.memberships] if connected else [],
        "demonstration": current_app.config["RELAIS_DEMO"],
    }


def paragraphs(text: str) -> Markup:
    """Typed text as it was laid out: escaped, line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def locate(form: Any, pattern: str, base: str = "") -> Any:
    """The bound field of a question, in a form or in a row's form: ``a.b`` within ``base``."""
    field = form
    for name in pattern.removeprefix(base).replace("[]", "").split("."):
        field = getattr(field, "form", field)[name]
    return field
