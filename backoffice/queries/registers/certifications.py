"""Search of certifications by name, with spelling mistakes, or by number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, select

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
        """Certifications that match a name or the beginning of a number, best first, MOST at most.

        Accents, word order and case are ignored. When no name contains the words, similar names are returned.
        """
        text = text.strip()[:100]
        code = re.sub(r"[^0-9A-Z]", "", text.upper()).removeprefix("RNCP")
        if re.fullmatch(r"(RS)?[0-9]{2,7}", code):
            return _found(Certification.code.startswith(code, autoescape=True))
        words = search_key(text).split()
        if not words or len("".join(words)) < 2:
            return []
        named = _found(says(Certification, text))
        # «tef» is inside «…tefois»: names that contain the words as whole words come first.
        whole = [one for one in named if set(words) <= set(one.search_name.split())]
        return [*whole, *(one for one in named if one not in whole)][:MOST] or _alike(" ".join(words))


certifications = Certifications()


def _found(*wanted: ColumnElement[bool]) -> Sequence[Certification]:
    """Active ones first, then the shortest names: the register also keeps expired certifications."""
    query = select(Certification).where(*wanted).order_by(Certification.active.desc(), Certification.label)
    return sorted(
        db.session.scalars(query.limit(MOST * 4)), key=lambda one: (not one.active, len(one.label.split(" – ")[0]))
    )[:MOST]


def _alike(key: str) -> Sequence[Certification]:
    if len(key) < 4:
        return []
    rows = db.session.execute(select(Certification.id, Certification.search_name))
    names = {row.id: row.search_name for row in rows}
    found = process.extract(key, names, scorer=fuzz.partial_ratio, score_cutoff=ALIKE, limit=MOST)
    rank = {id_: place for place, (_, _, id_) in enumerate(found)}
    alike = db.session.scalars(select(Certification).where(Certification.id.in_(rank)))
    return sorted(alike, key=lambda one: rank[one.id])
