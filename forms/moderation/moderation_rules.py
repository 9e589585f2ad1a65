"""Form of a moderation rule: name, message, effect and list of conditions.

The fields of a condition are declared with it (backoffice.models.moderation.rule_language). Field names:
«nom», «message», «effet», «mode», «condition» (the kind, one per condition), then «c-<rank>-<field>».
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from werkzeug.datastructures import MultiDict

from backoffice.core.text import clean
from backoffice.models import Effect, RuleVersion
from backoffice.models.moderation.rule_language import (
    KINDS,
    MOST_CONDITIONS,
    Condition,
    Definition,
    DefinitionError,
    load,
)

NAME_LIMIT, MESSAGE_LIMIT = 120, 1_000


@dataclass(frozen=True)
class Asked:
    """One field of a condition. kind: "checks", "select", "lines" or "number"; value: as typed."""

    id: str
    kind: str
    label: str
    help: str
    choices: Mapping[str, str]
    value: Any


@dataclass
class Row:
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    """{field: as typed}: a list of codes, else a text."""

    @property
    def title(self) -> str:
        return KINDS[self.kind].title

    def asked(self, rank: int) -> Iterator[Asked]:
        for item in fields(KINDS[self.kind]):
            said = item.metadata
            choices = {code: _label(label) for code, label in said.get("table", {}).items()}
            kind = _kind(item)
            empty: Any = [] if kind == "checks" else ""
            value = self.values.get(item.name, empty)
            yield Asked(f"c-{rank}-{item.name}", kind, said["label"], said.get("help", ""), choices, value)


@dataclass
class RuleForm:
    """errors: {field id: message}."""

    name: str = ""
    message: str = ""
    effect: str = Effect.SIGNALE
    match: str = "all"
    rows: list[Row] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, version: RuleVersion) -> RuleForm:
        """The form filled from a stored version."""
        definition = load(version.definition)
        rows = [Row(item.kind, _typed(item)) for item in definition.conditions]
        return cls(version.name, version.message, version.effect, "all" if definition.every else "any", rows)

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> RuleForm:
        """The form as it was sent, not validated."""
        form = cls(
            clean(sent.get("nom", "")),
            clean(sent.get("message", ""), multiline=True),
            sent.get("effet", ""),
            sent.get("mode", ""),
        )
        for rank, kind in enumerate(sent.getlist("condition")[: MOST_CONDITIONS + 1]):
            if kind in KINDS:
                form.rows.append(Row(kind, dict(_sent(KINDS[kind], rank, sent))))
        return form

    def add(self, kind: str) -> None:
        if len(self.rows) >= MOST_CONDITIONS:
            self.errors["ajouter"] = f"Il y a déjà {MOST_CONDITIONS} conditions : c’est le plus possible."
        elif kind not in KINDS:
            self.errors["ajouter"] = "Choisissez dans la liste la condition à ajouter."
        else:
            self.rows.append(Row(kind))

    def remove(self, rank: str) -> None:
        if rank.isdecimal() and int(rank) < len(self.rows):
            del self.rows[int(rank)]

    def validated(self) -> Definition | None:
        """The definition when everything is valid; else None, with the reasons in `errors`."""
        if not self.name:
            self.errors["nom"] = "Donnez un nom à la règle."
        elif len(self.name) > NAME_LIMIT:
            self.errors["nom"] = f"Ce nom a {len(self.name)} caractères : {NAME_LIMIT} au plus."
        if not self.message:
            self.errors["message"] = "Dites ce que le modérateur doit regarder."
        elif len(self.message) > MESSAGE_LIMIT:
            self.errors["message"] = f"Ce texte a {len(self.message)} caractères : {MESSAGE_LIMIT} au plus."
        if self.effect not in set(Effect):
            self.errors["effet"] = "Choisissez ce que fait la règle."
        if self.match not in ("all", "any"):
            self.errors["mode"] = "Dites si toutes les conditions doivent être remplies."
        definition = self._conditions()
        return None if self.errors else definition

    def _conditions(self) -> Definition | None:
        """Validates every condition, so that all errors are shown at once."""
        documents = [{"kind": row.kind, **_document(KINDS[row.kind], row.values)} for row in self.rows]
        for rank, document in enumerate(documents):
            try:
                load({"match": "all", "conditions": [document]})
            except DefinitionError as error:
                first = next(iter(fields(KINDS[document["kind"]])), None)
                name = error.name or (first.name if first else "")
                self.errors[f"c-{rank}-{name}"] = error.message
        if not documents:
            self.errors["ajouter"] = "Ajoutez au moins une condition."
        if self.errors:
            return None
        return load({"match": self.match, "conditions": documents})


def said(condition: Condition) -> list[tuple[str, list[str]]]:
    """A condition in words: (question, answers). Questions without an answer are left out."""
    lines = []
    for item in fields(condition):
        value = getattr(condition, item.name)
        table = item.metadata.get("table", {})
        answers = [value] if not isinstance(value, tuple) else list(value)
        shown = [_label(table.get(answer, answer)) for answer in answers if answer not in ("", None)]
        if shown:
            lines.append((item.metadata["label"], shown))
    return lines


def _kind(item: dataclasses.Field[Any]) -> str:
    if item.default is None:
        return "number"
    if "table" in item.metadata:
        return "select" if item.metadata.get("one") else "checks"
    return "lines"


def _label(entry: Any) -> str:
    return str(entry[0]) if isinstance(entry, tuple) else str(entry)


def _sent(kind: type[Condition], rank: int, sent: MultiDict[str, str]) -> Iterator[tuple[str, Any]]:
    for item in fields(kind):
        name = f"c-{rank}-{item.name}"
        if _kind(item) == "checks":
            yield item.name, sent.getlist(name)
        else:
            yield item.name, clean(sent.get(name, ""), multiline=_kind(item) == "lines")


def _typed(condition: Condition) -> dict[str, Any]:
    """{field: value} of a condition, as they would be typed."""
    return {item.name: _as_typed(item, getattr(condition, item.name)) for item in fields(condition)}


def _as_typed(item: dataclasses.Field[Any], value: Any) -> Any:
    if _kind(item) == "checks":
        return list(value)
    if _kind(item) == "lines":
        return "\n".join(value)
    return "" if value is None else str(value)


def _document(kind: type[Condition], typed: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for item in fields(kind):
        value = typed.get(item.name, "")
        if _kind(item) == "lines":
            made[item.name] = [line for line in value.split("\n") if line.strip()]
        elif _kind(item) == "number":
            # A text that is not a whole number is kept: `load` refuses it, with the name of its field.
            bare = value.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
            short = bare.isascii() and bare.isdecimal() and len(bare) < 10
            made[item.name] = None if not value else int(bare) if short else value
        else:
            made[item.name] = value
    return made
