"""Ready sentences of every territoire at the start (phrases-remarques.csv, written for this project)."""

from .files import FOLDER, read_rows


def read_phrases() -> list[tuple[str, str]]:
    """(pattern of the question, sentence) for each; pattern "" for any question."""
    return [(row["pattern"], row["texte"]) for row in read_rows(FOLDER / "phrases-remarques.csv")]
