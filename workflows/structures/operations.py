"""What a structure says of itself, on its page and in its fiches: one source, and who changed it.

The row of the Organisme is the source of its name, kind and numbers. A fiche begins with them and keeps what it
said on its day; one that is sent fills in only what the structure had not said yet. So a number that somebody has
verified is never changed by a slip in a fiche: its page shows where fiches say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission
from backoffice.core.snapshot import decision_lock
from backoffice.models import Fiche, Organisme, Revision, Subject, User
from backoffice.models.accounts.account import COLUMNS, NUMBERS, OF_FICHES
from backoffice.models.content import Contact, Contenu, Document, Lieu, Structure, dump, load
from backoffice.models.content.vocabulary import CATEGORIES, USAGES
from backoffice.queries.structures.scope import helped_structure
from exports.importing.merge import place_key
from forms.kit import numbers
from forms.structures.pages import Certified
from workflows.case import Case, Refused
from workflows.change_log import record

CHANGED = "modifié"
"""Kept in the log in place of what may name a person."""
ITSELF = "la structure"
"""Source of what nobody else says."""
MOST_PLACES = 40
LOOKED_AT = 60
"""The fiches saved last, in which places are looked for."""

READERS: Mapping[str, Callable[[str], str]] = {name: getattr(numbers, name) for name in NUMBERS}


def living(session: Session, organisme_id: int) -> Organisme:
    """The structure, or the one that it was made one with.

    To be called before anything is written that names a structure: until the transaction ends, none is merged.
    """
    decision_lock(session)
    session.flush()
    found = session.get_one(Organisme, organisme_id, populate_existing=True)
    if found.merged_into_id is None:
        return found
    return session.get_one(Organisme, found.merged_into_id, populate_existing=True)


def may_keep(session: Session, actor: User, organisme: Organisme) -> bool:
    """Whether the person may change the page of the structure: its own people, the moderators who help it,
    the administrators."""
    if not actor.active or not actor.can(Permission.KEEP_STRUCTURE):
        return False
    own = organisme.id in actor.organisme_ids or actor.administrator
    return own or (actor.can(Permission.MODERATE) and helped_structure(session, actor, organisme.id) is not None)


def open_page(session: Session, organisme_id: int, actor: User) -> Organisme:
    """The structure, held until the end of the transaction; Refused when the person may not change it."""
    organisme = living(session, organisme_id)
    session.refresh(organisme, with_for_update={"of": Organisme})
    if not may_keep(session, actor, organisme):
        raise Refused("Vous ne pouvez pas modifier cette structure.")
    return organisme


# --- What fiches begin with, and what they teach -------------------------------------------------------


def known_structure(session: Session, organisme: Organisme) -> Document:
    """What a new fiche begins with: the kind and numbers of the structure; of the rest, what it said last."""
    said: Document = dump(organisme.said)
    latest = session.scalars(
        select(Revision)
        .join(Fiche, Revision.fiche_id == Fiche.id)
        .where(Fiche.organisme_id == organisme.id)
        .order_by(Revision.saved_at.desc(), Revision.id.desc())
        .limit(1)
    ).first()
    if latest is None or not latest.document.get("structure", {}).get("nom"):
        return said
    if organisme.said_at is not None and organisme.said_at > latest.saved_at:
        return said
    own = {leaf: said[leaf] for name, leaf in COLUMNS.items() if name != "nom" and said[leaf]}
    return {**latest.document["structure"], **own}


def known_place(organisme: Organisme, content: Contenu) -> None:
    """Whoever meets in one place only need not say it again."""
    if len(organisme.lieux) == 1:
        place = organisme.places[0]
        place.id = content.new_id(Lieu)
        content.lieux.append(place)


def learn(case: Case) -> None:
    """Keeps what a fiche that is sent says and that the structure had not said yet."""
    organisme, said = case.fiche.organisme, case.revision.content.structure
    for name, leaf in COLUMNS.items():
        text = getattr(said, leaf)
        if not getattr(organisme, name) and _sound(name, text):
            setattr(organisme, name, text)
            record(case.session, case.actor, organisme, name, "", _words(name, text), organisme.territoire_id)
    organisme.commune = organisme.commune or said.adresse.code_insee[:5]


def _sound(name: str, text: str) -> bool:
    if name not in READERS or not text:
        return bool(text)
    try:
        return READERS[name](text) == text
    except ValueError:
        return False


@dataclass(frozen=True)
class Gap:
    """A fiche says otherwise than the structure does."""

    name: str
    ours: str
    theirs: str
    fiche: Fiche


def gaps(organisme: Organisme, fiches: Sequence[Fiche]) -> list[Gap]:
    """Where the latest versions of these fiches give other numbers; each other number once."""
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
    """Name, kind, numbers, address, structure porteuse. What `said` holds of contacts is not looked at."""
    organisme = open_page(session, organisme_id, actor)
    known = load({"structure": known_structure(session, organisme)}).structure
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
    """A number as a fiche gives it. name: one of NUMBERS."""
    organisme = open_page(session, organisme_id, actor)
    if not _sound(name, text):
        raise Refused("Ce numéro contient une erreur : corrigez-le dans la fiche.")
    _note(session, organisme, actor, name, getattr(organisme, name), text)
    setattr(organisme, name, text)
    session.flush()
    return organisme


def name_contacts(session: Session, organisme_id: int, contacts: Mapping[str, Contact], actor: User) -> Organisme:
    """contacts: one for each of vocabulary.USAGES; empty ones are forgotten."""
    organisme = open_page(session, organisme_id, actor)
    said = load({"structure": known_structure(session, organisme)}).structure
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
    organisme.contacts = {usage: dump(contact) for usage, contact in kept.items()}
    return _said(session, organisme)


def contact_of(organisme: Organisme, said: Structure, usage: str) -> Contact:
    """Whom one asks for; an empty contact when nobody was named. said: see known_structure."""
    if usage in OF_FICHES:
        found: Contact = getattr(said, OF_FICHES[usage])
        return found
    named = load({"structure": {"contact": organisme.contacts.get(usage, {})}}).structure.contact
    if usage == "direction":
        named.courriel = said.courriel
    return named


def qualiopi_of(organisme: Organisme) -> Certified:
    return Certified(organisme.qualiopi, organisme.qualiopi_categories, organisme.qualiopi_until)


def say_qualiopi(
    session: Session, organisme_id: int, said: Certified, actor: User | None, source: str = ITSELF
) -> Organisme:
    """actor: None when a register says so."""
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


# --- The places that it uses often ---------------------------------------------------------------------


def keep_places(session: Session, organisme_id: int, lieux: Sequence[Lieu], actor: User) -> Organisme:
    """These places and no others; one that is said twice is kept once."""
    organisme = open_page(session, organisme_id, actor)
    before = organisme.places
    kept = list({key(lieu): lieu for lieu in reversed(lieux)}.values())[::-1]
    _note(session, organisme, actor, "lieux", _names(before), _names(kept))
    organisme.lieux = numbered(kept)
    session.flush()
    return organisme


def numbered(lieux: Sequence[Lieu]) -> list[Document]:
    """As they are stored: each with a local id of its own."""
    made = []
    for rank, lieu in enumerate(lieux, 1):
        lieu.id = f"L{rank}"
        made.append(dump(lieu))
    return made


def keep_place(session: Session, organisme_id: int, wanted: str, actor: User) -> Lieu:
    """One of the places of its fiches, known by its key."""
    organisme = open_page(session, organisme_id, actor)
    if len(organisme.lieux) >= MOST_PLACES:
        raise Refused(f"{MOST_PLACES} lieux sont déjà gardés : retirez-en un d’abord.")
    found = next((lieu for lieu in past_places(session, organisme) if key(lieu) == wanted), None)
    if found is None:
        raise Refused("Ce lieu est déjà gardé, ou aucune fiche ne le dit plus.")
    keep_places(session, organisme_id, [*organisme.places, found], actor)
    return found


def past_places(session: Session, organisme: Organisme) -> list[Lieu]:
    """Those that its fiches say and that are not kept yet, the last said first."""
    kept = {key(lieu) for lieu in organisme.places}
    found: dict[str, Lieu] = {}
    for lieu in _said_places(session, organisme):
        if lieu.adresse.ville and lieu.adresse.lignes and key(lieu) not in kept:
            found.setdefault(key(lieu), lieu)
    return list(found.values())


def _said_places(session: Session, organisme: Organisme) -> Iterator[Lieu]:
    rows = session.scalars(
        select(Revision.document)
        .join(Fiche, Revision.fiche_id == Fiche.id)
        .where(Fiche.organisme_id == organisme.id)
        .order_by(Revision.saved_at.desc(), Revision.id.desc())
        .limit(LOOKED_AT)
    )
    for document in rows:
        yield from load({"lieux": document.get("lieux", [])}).lieux


def key(lieu: Lieu) -> str:
    """The same for the same address, however it is written."""
    return place_key(lieu.adresse)


def _names(lieux: Sequence[Lieu]) -> str:
    return " ; ".join(lieu.name for lieu in lieux)
