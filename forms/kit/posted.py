"""Parses a posted step: answers, order of a button, replies to remarks, grants that pay for the fiche.

Every function takes the posted pairs as a werkzeug MultiDict and does not use the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from backoffice.core.text import clean
from forms.fiches import usual_locations

from .rows import Posted

FIELD_NAME = re.compile(r"[a-z_]+(-([a-z_]+|[0-9]{1,3}))*")
"""Field names of our pages; another name can only come from a tampered page."""

REMARK, REPLY, DONE = "remarque:", "remarque_reponse:", "remarque_traitee:"
"""Prefixes of the fields of a remark; see templates/macros/remarks.html."""
GRANT, PAYS = "convention:", "convention_paie:"
"""Prefixes of the two fields of a grant, shown and ticked; see templates/macros/grants.html."""


@dataclass(frozen=True)
class Reply:
    """The structure's reply to one remark."""

    text: str
    done: bool


@dataclass(frozen=True)
class PostedStep:
    """One posted page of a step.

    answers: fields of the page. order: value of the button, "" for a plain save. stamp: optimistic-lock stamp of the
    step when the page was loaded. place: local id of the usual place chosen beside the button.
    replies: {id of the remark: reply}. ties: {id of the convention: whether it pays for the fiche}.
    """

    answers: Posted
    order: str
    stamp: str
    place: str
    replies: Mapping[int, Reply]
    ties: Mapping[int, bool]


def read_step(form: MultiDict[str, str]) -> PostedStep:
    order = order_of(form)
    place = form.get(order, "") if order.startswith(f"{usual_locations.ORDER}:") else ""
    return PostedStep(fields_of(form), order, form.get("empreinte", ""), place, replies_of(form), ties_of(form))


def order_of(form: MultiDict[str, str]) -> str:
    return form.get("ligne", "")[:100]


def fields_of(form: MultiDict[str, str]) -> Posted:
    return MultiDict([(name, text) for name, text in form.items(multi=True) if FIELD_NAME.fullmatch(name)])


def replies_of(form: MultiDict[str, str]) -> dict[int, Reply]:
    """{id of the remark: reply}, for each remark that the page showed."""
    return {
        int(id_): Reply(clean(form.get(f"{REPLY}{id_}", ""), multiline=True), f"{DONE}{id_}" in form)
        for id_ in _ids(form, REMARK)
    }


def ties_of(form: MultiDict[str, str]) -> dict[int, bool]:
    """{id of the convention: whether it pays for the fiche}, for each grant that the page showed."""
    return {int(id_): f"{PAYS}{id_}" in form for id_ in _ids(form, GRANT)}


def _ids(form: MultiDict[str, str], prefix: str) -> list[str]:
    found = (name.removeprefix(prefix) for name in form if name.startswith(prefix))
    return [id_ for id_ in found if id_.isdecimal() and len(id_) < 10]


def kept_pairs(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Posted pairs of replies and ties, to be posted again by the page of a conflict."""
    prefixes = (REMARK, REPLY, DONE, GRANT, PAYS)
    return [(name, text) for name, text in form.items(multi=True) if name.startswith(prefixes)]
