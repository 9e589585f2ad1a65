"""The life of a rule: written, tried, activated, switched off; what it does to the fiches it hits."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    Effect,
    ModerationRule,
    Revision,
    RevisionState,
    RuleDismissal,
    RuleHit,
    RuleState,
    RuleVersion,
)
from backoffice.models.moderation.moderation_rules import RULE_EVENTS
from backoffice.models.moderation.rule_language import load
from backoffice.queries.moderation.moderation_rules import hits_of, rule_log, visible_rules
from backoffice.reference.moderation_rules import ready_rules
from tests.support import factories as make
from workflows.case import Refused
from workflows.fiches import operations
from workflows.moderation import moderation_rules as rules


@pytest.fixture
def moderator(app):
    return make.moderator()


@pytest.fixture
def by(app):
    return make.provider()


def writing(mot="jardin*", effect=Effect.SIGNALE, name="Jardins"):
    condition = {"kind": "mots", "textes": ["contenu"], "mots": [mot]}
    definition = load({"match": "all", "conditions": [condition]})
    return rules.Writing(name, "Le texte parle de jardin.", effect, definition)


def a_rule(moderator, *, active=True, **changes):
    rule = rules.write_rule(db.session(), make.territoire().id, writing(**changes), moderator)
    db.session.commit()
    if active:
        with atomic() as session:  # what waits is looked at after the commit
            rules.activate(session, rule.id, moderator)
    return rule


def gardening(text="Travaux au jardin, semis et récoltes."):
    content = make.running_content()
    content.formation.contenu = text
    return content


def hits(fiche, rule=None):
    db.session.expire_all()
    found = db.session.query(RuleHit).filter_by(fiche_id=fiche.id).order_by(RuleHit.id).all()
    return [hit for hit in found if rule is None or hit.rule_id == rule.id]


def submitted(by, content=None):
    fiche = make.draft(by, content or gardening())
    make.step(fiche, "soumettre", by)
    db.session.expire_all()
    return fiche


# --- Hits at submission -------------------------------------------------------------------------------


def test_a_submission_is_hit_with_the_version_and_the_words(by, moderator):
    rule = a_rule(moderator)
    fiche = submitted(by)
    (hit,) = hits(fiche, rule)
    assert (hit.revision_id, hit.rule_version_id, hit.effect) == (fiche.latest.id, rule.latest.id, Effect.SIGNALE)
    assert hit.spots == [{"path": "formation-contenu", "excerpt": "Travaux au « jardin », semis et récoltes."}]
    assert hits_of(db.session(), fiche.latest) == [hit]


def test_a_rule_that_is_not_active_hits_nothing(by, moderator):
    rule = a_rule(moderator, active=False)
    assert hits(submitted(by), rule) == []


def test_a_refused_submission_leaves_no_hit(by, moderator):
    rule = a_rule(moderator)
    content = gardening()
    content.formation.objectif = ""
    fiche = make.draft(by, content)
    with pytest.raises(Refused):
        make.step(fiche, "soumettre", by)
    db.session.rollback()
    assert hits(fiche, rule) == []


def test_a_rule_of_another_territoire_hits_nothing(by):
    other = make.moderator("Mina Modèle", "grand-est")
    rule = rules.write_rule(db.session(), make.territoire("grand-est").id, writing(), other)
    rules.activate(db.session(), rule.id, other)
    db.session.commit()
    assert hits(submitted(by), rule) == []


def test_the_ready_set_is_active_and_leaves_an_ordinary_fiche_alone(by):
    codes = {rule.code: rule for rule in db.session.query(ModerationRule)}
    assert codes.keys() == {ready.code for ready in ready_rules()}
    assert all(rule.status is RuleState.ACTIVE for rule in codes.values())
    assert hits(submitted(by, make.running_content())) == []
    fiche = submitted(by, gardening("Le français par l’hypnose."))
    assert [hit.rule.code for hit in hits(fiche)] == ["formations-douteuses"]


def test_the_ready_set_is_loaded_once(app):
    before = db.session.query(RuleVersion).count()
    rules.load_ready_rules(db.session())
    assert db.session.query(RuleVersion).count() == before


# --- Effects ------------------------------------------------------------------------------------------


def test_a_blocking_rule_keeps_the_fiche_from_being_approved_until_it_is_set_aside(by, moderator):
    a_rule(moderator, effect=Effect.BLOQUE)
    fiche = submitted(by)
    make.step(fiche, "prendre", moderator)
    with pytest.raises(Refused, match="bloque la validation") as refused:
        make.step(fiche, "valider", moderator)
    assert [finding.path for finding in refused.value.findings] == ["formation-contenu"]
    assert "Le texte parle de jardin." in refused.value.findings[0].message
    db.session.rollback()
    (hit,) = hits(fiche)
    rules.set_aside(db.session(), hit, "C’est bien un atelier de français.", moderator)
    db.session.commit()
    make.step(fiche, "valider", moderator)
    db.session.expire_all()
    assert fiche.latest.state is RevisionState.VALIDEE


def test_a_rule_that_only_flags_blocks_nothing(by, moderator):
    a_rule(moderator)
    fiche = submitted(by)
    for name in ("prendre", "valider"):
        make.step(fiche, name, moderator)
    db.session.expire_all()
    assert fiche.latest.state is RevisionState.VALIDEE


def test_a_rule_that_is_switched_off_no_longer_blocks(by, moderator):
    rule = a_rule(moderator, effect=Effect.BLOQUE)
    fiche = submitted(by)
    make.step(fiche, "prendre", moderator)
    rules.deactivate(db.session(), rule.id, moderator)
    db.session.commit()
    make.step(fiche, "valider", moderator)
    assert len(hits(fiche, rule)) == 1, "ce qui a été trouvé reste écrit"


def marks(*fiches):
    """The copies that the queue reads."""
    db.session.expire_all()
    return [(fiche.latest.priority, fiche.latest.flagged) for fiche in fiches]


def test_a_rule_sends_to_the_top_of_the_queue_while_it_stands(by, moderator):
    rule = a_rule(moderator, effect=Effect.PRIORITE)
    first, second = submitted(by), submitted(by)
    ordinary = submitted(by, make.running_content())
    assert marks(first, second, ordinary) == [(1, True), (1, True), (0, False)]
    (hit,) = hits(first)
    rules.set_aside(db.session(), hit, "Vu.", moderator)
    db.session.commit()
    assert marks(first, second) == [(0, False), (1, True)]
    rules.deactivate(db.session(), rule.id, moderator)
    db.session.commit()
    assert marks(first, second) == [(0, False), (0, False)]
    rules.activate(db.session(), rule.id, moderator)
    db.session.commit()
    assert marks(first, second) == [(0, False), (1, True)]


def test_what_two_rules_found_stays_flagged_until_both_are_set_aside(by, moderator):
    a_rule(moderator)
    hurry = a_rule(moderator, effect=Effect.PRIORITE)
    fiche = submitted(by)
    for hit, left in zip(sorted(hits(fiche), key=lambda hit: hit.rule_id != hurry.id), (True, False), strict=True):
        rules.set_aside(db.session(), hit, "Vu.", moderator)
        db.session.commit()
        assert marks(fiche) == [(0, left)]


# --- Set aside ----------------------------------------------------------------------------------------


def again(fiche, by, moderator, content):
    """The fiche is returned, corrected and sent again."""
    make.step(fiche, "prendre", moderator)
    make.step(fiche, "renvoyer", moderator, "Précisez les horaires.")
    db.session.expire_all()
    operations.save_draft(db.session(), fiche.latest, content, {}, by)
    db.session.commit()
    make.step(fiche, "soumettre", by)
    db.session.expire_all()


def test_what_was_set_aside_stays_so_while_the_words_are_the_same(by, moderator):
    rule = a_rule(moderator, effect=Effect.PRIORITE)
    fiche = submitted(by)
    rules.set_aside(db.session(), hits(fiche)[0], "Vu.", moderator)
    db.session.commit()
    again(fiche, by, moderator, gardening())
    first, second = hits(fiche, rule)
    assert second.revision_id == fiche.latest.id
    assert (second.dismissal.word, second.dismissal.carried_from_id) == ("Vu.", first.dismissal.id)
    assert marks(fiche) == [(0, False)]


def test_other_words_are_a_new_hit(by, moderator):
    rule = a_rule(moderator)
    fiche = submitted(by)
    rules.set_aside(db.session(), hits(fiche)[0], "Vu.", moderator)
    db.session.commit()
    again(fiche, by, moderator, gardening("Un jardinier viendra tous les jours."))
    assert hits(fiche, rule)[-1].dismissal is None


def test_the_words_of_a_new_version_of_the_rule_are_a_new_hit(by, moderator):
    rule = a_rule(moderator)
    fiche = submitted(by)
    rules.set_aside(db.session(), hits(fiche)[0], "Vu.", moderator)
    rules.rewrite_rule(db.session(), rule.id, writing("jardin"), moderator)
    rules.activate(db.session(), rule.id, moderator)
    db.session.commit()
    again(fiche, by, moderator, gardening())
    assert hits(fiche, rule)[-1].dismissal is None


def test_only_a_moderator_of_the_territoire_sets_aside_once_with_a_word(by, moderator):
    a_rule(moderator)
    fiche = submitted(by)
    (hit,) = hits(fiche)
    for stranger in (by, make.moderator("Mina Modèle", "grand-est"), make.administrator()):
        with pytest.raises(Refused, match="pas le droit"):
            rules.set_aside(db.session(), hit, "Vu.", stranger)
    with pytest.raises(Refused, match="Écrivez un mot"):
        rules.set_aside(db.session(), hit, "  ", moderator)
    rules.set_aside(db.session(), hit, "Vu.", moderator)
    db.session.commit()
    with pytest.raises(Refused, match="déjà été écarté par Marc Modèle"):
        rules.set_aside(db.session(), hit, "Encore.", moderator)
    assert db.session.query(RuleDismissal).count() == 1


# --- Versions -----------------------------------------------------------------------------------------


def test_a_new_version_waits_until_it_is_activated(by, moderator):
    rule = a_rule(moderator)
    rules.rewrite_rule(db.session(), rule.id, writing("potager"), moderator)
    db.session.commit()
    db.session.expire_all()
    assert [version.number for version in rule.versions] == [1, 2]
    assert (rule.active_version.number, rule.status) == (1, RuleState.ACTIVE)
    assert hits(submitted(by, gardening("Un potager.")), rule) == []
    rules.activate(db.session(), rule.id, moderator)
    db.session.commit()
    fiche = submitted(by, gardening("Un potager."))
    assert hits(fiche, rule)[0].version.number == 2


def test_nothing_new_is_no_new_version(moderator):
    rule = a_rule(moderator)
    rules.rewrite_rule(db.session(), rule.id, writing(), moderator)
    assert len(rule.versions) == 1


def test_the_life_of_a_rule_is_logged(moderator):
    rule = a_rule(moderator)
    rules.deactivate(db.session(), rule.id, moderator)
    db.session.commit()
    events = [row.event for row in rule_log(db.session(), rule)]
    assert events == ["desactiver", "activer", "ecrire"]
    assert set(events) <= RULE_EVENTS.keys()
    db.session.expire_all()
    assert rule.status is RuleState.INACTIVE


def test_a_rule_is_activated_and_switched_off_once(moderator):
    rule = a_rule(moderator)
    with pytest.raises(Refused, match="déjà active"):
        rules.activate(db.session(), rule.id, moderator)
    rules.deactivate(db.session(), rule.id, moderator)
    with pytest.raises(Refused, match="n’est pas active"):
        rules.deactivate(db.session(), rule.id, moderator)


def test_what_already_waits_is_looked_at_when_a_rule_is_activated_and_only_once(by, moderator):
    waiting = submitted(by)
    taken = submitted(by)
    make.step(taken, "prendre", moderator)
    returned = make.fiche_in(RevisionState.A_CORRIGER, by, moderator, gardening())
    rule = a_rule(moderator, effect=Effect.PRIORITE)
    assert [len(hits(fiche, rule)) for fiche in (waiting, taken, returned)] == [1, 1, 0]
    assert waiting.latest.priority == 1
    rules.search_waiting(rule.latest.id)
    assert len(hits(waiting, rule)) == 1


# --- Rights -------------------------------------------------------------------------------------------


def test_rules_are_written_in_ones_own_territoire_and_for_all_by_an_administrator(by, moderator):
    admin, other = make.administrator(), make.moderator("Mina Modèle", "grand-est")
    here = make.territoire().id
    rule = a_rule(moderator)
    national = rules.write_rule(db.session(), None, writing(), admin)
    db.session.commit()
    for stranger in (by, other, admin):
        with pytest.raises(Refused, match="Vous ne pouvez pas"):
            rules.write_rule(db.session(), here, writing(), stranger)
        for change in (rules.activate, rules.deactivate):
            with pytest.raises(Refused, match="Vous ne pouvez pas"):
                change(db.session(), rule.id, stranger)
        with pytest.raises(Refused, match="Vous ne pouvez pas"):
            rules.rewrite_rule(db.session(), rule.id, writing("autre"), stranger)
    with pytest.raises(Refused, match="Vous ne pouvez pas"):
        rules.activate(db.session(), national.id, moderator)
    rules.activate(db.session(), national.id, admin)
    assert rule in visible_rules(db.session(), moderator)
    assert rule not in visible_rules(db.session(), other)
    assert national in visible_rules(db.session(), other)


def test_a_territoire_sets_a_rule_of_the_network_aside_and_takes_it_back(by, moderator):
    (rule,) = db.session.query(ModerationRule).filter_by(code="formations-douteuses")
    here = make.territoire().id
    for paused, count in ((True, 0), (True, 0), (False, 1)):
        rules.pause(db.session(), rule.id, here, moderator, paused=paused)
        db.session.commit()
        assert len(hits(submitted(by, gardening("Hypnose.")))) == count
    events = [row.event for row in rule_log(db.session(), rule)]
    assert events[:2] == ["reprendre", "ecarter"]
    with pytest.raises(Refused, match="Vous ne pouvez pas"):
        rules.pause(db.session(), rule.id, make.territoire("grand-est").id, moderator, paused=True)


# --- Trial --------------------------------------------------------------------------------------------


def test_a_trial_says_what_would_be_hit_and_writes_nothing(by, moderator):
    online = make.fiche_in(RevisionState.VALIDEE, by, moderator, gardening())
    waiting = submitted(by)
    make.fiche_in(RevisionState.VALIDEE, by, moderator, make.running_content())
    make.fiche_in(RevisionState.REFUSEE, by, moderator, gardening())
    make.draft(by, gardening())
    rule = a_rule(moderator, active=False)
    trial = rules.try_rule(db.session(), rule.latest, moderator)
    assert (trial.looked_at, trial.following) == (3, None)
    assert [row.revision.fiche_id for row in trial.rows] == [waiting.id, online.id]
    assert trial.rows[0].hits[0].path == "formation-contenu"
    assert db.session.query(RuleHit).count() == 0


def test_a_trial_goes_on_page_by_page(by, moderator, monkeypatch):
    fiches = [submitted(by) for _ in range(5)]
    rule = a_rule(moderator, active=False)
    monkeypatch.setattr(rules, "TRIED_AT_ONCE", 2)
    seen, before = [], None
    while True:
        trial = rules.try_rule(db.session(), rule.latest, moderator, before)
        seen += [row.revision.fiche_id for row in trial.rows]
        before = trial.following
        if before is None:
            break
    assert seen == [fiche.id for fiche in reversed(fiches)]


def test_a_trial_looks_only_at_the_fiches_of_the_territoire(by, moderator):
    other = make.moderator("Mina Modèle", "grand-est")
    submitted(by)
    national = db.session.query(ModerationRule).filter_by(code="dates-passees").one()
    assert rules.try_rule(db.session(), national.latest, moderator).looked_at == 1
    assert rules.try_rule(db.session(), national.latest, other).looked_at == 0
    assert rules.try_rule(db.session(), national.latest, make.administrator()).looked_at == 1


# --- The base -----------------------------------------------------------------------------------------


LOGS = ("transition_log", "publication", "session_update", *(
    "moderation_rule_version", "moderation_rule_log", "rule_hit", "rule_dismissal",
))  # fmt: skip


@pytest.mark.parametrize("table", LOGS)
@pytest.mark.parametrize("order", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_no_log_is_changed_or_cut_even_in_the_base(by, moderator, table, order):
    from workflows.fiches.fast_lane import Change, update_session

    a_rule(moderator)
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator, gardening())
    rules.set_aside(db.session(), hits(fiche)[0], "Vu.", moderator)
    update_session(db.session(), fiche.id, Change("G2", "S3", places_libres=4), by)
    db.session.commit()
    assert db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar() > 0
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(order.format(table)))


def test_a_revision_made_by_hand_is_in_no_hurry(by):
    fiche = make.draft(by, make.running_content())
    assert db.session.get_one(Revision, fiche.latest.id).priority == 0
