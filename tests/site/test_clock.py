"""One function reads the clock, and the suite can set it: in the process, in its children, in the browser.

Python is held by ruff (`banned-api` in pyproject.toml); what ruff cannot see is held here.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from tests.support.clock import HOOK, SHIFT, shift_to
from tests.support.tree import ROOT

PACKAGES = ("backoffice", "forms", "workflows", "exports")

SQL_CLOCK = re.compile(
    r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\b(now|clock_timestamp|localtimestamp)\(\)|'now'", re.IGNORECASE
)
SQL_KEPT = {
    "backoffice/migrations/versions/0023_personal_data.py": "it ran on existing bases, and is kept as it ran",
}
"""File → why it may ask the base for the time."""

JS_CLOCK = re.compile(r"new Date\(\)|Date\.now\(|Date\(\)|performance\.timeOrigin")
JS_KEPT: dict[str, list[str]] = {}
"""File → what it may ask. «Enregistré à 14 h 32» is told by the server, in the hour of Paris like every other page."""


def texts(file: Path) -> Iterator[str]:
    """The constants of a module that are text, without its docstrings."""
    tree = ast.parse(file.read_text())
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_no_query_asks_the_base_for_the_time():
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert len(files) > 200
    found = {str(file.relative_to(ROOT)) for file in files if any(map(SQL_CLOCK.search, texts(file)))}
    assert found == SQL_KEPT.keys()


def test_no_page_reads_the_clock_of_the_browser_but_to_tell_the_hour():
    scripts = {
        file for pattern in ("web/static/*.js", "web/static/**/*.mjs") for file in (ROOT / "backoffice").glob(pattern)
    }
    pages = set((ROOT / "templates").rglob("*.html"))
    assert len(scripts) >= 2
    found = {str(file.relative_to(ROOT)): JS_CLOCK.findall(file.read_text()) for file in scripts | pages}
    assert {name: readings for name, readings in found.items() if readings} == JS_KEPT


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "import datetime\ndatetime.date.today()",
        "import time\ntime.time()",
        "from time import time_ns\ntime_ns()",
        'import time\ntime.strftime("%H:%M")',
        "from sqlalchemy import func\nfunc.now()",
        "import sqlalchemy as sa\nsa.func.current_timestamp()",
    ],
)
@pytest.mark.parametrize("place", ["workflows/essai.py", "tests/essai.py"])
def test_the_lint_refuses_another_reading(code, place):
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", place, "-"]
    done = subprocess.run(command, input=code + "\n", cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "TID251" in done.stdout) == (1, True), done.stdout + done.stderr


def test_files_that_are_exempt_are_few_and_exist():
    ignored = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    exempt = [name for name, rules in ignored.items() if "TID251" in rules]
    assert len(exempt) == 2
    assert all((ROOT / name).is_file() for name in exempt)


def test_the_option_takes_a_moment_of_paris_or_a_shift():
    with clock_at(datetime(2026, 11, 29, 12, tzinfo=UTC)):
        assert shift_to("+400d") == timedelta(days=400)
        assert shift_to("-3h") == timedelta(hours=-3)
        assert shift_to("2026-11-29T13:30") == timedelta(minutes=30)
        assert shift_to("2026-11-29T12:30+00:00") == timedelta(minutes=30)
        assert now() + shift_to("2028-02-29T10:00") == datetime(2028, 2, 29, 9, tzinfo=UTC)
        with pytest.raises(ValueError, match="Invalid isoformat"):
            shift_to("demain")


def test_a_python_child_has_the_clock_of_the_suite_and_it_ticks():
    code = (
        "import time\n"
        "from backoffice.core.clock import now\n"
        "print(now().isoformat()); time.sleep(0.05); print(now().isoformat())"
    )
    shift = timedelta(seconds=float(os.environ.get(SHIFT, 0)) + 1000 * 86400)
    environ = {**os.environ, SHIFT: str(shift.total_seconds()), "PYTHONPATH": str(HOOK)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    first, then = map(datetime.fromisoformat, done.stdout.split())
    assert timedelta(milliseconds=50) <= then - first < timedelta(seconds=5)
    assert abs(first - now() - timedelta(days=1000)) < timedelta(minutes=2)


@pytest.mark.at("2028-02-29T10:00")
def test_a_test_may_say_its_own_moment_and_its_children_have_it():
    assert local_day(now()) == date(2028, 2, 29)
    code = "from backoffice.core.clock import now\nprint(now().isoformat())"
    environ = {**os.environ, "PYTHONPATH": str(HOOK)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert abs(datetime.fromisoformat(done.stdout.strip()) - now()) < timedelta(minutes=2)
