"""The page of the moderators' queue, also used to show refused actions."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import render_template, request
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.queries.fiches.register_alerts import alerts_of
from backoffice.queries.moderation.queue import FILTERS, MOST, TABS, Wanted, queue, wanted
from backoffice.queries.moderation.queue_filters import options_of
from backoffice.queries.moderation.saved_views import own_views
from backoffice.queries.structures.orphans import count_orphans
from workflows.moderation.lots import CHOICES, LARGEST


def queue_page(error: str = "", where: str = "", asked: dict[str, str] | None = None) -> str:
    """The page. error: message for the form `where` ("vue", "lot"); asked: filters, None for the query string's."""
    found = queue(db.session(), current_user, request.args if asked is None else asked)
    return render_template(
        "moderation/queue.html",
        queue=found,
        tabs=TABS.values(),
        filters=FILTERS,
        most=MOST,
        orphans=count_orphans(db.session(), current_user),
        views=own_views(db.session(), current_user),
        choices=CHOICES,
        largest=LARGEST,
        alerts=alerts_of(db.session(), [row.fiche_id for row in found.rows]),
        error=error,
        where=where,
    )


def posted_view() -> tuple[dict[str, str], Wanted]:
    """The tab and filters of the page that sent this form: (raw parameters, parsed)."""
    asked = dict(parse_qsl(request.form.get("vue", "")[:1000]))
    return asked, wanted(asked, options_of(db.session(), current_user))
