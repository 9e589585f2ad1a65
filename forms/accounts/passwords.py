"""Password rules: long enough, not among the most common ones, not the person's own address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from backoffice.core.passwords import LONGEST, SHORTEST

HELP = (
    f"Au moins {SHORTEST} caractères. Une petite phrase que vous seul pouvez inventer est facile à retenir "
    "et difficile à deviner."
)

_WORDS = (
    "abc abcd abcdef abcdefgh abcdefghijkl admin administrateur administration amour ange apprentissage azerty "
    "azertyuiop asdfgh asdfghjkl asl association bienvenue bonjour camille cheval chocolat chouchou coucou dauphin "
    "doudou dragon football formation francais france iloveyou jetaime jtm julien letmein lille loulou lyon maison "
    "maman marseille master monkey motdepasse mdp naruto nicolas ninja normandie password paris pass portugal "
    "princesse qsdfgh qsdfghjklm qwerty qwertyuiop qwertz relais salut secret soleil superman test thomas toulouse "
    "vacances welcome wxcvbn zxcvbn zxcvbnm"
)
"""Words of the most common passwords, which add digits and signs around them."""
_ONLY_COMMON = re.compile(f"(?:{'|'.join(sorted(_WORDS.split(), key=len, reverse=True))})*")
FEWEST_SIGNS = 5


def password(text: str, email: str) -> str:
    """The password as it was typed. Raises ValueError with what to do, in French. email: of its account."""
    if len(text) < SHORTEST:
        raise ValueError(f"Ce mot de passe est trop court : {SHORTEST} caractères au moins. Il en a {len(text)}.")
    if len(text) > LONGEST:
        raise ValueError(f"Ce mot de passe est trop long : {LONGEST} caractères au plus.")
    plain = text.lower()
    own = plain.replace(email.lower(), "").replace(email.lower().partition("@")[0], "")
    if own != plain and len(own) < SHORTEST // 2:
        raise ValueError("Ce mot de passe est presque votre adresse e-mail : choisissez autre chose.")
    letters = "".join(character for character in unicodedata.normalize("NFKD", plain) if character.isalpha())
    if len(set(plain)) < FEWEST_SIGNS or _ONLY_COMMON.fullmatch(letters):
        raise ValueError("Ce mot de passe est parmi les premiers que l’on essaie : choisissez-en un plus personnel.")
    return text


def read_new(posted: Mapping[str, str], email: str) -> dict[str, str]:
    """Errors of a new password typed twice: {field: message}. email: of its account."""
    new = posted.get("nouveau", "")
    try:
        password(new, email)
    except ValueError as error:
        return {"nouveau": str(error)}
    if posted.get("encore", "") != new:
        return {"encore": "Les deux mots de passe ne sont pas les mêmes : écrivez de nouveau le nouveau, deux fois."}
    return {}
