"""Text of an e-mail: subject, plain text and HTML, from one template per notice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from backoffice.core import dates
from backoffice.core.config import templates
from backoffice.core.extensions import post
from backoffice.core.permissions import ENTRY
from backoffice.models import Territoire
from backoffice.models.values import telephones

from .audiences import Addressee, Notice, Told

FOLDER = templates() / "notices" / "emails"
LONGEST_SUBJECT = 150


@dataclass(frozen=True)
class Letter:
    """page: path of the page to open, within the site; may be empty."""

    subject: str
    text: str
    html: str
    page: str


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(long_day=dates.long_day, day_and_time=dates.day_and_time)
    return made


def page_of(notice: Notice, told: Told) -> str:
    """Path of the page to open; may be empty."""
    names = {
        "fiche": told.fiche.id if told.fiche else "",
        "territoire": told.territoire.slug if told.territoire else "",
    }
    return notice.page.format(**{**names, **told.facts})


def write(notice: Notice, told: Told, addressee: Addressee, link_path: str) -> Letter:
    """Renders the e-mail for one addressee. link_path: path of its link, a magic link or the page; "" for none.

    Raises jinja2.UndefinedError when a fact required by the text is missing.
    """
    context = {**_values(told), **told.facts, "destinataire": addressee.name, "site": post.site}
    subject = _one_line(_templates().from_string(notice.subject).render(context))
    body = _templates().get_template(f"{notice.name}.txt").render(context).strip()
    frame = {
        **context,
        "sujet": subject,
        "lien": f"{post.site}{link_path}" if link_path else "",
        "mot": told.territoire.texte_courriels if told.territoire and _for_structures(notice) else "",
        "carif": _contact(told.territoire) if told.territoire and _for_structures(notice) else "",
        "reglable": addressee.user_id is not None and not notice.obligatory,
        "choix": f"{post.site}/avis/choix",
    }
    text = _templates().get_template("layout.txt").render(frame, corps=body)
    html = _templates().get_template("layout.html").render(frame, blocs=_blocks(body))
    return Letter(subject, text.strip() + "\n", html, page_of(notice, told))


def _for_structures(notice: Notice) -> bool:
    """Whether the territoire's own text and contact are added: only for people who enter fiches."""
    return notice.concerns in ENTRY


def _contact(territoire: Territoire) -> str:
    """Contact of the territoire, on one line; "" when it gives none."""
    ways = (territoire.contact_courriel, telephones.shown(territoire.contact_telephone), territoire.contact_site)
    said = ", ".join(way for way in ways if way)
    return f"{territoire.contact_nom or f'Carif-Oref, {territoire.nom}'} : {said}" if said else ""


def _values(told: Told) -> dict[str, Any]:
    """Values available in every template."""
    fiche = told.fiche
    return {
        "titre": (fiche.latest.title or "sans intitulé") if fiche else "",
        "numero": (fiche.numero or "") if fiche else "",
        "structure": fiche.organisme.nom if fiche else "",
        "territoire": told.territoire.nom if told.territoire else "",
        "auteur": told.actor.name if told.actor else "",
    }


def _one_line(text: str) -> str:
    """One line, as a header requires; a long title is cut between words."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SUBJECT else text[:LONGEST_SUBJECT].rsplit(" ", 1)[0] + " …"


def _blocks(body: str) -> list[tuple[str, list[str]]]:
    """("texte" | "citation" | "liste", lines) for each paragraph."""
    kinds = {">": "citation", "-": "liste"}
    blocks = []
    for paragraph in re.split(r"\n\s*\n", body):
        lines = paragraph.strip().split("\n")
        kind = kinds.get(lines[0][:1], "texte")
        if any(kinds.get(line[:1], "texte") != kind for line in lines):
            kind = "texte"
        blocks.append((kind, [line if kind == "texte" else line[1:].strip() for line in lines]))
    return blocks
