"""The guided path over plain HTTP, as somebody without JavaScript follows it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time
from urllib.parse import urlsplit

import pytest

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.models import Dispositif, Fiche, RevisionState
from backoffice.models.content import Action, Contenu, Creneau, Financeur, Session, values
from forms.fiches.dispositif_rules import rules
from forms.fiches.needs import Need, need
from forms.fiches.paths import PATHS
from forms.kit.questions import Kind, Question, Rows
from forms.kit.saving import all_rows
from tests.support import factories as make
from tests.support.asked import ASKED, ASL, dispositif_of, step_under_test
from tests.support.pages import Page, name_of, open_page, open_step, review_links, stored
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches import operations

QUESTIONS = [pytest.param(step, question, id=question.pattern) for step, question in ASKED]
STEPS = [pytest.param(step, id=step.slug) for step in ASL.steps]
GROWING = [
    pytest.param(step, rows, id=rows.pattern) for step in ASL.steps for rows in all_rows(step.items()) if not rows.fixed
]


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


@pytest.fixture
def empty(nadia):
    """A fiche that has just been begun."""
    fiche = operations.create_fiche(db.session(), nadia.memberships[0].organisme, Dispositif.ASL, nadia)
    db.session.commit()
    return fiche


@pytest.fixture
def full(nadia, request):
    """A draft in two places, which lacks nothing; of the dispositif whose step is looked at."""
    return make.draft(nadia, make.two_places(), dispositif_of(step_under_test(request)))


def answer_to(question: Question) -> list[str]:
    """A good answer, other than the one that a complete draft begins with."""
    if question.choices_from:
        return ["L4"]
    if question.kind in (Kind.SELECT, Kind.RADIO):
        return [list(question.choices)[-1]]
    if question.pattern.endswith(".ville"):
        return ["Caen"]
    return {
        Kind.LINE: ["Réponse « d’essai » & n° 1"],
        Kind.TEXT: ["Une réponse\nsur deux lignes"],
        Kind.LINES: ["3 place du Marché\nBâtiment B"],
        Kind.CHECKS: list(question.choices)[1:3],
        Kind.FLAG: ["y"],
        Kind.DATE: ["2026-10-05"],
        Kind.TIME: ["10:15"],
        Kind.INTEGER: ["17"],
        Kind.EMAIL: ["bonjour@tilleuls.example"],
        Kind.PHONE: ["02 31 00 00 00"],
        Kind.URL: ["https://tilleuls.example/ateliers"],
        Kind.POSTCODE: ["14000"],
        Kind.SIRET: ["73282932000074"],
        Kind.NDA: ["28761234567"],
        Kind.RNA: ["W143000001"],
        Kind.UAI: ["0140001A"],
        Kind.CERTIFICATION: ["RS5398"],
    }[question.kind]


MEANT = {
    Kind.TEXT: "Une réponse\nsur deux lignes",
    Kind.LINES: ["3 place du Marché", "Bâtiment B"],
    Kind.FLAG: True,
    Kind.DATE: date(2026, 10, 5),
    Kind.TIME: time(10, 15),
    Kind.INTEGER: 17,
    Kind.PHONE: "+33231000000",
}


@pytest.mark.parametrize(("step", "question"), QUESTIONS)
def test_every_answer_is_kept_shown_again_and_read(visitor, full, step, question):
    typed, name = answer_to(question), name_of(question)
    assert visitor.get(f"/fiches/{full.id}/saisie/{step.slug}").status_code == 200
    page = open_step(visitor, full, step.slug).type({name: typed}).send(suite="quitter")
    assert "Votre travail est enregistré" in page.text
    value = dict(values(stored(full), question.pattern))[name]
    assert value == MEANT.get(question.kind, typed if question.kind is Kind.CHECKS else typed[0])
    again = open_step(visitor, full, step.slug).shown(name)
    assert [text.replace("\r\n", "\n") for text in again] == typed


@pytest.mark.parametrize("step", STEPS)
def test_every_question_is_labelled_and_explained(visitor, full, step):
    page = open_step(visitor, full, step.slug)
    for question in step.questions():
        name = name_of(question)
        field = page.element(name)
        assert field is not None, name
        if field.tag == "fieldset":
            assert question.words in field.findtext("legend")
        else:
            (label,) = page.dom.xpath("//label[@for=$id]", id=name)
            assert question.words in label.text_content()
            said = need(question, name, stored(full), PATHS[full.dispositif], local_day(now()))
            marked = re.findall(r"\((.*)\)$", label.text_content().strip().removeprefix(question.words).strip())
            assert marked == ([] if said is Need.ASKED or question.kind is Kind.FLAG else [said])
        assert f"{name}-aide" in (field.get("aria-describedby") or "").split()
        assert question.help in page.element(f"{name}-aide").text_content()
        assert question.example in page.element(f"{name}-aide").text_content()


# --- From the first page to the last -----------------------------------------------------------------

STORY = {
    "structure": {
        "structure-nom": "Centre social des Tilleuls",
        "structure-categorie": "association",
        "structure-siret": "778 972 851 00068",
        "structure-adresse-lignes": "12 rue des Tilleuls",
        "structure-adresse-code_postal": "14000",
        "structure-contact-nom": "Accueil",
        "structure-contact-telephone": "02 31 00 00 00",
    },
    "intitule": {"formation-intitule": "Ateliers du mardi", "formation-domaines": ["15235"]},
    "objectifs": {
        "formation-objectif": "Parler avec l’enseignante de son enfant.",
        "formation-contenu": "Jeux de rôle et sorties.",
        "formation-espaces_sociaux": ["ecole", "sante"],
    },
    "publics": {
        "formation-publics": ["81023"],
        "formation-visees": ["sociale"],
        "formation-niveaux-entree_oral": "A1",
        "formation-niveaux-entree_ecrit": "alpha",
    },
    "lieux": {
        "lieux-0-adresse-denomination": "Maison de quartier",
        "lieux-0-adresse-lignes": "1 rue de la Paix",
        "lieux-0-adresse-code_postal": "14000",
        "actions-0-creneaux-0-jour": "mardi",
        "actions-0-creneaux-0-debut": "09:30",
        "actions-0-creneaux-0-fin": "11:30",
        "actions-0-semaines": "30",
    },
    "sessions": {
        "inscription-entrees": "1",
        "actions-0-sessions-0-debut": "2026-09-15",
        "actions-0-sessions-0-fin": "2027-06-30",
        "inscription-modalites": "Venir à l’accueil le lundi",
        "formation-contact-nom": "Accueil",
        "formation-contact-telephone": "02 31 00 00 00",
    },
    "financement": {"financement-cout": "gratuit", "financement-conventionne": "non"},
}


def test_from_the_first_page_to_the_number_of_the_fiche(visitor):
    page = open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"}).send()
    for step in ASL.steps:
        assert page.words("//h1") == step.title
        assert f"/saisie/{step.slug}" in page.action
        page = page.type(STORY[step.slug]).send()
    assert page.words("//h1") == "Relecture et envoi"
    assert "Votre fiche est complète" in page.text
    assert page.words("//nav[contains(@class, 'etapes-larges')]").count("Complet") == len(ASL.steps)
    sent = page.send()
    assert sent.words("//h1") == "Merci, votre fiche est envoyée"
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.latest.state is RevisionState.SOUMISE
    assert fiche.numero in sent.text
    assert [slot.minutes for slot in fiche.latest.content.actions[0].creneaux] == [120]


def test_stopping_after_any_step_and_coming_back_loses_nothing(visitor):
    page = open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"}).send()
    (fiche,) = db.session.query(Fiche).all()
    for step in ASL.steps:
        page = open_step(visitor, fiche, step.slug).type(STORY[step.slug]).send(suite="quitter")
        assert "Votre travail est enregistré" in page.text
        visitor.post("/deconnexion")
        visitor.login("nadia.exemple@exemple.fr")
    for step in ASL.steps:
        page = open_step(visitor, fiche, step.slug)
        for name, typed in STORY[step.slug].items():
            expected = "77897285100068" if name == "structure-siret" else typed
            assert page.shown(name) == (expected if isinstance(expected, list) else [expected])
    assert "Votre fiche est complète" in open_page(visitor, f"/fiches/{fiche.id}/relecture").text


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_step_can_always_be_left_and_each_button_leads_where_it_says(visitor, empty, step):
    following = ASL.after(step)
    here = f"/fiches/{empty.id}"
    expected = {
        "": f"{here}/saisie/{following.slug}" if following else f"{here}/relecture",
        "relecture": f"{here}/relecture",
        "quitter": here,
    }
    for button, target in expected.items():
        page = open_step(visitor, empty, step.slug).send(follow=False, **({"suite": button} if button else {}))
        assert page.status == 303
        assert page.location == target


@pytest.mark.parametrize("step", STEPS)
def test_the_list_of_tasks_says_where_each_step_stands(visitor, full, step):
    page = open_step(visitor, full, step.slug)
    (here,) = page.dom.xpath("//nav[contains(@class, 'etapes-larges')]//a[@aria-current='step']")
    assert here.text_content() == step.title
    first = (
        next(q for q in step.questions() if q.required and q.kind in (Kind.LINE, Kind.RADIO, Kind.CHECKS))
        if step.slug not in ("lieux",)
        else step.question("lieux[].adresse.lignes")
    )
    page.answers.poplist(name_of(first))
    after = page.send(suite="relecture")
    task = after.words(f"//nav[contains(@class, 'etapes-larges')]//li[a[contains(@href, '/saisie/{step.slug}')]]")
    assert task == f"{step.title} À compléter"


# --- The review ---------------------------------------------------------------------------------------


def contents():
    """Entries that lack or contradict something, by what is wrong with them."""

    def made(change):
        content = make.two_places()
        change(content)
        return content

    def no_choice_of_place(c):
        c.actions[0].lieu = ""

    def two_groups(c):
        c.actions.append(replace(c.actions[0], id=c.new_id(Action), lieu="", sessions=[], creneaux=[Creneau("jeudi")]))

    def second_group_wrong(c):
        two_groups(c)
        c.actions[1].effectif_min, c.actions[1].effectif_max, c.actions[1].heures_total = 12, 3, 400
        c.actions[1].creneaux = [Creneau("lundi", time(11), time(9)), Creneau("mardi", time(9), time(12))]
        c.actions[1].semaines = 10
        c.actions[1].sessions = [Session("S9", date(2027, 1, 1), date(2026, 1, 1)), Session("S10")]

    def elsewhere(c):
        c.inscription.ou = "autre"
        c.inscription.debut, c.inscription.fin = date(2026, 9, 2), date(2026, 9, 1)

    def money(c):
        c.financement.cout, c.financement.financeurs = "payant", []

    def free_but_priced(c):
        c.financement.prix = 30
        c.financement.financeurs = [Financeur(), Financeur("19")]

    def exam(c):
        c.formation.visees = ["certification"]
        c.formation.intitule = "Atelier " * 25

    def no_place(c):
        c.lieux, c.actions[0].sessions, c.actions[0].creneaux = [], [], []

    return {
        "just begun": Contenu(actions=[Action("G1")], dernier_repere=1),
        "complete": make.two_places(),
        **{f.__name__: made(f) for f in (no_choice_of_place, two_groups, second_group_wrong, elsewhere)},
        **{f.__name__: made(f) for f in (money, free_but_priced, exam, no_place)},
    }


@pytest.mark.parametrize("name", contents())
def test_every_link_of_the_review_leads_to_a_field_that_is_there(visitor, nadia, name):
    fiche = make.draft(nadia, contents()[name])
    links = review_links(visitor, fiche)
    assert links
    for link in links:
        url = urlsplit(link)
        page = open_page(visitor, url.path)
        assert page.element(url.fragment) is not None, f"{link} ne mène à rien"


@pytest.mark.parametrize(
    ("step", "question"),
    [p for p in QUESTIONS if p.values[1].required],
    ids=lambda value: getattr(value, "pattern", ""),
)
def test_every_required_answer_that_is_missing_is_listed_with_its_link(visitor, full, step, question):
    page, name = open_step(visitor, full, step.slug), name_of(question)
    page.answers.poplist(name)
    if question.kind not in (Kind.RADIO, Kind.CHECKS):
        page.answers[name] = ""
    if question.pattern.endswith((".code_postal", ".ville")):
        code = name.replace("-ville", "-code_postal")
        page.type({code: "", code.replace("-code_postal", "-ville"): ""})
    review = page.send(suite="relecture")
    blocking = review.links("//section[@aria-labelledby='manques']")
    expected = f"/fiches/{full.id}/saisie/{step.slug}#{name}"
    if question.pattern.startswith("inscription.adresse"):
        assert expected not in blocking, "cette adresse n’est demandée que si l’on s’y inscrit"
        return
    assert expected in blocking
    assert "Votre fiche est complète" not in review.text
    words = review.words(f"//section[@aria-labelledby='manques']//a[@href='{expected}']")
    assert question.words in words or question.pattern in {row.champ for row in rules()}
    assert open_step(visitor, full, step.slug).element(name) is not None


def test_an_incomplete_fiche_is_not_sent_and_the_page_says_why(visitor, empty):
    answer = visitor.post(f"/fiches/{empty.id}/envoyer")
    assert answer.status_code == 422
    page = Page(visitor, answer)
    assert "La fiche n’est pas encore complète" in page.words("//*[@role='alert']")
    assert page.links("//section[@aria-labelledby='manques']")
    assert db.session.get_one(Fiche, empty.id).latest.state is RevisionState.BROUILLON


def test_the_review_counts_what_is_missing(visitor, nadia):
    content = make.complete_content()
    content.formation.intitule = ""
    fiche = make.draft(nadia, content)
    assert "Il reste une chose à compléter" in open_page(visitor, f"/fiches/{fiche.id}/relecture").text
    content.formation.objectif = ""
    fiche = make.draft(nadia, content)
    assert "Il reste 2 choses à compléter" in open_page(visitor, f"/fiches/{fiche.id}/relecture").text


# --- Places, groups, slots, dates, funders: added and removed without JavaScript ----------------------


def lists_of(rows: Rows) -> str:
    """The list of the first row of whatever it stands in: ``actions-0-sessions``."""
    return rows.pattern.removesuffix("[]").replace("[]", "-0").replace(".", "-")


def line_of(rows: Rows) -> Question:
    """A question of a row that takes any text, else any question of it."""
    plain = [q for q in rows.questions if isinstance(q, Question) and q.kind in (Kind.LINE, Kind.DATE, Kind.TIME)]
    return plain[0]


def typed_in(rows: Rows, rank: int) -> dict[str, str]:
    question = line_of(rows)
    name = f"{lists_of(rows)}-{rank}-" + question.pattern.removeprefix(rows.pattern + ".").replace(".", "-")
    text = {Kind.DATE: f"2026-10-0{rank + 1}", Kind.TIME: f"1{rank}:00"}.get(question.kind, f"Ligne {rank}")
    return {name: text}


@pytest.mark.parametrize(("step", "rows"), GROWING)
def test_each_click_on_add_shows_one_more_row(visitor, empty, step, rows):
    path = lists_of(rows)
    page = open_step(visitor, empty, step.slug)
    before = page.rows(path)
    for more in (1, 2, 3):
        page = page.send(ligne=f"ajouter:{path}")
        assert page.status == 200
        assert page.rows(path) == before + more


@pytest.mark.parametrize(("step", "rows"), GROWING)
def test_adding_a_row_leads_to_it_and_keeps_what_was_typed(visitor, empty, step, rows):
    path = lists_of(rows)
    page = open_step(visitor, empty, step.slug)
    if not rows.least:
        page = page.send(ligne=f"ajouter:{path}")
    count = page.rows(path)
    page.type(typed_in(rows, 0))
    added = page.send(follow=False, ligne=f"ajouter:{path}")
    assert added.status == 303
    assert urlsplit(added.location).fragment == f"{path}-{count}"
    page = open_step(visitor, empty, step.slug)
    assert page.element(f"{path}-{count}") is not None
    ((name, text),) = typed_in(rows, 0).items()
    assert page.shown(name) == [text]


@pytest.mark.parametrize(("step", "rows"), GROWING)
def test_removing_a_row_removes_that_one_only(visitor, empty, step, rows):
    path = lists_of(rows)
    page = open_step(visitor, empty, step.slug)
    while page.rows(path) < 3:
        page = page.send(ligne=f"ajouter:{path}")
    for rank in range(3):
        page.type(typed_in(rows, rank))
    page = page.send(ligne=f"retirer:{path}-1")
    ((name, first),) = typed_in(rows, 0).items()
    ((_, third),) = typed_in(rows, 2).items()
    page = open_step(visitor, empty, step.slug)
    assert page.shown(name) == [first]
    assert page.shown(name.replace(f"{path}-0", f"{path}-1")) == [third]
    assert not any("Ligne 1" in text for text in page.answers.values())
    assert page.rows(path) == max(2, rows.least)


@pytest.mark.parametrize(("step", "rows"), GROWING)
def test_rows_are_added_and_removed_on_a_page_that_has_an_error_too(visitor, full, step, rows):
    """What was typed wrong stays on the screen, and every row keeps its own text."""
    path = lists_of(rows)
    wrong = {"lieux": "actions-0-semaines", "sessions": "inscription-debut", "financement": "financement-prix"}[
        step.slug
    ]
    page = open_step(visitor, full, step.slug).type({wrong: "trente"})
    while page.rows(path) < 3:
        page = page.send(ligne=f"ajouter:{path}")
        assert page.error(wrong)
    for rank in range(3):
        page.type(typed_in(rows, rank))
    page = page.send(ligne=f"retirer:{path}-1")
    assert page.error(wrong)
    assert page.shown(wrong) == ["trente"]
    ((name, first),) = typed_in(rows, 0).items()
    ((_, third),) = typed_in(rows, 2).items()
    assert page.rows(path) == 2
    assert page.shown(name) == [first]
    assert page.shown(name.replace(f"{path}-0", f"{path}-1")) == [third]
    for link in review_links(visitor, full):
        url = urlsplit(link)
        assert open_page(visitor, url.path).element(url.fragment) is not None, link


@pytest.mark.parametrize(("step", "rows"), GROWING)
def test_there_are_as_many_rows_as_are_allowed_and_no_more(visitor, empty, step, rows):
    path = lists_of(rows)
    page = open_step(visitor, empty, step.slug)
    for rank in range(rows.most - 1):
        page.type(typed_in(rows, rank))
    page = page.send(ligne=f"ajouter:{path}")
    assert page.rows(path) == rows.most
    assert f"ajouter:{path}" not in page.buttons("ajouter:"), "un bouton qui ne fait plus rien"
    page = page.send(ligne=f"ajouter:{path}")
    assert page.rows(path) == rows.most


def test_places_groups_and_dates_keep_their_numbers_when_others_come_and_go(visitor, full):
    page = open_step(visitor, full, "lieux").send(ligne="ajouter:lieux").send(ligne="ajouter:actions")
    before = stored(full)
    assert len(before.lieux) == 3
    assert len(before.actions) == 2
    page = page.type({"lieux-2-adresse-denomination": "École"}).send(ligne="retirer:lieux-1")
    after = stored(full)
    assert [lieu.id for lieu in after.lieux] == [before.lieux[0].id, before.lieux[2].id]
    assert [action.id for action in after.actions] == [action.id for action in before.actions]
    page.send(ligne="retirer:actions-0")
    left = stored(full)
    assert [action.id for action in left.actions] == [before.actions[1].id]
    open_step(visitor, full, "sessions").send(ligne="ajouter:actions-0-sessions")
    ids = [*local_ids(before), stored(full).actions[0].sessions[-1].id]
    assert len(ids) == len(set(ids)), "un numéro a été donné deux fois"


def local_ids(content: Contenu) -> list[str]:
    return [
        *(lieu.id for lieu in content.lieux),
        *(action.id for action in content.actions),
        *(session.id for action in content.actions for session in action.sessions),
    ]


def test_removing_a_place_that_a_group_uses_asks_for_another_and_blocks_nobody(visitor, full):
    content = stored(full)
    page = open_step(visitor, full, "lieux").send(ligne="ajouter:lieux")
    page.type({"lieux-2-adresse-denomination": "École", "actions-0-lieu": content.lieux[0].id})
    page = page.send(ligne="retirer:lieux-0")
    assert page.status == 200
    assert stored(full).place_of(stored(full).actions[0]) is None
    review = open_page(visitor, f"/fiches/{full.id}/relecture")
    assert f"/fiches/{full.id}/saisie/lieux#actions-0-lieu" in review.links("//main")
    page = open_step(visitor, full, "lieux")
    assert page.element("actions-0-lieu") is not None
    # With one place only there is nothing to choose: the group meets there.
    page = page.send(ligne="retirer:lieux-1").send(follow=False)
    assert page.status == 303
    assert stored(full).place_of(stored(full).actions[0]) == stored(full).lieux[0]


def test_the_groups_cannot_be_added_where_only_their_dates_are_asked(visitor, full):
    page = open_step(visitor, full, "sessions")
    assert "ajouter:actions-0-sessions" in page.buttons("ajouter:")
    assert "ajouter:actions" not in page.buttons("ajouter:")
    page.send(ligne="ajouter:actions")
    assert len(stored(full).actions) == 1


# --- Hours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "weeks", "words"),
    [
        ([("mardi", "09:30", "11:30")], "30", "Soit 2 h par semaine et 60 h en tout."),
        ([("mardi", "9h30", "11h"), ("jeudi", "14:00", "15:15")], "10", "Soit 2 h 45 par semaine et 28 h en tout."),
        ([("lundi", "09:00", "12:00")], "", "Soit 3 h par semaine."),
    ],
)
def test_hours_are_computed_from_the_weekly_slots(visitor, empty, slots, weeks, words):
    page = open_step(visitor, empty, "lieux").type({"actions-0-semaines": weeks})
    for rank, (day, start, end) in enumerate(slots):
        here = f"actions-0-creneaux-{rank}"
        page.type({f"{here}-jour": day, f"{here}-debut": start, f"{here}-fin": end})
    page.send()
    shown = open_step(visitor, empty, "lieux").words("//*[@class='calcul']")
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == words


def test_declared_hours_that_disagree_are_pointed_out_without_blocking(visitor, full):
    page = open_step(visitor, full, "lieux").type({"actions-0-heures_total": "400"}).send(suite="relecture")
    assert "vous déclarez 400 h en tout" in page.text
    assert "donnent 120 h" in page.text
    assert f"/fiches/{full.id}/saisie/lieux#actions-0-heures_total" in page.links("//section")
    assert "Votre fiche est complète" in page.text


# --- Towns --------------------------------------------------------------------------------------------


def test_a_postal_code_of_one_town_fills_the_town_and_the_territoire_follows(visitor, empty):
    page = open_step(visitor, empty, "lieux")
    page.type({"lieux-0-adresse-lignes": "1 rue de la Paix", "lieux-0-adresse-code_postal": "67000"}).send()
    address = stored(empty).lieux[0].adresse
    assert (address.ville, address.code_insee, address.departement, address.region) == (
        "Strasbourg",
        "67482",
        "67",
        "44",
    )
    assert db.session.get_one(Fiche, empty.id).territoire.slug == "grand-est"


def test_a_town_is_recognised_without_its_accents_and_refused_elsewhere(visitor, empty):
    where = {"lieux-0-adresse-lignes": "1 rue de la Paix", "lieux-0-adresse-code_postal": "50000"}
    page = open_step(visitor, empty, "lieux").type({**where, "lieux-0-adresse-ville": "saint lo"}).send(follow=False)
    assert page.status == 303
    assert stored(empty).lieux[0].adresse.ville == "Saint-Lô"
    page = open_step(visitor, empty, "lieux").type({"lieux-0-adresse-ville": "Caen"}).send()
    assert page.status == 422
    assert "Le code postal 50000 est celui de : " in page.error("lieux-0-adresse-ville")
    assert "Saint-Lô" in page.error("lieux-0-adresse-ville")
    assert page.shown("lieux-0-adresse-ville") == ["Caen"]


# --- Lists cost the same whatever their length --------------------------------------------------------


@pytest.mark.parametrize("address", ["/fiches/", "/moderation/", "/consultation/", "/administration"])
def test_thirty_fiches_take_as_many_queries_as_three(app, nadia, address):
    moderator = make.moderator()
    people = {"/fiches/": nadia, "/moderation/": moderator, "/consultation/": make.funder()}
    visitor = Visitor(app, people.get(address) or make.administrator())
    way = {"/moderation/": RevisionState.SOUMISE, "/fiches/": RevisionState.BROUILLON}
    numbers = []
    for more in (3, 27):
        for _ in range(more):
            make.fiche_in(way.get(address, RevisionState.VALIDEE), nadia, moderator)
        with statements() as sent:
            assert visitor.get(address).status_code == 200
        numbers.append(len(sent))
    assert numbers[0] == numbers[1] <= 15


@pytest.mark.parametrize("slug", ["lieux", "sessions"])
def test_a_page_of_many_rows_takes_as_many_queries_as_one_of_few(visitor, nadia, slug):
    numbers = []
    for rows in (1, 20):
        content = make.complete_content()
        group = content.actions[0]
        content.actions = [replace(group, id=content.new_id(Action), sessions=[]) for _ in range(rows)]
        fiche = make.draft(nadia, content)
        address = f"/fiches/{fiche.id}/saisie/{slug}"
        with statements() as sent:
            assert visitor.get(address).status_code == 200
        numbers.append(len(sent))
    assert numbers[0] == numbers[1]
