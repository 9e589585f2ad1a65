"""The review: each rule on both sides, and what each reader of our flows would leave out."""

from __future__ import annotations

from datetime import date, time

import pytest

from backoffice.models.content import (
    Action,
    Adresse,
    Contenu,
    Financeur,
    Lieu,
    Niveaux,
    Session,
    pattern_of,
    spots,
    values,
)
from backoffice.models.content.vocabulary import Dispositif
from exports.fragment.reader_views import drops, views
from exports.lheo.consumers import ANOTEA, DATA_INCLUSION, EDOF, REFUGIES_INFO
from forms.fiches.paths import PATHS
from forms.fiches.review import RECOMMENDED, SENDABLE, review, status, step_of
from tests.support.factories import caen, complete_content

ASL = PATHS[Dispositif.ASL]


def found(content, **options):
    return review(content, ASL, {}, **options)


def test_a_complete_entry_has_nothing_blocking():
    result = found(complete_content())
    assert result.complete
    assert 0 < result.score < 100


def test_an_empty_entry_says_what_is_missing_and_where():
    content = Contenu(actions=[Action(id="G1")])
    result = found(content)
    paths = {finding.path for finding in result.blocking}
    assert {"structure-nom", "formation-intitule", "formation-espaces_sociaux", "structure-siret"} <= paths
    assert {"lieux-0-adresse-lignes", "actions-0-creneaux-0-jour", "actions-0-sessions-0-debut"} <= paths
    assert all(step_of(ASL, finding) is not None for finding in result.findings)
    assert {status(step, ASL, result, content) for step in ASL.steps} == {"a_faire"}


REQUIRED = [q.pattern for s in ASL.steps for q in s.questions() if q.required]


@pytest.mark.parametrize("pattern", REQUIRED)
def test_each_required_answer_is_asked_for_when_it_is_empty(pattern):
    content = complete_content()
    for path, _ in list(values(content, pattern)):
        target = content
        *way, last = path.split("-")
        for part in way:
            target = target[int(part)] if part.isdigit() else getattr(target, part)
        setattr(target, last, type(getattr(target, last))() if isinstance(getattr(target, last), str | list) else None)
        assert path in {finding.path for finding in found(content).blocking}


def spoil(name):
    content = complete_content()
    action, session = content.actions[0], content.actions[0].sessions[0]
    match name:
        case "lieux-0-adresse-lignes":
            content.lieux.clear()
        case "actions-0-lieu":
            content.lieux.append(Lieu("L8", Adresse("Mairie", ["1 place"], "14000", "Caen", "14118", "14", "28")))
        case "actions-0-nom":
            content.actions.clear()
        case "actions-0-creneaux-0-jour":
            action.creneaux.clear()
        case "actions-0-sessions-0-debut":
            action.sessions.clear()
        case "actions-0-effectif_max":
            action.effectif_min, action.effectif_max = 12, 6
        case "actions-0-creneaux-0-fin":
            action.creneaux[0].fin = time(9, 30)
        case "actions-0-sessions-0-fin":
            session.fin = date(2026, 9, 14)
        case "inscription-fin":
            content.inscription.debut, content.inscription.fin = date(2026, 9, 2), date(2026, 9, 1)
        case "inscription-adresse-lignes":
            content.inscription.ou = "autre"
        case "financement-prix":
            content.financement.cout = "payant"
        case "financement-financeurs-0-code":
            content.financement.financeurs.clear()
        case "structure-siret":
            content.structure.siret = ""
    return content


BLOCKING = [
    "lieux-0-adresse-lignes",
    "actions-0-lieu",
    "actions-0-nom",
    "actions-0-creneaux-0-jour",
    "actions-0-sessions-0-debut",
    "actions-0-effectif_max",
    "actions-0-creneaux-0-fin",
    "actions-0-sessions-0-fin",
    "inscription-fin",
    "inscription-adresse-lignes",
    "financement-prix",
    "financement-financeurs-0-code",
    "structure-siret",
]


@pytest.mark.parametrize("path", BLOCKING)
def test_each_contradiction_blocks_at_its_field(path):
    assert path in {finding.path for finding in found(spoil(path)).blocking}


@pytest.mark.parametrize(
    "mend",
    [
        lambda c: setattr(c.actions[0], "rythme", "À la carte") or c.actions[0].creneaux.clear(),
        lambda c: setattr(c.actions[0].sessions[0], "fin", c.actions[0].sessions[0].debut),
        lambda c: setattr(c.financement, "conventionne", "non") or c.financement.financeurs.clear(),
        lambda c: setattr(c.financement, "cout", "payant") or setattr(c.financement, "frais", "Adhésion de 5 €"),
    ],
    ids=["rythme sans créneau", "un seul jour", "sans subvention", "payant par adhésion"],
)
def test_the_other_side_of_a_rule_passes(mend):
    content = complete_content()
    mend(content)
    assert found(content).blocking == []


def test_a_territoire_may_do_without_siret():
    assert found(spoil("structure-siret"), siret_required=False).complete


@pytest.mark.parametrize(("declared", "asked"), [(120, False), (132, False), (133, True), (107, True), (108, False)])
def test_declared_hours_far_from_the_slots_are_asked_about_without_blocking(declared, asked):
    content = complete_content()
    content.actions[0].heures_total = declared
    result = found(content)
    assert result.complete
    assert ("actions-0-heures_total" in {finding.path for finding in result.warnings}) == asked


def test_pending_text_blocks():
    result = review(complete_content(), ASL, {"sessions": [["inscription-debut", "hier"]]})
    assert [step_of(ASL, finding).slug for finding in result.blocking] == ["sessions"]


def test_the_score_reaches_a_hundred():
    content = complete_content()
    content.formation.url = "https://exemple.fr"
    content.formation.resultats = "Attestation."
    content.formation.info_publics = "Parents d’élèves."
    content.formation.conditions = "Avoir 16 ans."
    content.lieux[0].acces_handicapes = content.lieux[0].transport = "Oui"
    content.actions[0].effectif_max = 12
    content.actions[0].garde_enfants = "Oui"
    content.actions[0].sessions[0].places_libres = 0
    assert found(content).score == 100
    assert len(RECOMMENDED) > 8


def second_group(content, **changes):
    base = {"id": "G9", "sessions": [Session("S9", date(2026, 9, 15), date(2027, 6, 30))], "niveaux": Niveaux("B1")}
    action = Action(**{**base, "creneaux": list(content.actions[0].creneaux), "semaines": 30, **changes})
    content.actions.append(action)
    return content


DROPS = {
    "groupes jumeaux, distingués par leur niveau": (lambda c: second_group(c), {EDOF}),
    "groupes jumeaux, sans place pour les distinguer": (
        lambda c: setattr(second_group(c).formation, "info_publics", "x" * 250),
        {DATA_INCLUSION, EDOF},
    ),
    "rythme autre, durée proche": (lambda c: second_group(c, creneaux=[], heures_total=115), {EDOF}),
    "rythme et durée autres": (lambda c: second_group(c, creneaux=[], heures_total=40), set()),
    "à distance": (lambda c: setattr(c.actions[0], "presence", "2"), {DATA_INCLUSION}),
    "domaine écarté": (lambda c: setattr(c.formation, "domaines", ["99999"]), {DATA_INCLUSION}),
    "titre trop long": (lambda c: setattr(c.formation, "intitule", "T" * 151), {DATA_INCLUSION}),
    "titre assez court": (lambda c: setattr(c.formation, "intitule", "T" * 150), set()),
    "sans lieu": (lambda c: c.lieux.clear(), {DATA_INCLUSION, ANOTEA}),
    "un seul public": (lambda c: c.formation.publics.pop(), {REFUGIES_INFO}),
    "OFII seul financeur": (lambda c: setattr(c.financement.financeurs[0], "code", "20"), {REFUGIES_INFO}),
    "rien à dire": (lambda c: c.financement.financeurs.append(Financeur("9")), set()),
}


@pytest.mark.parametrize(("change", "who"), DROPS.values(), ids=DROPS)
def test_what_each_consumer_would_leave_out(change, who):
    content = complete_content()
    change(content)
    assert {drop.consumer for drop in drops(content, Dispositif.ASL)} == who


def test_each_loss_names_the_field_to_change():
    content = second_group(complete_content())
    content.formation.publics = ["81021", "81018"]
    content.lieux.insert(0, Lieu("L9", caen("Ailleurs")))
    content.actions[0].lieu, content.actions[1].lieu = "L1", "L9"
    content.financement.frais = "Adhésion de 10 €."
    found = {drop.path for view in views(content, Dispositif.ASL) for drop in view.drops}
    assert {"financement-frais", "inscription-perimetre", "lieux-0-adresse-lignes", "lieux-1-adresse-lignes"} <= found
    assert all(pattern_of(path) in spots() for path in found if path)


def test_an_empty_draft_can_be_seen_as_its_readers_would():
    for content in (Contenu(), Contenu(actions=[Action()], lieux=[Lieu()])):
        assert [view.reader.name for view in views(content, Dispositif.OFII)]


def test_a_card_says_what_the_reader_displays():
    content = complete_content("T" * 160)
    content.financement.frais = "Adhésion de 10 €"
    (card,), dora = views(content, Dispositif.ASL)[0].cards, views(content, Dispositif.ASL)[1]
    assert card.title == "T" * 149 + "…"
    assert (card.price, card.price_details) == ("Gratuit", "Reste à payer\xa0: Adhésion de 10 €.")
    assert (card.audience, card.level, card.area) == (("Personnes exilées",), "A1, alpha, A2", "Toute la région")
    assert card.structure.startswith("Association des Tilleuls, ")
    assert dora.cards == (card,)


def test_a_fiche_that_can_be_sent_has_a_decent_score():
    assert found(complete_content()).score >= SENDABLE
    assert found(Contenu()).score < 20
