"""Values that contradict each other: each rule on both sides, and the doors that tell it."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from backoffice.models.content import Action, Contenu, Creneau, Lieu, Niveaux, Recrutement, Session, pattern_of
from backoffice.models.content.parts import taught_minutes
from backoffice.models.content.vocabulary import JOURS, NIVEAUX_ECRIT, NIVEAUX_ORAL, Dispositif
from exports.documents import meetings
from forms.fiches.contradictions import contradictions, show
from forms.fiches.paths import PATHS
from forms.fiches.review import review, status
from forms.kit.builder import bind
from tests.support import factories as make
from tests.support.pages import open_page, open_step, stored
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 29)
ASL = PATHS[Dispositif.ASL]


def found(content: Contenu, *, blocking: bool = True) -> dict[str, str]:
    """{first spot: message} of what contradicts."""
    return {one.spots[0]: one.message for one in contradictions(content, TODAY) if one.blocking is blocking}


def slots(*said: str) -> list[Creneau]:
    """«lundi 9-12» → a slot."""
    made = []
    for text in said:
        day, hours = text.split()
        begin, end = (time.fromisoformat(f"{moment:0>2}:00") for moment in hours.split("-"))
        made.append(Creneau(day, begin, end))
    return made


def action(content: Contenu) -> Action:
    return content.actions[0]


def session(content: Contenu) -> Session:
    return content.actions[0].sessions[0]


# (change, spot of the contradiction, or None)
CASES = {
    "créneaux séparés": (lambda c: setattr(action(c), "creneaux", slots("lundi 9-12", "lundi 14-16")), None),
    "créneaux qui se touchent": (lambda c: setattr(action(c), "creneaux", slots("lundi 9-12", "lundi 12-14")), None),
    "mêmes heures, autre jour": (lambda c: setattr(action(c), "creneaux", slots("lundi 9-12", "mardi 9-12")), None),
    "créneau répété": (
        lambda c: setattr(action(c), "creneaux", slots("lundi 9-12", "jeudi 9-12", "lundi 9-12")),
        "actions-0-creneaux-2-debut",
    ),
    "créneau dans un autre": (
        lambda c: setattr(action(c), "creneaux", slots("lundi 9-12", "lundi 10-11")),
        "actions-0-creneaux-1-debut",
    ),
    "créneaux qui se chevauchent": (
        lambda c: setattr(action(c), "creneaux", slots("lundi 10-14", "lundi 9-11")),
        "actions-0-creneaux-1-debut",
    ),
    "créneau à l’envers": (
        lambda c: setattr(action(c), "creneaux", slots("lundi 12-9")),
        "actions-0-creneaux-0-fin",
    ),
    "créneau sans durée": (lambda c: setattr(action(c), "creneaux", slots("lundi 9-9")), "actions-0-creneaux-0-fin"),
    "dates à l’envers": (lambda c: setattr(session(c), "fin", date(2026, 9, 14)), "actions-0-sessions-0-fin"),
    "un seul jour": (lambda c: setattr(session(c), "debut", session(c).fin), None),
    "le même mois, jour inconnu": (
        lambda c: (
            setattr(session(c), "debut", date(2027, 6, 20))
            or setattr(session(c), "fin", date(2027, 6, 1))
            or setattr(session(c), "mois_seulement", True)
        ),
        None,
    ),
    "finies depuis des années": (
        lambda c: setattr(session(c), "debut", date(2019, 9, 1)) or setattr(session(c), "fin", date(2020, 6, 30)),
        "actions-0-sessions-0-fin",
    ),
    "finies ce printemps": (
        lambda c: setattr(session(c), "debut", date(2025, 9, 1)) or setattr(session(c), "fin", date(2026, 5, 30)),
        None,
    ),
    "sans fin, entrées permanentes": (lambda c: setattr(session(c), "fin", None), None),
    "mêmes dates deux fois": (
        lambda c: action(c).sessions.append(Session("S9", session(c).debut, session(c).fin)),
        "actions-0-sessions-1-debut",
    ),
    "mêmes dates sans fin": (
        lambda c: action(c).sessions.append(Session("S9", session(c).debut)) or setattr(session(c), "fin", None),
        "actions-0-sessions-1-debut",
    ),
    "dates qui se suivent": (
        lambda c: action(c).sessions.append(Session("S9", date(2027, 9, 1), date(2028, 6, 30))),
        None,
    ),
    "mêmes dates, autre groupe": (
        lambda c: c.actions.append(Action("G9", sessions=[Session("S9", session(c).debut, session(c).fin)])),
        None,
    ),
    "inscriptions à l’envers": (
        lambda c: setattr(c.inscription, "debut", date(2027, 1, 2)) or setattr(c.inscription, "fin", date(2027, 1, 1)),
        "inscription-fin",
    ),
    "inscriptions jusqu’au dernier jour": (lambda c: setattr(c.inscription, "fin", date(2027, 6, 30)), None),
    "inscriptions après le dernier jour": (
        lambda c: setattr(c.inscription, "fin", date(2027, 7, 1)),
        "inscription-fin",
    ),
    "inscriptions qui commencent après": (
        lambda c: setattr(c.inscription, "debut", date(2027, 7, 1)),
        "inscription-debut",
    ),
    "réunion après le dernier jour": (
        lambda c: setattr(c.inscription, "reunion", date(2027, 7, 1)),
        "inscription-reunion",
    ),
    "inscriptions d’une session sans fin": (
        lambda c: setattr(c.inscription, "fin", date(2028, 7, 1)) or setattr(session(c), "fin", None),
        None,
    ),
    "rendez-vous qui finit avant de commencer": (
        lambda c: session(c).recrutements.append(Recrutement("8", None, time(11), time(10))),
        "actions-0-sessions-0-recrutements-0-fin",
    ),
    "rendez-vous sans durée": (
        lambda c: session(c).recrutements.append(Recrutement("8", None, time(11), time(11))),
        "actions-0-sessions-0-recrutements-0-fin",
    ),
    "rendez-vous d’une heure": (
        lambda c: session(c).recrutements.append(Recrutement("8", date(2027, 6, 30), time(10), time(11))),
        None,
    ),
    "rendez-vous après le dernier jour": (
        lambda c: session(c).recrutements.append(Recrutement("8", date(2027, 7, 1))),
        "actions-0-sessions-0-recrutements-0-jour",
    ),
    "plus de places que le groupe": (
        lambda c: setattr(action(c), "effectif_max", 12) or setattr(session(c), "places_libres", 50),
        "actions-0-sessions-0-places_libres",
    ),
    "autant de places que le groupe": (
        lambda c: setattr(action(c), "effectif_max", 12) or setattr(session(c), "places_libres", 12),
        None,
    ),
    "places libres et complet": (
        lambda c: setattr(session(c), "places_libres", 5) or setattr(session(c), "recrutement", "2"),
        "actions-0-sessions-0-places_libres",
    ),
    "zéro place et complet": (
        lambda c: setattr(session(c), "places_libres", 0) or setattr(session(c), "recrutement", "2"),
        None,
    ),
    "maximum sous le minimum": (
        lambda c: setattr(action(c), "effectif_min", 12) or setattr(action(c), "effectif_max", 6),
        "actions-0-effectif_max",
    ),
    "plus d’heures sur place qu’en tout": (
        lambda c: setattr(action(c), "heures_total", 100) or setattr(action(c), "heures_centre", 120),
        "actions-0-heures_centre",
    ),
    "examen sans le but": (lambda c: setattr(c.formation, "certification", "DELF A2"), "formation-visees"),
    "numéro sans le but": (lambda c: setattr(c.formation, "code_certification", "RS5398"), "formation-visees"),
    "examen et son but": (
        lambda c: setattr(c.formation, "certification", "DELF A2") or c.formation.visees.append("certification"),
        None,
    ),
    "gratuit avec un prix": (lambda c: setattr(c.financement, "prix", 20), "financement-prix"),
    "payant avec un prix": (
        lambda c: setattr(c.financement, "prix", 20) or setattr(c.financement, "cout", "payant"),
        None,
    ),
    "payant sans prix": (lambda c: setattr(c.financement, "cout", "payant"), "financement-prix"),
    "subventionnée par personne": (lambda c: c.financement.financeurs.clear(), "financement-financeurs-0-code"),
    "deux lieux, groupe sans lieu": (lambda c: c.lieux.append(Lieu("L9", make.caen())), "actions-0-lieu"),
    "inscription ailleurs, sans adresse": (
        lambda c: setattr(c.inscription, "ou", "autre"),
        "inscription-adresse-lignes",
    ),
}


@pytest.mark.parametrize(("change", "spot"), CASES.values(), ids=CASES)
def test_each_rule_on_both_sides(change, spot):
    content = make.complete_content()
    assert found(content) == {}
    change(content)
    if spot is None:
        assert found(content) == {}
    else:
        assert spot in found(content)
        result = review(content, ASL, {}, today=TODAY)
        assert spot in {finding.path for finding in result.blocking}
        step = ASL.step_of(pattern_of(spot))
        assert step is None or status(step, ASL, result, content) == "a_corriger"


ORDERS = [("oral", list(NIVEAUX_ORAL)), ("ecrit", list(NIVEAUX_ECRIT))]


@pytest.mark.parametrize(("name", "order"), ORDERS, ids=["oral", "écrit"])
def test_a_level_that_is_aimed_at_is_not_below_the_entry_level(name, order):
    for lower, higher in pairwise(order):
        content = make.complete_content()
        content.formation.niveaux = Niveaux(**{f"entree_{name}": lower, f"vise_{name}": higher})
        assert found(content) == {}
        content.formation.niveaux = Niveaux(**{f"entree_{name}": higher, f"vise_{name}": lower})
        assert list(found(content)) == [f"formation-niveaux-vise_{name}"]
        content.formation.niveaux = Niveaux(**{f"entree_{name}": lower, f"vise_{name}": lower})
        assert found(content) == {}


def test_the_levels_of_a_group_are_compared_with_those_it_takes_from_the_formation():
    content = make.complete_content()  # A1 to A2
    action(content).niveaux = Niveaux(entree_oral="B1")
    assert list(found(content)) == ["actions-0-niveaux-entree_oral"]
    action(content).niveaux.vise_oral = "B2"
    assert found(content) == {}


def test_what_is_only_asked_about():
    content = make.complete_content()
    session(content).fin = date(2035, 6, 30)
    assert "plus de trois ans" in found(content, blocking=False)["actions-0-sessions-0-fin"]
    session(content).fin = None
    assert "publiées sans fin" in found(content, blocking=False)["actions-0-sessions-0-fin"]
    session(content).fin, content.inscription.fin = date(2027, 6, 30), date(2026, 11, 28)
    assert "closes depuis le 29/11/2026" in found(content, blocking=False)["actions-0-sessions-0-recrutement"]
    content.inscription.fin = TODAY
    assert found(content, blocking=False) == {}


# --- Hours ------------------------------------------------------------------------------------------


def test_hours_that_repeat_are_counted_once():
    content = make.complete_content()
    group = action(content)
    group.creneaux, group.semaines = slots("lundi 9-12", "lundi 9-12", "lundi 10-11"), 30
    assert group.minutes_per_week == 180
    assert group.computed_hours == 90
    alone = make.complete_content()
    alone.actions[0].creneaux = slots("lundi 9-12")
    (counted,), (once,) = meetings.counts(content, group), meetings.counts(alone, alone.actions[0])
    assert counted.minutes == once.minutes > 0


SLOTS = st.lists(
    st.builds(
        lambda day, start, length: (day, start, start + length),
        st.sampled_from(list(JOURS)[:3]),
        st.integers(0, 20),
        st.integers(-2, 3),
    ),
    max_size=8,
)


@given(SLOTS)
def test_the_minutes_of_a_week_are_the_moments_that_at_least_one_slot_has(rows):
    said = [Creneau(day, time(start), time(max(end, 0))) for day, start, end in rows]
    moments = {(day, hour) for day, start, end in rows for hour in range(start, end)}
    assert taught_minutes(said) == 60 * len(moments)
    apart = not any(one.overlaps(other) for rank, one in enumerate(said) for other in said[:rank])
    assert apart == (sum(slot.minutes for slot in said) == 60 * len(moments))


# --- The page ---------------------------------------------------------------------------------------


def test_a_message_is_shown_at_the_first_of_its_spots_that_the_page_has():
    content = make.complete_content()
    action(content).effectif_max, session(content).places_libres = 8, 12
    for slug, field, mended_here in (
        ("sessions", "actions-0-sessions-0-places_libres", True),
        ("lieux", "actions-0-effectif_max", False),
        ("publics", "", False),
    ):
        form = bind(ASL.step(slug), content)
        here = show(form, contradictions(content, TODAY))
        assert [one.id for one in form.faulty] == ([field] if field else [])
        assert bool(here) is mended_here


SLOT = "actions-0-creneaux-"


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


def test_without_javascript_the_page_comes_back_with_the_message_at_its_row(visitor, nadia):
    fiche = make.draft(nadia)  # mardi and jeudi, 9:30 to 11:30
    page = open_step(visitor, fiche, "lieux").type({f"{SLOT}1-jour": "mardi", f"{SLOT}1-debut": "10:00"}).send()
    assert page.status == 422
    assert "chevauche le créneau 1" in page.error(f"{SLOT}1-debut")
    assert stored(fiche).actions[0].creneaux[1].debut == time(10)
    # Any button of a row tells it too, and leaving is possible: the review says it again.
    page = page.send(ligne="ajouter:actions-0-creneaux")
    assert "chevauche" in page.error(f"{SLOT}1-debut")
    assert f"#{SLOT}1-debut" in " ".join(page.send(suite="relecture").links("//main"))
    page = open_step(visitor, fiche, "lieux").type({f"{SLOT}1-jour": "jeudi"})
    assert page.send(follow=False).status == 303


def test_an_autosave_answers_what_contradicts_at_the_row_of_the_page(visitor, nadia):
    fiche = make.draft(nadia)
    page = open_step(visitor, fiche, "lieux").send(ligne="ajouter:actions-0-creneaux")
    # The first row is emptied: the rows of the content and those of the page have other ranks.
    blank = {f"{SLOT}0-{name}": "" for name in ("jour", "debut", "fin")}
    page.type(blank | {f"{SLOT}2-jour": "jeudi", f"{SLOT}2-debut": "11:00", f"{SLOT}2-fin": "12:00"})
    answer = visitor.post(f"{page.action}/brouillon", MultiDict(page.answers)).json
    assert list(answer["contraires"]) == [f"{SLOT}2-debut"]
    assert "chevauche" in answer["contraires"][f"{SLOT}2-debut"]
    page.type({"empreinte": answer["empreinte"], f"{SLOT}2-debut": "11:30", "actions-0-semaines": "douze"})
    answer = visitor.post(f"{page.action}/brouillon", MultiDict(page.answers)).json
    assert (answer["contraires"], answer["illisibles"]) == ({}, ["actions-0-semaines"])


def test_the_page_and_the_list_tell_the_same_hour_of_saving(visitor, nadia):
    fiche = make.draft(nadia)
    page = open_step(visitor, fiche, "objectifs").type({"formation-objectif": "Parler"})
    answer = visitor.post(f"{page.action}/brouillon", MultiDict(page.answers)).json
    assert datetime.fromisoformat(answer["instant"]).utcoffset() is not None
    hour, minute = answer["heure"].replace("\u00a0", " ").split(" h ")
    shown = open_page(visitor, "/fiches/").words().replace("\u00a0", " ")
    assert re.search(rf"enregistrée le .* à {hour} h {minute}" if minute != "00" else rf"à {hour} h", shown)
    assert "à l’heure de Paris" in open_page(visitor, "/fiches/").words("//footer")
