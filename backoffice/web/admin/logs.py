"""Logs and background work, read-only for administrators."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import InstrumentedAttribute, joinedload, lazyload, load_only
from sqlalchemy.orm.interfaces import ORMOption

from backoffice.models import (
    Change,
    Erasure,
    FailedJob,
    Fiche,
    FicheState,
    FluxKind,
    FluxRun,
    ImportJob,
    ImportKind,
    JobStatus,
    LoginEvent,
    Mail,
    MailState,
    Obligation,
    ObligationEvent,
    ObligationState,
    OrganismeMerge,
    RegisterImport,
    RetentionRun,
    RevisionState,
    RuleLog,
    RunState,
    TransitionLog,
    User,
)
from backoffice.models.accounts.safety import LoginWay
from backoffice.models.moderation.moderation_rules import RULE_EVENTS
from workflows.conventions.obligation_transitions import DONE
from workflows.fiches.transitions import EVENTS
from workflows.notices.declared import NOTICES
from workflows.registers.declared import REGISTERS

from .choices import territoires, words_of, yes_no
from .table import Among, Table, Vocabularies
from .words import TABLES, column_label, table_label

LOGS = "Journaux"
AT_WORK = "Envois et travaux"


def person(relation: InstrumentedAttribute[User] | InstrumentedAttribute[User | None]) -> ORMOption:
    """Loads the person without their memberships and assignments, for their name."""
    return joinedload(relation).options(lazyload(User.memberships), lazyload(User.assignments))


class Transitions(Table):
    model_class = TransitionLog
    slug, title, one, group = "journal-des-fiches", "Journal des fiches", "Étape", LOGS
    about = "Chaque étape de la vie d’une fiche. Ce journal ne se change pas."
    columns = ("at", "fiche", "transition", "source", "target", "actor")
    more = ("revision.number", "motif", "comment")
    vocabularies = {
        "transition": EVENTS,
        "source": words_of(RevisionState) | words_of(FicheState),
        "target": words_of(RevisionState) | words_of(FicheState),
    }
    loading = (
        joinedload(TransitionLog.fiche).load_only(Fiche.numero),
        person(TransitionLog.actor),
    )

    def filters(self) -> tuple[Among, ...]:
        return (Among(TransitionLog.transition, "transition", lambda: EVENTS),)

    def text(self, row: TransitionLog, name: str) -> str:
        if name == "motif" and row.motif:
            return row.motif["label"]
        return super().text(row, name)

    def elsewhere(self, row: TransitionLog) -> list[tuple[str, str]]:
        return [("Histoire de la fiche", url_for("history.fiche", fiche_id=row.fiche_id))]


class Changes(Table):
    model_class = Change
    slug, title, one, group = "journal-des-changements", "Journal des changements", "Changement", LOGS
    about = "Qui a changé quoi, hors de la vie des fiches. Ce journal ne se change pas."
    columns = ("at", "subject", "name", "before", "after", "actor")
    more = ("subject_id", "territoire_id")
    loading = (person(Change.actor),)

    @property
    def vocabularies(self) -> Vocabularies:
        return {"territoire_id": territoires()}

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(Change.subject, "subject", lambda: {table: words for table, (words, _) in TABLES.items()}),
            Among(Change.territoire_id, "territoire", territoires),
        )

    def text(self, row: Change, name: str) -> str:
        if name == "subject":
            return table_label(row.subject)
        if name == "name":
            return column_label(row.subject, row.name)
        if name == "actor" and row.actor is None:
            return "Relais, de lui-même"
        return super().text(row, name)


class RuleChanges(Table):
    model_class = RuleLog
    slug, title, one, group = "journal-des-regles", "Journal des règles", "Événement", LOGS
    about = "Ce qui a été fait des règles de modération. Ce journal ne se change pas."
    columns = ("at", "version.name", "version.number", "event", "actor")
    more = ("territoire_id",)
    loading = (joinedload(RuleLog.version), person(RuleLog.actor))

    @property
    def vocabularies(self) -> Vocabularies:
        return {"event": RULE_EVENTS, "territoire_id": territoires()}

    def filters(self) -> tuple[Among, ...]:
        return (Among(RuleLog.event, "event", lambda: RULE_EVENTS),)


class Obligations(Table):
    model_class = ObligationEvent
    slug, title, one, group = "journal-des-obligations", "Journal des obligations", "Événement", LOGS
    about = "Ce que sont devenues les obligations des subventions. Ce journal ne se change pas."
    columns = ("at", "obligation.convention", "obligation.kind", "transition", "source", "target", "actor")
    more = ("comment", "due_on")
    vocabularies = {
        "transition": DONE,
        "obligation.kind": {"carte": "Carte nationale", "refugies_info": "Réfugiés.info", "pne": "Enquête PNE"},
    }
    loading = (
        joinedload(ObligationEvent.obligation).joinedload(Obligation.convention),
        person(ObligationEvent.actor),
    )

    def filters(self) -> tuple[Among, ...]:
        return (Among(ObligationEvent.target, "target", lambda: words_of(ObligationState)),)


class Logins(Table):
    model_class = LoginEvent
    slug, title, one, group = "journal-des-connexions", "Journal des connexions", "Connexion", LOGS
    about = "Qui s’est connecté, ou l’a essayé. Une adresse inconnue n’est pas gardée."
    columns = ("at", "user", "way", "success", "device", "network")
    loading = (person(LoginEvent.user),)

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(LoginEvent.success, "success", yes_no),
            Among(LoginEvent.way, "way", lambda: words_of(LoginWay)),
        )


class Merges(Table):
    model_class = OrganismeMerge
    slug, title, one, group = "journal-des-reunions", "Journal des structures réunies", "Réunion", LOGS
    about = "Quand deux structures n’en ont plus fait qu’une. Ce journal ne se change pas."
    columns = ("at", "gone", "kept_id", "actor")
    loading = (joinedload(OrganismeMerge.gone), person(OrganismeMerge.actor))

    def elsewhere(self, row: OrganismeMerge) -> list[tuple[str, str]]:
        return [("Structure gardée", url_for("structures.structure", organisme_id=row.kept_id))]


class Erasures(Table):
    model_class = Erasure
    slug, title, one, group = "journal-des-effacements", "Journal des effacements", "Effacement", LOGS
    about = "Les comptes effacés. Un numéro de compte ne mène plus à personne. Ce journal ne se change pas."
    columns = ("at", "account_id", "actor", "counts")
    loading = (person(Erasure.actor),)


class Retention(Table):
    model_class = RetentionRun
    slug, title, one, group = "conservation", "Effacements de la conservation", "Passage", AT_WORK
    about = "Ce que Relais efface de lui-même quand sa durée de conservation est passée."
    columns = ("started_at", "ended_at", "counts")


class Registers(Table):
    model_class = RegisterImport
    slug, title, one, group = "imports-de-referentiels", "Imports de référentiels", "Import", AT_WORK
    about = "Les fichiers des registres : ce qui a été lu, appliqué, défait."
    columns = ("created_at", "register", "status", "total", "done", "applied_at", "undone_at")
    more = ("filename", "format", "phase", "at_once", "attempt", "error", "moved_at", "created_by")
    vocabularies = {
        "register": {name: register.label for name, register in REGISTERS.items()},
        "phase": {"lecture": "Lecture", "application": "Application"},
    }
    loading = (person(RegisterImport.created_by),)

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(RegisterImport.register, "register", lambda: self.vocabularies["register"]),
            Among(RegisterImport.status, "status", lambda: words_of(JobStatus)),
        )


class Runs(Table):
    model_class = FluxRun
    slug, title, one, group = "fabrications", "Fabrications de flux", "Fabrication", AT_WORK
    about = "Elles se suivent, s’arrêtent et se recommencent sur la page de leur flux."
    columns = ("asked_at", "flux", "kind", "state", "done", "message")
    more = ("total", "started_at", "ended_at", "since", "at", "size", "sha256")
    loading = (joinedload(FluxRun.flux),)

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(FluxRun.state, "state", lambda: words_of(RunState)),
            Among(FluxRun.kind, "kind", lambda: words_of(FluxKind)),
        )

    def elsewhere(self, row: FluxRun) -> list[tuple[str, str]]:
        return [("Suivre cette fabrication", url_for("flux_administration.run_page_page", run_id=row.id))]


class Imports(Table):
    model_class = ImportJob
    slug, title, one, group = "imports", "Imports de fichiers", "Import", AT_WORK
    about = "Les fichiers envoyés par les structures, les modérateurs et les financeurs."
    columns = ("created_at", "kind", "territoire", "organisme", "status", "total", "done")
    more = ("filename", "phase", "attempt", "error", "moved_at", "created_by")
    vocabularies = {"phase": {"colonnes": "Choix des colonnes", "lecture": "Lecture", "import": "Import"}}
    loading = (
        joinedload(ImportJob.territoire),
        joinedload(ImportJob.organisme),
        person(ImportJob.created_by),
    )

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(ImportJob.status, "status", lambda: words_of(JobStatus)),
            Among(ImportJob.kind, "kind", lambda: words_of(ImportKind)),
            Among(ImportJob.territoire_id, "territoire", territoires),
        )


class Mails(Table):
    model_class = Mail
    slug, title, one, group = "messages", "Messages", "Message", AT_WORK
    about = "Les e-mails écrits par Relais. Ils se renvoient ou s’abandonnent sur leur propre page."
    columns = ("created_at", "notice", "state", "address", "sent_at")
    more = ("subject", "said", "attempts", "next_at", "error")
    vocabularies = {"notice": {name: notice.label for name, notice in NOTICES.items()}}
    loading = (
        load_only(Mail.created_at, Mail.notice, Mail.state, Mail.address, Mail.sent_at, Mail.secret, raiseload=False),
    )

    def filters(self) -> tuple[Among, ...]:
        return (
            Among(Mail.state, "state", lambda: words_of(MailState)),
            Among(Mail.notice, "notice", lambda: self.vocabularies["notice"]),
        )

    def text(self, row: Mail, name: str) -> str:
        if name == "said":
            # The text contains a magic link: nobody but the addressee may read it, administrators included.
            return "Ce message porte un lien personnel : il n’est pas montré." if row.secret else row.text
        return super().text(row, name)

    def elsewhere(self, row: Mail) -> list[tuple[str, str]]:
        return [("Messages envoyés et à envoyer", url_for("outbox.mails", etat=row.state))]


class FailedJobs(Table):
    model_class = FailedJob
    slug, title, one, group = "travaux-en-echec", "Travaux en échec", "Travail", AT_WORK
    about = "Ceux qui ont échoué dans ce processus, là où Redis n’est pas installé. Ils se recommencent sur leur page."
    columns = ("failed_at", "function", "arguments")
    more = ("reason",)

    def elsewhere(self, row: FailedJob) -> list[tuple[str, str]]:
        return [("Recommencer un travail", url_for("outbox.failed_jobs"))]


VIEWS: tuple[type[Table], ...] = (
    Transitions,
    Changes,
    RuleChanges,
    Obligations,
    Merges,
    Logins,
    Erasures,
    Runs,
    Imports,
    Registers,
    Retention,
    Mails,
    FailedJobs,
)
