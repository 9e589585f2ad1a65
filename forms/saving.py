"""From a posted form to the content, and back: what is right is kept, what is wrong waits.

A field that cannot be understood leaves the content as it was; the whole page, as it was typed, is
then kept as *pending* text, shown again with its errors, so that nothing typed is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField

from backoffice.models.content import Adresse, Contenu, dump, fingerprint, pattern_of
from backoffice.models.text import clean

from .addresses import CommuneFinder, settle
from .builder import StepForm, bind, keyed, row_kind
from .questions import Rows, Step

Pending = dict[str, list[list[str]]]
"""{step slug: [[field name, text], …]}: pages whose typed text is not all right yet."""

NOT_FIELDS = frozenset({"csrf_token", "empreinte", "ligne", "suite", "garder"})
"""Posted names that steer the page and are no answer."""


@dataclass
class Saved:
    """What a posted page becomes. `form` carries the errors; `content` is changed, `pending` is new."""

    form: StepForm
    content: Contenu
    pending: Pending

    @property
    def clean(self) -> bool:
        return not self.form.faulty


def open_form(step: Step, content: Contenu, pending: Pending, find: CommuneFinder) -> StepForm:
    """The form as the person left it: with its pending text and errors, when there is some."""
    if step.slug in pending:
        form = bind(step, content, _multidict(pending[step.slug]))
        validate(form, find)
        return form
    form = bind(step, content)
    _offer_blank_rows(form, step.items())
    return form


def save(step: Step, content: Contenu, pending: Pending, posted: MultiDict[str, str], find: CommuneFinder) -> Saved:
    """Applies a posted page. `content` is modified in place; nothing is stored."""
    form = bind(step, content, posted)
    validate(form, find)
    write(form, content)
    rest = {slug: pairs for slug, pairs in pending.items() if slug != step.slug}
    if form.faulty:
        rest[step.slug] = [[name, clean(text, multiline=True)] for name, text in answers(posted)]
    return Saved(form, content, rest)


def answers(posted: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The typed part of a posted page, in its order."""
    return [(name, text) for name, text in posted.items(multi=True) if name not in NOT_FIELDS]


def stamp(step: Step, content: Contenu, pending: Pending) -> str:
    """Tells whether a page still shows what is stored: the same for the same stored answers."""
    values = {field.id: dump(field.data) for field in bind(step, content).fields()}
    return fingerprint([values, pending.get(step.slug)])[:20]


def validate(form: StepForm, find: CommuneFinder) -> None:
    form.validate()
    for part in _parts(form):
        if {"code_postal", "ville"} <= part._fields.keys():
            settle(part, find)


def write(form: StepForm, content: Contenu) -> None:
    """Copies every field without error into the content."""
    _write(form, content, content, "")


def _write(form: StepForm, target: Any, content: Contenu, path: str) -> None:
    for name, field in form._fields.items():
        if isinstance(field, FormField):
            _write(field.form, getattr(target, name), content, f"{path}{name}-")
        elif isinstance(field, FieldList):
            setattr(target, name, _rows(field, getattr(target, name), content, f"{path}{name}"))
        elif name != "id" and not field.errors:
            setattr(target, name, field.data)
    if isinstance(target, Adresse) and not (form["code_postal"].errors or form["ville"].errors):
        target.code_insee, target.departement, target.region = form.codes


def _rows(field: FieldList, stored: list[Any], content: Contenu, path: str) -> list[Any]:
    """The new rows of a list: those that have a local id keep it and what this page does not show."""
    kind = row_kind(pattern_of(path) + "[]")
    known = {row.id: row for row in stored} if keyed(kind) else {}
    rows = []
    for rank, entry in enumerate(field.entries):
        row = known.pop(entry.form["id"].data, None) if keyed(kind) else None
        fresh = row is None
        row = row or kind()
        _write(entry.form, row, content, f"{path}-{rank}-")
        if fresh and row == kind() and not any(f.errors for f in entry.form.fields()):
            continue  # an empty row that was merely offered
        if fresh and keyed(kind):
            row.id = content.new_id(kind)
        rows.append(row)
    return rows


def _parts(form: StepForm) -> Iterable[StepForm]:
    yield form
    for field in form._fields.values():
        if isinstance(field, FormField):
            yield from _parts(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                yield from _parts(entry.form)


def _multidict(pairs: list[list[str]]) -> MultiDict[str, str]:
    return MultiDict([(name, text) for name, text in pairs])


def _offer_blank_rows(form: StepForm, items: Iterable[Any]) -> None:
    """Adds the empty rows that the step offers, so that a page without JavaScript can take more."""
    for item in items:
        if isinstance(item, Rows):
            _offer_in(form, item, item.pattern.replace("[]", "").split("."))


def _offer_in(form: StepForm, rows: Rows, names: list[str]) -> None:
    field = form._fields[names[0]]
    for name in names[1:]:
        field = field.form._fields[name]
    if not rows.fixed:
        wanted = max(rows.least, len(field.entries) + rows.blank)
        while len(field.entries) < wanted:
            field.append_entry(row_kind(rows.pattern)())
    for entry in field.entries:
        for inner in rows.questions:
            if isinstance(inner, Rows):
                inside = inner.pattern.removeprefix(rows.pattern + ".").replace("[]", "")
                _offer_in(entry.form, inner, inside.split("."))


# --- Rows added and removed without JavaScript ------------------------------------------------------


def remove_row(posted: MultiDict[str, str], path: str) -> MultiDict[str, str]:
    """The posted page without the row at `path` (``actions-0-creneaux-1``)."""
    return MultiDict([(name, text) for name, text in posted.items(multi=True) if not name.startswith(f"{path}-")])


def add_row(saved: Saved, step: Step, path: str) -> str:
    """Adds an empty row to the list at `path`; returns the path of the row, or "" where there can be none.

    When the page waits as pending text, that is what will be shown: the row is added there as well.
    """
    rows = next((rows for rows in all_rows(step.items()) if rows.pattern == pattern_of(path) + "[]"), None)
    target: Any = saved.content
    try:
        for part in path.split("-"):
            target = target[int(part)] if part.isdigit() else getattr(target, part)
    except (AttributeError, IndexError):
        return ""
    if rows is None or rows.fixed or len(target) >= rows.most:
        return ""
    kind = row_kind(rows.pattern)
    row = kind()
    if keyed(kind):
        row.id = saved.content.new_id(kind)
    target.append(row)
    if step.slug not in saved.pending:
        return f"{path}-{len(target) - 1}"
    pairs = saved.pending[step.slug]
    ranks = [int(found[1]) for name, _ in pairs if (found := re.match(rf"{re.escape(path)}-(\d+)-", name))]
    rank = max(ranks, default=-1) + 1
    name = "id" if keyed(kind) else rows.questions[0].pattern.rpartition(".")[2]
    pairs.append([f"{path}-{rank}-{name}", row.id if keyed(kind) else ""])
    return f"{path}-{rank}"


def all_rows(items: Iterable[Any]) -> Iterable[Rows]:
    for item in items:
        if isinstance(item, Rows):
            yield item
            yield from all_rows(item.questions)
