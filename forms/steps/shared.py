"""Questions that several steps ask in the same words."""

from __future__ import annotations

from dataclasses import replace

from forms.kit.questions import Kind, Question


def address(pattern: str, *, label: str = "", required: bool = True) -> tuple[Question, ...]:
    """The questions of one address. label: replaces the label of the name of the place."""
    name = Question(
        f"{pattern}.denomination",
        help="Le nom que les gens du quartier connaissent.",
        example="Maison de quartier des Tilleuls",
        label=label,
    )
    return (
        name,
        Question(
            f"{pattern}.lignes",
            Kind.LINES,
            help="Comme sur une enveloppe, sans le code postal ni la ville.",
            example="12 rue des Tilleuls",
            required=required,
        ),
        Question(f"{pattern}.code_postal", Kind.POSTCODE, help="Cinq chiffres.", required=required, example="50000"),
        Question(
            f"{pattern}.ville",
            help="Le code postal suffit souvent, ou le nom : l’un trouve l’autre.",
            required=required,
            example="Saint-Lô",
        ),
    )


def contact(pattern: str, help_: str, *, required: bool = False) -> tuple[Question, ...]:
    """The questions of one contact, a person or a service."""
    return (
        Question(f"{pattern}.nom", help=help_, example="Accueil", required=required),
        Question(f"{pattern}.prenom", help="Laissez vide si c’est un service.", example="Samira"),
        Question(
            f"{pattern}.telephone",
            Kind.PHONE,
            help="Celui que les personnes appelleront. Préférez le numéro de la structure.",
            required=required,
            example="02 31 00 00 00",
        ),
        Question(
            f"{pattern}.courriel",
            Kind.EMAIL,
            help="Elle sera publique. Préférez l’adresse de la structure à celle d’une personne.",
            example="accueil@centre-social.exemple.fr",
        ),
    )


def levels(pattern: str, *, required: bool, folded: bool = False) -> tuple[Question, ...]:
    asked = Question(f"{pattern}.entree_oral", Kind.SELECT, folded=folded)
    return (
        replace(asked, help="Ce que la personne doit déjà savoir dire et comprendre.", required=required),
        replace(
            asked,
            pattern=f"{pattern}.entree_ecrit",
            help="Ce que la personne doit déjà savoir lire et écrire.",
            required=required,
        ),
        replace(asked, pattern=f"{pattern}.vise_oral", help="Le niveau vers lequel vous accompagnez."),
        replace(
            asked,
            pattern=f"{pattern}.vise_ecrit",
            help="Laissez vide si l’écrit n’est pas travaillé.",
        ),
    )
