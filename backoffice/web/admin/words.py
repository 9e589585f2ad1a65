"""French names of the administration's tables and columns. Single source of these names."""

from __future__ import annotations

from forms.structures.pages import CHANGE_WORDS
from forms.territoires.settings import CHANGE_LABELS

COMMON = {
    "id": "Numéro",
    "at": "Quand",
    "actor": "Par qui",
    "territoire": "Territoire",
    "territoire_id": "Territoire",
    "organisme": "Structure",
    "fiche": "Fiche",
    "fiche_id": "Fiche",
    "code": "Code",
    "nom": "Nom",
    "name": "Nom",
    "label": "Libellé",
    "title": "Titre",
    "text": "Texte",
    "active": "En service",
    "state": "État",
    "status": "État",
    "kind": "Sorte",
    "created_at": "Créé",
    "created_by": "Créé par",
    "updated_at": "Dernier changement",
    "comment": "Commentaire",
    "source": "État d’avant",
    "target": "État d’après",
    "transition": "Étape",
    "dispositifs": "Dispositifs",
    "total": "Nombre prévu",
    "done": "Nombre fait",
    "error": "Erreur",
    "message": "Message",
    "event": "Événement",
    "departement": "Département",
    "region": "Région",
    "address": "Adresse",
    "postal_code": "Code postal",
    "city": "Commune",
    "code_insee": "Code Insee",
}
"""{column: name}, for the columns named alike in all tables."""

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "commune": (
        "Commune",
        {
            "parent": "Arrondissement de",
            "codes": "Codes postaux",
        },
    ),
    "certification": (
        "Certification",
        {
            "code": "Numéro RNCP ou RS",
            "valid_from": "Valable à partir du",
            "valid_until": "Valable jusqu’au",
            "active": "En vigueur",
        },
    ),
    "certif_info": ("Code Certif Info", {"certification": "Numéro RNCP ou RS"}),
    "formacode": ("Formacode", {}),
    "etablissement": (
        "Établissement",
        {
            "siret": "SIRET",
            "nda": "Numéro d’activité",
            "denomination": "Dénomination",
            "listed": "Sur la liste publique",
            "qualiopi": "Qualiopi",
            "qualiopi_formation": "Qualiopi : actions de formation",
            "qualiopi_bilan": "Qualiopi : bilans de compétences",
            "qualiopi_vae": "Qualiopi : validation des acquis",
            "qualiopi_apprentissage": "Qualiopi : apprentissage",
            "closed_on": "Fermé depuis le",
        },
    ),
    "uai": ("École ou service", {"uai": "UAI", "siret": "SIRET", "open": "Ouvert"}),
    "school_break": (
        "Vacances scolaires",
        {"zone": "Zone", "debut": "Premier jour", "fin": "Dernier jour", "nom": "Vacances"},
    ),
    "territoire": (
        "Territoire",
        {
            "slug": "Nom dans les adresses",
            "prefixe": "Début des numéros de fiche",
            "region": "Code de la région",
            "collected_by": "Collecté par",
            **CHANGE_LABELS,
        },
    ),
    "organisme": ("Structure", CHANGE_WORDS),
    "organisme_merge": (
        "Réunion de structures",
        {
            "gone": "Structure disparue",
            "kept_id": "Structure gardée",
            "before": "Ce qu’elles disaient",
            "chosen": "Choix",
        },
    ),
    "erasure": ("Effacement", {"account_id": "Numéro du compte", "counts": "Ce qui a été effacé"}),
    "retention_run": (
        "Passage de la conservation",
        {"started_at": "Commencé", "ended_at": "Terminé", "counts": "Ce qui a été effacé"},
    ),
    "login_event": (
        "Connexion",
        {"user": "Compte", "way": "Moyen", "success": "Réussie", "device": "Appareil", "network": "Réseau"},
    ),
    "register_import": (
        "Import de référentiel",
        {
            "register": "Référentiel",
            "created_at": "Envoyé",
            "created_by": "Envoyé par",
            "filename": "Fichier",
            "format": "Forme du fichier",
            "phase": "Étape",
            "at_once": "Cru dès la première lecture",
            "attempt": "Essais",
            "total": "Lignes",
            "done": "Lignes lues",
            "moved_at": "Dernier mouvement",
            "applied_at": "Appliqué",
            "undone_at": "Défait",
        },
    ),
    "decision_reason": (
        "Motif",
        {
            "label": "Motif",
            "text": "Ce que la structure lit",
            "cure": "Ce qu’elle peut faire",
            "transitions": "Décisions",
            "active": "Proposé",
            "updated_by": "Changé par",
        },
    ),
    "ready_sentence": ("Phrase prête", {"pattern": "Question", "text": "Phrase", "removed_at": "Retirée"}),
    "moderation_rule": (
        "Règle",
        {
            "code": "Code d’origine",
            "latest.name": "Règle",
            "latest.number": "Dernière version",
            "latest.message": "Ce que le modérateur lit",
            "latest.effect": "Effet",
            "active_version.number": "Version active",
        },
    ),
    "moderation_rule_log": (
        "Journal des règles",
        {"rule": "Règle", "version.name": "Règle", "version.number": "Version"},
    ),
    "flux": (
        "Flux",
        {
            "financeurs": "Financeurs",
            "publics": "Publics",
            "consumers": "Lecteurs à qui il est destiné",
            "profile": "Profil",
            "public": "Ouvert à tous",
            "active": "Actif",
            "kept": "Flux passés gardés",
        },
    ),
    "flux_token": (
        "Clé de lecture",
        {
            "flux": "Flux",
            "flux_id": "Flux",
            "name": "Lecteur",
            "created_at": "Donnée",
            "last_used_at": "Dernier usage",
            "revoked_at": "Retirée",
        },
    ),
    "webhook": (
        "Webhook",
        {
            "url": "Adresse",
            "events": "Ce qui est dit",
            "active": "En marche",
            "position": "Dernier changement dit",
        },
    ),
    "flux_run": (
        "Fabrication de flux",
        {
            "flux": "Flux",
            "asked_at": "Demandée",
            "started_at": "Commencée",
            "ended_at": "Terminée",
            "since": "Changements depuis",
            "size": "Taille (octets)",
            "sha256": "Empreinte SHA-256",
            "total": "Fiches prévues",
            "done": "Fiches écrites",
            "message": "Remarque",
        },
    ),
    "campaign": (
        "Campagne",
        {
            "label": "Campagne",
            "year": "Année",
            "opens_on": "Ouverture",
            "deadline": "Date limite",
            "territoires": "Territoires",
            "created_at": "Créée",
            "created_by": "Créée par",
            "opened_at": "Premières invitations",
        },
    ),
    "user_account": (
        "Compte",
        {
            "name": "Personne",
            "email": "Adresse e-mail",
            "active": "Actif",
            "administrator": "Administrateur",
            "second_factor": "Second facteur",
            "demonstration": "Compte de démonstration",
            "roles": "Rôles",
            "memberships": "Structures",
            "assignments": "Territoires servis",
        },
    ),
    "transition_log": ("Journal des fiches", {"motif": "Motif", "revision.number": "Version"}),
    "change": (
        "Journal des changements",
        {
            "subject": "Table",
            "subject_id": "Numéro de la ligne",
            "name": "Ce qui a changé",
            "before": "Avant",
            "after": "Après",
        },
    ),
    "obligation_event": (
        "Journal des obligations",
        {
            "obligation.kind": "Obligation",
            "obligation.convention": "Convention",
            "due_on": "Nouvelle échéance",
        },
    ),
    "import_job": (
        "Import de fiches",
        {
            "created_at": "Envoyé",
            "created_by": "Envoyé par",
            "filename": "Fichier",
            "phase": "Étape",
            "total": "Lignes",
            "done": "Lignes traitées",
            "attempt": "Essais",
            "moved_at": "Dernier mouvement",
        },
    ),
    "mail": (
        "Message",
        {
            "notice": "Avis",
            "address": "Adresse",
            "subject": "Objet",
            "said": "Texte",
            "attempts": "Essais",
            "created_at": "Écrit",
            "next_at": "Pas avant",
            "sent_at": "Envoyé",
            "error": "Dernière réponse du serveur",
        },
    ),
    "failed_job": (
        "Travail en échec",
        {"function": "Travail", "arguments": "Pour", "reason": "Ce qui s’est passé", "failed_at": "Quand"},
    ),
}
"""{table: (name of a row, {column: name in this table})}"""


def table_label(table: str) -> str:
    """French name of a row of the table; the table's own name when none is given."""
    return TABLES[table][0] if table in TABLES else table


def column_label(table: str, column: str) -> str:
    """French name of the column; its own name when none is given, which a test rejects for the columns shown."""
    own = TABLES[table][1] if table in TABLES else {}
    return own.get(column) or COMMON.get(column) or column
