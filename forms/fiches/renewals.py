"""Next year's content of a fiche: the parts that are kept, with dates moved to the same weekdays a year later.

A date moves by whole weeks, 52 or 53, so that it stays in the school year or the civil year that follows its
own. It moves one more week when it falls on a public holiday of its place, or when it would not come after the
date before it. When no reliable date is found, the date is cleared and the person is asked.

Groups keep their local id: they are the same groups. Sessions get new ids, and so a new numero in the flow: next
year's session is another session. Readers of the flow have attached people, places and a contract to this
year's session, and its counted entries belong to this year: reusing the id would move all that to next year.
A session that is not over may stay unchanged beside the new one, until its end.

A session that the fiche has already for next year is not proposed again: it stays, and is not moved to the year after
before it has begun.
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
"""Years that calendars know. Another year is a typing error."""
SAME = timedelta(7)
"""Two first days at most this far apart, of the same group, are those of the same session."""
MOST_WEEKS_LATER = 4
"""Beyond this number of weeks, it is no longer the same meeting."""

PAST = "Cette date serait déjà passée."
IMPOSSIBLE = "Cette date ne peut pas être décalée."
CONTRADICTORY = "Le dernier jour viendrait avant le premier."
OTHER_YEAR = "Elle sortirait de l’année, à cause des jours fériés."
NOT_KEPT = "Vous avez choisi de ne pas garder les dates."
ORDER = "Une semaine de plus, pour venir après la date d’avant."
BEGUN = "Déjà passé : la session a commencé."


@dataclass(frozen=True)
class Part:
    """A part of the content that a person keeps or leaves. kept: its default. clear: removes it from a content."""

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
    """One date of the fiche. new: None when it is cleared. reason: why it is not simply a year later, or ""."""

    label: str
    old: date
    new: date | None
    reason: str = ""
    month: bool = False
    """Only the month is known."""


@dataclass(frozen=True)
class Renewal:
    """content: next year's. moves: every date of the old content that moves, in its order. staying: sessions that are
    not over and stay unchanged. known: those of next year that the fiche has already.
    """

    content: Contenu
    moves: tuple[Move, ...]
    staying: tuple[Session, ...] = ()
    known: tuple[Session, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it proposes no session, since the fiche has them already."""
        told = {session.id for session in (*self.staying, *self.known)}
        sessions = [session for action in self.content.actions for session in action.sessions]
        return bool(self.known) and all(session.id in told for session in sessions)

    @property
    def cleared(self) -> list[Move]:
        return [move for move in self.moves if move.new is None]


@dataclass(frozen=True)
class Landing:
    """New day of a date, None when there is none. reason: as in Move."""

    day: date | None
    reason: str = ""


@dataclass(frozen=True)
class Shift:
    """How far dates move. year: gives the year of a day, school or civil. departements: whose public holidays count."""

    years: int
    weeks: int
    year: Callable[[date], int] = school_year
    departements: tuple[str, ...] = ("",)

    def landings(self, days: Iterable[date]) -> dict[date, Landing]:
        """{day: its Landing}: the same weekday, not a holiday, in the same order."""
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
    """Next year's content. kept: keys of PARTS that stay. today: a session that would already be over gets no dates."""
    return _Renewing(content, frozenset(kept), today).run()


def duplicate(content: Contenu) -> Contenu:
    """A copy for another fiche: new local ids for places, groups and sessions, which are open with free places unknown.

    The references of grants are cleared.
    """
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
    """Whether it goes on; a session that has begun and has no end always does."""
    return session.fin >= today if session.fin is not None else permanent(session)


def permanent(session: Session) -> bool:
    """Whether it has no end: people arrive all year. It is never renewed."""
    return session.debut is not None and session.fin is None


def anniversary(day: date, years: int) -> date:
    """The same day of the month, `years` later; 28 February instead of a missing 29."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _opened(session: Session, content: Contenu) -> Session:
    """A copy of a session with a new local id: open for registration, free places unknown."""
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
    known: list[Session] = field(default_factory=list)

    def run(self) -> Renewal:
        self.new = deepcopy(self.old)
        self.shift = self._shift()
        for rank, action in enumerate(self.new.actions):
            self._group(rank, action)
        self._inscription(self.new.inscription)
        for part in PARTS:
            if part.clear and part.key not in self.kept:
                part.clear(self.new)
        return Renewal(self.new, tuple(self.moves), tuple(self.staying), tuple(self.known))

    def _shift(self) -> Shift:
        """One shift for the whole fiche: next year, or the first year whose sessions are not all over."""
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
        """Replaces the sessions of a group: those that stay first, then next year's, in their order."""
        lieu = self.old.place_of(action)
        shift = self._in((lieu.adresse if lieu else self.old.structure.adresse).departement)
        source = action.sessions
        days = [day for row in source if not row.mois_seulement for day in _days(row)]
        landings = shift.landings(days)
        following = self._following(source, landings)
        known = [row for row in source if self._is_next_year(row, source, following)]
        repeated = [id(row) for row, _ in following] + [id(row) for row in known]
        if known:  # next year's are there: those that are long over give no empty dates
            repeated += [id(row) for row in source if self._over(row, landings)]
        stays = UNFINISHED in self.kept
        staying = [
            row for row in source if row not in known and (permanent(row) or (stays and unfinished(row, self.today)))
        ]
        action.sessions = sorted(staying + known, key=source.index)
        self.staying += staying
        self.known += known
        for number, row in enumerate(source):
            if id(row) in repeated or permanent(row):
                continue
            made = _opened(row, self.new)
            action.sessions.append(made)
            where = f"actions-{rank}-sessions-{number}"
            self._session(where, made, self._months(made) if made.mois_seulement else landings)

    def _following(self, source: list[Session], landings: dict[date, Landing]) -> list[tuple[Session, Session]]:
        """(session, the one of the fiche that it would become): their first days are at most SAME apart, closest first.

        Each is in one pair at most on each side.
        """
        near: list[tuple[timedelta, int, int]] = []
        for one, row in enumerate(source):
            if row.debut is None:
                continue
            landed = (self._months(row) if row.mois_seulement else landings)[row.debut].day
            for two, other in enumerate(source):
                if landed is not None and other.debut is not None and other.debut > row.debut:
                    near.append((abs(other.debut - landed), one, two))
        pairs: dict[int, int] = {}
        for gap, one, two in sorted(near):
            if gap <= SAME and one not in pairs and two not in pairs.values():
                pairs[one] = two
        return [(source[one], source[two]) for one, two in sorted(pairs.items())]

    def _is_next_year(self, row: Session, source: list[Session], following: list[tuple[Session, Session]]) -> bool:
        """Whether it has not begun and follows another one, of its group, or of a year before: it must not move."""
        if row.debut is None or row.debut <= self.today:
            return False
        begun = [other.debut for other in source if other.debut is not None and other.debut <= self.today]
        earlier = any(self.shift.year(day) < self.shift.year(row.debut) for day in begun)
        return earlier or any(row is other for _, other in following)

    def _over(self, row: Session, landings: dict[date, Landing]) -> bool:
        """Whether it would be over once moved."""
        last = row.fin or row.debut
        landed = None if last is None else (self._months(row) if row.mois_seulement else landings)[last].day
        return landed is not None and landed < self.today

    def _months(self, row: Session) -> dict[date, Landing]:
        """When only the month is known, the day has no meaning: the same month of the later year."""
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
        """Moves the three days of registration together, without regard to the days of the sessions."""
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
        """New day of an appointment, cleared when it would be past."""
        landing = self._landed(landings, day)
        return Landing(None, PAST) if landing.day is not None and landing.day < self.today else landing

    def _tell(self, path: str, old: date | None, landing: Landing, month: bool = False) -> None:
        if old is not None:
            self.moves.append(Move(self._label(path), old, landing.day, landing.reason, month))

    def _label(self, path: str) -> str:
        """Label of the spot in the old content; rows that are alone are not numbered."""
        label = label_of(path)
        if len(self.old.actions) == 1:
            label = label.removeprefix("Groupe 1, ")
        if all(len(action.sessions) == 1 for action in self.old.actions):
            label = label.replace("dates 1, ", "")
        return label


def _days(row: Session) -> Iterator[date]:
    meetings: list[Recrutement] = row.recrutements
    yield from (day for day in (row.debut, row.fin, *(meeting.jour for meeting in meetings)) if day is not None)
