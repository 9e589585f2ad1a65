"""The tables. Importing this package makes every model known to the metadata."""

from .account import Assignment, Login, Membership, Organisme, User
from .fiche import Fiche, Fragment, Revision, TransitionLog
from .flux import EntryCount, Flux, FluxKind, FluxRun, FluxToken, Publication, RunState, SessionUpdate
from .imports import ImportJob, ImportKind, ImportLine, ImportMapping, JobStatus, Outcome, Phase
from .link import Link
from .lots import Lot, LotAction, LotLine, LotResult
from .notices import FailedJob, Mail, MailState, Mute, Notification
from .saved_views import SavedView
from .states import FicheState, Nature, RevisionState
from .support import Support
from .territoire import Commune, PostalCode, Territoire
from .vocabulary import Dispositif

__all__ = [
    "Assignment",
    "Commune",
    "Dispositif",
    "EntryCount",
    "FailedJob",
    "Fiche",
    "FicheState",
    "Flux",
    "FluxKind",
    "FluxRun",
    "FluxToken",
    "Fragment",
    "ImportJob",
    "ImportKind",
    "ImportLine",
    "ImportMapping",
    "JobStatus",
    "Link",
    "Login",
    "Lot",
    "LotAction",
    "LotLine",
    "LotResult",
    "Mail",
    "MailState",
    "Membership",
    "Mute",
    "Nature",
    "Notification",
    "Organisme",
    "Outcome",
    "Phase",
    "PostalCode",
    "Publication",
    "Revision",
    "RevisionState",
    "RunState",
    "SavedView",
    "SessionUpdate",
    "Support",
    "Territoire",
    "TransitionLog",
    "User",
]
