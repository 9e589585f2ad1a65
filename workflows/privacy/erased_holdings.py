"""Rows that the erasure of an account deletes or blanks."""

from __future__ import annotations

from sqlalchemy import case, func

from backoffice.models import (
    Assignment,
    Invitation,
    InvitationState,
    JoinRequest,
    Link,
    Login,
    LoginEvent,
    Mail,
    Membership,
    Mute,
    Notification,
    Organisme,
    Proof,
    RecoveryCode,
    SavedView,
    SecondFactor,
    Territoire,
)
from workflows.notices.mail import FORGOTTEN

from .holding import BLANK_MAIL, NO_ADDRESS, Fate, Holding

ERASED_HOLDINGS: tuple[Holding, ...] = (
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
)
