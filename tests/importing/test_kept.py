"""What a file does not say, or says in a way that is not wholly understood, leaves the stored fiche as it is."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import date

import pytest
from lxml import etree

from backoffice.models.content import Contenu, Financeur, Session, pattern_of
from backoffice.models.values.cells import says_nothing
from exports.fragment.check import HEAD, TAIL
from exports.importing.columns import BY_KEY, COLUMNS, NUMERO, SLOTS
from exports.importing.files import Table
from exports.importing.lheo import read_formation
from exports.importing.merge import merge, merged
from exports.importing.reading import leaf_values
from exports.importing.tables import read_rows
from forms.kit.questions import Kind
from tests.fiches.test_declared import QUESTIONS, whole
from tests.importing.test_lheo import written
from tests.support.factories import complete_content

GARBAGE = "zz9?"
FREE = {Kind.LINE, Kind.TEXT, Kind.LINES}
TO_BE_READ = {
    Kind.PHONE,
    Kind.EMAIL,
    Kind.URL,
    Kind.SIRET,
    Kind.NDA,
    Kind.RNA,
    Kind.UAI,
    Kind.POSTCODE,
    Kind.CERTIFICATION,
}


def flow(content: Contenu, *, ours: bool) -> etree._Element:
    """The formation of a flow: ours, or as another software that knows our extras, not our sentences, writes it."""
    root = etree.fromstring((HEAD + written(content) + TAIL).encode())[0][0]
    if not ours:
        for node in root.xpath("*[@info='parcours']"):
            root.remove(node)
        for name in ("contenu-formation", "resultats-attendus", "rythme-formation", "conditions-specifiques"):
            root.find(f".//{{*}}{name}").text = "Un texte"
    return root


def said(root: etree._Element) -> list[etree._Element]:
    return [node for node in root.iter(etree.Element) if not len(node) and (node.text or "").strip()]


def name_of(node: etree._Element) -> str:
    parent = etree.QName(node.getparent()).localname
    return f"{parent}/{node.get('info') or etree.QName(node).localname}"


def differences(before: Contenu, after: Contenu) -> dict[str, tuple[object, object]]:
    old, new = dict(leaf_values(before)), dict(leaf_values(after))
    return {path: (old.get(path), new.get(path)) for path in {**old, **new} if old.get(path) != new.get(path)}


def again(content: Contenu, *, ours: bool) -> Contenu:
    """The content as a first import stores it."""
    return merge(content, read_formation(flow(content, ours=ours), "ligne 1"))


SEVERAL = {"code-FORMACODE", "code-public-vise", "creneau", "espace-social", "visee", "objectif", "ligne"}
"""Elements that may stand several times: one less is another answer."""


def test_an_element_that_is_absent_changes_nothing(app):
    stored = again(whole(), ours=False)
    root, wrong = flow(stored, ours=False), []
    for rank, node in enumerate(said(root)):
        copy = deepcopy(root)
        gone = said(copy)[rank]
        gone.getparent().remove(gone)
        made = merge(stored, read_formation(copy, "ligne 1"))
        if name_of(node).rpartition("/")[2] not in SEVERAL:
            wrong += [(name_of(node), *row) for row in differences(stored, made).items()]
    assert wrong == []


@pytest.mark.parametrize("ours", [True, False])
def test_an_element_that_cannot_be_read_changes_nothing_and_is_named(app, ours):
    """A free text is what the file says; every other value keeps what is stored, and a remark quotes the file."""
    stored = again(whole(), ours=ours)
    root, wrong = flow(stored, ours=ours), []
    for rank, node in enumerate(said(root)):
        copy = deepcopy(root)
        said(copy)[rank].text = GARBAGE
        read = read_formation(copy, "ligne 1")
        found = differences(stored, merge(stored, read))
        if GARBAGE not in str(found.get("structure-courriel")):
            found.pop("structure-courriel", None)  # the flow repeats the e-mail of the reception when it is empty
        typed = {path for path, (_, new) in found.items() if GARBAGE in str(new)}
        free = all(QUESTIONS[pattern_of(path)].kind in FREE | TO_BE_READ for path in typed)
        named = bool(typed) or any(GARBAGE in remark.quote for remark in read.remarks)
        if name_of(node) == "extras/nom" and ours:
            continue  # the rhythm repeats the name: they are edited together
        if set(found) != typed or not free or not named:
            wrong.append((name_of(node), found, named))
    assert wrong == []


# --- Lists --------------------------------------------------------------------------------------------


def put(root: etree._Element, name: str, *texts: str, **attributes: str) -> None:
    """Replaces the elements of this name by these."""
    first, *others = root.findall(f".//{{*}}{name}")
    for node in others:
        node.getparent().remove(node)
    for text in texts:
        node = etree.Element(first.tag, {**first.attrib, **attributes})
        node.text = text
        first.addprevious(node)
    first.getparent().remove(first)


def test_a_list_that_is_half_understood_leaves_the_stored_one_and_a_new_fiche_takes_what_was_understood(app):
    stored = complete_content()
    stored.formation.publics = ["81018", "81023", "81042"]
    root = flow(stored, ours=False)
    put(root, "code-public-vise", "81023", "99997", "99998")
    read = read_formation(root, "ligne 1")
    found = merged(stored, read)
    assert found.content.formation.publics == ["81018", "81023", "81042"]
    assert "formation-publics" in found.kept
    assert [remark.quote for remark in read.remarks if remark.path == "formation-publics"] == ["99997", "99998"]
    assert merge(Contenu(), read).formation.publics == ["81023"]


@pytest.mark.parametrize("edition", ["V11", "V12", "V13", "v14"])
def test_c10_a_code_of_another_edition_that_exists_in_ours_is_taken(app, edition):
    root = flow(complete_content(), ours=False)
    put(root, "code-public-vise", "81023", "83056", ref=edition)
    put(root, "code-FORMACODE", "15235", ref=edition)
    read = read_formation(root, "ligne 1")
    assert sorted(read.content.formation.publics) == ["81023", "83056"]
    assert read.content.formation.domaines == ["15235"]
    assert read.partial == set()
    told = {(remark.path, remark.quote, remark.fault) for remark in read.remarks if edition in remark.message}
    assert {("formation-publics", "81023", False), ("formation-domaines", "15235", False)} <= told


def test_a_session_whose_first_day_cannot_be_read_replaces_no_other(app):
    stored = complete_content()
    stored.actions[0].sessions.append(Session("S4", date(2027, 9, 14), date(2028, 6, 30)))
    root = flow(stored, ours=False)
    root.findall(".//{*}session/{*}periode/{*}debut")[0].text = "20260931"
    made = merge(stored, read_formation(root, "ligne 1"))
    assert made.actions[0].sessions == stored.actions[0].sessions


def test_the_slots_of_a_group_are_understood_together(app):
    stored = complete_content()
    root = flow(stored, ours=False)
    slots = root.findall(".//{*}extra[@info='creneau']")
    slots[0].text, slots[1].text = "1000-1200", "soir"
    made = merge(stored, read_formation(root, "ligne 1"))
    assert made.actions[0].creneaux == stored.actions[0].creneaux


def test_a_funder_that_is_unknown_replaces_none(app):
    stored = complete_content()
    stored.financement.financeurs = [Financeur("13", "BOP 147", "2026-1", 9), Financeur("19", "BOP 104", "", 12)]
    root = flow(stored, ours=False)
    root.find(".//{*}code-financeur").text = "6"
    made = merge(stored, read_formation(root, "ligne 1"))
    assert sorted(made.financement.financeurs, key=lambda row: row.code) == stored.financement.financeurs
    (one, two) = merge(Contenu(), read_formation(root, "ligne 1")).financement.financeurs
    assert "0" in (one.code, two.code), "une nouvelle fiche le garde comme « Autre »"


def test_an_address_whose_street_alone_is_said_keeps_its_town(app):
    stored = complete_content()
    root = flow(stored, ours=False)
    address = root.find(".//{*}lieu-de-formation//{*}adresse")
    for name in ("codepostal", "ville", "departement", "code-INSEE-commune", "region"):
        address.remove(address.find(f"{{*}}{name}"))
    assert merge(stored, read_formation(root, "ligne 1")).lieux == stored.lieux


def test_appointments_are_imported_and_updated(app):
    content = whole()
    read = read_formation(flow(content, ours=False), "ligne 1")
    (session,) = merge(Contenu(), read).actions[0].sessions
    assert session.recrutements == content.actions[0].sessions[0].recrutements
    content.actions[0].sessions[0].recrutements[0].places = 7
    later = read_formation(flow(content, ours=False), "ligne 1")
    assert merge(whole(), later).actions[0].sessions[0].recrutements[0].places == 7


# --- Tables -------------------------------------------------------------------------------------------


def row(stored: Contenu, key: str, text: str) -> Contenu:
    """The stored content after the import of one row: title, group, first day, place, funder, and one more cell."""
    said = {
        "formation.intitule": stored.formation.intitule,
        "actions[].nom": stored.actions[0].nom,
        "actions[].sessions[].debut": stored.actions[0].sessions[0].debut.isoformat(),
        "lieux[].adresse.lignes": stored.lieux[0].adresse.lignes[0],
        "financement.financeurs[].code": stored.financement.financeurs[0].code,
        key: text,
    }
    keys = list(said)
    table = Table([BY_KEY[name].header for name in keys], [(2, [said[name] for name in keys])])
    (read,) = read_rows(table, dict(enumerate(keys)), grouped=True)
    return merge(stored, read)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_a_cell_that_cannot_be_read_or_says_nothing_changes_nothing(app, column):
    stored = whole()
    stored.lieux, stored.financement.financeurs = stored.lieux[:1], stored.financement.financeurs[:1]
    stored.formation.niveau_obligatoire = stored.financement.prise_en_charge = stored.actions[0].vacances = True
    if column.key == NUMERO:
        return
    for text in (".", "-", "néant", "Non précisé"):
        assert differences(stored, row(stored, column.key, text)) == {}, text
    found = differences(stored, row(stored, column.key, GARBAGE))
    typed = {path for path, (_, new) in found.items() if GARBAGE in str(new)}
    parts = {path.rpartition("-")[0] for path in typed if re.search("adresse|contact|formateur-", path)}
    assert {path for path in found if path.rpartition("-")[0] not in parts} <= typed, "une partie est remplacée entière"
    assert column.key != SLOTS or not found
    for path in typed:
        assert QUESTIONS[pattern_of(path)].kind in FREE | TO_BE_READ


def test_a_cell_of_the_second_group_is_doubted_at_its_own_place(app):
    headers = ["formation.intitule", "actions[].nom", "actions[].semaines"]
    rows = [(2, ["Titre", "Matin", "30"]), (3, ["Titre", "Soir", "beaucoup"])]
    table = Table([BY_KEY[key].header for key in headers], rows)
    (read,) = read_rows(table, dict(enumerate(headers)), grouped=True)
    assert read.partial == {"actions-1-semaines"}
    assert [remark.path for remark in read.remarks] == ["actions-1-semaines"]


def test_slots_half_understood_leave_the_stored_ones_and_their_details(app):
    stored = complete_content()
    stored.actions[0].rythme = "Hors vacances."
    made = row(stored, SLOTS, "mardi 9h-11h ; et parfois le samedi")
    assert (made.actions[0].creneaux, made.actions[0].rythme) == (stored.actions[0].creneaux, "Hors vacances.")
    stored.actions[0].creneaux = []
    stored.actions[0].rythme = ""
    made = row(stored, SLOTS, "mardi 9h-11h ; et parfois le samedi")
    assert made.actions[0].creneaux == []  # a slot that is missing is worse than none: the text says them all
    assert made.actions[0].rythme == "mardi 9h-11h ; et parfois le samedi"


# --- Empty answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [".", "..", "…", "-", "--", "/", "néant", "NÉANT", "N.C.", "n/a", "non precise"])
def test_c05_what_says_nothing_is_an_empty_answer(app, text):
    assert says_nothing(text)
    stored = whole()
    root = flow(stored, ours=False)
    for name in ("info-public-vise", "transport", "frais-restants", "nom", "prenom"):
        for node in root.iter(f"{{*}}{name}"):
            node.text = text
    for node in root.iter("{*}extra"):
        node.text = text if node.get("info") == "ref-action-marche-financeur" else node.text
    read = read_formation(root, "ligne 1")
    assert [remark for remark in read.remarks if text in (remark.quote,)] == []
    assert [row.programme for row in read.content.financement.financeurs] == ["", ""]
    assert merge(stored, read).formation.contact == stored.formation.contact


@pytest.mark.parametrize("text", ["Aucune condition.", "0", "A2", "Nom", "Na", "gratuit"])
def test_what_says_something_is_no_empty_answer(text):
    assert not says_nothing(text)


# --- The point of an address --------------------------------------------------------------------------


def test_a_point_stays_with_its_address_and_goes_with_it(app):
    stored = complete_content()
    adresse = stored.lieux[0].adresse
    adresse.latitude, adresse.longitude = "49.18", "-0.37"
    root = flow(stored, ours=False)
    for node in root.findall(".//{*}geolocalisation"):
        node.getparent().remove(node)
    assert merge(stored, read_formation(root, "ligne 1")).lieux == stored.lieux
    root.find(".//{*}lieu-de-formation//{*}ligne").text = "2 rue du Port"
    (lieu,) = merge(stored, read_formation(root, "ligne 1")).lieux
    assert (lieu.adresse.lignes, lieu.adresse.latitude) == (["2 rue du Port"], "")
