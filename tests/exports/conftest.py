"""Where the published facts are: a folder beside the repository, or the one that RELAIS_SHARED names."""

import os
from pathlib import Path

import pytest
from lxml import etree


@pytest.fixture(scope="session")
def lheo_facts() -> Path:
    """Give the folder of the published schema, tables and samples; skip where it is absent, save in CI."""
    beside = Path(__file__).resolve().parents[2].parent / "shared"
    folder = Path(os.environ.get("RELAIS_SHARED", beside)) / "lheo"
    if not folder.is_dir():
        reason = f"the published facts of LHEO are not in {folder}: set RELAIS_SHARED to their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def published(lheo_facts: Path) -> etree.XMLSchema:
    """Give the published schema, compiled."""
    return etree.XMLSchema(etree.parse(lheo_facts / "lheo-2.3.xsd"))
