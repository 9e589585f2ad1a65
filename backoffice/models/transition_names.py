"""Names of the transitions and events of a fiche and of an obligation, as stored in their logs.

Their rules are in `workflows.fiches.transitions` and `workflows.conventions.obligation_transitions`. A value is stored
in the database and never changes.
"""

from __future__ import annotations

from enum import StrEnum


class FicheTransition(StrEnum):
    # Transitions
    SOUMETTRE = "soumettre"
    DEPOSER = "deposer"
    RETIRER = "retirer"
    PRENDRE = "prendre"
    RENDRE = "rendre"
    LIBERER = "liberer"
    VALIDER = "valider"
    RENVOYER = "renvoyer"
    CORRIGER = "corriger"
    RELIRE = "relire"
    ECARTER = "ecarter"
    FUSIONNER = "fusionner"
    REFUSER = "refuser"
    SUSPENDRE = "suspendre"
    REPUBLIER = "republier"
    ARCHIVER = "archiver"
    CLASSER = "classer"
    TERMINER = "terminer"
    OUBLIER = "oublier"
    ROUVRIR = "rouvrir"
    DESARCHIVER = "desarchiver"
    # Events: logged, without a change of state
    CREER = "creer"
    OUVRIR = "ouvrir"
    RECONDUIRE = "reconduire"
    DUPLIQUER = "dupliquer"
    SAISIR_POUR = "saisir_pour"
    PUBLIER = "publier"
    METTRE_A_JOUR = "mettre_a_jour"
    RELANCER_PORTEUSE = "relancer_porteuse"
    CONFIRMER_PORTEUSE = "confirmer_porteuse"
    CHANGER_TERRITOIRE = "changer_territoire"
    DISTINGUER = "distinguer"
    CONTESTER = "contester"
    REPONDRE_CONTESTATION = "repondre_contestation"


class ObligationTransition(StrEnum):
    OUVRIR = "ouvrir"
    """First event of every history."""
    CONSTATER = "constater"
    RETIRER = "retirer"
    DECLARER = "declarer"
    VERIFIER = "verifier"
    SIGNALER = "signaler"
    REDEMANDER = "redemander"
    DISPENSER = "dispenser"
    EXIGER = "exiger"
    ECARTER = "ecarter"
    RECLAMER = "reclamer"
    REPORTER = "reporter"
    RELANCER = "relancer"
    ENVOYER_QUESTIONNAIRE = "envoyer_questionnaire"
    DEMANDER_ADRESSE = "demander_adresse"
    CONFIRMER_ADRESSE = "confirmer_adresse"
    CHANGER_ADRESSE = "changer_adresse"
    NOTER_RETOUR = "noter_retour"
    RAPPELER = "rappeler"
