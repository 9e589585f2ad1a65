"""Territoires (one per Carif-Oref), their coverage, and the communes of France."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model
from .searched import Searched, searched_index


class Territoire(Searched, Model):
    """The area of one Carif-Oref, with its queue, its moderators and its flow."""

    __tablename__ = "territoire"
    __table_args__ = searched_index("territoire")
    SEARCHED = ("nom", "slug", "prefixe")

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    nom: Mapped[str] = mapped_column(String(80))
    prefixe: Mapped[str] = mapped_column(String(10), unique=True)
    """Prefix of the numero of its fiches; it never changes."""
    region: Mapped[str] = mapped_column(String(3), unique=True)
    """Code Insee of the région of its Carif-Oref. The area it covers is in Coverage."""
    collected_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("territoire.id", name="fk_territoire_collected_by_id")
    )
    """The territoire whose moderators also moderate this one; its numeros and its flow stay separate."""
    collected_by: Mapped[Territoire | None] = relationship(remote_side="Territoire.id")

    @property
    def working_region(self) -> str:
        """Code Insee of the région whose public holidays apply to its moderators."""
        return (self.collected_by or self).region

    # Contact and texts for structures; "" when not set.
    contact_nom: Mapped[str] = mapped_column(String(120), default="", server_default="")
    contact_courriel: Mapped[str] = mapped_column(String(160), default="", server_default="")
    contact_telephone: Mapped[str] = mapped_column(String(30), default="", server_default="")
    contact_site: Mapped[str] = mapped_column(String(250), default="", server_default="")
    texte_accueil: Mapped[str] = mapped_column(Text, default="", server_default="")
    texte_envoi: Mapped[str] = mapped_column(Text, default="", server_default="")
    texte_courriels: Mapped[str] = mapped_column(Text, default="", server_default="")

    # Settings: forms.territoires.settings declares the label and bounds of each.
    siret_obligatoire: Mapped[bool] = mapped_column(default=True)
    delai_instruction: Mapped[int] = mapped_column(default=5)
    rappel_brouillon: Mapped[int] = mapped_column(default=8, server_default="8")
    dernier_rappel_brouillon: Mapped[int] = mapped_column(default=30, server_default="30")
    rappel_places: Mapped[int] = mapped_column(default=7, server_default="7")
    silence_places: Mapped[int] = mapped_column(default=14, server_default="14")
    decalage_dates: Mapped[int] = mapped_column(default=21, server_default="21")
    delai_archivage: Mapped[int] = mapped_column(default=30, server_default="30")
    alerte_certification: Mapped[int] = mapped_column(default=90, server_default="90")


class Coverage(Model):
    """A département or a commune covered by a territoire. The code is the key: only one territoire covers it.

    The row of a commune takes precedence over that of its département: see queries.territoires.coverage.
    """

    __tablename__ = "coverage"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    """Code Insee: two or three characters for a département, five for a commune."""
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id), index=True)


class Commune(Searched, Model):
    __tablename__ = "commune"
    __table_args__ = searched_index("commune", "code_insee")
    SEARCHED = ("nom", "code_insee")

    code_insee: Mapped[str] = mapped_column(String(5), primary_key=True)
    nom: Mapped[str] = mapped_column(String(60))
    search_name: Mapped[str] = mapped_column(String(60), index=True)
    departement: Mapped[str] = mapped_column(String(3), index=True)
    region: Mapped[str] = mapped_column(String(3))
    parent: Mapped[str | None] = mapped_column(String(5))
    """For an arrondissement (Paris, Lyon, Marseille): its commune."""
    postal_codes: Mapped[list[PostalCode]] = relationship(
        primaryjoin="Commune.code_insee == foreign(PostalCode.code_insee)", lazy="selectin", viewonly=True
    )


class PostalCode(Model):
    """A postal code of a commune (many-to-many).

    Insee publishes communes and La Poste postal codes, on different days: a code may refer to a commune that does not
    exist yet, or no longer exists.
    """

    __tablename__ = "commune_postal_code"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    code_insee: Mapped[str] = mapped_column(String(5), primary_key=True, index=True)
