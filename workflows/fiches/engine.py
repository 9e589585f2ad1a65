"""The only writer of states.

`apply` locks the fiche, re-reads it, checks the source, the permission, the words and the guard,
sets the state, runs the effect and writes the log, all in the caller's transaction. It flushes and
never commits. Locking the fiche, not the revision, puts all that happens to one entry in one line.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from backoffice.core.dates import day_and_time
from backoffice.core.permissions import Permission, Role
from backoffice.core.snapshot import decision_lock
from backoffice.models import Fiche, FicheState, Revision, RevisionState, Territoire, TransitionLog, User
from backoffice.queries.moderation.reasons import reasons
from workflows.case import Case, Refused
from workflows.moderation.reasons import chosen
from workflows.notices.outbox import tell
from workflows.robot import is_robot

from . import register_alerts
from .transitions import TRANSITIONS, Subject, Transition

PUBLICATION = "publier"
"""Name, in the log, of what approving a revision does to a fiche that was not published."""
MOVED = "changer_territoire"
"""Name, in the log, of what happens to a fiche whose place is now in another territoire."""


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
    """Takes one step. Raises Refused, with nothing changed, when it cannot be taken.

    reason: the code of a reason of the territoire, for the transitions that ask for one.
    """
    transition = TRANSITIONS[name]
    fiche = lock(session, fiche_id)
    revision = next((r for r in fiche.revisions if r.id == revision_id), None)
    if revision is None:
        raise Refused("Cette version de la fiche n’existe pas.")
    case = Case(session, fiche, revision, actor, comment.strip(), to)
    if not authorised(actor, transition.permission, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    if to is not None and not authorised(to, transition.permission, fiche):
        raise Refused(f"{to.name} ne peut pas recevoir cette fiche.")
    source = _state(case, transition)
    if source not in transition.sources:
        raise Refused(_too_late(case, transition))
    if transition.comment and not case.comment and not (transition.excused and transition.excused(case)):
        raise Refused(f"{transition.comment} {_ask(transition)} : la structure la lira.")
    if transition.reasons:
        case.motif = chosen(session, fiche, name, reason)
    elif transition.motif:
        case.motif = reasons(session, fiche.territoire_id)[transition.motif]
    if transition.guard:
        transition.guard(case)
    if transition.effect:
        transition.effect(case)
    row = _move(case, transition, source)
    if case.left is not None:
        _moved(case, case.left)
    session.flush()
    if case.revision.state is not RevisionState.EN_INSTRUCTION:  # what readers see, or will, may be another content
        register_alerts.refresh(session, [fiche.id])
    if notice := case.notice or transition.notice:
        facts = {"motif": case.explanation, **case.facts}
        tell(session, notice, key=str(row.id), actor=actor, fiche=fiche, facts=facts)
    return case


def lock(session: Session, fiche_id: int) -> Fiche:
    """Reads a fiche and its revisions anew, holding its row until the transaction ends."""
    seen = session.identity_map.get(identity_key(Fiche, fiche_id))
    owner = seen.__dict__.get("organisme_id") if seen is not None else None
    decision_lock(session)
    try:
        fiche = session.scalars(
            select(Fiche)
            .where(Fiche.id == fiche_id)
            .with_for_update(of=Fiche)
            .execution_options(populate_existing=True)
        ).one()
    except NoResultFound as error:
        raise Refused("Cette fiche n’existe pas.") from error
    session.scalars(
        select(Revision).where(Revision.fiche_id == fiche_id).execution_options(populate_existing=True)
    ).all()
    session.refresh(fiche, ["revisions"])
    if owner not in (None, fiche.organisme_id):
        _forget_memberships(session)
    return fiche


def _forget_memberships(session: Session) -> None:
    """Its structure was made one with another while we waited: its people have followed, and are read anew."""
    for row in list(session.identity_map.values()):
        if isinstance(row, User):
            session.expire(row, ["memberships"])


def authorised(actor: User, permission: Permission, fiche: Fiche) -> bool:
    """Whether the person holds the permission for this very fiche."""
    if permission is Permission.AUTOMATIC:
        return is_robot(actor)
    if not actor.active or not actor.can(permission):
        return False
    if permission is Permission.WRITE_FICHE:
        return fiche.organisme_id in actor.organisme_ids
    if permission is Permission.MODERATE:
        return fiche.territoire_id in actor.territoire_ids(Role.MODERATEUR)
    return False


def available(actor: User, fiche: Fiche, revision: Revision) -> list[Transition]:
    """What this person may do now: the buttons of a page. Guards are asked only when applied."""
    return [
        transition
        for transition in TRANSITIONS.values()
        if (revision.state if transition.subject is Subject.REVISION else fiche.state) in transition.sources
        and (transition.subject is Subject.REVISION or revision is fiche.latest)
        and authorised(actor, transition.permission, fiche)
    ]


def record(case: Case, name: str, source: str, target: str, *, of_fiche: bool = False) -> TransitionLog:
    """Adds one row to the log."""
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


def _ask(transition: Transition) -> str:
    return "Écrivez au moins une phrase" + (" ou épinglez une remarque" if transition.excused else "")


def _state(case: Case, transition: Transition) -> RevisionState | FicheState:
    return case.revision.state if transition.subject is Subject.REVISION else case.fiche.state


def _move(case: Case, transition: Transition, source: RevisionState | FicheState) -> TransitionLog:
    target = transition.target
    if isinstance(target, FicheState):
        case.fiche.state = target
        return record(case, transition.name, source, target, of_fiche=True)
    case.revision.state = target
    row = record(case, transition.name, source, target)
    if target is RevisionState.VALIDEE and case.fiche.state is FicheState.NON_PUBLIEE:
        case.fiche.state = FicheState.PUBLIEE
        record(case, PUBLICATION, FicheState.NON_PUBLIEE, FicheState.PUBLIEE, of_fiche=True)
    return row


def _moved(case: Case, left: Territoire) -> None:
    """Kept in the log; those who receive a fiche that readers see learn it, the others find it in their queue."""
    here = case.fiche.territoire
    record(
        replace(case, comment=f"De {left.nom} à {here.nom}", motif=None),
        MOVED,
        left.prefixe,
        here.prefixe,
        of_fiche=True,
    )
    if case.revision.state is RevisionState.VALIDEE:
        tell(
            case.session,
            "fiche_arrivee",
            key=str(case.revision.id),
            actor=case.actor,
            fiche=case.fiche,
            facts={"depart": left.nom},
        )


def _too_late(case: Case, transition: Transition) -> str:
    """Who was faster, and that nothing was changed."""
    last = case.session.scalars(
        select(TransitionLog)
        .where(TransitionLog.fiche_id == case.fiche.id, TransitionLog.transition.in_(TRANSITIONS))
        .order_by(TransitionLog.id.desc())
        .limit(1)
    ).first()
    state = _state(case, transition).label.lower()
    if last is None:
        return f"Cette action n’est pas possible : la fiche est dans l’état « {state} ». Rien n’a été changé."
    return (
        f"Cette fiche a déjà été {TRANSITIONS[last.transition].done} par {last.actor.name} "
        f"{day_and_time(last.at)}. Votre action n’a donc pas été enregistrée et rien n’a été changé."
    )
