"""The life of a fiche, and what the base itself refuses whatever the code does."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.models import Fiche, FicheState, Fragment, Revision, RevisionState, TransitionLog
from backoffice.models.content import fingerprint
from backoffice.models.fiches.fiche import FrozenError
from tests.support import factories as make
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.engine import apply


@pytest.fixture
def by(app):
    return make.provider()


@pytest.fixture
def moderator(app):
    return make.moderator()


def test_submitting_freezes_hashes_and_numbers(by, moderator):
    fiche = make.fiche_in(RevisionState.SOUMISE, by, moderator)
    assert fiche.latest.content_hash == fingerprint(fiche.latest.document)
    assert fiche.numero == f"{fiche.territoire.prefixe}{fiche.id:06d}"
    fiche.latest.document = {**fiche.latest.document, "dernier_repere": 99}
    with pytest.raises(FrozenError):
        db.session.flush()


def test_a_fragment_never_changes(by, moderator):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    fiche.latest.fragment.sha256 = "0" * 64
    with pytest.raises(FrozenError):
        db.session.flush()


def test_an_incomplete_draft_is_not_sent_and_says_what_is_missing(by):
    content = make.complete_content()
    content.formation.objectif = ""
    content.actions[0].sessions.clear()
    fiche = make.draft(by, content)
    with pytest.raises(Refused) as refused:
        apply(db.session(), "soumettre", fiche_id=fiche.id, revision_id=fiche.latest.id, actor=by)
    assert {"formation-objectif", "actions-0-sessions-0-debut"} == {f.path for f in refused.value.findings}
    assert fiche.latest.state is RevisionState.BROUILLON


def test_pending_text_keeps_a_draft_from_being_sent(by):
    fiche = make.draft(by)
    operations.save_draft(
        db.session(), fiche.latest, make.complete_content(), {"sessions": [["inscription-debut", "hier"]]}, by
    )
    with pytest.raises(Refused):
        apply(db.session(), "soumettre", fiche_id=fiche.id, revision_id=fiche.latest.id, actor=by)


def test_approving_publishes_and_stores_a_fragment(by, moderator):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    assert fiche.state is FicheState.PUBLIEE
    assert fiche.published_revision_id == fiche.latest.id
    assert fiche.latest.fragment.actions == 1
    assert fiche.latest.fragment.sessions == 1


def test_returning_opens_the_next_draft_and_keeps_what_was_sent(by, moderator):
    fiche = make.fiche_in(RevisionState.A_CORRIGER, by, moderator)
    sent, draft = fiche.revisions
    assert (sent.state, sent.reason) == (RevisionState.A_CORRIGER, "Précisez les horaires.")
    assert (draft.state, draft.number) == (RevisionState.BROUILLON, 2)
    assert draft.document == sent.document
    assert draft.content_hash is None


def test_the_approved_version_stays_published_while_a_newer_one_is_in_moderation(by, moderator):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    published = fiche.published_revision_id
    operations.open_draft(db.session(), fiche.id, by)
    db.session.commit()
    for name, actor in (("soumettre", by), ("prendre", moderator)):
        make.step(fiche, name, actor)
        db.session.expire_all()
        assert (fiche.state, fiche.published_revision_id) == (FicheState.PUBLIEE, published)
    make.step(fiche, "refuser", moderator, "Pas de changement utile.")
    db.session.expire_all()
    assert (fiche.state, fiche.published_revision_id) == (FicheState.PUBLIEE, published)


def test_a_new_version_replaces_the_published_one_when_it_is_approved(by, moderator):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    draft = operations.open_draft(db.session(), fiche.id, by)
    assert operations.open_draft(db.session(), fiche.id, by).id == draft.id
    db.session.commit()
    for name, actor in (("soumettre", by), ("prendre", moderator), ("valider", moderator)):
        make.step(fiche, name, actor)
        db.session.expire_all()
    assert fiche.published_revision_id == draft.id


def test_a_fiche_in_moderation_is_neither_archived_nor_edited(by, moderator):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, by, moderator)
    with pytest.raises(Refused, match="en cours de vérification"):
        apply(db.session(), "archiver", fiche_id=fiche.id, revision_id=fiche.latest.id, actor=by)
    with pytest.raises(Refused, match="en cours de vérification"):
        operations.open_draft(db.session(), fiche.id, by)
    with pytest.raises(Refused, match="a été envoyée"):
        operations.save_draft(db.session(), fiche.latest, make.complete_content(), {}, by)


def test_an_archived_fiche_comes_back_as_a_draft(by, moderator):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    make.step(fiche, "archiver", by)
    make.step(fiche, "desarchiver", by)
    db.session.expire_all()
    assert (fiche.state, fiche.latest.state, fiche.latest.number) == (
        FicheState.NON_PUBLIEE,
        RevisionState.BROUILLON,
        2,
    )


def test_the_territoire_follows_the_first_place_until_the_numero_is_given(by, moderator):
    fiche = make.draft(by, make.content_in("67482"))
    assert fiche.territoire.slug == "grand-est"


def test_the_same_page_sent_twice_makes_one_fiche(by):
    first = operations.create_fiche(db.session(), by.memberships[0].organisme, make.Dispositif.ASL, by, "cle")
    again = operations.create_fiche(db.session(), by.memberships[0].organisme, make.Dispositif.ASL, by, "cle")
    assert first.id == again.id
    assert db.session.query(Fiche).count() == 1


def test_the_next_fiche_begins_with_what_the_structure_said_of_itself(by):
    make.draft(by)
    fiche = operations.create_fiche(db.session(), by.memberships[0].organisme, make.Dispositif.ASL, by)
    assert fiche.latest.content.structure == make.complete_content().structure


# --- What the base refuses ---------------------------------------------------------------------------


FORBIDDEN = {
    "publiée sans version": (Fiche, {"state": "publiee"}),
    "suspendue sans raison": (Fiche, {"state": "suspendue"}),
    "soumise sans empreinte": (Revision, {"state": "soumise"}),
    "prise par personne": (Revision, {"state": "en_instruction", "content_hash": "x", "submitted_at": now()}),
    "validée sans fragment": (
        Revision,
        {"state": "validee", "content_hash": "x", "submitted_at": now(), "decided_at": now()},
    ),
    "refusée sans raison": (
        Revision,
        {"state": "refusee", "content_hash": "x", "submitted_at": now(), "decided_at": now(), "reason": "  "},
    ),
    "renvoyée sans date": (
        Revision,
        {"state": "a_corriger", "content_hash": "x", "submitted_at": now(), "reason": "Horaires."},
    ),
    "brouillon décidé": (Revision, {"decided_at": now()}),
}


@pytest.mark.parametrize(("model", "values"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_no_state_stands_in_the_base_without_its_facts(by, model, values):
    make.draft(by)
    table = model.__table__
    with pytest.raises(IntegrityError):
        db.session.execute(update(table).values(values))


def test_a_fiche_has_one_open_version_at_most(by):
    fiche = make.draft(by)
    with pytest.raises(IntegrityError):
        db.session.execute(
            insert(Revision).values(fiche_id=fiche.id, number=2, state=RevisionState.BROUILLON, document={})
        )


@pytest.mark.parametrize("order", ["UPDATE transition_log SET comment = 'autre'", "DELETE FROM transition_log"])
def test_the_log_is_append_only_in_the_base_too(by, order):
    make.draft(by)
    assert db.session.query(TransitionLog).count() > 0
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(order))


def test_a_person_who_acted_cannot_be_deleted(by):
    make.draft(by)
    with pytest.raises(IntegrityError):
        db.session.execute(text(f"DELETE FROM user_account WHERE id = {by.id}"))


def test_an_orphan_fragment_is_never_left_by_a_refused_approval(by, moderator):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, by, moderator)
    db.session.execute(update(Revision).values(content_hash="0" * 64))
    db.session.commit()
    db.session.expire_all()
    with pytest.raises(Refused, match="a changé depuis son envoi"):
        apply(db.session(), "valider", fiche_id=fiche.id, revision_id=fiche.latest.id, actor=moderator)
    db.session.rollback()
    assert db.session.query(Fragment).count() == 0
