"""The guided path of the ateliers sociolinguistiques: what is asked, in which order, in which words."""

from __future__ import annotations

from dataclasses import replace

from backoffice.models import vocabulary as words

from .questions import Kind, Path, Question, Rows, Section, Step


def address(pattern: str, *, named: bool = False, required: bool = True) -> tuple[Question, ...]:
    """The questions of one address; `named` places have a name of their own."""
    name = Question(
        f"{pattern}.denomination",
        help="Le nom que les gens du quartier connaissent.",
        example="Maison de quartier des Tilleuls",
    )
    return (
        *((name,) if named else ()),
        Question(
            f"{pattern}.lignes",
            Kind.LINES,
            help="Comme sur une enveloppe, sans le code postal ni la ville.",
            example="12 rue des Tilleuls",
            required=required,
        ),
        Question(f"{pattern}.code_postal", Kind.POSTCODE, help="Cinq chiffres.", required=required),
        Question(
            f"{pattern}.ville",
            help="Si le code postal n’a qu’une commune, elle se remplit toute seule.",
            required=required,
        ),
    )


def contact(pattern: str, help_: str, *, required: bool = False) -> tuple[Question, ...]:
    """The questions of one contact. A service may answer instead of a person."""
    return (
        Question(f"{pattern}.nom", help=help_, example="Accueil", required=required),
        Question(f"{pattern}.prenom"),
        Question(
            f"{pattern}.telephone",
            Kind.PHONE,
            help="Celui que les personnes appelleront. Préférez le numéro de la structure.",
            required=required,
        ),
        Question(
            f"{pattern}.courriel",
            Kind.EMAIL,
            help="Elle sera publique. Préférez l’adresse de la structure à celle d’une personne.",
        ),
    )


def levels(pattern: str, *, required: bool) -> tuple[Question, ...]:
    asked = Question(f"{pattern}.entree_oral", Kind.SELECT, choices=words.NIVEAUX_ORAL)
    return (
        replace(asked, help="Ce que la personne doit déjà savoir dire et comprendre.", required=required),
        replace(
            asked,
            pattern=f"{pattern}.entree_ecrit",
            help="Ce que la personne doit déjà savoir lire et écrire.",
            choices=words.NIVEAUX_ECRIT,
            required=required,
        ),
        replace(asked, pattern=f"{pattern}.vise_oral", help="Le niveau vers lequel vous accompagnez."),
        replace(
            asked,
            pattern=f"{pattern}.vise_ecrit",
            help="Laissez vide si l’écrit n’est pas travaillé.",
            choices=words.NIVEAUX_ECRIT,
        ),
    )


STRUCTURE = Step(
    "structure",
    "Votre structure",
    (
        Section(
            "Qui propose ces ateliers",
            (
                Question(
                    "structure.nom",
                    help="Le nom sous lequel on vous connaît.",
                    example="Centre social des Tilleuls",
                    required=True,
                ),
                Question(
                    "structure.raison_sociale",
                    help="Celui de vos statuts, s’il est différent.",
                    example="Association Les Amis des Tilleuls",
                ),
                Question("structure.categorie", Kind.RADIO, choices=words.CATEGORIES, required=True),
                Question(
                    "structure.siret",
                    Kind.SIRET,
                    help="14 chiffres. Il figure sur vos courriers de l’Urssaf ou de l’Insee.",
                    example="732 829 320 00074",
                ),
                Question(
                    "structure.numero_activite",
                    Kind.NDA,
                    help="11 chiffres donnés par la DREETS aux organismes de formation. "
                    "Beaucoup d’associations n’en ont pas : laissez vide.",
                    example="28 76 12345 67",
                ),
            ),
        ),
        Section("Où se trouve la structure", address("structure.adresse")),
        Section(
            "Comment joindre la structure",
            contact("structure.contact", "Un service ou une personne.", required=True),
        ),
    ),
)

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
                    choices=words.PUBLICS,
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
                    choices=words.VISEES,
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
                    help="Seulement si vous le connaissez.",
                    example="RS5398",
                ),
                Question(
                    "formation.parcours",
                    Kind.SELECT,
                    help="Si vous laissez vide, nous choisirons « Insertion sociale et professionnelle ».",
                    choices=words.PARCOURS,
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
                        *address("lieux[].adresse", named=True),
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
                            help="Là où se réunit ce groupe. Enregistrez d’abord les lieux pour les voir ici.",
                            choices_from="lieux",
                        ),
                        Question("actions[].format", Kind.SELECT, choices=words.FORMATS, required=True),
                        Question("actions[].presence", Kind.SELECT, choices=words.PRESENCES, required=True),
                        Rows(
                            "actions[].creneaux[]",
                            "Créneau",
                            "Ajouter un créneau",
                            (
                                Question(
                                    "actions[].creneaux[].jour",
                                    Kind.SELECT,
                                    choices=words.JOURS,
                                    required=True,
                                ),
                                Question("actions[].creneaux[].debut", Kind.TIME, required=True),
                                Question("actions[].creneaux[].fin", Kind.TIME, required=True),
                            ),
                            remove="Retirer ce créneau",
                            least=2,
                            most=21,
                        ),
                        Question(
                            "actions[].rythme",
                            Kind.TEXT,
                            help="Ce que les horaires ne disent pas.",
                            example="Pas d’atelier pendant les vacances scolaires.",
                        ),
                        Question(
                            "actions[].semaines",
                            Kind.INTEGER,
                            help="Sur toute la période, sans les vacances : sert à calculer les heures.",
                            example="30",
                            high=260,
                        ),
                        Question(
                            "actions[].heures_total",
                            Kind.INTEGER,
                            help="Par personne. Laissez vide : nous le calculons avec les horaires.",
                            example="120",
                            high=9_999,
                        ),
                        Question(
                            "actions[].duree",
                            help="Si un nombre d’heures ne suffit pas.",
                            example="De septembre à juin, à la carte",
                        ),
                        Question(
                            "actions[].effectif_min",
                            Kind.INTEGER,
                            help="Pour ouvrir le groupe.",
                            example="6",
                            low=1,
                            high=999,
                        ),
                        Question(
                            "actions[].effectif_max",
                            Kind.INTEGER,
                            help="Le nombre de places.",
                            example="12",
                            low=1,
                            high=999,
                        ),
                        *levels("actions[].niveaux", required=False),
                        Question(
                            "actions[].organisation",
                            Kind.TEXT,
                            help="Les temps individuels, une séance en plus, une période en entreprise.",
                            example="Une heure d’aide individuelle le lundi pour qui ne lit pas l’alphabet latin.",
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

SESSIONS = Step(
    "sessions",
    "Dates et inscription",
    (
        Section(
            "Les dates",
            (
                Question("inscription.entrees", Kind.RADIO, choices=words.ENTREES, required=True),
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
                                ),
                                Question(
                                    "actions[].sessions[].places_libres",
                                    Kind.INTEGER,
                                    example="4",
                                    high=9_999,
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
                Question("inscription.fin", Kind.DATE),
                Question("inscription.ou", Kind.RADIO, choices=words.LIEUX_INSCRIPTION, required=True),
            ),
        ),
        Section(
            "Une autre adresse pour s’inscrire",
            address("inscription.adresse", named=True, required=False),
            intro="À remplir seulement si vous avez choisi « À une autre adresse ».",
        ),
        Section(
            "Qui renseigne les personnes",
            contact("formation.contact", "La personne ou le service qui répond aux questions.", required=True),
        ),
        Section(
            "Une autre personne pour s’inscrire",
            contact("inscription.contact", "Seulement si ce n’est pas la même personne."),
            intro="À remplir seulement si ce n’est pas la même personne.",
        ),
    ),
)

FUNDING = Step(
    "financement",
    "Financement et obligations",
    (
        Section(
            "Pour la personne qui vient",
            (
                Question("financement.cout", Kind.RADIO, choices=words.COUTS, required=True),
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
                Question("financement.prise_en_charge", Kind.FLAG),
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
                        Question("financement.financeurs[].places", Kind.INTEGER, example="12", high=99_999),
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

ASL = Path((STRUCTURE, TITLE, CONTENT, PUBLIC, PLACES, SESSIONS, FUNDING))
