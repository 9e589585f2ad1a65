"""The typed content of a Revision: one document for forms, content diff, export and import.

formation → actions (one per place and group) → sessions, and the values they share.

Every leaf is declared with its label and, where the standard has an element for it, its LHEO path relative to the
nearest declared ancestor. Length limits are not written here: they are read from the LHEO grammar, by that path.

A spot of a document has two names:
- a *pattern*, the same in all documents: ``actions[].creneaux[].jour``;
- a *path*, in one document: ``actions-0-creneaux-1-jour``. It is also the HTML id of the field that
  edits it, so that any finding can link to its field.

Lieux, actions and sessions carry a local id, given once and kept in all revisions: it ends their numero in the
flow, and distinguishes a moved session from a new one.

What is stored carries the version of the schema that wrote it and is upgraded when it is read: see `upgrades`.
"""

from .document import dump, dump_part, fingerprint, hints, load, load_part
from .parts import (
    ID_LETTERS,
    Action,
    Contenu,
    Creneau,
    Financement,
    Financeur,
    Formation,
    Inscription,
    Lieu,
    Niveaux,
    Recrutement,
    Session,
)
from .spots import ROW_NAMES, Spot, label_of, leaves, pattern_of, put, put_at, seen_by, spots, values
from .structure import Adresse, Contact, Porteuse, Structure
from .upgrades import ContentError, Document

__all__ = [
    "ID_LETTERS",
    "ROW_NAMES",
    "Action",
    "Adresse",
    "Contact",
    "ContentError",
    "Contenu",
    "Creneau",
    "Document",
    "Financement",
    "Financeur",
    "Formation",
    "Inscription",
    "Lieu",
    "Niveaux",
    "Porteuse",
    "Recrutement",
    "Session",
    "Spot",
    "Structure",
    "dump",
    "dump_part",
    "fingerprint",
    "hints",
    "label_of",
    "leaves",
    "load",
    "load_part",
    "pattern_of",
    "put",
    "put_at",
    "seen_by",
    "spots",
    "values",
]
