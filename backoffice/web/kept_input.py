"""What is typed outlives an expired session: it travels with the login page, then is offered again."""

from __future__ import annotations

import json

from flask import current_app, render_template, request

from backoffice.core.extensions import db
from backoffice.queries.accounts.search import demonstration_accounts
from backoffice.reference.demonstration import PASSWORD

from .security import from_our_page


def keeps_input() -> bool:
    """Whether what the present request carries is to be kept: its view says so, our page sent it."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "keeps_input", False)) and request.method == "POST" and from_our_page()


def typed() -> str:
    """What the present request carries, as JSON text: [[name, value], …]."""
    pairs = [[name, text] for name, text in request.form.items(multi=True) if name != "csrf_token"]
    return json.dumps(pairs, ensure_ascii=False)


def pairs_of(kept: str) -> list[tuple[str, str]]:
    """What was kept, as it was typed; [] when there is nothing usable."""
    try:
        pairs = json.loads(kept) if kept else []
        return [(str(name), str(text)) for name, text in pairs]
    except (ValueError, TypeError, RecursionError):  # tampered, or nested without end
        return []


def typed_email() -> str:
    return request.form.get("courriel", "").strip().lower()[:200]


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
    """What follows a right password, for an account that has a second factor."""
    return render_template("accounts/second_factor_code.html", next=next_, error=error, kept=kept, count=pairs_of(kept))
