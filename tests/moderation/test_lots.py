"""One decision on many fiches: what is shown before, what is done, what fails alone, what is done again or undone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    FicheState,
    JobStatus,
    Lot,
    LotAction,
    LotLine,
    LotResult,
    Revision,
    RevisionState,
    TransitionLog,
)
from backoffice.models.content import dump
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches.transitions import TRANSITIONS
from workflows.moderation import lots


@pytest.fixture
def mina(app):
    return make.moderator("Mina Modèle")


def waiting(number, nadia, marc, state=RevisionState.SOUMISE):
    return [
        make.fiche_in(state, nadia, marc, make.complete_content(f"Ateliers, groupe {rank}")).latest
        for rank in range(number)
    ]


def done(action, revisions, actor, **more):
    """Prepared, confirmed, run in this process; the ids of the lot."""
    with atomic() as session:
        lot = lots.prepare(session, actor, action, revisions, **more)
        id_ = lot.id
    with atomic() as session:
        lots.launch(session, session.get_one(Lot, id_))
    db.session.expire_all()
    return db.session.get_one(Lot, id_)


def results(lot):
    return [line.result for line in lot.lines]


def logged(name):
    return db.session.query(TransitionLog).filter_by(transition=name).count()


def test_preparing_changes_no_fiche_and_says_what_prevents_each(marc, mina, nadia):
    fine, mine = waiting(1, nadia, marc), waiting(1, nadia, marc, RevisionState.EN_INSTRUCTION)
    hers = waiting(1, nadia, mina, RevisionState.EN_INSTRUCTION)
    over = waiting(1, nadia, marc, RevisionState.VALIDEE)
    before = db.session.query(TransitionLog).count()
    with atomic() as session:
        lot = lots.prepare(session, marc, LotAction.VALIDER, [*fine, *mine, *hers, *over])
        assert [line.obstacle for line in lot.lines] == [
            "",
            "",
            "Mina Modèle la vérifie en ce moment.",
            "Elle est dans l’état « validée ».",
        ]
    assert db.session.query(TransitionLog).count() == before


def test_what_cannot_be_exported_is_said_before(marc, nadia):
    (one,) = waiting(1, nadia, marc)
    broken = make.complete_content()
    broken.actions = []
    db.session.execute(db.update(Revision).values(document=dump(broken)))
    db.session.commit()
    db.session.expire_all()
    with atomic() as session:
        lot = lots.prepare(session, marc, LotAction.VALIDER, [session.get_one(Revision, one.id)])
        assert lot.lines[0].obstacle
    assert logged("valider") == 0


def test_approving_takes_each_fiche_then_approves_it_by_the_engine(marc, nadia):
    revisions = waiting(3, nadia, marc)
    lot = done(LotAction.VALIDER, revisions, marc)
    assert lot.status is JobStatus.FINI
    assert results(lot) == [LotResult.FAIT] * 3
    assert [revision.state for revision in revisions] == [RevisionState.VALIDEE] * 3
    assert [revision.fiche.state for revision in revisions] == [FicheState.PUBLIEE] * 3
    assert logged("prendre") == logged("valider") == logged("publier") == 3


def test_a_colleague_named_beside_another_action_is_given_nothing(marc, mina, nadia):
    (one,) = waiting(1, nadia, marc)
    done(LotAction.VALIDER, [one], marc, assignee=mina)
    assert one.moderator_id == marc.id


def test_returning_gives_the_same_message_to_each(marc, nadia):
    revisions = waiting(2, nadia, marc)
    with pytest.raises(Refused, match="Écrivez"), atomic() as session:
        lots.prepare(session, marc, LotAction.RENVOYER, revisions)
    done(LotAction.RENVOYER, revisions, marc, comment="Précisez les horaires.")
    assert {revision.reason for revision in revisions} == {"Précisez les horaires."}
    assert all(revision.fiche.latest.state is RevisionState.BROUILLON for revision in revisions)


def test_giving_to_a_colleague_what_waits_and_what_one_has(marc, mina, nadia):
    revisions = [*waiting(1, nadia, marc), *waiting(1, nadia, marc, RevisionState.EN_INSTRUCTION)]
    lot = done(LotAction.ATTRIBUER, revisions, marc, assignee=mina)
    assert results(lot) == [LotResult.FAIT] * 2
    assert {revision.moderator_id for revision in revisions} == {mina.id}
    row = db.session.query(TransitionLog).filter_by(transition="prendre").order_by(TransitionLog.id.desc()).first()
    assert (row.actor_id, row.comment) == (marc.id, "Attribuée à Mina Modèle")


def test_nobody_is_given_a_fiche_of_a_territoire_that_is_not_theirs(marc, nadia):
    stranger = make.moderator("Gaël Voisin", "grand-est")
    lot = done(LotAction.ATTRIBUER, waiting(1, nadia, marc), marc, assignee=stranger)
    assert results(lot) == [LotResult.REFUS]
    assert "ne peut pas recevoir cette fiche" in lot.lines[0].message


def test_archiving_leaves_aside_what_is_in_moderation(marc, nadia):
    published, (busy,) = waiting(2, nadia, marc, RevisionState.VALIDEE), waiting(1, nadia, marc)
    lot = done(LotAction.ARCHIVER, [*published, busy], marc, comment="La structure a fermé.")
    assert results(lot) == [LotResult.FAIT, LotResult.FAIT, None]
    assert "en cours de vérification" in lot.lines[2].obstacle
    assert {revision.fiche.state for revision in published} == {FicheState.ARCHIVEE}


def test_one_failure_blocks_no_other_and_changes_nothing_of_its_fiche(marc, mina, nadia, monkeypatch, caplog):
    revisions = waiting(4, nadia, marc)
    with atomic() as session:
        lot_id = lots.prepare(session, marc, LotAction.VALIDER, revisions).id
    make.step(revisions[0].fiche, "prendre", mina)  # meanwhile
    broken, real = revisions[2].id, lots.apply

    def stumble(session, name, **case):
        if name == "valider" and case["revision_id"] == broken:
            raise ZeroDivisionError
        return real(session, name, **case)

    monkeypatch.setattr(lots, "apply", stumble)
    with atomic() as session:
        lots.launch(session, session.get_one(Lot, lot_id))
    db.session.expire_all()
    lot = db.session.get_one(Lot, lot_id)
    assert lot.status is JobStatus.FINI
    assert results(lot) == [LotResult.REFUS, LotResult.FAIT, LotResult.ECHEC, LotResult.FAIT]
    assert lot.lines[0].message == "Mina Modèle la vérifie en ce moment."
    assert "cette fiche n’a pas été changée" in lot.lines[2].message
    assert revisions[2].state is RevisionState.SOUMISE  # the step «prendre» is undone with the rest
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("again", [1, 2])
def test_confirming_twice_does_everything_once(marc, nadia, again):
    lot = done(LotAction.VALIDER, waiting(2, nadia, marc), marc)
    for _ in range(again):
        with atomic() as session:
            lots.launch(session, session.get_one(Lot, lot.id))
        lots.run(lot.id)
    assert logged("valider") == 2


def test_a_run_that_another_took_over_stops(marc, nadia):
    with atomic() as session:
        lot = lots.prepare(session, marc, LotAction.VALIDER, waiting(2, nadia, marc))
        lot.status, lot.attempt, id_ = JobStatus.EN_COURS, 2, lot.id
    line = db.session.query(LotLine).filter_by(lot_id=id_, rank=1).one()
    assert lots._do(id_, line.id, 1) is False
    assert logged("valider") == 0


# --- Undoing -----------------------------------------------------------------------------------------


def test_each_action_says_by_the_table_how_it_is_undone():
    for choice in lots.ACTIONS.values():
        assert all(name in TRANSITIONS for steps in choice.steps.values() for name in steps)
        if choice.undo is not None:
            assert choice.last.target in lots.ACTIONS[choice.undo].steps or (
                lots.ACTIONS[choice.undo].last.kinds != choice.last.kinds
            )


def undone(lot, actor, comment="", reason=""):
    with atomic() as session:
        back = lots.undo(session, session.get_one(Lot, lot.id), actor, comment, reason)
        back_id = back.id
    with atomic() as session:
        lots.launch(session, session.get_one(Lot, back_id))
    db.session.expire_all()
    return db.session.get_one(Lot, back_id)


def test_fiches_given_to_a_colleague_come_back_to_the_queue(marc, mina, nadia):
    revisions = waiting(2, nadia, marc)
    lot = done(LotAction.ATTRIBUER, revisions, marc, assignee=mina)
    make.step(revisions[1].fiche, "valider", mina)
    back = undone(lot, marc)
    assert [line.result for line in back.lines] == [LotResult.FAIT, None]
    assert [revision.state for revision in revisions] == [RevisionState.SOUMISE, RevisionState.VALIDEE]


def test_archived_fiches_come_back_as_drafts(marc, nadia):
    revisions = waiting(2, nadia, marc, RevisionState.VALIDEE)
    undone(done(LotAction.ARCHIVER, revisions, marc, comment="Fermée."), marc)
    assert {revision.fiche.state for revision in revisions} == {FicheState.NON_PUBLIEE}


def test_approved_fiches_are_suspended_with_a_reason_unless_another_version_came(marc, nadia):
    revisions = waiting(2, nadia, marc)
    lot = done(LotAction.VALIDER, revisions, marc)
    with pytest.raises(Refused, match="motif"), atomic() as session:
        lots.undo(session, session.get_one(Lot, lot.id), marc)
    back = undone(lot, marc, "Validées par erreur.", make.reason_for("suspendre"))
    assert results(back) == [LotResult.FAIT] * 2
    assert {revision.fiche.state for revision in revisions} == {FicheState.SUSPENDUE}
    with atomic() as session:
        assert lots.undo(session, session.get_one(Lot, lot.id), marc, "Encore.").id == back.id


def test_a_return_cannot_be_undone(marc, nadia):
    lot = done(LotAction.RENVOYER, waiting(1, nadia, marc), marc, comment="Précisez.")
    with pytest.raises(Refused, match="ne peut pas être défait"), atomic() as session:
        lots.undo(session, session.get_one(Lot, lot.id), marc)


# --- By the pages ------------------------------------------------------------------------------------


def test_from_the_queue_to_the_results(app, marc, nadia):
    revisions = waiting(3, nadia, marc)
    ids = [str(revision.id) for revision in revisions]
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    answer = visitor.post("/moderation/lots", {"fiche": ids[:2], "action": "valider", "vue": ""})
    place = answer.headers["Location"]
    shown = visitor.see(place).text
    assert "Rien n’est encore fait." in shown
    assert "Confirmer pour 2 fiches" in shown
    assert logged("valider") == 0
    assert visitor.post(f"{place}/lancer").status_code == 303
    assert "2 sur 2 fiches : 2 faites, 0 non faite." in visitor.see(place).text
    assert logged("valider") == 2
    assert "Valider et publier" in visitor.see("/moderation/lots").text


def test_the_whole_view_is_chosen_within_its_filters(app, marc, nadia):
    waiting(3, nadia, marc)
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    data = {"quoi": "vue", "vue": "q=groupe+1", "action": "attribuer", "a": str(marc.id)}
    place = visitor.post("/moderation/lots", data).headers["Location"]
    assert "Confirmer pour 1 fiche<" in visitor.see(place).text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"action": "valider"}, "Cochez au moins une fiche."),
        ({"fiche": "{id}"}, "Choisissez ce qu’il faut faire"),
        ({"fiche": "{id}", "action": "supprimer"}, "Choisissez ce qu’il faut faire"),
        ({"fiche": "{id}", "action": "renvoyer"}, "Écrivez au moins une phrase"),
        ({"fiche": "{id}", "action": "attribuer", "a": "999999"}, "Choisissez à qui"),
        ({"fiche": "abc", "action": "valider"}, "Cochez au moins une fiche."),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(app, marc, nadia, wrong, message):
    (one,) = waiting(1, nadia, marc)
    data = {name: value.format(id=one.id) for name, value in wrong.items()} | {"vue": ""}
    visitor = Visitor(app, marc)
    visitor.see("/moderation/")
    answer = visitor.post("/moderation/lots", {**data, "commentaire": "  " if "renvoyer" in str(wrong) else "Ce texte"})
    assert answer.status_code == 422
    assert message in answer.text
    if "renvoyer" not in str(wrong):
        assert ">Ce texte</textarea>" in answer.text
    if data.get("fiche") == str(one.id):
        assert f'id="fiche-{one.id}" checked' in answer.text


def test_a_fiche_of_another_territoire_is_not_taken_into_a_lot(app, marc, nadia):
    (one,) = waiting(1, nadia, marc)
    visitor = Visitor(app, make.moderator("Gaël Voisin", "grand-est"))
    visitor.see("/moderation/")
    answer = visitor.post("/moderation/lots", {"fiche": str(one.id), "action": "valider", "vue": ""})
    assert answer.status_code == 422
    assert db.session.query(Lot).count() == 0


# --- Killed ------------------------------------------------------------------------------------------

WORK = """
import sys, time
from wsgi import app
from workflows.moderation import lots
real = lots._do
begun = []
def slow(*args):
    begun.append(args)
    print("ligne", flush=True)
    time.sleep(60 if len(begun) == 6 else 0.05)  # the last line waits for the kill
    return real(*args)
lots._do = slow
with app.app_context():
    lots.run(int(sys.argv[1]))
"""


@pytest.mark.committed
@pytest.mark.parametrize("lines", [1, 3, 5])
def test_a_process_killed_on_the_way_is_started_again_and_no_line_is_done_twice(app, marc, nadia, lines):
    with atomic() as session:
        lot = lots.prepare(session, marc, LotAction.VALIDER, waiting(6, nadia, marc))
        lot.status, lot_id = JobStatus.ATTEND, lot.id
    db.session.remove()
    environ = {
        **os.environ,
        "DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
        "SECRET_KEY": "cle-de-test",
        "RELAIS_INSTANCE": app.instance_path,
        "RELAIS_DEMO": "1",
        "REDIS_URL": "",
    }
    process = subprocess.Popen([sys.executable, "-c", WORK, str(lot_id)], env=environ, stdout=subprocess.PIPE)
    for _ in range(lines):
        assert process.stdout.readline()
    time.sleep(0.02 * lines)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()
    lot = db.session.get_one(Lot, lot_id)
    assert lot.status is JobStatus.EN_COURS
    assert None in results(lot)
    visitor = Visitor(app, db.session.merge(marc))
    assert "Reprendre si rien n’avance" in visitor.see(f"/moderation/lots/{lot_id}").text
    visitor.post(f"/moderation/lots/{lot_id}/lancer")
    db.session.expire_all()
    lot = db.session.get_one(Lot, lot_id)
    assert (lot.status, results(lot)) == (JobStatus.FINI, [LotResult.FAIT] * 6)
    assert logged("valider") == logged("prendre") == 6
