"""The tables. Importing this package makes every model known to the metadata."""

from .account import Assignment, Login, Membership, Organisme, User
from .fiche import Fiche, Fragment, Revision, TransitionLog
from .flux import Flux, FluxKind, FluxRun, FluxToken, Publication, RunState, SessionUpdate
from .imports import ImportJob, ImportKind, ImportLine, ImportMapping, JobStatus, Outcome, Phase
from .link import Link
from .notices import FailedJob, Mail, MailState, Mute, Notification
from .states import FicheState, RevisionState
from .territoire import Commune, PostalCode, Territoire
from .vocabulary import Dispositif

__all__ = [
    "Assignment",
    "Commune",
    "Dispositif",
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
    "Mail",
    "MailState",
    "Membership",
    "Mute",
    "Notification",
    "Organisme",
    "Outcome",
    "Phase",
    "PostalCode",
    "Publication",
    "Revision",
    "RevisionState",
    "RunState",
    "SessionUpdate",
    "Territoire",
    "TransitionLog",
    "User",
]
