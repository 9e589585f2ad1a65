"""Official numbers copied from a letter or a spreadsheet: format, check key, and where to find them.

Each function takes a cell and returns the number as it is stored, or raises Fault.
"""

from __future__ import annotations

import re

from stdnum.fr import siren as siren_key
from stdnum.fr import siret as siret_key

from .cells import Cell, compact, said
from .faults import Fault, quoted

_LEAST_SIRET = 10
"""Digits left of a SIRET whose leading zeros were lost: no SIREN begins with more than three or four."""


def siret(cell: Cell) -> str:
    """The 14 digits, La Poste’s exception to the key included.

    Zeros lost by a spreadsheet at its beginning are put back when both keys, of the SIREN and of the SIRET, prove it.
    """
    digits = compact(cell)
    if digits.isascii() and digits.isdigit() and _LEAST_SIRET <= len(digits) < 14 and siret_is_valid(digits.zfill(14)):
        return digits.zfill(14)
    if not digits.isascii() or not digits.isdigit() or len(digits) != 14:
        raise Fault(
            f"{quoted(said(cell))} n’est pas un numéro SIRET : il a 14 chiffres, comme 732 829 320 00074. "
            "Il figure sur vos courriers de l’Urssaf ou de l’Insee."
        )
    if not digits.strip("0"):
        raise Fault("Quatorze zéros ne sont pas un numéro SIRET. Si la structure n’en a pas, laissez vide.")
    if not siret_is_valid(digits):
        raise Fault(
            "Ce numéro SIRET contient une erreur : l’un de ses 14 chiffres ne va pas avec les autres. "
            "Vérifiez-le sur un courrier de l’Urssaf ou de l’Insee."
        )
    return digits


def siret_is_valid(digits: str) -> bool:
    """Whether the 14 digits have the keys of a SIRET; zeros have them, and are none."""
    return siret_key.is_valid(digits) and bool(digits[:9].strip("0")) and bool(digits[9:].strip("0"))


def siren_is_valid(digits: str) -> bool:
    """Whether the 9 digits have the key of a SIREN."""
    return siren_key.is_valid(digits) and bool(digits.strip("0"))


NDA_REGIONS = frozenset(
    "01 02 03 04 06 11 21 22 23 24 25 26 27 28 31 32 41 42 43 44 52 53 54 "  # noqa: SIM905
    "72 73 74 75 76 82 83 84 91 93 94 95 96 97 98 99".split()
)
"""First two digits of a numéro de déclaration d’activité: régions of today and before 2016, overseas, abroad (99)."""


def nda(cell: Cell) -> str:
    """Numéro de déclaration d’activité: 11 digits, or for a public body 4 digits, P and 6 digits (7331P001531).

    The first two are the région that issued it.
    """
    code = compact(cell).upper()
    if not re.fullmatch(r"[0-9]{11}|[0-9]{4}P[0-9]{6}", code):
        raise Fault(
            f"{quoted(said(cell))} n’est pas un numéro de déclaration d’activité : il a 11 chiffres, comme "
            "28 76 12345 67, avec un P en cinquième pour un organisme public. Il est donné par la DREETS. Si vous n’en "
            "avez pas, laissez ce champ vide."
        )
    if code[:2] not in NDA_REGIONS:
        raise Fault(
            f"Ce numéro de déclaration d’activité contient une erreur : il commence par {code[:2]}, qui n’est le "
            "code d’aucune région. Vérifiez-le sur le courrier de la DREETS. Si vous n’en avez pas, laissez vide."
        )
    return code


def rna(cell: Cell) -> str:
    """Number of an association in the répertoire national: W and nine digits.

    The second or third character is a letter in Corse (W2A, W2B) and overseas (W9R…).
    """
    code = compact(cell).upper()
    if not re.fullmatch(r"W([0-9]{2}|2[AB]|9[A-Z])[0-9]{7}", code):
        raise Fault(
            f"{quoted(said(cell))} n’est pas un numéro RNA : c’est la lettre W suivie de 9 chiffres, comme W143000001 "
            "(ou W9R1001234 outre-mer). Il figure sur le récépissé de la préfecture. Si vous ne l’avez pas, laissez "
            "vide."
        )
    return code


UAI_KEYS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def uai(cell: Cell) -> str:
    """Number of a school (UAI): seven digits and a check letter, modulo 23. A missing first zero is put back."""
    code = compact(cell).upper()
    if re.fullmatch(r"[0-9]{6}[A-Z]", code) and _uai_key(f"0{code}"):
        return f"0{code}"
    if not re.fullmatch(r"[0-9]{7}[A-Z]", code):
        raise Fault(
            f"{quoted(said(cell))} n’est pas un numéro UAI : il a 7 chiffres et une lettre, comme 0140001A. "
            "Il figure sur les courriers de l’académie ; le secrétariat de l’école le connaît."
        )
    if not _uai_key(code):
        raise Fault(
            "Ce numéro UAI contient une erreur : sa lettre ne va pas avec ses chiffres. "
            "Vérifiez-le sur un courrier de l’académie, ou demandez-le au secrétariat de l’école."
        )
    return code


def _uai_key(code: str) -> bool:
    return UAI_KEYS[int(code[:7]) % len(UAI_KEYS)] == code[7] and bool(code[:7].strip("0"))


def certification(cell: Cell) -> str:
    """Number of the RNCP (digits) or of the répertoire spécifique (RS and digits)."""
    code = compact(cell).upper().removeprefix("RNCP")
    if not re.fullmatch(r"(RS)?[0-9]{1,7}", code):
        raise Fault(
            f"{quoted(said(cell))} n’est ni un numéro RNCP (comme 38115) ni un numéro RS (comme RS5398). "
            "Si vous ne le connaissez pas, laissez ce champ vide."
        )
    return code


def postal_code(cell: Cell) -> str:
    """Five digits; the first zero lost by a spreadsheet is put back."""
    code = re.sub(r"^F(?:R|RANCE)?(?=[0-9])", "", compact(cell).upper())
    if re.fullmatch(r"[0-9]{4}", code):
        code = f"0{code}"
    if not re.fullmatch(r"[0-9]{5}", code):
        if not code:
            raise Fault("Écrivez le code postal : cinq chiffres, comme 68300.")
        raise Fault(f"{quoted(said(cell), 40)} n’est pas un code postal : il a 5 chiffres, comme 68300.")
    return code
