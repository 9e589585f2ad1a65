"""Upgrades of stored documents: one pure function per version of the content's schema.

A stored document carries the version of the schema that wrote it, under the key ``version``; without that key it is
of version 1. It is upgraded each time it is read; its stored bytes and its hash never change.

A new value with a default needs no new version: an absent key takes its default. A new version is needed when a key is
renamed or moved, or when the same answer is stored otherwise than before. Then:

1. append its function to UPGRADES;
2. add ``tests/fiches/contents/<version>.json``, what the function makes of the example of the version before.

SQL that reads a key of a stored document (`queries.fiches.register_alerts`) sees it as it was stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backoffice.models.values import telephones

Document = dict[str, Any]
"""The JSON form of a content: str, int, bool, None, lists and dicts; dates as ISO 8601."""

Upgrade = Callable[[Document], Document]
"""Document of one version → document of the next.

The document may be incomplete: a draft just begun, or the only part that a structure stores. The function never changes
the one it receives: see `changed`.
"""

VERSION = "version"
"""The key of the version in a stored document."""


def changed(document: Document, pattern: str, change: Callable[[Any], Any]) -> Document:
    """A copy with `change` applied to each value at this pattern (``lieux[].adresse.ville``), where there is one."""
    name, _, rest = pattern.partition(".")
    key = name.removesuffix("[]")
    if key not in document:
        return document

    def one(value: Any) -> Any:
        return changed(value, rest, change) if rest else change(value)

    value = document[key]
    return {**document, key: [one(item) for item in value] if name.endswith("[]") else one(value)}


_TELEPHONES = tuple(
    f"{contact}.telephone"
    for contact in ("structure.contact", "structure.formateur", "formation.contact", "inscription.contact")
)


def telephones_in_e164(document: Document) -> Document:
    """Telephones were kept as they were typed; those that are numbers are in E.164, a short one as it is dialled."""
    for pattern in _TELEPHONES:
        document = changed(document, pattern, telephones.stored)
    return document


UPGRADES: tuple[Upgrade, ...] = (telephones_in_e164,)
"""From version 1 to 2, from 2 to 3…"""


class ContentError(ValueError):
    """A stored document does not match the content model."""


def current(upgrades: Sequence[Upgrade] = UPGRADES) -> int:
    """The version that is written."""
    return len(upgrades) + 1


def upgraded(document: Document, upgrades: Sequence[Upgrade] = UPGRADES) -> Document:
    """The document in its current version, without the key `version`.

    Raises ContentError for a version that does not exist.
    """
    version = document.get(VERSION, 1)
    if type(version) is not int or not 1 <= version <= current(upgrades):
        raise ContentError(f"version de contenu inconnue : {version!r}")
    document = {key: value for key, value in document.items() if key != VERSION}
    for upgrade in upgrades[version - 1 :]:
        document = upgrade(document)
    return document
