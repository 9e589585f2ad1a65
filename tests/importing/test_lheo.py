"""From a `formation` to a content: what we wrote comes back whole, what others wrote is read with indulgence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from lxml import etree

from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Creneau,
    Lieu,
    Niveaux,
    Session,
    dump,
    pattern_of,
    spots,
)
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.values import telephones
from exports.fragment.build import formation
from exports.fragment.check import HEAD, TAIL
from exports.importing.lheo import read_formation
from exports.importing.merge import merge
from exports.importing.reading import plain, read_day
from tests.flux.test_fragment import IDENTITY
from tests.support.contents import contents
from tests.support.factories import complete_content


def written(content, identity=IDENTITY) -> str:
    return etree.tostring(formation(content, identity), encoding="unicode")


def reread(xml: str):
    """Reads one formation as it stands in a flow."""
    root = etree.fromstring((HEAD + xml + TAIL).encode())
    return read_formation(root[0][0], "ligne 1")


def sample(path):
    text = path.read_text().replace("http://www.lheo.org/2.2", "http://lheo.gouv.fr/2.3")
    return [read_formation(node, "ligne 1") for node in etree.fromstring(text.encode()).iter("{*}formation")]


# --- What we wrote -----------------------------------------------------------------------------------


@given(contents())
@settings(max_examples=80, deadline=None)
def test_export_then_import_then_export_writes_the_same_flow(content):
    once = written(content)
    read = reread(once)
    assert written(read.content) == once
    assert read.remarks == []
    again = reread(written(read.content))
    assert dump(again.content) == dump(read.content)


def test_all_that_was_typed_comes_back(app):
    content = complete_content()
    content.formation.conditions = "Avoir plus de 16 ans."
    content.formation.resultats = "Attestation.\nBilan oral."
    content.formation.certification = "DELF A2."
    content.formation.visees = ["certification", "sociale"]
    content.formation.code_certification = "RS5398"
    content.actions[0].rythme = "Hors vacances scolaires."
    content.actions[0].garde_enfants = "Oui, à la halte-garderie"
    content.actions[0].sessions[0].places_libres = 4
    read = reread(written(content))
    assert read.numero == IDENTITY.numero
    assert read.dispositif is Dispositif.ASL
    back = read.content
    expected = replace(
        content,
        lieux=[replace(content.lieux[0], id="L4")],
        actions=[replace(content.actions[0], lieu="L4")],
        formation=replace(content.formation, parcours="insertion"),
        dernier_repere=4,
    )
    assert dump(back) == dump(expected)


GENERATED = {
    "slots, a name and details": Action(
        id="G1", nom="Soir", creneaux=[Creneau("mardi", time(18), time(20))], rythme="Hors vacances.\nLe mardi."
    ),
    "slots alone": Action(id="G1", creneaux=[Creneau("lundi", time(9), time(11, 30))]),
    "a name and details": Action(id="G1", nom="Soir", rythme="Selon le groupe."),
    "details alone": Action(id="G1", rythme="Selon le groupe : voir l’accueil."),
    "two slots": Action(
        id="G1", creneaux=[Creneau("lundi", time(9), time(11)), Creneau("jeudi", time(14), time(16))], rythme="x"
    ),
}


@pytest.mark.parametrize("group", GENERATED.values(), ids=GENERATED)
def test_the_sentences_that_the_export_adds_do_not_pile_up(app, group):
    content = complete_content()
    content.actions = [replace(group, sessions=[Session("S2", date(2026, 9, 1), None)])]
    content.formation.resultats = ""
    for _ in range(3):
        content = reread(written(content)).content
    assert content.actions[0].rythme == group.rythme
    assert (content.formation.resultats, content.formation.conditions) == ("", "")


def test_groups_keep_their_places_their_levels_and_their_local_ids(app):
    content = complete_content()
    content.lieux.append(Lieu("L9", Adresse("Médiathèque", ["1 place du Marché"], "50000", "Saint-Lô")))
    content.actions[0].lieu = "L1"
    group = Action(id="G4", nom="Avancé", lieu="L9", format="individuel", niveaux=Niveaux("B1", "A2"))
    group.sessions = [Session("S7", date(2026, 9, 17), None, "2")]
    group.rythme = "Le matin."
    content.actions.append(group)
    back = reread(written(content)).content
    assert [action.id for action in back.actions] == ["G2", "G4"]
    assert [session.id for action in back.actions for session in action.sessions] == ["S3", "S7"]
    assert [back.place_of(action).adresse.ville for action in back.actions] == ["Caen", "Saint-Lô"]
    assert back.actions[1].niveaux == Niveaux("B1", "A2", "A2", "")
    assert back.new_id(Session) not in {"S3", "S7"}
    assert back.inscription.ou == "sur_place"


@pytest.mark.parametrize("ou", ["sur_place", "structure", "autre"])
def test_where_one_joins_is_found_again(app, ou):
    content = complete_content()
    content.inscription.ou = ou
    content.structure.adresse.lignes = ["9 rue Haute"]
    content.inscription.adresse = Adresse("Mairie", ["Place Foch"], "61000", "Alençon", "61001", "61", "28")
    assert reread(written(content)).content.inscription.ou == ou


def test_the_contact_who_registers_is_kept_apart_when_it_is_another(app):
    content = complete_content()
    assert reread(written(content)).content.inscription.contact == Contact()
    content.inscription.contact = Contact("Mme Samira", "", "+33261910001", "")
    assert reread(written(content)).content.inscription.contact == content.inscription.contact


def test_the_two_other_addresses_of_a_structure_are_found_again_even_without_a_contact(app):
    content = complete_content()
    content.structure.contact = Contact()
    content.structure.courriel = "direction@tilleuls.example"
    content.structure.formateur = Contact("Ali", "", "+33261910002", "")
    assert reread(written(content)).content.structure == content.structure


def test_text_that_looks_like_html_is_what_was_typed_when_the_flow_is_ours(app):
    content = complete_content("Cours <b>« suite »</b> &amp; fin")
    assert reread(written(content)).content.formation.intitule == "Cours <b>« suite »</b> &amp; fin"


# --- What others wrote -------------------------------------------------------------------------------


def texts_of(path) -> set[str]:
    """Every text of a file, HTML read as text, blanks as one."""
    root = etree.parse(path).getroot()[0][0]
    return {" ".join(plain(node.text).split()) for node in root.iter() if (node.text or "").strip()}


def said_in(*texts) -> str:
    return " ".join(" ".join(texts).split())


def test_the_real_offer_of_grand_est_imports_wholly(app, lheo_facts):
    path = lheo_facts / "samples" / "asl-grand-est-2.3.xml"
    (read,) = sample(path)
    root = formation(read.content, replace(IDENTITY, dispositif=read.dispositif))
    exported = said_in(*(text for node in root.iter() for text in [node.text or ""]))
    told = said_in(*(remark.quote for remark in read.remarks))
    lost = {text for text in texts_of(path) if telephones.shown(text) not in exported}
    assert [text for text in lost if text not in told] == []
    assert lost == {"0700000000"}
    assert [remark.path for remark in read.remarks if remark.fault] == ["inscription-contact-telephone"]
    assert read.numero == "01_GE335067"
    place, seat = read.content.lieux[0].adresse, read.content.structure.adresse
    assert (place.latitude, place.longitude) == ("47.592185", "7.55682")
    assert (seat.latitude, seat.longitude) == ("47.577706", "7.556829")
    assert read.content.formation.objectif.startswith("L'objectif du cours de Français Langue d'Intégration est")
    assert "<" not in read.content.formation.objectif
    again = reread(written(read.content))
    assert dump(again.content) == dump(reread(written(again.content)).content)
    assert written(again.content) == written(read.content)


def test_a_faulty_offer_has_its_faults_named_and_the_rest_kept(app, lheo_facts):
    (read,) = sample(lheo_facts / "samples" / "fle-2.3-invalide.xml")
    faults = {remark.path: remark.message for remark in read.remarks if remark.fault}
    assert "rythme-formation" in faults["actions-0-rythme"]
    assert "info-public-vise" in faults["formation-info_publics"]
    assert "denomination" in faults["lieux-0-adresse-denomination"]
    assert "n’est pas à sa place" in faults["actions-0-duree"]
    content = read.content
    assert content.formation.intitule.startswith("Cours de FLE - Accompagnement")
    assert content.actions[0].duree == "100 heures en centre, 0 heures en entreprise"
    assert content.actions[0].organisation.startswith("3 groupes d'une capacité totale")
    assert content.actions[0].sessions[0].debut == date(2026, 8, 3)
    assert content.inscription.ou == "autre"
    assert content.lieux[0].adresse.lignes == ["8, impasse Prévert"]
    assert content.structure.siret == "77897285100068"


IMPOSSIBLE = {
    "202560212": "n’est pas une date",
    "20260231": "n’est pas une date",
    "20261931": "n’est pas une date",
    "hier": "n’est pas une date",
    "20270200": "ne dit pas le jour",
    "19260901": "vraisemblable",
}


@pytest.mark.parametrize(("text", "why"), IMPOSSIBLE.items())
def test_an_impossible_date_is_named_with_its_value_and_left_empty(app, text, why):
    xml = written(complete_content()).replace("<debut>20260915</debut>", f"<debut>{text}</debut>")
    read = reread(xml)
    (remark,) = [remark for remark in read.remarks if remark.path == "actions-0-sessions-0-debut"]
    assert remark.quote == text
    assert why in remark.message
    assert read.content.actions[0].sessions[0].debut is None
    assert read.content.actions[0].sessions[0].fin == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20260915", date(2026, 9, 15)),
        ("2026-09-15", date(2026, 9, 15)),
        ("15/09/2026", date(2026, 9, 15)),
        ("5.9.26", date(2026, 9, 5)),
        ("00000000", None),
        ("99999999", None),
        ("", None),
    ],
)
def test_days_as_people_and_flows_write_them(text, day):
    assert read_day(text) == (day, "")


def test_the_real_document_of_lheo_2_2_is_read_and_what_is_foreign_is_named(app, lheo_facts):
    (read,) = sample(lheo_facts / "samples" / "bts-2.2.xml")
    assert read.content.formation.intitule == "BTS négociation et relation client"
    assert "- Gestion de clientèles" in read.content.formation.contenu
    assert read.content.formation.domaines == []
    assert read.content.lieux[0].adresse.ville == "QUIMPERLÉ"
    assert read.content.actions[0].sessions[0].fin == date(2017, 8, 31)
    assert read.content.formation.code_certification == "474"
    quotes = {remark.quote for remark in read.remarks}
    assert {"34582", "34076", "81061", "Internat garçons-filles"} <= quotes


@pytest.mark.parametrize(
    ("name", "dispositif", "title"),
    [
        ("01-asl", Dispositif.ASL, "Atelier sociolinguistique"),
        ("02-oepre", Dispositif.OEPRE, "Ouvrir l'école"),
        ("03-ofii", Dispositif.OFII, "Formation linguistique OFII"),
        ("04-avec", Dispositif.ASL, "i"),
        ("05-minimal", None, "i"),
    ],
)
def test_the_handmade_documents(app, lheo_facts, name, dispositif, title):
    (path,) = (lheo_facts / "handmade").glob(f"{name}*.xml")
    (read,) = sample(path)
    assert read.dispositif is dispositif
    assert read.content.formation.intitule.startswith(title)
    assert len(read.content.actions) == 1
    xml = written(read.content)
    assert written(reread(xml).content) == xml


def test_a_session_without_end_is_read_and_erases_the_end_that_was_stored(app):
    content = complete_content()
    content.actions[0].sessions[0].fin = None
    read = reread(written(content))
    assert read.content.actions[0].sessions[0].fin is None
    assert merge(complete_content(), read).actions[0].sessions[0].fin is None
    assert written(merge(complete_content(), read)) == written(content)


def test_levels_and_slots_said_in_extras_are_read(app, lheo_facts):
    (path,) = (lheo_facts / "handmade").glob("04*.xml")
    (read,) = sample(path)
    assert read.content.formation.niveaux == Niveaux("A1", "", "A2", "A1")
    assert [(slot.jour, slot.debut) for slot in read.content.actions[0].creneaux] == [
        ("mardi", time(9, 30)),
        ("jeudi", time(9, 30)),
    ]
    assert read.content.structure.categorie == "association"


def test_three_cohorts_are_three_sessions_and_a_month_is_not_a_day(app, lheo_facts):
    (path,) = (lheo_facts / "handmade").glob("03*.xml")
    (read,) = sample(path)
    sessions = read.content.actions[0].sessions
    assert [session.debut for session in sessions] == [date(2026, 9, 7), date(2026, 11, 16), date(2027, 2, 1)]
    assert [session.fin for session in sessions] == [date(2026, 11, 13), date(2027, 1, 29), date(2027, 4, 30)]
    assert [session.mois_seulement for session in sessions] == [False, False, True]
    assert [session.recrutement for session in sessions] == ["2", "1", "3"]
    assert len({session.id for session in sessions}) == 3


def foreign(content=None) -> etree._Element:
    """An offer as another software writes it: without our extras."""
    root = etree.fromstring((HEAD + written(content or complete_content()) + TAIL).encode())[0][0]
    for node in root.xpath("//*[local-name()='extras']"):
        node.getparent().remove(node)
    return root


def test_several_places_of_one_group_are_named(app):
    root = foreign()
    place = root.find(".//{*}lieu-de-formation")
    other = etree.fromstring(etree.tostring(place))
    other.attrib.pop("tag")
    other.find(".//{*}ville").text = "Bayeux"
    place.addprevious(other)
    read = read_formation(root, "ligne 1")
    assert [lieu.adresse.ville for lieu in read.content.lieux] == ["Caen"]
    assert any("plusieurs lieux" in remark.message and "Bayeux" in remark.quote for remark in read.remarks)


UNKNOWN = {
    "code-FORMACODE": ("99999", "formation-domaines"),
    "code-public-vise": ("99998", "formation-publics"),
    "code-financeur": ("6", "financement-financeurs-0-code"),
    "etat-recrutement": ("7", "actions-0-sessions-0-recrutement"),
    "modalites-enseignement": ("8", "actions-0-presence"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_code_is_named_at_its_field(app, name):
    root, (code, path) = foreign(), UNKNOWN[name]
    root.find(f".//{{*}}{name}").text = code
    read = read_formation(root, "ligne 1")
    assert (path, code) in {(remark.path, remark.quote) for remark in read.remarks}


def test_every_remark_names_a_spot_of_the_content(app, lheo_facts):
    for path in sorted(lheo_facts.glob("*/*.xml")):
        for read in sample(path):
            for remark in read.remarks:
                assert not remark.path or pattern_of(remark.path) in spots(), remark


@pytest.mark.parametrize(
    ("latitude", "longitude", "kept"),
    [
        ("48.8258171081543", "2.3602077960968018", True),
        ("-21", "+55.5", True),
        ("0.0", "0.0", False),
        ("91.2", "2.3", False),
        ("48,8", "2,3", False),
        ("48.8", "", False),
        ("nord", "est", False),
    ],
)
def test_the_point_of_a_place_comes_out_again_or_is_named(app, latitude, longitude, kept):
    content = complete_content()
    adresse = content.lieux[0].adresse
    adresse.latitude, adresse.longitude = "49.1", "-0.3"
    xml = written(content).replace(">49.1<", f">{latitude}<").replace(">-0.3<", f">{longitude}<")
    read = reread(xml)
    told = " ".join(remark.quote for remark in read.remarks)
    assert (read.content.lieux[0].adresse.latitude == latitude) is kept
    assert not kept or f">{latitude}<" in written(read.content)
    assert kept or latitude in told


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Un<br />deux</p>", "Un\ndeux"),
        ("<ul><li>a</li><li>b &amp; c</li></ul>", "- a\n- b & c"),
        ("a &lt; b", "a < b"),
        ("3 < 5 et 7 > 2", "3 < 5 et 7 > 2"),
        ("R&D", "R&D"),
        ("<script>alert(1)</script><b>gras</b>", "gras"),
    ],
)
def test_html_becomes_the_text_that_a_reader_sees(html, text):
    assert plain(html) == text
