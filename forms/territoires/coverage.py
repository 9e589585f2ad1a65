"""Form of the coverage of a territoire: codes of départements and of communes."""

from __future__ import annotations

import re
from collections.abc import Collection

from backoffice.reference.communes import departements

LONGEST = 20_000
"""In characters: about three thousand communes."""
SHOWN = 10


def read_coverage(text: str, known_communes: Collection[str]) -> tuple[list[str], str]:
    """(codes without duplicates, error or ""). known_communes: those of the text that exist."""
    if len(text) > LONGEST:
        return [], "Cette liste est trop longue : couvrez plutôt des départements entiers."
    codes = codes_in(text)
    wrong = [code for code in codes if code not in departements() and code not in known_communes]
    if wrong:
        more = f" et {len(wrong) - SHOWN} autres" if len(wrong) > SHOWN else ""
        named = ", ".join(code[:12] for code in wrong[:SHOWN])
        return codes, f"Ce ne sont pas des codes de départements ni de communes : {named}{more}."
    return codes, ""


def codes_in(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", text.upper())))
