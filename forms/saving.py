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

from .addresses import CommuneFinder, offer, settle
from .builder import Rank, RowList, StepForm, bind, keyed, row_kind
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
    homeless: bool = False
    """Something was typed about a fixed row that a colleague has removed meanwhile."""

    @property
    def clean(self) -> bool:
        return not self.form.faulty

    @property
    def understood(self) -> list[str]:
        """How answers that could be read in several ways were read."""
        return [words for field in self.form.fields() if (words := getattr(field, "understood", ""))]


def open_form(step: Step, content: Contenu, pending: Pending, find: CommuneFinder) -> StepForm:
    """The form as the person left it: with its pending text and errors, when there is some."""
    if step.slug in pending:
        form = bind(step, content, typed(pending[step.slug]))
        validate(form, find)
    else:
        form = bind(step, content)
    for part in _addresses(form):
        offer(part, find)
    _offer_blank_rows(form, step.items())
    return form


def save(step: Step, content: Contenu, pending: Pending, posted: MultiDict[str, str], find: CommuneFinder) -> Saved:
    """Applies a posted page. `content` is modified in place; nothing is stored."""
    form = bind(step, content, posted)
    validate(form, find)
    homeless = _homeless(form, content)
    write(form, content)
    rest = {slug: pairs for slug, pairs in pending.items() if slug != step.slug}
    if form.faulty:
        rest[step.slug] = [[name, clean(text, multiline=True)] for name, text in answers(posted)]
    return Saved(form, content, rest, homeless)


def answers(posted: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The typed part of a posted page, in its order."""
    return [(name, text) for name, text in posted.items(multi=True) if name not in NOT_FIELDS]


def stamp(step: Step, content: Contenu, pending: Pending) -> str:
    """Tells whether a page still shows what is stored: the same for the same stored answers.

    Local ids are no answer: a group added on another step does not make this page stale.
    """
    values = {field.id: dump(field.data) for field in bind(step, content).fields() if not isinstance(field, Rank)}
    typed = [pair for pair in pending.get(step.slug, ()) if not pair[0].endswith("-id")]
    return fingerprint([values, typed])[:20]


def validate(form: StepForm, find: CommuneFinder) -> None:
    form.validate()
    for part in _addresses(form):
        settle(part, find)
        offer(part, find)


def _addresses(form: StepForm) -> Iterable[StepForm]:
    return (part for part in _parts(form) if {"code_postal", "ville"} <= part._fields.keys())


def write(form: StepForm, content: Contenu) -> None:
    """Copies every field without error into the content."""
    _write(form, content, content, "")


def _write(form: StepForm, target: Any, content: Contenu, path: str) -> None:
    for name, field in form._fields.items():
        if isinstance(field, FormField):
            _write(field.form, getattr(target, name), content, f"{path}{name}-")
        elif isinstance(field, RowList):
            setattr(target, name, _rows(field, getattr(target, name), content, f"{path}{name}"))
        elif name != "id" and not field.errors:
            setattr(target, name, field.data)
    if isinstance(target, Adresse) and not (form["code_postal"].errors or form["ville"].errors):
        target.code_insee, target.departement, target.region = form.codes


def _rows(field: RowList, stored: list[Any], content: Contenu, path: str) -> list[Any]:
    """The new rows of a list: those that have a local id keep it and what this page does not show.

    Fixed rows are only filled: one that a colleague has added or removed meanwhile stays so.
    """
    kind = row_kind(pattern_of(path) + "[]")
    known: dict[Any, Any] = {row.id: row for row in stored} if keyed(kind) else {}
    if not keyed(kind) and len(field.entries) >= len(stored):
        known = dict(enumerate(stored))  # none was removed: each is still where it was
    rows = []
    for rank, entry in enumerate(field.entries):
        row = known.pop(entry.form["id"].data if keyed(kind) else rank, None)
        fresh = row is None or not keyed(kind)
        if row is None and field.rows.fixed:
            continue
        row = row or kind()
        _write(entry.form, row, content, f"{path}-{rank}-")
        if fresh and row == kind() and not any(f.errors for f in entry.form.fields()):
            continue  # an empty row that was merely offered
        if fresh and keyed(kind):
            row.id = content.new_id(kind)
        rows.append(row)
    return stored if field.rows.fixed else rows


def _homeless(form: StepForm, content: Contenu) -> bool:
    for name, field in form._fields.items():
        if isinstance(field, RowList) and field.rows.fixed:
            ids = {row.id for row in getattr(content, name)}
            if any(entry.form["id"].data not in ids for entry in field.entries):
                return True
    return False


def _parts(form: StepForm) -> Iterable[StepForm]:
    yield form
    for field in form._fields.values():
        if isinstance(field, FormField):
            yield from _parts(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                yield from _parts(entry.form)


def typed(pairs: list[list[str]]) -> MultiDict[str, str]:
    """The page of a pending step, as it was posted."""
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
    """The posted page without the row at `path` (``actions-0-creneaux-1``); those after it move up."""
    rows, _, gone = path.rpartition("-")
    pattern = re.compile(rf"{re.escape(rows)}-(\d+)-(.*)", re.DOTALL)
    left: MultiDict[str, str] = MultiDict()
    for name, text in posted.items(multi=True):
        found = pattern.fullmatch(name)
        if not found or not gone.isdecimal() or int(found[1]) < int(gone):
            left.add(name, text)
        elif int(found[1]) > int(gone):
            left.add(f"{rows}-{int(found[1]) - 1}-{found[2]}", text)
    return left


def add_row(saved: Saved, step: Step, path: str) -> str:
    """Adds an empty row to the list at `path`; returns the path of the row, or "" where there can be none.

    It comes after all those that the page showed, the empty ones included: one row more is seen.
    When the page waits as pending text, that is what will be shown: the row is added there as well.
    """
    rows = next((rows for rows in all_rows(step.items()) if rows.pattern == pattern_of(path) + "[]"), None)
    try:
        target = _list_at(saved.content, path)
    except (AttributeError, IndexError, KeyError, TypeError):
        return ""
    if rows is None or rows.fixed or len(target) >= rows.most:
        return ""
    kind = row_kind(rows.pattern)
    wanted = 1 if step.slug in saved.pending else min(_shown(saved.form, path) + 1, rows.most) - len(target)
    for _ in range(max(wanted, 1)):
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


def _list_at(content: Contenu, path: str) -> Any:
    """The list at a path. A row on the way that the page merely offered begins to exist."""
    target: Any = content
    here = ""
    for part in path.split("-"):
        if not part.isdecimal():
            target = getattr(target, part)
        else:
            kind = row_kind(pattern_of(here) + "[]")
            if int(part) == len(target) and keyed(kind):
                target.append(kind(content.new_id(kind)))
            target = target[int(part)]
        here = f"{here}-{part}" if here else part
    return target


def _shown(form: StepForm, path: str) -> int:
    """How many rows of this list the page had."""
    return len({found[1] for field in form.fields() if (found := re.match(rf"{re.escape(path)}-(\d+)-", field.id))})


def all_rows(items: Iterable[Any]) -> Iterable[Rows]:
    for item in items:
        if isinstance(item, Rows):
            yield item
            yield from all_rows(item.questions)
