"""What the moderators of a territoire write often to structures: written, changed, taken away."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import ReadySentence, User
from forms.moderation.ready_sentences import questions
from workflows.case import Refused
from workflows.change_log import Columns, kept
from workflows.territoires.settings import may_set


def columns() -> Columns:
    """What is kept of each change."""
    return {"text": {}, "pattern": {"": "Toutes", **questions()}, "removed_at": {}}


def write(session: Session, sentence: ReadySentence, said: Mapping[str, str], actor: User) -> ReadySentence:
    """Writes a sentence, new or known, as forms.moderation.ready_sentences read it; its territoire says who may."""
    _own(sentence, actor)
    with kept(session, actor, sentence, columns()):
        sentence.pattern, sentence.text = said["question"], said["texte"]
        session.add(sentence)
    return sentence


def remove(session: Session, sentence: ReadySentence, actor: User) -> None:
    """It is offered no more; what was written with it stays."""
    _own(sentence, actor)
    with kept(session, actor, sentence, columns()):
        sentence.removed_at = now()


def _own(sentence: ReadySentence, actor: User) -> None:
    if not may_set(actor, sentence.territoire_id):
        raise Refused("Vous ne pouvez pas changer les phrases prêtes de ce territoire.")
