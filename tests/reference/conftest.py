"""What the tests of the reference data share."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "referentiels"


@pytest.fixture
def shared_referentiels() -> Path:
    """The folder the codes were taken from, beside the checkout. Its absence skips, except in CI."""
    if not SHARED.is_dir():
        message = "the folder shared/referentiels is not beside this checkout"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return SHARED
