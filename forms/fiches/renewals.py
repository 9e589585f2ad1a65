"""Next year's content of an entry: what is kept of it, and its dates moved to the same weekdays a year later.

A date moves by whole weeks, 52 or 53, so that it stays in the school year or the civil year that follows its
own. It goes on to the next meeting, a week later, when it falls on a public holiday of its place or when it
would no longer come after the dates before it. Where no date can be trusted, there is none: the person is asked.

Groups keep their local id: they are the same groups. The sessions get new ones, and so another numero in the
flow: next year's session is another session. Whoever reads the flow has attached people, places and a
contract to this year's; what was counted of its entries is of this year too. Moving it a year on would
take all that with it. A session that is not over may stay beside the new one, as it is, until its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from backoffice.models.content import (
    Action,
    Contact,
    Contenu,
    Financement,
    Formation,
    Inscription,
    Lieu,
    Recrutement,
    Session,
    label_of,
)
from backoffice.models.content.parts import school_year
from backoffice.reference.public_holidays import holiday

WEEK = timedelta(7)
YEARS = range(2000, 2101)
"""What calendars know. A year outside of it is a slip of the pen."""
MOST_WEEKS_LATER = 4
"""A date pushed further than that is no longer the same meeting."""

PAST = "Cette date serait déjà passée."
IMPOSSIBLE = "Cette date ne peut pas être décalée."
CONTRADICTORY = "Le dernier jour viendrait avant le premier."
OTHER_YEAR = "Elle sortirait de l’année, à cause des jours fériés."
NOT_KEPT = "Vous avez choisi de ne pas garder les dates."
ORDER = "Une semaine de plus, pour venir après la date d’avant."
BEGUN = "Déjà passé : la session a commencé."


@dataclass(frozen=True)
class Part:
    """What a person may keep or leave. kept: whether it is proposed; clear: takes it out of a content."""

    key: str
    label: str
    help: str
    clear: Callable[[Contenu], None] | None = None
    kept: bool = True


def _no_texts(content: Contenu) -> None:
    content.formation = Formation(contact=content.formation.contact)


def _no_places(content: Contenu) -> None:
    content.lieux = []
    content.actions = [Action(id=action.id, nom=action.nom, sessions=action.sessions) for action in content.actions]


def _no_contacts(content: Contenu) -> None:
    dates = content.inscription
    content.inscription = Inscription(debut=dates.debut, fin=dates.fin, reunion=dates.reunion)
    content.formation.contact = Contact()


def _no_money(content: Contenu) -> None:
    content.financement = Financement()


def _no_references(content: Contenu) -> None:
    for financeur in content.financement.financeurs:
        financeur.reference = ""


TEXTS, PLACES, DATES, UNFINISHED = "textes", "lieux", "dates", "en_cours"

PARTS = (
    Part(TEXTS, "Les textes", "Intitulé, objectifs, contenu, public et niveaux.", _no_texts),
    Part(PLACES, "Les lieux et les horaires", "Adresses, groupes et créneaux de la semaine.", _no_places),
    Part(DATES, "Les dates, un an plus tard", "Les mêmes jours de la semaine, sans les jours fériés."),
    Part(
        UNFINISHED,
        "Les sessions qui ne sont pas terminées",
        "Elles restent dans la fiche, telles quelles, à côté des nouvelles.",
    ),
    Part("inscription", "Les inscriptions", "Comment s’inscrire, et auprès de qui.", _no_contacts),
    Part("financement", "Le prix et les financeurs", "", _no_money),
    Part(
        "references",
        "Les références des subventions",
        "Elles changent souvent d’une année à l’autre.",
        _no_references,
        kept=False,
    ),
)
PROPOSED = frozenset(part.key for part in PARTS if part.kept)


@dataclass(frozen=True)
class Move:
    """One date of the entry. new: None when it is cleared; reason: why it is not simply a year later, or ""."""

    label: str
    old: date
    new: date | None
    reason: str = ""
    month: bool = False
    """Only the month is known."""


@dataclass(frozen=True)
class Renewal:
    """content: next year's. moves: every date that it had, in the order of the entry. staying: the sessions that
    are not over and stay as they are."""

    content: Contenu
    moves: tuple[Move, ...]
    staying: tuple[Session, ...] = ()

    @property
    def cleared(self) -> list[Move]:
        return [move for move in self.moves if move.new is None]


@dataclass(frozen=True)
class Landing:
    """Where a date comes to, if anywhere."""

    day: date | None
    reason: str = ""


@dataclass(frozen=True)
class Shift:
    """How far dates move. year: of the calendar whose years are kept; departements: whose holidays count."""

    years: int
    weeks: int
    year: Callable[[date], int] = school_year
    departements: tuple[str, ...] = ("",)

    def landings(self, days: Iterable[date]) -> dict[date, Landing]:
        """Each day where it lands: the same weekday, no holiday, in the same order."""
        found: dict[date, Landing] = {}
        last: date | None = None
        for day in sorted(set(days)):
            found[day] = self._land(day, last)
            last = found[day].day or last
        return found

    def _land(self, day: date, last: date | None) -> Landing:
        if day.year not in YEARS or day.year + self.years not in YEARS:
            return Landing(None, IMPOSSIBLE)
        wanted = self.year(day) + self.years
        new, reason = day + self.weeks * WEEK, ""
        if self.year(new) < wanted:
            new += WEEK
        first = new
        while why := self._unfit(new, last):
            new, reason = new + WEEK, reason or why
        if self.year(new) != wanted or new > first + MOST_WEEKS_LATER * WEEK:
            return Landing(None, OTHER_YEAR)
        return Landing(new, reason)

    def _unfit(self, day: date, last: date | None) -> str:
        names = [name for departement in self.departements if (name := holiday(day, departement))]
        if names:
            return f"Une semaine de plus : férié ({names[0]})."
        return ORDER if last is not None and day <= last else ""


def renew(content: Contenu, kept: Iterable[str], today: date) -> Renewal:
    """Next year's content. kept: the keys of PARTS that stay."""
    return _Renewing(content, frozenset(kept), today).run()


def duplicate(content: Contenu) -> Contenu:
    """The same as another entry: every place, group and session has a new local id, no place is taken."""
    made = deepcopy(content)
    made.dernier_repere = 0
    places = {}
    for lieu in made.lieux:
        places[lieu.id] = lieu.id = made.new_id(Lieu)
    for action in made.actions:
        action.id, action.lieu = made.new_id(Action), places.get(action.lieu, "")
        action.sessions = [_opened(row, made) for row in action.sessions]
    _no_references(made)
    return made


def unfinished(session: Session, today: date) -> bool:
    return session.fin is not None and session.fin >= today


def anniversary(day: date, years: int) -> date:
    """The same day of the month, `years` later; 28 February for the 29th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _opened(session: Session, content: Contenu) -> Session:
    """A session that nobody has entered yet."""
    return replace(deepcopy(session), id=content.new_id(Session), recrutement="1", places_libres=None)


def _year(day: date) -> int:
    return day.year


@dataclass
class _Renewing:
    old: Contenu
    kept: frozenset[str]
    today: date
    moves: list[Move] = field(default_factory=list)
    staying: list[Session] = field(default_factory=list)

    def run(self) -> Renewal:
        self.new = deepcopy(self.old)
        self.shift = self._shift()
        for rank, action in enumerate(self.new.actions):
            self._group(rank, action)
        self._inscription(self.new.inscription)
        for part in PARTS:
            if part.clear and part.key not in self.kept:
                part.clear(self.new)
        return Renewal(self.new, tuple(self.moves), tuple(self.staying))

    def _shift(self) -> Shift:
        """One for the whole entry: the year that comes, or the first one whose sessions are not all over."""
        sessions = [row for action in self.old.actions for row in action.sessions]
        known = [day for row in sessions for day in (row.debut, row.fin) if day is not None and day.year in YEARS]
        if not known:
            return Shift(1, 52)
        years = 1
        while max(known).year + years < YEARS[-1] and anniversary(max(known), years) < self.today:
            years += 1
        weeks = round((anniversary(min(known), years) - min(known)) / WEEK) if min(known).year + years in YEARS else 52
        civil = any(
            not row.one_school_year and row.debut and row.fin and row.debut.year == row.fin.year for row in sessions
        )
        return Shift(years, weeks, (lambda day: day.year) if civil else school_year)

    def _in(self, departement: str) -> Shift:
        return replace(self.shift, departements=(departement,))

    def _group(self, rank: int, action: Action) -> None:
        """The group's sessions, each followed by next year's in their order."""
        lieu = self.old.place_of(action)
        shift = self._in((lieu.adresse if lieu else self.old.structure.adresse).departement)
        source = action.sessions
        staying = [row for row in source if UNFINISHED in self.kept and unfinished(row, self.today)]
        days = [day for row in source if not row.mois_seulement for day in _days(row)]
        landings = shift.landings(days)
        made = [_opened(row, self.new) for row in source]
        action.sessions = staying + made
        self.staying += staying
        for number, row in enumerate(made):
            where = f"actions-{rank}-sessions-{number}"
            self._session(where, row, self._months(row) if row.mois_seulement else landings)

    def _months(self, row: Session) -> dict[date, Landing]:
        """Where only the month is known, the day says nothing: the same month."""
        years, known = self.shift.years, set(_days(row))
        far = [day for day in known if day.year not in YEARS or day.year + years not in YEARS]
        return {day: Landing(None, IMPOSSIBLE) if day in far else Landing(anniversary(day, years)) for day in known}

    def _session(self, where: str, row: Session, landings: dict[date, Landing]) -> None:
        old, month = (row.debut, row.fin), row.mois_seulement
        start, end = self._landed(landings, row.debut), self._landed(landings, row.fin)
        if row.debut and row.fin and row.fin < row.debut:
            end = Landing(None, CONTRADICTORY)
        last = end.day or start.day
        if last is not None and last < self.today:
            start, end = (Landing(None, PAST) if day else Landing(None) for day in old)
        elif start.day is not None and start.day < self.today:
            start = replace(start, reason=start.reason or BEGUN)
        row.debut, row.fin = start.day, end.day
        for name, was, landing in (("debut", old[0], start), ("fin", old[1], end)):
            self._tell(f"{where}-{name}", was, landing, month)
        for number, meeting in enumerate(row.recrutements):
            was, landing = meeting.jour, self._coming(landings, meeting.jour)
            meeting.jour = landing.day
            self._tell(f"{where}-recrutements-{number}-jour", was, landing, month)

    def _inscription(self, row: Inscription) -> None:
        """Each of its three days, after which the others need not come."""
        lieu = self.old.lieux[0].adresse if self.old.lieux else self.old.structure.adresse
        landings = self._in(lieu.departement).landings(day for day in (row.debut, row.fin, row.reunion) if day)
        old = {"debut": row.debut, "fin": row.fin, "reunion": row.reunion}
        new = {name: self._landed(landings, day) for name, day in old.items()}
        if row.debut and row.fin and row.fin < row.debut:
            new["fin"] = Landing(None, CONTRADICTORY)
        closed = new["fin"].day
        if closed is not None and closed < self.today:
            new["debut"], new["fin"] = (
                Landing(None, PAST) if old[name] else Landing(None) for name in ("debut", "fin")
            )
        if new["reunion"].day is not None and new["reunion"].day < self.today:
            new["reunion"] = Landing(None, PAST)
        for name, landing in new.items():
            setattr(row, name, landing.day)
            self._tell(f"inscription-{name}", old[name], landing)

    def _landed(self, landings: dict[date, Landing], day: date | None) -> Landing:
        if day is None:
            return Landing(None)
        return landings[day] if DATES in self.kept else Landing(None, NOT_KEPT)

    def _coming(self, landings: dict[date, Landing], day: date | None) -> Landing:
        """A day on which people are expected: worth nothing once past."""
        landing = self._landed(landings, day)
        return Landing(None, PAST) if landing.day is not None and landing.day < self.today else landing

    def _tell(self, path: str, old: date | None, landing: Landing, month: bool = False) -> None:
        if old is not None:
            self.moves.append(Move(self._label(path), old, landing.day, landing.reason, month))

    def _label(self, path: str) -> str:
        """The words of the spot in the old entry; rows that are alone are not numbered."""
        label = label_of(path)
        if len(self.old.actions) == 1:
            label = label.removeprefix("Groupe 1, ")
        if all(len(action.sessions) == 1 for action in self.old.actions):
            label = label.replace("dates 1, ", "")
        return label


def _days(row: Session) -> Iterator[date]:
    meetings: list[Recrutement] = row.recrutements
    yield from (day for day in (row.debut, row.fin, *(meeting.jour for meeting in meetings)) if day is not None)
