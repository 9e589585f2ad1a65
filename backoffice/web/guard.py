"""Every endpoint carries one Permission, checked before anything else; one without it stops the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.permissions import Permission

from .kept_input import keeps_input, login_page, typed

View = TypeVar("View", bound=Callable[..., Any])

FILES = ("static", "bootstrap.static")
"""Endpoints that are not ours to decorate: public files."""


def requires(
    permission: Permission,
    *,
    keeps_input: bool = False,
    largest_upload: int = 0,
    too_large: Callable[[str], str] | None = None,
    before_second_factor: bool = False,
) -> Callable[[View], View]:
    """Stamps a view. `keeps_input`: what is typed there outlives an expired session.

    largest_upload: bytes of the file it takes, beyond what other pages do, from who has passed the guard.
    too_large: the page that says, in the French words given, that the file is larger; None: the usual error page.
    before_second_factor: open to an account that owes a second factor and has none yet; others are not.
    """

    def stamp(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.keeps_input = keeps_input  # type: ignore[attr-defined]
        view.largest_upload = largest_upload  # type: ignore[attr-defined]
        view.too_large = too_large  # type: ignore[attr-defined]
        view.before_second_factor = before_second_factor  # type: ignore[attr-defined]
        return view

    return stamp


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    if endpoint in FILES:
        return Permission.PUBLIC
    return getattr(app.view_functions[endpoint], "permission", None)


def largest_upload() -> int:
    """Of the page that is asked; 0 when it takes no more than the others."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "largest_upload", 0)


def page_of_large_file(message: str) -> str | None:
    """The page that was asked, with this message, when it takes files; else None."""
    view = current_app.view_functions.get(request.endpoint or "")
    page: Callable[[str], str] | None = getattr(view, "too_large", None)
    return page(message) if page else None


def enforce() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page: the 404 handler answers
    permission = permission_of(current_app, request.endpoint)
    if permission is Permission.PUBLIC:
        return None
    if not current_user.is_authenticated:
        if keeps_input():
            return login_page(next_=request.full_path.rstrip("?"), kept=typed()), 401
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("login.login_form", next=target), 303)
    if current_user.owes_second_factor and not current_user.has_second_factor and not _before_second_factor():
        return _to_enrolment()
    if permission is None or not current_user.can(permission):
        abort(403)
    if largest := largest_upload():
        request.max_content_length = largest + 100_000  # the file goes to a temporary one as it comes in
    return None


def _before_second_factor() -> bool:
    return bool(getattr(current_app.view_functions[str(request.endpoint)], "before_second_factor", False))


def _to_enrolment() -> ResponseReturnValue:
    """The page where the second factor is set up; 403 for a script of a page or a program, which cannot follow."""
    wants_page = request.accept_mimetypes.best_match(("text/html", "application/json")) != "application/json"
    if request.is_json or not wants_page or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        abort(403)
    return redirect(url_for("second_factor.page"), 303)


def forget_upload(_error: BaseException | None) -> None:
    """A large file is a temporary one: it goes away now, not when memory is next tidied."""
    if request.endpoint and largest_upload():
        request.close()


def check_permissions(app: Flask) -> None:
    """Raises RuntimeError when an endpoint has no permission."""
    bare = [rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None]
    if bare:
        raise RuntimeError(f"sans permission : {', '.join(sorted(set(bare)))}")
