"""How other readers read a ``formation``: Réfugiés.info, Anotéa, EDOF, a search engine. Facts of November 2026."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from lxml import etree

from .cards import Card, Children, Shown, Tree, address, descendant, levels_in, number, text, text_of

FREE_FUNDERS = frozenset({"2", "3", "8", "9", "11", "12", "13", "15", "19"})
"""code-financeur by which Réfugiés.info knows that an action is free. OFII, 20, is not among them."""
ITS_PUBLICS = {
    "81023": "Primo-arrivants",
    "81042": "Réfugiés",
    "81022": "Étrangers",
    **dict.fromkeys(("81021", "81019", "81043", "82060"), "Tous"),
}
CLOSE_HOURS = 10
"""EDOF rejects an action whose duration differs from a similar one by fewer hours than this."""
SNIPPET = 160
"""Characters of a description that search engines show, about."""


def refugies_info(tree: Tree) -> Shown:
    """Its own reader of LHEO, in its repository: one card an action."""
    shown, parts = Shown(), tree.parts
    levels = levels_in(text(parts, "contenu-formation"))
    if not levels:
        shown.lose("ri-niveau")
    for rank, (_action, inside) in enumerate(tree.actions):
        codes = [text_of(code) for code in inside.get("code-public-vise", ())]
        place = next(iter(inside.get("lieu-de-formation", ())), None)
        if len(codes) == 1:
            shown.lose("ri-un-public", rank)
        if descendant(place, "codepostal").startswith("0"):
            shown.lose("ri-code-postal", rank)
        card = Card(
            (rank,),
            title=descendant(place, "denomination"),
            structure=descendant(next(iter(inside.get("organisme-formateur", ())), None), "raison-sociale-formateur"),
            audience=tuple(dict.fromkeys(ITS_PUBLICS[code] for code in codes if code in ITS_PUBLICS)),
            level=levels,
            place=", ".join(filter(None, (address(place), descendant(place, "ville")))),
            point=_point(place),
            price="Gratuit" if _is_free(inside) else "Payant",
            hours=text(inside, "duree-indicative"),
            description=text(parts, "contenu-formation"),
        )
        if card.price == "Payant" and number(text(inside, "prix-total-TTC")) == 0:
            shown.lose("ri-payant", rank)
        if not card.title:
            shown.lose("ri-titre", rank)
        if card.point is None:
            shown.lose("ri-point", rank)
        if len(inside.get("session", ())) > 1:
            shown.lose("ri-sessions", rank)
        shown.cards.append(card)
    return shown


def _is_free(inside: Children) -> bool:
    funder = descendant(next(iter(inside.get("organisme-financeur", ())), None), "code-financeur")
    return text(inside, "conventionnement") == "1" and funder in FREE_FUNDERS


def _point(place: etree._Element | None) -> tuple[float, float] | None:
    latitude, longitude = number(descendant(place, "latitude")), number(descendant(place, "longitude"))
    return None if latitude is None or longitude is None else (latitude, longitude)


def anotea(tree: Tree) -> Shown:
    """France Travail's reader of opinions: cuts formations at lines that begin with their end tag."""
    shown, parts = Shown(), tree.parts
    formation = tree.root
    last = formation[-1].tail if len(formation) else formation.text
    if not (last or "").rstrip(" \t").endswith("\n"):
        shown.lose("anotea-ligne")
        return shown
    for rank, (action, inside) in enumerate(tree.actions):
        place = next(iter(inside.get("lieu-de-formation", ())), None)
        siret = descendant(next(iter(inside.get("organisme-formateur", ())), None), "SIRET")
        numbered = [formation, action, *inside.get("session", ())]
        if not all(node.get("numero") for node in numbered) or not siret.strip("0") or not descendant(place, "ville"):
            shown.lose("anotea-reperes", rank)
            continue
        shown.cards.append(
            Card(
                (rank,),
                title=text(parts, "intitule-formation"),
                structure=siret,
                place=", ".join(filter(None, (address(place), descendant(place, "ville")))),
            )
        )
    return shown


def search_engine(tree: Tree) -> Shown:
    """schema.org ``Course`` on the public page of the fiche: one result for all its groups."""
    shown, parts = Shown(), tree.parts
    link = descendant(next(iter(parts.get("url-formation", ())), None), "urlweb")
    if not link:
        shown.lose("moteur-page")
    responsible = next(iter(parts.get("organisme-formation-responsable", ())), None)
    first = tree.actions[0][1] if tree.actions else {}
    place = next(iter(first.get("lieu-de-formation", ())), None)
    price = number(text(first, "prix-total-TTC"))
    description = " ".join(text(parts, "objectif-formation").split())
    shown.cards.append(
        Card(
            tuple(range(len(tree.actions))),
            title=text(parts, "intitule-formation"),
            structure=descendant(responsible, "nom-organisme"),
            place=descendant(place, "ville"),
            price="" if price is None else "Gratuit" if price == 0 else f"{price:g} €",
            description=description if len(description) <= SNIPPET else f"{description[: SNIPPET - 1]}…",
            link=link,
        )
    )
    return shown


def edof(tree: Tree) -> Shown:
    """Mon compte formation refuses an action that another one of the formation repeats."""
    shown = Shown()
    hours: dict[tuple[object, ...], list[tuple[float, int]]] = defaultdict(list)
    whole: dict[tuple[str, ...], int] = {}
    for rank, (action, inside) in enumerate(tree.actions if len(tree.actions) > 1 else ()):
        written = tuple(map(text_of, action.iter(etree.Element)))
        place, length = _taught_at(inside), number(text(inside, "nombre-heures-total")) or 0.0
        close = next((other for known, other in hours[place] if abs(length - known) < CLOSE_HOURS), None)
        if written in whole:
            shown.lose("30056", rank, whole[written])
        elif close is not None:
            shown.lose("30057", rank, close)
        else:
            hours[place].append((length, rank))
        whole.setdefault(written, rank)
    return shown


def _taught_at(inside: Children) -> tuple[object, ...]:
    """The values that EDOF compares, besides the hours."""
    said = partial(text, inside)
    places = tuple(tuple(map(text_of, place.iter(etree.Element))) for place in inside.get("lieu-de-formation", ()))
    tongues = tuple(map(text_of, inside.get("langue-formation", ())))
    return (*map(said, ("modalites-enseignement", "modalites-pedagogiques", "acces-handicapes")), places, tongues)
