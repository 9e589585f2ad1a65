"""Steps on what is taught: title, aims, content."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Section, Step, vary

TITLE = Step(
    "intitule",
    "L’action en quelques mots",
    (
        Section(
            "",
            (
                Question(
                    "formation.intitule",
                    help="Le titre que liront les personnes et leurs conseillers.",
                    example="Ateliers de français pour parents du quartier des Tilleuls",
                    required=True,
                ),
                Question(
                    "formation.domaines",
                    Kind.CHECKS,
                    help="Cochez ce qui prend le plus de temps.",
                    required=True,
                ),
                Question(
                    "formation.url",
                    Kind.URL,
                    help="Une page qui parle de ces ateliers, si vous en avez une.",
                    example="https://centre-social.exemple.fr/ateliers",
                ),
            ),
        ),
    ),
)

CONTENT = Step(
    "objectifs",
    "Objectifs et contenu",
    (
        Section(
            "",
            (
                Question(
                    "formation.objectif",
                    Kind.TEXT,
                    help="Ce que les personnes sauront mieux faire dans leur vie de tous les jours.",
                    example="Prendre un rendez-vous chez le médecin, parler avec l’enseignante de son enfant.",
                    required=True,
                ),
                Question(
                    "formation.contenu",
                    Kind.TEXT,
                    help="Comment se passent les séances, ce que l’on y fait, les sorties.",
                    example="Jeux de rôle, lecture de courriers, visite de la médiathèque et de la mairie.",
                    required=True,
                ),
                Question(
                    "formation.resultats",
                    Kind.TEXT,
                    help="Une attestation, un bilan, un diplôme. "
                    "Si vous laissez vide, nous écrirons « Attestation de présence ».",
                    example="Attestation de présence et bilan des progrès à l’oral.",
                ),
                Question(
                    "formation.espaces_sociaux",
                    Kind.CHECKS,
                    help="Les lieux et les démarches sur lesquels portent les ateliers : un au moins.",
                    required=True,
                ),
            ),
        ),
    ),
)

PARENTS_TITLE = vary(
    TITLE,
    change={
        "formation.intitule": {"example": "Ouvrir l’école aux parents, collège Jean-Moulin"},
        "formation.url": {"example": "https://college-jean-moulin.exemple.fr/parents"},
    },
)

MARKET_TITLE = vary(
    TITLE,
    change={
        "formation.intitule": {"example": "Formation linguistique du contrat d’intégration républicaine, niveau A1"},
        "formation.url": {"help": "Une page qui parle de cette formation, si vous en avez une."},
    },
)

PARENTS_CONTENT = vary(
    CONTENT,
    without={"formation.espaces_sociaux"},
    change={
        "formation.objectif": {
            "help": "Ce que les parents sauront mieux faire.",
            "example": "Lire le carnet de correspondance, parler avec les enseignants, connaître ses droits.",
        },
        "formation.contenu": {"example": "Visite du collège, lecture du bulletin, rencontre avec l’infirmière."},
    },
    after={
        "formation.contenu": (
            Question(
                "formation.objectifs_oepre",
                Kind.CHECKS,
                help="Ils vont ensemble : cochez-les tous les trois si les ateliers les poursuivent.",
                required=True,
            ),
        ),
    },
)

MARKET_CONTENT = vary(
    CONTENT,
    without={"formation.espaces_sociaux"},
    change={
        "formation.objectif": {"example": "Atteindre le niveau A1 à l’oral et à l’écrit."},
        "formation.contenu": {"example": "600 heures en présence : vie quotidienne, démarches, emploi."},
    },
)
