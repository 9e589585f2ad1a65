"""Form in which a territoire writes a reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from backoffice.core.text import clean
from backoffice.reference.reasons import Motif

LABEL_LIMIT, TEXT_LIMIT = 120, 1_000


@dataclass
class ReasonForm:
    """errors: {field id: message}."""

    label: str = ""
    text: str = ""
    cure: str = ""
    transitions: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, motif: Motif) -> ReasonForm:
        return cls(motif.label, motif.text, motif.cure, motif.transitions)

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> ReasonForm:
        return cls(
            clean(sent.get("libelle", "")),
            clean(sent.get("texte", ""), multiline=True),
            clean(sent.get("remede", ""), multiline=True),
            tuple(sent.getlist("decisions")),
        )

    def validated(self, code: str, known: tuple[str, ...], *, active: bool = True) -> Motif | None:
        """The reason when everything is valid; else None, with the reasons in `errors`."""
        self._judge("libelle", self.label, LABEL_LIMIT, "Donnez un nom court au motif.")
        self._judge("texte", self.text, TEXT_LIMIT, "Écrivez ce que la structure lira.")
        self._judge("remede", self.cure, TEXT_LIMIT, "Écrivez ce que la structure peut faire.")
        if not self.transitions or set(self.transitions) - set(known):
            self.errors["decisions"] = "Cochez au moins une décision."
        if self.errors:
            return None
        return Motif(code, self.label, self.text, self.cure, self.transitions, active, own=True)

    def _judge(self, name: str, value: str, limit: int, missing: str) -> None:
        if not value:
            self.errors[name] = missing
        elif len(value) > limit:
            self.errors[name] = f"Ce texte a {len(value)} caractères : {limit} au plus."
