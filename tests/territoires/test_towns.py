"""The commune of an address as people write it: CEDEX, arrondissements, former communes, localities."""

from __future__ import annotations

import pytest

from backoffice.queries.territoires.communes import communes_of
from backoffice.reference.towns import town_of
from tests.values.test_readers import case

CASE = case("C07-communes.json")

OTHERS = {
    "14000|Caen": "14118",
    "14000|": "14118",
    "14000|CAEN CEDEX": "14118",
    "14000|CAEN CEDEX 04": "14118",
    "14050|Caen cedex 4": "14118",
    "76040|ROUEN CEDEX": "76540",
    "44021|Nantes Cedex 1": "44109",
    "20186|Ajaccio cedex 1": "2A004",
    "97490|Ste Clotilde": "97411",
    "75001|1er arrondissement de Paris": "75056",
    "69009|Lyon Vaise": "69123",
    "13290|Les Milles": "13001",
    "33200|Bordeaux Caudéran": "33063",
    "59160|Lomme": "59350",
    "49130|Les Ponts-de-Cé": "49246",
    "76300|Sottevile lès Rouen": "76681",
    "50000|saint lo": "50502",
}


@pytest.mark.parametrize("address", [*CASE["attendu"], *OTHERS])
def test_the_commune_of_an_address(app, address):
    code, town = address.split("|")
    found = town_of(code, town, communes_of)
    assert found.commune is not None, found
    assert found.commune.code_insee == {**CASE["attendu"], **OTHERS}[address]


@pytest.mark.parametrize("code", CASE["cedex_sans_commune"])
def test_the_code_of_a_cedex_is_named_as_such(app, code):
    found = town_of(code, "", communes_of)
    assert found.commune is None
    assert "CEDEX" in found.wrong_code
    assert not found.wrong_town
    assert "CEDEX" in town_of(code, "Ailleurs", communes_of).wrong_code


@pytest.mark.parametrize("code", ["00000", "99999", "96000"])
def test_a_code_of_nowhere_is_said_so(app, code):
    assert town_of(code, "Caen", communes_of).wrong_code == f"Aucune commune n’a le code postal {code}. Vérifiez-le."


@pytest.mark.parametrize(
    ("code", "town"),
    [("14000", "Rouen"), ("14000", "Hérouville"), ("50000", "Caen"), ("74600", "Chamonix"), ("93210", "Paris 3e")],
)
def test_the_town_of_another_code_is_refused(app, code, town):
    found = town_of(code, town, communes_of)
    assert found.commune is None
    assert found.wrong_town.startswith(f"Le code postal {code} est celui de : ")


@pytest.mark.parametrize(
    ("insee", "code", "town", "wanted"),
    [
        ("75056", "75013", "Paris 13e", "75056"),
        ("75113", "75013", "Paris 13e", "75056"),
        ("75056", "75013", "n’importe quoi", "75056"),
        ("14118", "14050", "", "14118"),
        ("99999", "14000", "Caen", "14118"),
        ("", "14000", "Caen", "14118"),
    ],
)
def test_the_insee_code_decides(app, insee, code, town, wanted):
    found = town_of(code, town, communes_of, insee)
    assert found.commune is not None
    assert found.commune.code_insee == wanted
