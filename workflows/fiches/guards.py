"""Guards of the transitions of fiches. Each raises Refused, with a French message, when it is not met."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import exists, select

from backoffice.core.dates import local_day
from backoffice.models import Origin, Remark, RemarkAct, RemarkEvent, Revision, RevisionState
from backoffice.models.content.findings import Finding
from backoffice.models.fiches.states import OPEN_STATES
from exports.lheo.fields import faults
from forms.fiches.review import review_of
from workflows.case import Case, Refused

from .publication import effective_content, last_day


def all_of(*conditions: Callable[[Case], None]) -> Callable[[Case], None]:
    """A guard that runs these conditions in order."""

    def check(case: Case) -> None:
        for condition in conditions:
            condition(case)

    return check


def complete(case: Case) -> None:
    """Every step is valid and nothing that the dispositif requires is missing."""
    missing = review_of(case.revision).blocking
    if missing:
        raise Refused("La fiche n’est pas encore complète : elle n’a pas été envoyée.", tuple(missing))


UNFIT = "Cette fiche ne peut pas être publiée en l’état. Renvoyez-la pour correction."


def true(case: Case) -> None:
    """Every value of the content is one that its reader accepts, whichever way it came."""
    wrong = faults(case.revision.content, local_day(case.at))
    if wrong:
        raise Refused(UNFIT, tuple(Finding(path, fault) for path, fault in wrong))


def sendable(case: Case) -> None:
    """Complete, and the structure's own draft. A moderator's copy has another transition (`corrected`)."""
    if by_moderator(case):
        raise Refused("Un modérateur corrige cette fiche en ce moment : elle n’a pas à être envoyée.")
    complete(case)


def corrected(case: Case) -> None:
    """Complete, and a moderator's copy."""
    if not by_moderator(case):
        raise Refused("Ce brouillon est celui de la structure : c’est elle qui l’envoie.")
    complete(case)


def by_moderator(case: Case) -> bool:
    """Whether the revision is a moderator's correction."""
    return case.revision.origin is Origin.MODERATEUR


def shown(case: Case) -> bool:
    """Whether the revision is approved."""
    return case.revision.state is RevisionState.VALIDEE


def over(case: Case) -> None:
    """Its last session has ended, and no new version is being prepared."""
    if case.revision.state in OPEN_STATES:
        raise Refused("Une nouvelle version de cette fiche est en préparation.")
    approved = case.session.get_one(Revision, case.fiche.published_revision_id)
    if last_day(effective_content(case.session, approved), local_day(case.at)) is None:
        raise Refused("Une session de cette fiche n’est pas terminée.")


def has_remarks(case: Case) -> bool:
    """Whether this revision has a remark that was not withdrawn."""
    return bool(live_remarks(case))


def live_remarks(case: Case) -> Sequence[Remark]:
    withdrawn = exists().where(RemarkEvent.remark_id == Remark.id, RemarkEvent.act == RemarkAct.RETIREE)
    pinned = select(Remark).where(Remark.revision_id == case.revision.id, ~withdrawn)
    return case.session.scalars(pinned.order_by(Remark.id)).all()


def not_merged(case: Case) -> None:
    if kept := case.fiche.merged_into:
        raise Refused(f"Cette fiche a été réunie avec la fiche n° {kept.numero} : c’est celle-là qu’il faut modifier.")


def never_sent(case: Case) -> None:
    """The fiche was never submitted."""
    if case.fiche.numero is not None:
        raise Refused("Cette fiche a déjà été envoyée : son histoire est gardée.")


def not_in_moderation(case: Case) -> None:
    """No version of the fiche is with a moderator."""
    if case.revision.with_moderator:
        raise Refused(
            "Une version de cette fiche est en cours de vérification. "
            "Elle pourra être archivée après la réponse du modérateur."
        )
