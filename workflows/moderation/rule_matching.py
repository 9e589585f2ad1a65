"""Evaluates a moderation rule on a content. Pure: same rule, content and day, same hits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType, number_type

from backoffice.core.dates import short_day
from backoffice.models.content import Contenu, values
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.moderation.rule_language import (
    EMPTY,
    NUMBERS,
    TEXTS,
    Condition,
    Consumers,
    Dates,
    Definition,
    Missing,
    Number,
    Personal,
    Place,
    Programme,
    Publics,
    Words,
)
from exports.fragment.reader_views import drops

MOST_SPOTS = 20
"""Maximum hits of one rule in one content: more would not help a moderator."""
AROUND = 30
"""Characters of context shown on each side of the words found."""


@dataclass(frozen=True)
class Hit:
    """path: of the content, "" for the whole; excerpt: the words or the value found."""

    path: str
    excerpt: str


@dataclass(frozen=True)
class Facts:
    """Input of a rule. structure: the name of the organisme in its account."""

    content: Contenu
    structure: str
    dispositif: Dispositif
    today: date


def evaluate(definition: Definition, facts: Facts) -> list[Hit]:
    """The hits, in the order of the conditions; [] when `every` is set and a condition has none."""
    found: list[Hit] = []
    for condition in definition.conditions:
        hits = list(_FINDERS[type(condition)](condition, facts))
        if definition.every and not hits:
            return []
        found += hits
    return list(dict.fromkeys(found))[:MOST_SPOTS]


# --- Words ------------------------------------------------------------------------------------------

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_TOKEN = re.compile(r"[^\W_]+|%")


def folded(text: str) -> str:
    """Lower case, without accents or ligatures: «Œuvre Étoilée» → «oeuvre etoilee»."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


@dataclass(frozen=True)
class _Token:
    word: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    text = unicodedata.normalize("NFC", text)
    return [_Token(folded(found[0]), found.start(), found.end()) for found in _TOKEN.finditer(text)]


def _phrase(text: str) -> list[tuple[str, bool]]:
    """[(word, whether it matches as a prefix), …]"""
    parts: list[tuple[str, bool]] = []
    for word in text.split():
        tokens = [token.word for token in _tokens(word)]
        parts += [(token, False) for token in tokens[:-1]]
        if tokens:
            parts.append((tokens[-1], word.endswith("*")))
    return parts


def _stands(phrase: list[tuple[str, bool]], tokens: list[_Token], at: int) -> bool:
    if at + len(phrase) > len(tokens):
        return False
    return all(
        token.word.startswith(word) if open_ended else token.word == word
        for (word, open_ended), token in zip(phrase, tokens[at : at + len(phrase)], strict=True)
    )


def _words(condition: Words, facts: Facts) -> Iterator[Hit]:
    phrases = [phrase for text in condition.mots if (phrase := _phrase(text))]
    for path, text in _texts(condition.textes, facts):
        text = unicodedata.normalize("NFC", text)
        tokens = _tokens(text)
        ranks: dict[str, list[int]] = {}
        for rank, token in enumerate(tokens):
            ranks.setdefault(token.word, []).append(rank)
        for phrase in phrases:
            at = next((rank for rank in _starts(phrase[0], ranks) if _stands(phrase, tokens, rank)), None)
            if at is not None:
                yield Hit(path, _excerpt(text, tokens[at].start, tokens[at + len(phrase) - 1].end))


def _starts(first: tuple[str, bool], ranks: dict[str, list[int]]) -> list[int]:
    """Ranks where a phrase may begin; an index, since texts and lists of words are long."""
    word, open_ended = first
    if not open_ended:
        return ranks.get(word, [])
    return sorted(rank for known, places in ranks.items() if known.startswith(word) for rank in places)


def _texts(names: tuple[str, ...], facts: Facts) -> Iterator[tuple[str, str]]:
    for name in names:
        for pattern in TEXTS[name][1]:
            yield from ((path, str(value)) for path, value in values(facts.content, pattern) if value)
    if "structure" in names and facts.structure != facts.content.structure.nom:
        yield "structure-nom", facts.structure


def _excerpt(text: str, start: int, end: int) -> str:
    """The words found, between « », with their context."""
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    if start > AROUND:
        before = f"…{before.partition(' ')[2]}"
    if len(text) > end + AROUND:
        after = f"{after.rpartition(' ')[0]}…"
    return " ".join(f"{before}« {text[start:end]} »{after}".split())


# --- Values -----------------------------------------------------------------------------------------


def _measured(name: str, content: Contenu) -> Iterator[tuple[str, float]]:
    if name == "prix":
        if content.financement.prix is not None:
            yield "financement-prix", content.financement.prix
        return
    for rank, action in enumerate(content.actions):
        here = f"actions-{rank}"
        if name == "places_libres":
            for row, session in enumerate(action.sessions):
                if session.places_libres is not None:
                    yield f"{here}-sessions-{row}-places_libres", session.places_libres
            continue
        value: float | None = {
            "heures_total": action.hours,
            "heures_semaine": action.minutes_per_week / 60 or None,
            "heures_seance": max((slot.minutes for slot in action.creneaux), default=0) / 60 or None,
            "semaines": action.semaines,
            "effectif_min": action.effectif_min,
            "effectif_max": action.effectif_max,
        }[name]
        if value is not None:
            yield f"{here}-{NUMBERS[name][1]}", value


def _number(condition: Number, facts: Facts) -> Iterator[Hit]:
    for path, value in _measured(condition.valeur, facts.content):
        low = condition.moins_de is not None and value < condition.moins_de
        high = condition.plus_de is not None and value > condition.plus_de
        if low or high:
            shown = f"{value:.1f}".removesuffix(".0").replace(".", ",")
            limit = f"moins de {condition.moins_de}" if low else f"plus de {condition.plus_de}"
            yield Hit(path, f"{NUMBERS[condition.valeur][0]} : {shown} ({limit})")


def _place(condition: Place, facts: Facts) -> Iterator[Hit]:
    departements = {code.upper() for code in condition.departements}
    communes = {_name(text) for text in condition.communes}
    for rank, lieu in enumerate(facts.content.lieux):
        adresse = lieu.adresse
        named = {_name(adresse.ville), adresse.code_postal, adresse.code_insee.casefold()} - {""}
        if adresse.departement in departements or communes & named:
            yield Hit(f"lieux-{rank}-adresse-ville", f"{adresse.code_postal} {adresse.ville}".strip())


def _name(text: str) -> str:
    return " ".join(token.word for token in _tokens(text))


def _publics(condition: Publics, facts: Facts) -> Iterator[Hit]:
    cited = set(facts.content.formation.publics) & set(condition.codes)
    if condition.sens == "un" and cited:
        table: Any = condition.__dataclass_fields__["codes"].metadata["table"]
        yield Hit("formation-publics", ", ".join(table[code] for code in condition.codes if code in cited))
    elif condition.sens == "aucun" and not cited:
        yield Hit("formation-publics", "Aucun des publics attendus n’est cité.")


def _programme(condition: Programme, facts: Facts) -> Iterator[Hit]:
    if facts.dispositif in condition.dispositifs:
        yield Hit("", f"Dispositif {facts.dispositif}")


def _missing(condition: Missing, facts: Facts) -> Iterator[Hit]:
    for pattern in condition.champs:
        for path, value in values(facts.content, pattern):
            if value in ("", None, []):
                spot = f"{path}-0-jour" if path.endswith("-creneaux") else path
                yield Hit(spot, f"« {EMPTY[pattern]} » : pas de réponse.")


def _consumers(_condition: Consumers, facts: Facts) -> Iterator[Hit]:
    for drop in drops(facts.content, facts.dispositif):
        yield Hit(drop.path, f"{drop.consumer} : {drop.message}")


# --- Dates ------------------------------------------------------------------------------------------


def _dates(condition: Dates, facts: Facts) -> Iterator[Hit]:
    margin = timedelta(condition.jours or 0)
    sessions = [
        (f"actions-{rank}-sessions-{row}", session)
        for rank, action in enumerate(facts.content.actions)
        for row, session in enumerate(action.sessions)
    ]
    over = [(path, s.fin) for path, s in sessions if s.fin and facts.today - s.fin > margin]
    if condition.quoi == "inscription_passee":
        end = facts.content.inscription.fin
        if end and facts.today - end > margin:
            yield Hit("inscription-fin", f"Inscriptions closes le {short_day(end)}")
    elif condition.quoi == "session_passee" or (condition.quoi == "tout_passe" and len(over) == len(sessions)):
        yield from (Hit(f"{path}-fin", f"Terminée le {short_day(end)}") for path, end in over)
    elif condition.quoi == "session_lointaine":
        for path, session in sessions:
            if session.debut and session.debut - facts.today > margin:
                yield Hit(f"{path}-debut", f"Commence le {short_day(session.debut)}")
    elif condition.quoi == "session_longue":
        for path, session in sessions:
            if session.debut and session.fin and session.fin - session.debut > margin:
                yield Hit(f"{path}-fin", f"Du {short_day(session.debut)} au {short_day(session.fin)}")


# --- Contact data of a person in a public text --------------------------------------------------------

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")

PUBLIC_BOXES = frozenset(
    {
        *("accueil", "administration", "admin", "asso", "association", "atelier", "ateliers", "bonjour", "bureau"),
        *("ccas", "centre", "communication", "contact", "contacts", "coordination", "direction", "fle", "formation"),
        *("formations", "francais", "info", "infos", "inscription", "inscriptions", "mairie", "pole", "secretariat"),
        *("service", "social", "standard"),
    }
)
"""First words of addresses that belong to a service, not to a person."""


def _personal(_condition: Personal, facts: Facts) -> Iterator[Hit]:
    """Mobile numbers and personal e-mail addresses found in a public text. Those that the fiche gives as its public
    contact are not hits."""
    content = facts.content
    contacts = (content.formation.contact, content.structure.contact, content.inscription.contact)
    given = {contact.courriel.casefold() for contact in contacts} | {content.structure.courriel.casefold()}
    numbers = {_digits(contact.telephone) for contact in contacts}
    for path, text in _texts(tuple(name for name in TEXTS if name != "structure"), facts):
        for found in _EMAIL.finditer(text):
            address = found[0].rstrip(".-")
            if address.casefold() not in given and _of_a_person(address):
                yield Hit(path, address)
        for match in PhoneNumberMatcher(text, "FR", leniency=Leniency.VALID, max_tries=200):
            mobile = number_type(match.number) == PhoneNumberType.MOBILE
            if mobile and _digits(match.raw_string) not in numbers:
                yield Hit(path, match.raw_string)


def _digits(phone: str) -> str:
    """The last nine digits: the same for «06…» and «+33 6…»."""
    return re.sub(r"\D", "", phone)[-9:]


def _of_a_person(address: str) -> bool:
    return re.split(r"[.+_-]|\d", folded(address.partition("@")[0]))[0] not in PUBLIC_BOXES


_FINDERS: dict[type[Condition], Callable[[Any, Facts], Iterator[Hit]]] = {
    Words: _words,
    Number: _number,
    Place: _place,
    Dates: _dates,
    Publics: _publics,
    Programme: _programme,
    Missing: _missing,
    Consumers: _consumers,
    Personal: _personal,
}
