"""External services used by tests. `python -m tests.support.services NAME` exits with 0 when it is available."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

POSTGRESQL = os.environ.get("RELAIS_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("RELAIS_TEST_REDIS", "redis://127.0.0.1:6379/9")
NAME = os.environ.get("RELAIS_TEST_NAME", "relais_test")
"""Prefix of the PostgreSQL test databases: two checkouts on one machine need two names."""
SHARED = Path(os.environ.get("RELAIS_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Names of the command, the headless shell first: it draws no window."""


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


AVAILABLE = {
    "postgresql": lambda: listening(5432),
    "redis": lambda: listening(6379),
    "chromium": lambda: chromium() is not None,
    "xmllint": lambda: shutil.which("xmllint") is not None,
    "shared": SHARED.is_dir,
}

REASONS = {
    "postgresql": "PostgreSQL ne répond pas sur 127.0.0.1:5432",
    "redis": "Redis ne répond pas sur 127.0.0.1:6379",
    "chromium": "Chromium n’est pas installé (paquet Debian « chromium »)",
    "xmllint": "xmllint n’est pas installé (paquet Debian « libxml2-utils »)",
    "shared": f"le dossier des faits publiés n’est pas là ({SHARED}) : RELAIS_SHARED dit où il est",
}

if __name__ == "__main__":
    sys.exit(0 if AVAILABLE[sys.argv[1]]() else 1)
