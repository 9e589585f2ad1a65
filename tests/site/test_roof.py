"""The arrows of the roof, read in the source: no view imports a view, the demonstration set stays apart, requests
stay above the domain. A view is a module that creates a Blueprint, wherever it lies."""

from __future__ import annotations

import ast
from functools import cache

import pytest
from flask import Blueprint, Flask

from tests.support.tree import imported, sources, targets

BELOW = (
    "forms",
    "workflows",
    "exports",
    "backoffice.models",
    "backoffice.queries",
    "backoffice.reference",
    "backoffice.demo",
    "backoffice.cli",
)
"""What never sees a request."""
OF_REQUESTS = {"flask": {"request", "session", "g"}, "flask_login": {"current_user"}}
DEMO, SEED = "backoffice.demo", "backoffice.cli.seed"


@cache
def views() -> frozenset[str]:
    return frozenset(name for name, (_, tree) in sources().items() if any(map(creates_blueprint, ast.walk(tree))))


def creates_blueprint(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Blueprint"


def has_route(tree: ast.Module) -> bool:
    decorators = (
        decorator.func
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    )
    return any(isinstance(one, ast.Attribute) and one.attr in ("get", "post", "route") for one in decorators)


def within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def test_a_view_is_imported_only_by_the_package_that_registers_it():
    assert len(views()) > 50
    wrong = {
        f"{name} → {target}"
        for name in sources()
        for target in targets(name) & views() - {name}
        if not (sources()[name][0].name == "__init__.py" and within(target, name))
    }
    assert wrong == set()


def test_every_module_with_routes_has_its_own_blueprint():
    routed = {name for name, (_, tree) in sources().items() if within(name, "backoffice") and has_route(tree)}
    assert routed <= views()


def test_every_view_is_registered(app: Flask):
    registered = set(map(id, app.blueprints.values()))
    loaded = {name: __import__(name, fromlist=["blueprint"]) for name in views()}
    made = [(name, one) for name, module in loaded.items() for one in vars(module).values() if is_blueprint(one)]
    assert {name for name, _ in made} == views()
    assert [name for name, one in made if id(one) not in registered] == []


def is_blueprint(thing: object) -> bool:
    return isinstance(thing, Blueprint)


def test_only_the_seed_command_imports_the_demonstration_set():
    users = {name for name in sources() if any(within(target, DEMO) for target in targets(name))}
    assert {name for name in users if not within(name, DEMO)} == {SEED}


@pytest.mark.parametrize("package", BELOW)
def test_nothing_under_the_views_sees_a_request(package: str):
    floor = [name for name in sources() if within(name, package)]
    assert floor
    wrong = [
        f"{name}: {module}.{taken}"
        for name in floor
        for module, taken in imported(name)
        if taken in OF_REQUESTS.get(module, ())
    ]
    assert wrong == []


def test_every_view_that_takes_a_large_file_says_that_one_is_too_large(app: Flask):
    takers = {name: view for name, view in app.view_functions.items() if getattr(view, "largest_upload", 0)}
    assert takers
    assert [name for name, view in takers.items() if view.too_large is None] == []
