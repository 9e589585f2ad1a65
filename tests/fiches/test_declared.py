"""Every value of the content reaches every door that its declaration opens: one test a value.

A door that does not take a value says why: in the declaration (the open data), in a table of its own (the
columns), or below. A new value is tested here as soon as it is declared.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest

from backoffice.models.content import Contact, Contenu, Financeur, Recrutement, Spot, dump, leaves, load, values
from backoffice.models.content.declare import leaf, public
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.moderation.rule_language import TEXTS
from exports.documents.reading_page import page
from exports.importing.columns import BY_KEY, LEFT_OUT, reason
from exports.importing.files import Table
from exports.importing.merge import changes as changed_answers
from exports.importing.merge import merge
from exports.importing.tables import read_rows
from exports.open_data.rows import Offer, public_fiche, rows
from exports.open_data.shapes import plain
from forms.fiches.content_diff_words import changes
from forms.fiches.labels import at
from forms.fiches.paths import PATHS
from forms.kit.questions import Kind
from tests.importing.test_lheo import reread, written
from tests.support.factories import complete_content

LEAVES = [spot for spot in leaves() if not spot.hidden]
QUESTIONS = {q.pattern: q for path in PATHS.values() for step in path.steps for q in step.questions()}
each_value = pytest.mark.parametrize("spot", LEAVES, ids=lambda spot: spot.pattern)

NOT_SENT = {"structure.porteuse.courriel": "it is only written to"}
NOT_READ_BACK = {
    **NOT_SENT,
    "structure.categorie": "only an association has a code",
    "actions[].lieu": "places are known by their address",
    "financement.cout": "the price tells it",
    "actions[].sessions[].mois_seulement": "the days of its months are sent",
}


def whole() -> Contenu:
    """A content where every answer of a part is seen: two places, an appointment, somebody who carries."""
    content = complete_content()
    content.structure.siret = ""
    content.structure.porteuse.nom, content.structure.porteuse.siret = "Maison commune", "13002526500013"
    content.structure.formateur_nom = "Les Mots"
    content.formation.visees = ["certification"]
    content.formation.certification, content.formation.code_certification = "DELF A2", "RS5398"
    content.inscription.ou = "autre"
    content.inscription.adresse.lignes, content.inscription.adresse.ville = ["Place Foch"], "Alençon"
    content.inscription.adresse.code_postal = "61000"
    content.inscription.contact = Contact("Service des inscriptions", "", "+33261910007", "")
    content.structure.formateur = Contact("Ali", "", "+33261910002", "")
    content.formation.niveaux.entree_ecrit = "A1"
    content.financement.cout, content.financement.prix = "payant", 30
    content.financement.financeurs.append(Financeur("20"))
    (action,) = content.actions
    action.lieu = "L1"
    session = action.sessions[0]
    session.recrutements = [Recrutement("8", date(2026, 9, 7), time(9), time(12), 18)]
    place = load(dump(content)).lieux[0]
    place.id, place.adresse.denomination = "L9", "Bibliothèque"
    place.adresse.lignes = ["2 rue du Port"]
    content.lieux.append(place)
    return content


SAMPLES = {
    Kind.EMAIL: "autre@exemple.fr",
    Kind.PHONE: "+33261919999",
    Kind.URL: "https://exemple.fr/autre",
    Kind.POSTCODE: "50000",
    Kind.SIRET: "77897285100068",
    Kind.NDA: "28761234567",
    Kind.RNA: "W143000001",
    Kind.UAI: "0140001A",
    Kind.CERTIFICATION: "RS5399",
}


def another(spot: Spot, value: object) -> object:
    """Another answer that the form accepts, by the declared kind of the value."""
    if spot.pattern == "actions[].lieu":
        return "L9"
    if spot.choices:
        code = next(code for code in spot.choices if code not in (value if isinstance(value, list) else [value, ""]))
        return [code] if isinstance(value, list) else code
    if spot.kind is bool:
        return not value
    if spot.kind is int:
        return 7
    if spot.kind is date:
        return value + timedelta(7) if value else date(2026, 9, 8)
    if spot.kind is time:
        return time(10, 45)
    text = SAMPLES.get(QUESTIONS[spot.pattern].kind, "Autre réponse zyx")
    return [text] if isinstance(value, list) else text


def changed(spot: Spot) -> tuple[Contenu, Contenu, str]:
    """The whole content, the same with another answer, and the path of that answer."""
    old, new = whole(), whole()
    path, value = next(iter(values(new, spot.pattern)))
    part, _, name = path.rpartition("-")
    setattr(at(new, part) if part else new, name, another(spot, value))
    return old, new, path


# --- The flow ----------------------------------------------------------------------------------------


@each_value
def test_a_value_leaves_in_the_flow(spot):
    old, new, _ = changed(spot)
    assert (written(old) != written(new)) is (spot.pattern not in NOT_SENT)


@each_value
def test_a_value_comes_back_from_the_flow(spot):
    _, new, path = changed(spot)
    read = reread(written(new))
    assert [remark for remark in read.remarks if remark.fault] == []
    if spot.pattern not in NOT_READ_BACK:
        assert at(read.content, path) == at(new, path)


# --- The tables --------------------------------------------------------------------------------------


def cell(spot: Spot, value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return " ; ".join(spot.choices.get(item, item) for item in value)
    return spot.choices.get(value, value.isoformat() if isinstance(value, date) else str(value))


@each_value
def test_a_value_has_a_column_that_is_read_back_or_a_reason(spot):
    assert (spot.pattern in BY_KEY) is not bool(reason(spot.pattern))
    if spot.pattern not in BY_KEY:
        return
    _, new, path = changed(spot)
    value = at(new, path)
    table = Table(["Intitulé", BY_KEY[spot.pattern].header], [(2, ["Titre", cell(spot, value)])])
    mapping = {0: "formation.intitule", 1: spot.pattern}
    (read,) = read_rows(table, mapping if spot.pattern != "formation.intitule" else {1: spot.pattern}, grouped=True)
    assert read.remarks == []
    assert at(read.content, path) == value


def test_a_table_resets_no_value_that_it_does_not_say():
    stored = whole()
    for spot in LEAVES:
        for path, value in values(stored, spot.pattern):
            if spot.kind is bool:
                part, _, name = path.rpartition("-")
                setattr(at(stored, part), name, not value)
    table = Table(["Intitulé", "Groupe"], [(2, ["Titre", stored.actions[0].nom])])
    (read,) = read_rows(table, {0: "formation.intitule", 1: "actions[].nom"}, grouped=True)
    assert changed_answers(stored, merge(stored, read)) == ["Intitulé"]


def test_every_reason_for_no_column_is_of_a_part_of_the_content():
    known = {spot.pattern for spot in leaves()}
    assert all(any(f"{pattern}.".startswith(f"{left}.") for pattern in known) for left in LEFT_OUT)


# --- The open data -----------------------------------------------------------------------------------


def opened(content: Contenu) -> str:
    at_ = datetime(2026, 6, 1, tzinfo=UTC)
    offer = Offer("28_N1", Dispositif.ASL, "normandie", "Normandie", "28_O1", at_, content)
    return json.dumps([plain(public_fiche(offer)), *map(plain, rows(offer))], ensure_ascii=False)


@each_value
def test_a_public_value_is_in_the_open_data_and_a_closed_one_is_not(spot):
    old, new, path = changed(spot)
    if not spot.closed:
        assert opened(old) != opened(new)
    elif isinstance(at(new, path), str) and not spot.choices and spot.pattern not in CARRIES:
        assert str(at(new, path)) not in opened(new)


CARRIES = {
    "structure.porteuse.siret": "it stands for that of the structure",
    "actions[].lieu": "a local id",
}
"""Closed values whose text is elsewhere in the open data."""


def test_a_value_that_says_neither_public_nor_closed_is_refused():
    with pytest.raises(ValueError, match="closed for a reason"):
        leaf("Prêt de matériel", default=False)
    with pytest.raises(ValueError, match="closed for a reason"):
        public("Prêt de matériel", default=False, closed="a reason")


# --- The pages ---------------------------------------------------------------------------------------


@each_value
def test_a_value_is_compared(spot):
    old, new, path = changed(spot)
    lines = changes(old, new, PATHS[Dispositif.ASL])
    assert lines, path


@each_value
def test_a_value_is_read_on_the_page_of_the_entry(spot):
    old, new, _ = changed(spot)
    shown = [page(content, Dispositif.ASL) for content in (old, new)]
    assert (shown[0] != shown[1]) is (spot.pattern not in UNREAD)


UNREAD = {"structure.porteuse.courriel": "it is only written to", "formation.intitule": "it is the title above"}


def test_every_value_that_people_type_is_asked():
    assert {spot.pattern for spot in LEAVES} == set(QUESTIONS)


def test_a_free_text_is_searched_by_the_rules_of_moderators_or_is_a_name():
    free = {question.pattern for question in QUESTIONS.values() if question.kind in (Kind.LINE, Kind.TEXT)}
    searched = {pattern for _, patterns in TEXTS.values() for pattern in patterns}
    names = {"nom", "prenom", "formateur_nom", "denomination", "ville", "reference", "lot"}
    assert {pattern.rpartition(".")[2] for pattern in free - searched} == names
