"""Checks a fragment by the grammar and the business rules; each finding is placed on a field of the content."""

from __future__ import annotations

import re

from lxml import etree

from backoffice.models.content import Contenu, spots
from backoffice.models.content.findings import Finding
from exports.lheo.business_rules import examine
from exports.lheo.grammar import NAMESPACE

from .words import funders_of

HEAD = f'<lheo xmlns="{NAMESPACE}"><offres>'
TAIL = "</offres></lheo>"


def findings_of(xml: str, content: Contenu) -> list[Finding]:
    """Findings of the grammar and the business rules on one ``formation`` without namespace; empty when it is valid.

    The characters that the flow will contain are parsed again, inside the flow's envelope.
    """
    root = etree.fromstring(HEAD + xml + TAIL)
    findings = [Finding(content_path(fault.path, content), fault.message) for fault in examine(root, flow=True)]
    return list(dict.fromkeys(findings))


def content_path(xml_path: str, content: Contenu) -> str:
    """Path in the content of the value that an XML path was written from; "" when there is none.

    ``/lheo/offres/formation[1]/action[2]/session[1]/periode/fin`` → ``actions-1-sessions-0-fin``
    """
    steps = re.findall(r"/([\w-]+)(?:\[(\d+)\])?", xml_path)
    names = [name for name, _ in steps]
    if "formation" not in names:
        return ""
    steps = steps[names.index("formation") :]
    ranks = {name: int(rank or 1) - 1 for name, rank in steps}
    names = [name for name, _ in steps]
    known: dict[str, str] = {}
    for spot in spots().values():
        if spot.lheo:
            known.setdefault(spot.lheo, spot.pattern)
    while names and "/".join(names) not in known:
        names.pop()
    if not names:
        return ""
    pattern = known["/".join(names)]
    rows = {
        "actions": ranks.get("action", 0),
        "sessions": ranks.get("session", 0),
        "recrutements": ranks.get("recrutement", 0),
        "financeurs": _funder_rank(content, ranks.get("organisme-financeur", 0)),
        "lieux": _place_rank(content, ranks.get("action", 0)),
    }
    parts = []
    for part in pattern.split("."):
        name = part.removesuffix("[]")
        parts.append(f"{name}-{rows[name]}" if part.endswith("[]") else name)
    return "-".join(parts)


def _funder_rank(content: Contenu, rank: int) -> int:
    """Rank in the content of the funder written at this rank."""
    written = funders_of(content)
    found = (at for at, row in enumerate(content.financement.financeurs) if row is written[rank])
    return next(found, 0) if rank < len(written) else 0


def _place_rank(content: Contenu, action_rank: int) -> int:
    lieu = content.place_of(content.actions[action_rank]) if action_rank < len(content.actions) else None
    return content.lieux.index(lieu) if lieu is not None else 0
