"""A browser session without JavaScript: keeps cookies and sends CSRF tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import Context
from typing import Any

from flask import Flask, has_app_context
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, User
from workflows.accounts import logins

from .factories import PASSWORD, next_code

ORIGIN = {"Origin": "http://localhost"}


class Visitor:
    """`get` and `post` as a browser does; `fill` posts a step with the stamp of its page.

    Created for a user, it is already logged in, without the login pages; `login` uses them.
    """

    def __init__(self, app: Flask, user: User | None = None):
        self.client = app.test_client()
        self.token = ""
        if user is not None:
            self._connect(app, user.id)

    def _connect(self, app: Flask, user_id: int) -> None:
        if has_app_context():
            db.session.rollback()
        token, mark = Context().run(_connection, app, user_id), secrets.token_hex(20)
        with self.client.session_transaction() as session:
            session.update({"_user_id": token, "_fresh": True, "_permanent": True, "csrf_token": mark})
        self.token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(mark)

    def login(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Logs in with address, password and, for an account with a second factor, its code."""
        self.see("/connexion")
        answer = self.post("/connexion", {"courriel": email, "mot_de_passe": password, **fields})
        if "Donnez votre code" in answer.text:
            self.remember(answer)
            hidden = {name: fields[name] for name in ("next", "saisie") if name in fields}
            answer = self.post("/connexion/code", {"code": next_code(email), **hidden})
        self.see("/")
        return answer

    def get(self, url: str, **kwargs: Any) -> TestResponse:
        return self._ask(self.client.get, url, **kwargs)

    def see(self, url: str) -> TestResponse:
        """Opens a page, following redirects; stores its CSRF token."""
        return self.remember(self.get(url, follow_redirects=True))

    def remember(self, answer: TestResponse) -> TestResponse:
        """Stores the CSRF token of a page, when it has one."""
        if found := re.search(r'name="csrf_token" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, url: str, data: Any = None, **kwargs: Any) -> TestResponse:
        fields = MultiDict(data or {})
        fields.setdefault("csrf_token", self.token)
        return self._ask(self.client.post, url, data=fields, headers=ORIGIN, **kwargs)

    def _ask(self, method: Callable[..., TestResponse], url: str, **kwargs: Any) -> TestResponse:
        """Sends a request in a new context: it shares neither the test's application context nor its transaction."""
        if has_app_context():
            db.session.rollback()
        return Context().run(method, url, **kwargs)

    def stamp(self, url: str) -> str:
        """The optimistic-lock stamp in a step's page."""
        found = re.search(r'name="empreinte" value="(\w+)"', self.see(url).text)
        assert found, f"pas d’empreinte sur {url}"
        return found[1]

    def fill(self, url: str, data: Any, **extra: str) -> TestResponse:
        return self.post(url, {"empreinte": self.stamp(url), **data, **extra})


def _connection(app: Flask, user_id: int) -> str:
    """Opens a login in the base, with its second factor checked; returns its token."""
    with app.app_context(), atomic() as session:
        return logins.come_in(session, session.get_one(User, user_id), LoginWay.CODE, logins.Place("Essai"))
