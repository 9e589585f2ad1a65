"""The parts of the content about the structure, and the addresses and contacts that other parts share."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.models.values import emails, numbers, telephones, urls

from . import vocabulary as words
from .declare import UNASKED, leaf, part, public

_PERSON = "the name of a person"
_POINT = "the open data give the point of the commune"
_CARRIER = "its SIRET stands for that of the structure"
"""Reasons for which a value is left out of the open data."""


@dataclass
class Adresse:
    denomination: str = public("Nom du lieu", "denomination")
    lignes: list[str] = public("Numéro et rue", "ligne", default=[])
    code_postal: str = public("Code postal", "codepostal", reader=numbers.postal_code)
    ville: str = public("Ville", "ville")
    code_insee: str = public("Code Insee", "code-INSEE-commune", hidden=True)
    departement: str = public("Département", "departement", hidden=True)
    region: str = public("Région", "region", hidden=True)
    latitude: str = leaf("Latitude", "geolocalisation/latitude", hidden=True, closed=_POINT)
    longitude: str = leaf("Longitude", "geolocalisation/longitude", hidden=True, closed=_POINT)

    @property
    def envelope(self) -> list[str]:
        """Its non-empty lines, as written on an envelope."""
        town = f"{self.code_postal} {self.ville}".strip()
        return [text for text in (self.denomination, *self.lignes, town) if text]


@dataclass
class Contact:
    nom: str = leaf("Nom", "coordonnees/nom", closed=_PERSON)
    prenom: str = leaf("Prénom", "coordonnees/prenom", closed=_PERSON)
    telephone: str = public("Téléphone", "coordonnees/telfixe/numtel", reader=telephones.read)
    courriel: str = public("Adresse e-mail", "coordonnees/courriel", reader=emails.read)

    @property
    def empty(self) -> bool:
        return not any(vars(self).values())


@dataclass
class Porteuse:
    """The carrier: a structure with a SIRET that lends its name to one without."""

    nom: str = leaf("Nom officiel de la structure porteuse", "raison-sociale", closed=_CARRIER)
    siret: str = leaf(
        "Numéro SIRET de la structure porteuse",
        "SIRET-organisme-formation/SIRET",
        closed=_CARRIER,
        reader=numbers.siret,
    )
    courriel: str = leaf("Adresse e-mail de la structure porteuse", closed=_CARRIER, reader=emails.read)

    @property
    def empty(self) -> bool:
        return not any(vars(self).values())


@dataclass
class Structure:
    """The organisme responsable as it was when the fiche was written."""

    nom: str = public("Nom de la structure", "nom-organisme")
    raison_sociale: str = public("Nom officiel", "raison-sociale")
    categorie: str = public("Vous êtes", choices=words.CATEGORIES)
    siret: str = public("Numéro SIRET", "SIRET-organisme-formation/SIRET", reader=numbers.siret)
    numero_activite: str = leaf(
        "Numéro de déclaration d’activité", "numero-activite", closed=UNASKED, reader=numbers.nda
    )
    adresse: Adresse = part("Adresse de la structure", Adresse, "coordonnees-organisme/coordonnees/adresse")
    contact: Contact = part("Accueil de la structure", Contact, "contact-organisme")
    courriel: str = leaf(
        "Adresse e-mail de la direction",
        "coordonnees-organisme/coordonnees/courriel",
        closed="the reception is enough to join",
        reader=emails.read,
    )
    formateur: Contact = part(
        "Accueil des formateurs",
        Contact,
        "/formation/action/organisme-formateur/contact-formateur",
        closed="the reception is enough to join",
    )
    formateur_nom: str = leaf(
        "Organisme qui donne les cours",
        "/formation/action/organisme-formateur/raison-sociale-formateur",
        closed=UNASKED,
    )
    formateur_siret: str = leaf(
        "Numéro SIRET de l’organisme qui donne les cours",
        "/formation/action/organisme-formateur/SIRET-formateur/SIRET",
        closed=UNASKED,
        reader=numbers.siret,
    )
    rna: str = leaf("Numéro RNA", closed=UNASKED, reader=numbers.rna)
    uai: str = leaf(
        "Numéro UAI de l’établissement", "code-UAI-organisme-formation/code-UAI", closed=UNASKED, reader=numbers.uai
    )
    site: str = public(
        "Site internet de la structure", "coordonnees-organisme/coordonnees/web/urlweb", reader=urls.read
    )
    porteuse: Porteuse = part("Structure porteuse", Porteuse, closed=_CARRIER)

    @property
    def legal_name(self) -> str:
        return self.raison_sociale or self.nom

    @property
    def carrier(self) -> Porteuse | None:
        """Its carrier; None when the structure has its own SIRET or names no complete carrier."""
        return self.porteuse if not self.siret and self.porteuse.nom and self.porteuse.siret else None

    @property
    def known_siret(self) -> str:
        """Its own SIRET, else that of its carrier, else ""."""
        return self.carrier.siret if self.carrier else self.siret
