"""Detects, in a flow, what its consumers ignore or reject. The facts come from their public code.

``exports.fragment.reader_losses`` does the same for a fiche being edited, with the facts and names of this module.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from backoffice.reference.formacodes import domaines

from .grammar import NAMESPACE

DATA_INCLUSION = "data·inclusion"
EDOF = "EDOF (Mon compte formation)"
TITLE_SHOWN = 150
"""Characters of a title that data·inclusion keeps."""
CLOSE_HOURS = 10
"""EDOF rejects an action whose duration differs from a similar one by fewer hours than this."""

PUBLICS_SHOWN: dict[str, str] = {
    **dict.fromkeys(("81023", "81042", "81022"), "Personnes exilées"),
    **dict.fromkeys(("80006", "80001", "80003", "80004", "80007", "80008", "80009"), "Demandeurs d’emploi"),
    "80010": "Bénéficiaires des minimas sociaux",
    "81018": "Femmes",
    **dict.fromkeys(("81024", "81032", "81033"), "Jeunes"),
    "81020": "Personnes en situation de handicap",
    "82044": "Actifs",
    **dict.fromkeys(("83056", "81050"), "Tous publics"),
}
"""{code-public-vise: audience that data·inclusion shows}, most telling first. Others show nothing."""
FREE_FUNDERS = frozenset({"2", "3", "8", "9", "11", "12", "13", "15", "19"})
"""code-financeur by which Réfugiés.info knows that an action is free. OFII, 20, is not among them."""

_PREFIX = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a consumer does with a ``unit`` (formation or action). words: the French sentence shown."""

    consumer: str
    code: str
    unit: str
    words: str


RULES: dict[str, Rule] = {
    code: Rule(consumer, code, unit, words)
    for consumer, code, unit, words in (
        (DATA_INCLUSION, "domaine", "formation", "Écartée : aucun de ses Formacodes V14 n’y est repris."),
        (DATA_INCLUSION, "titre", "formation", f"Intitulé coupé à {TITLE_SHOWN} caractères."),
        (DATA_INCLUSION, "sans-formateur", "action", "Écartée : elle ne nomme aucun organisme-formateur."),
        (DATA_INCLUSION, "sans-public", "action", "Écartée : elle n’a pas de code-public-vise."),
        (DATA_INCLUSION, "sans-lieu", "action", "Écartée : elle n’a pas de lieu-de-formation."),
        (DATA_INCLUSION, "lieu-principal", "action", "Lieu ignoré : aucun lieu n’est marqué « principal »."),
        (
            DATA_INCLUSION,
            "autres-lieux",
            "action",
            "Seul le lieu marqué « principal » est lu, les autres sont ignorés.",
        ),
        (DATA_INCLUSION, "sans-prix", "action", "Coût inconnu : sans prix-total-TTC, ni gratuit ni payant."),
        (
            DATA_INCLUSION,
            "injoignable",
            "action",
            "Sans moyen de contact : ni téléphone ni courriel là où ils sont lus.",
        ),
        (DATA_INCLUSION, "presence", "action", "« Mixte » et « à distance » y sont lus l’un pour l’autre."),
        (DATA_INCLUSION, "semblable", "action", "Écartée : une autre action de la formation lui ressemble en tout."),
        (EDOF, "30056", "action", "Refusée (code 30056) : une autre action de la formation lui est identique."),
        (
            EDOF,
            "30057",
            "action",
            f"Refusée (code 30057) : moins de {CLOSE_HOURS} h la distinguent d’une autre action de la formation.",
        ),
    )
}
"""{code: rule}, in display order."""

Children = dict[str, list[etree._Element]]


def drops(formation: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield (code of the rule, element concerned) for one formation in the 2.3 namespace."""
    parts = _children(formation)
    yield from _formation(formation, parts)
    reached = any(map(_reach, parts.get("contact-formation", ())))
    actions = [(action, _children(action)) for action in parts.get("action", ())]
    for action, inside in actions:
        yield from ((code, action) for code in _action(inside, reached))
    if len(actions) > 1:
        yield from _doubles(actions)


def _formation(formation: etree._Element, parts: Children) -> Iterator[tuple[str, etree._Element]]:
    codes = {
        _text_of(code)
        for domain in parts.get("domaine-formation", ())
        for code in domain.iterchildren(f"{_PREFIX}code-FORMACODE")
        if code.get("ref") == "V14"
    }
    if not codes & domaines().keys():
        yield "domaine", formation
    if len(_text(parts, "intitule-formation")) > TITLE_SHOWN:
        yield "titre", formation


def _action(parts: Children, reached: bool) -> Iterator[str]:
    for name, code in (
        ("organisme-formateur", "sans-formateur"),
        ("code-public-vise", "sans-public"),
        ("lieu-de-formation", "sans-lieu"),
    ):
        if name not in parts:
            yield code
    places = parts.get("lieu-de-formation", [])
    if places and not any(place.get("tag") == "principal" for place in places):
        yield "lieu-principal"
    elif len(places) > 1:
        yield "autres-lieux"
    if not _text(parts, "prix-total-TTC"):
        yield "sans-prix"
    if not reached and not any(map(_reach, [*parts.get("organisme-formateur", []), *places])):
        yield "injoignable"
    if _text(parts, "modalites-enseignement") in ("1", "2"):
        yield "presence"


def _doubles(actions: list[tuple[etree._Element, Children]]) -> Iterator[tuple[str, etree._Element]]:
    seen: set[tuple[object, ...]] = set()
    hours: dict[tuple[object, ...], list[float]] = defaultdict(list)
    whole: set[tuple[str, ...]] = set()
    for action, parts in actions:
        key = _look(parts)
        if key in seen:
            yield "semblable", action
        seen.add(key)
        written = tuple(map(_text_of, action.iter(f"{_PREFIX}*")))
        place, length = _place(parts), _hours(parts)
        if written in whole:
            yield "30056", action
        elif any(abs(length - other) < CLOSE_HOURS for other in hours[place]):
            yield "30057", action
        else:
            hours[place].append(length)
        whole.add(written)


def _look(parts: Children) -> tuple[object, ...]:
    """The values by which data·inclusion distinguishes two actions of a formation."""
    texts = (
        "prix-total-TTC",
        "detail-conditions-prise-en-charge",
        "info-public-vise",
        "modalites-recrutement",
        "modalites-enseignement",
        "code-perimetre-recrutement",
    )
    weekly = [
        _text_of(extra) for extras in parts.get("extras", ()) if extras.get("info") == "duree-hebdo" for extra in extras
    ]
    trainers = [_descendant(trainer, "SIRET") for trainer in parts.get("organisme-formateur", ())]
    publics = frozenset(map(_text_of, parts.get("code-public-vise", ())))
    return (*(_text(parts, name) for name in texts), tuple(weekly), tuple(trainers), publics, _town(parts))


def _place(parts: Children) -> tuple[object, ...]:
    """The values that EDOF compares, besides the hours."""
    texts = ("modalites-enseignement", "modalites-pedagogiques", "acces-handicapes")
    places = tuple(tuple(map(_text_of, place.iter(etree.Element))) for place in parts.get("lieu-de-formation", ()))
    tongues = tuple(map(_text_of, parts.get("langue-formation", ())))
    return (*(_text(parts, name) for name in texts), places, tongues)


def _hours(parts: Children) -> float:
    try:
        return float(_text(parts, "nombre-heures-total") or 0)
    except ValueError:
        return 0.0


def _town(parts: Children) -> str:
    places = parts.get("lieu-de-formation", [])
    principal = next((place for place in places if place.get("tag") == "principal"), None)
    if principal is None:
        return ""
    return _descendant(principal, "code-INSEE-commune") or _descendant(principal, "ville")


def _reach(element: etree._Element) -> bool:
    return next(element.iter(f"{_PREFIX}numtel", f"{_PREFIX}courriel"), None) is not None


def _children(element: etree._Element) -> Children:
    children: Children = {}
    for child in element.iterchildren(f"{_PREFIX}*"):
        children.setdefault(str(child.tag).rpartition("}")[2], []).append(child)
    return children


def _descendant(element: etree._Element, name: str) -> str:
    found = next(element.iter(f"{_PREFIX}{name}"), None)
    return "" if found is None else _text_of(found)


def _text(parts: Children, name: str) -> str:
    return _text_of(parts[name][0]) if name in parts else ""


def _text_of(element: etree._Element) -> str:
    return (element.text or "").strip()
