"""Local copies of public registers: establishments, schools, codes, school holidays.

Only workflows.registers fills these tables. No foreign key refers to them, because a register may remove a row that
a fiche still names.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model
from backoffice.models.searched import Searched, searched_index


class Etablissement(Searched, Model):
    """An establishment, from the public list of training organisations and from Sirene."""

    __tablename__ = "etablissement"
    __table_args__ = searched_index("etablissement", "siret")
    SEARCHED = ("denomination", "siret", "nda", "city")

    siret: Mapped[str] = mapped_column(String(14), primary_key=True)
    nda: Mapped[str] = mapped_column(String(11), default="", index=True)
    denomination: Mapped[str] = mapped_column(String(250), default="")
    listed: Mapped[bool] = mapped_column(default=False)
    """Whether it is in the public list of training organisations; False once removed from it."""
    qualiopi_formation: Mapped[bool] = mapped_column(default=False)
    qualiopi_bilan: Mapped[bool] = mapped_column(default=False)
    qualiopi_vae: Mapped[bool] = mapped_column(default=False)
    qualiopi_apprentissage: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str] = mapped_column(String(250), default="")
    postal_code: Mapped[str] = mapped_column(String(5), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    code_insee: Mapped[str] = mapped_column(String(5), default="")
    closed_on: Mapped[date | None]
    """Closing date in Sirene; None when it is open, or when Sirene was not imported."""

    @property
    def qualiopi(self) -> bool:
        """Whether it is certified for at least one category of actions."""
        return self.qualiopi_formation or self.qualiopi_bilan or self.qualiopi_vae or self.qualiopi_apprentissage


class Uai(Searched, Model):
    """A school or service of the annuaire de l’éducation."""

    __tablename__ = "uai"
    __table_args__ = searched_index("uai", "uai")
    SEARCHED = ("nom", "uai", "siret", "city")

    uai: Mapped[str] = mapped_column(String(8), primary_key=True)
    nom: Mapped[str] = mapped_column(String(250))
    kind: Mapped[str] = mapped_column(String(80), default="")
    siret: Mapped[str] = mapped_column(String(14), default="")
    address: Mapped[str] = mapped_column(String(250), default="")
    postal_code: Mapped[str] = mapped_column(String(5), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    code_insee: Mapped[str] = mapped_column(String(5), default="")
    open: Mapped[bool] = mapped_column(default=True)


class Formacode(Searched, Model):
    """A code of Formacode V14, by Centre Inffo: a domain or a public."""

    __tablename__ = "formacode"
    __table_args__ = searched_index("formacode", "code")
    SEARCHED = ("label", "code")

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    label: Mapped[str] = mapped_column(String(250))


class CertifInfo(Searched, Model):
    """A code of Certif Info, and the code of the certification it stands for."""

    __tablename__ = "certif_info"
    __table_args__ = searched_index("certif_info", "code")
    SEARCHED = ("label", "code", "certification")

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    certification: Mapped[str] = mapped_column(String(10), default="", index=True)
    """As Certification.code; "" without one."""
    label: Mapped[str] = mapped_column(String(250))


class SchoolBreak(Searched, Model):
    """School holidays of a zone, from the first day without school to the last one."""

    __tablename__ = "school_break"
    __table_args__ = (CheckConstraint("debut <= fin", name="in_order"), *searched_index("school_break", "zone"))
    SEARCHED = ("nom", "zone")

    zone: Mapped[str] = mapped_column(String(40), primary_key=True)
    """As Academie.zone: «A», «B», «C», or the name of a zone of its own."""
    debut: Mapped[date] = mapped_column(primary_key=True)
    fin: Mapped[date]
    nom: Mapped[str] = mapped_column(String(100))
