"""An approved content with its fast-lane updates applied."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from backoffice.models.content import Contenu
from backoffice.models.flux import SessionUpdate


def updated(content: Contenu, updates: Iterable[SessionUpdate]) -> Contenu:
    """Applies `updates`, those of the content's revision in id order, to its sessions; returns `content` itself."""
    sessions = {(a.id, s.id): s for a in content.actions for s in a.sessions}
    for update in updates:
        row = sessions[update.action, update.session]
        if update.recrutement is not None:
            row.recrutement = update.recrutement
        if update.places_libres is not None:
            row.places_libres = update.places_libres
        if update.debut is not None:
            row.debut = date.fromisoformat(update.debut)
        if update.fin is not None:
            row.fin = date.fromisoformat(update.fin)
    return content
