"""The tables. Importing this package makes every model known to the metadata."""

from .account import Assignment, Login, Membership, Organisme, SecondFactor, User
from .alerts import AlertKind, FicheAlert
from .campaign import Campaign, CampaignInvitation, CampaignTerritoire
from .certification import Certification
from .changes import Change
from .convention import (
    Bpi,
    ContactRequest,
    ContactState,
    Convention,
    ConventionFiche,
    ConventionOrigin,
    Matching,
)
from .directories import CertifInfo, Etablissement, Formacode, SchoolBreak, Uai
from .fiche import Fiche, Fragment, Revision, TransitionLog
from .flux import EntryCount, Flux, FluxKind, FluxRun, FluxToken, Publication, RunState, SessionUpdate
from .imports import ImportJob, ImportKind, ImportLine, ImportMapping, JobStatus, Outcome, Phase
from .joining import Invitation, InvitationState, JoinRequest, JoinState, Orphan
from .link import Link
from .lots import Lot, LotAction, LotLine, LotResult
from .moderation_rules import (
    Effect,
    ModerationRule,
    RuleDismissal,
    RuleHit,
    RuleLog,
    RulePause,
    RuleState,
    RuleVersion,
)
from .notices import FailedJob, Mail, MailState, Mute, Notification
from .obligation import Obligation, ObligationEvent, ObligationKind, ObligationState
from .pairs import Contestation, DistinctPair
from .personal import Erasure, RetentionNotice, RetentionRun
from .reasons import Reason
from .registers import (
    DifferenceKind,
    RegisterDifference,
    RegisterImport,
    RegisterPhase,
    RegisterRow,
    RegisterSetting,
)
from .remark import ReadySentence, Remark, RemarkAct, RemarkEvent
from .reminder import Reminder, ReminderState
from .safety import LoginEvent, LoginWay, Proof, ProofKind, RecoveryCode
from .saved_views import SavedView
from .states import FicheState, Nature, Origin, RevisionState
from .structure import OrganismeMerge, StructureCheck, StructurePair, Subject, Verification
from .support import Support
from .territoire import Commune, Coverage, PostalCode, Territoire
from .vocabulary import Dispositif

__all__ = [
    "AlertKind",
    "Assignment",
    "Bpi",
    "Campaign",
    "CampaignInvitation",
    "CampaignTerritoire",
    "CertifInfo",
    "Certification",
    "Change",
    "Commune",
    "ContactRequest",
    "ContactState",
    "Contestation",
    "Convention",
    "ConventionFiche",
    "ConventionOrigin",
    "Coverage",
    "DifferenceKind",
    "Dispositif",
    "DistinctPair",
    "Effect",
    "EntryCount",
    "Erasure",
    "Etablissement",
    "FailedJob",
    "Fiche",
    "FicheAlert",
    "FicheState",
    "Flux",
    "FluxKind",
    "FluxRun",
    "FluxToken",
    "Formacode",
    "Fragment",
    "ImportJob",
    "ImportKind",
    "ImportLine",
    "ImportMapping",
    "Invitation",
    "InvitationState",
    "JobStatus",
    "JoinRequest",
    "JoinState",
    "Link",
    "Login",
    "LoginEvent",
    "LoginWay",
    "Lot",
    "LotAction",
    "LotLine",
    "LotResult",
    "Mail",
    "MailState",
    "Matching",
    "Membership",
    "ModerationRule",
    "Mute",
    "Nature",
    "Notification",
    "Obligation",
    "ObligationEvent",
    "ObligationKind",
    "ObligationState",
    "Organisme",
    "OrganismeMerge",
    "Origin",
    "Orphan",
    "Outcome",
    "Phase",
    "PostalCode",
    "Proof",
    "ProofKind",
    "Publication",
    "ReadySentence",
    "Reason",
    "RecoveryCode",
    "RegisterDifference",
    "RegisterImport",
    "RegisterPhase",
    "RegisterRow",
    "RegisterSetting",
    "Remark",
    "RemarkAct",
    "RemarkEvent",
    "Reminder",
    "ReminderState",
    "RetentionNotice",
    "RetentionRun",
    "Revision",
    "RevisionState",
    "RuleDismissal",
    "RuleHit",
    "RuleLog",
    "RulePause",
    "RuleState",
    "RuleVersion",
    "RunState",
    "SavedView",
    "SchoolBreak",
    "SecondFactor",
    "SessionUpdate",
    "StructureCheck",
    "StructurePair",
    "Subject",
    "Support",
    "Territoire",
    "TransitionLog",
    "Uai",
    "User",
    "Verification",
]
