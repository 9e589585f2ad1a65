"""The full history of a fiche, merged from every log that concerns it, in chronological order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.core.dates import day_and_time
from backoffice.models import (
    Fiche,
    Flux,
    FluxKind,
    FluxRun,
    Mail,
    Membership,
    Publication,
    Remark,
    RemarkAct,
    RemarkEvent,
    Revision,
    RevisionState,
    RuleDismissal,
    RuleHit,
    RunState,
    TransitionLog,
)
from backoffice.models.content import label_of
from exports.flux.published import chosen

from .transitions import EVENTS


@dataclass(frozen=True)
class Event:
    """kind: a key of KINDS; who: a name, "" when nobody acted.

    lines: details, one text each. version: number of the revision concerned; revision_id: its id.
    """

    at: datetime
    kind: str
    title: str
    who: str = ""
    lines: tuple[str, ...] = ()
    version: int | None = None
    revision_id: int | None = None


KINDS = {
    "etape": "Étapes",
    "remarque": "Remarques",
    "offre": "Publication",
    "flux": "Flux",
    "courriel": "E-mails",
    "regle": "Signalements",
}


def life(session: Session, fiche: Fiche, *, moderator: bool) -> list[Event]:
    """All events, oldest first. moderator: adds rule hits, withdrawn remarks and e-mails to others."""
    versions = session.execute(select(Revision.id, Revision.number).where(Revision.fiche_id == fiche.id))
    numbers = {row.id: row.number for row in versions}
    events = [
        *_steps(session, fiche, numbers),
        *_remarks(session, fiche, numbers, moderator),
        *_offer(session, fiche),
        *_mails(session, fiche, moderator),
    ]
    if moderator:
        events += _rules(session, fiche, numbers)
    return sorted(events, key=lambda event: event.at)


def _steps(session: Session, fiche: Fiche, numbers: dict[int, int]) -> Iterator[Event]:
    rows = session.scalars(
        select(TransitionLog)
        .where(TransitionLog.fiche_id == fiche.id)
        .options(joinedload(TransitionLog.actor))
        .order_by(TransitionLog.id)
    )
    for row in rows:
        said = [row.motif["label"], row.motif["text"], row.motif["cure"]] if row.motif else []
        yield Event(
            row.at,
            "etape",
            EVENTS.get(row.transition, row.transition),
            row.actor.name,
            tuple([*said, row.comment] if row.comment else said),
            numbers.get(row.revision_id or 0),
            row.revision_id,
        )


REMARK_WORDS = {
    RemarkAct.REPONDUE: "Réponse à une remarque",
    RemarkAct.TRAITEE: "Remarque traitée",
    RemarkAct.ROUVERTE: "Remarque à traiter de nouveau",
    RemarkAct.RETIREE: "Remarque retirée",
}


def _remarks(session: Session, fiche: Fiche, numbers: dict[int, int], moderator: bool) -> Iterator[Event]:
    """A structure reads the remarks of the versions returned to it, without the withdrawn ones."""
    query = (
        select(Remark)
        .join(Revision, Revision.id == Remark.revision_id)
        .where(Remark.fiche_id == fiche.id)
        .options(joinedload(Remark.author), selectinload(Remark.events).joinedload(RemarkEvent.actor))
        .order_by(Remark.id)
    )
    if not moderator:
        query = query.where(Revision.state == RevisionState.A_CORRIGER)
    for remark in session.scalars(query):
        if remark.withdrawn and not moderator:
            continue
        spot, here = remark.label or "Toute la fiche", (numbers[remark.revision_id], remark.revision_id)
        yield Event(remark.at, "remarque", f"Remarque : {spot}", remark.author.name, (remark.text,), *here)
        for event in remark.events:
            said = (event.text,) if event.text else ()
            yield Event(event.at, "remarque", f"{REMARK_WORDS[event.act]} : {spot}", event.actor.name, said, *here)


def _offer(session: Session, fiche: Fiche) -> Iterator[Event]:
    """The changes of its publication, and the flows that carried each of them."""
    rows = session.scalars(
        select(Publication)
        .where(Publication.fiche_id == fiche.id)
        .options(joinedload(Publication.fragment))
        .order_by(Publication.id)
    ).all()
    shown = False
    for row in rows:
        title = "Retirée de l’offre" if row.fragment is None else "Modifiée dans l’offre" if shown else "Dans l’offre"
        shown = row.fragment is not None
        yield Event(row.at, "offre", title)
    if rows:
        yield from _flows(session, fiche, rows)


def _flows(session: Session, fiche: Fiche, publications: Sequence[Publication]) -> Iterator[Event]:
    runs = session.scalars(
        select(FluxRun)
        .join(Flux)
        .where(
            FluxRun.state == RunState.REUSSI,
            FluxRun.at > publications[0].at,
            or_(Flux.territoire_id.is_(None), Flux.territoire_id.in_({row.territoire_id for row in publications})),
        )
        .options(joinedload(FluxRun.flux))
        .order_by(FluxRun.at, FluxRun.id)
    ).all()
    ends = [row.at for row in publications[1:]] + [None]
    for row, end in zip(publications, ends, strict=True):
        carried: dict[str, list[FluxRun]] = {}
        for run in runs:
            assert run.at is not None
            if run.flux.territoire_id not in (None, row.territoire_id):
                continue
            if row.fragment is None or run.at <= row.at or (end is not None and run.at > end):
                continue
            if run.kind is FluxKind.DIFFERENTIEL and run.since is not None and run.since > row.at:
                continue  # already sent in an earlier flow
            if chosen(run.flux, fiche.dispositif, row.fragment.facets):
                carried.setdefault(run.flux.title, []).append(run)
        for title, made in carried.items():
            yield Event(made[0].at or row.at, "flux", f"Dans le flux « {title} »", lines=(_times(made),))


def _times(runs: list[FluxRun]) -> str:
    first, last = (day_and_time(run.at) for run in (runs[0], runs[-1]) if run.at)
    if len(runs) == 1:
        return f"Une fois, {first}."
    return f"{len(runs)} fois, la première {first}, la dernière {last}."


def _mails(session: Session, fiche: Fiche, moderator: bool) -> Iterator[Event]:
    query = select(Mail).where(Mail.fiche_id == fiche.id).order_by(Mail.id)
    if not moderator:
        theirs = select(Membership.user_id).where(Membership.organisme_id == fiche.organisme_id)
        query = query.where(Mail.user_id.in_(theirs))
    for mail in session.scalars(query):
        when = f", {day_and_time(mail.sent_at)}" if mail.sent_at else ""
        lines = (f"À {mail.address} : {mail.state.label.lower()}{when}.",)
        yield Event(mail.created_at, "courriel", f"E-mail « {mail.subject} »", lines=lines)


def _rules(session: Session, fiche: Fiche, numbers: dict[int, int]) -> Iterator[Event]:
    hits = session.scalars(
        select(RuleHit)
        .where(RuleHit.fiche_id == fiche.id)
        .options(
            joinedload(RuleHit.version),
            joinedload(RuleHit.dismissal).joinedload(RuleDismissal.actor),
        )
        .order_by(RuleHit.id)
    )
    for hit in hits:
        name = f"« {hit.version.name} » (version {hit.version.number} de la règle)"
        here = (numbers[hit.revision_id], hit.revision_id)
        found = tuple(_spot(spot) for spot in hit.spots)
        yield Event(hit.at, "regle", f"Signalée par la règle {name}", "", found, *here)
        done = hit.dismissal
        if done is not None:
            again = " de nouveau" if done.carried_from_id else ""
            yield Event(done.at, "regle", f"Signalement écarté{again} : {name}", done.actor.name, (done.word,), *here)


def _spot(spot: dict[str, str]) -> str:
    return f"{label_of(spot['path'])} : {spot['excerpt']}" if spot["path"] else spot["excerpt"]


# --- Downloads ----------------------------------------------------------------------------------------


def as_json(fiche: Fiche, events: list[Event]) -> dict[str, Any]:
    """The history as JSON data; instants in UTC, ISO 8601."""
    return {
        "fiche": {
            "numero": fiche.numero,
            "intitule": fiche.latest.title,
            "structure": fiche.organisme.nom,
            "dispositif": str(fiche.dispositif),
            "territoire": fiche.territoire.nom,
            "etat": str(fiche.state),
        },
        "evenements": [
            {
                "le": event.at.astimezone(UTC).isoformat(),
                "genre": event.kind,
                "quoi": event.title,
                "qui": event.who or None,
                "version": event.version,
                "details": list(event.lines),
            }
            for event in events
        ],
    }


def as_text(fiche: Fiche, events: list[Event]) -> str:
    """The history as plain text, to read or print."""
    head = [
        f"Historique de la fiche {fiche.numero or 'sans numéro'}",
        fiche.latest.title or "Sans intitulé",
        f"{fiche.organisme.nom} – {fiche.dispositif} – {fiche.territoire.nom}",
        "",
    ]
    body = []
    for event in events:
        version = f" (version {event.version})" if event.version else ""
        who = f", par {event.who}" if event.who else ""
        body.append(f"{day_and_time(event.at).removeprefix('le ')} – {event.title}{version}{who}")
        body += [f"    {line}" for text in event.lines for line in text.split("\n") if line.strip()]
    return "\n".join([*head, *body, ""])
