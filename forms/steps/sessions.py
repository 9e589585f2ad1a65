"""The dates, and how one joins."""

from __future__ import annotations

from backoffice.models import vocabulary as words
from forms.questions import Kind, Question, Rows, Section, Step

from .parts import address, contact

SESSIONS = Step(
    "sessions",
    "Dates et inscription",
    (
        Section(
            "Les dates",
            (
                Question(
                    "inscription.entrees",
                    Kind.RADIO,
                    choices=words.ENTREES,
                    required=True,
                    help="Une personne qui arrive en janvier peut-elle rejoindre le groupe ?",
                ),
                Rows(
                    "actions[]",
                    "Groupe",
                    "",
                    (
                        Rows(
                            "actions[].sessions[]",
                            "Dates",
                            "Ajouter des dates",
                            (
                                Question(
                                    "actions[].sessions[].debut",
                                    Kind.DATE,
                                    help="Le jour de la première séance.",
                                    required=True,
                                ),
                                Question(
                                    "actions[].sessions[].fin",
                                    Kind.DATE,
                                    help="Le jour de la dernière séance.",
                                    required=True,
                                ),
                                Question(
                                    "actions[].sessions[].recrutement",
                                    Kind.SELECT,
                                    choices=words.RECRUTEMENTS,
                                    required=True,
                                    help="Où en sont les inscriptions aujourd’hui.",
                                ),
                                Question(
                                    "actions[].sessions[].places_libres",
                                    Kind.INTEGER,
                                    example="4",
                                    high=9_999,
                                    help="Laissez vide si vous ne savez pas.",
                                ),
                            ),
                            remove="Retirer ces dates",
                        ),
                    ),
                    fixed=True,
                ),
            ),
        ),
        Section(
            "L’inscription",
            (
                Question(
                    "inscription.modalites",
                    help="Ce qu’il faut faire pour venir.",
                    example="Se présenter à l’accueil le lundi de 14 h à 17 h",
                    required=True,
                ),
                Question(
                    "inscription.recrutement",
                    Kind.TEXT,
                    help="Ce qui se passe avant la première séance.",
                    example="Un entretien de vingt minutes pour choisir le groupe.",
                ),
                Question("inscription.debut", Kind.DATE, help="Laissez vide si l’on s’inscrit à tout moment."),
                Question("inscription.fin", Kind.DATE, help="Laissez vide si l’on s’inscrit à tout moment."),
                Question(
                    "inscription.ou",
                    Kind.RADIO,
                    choices=words.LIEUX_INSCRIPTION,
                    required=True,
                    help="L’adresse où la personne doit se présenter.",
                ),
            ),
        ),
        Section(
            "Une autre adresse pour s’inscrire",
            address("inscription.adresse", required=False),
            intro="À remplir seulement si vous avez choisi « À une autre adresse ».",
            folded=True,
        ),
        Section(
            "Qui renseigne les personnes",
            contact("formation.contact", "La personne ou le service qui répond aux questions.", required=True),
        ),
        Section(
            "Une autre personne pour s’inscrire",
            contact("inscription.contact", "Seulement si ce n’est pas la même personne."),
            intro="À remplir seulement si ce n’est pas la même personne.",
            folded=True,
        ),
    ),
)
