"""Search of certifications by name, with spelling mistakes, or by number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, or_, select

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.text import search_key
from backoffice.models import Certification
from backoffice.queries.search import says

MOST = 8
"""Maximum number of choices offered."""
ALIKE = 75
"""Similarity threshold out of 100: «delff b1» matches «DELF B1 – …», «permis b» does not."""


class Certifications:
    """Implements forms.fiches.certifications.CertificationFinder on the table of certifications."""

    def of_code(self, code: str) -> Certification | None:
        return db.session.scalars(select(Certification).where(Certification.code == code)).first() if code else None

    def get(self, number: str) -> Certification | None:
        return db.session.get(Certification, int(number)) if number.isdecimal() and len(number) < 10 else None

    def like(self, text: str) -> Sequence[Certification]:
        """Certifications valid today that match a name or the beginning of a number, best first, MOST at most.

        Accents, word order and case are ignored. When no name contains the words, similar names are returned. In place
        of those that have expired, the valid ones of the same name are returned: registers give it to the successor.
        """
        text = text.strip()[:100]
        code = re.sub(r"[^0-9A-Z]", "", text.upper()).removeprefix("RNCP")
        if re.fullmatch(r"(RS)?[0-9]{2,7}", code):
            numbered = Certification.code.startswith(code, autoescape=True)
            return _found(*_valid(), numbered) or _successors(_found(numbered))
        words = search_key(text).split()
        if not words or len("".join(words)) < 2:
            return []
        named = _found(*_valid(), says(Certification, text))
        # «tef» is inside «…tefois»: names that contain the words as whole words come first.
        whole = [one for one in named if set(words) <= set(one.search_name.split())]
        return [*whole, *(one for one in named if one not in whole)][:MOST] or _alike(" ".join(words))


certifications = Certifications()


def _valid() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: valid today. Same rule as Certification.valid_on."""
    today = local_day(now())
    return (
        or_(Certification.active, Certification.valid_until.is_not(None)),
        or_(Certification.valid_from.is_(None), Certification.valid_from <= today),
        or_(Certification.valid_until.is_(None), Certification.valid_until >= today),
    )


def _successors(expired: Sequence[Certification]) -> Sequence[Certification]:
    """The valid certifications of the same name: what comes before the dash, or the whole name."""
    names = {search_key(one.label.split(" – ")[0]) for one in expired}
    same = [
        or_(Certification.search_name == name, Certification.search_name.startswith(f"{name} ", autoescape=True))
        for name in sorted(names)
        if name
    ]
    return _found(*_valid(), or_(*same)) if same else []


def _found(*wanted: ColumnElement[bool]) -> Sequence[Certification]:
    """Active ones first, then the shortest names."""
    query = select(Certification).where(*wanted).order_by(Certification.active.desc(), Certification.label)
    return sorted(
        db.session.scalars(query.limit(MOST * 4)), key=lambda one: (not one.active, len(one.label.split(" – ")[0]))
    )[:MOST]


def _alike(key: str) -> Sequence[Certification]:
    if len(key) < 4:
        return []
    rows = db.session.execute(select(Certification.id, Certification.search_name).where(*_valid()))
    names = {row.id: row.search_name for row in rows}
    found = process.extract(key, names, scorer=fuzz.partial_ratio, score_cutoff=ALIKE, limit=MOST)
    rank = {id_: place for place, (_, _, id_) in enumerate(found)}
    alike = db.session.scalars(select(Certification).where(Certification.id.in_(rank)))
    return sorted(alike, key=lambda one: rank[one.id])
