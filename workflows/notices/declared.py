"""Every notice that Relais sends, declared once.

To add one: its row in `notices.fiches` or `notices.people`; its text in ``templates/notices/emails/<name>.txt``; its
name in a transition table (`workflows.fiches.transitions`, `workflows.conventions.obligation_transitions`), or one
call of ``outbox.tell`` when it follows no transition. The text serves both forms of the e-mail: blank lines separate
paragraphs, lines that begin with ``>`` are quotations, lines that begin with ``-`` make a list. The HTML form is
built from them.
"""

from __future__ import annotations

from .audiences import Notice
from .fiches import OF_FICHES
from .people import OF_PEOPLE

NOTICES: dict[str, Notice] = {notice.name: notice for notice in (*OF_FICHES, *OF_PEOPLE)}
