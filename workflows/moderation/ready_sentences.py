"""Ready-made sentences for the messages of a territoire's moderators: written, changed, removed."""

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
    """Columns written to the change log, with the labels of their codes."""
    return {"text": {}, "pattern": {"": "Toutes", **questions()}, "removed_at": {}}


def write(session: Session, sentence: ReadySentence, said: Mapping[str, str], actor: User) -> ReadySentence:
    """Creates or changes a sentence. said: from `forms.moderation.ready_sentences`. Raises Refused when the actor may
    not set the sentence's territoire."""
    _own(sentence, actor)
    with kept(session, actor, sentence, columns()):
        sentence.pattern, sentence.text = said["question"], said["texte"]
        session.add(sentence)
    return sentence


def remove(session: Session, sentence: ReadySentence, actor: User) -> None:
    """Stops offering the sentence; messages written with it stay. Raises Refused."""
    _own(sentence, actor)
    with kept(session, actor, sentence, columns()):
        sentence.removed_at = now()


def _own(sentence: ReadySentence, actor: User) -> None:
    if not may_set(actor, sentence.territoire_id):
        raise Refused("Vous ne pouvez pas changer les phrases prêtes de ce territoire.")
