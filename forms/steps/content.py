"""What one learns: the title, the aims, the content."""

from __future__ import annotations

from backoffice.models import vocabulary as words
from forms.questions import Kind, Question, Section, Step

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
                    choices=words.DOMAINES,
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
                    choices=words.ESPACES_SOCIAUX,
                    required=True,
                ),
            ),
        ),
    ),
)
