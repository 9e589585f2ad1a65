"""Steps on places, groups and weekly slots."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Rows, Section, Step, vary

from .shared import address, levels

PLACES = Step(
    "lieux",
    "Lieux, groupes et horaires",
    (
        Section(
            "Les lieux",
            (
                Rows(
                    "lieux[]",
                    "Lieu",
                    "Ajouter un lieu",
                    (
                        *address("lieux[].adresse"),
                        Question(
                            "lieux[].acces_handicapes",
                            help="Dites simplement ce qu’il en est.",
                            example="Oui, rampe à l’entrée et toilettes adaptées",
                        ),
                        Question(
                            "lieux[].transport",
                            help="Le bus, l’arrêt, le parking.",
                            example="Bus 3, arrêt Mairie",
                        ),
                    ),
                    remove="Retirer ce lieu",
                ),
            ),
        ),
        Section(
            "Les groupes",
            (
                Rows(
                    "actions[]",
                    "Groupe",
                    "Ajouter un groupe",
                    (
                        Question(
                            "actions[].nom",
                            help="Utile quand il y a plusieurs groupes.",
                            example="Groupe débutants",
                        ),
                        Question(
                            "actions[].lieu",
                            Kind.SELECT,
                            help="Là où se réunit ce groupe. Il ne se demande qu’à partir de deux lieux.",
                            choices_from="lieux",
                        ),
                        Question(
                            "actions[].format",
                            Kind.SELECT,
                            required=True,
                            help="Si le groupe a aussi des temps individuels, dites-le.",
                        ),
                        Question(
                            "actions[].presence",
                            Kind.SELECT,
                            required=True,
                            folded=True,
                            help="Là où se passent les séances.",
                        ),
                        Rows(
                            "actions[].creneaux[]",
                            "Créneau",
                            "Ajouter un créneau",
                            (
                                Question(
                                    "actions[].creneaux[].jour",
                                    Kind.SELECT,
                                    required=True,
                                    help="Chaque semaine.",
                                ),
                                Question("actions[].creneaux[].debut", Kind.TIME, required=True, help="Comme 9:30."),
                                Question("actions[].creneaux[].fin", Kind.TIME, required=True, help="Comme 11:30."),
                            ),
                            remove="Retirer ce créneau",
                            least=2,
                            most=21,
                            several="jour",
                        ),
                        Question(
                            "actions[].rythme",
                            Kind.TEXT,
                            help="Ce que les horaires ne disent pas.",
                            example="Pas d’atelier pendant les vacances scolaires.",
                            folded=True,
                        ),
                        Question(
                            "actions[].vacances",
                            Kind.FLAG,
                            help="Sinon, nous ne comptons pas d’atelier ces semaines-là.",
                            folded=True,
                        ),
                        Question(
                            "actions[].semaines",
                            Kind.INTEGER,
                            help="Sur toute la période, sans les vacances : sert à calculer les heures.",
                            example="30",
                        ),
                        Question(
                            "actions[].heures_total",
                            Kind.INTEGER,
                            help="Par personne. Si les horaires et le nombre de semaines sont dits, laissez vide : "
                            "nous le calculons.",
                            example="120",
                        ),
                        Question(
                            "actions[].duree",
                            help="Si un nombre d’heures ne suffit pas.",
                            example="De septembre à juin, à la carte",
                            folded=True,
                        ),
                        Question(
                            "actions[].effectif_min",
                            Kind.INTEGER,
                            help="Pour ouvrir le groupe.",
                            folded=True,
                            example="6",
                        ),
                        Question(
                            "actions[].effectif_max",
                            Kind.INTEGER,
                            help="Le nombre de places.",
                            example="12",
                        ),
                        *levels("actions[].niveaux", required=False, folded=True),
                        Question(
                            "actions[].organisation",
                            Kind.TEXT,
                            help="Les temps individuels, une séance en plus, une période en entreprise.",
                            example="Une heure d’aide individuelle le lundi pour qui ne lit pas l’alphabet latin.",
                            folded=True,
                        ),
                        Question(
                            "actions[].garde_enfants",
                            help="Dites si les enfants peuvent venir ou être gardés.",
                            example="Oui, halte-garderie sur place dès 6 mois",
                        ),
                    ),
                    remove="Retirer ce groupe",
                ),
            ),
            intro="Un groupe par niveau ou par horaire. Si vous n’en avez qu’un, ne remplissez que le premier.",
        ),
    ),
)

SCHOOLS = vary(
    PLACES,
    after={
        "lieux[].adresse.ville": (
            Question(
                "lieux[].uai",
                Kind.UAI,
                help="7 chiffres et une lettre : celui de l’école où viennent les parents.",
                example="0140001A",
                required=True,
            ),
        ),
    },
)

COURSES = vary(
    PLACES,
    change={
        "actions[].vacances": {"folded": False},
        "actions[].heures_total": {
            "help": "Par personne, sur place et à distance. Si les horaires et le nombre de semaines sont dits, "
            "laissez vide : nous le calculons.",
            "example": "600",
        },
    },
    after={
        "actions[].presence": (
            Question(
                "actions[].intensite",
                Kind.SELECT,
                required=True,
                help="Le nombre d’heures d’une semaine ordinaire.",
            ),
        ),
        "actions[].heures_total": (
            Question(
                "actions[].heures_centre",
                Kind.INTEGER,
                help="Laissez vide si toutes les heures se passent sur place.",
                example="600",
            ),
        ),
    },
)
