"""Texts of invented fiches, and comments of moderators."""

from __future__ import annotations

from dataclasses import dataclass

RESULTATS = (
    "",
    "Attestation de présence.",
    "Attestation de présence et bilan remis à la personne.",
    "Un livret de progrès, que la personne garde.",
)

PRECISIONS = ("", "Priorité aux habitants du quartier", "Adultes, quelle que soit leur nationalité")

CONDITIONS = ("", "Avoir plus de 16 ans.", "Un entretien permet de choisir le bon groupe.")

RYTHMES = (
    "",
    "Pas d’atelier pendant les vacances scolaires.",
    "Une sortie par trimestre remplace un atelier.",
    "On peut ne venir qu’à l’un des deux créneaux.",
)

ORGANISATIONS = (
    "",
    "",
    "Une heure d’aide individuelle par mois, sur rendez-vous.",
    "Deux semaines d’immersion en entreprise sont proposées aux personnes en recherche d’emploi.",
)

GARDES = (
    "",
    "Oui, halte-garderie sur place dès 6 mois",
    "Les enfants de moins de 3 ans peuvent venir avec leur parent",
    "Non, mais nous aidons à trouver une solution",
)

ACCES = ("", "Oui, entrée de plain-pied", "Oui, ascenseur et toilettes adaptées", "Non, la salle est à l’étage")

INSCRIPTIONS = (
    "Se présenter à l’accueil le lundi ou le jeudi de 14 h à 17 h",
    "Téléphoner pour prendre rendez-vous",
    "Venir à la première séance avec une pièce d’identité",
    "Écrire ou téléphoner ; un conseiller peut aussi nous envoyer une fiche d’orientation",
)

ACCUEILS = (
    "",
    "Un entretien de vingt minutes permet de choisir le groupe.",
    "Un test de niveau à l’oral et à l’écrit, puis une réponse sous une semaine.",
    "Réunion d’accueil collective le premier mardi du mois.",
)

CONTACTS = (
    ("Accueil", ""),
    ("Secrétariat", ""),
    ("Pôle linguistique", ""),
    ("Coordination des ateliers", ""),
    ("Modèle", "Awa"),
    ("Fictif", "Milan"),
    ("Essai", "Nour"),
)

FRAIS = ("", "Adhésion de 5 € par an", "Adhésion familiale de 10 € par an", "Participation libre aux photocopies")

SUBVENTIONS = (
    (("19", "BOP 104"),),
    (("19", "BOP 104"), ("9", "Autre")),
    (("13", "BOP 147"), ("9", "Autre")),
    (("2", "Région"), ("3", "Autre")),
    (("19", "BOP 104"), ("13", "BOP 147"), ("8", "Autre")),
)
"""(code of the funder, programme) of each grant."""

NOUVEAUTES = (
    "Nouveau cette année : une sortie à la bibliothèque avec les enfants.",
    "Nouveau cette année : une séance par mois avec une écrivaine publique.",
    "Nouveau cette année : des tablettes sont prêtées pendant l’atelier.",
)
"""Text added to a content by its next version."""


@dataclass(frozen=True)
class Remark:
    """Why a moderator sends a fiche back; writing `answer` at `pattern` corrects it."""

    reason: str
    pattern: str
    answer: str

    @property
    def path(self) -> str:
        """The first spot of the pattern, as a path of the content."""
        return self.pattern.replace("[]", "-0").replace(".", "-")


REMARKS = (
    Remark(
        "Merci pour cette fiche. Dites si les ateliers ont lieu pendant les vacances scolaires : les personnes nous "
        "le demandent souvent.",
        "actions[].rythme",
        "Pas d’atelier pendant les vacances scolaires, sauf la première semaine de juillet.",
    ),
    Remark(
        "Précisez les conditions pour participer : faut-il habiter la commune ? y a-t-il un âge minimum ?",
        "formation.conditions",
        "Avoir plus de 16 ans. Il n’est pas nécessaire d’habiter la commune.",
    ),
    Remark(
        "Il manque le moyen de venir au lieu des ateliers (bus, arrêt, parking).",
        "lieux[].transport",
        "Arrêt de bus devant l’entrée, parking gratuit.",
    ),
    Remark(
        "L’accès pour les personnes handicapées n’est pas indiqué. Est-ce de plain-pied ?",
        "lieux[].acces_handicapes",
        "Oui, entrée de plain-pied et toilettes adaptées.",
    ),
)

REFUSALS = (
    ("doublon", "Voyez la fiche déjà publiée pour la même action et les mêmes dates."),
    ("hors-champ", "Les ateliers sont réservés aux salariés de la structure : ils ne sont pas ouverts au public."),
    ("action-terminee", "Vous nous avez dit au téléphone que l’action n’aurait finalement pas lieu cette année."),
)
"""(code of the reason, what the moderator adds)"""

SUSPENSIONS = (
    ("lieu-ferme", "Locaux fermés pour travaux : prévenez-nous de la reprise des ateliers."),
    ("contact-faux", "Le téléphone ne répond plus depuis deux semaines ; nous vous avons écrit par e-mail."),
)
