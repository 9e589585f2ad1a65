"""What is typed about an obligation: the address of a page of Réfugiés.info."""

from __future__ import annotations

import pytest

from forms.conventions.obligations import page_address

ID = "63fdc0c7f40b1a0013d5a1c4"
PAGES = {
    f"https://refugies.info/fr/dispositif/{ID}": f"https://refugies.info/fr/dispositif/{ID}",
    f"refugies.info/demarche/{ID}?utm=x#haut": f"https://refugies.info/demarche/{ID}",
    f"http://www.refugies.info/uk/dispositif/{ID}/": f"https://refugies.info/uk/dispositif/{ID}",
}


@pytest.mark.parametrize("typed", PAGES)
def test_the_address_of_a_page_is_kept_without_what_a_browser_adds(typed):
    assert page_address(typed) == PAGES[typed]


@pytest.mark.parametrize(
    "typed",
    [
        "https://refugies.info/",
        "https://refugies.info/fr/recherche",
        f"https://refugies.info.exemple.fr/fr/dispositif/{ID}",
        f"https://exemple.fr/?https://refugies.info/fr/dispositif/{ID}",
        f"javascript://refugies.info/fr/dispositif/{ID}",
        "https://refugies.info/fr/dispositif/123",
        "https://[::1/dispositif/",
        "notre page",
    ],
)
def test_anything_else_is_no_page(typed):
    with pytest.raises(ValueError, match="Ce n’est pas l’adresse d’une page"):
        page_address(typed)
