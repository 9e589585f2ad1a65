"""What was kept long enough goes, all of it and nothing else; what is published, sent or decided stays.

A base lives in each example: rows of every kind, of any age around the end of their period, looked at on any day. The
expected answer is computed here, from the file of the periods alone.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, update

from backoffice.core import uploads
from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day, long_day
from backoffice.core.extensions import db
from backoffice.core.passwords import new_token, token_hash
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    ContactRequest,
    Convention,
    Erasure,
    FailedJob,
    Fiche,
    FicheState,
    ImportJob,
    ImportKind,
    ImportLine,
    Invitation,
    InvitationState,
    JobStatus,
    JoinRequest,
    JoinState,
    Link,
    Login,
    LoginEvent,
    LoginWay,
    Mail,
    MailState,
    Notification,
    Outcome,
    Phase,
    Proof,
    ProofKind,
    RetentionNotice,
    RetentionRun,
    Revision,
    RevisionState,
    Support,
    User,
)
from backoffice.reference.retention import Period, conservation
from exports.flux import build
from tests.notices.test_mail_kills import Nursery
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor
from tests.work.test_backup import everything
from workflows.privacy import retention
from workflows.privacy.holding import ERASED, NO_ADDRESS

DAY = timedelta(days=1)
FIRST = datetime(2031, 3, 1, 12, tzinfo=UTC)


def test_each_kind_of_the_file_has_one_rule():
    assert list(retention.RULES) == list(conservation())
    assert all(row.source and row.why and row.done for row in conservation().values())
    at = datetime(2028, 2, 29, 3, tzinfo=UTC)
    assert Period("", "", "1 jour", "", "", "", "").before(at) == at - DAY
    assert Period("", "", "3 mois", "", "", "", "").before(at) == datetime(2027, 11, 29, 3, tzinfo=UTC)
    assert Period("", "", "1 an", "", "", "", "").before(at) == datetime(2027, 2, 28, 3, tzinfo=UTC)
    with pytest.raises(AssertionError, match="n’est pas une durée"):
        Period("", "", "longtemps", "", "", "", "").before(at)


# --- A base that lives --------------------------------------------------------------------------------


@dataclass
class Life:
    """The people and the fiches that every example shares."""

    provider: User
    moderator: User
    convention: Convention
    published: Fiche
    archived: Fiche
    at: datetime = FIRST
    """When the run is."""


@dataclass(frozen=True)
class Put:
    """One thing put in the base: how it reads now, and whether it should go."""

    kind: str
    read: Callable[[], Any]
    due: bool
    gone: Callable[[Any], bool]


def row_of(model, key):
    def read():
        table = model.__table__
        (pk,) = table.primary_key.columns
        found = db.session.execute(select(table).where(pk == key)).one_or_none()
        return None if found is None else dict(found._mapping)

    return read


def is_none(found):
    return found is None


def put(row, kind, due, gone=is_none):
    db.session.add(row)
    db.session.flush()
    return Put(kind, row_of(type(row), row.__mapper__.primary_key_from_instance(row)[0]), due, gone)


def a_login(life, moment, due, _rng):
    row = Login(token_hash=token_hash(new_token()), user_id=life.provider.id, expires_at=moment)
    return put(row, "connexions", due)


def a_past_login(life, moment, due, rng):
    row = LoginEvent(user_id=life.provider.id, way=LoginWay.LIEN, success=rng.random() < 0.5, device="", network="")
    row.at = moment
    return put(row, "journal_connexions", due)


def a_proof(life, moment, due, _rng):
    common = {"token_hash": token_hash(new_token()), "kind": ProofKind.ADRESSE, "email": "n@exemple.fr"}
    return put(Proof(**common, user_id=life.provider.id, expires_at=moment), "preuves", due)


def a_link(life, moment, due, rng):
    """One that ended by being used, or by its date."""
    used = rng.random() < 0.5
    ends = FIRST + 40 * 365 * DAY if used else moment
    common = {"token_hash": token_hash(new_token()), "email": life.provider.email, "single_use": used}
    row = Link(**common, user_id=life.provider.id, used_at=moment if used else None, expires_at=ends)
    return put(row, "liens", due)


def an_unused_link(life, moment, due, _rng):
    row = Link(token_hash=token_hash(new_token()), email="x@exemple.fr", name="Xavier", expires_at=moment)
    return put(row, "liens_sans_suite", due)


def an_invitation(life, moment, due, rng):
    """One that was withdrawn, or that nobody answered."""
    closed = rng.random() < 0.5
    row = Invitation(
        token_hash=token_hash(new_token()),
        email=f"{new_token()[:12].lower()}@exemple.fr",
        role=Role.ADMINISTRATEUR if closed else Role.SAISIE,
        organisme_id=None if closed else life.provider.memberships[0].organisme_id,
        invited_by_id=life.provider.id,
        state=InvitationState.RETIREE if closed else InvitationState.OUVERTE,
        closed_at=moment if closed else None,
        expires_at=FIRST + 40 * 365 * DAY if closed else moment,
    )
    return put(row, "invitations", due)


def a_join_request(life, moment, due, _rng):
    asked = {"organisme_id": life.provider.memberships[0].organisme_id, "user_id": life.provider.id, "words": "Moi."}
    row = JoinRequest(**asked, due_on=FIRST.date(), state=JoinState.RETIREE, closed_at=moment)
    return put(row, "demandes_rejoindre", due)


def a_request(life, moment, due, _rng):
    common = {"token_hash": token_hash(new_token()), "convention_id": life.convention.id}
    return put(ContactRequest(**common, email="a@exemple.fr", expires_at=moment), "demandes_adresse", due)


def a_mail(life, moment, rng, **changes):
    state = rng.choice([MailState.ENVOYE, MailState.REFUSE, MailState.A_ENVOYER, MailState.INCERTAIN])
    return Mail(
        key=token_hash(new_token()),
        notice="fiche_envoyee",
        address=life.provider.email,
        user_id=life.provider.id,
        subject="Bonjour Nadia",
        text="Bonjour",
        html="<p>Bonjour</p>",
        state=state,
        sent_at=moment if state is MailState.ENVOYE else None,
        created_at=moment,
        **changes,
    )


def a_text(life, moment, due, rng):
    """Emptied; the rest of the row has a longer period, unless it is over too."""
    return put(a_mail(life, moment, rng), "textes_courriels", due, lambda row: (row["text"], row["html"]) == ("", ""))


def an_address(life, moment, due, rng):
    """Its text went long before."""
    row = a_mail(life, moment, rng)
    row.text = row.html = ""
    return put(row, "adresses_courriels", due, lambda row: (row["address"], row["user_id"]) == (NO_ADDRESS, None))


def a_notice(life, kind, moment, due, read):
    common = {"user_id": life.provider.id, "key": token_hash(new_token()), "notice": "fiche_envoyee", "page": ""}
    made = moment - DAY if read else moment
    row = Notification(**common, subject="Bonjour", created_at=made, read_at=moment if read else None)
    # SQLite gives the number of the last row to the next one: those who are told during the run have one too.
    return put(row, kind, due, lambda found: found is None or found["key"] != common["key"])


def a_read_notice(life, moment, due, _rng):
    return a_notice(life, "avis_lus", moment, due, True)


def an_unread_notice(life, moment, due, _rng):
    return a_notice(life, "avis_non_lus", moment, due, False)


def an_import(life, moment):
    name = uploads.keep(io.BytesIO(b"Titre;Contact"))
    row = ImportJob(
        created_by_id=life.moderator.id,
        territoire_id=life.published.territoire_id,
        kind=ImportKind.TABLEAU,
        filename="f.csv",
        stored=name,
        phase=Phase.IMPORT,
        status=JobStatus.FINI,
        moved_at=moment,
        created_at=moment - DAY,
    )
    db.session.add(row)
    db.session.flush()
    return row


def an_imported_file(life, moment, due, _rng):
    made = an_import(life, moment)
    file, row = uploads.path_of(made.stored), row_of(ImportJob, made.id)
    return Put(
        "fichiers_importes", lambda: (file.exists(), row()), due, lambda read: not (read[0] or read[1]["stored"])
    )


def a_line(life, moment, due, _rng):
    made = an_import(life, moment)
    made.stored = ""
    line = ImportLine(job_id=made.id, rank=1, place="ligne 2", plan=Outcome.NOUVELLE, read={"contact": "Nadia"})
    return put(line, "lignes_importees", due)


def a_checked_file(life, moment, due, _rng):
    file = uploads.folder("verifications") / f"{new_token()}.envoi"
    file.write_text("<lheo/>")
    os.utime(file, (moment.timestamp(),) * 2)
    return Put("fichiers_verifies", lambda: file.exists() or None, due, is_none)


def a_support(life, moment, due, _rng):
    where = {"organisme_id": life.published.organisme_id, "siret": make.SIRET, "nom": "Porteuse"}
    row = Support(token_hash=token_hash(new_token()), email=f"{new_token()}@p.example", asked_at=moment, **where)
    return put(row, "structures_porteuses", due)


def an_answered_support(life, moment, _due, _rng):
    """The proof of an agreement is in no rule."""
    where = {"organisme_id": life.published.organisme_id, "siret": make.SIRET, "nom": "Porteuse"}
    said = {"accepted": True, "answered_at": moment, "asked_at": moment}
    row = Support(token_hash=token_hash(new_token()), email=f"{new_token()}@p.example", **said, **where)
    return put(row, "structures_porteuses", False)


def a_failure(life, moment, due, _rng):
    return put(FailedJob(function="x.y", reason="OSError: Nadia", failed_at=moment), "travaux_en_echec", due)


def told(life, kind, row, moment, notice, **whose):
    """That its period ends was said long enough ago, and the e-mail has left."""
    said = life.at - 31 * DAY
    db.session.add(RetentionNotice(kind=kind, subject=row.id, since=moment, told_at=said))
    db.session.add(
        Mail(
            key=token_hash(new_token()),
            notice=notice,
            address="z@exemple.fr",
            subject="Bientôt",
            text="Bientôt",
            html="",
            state=MailState.ENVOYE,
            sent_at=said,
            created_at=said,
            **whose,
        )
    )
    db.session.flush()


def a_draft(life, moment, rng):
    fiche = make.draft(life.provider, make.complete_content(f"Brouillon {new_token()}"))
    db.session.execute(update(Revision).where(Revision.fiche_id == fiche.id).values(saved_at=moment))
    return fiche


def emptied(row):
    return row["document"] == {} and row["title"] == "" and row["pending"] == {}


def a_told_draft(life, moment, due, rng):
    fiche = a_draft(life, moment, rng)
    told(life, "brouillons", fiche.latest, moment, "brouillon_a_effacer", fiche_id=fiche.id)
    return Put("brouillons", row_of(Revision, fiche.latest.id), due, emptied)


def an_untold_draft(life, moment, _due, rng):
    """Whatever its age: nobody has told its structure."""
    fiche = a_draft(life, moment, rng)
    return Put("brouillons", row_of(Revision, fiche.latest.id), False, emptied)


def an_archived_draft(life, moment, due, rng):
    fiche = a_draft(life, moment, rng)
    make.step(fiche, "archiver", life.provider)
    return Put("brouillons_archives", row_of(Revision, fiche.latest.id), due, emptied)


def an_account(life, rng, moment, warned, **fields):
    name = f"Zoé {new_token()}"
    never = rng.random() < 0.5
    person = make.user(name, created_at=moment if never else moment - DAY, seen_at=None if never else moment, **fields)
    if warned:
        told(life, "comptes_inactifs", person, moment, "compte_inactif", user_id=person.id)
    return person


def nameless(row):
    return row["name"] == ERASED and row["password_hash"] == "" and not row["active"]


def a_told_account(life, moment, due, rng):
    person = an_account(life, rng, moment, True)
    return Put("comptes_inactifs", row_of(User, person.id), due, nameless)


def an_untold_account(life, moment, _due, rng):
    person = an_account(life, rng, moment, False)
    return Put("comptes_inactifs", row_of(User, person.id), False, nameless)


def a_closed_account(life, moment, due, rng):
    """Nobody can be told: it goes at its hour."""
    person = an_account(life, rng, moment, False, active=False)
    return Put("comptes_inactifs", row_of(User, person.id), due, nameless)


def an_account_that_came_back(life, moment, _due, rng):
    """It was told, then the person came."""
    person = an_account(life, rng, moment, True)
    person.seen_at = FIRST + 100 * 365 * DAY
    return Put("comptes_inactifs", row_of(User, person.id), False, nameless)


def an_administrator(life, moment, _due, rng):
    person = an_account(life, rng, moment, True, administrator=True)
    return Put("comptes_inactifs", row_of(User, person.id), False, nameless)


MAKERS = (
    ("connexions", a_login),
    ("journal_connexions", a_past_login),
    ("preuves", a_proof),
    ("liens", a_link),
    ("liens_sans_suite", an_unused_link),
    ("invitations", an_invitation),
    ("demandes_rejoindre", a_join_request),
    ("demandes_adresse", a_request),
    ("textes_courriels", a_text),
    ("adresses_courriels", an_address),
    ("avis_lus", a_read_notice),
    ("avis_non_lus", an_unread_notice),
    ("fichiers_importes", an_imported_file),
    ("lignes_importees", a_line),
    ("fichiers_verifies", a_checked_file),
    ("structures_porteuses", a_support),
    ("structures_porteuses", an_answered_support),
    ("travaux_en_echec", a_failure),
    ("brouillons", a_told_draft),
    ("brouillons", an_untold_draft),
    ("brouillons_archives", an_archived_draft),
    ("comptes_inactifs", a_told_account),
    ("comptes_inactifs", an_untold_account),
    ("comptes_inactifs", a_closed_account),
    ("comptes_inactifs", an_account_that_came_back),
    ("comptes_inactifs", an_administrator),
)
"""«adresses_enquete», counted in years, has a test of its own."""


def test_the_examples_make_every_kind():
    assert {kind for kind, _ in MAKERS} | {"adresses_enquete"} == set(conservation())


@pytest.fixture
def life(app):
    for file in uploads.folder().iterdir():  # what other tests left has no row, and is counted as an orphan
        file.unlink()
    provider, moderator = make.provider(), make.moderator()
    made = Life(
        provider,
        moderator,
        make.convention(make.funder(), provider.memberships[0].organisme, contact_pne="enquete@tilleuls.example"),
        make.fiche_in(RevisionState.VALIDEE, provider, moderator, make.complete_content("Publiée")),
        make.fiche_in(RevisionState.VALIDEE, provider, moderator, make.complete_content("Archivée")),
    )
    make.fiche_in(RevisionState.SOUMISE, provider, moderator)
    make.fiche_in(RevisionState.REFUSEE, provider, moderator)
    make.step(made.archived, "archiver", provider)
    # Those who work today are no part of the examples, which look at far years.
    db.session.execute(update(User).values(seen_at=FIRST + 100 * 365 * DAY))
    db.session.execute(update(Mail).values(created_at=FIRST + 100 * 365 * DAY))
    db.session.execute(update(Convention).values(annee=2100))
    db.session.commit()
    return made


UNTOUCHED = ("fragment", "publication", "obligation", "obligation_event", "remark", "rule_hit", "decision_reason")


def facts(at, folder):
    """What no run may change: the history, what was sent, what readers fetch."""
    tables, frozen = everything(), select(Revision.__table__).where(Revision.content_hash.is_not(None))
    sent = {str(row) for row in db.session.execute(frozen)}
    file = folder / "flux.xml"
    build.full(db.session(), build.find(db.session(), "normandie"), file, at=at)
    db.session.rollback()
    return {name: tables[name] for name in UNTOUCHED}, sent, file.read_bytes(), set(tables["transition_log"])


class StoppedError(Exception):
    """Somebody pulled the plug."""


def stopped_after(commits):
    """Runs, and dies at the given commit; nothing when it ends before."""
    left = [commits]

    def count(_session):
        if left[0] == 0:
            raise StoppedError
        left[0] -= 1

    event.listen(db.session, "before_commit", count)
    try:
        retention.run()
    except StoppedError:
        db.session.rollback()
    finally:
        event.remove(db.session, "before_commit", count)


OFFSETS = st.integers(-400, 400) | st.integers(-1, 1)
"""Days from the end of the period: 0 and less are due."""
SOME = st.lists(st.tuples(st.sampled_from(MAKERS), OFFSETS), min_size=1, max_size=12)


@settings(
    max_examples=int(os.environ.get("RELAIS_RETENTION_EXAMPLES", "25")),
    deadline=None,
    phases=(Stage.explicit, Stage.reuse, Stage.generate),  # to make it smaller takes minutes, and says no more
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    things=SOME,
    days=st.integers(0, 3000),
    killed=st.none() | st.integers(1, 30),
    batch=st.sampled_from((1, 2, 200)),
    seed=st.integers(0, 10**6),
)
def test_nothing_younger_is_touched_and_nothing_older_remains(life, tmp_path, things, days, killed, batch, seed):
    rng, at = random.Random(seed), FIRST + days * DAY
    life.at = at
    db.session.rollback()
    history = now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "BATCH", batch)
        puts = []
        for (kind, make_one), offset in things:
            moment = conservation()[kind].before(at) + offset * DAY
            puts.append(make_one(life, moment, offset <= 0, rng))
        db.session.commit()
        before = [one.read() for one in puts]
        kept = facts(history, tmp_path)
        with clock_at(at):
            foreseen = retention.survey()
            db.session.rollback()
            assert [one.read() for one in puts] == before, "un essai à blanc n’efface rien"
            runs = db.session.query(RetentionRun).count()
            if killed is not None:
                stopped_after(killed)
            # Those who were just told have to wait; e-mails of this moment have not left.
            retention.run()
            done = db.session.scalars(select(RetentionRun).order_by(RetentionRun.id)).all()[runs:]
            after = [one.read() for one in puts]
            for one, was, is_ in zip(puts, before, after, strict=True):
                if one.due:
                    assert one.gone(is_), f"{one.kind} : reste alors que sa durée est passée"
                else:
                    assert is_ == was, f"{one.kind} : touché avant la fin de sa durée"
            counted = {kind: sum(run.counts.get(kind, 0) for run in done) for kind in foreseen}
            # What an account takes with it is counted with the account.
            exact = not foreseen["comptes_inactifs"]
            for kind, number in foreseen.items():
                assert counted[kind] == number or (not exact and counted[kind] < number), kind
            assert retention.survey() == dict.fromkeys(foreseen, 0)
            said = everything()
            assert retention.run() == {}
            said.pop("retention_run")
            again = everything()
            again.pop("retention_run")
            assert again == said, "deux fois, c’est comme une"
    now_kept = facts(history, tmp_path)
    assert now_kept[:3] == kept[:3]
    assert kept[3] <= now_kept[3], "l’histoire ne perd rien"


# --- What has a story of its own ----------------------------------------------------------------------


def test_the_survey_address_of_an_old_grant_goes_and_its_history_stays(app):
    provider, flora = make.provider(), make.funder()
    old = make.convention(flora, provider.memberships[0].organisme, contact_pne="enquete@tilleuls.example")
    young = make.convention(flora, reference="2027-1", annee=2027, contact_pne="autre@tilleuls.example")
    db.session.execute(update(User).values(seen_at=datetime(2040, 1, 1, tzinfo=UTC)))
    old.contact_confirmed_at = now()
    db.session.commit()
    history = everything()["obligation_event"]
    for at, left in ((datetime(2029, 12, 31, 12, tzinfo=UTC), 2), (datetime(2030, 1, 1, 12, tzinfo=UTC), 1)):
        with clock_at(at):
            retention.run()
        db.session.expire_all()
        assert db.session.query(Convention).filter(Convention.contact_pne != "").count() == left
    assert (old.contact_pne, old.contact_confirmed_at, young.contact_pne) == ("", None, "autre@tilleuls.example")
    assert everything()["obligation_event"] == history


def test_an_account_that_nobody_uses_is_told_then_erased_and_a_visit_saves_it(app):
    nadia, olga, marc = make.provider(), make.provider("Olga Voisine"), make.moderator()
    alma = make.administrator()
    long_ago = now()
    for person in (nadia, olga, marc, alma):
        person.seen_at = long_ago
    db.session.commit()
    told_at = long_ago + (3 * 365 - 29) * DAY

    def mails():
        return db.session.scalars(select(Mail).where(Mail.notice == "compte_inactif").order_by(Mail.id)).all()

    with clock_at(long_ago + (3 * 365 - 32) * DAY):
        retention.run()
        assert mails() == []
    with clock_at(told_at):
        retention.run()
        retention.run()
        assert [mail.address for mail in mails()] == [nadia.email, olga.email]
        assert long_day(local_day(told_at + 31 * DAY)) in mails()[0].text
    with clock_at(told_at + 40 * DAY):
        retention.run()
        assert db.session.query(Erasure).count() == 0, "le message n’est pas encore parti"
    for mail in mails():
        mail.state, mail.sent_at = MailState.ENVOYE, told_at
    olga.seen_at = told_at + DAY
    db.session.commit()
    with clock_at(told_at + 29 * DAY):
        retention.run()
        assert db.session.query(Erasure).count() == 0, "pas encore trente jours"
    with clock_at(told_at + 31 * DAY):
        retention.run()
    db.session.expire_all()
    assert [one.name for one in (nadia, olga, marc, alma)] == [ERASED, "Olga Voisine", "Marc Modèle", "Alma Admin"]


def test_a_visit_is_written_and_a_forgotten_draft_can_be_begun_again(app):
    nadia = make.provider()
    fiche = make.draft(nadia)
    visitor = Visitor(app, nadia)
    db.session.expire_all()
    assert now() - nadia.seen_at < timedelta(minutes=5)
    nadia.seen_at = now() + 10 * 365 * DAY
    fiche.latest.saved_at = now() - 2 * 366 * DAY
    db.session.commit()
    assert retention.survey()["brouillons"] == 0, "personne n’est prévenu"
    retention.run()
    told = db.session.scalars(select(Mail).where(Mail.notice == "brouillon_a_effacer")).one()
    assert fiche.latest.title in told.subject
    told.state, told.sent_at = MailState.ENVOYE, now()
    db.session.commit()
    with clock_at(now() + 31 * DAY):
        assert retention.run()["brouillons"] == 1
    db.session.expire_all()
    assert (fiche.state, fiche.latest.document, fiche.latest.title) == (FicheState.ARCHIVEE, {}, "")
    visitor = Visitor(app, nadia)  # what was open has ended since
    assert visitor.see(f"/fiches/{fiche.id}").status_code == 200
    assert "n’ayant jamais été envoyée" in visitor.see(f"/historique/{fiche.id}").text
    make.step(fiche, "desarchiver", nadia)
    assert fiche.latest.content.actions[0].id == "G1"
    assert visitor.see(f"/fiches/{fiche.id}/saisie/structure").status_code == 200
    # A fiche that was sent once: its emptied draft begins with what was sent.
    other = make.fiche_in(RevisionState.A_CORRIGER, nadia, make.moderator())
    make.step(other, "archiver", nadia)
    other.latest.saved_at = now() - 3 * 366 * DAY
    db.session.commit()
    assert retention.run()["brouillons_archives"] == 1
    db.session.expire_all()
    assert other.latest.document == {}
    make.step(other, "desarchiver", nadia)
    assert other.latest.content.formation.intitule == make.complete_content().formation.intitule


def test_the_command_says_first_and_erases_when_told(app):
    alma = make.administrator()
    db.session.add(FailedJob(function="x.y", reason="OSError", failed_at=now() - 31 * DAY))
    db.session.commit()
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["retention"])
    assert dry.exit_code == 0, dry.output
    assert "       1  Les travaux de fond en échec (30 jours après l’échec)" in dry.output
    assert "Rien n’a été effacé" in dry.output
    assert db.session.query(RetentionRun).count() == 0
    with atomic() as session:
        session.add(RetentionRun(started_at=now() - DAY))  # one that was killed
    done = runner.invoke(args=["retention", "--apply"])
    assert "       1  Les travaux de fond en échec" in done.output
    db.session.rollback()
    assert db.session.query(FailedJob).count() == 0
    words = open_page(Visitor(app, alma), "/administration/exploitation/").words()
    assert "Les travaux de fond en échec : 1" in words
    assert "Pas terminé" in words


@pytest.mark.committed
def test_killed_at_any_moment_the_next_run_goes_on(app):
    """For good, by the system: what was committed is counted, what was not is still due."""
    rng, number = random.Random(20261122), 3_000
    make.administrator()
    db.session.execute(
        insert(FailedJob),
        [{"function": "x.y", "arguments": [], "reason": "OSError", "failed_at": now() - 31 * DAY}] * number,
    )
    db.session.commit()
    db.session.remove()
    nursery, killed = Nursery(app), 0
    try:
        for _ in range(12):
            killed += nursery.round("conserver", rng.uniform(0.01, 0.06))
        nursery.round("conserver")
    finally:
        nursery.close()
    assert killed, "aucun passage n’a été interrompu"
    assert db.session.query(FailedJob).count() == 0
    runs = db.session.scalars(select(RetentionRun).order_by(RetentionRun.id)).all()
    assert sum(run.counts.get("travaux_en_echec", 0) for run in runs) == number
    assert runs[-1].ended_at is not None
