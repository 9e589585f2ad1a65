"""The three handmade documents can be typed through the forms, and come out equivalent.

Equivalent means: whatever an element of the document says, the same element of what we publish says it
too, in the same action, the same session, the same appointment, for the same funder. What we publish may
say more. The only differences are those of DIFFERENT, each with its reason; attributes are left aside,
for they name and date the document itself.
"""

from __future__ import annotations

import re
import subprocess
import zlib
from pathlib import Path

import pytest
from lxml import etree

from backoffice.core.extensions import db
from backoffice.models import Commune, Dispositif, Fiche, Organisme, PostalCode
from backoffice.models.values.numbers import UAI_KEYS
from exports.fragment.check import HEAD, TAIL
from forms.fiches.paths import PATHS
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor

DOCUMENTS = {Dispositif.ASL: "01", Dispositif.OEPRE: "02", Dispositif.OFII: "03"}

DIFFERENT = {
    "type-contact": "nobody types it: the contact of an entry is always the reception",
    "programme-financeur": "the programme is said by the code of the dispositif",
    "code-UAI": "the invented number has a wrong key, which the form refuses: the right letter is typed",
}

SAID_WITH_MORE = {
    "conditions-specifiques": "the level at entry follows",
    "contenu-formation": "level, hours and childcare follow, for readers that have no field for them",
    "resultats-attendus": "the level aimed at follows",
    "rythme-formation": "the weekly rhythm comes before",
}

COMMUNES = (("99001", "Villexemple", "99100"), ("99002", "Grandexemple", "99000"))
"""The invented towns of the documents: (Insee, name, postal code)."""


@pytest.fixture
def towns(app):
    for insee, name, code in COMMUNES:
        db.session.add(
            Commune(code_insee=insee, nom=name, search_name=name.lower(), departement="99", region="28", parent=None)
        )
        db.session.flush()
        db.session.add(PostalCode(code=code, code_insee=insee))
    db.session.commit()
    yield
    db.session.rollback()  # the communes are not emptied between two tests on PostgreSQL
    for insee, _, code in COMMUNES:
        db.session.delete(db.session.get_one(PostalCode, (code, insee)))
        db.session.delete(db.session.get_one(Commune, insee))
    db.session.commit()


def document(facts: Path, dispositif: Dispositif) -> etree._Element:
    (file,) = (facts / "handmade").glob(f"{DOCUMENTS[dispositif]}-*.xml")
    root = etree.parse(file).getroot()
    for node in root.iter(etree.Element):
        node.tag = etree.QName(node).localname
    found = root.find(".//formation")
    assert found is not None
    return found


def right_uai(code: str) -> str:
    return f"{code[:7]}{UAI_KEYS[int(code[:7]) % 23]}" if code else ""


def day(text: str) -> str:
    """AAAAMMJJ as somebody types it: a month alone is typed as one of its days."""
    if text in ("", "00000000", "99999999"):
        return ""
    return f"{text[6:] if text[6:] != '00' else '1'}/{text[4:6]}/{text[:4]}"


def answers(doc: etree._Element) -> dict[str, str | list[str]]:
    """What a person types to copy a document: {name of the field: text}. Nothing of it is written here."""

    def said(path: str, of: etree._Element = doc) -> str:
        return " ".join((of.findtext(path) or "").split())

    def codes(path: str) -> list[str]:
        return [node.text or "" for node in doc.findall(path)]

    def adresse(name: str, path: str) -> dict[str, str | list[str]]:
        return {
            f"{name}-denomination": said(f"{path}/denomination"),
            f"{name}-lignes": "\r\n".join(codes(f"{path}/ligne")),
            f"{name}-code_postal": said(f"{path}/codepostal"),
            f"{name}-ville": said(f"{path}/ville"),
        }

    def contact(name: str, path: str) -> dict[str, str | list[str]]:
        return {
            f"{name}-nom": said(f"{path}/coordonnees/nom"),
            f"{name}-telephone": said(f"{path}/coordonnees/telfixe/numtel"),
            f"{name}-courriel": said(f"{path}/coordonnees/courriel"),
        }

    responsible, place = "organisme-formation-responsable", "action/lieu-de-formation"
    made: dict[str, str | list[str]] = {
        "structure-nom": said(f"{responsible}/nom-organisme"),
        "structure-raison_sociale": said(f"{responsible}/raison-sociale"),
        "structure-siret": said(f"{responsible}/SIRET-organisme-formation/SIRET"),
        "structure-numero_activite": said(f"{responsible}/numero-activite").replace("0" * 11, ""),
        "structure-uai": right_uai(said(f"{responsible}/code-UAI-organisme-formation/code-UAI")),
        **adresse("structure-adresse", f"{responsible}/coordonnees-organisme/coordonnees/adresse"),
        **contact("structure-contact", f"{responsible}/contact-organisme"),
        "structure-formateur_nom": said("action/organisme-formateur/raison-sociale-formateur"),
        "structure-formateur_siret": said("action/organisme-formateur/SIRET-formateur/SIRET"),
        "formation-intitule": said("intitule-formation"),
        "formation-domaines": codes("domaine-formation/code-FORMACODE"),
        "formation-objectif": said("objectif-formation"),
        "formation-contenu": said("contenu-formation"),
        "formation-resultats": said("resultats-attendus"),
        "formation-publics": codes("action/code-public-vise"),
        "formation-info_publics": said("action/info-public-vise"),
        "formation-conditions": said("action/conditions-specifiques"),
        "formation-niveau_obligatoire": ["y"] if said("action/niveau-entree-obligatoire") == "1" else [],
        **contact("formation-contact", "contact-formation"),
        **adresse("lieux-0-adresse", f"{place}/coordonnees/adresse"),
        "lieux-0-uai": right_uai(said(f"{place}/code-UAI-lieu-formation/code-UAI")),
        "lieux-0-acces_handicapes": said("action/acces-handicapes"),
        "actions-0-rythme": said("action/rythme-formation"),
        "actions-0-organisation": said("action/modalites-alternance"),
        "actions-0-presence": said("action/modalites-enseignement"),
        "actions-0-heures_total": said("action/nombre-heures-total"),
        "actions-0-heures_centre": said("action/nombre-heures-centre"),
        "inscription-entrees": said("action/modalites-entrees-sorties"),
        "inscription-modalites": said("action/session/modalites-inscription"),
        "inscription-recrutement": said("action/modalites-recrutement"),
        "inscription-debut": day(said("action/session/periode-inscription/periode/debut")),
        "inscription-fin": day(said("action/session/periode-inscription/periode/fin")),
        "inscription-reunion": day(said("action/date-information/date")),
        "inscription-perimetre": said("action/code-perimetre-recrutement"),
        "inscription-ou": "autre",
        **adresse("inscription-adresse", "action/session/adresse-inscription/adresse"),
        "financement-frais": said("action/frais-restants"),
        "financement-conventionne": "oui" if said("action/conventionnement") == "1" else "non",
    }
    for rank, session in enumerate(doc.findall("action/session")):
        here, months = f"actions-0-sessions-{rank}", said("periode/debut", session).endswith("00")
        made |= {
            f"{here}-debut": day(said("periode/debut", session)),
            f"{here}-fin": day(said("periode/fin", session)),
            f"{here}-mois_seulement": ["y"] if months else [],
            f"{here}-recrutement": said("etat-recrutement", session),
        }
        for row, found in enumerate(session.findall("recrutement")):
            made |= {
                f"{here}-recrutements-{row}-modalite": said("modalite-recrutement", found),
                f"{here}-recrutements-{row}-jour": day(said("periode/debut", found)),
                f"{here}-recrutements-{row}-debut": said("heure-debut", found),
                f"{here}-recrutements-{row}-fin": said("heure-fin", found),
                f"{here}-recrutements-{row}-places": said("nb-places", found),
            }
    for rank, funder in enumerate(doc.findall("action/organisme-financeur")):
        market = "extras/extra[@info='ref-action-marche-financeur']"
        made |= {
            f"financement-financeurs-{rank}-code": said("code-financeur", funder),
            f"financement-financeurs-{rank}-places": said("nb-places-financees", funder),
            f"financement-financeurs-{rank}-programme": said(market, funder),
        }
    return made


UNSAID: dict[str, str | list[str]] = {
    "structure-contact-nom": "Accueil",
    "structure-contact-telephone": "02 61 91 00 00",
    "formation-contact-nom": "Accueil",
    "formation-contact-telephone": "02 61 91 00 00",
    "formation-visees": ["sociale"],
    "formation-espaces_sociaux": ["ecole"],
    "formation-objectifs_oepre": ["francais", "valeurs", "ecole"],
    "formation-niveaux-entree_oral": "infra A1.1",
    "formation-niveaux-entree_ecrit": "infra A1.1",
    "actions-0-intensite": "intensif",
    "inscription-modalites": "Se présenter à l’accueil",
    "financement-cout": "gratuit",
    "financement-lot": "Lot 12",
}
"""What the forms ask and the documents do not say."""

CATEGORIES = {Dispositif.ASL: "association", Dispositif.OEPRE: "ecole", Dispositif.OFII: "organisme"}


def copy(visitor: Visitor, fiche: Fiche, typed: dict[str, str | list[str]]) -> None:
    """Goes through every step; rows are added with the page's own buttons."""
    asked: set[str] = set()
    for step in PATHS[fiche.dispositif].steps:
        page = open_page(visitor, f"/fiches/{fiche.id}/saisie/{step.slug}")
        for row in rows_of(typed):
            order = f"ajouter:{row.rpartition('-')[0]}"
            if page.element(row) is None and order in page.buttons("ajouter:"):
                page.type({name: text for name, text in typed.items() if page.element(name) is not None})
                page = page.send(ligne=order)
        here = {name: text for name, text in typed.items() if page.element(name) is not None}
        asked |= here.keys()
        page = page.type(here).send(follow=False)
        assert page.status == 303, page.words("//*[@role='alert']")
    left = {name for name in typed.keys() - asked if typed[name] and not name.endswith("programme")}
    assert left == set(), "nowhere to type it"


def rows_of(typed: dict[str, str | list[str]]) -> list[str]:
    """The rows that are typed, the outer ones first."""
    found = [re.match(r".*-\d+(?=-)", name) for name, text in typed.items() if text]
    return sorted({row[0] for row in found if row}, key=lambda name: (name.count("-"), name))


def said_by(root: etree._Element) -> set[tuple[str, str]]:
    """{(where, what)} of each element that says something. Appointments, sessions, actions have their rank."""
    found = set()
    for node in root.iter(etree.Element):
        if len(node) or not (node.text or "").strip():
            continue
        way = []
        for step in [*reversed(list(node.iterancestors())), node]:
            name = str(step.tag)
            if name in ("action", "session", "recrutement"):
                name += f"[{len(list(step.itersiblings(name, preceding=True)))}]"
            if name == "organisme-financeur":
                name += f"[{step.findtext('code-financeur')}]"
            if name == "extra":
                name += f"[{step.get('info')}]"
            way.append(name)
        found.add(("/".join(way[way.index("formation") :]), " ".join((node.text or "").split())))
    return found


def name_of(where: str) -> str:
    last = where.rpartition("/")[2]
    return last.removeprefix("extra[").rstrip("]") if last.startswith("extra[") else last


def lost(document: etree._Element, ours: etree._Element) -> set[tuple[str, str]]:
    """What the document says and ours does not."""
    told = said_by(ours)
    told |= {(where, what.replace(" ", "")) for where, what in told if where.endswith("numtel")}
    left = {(where, what) for where, what in said_by(document) - told if name_of(where) not in DIFFERENT}
    return {
        (where, what)
        for where, what in left
        if name_of(where) not in SAID_WITH_MORE or not any(other == where and what in text for other, text in told)
    }


@pytest.mark.parametrize("dispositif", DOCUMENTS)
def test_a_handmade_document_is_typed_and_comes_out_equivalent(app, towns, lheo_facts, xmllint, tmp_path, dispositif):
    original = document(lheo_facts, dispositif)
    structure = Organisme(nom="À nommer", siret="", territoire_id=make.territoire().id)
    db.session.add(structure)
    nadia, marc = make.provider("Nadia Exemple", structure), make.moderator()
    visitor = Visitor(app, nadia)
    open_page(visitor, "/fiches/nouvelle").type({"dispositif": dispositif}).send()
    (fiche,) = db.session.query(Fiche).all()
    fiche_id = fiche.id
    known = {name: text for name, text in answers(original).items() if text}
    asked = {q.pattern for step in PATHS[dispositif].steps for q in step.questions()}
    unsaid = {
        name: text
        for name, text in {**UNSAID, "structure-categorie": CATEGORIES[dispositif]}.items()
        if re.sub(r"-\d+", "[]", name).replace("-", ".") in asked
    }
    copy(visitor, fiche, {**unsaid, **known})

    review = open_page(visitor, f"/fiches/{fiche_id}/relecture")
    assert "Votre fiche est complète" in review.text, review.words("//section[@aria-labelledby='manques']")
    assert review.send().words("//h1") == "Merci, votre fiche est envoyée"
    db.session.expire_all()
    fiche = db.session.get_one(Fiche, fiche_id)
    for name in ("prendre", "valider"):
        make.step(fiche, name, marc)
    xml = zlib.decompress(fiche.latest.fragment.xml).decode()

    assert lost(original, etree.fromstring(xml)) == set()
    file = tmp_path / "flux.xml"
    file.write_text(HEAD + xml + TAIL, encoding="utf-8")
    schema = lheo_facts / "lheo-2.3.xsd"
    checked = subprocess.run(
        [xmllint, "--noout", "--schema", schema, file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("dispositif", DOCUMENTS)
def test_the_comparison_sees_a_word_that_is_lost_or_moved(lheo_facts, dispositif):
    original, other = document(lheo_facts, dispositif), document(lheo_facts, dispositif)
    assert lost(original, other) == set()
    node = other.find("action/lieu-de-formation/coordonnees/adresse/ligne")
    node.text = "3 rue d’Ailleurs"
    assert lost(original, other) == {
        (
            "formation/action[0]/lieu-de-formation/coordonnees/adresse/ligne",
            original.findtext("action/lieu-de-formation/coordonnees/adresse/ligne"),
        )
    }
