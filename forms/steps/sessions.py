"""Steps on dates and registration."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Rows, Section, Step, vary

from .shared import address, contact

APPOINTMENT = (
    Question(
        "actions[].sessions[].recrutements[].modalite",
        Kind.SELECT,
        required=True,
        help="Ce que fait la personne ce jour-là.",
    ),
    Question(
        "actions[].sessions[].recrutements[].jour",
        Kind.DATE,
        help="Laissez vide s’il n’y a pas de jour fixé.",
    ),
    Question("actions[].sessions[].recrutements[].debut", Kind.TIME, help="Comme 9:30."),
    Question("actions[].sessions[].recrutements[].fin", Kind.TIME, help="Comme 11:30."),
    Question(
        "actions[].sessions[].recrutements[].places",
        Kind.INTEGER,
        help="Combien de personnes peuvent venir.",
        example="18",
    ),
)

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
                                    help="Le jour de la dernière séance. Laissez vide si l’on peut arriver toute "
                                    "l’année et que rien n’est prévu pour finir.",
                                ),
                                Question(
                                    "actions[].sessions[].recrutement",
                                    Kind.SELECT,
                                    required=True,
                                    help="Où en sont les inscriptions aujourd’hui.",
                                ),
                                Question(
                                    "actions[].sessions[].places_libres",
                                    Kind.INTEGER,
                                    example="4",
                                    help="Laissez vide si vous ne savez pas.",
                                ),
                                Question(
                                    "actions[].sessions[].mois_seulement",
                                    Kind.FLAG,
                                    help="Le jour sera fixé plus tard : seuls le mois et l’année seront publiés.",
                                    folded=True,
                                ),
                                Rows(
                                    "actions[].sessions[].recrutements[]",
                                    "Rendez-vous",
                                    "Ajouter un rendez-vous avant de commencer",
                                    APPOINTMENT,
                                    remove="Retirer ce rendez-vous",
                                    least=0,
                                    most=10,
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
                    required=True,
                    help="L’adresse où la personne doit se présenter.",
                ),
                Question(
                    "inscription.reunion",
                    Kind.DATE,
                    help="Le jour où vous présentez l’action à qui veut venir.",
                    folded=True,
                ),
                Question(
                    "inscription.perimetre",
                    Kind.SELECT,
                    help="Le secteur d’où viennent les personnes que vous accueillez.",
                    folded=True,
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

COURSE_SESSIONS = vary(
    SESSIONS,
    change={
        "inscription.entrees": {"help": "Entrées permanentes, ou par cohortes qui commencent ensemble."},
        "inscription.modalites": {
            "help": "Ce qu’il faut faire pour venir.",
            "example": "Sur prescription de l’OFII uniquement",
        },
    },
)
