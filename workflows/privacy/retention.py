"""Applies the retention periods of `backoffice/reference/conservation.toml` each night.

Each kind of the file has one rule here. A rule works in batches, each in its own transaction with its count: a run
that is killed is continued by the next one, and a second run has nothing to do. No rule touches published or submitted
content, the transition log or the obligations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    inspect,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.transactions import atomic
from backoffice.models import (
    Assignment,
    ContactRequest,
    Convention,
    Erasure,
    FailedJob,
    Fiche,
    FicheState,
    ImportJob,
    ImportLine,
    Invitation,
    JoinRequest,
    Link,
    Login,
    LoginEvent,
    Mail,
    MailState,
    Membership,
    Notification,
    Proof,
    RetentionNotice,
    RetentionRun,
    Revision,
    RevisionState,
    Support,
    User,
)
from backoffice.models.base import Model
from backoffice.models.transition_names import FicheTransition
from backoffice.reference.retention import Period, conservation
from workflows.fiches.engine import apply as step
from workflows.fiches.engine import lock
from workflows.fiches.operations import forget
from workflows.flux import file_checks
from workflows.importing import stored
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell
from workflows.robot import ADDRESS, robot

from .erasure import erase
from .holding import BLANK_MAIL, BLANK_TEXT, NO_ADDRESS

BATCH = 200
LEFT = (MailState.REMIS, MailState.ENVOYE, MailState.INCERTAIN, MailState.REFUSE)
"""States of an e-mail that was handed to a server, delivered or not."""


def survey(at: datetime | None = None) -> dict[str, int]:
    """Number of items that a run would process at this instant, by kind. Writes nothing."""
    at = at or now()
    with atomic() as session:
        return {kind: RULES[kind].count(session, period, at) for kind, period in conservation().items()}


def run() -> dict[str, int]:
    """The nightly job. Returns the number of items processed, by kind."""
    at = now()
    with atomic() as session:
        robot(session)
        made = RetentionRun(started_at=at)
        session.add(made)
        session.flush()
        run_id = made.id
    for kind, period in conservation().items():
        RULES[kind].warn(period, at)
        while _batch(run_id, RULES[kind], period, at):
            pass
    with atomic() as session:
        ended = session.get_one(RetentionRun, run_id)
        ended.ended_at = now()
        return dict(ended.counts)


def _batch(run_id: int, rule: Rule, period: Period, at: datetime) -> int:
    with atomic() as session:
        done = rule.batch(session, period, at, BATCH)
        if done:
            told = session.get_one(RetentionRun, run_id)
            told.counts = {**told.counts, period.kind: told.counts.get(period.kind, 0) + done}
    return done


class Rule(Protocol):
    """count: number of items due. batch: processes at most `limit` of them, returns how many; 0 when none is left.

    warn: notifies the owners who must be told beforehand, in its own transactions.
    """

    def count(self, session: Session, period: Period, at: datetime) -> int: ...

    def batch(self, session: Session, period: Period, at: datetime, limit: int) -> int: ...

    def warn(self, period: Period, at: datetime) -> None: ...


Due = Callable[[datetime], ColumnElement[bool]]
"""SQL condition: the period of a row is over. Argument: the instant before which it is (now minus the period)."""


@dataclass(frozen=True)
class Rows:
    """Rows that one statement deletes or, with `values`, updates. An updated row must no longer be due."""

    model: type[Model]
    due: Due
    values: Mapping[str, Any] | None = None

    def count(self, session: Session, period: Period, at: datetime) -> int:
        return session.scalar(select(func.count()).select_from(self.model).where(self.due(period.before(at)))) or 0

    def batch(self, session: Session, period: Period, at: datetime, limit: int) -> int:
        keys = inspect(self.model).primary_key
        due = self.due(period.before(at))
        some = select(*keys).where(due).order_by(*keys).limit(limit)
        order = delete(self.model) if self.values is None else update(self.model).values(self.values)
        changed = session.execute(
            order.where(tuple_(*keys).in_(some), due).execution_options(synchronize_session=False)
        )
        assert isinstance(changed, CursorResult)
        return changed.rowcount

    def warn(self, period: Period, at: datetime) -> None:
        """Notifies nobody: the page «Confidentialité» states the period."""


@dataclass(frozen=True)
class Files:
    """Files of the instance folder: `due` counts those due, `forget` deletes at most `limit` of them."""

    due: Callable[[Session, datetime], int]
    forget: Callable[[Session, datetime, int], int]

    def count(self, session: Session, period: Period, at: datetime) -> int:
        return self.due(session, period.before(at))

    def batch(self, session: Session, period: Period, at: datetime, limit: int) -> int:
        return self.forget(session, period.before(at), limit)

    def warn(self, period: Period, at: datetime) -> None:
        """Notifies nobody, as for Rows."""


class Told:
    """Items erased `period.warning` after an e-mail sent to the owner, or without notice if nobody can be notified."""

    model: Any

    def count(self, session: Session, period: Period, at: datetime) -> int:
        due = select(func.count()).select_from(self.owned(period, at).subquery())
        return session.scalar(due) or 0

    def owned(self, period: Period, at: datetime) -> Select[Any]:
        """Query of the ids that are due: notified long enough ago and the e-mail sent, or nobody to notify."""
        told = exists().where(
            RetentionNotice.kind == period.kind,
            RetentionNotice.subject == self.model.id,
            RetentionNotice.since == self.since(),
            RetentionNotice.told_at <= at - period.warning,
        )
        ready = or_(and_(told, self.left()), ~self.reachable())
        return self.kept().where(self.since() <= period.before(at), ready)

    def batch(self, session: Session, period: Period, at: datetime, limit: int) -> int:
        ids = session.scalars(self.owned(period, at).order_by(self.model.id).limit(limit)).all()
        for id_ in ids:
            self.erase(session, id_)
        gone = RetentionNotice.kind == period.kind, RetentionNotice.subject.in_(ids)
        session.execute(delete(RetentionNotice).where(*gone))
        return len(ids)

    def warn(self, period: Period, at: datetime) -> None:
        """Notifies each owner once, as soon as less than `period.warning` is left."""
        known = exists().where(
            RetentionNotice.kind == period.kind,
            RetentionNotice.subject == self.model.id,
            RetentionNotice.since == self.since(),
        )
        soon = self.since() <= period.before(at) + period.warning
        query = self.kept().where(soon, ~known, self.reachable()).order_by(self.model.id).limit(BATCH)
        while True:
            with atomic() as session:
                ids = session.scalars(query).all()
                for id_ in ids:
                    since = session.scalars(select(self.since()).where(self.model.id == id_)).one()
                    day = max(since + (at - period.before(at)), at + period.warning)
                    self.tell(session, id_, since, long_day(local_day(day + timedelta(days=1))))
                    session.merge(RetentionNotice(kind=period.kind, subject=id_, since=since, told_at=at))
            if len(ids) < BATCH:
                return

    def kept(self) -> Select[Any]:
        """Query of the ids in the scope of the rule, whatever their age."""
        raise NotImplementedError

    def since(self) -> ColumnElement[datetime]:
        """The instant from which the period is counted. New activity moves it and starts a new period."""
        raise NotImplementedError

    def reachable(self) -> ColumnElement[bool]:
        """SQL condition: there is somebody to notify."""
        raise NotImplementedError

    def left(self) -> ColumnElement[bool]:
        """SQL condition: the notification e-mail was sent. While e-mails stay in the outbox, nothing is erased."""
        raise NotImplementedError

    def tell(self, session: Session, id_: int, since: datetime, day: str) -> None:
        raise NotImplementedError

    def erase(self, session: Session, id_: int) -> None:
        raise NotImplementedError


class Accounts(Told):
    """Inactive accounts of structures. An administrator decides for moderators, funders and administrators."""

    model = User

    def since(self) -> ColumnElement[datetime]:
        return func.coalesce(User.seen_at, User.created_at)

    def kept(self) -> Select[Any]:
        serves = exists().where(Assignment.user_id == User.id)
        erased = exists().where(Erasure.account_id == User.id)
        return select(User.id).where(
            ~or_(User.demonstration, User.administrator, User.email == ADDRESS, serves, erased)
        )

    def reachable(self) -> ColumnElement[bool]:
        return User.active.is_(True)

    def left(self) -> ColumnElement[bool]:
        return exists().where(Mail.user_id == User.id, Mail.notice == "compte_inactif", Mail.state.in_(LEFT))

    def tell(self, session: Session, id_: int, since: datetime, day: str) -> None:
        user = session.get_one(User, id_)
        to = Addressee(user.email, user.name, user.id, not user.password_hash)
        tell(session, "compte_inactif", key=f"{id_} {since:%Y%m%d%H%M%S}", to=[to], facts={"jour": day})

    def erase(self, session: Session, id_: int) -> None:
        erase(session, id_, robot(session))


class Drafts(Told):
    """Drafts of fiches that were never submitted."""

    model = Revision

    def since(self) -> ColumnElement[datetime]:
        return Revision.saved_at.expression

    def kept(self) -> Select[Any]:
        return (
            select(Revision.id)
            .join(Fiche, Fiche.id == Revision.fiche_id)
            .where(
                Revision.state == RevisionState.BROUILLON,
                Fiche.numero.is_(None),
                Fiche.state == FicheState.NON_PUBLIEE,
            )
        )

    def reachable(self) -> ColumnElement[bool]:
        people = Membership.organisme_id == Fiche.organisme_id, User.id == Membership.user_id
        return exists().where(*people, User.active)

    def left(self) -> ColumnElement[bool]:
        told = Mail.fiche_id == Revision.fiche_id, Mail.notice == "brouillon_a_effacer"
        return exists().where(*told, Mail.state.in_(LEFT))

    def tell(self, session: Session, id_: int, since: datetime, day: str) -> None:
        fiche = session.get_one(Revision, id_).fiche
        tell(session, "brouillon_a_effacer", key=f"{id_} {since:%Y%m%d%H%M%S}", fiche=fiche, facts={"jour": day})

    def erase(self, session: Session, id_: int) -> None:
        fiche_id = session.get_one(Revision, id_).fiche_id
        done = step(session, FicheTransition.OUBLIER, fiche_id=fiche_id, revision_id=id_, actor=robot(session))
        forget(done.revision)


class ArchivedDrafts:
    """Drafts of archived fiches: emptied under the lock of the fiche."""

    def _due(self, period: Period, at: datetime) -> Select[Any]:
        return (
            select(Revision.id)
            .join(Fiche, Fiche.id == Revision.fiche_id)
            .where(
                Revision.state == RevisionState.BROUILLON,
                Fiche.state == FicheState.ARCHIVEE,
                Revision.saved_at <= period.before(at),
                or_(cast(Revision.document, Text) != "{}", cast(Revision.pending, Text) != "{}"),
            )
        )

    def count(self, session: Session, period: Period, at: datetime) -> int:
        return session.scalar(select(func.count()).select_from(self._due(period, at).subquery())) or 0

    def batch(self, session: Session, period: Period, at: datetime, limit: int) -> int:
        rows = session.scalars(self._due(period, at).order_by(Revision.id).limit(limit)).all()
        for id_ in rows:
            fiche = lock(session, session.get_one(Revision, id_).fiche_id)
            if fiche.state is FicheState.ARCHIVEE:
                forget(session.get_one(Revision, id_))
        session.flush()
        return len(rows)

    def warn(self, period: Period, at: datetime) -> None:
        """Notifies nobody: whoever archived the fiche no longer needs its draft."""


def _ended_year(before: datetime) -> ColumnElement[bool]:
    return and_(Convention.contact_pne != "", Convention.annee < local_day(before).year)


NO_CONTACT = {"contact_pne": "", "contact_confirmed_at": None, "contact_bounced_at": None, "contact_bounce": ""}

RULES: dict[str, Rule] = {
    "comptes_inactifs": Accounts(),
    "brouillons": Drafts(),
    "connexions": Rows(Login, lambda before: Login.expires_at <= before),
    "journal_connexions": Rows(LoginEvent, lambda before: LoginEvent.at <= before),
    "preuves": Rows(Proof, lambda before: Proof.expires_at <= before),
    "liens": Rows(
        Link,
        lambda before: and_(
            Link.user_id.is_not(None),
            or_(Link.expires_at <= before, and_(Link.single_use, Link.used_at <= before)),
        ),
    ),
    "liens_sans_suite": Rows(Link, lambda before: and_(Link.user_id.is_(None), Link.expires_at <= before)),
    "invitations": Rows(
        Invitation,
        lambda before: or_(
            Invitation.closed_at <= before, and_(Invitation.closed_at.is_(None), Invitation.expires_at <= before)
        ),
    ),
    "demandes_rejoindre": Rows(JoinRequest, lambda before: JoinRequest.closed_at <= before),
    "demandes_adresse": Rows(ContactRequest, lambda before: ContactRequest.expires_at <= before),
    "textes_courriels": Rows(
        Mail,
        lambda before: and_(Mail.created_at <= before, or_(Mail.text != "", Mail.html != "")),
        BLANK_TEXT,
    ),
    "adresses_courriels": Rows(
        Mail, lambda before: and_(Mail.created_at <= before, Mail.address != NO_ADDRESS), BLANK_MAIL
    ),
    "avis_lus": Rows(Notification, lambda before: Notification.read_at <= before),
    "avis_non_lus": Rows(
        Notification, lambda before: and_(Notification.read_at.is_(None), Notification.created_at <= before)
    ),
    "fichiers_importes": Files(stored.old_files, stored.forget_files),
    "lignes_importees": Rows(
        ImportLine,
        lambda before: ImportLine.job_id.in_(select(ImportJob.id).where(ImportJob.moved_at <= before)),
    ),
    "fichiers_verifies": Files(lambda _, before: len(file_checks.old_files(before)), file_checks.purge),
    "structures_porteuses": Rows(Support, lambda before: and_(Support.accepted.is_(None), Support.asked_at <= before)),
    "adresses_enquete": Rows(Convention, _ended_year, NO_CONTACT),
    "brouillons_archives": ArchivedDrafts(),
    "travaux_en_echec": Rows(FailedJob, lambda before: FailedJob.failed_at <= before),
}
"""One rule for each kind of conservation.toml."""
