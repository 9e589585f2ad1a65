"""From a ``formation`` of LHEO 2.3 to a content: the mirror of exports.fragment.build.

What our export wrote is read back exactly. What others wrote is read with indulgence: HTML becomes
text, an unknown code or an impossible date is named and left out, several values where the content has
one are named, and whatever has no place here is listed, so that nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from backoffice.models.content import Adresse, Contact, Contenu, Niveaux, Structure, pattern_of, spots
from backoffice.models.content.vocabulary import (
    DOMAINES,
    ESPACES_SOCIAUX,
    NIVEAUX_ECRIT,
    NIVEAUX_ORAL,
    OBJECTIFS_OEPRE,
    PARCOURS,
    VISEES,
    Dispositif,
)
from exports.fragment import words
from exports.fragment.build import CATEGORY_CODES, FORMACODE, NO_ACTIVITY_NUMBER, NO_SIRET
from exports.fragment.check import content_path
from exports.fragment.elements import YES
from exports.lheo.business_rules import examine

from . import generated_sentences
from .actions import Groups
from .element import Node, Source, tag
from .reading import Read, leaf_values, read_day

_CATEGORIES = {code: category for category, code in CATEGORY_CODES.items()}


def read_formation(root: Node, place: str) -> Read:
    """Reads one ``formation``, in the namespace of LHEO 2.3. Never raises for what it contains."""
    ours = _is_ours(root)
    read = Read(place, Contenu(), root.get("numero", "").strip(), ours=ours)
    Reader(root, read).run()
    return read


def _is_ours(root: Node) -> bool:
    """Our export always says the parcours, in extras of its own."""
    source = Source(root, exact=True)
    return source.word(source.extras(root, "parcours"), "parcours") in PARCOURS


class Reader:
    """One reading. `read` is filled on the way."""

    def __init__(self, root: Node, read: Read):
        self.root, self.read, self.content = root, read, read.content
        self.source = Source(root, exact=read.ours)

    def run(self) -> None:
        content, groups = self.content, Groups(self)
        self.structure(content.structure)
        self.formation()
        groups.run()
        self.contact_of(self.root, "contact-formation", content.formation.contact)
        groups.registration()
        self.results()
        self.read.dispositif = self.dispositif()
        self.faults()
        self.left_aside()

    # --- the parts ----------------------------------------------------------------------------------

    def structure(self, structure: Structure) -> None:
        source = self.source
        node = source.root.find(tag("organisme-formation-responsable"))
        if node is None:
            return
        structure.nom = source.text(node, "nom-organisme")
        official = source.text(node, "raison-sociale")
        structure.raison_sociale = "" if official == structure.nom or official == "-" else official
        structure.siret = source.text(node, "SIRET-organisme-formation/SIRET").replace(NO_SIRET, "")
        structure.uai = source.text(node, "code-UAI-organisme-formation/code-UAI")
        structure.rna = source.word(source.extras(node, "identifiants"), "RNA")
        self.carrier(node, structure)
        structure.numero_activite = source.text(node, "numero-activite").replace(NO_ACTIVITY_NUMBER, "")
        code = source.word(source.extras(node, "categorie-organisme"), "code-categorie-organisme")
        structure.categorie = _CATEGORIES.get(code, "")
        coordinates = node.find(tag("coordonnees-organisme/coordonnees"))
        self.address(coordinates, structure.adresse)
        self.contact_of(node, "contact-organisme", structure.contact)
        if structure.contact.empty and not self.read.ours:
            self.contact(coordinates, structure.contact)
        general = source.text(coordinates, "courriel")
        structure.courriel = "" if general == structure.contact.courriel else general
        teachers = source.root.find(tag("action/organisme-formateur"))
        if teachers is not None:
            self.contact_of(teachers, "contact-formateur", structure.formateur)
            self.teachers(teachers, structure)
        if structure.formateur == structure.contact:
            structure.formateur = Contact()

    def carrier(self, node: Node, structure: Structure) -> None:
        """The structure that lends its SIRET: our export names it, and keeps the official name of the other."""
        extras = self.source.extras(node, "structure-porteuse")
        structure.porteuse.nom = self.source.word(extras, "nom")
        structure.porteuse.siret = self.source.word(extras, "SIRET")
        if not structure.porteuse.empty:
            structure.siret = ""
            structure.raison_sociale = self.source.word(extras, "raison-sociale-portee")

    def teachers(self, node: Node, structure: Structure) -> None:
        """Who teaches, when it is not the structure itself."""
        name = self.source.text(node, "raison-sociale-formateur")
        siret = self.source.text(node, "SIRET-formateur/SIRET").replace(NO_SIRET, "")
        if (self.read.ours and not node.get("numero")) or (not self.read.ours and siret not in ("", structure.siret)):
            structure.formateur_nom, structure.formateur_siret = name, siret

    def formation(self) -> None:
        source, root, said_ = self.source, self.root, self.content.formation
        said_.intitule = source.text(root, "intitule-formation")
        said_.objectif = source.text(root, "objectif-formation", lines=True)
        said_.contenu = source.text(root, "contenu-formation", lines=True)
        nodes = source.all(root, "domaine-formation/code-FORMACODE")
        said_.domaines = self.codes(nodes, DOMAINES, "formation-domaines", "ce que l’on apprend")
        said_.url = source.text(root, "url-formation/urlweb")
        said_.niveaux = self.levels(root, "formation-niveaux")
        spaces = source.extra_nodes(source.extras(root, "espaces-sociaux"), "espace-social")
        said_.espaces_sociaux = self.codes(spaces, ESPACES_SOCIAUX, "formation-espaces_sociaux", "espaces sociaux")
        aims = source.extra_nodes(source.extras(root, "objectifs-oepre"), "objectif")
        said_.objectifs_oepre = self.codes(aims, OBJECTIFS_OEPRE, "formation-objectifs_oepre", "objectifs")
        ours = source.extras(root, "parcours")
        said_.parcours = source.word(ours, "parcours") if self.read.ours else ""
        said_.visees = self.codes(source.extra_nodes(ours, "visee"), VISEES, "formation-visees", "but")
        self.certification()

    def certification(self) -> None:
        said_, source = self.content.formation, self.source
        for node in source.all(self.root, "certification"):
            number, specific = source.text(node, "code-RNCP"), source.text(node, "code-RS")
            specific = f"RS{specific}" if specific[:1].isdigit() else specific
            said_.code_certification = said_.code_certification or specific or number.removeprefix("RNCP")
        certifying = source.text(self.root, "certifiante") == "1"
        if certifying and said_.code_certification and "certification" not in said_.visees:
            said_.visees.append("certification")

    def results(self) -> None:
        text = self.source.text(self.root, "resultats-attendus", lines=True)
        self.content.formation.resultats = generated_sentences.typed(text, words.RESULTS, self.content)

    # --- pieces that several parts share --------------------------------------------------------------

    def contact_of(self, node: Node, name: str, contact: Contact) -> None:
        """Fills `contact` from the first one that says something."""
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
        """Fills `adresse` from the ``adresse`` within `node`."""
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
            for kind, field, known in (("oral", oral, NIVEAUX_ORAL), ("ecrit", written, NIVEAUX_ECRIT)):
                level = by_tag.get(kind, "")
                setattr(levels, field, self.known(level, known, f"{path}-{field}", "niveau"))
        return levels

    def codes(self, nodes: Iterable[Node], known: Any, path: str, what: str) -> list[str]:
        """The codes that we know, each once; the others are named."""
        kept: list[str] = []
        for node in nodes:
            code, edition = self.source.text(node), node.get("ref", FORMACODE)
            if code in known and edition == FORMACODE:
                kept += [code] if code not in kept else []
            elif code:
                about = f" de l’édition {edition}" if edition != FORMACODE else ""
                self.read.remark(path, f"Le code {code}{about} ({what}) n’est pas de notre liste : à choisir.", code)
        return kept

    def known(self, code: str, table: Any, path: str, what: str) -> str:
        if not code or code in table:
            return code
        self.read.remark(path, f"« {code} » ({what}) n’est pas de notre liste : à choisir.", code)
        return ""

    def answer(self, extras: Node | None, path: str) -> Any:
        """The value of the ``extra`` named as the leaf at `path`. A yes/no that others do not answer is unsaid."""
        name = path.rpartition("-")[2].replace("_", "-")
        text, kind = self.source.word(extras, name), spots()[pattern_of(path)].kind
        if kind is int:
            return self.whole(text, path)
        if kind is not bool:
            return text
        if not text and not self.read.ours:
            self.read.unsaid.add(path)
        return text == YES

    def day(self, node: Node | None, name: str, path: str) -> Any:
        text = self.source.text(node, name)
        day, wrong = read_day(text)
        if wrong:
            self.read.remark(path, wrong, text)
        return day

    def whole(self, text: str, path: str) -> int | None:
        """A whole number; a price or hours without cents may be written 12.00."""
        found = re.fullmatch(r"(\d{1,9})(?:[.,]0+)?", text.strip())
        if text and not found:
            self.read.remark(path, "Ce n’est pas un nombre entier : la réponse est laissée vide, à compléter.", text)
        return int(found[1]) if found else None

    def shared(self, found: Iterable[tuple[Any, str]], path: str) -> Any:
        """The one value that the groups share; the first one when they differ, and the others are named."""
        texts = [value for value, _ in found if value not in ("", None)]
        others = [str(value) for value in dict.fromkeys(map(str, texts)) if value != str(texts[0])] if texts else []
        if others:
            message = "Les groupes ne disent pas tous la même chose : la première réponse est gardée, pas celle-ci."
            self.read.remark(path, message, " / ".join(others))
        return texts[0] if texts else ""

    # --- what the file says of itself -----------------------------------------------------------------

    def dispositif(self) -> Dispositif | None:
        programmes = [self.source.text(node) for node in self.root.iter(tag("extra")) if node.get("info") in _PROGRAMME]
        for programme in programmes:
            if programme in set(Dispositif):
                return Dispositif(programme)
        folded = " ".join([*programmes, self.content.formation.intitule]).lower().replace("'", "’")
        if "ouvrir l’école aux parents" in folded or "oepre" in folded:
            return Dispositif.OEPRE
        if any(financeur.code == "20" for financeur in self.content.financement.financeurs):
            return Dispositif.OFII
        return None

    def faults(self) -> None:
        """What the grammar and the business rules say of the file as it was sent."""
        told = {remark.path for remark in self.read.remarks if remark.fault}
        for fault in examine(self.root):
            path = content_path(fault.path, self.content)
            if path in told and fault.rule.startswith("date"):
                continue
            where = f" (ligne {fault.line})" if fault.line else ""
            self.read.remark(path, f"Dans le fichier{where} : {fault.message}", self.quoted(fault.path))

    def quoted(self, path: str) -> str:
        """The text of the element that a fault names; "" when there is none."""
        steps = re.findall(r"/([\w-]+)(?:\[(\d+)\])?", path)[1:]
        found = self.root
        for name, rank in steps:
            rows = found.findall(tag(name))
            if len(rows) < int(rank or 1):
                return ""
            found = rows[int(rank or 1) - 1]
        return (found.text or "").strip()

    def left_aside(self) -> None:
        kept = {str(value) for _, value in leaf_values(self.content) if isinstance(value, str)}
        kept |= {words.NO_ALTERNANCE, NO_SIRET, NO_ACTIVITY_NUMBER, str(self.read.dispositif)}
        kept |= {text for _, value in leaf_values(self.content) if isinstance(value, list) for text in value}
        for name, texts in self.source.left(kept).items():
            message = f"« {name} » n’a pas de place dans une fiche : cette information n’est pas reprise."
            self.read.remark("", message, " / ".join(texts), fault=False)


_PROGRAMME = ("programme-financeur", "code-dispositif")
