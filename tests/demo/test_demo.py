"""The demonstration set: complete, valid, the same each time, and refused outside demonstration mode."""

from __future__ import annotations

import zlib
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from lxml import etree
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.passwords import verify
from backoffice.core.permissions import Role
from backoffice.demo.bulk import load_bulk
from backoffice.demo.comings import LEFT
from backoffice.demo.load import load_demo
from backoffice.demo.scenario import PLAN, STORIES
from backoffice.demo.structures import HOUSES
from backoffice.demo.verifications import TWIN
from backoffice.models import (
    AlertKind,
    Campaign,
    CampaignInvitation,
    ContactState,
    Convention,
    Dispositif,
    Fiche,
    FicheAlert,
    FicheState,
    Fragment,
    Invitation,
    JoinRequest,
    Matching,
    Nature,
    Notification,
    Obligation,
    ObligationEvent,
    ObligationState,
    Organisme,
    Revision,
    RevisionState,
    Territoire,
    TransitionLog,
    User,
)
from backoffice.models.content import dump, fingerprint, load
from backoffice.queries.moderation.campaigns import progress, totals
from backoffice.queries.structures.members import requests_to_decide
from backoffice.queries.structures.orphans import orphans
from backoffice.queries.territoires.communes import communes_of
from backoffice.reference.demonstration import ACCOUNTS, PASSWORD
from exports.fragment.build import Identity, build
from exports.fragment.check import HEAD, TAIL
from exports.lheo.business_rules import examine
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from forms.kit.saving import save
from tests.support.asked import typed
from tests.support.bases import ground
from workflows.conventions.obligations import replay, standing_of
from workflows.robot import is_robot


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


@ground
def demo() -> None:
    """The demonstration set, loaded once."""
    load_demo(db.session(), now())
    db.session.commit()


@pytest.mark.once
def test_the_conventions_show_every_state_and_each_is_what_its_history_says(demo: None) -> None:
    rows = all_of(Obligation)
    assert len(rows) == 3 * count(Convention) >= 36
    assert {row.state for row in rows} == set(ObligationState)
    for row in rows:
        events = select(ObligationEvent).where(ObligationEvent.obligation_id == row.id).order_by(ObligationEvent.id)
        assert replay(db.session.scalars(events)) == standing_of(row)
    contacts = {row.contact_state for row in all_of(Convention)}
    assert contacts >= {ContactState.ABSENTE, ContactState.A_CONFIRMER, ContactState.DEMANDEE, ContactState.CONFIRMEE}
    assert any(row.matching is Matching.A_REGLER for row in all_of(Convention))


def all_of(model: type[Any]) -> list[Any]:
    return list(db.session.scalars(select(model).order_by(model.id)))


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- The command


def test_the_command_loads_once_then_changes_nothing(app: Flask) -> None:
    first = run(app, "seed", "demo")
    fiches, rows, users = count(Fiche), count(TransitionLog), count(User)
    second = run(app, "seed", "demo")

    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert f"{fiches} fiches" in first.output
    assert "rien n’a été changé" in second.output
    assert (count(Fiche), count(TransitionLog), count(User)) == (fiches, rows, users)


@pytest.mark.parametrize("words", [("seed", "demo"), ("seed", "demo", "--fiches", "5")])
def test_the_command_is_refused_outside_demonstration_mode(app: Flask, words: tuple[str, ...]) -> None:
    app.config["RELAIS_DEMO"] = False

    result = run(app, *words)

    assert result.exit_code == 1
    assert "RELAIS_DEMO" in result.output
    assert count(User) == count(Fiche) == count(Organisme) == 0


@pytest.mark.once
def test_accounts_are_listed_with_their_password(app: Flask) -> None:
    assert "Aucun compte" in run(app, "seed", "accounts").output
    run(app, "seed", "demo")

    lines = run(app, "seed", "accounts").output.splitlines()

    assert [line.split()[:2] for line in lines] == [[account.email, PASSWORD] for account in ACCOUNTS]


def test_accounts_are_not_listed_outside_demonstration_mode(app: Flask) -> None:
    run(app, "seed", "demo")
    app.config["RELAIS_DEMO"] = False

    assert PASSWORD not in run(app, "seed", "accounts").output


# --- People and structures


@pytest.mark.once
def test_accounts_are_marked_unique_and_open_with_the_password(demo: None) -> None:
    users = [user for user in all_of(User) if not is_robot(user)]  # it has no password: nobody comes in as it

    assert all(user.demonstration and user.email == user.email.lower() for user in users)
    assert {account.email for account in ACCOUNTS} <= {user.email for user in users}
    assert len({user.email for user in users}) == len({user.name for user in users}) == len(users)
    assert verify(users[0].password_hash, PASSWORD)


@pytest.mark.once
def test_each_shown_account_has_its_role_and_its_fiches(demo: None) -> None:
    users = {user.email: user for user in all_of(User)}
    states: dict[str, Counter[RevisionState]] = {}
    for account in ACCOUNTS:
        assert account.role in users[account.email].roles
        own = select(Fiche).where(Fiche.organisme_id.in_(users[account.email].organisme_ids))
        states[account.email] = Counter(r.state for fiche in db.session.scalars(own) for r in fiche.revisions)

    both = users["organisme@demo.example"].memberships
    assert len(both) == 2
    for membership in both:
        assert db.session.scalars(select(Fiche).where(Fiche.organisme_id == membership.organisme_id)).first()
    (alone,) = users["association@demo.example"].memberships
    assert "Centre social" in alone.organisme.nom
    assert alone.organisme.territoire.slug == "normandie"
    assert {RevisionState.BROUILLON, RevisionState.A_CORRIGER, RevisionState.VALIDEE} <= states[
        "association@demo.example"
    ].keys()


@pytest.mark.once
def test_somebody_is_invited_somebody_asks_and_a_structure_is_left_alone(demo: None) -> None:
    assert [row.role for row in all_of(Invitation)] == [Role.SAISIE]
    waiting = {row.organisme.nom for row in all_of(JoinRequest)}
    moderator = db.session.scalars(select(User).where(User.email == "moderation1@demo.example")).one()
    to_decide = {row.organisme.nom for row in requests_to_decide(db.session(), moderator)}
    assert to_decide < waiting, "l’une attend sa structure, l’autre la modération"
    assert [row.organisme.nom for row in orphans(db.session(), moderator)] == [
        house.nom for house in HOUSES if house.key == LEFT
    ]


@pytest.mark.once
def test_fiches_of_a_closed_establishment_are_flagged_and_their_people_told(demo: None) -> None:
    alerts = db.session.scalars(select(FicheAlert)).all()
    assert {row.kind for row in alerts} == {AlertKind.STRUCTURE}
    assert len({row.fiche_id for row in alerts}) == len(alerts) >= 3
    assert all(row.fiche.created_at < row.told_at for row in alerts)
    told = db.session.scalars(select(Notification.page).where(Notification.notice == "fiche_alerte")).all()
    assert set(told) == {f"/fiches/{row.fiche_id}" for row in alerts}


@pytest.mark.once
def test_structures_are_invented(demo: None) -> None:
    for organisme in all_of(Organisme):
        assert organisme.siret.startswith("000") or organisme.nom == TWIN
        assert organisme.structure["contact"]["courriel"].endswith(".example")
    assert len({house.siret for house in HOUSES}) == len(HOUSES) == len(PLAN)


# --- Fiches


@pytest.mark.once
def test_every_state_is_there(demo: None) -> None:
    assert {fiche.state for fiche in all_of(Fiche)} == set(FicheState)
    assert {revision.state for revision in all_of(Revision)} == set(RevisionState)
    assert {name for names in PLAN.values() for name in names} == STORIES.keys()
    assert {fiche.dispositif for fiche in all_of(Fiche)} == set(Dispositif)
    assert {fiche.territoire.slug for fiche in all_of(Fiche)} == {"normandie", "grand-est"}
    latest = [(fiche.state, fresh(fiche)[-1].state) for fiche in all_of(Fiche)]
    for state in (RevisionState.BROUILLON, RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION):
        assert (FicheState.PUBLIEE, state) in latest


def fresh(fiche: Fiche) -> list[Revision]:
    db.session.refresh(fiche, ["revisions"])
    return fiche.revisions


@pytest.mark.once
def test_titles_are_varied(demo: None) -> None:
    titles = [title for title in (fresh(fiche)[-1].title for fiche in all_of(Fiche)) if title]

    assert len(set(titles)) >= 0.9 * len(titles) >= 50


@pytest.mark.once
def test_what_was_submitted_is_complete_and_frozen(demo: None) -> None:
    submitted = [revision for revision in all_of(Revision) if revision.submitted_at]

    for revision in submitted:
        found = review(revision.content, PATHS[revision.fiche.dispositif], revision.pending)
        assert found.complete, found.blocking
        assert revision.content_hash == fingerprint(revision.document)


@pytest.mark.once
def test_drafts_are_at_every_stage(demo: None) -> None:
    drafts = [revision for revision in all_of(Revision) if revision.state is RevisionState.BROUILLON]
    complete = Counter(review(draft.content, PATHS[draft.fiche.dispositif], draft.pending).complete for draft in drafts)

    assert complete[True] >= 3
    assert complete[False] >= 5
    assert [list(draft.pending) for draft in drafts if draft.pending] == [["intitule"]]


@pytest.mark.once
def test_approved_fragments_are_valid(demo: None) -> None:
    approved = [revision for revision in all_of(Revision) if revision.state is RevisionState.VALIDEE]

    assert count(Fragment) >= len(approved) >= 25
    assert all(revision.fragment is not None for revision in approved)
    for fragment in all_of(Fragment):  # those approved, and those built again when a fiche is published anew
        root = etree.fromstring(HEAD + zlib.decompress(fragment.xml).decode() + TAIL)
        assert examine(root, flow=True) == []


@pytest.mark.once
def test_every_content_could_have_been_typed(demo: None) -> None:
    for revision in all_of(Revision):
        path = PATHS[revision.fiche.dispositif]
        if not review(revision.content, path, revision.pending).complete:
            continue
        content = revision.content
        for step in path.steps:
            saved = save(step, content, {}, MultiDict(typed(step, content)), communes_of)
            assert saved.clean, [(field.id, field.errors) for field in saved.form.faulty]
        assert dump(content) == revision.document


@pytest.mark.once
def test_the_log_tells_the_story_in_order(demo: None) -> None:
    for fiche in all_of(Fiche):
        rows = db.session.scalars(
            select(TransitionLog).where(TransitionLog.fiche_id == fiche.id).order_by(TransitionLog.id)
        ).all()
        assert rows[0].transition == "creer"
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        assert fiche.created_at == rows[0].at
        assert rows[-1].at < now()
        moves = [row for row in rows if row.revision_id is None]
        assert (moves[-1].target if moves else FicheState.NON_PUBLIEE) == fiche.state


@pytest.mark.once
def test_the_queue_has_several_ages(demo: None) -> None:
    waiting = [r.submitted_at for r in all_of(Revision) if r.state is RevisionState.SOUMISE]

    assert len(waiting) >= 12
    assert max(waiting) > now() - timedelta(days=4)
    assert len({moment.date() for moment in waiting}) >= 6


@pytest.mark.once
def test_two_loads_of_one_month_give_the_same_documents(app: Flask) -> None:
    def documents(day: int) -> list[Any]:
        load_demo(db.session(), now().replace(day=day, hour=12))
        told = [(r.number, r.state, r.document, r.pending, r.reason) for r in all_of(Revision)]
        db.session.rollback()
        return told

    assert documents(2) == documents(27)


def test_the_flow_of_normandie_is_valid(app: Flask, tmp_path: Path) -> None:
    run(app, "seed", "demo")
    result = run(app, "flux", "build", "normandie", "--output", str(tmp_path / "normandie.xml"))

    assert result.exit_code == 0, result.output
    root = etree.parse(tmp_path / "normandie.xml").getroot()
    assert examine(root, flow=True) == []
    published = select(func.count(Fiche.id)).join(Fiche.territoire).where(Fiche.state == FicheState.PUBLIEE)
    assert len(root[0].findall("{*}formation")) == db.session.scalar(published.where(Territoire.slug == "normandie"))


@pytest.mark.once
def test_a_campaign_is_under_way_with_structures_at_each_stage(demo: None) -> None:
    (campaign,) = all_of(Campaign)
    lines = progress(db.session(), campaign, campaign.territoire_ids)
    stages = totals(lines)

    assert stages["invited"] >= 8
    assert stages["started"] == 3 > stages["sent"] == 2
    assert {r.nature for r in all_of(Revision) if r.campaign_id and r.submitted_at} == {Nature.RENOUVELLEMENT}
    assert count(CampaignInvitation) == stages["invited"]


# --- In bulk


@pytest.fixture
def bulk(app: Flask) -> Flask:
    assert load_bulk(db.session(), 50, now()) == 150
    return app


def bulk_fiches() -> list[Fiche]:
    return list(db.session.scalars(select(Fiche).where(Fiche.creation_key.like("masse-%")).order_by(Fiche.id)))


def test_bulk_fiches_are_spread_over_all_territoires(bulk: Flask) -> None:
    fiches = bulk_fiches()

    assert len(fiches) == 50
    assert len({fiche.territoire_id for fiche in fiches}) == 21
    for fiche in fiches:
        assert fiche.numero == f"{fiche.territoire.prefixe}{fiche.id:06d}"
        assert load(fiche.latest.document).lieux[0].adresse.region == fiche.territoire.region


def test_bulk_fiches_are_what_the_engine_would_have_made(bulk: Flask) -> None:
    for fiche in bulk_fiches():
        (revision,) = fiche.revisions
        assert (fiche.state, revision.state) == (FicheState.PUBLIEE, RevisionState.VALIDEE)
        assert fiche.published_revision_id == revision.id
        assert revision.content_hash == fingerprint(revision.document)
        assert revision.title == revision.content.formation.intitule
        required = fiche.territoire.siret_obligatoire
        assert review(revision.content, PATHS[fiche.dispositif], revision.pending, siret_required=required).complete
        again = build(revision.content, Identity.of(fiche, modified=revision.decided_at))
        assert (again.sha256, again.sessions) == (revision.fragment.sha256, 3)
        assert events(fiche) == ["creer", "soumettre", "prendre", "valider", "publier"]


@pytest.mark.once
def test_bulk_logs_read_as_those_of_the_engine(demo: None) -> None:
    load_bulk(db.session(), 21, now())
    played = [fiche for fiche in all_of(Fiche) if fiche.creation_key.startswith("demo-")]
    published = next(fiche for fiche in played if fiche.state is FicheState.PUBLIEE and len(events(fiche)) == 5)

    assert shape(published) == shape(bulk_fiches()[0])


def events(fiche: Fiche) -> list[str]:
    return [row[0] for row in shape(fiche)]


def shape(fiche: Fiche) -> list[tuple[Any, ...]]:
    rows = db.session.scalars(
        select(TransitionLog).where(TransitionLog.fiche_id == fiche.id).order_by(TransitionLog.id)
    )
    return [(row.transition, row.source, row.target, row.revision_id is None, row.comment) for row in rows]


def test_the_command_adds_bulk_to_the_set_once(app: Flask) -> None:
    first = run(app, "seed", "demo", "--fiches", "50")
    before = count(Fiche)
    second = run(app, "seed", "demo", "--fiches", "5")

    assert first.exit_code == 0, first.output
    assert "50 fiches publiées et 150 sessions" in first.output
    assert len(bulk_fiches()) == 50 < before
    assert second.exit_code == 1
    assert "déjà des fiches ajoutées en masse" in second.output
    assert count(Fiche) == before
