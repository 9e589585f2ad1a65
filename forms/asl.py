"""The guided path of the ateliers sociolinguistiques."""

from __future__ import annotations

from .questions import Path
from .steps.content import CONTENT, TITLE
from .steps.funding import FUNDING
from .steps.places import PLACES
from .steps.public import PUBLIC
from .steps.sessions import SESSIONS
from .steps.structure import STRUCTURE

ASL = Path((STRUCTURE, TITLE, CONTENT, PUBLIC, PLACES, SESSIONS, FUNDING))
