"""Transition table of obligations: kinds, source states and permissions of each transition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission
from backoffice.models import Obligation, ObligationKind, ObligationState, User
from backoffice.models.conventions.obligation import WAITED, Proof
from backoffice.models.transition_names import ObligationTransition
from workflows.engine import Event, Table, Transition
from workflows.notices.audiences import Addressee, Fact


@dataclass
class ObligationCase:
    """One locked obligation, the actor and the inputs. to, facts: for the notice of the transition."""

    session: Session
    row: Obligation
    actor: User
    comment: str = ""
    proof: Proof | None = None
    due_on: date | None = None
    to: Sequence[Addressee] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)


TransitionRow = Transition[ObligationCase, ObligationState]

_K, _S = ObligationKind, ObligationState
_BY_PEOPLE = (_K.REFUGIES_INFO, _K.PNE)
_FUNDER = (Permission.FUND,)
_BOTH = (Permission.WRITE_FICHE, Permission.FUND)
_ITSELF = (Permission.AUTOMATIC,)
_ALL, _ANY = tuple(ObligationKind), tuple(ObligationState)
_TRANSITIONS = (
    # On the map: computed from the flows, never declared. See workflows.conventions.on_map.
    TransitionRow(
        ObligationTransition.CONSTATER,
        "Constater sur la carte",
        "Envoyée à la carte nationale dans un flux",
        (_K.CARTE,),
        (_S.A_FOURNIR, _S.VERIFIEE),
        _S.VERIFIEE,
        _ITSELF,
        proof={_K.CARTE: ("date", "numero", "lien")},
    ),
    TransitionRow(
        ObligationTransition.RETIRER,
        "Constater l’absence de la carte",
        "N’est plus envoyée à la carte nationale",
        (_K.CARTE,),
        (_S.VERIFIEE,),
        _S.A_FOURNIR,
        _ITSELF,
    ),
    # Réfugiés.info and the survey: declared by the structure or the funder, checked by the funder.
    TransitionRow(
        ObligationTransition.DECLARER,
        "Déclarer",
        "Déclarée",
        _BY_PEOPLE,
        (_S.A_FOURNIR, _S.DECLAREE, _S.NON_CONFORME),
        _S.DECLAREE,
        _BOTH,
        proof={_K.REFUGIES_INFO: ("adresse",), _K.PNE: ("repondu",)},
    ),
    TransitionRow(
        ObligationTransition.VERIFIER,
        "Marquer comme vérifiée",
        "Vérifiée",
        _BY_PEOPLE,
        (_S.A_FOURNIR, _S.DECLAREE, _S.VERIFIEE),
        _S.VERIFIEE,
        _FUNDER,
        proof={_K.REFUGIES_INFO: ("adresse", "date"), _K.PNE: ("verifie",)},
    ),
    TransitionRow(
        ObligationTransition.SIGNALER,
        "Signaler comme non conforme",
        "Signalée comme non conforme",
        _ALL,
        (_S.DECLAREE, _S.VERIFIEE),
        _S.NON_CONFORME,
        _FUNDER,
        comment="Qu’est-ce qui n’est pas conforme ?",
    ),
    TransitionRow(
        ObligationTransition.REDEMANDER,
        "Redemander",
        "Redemandée",
        _ALL,
        (_S.DECLAREE, _S.NON_CONFORME),
        _S.A_FOURNIR,
        _FUNDER,
    ),
    TransitionRow(
        ObligationTransition.DISPENSER,
        "Dispenser de cette obligation",
        "Dispensée",
        _ALL,
        (_S.A_FOURNIR, _S.DECLAREE, _S.VERIFIEE, _S.NON_CONFORME),
        _S.SANS_OBJET,
        _FUNDER,
        comment="Pourquoi n’est-elle pas due ?",
    ),
    TransitionRow(
        ObligationTransition.EXIGER,
        "Demander quand même",
        "Demandée de nouveau",
        _ALL,
        (_S.SANS_OBJET,),
        _S.A_FOURNIR,
        _FUNDER,
    ),
    # A page on Réfugiés.info is due according to the convention or to the publics of its fiches.
    TransitionRow(
        ObligationTransition.ECARTER,
        "Constater qu’elle n’est pas due",
        "N’est pas due",
        (_K.REFUGIES_INFO,),
        (_S.A_FOURNIR,),
        _S.SANS_OBJET,
        _ITSELF,
        comment="Pourquoi n’est-elle pas due ?",
    ),
    TransitionRow(
        ObligationTransition.RECLAMER,
        "Constater qu’elle est due",
        "Devient due",
        (_K.REFUGIES_INFO,),
        (_S.SANS_OBJET,),
        _S.A_FOURNIR,
        _ITSELF,
    ),
    TransitionRow(
        ObligationTransition.REPORTER,
        "Changer l’échéance",
        "Échéance changée",
        _ALL,
        WAITED,
        None,
        _FUNDER,
        comment="Pour quelle raison ?",
        dated=True,
    ),
    # Logged only: the state stays.
    TransitionRow(
        ObligationTransition.RELANCER, "Relancer", "Relance envoyée", _ALL, (*WAITED, _S.DECLAREE), None, _FUNDER
    ),
    TransitionRow(
        ObligationTransition.ENVOYER_QUESTIONNAIRE,
        "Noter l’envoi du questionnaire",
        "Questionnaire envoyé",
        (_K.PNE,),
        (*WAITED, _S.DECLAREE),
        None,
        _FUNDER,
        proof={_K.PNE: ("envoye",)},
    ),
    TransitionRow(
        ObligationTransition.DEMANDER_ADRESSE,
        "Demander la confirmation de l’adresse",
        "Confirmation de l’adresse demandée",
        (_K.PNE,),
        _ANY,
        None,
        (*_FUNDER, *_ITSELF),
        notice="adresse_enquete",
    ),
    TransitionRow(
        ObligationTransition.CONFIRMER_ADRESSE,
        "Confirmer l’adresse",
        "Adresse confirmée par le lien reçu",
        (_K.PNE,),
        _ANY,
        None,
        _ITSELF,
    ),
    TransitionRow(
        ObligationTransition.CHANGER_ADRESSE,
        "Changer l’adresse",
        "Adresse changée",
        (_K.PNE,),
        _ANY,
        None,
        (*_BOTH, *_ITSELF),
    ),
    TransitionRow(
        ObligationTransition.NOTER_RETOUR,
        "Noter que l’e-mail est revenu",
        "E-mail revenu",
        (_K.PNE,),
        _ANY,
        None,
        (*_FUNDER, *_ITSELF),
    ),
    TransitionRow(
        ObligationTransition.RAPPELER,
        "Rappeler de vérifier la page",
        "Vérification à refaire, le financeur est prévenu",
        (_K.REFUGIES_INFO,),
        (_S.VERIFIEE,),
        None,
        _ITSELF,
    ),
)

_EVENTS: tuple[Event[ObligationCase], ...] = (Event(ObligationTransition.OUVRIR, "Demandée"),)

TABLE = Table(_TRANSITIONS, _EVENTS)
TRANSITIONS, DONE = TABLE.transitions, TABLE.words
