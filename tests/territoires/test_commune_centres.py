"""The points of communes: where they should be, and the same bytes from the same source."""

from __future__ import annotations

import json

import pytest

from backoffice.reference.commune_centres import CENTRES, centres, rebuild_centres
from backoffice.reference.communes import read_communes
from backoffice.reference.files import read_rows

BOXES = {
    "97": [(-63.2, -50.9, 1.9, 18.3), (44.9, 56.1, -21.5, -12.5), (-56.6, -56.0, 46.7, 47.2)],
    "98": [(-180, 180, -28, -7)],
    "": [(-5.3, 9.7, 41.3, 51.2)],
}
"""Beginning of the code → (west, east, south, north) of where its communes may be."""


def test_every_point_is_that_of_a_commune_and_lies_in_its_part_of_the_world():
    known = {row.code_insee for row in read_communes()}
    assert centres().keys() <= known
    assert len(centres()) > 8_000
    for code, (longitude, latitude) in centres().items():
        boxes = BOXES.get(code[:2], BOXES[""])
        assert any(w <= longitude <= e and s <= latitude <= n for w, e, s, n in boxes), (code, longitude, latitude)


def test_towns_are_found_overseas_too_and_arrondissements_follow_their_city():
    assert centres()["69381"] == centres()["69123"]
    for code in ("75056", "13055", "97411", "97209", "97302", "98818", "2A004"):
        assert code in centres()


@pytest.fixture
def source(tmp_path):
    def write(*places):
        file = tmp_path / "cities.json"
        file.write_text(json.dumps([dict(zip(KEYS, place, strict=True)) for place in places]))
        return tmp_path

    return write


KEYS = ("name", "lat", "lng", "country", "admin1", "admin2")
CAEN = ("Caen", "49.18585", "-0.35912", "FR", "28", "14")


def rebuilt(source, tmp_path, *places):
    assert rebuild_centres(source(*places), tmp_path) >= 0
    return {row["code_insee"]: (row["longitude"], row["latitude"]) for row in read_rows(tmp_path / CENTRES)}


def test_a_place_is_a_commune_when_one_alone_bears_its_name_there(source, tmp_path):
    elsewhere = ("Caen", "1", "2", "FR", "11", "75")
    abroad = ("Caen", "1", "2", "BE", "28", "14")
    assert rebuilt(source, tmp_path, elsewhere, abroad, CAEN) == {"14118": ("-0.36", "49.19")}


def test_the_first_of_two_places_of_a_name_is_kept(source, tmp_path):
    second = ("CAEN", "49", "0", "FR", "28", "14")
    assert rebuilt(source, tmp_path, CAEN, second) == {"14118": ("-0.36", "49.19")}


def test_the_same_source_gives_the_same_bytes(source, tmp_path):
    file = source(CAEN)
    rebuild_centres(file, tmp_path)
    first = (tmp_path / CENTRES).read_bytes()
    rebuild_centres(file, tmp_path)
    assert (tmp_path / CENTRES).read_bytes() == first
