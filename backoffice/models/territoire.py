"""Territoires (one per Carif-Oref) and the communes of France."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model


class Territoire(Model):
    """The zone of one Carif-Oref: its queue, its moderators, its flow."""

    __tablename__ = "territoire"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    nom: Mapped[str] = mapped_column(String(80))
    prefixe: Mapped[str] = mapped_column(String(10), unique=True)
    """Begins the numero of each of its fiches, for ever."""
    region: Mapped[str] = mapped_column(String(3), unique=True)
    """Insee code: a fiche whose first place is in this region belongs here."""
    siret_obligatoire: Mapped[bool] = mapped_column(default=True)
    delai_instruction: Mapped[int] = mapped_column(default=5)
    """Working days within which its moderators mean to answer."""


class Commune(Model):
    __tablename__ = "commune"

    code_insee: Mapped[str] = mapped_column(String(5), primary_key=True)
    nom: Mapped[str] = mapped_column(String(60))
    search_name: Mapped[str] = mapped_column(String(60), index=True)
    departement: Mapped[str] = mapped_column(String(3), index=True)
    region: Mapped[str] = mapped_column(String(3))
    parent: Mapped[str | None] = mapped_column(String(5))
    """The commune of which this one is an arrondissement (Paris, Lyon, Marseille)."""
    postal_codes: Mapped[list[PostalCode]] = relationship(
        primaryjoin="Commune.code_insee == foreign(PostalCode.code_insee)", lazy="selectin", viewonly=True
    )


class PostalCode(Model):
    """One postal code of one commune: both ways it is several to several.

    Communes are told by Insee, their postal codes by La Poste, not on the same day: a code may name a commune that
    is not there yet, or not any more.
    """

    __tablename__ = "commune_postal_code"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    code_insee: Mapped[str] = mapped_column(String(5), primary_key=True, index=True)
