"""What rules find: both sides of every condition and of every ready rule, on invented texts."""

from __future__ import annotations

import time as clock
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.models.content import Contenu, Creneau, dump, pattern_of, spots
from backoffice.models.content import load as load_content
from backoffice.models.moderation.rule_language import (
    DATES,
    DISPOSITIFS,
    EMPTY,
    KINDS,
    MOST_CONDITIONS,
    NUMBERS,
    PUBLICS,
    TEXTS,
    Definition,
    DefinitionError,
    load,
)
from backoffice.reference.moderation_rules import ready_rules
from tests.support import factories as make
from tests.support.contents import contents
from workflows.moderation.rule_matching import Facts, evaluate

TODAY = date(2026, 11, 21)


def rule(*conditions, match="all"):
    return load({"match": match, "conditions": list(conditions)})


def facts(content=None, **changes):
    return Facts(
        **{
            "content": content or make.complete_content(),
            "structure": "Centre social des Tilleuls",
            "dispositif": "ASL",
            "today": TODAY,
            **changes,
        }
    )


def found(definition, content=None, **changes):
    return [(hit.path, hit.excerpt) for hit in evaluate(definition, facts(content, **changes))]


def with_(**texts):
    """A complete content with these values of the formation."""
    content = make.complete_content()
    for name, text in texts.items():
        setattr(content.formation, name, text)
    return content


# --- Words ------------------------------------------------------------------------------------------


def words(*mots, textes=("intitule", "contenu")):
    return {"kind": "mots", "textes": list(textes), "mots": list(mots)}


@pytest.mark.parametrize(
    ("text", "mot", "hit"),
    [
        ("Séances de THÉRAPIE par le jeu", "therapie", True),
        ("Séances de thérapie par le jeu", "Thérapie", True),
        ("Une oeuvre commune", "œuvre", True),
        ("Une œuvre commune", "oeuvre", True),
        ("Les thérapeutes", "thérap*", True),
        ("Les thérapeutes", "thérap", False),
        ("La physiothérapie", "thérap*", False),
        ("Psycho-thérapie", "thérapie", True),
        ("L’hypnose douce", "hypnose", True),
        ("Un coach  de\nvie", "coach de vie", True),
        ("Un coach de la vie", "coach de vie", False),
        ("Des coachs de vie", "coach* de vie", True),
        ("Payé à 100 % par tous", "100 %", True),
        ("Mille et 1000 %", "100 %", False),
        ("", "mot", False),
        ("mot", "mot", True),
        ("Noël", "noe\u0308l", True),
    ],
)
def test_words_are_found_whatever_their_accents_and_capitals(text, mot, hit):
    assert bool(found(rule(words(mot)), with_(contenu=text))) is hit


def test_a_hit_points_at_the_field_and_shows_the_words_as_written():
    content = with_(
        contenu="Nous lisons des courriers, puis une séance d’Hypnose douce avec Lise, et une sortie au parc."
    )
    ((path, excerpt),) = found(rule(words("hypnose")), content)
    assert path == "formation-contenu"
    assert "« Hypnose »" in excerpt
    assert "douce avec Lise" in excerpt
    assert excerpt.startswith("…")


def test_words_are_looked_for_only_where_asked():
    content = with_(intitule="Atelier hypnose", contenu="Lecture")
    assert found(rule(words("hypnose", textes=["contenu"])), content) == []
    assert found(rule(words("hypnose", textes=["intitule"])), content)


def test_the_name_of_the_account_is_the_name_of_the_structure_too():
    asked = rule(words("chakra*", textes=["structure"]))
    assert found(asked) == []
    assert found(asked, structure="Association Chakras et langues") == [
        ("structure-nom", "Association « Chakras » et langues")
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_every_place_where_words_are_looked_for_exists(name):
    assert all(pattern in spots() for pattern in TEXTS[name][1])


def test_long_lists_and_long_texts_stay_fast():
    """No list and no text makes the search slow: there is no backtracking."""
    asked = rule(words(*[f"mot{rank}* suite" for rank in range(300)]))
    content = with_(contenu="mot1a " * 500, objectif="a" * 3000)
    begin = clock.perf_counter()
    assert found(asked, content) == []
    assert clock.perf_counter() - begin < 2


# --- Values, places, dates, publics -------------------------------------------------------------------


def number(valeur, moins_de=None, plus_de=None):
    return rule({"kind": "nombre", "valeur": valeur, "moins_de": moins_de, "plus_de": plus_de})


def numbers_of(value):
    """A content where every number that a rule can compare is this one."""
    content = make.complete_content()
    group = content.actions[0]
    group.heures_total = group.semaines = group.effectif_min = group.effectif_max = value
    group.creneaux = [Creneau("lundi", time(8), time(8 + value))]
    group.sessions[0].places_libres = content.financement.prix = value
    return content


@pytest.mark.parametrize("name", NUMBERS)
def test_each_number_is_compared_on_both_sides(name):
    content = numbers_of(10)
    assert found(number(name, moins_de=10, plus_de=10), content) == []
    assert found(number(name, moins_de=11), content)
    ((path, excerpt),) = found(number(name, plus_de=9), content)
    assert pattern_of(path) in spots()
    assert NUMBERS[name][0] in excerpt
    assert " 10 " in excerpt


@pytest.mark.parametrize("name", NUMBERS)
def test_an_unknown_number_is_neither_small_nor_great(name):
    content = make.complete_content()
    content.actions[0].creneaux = []
    content.actions[0].semaines = None
    assert found(number(name, moins_de=100_000), content) == []


@pytest.mark.parametrize(
    ("departements", "communes", "hit"),
    [
        (["14"], [], True),
        (["76"], [], False),
        ([], ["caen"], True),
        ([], ["CAEN", "Rouen"], True),
        ([], ["14000"], True),
        ([], ["14118"], True),
        ([], ["Caen-sur-Orne"], False),
        (["76"], ["Caen"], True),
    ],
)
def test_places_by_departement_by_name_and_by_code(departements, communes, hit):
    asked = rule({"kind": "lieu", "departements": departements, "communes": communes})
    assert bool(found(asked)) is hit


@pytest.mark.parametrize(
    ("quoi", "jours", "debut", "fin", "hit"),
    [
        ("tout_passe", 0, -90, -1, True),
        ("tout_passe", 0, -90, 0, False),
        ("tout_passe", 30, -90, -30, False),
        ("session_passee", 30, -90, -31, True),
        ("session_lointaine", 365, 366, 500, True),
        ("session_lointaine", 365, 365, 500, False),
        ("session_longue", 300, 0, 301, True),
        ("session_longue", 300, 0, 300, False),
    ],
)
def test_dates_are_counted_in_days_from_today(quoi, jours, debut, fin, hit):
    content = make.complete_content()
    session = content.actions[0].sessions[0]
    session.debut, session.fin = TODAY + timedelta(debut), TODAY + timedelta(fin)
    assert bool(found(rule({"kind": "dates", "quoi": quoi, "jours": jours}), content)) is hit


def test_one_session_to_come_is_enough_for_not_everything_to_be_over():
    content = make.complete_content()
    over, to_come = make.Session("S8", TODAY - timedelta(90), TODAY - timedelta(10)), content.actions[0].sessions[0]
    content.actions[0].sessions = [over, to_come]
    assert found(rule({"kind": "dates", "quoi": "tout_passe", "jours": 0}), content) == []
    assert found(rule({"kind": "dates", "quoi": "session_passee", "jours": 0}), content)


@pytest.mark.parametrize(("days", "hit"), [(-61, True), (-60, False), (10, False)])
def test_closed_registrations(days, hit):
    content = make.complete_content()
    content.inscription.fin = TODAY + timedelta(days)
    assert bool(found(rule({"kind": "dates", "quoi": "inscription_passee", "jours": 60}), content)) is hit


@pytest.mark.parametrize(
    ("codes", "sens", "hit"),
    [(["81023"], "un", True), (["81018"], "un", False), (["81018"], "aucun", True), (["81023"], "aucun", False)],
)
def test_publics_cited_or_not(codes, sens, hit):
    assert bool(found(rule({"kind": "publics", "codes": codes, "sens": sens}))) is hit


@pytest.mark.parametrize(("dispositifs", "hit"), [(["ASL", "OFII"], True), (["OEPRE"], False)])
def test_the_dispositif(dispositifs, hit):
    assert bool(found(rule({"kind": "dispositif", "dispositifs": dispositifs}))) is hit


@pytest.mark.parametrize("champ", EMPTY)
def test_each_answer_that_may_be_missing(champ):
    asked = rule({"kind": "manque", "champs": [champ]})
    content = make.complete_content()
    content.formation.url, content.formation.resultats = "https://tilleuls.example", "Une attestation"
    assert found(asked, content) == []
    blank = Contenu(lieux=[make.Lieu("L1")], actions=[make.Action("G2", sessions=[make.Session("S3")])])
    ((path, excerpt),) = found(asked, blank)
    assert pattern_of(path).removesuffix("[].jour") == champ
    assert pattern_of(path) in spots()
    assert EMPTY[champ] in excerpt


def test_what_the_directories_leave_out():
    asked = rule({"kind": "lecteurs"})
    assert found(asked) == []
    ((path, excerpt),) = found(asked, with_(intitule="x" * 200))
    assert path == "formation-intitule"
    assert "data·inclusion" in excerpt


# --- Contact data of a person -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("Appelez Lise au 06 12 34 56 78.", "06 12 34 56 78"),
        ("Appelez Lise au +33 7 61 23 45 67.", "+33 7 61 23 45 67"),
        ("Appelez Lise au 07.61.23.45.67", "07.61.23.45.67"),
        ("Écrire à lise.invente@courrier.fr.", "lise.invente@courrier.fr"),
        ("Écrire à L-Invente76@courrier.fr", "L-Invente76@courrier.fr"),
        ("Standard : 02 31 00 00 00", ""),
        ("Écrire à accueil@tilleuls-voisins.fr", ""),
        ("Écrire à contact.caen@tilleuls-voisins.fr", ""),
        ("Écrire à inscriptions76@tilleuls-voisins.fr", ""),
        ("Du 06/12/2026 au 31/12/2026, de 9 h 30 à 11 h 30", ""),
        ("SIRET 77897285100068, convention 2026-104-0612345678A", ""),
        ("L’atelier a lieu le 6 et le 12, salle 34, code 56 78.", ""),
        ("Arobase @ seule, et a@b", ""),
    ],
)
def test_contact_data_of_a_person_in_a_text(text, hit):
    shown = found(rule({"kind": "coordonnees"}), with_(contenu=text))
    assert shown == ([("formation-contenu", hit)] if hit else [])


def test_what_the_entry_gives_as_its_public_contact_is_where_it_should_be():
    content = with_(contenu="Lise : 06 12 34 56 78, lise.invente@courrier.fr")
    content.formation.contact.telephone, content.formation.contact.courriel = (
        "+33 6 12 34 56 78",
        "Lise.Invente@courrier.fr",
    )
    assert found(rule({"kind": "coordonnees"}), content) == []


# --- Together ---------------------------------------------------------------------------------------


def test_all_the_conditions_or_any_of_them():
    yes, no = {"kind": "dispositif", "dispositifs": ["ASL"]}, {"kind": "dispositif", "dispositifs": ["OFII"]}
    assert found(rule(yes, no, match="all")) == []
    assert len(found(rule(yes, no, match="any"))) == 1
    assert len(found(rule(yes, words("jeux"), match="all"))) == 2


# --- The ready set ----------------------------------------------------------------------------------


def ready(code):
    (one,) = (item for item in ready_rules() if item.code == code)
    return load(one.definition)


def over():
    content = make.complete_content()
    content.actions[0].sessions[0].fin = TODAY - timedelta(1)
    return content


def unreachable():
    content = make.complete_content()
    content.formation.contact.telephone = content.formation.contact.courriel = ""
    return content


def only_an_email():
    content = make.complete_content()
    content.formation.contact.telephone = ""
    return content


def long_days():
    content = make.complete_content()
    content.actions[0].creneaux = [Creneau(day, time(8), time(18)) for day in ("lundi", "mardi", "jeudi", "vendredi")]
    return content


def many_hours(hours):
    content = make.complete_content()
    content.actions[0].heures_total = hours
    return content


def no_public():
    return with_(publics=[])


CAUGHT = {
    "formations-douteuses": [
        with_(contenu="Le français par l’hypnose et les chakras."),
        with_(objectif="Un travail de psychothérapie en petit groupe."),
        with_(intitule="Coaching de vie et français"),
        with_(contenu="Satisfait ou remboursé, tablette offerte aux dix premiers inscrits."),
        with_(info_publics="Emploi garanti à la sortie."),
    ],
    "annuaires": [with_(intitule="y" * 180), no_public()],
    "injoignable": [unreachable()],
    "heures": [long_days(), many_hours(2), many_hours(3000)],
    "dates-passees": [over()],
    "coordonnees-personnelles": [with_(conditions="S’inscrire auprès de Lise au 06 12 34 56 78.")],
}
LEFT_ALONE = {
    "formations-douteuses": [
        make.complete_content(),
        with_(contenu="Parler de sa santé : prendre rendez-vous chez le médecin, à la pharmacie, à l’hôpital."),
        with_(contenu="Lire une promotion au supermarché, comparer des prix, remplir un dossier de remboursement."),
        with_(
            objectif="Gratuit. Un café est offert à la pause. Travail sur la confiance en soi pour parler en groupe."
        ),
        with_(contenu="Parcours de promotion sociale et de développement durable."),
    ],
    "annuaires": [make.complete_content()],
    "injoignable": [make.complete_content(), only_an_email()],
    "heures": [make.complete_content(), many_hours(4), many_hours(600), many_hours(1200)],
    "dates-passees": [make.complete_content()],
    "coordonnees-personnelles": [make.complete_content(), with_(conditions="S’inscrire à l’accueil, 02 31 00 00 00.")],
}


def test_every_ready_rule_is_tried_on_both_sides():
    assert {item.code for item in ready_rules()} == CAUGHT.keys() == LEFT_ALONE.keys()


@pytest.mark.parametrize(("code", "content"), [(code, one) for code, many in CAUGHT.items() for one in many])
def test_a_ready_rule_catches_what_it_is_for(code, content):
    assert found(ready(code), content)


@pytest.mark.parametrize(("code", "content"), [(code, one) for code, many in LEFT_ALONE.items() for one in many])
def test_a_ready_rule_leaves_an_ordinary_entry_alone(code, content):
    assert found(ready(code), content) == []


# --- The language -----------------------------------------------------------------------------------

BAD = {
    "rien": None,
    "vide": {"match": "all", "conditions": []},
    "mode": {"match": "some", "conditions": [words("a b")]},
    "trop": {"match": "all", "conditions": [words("mot")] * (MOST_CONDITIONS + 1)},
    "genre": {"match": "all", "conditions": [{"kind": "regex", "mots": [".*"]}]},
    "genre étrange": {"match": "all", "conditions": [{"kind": ["mots"]}]},
    "clé": {"match": "all", "conditions": [{**words("mot"), "code": "x"}]},
    "pas un objet": {"match": "all", "conditions": ["mots"]},
    "sans mot": {"match": "all", "conditions": [words()]},
    "sans texte": {"match": "all", "conditions": [words("mot", textes=())]},
    "texte inconnu": {"match": "all", "conditions": [words("mot", textes=["ailleurs"])]},
    "étoile au milieu": {"match": "all", "conditions": [words("th*rapie")]},
    "étoile au début": {"match": "all", "conditions": [words("*thérapie")]},
    "étoile seule": {"match": "all", "conditions": [words("*")]},
    "expression": {"match": "all", "conditions": [words("(a+)+$")]},
    "trop court": {"match": "all", "conditions": [words("a*")]},
    "trop long": {"match": "all", "conditions": [words("a" * 81)]},
    "pas des mots": {"match": "all", "conditions": [{"kind": "mots", "textes": ["contenu"], "mots": "mot"}]},
    "nombre inconnu": {"match": "all", "conditions": [{"kind": "nombre", "valeur": "age", "plus_de": 3}]},
    "sans limite": {"match": "all", "conditions": [{"kind": "nombre", "valeur": "prix"}]},
    "limite négative": {"match": "all", "conditions": [{"kind": "nombre", "valeur": "prix", "plus_de": -1}]},
    "limite en lettres": {"match": "all", "conditions": [{"kind": "nombre", "valeur": "prix", "plus_de": "dix"}]},
    "vrai": {"match": "all", "conditions": [{"kind": "nombre", "valeur": "prix", "plus_de": True}]},
    "sans lieu": {"match": "all", "conditions": [{"kind": "lieu"}]},
    "faux département": {"match": "all", "conditions": [{"kind": "lieu", "departements": ["Calvados"]}]},
    "sans date": {"match": "all", "conditions": [{"kind": "dates", "quoi": "", "jours": 3}]},
    "sans jours": {"match": "all", "conditions": [{"kind": "dates", "quoi": "tout_passe"}]},
    "sans public": {"match": "all", "conditions": [{"kind": "publics", "codes": [], "sens": "un"}]},
    "sans sens": {"match": "all", "conditions": [{"kind": "publics", "codes": ["81023"], "sens": ""}]},
    "sans champ": {"match": "all", "conditions": [{"kind": "manque", "champs": []}]},
    "sans dispositif": {"match": "all", "conditions": [{"kind": "dispositif", "dispositifs": []}]},
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
def test_a_definition_that_says_nothing_sure_is_refused_in_words(document):
    with pytest.raises(DefinitionError) as refused:
        load(document)
    assert refused.value.message.endswith(".")


def some(table, least=1):
    return st.lists(st.sampled_from(sorted(map(str, table))), min_size=least, max_size=3, unique=True)


limit = st.integers(0, 3_000)
word = st.from_regex(r"[a-zé]{2,8}\*?( [a-zé]{2,8}\*?)?", fullmatch=True)
CONDITIONS = {
    "mots": st.fixed_dictionaries({"textes": some(TEXTS), "mots": st.lists(word, min_size=1, max_size=4, unique=True)}),
    "nombre": st.fixed_dictionaries({"valeur": st.sampled_from(sorted(NUMBERS)), "moins_de": limit, "plus_de": limit}),
    "lieu": st.fixed_dictionaries({"departements": st.just(["14"]), "communes": st.just(["Caen"])}),
    "dates": st.fixed_dictionaries({"quoi": st.sampled_from(sorted(DATES)), "jours": limit}),
    "publics": st.fixed_dictionaries({"codes": some(PUBLICS), "sens": st.sampled_from(["un", "aucun"])}),
    "dispositif": st.fixed_dictionaries({"dispositifs": some(DISPOSITIFS)}),
    "manque": st.fixed_dictionaries({"champs": some(EMPTY)}),
    "lecteurs": st.just({}),
    "coordonnees": st.just({}),
}
definitions = st.builds(
    lambda match, conditions: {"match": match, "conditions": conditions},
    st.sampled_from(["all", "any"]),
    st.lists(
        st.sampled_from(sorted(CONDITIONS)).flatmap(
            lambda kind: CONDITIONS[kind].map(lambda row: {"kind": kind, **row})
        ),
        min_size=1,
        max_size=4,
    ),
)


def test_every_kind_of_condition_is_drawn():
    assert CONDITIONS.keys() == KINDS.keys()


@given(definitions)
@settings(max_examples=60, deadline=None)
def test_a_definition_is_read_as_it_was_written(document):
    definition = load(document)
    assert isinstance(definition, Definition)
    assert load(definition.dump()) == definition
    assert definition.dump()["conditions"] == document["conditions"]


@given(definitions, contents())
@settings(max_examples=60, deadline=None)
def test_the_same_rule_and_content_always_give_the_same_hits_and_change_nothing(document, content):
    before = dump(content)
    definition = load(document)
    hits = evaluate(definition, facts(content))
    assert hits == evaluate(load(definition.dump()), facts(load_content(before)))
    assert dump(content) == before
    assert all(hit.excerpt and (hit.path == "" or pattern_of(hit.path) in spots()) for hit in hits)
    assert len(hits) <= 20


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_other_document_is_refused_and_nothing_else(document):
    with pytest.raises(DefinitionError):
        load(document)


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_looked_at(text):
    for item in ready_rules():
        assert evaluate(load(item.definition), facts(with_(contenu=text), structure=text)) is not None


@given(st.text(alphabet="abcé ’.-\n", min_size=1, max_size=80))
@settings(max_examples=60, deadline=None)
def test_a_word_of_a_text_is_found_in_it(text):
    """Whatever stands around it."""
    assert found(rule(words("jardin")), with_(contenu=f"{text} Jardin, {text}"))
    assert not found(rule(words("jardin")), with_(contenu=f"{text} jardine {text}", objectif="Rien", intitule="Rien"))
