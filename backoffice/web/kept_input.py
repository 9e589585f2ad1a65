"""Keeps what was typed when the session has expired: the login page carries it, then a page offers it again."""

from __future__ import annotations

import json

from flask import current_app, render_template, request

from backoffice.core.extensions import db
from backoffice.models.values import emails
from backoffice.models.values.cells import settled
from backoffice.queries.accounts.search import demonstration_accounts
from backoffice.reference.demonstration import PASSWORD

from .security import from_our_page


def keeps_input() -> bool:
    """Whether to keep the form data of this request: a POST from our own page to a view marked keeps_input."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "keeps_input", False)) and request.method == "POST" and from_our_page()


def typed() -> str:
    """The form data of this request as JSON text, [[name, value], …], without the CSRF token."""
    pairs = [[name, text] for name, text in request.form.items(multi=True) if name != "csrf_token"]
    return json.dumps(pairs, ensure_ascii=False)


def pairs_of(kept: str) -> list[tuple[str, str]]:
    """[(name, value)] from that JSON text; [] when it is empty or malformed."""
    try:
        pairs = json.loads(kept) if kept else []
        return [(str(name), str(text)) for name, text in pairs]
    except (ValueError, TypeError, RecursionError):  # tampered with, or nested too deeply
        return []


def typed_email() -> str:
    return request.form.get("courriel", "").strip().lower()[:200]


def asked_email(name: str = "courriel") -> str:
    """The e-mail address of this field. Raises ValueError in French.

    What looks like a typing error is refused once: the page shows it in the hidden field «name-vu», and the same
    address sent again is taken.
    """
    text = request.form.get(name, "").replace("\x00", " ")[:200]
    return settled(emails.read, text, request.form.get(f"{name}-vu", ""))


def login_page(next_: str = "/", email: str = "", error: str = "", kept: str = "") -> str:
    return render_template(
        "accounts/login.html",
        next=next_,
        email=email,
        error=error,
        kept=kept,
        count=pairs_of(kept),
        demo_accounts=demonstration_accounts(db.session()) if current_app.config["RELAIS_DEMO"] else [],
        demo_password=PASSWORD,
    )


def code_page(next_: str = "/", kept: str = "", error: str = "") -> str:
    """The page that asks for the second factor, after a correct password."""
    return render_template("accounts/second_factor_code.html", next=next_, error=error, kept=kept, count=pairs_of(kept))
