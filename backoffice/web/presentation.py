"""Jinja filters and globals for all templates: French words for dates and codes, and the current user's context."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Flask, current_app
from flask_login import current_user
from markupsafe import Markup, escape

from backoffice.core import dates
from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import spaced
from backoffice.models import Fiche
from backoffice.models.content import label_of, pattern_of, vocabulary
from backoffice.models.transition_names import FicheTransition, ObligationTransition
from backoffice.models.values import telephones
from backoffice.queries.conventions.scope import has_conventions, shown_revision
from backoffice.queries.notices.inbox import unread
from backoffice.reference.communes import departements
from backoffice.reference.mailboxes import is_private
from backoffice.reference.programmes import obligations, programmes
from exports.documents import meetings, reading_page
from exports.fragment import words
from forms.fiches.paths import PATHS
from forms.kit.fields import display_limit, limit_of
from forms.kit.questions import Rows, Step
from forms.kit.rows import SEVERAL
from workflows.conventions.obligation_transitions import DONE
from workflows.fiches.transitions import EVENTS

from . import deadlines
from .scope import acting_organisme

STEP_WORDS = {"complet": "Complet", "a_faire": "À compléter", "a_corriger": "À corriger"}


def init_app(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.filters.update(
        long_day=dates.long_day,
        short_day=dates.short_day,
        hour=dates.hour,
        month_words=dates.month_words,
        day_and_time=dates.day_and_time,
        duration=words.duration,
        spaced=spaced,
        paragraphs=paragraphs,
        labels=words.labels,
        field_name=label_of,
        local_day=dates.local_day,
        age=deadlines.age,
        deadline=deadlines.deadline,
        is_late=deadlines.is_late,
        euros=euros,
        iso_day=lambda text: dates.short_day(date.fromisoformat(text)) if text else "",
        private_mailbox=is_private,
        telephone=telephones.shown,
    )
    app.jinja_env.globals.update(
        words=words,
        reading_page=reading_page.page,
        meetings=meetings,
        today=lambda: dates.local_day(now()),
        vocabulary=vocabulary,
        limit_of=limit_of,
        display_limit=display_limit,
        step_of_path=step_of_path,
        several=SEVERAL,
        is_rows=lambda item: isinstance(item, Rows),
        locate=locate,
        used=used,
        event_words=EVENTS,
        departements=departements(),
        step_words=STEP_WORDS,
        Permission=Permission,
        FicheTransition=FicheTransition,
        ObligationTransition=ObligationTransition,
        obligation_rules=obligations(),
        obligation_words=DONE,
        programmes_by_code=programmes(),
        shown_title=shown_title,
        choices_of=lambda rows: {id_: row.nom for id_, row in rows.items()},
    )
    app.context_processor(_who)


def _who() -> dict[str, Any]:
    connected = current_user.is_authenticated
    acting = acting_organisme()
    return {
        "acting": acting,
        "funded": acting is not None and has_conventions(db.session(), acting.id),
        "own_structures": [m.organisme for m in current_user.memberships] if connected else [],
        "unread": unread(db.session(), current_user) if connected else 0,
        "demonstration": current_app.config["RELAIS_DEMO"],
    }


def paragraphs(text: str) -> Markup:
    """Typed text as HTML: escaped, line breaks kept."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def euros(cents: int) -> str:
    """«12 500 €», «12 500,50 €»"""
    whole, rest = divmod(cents, 100)
    return f"{spaced(whole)}{f',{rest:02d}' if rest else ''}{dates.NBSP}€"


def shown_title(fiche: Fiche, own: bool) -> str:
    """Title of the latest revision for its structure (own), else of the latest one submitted."""
    revision = shown_revision(fiche, own=own)
    return (revision.title if revision else "") or "Sans intitulé"


def locate(form: Any, pattern: str, base: str = "") -> Any:
    """The bound field of a question in a form or a row's form: ``a.b`` within ``base``."""
    field = form
    for name in pattern.removeprefix(base).replace("[]", "").split("."):
        field = getattr(field, "form", field)[name]
    return field


def step_of_path(fiche: Fiche) -> Callable[[str], Step | None]:
    """Function: path of a spot of this fiche → the step that asks for it, or None."""
    return lambda path: PATHS[fiche.dispositif].step_of(pattern_of(path))


def used(form: Any, questions: Any, base: str = "") -> bool:
    """Whether one of these questions has an error, or an answer other than its default."""
    fields = [locate(form, question.pattern, base) for question in questions]
    return any(field.errors or not (field.empty or field.data == _first_choice(field)) for field in fields)


def _first_choice(field: Any) -> Any:
    return next(iter(field.question.choices), None)
