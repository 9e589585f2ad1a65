"""Official numbers copied from a letter: format, check key, and where to find them.

Each function returns the number as it is stored, or raises ValueError with a message in French.
"""

from __future__ import annotations

import re
from functools import cache

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as siret_key

from backoffice.reference.communes import regions

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
    """Numéro de déclaration d’activité: 11 digits; the first two are the région that issued it."""
    digits = _BLANKS.sub("", text)
    if re.fullmatch(r"[0-9]{11}", digits) and digits[:2] not in nda_regions():
        raise ValueError(
            f"Ce numéro de déclaration d’activité contient une erreur : il commence par {digits[:2]}, qui n’est le "
            "code d’aucune région. Vérifiez-le sur le courrier de la DREETS. Si vous n’en avez pas, laissez vide."
        )
    if not re.fullmatch(r"[0-9]{11}", digits):
        raise ValueError(
            f"« {text} » n’est pas un numéro de déclaration d’activité : il a 11 chiffres, comme "
            "28 76 12345 67. Il est donné par la DREETS. Si vous n’en avez pas, laissez ce champ vide."
        )
    return digits


@cache
def nda_regions() -> frozenset[str]:
    """Accepted first two digits of a numéro de déclaration d’activité: a région, or 99, Insee’s code for abroad."""
    return FORMER_REGIONS | set(regions()) | {"99"}


FORMER_REGIONS = frozenset("21 22 23 25 26 31 41 42 43 54 72 73 74 82 83 91 95 96 97 98".split())  # noqa: SIM905
"""Older numbers begin with the codes of the régions before 2016."""


def rna(text: str) -> str:
    """Number of an association in the répertoire national: W and nine digits."""
    code = _BLANKS.sub("", text).upper()
    if not re.fullmatch(r"W[0-9]{9}", code):
        raise ValueError(
            f"« {text} » n’est pas un numéro RNA : c’est la lettre W suivie de 9 chiffres, comme W143000001. "
            "Il figure sur le récépissé de la préfecture. Si vous ne l’avez pas, laissez vide."
        )
    return code


UAI_KEYS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def uai(text: str) -> str:
    """Number of a school (UAI): seven digits and a check letter, modulo 23."""
    code = _BLANKS.sub("", text).upper()
    if not re.fullmatch(r"[0-9]{7}[A-Z]", code):
        raise ValueError(
            f"« {text} » n’est pas un numéro UAI : il a 7 chiffres et une lettre, comme 0140001A. "
            "Il figure sur les courriers de l’académie ; le secrétariat de l’école le connaît."
        )
    if UAI_KEYS[int(code[:7]) % len(UAI_KEYS)] != code[7]:
        raise ValueError(
            "Ce numéro UAI contient une erreur : sa lettre ne va pas avec ses chiffres. "
            "Vérifiez-le sur un courrier de l’académie, ou demandez-le au secrétariat de l’école."
        )
    return code


def certification(text: str) -> str:
    """Number of the RNCP (digits) or of the répertoire spécifique (RS and digits)."""
    code = _BLANKS.sub("", text).upper().removeprefix("RNCP")
    if not re.fullmatch(r"(RS)?[0-9]{1,7}", code):
        raise ValueError(
            f"« {text} » n’est ni un numéro RNCP (comme 38115) ni un numéro RS (comme RS5398). "
            "Si vous ne le connaissez pas, laissez ce champ vide."
        )
    return code


def phone(text: str) -> str:
    """The number as it was typed, if it can be dialled from France."""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError(f"« {text} » n’est pas un numéro de téléphone. Écrivez-le comme 02 31 00 00 00.")
    return text
