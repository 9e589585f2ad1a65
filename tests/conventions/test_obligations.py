"""The three obligations of a convention: who may do what, and that a state is always what its history says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db, folders
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import (
    Bpi,
    ContactState,
    Convention,
    Obligation,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    RevisionState,
)
from backoffice.queries.conventions import scope as queries
from backoffice.reference.programmes import obligations as rules
from backoffice.reference.programmes import programme_named, programmes
from tests.support import factories as make
from workflows.case import Refused
from workflows.conventions import obligations, operations
from workflows.conventions.obligation_transitions import TRANSITIONS
from workflows.conventions.obligations import apply, available, replay, standing_of
from workflows.robot import robot

CARTE, INFO, PNE = ObligationKind
S = ObligationState
PAGE = "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4"


@pytest.fixture
def funder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    return make.funder()


def step(convention, kind, name, by, **said):
    with atomic() as session:
        apply(session, name, obligation_id=convention.obligation(kind).id, actor=by, **said)
    db.session.expire_all()


def events(row):
    return db.session.scalars(
        select(ObligationEvent).where(ObligationEvent.obligation_id == row.id).order_by(ObligationEvent.id)
    ).all()


def test_a_new_convention_has_its_three_obligations_to_keep_with_their_day(funder):
    convention = make.convention(funder)
    assert [(row.kind, row.state) for row in convention.obligations] == [(kind, S.A_FOURNIR) for kind in ObligationKind]
    assert [row.due_on for row in convention.obligations] == [rules()[kind].due_in(2026) for kind in ObligationKind]
    assert all(len(events(row)) == 1 for row in convention.obligations)


def test_the_same_reference_is_one_convention_and_another_year_is_another_one(funder):
    make.convention(funder)
    with pytest.raises(Refused, match="existe déjà"):
        make.convention(funder)
    make.convention(funder, annee=2027)
    assert db.session.query(Convention).count() == 2


# --- The history decides ----------------------------------------------------------------------------


PROOFS = {
    "constater": {"date": "2026-11-20", "numero": "28_NO000001", "numeros": ["28_NO000001"], "lien": "/api/fiches/x"},
    "declarer": {"adresse": PAGE, "repondu": "2026-11-02"},
    "verifier": {"adresse": PAGE, "date": "2026-11-20", "verifie": "2026-11-20"},
    "envoyer_questionnaire": {"envoye": "2026-10-01"},
}


@pytest.mark.parametrize("seed", range(8))
def test_after_any_life_a_state_is_what_its_history_says(funder, seed):
    """Random steps, allowed or not, by whoever: the row and the replay of its events never part."""
    rng = Random(seed)
    structure = make.organisme()
    people = [funder, make.provider("Nadia Exemple", structure), make.moderator(), robot(db.session())]
    convention = make.convention(funder, structure)
    refused = 0
    for _ in range(60):
        row, person = rng.choice(convention.obligations), rng.choice(people)
        open_ways = [transition.name for transition in available(person, row)]
        name = rng.choice(open_ways if open_ways and rng.random() < 0.7 else [*TRANSITIONS])
        said = {
            "comment": rng.choice(["", "Parce que.", "Oui."]),
            "proof": rng.choice([None, PROOFS.get(name), PROOFS.get(name)]),
            "due_on": rng.choice([None, date(2027, 1, rng.randint(1, 28))]),
        }
        before = standing_of(row), len(events(row))
        try:
            step(convention, row.kind, name, person, **said)
        except Refused:
            refused += 1
            db.session.expire_all()
            assert (standing_of(row), len(events(row))) == before
        for kept in convention.obligations:
            history = events(kept)
            assert replay(history) == standing_of(kept)
            assert all(one.target is two.source for one, two in pairwise(history))
    assert 0 < refused < 55
    assert len({event.transition for row in convention.obligations for event in events(row)}) > 5


def test_each_transition_can_really_be_taken_by_each_who_may(funder):
    """Nothing in the table is out of reach: from each source, by each permission that it names."""
    structure = make.organisme()
    people = {Permission.FUND: funder, Permission.WRITE_FICHE: make.provider("Nadia Exemple", structure)}
    people[Permission.AUTOMATIC] = robot(db.session())
    convention = make.convention(funder, structure)
    ways = {
        S.A_FOURNIR: (),
        S.DECLAREE: ("declarer",),
        S.VERIFIEE: ("verifier",),
        S.NON_CONFORME: ("declarer", "signaler"),
        S.SANS_OBJET: ("dispenser",),
    }
    map_ways = {S.VERIFIEE: ("constater",), S.NON_CONFORME: ("constater", "signaler")}
    for transition in TRANSITIONS.values():
        for kind in transition.kinds:
            for source in transition.sources:
                way = (map_ways if kind is CARTE else {}).get(source, ways[source])
                if kind is CARTE and "declarer" in way:
                    continue  # nobody declares the map: it is seen
                for permission in transition.permissions:
                    for name in way:
                        by = people[TRANSITIONS[name].permissions[0]]
                        step(convention, kind, name, by, comment="Oui.", proof=PROOFS.get(name))
                    row = convention.obligation(kind)
                    assert row.state is source
                    due = local_day(now()) + timedelta(30)
                    proof = PROOFS.get(transition.name)
                    actor = people[permission]
                    assert transition in available(actor, row)
                    step(convention, kind, transition.name, actor, comment="Oui.", proof=proof, due_on=due)
                    assert row.state is (transition.target or source)
                    db.session.rollback()
                    convention = make.convention(
                        funder, structure, reference=f"{transition.name}-{row.id}-{permission}"
                    )


def test_asking_again_forgets_the_answer_but_not_that_the_questionnaire_left(funder):
    convention = make.convention(funder)
    step(convention, PNE, "envoyer_questionnaire", funder, proof={"envoye": "2026-10-01"})
    step(convention, PNE, "declarer", funder, proof={"repondu": "2026-11-02"})
    step(convention, PNE, "redemander", funder)
    assert convention.obligation(PNE).proof == {"envoye": "2026-10-01"}


def test_a_day_past_is_late_only_while_something_is_left_to_do(funder):
    convention = make.convention(funder, annee=2024)
    late = select(Obligation.kind).where(queries.late()).order_by(Obligation.id)
    assert [row.late for row in convention.obligations] == [True] * 3
    step(convention, PNE, "verifier", funder, proof={"verifie": "2026-11-20"})
    step(convention, INFO, "reporter", funder, comment="Le projet commence plus tard.", due_on=date(2099, 1, 1))
    assert [row.kind for row in convention.obligations if row.late] == [CARTE]
    assert db.session.scalars(late).all() == [CARTE]


# --- Who --------------------------------------------------------------------------------------------


def test_a_structure_declares_for_itself_and_never_checks(funder):
    structure = make.organisme()
    provider = make.provider("Nadia Exemple", structure)
    stranger = make.provider("Olga Voisine", make.organisme("Association voisine"))
    convention = make.convention(funder, structure)
    with pytest.raises(Refused, match="pas le droit"):
        step(convention, INFO, "declarer", stranger, proof={"adresse": PAGE})
    step(convention, INFO, "declarer", provider, proof={"adresse": PAGE})
    row = convention.obligation(INFO)
    assert (row.state, row.changed_by.name) == (S.DECLAREE, "Nadia Exemple")
    with pytest.raises(Refused, match="pas le droit"):
        step(convention, INFO, "verifier", provider, proof={"adresse": PAGE, "date": "2026-11-20"})
    step(convention, INFO, "verifier", funder, proof={"date": "2026-11-20"})
    assert convention.obligation(INFO).proof == {"adresse": PAGE, "date": "2026-11-20"}


@pytest.mark.parametrize("name", sorted(TRANSITIONS))
def test_a_moderator_reads_and_changes_nothing(funder, name):
    convention, moderator = make.convention(funder), make.moderator()
    for row in convention.obligations:
        with pytest.raises(Refused, match="pas le droit"):
            step(convention, row.kind, name, moderator, comment="Oui.", proof=PROOFS.get(name))
        assert available(moderator, row) == []
    assert queries.visible_convention(db.session(), moderator, convention.id) is convention


@pytest.mark.parametrize(("programmes_", "departements"), [(["Région"], []), ([], ["50"]), (["BOP 104"], ["50"])])
def test_a_funder_follows_its_programmes_and_departements_only(funder, programmes_, departements):
    convention = make.convention(funder)
    other = make.funder("Félix Fonds")
    other.assignments[0].programmes, other.assignments[0].departements = programmes_, departements
    db.session.commit()
    assert queries.funded_convention(db.session(), funder, convention.id) is convention
    assert queries.funded_convention(db.session(), other, convention.id) is None
    with pytest.raises(Refused, match="pas le droit"):
        step(convention, PNE, "dispenser", other, comment="Non.")
    with pytest.raises(Refused, match="que vous suivez"):
        make.convention(other, reference="autre")


# --- What follows by itself -------------------------------------------------------------------------


@pytest.fixture
def published(funder):
    structure = make.organisme()
    provider, moderator = make.provider("Nadia Exemple", structure), make.moderator()
    convention = make.convention(funder, structure)
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, moderator)
    return convention, fiche, provider, moderator


def tied(convention, fiche, by, verb=operations.tie):
    with atomic() as session:
        verb(session, by, convention.id, fiche)
    db.session.expire_all()


@pytest.mark.committed
def test_the_map_is_proved_by_the_flow_that_carried_the_fiche(published):
    convention, fiche, provider, _ = published
    tied(convention, fiche, provider)
    assert convention.obligation(CARTE).state is S.A_FOURNIR, "publiée, mais dans aucun flux encore"
    run = make.flow()
    row = convention.obligation(CARTE)
    assert (row.state, row.changed_by.name) == (S.VERIFIEE, "Relais")
    assert row.proof["numero"] == fiche.numero
    assert row.proof["date"] == local_day(run.at).isoformat()
    assert row.proof["lien"] == f"/api/fiches/{fiche.numero}"
    count = len(events(row))
    make.flow()
    assert len(events(row)) == count, "le même constat ne s’écrit pas chaque nuit"


@pytest.mark.committed
def test_the_map_goes_back_when_the_fiche_leaves_it(published):
    convention, fiche, provider, moderator = published
    tied(convention, fiche, provider)
    make.fiche_in(RevisionState.VALIDEE, provider, moderator)  # an offer of its own goes on
    make.flow()
    make.step(fiche, "suspendre", moderator)
    assert convention.obligation(CARTE).state is S.VERIFIEE, "le dernier flux la porte encore"
    make.flow()
    assert convention.obligation(CARTE).state is S.A_FOURNIR
    make.step(fiche, "republier", moderator)
    make.flow()
    assert convention.obligation(CARTE).state is S.VERIFIEE
    tied(convention, fiche, provider, operations.untie)
    assert convention.obligation(CARTE).state is S.A_FOURNIR
    tied(convention, fiche, provider)
    assert convention.obligation(CARTE).state is S.VERIFIEE


@pytest.mark.committed
def test_what_a_person_decided_of_the_map_stays(published, funder):
    convention, fiche, provider, _ = published
    tied(convention, fiche, provider)
    make.flow()
    step(convention, CARTE, "signaler", funder, comment="Les horaires sont ceux de l’an dernier.")
    make.flow()
    assert convention.obligation(CARTE).state is S.NON_CONFORME
    step(convention, CARTE, "redemander", funder)
    make.flow()
    assert convention.obligation(CARTE).state is S.VERIFIEE


def test_a_fiche_of_somebody_else_is_not_tied(published, funder):
    convention, _, provider, moderator = published
    other = make.fiche_in(RevisionState.VALIDEE, make.provider("Olga Voisine", make.organisme("Voisine")), moderator)
    for by in (provider, funder):
        with pytest.raises(Refused, match="pas de la structure"):
            tied(convention, other, by)


@pytest.mark.parametrize(("bpi", "publics", "state"), [
    (Bpi.INCONNU, ["81023"], S.SANS_OBJET),
    (Bpi.INCONNU, ["81023", "81042"], S.A_FOURNIR),
    (Bpi.OUI, ["81023"], S.A_FOURNIR),
    (Bpi.NON, ["81042"], S.SANS_OBJET),
])  # fmt: skip
def test_a_page_on_refugies_info_is_due_as_the_funder_says_else_as_the_publics_say(funder, bpi, publics, state):
    structure = make.organisme()
    provider = make.provider("Nadia Exemple", structure)
    content = make.complete_content()
    content.formation.publics = publics
    convention = make.convention(funder, structure, bpi=bpi)
    fiche = make.fiche_in(RevisionState.SOUMISE, provider, make.moderator(), content)
    tied(convention, fiche, provider)
    assert convention.obligation(INFO).state is state


def test_what_the_funder_asks_for_all_the_same_stays_asked(funder):
    convention = make.convention(funder, bpi=Bpi.NON)
    step(convention, INFO, "exiger", funder)
    with atomic() as session:
        operations.settle_need(session, obligations.lock(session, convention.id))
    assert convention.obligation(INFO).state is S.A_FOURNIR


# --- What the base refuses --------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["UPDATE obligation_event SET comment = 'autre'", "DELETE FROM obligation_event"])
def test_the_history_is_append_only_in_the_base_too(funder, order):
    make.convention(funder)
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(order))


FORBIDDEN = {
    "déclarée sans preuve": (Obligation, {"state": "declaree"}),
    "vérifiée sans preuve": (Obligation, {"state": "verifiee"}),
    "non conforme sans raison": (Obligation, {"state": "non_conforme", "comment": " "}),
    "sans objet sans raison": (Obligation, {"state": "sans_objet"}),
    "rattachée à personne": (Convention, {"matching": "rattachee"}),
    "adresse vide confirmée": (Convention, {"contact_confirmed_at": now()}),
    "confirmée et revenue": (
        Convention,
        {"contact_pne": "a@b.fr", "contact_confirmed_at": now(), "contact_bounced_at": now()},
    ),
    "montant négatif": (Convention, {"montant": -1}),
}


@pytest.mark.parametrize(("model", "values"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_no_state_stands_in_the_base_without_its_facts(funder, model, values):
    make.convention(funder)
    with pytest.raises(IntegrityError):
        db.session.execute(update(model.__table__).values(values))


@pytest.mark.parametrize("year", [2025, 2027])
def test_contacts_age_the_same_in_python_and_in_sql(funder, year):
    moment = now().replace(year=year)
    with clock_at(moment):
        for rank, values in enumerate(
            (
                {},
                {"contact_pne": "a@b.fr"},
                {"contact_pne": "a@b.fr", "contact_asked_at": now()},
                {"contact_pne": "a@b.fr", "contact_confirmed_at": now() - timedelta(364)},
                {"contact_pne": "a@b.fr", "contact_confirmed_at": now() - timedelta(366)},
                {"contact_pne": "a@b.fr", "contact_asked_at": now(), "contact_bounced_at": now()},
            )
        ):
            made = make.convention(funder, reference=f"R{rank}")
            for name, value in values.items():
                setattr(made, name, value)
        db.session.commit()
        for state in ContactState:
            rows = db.session.scalars(select(Convention).where(queries.contact_is(state))).all()
            assert [row.contact_state for row in rows] == [state]


# --- Programmes as data -----------------------------------------------------------------------------


def test_each_programme_pays_for_dispositifs_that_exist_and_its_names_are_its_own():
    for code, row in programmes().items():
        assert set(row.dispositifs) <= set(make.Dispositif)
        assert row.dispositifs
        for name in (code, row.label, *row.synonyms):
            assert programme_named(name) is row
        assert programme_named(f" {code.lower()} ") is row
    assert programme_named("bop 999") is None
    assert [*rules()] == [*ObligationKind]
