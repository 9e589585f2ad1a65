"""From a content to its `formation`: every word is there, the profile is followed, faults name a field."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from backoffice.models.content import Action, Adresse, Contenu, Creneau, Lieu, Niveaux, Session, dump, label_of
from backoffice.models.content.vocabulary import JOURS, Dispositif
from backoffice.models.values import telephones
from exports.fragment.build import Identity, NotExportable, build, formation
from exports.fragment.check import HEAD, TAIL
from exports.lheo.business_rules import examine
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support.contents import contents
from tests.support.factories import complete_content

IDENTITY = Identity(
    "01_GE000042",
    "01_GEO000007",
    Dispositif.ASL,
    datetime(2026, 6, 1, 8, tzinfo=UTC),
    datetime(2026, 9, 15, 23, 30, tzinfo=UTC),
)


def built(content: Contenu) -> etree._Element:
    """The fragment as a reader of the flow sees it, without namespaces."""
    xml = zlib.decompress(build(content, IDENTITY).xml)
    assert examine(etree.fromstring(HEAD.encode() + xml + TAIL.encode()), flow=True) == []
    return etree.fromstring(xml)


def texts(content: Contenu) -> list[str]:
    """Every text that somebody typed, anywhere in the document."""

    def walk(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for key, item in value.items() if key != "id" for text in walk(item)]
        if isinstance(value, list):
            return [text for item in value for text in walk(item)]
        return [value] if isinstance(value, str) and value and not MOMENT.fullmatch(value) else []

    return walk(dump(content))


MOMENT = re.compile(r"\d{2}:\d{2}|\d{4}-\d{2}-\d{2}")


def test_the_profile_of_the_national_flow(app):
    root = built(complete_content())
    assert root.get("numero") == "01_GE000042"
    assert root.get("datecrea") == "20260601"
    assert root.get("datemaj") == "20260916"  # half past one in Paris, the next day
    assert root.xpath("string(domaine-formation/code-FORMACODE[@ref='V14' and @tag='principal'])") == "15235"
    assert root.xpath("count(//code-public-vise[@ref='V14'])") == 2
    assert root.xpath("string(action/@numero)") == "01_GE000042-G2"
    assert root.xpath("string(action/session/@numero)") == "01_GE000042-G2-S3"
    assert root.xpath("string(action/session/periode/debut)") == "20260915"
    assert root.xpath("string(//numero-activite)") == "00000000000"
    assert root.xpath("string(//extras[@info='duree-hebdo']/extra)") == "4"
    assert root.xpath("string(//extra[@info='ref-action-marche-financeur'])") == "BOP 104"
    assert root.xpath("string(//extra[@info='programme-financeur'])") == "ASL"
    assert root.xpath("string(extras[@info='niveau-langue']/extra[@info='niveau-entree'])") == "A1"
    assert root.xpath("string(extras[@info='niveau-langue']/extras[@info='competences-entree']/extra[@tag='ecrit'])")
    assert root.xpath("string(extras[@info='parcours']/extra[@info='parcours'])") == "insertion"
    assert root.xpath("count(//organisme-formateur[@tag='principal'])") == 1
    assert "mardi, 9 h 30 – 11 h 30" in root.findtext("action/rythme-formation").replace("\xa0", " ").lower()
    assert root.findtext("action/nombre-heures-total") == "120"
    assert root.findtext("action/prix-total-TTC") == "0"


def test_what_was_typed_as_html_leaves_as_text(app):
    content = complete_content("Cours <script>alert(1)</script> & « suite »")
    assert built(content).findtext("intitule-formation") == "Cours <script>alert(1)</script> & « suite »"


def test_each_group_is_an_action_with_its_place_its_level_and_its_sessions(app):
    content = complete_content()
    content.lieux.append(
        Lieu("L9", Adresse("Médiathèque", ["1 place du Marché"], "50000", "Saint-Lô", "50502", "50", "28"))
    )
    content.actions[0].lieu = "L1"
    content.actions.append(
        Action(
            id="G4",
            nom="Groupe avancé",
            lieu="L9",
            format="individuel",
            niveaux=Niveaux("B1", "A2"),
            creneaux=[Creneau("jeudi", time(14), time(16))],
            sessions=[Session("S5", date(2026, 9, 17), date(2026, 12, 17)), Session("S6", None, None)],
        )
    )
    root = built(content)
    assert root.xpath("action/lieu-de-formation//ville/text()") == ["Caen", "Saint-Lô"]
    assert root.xpath("action[2]/session/periode/debut/text()") == ["20260917", "00000000"]
    assert root.xpath("action[2]/session/periode/fin/text()") == ["20261217", "99999999"]
    assert "B1 à l’oral" in root.findtext("action[2]/conditions-specifiques")
    assert root.findtext("parcours-de-formation") == "4"


@pytest.mark.parametrize("ou", ["sur_place", "structure", "autre"])
def test_where_one_joins(app, ou):
    content = complete_content()
    content.inscription.ou = ou
    content.inscription.adresse = Adresse("Mairie", ["Place Foch"], "61000", "Alençon", "61001", "61", "28")
    content.structure.adresse.ville = "Bayeux"
    expected = {"sur_place": "Caen", "structure": "Bayeux", "autre": "Alençon"}[ou]
    assert built(content).findtext("action/session/adresse-inscription/adresse/ville") == expected


def test_an_exam_is_said_in_words_and_coded_when_its_number_is_known(app):
    content = complete_content()
    content.formation.visees = ["certification"]
    content.formation.certification = "DELF A2"
    root = built(content)
    assert root.findtext("certifiante") == "0"
    assert "DELF A2" in root.findtext("resultats-attendus")
    content.formation.code_certification = "RS5398"
    root = built(content)
    assert (root.findtext("certifiante"), root.findtext("certification/code-RS")) == ("1", "RS5398")
    assert root.findtext("objectif-general-formation") == "6"


FAULTS = {
    "formation-intitule": lambda c: setattr(c.formation, "intitule", "   "),
    "formation-objectif": lambda c: setattr(c.formation, "objectif", "x" * 3001),
    "structure-siret": lambda c: setattr(c.structure, "siret", "12345678901234"),
    "structure-adresse-code_postal": lambda c: setattr(c.structure.adresse, "code_postal", "1400"),
    "lieux-0-adresse-ville": lambda c: setattr(c.lieux[0].adresse, "ville", "C" * 51),
    "actions-0-sessions-0-fin": lambda c: setattr(c.actions[0].sessions[0], "fin", date(2025, 1, 1)),
    "actions-0-heures_total": lambda c: setattr(c.actions[0], "heures_total", 100_000),
    "actions-0-duree": lambda c: setattr(c.actions[0], "duree", "d" * 151),
    "financement-financeurs-0-places": lambda c: setattr(c.financement.financeurs[0], "places", -1),
    "formation-contact-courriel": lambda c: setattr(c.formation.contact, "courriel", "a"),
}


@pytest.mark.parametrize(("path", "spoil"), FAULTS.items(), ids=FAULTS)
def test_what_cannot_be_exported_is_refused_at_its_field_in_french(app, path, spoil):
    content = complete_content()
    spoil(content)
    with pytest.raises(NotExportable) as refused:
        build(content, IDENTITY)
    spots_named = {finding.path.removesuffix("-debut").removesuffix("-fin") for finding in refused.value.findings}
    assert path.removesuffix("-fin") in spots_named, refused.value.findings
    assert all(label_of(finding.path) for finding in refused.value.findings if finding.path)


@pytest.mark.parametrize("dispositif", Dispositif)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_the_form_accepts_can_be_exported_without_losing_a_word(dispositif, data):
    content = data.draw(contents(dispositif))
    assert review(content, PATHS[dispositif], {}).blocking == []
    root = built(content)
    said = "\n".join([*root.itertext(), *(value for node in root.iter() for value in node.attrib.values())])
    folded = " ".join(said.split()).lower()
    skipped = OWN_WORDS | set(hidden_elsewhere(content))
    wanted = [telephones.shown(text) for text in texts(content) if text not in skipped]
    lost = [text for text in wanted if " ".join(text.split()).lower() not in folded]
    assert lost == []


OWN_WORDS = {"gratuit", "payant", "oui", "non", "sur_place", "structure", "autre", *JOURS}
"""Codes that the flow says otherwise."""


def hidden_elsewhere(content: Contenu) -> list[str]:
    """Answers that another answer makes void: LHEO has one element for two of them."""
    void: list[str] = [row.id for row in [*content.lieux, *content.actions]]
    void += [action.lieu for action in content.actions]
    void += [text for lieu in content.lieux if lieu.id not in {a.lieu for a in content.actions} for text in flat(lieu)]
    if content.inscription.ou != "autre":
        void += flat(content.inscription.adresse)
    if "certification" not in content.formation.visees:
        void.append(content.formation.code_certification)
    void.append(content.structure.porteuse.courriel)  # it is only written to
    if content.structure.siret:
        void += flat(content.structure.porteuse)
    void += [content.structure.categorie, *(action.format for action in content.actions)]
    return void


def flat(part: Any) -> list[str]:
    return [text for text in str_values(dump(part)) if text]


def str_values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in str_values(item)]
    if isinstance(value, list):
        return [text for item in value for text in str_values(item)]
    return [value] if isinstance(value, str) else []


def test_the_element_is_built_without_namespace(app):
    assert formation(complete_content(), IDENTITY).nsmap == {}
