"""Screenshots of the help: the page of the demonstration data that each one shows.

`make captures` takes them again. `captures.json` stores a hash of each page's titles, labels and buttons at that
time; a test compares it with the present page and fails when a screenshot is out of date.
"""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.config import STATIC

FOLDER = STATIC / "captures"
WORDS = FOLDER / "captures.json"
"""{name: {"largeur", "hauteur": in pixels, "mots": SHA-256 of the words of the page}}"""
WIDE, PHONE = (1000, 640), (390, 720)


@dataclass(frozen=True)
class Capture:
    """words: caption; account: of the demonstration data, "" for a visitor; path: address of the page.

    follow: name of a link to click first; at: id of the element to scroll to; size: of the window, in pixels.
    """

    words: str
    account: str
    path: str
    follow: str = ""
    at: str = "contenu"
    size: tuple[int, int] = WIDE


_ASSOCIATION, _ECOLE, _MARCHE = "association@demo.example", "ecole@demo.example", "marche@demo.example"
_ORGANISME, _MODERATION = "organisme@demo.example", "moderation1@demo.example"
_FINANCEUR, _ADMIN = "financeur@demo.example", "admin@demo.example"

CAPTURES = {
    "mes-fiches": Capture(
        "La liste des fiches d’une association, avec ce qu’il reste à faire", _ASSOCIATION, "/fiches/"
    ),
    "etape-asl": Capture(
        "Une étape du formulaire : les lieux, les groupes et leurs horaires", _ASSOCIATION, "/fiches/3/saisie/lieux"
    ),
    "etape-telephone": Capture("La même étape sur un téléphone", _ASSOCIATION, "/fiches/3/saisie/lieux", size=PHONE),
    "relecture": Capture(
        "La relecture : ce qui manque, avec un lien vers chaque question", _ASSOCIATION, "/fiches/3/relecture"
    ),
    "etape-oepre": Capture("Une étape du formulaire OEPRE", _ECOLE, "/fiches/66/saisie/objectifs"),
    "fiche-ofii": Capture("La page d’une formation de l’OFII en ligne", _MARCHE, "/fiches/69"),
    "places": Capture(
        "« Dire les places » : deux questions, sans nouvelle vérification", _ASSOCIATION, "/fiches/1/places"
    ),
    "file": Capture("La file de modération, ses onglets et ses filtres", _MODERATION, "/moderation/"),
    "file-telephone": Capture("La file sur un téléphone", _MODERATION, "/moderation/", size=PHONE),
    "version": Capture("Une fiche à vérifier : ce qui a changé vient en premier", _MODERATION, "/moderation/12"),
    "chiffres": Capture("Les chiffres de la modération", _MODERATION, "/moderation/chiffres/"),
    "suivi": Capture("Le suivi des projets financés : trois obligations par projet", _FINANCEUR, "/suivi/"),
    "convention": Capture("Une convention et ses trois obligations", _FINANCEUR, "/conventions/1", at="carte"),
    "relances": Capture("Relancer ceux qui sont en retard", _FINANCEUR, "/suivi/relances"),
    "mon-compte": Capture("« Mon compte »", _MODERATION, "/compte/"),
    "structure": Capture("La page d’une structure", _ASSOCIATION, "/structures/1"),
    "comptes": Capture("Les comptes", _ADMIN, "/administration/comptes/"),
    "registres": Capture("Les registres", _ADMIN, "/administration/registres/"),
    "exploitation": Capture("La page « Exploitation »", _ADMIN, "/administration/exploitation/"),
    "donnees-ouvertes": Capture("La page des données ouvertes", "", "/api"),
    "verifier-lheo": Capture("Vérifier un fichier LHEO", _MODERATION, "/lheo/verifier"),
}
