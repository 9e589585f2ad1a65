"""Numbers that people copy from a letter: their shape, their key, and where to find them.

Each function returns the number as it is stored, or raises ValueError with a message in French.
"""

from __future__ import annotations

import re

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as siret_key

_BLANKS = re.compile(r"[\s. \-/]")


def siret(text: str) -> str:
    digits = _BLANKS.sub("", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) != 14:
        raise ValueError(
            f"« {text} » n’est pas un numéro SIRET : il a 14 chiffres, comme 732 829 320 00074. "
            "Il figure sur vos courriers de l’Urssaf ou de l’Insee."
        )
    try:
        siret_key.validate(digits)
    except ValidationError:
        raise ValueError(
            "Ce numéro SIRET contient une erreur : l’un de ses 14 chiffres ne va pas avec les autres. "
            "Vérifiez-le sur un courrier de l’Urssaf ou de l’Insee."
        ) from None
    return digits


def nda(text: str) -> str:
    """Numéro de déclaration d’activité: 11 digits, the first two say the région that gave it."""
    digits = _BLANKS.sub("", text)
    if not re.fullmatch(r"[0-9][0-9AB][0-9]{9}", digits):
        raise ValueError(
            f"« {text} » n’est pas un numéro de déclaration d’activité : il a 11 chiffres, comme "
            "28 76 12345 67. Il est donné par la DREETS. Si vous n’en avez pas, laissez ce champ vide."
        )
    return digits


def certification(text: str) -> str:
    """A number of the RNCP (digits) or of the répertoire spécifique (RS and digits)."""
    code = _BLANKS.sub("", text).upper().removeprefix("RNCP")
    if not re.fullmatch(r"(RS)?[0-9]{1,7}", code):
        raise ValueError(
            f"« {text} » n’est ni un numéro RNCP (comme 38115) ni un numéro RS (comme RS5398). "
            "Si vous ne le connaissez pas, laissez ce champ vide."
        )
    return code


def phone(text: str) -> str:
    """Kept as it was typed, provided that it can be dialled from France."""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError(f"« {text} » n’est pas un numéro de téléphone. Écrivez-le comme 02 31 00 00 00.")
    return text
