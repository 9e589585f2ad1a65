"""Compares the numbers of structures with the registers: verified, or contradicted with the reasons.

A number absent from a register gives no result: our copy may cover part of the country only. A later check by a
person prevails until the register changes: see backoffice.models.structures.structure.standings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.core.dates import short_day
from backoffice.core.transactions import atomic
from backoffice.models import Etablissement, Organisme, StructureCheck, Subject, Uai, User
from backoffice.models.content import Structure
from forms.structures.pages import Certified
from workflows.conventions.recognition import alike

from . import operations
from .number_checks import forget, said_by_register
from .operations import ITSELF, say_qualiopi

SIRENE = "Sirene et liste publique des organismes de formation"
LISTED = "Liste publique des organismes de formation"
SCHOOLS = "Annuaire de l’éducation"

SAME = 60
"""Out of 100: below this similarity, two names are two structures. Registers use capitals and abbreviations."""
BATCH = 200

Said = tuple[Subject, str, list[str]]
"""(subject, name of the register, contradictions of the value)"""


class Registers:
    """The register rows about some structures, read in three queries whatever the number of structures."""

    def __init__(self, session: Session, organismes: Sequence[Organisme]):
        sirets = {one.siret for one in organismes if one.siret}
        declared = {one.nda for one in organismes if one.nda}
        known = or_(Etablissement.siret.in_(sirets), Etablissement.nda.in_(declared))
        found = session.scalars(select(Etablissement).where(known).order_by(Etablissement.siret)).all()
        self.of_siret = {row.siret: row for row in found}
        self.of_nda: dict[str, list[Etablissement]] = {}
        for row in found:
            self.of_nda.setdefault(row.nda, []).append(row)
        codes = {one.uai for one in organismes if one.uai}
        self.schools = {row.uai: row for row in session.scalars(select(Uai).where(Uai.uai.in_(codes)))}

    def say(self, organisme: Organisme) -> Iterator[Said]:
        row = self.of_siret.get(organisme.siret)
        if row is not None:
            yield Subject.SIRET, SIRENE, list(_establishment(organisme, row))
        if (said := self._declaration(organisme, row)) is not None:
            yield Subject.NDA, LISTED, said
        if (school := self.schools.get(organisme.uai)) is not None:
            yield Subject.UAI, SCHOOLS, list(_school(organisme, school))
        if organisme.qualiopi is not None and row is not None and (row.listed or row.qualiopi):
            yield Subject.QUALIOPI, LISTED, list(_certified(organisme, row))

    def _declaration(self, organisme: Organisme, row: Etablissement | None) -> list[str] | None:
        """The contradictions of the declaration number, in French; None when no register has it."""
        if not organisme.nda:
            return None
        if row is not None and row.nda:
            if row.nda != organisme.nda:
                return [f"Pour ce SIRET, la liste publique donne le numéro {row.nda}."]
            return [] if row.listed else ["La structure n’est plus sur la liste publique des organismes de formation."]
        holders = self.of_nda.get(organisme.nda, [])
        if not holders:
            return None
        if organisme.siren and organisme.siren not in {holder.siret[:9] for holder in holders}:
            return [f"Ce numéro est celui de « {holders[0].denomination} » (SIRET {holders[0].siret})."]
        return []


def _establishment(organisme: Organisme, row: Etablissement) -> Iterator[str]:
    if row.closed_on:
        yield f"Cet établissement est fermé depuis le {short_day(row.closed_on)}."
    if _other(organisme, row.denomination):
        yield f"Ce numéro est celui de « {row.denomination} »{f', à {row.city}' if row.city else ''}."


def _school(organisme: Organisme, row: Uai) -> Iterator[str]:
    if not row.open:
        yield "Cet établissement scolaire est fermé."
    if _other(organisme, row.nom):
        yield f"Ce numéro est celui de « {row.nom} »{f', à {row.city}' if row.city else ''}."


def _certified(organisme: Organisme, row: Etablissement) -> Iterator[str]:
    if organisme.qualiopi and not row.qualiopi:
        yield "La liste publique ne dit pas que la structure est certifiée."
    if not organisme.qualiopi and row.qualiopi:
        yield "La liste publique dit que la structure est certifiée."


def _other(organisme: Organisme, name: str) -> bool:
    """Whether the register's name differs from both names of the structure. False for an empty name."""
    own = (organisme.nom, organisme.said.raison_sociale)
    return bool(name) and max(alike(one, name) for one in own) < SAME


# --- Updates of a structure followed by a check ------------------------------------------------------


def say_identity(session: Session, organisme_id: int, said: Structure, actor: User) -> Organisme:
    """operations.say, then `check`."""
    return _checked(session, operations.say(session, organisme_id, said, actor))


def say_certified(session: Session, organisme_id: int, said: Certified, actor: User) -> Organisme:
    """operations.say_qualiopi, then `check`."""
    return _checked(session, say_qualiopi(session, organisme_id, said, actor))


def take_number(session: Session, organisme_id: int, name: str, text: str, actor: User) -> Organisme:
    """operations.take_number, then `check`."""
    return _checked(session, operations.take_number(session, organisme_id, name, text, actor))


def _checked(session: Session, organisme: Organisme) -> Organisme:
    check(session, [organisme])
    return organisme


# --- Applying ------------------------------------------------------------------------------------------


def check(session: Session, organismes: Sequence[Organisme]) -> None:
    """Compares these structures with the registers: four queries, then the differences are written."""
    registers = Registers(session, organismes)
    known: dict[tuple[int, Subject, str], StructureCheck] = {
        (row.organisme_id, row.subject, row.value): row
        for row in session.scalars(
            select(StructureCheck).where(
                StructureCheck.organisme_id.in_([one.id for one in organismes]), ~StructureCheck.by_hand
            )
        )
    }
    for organisme in organismes:
        _certify(session, organisme, registers.of_siret.get(organisme.siret))
        spoken = set()
        for subject, source, findings in registers.say(organisme):
            key = (organisme.id, subject, subject.value_of(organisme))
            said_by_register(session, organisme, subject, known.get(key), source, findings)
            spoken.add(subject)
        for (id_, subject, value), row in known.items():
            if id_ == organisme.id and subject not in spoken and value == subject.value_of(organisme):
                forget(session, organisme, row)
    session.flush()


def _certify(session: Session, organisme: Organisme, row: Etablissement | None) -> None:
    """Copies the Qualiopi certification of the public list, unless the structure gave its own."""
    if row is None or organisme.qualiopi_source == ITSELF or not (row.qualiopi or organisme.qualiopi_source == LISTED):
        return
    ticked = {
        "formation": row.qualiopi_formation,
        "bilan": row.qualiopi_bilan,
        "vae": row.qualiopi_vae,
        "apprentissage": row.qualiopi_apprentissage,
    }
    categories = [code for code, certified in ticked.items() if certified]
    say_qualiopi(session, organisme.id, Certified(row.qualiopi, categories), None, LISTED)


def check_all() -> None:
    """The daily job: every structure that has a number, one transaction for each batch."""
    after = 0
    while True:
        with atomic() as session:
            batch = session.scalars(
                select(Organisme)
                .where(
                    Organisme.id > after,
                    Organisme.merged_into_id.is_(None),
                    or_(Organisme.siret != "", Organisme.nda != "", Organisme.uai != ""),
                )
                .order_by(Organisme.id)
                .limit(BATCH)
            ).all()
            check(session, batch)
            after = batch[-1].id if batch else 0
        if not after:
            return
