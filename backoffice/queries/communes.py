"""Communes by postal code. An arrondissement of Paris, Lyon or Marseille is found as its city."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models import Commune, PostalCode


def communes_of(postal_code: str) -> Sequence[Commune]:
    return db.session.scalars(
        select(Commune)
        .join(PostalCode, PostalCode.code_insee == Commune.code_insee)
        .where(PostalCode.code == postal_code, Commune.parent.is_(None))
        .order_by(Commune.nom)
    ).all()
