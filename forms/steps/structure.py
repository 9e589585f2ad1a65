"""Who offers the action."""

from __future__ import annotations

from backoffice.models import vocabulary as words
from forms.questions import Kind, Question, Section, Step

from .parts import address, contact

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
                    choices=words.CATEGORIES,
                    required=True,
                    help="Ce qui se rapproche le plus de vous.",
                ),
                Question(
                    "structure.siret",
                    Kind.SIRET,
                    help="14 chiffres, sur vos courriers de l’Urssaf ou de l’Insee. "
                    "Sans numéro à vous, écrivez celui de la structure qui vous porte.",
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
            ),
        ),
        Section(
            "Où se trouve la structure",
            address("structure.adresse", label="Nom du bâtiment ou du service"),
        ),
        Section(
            "Comment joindre la structure",
            contact("structure.contact", "Un service ou une personne.", required=True),
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
