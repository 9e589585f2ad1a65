"""The one search: words in any order, without accents or case, numbers in any spacing. See core.text.search_terms.

Each word is looked for in `searched` of the row, and of the rows of PLACES, through its index; the keys found are then
combined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, false, inspect, or_, select, tuple_, union_all

from backoffice.core.text import search_terms
from backoffice.models import Convention, Fiche, Organisme, Revision
from backoffice.models.searched import Searched

Row = TypeVarTuple("Row")
"""Columns of a query."""

PLACES: Mapping[type[Any], Mapping[type[Searched], Select[Any]]] = {
    Fiche: {Revision: select(Revision.fiche_id)},
    Revision: {
        Fiche: select(Revision.id).join(Fiche, Fiche.id == Revision.fiche_id),
        Organisme: select(Revision.id)
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .join(Organisme, Organisme.id == Fiche.organisme_id),
    },
    Convention: {Organisme: select(Convention.id).join(Organisme, Organisme.id == Convention.organisme_id)},
}
"""{model: {other model whose words find its rows: the keys of the first, with the second joined}}."""


def search(query: Select[*Row], text: str) -> Select[*Row]:
    """The rows of the query that the text finds; all of them when the text is empty."""
    return query.where(says(query.column_descriptions[0]["entity"], text)) if text else query


def says(model: type[Any], text: str) -> ColumnElement[bool]:
    """Condition on the model: its row is found by this text. A text without any letter or digit finds nothing."""
    terms = search_terms(text)
    return and_(*(_found(model, term) for term in terms)) if terms else false()


def _found(model: type[Any], term: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    keys = [_rows(model, term)]
    for source, query in PLACES.get(model, {}).items():
        keys.append(query.where(_key(source).in_(_rows(source, term))).correlate(None))
    return _key(model).in_(union_all(*keys) if len(keys) > 1 else keys[0])


def _rows(model: type[Searched], term: Sequence[Sequence[str]]) -> Select[Any]:
    """Keys of the rows whose own words say the term. Not correlated: it is read by itself, from the index alone."""
    said = or_(*(and_(*(model.searched.like(pattern) for pattern in patterns)) for patterns in term))
    return select(*inspect(model).primary_key).where(said).correlate(None)


def _key(model: type[Any]) -> ColumnElement[Any]:
    key = inspect(model).primary_key
    return key[0] if len(key) == 1 else tuple_(*key)
