"""The territoires, one for each Carif-Oref."""

import re

from backoffice.core.text import search_key
from backoffice.reference.communes import regions
from backoffice.reference.territoires import read_territoires

METROPOLE = {"11", "24", "27", "28", "32", "44", "52", "53", "75", "76", "84", "93", "94"}
OUTRE_MER = {"01", "02", "03", "04", "06", "975", "978", "988"}


def test_every_carif_oref_has_its_territoire() -> None:
    territoires = read_territoires()

    assert {territoire.region for territoire in territoires} == METROPOLE | OUTRE_MER
    assert len(territoires) == 21


def test_each_has_the_name_of_its_region_and_a_slug_made_of_it() -> None:
    for territoire in read_territoires():
        assert territoire.nom == regions()[territoire.region]
        assert territoire.slug == search_key(territoire.nom).replace(" ", "-")


def test_slugs_and_prefixes_are_unique() -> None:
    territoires = read_territoires()

    assert len({territoire.slug for territoire in territoires}) == len(territoires)
    assert len({territoire.prefixe for territoire in territoires}) == len(territoires)


def test_prefixes_have_one_shape_and_the_code_of_the_region() -> None:
    for territoire in read_territoires():
        assert re.fullmatch(r"[0-9]{2}_[A-Z]{2}", territoire.prefixe)
        if territoire.slug != "grand-est":
            assert territoire.prefixe.startswith(territoire.region[-2:])


def test_grand_est_keeps_the_prefix_of_the_national_flow() -> None:
    assert {territoire.slug: territoire.prefixe for territoire in read_territoires()}["grand-est"] == "01_GE"


def test_only_nouvelle_caledonie_does_without_siret() -> None:
    without = [territoire.slug for territoire in read_territoires() if not territoire.siret_obligatoire]

    assert without == ["nouvelle-caledonie"]
