"""Published fiches whose fragment was built by an older export code.

They are built again before each flow: those that remain are the ones that the present code refuses.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from backoffice.models import Fiche, Fragment
from exports.fragment.build import CODE_VERSION
from exports.open_data.filters import lacks_a_facet


def has_former_fragment() -> ColumnElement[bool]:
    """SQL condition on Fiche: it is published with a fragment of another code version, or that lacks a facet."""
    former = select(Fragment.id).where(or_(Fragment.code_version != CODE_VERSION, lacks_a_facet()))
    return Fiche.fragment_id.in_(former)
