"""The clock of the suite: ``pytest --at 2028-02-29T10:00`` sets it, ``--at +400d`` shifts it; it goes on ticking.

A moment without offset is that of Paris. The shift is computed once, by the process that reads the command line,
and kept in the environment: the workers of pytest-xdist and the Python processes that tests start take it from there
(tests/startup/sitecustomize.py). `travel_browser` does the same in a page. Servers (PostgreSQL, Redis) and the file
system keep the time of the machine: nothing may ask them for it.
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
"""Environment variable: seconds between the clock of the machine and that of the suite."""
HOOK = Path(__file__).parents[1] / "startup"
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
HELP = "the moment at which the suite begins: 2028-02-29T10:00 (Paris), or a shift such as +400d, -3h, +10m"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--at", type=shift_to, metavar="MOMENT", help=HELP)


def shift_to(said: str) -> timedelta:
    """The shift that `--at` asks for. Raises ValueError when it is neither a moment nor a shift."""
    if found := re.fullmatch(r"([+-]\d+)([dhm])", said):
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    moment = datetime.fromisoformat(said)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)) - now()


def pytest_configure(config: pytest.Config) -> None:
    shift = config.getoption("--at")
    if shift is None:
        return
    if not hasattr(config, "workerinput"):  # a worker of pytest-xdist has the shift of its controller
        os.environ[SHIFT] = str(shift.total_seconds())
    traveller = time_machine.travel(timedelta(seconds=float(os.environ[SHIFT])), tick=True)
    traveller.start()
    config.add_cleanup(traveller.stop)


def pytest_collection_finish() -> None:
    """In the process that runs the tests, before the first: the controller of pytest-xdist never comes here, for the
    hook would load time_machine in its workers before pytest can."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test marked `at` has its own moment, whatever that of the suite."""
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
    """Gives its pages the clock of the suite, when it is not that of the machine."""
    if SHIFT in os.environ:
        context.clock.install(time=now())
