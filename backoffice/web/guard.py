"""Access control: every endpoint carries one Permission, checked first.

The application refuses to start when an endpoint has none.
"""

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
"""Endpoints of public files, registered by Flask and its extensions."""


def requires(
    permission: Permission,
    *,
    keeps_input: bool = False,
    largest_upload: int = 0,
    too_large: Callable[[str], str] | None = None,
    before_second_factor: bool = False,
) -> Callable[[View], View]:
    """Decorator that sets the permission of a view and its options.

    keeps_input: what was typed there is kept when the session has expired.
    largest_upload: size in bytes of the file it accepts beyond the usual limit, for authorised persons only.
    too_large: page that shows the given French message when the file is larger; goes with `largest_upload`.
    before_second_factor: allowed to an account that must have a second factor and has not set it up yet.
    """

    if bool(largest_upload) != bool(too_large):
        raise TypeError("largest_upload goes with too_large")

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
    """largest_upload of the requested view; 0 when it has none."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "largest_upload", 0)


def page_of_large_file(message: str) -> str:
    """The too_large page of the requested view, which accepts large files, with this message."""
    view = current_app.view_functions[str(request.endpoint)]
    page: Callable[[str], str] | None = getattr(view, "too_large", None)
    assert page is not None
    return page(message)


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
        request.max_content_length = largest + 100_000  # large files are written to a temporary file while received
    return None


def _before_second_factor() -> bool:
    return bool(getattr(current_app.view_functions[str(request.endpoint)], "before_second_factor", False))


def _to_enrolment() -> ResponseReturnValue:
    """Redirects to the setup of the second factor. Aborts with 403 for scripts and programs, which cannot use it."""
    wants_page = request.accept_mimetypes.best_match(("text/html", "application/json")) != "application/json"
    if request.is_json or not wants_page or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        abort(403)
    return redirect(url_for("second_factor.page"), 303)


def forget_upload(_error: BaseException | None) -> None:
    """Closes the request after a large upload, which deletes its temporary file without waiting for the collector."""
    if request.endpoint and largest_upload():
        request.close()


def check_permissions(app: Flask) -> None:
    """Raises RuntimeError when an endpoint has no permission."""
    bare = [rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None]
    if bare:
        raise RuntimeError(f"sans permission : {', '.join(sorted(set(bare)))}")
