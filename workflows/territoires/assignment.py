"""The territoire of a fiche follows its first location.

Before the first approval: at each save until it has a numero, then at each submission, so that the moderators who know
the place review it. Once the fiche is published: at approval only. Until then, the new version stays with the
territoire whose flow carries the fiche, and its moderators see that approving hands it over. At approval the fiche
leaves one flow and enters the other, in both differentials, and the new moderators are notified. Published data thus
never shows a place that nobody checked. The numero never changes.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Fiche, Territoire, User
from backoffice.models.content import Contenu
from backoffice.queries.territoires.coverage import territoire_of_content
from workflows.case import Case, Refused


def destination(session: Session, fiche: Fiche, content: Contenu) -> Territoire | None:
    """The territoire of the content's first location when it is another one, else None."""
    found = territoire_of_content(session, content)
    return found if found is not None and found.id != fiche.territoire_id else None


def follow_draft(session: Session, fiche: Fiche, content: Contenu, actor: User) -> None:
    """Moves a fiche never submitted, unless the actor would lose access to it."""
    found = destination(session, fiche, content)
    if found is not None and _keeps(actor, fiche, found):
        fiche.territoire = found


def send(case: Case) -> None:
    """Moves a fiche without published version, at submission. Raises Refused when the actor would lose access to it."""
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
    """Moves the fiche at approval: to another queue and another flow."""
    found = destination(case.session, case.fiche, case.revision.content)
    if found is not None:
        _move(case, found)
        case.revision.territoire_id = found.id


def _move(case: Case, found: Territoire) -> None:
    if case.fiche.numero is not None:  # before that, it was in no queue
        case.left = case.fiche.territoire
    case.fiche.territoire = found
    case.session.flush()


def _keeps(actor: User, fiche: Fiche, territoire: Territoire) -> bool:
    return fiche.organisme_id in actor.organisme_ids or territoire.id in actor.territoire_ids(Role.MODERATEUR)
