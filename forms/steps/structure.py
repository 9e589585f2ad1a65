"""Steps on the structure that offers the action."""

from __future__ import annotations

from forms.kit.questions import Kind, Question, Section, Step, vary

from .shared import address, contact

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
                Question(
                    "structure.categorie",
                    Kind.RADIO,
                    required=True,
                    help="Ce qui se rapproche le plus de vous.",
                ),
                Question(
                    "structure.siret",
                    Kind.SIRET,
                    help="14 chiffres, sur vos courriers de l’Urssaf ou de l’Insee. "
                    "Vous n’en avez pas ? Laissez vide et nommez plus bas la structure qui vous porte.",
                    example="732 829 320 00074",
                    required=True,
                ),
                Question(
                    "structure.numero_activite",
                    Kind.NDA,
                    help="11 chiffres donnés par la DREETS aux organismes de formation. "
                    "Beaucoup d’associations n’en ont pas : laissez vide.",
                    example="28 76 12345 67",
                ),
                Question(
                    "structure.rna",
                    Kind.RNA,
                    help="La lettre W et 9 chiffres, sur le récépissé de la préfecture. Laissez vide si vous ne "
                    "l’avez pas sous la main.",
                    example="W143000001",
                    folded=True,
                ),
            ),
        ),
        Section(
            "Vous n’avez pas de numéro SIRET ?",
            (
                Question(
                    "structure.porteuse.nom",
                    help="Le centre social, la fédération ou la mairie qui vous porte.",
                    example="Fédération des centres sociaux de la Manche",
                ),
                Question(
                    "structure.porteuse.siret",
                    Kind.SIRET,
                    help="Elle vous le donnera : il est sur ses courriers de l’Urssaf ou de l’Insee.",
                    example="732 829 320 00074",
                ),
                Question(
                    "structure.porteuse.courriel",
                    Kind.EMAIL,
                    help="Nous lui écrirons pour qu’elle confirme qu’elle vous porte.",
                    example="direction@federation.exemple.fr",
                ),
            ),
            intro="Une autre structure peut vous porter : son numéro SIRET et son nom officiel paraîtront à côté "
            "de votre nom.",
            folded=True,
        ),
        Section(
            "Où se trouve la structure",
            address("structure.adresse", label="Nom du bâtiment ou du service"),
        ),
        Section(
            "Comment joindre la structure",
            (
                *contact("structure.contact", "Un service ou une personne.", required=True),
                Question(
                    "structure.site",
                    Kind.URL,
                    help="Son adresse complète. Les annuaires la montrent avec votre nom.",
                    example="https://www.centre-social.exemple.fr",
                ),
            ),
        ),
        Section(
            "D’autres adresses de la structure",
            (
                Question(
                    "structure.courriel",
                    Kind.EMAIL,
                    help="Pour les partenaires, si elle est différente de celle de l’accueil.",
                    example="direction@centre-social.exemple.fr",
                ),
                *contact("structure.formateur", "Si les formateurs ont leur propre accueil."),
            ),
            intro="À remplir seulement si l’accueil ne répond pas pour tout le monde.",
            folded=True,
        ),
    ),
)

SCHOOL = vary(
    STRUCTURE,
    title="Votre établissement",
    without={
        "structure.numero_activite",
        "structure.rna",
        "structure.porteuse.nom",
        "structure.porteuse.siret",
        "structure.porteuse.courriel",
    },
    change={
        "structure.nom": {"help": "Le nom de l’école, du collège ou du lycée.", "example": "Collège Jean-Moulin"},
        "structure.raison_sociale": {"help": "S’il est différent.", "example": "Collège public Jean-Moulin"},
        "structure.siret": {
            "help": "14 chiffres. Le secrétariat le connaît ; laissez vide s’il n’y en a pas.",
            "required": False,
        },
    },
    after={
        "structure.siret": (
            Question(
                "structure.uai",
                Kind.UAI,
                help="7 chiffres et une lettre, sur les courriers de l’académie.",
                example="0140001A",
                required=True,
            ),
        ),
    },
    sections={"Qui propose ces ateliers": {"title": "Qui accueille les parents"}},
)

HOLDER = vary(
    STRUCTURE,
    without={"structure.rna", "structure.porteuse.nom", "structure.porteuse.siret", "structure.porteuse.courriel"},
    change={
        "structure.nom": {"help": "Le nom du titulaire du marché.", "example": "Groupement Langues de l’Ouest"},
        "structure.siret": {"help": "14 chiffres, celui du titulaire du marché."},
        "structure.numero_activite": {"help": "11 chiffres donnés par la DREETS.", "required": True},
    },
    after={
        "structure.formateur.courriel": (
            Question(
                "structure.formateur_nom",
                help="Si ce n’est pas vous : un membre du groupement, un sous-traitant.",
                example="Centre de langues de Caen",
            ),
            Question(
                "structure.formateur_siret",
                Kind.SIRET,
                help="Celui de l’organisme qui donne les cours.",
                example="732 829 320 00074",
            ),
        ),
    },
    sections={
        "Qui propose ces ateliers": {"title": "Le titulaire du marché"},
        "D’autres adresses de la structure": {
            "title": "Ceux qui donnent les cours, d’autres adresses",
            "intro": "À remplir si un autre organisme donne les cours, ou s’il faut joindre d’autres services.",
        },
    },
)
