"""Reads a ``formation`` of LHEO 2.3 into a content: the inverse of exports.fragment.build.

Our own exports are read back exactly. Files of others are read leniently: HTML becomes text; an unknown code or an
impossible date is dropped, extra values where the content has one are dropped, elements without equivalent are
ignored, each with a remark, so that no loss is silent.
"""

from __future__ import annotations

import re

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.text import search_key
from backoffice.models.content import Contact, Contenu, Structure, put_at
from backoffice.models.content.vocabulary import (
    DOMAINES,
    ESPACES_SOCIAUX,
    OBJECTIFS_OEPRE,
    PARCOURS,
    VISEES,
    Dispositif,
)
from exports.fragment import practical, words
from exports.fragment.build import CATEGORY_CODES, NO_ACTIVITY_NUMBER, NO_SIRET, OUR_PAGE
from exports.fragment.check import content_path
from exports.lheo import fields
from exports.lheo.business_rules import examine

from . import generated_sentences
from .actions import Groups
from .element import Node, Source, tag
from .pieces import Pieces
from .reading import LISTED, SHOWN, Read, leaf_values

_CATEGORIES = {code: category for category, code in CATEGORY_CODES.items()}


def read_formation(root: Node, place: str) -> Read:
    """Reads one ``formation`` in the LHEO 2.3 namespace. Never raises for its content. place: see Read."""
    ours = _is_ours(root)
    read = Read(place, Contenu(), root.get("numero", "").strip(), ours=ours)
    Reader(root, read).run()
    return read


def _is_ours(root: Node) -> bool:
    """Whether our export wrote the file: it always adds extras with the parcours."""
    source = Source(root, exact=True)
    return source.word(source.extras(root, "parcours"), "parcours") in PARCOURS


class Reader(Pieces):
    """Reads one ``formation`` into `read`."""

    def run(self) -> None:
        content, groups = self.content, Groups(self)
        self.structure(content.structure)
        self.formation()
        groups.run()
        self.contact_of(self.root, "contact-formation", content.formation.contact)
        groups.registration()
        self.texts()
        self.read.dispositif = self.dispositif()
        self.values()
        self.faults()
        self.left_aside()

    def values(self) -> None:
        """Reads each value again with the reader of its field, as every door does."""
        told = {remark.path for remark in self.read.remarks if remark.fault}
        written = dict(leaf_values(self.content))
        for path, spot, answer in fields.again(self.content, local_day(now())):
            if path in told:
                continue
            if answer.fault:
                self.read.doubt(path, answer.fault, str(written[path]))
            put_at(self.content, path, fields.kept(spot, written[path], answer))

    # --- the parts ----------------------------------------------------------------------------------

    def structure(self, structure: Structure) -> None:
        source = self.source
        node = source.root.find(tag("organisme-formation-responsable"))
        if node is None:
            return
        structure.nom = source.text(node, "nom-organisme")
        official = source.text(node, "raison-sociale")
        structure.raison_sociale = "" if official == structure.nom else official
        structure.siret = source.text(node, "SIRET-organisme-formation/SIRET").replace(NO_SIRET, "")
        structure.uai = source.text(node, "code-UAI-organisme-formation/code-UAI")
        structure.rna = source.word(source.extras(node, "identifiants"), "RNA")
        self.carrier(node, structure)
        if not structure.porteuse.empty and official != structure.porteuse.nom:
            source.release(node.find(tag("raison-sociale")))
        structure.numero_activite = source.text(node, "numero-activite").replace(NO_ACTIVITY_NUMBER, "")
        for found in source.extra_nodes(source.extras(node, "categorie-organisme"), "code-categorie-organisme"):
            structure.categorie = _CATEGORIES.get(source.text(found), "")
            if not structure.categorie:
                source.release(found)
        coordinates = node.find(tag("coordonnees-organisme/coordonnees"))
        self.address(coordinates, structure.adresse)
        self.contact_of(node, "contact-organisme", structure.contact)
        if structure.contact.empty and not self.read.ours:
            self.contact(coordinates, structure.contact)
        structure.site = source.text(coordinates, "web/urlweb") or source.text(
            node, "contact-organisme/coordonnees/web/urlweb"
        )
        general = source.text(coordinates, "courriel")
        structure.courriel = "" if general == structure.contact.courriel else general
        teachers = source.root.find(tag("action/organisme-formateur"))
        if teachers is not None:
            self.contact_of(teachers, "contact-formateur", structure.formateur)
            self.teachers(teachers, structure)
        if structure.formateur == structure.contact:
            structure.formateur = Contact()

    def carrier(self, node: Node, structure: Structure) -> None:
        """Reads the carrier from our export, which also has the official name of the carried structure."""
        extras = self.source.extras(node, "structure-porteuse")
        structure.porteuse.nom = self.source.word(extras, "nom")
        structure.porteuse.siret = self.source.word(extras, "SIRET")
        if not structure.porteuse.empty:
            structure.siret = ""
            structure.raison_sociale = self.source.word(extras, "raison-sociale-portee")

    def teachers(self, node: Node, structure: Structure) -> None:
        """Reads the teaching organisation, when it is not the structure itself."""
        name = self.source.text(node, "raison-sociale-formateur")
        siret = self.source.text(node, "SIRET-formateur/SIRET").replace(NO_SIRET, "")
        own = self.root.find(tag("organisme-formation-responsable"))
        numero = "" if own is None else own.get("numero", "")
        theirs = {search_key(structure.nom), search_key(structure.legal_name), ""}
        if self.read.ours:
            other = node.get("numero", "") != numero
        else:
            other = siret != structure.siret if siret else search_key(name) not in theirs
        if other:
            structure.formateur_nom, structure.formateur_siret = name, siret
        elif not self.read.ours and search_key(name) not in theirs:
            self.source.release(node.find(tag("raison-sociale-formateur")))

    def formation(self) -> None:
        source, root, said_ = self.source, self.root, self.content.formation
        said_.intitule = source.text(root, "intitule-formation")
        said_.objectif = source.text(root, "objectif-formation", lines=True)
        nodes = source.all(root, "domaine-formation/code-FORMACODE")
        said_.domaines = self.codes(nodes, DOMAINES, "formation-domaines", "ce que l’on apprend")
        addresses = [node for node in source.all(root, "url-formation/urlweb") if node.get("info") != OUR_PAGE]
        said_.url = source.text(addresses[0]) if addresses else ""
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
        for node in source.all(self.root, "certification"):  # one has a place: the codes left unread are reported
            found = next((child for name in ("code-RS", "code-RNCP") for child in source.all(node, name)), None)
            if found is not None and not said_.code_certification:
                number = source.text(found).removeprefix("RNCP")
                said_.code_certification = f"RS{number}" if found.tag == tag("code-RS") and number.isdigit() else number
        certifying = source.text(self.root, "certifiante") == "1"
        if certifying and not said_.code_certification:
            message = "Le fichier annonce une certification sans en donner le numéro RNCP ou RS."
            self.read.remark("formation-code_certification", message, fault=False)
        elif certifying and "certification" not in said_.visees:
            said_.visees.append("certification")
        elif said_.code_certification and "certification" not in said_.visees:
            message = "Le fichier donne ce numéro et dit que la formation n’est pas certifiante : à vérifier."
            self.read.remark("formation-code_certification", message, said_.code_certification, fault=False)

    def texts(self) -> None:
        """Reads the texts to which the export adds lines: what these repeat must be in the content already."""
        said_, source = self.content.formation, self.source
        text = source.text(self.root, "resultats-attendus", lines=True)
        said_.resultats = generated_sentences.typed(text, words.RESULTS, self.content)
        text = source.text(self.root, "contenu-formation", lines=True)
        said_.contenu = generated_sentences.typed(text, practical.PROGRAMME, self.content)

    # --- dispositif, faults and unread elements -------------------------------------------------------

    def dispositif(self) -> Dispositif | None:
        nodes = [node for node in self.root.iter(tag("extra")) if node.get("info") in _PROGRAMME]
        programmes = [self.source.text(node) for node in nodes]
        for node, programme in zip(nodes, programmes, strict=True):
            if programme and programme not in set(Dispositif):
                self.source.release(node)
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
        """Adds the faults of the original file against the schema and the business rules."""
        told = {remark.path for remark in self.read.remarks if remark.fault}
        for fault in examine(self.root):
            path = content_path(fault.path, self.content)
            if path in told and fault.rule.startswith("date"):
                continue
            where = f" (ligne {fault.line})" if fault.line else ""
            self.read.remark(path, f"Dans le fichier{where} : {fault.message}", self.quoted(fault.path))

    def quoted(self, path: str) -> str:
        """The text of the element at the path of a fault; "" when there is none."""
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
        kept |= {
            words.price_details(self.content),
            words.NO_ALTERNANCE,
            NO_SIRET,
            NO_ACTIVITY_NUMBER,
            str(self.read.dispositif),
        }
        kept |= {text for _, value in leaf_values(self.content) if isinstance(value, list) for text in value}
        for name, texts in self.source.left(kept).items():
            also = f" ({NAMES[name]})" if name in NAMES else ""
            message = f"« {name} »{also} n’a pas de place dans une fiche : cette information n’est pas reprise."
            quotes = " / ".join(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…" for text in texts)
            self.read.remark("", message, quotes, fault=False, longest=LISTED)


NAMES = {
    "code-RNCP": "numéro RNCP",
    "code-RS": "numéro RS",
    "code-CERTIFINFO": "numéro Certif Info",
    "programme-financeur": "programme du financeur",
    "urlweb": "adresse internet",
    "numtel": "téléphone",
    "courriel": "adresse e-mail",
    "codepostal": "code postal",
    "ligne": "ligne d’adresse",
    "code-public-vise": "public visé",
    "duree-hebdo": "heures par semaine",
    "langue-formation": "langue",
}
"""{element or ``info``: its name in French, where the element's own is not clear}."""
_PROGRAMME = ("programme-financeur", "code-dispositif")
