"""Builds, from a declared Step, a WTForms form whose field names are the paths of the content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, Form, FormField, HiddenField

from backoffice.models.content import ID_LETTERS, Contenu, hints, spots

from .fields import FIELDS, Select
from .questions import Kind, Question, Rows, Step


class StepForm(Form):
    """Form of one step. Its field names are paths of the content: see backoffice.models.content."""

    step: Step
    codes: tuple[str, str, str]
    """For an address: INSEE code, département and région of its commune, "" when unknown. Set by communes.settle."""

    class Meta:
        locales = ["fr"]

    def fields(self) -> Iterator[Field]:
        """Every leaf field, those of rows included, in the order of the form."""
        yield from leaves(self)

    def field(self, path: str) -> Field | None:
        return next((field for field in self.fields() if field.id == path), None)

    @property
    def faulty(self) -> list[Field]:
        return [field for field in self.fields() if field.errors]


class Rank(HiddenField):
    """Hidden local id of a row."""


if TYPE_CHECKING:
    _FormRows = FieldList[FormField["StepForm"]]  # generic in the stubs only
else:
    _FormRows = FieldList


class RowList(_FormRows):
    """Repeated rows of a list."""

    rows: Rows


def leaves(form: Form) -> Iterator[Field]:
    for field in form:
        if isinstance(field, FormField):
            yield from leaves(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                yield from leaves(entry.form)
        else:
            yield field


@cache
def form_class(step: Step) -> type[StepForm]:
    tree = _tree(step.items(), "")
    return type("Step", (StepForm,), {"step": step, **tree})


def _tree(items: Iterable[Question | Rows], prefix: str) -> dict[str, Any]:
    """{name: unbound field}. Questions whose patterns share a prefix share a sub-form."""
    fields: dict[str, Any] = {}
    nested: dict[str, list[Question | Rows]] = {}
    for item in items:
        inside = item.pattern.removeprefix(prefix)
        head, dot, _ = inside.partition(".")
        if dot:
            nested.setdefault(head, []).append(item)
        elif isinstance(item, Rows):
            fields[inside.removesuffix("[]")] = _list(item)
        else:
            fields[head] = _field(item)
    for head, children in nested.items():
        sub = type("Part", (StepForm,), _tree(children, f"{prefix}{head}."))
        fields[head] = FormField(sub)
    return fields


def _list(rows: Rows) -> Any:
    inner = _tree(rows.questions, rows.pattern + ".")
    if keyed(row_kind(rows.pattern)):
        inner["id"] = Rank()
    sub = type("Row", (StepForm,), inner)
    return type("RowList", (RowList,), {"rows": rows})(FormField(sub), max_entries=rows.most)


def _field(question: Question) -> Any:
    arguments: dict[str, Any] = {}
    if question.kind in (Kind.SELECT, Kind.RADIO, Kind.CHECKS):
        arguments["choices"] = dict(question.choices)
    kind = FIELDS[question.kind]
    bound = type(kind.__name__, (kind,), {"question": question})
    return bound(question.words, **arguments)


def bind(step: Step, content: Contenu, formdata: MultiDict[str, str] | None = None) -> StepForm:
    """The step's form, filled from the form data when there is some, else from the content."""
    form = form_class(step)(formdata=formdata, obj=content)
    _offer(form, content)
    return form


def _offer(form: StepForm, content: Contenu) -> None:
    """Sets the choices taken from the fiche's own rows, as currently typed."""
    for field in form.fields():
        question = getattr(field, "question", None)
        if question is None or not question.choices_from:
            continue
        assert isinstance(field, Select)
        field.choices = {"": "Choisir…", **row_names(form, content, question.choices_from)}
        if field.data not in field.choices:
            field.data = ""  # the row was removed: the question is asked again


def row_names(form: StepForm, content: Contenu, name: str) -> dict[str, str]:
    """{local id: name} of the rows of a list: those of the page when it edits the list, else the stored ones."""
    stored = {row.id: row.name for row in getattr(content, name)}
    page = form._fields.get(name)
    if not isinstance(page, RowList):
        return stored
    ids = [entry.form["id"].data for entry in page.entries if "id" in entry.form]
    return {id_: stored[id_] for id_ in ids if id_ in stored}


def row_kind(pattern: str) -> type:
    """Dataclass of the rows of a list: ``actions[].sessions[]`` → Session."""
    (kind,) = get_args(spots()[pattern].type)
    assert isinstance(kind, type)
    return kind


def keyed(kind: type) -> bool:
    """Whether rows of this class have a local id."""
    return kind in ID_LETTERS and "id" in hints(kind)
