"""Steps on the price, the funders and the conditions of a grant."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Rows, Section, Step, vary

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
                    required=True,
                    help="Même une petite adhésion compte : dites-le plus bas.",
                ),
                Question(
                    "financement.prix",
                    Kind.INTEGER,
                    help="Pour toute la durée, sans les centimes.",
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
                            required=True,
                            help="Celui qui verse la subvention. Laissez vide si l’action n’est pas subventionnée.",
                        ),
                        Question(
                            "financement.financeurs[].programme",
                            Kind.SELECT,
                            help="Il est écrit sur la notification de la subvention.",
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

SCHOOL_FUNDING = vary(
    FUNDING,
    change={"financement.cout": {"help": "Ces ateliers sont gratuits pour les parents."}},
    sections={
        "Pour la structure": {
            "intro": "Ces ateliers sont financés par le ministère de l’Intérieur et par l’Éducation nationale. "
            "La subvention vous engage à être sur la carte nationale : c’est le but de cette fiche."
        }
    },
)

MARKET_FUNDING = vary(
    FUNDING,
    without={"financement.financeurs[].programme"},
    after={
        "financement.conventionne": (
            Question(
                "financement.lot",
                help="Il est écrit sur l’acte d’engagement du marché.",
                example="Lot 12 – Calvados, Manche, Orne",
                required=True,
            ),
        ),
    },
    change={
        "financement.cout": {"help": "Cette formation est gratuite pour la personne."},
        "financement.conventionne": {"label": "Action payée par un financeur public", "help": "Ici, l’OFII."},
        "financement.financeurs[].code": {"help": "Celui qui paie la formation."},
        "financement.financeurs[].reference": {"help": "Le numéro du marché ou du bon de commande."},
    },
    sections={"Pour la structure": {"title": "Le marché", "intro": ""}},
)
