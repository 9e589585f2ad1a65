"""Every notice that Relais sends, declared once: who, when, in which words.

To add one: its row in `notices_fiches` or `notices_people`; its text in ``templates/notices/emails/<name>.txt``; its
name in the table of transitions (`definition`, `obligation_table`), or one call of ``outbox.tell`` when it follows
no transition. The text serves both forms of the e-mail: blank lines part paragraphs, lines that begin
with ``>`` quote somebody, lines that begin with ``-`` make a list; the HTML form is laid out from them.
"""

from __future__ import annotations

from .audiences import Notice
from .fiches import OF_FICHES
from .people import OF_PEOPLE

NOTICES: dict[str, Notice] = {notice.name: notice for notice in (*OF_FICHES, *OF_PEOPLE)}
