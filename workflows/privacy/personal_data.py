"""Declares the personal data that Relais stores about account holders.

The export, the erasure and the page «Confidentialité» read this table. A test compares it with the database: every
column that refers to an account, or contains an e-mail address, is either here or in ELSEWHERE.

To add one: a row of HOLDINGS, with what the export shows and what erasure does with the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from backoffice.models import (
    Assignment,
    Campaign,
    Change,
    Contestation,
    Convention,
    ConventionFiche,
    DistinctPair,
    EntryCount,
    Erasure,
    Fiche,
    ImportJob,
    Invitation,
    InvitationState,
    JoinRequest,
    Link,
    Login,
    LoginEvent,
    Lot,
    Mail,
    MailState,
    Membership,
    ModerationRule,
    Mute,
    Notification,
    Obligation,
    ObligationEvent,
    Organisme,
    OrganismeMerge,
    Proof,
    Reason,
    RecoveryCode,
    RegisterImport,
    Remark,
    RemarkEvent,
    Reminder,
    Revision,
    RuleDismissal,
    RuleHit,
    RuleLog,
    RuleVersion,
    SavedView,
    SecondFactor,
    SessionUpdate,
    StructureCheck,
    StructurePair,
    Territoire,
    TransitionLog,
    User,
)
from workflows.notices.mail import FORGOTTEN

ERASED = "Compte effacé"
"""The name that replaces that of an erased account."""
NO_ADDRESS = "adresse effacée"
"""Text that replaces an erased e-mail address."""


class Fate(StrEnum):
    """What erasing the account does with a row: delete it, blank its personal columns, or keep it."""

    SUPPRIME = "supprime"
    VIDE = "vide"
    GARDE = "garde"

    @property
    def label(self) -> str:
        return _FATES[self]


_FATES = {
    Fate.SUPPRIME: "Supprimé",
    Fate.VIDE: "Vidé de ce qui vous désigne",
    Fate.GARDE: "Gardé, au nom de « Compte effacé »",
}

Shown = Mapping[str, tuple[str, Any]]
"""{key in data.json: (French label, selected column or expression)}"""


@dataclass(frozen=True)
class Holding:
    """The rows of one table that are about a person.

    key: in data.json. columns: those that identify the person, by account id or by e-mail address. joins: (target,
    condition) of the outer joins that `shown` needs. why: the reason for keeping the rows, in French. blank: {column:
    value} written when the rows are blanked.
    """

    key: str
    title: str
    columns: tuple[InstrumentedAttribute[Any], ...]
    shown: Shown
    fate: Fate
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    why: str = ""
    blank: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> Any:
        return self.columns[0].class_

    def of(self, user: User) -> ColumnElement[bool]:
        """SQL condition: the row is about this person."""
        return or_(*(column == (user.id if is_account(column) else user.email) for column in self.columns))

    def rows(self, user: User) -> Select[Any]:
        """Query of the values shown to the person, in the order of the primary key."""
        query = select(*(value.label(key) for key, (_, value) in self.shown.items())).select_from(self.model)
        for target, condition in self.joins:
            query = query.outerjoin(target, condition)
        return query.where(self.of(user)).order_by(*self.model.__table__.primary_key.columns)


def is_account(column: InstrumentedAttribute[Any]) -> bool:
    """Whether a column contains an account id; otherwise it contains an address."""
    return bool(column.property.columns[0].foreign_keys)


@dataclass(frozen=True)
class Own:
    """One column of the account itself. label: "" when not exported; blank: value written by erasure, unless `kept`."""

    label: str
    blank: Any = None
    kept: bool = False


ACCOUNT: Mapping[str, Own] = {
    "id": Own("Numéro du compte", kept=True),
    "email": Own("Adresse e-mail"),  # replaced by a unique address: see erasure
    "name": Own("Nom", ERASED),
    "password_hash": Own("", ""),
    "active": Own("Compte ouvert", False),
    "administrator": Own("Administration du réseau", False),
    "demonstration": Own("Compte de démonstration", kept=True),
    "created_at": Own("Créé", kept=True),
    "seen_at": Own("Dernière venue"),
}
"""Every column of user_account."""

_FICHE: Shown = {"fiche": ("Numéro de la fiche", Fiche.numero)}
_HISTORY = "L’histoire d’une fiche dit qui a décidé quoi : elle ne se réécrit pas. Elle ne porte plus votre nom."
_MINE = "La suite du travail des autres en dépend. Elle ne porte plus votre nom."
_GRANT = "Le suivi d’une subvention doit pouvoir être prouvé. Il ne porte plus votre nom."
_version, _told, _other = aliased(Revision), aliased(Fiche), aliased(Organisme)

_RESTING = case(
    (
        Mail.state.in_((MailState.A_ENVOYER, MailState.EN_COURS, MailState.REFUSE, MailState.INCERTAIN)),
        MailState.ANNULE,
    ),
    else_=Mail.state,
)
"""The state of an emptied e-mail: one that could still be sent is cancelled."""
BLANK_TEXT: Mapping[str, Any] = {"text": "", "html": "", "state": _RESTING}
BLANK_MAIL: Mapping[str, Any] = {
    **BLANK_TEXT,
    "address": NO_ADDRESS,
    "subject": "Objet effacé",
    "error": "",
    "user_id": null(),
}

HOLDINGS: tuple[Holding, ...] = (
    # --- Deleted or blanked with the account ---
    Holding(
        "structures",
        "Vos structures",
        (Membership.user_id,),
        {"structure": ("Structure", Organisme.nom), "role": ("Votre rôle", Membership.role)},
        Fate.SUPPRIME,
        ((Organisme, Organisme.id == Membership.organisme_id),),
    ),
    Holding(
        "territoires",
        "Vos territoires",
        (Assignment.user_id,),
        {
            "territoire": ("Territoire", Territoire.nom),
            "role": ("Votre rôle", Assignment.role),
            "programmes": ("Programmes suivis", Assignment.programmes),
            "departements": ("Départements suivis", Assignment.departements),
        },
        Fate.SUPPRIME,
        ((Territoire, Territoire.id == Assignment.territoire_id),),
    ),
    Holding(
        "connexions",
        "Vos connexions ouvertes",
        (Login.user_id,),
        {"ouverte": ("Ouverte", Login.opened_at), "fin": ("Finit", Login.expires_at)},
        Fate.SUPPRIME,
    ),
    Holding(
        "journal_connexions",
        "Vos connexions passées, et celles qui ont été refusées",
        (LoginEvent.user_id,),
        {
            "le": ("Quand", LoginEvent.at),
            "comment": ("Comment", LoginEvent.way),
            "reussie": ("Réussie", LoginEvent.success),
            "appareil": ("Appareil", LoginEvent.device),
            "reseau": ("Début de l’adresse du réseau", LoginEvent.network),
        },
        Fate.SUPPRIME,
    ),
    Holding(
        "second_facteur",
        "Le code de votre téléphone",
        (SecondFactor.user_id,),
        {"confirme": ("Confirmé", SecondFactor.confirmed_at)},
        Fate.SUPPRIME,
    ),
    Holding(
        "codes_de_secours",
        "Vos codes de secours",
        (RecoveryCode.user_id,),
        {"utilise": ("Utilisé", RecoveryCode.used_at)},
        Fate.SUPPRIME,
    ),
    Holding(
        "preuves",
        "Les liens par lesquels vous avez changé de mot de passe ou d’adresse",
        (Proof.user_id, Proof.email),
        {
            "demande": ("Demandé", Proof.created_at),
            "pourquoi": ("Pourquoi", Proof.kind),
            "adresse": ("Adresse e-mail", Proof.email),
            "utilise": ("Utilisé", Proof.used_at),
        },
        Fate.SUPPRIME,
    ),
    Holding(
        "liens",
        "Les liens personnels qui vous ont été envoyés",
        (Link.user_id, Link.email),
        {
            "demande": ("Demandé", Link.created_at),
            "fin": ("Valable jusqu’à", Link.expires_at),
            "utilise": ("Utilisé", Link.used_at),
            "adresse": ("Adresse e-mail", Link.email),
            "nom": ("Nom", Link.name),
            "structure": ("Structure", Link.structure),
        },
        Fate.SUPPRIME,
    ),
    Holding(
        "vues",
        "Les vues de la file que vous avez enregistrées",
        (SavedView.user_id,),
        {"nom": ("Nom", SavedView.name), "filtres": ("Filtres", SavedView.query)},
        Fate.SUPPRIME,
    ),
    Holding(
        "choix",
        "Les e-mails dont vous ne voulez pas",
        (Mute.user_id,),
        {"message": ("Message", Mute.notice)},
        Fate.SUPPRIME,
    ),
    Holding(
        "avis",
        "Vos messages dans Relais",
        (Notification.user_id,),
        {
            "le": ("Écrit", Notification.created_at),
            "objet": ("Objet", Notification.subject),
            "lu": ("Lu", Notification.read_at),
        },
        Fate.SUPPRIME,
    ),
    Holding(
        "courriels",
        "Les e-mails qui vous ont été envoyés",
        (Mail.user_id, Mail.address),
        {
            "le": ("Écrit", Mail.created_at),
            "envoye": ("Envoyé", Mail.sent_at),
            "adresse": ("À", Mail.address),
            "objet": ("Objet", Mail.subject),
            "texte": ("Texte", case((Mail.secret, FORGOTTEN), else_=Mail.text)),
        },
        Fate.VIDE,
        why="La ligne sert à ne jamais écrire deux fois la même chose. Elle n’a plus ni adresse, ni objet, ni texte.",
        blank=BLANK_MAIL,
    ),
    Holding(
        "demandes_rejoindre",
        "Les structures que vous avez demandé à rejoindre",
        (JoinRequest.user_id,),
        {
            "le": ("Quand", JoinRequest.asked_at),
            "structure": ("Structure", Organisme.nom),
            "mots": ("Ce que vous avez écrit", JoinRequest.words),
            "etat": ("Réponse", JoinRequest.state),
        },
        Fate.SUPPRIME,
        ((Organisme, Organisme.id == JoinRequest.organisme_id),),
    ),
    Holding(
        "invitations_recues",
        "Les invitations que vous avez reçues",
        (Invitation.accepted_by_id, Invitation.email),
        {
            "le": ("Envoyée", Invitation.sent_at),
            "adresse": ("Adresse e-mail", Invitation.email),
            "role": ("Rôle proposé", Invitation.role),
            "etat": ("Réponse", Invitation.state),
        },
        Fate.VIDE,
        why="Qui a été invité où, et par qui, se garde un an. La ligne ne porte plus votre adresse.",
        blank={
            "email": NO_ADDRESS,
            "state": case(
                (Invitation.state == InvitationState.OUVERTE, InvitationState.RETIREE), else_=Invitation.state
            ),
            "closed_at": func.coalesce(Invitation.closed_at, Invitation.sent_at),
        },
    ),
    # --- History: kept, without the person's name ---
    Holding(
        "fiches_envoyees",
        "Les fiches que vous avez envoyées",
        (Revision.submitted_by_id,),
        {
            **_FICHE,
            "version": ("Version", Revision.number),
            "intitule": ("Intitulé", Revision.title),
            "le": ("Envoyée", Revision.submitted_at),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == Revision.fiche_id),),
        why=_HISTORY,
    ),
    Holding(
        "fiches_verifiees",
        "Les fiches que vous avez prises pour les vérifier",
        (Revision.moderator_id,),
        {
            **_FICHE,
            "version": ("Version", Revision.number),
            "intitule": ("Intitulé", Revision.title),
            "etat": ("État", Revision.state),
            "decidee": ("Décidée", Revision.decided_at),
            "motif": ("Ce que vous avez écrit", Revision.reason),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == Revision.fiche_id),),
        why=_HISTORY + " Celles que vous n’avez pas fini de vérifier retournent dans la file.",
    ),
    Holding(
        "historique",
        "Ce que vous avez fait sur les fiches",
        (TransitionLog.actor_id,),
        {
            "le": ("Quand", TransitionLog.at),
            **_FICHE,
            "action": ("Action", TransitionLog.transition),
            "commentaire": ("Ce que vous avez écrit", TransitionLog.comment),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == TransitionLog.fiche_id),),
        why=_HISTORY,
    ),
    Holding(
        "invitations_envoyees",
        "Les invitations que vous avez envoyées",
        (Invitation.invited_by_id,),
        {
            "le": ("Envoyée", Invitation.sent_at),
            "role": ("Rôle proposé", Invitation.role),
            "etat": ("Réponse", Invitation.state),
        },
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "demandes_repondues",
        "Les demandes à rejoindre une structure auxquelles vous avez répondu",
        (JoinRequest.decided_by_id,),
        {"le": ("Quand", JoinRequest.closed_at), "reponse": ("Réponse", JoinRequest.state)},
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "remarques",
        "Vos remarques sur des fiches",
        (Remark.author_id,),
        {
            "le": ("Quand", Remark.at),
            **_FICHE,
            "question": ("Question", Remark.label),
            "texte": ("Ce que vous avez écrit", Remark.text),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == Remark.fiche_id),),
        why=_HISTORY,
    ),
    Holding(
        "reponses",
        "Vos réponses à des remarques",
        (RemarkEvent.actor_id,),
        {
            "le": ("Quand", RemarkEvent.at),
            "question": ("Question", Remark.label),
            "action": ("Action", RemarkEvent.act),
            "texte": ("Ce que vous avez écrit", RemarkEvent.text),
        },
        Fate.GARDE,
        ((Remark, Remark.id == RemarkEvent.remark_id),),
        why=_HISTORY,
    ),
    Holding(
        "contestations",
        "Vos contestations de corrections, et vos réponses",
        (Contestation.actor_id, Contestation.closed_by_id),
        {
            "le": ("Quand", Contestation.at),
            "version": ("Intitulé", _version.title),
            "texte": ("Contestation", Contestation.text),
            "reponse": ("Réponse", Contestation.answer),
        },
        Fate.GARDE,
        ((_version, _version.id == Contestation.revision_id),),
        why=_HISTORY,
    ),
    Holding(
        "doublons",
        "Les fiches que vous avez dites différentes",
        (DistinctPair.actor_id,),
        {
            "le": ("Quand", DistinctPair.at),
            **_FICHE,
            "autre": ("Numéro de l’autre fiche", _told.numero),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == DistinctPair.first_id), (_told, _told.id == DistinctPair.second_id)),
        why=_MINE,
    ),
    Holding(
        "mises_a_jour",
        "Les places et les dates que vous avez mises à jour",
        (SessionUpdate.actor_id,),
        {
            "le": ("Quand", SessionUpdate.at),
            "version": ("Intitulé", Revision.title),
            "places": ("Places libres", SessionUpdate.places_libres),
            "debut": ("Premier jour", SessionUpdate.debut),
            "fin": ("Dernier jour", SessionUpdate.fin),
        },
        Fate.GARDE,
        ((Revision, Revision.id == SessionUpdate.revision_id),),
        why=_HISTORY,
    ),
    Holding(
        "entrees",
        "Les nombres d’entrées que vous avez donnés",
        (EntryCount.actor_id,),
        {
            "le": ("Quand", EntryCount.at),
            **_FICHE,
            "mois": ("Mois", EntryCount.month),
            "nombre": ("Nombre", EntryCount.number),
        },
        Fate.GARDE,
        ((Fiche, Fiche.id == EntryCount.fiche_id),),
        why=_HISTORY,
    ),
    Holding(
        "imports",
        "Les fichiers que vous avez importés",
        (ImportJob.created_by_id,),
        {
            "le": ("Quand", ImportJob.created_at),
            "fichier": ("Fichier", ImportJob.filename),
            "lignes": ("Lignes", ImportJob.total),
        },
        Fate.GARDE,
        why="La structure retrouve ce qu’elle a importé. Le fichier lui-même a sa propre durée, plus bas.",
    ),
    Holding(
        "lots",
        "Vos décisions sur plusieurs fiches à la fois",
        (Lot.created_by_id, Lot.assignee_id),
        {
            "le": ("Quand", Lot.created_at),
            "action": ("Action", Lot.action),
            "commentaire": ("Commentaire", Lot.comment),
        },
        Fate.GARDE,
        why=_HISTORY,
    ),
    Holding(
        "signalements",
        "Les signalements de règles que vous avez écartés",
        (RuleDismissal.actor_id,),
        {
            "le": ("Quand", RuleDismissal.at),
            **_FICHE,
            "mot": ("Ce que vous avez écrit", RuleDismissal.word),
        },
        Fate.GARDE,
        ((RuleHit, RuleHit.id == RuleDismissal.hit_id), (Fiche, Fiche.id == RuleHit.fiche_id)),
        why=_HISTORY,
    ),
    Holding(
        "regles",
        "Les règles que vous avez écrites",
        (RuleVersion.actor_id,),
        {
            "le": ("Quand", RuleVersion.at),
            "nom": ("Nom", RuleVersion.name),
            "message": ("Message", RuleVersion.message),
        },
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "journal_des_regles",
        "Ce que vous avez fait des règles",
        (RuleLog.actor_id,),
        {
            "le": ("Quand", RuleLog.at),
            "regle": ("Règle", ModerationRule.code),
            "action": ("Action", RuleLog.event),
        },
        Fate.GARDE,
        ((ModerationRule, ModerationRule.id == RuleLog.rule_id),),
        why=_MINE,
    ),
    Holding(
        "motifs",
        "Les motifs que vous avez rédigés",
        (Reason.updated_by_id,),
        {"le": ("Quand", Reason.updated_at), "motif": ("Motif", Reason.label), "texte": ("Texte", Reason.text)},
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "changements",
        "Les réglages et les tables que vous avez changés",
        (Change.actor_id,),
        {
            "le": ("Quand", Change.at),
            "table": ("Table", Change.subject),
            "champ": ("Champ", Change.name),
            "avant": ("Avant", Change.before),
            "apres": ("Après", Change.after),
        },
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "verifications",
        "Les structures que vous avez vérifiées",
        (StructureCheck.actor_id,),
        {
            "le": ("Quand", StructureCheck.at),
            "structure": ("Structure", Organisme.nom),
            "objet": ("Ce qui est vérifié", StructureCheck.subject),
            "verdict": ("Verdict", StructureCheck.state),
            "note": ("Ce que vous avez écrit", StructureCheck.note),
        },
        Fate.GARDE,
        ((Organisme, Organisme.id == StructureCheck.organisme_id),),
        why=_MINE,
    ),
    Holding(
        "structures_reunies",
        "Les structures que vous avez réunies",
        (OrganismeMerge.actor_id,),
        {"le": ("Quand", OrganismeMerge.at), "structure": ("Structure gardée", Organisme.nom)},
        Fate.GARDE,
        ((Organisme, Organisme.id == OrganismeMerge.kept_id),),
        why=_MINE,
    ),
    Holding(
        "structures_differentes",
        "Les structures que vous avez dites différentes",
        (StructurePair.actor_id,),
        {
            "le": ("Quand", StructurePair.at),
            "structure": ("Structure", Organisme.nom),
            "autre": ("Autre structure", _other.nom),
        },
        Fate.GARDE,
        ((Organisme, Organisme.id == StructurePair.first_id), (_other, _other.id == StructurePair.second_id)),
        why=_MINE,
    ),
    Holding(
        "referentiels",
        "Les référentiels que vous avez importés, ou remis comme avant",
        (RegisterImport.created_by_id, RegisterImport.undone_by_id),
        {
            "le": ("Quand", RegisterImport.created_at),
            "referentiel": ("Référentiel", RegisterImport.register),
            "fichier": ("Fichier", RegisterImport.filename),
        },
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "campagnes",
        "Les campagnes que vous avez ouvertes",
        (Campaign.created_by_id,),
        {"le": ("Quand", Campaign.created_at), "campagne": ("Campagne", Campaign.label)},
        Fate.GARDE,
        why=_MINE,
    ),
    Holding(
        "conventions",
        "Les conventions que vous avez saisies, ou dont votre adresse reçoit l’enquête",
        (Convention.created_by_id, Convention.contact_pne),
        {
            "le": ("Quand", Convention.created_at),
            "programme": ("Programme", Convention.programme),
            "annee": ("Année", Convention.annee),
            "reference": ("Référence", Convention.reference),
            "enquete": ("Adresse de l’enquête", Convention.contact_pne),
        },
        Fate.GARDE,
        why=_GRANT + " L’adresse de l’enquête est celle de la structure : elle la change elle-même, et elle est "
        "effacée à la fin de sa durée.",
    ),
    Holding(
        "fiches_rattachees",
        "Les fiches que vous avez rattachées à une convention",
        (ConventionFiche.tied_by_id,),
        {"le": ("Quand", ConventionFiche.tied_at), **_FICHE},
        Fate.GARDE,
        ((Fiche, Fiche.id == ConventionFiche.fiche_id),),
        why=_GRANT,
    ),
    Holding(
        "relances",
        "Les relances que vous avez demandées",
        (Reminder.asked_by_id,),
        {"le": ("Quand", Reminder.asked_at), "message": ("Votre message", Reminder.message)},
        Fate.GARDE,
        why=_GRANT,
    ),
    Holding(
        "obligations",
        "Les obligations dont vous avez changé l’état",
        (Obligation.changed_by_id,),
        {
            "le": ("Quand", Obligation.changed_at),
            "obligation": ("Obligation", Obligation.kind),
            "etat": ("État", Obligation.state),
            "commentaire": ("Commentaire", Obligation.comment),
        },
        Fate.GARDE,
        why=_GRANT,
    ),
    Holding(
        "histoire_des_obligations",
        "Ce que vous avez fait des obligations",
        (ObligationEvent.actor_id,),
        {
            "le": ("Quand", ObligationEvent.at),
            "action": ("Action", ObligationEvent.transition),
            "commentaire": ("Commentaire", ObligationEvent.comment),
        },
        Fate.GARDE,
        why=_GRANT,
    ),
    Holding(
        "effacements",
        "Les effacements de comptes",
        (Erasure.account_id, Erasure.actor_id),
        {"le": ("Quand", Erasure.at), "compte": ("Numéro du compte", Erasure.account_id)},
        Fate.GARDE,
        why="C’est la preuve que l’effacement a été fait. Elle ne dit ni nom, ni adresse.",
    ),
)


@dataclass(frozen=True)
class Elsewhere:
    """Data about people without an account. columns: «table.column» of the e-mail addresses in it."""

    what: str
    done: str
    columns: tuple[str, ...] = ()


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        "Les contacts écrits dans une fiche : accueil de la structure, personne qui inscrit",
        "La structure les écrit pour qu’ils soient publiés, et les change quand elle veut : ils disparaissent des flux "
        "avec la version suivante, ou dès que la fiche est archivée. Les versions déjà envoyées restent telles "
        "qu’elles ont été envoyées, dans les archives du territoire.",
    ),
    Elsewhere(
        "L’adresse à laquelle une structure porteuse est interrogée",
        "Elle reste avec la réponse, qui prouve l’accord ; sans réponse, elle est supprimée à la fin de sa durée.",
        ("support.email",),
    ),
    Elsewhere(
        "L’adresse à laquelle l’enquête du Plan national d’évaluation est envoyée",
        "La personne qui la reçoit peut en nommer une autre par le lien du message. Elle est effacée de la convention "
        "à la fin de sa durée ; l’histoire de l’obligation garde celle qui a été confirmée, comme preuve.",
        ("contact_request.email",),
    ),
    Elsewhere(
        "Les contacts d’une structure, écrits sur sa page",
        "La structure les écrit, les change et les efface elle-même.",
    ),
    Elsewhere(
        "L’adresse à laquelle écrire à un territoire",
        "C’est celle d’un service, choisie par le territoire pour être publiée.",
        ("territoire.contact_courriel",),
    ),
    Elsewhere(
        "L’adresse d’une personne qui commence une Fiche ASL sans aller jusqu’au bout",
        "Elle est supprimée à la fin de sa durée.",
    ),
)
