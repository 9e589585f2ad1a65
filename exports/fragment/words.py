"""Parts of a content that have no LHEO element, as French sentences.

The flow and the pages for readers use the same sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from backoffice.core.dates import NBSP, hour, long_day, month
from backoffice.models.content import Action, Contenu, Creneau, Financeur, Niveaux, Recrutement, Session, seen_by
from backoffice.models.content.vocabulary import (
    ESPACES_SOCIAUX,
    INTENSITES,
    PERIMETRES,
    PUBLICS,
    RENDEZ_VOUS,
    VISEES,
)
from backoffice.reference.publics import publics as every_public
from exports.lheo.data_inclusion import PUBLICS as SHOWN_PUBLICS
from exports.lheo.grammar import limit
from exports.lheo.other_readers import FREE_FUNDERS

DEFAULT_PUBLIC = "83056"
OTHER_PERIMETER = "0"  # code-perimetre-recrutement: another area, told in words
NO_CONDITION = "Aucune condition particulière."
NO_SIRET = "Structure sans numéro SIRET (00000000000000)"
NO_ACTIVITY = "Structure non déclarée comme organisme de formation (00000000000)"
NO_RESULT = "Attestation de présence."
NO_ALTERNANCE = "Sans objet : l’action ne comporte pas de période en entreprise."


def slot(creneau: Creneau) -> str:
    """«mardi, 9 h 30 – 11 h 30»; "" while the slot is incomplete."""
    if not (creneau.jour and creneau.debut and creneau.fin):
        return ""
    return f"{creneau.jour}, {hour(creneau.debut)} – {hour(creneau.fin)}"


def duration(minutes: int) -> str:
    """«4 h», «3 h 30», «45 min»"""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    return f"{hours}{NBSP}h" + (f"{NBSP}{rest:02d}" if rest else "")


def schedule(action: Action) -> str:
    """«mardi, 9 h 30 – 11 h 30 (soit 2 h par semaine).»; "" without a complete slot."""
    slots = [text for text in map(slot, action.creneaux) if text]
    if not slots:
        return ""
    return f"{f'{NBSP}; '.join(slots)} (soit {duration(action.minutes_per_week)} par semaine)."


def rhythm(action: Action) -> str:
    """Text of rythme-formation: name of the group, weekly slots and their hours, pace, then the typed text."""
    slots = schedule(action)
    lines = [slots] if slots else []
    if action.intensite:
        label = INTENSITES.get(action.intensite, action.intensite)
        lines.append(f"Rythme {label[:1].lower()}{label[1:]}.")
    if action.rythme:
        lines.append(action.rythme)
    if action.nom and lines:
        lines[0] = f"{action.nom}{NBSP}: {lines[0]}"
    elif slots:
        lines[0] = lines[0].capitalize()
    return "\n".join(lines)


def entry_level(levels: Niveaux) -> str:
    """«Niveau de français à l’entrée : A1 à l’oral, alphabétisation à l’écrit.»; "" when unknown."""
    return _level("Niveau de français à l’entrée", levels.entree_oral, levels.entree_ecrit)


def aimed_level(levels: Niveaux) -> str:
    return _level("Niveau de français visé", levels.vise_oral, levels.vise_ecrit)


def _level(intro: str, oral: str, written: str) -> str:
    parts = []
    if oral:
        parts.append(f"{short_level(oral)} à l’oral")
    if written:
        parts.append(f"{short_level(written)} à l’écrit")
    return f"{intro}{NBSP}: {', '.join(parts)}." if parts else ""


def short_level(code: str) -> str:
    return {"alpha": "alphabétisation", "infra A1.1": "débutant (avant A1.1)"}.get(code, code)


@dataclass(frozen=True)
class Sentence:
    """An answer that the flow carries as a sentence: the export writes it, the import removes it.

    pattern: the value, of a group or of the whole content. text: {} is replaced by the answer; a text without {} is
    the «yes» of a yes/no question, and «no» gives no sentence.
    """

    pattern: str
    text: str

    def __call__(self, content: Contenu, action: Action | None) -> str:
        value = seen_by(content, action, self.pattern)
        return self.text.format(value) if value else ""


@dataclass(frozen=True)
class Text:
    """One text of the flow: the value at `typed`, else `usual`, then the sentences, one per line.

    A sentence that is not a `Sentence` repeats values that other elements carry: each of its lines is left out when the
    element at `path` has no room for it. What was typed is never cut.
    """

    typed: str
    usual: str
    sentences: tuple[Callable[[Contenu, Action | None], str], ...]
    path: str

    def write(self, content: Contenu, action: Action | None = None) -> str:
        longest = limit(self.path)[1]
        text = seen_by(content, action, self.typed) or self.usual
        for sentence in self.sentences:
            said = sentence(content, action)
            for line in [said] if isinstance(sentence, Sentence) else said.split("\n"):
                longer = f"{text}\n{line}" if text else line
                if line and (isinstance(sentence, Sentence) or len(longer) <= longest):
                    text = longer
        return text


def _entry_level(content: Contenu, action: Action | None) -> str:
    return entry_level(content.levels_of(action) if action else content.formation.niveaux)


def _aimed_level(content: Contenu, action: Action | None) -> str:
    return aimed_level(content.formation.niveaux)


def _fees(content: Contenu, _action: Action | None = None) -> str:
    frais = one_line(content.financement.frais)
    return f"Reste à payer{NBSP}: {frais}." if frais else ""


def _perimeter(content: Contenu, _action: Action | None) -> str:
    code = content.inscription.perimetre
    label = "" if code == OTHER_PERIMETER else PERIMETRES.get(code, "")
    return f"Ouvert aux personnes {label[:1].lower()}{label[1:]}." if label else ""


def price_details(content: Contenu) -> str:
    """Text of detail-conditions-prise-en-charge: price, fees that remain, and whether an aid may pay them; "" if none.

    data·inclusion shows it beside the price, and never shows frais-restants.
    """
    money = content.financement
    price = f"Prix pour la personne{NBSP}: {money.prix}{NBSP}€." if money.cout == "payant" and money.prix else ""
    parts = [price, _fees(content)]
    if any(parts) and money.prise_en_charge:
        parts.append("Une aide peut payer ces frais.")
    return " ".join(part for part in parts if part)


def length(action: Action) -> str:
    """Text of duree-indicative: the typed one, else «120 h en tout, 4 h par semaine, 30 semaines»."""
    if action.duree:
        return action.duree
    hours, week = action.hours, action.minutes_per_week
    parts = [
        f"{hours}{NBSP}h en tout" if hours else "",
        f"{duration(week)} par semaine" if week else "",
        f"{action.semaines}{NBSP}semaines" if action.semaines else "",
    ]
    return ", ".join(part for part in parts if part)


def one_line(text: str) -> str:
    """The text on one line, without its final full stop."""
    return " ".join(text.split()).rstrip(".").rstrip()


CONDITIONS = Text(
    "formation.conditions",
    NO_CONDITION,
    (_entry_level, _fees, _perimeter),
    "formation/action/conditions-specifiques",
)
"""Text of conditions-specifiques, for each group."""

RESULTS = Text(
    "formation.resultats",
    NO_RESULT,
    (Sentence("formation.certification", f"Examen ou diplôme préparé{NBSP}: {{}}."), _aimed_level),
    "formation/resultats-attendus",
)
"""Text of resultats-attendus, for the formation."""


def period(session: Session) -> str:
    """«du mardi 3 mars 2026 au mardi 30 juin 2026», or the months while the days are not fixed.

    «à partir du mardi 3 mars 2026» for a session without end.
    """
    written = month if session.mois_seulement else long_day
    if session.debut and not session.fin:
        return f"à partir {'de ' if session.mois_seulement else 'du '}{written(session.debut)}"
    parts = []
    if session.debut:
        parts.append(f"{'de ' if session.mois_seulement else 'du '}{written(session.debut)}")
    if session.fin:
        parts.append(f"{'à ' if session.mois_seulement else 'au '}{written(session.fin)}")
    return " ".join(parts)


def appointment(found: Recrutement, session: Session) -> str:
    """«Un entretien, lundi 7 septembre 2026, 9 h – 12 h 30, 18 personnes»"""
    written = month if session.mois_seulement else long_day
    hours = " – ".join(hour(moment) for moment in (found.debut, found.fin) if moment)
    people = f"{found.places} personnes" if found.places is not None else ""
    day = written(found.jour) if found.jour else ""
    return ", ".join(part for part in (RENDEZ_VOUS.get(found.modalite, ""), day, hours, people) if part)


def labels(codes: Iterable[str], table: Mapping[str, str]) -> list[str]:
    """Labels of these codes, in the order of the table, then the unknown codes as they are, sorted."""
    wanted = set(codes)
    return [words for code, words in table.items() if code in wanted] + sorted(wanted - set(table))


def social_spaces(content: Contenu) -> list[str]:
    return labels(content.formation.espaces_sociaux, ESPACES_SOCIAUX)


def aims(content: Contenu) -> list[str]:
    return labels(content.formation.visees, VISEES)


def publics_of(content: Contenu) -> list[str]:
    """Codes of code-public-vise, most telling first: data·inclusion shows the first one only."""
    told = [*SHOWN_PUBLICS, *(code for code in PUBLICS if code not in SHOWN_PUBLICS)]
    ranks = {code: rank for rank, code in enumerate(told)}
    codes = sorted(content.formation.publics, key=lambda code: ranks.get(code, len(ranks)))
    return codes or [DEFAULT_PUBLIC]


def funders_of(content: Contenu) -> list[Financeur]:
    """Rows of organisme-financeur: Réfugiés.info reads the first one only, to say whether the action is free."""
    return sorted(content.financement.financeurs, key=lambda row: row.code not in FREE_FUNDERS)


@cache
def public_words() -> dict[str, str]:
    """{code: words} of every public that a fiche may name, in plain words where we have some. Cached: do not modify."""
    return {**every_public(), **PUBLICS}
