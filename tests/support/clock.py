"""Clock of the suite: ``pytest --at 2028-02-29T10:00`` sets it, ``--at +400d`` shifts it; it keeps ticking.

An instant without offset is in Paris time. The shift is computed once, by the process that reads the command line, and
stored in the environment: pytest-xdist workers and the Python processes started by tests read it there
(tests/startup/sitecustomize.py). `travel_browser` does the same in a page. Servers (PostgreSQL, Redis) and the file
system keep the machine's time: no code may read the time from them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import BrowserContext

from backoffice.core.clock import now
from backoffice.core.dates import PARIS

SHIFT = "RELAIS_TEST_SHIFT"
"""Environment variable: seconds to add to the machine's clock."""
HOOK = Path(__file__).parents[1] / "startup"
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
HELP = "the moment at which the suite begins: 2028-02-29T10:00 (Paris), or a shift such as +400d, -3h, +10m"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--at", type=shift_to, metavar="MOMENT", help=HELP)


def shift_to(said: str) -> timedelta:
    """Parses `--at`. Raises ValueError when it is neither an instant nor a shift."""
    if found := re.fullmatch(r"([+-]\d+)([dhm])", said):
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    moment = datetime.fromisoformat(said)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)) - now()


def pytest_configure(config: pytest.Config) -> None:
    shift = config.getoption("--at")
    if shift is None:
        return
    if not hasattr(config, "workerinput"):  # a pytest-xdist worker inherits the shift of its controller
        os.environ[SHIFT] = str(shift.total_seconds())
    traveller = time_machine.travel(timedelta(seconds=float(os.environ[SHIFT])), tick=True)
    traveller.start()
    config.add_cleanup(traveller.stop)


def pytest_collection_finish() -> None:
    """Adds the start-up hook to PYTHONPATH before the first test. The pytest-xdist controller never calls this hook:
    otherwise its workers would load time_machine before pytest does."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Runs a test marked `at` at its own instant, whatever the clock of the suite."""
    marker = item.get_closest_marker("at")
    if marker is None:
        return (yield)
    before, shift = os.environ.get(SHIFT), shift_to(marker.args[0])
    os.environ[SHIFT] = str(shift.total_seconds() + float(before or 0))
    try:
        with time_machine.travel(shift, tick=True):
            return (yield)
    finally:
        os.environ.pop(SHIFT)
        if before is not None:
            os.environ[SHIFT] = before


def pytest_report_header() -> str:
    return f"clock: {now().astimezone(PARIS):%A %d %B %Y %H:%M %Z}"


def travel_browser(context: BrowserContext) -> None:
    """Installs the clock of the suite in the pages of this context, when it is shifted."""
    if SHIFT in os.environ:
        context.clock.install(time=now())
