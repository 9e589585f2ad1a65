"""The territoire of a fiche follows its first place.

Until the first approval it follows at each save, then at each sending: the fiche waits in the queue of those
who know the place. Once readers see the fiche, it follows at the approval only. Until then its version stays
with the moderators of the territoire whose flow has it, who see that they hand it over; at the approval it
leaves one flow and enters the other, in both differentials, and the moderators there are told. So what is
public never says a place that nobody checked. The numero was given once and stays.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Fiche, Territoire, User
from backoffice.models.content import Contenu
from backoffice.queries.territoires.coverage import territoire_of_content
from workflows.case import Case, Refused


def destination(session: Session, fiche: Fiche, content: Contenu) -> Territoire | None:
    """Another territoire, when this content has its first place there."""
    found = territoire_of_content(session, content)
    return found if found is not None and found.id != fiche.territoire_id else None


def follow_draft(session: Session, fiche: Fiche, content: Contenu, actor: User) -> None:
    """A fiche that was never sent. Who writes it for a structure keeps it in sight until then."""
    found = destination(session, fiche, content)
    if found is not None and _keeps(actor, fiche, found):
        fiche.territoire = found


def send(case: Case) -> None:
    """At the sending of a version that nothing public depends on. Its author must keep sight of it."""
    found = destination(case.session, case.fiche, case.revision.content)
    if found is None or case.fiche.published_revision_id is not None:
        return
    if not _keeps(case.actor, case.fiche, found):
        raise Refused(
            f"Le premier lieu de cette fiche est dans le territoire « {found.nom} », que vous ne modérez pas. "
            "Relisez le lieu. S’il est juste, c’est à la structure d’envoyer la fiche : elle partira dans la file "
            "de ce territoire."
        )
    _move(case, found)


def hand_over(case: Case) -> None:
    """At the approval: from here on, another queue and another flow."""
    found = destination(case.session, case.fiche, case.revision.content)
    if found is not None:
        _move(case, found)
        case.revision.territoire_id = found.id


def _move(case: Case, found: Territoire) -> None:
    if case.fiche.numero is not None:  # until it has one, it was nowhere yet
        case.left = case.fiche.territoire
    case.fiche.territoire = found
    case.session.flush()


def _keeps(actor: User, fiche: Fiche, territoire: Territoire) -> bool:
    return fiche.organisme_id in actor.organisme_ids or territoire.id in actor.territoire_ids(Role.MODERATEUR)
