"""The engine of fiches: the only writer of their states.

`apply` locks and reloads the fiche, then takes one transition of the table (`transitions`) through `FICHES`, in the
caller's transaction, without commit. Locking the fiche, not the revision, serialises every change to one fiche.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.util import identity_key

from backoffice.core.dates import day_and_time
from backoffice.core.permissions import Permission, Role
from backoffice.core.snapshot import decision_lock
from backoffice.models import Fiche, FicheState, Revision, RevisionState, Territoire, TransitionLog, User
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.reasons import reasons
from workflows.case import Case, Refused
from workflows.engine import Machine, read_locked
from workflows.moderation.reasons import chosen
from workflows.notices.outbox import tell

from . import register_alerts
from .transitions import TABLE, TRANSITIONS, Subject, TransitionRow


class _Fiches(Machine[Case, RevisionState | FicheState, Fiche]):
    refusal = "Vous n’avez pas le droit de faire cela sur cette fiche."

    def owner(self, case: Case) -> Fiche:
        return case.fiche

    def reaches(self, actor: User, permission: Permission, owner: Fiche) -> bool:
        if permission is Permission.WRITE_FICHE:
            return owner.organisme_id in actor.organisme_ids
        return permission is Permission.MODERATE and owner.territoire_id in actor.territoire_ids(Role.MODERATEUR)

    def state(self, transition: TransitionRow, case: Case) -> RevisionState | FicheState:
        return case.revision.state if Subject.REVISION in transition.kinds else case.fiche.state

    def too_late(self, transition: TransitionRow, case: Case) -> str:
        """Names the last transition and its actor, and states that nothing was changed."""
        last = case.session.scalars(
            select(TransitionLog)
            .where(TransitionLog.fiche_id == case.fiche.id, TransitionLog.transition.in_(TRANSITIONS))
            .order_by(TransitionLog.id.desc())
            .limit(1)
        ).first()
        if last is None:
            state = self.state(transition, case).label.lower()
            return f"Cette action n’est pas possible : la fiche est dans l’état « {state} ». Rien n’a été changé."
        return (
            f"Cette fiche a déjà été {TRANSITIONS[last.transition].done} par {last.actor.name} "
            f"{day_and_time(last.at)}. Votre action n’a donc pas été enregistrée et rien n’a été changé."
        )

    def question(self, transition: TransitionRow) -> str:
        pinned = " ou épinglez une remarque" if transition.excused else ""
        return f"Écrivez au moins une phrase{pinned} : la structure la lira."

    def settle(self, transition: TransitionRow, case: Case) -> None:
        if case.to is not None and not self.allows(case.to, transition, case.fiche):
            raise Refused(f"{case.to.name} ne peut pas recevoir cette fiche.")
        if transition.reasons:
            case.motif = chosen(case.session, case.fiche, transition.name, case.reason)
        elif transition.motif:
            case.motif = reasons(case.session, case.fiche.territoire_id)[transition.motif]

    def write(self, transition: TransitionRow, case: Case, source: RevisionState | FicheState) -> int:
        target = transition.target
        assert target is not None
        if isinstance(target, FicheState):
            case.fiche.state = target
        else:
            case.revision.state = target
        row = _log(case, transition.name, source, target, of_fiche=isinstance(target, FicheState))
        if target is RevisionState.VALIDEE and case.fiche.state is FicheState.NON_PUBLIEE:
            case.fiche.state = FicheState.PUBLIEE
            _log(case, FicheTransition.PUBLIER, FicheState.NON_PUBLIEE, FicheState.PUBLIEE, of_fiche=True)
        if case.left is not None:
            _moved(case, case.left)
        case.session.flush()
        if case.revision.state is not RevisionState.EN_INSTRUCTION:  # the published or future content may have changed
            register_alerts.refresh(case.session, [case.fiche.id])
        return row.id

    def tell(self, notice: str, key: str, case: Case) -> None:
        facts = {"motif": case.explanation, **case.facts}
        tell(case.session, notice, key=key, actor=case.actor, fiche=case.fiche, facts=facts)


FICHES = _Fiches(TABLE)


def apply(
    session: Session,
    name: str,
    *,
    fiche_id: int,
    revision_id: int,
    actor: User,
    comment: str = "",
    to: User | None = None,
    reason: str = "",
) -> Case:
    """Applies one transition. Raises Refused, with nothing changed, when it is not allowed.

    reason: code of a reason of the territoire, for the transitions that require one.
    """
    fiche = lock(session, fiche_id)
    revision = next((r for r in fiche.revisions if r.id == revision_id), None)
    if revision is None:
        raise Refused("Cette version de la fiche n’existe pas.")
    case = Case(session, fiche, revision, actor, comment.strip(), to, reason)
    FICHES.take(name, case)
    return case


def lock(session: Session, fiche_id: int) -> Fiche:
    """Takes the decision lock, then reloads a fiche and its revisions under a row lock. Raises Refused if unknown."""
    seen = session.identity_map.get(identity_key(Fiche, fiche_id))
    owner = seen.__dict__.get("organisme_id") if seen is not None else None
    decision_lock(session)
    fiche = read_locked(session, Fiche, Fiche.id == fiche_id, Fiche.revisions, missing="Cette fiche n’existe pas.")
    if owner not in (None, fiche.organisme_id):
        _forget_memberships(session)
    return fiche


def _forget_memberships(session: Session) -> None:
    """Expires loaded memberships: the structure was merged while we waited, so they have moved."""
    for row in list(session.identity_map.values()):
        if isinstance(row, User):
            session.expire(row, ["memberships"])


def authorised(actor: User, permission: Permission, fiche: Fiche) -> bool:
    """Whether the actor holds the permission on this fiche."""
    return FICHES.holds(actor, permission, fiche)


def available(actor: User, fiche: Fiche, revision: Revision) -> list[TransitionRow]:
    """Transitions the actor may take now: the buttons of a page. Guards are not run; `apply` runs them."""
    session = object_session(fiche)
    assert session is not None
    return [
        transition
        for transition in FICHES.available(Case(session, fiche, revision, actor))
        if Subject.REVISION in transition.kinds or revision is fiche.latest
    ]


def record(case: Case, name: str, source: str, target: str, *, of_fiche: bool = False) -> None:
    """Logs an event that is not a transition, and sends its notice."""
    row = _log(case, name, source, target, of_fiche=of_fiche)
    case.session.flush()
    FICHES.tell_event(name, case, row.id)


def _log(case: Case, name: str, source: str, target: str, *, of_fiche: bool) -> TransitionLog:
    row = TransitionLog(
        at=case.at,
        actor_id=case.actor.id,
        fiche_id=case.fiche.id,
        revision_id=None if of_fiche else case.revision.id,
        transition=name,
        source=source,
        target=target,
        comment=case.comment or None,
        motif=case.motif.said if case.motif else None,
    )
    case.session.add(row)
    return row


def _moved(case: Case, left: Territoire) -> None:
    """Logs the change of territoire. Moderators are notified for an approved revision only; others are in the queue."""
    here = case.fiche.territoire
    record(
        replace(case, comment=f"De {left.nom} à {here.nom}", motif=None, facts={"depart": left.nom}),
        FicheTransition.CHANGER_TERRITOIRE,
        left.prefixe,
        here.prefixe,
        of_fiche=True,
    )
