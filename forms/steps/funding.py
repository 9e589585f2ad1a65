"""What it costs, who pays, and what a grant commits to."""

from __future__ import annotations

from backoffice.models import vocabulary as words
from forms.questions import Kind, Question, Rows, Section, Step

FUNDING = Step(
    "financement",
    "Financement et obligations",
    (
        Section(
            "Pour la personne qui vient",
            (
                Question(
                    "financement.cout",
                    Kind.RADIO,
                    choices=words.COUTS,
                    required=True,
                    help="Même une petite adhésion compte : dites-le plus bas.",
                ),
                Question(
                    "financement.prix",
                    Kind.INTEGER,
                    help="Pour toute la durée, sans les centimes.",
                    high=99_999,
                ),
                Question(
                    "financement.frais",
                    help="Une adhésion, des photocopies.",
                    example="Adhésion de 5 € par an",
                ),
                Question(
                    "financement.prise_en_charge",
                    Kind.FLAG,
                    help="Par exemple par la commune, le CCAS ou une association.",
                ),
            ),
        ),
        Section(
            "Pour la structure",
            (
                Question(
                    "financement.conventionne",
                    Kind.RADIO,
                    help="Par l’État, une collectivité ou un autre financeur.",
                    choices={"oui": "Oui", "non": "Non"},
                    required=True,
                ),
                Rows(
                    "financement.financeurs[]",
                    "Financeur",
                    "Ajouter un financeur",
                    (
                        Question(
                            "financement.financeurs[].code",
                            Kind.SELECT,
                            choices=words.FINANCEURS,
                            required=True,
                            help="Celui qui verse la subvention. Laissez vide si l’action n’est pas subventionnée.",
                        ),
                        Question(
                            "financement.financeurs[].programme",
                            Kind.SELECT,
                            help="Il est écrit sur la notification de la subvention.",
                            choices=words.PROGRAMMES,
                        ),
                        Question(
                            "financement.financeurs[].reference",
                            help="Le numéro de la convention ou de l’arrêté.",
                            example="2026-104-0123",
                        ),
                        Question(
                            "financement.financeurs[].places",
                            Kind.INTEGER,
                            example="12",
                            high=99_999,
                            help="Le nombre de personnes prévu par la subvention.",
                        ),
                    ),
                    remove="Retirer ce financeur",
                    most=8,
                ),
            ),
            intro="Si l’action est financée par le programme BOP 104, la subvention vous engage à trois choses : "
            "être sur la carte nationale (c’est le but de cette fiche), avoir une page sur Réfugiés.info si vous "
            "accueillez des personnes réfugiées, et répondre à l’enquête annuelle du Plan national d’évaluation.",
        ),
    ),
)
