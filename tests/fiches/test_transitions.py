"""The table of transitions, over the whole of itself: each row, each wrong source, each wrong person."""

from __future__ import annotations

import ast
from datetime import UTC, datetime

import pytest

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import Fiche, FicheState, Origin, Revision, RevisionState, TransitionLog
from backoffice.models.transition_names import FicheTransition
from backoffice.reference.reasons import shipped
from tests.support import factories as make
from tests.support.tree import ROOT
from workflows.case import Refused
from workflows.fiches.engine import apply, available
from workflows.fiches.transitions import EVENTS, TRANSITIONS, Subject, TransitionRow
from workflows.moderation.remarks import pin, withdraw
from workflows.robot import robot

REVISION_TRANSITIONS = [t for t in TRANSITIONS.values() if Subject.REVISION in t.kinds]
FICHE_TRANSITIONS = [t for t in TRANSITIONS.values() if Subject.FICHE in t.kinds]


def named(transition: TransitionRow) -> str:
    return transition.name


def wrong_sources(transitions, states):
    return [
        pytest.param(transition, state, id=f"{transition.name}-{state}")
        for transition in transitions
        for state in states
        if state not in transition.sources
    ]


def people():
    structure = make.organisme()
    return {
        Permission.WRITE_FICHE: make.provider("Nadia Exemple", structure),
        Permission.MODERATE: make.moderator("Marc Modèle"),
        Permission.AUTOMATIC: robot(db.session()),
    }


def moment_of(transition):
    """When it may be taken: what is over is archived once it is over."""
    return datetime(2027, 9, 1, tzinfo=UTC) if transition.permissions[0] is Permission.AUTOMATIC else now()


def fiche_for(transition, by, state):
    """A fiche whose subject is in `state`."""
    provider, moderator = by[Permission.WRITE_FICHE], by[Permission.MODERATE]
    if (
        transition.name == FicheTransition.RELIRE and state is RevisionState.BROUILLON
    ):  # the only draft that is a moderator's
        fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator)
        make.step(fiche, FicheTransition.CORRIGER, moderator)
        db.session.expire_all()
        return fiche
    if Subject.REVISION in transition.kinds:
        return make.fiche_in(state, provider, moderator)
    published = state in (FicheState.PUBLIEE, FicheState.SUSPENDUE)
    way = RevisionState.VALIDEE if published else RevisionState.BROUILLON
    fiche = make.fiche_in(way, provider, moderator)
    if state is FicheState.SUSPENDUE:
        make.step(fiche, FicheTransition.SUSPENDRE, moderator, "Téléphone faux.")
    if state is FicheState.ARCHIVEE:
        make.step(fiche, FicheTransition.ARCHIVER, provider)
    db.session.expire_all()
    return fiche


def first(fiche):
    return fiche.revisions[0]


def subject_of(transition, fiche):
    """The version that the transition is about: the first, save for a moderator's copy of it."""
    copy_ = next((revision for revision in fiche.revisions if revision.origin is Origin.MODERATEUR), None)
    return copy_ if transition.name == FicheTransition.RELIRE and copy_ else first(fiche)


def take(transition, fiche, actor, comment="Une raison.", reason=None):
    revision = subject_of(transition, fiche) if Subject.REVISION in transition.kinds else fiche.latest
    try:
        with clock_at(moment_of(transition)):
            case = apply(
                db.session(),
                transition.name,
                fiche_id=fiche.id,
                revision_id=revision.id,
                actor=actor,
                comment=comment,
                reason=make.reason_for(transition.name) if reason is None else reason,
            )
            db.session.commit()
    except Refused:
        db.session.rollback()
        raise
    return case


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=named)
def test_each_transition_leads_from_its_sources_to_its_target_and_is_logged(app, transition):
    by = people()
    for source in transition.sources:
        fiche = fiche_for(transition, by, source)
        case = take(transition, fiche, by[transition.permissions[0]])
        subject = case.revision if Subject.REVISION in transition.kinds else case.fiche
        assert subject.state is transition.target
        rows = db.session.query(TransitionLog).filter_by(fiche_id=fiche.id, transition=transition.name).all()
        assert (rows[-1].source, rows[-1].target) == (source, transition.target)
        assert rows[-1].actor_id == by[transition.permissions[0]].id
        assert rows[-1].comment == "Une raison."


@pytest.mark.parametrize(("transition", "state"), wrong_sources(REVISION_TRANSITIONS, RevisionState))
def test_no_revision_leaves_another_state_by_this_transition(app, transition, state):
    by = people()
    fiche = fiche_for(transition, by, state)
    before = db.session.query(TransitionLog).count()
    with pytest.raises(Refused, match=r"[Rr]ien n’a été changé"):
        take(transition, fiche, by[transition.permissions[0]])
    assert first(fiche).state is state
    assert db.session.query(TransitionLog).count() == before


@pytest.mark.parametrize(("transition", "state"), wrong_sources(FICHE_TRANSITIONS, FicheState))
def test_no_fiche_leaves_another_state_by_this_transition(app, transition, state):
    by = people()
    fiche = fiche_for(transition, by, state)
    with pytest.raises(Refused, match=r"[Rr]ien n’a été changé"):
        take(transition, fiche, by[transition.permissions[0]])
    assert fiche.state is state


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=named)
def test_only_who_holds_the_permission_for_this_very_fiche_may_take_it(app, transition):
    by = people()
    strangers = [
        make.provider("Autre Structure", make.organisme("Autre structure")),
        make.moderator("Autre Territoire", "grand-est"),
        make.funder(),
        make.administrator(),
        by[Permission.MODERATE if transition.permissions[0] is Permission.WRITE_FICHE else Permission.WRITE_FICHE],
    ]
    fiche = fiche_for(transition, by, transition.sources[0])
    for stranger in strangers:
        with pytest.raises(Refused, match="pas le droit"):
            take(transition, fiche, stranger)
        assert transition not in available(stranger, fiche, fiche.latest)


@pytest.mark.parametrize("transition", [t for t in TRANSITIONS.values() if t.comment], ids=named)
@pytest.mark.parametrize("comment", ["", "   \n "])
def test_a_decision_that_must_be_explained_is_refused_without_words(app, transition, comment):
    by = people()
    fiche = fiche_for(transition, by, transition.sources[0])
    with pytest.raises(Refused, match="Écrivez"):
        take(transition, fiche, by[transition.permissions[0]], comment)


OF_REFUSALS_ONLY, OF_SUSPENSIONS_ONLY = "hors-champ", "lieu-ferme"


@pytest.mark.parametrize("transition", [t for t in TRANSITIONS.values() if t.reasons], ids=named)
@pytest.mark.parametrize("reason", ["", "inconnu", OF_REFUSALS_ONLY, OF_SUSPENSIONS_ONLY])
def test_a_decision_that_needs_a_reason_takes_one_of_its_own_list_only(app, transition, reason):
    by = people()
    fiche = fiche_for(transition, by, transition.sources[0])
    if transition.name in getattr(shipped().get(reason), "transitions", ()):
        assert take(transition, fiche, by[transition.permissions[0]], "", reason).motif.code == reason
        return
    with pytest.raises(Refused, match="Choisissez un motif"):
        take(transition, fiche, by[transition.permissions[0]], "Une longue explication.", reason)
    assert (first(fiche).state if Subject.REVISION in transition.kinds else fiche.state) in transition.sources


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=named)
def test_the_buttons_are_the_transitions_that_can_be_taken(app, transition):
    by = people()
    fiche = fiche_for(transition, by, transition.sources[0])
    shown = available(by[transition.permissions[0]], fiche, fiche.latest)
    about = subject_of(transition, fiche)
    assert (transition in shown) == (Subject.FICHE in transition.kinds or about is fiche.latest)


STATES = {Subject.REVISION: RevisionState, Subject.FICHE: FicheState}
PRODUCT = [
    pytest.param(transition, state, id=f"{transition.name}-{state}")
    for transition in TRANSITIONS.values()
    for state in STATES[transition.kinds[0]]
]


def everyone(by):
    """Each role, within the scope of the fiche and outside it, and one who may no longer come in."""
    gone = make.moderator("Maud Partie")
    gone.active = False
    return {
        "structure": by[Permission.WRITE_FICHE],
        "autre structure": make.provider("Olga Voisine", make.organisme("Association voisine")),
        "modérateur": by[Permission.MODERATE],
        "autre modérateur": make.moderator("Mina Modèle", "grand-est"),
        "modérateur parti": gone,
        "financeur": make.funder(),
        "administrateur": make.administrator(),
        "Relais": by[Permission.AUTOMATIC],
    }


ENTITLED = {
    Permission.WRITE_FICHE: "structure",
    Permission.MODERATE: "modérateur",
    Permission.AUTOMATIC: "Relais",
}


def facts():
    db.session.rollback()
    db.session.expire_all()
    return (
        db.session.query(Fiche.id, Fiche.state, Fiche.fragment_id).order_by(Fiche.id).all(),
        db.session.query(Revision.id, Revision.state, Revision.document).order_by(Revision.id).all(),
        db.session.query(TransitionLog).count(),
    )


@pytest.mark.parametrize(("transition", "state"), PRODUCT)
def test_the_whole_product_of_states_transitions_roles_and_scope(app, transition, state):
    """Exactly the entitled person moves it, exactly from its sources; everybody else changes nothing at all."""
    by = people()
    actors = everyone(by)
    db.session.commit()
    fiche = fiche_for(transition, by, state)
    may = ENTITLED[transition.permissions[0]]
    before = facts()
    for name, actor in actors.items():
        if name == may and state in transition.sources:
            continue
        with pytest.raises(Refused):
            take(transition, fiche, actor)
        assert facts() == before, name
        if name != may:
            assert transition not in available(actor, fiche, fiche.latest), name
    if state in transition.sources:
        take(transition, fiche, actors[may])
        after = facts()
        assert after[2] > before[2]
        moved = subject_of(transition, fiche) if Subject.REVISION in transition.kinds else fiche
        assert moved.state is transition.target
        written = [{row[0]: row[2] for row in rows} for rows in (before[1], after[1])]
        assert written[0].items() <= written[1].items(), "ce qui était écrit a changé"


def test_the_table_leaves_no_state_that_nothing_can_leave_save_those_that_are_an_end():
    left = {state for transition in TRANSITIONS.values() for state in transition.sources}
    ends = {*RevisionState, *FicheState} - left
    assert ends == {RevisionState.VALIDEE, RevisionState.A_CORRIGER, RevisionState.REFUSEE}


def test_a_return_needs_a_comment_or_a_remark_and_nothing_else_is_excused(app):
    assert [transition.name for transition in TRANSITIONS.values() if transition.excused] == [FicheTransition.RENVOYER]
    by = people()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, by[Permission.WRITE_FICHE], by[Permission.MODERATE])
    remark = pin(db.session(), fiche.id, fiche.latest.id, "formation-objectif", "Précisez.", by[Permission.MODERATE])
    withdraw(db.session(), fiche.id, remark, by[Permission.MODERATE])
    db.session.commit()
    with pytest.raises(Refused, match="Écrivez au moins une phrase ou épinglez une remarque"):
        take(TRANSITIONS[FicheTransition.RENVOYER], fiche, by[Permission.MODERATE], "")
    pin(db.session(), fiche.id, first(fiche).id, "formation-objectif", "Précisez.", by[Permission.MODERATE])
    db.session.commit()
    take(TRANSITIONS[FicheTransition.RENVOYER], fiche, by[Permission.MODERATE], "")
    assert first(fiche).state is RevisionState.A_CORRIGER


def test_every_event_of_the_log_has_words(app):
    by = people()
    for state in RevisionState:
        make.fiche_in(state, by[Permission.WRITE_FICHE], by[Permission.MODERATE])
    names = {row.transition for row in db.session.query(TransitionLog)}
    assert names <= EVENTS.keys()
    assert len(names) > 6


def test_the_engine_is_the_only_writer_of_states():
    """No other module of the product assigns `.state`."""
    writers = set()
    for file in [*ROOT.glob("backoffice/**/*.py"), *ROOT.glob("workflows/**/*.py"), *ROOT.glob("forms/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
                writers.add(file.relative_to(ROOT).as_posix())
    # The others write what is no fiche: how far the making of a flow is, what became of an invitation, of a request.
    assert writers == {
        "workflows/fiches/engine.py",
        "workflows/flux/runs.py",
        "workflows/accounts/invitations.py",
        "workflows/accounts/joining.py",
    }


def test_a_new_row_is_a_draft_and_in_no_flow(app):
    fiche = make.draft(make.provider())
    assert (fiche.state, fiche.latest.state) == (FicheState.NON_PUBLIEE, RevisionState.BROUILLON)
    assert (fiche.numero, fiche.published_revision_id) == (None, None)
    assert Revision.__table__.c.fragment_id.default is None
