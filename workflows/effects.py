"""The facts that go with each new state. Effects flush nothing and commit nothing."""

from __future__ import annotations

from backoffice.models import FicheState, Revision
from backoffice.models.content import fingerprint
from exports.fragment import Identity, NotExportable, build

from .case import Case, Refused


def freeze(case: Case) -> None:
    """From here on the content cannot change: its hash proves it. The first time, a numero is given."""
    case.revision.content_hash = fingerprint(case.revision.document)
    case.revision.submitted_at = case.at
    case.revision.submitted_by_id = case.actor.id
    fiche = case.fiche
    if fiche.numero is None:
        fiche.numero = f"{fiche.territoire.prefixe}{fiche.id:06d}"


def take(case: Case) -> None:
    case.revision.moderator_id = case.actor.id


def give_back(case: Case) -> None:
    case.revision.moderator_id = None


def decide(case: Case) -> None:
    case.revision.decided_at = case.at
    case.revision.reason = case.comment or None


def publish(case: Case) -> None:
    """Builds, validates and stores the fragment; what cannot be exported cannot be approved."""
    fiche, revision = case.fiche, case.revision
    if revision.content_hash != fingerprint(revision.document):
        raise Refused("Le contenu de cette version a changé depuis son envoi : elle ne peut pas être validée.")
    try:
        fragment = build(revision.content, Identity.of(fiche, modified=case.at))
    except NotExportable as error:
        raise Refused(
            "Cette fiche ne peut pas être publiée en l’état. Renvoyez-la pour correction.", error.findings
        ) from error
    decide(case)
    revision.fragment = fragment
    fiche.published_revision_id = revision.id


def open_next_draft(case: Case) -> None:
    """The returned version stays as it was; the provider corrects a copy."""
    decide(case)
    case.session.add(next_draft(case.revision))


def next_draft(revision: Revision) -> Revision:
    """A draft that begins as a copy of `revision`. The caller adds it to the session."""
    return Revision(
        fiche_id=revision.fiche_id,
        number=revision.number + 1,
        document=revision.document,
        title=revision.title,
        departement=revision.departement,
    )


def suspend(case: Case) -> None:
    case.fiche.suspension_reason = case.comment


def resume(case: Case) -> None:
    case.fiche.suspension_reason = None


def reopen(case: Case) -> None:
    """An archived fiche comes back as a draft: what it said may be out of date."""
    assert case.fiche.state is FicheState.ARCHIVEE
    if case.revision.content_hash is not None:
        case.session.add(next_draft(case.revision))
