"""Small renderings of what readers of LHEO flows do, as documented; written apart from exports.lheo.

Each takes the text of a flow and returns rows of what the reader shows, one per action (data·inclusion: per service).
A missing value is "" or None. They serve the contract tests and `make readers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from exports.lheo.data_inclusion_score import today

NS = {"l": "http://lheo.gouv.fr/2.3"}
KEPT_DOMAINS = {
    *("11083", "15022", "15030", "15031", "15040", "15041", "15043", "15050", "15061", "15062", "15066", "15084"),
    *("15235", "15281", "15436", "32154", "44028"),
}
EXILED = "personnes-exilees"
AUDIENCES = {
    **dict.fromkeys(("81022", "81023", "81042"), EXILED),
    **dict.fromkeys(("80001", "80003", "80004", "80006", "80007", "80008", "80009"), "demandeurs-emploi"),
    "80010": "beneficiaires-des-minimas-sociaux",
    "81018": "femmes",
    "81020": "personnes-en-situation-de-handicap",
    **dict.fromkeys(("81024", "81032", "81033"), "jeunes"),
    "82044": "actifs",
    **dict.fromkeys(("81050", "83056"), "tous-publics"),
}
LETTERS = re.compile(r"\b(alpha|[ABC][12])")

Row = dict[str, Any]


def _tree(flow: str) -> etree._Element:
    return etree.fromstring(flow.encode())


def _all(node: etree._Element, path: str) -> list[Any]:
    found = node.xpath(path, namespaces=NS)
    return list(found) if isinstance(found, list) else [found]


def _one(node: etree._Element, *paths: str) -> str:
    """The first text that is not empty, of these paths in order."""
    for path in paths:
        for text in _all(node, f"{path}/text()"):
            if text.strip():
                return str(text.strip())
    return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def data_inclusion(flow: str) -> list[Row]:
    """One row per service."""
    rows: list[Row] = []
    for formation in _all(_tree(flow), "//l:formation"):
        if not KEPT_DOMAINS & {code.text for code in _all(formation, "l:domaine-formation/l:code-FORMACODE")}:
            continue
        alike = set()
        for action in _all(formation, "l:action"):
            places = _all(action, "l:lieu-de-formation")
            codes = [node.text for node in _all(action, "l:code-public-vise")]
            if not (places and codes and _all(action, "l:organisme-formateur")):
                continue
            row = _service(formation, action, codes, next((p for p in places if p.get("tag") is None), places[0]))
            likeness = tuple(str(row.get(name)) for name in LIKENESS)
            if likeness not in alike:
                alike.add(likeness)
                rows.append(row)
    return rows


LIKENESS = (
    "prix", "frais_precisions", "publics_precisions", "mobilisation_precisions", "modes_accueil", "zone",
    "volume_horaire_hebdomadaire", "structure", "codes", "code_insee",
)  # fmt: skip


def _service(formation: etree._Element, action: etree._Element, codes: list[str], place: etree._Element) -> Row:
    trainer = _all(action, "l:organisme-formateur")[0]
    ranks = {"3": 0, "0": 1, "4": 2}
    contacts = sorted(_all(trainer, "l:contact-formateur"), key=lambda c: ranks.get(_one(c, "l:type-contact"), 3))
    nodes = [*contacts[:1], place, *_all(formation, "l:contact-formation")[:1]]
    where = next((node for node in nodes[:-1] if _one(node, ".//l:adresse/l:ville")), place)
    title, price = _one(formation, "l:intitule-formation"), _number(_one(action, "l:prix-total-TTC"))
    mode = _one(action, "l:modalites-enseignement")
    parts = [_one(formation, "l:objectif-formation"), _one(formation, "l:contenu-formation")]
    return {
        "numero": action.get("numero"),
        "structure": trainer.get("numero") or "",
        "structure_nom": _one(trainer, "l:raison-sociale-formateur"),
        "structure_adresse": "" if where is place else _street(where),
        "structure_site": next(filter(None, (_one(node, ".//l:web/l:urlweb") for node in nodes[:-1])), ""),
        "nom": title if len(title) <= 150 else title[:149] + "…",
        "description": "\n\n".join(part for part in parts if part),
        "lien_source": _one(formation, "l:url-formation/l:urlweb"),
        "date_maj": action.get("datemaj") or formation.get("datemaj"),
        "prix": price,
        "frais": {None: "", True: "gratuit", False: "payant"}[None if price is None else price == 0],
        "frais_precisions": _one(action, "l:detail-conditions-prise-en-charge"),
        "codes": sorted(codes),
        "publics": [AUDIENCES[codes[0]]] if codes[0] in AUDIENCES else [],
        "publics_precisions": _one(action, "l:info-public-vise"),
        "conditions_acces": _one(action, "l:conditions-specifiques"),
        "mobilisation_precisions": _one(action, "l:modalites-recrutement"),
        "adresse": _street(place),
        "commune": _one(place, ".//l:ville"),
        "code_insee": _one(place, ".//l:code-INSEE-commune"),
        "code_postal": _one(place, ".//l:codepostal"),
        "latitude": _number(_one(place, ".//l:latitude")),
        "longitude": _number(_one(place, ".//l:longitude")),
        "telephone": next(
            filter(None, (_one(node, ".//l:telfixe/l:numtel", ".//l:portable/l:numtel") for node in nodes)), ""
        ),
        "courriel": next(filter(None, (_one(node, ".//l:courriel") for node in nodes)), ""),
        "modes_accueil": {"0": ["en-presentiel"], "1": ["a-distance"], "2": ["en-presentiel", "a-distance"]}.get(mode),
        "zone": {"1": "commune", "2": "departement"}.get(_one(action, "l:code-perimetre-recrutement"), "region"),
        "volume_horaire_hebdomadaire": _number(_one(action, "l:extras[@info='duree-hebdo']/l:extra")),
        "level": LETTERS.findall(parts[1]),
    }


def _street(node: etree._Element) -> str:
    return ", ".join(line.text for line in _all(node, "(.//l:adresse)[1]/l:ligne") if line.text)


def their_service(row: Row) -> dict[str, Any]:
    """A row of `data_inclusion` in the columns of the published schema."""
    ways = [name for name, key in (("telephoner", "telephone"), ("envoyer-un-courriel", "courriel")) if row[key]]
    day = min(row["date_maj"], today())
    same = (
        "description lien_source frais frais_precisions publics publics_precisions conditions_acces adresse commune "
        "code_postal code_insee latitude longitude telephone courriel modes_accueil mobilisation_precisions "
        "volume_horaire_hebdomadaire"
    )
    return {
        **{name: row[name] or None for name in same.split()},
        "source": "carif-oref",
        "id": f"carif-oref--{row['numero']}",
        "structure_id": f"carif-oref--{row['structure']}",
        "nom": row["nom"].rstrip("."),
        "date_maj": f"{day[:4]}-{day[4:6]}-{day[6:]}",
        "thematiques": ["lecture-ecriture-calcul--maitriser-le-francais"],
        "modes_mobilisation": ways or None,
        "mobilisable_par": ["professionnels"],
    }


def refugies_info(flow: str) -> list[Row]:
    """One row per action; a single code-public-vise stops it, a postal code that begins with 0 is lost."""
    rows = []
    for formation in _all(_tree(flow), "//l:formation"):
        for action in _all(formation, "l:action"):
            place = next(iter(_all(action, "l:lieu-de-formation")), None)
            codes = [node.text for node in _all(action, "l:code-public-vise")]
            if place is None or len(codes) < 2 or _one(place, ".//l:codepostal").startswith("0"):
                continue
            free = {"2", "3", "8", "9", "11", "12", "13", "15", "19"}
            funder = _one(action, "l:organisme-financeur[1]/l:code-financeur")
            latitude, longitude = (
                _number(_one(place, f".//l:geolocalisation/l:{name}")) for name in ("latitude", "longitude")
            )
            rows.append(
                {
                    "numero": action.get("numero"),
                    "title": _one(place, ".//l:denomination"),
                    "level": LETTERS.findall(_one(formation, "l:contenu-formation")),
                    "commitment": _one(action, "l:duree-indicative"),
                    "audience": [code for code in codes if code in RI_AUDIENCES],
                    "price": "gratuit" if _one(action, "l:conventionnement") == "1" and funder in free else "payant",
                    "point": (latitude, longitude) if latitude is not None and longitude is not None else (0.0, 0.0),
                }
            )
    return rows


RI_AUDIENCES = {"81023", "81042", "81022", "81021", "81019", "81043", "82060"}


def anotea(flow: str) -> Iterator[Row]:
    """Formations cut at lines that begin with their end tag; the first ends the header too."""
    part: list[str] = []
    for line in flow.splitlines():
        part.append(line)
        if line.startswith("</formation"):
            text = "\n".join(part)
            start = text.rfind("<formation ")
            part = []
            formation = etree.fromstring(f'<lheo xmlns="{NS["l"]}">{text[start:]}</lheo>')[0]
            for action in _all(formation, "l:action"):
                yield {
                    "numero": action.get("numero"),
                    "session": bool(_all(action, "l:session/@numero")),
                    "place": _one(action, "l:lieu-de-formation//l:ville"),
                    "siret": _one(action, "l:organisme-formateur/l:SIRET-formateur/l:SIRET").strip("0"),
                }
