"""Reads back what the readers of our flows publish, and writes what each shows of our fiches.

A reading compares one or several files of a reader with everything that is published here at that moment. It is
written whole or not at all; reading the same file twice changes only its date.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from backoffice.core import limited, outgoing
from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Fragment, ReaderSource, Revision, Sighting, Territoire
from backoffice.models.content import Contenu
from backoffice.queries.fiches.visibility import Visible, visibility
from workflows.fiches.publication import effective_contents

LARGEST = 4_000_000_000
"""Bytes of a file that is fetched."""
BOUNDS = limited.Bounds(cpu=1_800, silence=600)
TITLE_COMPARED = 150
"""data·inclusion cuts a title there."""
BATCH = 500

Rows = Mapping[str, Sequence[Mapping[str, str]]]
"""{numero: what each row of the reader says}."""


@dataclass(frozen=True)
class Reading:
    """What a reading found: fiches seen, seen otherwise than here, absent; rows: that hold a numero of ours."""

    rows: int
    seen: int
    different: int
    absent: int


def read_all() -> None:
    """The nightly job: reads every declared source, reader by reader. One that fails is told on its row."""
    with atomic() as session:
        readers: dict[str, list[int]] = {}
        for row in session.scalars(select(ReaderSource).order_by(ReaderSource.reader, ReaderSource.id)):
            readers.setdefault(row.reader, []).append(row.id)
    for reader, ids in readers.items():
        read_sources(reader, ids)


def read_sources(reader: str, source_ids: Sequence[int]) -> Reading | None:
    """Reads the sources of one reader; None when one of them failed: nothing is then said of the fiches."""
    found: dict[str, list[dict[str, str]]] = {}
    for source_id in source_ids:
        with atomic() as session:
            location, pattern = session.get_one(ReaderSource, source_id).location, numeros(session)
        try:
            rows = rows_of(location, pattern)
        except (limited.UnreadableFile, OSError, outgoing.RefusedAddress) as error:
            with atomic() as session:
                session.get_one(ReaderSource, source_id).message = str(error)[:500]
            return None
        for numero, values in rows:
            found.setdefault(numero, []).append(values)
        with atomic() as session:
            source = session.get_one(ReaderSource, source_id)
            source.read_at, source.message, source.matched = now(), "", len({numero for numero, _ in rows})
    with atomic() as session:
        return write(session, reader, found)


def declare(session: Session, reader: str, location: str) -> ReaderSource:
    """The source, added unless it is known."""
    where = (ReaderSource.reader == reader, ReaderSource.location == location)
    known = session.scalars(select(ReaderSource).where(*where)).one_or_none()
    if known is None:
        known = ReaderSource(reader=reader, location=location)
        session.add(known)
        session.flush()
    return known


def forget(session: Session, reader: str) -> None:
    """The reader is read no more, and what it showed is forgotten."""
    session.execute(delete(Sighting).where(Sighting.reader == reader))
    session.execute(delete(ReaderSource).where(ReaderSource.reader == reader))


def numeros(session: Session) -> str:
    """Regular expression of the numeros of our fiches: see `workflows.fiches.effects.freeze`."""
    prefixes = sorted({re.escape(prefixe) for prefixe in session.scalars(select(Territoire.prefixe)) if prefixe})
    return f"(?:{'|'.join(prefixes)})[0-9]{{6,}}"


def rows_of(location: str, pattern: str) -> list[tuple[str, dict[str, str]]]:
    """The rows of a file or an address that hold one of our numeros, read in a child process with limits.

    Raises UnreadableFile, OSError or RefusedAddress.
    """
    if not location.startswith(("http://", "https://")):
        return _read(Path(location), pattern)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lu"
        outgoing.fetch(location, file, LARGEST)
        return _read(file, pattern)


def _read(file: Path, pattern: str) -> list[tuple[str, dict[str, str]]]:
    if not file.is_file():
        raise limited.UnreadableFile(f"Le fichier {file.name} n’existe pas.")
    rows = limited.stream("exports.flux.read_back:seen", str(file), pattern, bounds=BOUNDS)
    return [(numero, values) for numero, values in rows]


def write(session: Session, reader: str, rows: Rows) -> Reading:
    """Writes the sighting of every published fiche at this reader, and forgets those of fiches that are not."""
    at = now()
    known = {row.fiche_id: row for row in session.scalars(select(Sighting).where(Sighting.reader == reader))}
    seen = different = absent = 0
    for fiches in _published(session):
        contents, shown = _contents(session, fiches), visibility(session, fiches)
        for fiche in fiches:
            row = known.pop(fiche.id, None)
            theirs = rows.get(fiche.numero or "", ())
            if row is None or row.seen != bool(theirs):
                row = row or Sighting(fiche_id=fiche.id, reader=reader)
                row.seen, row.since = bool(theirs), at
                session.add(row)
            row.read_at = at
            row.differences = differences(contents[fiche.id], theirs, shown[fiche.id]) if theirs else []
            row.cause = "" if theirs else cause(fiche, reader, shown[fiche.id])
            seen, absent = seen + bool(theirs), absent + (not theirs)
            different += bool(row.differences)
    for row in known.values():
        session.delete(row)
    session.flush()
    return Reading(sum(map(len, rows.values())), seen, different, absent)


def _published(session: Session) -> Iterator[Sequence[Fiche]]:
    """All published fiches, BATCH at a time, with the facets of their fragments and without their XML."""
    last = 0
    facets = joinedload(Fiche.fragment).load_only(Fragment.facets)
    query = select(Fiche).options(facets).where(Fiche.fragment_id.is_not(None)).order_by(Fiche.id).limit(BATCH)
    while found := session.scalars(query.where(Fiche.id > last)).all():
        yield found
        last = found[-1].id


def _contents(session: Session, fiches: Iterable[Fiche]) -> dict[int, Contenu]:
    ids = {fiche.published_revision_id: fiche.id for fiche in fiches}
    revisions = session.scalars(select(Revision).where(Revision.id.in_(ids))).all()
    contents = effective_contents(session, revisions)
    return {ids[revision_id]: content for revision_id, content in contents.items()}


def differences(content: Contenu, theirs: Sequence[Mapping[str, str]], shown: Visible) -> list[dict[str, str]]:
    """What the reader shows otherwise: title, commune, e-mail; or a date older than what is in the flows for a day."""
    titles = {content.formation.intitule.strip()[:TITLE_COMPARED]}
    communes = {place.adresse.code_insee for place in content.lieux}
    emails = {
        contact.courriel.lower()
        for contact in (content.formation.contact, content.inscription.contact, content.structure.contact)
        if contact.courriel
    }
    found = []
    for name, words, ours in (
        ("nom", "L’intitulé", titles),
        ("code_insee", "La commune", communes - {""}),
        ("courriel", "L’adresse e-mail", emails),
    ):
        other = sorted({_same(name, row.get(name, "")) for row in theirs} - ours - {""})
        if other and ours:
            found.append({"quoi": words, "ici": ", ".join(sorted(ours)), "chez lui": ", ".join(other)})
    dates = [row.get("date_maj", "")[:10] for row in theirs if row.get("date_maj")]
    since = local_day(shown.since).isoformat()
    if dates and max(dates) < since:
        found.append({"quoi": "La date de mise à jour", "ici": since, "chez lui": max(dates)})
    return found


def _same(name: str, text: str) -> str:
    text = text.strip()
    if name == "nom":
        return text.removesuffix("…")[:TITLE_COMPARED].strip()
    return text.lower() if name == "courriel" else text


def cause(fiche: Fiche, reader: str, shown: Visible) -> str:
    """Why a published fiche is absent at a reader, in French: the first that holds."""
    if not shown.flows:
        return "Elle n’est encore dans aucun flux publié."
    if fiche.fragment is not None and reader in fiche.fragment.facets.get("dropped_by", ()):
        return f"{reader} écarte cette fiche tout entière : la relecture de la fiche dit quelle réponse changer."
    sent = min(flow.since for flow in shown.flows)
    day = short_day(local_day(sent))
    if (local_day(now()) - local_day(sent)).days < 7:
        return f"Elle n’est dans un flux que depuis le {day} : laissez au lecteur le temps de la lire."
    return (
        f"Elle est dans les flux depuis le {day} et rien dans la fiche ne l’explique : "
        "demandez au lecteur s’il lit ce flux."
    )
