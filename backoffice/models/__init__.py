"""All models. Importing this package registers every table in the metadata."""

from backoffice.models.accounts.account import Assignment, Login, Membership, Organisme, SecondFactor, User
from backoffice.models.accounts.joining import Invitation, InvitationState, JoinRequest, JoinState, Orphan
from backoffice.models.accounts.magic_link import Link
from backoffice.models.accounts.safety import LoginEvent, LoginWay, Proof, ProofKind, RecoveryCode
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.conventions.convention import (
    Bpi,
    ContactRequest,
    ContactState,
    Convention,
    ConventionFiche,
    ConventionOrigin,
    Matching,
    Obligation,
    ObligationEvent,
)
from backoffice.models.conventions.obligation import ObligationKind, ObligationState
from backoffice.models.conventions.reminder import Reminder, ReminderState
from backoffice.models.fiches.fiche import Fiche, Fragment, Revision, TransitionLog
from backoffice.models.fiches.register_alerts import AlertKind, FicheAlert
from backoffice.models.fiches.states import FicheState, Nature, Origin, RevisionState
from backoffice.models.moderation.campaign import Campaign, CampaignInvitation, CampaignTerritoire
from backoffice.models.moderation.lots import Lot, LotAction, LotLine, LotResult
from backoffice.models.moderation.moderation_rules import (
    Effect,
    ModerationRule,
    RuleDismissal,
    RuleHit,
    RuleLog,
    RulePause,
    RuleState,
    RuleVersion,
)
from backoffice.models.moderation.pairs import Contestation, DistinctPair
from backoffice.models.moderation.reasons import Reason
from backoffice.models.moderation.remark import ReadySentence, Remark, RemarkAct, RemarkEvent
from backoffice.models.moderation.saved_views import SavedView
from backoffice.models.registers.certification import Certification
from backoffice.models.registers.readings import (
    DifferenceKind,
    RegisterDifference,
    RegisterImport,
    RegisterPhase,
    RegisterRow,
    RegisterSetting,
)
from backoffice.models.registers.tables import CertifInfo, Etablissement, Formacode, SchoolBreak, Uai
from backoffice.models.structures.carriers import Support
from backoffice.models.structures.structure import OrganismeMerge, StructureCheck, StructurePair, Subject, Verification

from .change_log import Change
from .flux import (
    EntryCount,
    Flux,
    FluxKind,
    FluxRun,
    FluxToken,
    Publication,
    RunState,
    SessionUpdate,
)
from .importing import ImportJob, ImportKind, ImportLine, ImportMapping, JobStatus, Outcome, Phase
from .notices import FailedJob, Mail, MailState, Mute, Notification
from .privacy import Erasure, RetentionNotice, RetentionRun
from .sightings import ReaderSource, Sighting
from .territoires import Commune, Coverage, PostalCode, Territoire
from .webhooks import Webhook, WebhookAttempt, WebhookEvent

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
    "ReaderSource",
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
    "Sighting",
    "StructureCheck",
    "StructurePair",
    "Subject",
    "Support",
    "Territoire",
    "TransitionLog",
    "Uai",
    "User",
    "Verification",
    "Webhook",
    "WebhookAttempt",
    "WebhookEvent",
]
