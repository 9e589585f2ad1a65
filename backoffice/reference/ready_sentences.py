"""The ready sentences that every territoire starts with; `phrases-remarques.csv` is ours."""

from .files import FOLDER, read_rows


def read_phrases() -> list[tuple[str, str]]:
    """(pattern of the question, "" for any; the sentence)."""
    return [(row["pattern"], row["texte"]) for row in read_rows(FOLDER / "phrases-remarques.csv")]
