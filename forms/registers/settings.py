"""Settings of a register: readings needed before a change, share of rows that a file must have."""

from __future__ import annotations

from collections.abc import Mapping

MOST_READINGS = 10

FIELDS = {
    "additions": ("Lectures avant d’ajouter", 1, MOST_READINGS, "1 : dès la première fois."),
    "changes": (
        "Lectures avant de changer",
        1,
        MOST_READINGS,
        "Combien de lectures de suite doivent le dire.",
    ),
    "removals": ("Lectures avant de retirer", 1, MOST_READINGS, "Combien de lectures de suite ne la nomment plus."),
    "least": (
        "Part de lignes exigée (sur 100)",
        0,
        100,
        "Un fichier qui a moins de lignes que cette part de la table est refusé : il est sans doute incomplet.",
    ),
}
"""{name: (label, least, most, help)}; least and most are accepted."""


def read_patience(sent: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """({name: value}, {name: error})."""
    values: dict[str, int] = {}
    errors: dict[str, str] = {}
    for name, (label, least, most, _) in FIELDS.items():
        text = sent.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
            values[name] = int(text)
        else:
            errors[name] = f"{label} : écrivez un nombre de {least} à {most}."
    return values, errors
