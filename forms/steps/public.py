"""Steps on the public, its aims and its levels."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Section, Step, vary

from .shared import levels

PUBLIC = Step(
    "publics",
    "Pour qui, dans quel but",
    (
        Section(
            "Les personnes",
            (
                Question(
                    "formation.publics",
                    Kind.CHECKS,
                    help="Cochez toutes les personnes que vous pouvez accueillir.",
                    required=True,
                ),
                Question(
                    "formation.info_publics",
                    help="Ce que les cases ne disent pas.",
                    example="Parents d’élèves de l’école Jean-Moulin",
                ),
                Question(
                    "formation.conditions",
                    Kind.TEXT,
                    help="Un âge, un quartier, un test de niveau. Laissez vide s’il n’y en a pas.",
                    example="Avoir plus de 16 ans. Un entretien permet de choisir le bon groupe.",
                ),
            ),
        ),
        Section(
            "Le but",
            (
                Question(
                    "formation.visees",
                    Kind.CHECKS,
                    help="Plusieurs réponses sont possibles.",
                    required=True,
                ),
                Question(
                    "formation.certification",
                    help="Seulement si vous préparez à un examen.",
                    example="DELF A2",
                ),
                Question(
                    "formation.code_certification",
                    Kind.CERTIFICATION,
                    help="Sans lui, les flux disent l’action non certifiante. « Chercher l’examen » le trouve.",
                    example="RS5398",
                ),
                Question(
                    "formation.parcours",
                    Kind.SELECT,
                    help="Si vous laissez vide, nous choisirons « Insertion sociale et professionnelle ».",
                ),
            ),
        ),
        Section(
            "Les niveaux de français",
            (
                *levels("formation.niveaux", required=True),
                Question(
                    "formation.niveau_obligatoire",
                    Kind.FLAG,
                    help="Ne cochez pas si vous accueillez aussi les personnes d’un autre niveau.",
                ),
            ),
            intro="Pour l’ensemble de l’action, du groupe le plus débutant au plus avancé. "
            "Vous pourrez préciser le niveau de chaque groupe ensuite.",
        ),
    ),
)

SIGNATORIES = vary(
    PUBLIC,
    change={
        "formation.info_publics": {"example": "Signataires du contrat d’intégration républicaine"},
        "formation.conditions": {
            "help": "Qui peut venir, et par qui il est orienté.",
            "example": "Avoir signé le contrat d’intégration républicaine et être orienté par l’OFII.",
        },
        "formation.parcours": {"help": "Si vous laissez vide, nous choisirons « Parcours d’intégration »."},
    },
)
