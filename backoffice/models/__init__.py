"""The tables. Importing this package makes every model known to the metadata."""

from .account import Assignment, Login, Membership, Organisme, User
from .fiche import Fiche, Fragment, Revision, TransitionLog
from .flux import Flux, FluxKind, FluxRun, FluxToken, Publication, RunState, SessionUpdate
from .imports import ImportJob, ImportKind, ImportLine, ImportMapping, JobStatus, Outcome, Phase
from .link import Link
from .notices import FailedJob, Mail, MailState, Mute, Notification
from .pairs import Contestation, DistinctPair
from .remark import ReadySentence, Remark, RemarkAct, RemarkEvent
from .states import FicheState, Origin, RevisionState
from .territoire import Commune, PostalCode, Territoire
from .vocabulary import Dispositif

__all__ = [
    "Assignment",
    "Commune",
    "Contestation",
    "Dispositif",
    "DistinctPair",
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
    "Origin",
    "Outcome",
    "Phase",
    "PostalCode",
    "Publication",
    "ReadySentence",
    "Remark",
    "RemarkAct",
    "RemarkEvent",
    "Revision",
    "RevisionState",
    "RunState",
    "SessionUpdate",
    "Territoire",
    "TransitionLog",
    "User",
]
