"""The pages of the conventions: written by hand, settled, followed; and what each person sees of them."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    ContactState,
    Convention,
    ConventionFiche,
    Mail,
    Matching,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    RevisionState,
)
from backoffice.models.conventions.convention import CONFIRMATION_LIFE
from backoffice.reference.mailboxes import is_private
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor
from workflows.conventions import operations, pne_contacts, upkeep
from workflows.conventions.obligations import apply
from workflows.notices import mail

pytestmark = pytest.mark.at("2026-11-16T10:00")  # the grants that they write are those of 2026

CARTE, INFO, PNE = ObligationKind
PAGE = "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4"
TYPED = {
    "programme": "BOP 104",
    "annee": "2026",
    "reference": "2026-104-0001",
    "departement": "14",
    "nom": "Centre social des Tilleuls",
    "siret": make.SIRET,
    "montant": "12 500",
    "contact_pne": "enquete@tilleuls.example",
    "bpi": "oui",
}


@pytest.fixture
def structure(app):
    made = make.organisme()
    db.session.commit()
    return made


@pytest.fixture
def nadia(structure):
    return make.provider("Nadia Exemple", structure)


@pytest.fixture
def visitor(app, flora):
    return Visitor(app, flora)


def one() -> Convention:
    db.session.rollback()
    return db.session.scalars(select(Convention)).one()


# --- By hand ----------------------------------------------------------------------------------------


def test_a_convention_is_written_recognised_and_read(visitor, structure):
    visitor.see("/conventions/nouvelle")
    answer = visitor.post("/conventions/nouvelle", TYPED)
    assert answer.status_code == 303
    found = one()
    assert (found.organisme_id, found.montant) == (structure.id, 1_250_000)
    words = open_page(visitor, answer.headers["Location"]).words()
    for said in ("Centre social des Tilleuls", "12 500 €", "Être sur la carte nationale", "À fournir", "À confirmer"):
        assert said in words.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("field", "text"),
    [("reference", ""), ("montant", "trop"), ("siret", "123"), ("programme", ""), ("contact_pne", "x")],
)
def test_what_is_wrong_is_said_at_its_field_and_all_is_kept(visitor, field, text):
    page = open_page(visitor, "/conventions/nouvelle").type({**TYPED, field: text}).send(follow=False)
    assert page.status == 422
    assert page.error(field)
    assert page.shown("nom") == [TYPED["nom"]]
    assert db.session.query(Convention).count() == 0


def test_the_same_reference_is_refused_with_all_that_was_typed(visitor, flora):
    make.convention(flora)
    page = open_page(visitor, "/conventions/nouvelle").type(TYPED).send(follow=False)
    assert (page.status, page.shown("nom")) == (422, [TYPED["nom"]])
    assert "existe déjà" in page.error("reference")


def test_a_convention_is_changed_and_another_address_must_be_confirmed_anew(visitor, flora, structure):
    made = make.convention(flora, structure, contact_pne="ancienne@tilleuls.example")
    made.contact_confirmed_at = now()
    db.session.commit()
    path = f"/conventions/{made.id}/modifier"
    page = open_page(visitor, path)
    assert page.shown("contact_pne") == ["ancienne@tilleuls.example"]
    assert page.type({"contact_pne": "nouvelle@tilleuls.example", "montant": "10,50"}).send(follow=False).status == 303
    assert (one().contact_state, one().montant) == (ContactState.A_CONFIRMER, 1_050)


# --- Settling ---------------------------------------------------------------------------------------


def test_a_doubt_is_settled_on_the_page_and_what_is_not_chosen_waits(visitor, flora, structure):
    near = make.organisme("Les Ateliers du Valois")
    db.session.commit()
    first = make.convention(flora, nom="Ateliers Valoi")
    second = make.convention(flora, reference="X2", nom="Boulangerie du port")
    third = make.convention(flora, reference="X3", nom="Ateliers Valoys")
    ids = first.id, second.id, third.id
    page = open_page(visitor, "/conventions/rattachements/")
    assert "Les Ateliers du Valois" in page.words(f"//*[@id='convention-{ids[0]}']")
    assert "Aucune structure de Relais ne lui ressemble" in page.words(f"//*[@id='convention-{ids[1]}']")
    sent = {f"convention-{ids[0]}": str(near.id), f"convention-{ids[1]}": "aucune", f"convention-{ids[2]}": ""}
    assert visitor.post("/conventions/rattachements/", sent).status_code == 303
    db.session.rollback()
    rows = db.session.scalars(select(Convention).order_by(Convention.id)).all()
    assert [row.matching for row in rows] == [Matching.RATTACHEE, Matching.SANS_STRUCTURE, Matching.A_REGLER]


def test_a_structure_of_another_territoire_cannot_be_chosen(visitor, flora):
    far = make.organisme("Ailleurs", "grand-est")
    db.session.commit()
    made = make.convention(flora)
    visitor.see("/conventions/rattachements/")
    assert visitor.post("/conventions/rattachements/", {f"convention-{made.id}": str(far.id)}).status_code == 404
    assert one().organisme_id is None


# --- The structure ----------------------------------------------------------------------------------


def test_the_structure_reads_what_is_left_to_do_in_words_with_the_rule(app, flora, structure, nadia):
    person = Visitor(app, nadia)
    assert "Mes subventions" not in person.see("/fiches/").text
    make.convention(flora, structure)
    assert "Mes subventions" in person.see("/fiches/").text
    words = open_page(person, "/subventions/").words()
    assert "Il vous reste à" in words
    assert "publier la fiche de l’action" in words
    assert "Annexe « Outil et obligations »" in words.replace("\xa0", " ")


def test_the_structure_declares_its_page_and_the_funder_checks_it(app, visitor, flora, structure, nadia):
    made = make.convention(flora, structure)
    path = f"/conventions/{made.id}/obligations/refugies_info"
    person = Visitor(app, nadia)
    person.see(f"/conventions/{made.id}")
    refused = person.post(f"{path}/declarer", {"adresse": "https://exemple.fr/page"})
    assert refused.status_code == 422
    assert "https://exemple.fr/page" in refused.text
    assert person.post(f"{path}/declarer", {"adresse": f"{PAGE}?utm=x"}).status_code == 303
    assert person.post(f"{path}/verifier").status_code == 404
    visitor.see(f"/conventions/{made.id}")
    assert visitor.post(f"{path}/verifier", {"jour": ""}).status_code == 303
    row = one().obligation(INFO)
    assert (row.state, row.proof["adresse"]) == (ObligationState.VERIFIEE, PAGE)
    words = open_page(person, f"/conventions/{made.id}").words()
    assert "Flora Fonds" in words
    assert PAGE in words


def test_a_ready_text_for_the_page_is_made_from_the_fiche(app, visitor, flora, structure, nadia):
    made = make.convention(flora, structure)
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, make.moderator())
    with atomic() as session:
        operations.tie(session, nadia, made.id, fiche)
    page = open_page(visitor, f"/conventions/{made.id}/refugies-info")
    blocks = {label.text_content(): page.element(label.get("for")).text for label in page.dom.xpath("//main//label")}
    assert blocks["Titre"].strip() == "Ateliers de français du quartier des Tilleuls"
    assert "Maison de quartier, 12 rue des Tilleuls, 14000 Caen" in blocks["Où et quand ?"]
    assert "Gratuit" in blocks["Comment s’inscrire ?"]
    assert "accueil@tilleuls.example" in blocks["Contact"]


# --- What a funder never sees -----------------------------------------------------------------------


def test_a_draft_stays_the_structure_s_own(app, visitor, flora, structure, nadia):
    made = make.convention(flora, structure)
    draft = make.draft(nadia, make.complete_content("Un titre encore secret"))
    with atomic() as session:
        operations.tie(session, nadia, made.id, draft)
    ids = made.id, draft.id
    for path in (f"/conventions/{ids[0]}", f"/conventions/{ids[0]}/refugies-info"):
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert "secret" not in answer.text
    assert visitor.get(f"/conventions/{ids[0]}/fiches/{ids[1]}").status_code == 404


def test_a_next_version_stays_unseen_until_it_is_sent(visitor, flora, structure, nadia):
    made = make.convention(flora, structure)
    marc = make.moderator()
    fiche = make.fiche_in(RevisionState.A_CORRIGER, nadia, marc)
    content = make.complete_content("Un titre encore secret")
    make.operations.save_draft(db.session(), fiche.latest, content, {}, nadia)
    with atomic() as session:
        operations.tie(session, nadia, made.id, fiche)
    for path in (f"/conventions/{made.id}", f"/conventions/{made.id}/fiches/{fiche.id}"):
        answer = visitor.get(path)
        assert "Ateliers de français du quartier des Tilleuls" in answer.text
        assert "secret" not in answer.text


def routes(app) -> list[tuple[str, str]]:
    """(method, rule) of every address that names a convention."""
    return sorted(
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        if "convention_id" in rule.arguments
        for method in (rule.methods or set()) & {"GET", "POST"}
    )


SCOPES = {
    "un autre territoire": ("grand-est", [], []),
    "un autre programme": ("normandie", ["Région"], []),
    "un autre département": ("normandie", [], ["50"]),
    "son programme, ailleurs": ("normandie", ["BOP 104"], ["50", "61"]),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_no_route_gives_a_funder_what_is_another_s(app, flora, structure, nadia, scope):
    slug, programmes, departements = SCOPES[scope]
    other = make.funder("Félix Fonds", slug)
    other.assignments[0].programmes, other.assignments[0].departements = programmes, departements
    made = make.convention(flora, structure, contact_pne="a@tilleuls.example")
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, make.moderator())
    with atomic() as session:
        operations.tie(session, nadia, made.id, fiche)
    values = {"convention_id": made.id, "fiche_id": fiche.id, "kind": "pne", "name": "dispenser", "what": "demander"}
    before = db.session.query(ObligationEvent).count(), db.session.query(ConventionFiche).count()
    person = Visitor(app, other)
    person.see("/conventions/")
    found = routes(app)
    assert len(found) >= 11
    for method, rule in found:
        path = fill(rule, values)
        answer = person.get(path) if method == "GET" else person.post(path, {"commentaire": "Non.", "structure": "1"})
        assert answer.status_code == 404, f"{method} {path}"
    for path in ("/conventions/", "/conventions/enquete/?annee=2026", "/conventions/rattachements/"):
        assert "2026-104-0001" not in person.get(path).text
    db.session.rollback()
    assert (db.session.query(ObligationEvent).count(), db.session.query(ConventionFiche).count()) == before


def fill(rule: str, values: dict[str, object]) -> str:
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: str(values[found[1]]), rule)


def test_the_conventions_of_another_year_are_not_noted_with_those_of_this_one(visitor, flora, structure):
    this, other = make.convention(flora, structure), make.convention(flora, structure, annee=2025)
    ids = [str(this.id), str(other.id)]
    visitor.see("/conventions/enquete/")
    sent = {"etape": "declarer", "convention": ids, "jour": "01/09/2026"}
    assert visitor.post("/conventions/enquete/?annee=2026", sent).status_code == 303
    db.session.rollback()
    rows = db.session.scalars(select(Convention).order_by(Convention.id)).all()
    assert [row.obligation(PNE).state for row in rows] == [ObligationState.DECLAREE, ObligationState.A_FOURNIR]


# --- The address of the survey ----------------------------------------------------------------------


def link_to(address: str) -> str:
    """The path of the link in the last e-mail that an address was sent."""
    db.session.rollback()
    newest = select(Mail.text).where(Mail.address == address).order_by(Mail.id.desc()).limit(1)
    text = db.session.scalars(newest).one()
    db.session.rollback()
    return next(line for line in text.splitlines() if "/adresse-enquete/" in line).partition("/adresse-")[2]


def test_one_click_on_the_link_confirms_and_opening_it_does_not(app, visitor, flora, structure):
    made = make.convention(flora, structure, contact_pne="enquete@tilleuls.example")
    visitor.see(f"/conventions/{made.id}")
    assert visitor.post(f"/conventions/{made.id}/adresse/demander").status_code == 303
    assert one().contact_state is ContactState.DEMANDEE
    path = f"/adresse-{link_to('enquete@tilleuls.example')}"
    anybody = Visitor(app)
    assert "enquete@tilleuls.example" in anybody.see(path).text
    assert one().contact_state is ContactState.DEMANDEE
    assert anybody.post(path).status_code == 303
    assert one().contact_state is ContactState.CONFIRMEE
    count = db.session.query(ObligationEvent).count()
    assert anybody.post(path).status_code == 303
    assert db.session.query(ObligationEvent).count() == count
    with clock_at(now() + CONFIRMATION_LIFE):
        assert one().contact_state is ContactState.PERIMEE


def test_the_link_may_name_another_address_which_confirms_itself(app, flora, structure):
    made = make.convention(flora, structure, contact_pne="enquete@tilleuls.example")
    with atomic() as session:
        pne_contacts.ask(session, flora, made.id)
    path = f"/adresse-{link_to('enquete@tilleuls.example')}"
    anybody = Visitor(app)
    anybody.see(path)
    wrong = anybody.post(path, {"changer": "1", "autre": "pas une adresse"})
    assert (wrong.status_code, "pas une adresse" in wrong.text) == (422, True)
    assert anybody.post(path, {"changer": "1", "autre": "Bureau@tilleuls.example"}).status_code == 303
    assert (one().contact_pne, one().contact_state) == ("bureau@tilleuls.example", ContactState.DEMANDEE)
    assert anybody.post(path).status_code == 409, "le premier lien ne confirme plus rien"
    second = f"/adresse-{link_to('bureau@tilleuls.example')}"
    anybody.see(second)
    assert anybody.post(second).status_code == 303
    assert one().contact_state is ContactState.CONFIRMEE


def test_an_old_link_says_so_and_gives_a_new_one_to_the_same_address(app, flora, structure):
    made = make.convention(flora, structure, contact_pne="enquete@tilleuls.example")
    with clock_at(now() - pne_contacts.LIFE * 2), atomic() as session:
        pne_contacts.ask(session, flora, made.id)
    path = f"/adresse-{link_to('enquete@tilleuls.example')}"
    anybody = Visitor(app)
    assert "n’est plus valable" in anybody.see(path).text
    assert anybody.post(path).status_code == 409
    assert anybody.post(f"{path}/renouveler").status_code == 303
    fresh = f"/adresse-{link_to('enquete@tilleuls.example')}"
    assert fresh != path
    assert anybody.post(fresh).status_code == 303
    assert one().contact_state is ContactState.CONFIRMEE


def test_a_return_is_noted_by_hand_and_shown(visitor, flora, structure):
    made = make.convention(flora, structure, contact_pne="enquete@tilleuls.example")
    visitor.see(f"/conventions/{made.id}")
    sent = {"raison": "Boîte pleine depuis un mois"}
    assert visitor.post(f"/conventions/{made.id}/adresse/retour", sent).status_code == 303
    assert one().contact_state is ContactState.EN_ERREUR
    assert "Boîte pleine" in open_page(visitor, "/conventions/enquete/?annee=2026&contact=en_erreur").words()


def test_an_address_that_the_server_refuses_for_good_is_marked(office, flora, structure):
    made = make.convention(flora, structure, contact_pne="refuse@tilleuls.example")
    office.unknown.add("refuse@tilleuls.example")
    with atomic() as session:
        pne_contacts.ask(session, flora, made.id)
    mail.sweep()
    assert one().contact_state is ContactState.EN_ERREUR
    assert "550" in one().contact_bounce


def test_a_private_or_shared_address_is_warned_of(visitor, flora, structure):
    other = make.organisme("Association voisine")
    made = make.convention(flora, structure, contact_pne="nadia@gmail.com")
    make.convention(flora, other, reference="X2", contact_pne="nadia@gmail.com")
    words = open_page(visitor, f"/conventions/{made.id}").words()
    assert "semble être celle d’une personne" in words
    assert "La même adresse sert à Association voisine" in words
    words = open_page(visitor, "/conventions/enquete/?annee=2026").words()
    assert "Partagée par plusieurs structures" in words
    assert not is_private("accueil@tilleuls.example")


# --- The questionnaire ------------------------------------------------------------------------------


def test_the_list_of_respondents_names_conventions_by_reference_or_address(visitor, flora, structure):
    make.convention(flora, structure, contact_pne="enquete@tilleuls.example")
    make.convention(flora, structure, reference="REF 2")
    make.convention(flora, structure, reference="REF 3")
    visitor.see("/conventions/enquete/?annee=2026")
    raw = "Adresse;Date\nENQUETE@tilleuls.example;1/9\nref 2;2/9\ninconnue@x.fr;3/9\n".encode("cp1252")
    page = visitor.post("/conventions/enquete/repondants?annee=2026", {"fichier": [(io.BytesIO(raw), "liste.csv")]})
    assert page.status_code == 200
    assert "Ligne 4 : inconnue@x.fr" in page.text
    assert page.text.count('name="convention"') == 2
    assert all(row.obligation(PNE).state is ObligationState.A_FOURNIR for row in db.session.query(Convention))


def test_each_step_of_the_questionnaire_is_dated_and_a_day_to_come_is_refused(visitor, flora, structure):
    made = make.convention(flora, structure)
    visitor.see("/conventions/enquete/?annee=2026")
    for step, key in (("envoyer_questionnaire", "envoye"), ("declarer", "repondu"), ("verifier", "verifie")):
        sent = {"etape": step, "convention": str(made.id), "jour": "02/09/2026"}
        assert visitor.post("/conventions/enquete/?annee=2026", {**sent, "jour": "02/09/2099"}).status_code == 422
        assert visitor.post("/conventions/enquete/?annee=2026", sent).status_code == 303
        assert one().obligation(PNE).proof[key] == "2026-09-02"
    assert one().obligation(PNE).state is ObligationState.VERIFIEE


# --- While entering ---------------------------------------------------------------------------------


def test_a_structure_ties_its_fiche_while_it_enters_it(app, flora, structure, nadia):
    draft = make.draft(nadia)
    person = Visitor(app, nadia)
    path = f"/fiches/{draft.id}/saisie/financement"
    assert "Cette action est financée par" not in person.see(path).text
    made = make.convention(flora, structure)
    make.convention(flora, structure, reference="OFII-1", programme="OFII")
    page = open_page(person, path)
    assert page.dom.xpath("//fieldset[@id='subventions']//label/@for") == [f"convention-{made.id}"]
    page.answers[f"convention_paie:{made.id}"] = "1"
    assert page.send(follow=False).status == 303
    assert [tie.fiche_id for tie in db.session.get_one(Convention, made.id).ties] == [draft.id]
    again = open_page(person, path)
    assert again.shown(f"convention_paie:{made.id}") == ["1"]
    del again.answers[f"convention_paie:{made.id}"]
    again.send()
    db.session.rollback()
    assert db.session.query(ConventionFiche).count() == 0


def test_a_structure_ties_a_fiche_from_its_page_and_only_with_its_own_grants(app, flora, structure, nadia):
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, make.moderator())
    mine = make.convention(flora, structure)
    theirs = make.convention(flora, make.organisme("Association voisine"), reference="X2")
    ids = mine.id, theirs.id
    person = Visitor(app, nadia)
    assert "Cette action est financée par" in person.see(f"/fiches/{fiche.id}").text
    sent = {name: "1" for id_ in ids for name in (f"convention:{id_}", f"convention_paie:{id_}")}
    assert person.post(f"/subventions/fiches/{fiche.id}", sent).status_code == 303
    db.session.rollback()
    assert [tie.convention_id for tie in db.session.query(ConventionFiche)] == [ids[0]]


def test_the_queue_is_filtered_by_grant(app, flora, structure, nadia):
    marc = make.moderator()
    paid = make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Atelier payé"))
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Atelier sans aide"))
    made = make.convention(flora, structure)
    with atomic() as session:
        operations.tie(session, nadia, made.id, paid)
    person = Visitor(app, marc)
    expected = {"avec": "payé", "BOP 104": "payé", "sans": "sans aide"}
    for value, title in expected.items():
        text = person.see(f"/moderation/?convention={value}").text
        assert [words for words in ("payé", "sans aide") if f"Atelier {words}" in text] == [title]
    assert "Atelier " not in person.see("/moderation/?convention=OEPRE").text


# --- As time goes by --------------------------------------------------------------------------------


def test_a_page_checked_six_months_ago_is_told_once_to_its_funder(flora, structure):
    made = make.convention(flora, structure)
    stranger = make.funder("Félix Fonds")
    stranger.assignments[0].programmes = ["OFII"]
    row = made.obligation(INFO)
    with clock_at(now() - upkeep.STALE * 1.1), atomic() as session:
        day = local_day(now()).isoformat()
        apply(session, "verifier", obligation_id=row.id, actor=flora, proof={"adresse": PAGE, "date": day})
    for _ in range(2):
        upkeep.remind_of_pages()
    rows = db.session.scalars(select(Mail).where(Mail.notice == "page_a_reverifier")).all()
    assert [message.address for message in rows] == [flora.email]
    assert "convention 2026-104-0001 : vérifiée le" in rows[0].text
    with atomic() as session:
        today = local_day(now()).isoformat()
        apply(session, "verifier", obligation_id=row.id, actor=flora, proof={"date": today})
    assert not upkeep._stale(db.session(), local_day(now()))


def test_a_structure_that_comes_later_is_recognised_by_its_number(flora):
    waiting = make.convention(flora, siret=make.SIRET, nom="Centre social")
    named = make.convention(flora, reference="X2", nom="Centre social des Tilleuls")
    with atomic() as session:
        for row in (waiting, named):
            operations.attach(session, flora, row.id, None)
    structure = make.organisme()
    db.session.commit()
    upkeep.rematch()
    db.session.rollback()
    assert waiting.organisme_id == structure.id
    assert named.matching is Matching.SANS_STRUCTURE, "une personne a dit qu’elle n’y était pas"


def test_the_command_makes_a_funder_of_some_programmes_and_departements(app):
    words = (
        "users create flore@exemple.fr --name Flore --role financeur --territoire normandie --password un-mot-de-passe"
    )
    scope = ["--programme", "BOP 104", "--departement", "14", "--departement", "50"]
    done = app.test_cli_runner().invoke(args=[*words.split(), *scope])
    assert done.exit_code == 0, done.output
    flore = db.session.scalars(select(make.User).where(make.User.email == "flore@exemple.fr")).one()
    where = make.territoire().id
    assert flore.funds(where, "BOP 104", "50")
    assert not flore.funds(where, "BOP 104", "61")
    assert not flore.funds(where, "Région", "14")
