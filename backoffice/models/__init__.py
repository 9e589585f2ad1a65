"""The tables. Importing this package makes every model known to the metadata."""

from .account import Assignment, Login, Membership, Organisme, User
from .fiche import Fiche, Fragment, Revision, TransitionLog
from .states import FicheState, RevisionState
from .territoire import Commune, PostalCode, Territoire
from .vocabulary import Dispositif

__all__ = [
    "Assignment",
    "Commune",
    "Dispositif",
    "Fiche",
    "FicheState",
    "Fragment",
    "Login",
    "Membership",
    "Organisme",
    "PostalCode",
    "Revision",
    "RevisionState",
    "Territoire",
    "TransitionLog",
    "User",
]
