"""Labels and rules say the same: what a page asks, the review demands; what it calls optional, nobody demands."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from backoffice.models.content import Action, Contenu, Lieu, leaves, values
from backoffice.models.content.vocabulary import Dispositif
from exports.fragment.build import Identity, build
from forms.fiches import needs
from forms.fiches.needs import Need, need
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support import factories as make
from tests.support.pages import open_step
from tests.support.visitor import Visitor

from .test_dispositif_rules import content_of

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def one_place(dispositif: Dispositif) -> Contenu:
    content = content_of(dispositif)
    if dispositif is Dispositif.OEPRE:
        content.structure.categorie = "ecole"
    return content


def several_places(dispositif: Dispositif) -> Contenu:
    """Two places and two groups, everything said."""
    content = one_place(dispositif)
    content.lieux.append(Lieu("L8", make.caen("Bibliothèque"), uai=content.lieux[0].uai))
    content.actions.append(make.complete_content().actions[0])
    content.actions[1].id, content.actions[1].sessions[0].id = "G9", "S9"
    content.actions[1].intensite = content.actions[0].intensite
    for action, lieu in zip(content.actions, content.lieux, strict=True):
        action.lieu = lieu.id
    return content


def dated(content: Contenu) -> Contenu:
    """All groups begin together: registrations are not for the whole year."""
    content.inscription.entrees = "0"
    return content


def elsewhere(content: Contenu) -> Contenu:
    content.inscription.ou, content.inscription.adresse = "autre", make.caen()
    return content


def paid(content: Contenu) -> Contenu:
    content.financement.cout, content.financement.prix = "payant", 20
    return content


def carried(content: Contenu) -> Contenu:
    porteuse = content.structure.porteuse
    content.structure.siret = ""
    porteuse.nom, porteuse.siret, porteuse.courriel = "Fédération", make.SIRET, "a@federation.example"
    return content


WORLDS = {
    f"{dispositif}, {name}": (dispositif, change)
    for dispositif in Dispositif
    for name, change in {
        "un lieu": one_place,
        "plusieurs lieux": several_places,
        "dates communes": lambda dispositif: dated(one_place(dispositif)),
        "inscription ailleurs": lambda dispositif: elsewhere(several_places(dispositif)),
    }.items()
} | {
    "ASL, payant": (Dispositif.ASL, lambda dispositif: paid(one_place(dispositif))),
    "ASL, porteuse": (Dispositif.ASL, lambda dispositif: carried(one_place(dispositif))),
}


def emptied(content: Contenu, path: str) -> None:
    target = content
    *way, last = path.split("-")
    for part in way:
        target = target[int(part)] if part.isdecimal() else getattr(target, part)
    value = getattr(target, last)
    setattr(target, last, type(value)() if isinstance(value, str | list | bool) else None)


@pytest.mark.parametrize(("dispositif", "world"), WORLDS.values(), ids=WORLDS)
def test_a_label_says_what_the_review_and_the_flow_demand(dispositif, world):
    path = PATHS[dispositif]
    assert review(world(dispositif), path, {}, today=TODAY).complete
    seen = set()
    for step in path.steps:
        for question in step.questions():
            for spot, _ in values(world(dispositif), question.pattern):
                content = world(dispositif)
                waived = needs.waived(content, siret_required=True)
                emptied(content, spot)
                said = need(question, spot, content, path, TODAY, waived)
                demanded = {finding.path for finding in review(content, path, {}, today=TODAY).blocking}
                assert (spot in demanded) == (said is Need.ASKED), (spot, said, demanded)
                if said is not Need.ASKED:
                    assert demanded == set(), spot
                    build(content, Identity("NOR000001", "NORO000001", dispositif, NOW, NOW))
                seen.add(said)
    assert {Need.ASKED, Need.OPTIONAL, Need.COMPUTED} == seen


def test_a_number_of_hours_is_computed_only_from_what_computes_it():
    question = PATHS[Dispositif.ASL].step("lieux").question("actions[].heures_total")
    content = make.complete_content()
    say = lambda: need(question, "actions-0-heures_total", content, PATHS[Dispositif.ASL], TODAY)  # noqa: E731
    assert (say(), content.actions[0].hours) == (Need.COMPUTED, 120)
    content.actions[0].semaines = None
    assert (say(), content.actions[0].hours) == (Need.OPTIONAL, None)


def test_every_condition_is_on_a_question_that_some_path_asks():
    asked = {question.pattern for path in PATHS.values() for step in path.steps for question in step.questions()}
    assert needs.CONDITIONS.keys() | needs.COMPUTED.keys() <= asked
    assert needs.CONDITIONS.keys() <= {spot.pattern for spot in leaves()}


# --- Pages, without JavaScript ------------------------------------------------------------------------


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


def test_the_place_of_a_group_is_asked_on_the_page_where_the_second_place_is_typed(visitor, nadia):
    fiche = make.draft(nadia)
    page = open_step(visitor, fiche, "lieux").send(ligne="ajouter:lieux")
    assert page.element("actions-0-lieu").tag == "select"
    label = page.words("//label[@for='actions-0-lieu']")
    assert "facultatif" not in label
    assert "Dites dans quel lieu" in page.error("actions-0-lieu").replace("dites", "Dites")
    page.type({"lieux-1-adresse-lignes": "1 rue de la Gare", "lieux-1-adresse-code_postal": "14000"})
    kept = page.type({"lieux-1-adresse-ville": "Caen"}).send()
    assert kept.status == 422
    assert kept.shown("lieux-1-adresse-lignes") == ["1 rue de la Gare"]
    chosen = make.db.session.get_one(type(fiche), fiche.id).latest.content.lieux[1].id
    assert kept.type({"actions-0-lieu": chosen}).send(follow=False).status == 303


def test_a_last_day_is_optional_only_where_people_arrive_all_year(visitor, nadia):
    for entries, said in (("1", "(facultatif)"), ("0", "")):
        content = make.complete_content()
        content.inscription.entrees = entries
        page = open_step(visitor, make.draft(nadia, content), "sessions")
        label = page.words("//label[@for='actions-0-sessions-0-fin']")
        assert ("facultatif" in label) == bool(said)


def test_hours_that_follow_from_others_are_said_computed(visitor, nadia):
    page = open_step(visitor, make.draft(nadia), "lieux")
    assert "(calculé si vous laissez vide)" in page.words("//label[@for='actions-0-heures_total']")


def test_a_folded_part_that_is_asked_is_not_called_optional(visitor, nadia):
    content = make.complete_content()
    assert "Une autre adresse pour s’inscrire (facultatif)" in open_step(
        visitor, make.draft(nadia, content), "sessions"
    ).words("//summary")
    content.inscription.ou = "autre"
    page = open_step(visitor, make.draft(nadia, content), "sessions")
    assert "Une autre adresse pour s’inscrire (facultatif)" not in page.words("//summary")
    assert "il manque la ville" in page.error("inscription-adresse-ville")


def test_actions_without_a_row_are_judged_as_empty_ones():
    content = Contenu(actions=[Action(id="G1")], lieux=[Lieu("L1"), Lieu("L2")])
    assert "actions-0-lieu" in {finding.path for finding in review(content, PATHS[Dispositif.ASL], {}).blocking}
