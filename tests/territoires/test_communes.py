"""The communes that are shipped, how a name is searched, and the rebuild from the package."""

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.text import search_key
from backoffice.reference.communes import (
    NPM_PACKAGE,
    CommuneRow,
    departements,
    former_names,
    read_communes,
    rebuild,
    regions,
)
from backoffice.reference.files import FOLDER

FILES = ("anciennes-communes.csv", "communes.csv.gz", "departements.csv", "regions.csv")


@pytest.fixture(scope="module")
def communes() -> dict[str, CommuneRow]:
    return {row.code_insee: row for row in read_communes()}


def test_all_current_communes_and_arrondissements_are_there(communes: dict[str, CommuneRow]) -> None:
    rows = list(read_communes())

    assert len(rows) == len(communes) == 34_969 + 45
    assert Counter(row.parent for row in rows) == {None: 34_969, "75056": 20, "13055": 16, "69123": 9}
    assert [row.code_insee for row in rows] == sorted(communes)


def test_former_communes_are_in_communes_of_today(communes: dict[str, CommuneRow]) -> None:
    assert set(former_names()) <= set(communes)
    assert "seynod" in former_names()["74010"]


def test_departements_and_regions_cover_the_communes(communes: dict[str, CommuneRow]) -> None:
    assert len(departements()) == 109
    assert len(regions()) == 26
    assert {row.departement for row in communes.values()} == set(departements())
    assert {departement.region for departement in departements().values()} == set(regions())
    for row in communes.values():
        assert departements()[row.departement].region == row.region
    assert departements()["2A"].nom == "Corse-du-Sud"
    assert regions()["44"] == "Grand Est"


def test_parents_are_communes_of_the_same_departement(communes: dict[str, CommuneRow]) -> None:
    for row in communes.values():
        if row.parent is not None:
            parent = communes[row.parent]
            assert parent.parent is None
            assert parent.departement == row.departement
            assert set(row.codes_postaux) <= set(parent.codes_postaux)


def test_only_the_southern_lands_have_no_postal_code(communes: dict[str, CommuneRow]) -> None:
    without = {row.code_insee for row in communes.values() if not row.codes_postaux}

    assert without == {"98411", "98412", "98413", "98414", "98415"}
    for row in communes.values():
        assert all(len(code) == 5 and code.isdecimal() for code in row.codes_postaux)


@pytest.mark.parametrize(
    ("code", "nom", "departement", "region", "codes_postaux", "parent"),
    [
        ("68297", "Saint-Louis", "68", "44", ("68300",), None),
        ("97414", "Saint-Louis", "974", "04", ("97421", "97450"), None),
        ("98818", "Nouméa", "988", "988", ("98800",), None),
        ("97502", "Saint-Pierre", "975", "975", ("97500",), None),
        ("97416", "Saint-Pierre", "974", "04", ("97410", "97432"), None),
        ("97801", "Saint-Martin", "978", "978", ("97150",), None),
        ("97611", "Mamoudzou", "976", "06", ("97600", "97605"), None),
        ("2A004", "Ajaccio", "2A", "94", ("20000", "20090", "20167"), None),
        ("75116", "Paris 16e Arrondissement", "75", "11", ("75016", "75116"), "75056"),
        ("13201", "Marseille 1er Arrondissement", "13", "93", ("13001",), "13055"),
        ("69385", "Lyon 5e Arrondissement", "69", "84", ("69005",), "69123"),
    ],
)
def test_known_communes(
    communes: dict[str, CommuneRow],
    code: str,
    nom: str,
    departement: str,
    region: str,
    codes_postaux: tuple[str, ...],
    parent: str | None,
) -> None:
    assert communes[code] == CommuneRow(code, nom, search_key(nom), departement, region, codes_postaux, parent)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Saint-Louis", "saint louis"),
        ("st louis", "saint louis"),
        ("St. Louis", "saint louis"),
        ("SAINT LOUIS", "saint louis"),
        ("Ste-Geneviève-des-Bois", "sainte genevieve des bois"),
        ("Stes Maries de la Mer", "saintes maries de la mer"),
        ("Sts-Geosmes", "saints geosmes"),
        ("Strasbourg", "strasbourg"),
        ("Brest", "brest"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("L’Haÿ–les–Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("Villers-lès-Nœux", "villers les noeux"),
        ("Île-d’Aix", "ile d aix"),
        ("I\u0302le-d'Aix", "ile d aix"),
        ("Nouméa", "noumea"),
        ("Besançon", "besancon"),
        ("Paris 1er Arrondissement", "paris 1er arrondissement"),
        ("  Le \t Mans\u00a0 ", "le mans"),
        ("68300", "68300"),
        ("100 %_", "100"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_search_key(typed: str, key: str) -> None:
    assert search_key(typed) == key


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    key = search_key(text)

    assert search_key(key) == key
    assert key == " ".join(key.split())


def test_stored_names_are_plain(communes: dict[str, CommuneRow]) -> None:
    for row in communes.values():
        assert row.search_name.isascii()
        assert row.search_name.replace(" ", "").isalnum()


def test_sources_name_the_version() -> None:
    assert NPM_PACKAGE in (FOLDER / "SOURCES.md").read_text(encoding="utf-8")


# An invented country of two régions, in the order a careless source could have.
PACKAGE: dict[str, list[dict[str, Any]]] = {
    "regions": [{"code": "92", "nom": "Rivages"}, {"code": "91", "nom": "Collines"}],
    "departements": [
        {"code": "921", "nom": "Dunes", "region": "92", "chefLieu": "92101"},
        {"code": "911", "nom": "Haut-Pré", "region": "91", "chefLieu": "91101"},
    ],
    "communes": [
        {
            "code": "92101",
            "nom": "L'Île; du Phare",
            "type": "commune-actuelle",
            "departement": "921",
            "region": "92",
        },
        {
            "code": "91102",
            "nom": "Grandville 1er Arrondissement",
            "type": "arrondissement-municipal",
            "commune": "91101",
            "departement": "911",
            "region": "91",
            "codesPostaux": ["91001"],
        },
        {
            "code": "91101",
            "nom": "Grandville",
            "type": "commune-actuelle",
            "departement": "911",
            "region": "91",
            "codesPostaux": ["91002", "91001"],
        },
        {
            "code": "91103",
            "nom": "Vieuxbourg",
            "type": "commune-deleguee",
            "chefLieu": "91101",
            "departement": "911",
            "region": "91",
        },
    ],
}


def write_package(folder: Path, **changed: list[dict[str, Any]]) -> Path:
    data = folder / "package" / "data"
    data.mkdir(parents=True)
    for name, entries in (PACKAGE | changed).items():
        (data / f"{name}.json").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    return folder / "package"


def make_destination(tmp_path: Path, name: str) -> Path:
    destination = tmp_path / name
    destination.mkdir()
    return destination


def test_rebuild_writes_what_is_read(tmp_path: Path) -> None:
    destination = make_destination(tmp_path, "out")

    assert rebuild(write_package(tmp_path), destination) == 2

    assert list(read_communes(destination)) == [
        CommuneRow("91101", "Grandville", "grandville", "911", "91", ("91001", "91002"), None),
        CommuneRow(
            "91102",
            "Grandville 1er Arrondissement",
            "grandville 1er arrondissement",
            "911",
            "91",
            ("91001",),
            "91101",
        ),
        CommuneRow("92101", "L'Île; du Phare", "l ile du phare", "921", "92", (), None),
    ]
    assert (destination / "departements.csv").read_text(encoding="utf-8") == (
        "code;nom;region\n911;Haut-Pré;91\n921;Dunes;92\n"
    )
    assert (destination / "regions.csv").read_text(encoding="utf-8") == ("code;nom\n91;Collines\n92;Rivages\n")
    assert (destination / "anciennes-communes.csv").read_text(encoding="utf-8") == "code_insee;nom\n91101;Vieuxbourg\n"
    assert sorted(path.name for path in destination.iterdir()) == sorted(FILES)


def test_rebuild_gives_the_same_bytes_whatever_the_order_and_the_wrapping(tmp_path: Path) -> None:
    package = write_package(tmp_path / "plain")
    shuffled = write_package(tmp_path / "shuffled", **{name: entries[::-1] for name, entries in PACKAGE.items()})
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(package, arcname="package")
    destinations = []
    for number, source in enumerate((package, package, shuffled, archive)):
        destination = make_destination(tmp_path, f"out{number}")
        assert rebuild(source, destination) == 2
        destinations.append(destination)

    for name in FILES:
        assert len({(destination / name).read_bytes() for destination in destinations}) == 1


def test_the_compressed_files_carry_no_date_and_no_name(tmp_path: Path) -> None:
    destination = make_destination(tmp_path, "out")
    rebuild(write_package(tmp_path), destination)

    for folder in (destination, FOLDER):
        header = (folder / "communes.csv.gz").read_bytes()[:10]
        assert header[3] == 0  # no optional field: no file name
        assert header[4:8] == bytes(4)  # the date


COMMUNE = PACKAGE["communes"][0]
ARRONDISSEMENT = PACKAGE["communes"][1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"communes": [COMMUNE, COMMUNE]}, "communes: the same code stands twice"),
        ({"regions": PACKAGE["regions"] * 2}, "régions: the same code stands twice"),
        ({"departements": PACKAGE["departements"] * 2}, "départements: the same code stands twice"),
        ({"communes": [COMMUNE | {"departement": "99"}]}, "92101 .*: unknown departement '99'"),
        ({"communes": [COMMUNE | {"region": "99"}]}, "92101 .*: unknown region '99'"),
        ({"communes": [ARRONDISSEMENT]}, "91102 .*: unknown commune '91101'"),
        ({"regions": PACKAGE["regions"][:1]}, "911 Haut-Pré: unknown region '91'"),
    ],
)
def test_rebuild_refuses_an_unsound_source_and_writes_nothing(
    tmp_path: Path, changed: dict[str, list[dict[str, Any]]], message: str
) -> None:
    destination = make_destination(tmp_path, "out")

    with pytest.raises(ValueError, match=message):
        rebuild(write_package(tmp_path, **changed), destination)

    assert not list(destination.iterdir())


def test_rebuild_says_which_file_is_missing(tmp_path: Path) -> None:
    package = write_package(tmp_path)
    (package / "data" / "regions.json").unlink()
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(package, arcname="package")
    destination = make_destination(tmp_path, "out")

    for source in (package, archive):
        with pytest.raises(FileNotFoundError, match=r"regions\.json"):
            rebuild(source, destination)
    with pytest.raises(FileNotFoundError):
        rebuild(tmp_path / "nowhere", destination)

    assert not list(destination.iterdir())
