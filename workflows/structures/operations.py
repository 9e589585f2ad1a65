"""The identity, contacts, certification and usual places of a structure; each change is logged with its author.

The row of the Organisme is the source of its name, kind and numbers. A new fiche copies them and keeps its copy. A
submitted fiche only fills in values that the structure lacks, so a typing error in a fiche never changes a verified
number: the page of the structure lists the differences (`gaps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission
from backoffice.core.snapshot import decision_lock
from backoffice.models import Fiche, Organisme, Revision, Subject, User
from backoffice.models.accounts.account import COLUMNS, NUMBERS, OF_FICHES
from backoffice.models.content import Contact, Contenu, Document, Lieu, Structure, dump_part, load_part
from backoffice.models.content.vocabulary import CATEGORIES, USAGES
from backoffice.models.values.faults import Fault
from backoffice.queries.structures.scope import helped_structure
from exports.importing.merge import place_key
from exports.lheo import fields
from forms.structures.pages import Certified
from workflows.case import Case, Refused
from workflows.change_log import record

CHANGED = "modifié"
"""Written in the log instead of a value that may name a person."""
ITSELF = "la structure"
"""Source of a value given by the structure."""
MOST_PLACES = 40
LOOKED_AT = 60
"""Number of versions, the last saved first, in which places are looked for."""


def living(session: Session, organisme_id: int) -> Organisme:
    """The structure, or the one that it was merged into.

    Call it before writing a row that refers to a structure: it takes the decision lock, which prevents merges until
    the transaction ends.
    """
    decision_lock(session)
    session.flush()
    found = session.get_one(Organisme, organisme_id, populate_existing=True)
    if found.merged_into_id is None:
        return found
    return session.get_one(Organisme, found.merged_into_id, populate_existing=True)


def may_keep(session: Session, actor: User, organisme: Organisme) -> bool:
    """Whether the person may edit the structure: its members, the moderators who help it, the administrators."""
    if not actor.active or not actor.can(Permission.KEEP_STRUCTURE):
        return False
    own = organisme.id in actor.organisme_ids or actor.administrator
    return own or (actor.can(Permission.MODERATE) and helped_structure(session, actor, organisme.id) is not None)


def open_page(session: Session, organisme_id: int, actor: User) -> Organisme:
    """The structure, locked until the end of the transaction. Raises Refused when the person may not edit it."""
    organisme = living(session, organisme_id)
    session.refresh(organisme, with_for_update={"of": Organisme})
    if not may_keep(session, actor, organisme):
        raise Refused("Vous ne pouvez pas modifier cette structure.")
    return organisme


# --- Values copied to a new fiche and learned from a submitted one -------------------------------------


def known_structure(session: Session, organisme: Organisme) -> Structure:
    """The `structure` part of a new fiche: kind and numbers of the structure; the rest as last saved."""
    said = organisme.said
    latest = session.scalars(
        select(Revision)
        .join(Fiche, Revision.fiche_id == Fiche.id)
        .where(Fiche.organisme_id == organisme.id)
        .order_by(Revision.saved_at.desc(), Revision.id.desc())
        .limit(1)
    ).first()
    if latest is None or (organisme.said_at is not None and organisme.said_at > latest.saved_at):
        return said
    written = latest.content.structure
    if not written.nom:
        return said
    for name, leaf in COLUMNS.items():
        if name != "nom" and getattr(said, leaf):
            setattr(written, leaf, getattr(said, leaf))
    return written


def known_place(organisme: Organisme, content: Contenu) -> None:
    """Adds the usual place of the structure to the content when it has exactly one."""
    if len(organisme.lieux) == 1:
        place = organisme.places[0]
        place.id = content.new_id(Lieu)
        content.lieux.append(place)


def learn(case: Case) -> None:
    """Effect of a submission: copies to the structure the valid values that it lacks."""
    organisme, said = case.fiche.organisme, case.revision.content.structure
    for name, leaf in COLUMNS.items():
        text = getattr(said, leaf)
        if not getattr(organisme, name) and _sound(name, text):
            setattr(organisme, name, text)
            record(case.session, case.actor, organisme, name, "", _words(name, text), organisme.territoire_id)
    organisme.commune = organisme.commune or said.adresse.code_insee[:5]


def _sound(name: str, text: str) -> bool:
    try:
        return bool(text) and bool(fields.value(f"structure.{COLUMNS[name]}", text) == text)
    except Fault:
        return False


@dataclass(frozen=True)
class Gap:
    """A number of a fiche that differs from the structure's. ours: the structure's; theirs: the fiche's."""

    name: str
    ours: str
    theirs: str
    fiche: Fiche


def gaps(organisme: Organisme, fiches: Sequence[Fiche]) -> list[Gap]:
    """The differing numbers in the latest versions of these fiches, each (name, number) once."""
    found: dict[tuple[str, str], Gap] = {}
    for fiche in fiches:
        said = fiche.latest.content.structure
        for name in NUMBERS:
            theirs, ours = getattr(said, COLUMNS[name]), getattr(organisme, name)
            if theirs and theirs != ours:
                found.setdefault((name, theirs), Gap(name, ours, theirs, fiche))
    return list(found.values())


# --- The page of a structure ---------------------------------------------------------------------------


def say(session: Session, organisme_id: int, said: Structure, actor: User) -> Organisme:
    """Saves name, kind, numbers, address and carrier. The contacts in `said` are ignored."""
    organisme = open_page(session, organisme_id, actor)
    known = known_structure(session, organisme)
    said.contact, said.formateur, said.courriel = known.contact, known.formateur, known.courriel
    for name, leaf in COLUMNS.items():
        before, after = (_words(name, text) for text in (getattr(organisme, name), getattr(said, leaf)))
        _note(session, organisme, actor, name, before, after)
    _note(session, organisme, actor, "raison_sociale", known.raison_sociale, said.raison_sociale)
    _note(session, organisme, actor, "adresse", ", ".join(known.adresse.envelope), ", ".join(said.adresse.envelope))
    _note(session, organisme, actor, "porteuse", known.porteuse.siret, said.porteuse.siret)
    organisme.said = said
    return _said(session, organisme)


def _words(name: str, text: str) -> str:
    return CATEGORIES.get(text, text) if name == "categorie" else text


def take_number(session: Session, organisme_id: int, name: str, text: str, actor: User) -> Organisme:
    """Copies a number from a fiche to the structure. name: one of NUMBERS. Raises Refused when it is invalid."""
    organisme = open_page(session, organisme_id, actor)
    if not _sound(name, text):
        raise Refused("Ce numéro contient une erreur : corrigez-le dans la fiche.")
    _note(session, organisme, actor, name, getattr(organisme, name), text)
    setattr(organisme, name, text)
    session.flush()
    return organisme


def name_contacts(session: Session, organisme_id: int, contacts: Mapping[str, Contact], actor: User) -> Organisme:
    """Saves the contacts. contacts: one for each of vocabulary.USAGES; empty ones are removed."""
    organisme = open_page(session, organisme_id, actor)
    said = known_structure(session, organisme)
    for usage, contact in contacts.items():
        if contact != contact_of(organisme, said, usage):
            record(session, actor, organisme, f"contact_{usage}", "", CHANGED, organisme.territoire_id)
    for usage, part in OF_FICHES.items():
        setattr(said, part, contacts[usage])
    said.courriel = contacts["direction"].courriel
    for name, leaf in COLUMNS.items():
        setattr(said, leaf, getattr(organisme, name))
    organisme.said = said
    kept = {usage: contacts[usage] for usage in USAGES if usage not in OF_FICHES and not contacts[usage].empty}
    organisme.contacts = {usage: dump_part(contact) for usage, contact in kept.items()}
    return _said(session, organisme)


def contact_of(organisme: Organisme, said: Structure, usage: str) -> Contact:
    """The contact for a usage; empty when nobody was named. said: the structure as `known_structure` gives it."""
    if usage in OF_FICHES:
        found: Contact = getattr(said, OF_FICHES[usage])
        return found
    named = load_part(Contact, organisme.contacts.get(usage, {}))
    if usage == "direction":
        named.courriel = said.courriel
    return named


def qualiopi_of(organisme: Organisme) -> Certified:
    return Certified(organisme.qualiopi, organisme.qualiopi_categories, organisme.qualiopi_until)


def say_qualiopi(
    session: Session, organisme_id: int, said: Certified, actor: User | None, source: str = ITSELF
) -> Organisme:
    """Saves the Qualiopi certification. actor: None when it comes from a register, which `source` names."""
    organisme = open_page(session, organisme_id, actor) if actor else living(session, organisme_id)
    before = qualiopi_of(organisme)
    if (said.words, source) == (before.words, organisme.qualiopi_source):
        return organisme
    _note(session, organisme, actor, Subject.QUALIOPI, before.words, said.words)
    organisme.qualiopi, organisme.qualiopi_until = said.certified, said.until
    organisme.qualiopi_categories = list(said.categories)
    organisme.qualiopi_source = source if said.certified is not None else ""
    session.flush()
    return organisme


def _note(session: Session, organisme: Organisme, actor: User | None, name: str, before: str, after: str) -> None:
    record(session, actor, organisme, name, before, after, organisme.territoire_id)


def _said(session: Session, organisme: Organisme) -> Organisme:
    organisme.said_at = now()
    session.flush()
    return organisme


# --- Usual places --------------------------------------------------------------------------------------


def keep_places(session: Session, organisme_id: int, lieux: Sequence[Lieu], actor: User) -> Organisme:
    """Replaces the usual places with these; of several with one address, the first is kept."""
    organisme = open_page(session, organisme_id, actor)
    before = organisme.places
    kept = list({key(lieu): lieu for lieu in reversed(lieux)}.values())[::-1]
    _note(session, organisme, actor, "lieux", _names(before), _names(kept))
    organisme.lieux = numbered(kept)
    session.flush()
    return organisme


def numbered(lieux: Sequence[Lieu]) -> list[Document]:
    """The documents to store. Sets the local ids L1, L2… on the given places."""
    made = []
    for rank, lieu in enumerate(lieux, 1):
        lieu.id = f"L{rank}"
        made.append(dump_part(lieu))
    return made


def keep_place(session: Session, organisme_id: int, wanted: str, actor: User) -> Lieu:
    """Adds a place of its fiches, given by its key, to the usual places. Raises Refused."""
    organisme = open_page(session, organisme_id, actor)
    if len(organisme.lieux) >= MOST_PLACES:
        raise Refused(f"{MOST_PLACES} lieux sont déjà gardés : retirez-en un d’abord.")
    found = next((lieu for lieu in past_places(session, organisme) if key(lieu) == wanted), None)
    if found is None:
        raise Refused("Ce lieu est déjà gardé, ou aucune fiche ne le dit plus.")
    keep_places(session, organisme_id, [*organisme.places, found], actor)
    return found


def past_places(session: Session, organisme: Organisme) -> list[Lieu]:
    """The complete places of its fiches that are not usual places yet, the latest saved first."""
    kept = {key(lieu) for lieu in organisme.places}
    found: dict[str, Lieu] = {}
    for lieu in _said_places(session, organisme):
        if lieu.adresse.ville and lieu.adresse.lignes and key(lieu) not in kept:
            found.setdefault(key(lieu), lieu)
    return list(found.values())


def _said_places(session: Session, organisme: Organisme) -> Iterator[Lieu]:
    rows = session.scalars(
        select(Revision)
        .join(Fiche, Revision.fiche_id == Fiche.id)
        .where(Fiche.organisme_id == organisme.id)
        .order_by(Revision.saved_at.desc(), Revision.id.desc())
        .limit(LOOKED_AT)
    )
    for revision in rows:
        yield from revision.content.lieux


def key(lieu: Lieu) -> str:
    """A key that is equal for two spellings of one address."""
    return place_key(lieu.adresse)


def _names(lieux: Sequence[Lieu]) -> str:
    return " ; ".join(lieu.name for lieu in lieux)
