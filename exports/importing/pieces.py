"""Reads the parts common to several elements of a ``formation``: contacts, addresses, levels, codes, days, numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Any

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models.content import Adresse, Contact, Niveaux, pattern_of, spots
from backoffice.models.content.vocabulary import NIVEAUX_ECRIT, NIVEAUX_ORAL
from exports.fragment.build import FORMACODE
from exports.fragment.elements import NO, YES
from exports.lheo import fields

from .element import Node, Source, tag
from .reading import LISTED, Read, is_point, read_day, read_hour


class Pieces:
    """Reads parts of one ``formation``. A value that cannot be read becomes a remark of `read`."""

    def __init__(self, root: Node, read: Read):
        self.root, self.read, self.content = root, read, read.content
        self.source = Source(root, exact=read.ours)

    def contact_of(self, node: Node, name: str, contact: Contact) -> None:
        """Fills `contact` from the first element `name` that is not empty."""
        for found in self.source.all(node, name):
            self.contact(found.find(tag("coordonnees")), contact)
            if not contact.empty:
                return

    def contact(self, coordinates: Node | None, contact: Contact) -> None:
        source = self.source
        contact.nom = source.text(coordinates, "nom")
        contact.prenom = source.text(coordinates, "prenom")
        contact.telephone = source.text(coordinates, "telfixe/numtel") or source.text(coordinates, "portable/numtel")
        contact.courriel = source.text(coordinates, "courriel")

    def address(self, node: Node | None, adresse: Adresse) -> None:
        """Fills `adresse` from the ``adresse`` element of `node`. A point that is none on Earth is left unread."""
        found = None if node is None else node.find(tag("adresse"))
        if found is None:
            return
        source = self.source
        adresse.denomination = source.text(found, "denomination")
        adresse.lignes = [line for line in map(source.text, source.all(found, "ligne")) if line]
        adresse.code_postal = source.text(found, "codepostal")
        adresse.ville = source.text(found, "ville")
        adresse.departement = source.text(found, "departement")
        adresse.code_insee = source.text(found, "code-INSEE-commune")
        adresse.region = source.text(found, "region")
        nodes = [found.find(tag(f"geolocalisation/{name}")) for name in ("latitude", "longitude")]
        texts = [source.text(node) for node in nodes]
        if is_point(*texts):
            adresse.latitude, adresse.longitude = texts
        else:
            for node in nodes:
                source.release(node)

    def levels(self, node: Node, path: str) -> Niveaux:
        source, levels = self.source, Niveaux()
        extras = source.extras(node, "niveau-langue")
        if extras is None:
            return levels
        for name, oral, written, alone in (
            ("competences-entree", "entree_oral", "entree_ecrit", "niveau-entree"),
            ("competences", "vise_oral", "vise_ecrit", "niveau-vise"),
        ):
            nodes = source.extra_nodes(source.extras(extras, name), "competence")
            by_tag = {found.get("tag"): source.text(found) for found in nodes}
            one = source.word(extras, alone)
            if not by_tag and one:
                by_tag["oral" if one in NIVEAUX_ORAL else "ecrit"] = one
            elif one not in by_tag.values():
                source.release(next(iter(source.extra_nodes(extras, alone)), None))
            for kind, field, known in (("oral", oral, NIVEAUX_ORAL), ("ecrit", written, NIVEAUX_ECRIT)):
                level = by_tag.get(kind, "")
                setattr(levels, field, self.known(level, known, f"{path}-{field}", "niveau"))
        return levels

    def codes(self, nodes: Iterable[Node], known: Any, path: str, what: str) -> list[str]:
        """The known codes of any edition, without duplicates; each other code gives a doubt."""
        kept: list[str] = []
        for node in nodes:
            code, edition = self.source.text(node), node.get("ref", FORMACODE)
            about = f" de l’édition {edition}" if edition != FORMACODE else ""
            if code in known:
                kept += [code] if code not in kept else []
                if about:
                    taken = f"Le code {code}{about} ({what}) est repris : il est aussi dans l’édition {FORMACODE}."
                    self.read.remark(path, taken, code, fault=False)
            elif code:
                self.read.doubt(path, f"Le code {code}{about} ({what}) n’est pas de notre liste : à choisir.", code)
        return kept

    def known(self, code: str, table: Any, path: str, what: str) -> str:
        if not code or code in table:
            return code
        self.read.doubt(path, f"« {code} » ({what}) n’est pas de notre liste : à choisir.", code)
        return ""

    def answer(self, extras: Node | None, path: str) -> Any:
        """The value of the ``extra`` named after the leaf at `path`. A missing boolean is unsaid in files of others."""
        name = path.rpartition("-")[2].replace("_", "-")
        text, kind = self.source.word(extras, name), spots()[pattern_of(path)].kind
        if kind is int:
            return self.whole(text, path)
        if kind is not bool:
            return text
        if not text and not self.read.ours:
            self.read.unsaid.add(path)
        if text not in ("", YES, NO):
            self.read.doubt(path, f"« {text} » n’est ni oui ni non : à choisir.", text)
        return text == YES

    def day(self, node: Node | None, name: str, path: str) -> Any:
        text = self.source.text(node, name)
        day, wrong = read_day(text)
        if wrong:
            self.read.doubt(path, wrong, text)
        return day

    def whole(self, text: str, path: str) -> int | None:
        """The number read by the field at `path`; None, with a remark, for a text that it refuses."""
        answer = fields.read(spots()[pattern_of(path)], text, local_day(now()))
        if answer.fault:
            self.read.doubt(path, answer.fault, text)
        number: int | None = answer.value
        return number

    def hour(self, node: Node, name: str, path: str) -> time | None:
        text = self.source.text(node, name)
        found = read_hour(text)
        if text and found is None:
            self.read.doubt(path, "Cette heure ne se comprend pas : à compléter.", text)
        return found

    def flag(self, nodes: Iterable[Node], name: str, path: str) -> bool:
        """Whether an element `name` of one of the nodes says yes. Unsaid when none says yes or no."""
        texts = {text for node in nodes for text in [self.source.text(node, name)] if text}
        for text in sorted(texts - {YES, NO}):
            self.read.doubt(path, f"« {text} » n’est ni oui ni non : à choisir.", text)
        if {YES, NO} <= texts:
            message = "Les groupes ne disent pas tous la même chose : la fiche dit oui pour tous."
            self.read.remark(path, message, f"{YES} / {NO}")
        if not texts:
            self.read.unsaid.add(path)
        return YES in texts

    def shared(self, found: Iterable[tuple[Any, str]], path: str) -> Any:
        """The value common to the groups. When they differ: the first one, with a remark that quotes the others."""
        texts = [value for value, _ in found if value not in ("", None)]
        others = [str(value) for value in dict.fromkeys(map(str, texts)) if value != str(texts[0])] if texts else []
        if others:
            message = "Les groupes ne disent pas tous la même chose : la première réponse est gardée, pas celle-ci."
            self.read.remark(path, message, " / ".join(others), longest=LISTED)
        return texts[0] if texts else ""
