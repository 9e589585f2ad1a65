"""Effects of the transitions of fiches: they set the facts of each new state. They never commit."""

from __future__ import annotations

from backoffice.core.dates import local_day
from backoffice.models import FicheState, Origin, Revision, RevisionState
from backoffice.models.content import Action, Contenu, fingerprint
from backoffice.models.content.timely import as_of
from exports.fragment.build import Identity, NotExportable, build
from exports.lheo.fields import settled
from forms.fiches.paths import PATHS
from workflows.case import Case, Refused
from workflows.moderation.arrival import due_on, nature_of
from workflows.moderation.rule_hits import record_hits
from workflows.structures import carriers, operations
from workflows.territoires import assignment

from . import guards, publication


def freeze(case: Case) -> None:
    """Freezes the content, each value in its stored form, and stores its hash; gives a numero the first time.

    Then runs the moderation rules.
    """
    case.revision.content = settled(case.revision.content, local_day(case.at))
    case.revision.content_hash = fingerprint(case.revision.document)
    case.revision.submitted_at = case.at
    case.revision.submitted_by_id = case.actor.id
    fiche = case.fiche
    assignment.send(case)
    _enter_queue(case)
    if fiche.numero is None:
        fiche.numero = f"{fiche.territoire.prefixe}{fiche.id:06d}"
    operations.learn(case)
    carriers.ask(case)
    record_hits(case)


def _enter_queue(case: Case) -> None:
    fiche, revision = case.fiche, case.revision
    earlier = [other for other in fiche.revisions if other.number < revision.number]
    approved = next((other.content for other in earlier if other.id == fiche.published_revision_id), None)
    revision.territoire_id = fiche.territoire_id
    revision.nature = nature_of(revision.content, approved)
    revision.due_on = due_on(fiche.territoire, case.at, earlier)
    for other in earlier:
        other.superseded = True


def take(case: Case) -> None:
    case.revision.moderator_id = (case.to or case.actor).id


def give_back(case: Case) -> None:
    case.revision.moderator_id = None


def decide(case: Case) -> None:
    case.revision.decided_at = case.at
    case.revision.reason = case.explanation or None


def publish(case: Case) -> None:
    """Builds, validates and stores the fragment. Raises Refused when the content cannot be exported."""
    fiche, revision = case.fiche, case.revision
    if revision.content_hash != fingerprint(revision.document):
        raise Refused("Le contenu de cette version a changé depuis son envoi : elle ne peut pas être validée.")
    assignment.hand_over(case)
    try:
        fragment = build(as_of(revision.content, local_day(case.at)), Identity.of(fiche, modified=case.at))
    except NotExportable as error:
        raise Refused(guards.UNFIT, error.findings) from error
    decide(case)
    revision.fragment = fragment
    fiche.published_revision_id, fiche.faulty = revision.id, False
    if fiche.state is not FicheState.SUSPENDUE:
        publication.show(case.session, fiche, fragment, case.at)


SEE_REMARKS = "Des remarques vous attendent à côté des questions."
BY_MODERATOR = "Petite correction faite par le modérateur."
"""Reason stored when the moderator wrote none."""


def open_next_draft(case: Case) -> None:
    """The returned version stays frozen; the structure corrects a copy."""
    case.facts["remarques"] = [f"{remark.label} : {remark.text}" for remark in guards.live_remarks(case)]
    decide(case)
    case.revision.reason = case.comment or SEE_REMARKS
    case.session.add(next_draft(case.revision))


def open_correction(case: Case) -> None:
    """The submitted version stays frozen; the moderator corrects a copy."""
    decide(case)
    case.revision.reason = case.comment or BY_MODERATOR
    draft = next_draft(case.revision)
    draft.origin = Origin.MODERATEUR
    draft.moderator_id = case.actor.id
    case.session.add(draft)


def end_correction(case: Case) -> None:
    """The corrected copy replaces the submitted version in the queue: same submission date, submitter and due date."""
    freeze(case)
    sent = next(other for other in reversed(case.fiche.revisions) if other.number < case.revision.number)
    case.revision.submitted_at, case.revision.submitted_by_id = sent.submitted_at, sent.submitted_by_id
    case.revision.due_on = sent.due_on
    take(case)


def take_back(case: Case) -> None:
    """The submitted version stays frozen; the structure continues on a copy. No moderator has decided."""
    case.revision.decided_at = case.at
    case.revision.reason = "Reprise par la structure avant la décision."
    case.revision.moderator_id = None
    case.session.add(next_draft(case.revision))


def next_draft(revision: Revision) -> Revision:
    """A draft copied from `revision`. The caller adds it to the session.

    It keeps the campaign of `revision`, unless `revision` is approved.
    """
    return Revision(
        campaign_id=None if revision.state is RevisionState.VALIDEE else revision.campaign_id,
        fiche_id=revision.fiche_id,
        number=revision.number + 1,
        document=revision.document,
        title=revision.title,
        departement=revision.departement,
        commune=revision.commune,
    )


def suspend(case: Case) -> None:
    case.fiche.suspension_reason = case.explanation
    publication.withdraw(case.session, case.fiche, case.at)


def resume(case: Case) -> None:
    """Publishes the last approved version again, with its fast-lane updates."""
    try:
        fragment = publication.present_fragment(case.session, case.fiche)
    except NotExportable as error:
        raise Refused("Cette fiche ne peut plus être publiée en l’état.", error.findings) from error
    case.fiche.suspension_reason = None
    publication.show(case.session, case.fiche, fragment, case.at)


def archive(case: Case) -> None:
    case.fiche.suspension_reason = None
    publication.withdraw(case.session, case.fiche, case.at)


def reopen(case: Case) -> None:
    """Reopens an archived fiche as a draft, since its content may be out of date."""
    assert case.fiche.state is FicheState.ARCHIVEE
    if case.revision.content_hash is not None:
        case.session.add(next_draft(case.revision))
    elif not case.revision.document:
        _fill_again(case)


def _fill_again(case: Case) -> None:
    """Refills a draft emptied by `operations.forget`: with the last submitted content, else with a new one."""
    sent = next((other for other in reversed(case.fiche.revisions) if other.content_hash is not None), None)
    if sent is not None:
        case.revision.content = sent.content
        return
    content = Contenu()
    content.actions.append(Action(id=content.new_id(Action)))
    PATHS[case.fiche.dispositif].begin(content)
    case.revision.content = content
