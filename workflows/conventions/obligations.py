"""The only writer of obligations and of their history.

`TRANSITIONS` declares what may happen to an obligation, from which states, and who may do it. `apply` locks
the convention, re-reads it, checks all that, writes the event, then makes the row say what its events say:
`after` is the one function from an event to a state, for one step as for a whole life (`replay`).
It flushes and never commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import day_and_time
from backoffice.core.permissions import Permission
from backoffice.models import Convention, Obligation, ObligationEvent, ObligationKind, ObligationState, User
from backoffice.models.conventions.obligation import WAITED, Proof
from backoffice.reference.programmes import obligations as rules
from workflows.case import Refused
from workflows.robot import is_robot

_K, _S = ObligationKind, ObligationState
_BY_PEOPLE = (_K.REFUGIES_INFO, _K.PNE)
_FUNDER = (Permission.FUND,)
_BOTH = (Permission.WRITE_FICHE, Permission.FUND)
_ITSELF = (Permission.AUTOMATIC,)


@dataclass(frozen=True)
class Transition:
    """One thing that happens to an obligation.

    label: on the button; done: in the history, after «L’obligation a été»; target: None when only something is
    noted and the state stays. permissions: any of them will do. comment: what the person is asked, "" when
    nothing must be said. proof: keys that must be given, by kind. dated: it sets the day by which it is due.
    """

    name: str
    label: str
    done: str
    kinds: tuple[ObligationKind, ...]
    sources: tuple[ObligationState, ...]
    target: ObligationState | None
    permissions: tuple[Permission, ...]
    comment: str = ""
    proof: Mapping[ObligationKind, tuple[str, ...]] | None = None
    dated: bool = False


_ALL, _ANY = tuple(ObligationKind), tuple(ObligationState)
OPEN = "ouvrir"
"""Name of the first event of each history."""

_TABLE = (
    # The map: computed from the flows, never declared. See workflows.conventions.on_map.
    Transition(
        "constater",
        "Constater sur la carte",
        "Vue sur la carte nationale",
        (_K.CARTE,),
        (_S.A_FOURNIR, _S.VERIFIEE),
        _S.VERIFIEE,
        _ITSELF,
        proof={_K.CARTE: ("date", "numero", "lien")},
    ),
    Transition(
        "retirer",
        "Constater l’absence de la carte",
        "N’est plus sur la carte nationale",
        (_K.CARTE,),
        (_S.VERIFIEE,),
        _S.A_FOURNIR,
        _ITSELF,
    ),
    # Réfugiés.info and the survey: said by the structure or the funder, checked by the funder.
    Transition(
        "declarer",
        "Déclarer",
        "Déclarée",
        _BY_PEOPLE,
        (_S.A_FOURNIR, _S.DECLAREE, _S.NON_CONFORME),
        _S.DECLAREE,
        _BOTH,
        proof={_K.REFUGIES_INFO: ("adresse",), _K.PNE: ("repondu",)},
    ),
    Transition(
        "verifier",
        "Marquer comme vérifiée",
        "Vérifiée",
        _BY_PEOPLE,
        (_S.A_FOURNIR, _S.DECLAREE, _S.VERIFIEE),
        _S.VERIFIEE,
        _FUNDER,
        proof={_K.REFUGIES_INFO: ("adresse", "date"), _K.PNE: ("verifie",)},
    ),
    Transition(
        "signaler",
        "Signaler comme non conforme",
        "Signalée comme non conforme",
        _ALL,
        (_S.DECLAREE, _S.VERIFIEE),
        _S.NON_CONFORME,
        _FUNDER,
        comment="Qu’est-ce qui n’est pas conforme ?",
    ),
    Transition(
        "redemander",
        "Redemander",
        "Redemandée",
        _ALL,
        (_S.DECLAREE, _S.NON_CONFORME),
        _S.A_FOURNIR,
        _FUNDER,
    ),
    Transition(
        "dispenser",
        "Dispenser de cette obligation",
        "Dispensée",
        _ALL,
        (_S.A_FOURNIR, _S.DECLAREE, _S.VERIFIEE, _S.NON_CONFORME),
        _S.SANS_OBJET,
        _FUNDER,
        comment="Pourquoi n’est-elle pas due ?",
    ),
    Transition(
        "exiger",
        "Demander quand même",
        "Demandée de nouveau",
        _ALL,
        (_S.SANS_OBJET,),
        _S.A_FOURNIR,
        _FUNDER,
    ),
    # Whether a page on Réfugiés.info is due follows from the convention or from the publics of its fiches.
    Transition(
        "ecarter",
        "Constater qu’elle n’est pas due",
        "N’est pas due",
        (_K.REFUGIES_INFO,),
        (_S.A_FOURNIR,),
        _S.SANS_OBJET,
        _ITSELF,
        comment="Pourquoi n’est-elle pas due ?",
    ),
    Transition(
        "reclamer",
        "Constater qu’elle est due",
        "Devient due",
        (_K.REFUGIES_INFO,),
        (_S.SANS_OBJET,),
        _S.A_FOURNIR,
        _ITSELF,
    ),
    Transition(
        "reporter",
        "Changer l’échéance",
        "Échéance changée",
        _ALL,
        WAITED,
        None,
        _FUNDER,
        comment="Pour quelle raison ?",
        dated=True,
    ),
    # What is only noted.
    Transition("relancer", "Relancer", "Relance envoyée", _ALL, (*WAITED, _S.DECLAREE), None, _FUNDER),
    Transition(
        "envoyer_questionnaire",
        "Noter l’envoi du questionnaire",
        "Questionnaire envoyé",
        (_K.PNE,),
        (*WAITED, _S.DECLAREE),
        None,
        _FUNDER,
        proof={_K.PNE: ("envoye",)},
    ),
    Transition(
        "demander_adresse",
        "Demander la confirmation de l’adresse",
        "Confirmation de l’adresse demandée",
        (_K.PNE,),
        _ANY,
        None,
        (*_FUNDER, *_ITSELF),
    ),
    Transition(
        "confirmer_adresse",
        "Confirmer l’adresse",
        "Adresse confirmée par le lien reçu",
        (_K.PNE,),
        _ANY,
        None,
        _ITSELF,
    ),
    Transition(
        "changer_adresse",
        "Changer l’adresse",
        "Adresse changée",
        (_K.PNE,),
        _ANY,
        None,
        (*_BOTH, *_ITSELF),
    ),
    Transition(
        "noter_retour",
        "Noter que l’e-mail est revenu",
        "E-mail revenu",
        (_K.PNE,),
        _ANY,
        None,
        (*_FUNDER, *_ITSELF),
    ),
    Transition(
        "rappeler",
        "Rappeler de vérifier la page",
        "Vérification à refaire, le financeur est prévenu",
        (_K.REFUGIES_INFO,),
        (_S.VERIFIEE,),
        None,
        _ITSELF,
    ),
)

TRANSITIONS: dict[str, Transition] = {transition.name: transition for transition in _TABLE}

DONE = {OPEN: "Demandée", **{transition.name: transition.done for transition in _TABLE}}
"""What each name in the history means."""

LASTING = ("envoye",)
"""Keys of the proof that stay when the obligation is asked for again."""


@dataclass(frozen=True)
class Standing:
    """What an obligation is at one moment: all that its history decides."""

    state: ObligationState
    due_on: date | None = None
    proof: Proof | None = None
    comment: str = ""
    changed_at: datetime | None = None
    changed_by_id: int | None = None


def after(standing: Standing | None, event: ObligationEvent) -> Standing:
    """What the event makes of it. A noted event may add a date or a proof, no more."""
    due_on = event.due_on or (standing.due_on if standing else None)
    before = (standing.proof if standing else None) or {}
    moves = event.transition == OPEN or TRANSITIONS[event.transition].target is not None
    if not moves:
        assert standing is not None
        adds = TRANSITIONS[event.transition].proof is not None
        proof = {**before, **(event.proof or {})} if adds else standing.proof
        return Standing(standing.state, due_on, proof, standing.comment, standing.changed_at, standing.changed_by_id)
    kept = {key: value for key, value in before.items() if key in LASTING} if event.target is _S.A_FOURNIR else before
    explained = event.target in (_S.NON_CONFORME, _S.SANS_OBJET)
    return Standing(
        event.target,
        due_on,
        {**kept, **(event.proof or {})} or None,
        event.comment if explained else "",
        event.at,
        event.actor_id,
    )


def replay(events: Iterable[ObligationEvent]) -> Standing:
    """What a whole history, in its order, makes of an obligation."""
    standing = None
    for event in events:
        standing = after(standing, event)
    assert standing is not None, "chaque obligation commence par un événement"
    return standing


def standing_of(row: Obligation) -> Standing:
    """What the row says, to be compared with what its history says."""
    return Standing(row.state, row.due_on, row.proof, row.comment, row.changed_at, row.changed_by_id)


def open_all(session: Session, convention: Convention, actor: User) -> None:
    """The three obligations of a new convention, each with the first event of its history."""
    for kind in ObligationKind:
        row = Obligation(
            kind=kind, convention_id=convention.id, state=_S.A_FOURNIR, changed_at=now(), changed_by_id=actor.id
        )
        convention.obligations.append(row)
        session.flush()
        due_on = rules()[kind].due_in(convention.annee)
        _write(session, row, None, ObligationEvent(transition=OPEN, target=_S.A_FOURNIR, due_on=due_on), actor)


def apply(
    session: Session,
    name: str,
    *,
    obligation_id: int,
    actor: User,
    comment: str = "",
    proof: Proof | None = None,
    due_on: date | None = None,
) -> Obligation:
    """Takes one step. Raises Refused, with nothing changed, when it cannot be taken."""
    transition = TRANSITIONS[name]
    row = _locked(session, obligation_id)
    comment = comment.strip()
    if row.kind not in transition.kinds or not authorised(actor, transition, row.convention):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette obligation.")
    if row.state not in transition.sources:
        raise Refused(
            f"Cette obligation est dans l’état « {row.state.label} » depuis {day_and_time(row.changed_at)} "
            f"({row.changed_by.name}). Votre action n’a pas été enregistrée et rien n’a été changé."
        )
    if transition.comment and not comment:
        raise Refused(f"{transition.comment} Écrivez au moins une phrase.")
    if transition.dated and due_on is None:
        raise Refused("Donnez la nouvelle échéance.")
    told = {**(row.proof or {}), **(proof or {})}
    if transition.proof and not (proof and all(told.get(key) for key in transition.proof[row.kind])):
        raise Refused("La preuve est incomplète : dites où elle se trouve et de quand elle date.")
    event = ObligationEvent(
        transition=name,
        target=transition.target or row.state,
        comment=comment,
        proof=proof or None,
        due_on=due_on if transition.dated else None,
    )
    _write(session, row, standing_of(row), event, actor)
    return row


def available(actor: User, row: Obligation) -> list[Transition]:
    """What this person may do now: the buttons of a page."""
    return [
        transition
        for transition in TRANSITIONS.values()
        if row.kind in transition.kinds
        and row.state in transition.sources
        and authorised(actor, transition, row.convention)
    ]


def authorised(actor: User, transition: Transition, convention: Convention) -> bool:
    """Whether the person holds one of the permissions for this very convention."""
    return any(_holds(actor, permission, convention) for permission in transition.permissions)


def _holds(actor: User, permission: Permission, convention: Convention) -> bool:
    if permission is Permission.AUTOMATIC:
        return is_robot(actor)
    if not actor.active or not actor.can(permission):
        return False
    if permission is Permission.FUND:
        return actor.funds(convention.territoire_id, convention.programme, convention.departement)
    return convention.organisme_id is not None and convention.organisme_id in actor.organisme_ids


def lock(session: Session, convention_id: int) -> Convention:
    """Reads a convention and its obligations anew, holding its row until the transaction ends."""
    try:
        convention = session.scalars(
            select(Convention)
            .where(Convention.id == convention_id)
            .with_for_update(of=Convention)
            .execution_options(populate_existing=True)
        ).one()
    except NoResultFound as error:
        raise Refused("Cette convention n’existe pas.") from error
    session.scalars(
        select(Obligation).where(Obligation.convention_id == convention_id).execution_options(populate_existing=True)
    ).all()
    session.refresh(convention, ["obligations", "ties"])
    return convention


def _locked(session: Session, obligation_id: int) -> Obligation:
    convention_id = session.scalar(select(Obligation.convention_id).where(Obligation.id == obligation_id))
    if convention_id is None:
        raise Refused("Cette obligation n’existe pas.")
    convention = lock(session, convention_id)
    return next(row for row in convention.obligations if row.id == obligation_id)


def _write(session: Session, row: Obligation, standing: Standing | None, event: ObligationEvent, actor: User) -> None:
    event.obligation_id, event.actor_id, event.at = row.id, actor.id, now()
    event.source = standing.state if standing else None
    session.add(event)
    then = after(standing, event)
    assert then.changed_at is not None
    assert then.changed_by_id is not None
    row.state, row.due_on, row.proof, row.comment = then.state, then.due_on, then.proof, then.comment
    row.changed_at, row.changed_by_id = then.changed_at, then.changed_by_id
    session.flush()
