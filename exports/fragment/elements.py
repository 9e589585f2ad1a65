"""LHEO elements shared by several parents: contact, address, period, optional text.

Each function writes under the given node; an empty optional element is left out.
"""

from __future__ import annotations

from datetime import date, time

from lxml import etree

from backoffice.models.content import Adresse, Contact
from backoffice.models.values import telephones

UNKNOWN_START, UNKNOWN_END = "00000000", "99999999"
YES, NO = "1", "0"
RECEPTION = "4"  # type-contact: accueil


def contact(node: etree._Element, name: str, person: Contact, where: Adresse | None = None, site: str = "") -> None:
    """where, site: address and website written with the contact."""
    root = add(node, name, **principal(0))
    add(root, "type-contact", RECEPTION)
    coordinates = add(root, "coordonnees")
    optional(coordinates, "nom", person.nom)
    optional(coordinates, "prenom", person.prenom)
    if where is not None:
        address(coordinates, where)
    reach(coordinates, person, site)


def reach(coordinates: etree._Element, person: Contact, site: str = "") -> None:
    if person.telephone:
        add(add(coordinates, "telfixe"), "numtel", telephones.shown(person.telephone))
    optional(coordinates, "courriel", person.courriel)
    if site:
        add(add(coordinates, "web"), "urlweb", site)


def address(node: etree._Element, adresse: Adresse) -> None:
    root = add(node, "adresse")
    optional(root, "denomination", adresse.denomination)
    for line in adresse.lignes or [adresse.denomination or adresse.ville]:
        add(root, "ligne", line)
    add(root, "codepostal", adresse.code_postal)
    add(root, "ville", adresse.ville)
    optional(root, "departement", adresse.departement)
    optional(root, "code-INSEE-commune", adresse.code_insee)
    if len(adresse.region) == 2:  # the element has two characters: overseas collectivities have three
        add(root, "region", adresse.region)
    add(root, "pays", "FR")
    if adresse.latitude and adresse.longitude:
        point = add(root, "geolocalisation")
        add(point, "latitude", adresse.latitude)
        add(point, "longitude", adresse.longitude)


def period(node: etree._Element, start: date | None, end: date | None, *, month: bool = False) -> None:
    """month: only the months are known, which AAAAMM00 expresses. An unknown day has a conventional value."""
    shape = "%Y%m00" if month else "%Y%m%d"
    root = add(node, "periode")
    add(root, "debut", f"{start:{shape}}" if start else UNKNOWN_START)
    add(root, "fin", f"{end:{shape}}" if end else UNKNOWN_END)


def hour(moment: time | None) -> str:
    """«9h», «12h30», the format of the standard; "" for None."""
    if moment is None:
        return ""
    return f"{moment.hour}h{moment.minute:02d}" if moment.minute else f"{moment.hour}h"


def extras(node: etree._Element, info: str, pairs: list[tuple[str, str]]) -> None:
    """Adds an ``extras`` with these (info, text) pairs; empty texts are skipped, and nothing is added without text."""
    pairs = [(name, value) for name, value in pairs if value]
    if pairs:
        root = add(node, "extras", info=info)
        for name, value in pairs:
            add(root, "extra", value, info=name)


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, name, attributes)
    if text is not None:
        node.text = text
    return node


def optional(parent: etree._Element, name: str, text: str) -> None:
    if text:
        add(parent, name, text)


def principal(rank: int) -> dict[str, str]:
    return {"tag": "principal"} if rank == 0 else {}


def flag(value: bool) -> str:
    return YES if value else NO


def answer(value: str | int | bool | None) -> str:
    """Text of an ``extra`` for any answer: «1» for True, "" for False or None."""
    if isinstance(value, bool):
        return YES if value else ""
    return "" if value is None else str(value)


def number(value: int | None) -> str:
    return "" if value is None else str(value)
