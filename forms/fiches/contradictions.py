"""Values that contradict each other: one table of rules on a content, whichever way it came.

Called by the review, hence by each sending, import and correction; by the pages of the form, which show the message
at the row; and by the fast lane, which refuses what contradicts. Pure: the day is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from backoffice.core.dates import NBSP, short_day
from backoffice.models.content import Action, Contenu, Creneau, Session
from backoffice.models.content.findings import Finding
from backoffice.models.content.timely import closed_since, end_of, last_day
from backoffice.models.content.vocabulary import NIVEAUX_ECRIT, NIVEAUX_ORAL
from forms.kit.builder import StepForm

from .needs import PERMANENT, made_needed

FULL, OPEN = "2", "1"  # etat-recrutement
LONG_OVER = timedelta(365)
"""A session that ended longer ago is no offer any more."""
LONGEST = timedelta(3 * 366)
"""A longer session is asked about: the year is often mistyped. A session without end is permanent."""


@dataclass(frozen=True)
class Contradiction:
    """spots: paths of the values that contradict each other, first the one that is most often wrong.

    message: in French. blocking: False for what is only asked about.
    """

    spots: tuple[str, ...]
    message: str
    blocking: bool = True

    @property
    def finding(self) -> Finding:
        return Finding(self.spots[0], self.message, self.blocking)


def contradictions(content: Contenu, today: date) -> Iterator[Contradiction]:
    for rule in RULES:
        yield from rule(content, today)


def show(form: StepForm, found: Iterable[Contradiction]) -> list[Contradiction]:
    """Adds each blocking message to the first of its spots that the page shows; returns those to correct on this page.

    A field that could not be read keeps its own error only: its stored value is not the typed one.
    """
    fields = {getattr(field, "spot", "") or field.id: field for field in form.fields()}
    unread = {spot for spot, field in fields.items() if field.errors}
    here = []
    for one in found:
        spot = next((spot for spot in one.spots if spot in fields), None)
        if spot is None or spot in unread or not one.blocking:
            continue
        fields[spot].errors = [*fields[spot].errors, one.message]
        if one.spots[0] == spot:
            here.append(one)
    return here


# --- Groups -----------------------------------------------------------------------------------------


def _needed(content: Contenu, _today: date) -> Iterator[Contradiction]:
    """Answers that another answer makes needed: the place of a group once there are several…"""
    return (Contradiction((path,), message) for path, message in made_needed(content))


def _numbers(content: Contenu, _today: date) -> Iterator[Contradiction]:
    for rank, action in enumerate(content.actions):
        here, group = f"actions-{rank}", f"Groupe {rank + 1}"
        if action.effectif_min and action.effectif_max and action.effectif_min > action.effectif_max:
            yield Contradiction(
                (f"{here}-effectif_max", f"{here}-effectif_min"),
                f"{group} : le nombre maximum de personnes est plus petit que le minimum.",
            )
        if action.heures_centre is not None and action.hours is not None and action.heures_centre > action.hours:
            yield Contradiction(
                (f"{here}-heures_centre", f"{here}-heures_total"),
                f"{group} : {action.heures_centre} h sur place, c’est plus que les {action.hours} h en tout.",
            )


def _slots(content: Contenu, _today: date) -> Iterator[Contradiction]:
    for rank, action in enumerate(content.actions):
        earlier: list[tuple[int, Creneau]] = []
        for slot_rank, slot in enumerate(action.creneaux):
            here, which = f"actions-{rank}-creneaux-{slot_rank}", f"Groupe {rank + 1}, créneau {slot_rank + 1}"
            if slot.debut and slot.fin and slot.fin <= slot.debut:
                yield Contradiction((f"{here}-fin", f"{here}-debut"), f"{which} : la fin est avant le début.")
            for other_rank, other in earlier:
                if slot.jour and slot.overlaps(other):
                    same = (slot.debut, slot.fin) == (other.debut, other.fin)
                    how = "répète" if same else "chevauche"
                    yield Contradiction(
                        (f"{here}-debut", f"{here}-fin", f"{here}-jour"),
                        f"{which} : il {how} le créneau {other_rank + 1}. Gardez l’un des deux, ou changez les heures.",
                    )
                    break
            earlier.append((slot_rank, slot))


# --- Levels -----------------------------------------------------------------------------------------

_SCALES: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("oral", "à l’oral", NIVEAUX_ORAL),
    ("ecrit", "à l’écrit", NIVEAUX_ECRIT),
)


def _levels(content: Contenu, _today: date) -> Iterator[Contradiction]:
    """Levels of the formation, then of each group that gives one of its own."""
    for suffix, words, scale in _SCALES:
        order = list(scale)
        whole = content.formation.niveaux
        places = [("formation-niveaux", "Le niveau visé", whole, whole)]
        places += [
            (
                f"actions-{rank}-niveaux",
                f"Groupe {rank + 1} : le niveau visé",
                action.niveaux,
                content.levels_of(action),
            )
            for rank, action in enumerate(content.actions)
        ]
        for here, which, own, levels in places:
            entry, aimed = getattr(levels, f"entree_{suffix}"), getattr(levels, f"vise_{suffix}")
            names = [name for name in (f"vise_{suffix}", f"entree_{suffix}") if getattr(own, name)]
            if names and entry in scale and aimed in scale and order.index(entry) > order.index(aimed):
                yield Contradiction(
                    tuple(f"{here}-{name}" for name in names),
                    f"{which} {words} est plus bas ({aimed}) que celui que l’on a en arrivant ({entry}).",
                )


# --- Dates ------------------------------------------------------------------------------------------


def _sessions(content: Contenu) -> Iterator[tuple[str, str, Action, Session]]:
    """(path, its name in French, group, session) of every session."""
    for rank, action in enumerate(content.actions):
        for session_rank, session in enumerate(action.sessions):
            name = f"Groupe {rank + 1}, dates {session_rank + 1}"
            yield f"actions-{rank}-sessions-{session_rank}", name, action, session


def _dates(content: Contenu, today: date) -> Iterator[Contradiction]:
    for here, which, _, session in _sessions(content):
        spots = (f"{here}-fin", f"{here}-debut")
        if session.fin and session.fin < today - LONG_OVER:
            yield Contradiction(
                spots,
                f"{which} : elles sont finies depuis plus d’un an, depuis le {short_day(session.fin)}. "
                "Corrigez-les ou retirez-les.",
            )
        end = end_of(session)
        if session.debut and end and end < session.debut:
            yield Contradiction(spots, f"{which} : le dernier jour est avant le premier.")
        elif session.debut and not session.fin and content.inscription.entrees == PERMANENT:
            yield Contradiction(
                spots,
                f"{which} : sans dernier jour, elles seront publiées sans fin. Est-ce bien ce que vous voulez dire ?",
                blocking=False,
            )
        elif session.debut and session.fin and session.fin - session.debut > LONGEST:
            yield Contradiction(
                spots,
                f"{which} : elles durent plus de trois ans. Si elles n’ont pas de fin, laissez vide le dernier jour.",
                blocking=False,
            )


def _same_dates(content: Contenu, _today: date) -> Iterator[Contradiction]:
    for rank, action in enumerate(content.actions):
        known: dict[tuple[date, date | None], int] = {}
        for session_rank, session in enumerate(action.sessions):
            if session.debut is None:
                continue
            first = known.setdefault((session.debut, session.fin), session_rank)
            if first != session_rank:
                here = f"actions-{rank}-sessions-{session_rank}"
                yield Contradiction(
                    (f"{here}-debut", f"{here}-fin"),
                    f"Groupe {rank + 1}, dates {session_rank + 1} : ce sont les mêmes que les dates {first + 1}. "
                    "Corrigez-les ou retirez-les.",
                )


def _appointments(content: Contenu, _today: date) -> Iterator[Contradiction]:
    for where, which, _, session in _sessions(content):
        for rank, meeting in enumerate(session.recrutements):
            here, said = f"{where}-recrutements-{rank}", f"{which}, rendez-vous {rank + 1}"
            if meeting.debut and meeting.fin and meeting.fin <= meeting.debut:
                yield Contradiction((f"{here}-fin", f"{here}-debut"), f"{said} : il finit avant de commencer.")
            end = end_of(session)
            if meeting.jour and end and meeting.jour > end:
                yield Contradiction(
                    (f"{here}-jour", f"{where}-fin"),
                    f"{said} : il vient après le dernier jour, le {short_day(end)}.",
                )


def _registration(content: Contenu, _today: date) -> Iterator[Contradiction]:
    entry, last = content.inscription, last_day(content)
    if entry.debut and entry.fin and entry.fin < entry.debut:
        yield Contradiction(("inscription-fin", "inscription-debut"), "La fin des inscriptions est avant leur début.")
    days = (
        ("debut", "Les inscriptions commencent"),
        ("fin", "Les inscriptions finissent"),
        ("reunion", "La réunion d’information vient"),
    )
    for name, words in days:
        day = getattr(entry, name)
        if day and last and day > last:
            yield Contradiction(
                (f"inscription-{name}", *(f"{here}-fin" for here, *_ in _sessions(content))),
                f"{words} après le dernier jour de toutes les dates, le {short_day(last)}.",
            )


def _enrolment(content: Contenu, today: date) -> Iterator[Contradiction]:
    for here, which, action, session in _sessions(content):
        free, most = session.places_libres, action.effectif_max
        group = here.partition("-sessions")[0]
        if free and most and free > most:
            yield Contradiction(
                (f"{here}-places_libres", f"{group}-effectif_max"),
                f"{which} : {_free(free)}, pour un groupe de {most} personnes au plus.",
            )
        if free and session.recrutement == FULL:
            yield Contradiction(
                (f"{here}-places_libres", f"{here}-recrutement"),
                f"{which} : {_free(free)}, mais c’est complet ou les inscriptions sont closes. Changez l’un des deux.",
            )
        since = closed_since(content, session)
        if session.recrutement == OPEN and since is not None and since <= today:
            yield Contradiction(
                (f"{here}-recrutement", "inscription-fin"),
                f"{which} : les inscriptions sont dites ouvertes, mais elles sont closes depuis le {short_day(since)}. "
                f"Elles sont publiées closes. Pour les rouvrir, changez{NBSP}leur dernier jour.",
                blocking=False,
            )


def _free(number: int) -> str:
    return f"{number} place{'s' if number > 1 else ''} encore libre{'s' if number > 1 else ''}"


# --- Money and certification ------------------------------------------------------------------------


def _price(content: Contenu, _today: date) -> Iterator[Contradiction]:
    if content.financement.cout == "gratuit" and content.financement.prix:
        spots = ("financement-prix", "financement-cout")
        yield Contradiction(spots, "L’action est gratuite, mais un prix est indiqué.")


def _certification(content: Contenu, _today: date) -> Iterator[Contradiction]:
    said = content.formation
    if (said.certification or said.code_certification) and "certification" not in said.visees:
        which = "code_certification" if said.code_certification else "certification"
        yield Contradiction(
            ("formation-visees", f"formation-{which}"),
            "Vous nommez un examen ou un diplôme : cochez « Préparer un examen ou un diplôme de français », "
            "ou effacez-le.",
        )


RULES: tuple[Callable[[Contenu, date], Iterator[Contradiction]], ...] = (
    _needed,
    _numbers,
    _slots,
    _levels,
    _dates,
    _same_dates,
    _appointments,
    _registration,
    _enrolment,
    _price,
    _certification,
)
