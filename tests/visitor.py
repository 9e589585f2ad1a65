"""A person with a browser, for tests that need no JavaScript: keeps cookies and sends CSRF tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import Context
from typing import Any

from flask import Flask, has_app_context
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models import User

from .factories import PASSWORD

ORIGIN = {"Origin": "http://localhost"}


class Visitor:
    """`get` and `post` as a browser would; `fill` posts a step with the mark that its page carried."""

    def __init__(self, app: Flask, user: User | None = None):
        self.client = app.test_client()
        self.token = ""
        if user is not None:
            self.login(user.email)

    def login(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        self.see("/connexion")
        answer = self.post("/connexion", {"courriel": email, "mot_de_passe": password, **fields})
        self.see("/")
        return answer

    def get(self, url: str, **kwargs: Any) -> TestResponse:
        return self._ask(self.client.get, url, **kwargs)

    def see(self, url: str) -> TestResponse:
        """Opens a page as a person does, redirections followed; remembers its CSRF token."""
        answer = self.get(url, follow_redirects=True)
        if found := re.search(r'name="csrf_token" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, url: str, data: Any = None, **kwargs: Any) -> TestResponse:
        fields = MultiDict(data or {})
        fields.setdefault("csrf_token", self.token)
        return self._ask(self.client.post, url, data=fields, headers=ORIGIN, **kwargs)

    @staticmethod
    def _ask(method: Callable[..., TestResponse], url: str, **kwargs: Any) -> TestResponse:
        """A request of its own: it shares neither the test's application context nor its transaction."""
        if has_app_context():
            db.session.rollback()
        return Context().run(method, url, **kwargs)

    def stamp(self, url: str) -> str:
        """The hidden mark of a step's page: what the page showed when it was opened."""
        found = re.search(r'name="empreinte" value="(\w+)"', self.see(url).text)
        assert found, f"pas d’empreinte sur {url}"
        return found[1]

    def fill(self, url: str, data: Any, **extra: str) -> TestResponse:
        return self.post(url, {"empreinte": self.stamp(url), **data, **extra})
