"""The publics and domains of Formacode V14."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backoffice.reference.files import FOLDER
from backoffice.reference.formacodes import domaines
from backoffice.reference.publics import publics

TABLES = [
    pytest.param(publics, "publics-formacode-v14.csv", 73, id="publics"),
    pytest.param(domaines, "domaines-formacode-v14.csv", 17, id="domaines"),
]


@pytest.mark.parametrize(("table", "name", "count"), TABLES)
def test_codes_and_labels(table: Callable[[], dict[str, str]], name: str, count: int) -> None:
    assert len(table()) == count
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) == 1 + count  # no code twice
    assert list(table()) == sorted(table())
    for code, label in table().items():
        assert len(code) == 5
        assert code.isdecimal()
        assert label
        assert label == label.strip()


@pytest.mark.parametrize(("table", "name", "count"), TABLES)
def test_same_as_the_source(
    shared_referentiels: Path, table: Callable[[], dict[str, str]], name: str, count: int
) -> None:
    assert (FOLDER / name).read_bytes() == (shared_referentiels / name).read_bytes()


def test_codes_that_the_dispositifs_use() -> None:
    assert publics()["81023"] == "Primo-arrivant"
    assert publics()["81042"] == "Public réfugié"
    assert publics()["81021"] == "Public analphabète"
    assert publics()["83056"] == "Tout public"
    assert domaines()["15235"] == "Français langue étrangère"
    assert domaines()["15043"] == "Alphabétisation"
    assert {"15040", "15281", "15022", "15041"} <= set(domaines())
