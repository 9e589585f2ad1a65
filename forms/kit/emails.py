"""Validates a typed e-mail address."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

LONGEST = 160
"""In characters, as stored in the database."""


def email(text: str) -> str:
    """The normalised address. Raises ValueError with a message in French."""
    try:
        found = str(validate_email(text, check_deliverability=False, test_environment=True).normalized)
    except EmailNotValidError:
        raise ValueError(
            f"« {text[:80]} » n’est pas une adresse e-mail. Écrivez-la comme accueil@exemple.fr."
        ) from None
    if len(found) > LONGEST:
        raise ValueError(f"Cette adresse e-mail est trop longue : {LONGEST} caractères au plus.")
    return found
