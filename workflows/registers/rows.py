"""Converters of one line of each register file into rows of our tables. They raise ValueError, in French.

Cells are stripped. Texts longer than their column are truncated by `reading`; keys never are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from backoffice.core.dates import PARIS
from backoffice.core.text import search_key
from backoffice.models.values import numbers
from backoffice.reference.communes import departements, regions
from backoffice.reference.school_holidays import academies, zone_named, zones

Cells = Mapping[str, str]
Content = dict[str, Any]

WEDNESDAY, SATURDAY = 2, 5
"""As numbered by date.weekday."""
_INSEE = re.compile(r"[0-9][0-9AB][0-9]{3}")
_ISO, _FRENCH = re.compile(r"(\d{4})-(\d{2})-(\d{2})"), re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_FIVE = re.compile(r"[0-9]{5}")


def _code_insee(text: str) -> str:
    if not _INSEE.fullmatch(text):
        raise ValueError(f"« {text[:20]} » n’est pas un code de commune.")
    return text


def _postal(text: str) -> str:
    """A postal code, with the leading zero that a spreadsheet may have dropped; "" for anything else, as abroad."""
    text = text.zfill(5) if text.isascii() and text.isdigit() else text
    return text if _FIVE.fullmatch(text) else ""


def _day(text: str) -> str | None:
    """The ISO 8601 day of AAAA-MM-JJ (a time may follow) or JJ/MM/AAAA; None when empty or outside 1900-2200.

    Raises ValueError for anything else.
    """
    if not text:
        return None
    iso, french = _ISO.match(text), _FRENCH.match(text)
    try:
        year, month, day = map(int, iso.groups() if iso else french.groups()[::-1] if french else ())
        found = date(year, month, day)
    except ValueError:
        raise ValueError(f"« {text[:20]} » n’est pas une date.") from None
    return found.isoformat() if 1900 <= found.year <= 2200 else None


def _yes(text: str) -> bool:
    return text.casefold() in ("true", "1", "oui", "vrai", "o")


# --- Communes ---------------------------------------------------------------------------------------


def insee_commune(cells: Cells) -> Iterator[Content]:
    """Communes and municipal arrondissements only; other types are not valid in an address (former communes…)."""
    if cells["TYPECOM"] in ("COM", "ARM"):
        parent = cells["COMPARENT"] if cells["TYPECOM"] == "ARM" else ""
        yield _commune(cells["COM"], cells["LIBELLE"], cells["DEP"], cells["REG"], parent)


def relais_commune(cells: Cells) -> Iterator[Content]:
    yield _commune(cells["code_insee"], cells["nom"], cells["departement"], cells["region"], cells["parent"])


def _commune(code: str, nom: str, departement: str, region: str, parent: str) -> Content:
    if departement not in departements() or region not in regions():
        raise ValueError(f"Département « {departement[:5]} » ou région « {region[:5]} » inconnus.")
    if not nom:
        raise ValueError("Cette commune n’a pas de nom.")
    return {
        "code_insee": _code_insee(code),
        "nom": nom,
        "search_name": search_key(nom),
        "departement": departement,
        "region": region,
        "parent": _code_insee(parent) if parent else None,
    }


def postal_code(cells: Cells) -> Iterator[Content]:
    code = _postal(cells["code"])
    if not code:
        raise ValueError(f"« {cells['code'][:20]} » n’est pas un code postal.")
    yield {"code_insee": _code_insee(cells["code_insee"].zfill(5)), "code": code}


def postal_codes(cells: Cells) -> Iterator[Content]:
    for code in cells["codes_postaux"].split():
        yield from postal_code({"code_insee": cells["code_insee"], "code": code})


# --- Numbers and names ------------------------------------------------------------------------------


def formacode(cells: Cells) -> Iterator[Content]:
    if not _FIVE.fullmatch(cells["code"]):
        raise ValueError(f"« {cells['code'][:20]} » n’est pas un code Formacode : il a cinq chiffres.")
    yield {"code": cells["code"], "label": _named(cells["label"])}


def _named(text: str) -> str:
    if not text:
        raise ValueError("Le libellé manque.")
    return text


def certification(cells: Cells) -> Iterator[Content]:
    start = _day(cells.get("Date_Effet", "")) or _day(cells.get("Date_Decision", ""))
    end = _day(cells["Date_Fin_Enregistrement"])
    if start and end and start > end:
        start = None  # inconsistent dates: only the end is kept
    label = _named(cells["Intitule"])
    yield {
        "code": numbers.certification(cells["Numero_Fiche"]),
        "label": label,
        "search_name": search_key(label),
        "valid_from": start,
        "valid_until": end,
        "active": cells["Actif"].casefold() in ("active", "actif", "1", "true", "oui"),
    }


def certif_info(cells: Cells) -> Iterator[Content]:
    """One Certif Info code. In the files of Mon compte formation, «-1» means no number."""
    code, rncp, rs = (cells.get(name, "").removesuffix(".0") for name in ("code", "rncp", "rs"))
    if code == "-1":
        return
    if not re.fullmatch(r"[0-9]{1,10}", code):
        raise ValueError(f"« {code[:20]} » n’est pas un code Certif Info.")
    number = ""
    if rncp not in ("", "-1"):
        number = numbers.certification(rncp)
    elif rs not in ("", "-1"):
        number = numbers.certification(rs if rs.upper().startswith("RS") else f"RS{rs}")
    yield {"code": code, "certification": number, "label": _named(cells["label"])}


# --- Establishments and schools ---------------------------------------------------------------------


def organisme(cells: Cells) -> Iterator[Content]:
    """One training organisation. Those abroad have no SIRET and are skipped."""
    if not cells["siret"]:
        return
    nda = cells["nda"].replace(" ", "")
    if nda and not re.fullmatch(r"[0-9]{11}", nda):
        raise ValueError(f"« {nda[:20]} » n’est pas un numéro de déclaration d’activité.")
    yield {
        "siret": numbers.siret(cells["siret"]),
        "nda": nda,
        "denomination": _named(cells["denomination"]),
        "listed": True,
        "qualiopi_formation": _yes(cells["formation"]),
        "qualiopi_bilan": _yes(cells["bilan"]),
        "qualiopi_vae": _yes(cells["vae"]),
        "qualiopi_apprentissage": _yes(cells["apprentissage"]),
        "address": cells["address"],
        "postal_code": _postal(cells["postal_code"]),
        "city": cells["city"],
    }


def sirene(cells: Cells) -> Iterator[Content]:
    """One establishment. dateDebut: start of its present state, so the closing day when it is closed.

    Lines without a state are skipped.
    """
    commune = cells["codeCommuneEtablissement"]
    state = cells["etatAdministratifEtablissement"]
    if not state:
        return
    if state not in ("A", "F"):
        raise ValueError(f"« {state[:20]} » n’est ni A (ouvert) ni F (fermé).")
    closed = _day(cells["dateDebut"]) if state == "F" else None
    if state == "F" and closed is None:
        raise ValueError("Cet établissement est fermé, et le jour manque.")
    yield {
        "siret": cells["siret"],
        "code_insee": commune if _INSEE.fullmatch(commune) else "",
        "closed_on": closed,
    }


def uai(cells: Cells) -> Iterator[Content]:
    siret = cells.get("siret", "")
    yield {
        "uai": numbers.uai(cells["uai"]),
        "nom": _named(cells["nom"]),
        "kind": cells.get("kind", ""),
        "siret": siret if re.fullmatch(r"[0-9]{14}", siret) else "",
        "address": cells["address"],
        "postal_code": _postal(cells["postal_code"]),
        "city": cells["city"],
        "code_insee": cells["code_insee"] if _INSEE.fullmatch(cells["code_insee"]) else "",
        "open": cells.get("open", "").upper() in ("", "OUVERT"),
    }


# --- School holidays --------------------------------------------------------------------------------


def school_break(cells: Cells) -> Iterator[Content]:
    """One school holiday. The file gives the day of the last class and the day when classes resume.

    A break starts the day after the last class, or that same day when it is a Wednesday or a Saturday, when most
    pupils have no class. The Ascension break is given by its only day and lasts until Saturday. The last summer has
    only a start: it ends on 31 August. Rows for teachers alone are skipped. «population» names a part of a zone that
    has its own dates.
    """
    population, said = cells.get("population", ""), search_key(cells["description"])
    if "enseignant" in search_key(population):
        return
    part = zone_named(population)
    zone = part if part in zones() else zone_named(cells["zone"])
    start, back = _morning(cells["start"], zone), _morning(cells["end"], zone)
    if said.startswith("pont"):
        last = max(back - timedelta(days=1), start + timedelta(days=(SATURDAY - start.weekday()) % 7))
    else:
        last = date(start.year, 8, 31) if said.startswith("debut des vacances d ete") else back - timedelta(days=1)
        if start.weekday() not in (WEDNESDAY, SATURDAY):
            start += timedelta(days=1)
    if start <= last:
        yield _break(zone, start, last, cells["description"])


def relais_break(cells: Cells) -> Iterator[Content]:
    start, end = _day(cells["debut"]), _day(cells["fin"])
    if start is None or end is None or end < start:
        raise ValueError("Il faut un premier jour, et un dernier qui ne soit pas avant.")
    yield _break(cells["zone"], date.fromisoformat(start), date.fromisoformat(end), cells["nom"])


def _break(zone: str, start: date, end: date, name: str) -> Content:
    if not zone:
        raise ValueError("La zone manque.")
    return {"zone": zone, "debut": start.isoformat(), "fin": end.isoformat(), "nom": _named(name)}


def _morning(text: str, zone: str) -> date:
    """The local day of a date or of an instant. Instants are midnight in Paris or, in some files, in the zone itself.

    Raises ValueError.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"« {text[:30]} » n’est pas une date.") from None
    if moment.tzinfo is None:
        return moment.date()
    clock = next((one.clock for one in academies().values() if one.zone == zone), PARIS)
    there = moment.astimezone(clock)
    return (there if there.time() == time() else moment.astimezone(PARIS)).date()
