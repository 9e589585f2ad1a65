"""Communes, départements and régions of France, overseas included.

Source: the npm package named by `NPM_PACKAGE`, built from Insee's Code officiel géographique and La Poste's postal
codes (see `SOURCES.md`). `rebuild` converts it into the four files read here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backoffice.core.text import search_key

from .files import FOLDER, gzip_bytes, package_member, read_rows, table_bytes

NPM_PACKAGE = "@etalab/decoupage-administratif@6.0.0"

COMMUNES = "communes.csv.gz"
DEPARTEMENTS = "departements.csv"
REGIONS = "regions.csv"
FORMER = "anciennes-communes.csv"

_COMMUNE_COLUMNS = ("code_insee", "nom", "departement", "region", "codes_postaux", "parent")

# The package also lists communes déléguées and associées: former communes. An address names the commune of today.
_COMMUNE = "commune-actuelle"
_ARRONDISSEMENT = "arrondissement-municipal"
_FORMER = ("commune-deleguee", "commune-associee")


@dataclass(frozen=True, slots=True)
class CommuneRow:
    """A commune, or an arrondissement municipal of Paris, Lyon or Marseille."""

    code_insee: str
    nom: str
    search_name: str  # search_key(nom)
    departement: str  # a key of departements()
    region: str  # a key of regions()
    codes_postaux: tuple[str, ...]  # empty for the five districts of the TAAF
    parent: str | None  # the code_insee of its commune for an arrondissement municipal, else None


@dataclass(frozen=True, slots=True)
class Departement:
    """A département, or an overseas collectivité treated as one."""

    code: str
    nom: str
    region: str  # a key of regions()


def read_communes(folder: Path = FOLDER) -> Iterator[CommuneRow]:
    """Every current commune and arrondissement municipal, by code_insee."""
    for row in read_rows(folder / COMMUNES):
        yield CommuneRow(
            code_insee=row["code_insee"],
            nom=row["nom"],
            search_name=search_key(row["nom"]),
            departement=row["departement"],
            region=row["region"],
            codes_postaux=tuple(row["codes_postaux"].split()),
            parent=row["parent"] or None,
        )


@cache
def departements() -> dict[str, Departement]:
    """{code: département}, by code. Cached: do not modify it."""
    return {row["code"]: Departement(**row) for row in read_rows(FOLDER / DEPARTEMENTS)}


@cache
def former_names() -> dict[str, tuple[str, ...]]:
    """{code_insee of a commune: names, folded, of the former communes that are in it}. Cached: do not modify it."""
    found: dict[str, list[str]] = {}
    for row in read_rows(FOLDER / FORMER):
        found.setdefault(row["code_insee"], []).append(search_key(row["nom"]))
    return {code: tuple(names) for code, names in found.items()}


@cache
def regions() -> dict[str, str]:
    """{code: name} of each région or overseas collectivité, by code. Cached: do not modify it."""
    return {row["code"]: row["nom"] for row in read_rows(FOLDER / REGIONS)}


def rebuild(source: Path, destination: Path = FOLDER) -> int:
    """Writes the four files in `destination` from `source`, the npm package as a folder or `.tgz`.

    Returns the number of current communes, arrondissements municipaux not counted. The output is deterministic. Nothing
    is written when the source is invalid: FileNotFoundError for a missing package or file, tarfile.ReadError for an
    invalid archive, ValueError for a duplicate code or a reference to an unknown one.
    """
    entries = _load(source, "communes")
    communes = [entry for entry in entries if entry["type"] in (_COMMUNE, _ARRONDISSEMENT)]
    current = {entry["code"] for entry in communes if entry["type"] == _COMMUNE}
    departement_entries = _load(source, "departements")
    region_entries = _load(source, "regions")

    departement_codes = _unique_codes("départements", departement_entries)
    region_codes = _unique_codes("régions", region_entries)
    _unique_codes("communes", communes)
    for entry in departement_entries + communes:
        _require(entry, "region", region_codes)
    for entry in communes:
        _require(entry, "departement", departement_codes)
        if entry["type"] == _ARRONDISSEMENT:
            _require(entry, "commune", current)

    tables = {
        COMMUNES: gzip_bytes(table_bytes(_COMMUNE_COLUMNS, sorted(map(_commune_cells, communes)))),
        DEPARTEMENTS: table_bytes(
            ("code", "nom", "region"),
            sorted((entry["code"], entry["nom"], entry["region"]) for entry in departement_entries),
        ),
        FORMER: table_bytes(
            ("code_insee", "nom"),
            sorted((entry["chefLieu"], entry["nom"]) for entry in entries if entry["type"] in _FORMER),
        ),
        REGIONS: table_bytes(("code", "nom"), sorted((entry["code"], entry["nom"]) for entry in region_entries)),
    }
    for name, data in tables.items():
        (destination / name).write_bytes(data)
    return len(current)


def _commune_cells(entry: dict[str, Any]) -> tuple[str, ...]:
    return (
        entry["code"],
        entry["nom"],
        entry["departement"],
        entry["region"],
        " ".join(sorted(entry.get("codesPostaux", ()))),
        entry["commune"] if entry["type"] == _ARRONDISSEMENT else "",
    )


def _load(source: Path, name: str) -> list[dict[str, Any]]:
    """The entries of `data/<name>.json` in the package."""
    member = f"data/{name}.json"
    entries: list[dict[str, Any]] = json.loads(package_member(source, member))
    return entries


def _unique_codes(kind: str, entries: list[dict[str, Any]]) -> set[str]:
    codes = {entry["code"] for entry in entries}
    if len(codes) != len(entries):
        raise ValueError(f"{kind}: the same code stands twice")
    return codes


def _require(entry: dict[str, Any], field: str, known: set[str]) -> None:
    if entry.get(field) not in known:
        raise ValueError(f"{entry['code']} {entry['nom']}: unknown {field} {entry.get(field)!r}")
