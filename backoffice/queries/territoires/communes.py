"""Search of communes by postal code or name. Arrondissements of Paris, Lyon and Marseille are found as their city."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import lazyload, selectinload

from backoffice.core.extensions import db
from backoffice.core.text import search_key
from backoffice.models import Commune, PostalCode
from backoffice.queries.search import says
from backoffice.reference.communes import read_communes

MOST = 12
"""Maximum number of choices offered."""
ALIKE = 80
"""Similarity threshold out of 100: «Sotevile» matches «Sotteville», «Caen» does not match «Rouen»."""


class Communes:
    """Implements reference.towns.CommuneFinder on the table of communes."""

    def __call__(self, postal_code: str) -> Sequence[Commune]:
        """All communes with this postal code, by name."""
        return _communes(Commune.postal_codes.any(PostalCode.code == postal_code), codes=False)

    def by_insee(self, code: str) -> Commune | None:
        """The commune with this INSEE code; the city, for the code of an arrondissement."""
        found = db.session.get(Commune, code) if code else None
        return db.session.get(Commune, found.parent) if found is not None and found.parent else found

    def like(self, text: str) -> list[tuple[Commune, str]]:
        """(commune, postal code) pairs that match a name or the beginning of a code, best first, MOST at most.

        Accents, hyphens and case are ignored. When no name contains the text, similar names are returned.
        """
        text = text.strip()[:100]
        if text.isascii() and text.isdigit():
            found = _communes(Commune.postal_codes.any(PostalCode.code.startswith(text))) if len(text) > 1 else []
            return _pairs(found, text)
        key = search_key(text)
        if not key:
            return []
        named = _communes(Commune.search_name == key)
        begun = _communes(Commune.search_name.startswith(key, autoescape=True), Commune.search_name != key)
        if named or begun:
            return _pairs([*named, *begun])
        within = _communes(says(Commune, key)) if len(key) > 3 else []
        return _pairs(within or _alike(key))


communes_of = Communes()


def _communes(*wanted: ColumnElement[bool], codes: bool = True) -> Sequence[Commune]:
    """Communes that have a postal code, by name. The arrondissements are left out. codes: loads their postal codes."""
    return db.session.scalars(
        select(Commune)
        .options(selectinload(Commune.postal_codes) if codes else lazyload(Commune.postal_codes))
        .where(Commune.parent.is_(None), Commune.postal_codes.any(), *wanted)
        .order_by(Commune.nom)
        .limit(MOST * 4)
    ).all()


def _alike(key: str) -> list[Commune]:
    keys = [found for found, _, _ in process.extract(key, _keys(), scorer=fuzz.ratio, score_cutoff=ALIKE, limit=MOST)]
    by_key: dict[str, list[Commune]] = {}
    for commune in _communes(Commune.search_name.in_(keys)):
        by_key.setdefault(commune.search_name, []).append(commune)
    return [commune for found in keys for commune in by_key.get(found, ())]


@cache
def _keys() -> tuple[str, ...]:
    return tuple({row.search_name for row in read_communes() if row.parent is None})


def _pairs(communes: Sequence[Commune], code: str = "") -> list[tuple[Commune, str]]:
    pairs = [
        (commune, postal.code)
        for commune in communes
        for postal in sorted(commune.postal_codes, key=lambda row: row.code)
        if postal.code.startswith(code)
    ]
    return pairs[:MOST]
