"""Applies a posted form to the content: valid answers are stored, a page with invalid ones is kept as pending text.

A field that cannot be read leaves the content unchanged. The whole page, as typed, is then kept as *pending* text
and shown again with its errors, so that nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField

from backoffice.core.text import clean
from backoffice.models.content import Adresse, Contenu, dump, fingerprint, pattern_of
from backoffice.reference.towns import CommuneFinder
from exports.importing.merge import place_key

from .builder import Rank, RowList, StepForm, bind, keyed, row_kind
from .communes import offer, settle
from .fields import Answer
from .questions import Question, Rows, Step

Pending = dict[str, list[list[str]]]
"""{step slug: [[field name, text], …]}: pages whose typed text has errors."""

NOT_FIELDS = frozenset({"csrf_token", "empreinte", "ligne", "suite", "garder"})
"""Posted names that control the page and are not answers."""


@dataclass
class Saved:
    """Result of a posted page. form: carries the errors. content: the given one, modified. pending: a new dict."""

    form: StepForm
    content: Contenu
    pending: Pending
    homeless: bool = False
    """Whether something was typed about a fixed row that a colleague has removed meanwhile."""

    @property
    def clean(self) -> bool:
        return not self.form.faulty

    @property
    def ids(self) -> dict[str, str]:
        """{field name: local id} of the rows of the page, new rows included."""
        return {field.name: field.data for field in self.form.fields() if isinstance(field, Rank) and field.data}

    @property
    def understood(self) -> list[str]:
        """How ambiguous answers were read, in French."""
        return [words for field in self.form.fields() if (words := getattr(field, "understood", ""))]


def open_form(step: Step, content: Contenu, pending: Pending, find: CommuneFinder) -> StepForm:
    """The form as the person left it, with its pending text and errors if there are some."""
    if step.slug in pending:
        form = bind(step, content, typed(pending[step.slug]))
        validate(form, find, content.confirmes)
    else:
        form = bind(step, content)
    for part in _addresses(form):
        offer(part, find)
    _offer_blank_rows(form, step.items())
    return form


def save(step: Step, content: Contenu, pending: Pending, posted: MultiDict[str, str], find: CommuneFinder) -> Saved:
    """Applies a posted page. `content` is modified in place; nothing is written to the database."""
    form = bind(step, content, posted)
    content.confirmes += validate(form, find, content.confirmes)
    homeless = _homeless(form, content)
    write(form, content)
    rest = {slug: pairs for slug, pairs in pending.items() if slug != step.slug}
    saved = Saved(form, content, rest, homeless)
    if form.faulty:
        typed_ = [(name, clean(text, multiline=True)) for name, text in answers(posted) if name not in saved.ids]
        # A new row keeps its id in the content, so that answers of other steps stay attached to it.
        rest[step.slug] = [[name, text] for name, text in (*typed_, *saved.ids.items())]
    return saved


def answers(posted: MultiDict[str, str]) -> list[tuple[str, str]]:
    """(name, text) of the answers of a posted page, in order."""
    return [(name, text) for name, text in posted.items(multi=True) if name not in NOT_FIELDS]


def stamp(step: Step, content: Contenu, pending: Pending) -> str:
    """Optimistic-lock stamp of a step: the same for the same stored answers.

    Local ids are left out: a group added on another step does not make this page stale.
    """
    values = {field.id: dump(field.data) for field in bind(step, content).fields() if not isinstance(field, Rank)}
    typed = [pair for pair in pending.get(step.slug, ()) if not pair[0].endswith("-id")]
    return fingerprint([values, typed])[:20]


def validate(form: StepForm, find: CommuneFinder, known: Collection[str] = ()) -> list[str]:
    """Sets the errors of the fields. known: see Contenu.confirmes. Returns what the page confirms besides."""
    confirmed = check(form, known)
    for part in _addresses(form):
        settle(part, find)
        offer(part, find)
    return confirmed


def check(form: StepForm, known: Collection[str]) -> list[str]:
    """As `validate`, without the towns."""
    form.validate()
    asked = [field for field in form.fields() if isinstance(field, Answer)]
    for field in asked:
        field.settle(known)
    return list(dict.fromkeys(field.confirmed for field in asked if field.confirmed and field.confirmed not in known))


def _addresses(form: StepForm) -> Iterable[StepForm]:
    return (part for part in _parts(form) if {"code_postal", "ville"} <= part._fields.keys())


def write(form: StepForm, content: Contenu) -> None:
    """Copies every field without error into the content, and sets the `spot` of each field."""
    _write(form, content, content, "")


def _write(form: StepForm, target: Any, content: Contenu, path: str) -> None:
    before = place_key(target) if isinstance(target, Adresse) else ""
    for name, field in form._fields.items():
        if isinstance(field, FormField):
            _write(field.form, getattr(target, name), content, f"{path}{name}-")
        elif isinstance(field, RowList):
            setattr(target, name, _rows(field, getattr(target, name), content, f"{path}{name}"))
        elif name != "id":
            setattr(field, "spot", f"{path}{name}")  # noqa: B010 an attribute of Answer, which Field does not know
            if not field.errors:
                setattr(target, name, field.data)
    if isinstance(target, Adresse) and not (form["code_postal"].errors or form["ville"].errors):
        target.code_insee, target.departement, target.region = form.codes
    if isinstance(target, Adresse) and place_key(target) != before:
        target.latitude = target.longitude = ""  # of the former address


def _rows(field: RowList, stored: list[Any], content: Contenu, path: str) -> list[Any]:
    """New rows of a list: those with a local id keep it, and the values that this page does not show.

    Fixed rows are only filled: rows that a colleague has added or removed meanwhile are left so.
    """
    kind = row_kind(pattern_of(path) + "[]")
    known: dict[Any, Any] = {row.id: row for row in stored} if keyed(kind) else {}
    if not keyed(kind) and len(field.entries) >= len(stored):
        known = dict(enumerate(stored))  # no row was removed: ranks still match
    rows: list[Any] = []
    for rank, entry in enumerate(field.entries):
        row = known.pop(entry.form["id"].data if keyed(kind) else rank, None)
        fresh = row is None or not keyed(kind)
        if row is None and field.rows.fixed:
            continue
        row = row or kind()
        _write(entry.form, row, content, f"{path}-{len(rows)}-")
        if fresh and row == kind() and not any(f.errors for f in entry.form.fields()):
            continue  # an offered row that was left empty
        if fresh and keyed(kind):
            row.id = content.new_id(kind)
        if keyed(kind):
            entry.form["id"].data = row.id
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
    """Posted form data of a pending step."""
    return MultiDict([(name, text) for name, text in pairs])


def _offer_blank_rows(form: StepForm, items: Iterable[Question | Rows]) -> None:
    """Adds the empty rows that the step offers, so that more can be typed without JavaScript."""
    for item in items:
        if isinstance(item, Rows):
            _offer_in(form, item, item.pattern.replace("[]", "").split("."))


def _offer_in(form: StepForm, rows: Rows, names: list[str]) -> None:
    field = form._fields[names[0]]
    for name in names[1:]:
        assert isinstance(field, FormField)
        field = field.form._fields[name]
    assert isinstance(field, RowList)
    if not rows.fixed:
        wanted = max(rows.least, len(field.entries) + rows.blank)
        while len(field.entries) < wanted:
            field.append_entry(row_kind(rows.pattern)())
    for entry in field.entries:
        for inner in rows.questions:
            if isinstance(inner, Rows):
                inside = inner.pattern.removeprefix(rows.pattern + ".").replace("[]", "")
                _offer_in(entry.form, inner, inside.split("."))


def all_rows(items: Iterable[Question | Rows]) -> Iterable[Rows]:
    for item in items:
        if isinstance(item, Rows):
            yield item
            yield from all_rows(item.questions)
