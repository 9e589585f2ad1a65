"""The grammar of LHEO 2.3 as one table: 170 elements, their order, occurrences, lengths and codes.

Everything that depends on LHEO reads this module: the schema, the writer, the length of a form's field, the path in a
remark. No limit is written twice.

How to read the tables:
- ``SEQUENCES``: the children of an element, in their compulsory order, each followed by how many times
  it may occur: nothing = exactly once, ``?`` = at most once, ``*`` = any number, ``+`` = at least once,
  ``{m,n}`` = from m to n times. Every sequence ends with ``extras*``, which is therefore not written
  in the table, except those in ``CLOSED``.
- ``TEXTS``: (shortest, longest) → the free texts of that length, in code points.
- ``INTEGERS``: (lowest, highest) → the integers with these bounds. The published schema accepts any
  64-bit number: the bounds come from the standard's list of elements and are checked by ``business_rules``.
- ``DATES``: eight digits AAAAMMJJ. ``business_rules`` checks that they are real dates.
- ``tables.KEYS``: one code of a closed table.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from .tables import KEYS, TABLES

NAMESPACE = "http://lheo.gouv.fr/2.3"

SEQUENCES = {
    # --- the flow
    "lheo": "offres",
    "offres": "formation+",
    "formation": """
        domaine-formation intitule-formation objectif-formation resultats-attendus contenu-formation
        certifiante contact-formation+ parcours-de-formation code-niveau-entree objectif-general-formation?
        certification{0,5} code-type-formation{0,5} code-niveau-sortie? url-formation? action+
        organisme-formation-responsable identifiant-module? positionnement? sous-modules?
        modules-prerequis?""",
    "domaine-formation": "code-FORMACODE{0,5} code-NSF{0,3} code-ROME{0,5}",
    "contact-formation": "type-contact? coordonnees",
    "certification": "code-RNCP? code-CERTIFINFO? code-RS? code-CPF? reference-code-FORMACODE?",
    "code-type-formation": "code-CPF? code-ELU?",
    "url-formation": "urlweb{1,3}",
    "sous-modules": "sous-module+",
    "sous-module": "reference-module type-module",
    "modules-prerequis": "reference-module+",
    # --- one action: a place, a group, a teaching mode
    "action": """
        rythme-formation code-public-vise{1,10} info-public-vise? niveau-entree-obligatoire
        modalites-alternance modalites-enseignement conditions-specifiques prise-en-charge-frais-possible
        lieu-de-formation* modalites-entrees-sorties url-action? duree-cycle? session+
        adresse-information? date-information{0,3}
        restauration? hebergement? transport? acces-handicapes? langue-formation{0,5} modalites-recrutement?
        modalites-pedagogiques? code-modalite-pedagogique{0,5} equipement* frais-restants?
        code-perimetre-recrutement? infos-perimetre-recrutement? prix-horaire-TTC? prix-total-TTC?
        duree-indicative? nombre-heures-centre? nombre-heures-entreprise? nombre-heures-total?
        detail-conditions-prise-en-charge? conventionnement? duree-conventionnee? organisme-formateur*
        organisme-financeur{0,8} enseignement*""",
    "lieu-de-formation": "SIRET-lieu-formation? code-UAI-lieu-formation? coordonnees",
    "SIRET-lieu-formation": "SIRET",
    "code-UAI-lieu-formation": "code-UAI",
    "url-action": "urlweb{1,3}",
    "adresse-information": "adresse",
    "date-information": "date",
    "equipement": "type-equipement cout-indicatif-equipement? commentaire?",
    "enseignement": "libelle-enseignement type-enseignement obligatoire commentaire?",
    "organisme-financeur": "code-financeur nb-places-financees?",
    "organisme-formateur": """
        SIRET-formateur raison-sociale-formateur contact-formateur* potentiel? code-UAI-formateur?
        reference-certification{0,5}""",
    "SIRET-formateur": "SIRET",
    "code-UAI-formateur": "code-UAI",
    "contact-formateur": "type-contact? coordonnees",
    "potentiel": "code-FORMACODE{1,25}",
    "reference-certification": "reference-code-RNCP? reference-code-CERTIFINFO? reference-code-RS?",
    # --- one session: dates and enrolment
    "session": """
        periode adresse-inscription modalites-inscription? periode-inscription? etat-recrutement? recrutement*
        url-session? contact-session* reference-certification{0,5} blocs-competences* cycle*""",
    "periode": "debut fin",
    "periode-inscription": "periode",
    "adresse-inscription": "adresse",
    "recrutement": """
        modalite-recrutement code-perimetre-recrutement? infos-perimetre-recrutement? a-distance? adresse?
        urlweb? nb-places? periode? heure-debut? heure-fin? commentaire?""",
    "url-session": "urlweb{1,3}",
    "contact-session": "type-contact? coordonnees",
    "blocs-competences": "validation-blocs reference-certification bloc-competences+",
    "bloc-competences": "libelle-bloc code-bloc",
    "cycle": """
        type-cycle annee-cycle* effectif-minimal? capacite-simultanee? capacite-cumulee? alternance?""",
    "alternance": "type-alternance rythme-alternance?",
    "rythme-alternance": "unite-rythme-alternance unites-entreprise unites-centre",
    # --- the organisation responsible for the offer
    "organisme-formation-responsable": """
        numero-activite SIRET-organisme-formation nom-organisme raison-sociale coordonnees-organisme
        contact-organisme+ renseignements-specifiques? potentiel? code-UAI-organisme-formation?""",
    "SIRET-organisme-formation": "SIRET",
    "code-UAI-organisme-formation": "code-UAI",
    "coordonnees-organisme": "coordonnees",
    "contact-organisme": "type-contact? coordonnees",
    # --- people and places
    "coordonnees": "civilite? nom? prenom? ligne{0,3} adresse? telfixe? portable? fax? courriel? web?",
    "adresse": """
        denomination? ligne{1,4} codepostal ville departement? code-INSEE-commune? code-INSEE-canton? region?
        pays? geolocalisation?""",
    "geolocalisation": "latitude longitude",
    "telfixe": "numtel{1,3}",
    "portable": "numtel{1,3}",
    "fax": "numtel{1,3}",
    "web": "urlweb{1,3}",
    # --- the index, and the file that combines a flow and organisations
    "lheo-index": "resumes-offres? resumes-organismes?",
    "resumes-offres": "resume-offre*",
    "resumes-organismes": "resume-organisme*",
    "resume-offre": """
        domaine-formation intitule-formation nom-organisme SIRET codepostal? code-INSEE-commune? ville
        departement region? certifiante code-niveau-entree prise-en-charge-frais-possible
        modalites-enseignement? code-public-vise{1,10} nombre-heures-total? session* contact-formation-resume*
        certification{0,5}""",
    "resume-organisme": "nom-organisme raison-sociale SIRET numero-activite",
    "contact-formation-resume": "type-contact? nom? telfixe? courriel?",
    "lheo-plus": "lheo? organisme-formation-responsable*",
}

CLOSED = frozenset({"periode-inscription"})  # the only sequence without extras

# The children of extras come in any order; extra accepts any content.
CHOICES = {"extras": "extras* extra*"}
ANY = "extra"

TEXTS = {
    (0, 30): "latitude longitude",
    (0, 50): "infos-perimetre-recrutement",
    (0, 150): "duree-indicative",
    (0, 200): "frais-restants modalites-pedagogiques",
    (0, 250): "raison-sociale-formateur",
    (0, 3000): "renseignements-specifiques modalites-recrutement",
    (1, 6): "prix-horaire-TTC",
    (1, 10): """
        prix-total-TTC code-RNCP code-CERTIFINFO reference-code-RNCP reference-code-CERTIFINFO
        reference-code-RS""",
    (1, 25): "numtel",
    (1, 50): "civilite nom prenom ligne ville",
    (1, 250): """
        nom-organisme raison-sociale info-public-vise restauration hebergement transport acces-handicapes""",
    (1, 255): "intitule-formation libelle-enseignement denomination modalites-inscription",
    (1, 500): "libelle-bloc commentaire",
    (1, 600): "detail-conditions-prise-en-charge",
    (1, 3000): """
        objectif-formation resultats-attendus contenu-formation rythme-formation modalites-alternance
        conditions-specifiques identifiant-module reference-module""",
    (2, 2): "langue-formation region pays",
    (2, 3): "departement",
    (2, 5): "heure-debut heure-fin",
    (3, 3): "code-NSF",
    (3, 10): "code-RS",
    (3, 160): "courriel",
    (3, 400): "urlweb",
    (4, 5): "code-INSEE-canton",
    (4, 10): "code-CPF code-ELU",
    (5, 5): """
        code-FORMACODE code-ROME code-public-vise code-modalite-pedagogique reference-code-FORMACODE
        codepostal code-INSEE-commune""",
    (8, 8): "code-UAI",
    (8, 40): "code-bloc",
    (11, 11): "numero-activite",
    (14, 14): "SIRET",
}

INTEGERS = {
    (0, 99): "duree-cycle annee-cycle",
    (0, 99999): """
        nb-places nb-places-financees effectif-minimal capacite-simultanee capacite-cumulee unites-entreprise
        unites-centre cout-indicatif-equipement nombre-heures-centre nombre-heures-entreprise
        nombre-heures-total duree-conventionnee""",
}

DATES = "debut fin date"
DATE_LENGTH = 8
DATE_PATTERN = "[0-9][0-9][0-9][0-9][019][0-9][01239][0-9]"

# attribute → its type in XML Schema. Every element accepts the common ones; none is compulsory.
COMMON = {
    "numero": "string",
    "info": "string",
    "ref": "string",
    "id": "ID",
    "idref": "IDREF",
    "tag": "string",
    "horodatage-creation": "dateTime",
    "horodatage-modification": "dateTime",
    "horodatage-export": "dateTime",
    "uri": "anyURI",
}
DATED = {"datemaj": "string", "datecrea": "string"}
LINKED = {"href": "string", "file": "string"}
DATED_ELEMENTS = frozenset({"lheo", "lheo-index", "formation", "action", "session", "resume-offre", "resume-organisme"})
LINKED_ELEMENTS = frozenset({"formation", "organisme-formation-responsable", "resume-offre", "resume-organisme"})


class UnknownNameError(KeyError):
    """A name, a path or a table that LHEO 2.3 does not have."""

    def __str__(self) -> str:
        """Return the message as written: KeyError would show its repr."""
        return str(self.args[0])


class Kind(StrEnum):
    """The kind of content of an element."""

    SEQUENCE = "sequence"  # children in a fixed order
    CHOICE = "choice"  # children in any order
    TEXT = "text"
    KEY = "key"  # one code of a table
    INTEGER = "integer"
    DATE = "date"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Child:
    """An element allowed inside another. ``maximum`` is None when unbounded."""

    name: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Element:
    """One element of LHEO. Fields that do not apply to its kind are empty or None."""

    name: str
    kind: Kind
    attributes: dict[str, str]  # name → type in XML Schema
    children: tuple[Child, ...] = ()
    limits: tuple[int, int] | None = None  # of a text, in code points
    bounds: tuple[int, int] | None = None  # of an integer, both included
    table: str | None = None
    codes: tuple[str, ...] = ()


_OCCURRENCE = re.compile(r"(?P<name>[\w-]+)(?P<mark>[?*+]|\{(?P<low>\d+),(?P<high>\d+)\})?")
_MARKS: dict[str | None, tuple[int, int | None]] = {None: (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}


def _children(written: str) -> tuple[Child, ...]:
    children = []
    for word in written.split():
        found = _OCCURRENCE.fullmatch(word)
        if found is None:
            raise ValueError(f"unreadable line of the grammar: {word}")
        if found["low"]:
            children.append(Child(found["name"], int(found["low"]), int(found["high"])))
        else:
            children.append(Child(found["name"], *_MARKS[found["mark"]]))
    return tuple(children)


def _attributes(name: str) -> dict[str, str]:
    dated = DATED if name in DATED_ELEMENTS else {}
    linked = LINKED if name in LINKED_ELEMENTS else {}
    return COMMON | dated | linked


def _elements() -> dict[str, Element]:
    elements: dict[str, Element] = {}

    def add(
        names: str,
        kind: Kind,
        *,
        children: str = "",
        limits: tuple[int, int] | None = None,
        bounds: tuple[int, int] | None = None,
        table: str | None = None,
    ) -> None:
        for name in names.split():
            if name in elements:
                raise ValueError(f"described twice in the grammar: {name}")
            codes = TABLES[table] if table else ()
            elements[name] = Element(name, kind, _attributes(name), _children(children), limits, bounds, table, codes)

    for name, words in SEQUENCES.items():
        add(name, Kind.SEQUENCE, children=words if name in CLOSED else f"{words} extras*")
    for name, words in CHOICES.items():
        add(name, Kind.CHOICE, children=words)
    for limits, names in TEXTS.items():
        add(names, Kind.TEXT, limits=limits)
    for bounds, names in INTEGERS.items():
        add(names, Kind.INTEGER, bounds=bounds)
    for name, table in KEYS.items():
        add(name, Kind.KEY, table=table)
    add(DATES, Kind.DATE)
    add(ANY, Kind.ANY)
    return elements


ELEMENTS: dict[str, Element] = _elements()


def resolve(path: str) -> Element:
    """Return the element at the end of a path such as ``formation/action[2]/rythme-formation``.

    A path may start at any element, with or without a leading slash; ranks in brackets are ignored. Each
    step must be an allowed child of the step before it. Raise UnknownNameError otherwise.
    """
    steps = [step.partition("[")[0] for step in path.strip("/").split("/")]
    for parent, child in pairwise(steps):
        occurs(parent, child)
    return _element(steps[-1])


def limit(path: str) -> tuple[int, int]:
    """Return the (shortest, longest) length of the text at the end of the path, in code points.

    Raise UnknownNameError for a path that LHEO does not have, ValueError for an element that is no text.
    """
    limits = resolve(path).limits
    if limits is None:
        raise ValueError(f"no text length: {path}")
    return limits


def bounds(path: str) -> tuple[int, int]:
    """Return the (lowest, highest) value of the whole number at the end of the path.

    Raise UnknownNameError for a path that LHEO does not have, ValueError for an element that is no number.
    """
    found = resolve(path).bounds
    if found is None:
        raise ValueError(f"not a whole number: {path}")
    return found


def occurs(parent: str, child: str) -> tuple[int, int | None]:
    """Return the (minimum, maximum) number of occurrences of the child; maximum None when unbounded.

    Raise UnknownNameError when the parent is unknown or does not allow that child.
    """
    for place in _element(parent).children:
        if place.name == child:
            return place.minimum, place.maximum
    raise UnknownNameError(f"LHEO 2.3 has no {child} in {parent}")


def table(name: str) -> tuple[str, ...]:
    """Return the codes of a table, in order. name: of the table or of an element that uses it, or a path to one.

    A table and an element with the same name are never ambiguous: the element uses that table.
    Raise UnknownNameError otherwise.
    """
    last = resolve(name).name if "/" in name else name
    codes = TABLES.get(KEYS.get(last, last))
    if codes is None:
        raise UnknownNameError(f"LHEO 2.3 has no table {name}")
    return codes


def _element(name: str) -> Element:
    try:
        return ELEMENTS[name]
    except KeyError:
        raise UnknownNameError(f"LHEO 2.3 has no element {name}") from None
