"""Filters of the journal, read from the query string."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from backoffice.core.text import clean

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


@dataclass
class JournalForm:
    """typed: {field: text}. errors: {field: message}. days: {field: valid date}."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    def code(self, name: str, known: Collection[str]) -> str:
        """The code typed in this field, "" for all. An unknown code adds an error and gives ""."""
        value = self.typed[name]
        if value and value not in known:
            self.errors[name] = "Choisissez dans la liste."
        return value if value in known else ""


NAMES = ("du", "au", "personne", "etape", "structure", "dispositif", "territoire")


def read_journal(sent: Mapping[str, str]) -> JournalForm:
    form = JournalForm({name: clean(sent.get(name, ""))[:100] for name in NAMES})
    for name in ("du", "au"):
        text = form.typed[name]
        if not text:
            continue
        try:
            day = date.fromisoformat(text)
        except ValueError:
            form.errors[name] = "Cette date n’existe pas. Écrivez-la comme 2026-03-31."
            continue
        if FIRST_DAY <= day <= LAST_DAY:
            form.days[name] = day
        else:
            form.errors[name] = "Choisissez une date entre 2000 et 2100."
    if {"du", "au"} <= form.days.keys() and form.days["au"] < form.days["du"]:
        form.errors["au"] = "La fin de la période est avant son début."
    return form
