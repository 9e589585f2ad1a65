"""Hypothesis strategies for valid contents: every question answered, some at their limit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from backoffice.core.text import clean
from backoffice.models.content import Action, Contenu, Creneau, Financeur, Lieu, Niveaux, Recrutement, Session
from backoffice.models.content.timely import last_day
from backoffice.models.content.vocabulary import (
    JOURS,
    NIVEAUX_ECRIT,
    NIVEAUX_ORAL,
    OBJECTIFS_OEPRE,
    Dispositif,
)
from forms.fiches.paths import PATHS
from forms.kit.fields import limit_of
from forms.kit.questions import Kind


def filled(kind: type, draw: Any, questions: dict[str, Any], pattern: str = "") -> Any:
    """A part of the content with every question answered, some at their limit."""
    made = kind()
    for item in fields(kind):
        here = f"{pattern}{item.name}"
        value = getattr(made, item.name)
        if is_dataclass(value):
            setattr(made, item.name, filled(type(value), draw, questions, here + "."))
        elif here in questions:
            setattr(made, item.name, answer(questions[here], draw, value))
    return made


LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Zs", "Zl", "Zp"))


def answer(question: Any, draw: Any, default: Any) -> Any:
    limit = limit_of(question) if question.spot.type is str and question.kind in (Kind.LINE, Kind.TEXT) else 0
    match question.kind:
        case Kind.LINE | Kind.TEXT:
            size = draw(st.sampled_from([1, 7, limit - 1, limit]))
            return ("a" + clean(draw(st.text(LETTERS, min_size=1, max_size=9))) * size)[:size]
        case Kind.LINES:
            return [
                "a" + clean(draw(st.text(LETTERS, min_size=49, max_size=49)))[:49]
                for _ in range(draw(st.integers(1, 4)))
            ]
        case Kind.SELECT | Kind.RADIO:
            return draw(st.sampled_from(sorted(question.choices))) if question.choices else default
        case Kind.CHECKS:
            return draw(st.lists(st.sampled_from(sorted(question.choices)), min_size=1, max_size=5, unique=True))
        case Kind.INTEGER:
            return draw(st.integers(question.spot.reader.low, question.spot.reader.high))
        case Kind.FLAG:
            return draw(st.booleans())
        case Kind.DATE:
            return draw(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
        case Kind.TIME:
            return draw(st.times(time(8), time(20)))
        case Kind.EMAIL:
            return draw(st.sampled_from(["a@b.fr", "x" * 60 + "@" + "y" * 60 + ".example"]))
        case Kind.PHONE:
            return "+33261910000"
        case Kind.URL:
            return "https://exemple.fr/" + "a" * draw(st.integers(0, 380))
        case Kind.POSTCODE:
            return "14000"
        case Kind.SIRET:
            return "77897285100068"
        case Kind.NDA:
            return "28761234567"
        case Kind.RNA:
            return "W143000001"
        case Kind.UAI:
            return "0140001A"
        case Kind.CERTIFICATION:
            return draw(st.sampled_from(["38115", "RS5398"]))
    raise AssertionError(question.kind)


@st.composite
def contents(draw: Any, dispositif: Dispositif = Dispositif.ASL) -> Contenu:
    """A content that the form accepts: every question of the path answered within its limits."""
    questions = {q.pattern: q for step in PATHS[dispositif].steps for q in step.questions()}
    content: Contenu = filled(Contenu, draw, questions)
    for adresse in (content.structure.adresse, content.inscription.adresse):
        adresse.ville = "Caen"
    for kind, name, count in ((Lieu, "lieux", (1, 3)), (Action, "actions", (1, 4))):
        rows = [filled(kind, draw, questions, f"{name}[].") for _ in range(draw(st.integers(*count)))]
        for rank, row in enumerate(rows):
            row.id = f"{name[0].upper()}{rank}"
        setattr(content, name, rows)
    for lieu in content.lieux:
        lieu.adresse.ville = "Caen"
        points = st.sampled_from([("", ""), ("49.18", "-0.37"), ("48.8258171081543", "2.3602077960968018")])
        lieu.adresse.latitude, lieu.adresse.longitude = draw(points)
    for action in content.actions:
        action.lieu = draw(st.sampled_from(content.lieux)).id
        action.creneaux = [Creneau(jour, time(hour), time(hour + 4)) for hour in (8, 12, 16) for jour in JOURS]
        start = date(2027, 6, 1)
        action.sessions = [
            filled(Session, draw, questions, "actions[].sessions[].") for _ in range(draw(st.integers(1, 3)))
        ]
        for n, session in enumerate(action.sessions):
            day = start + timedelta(n)
            session.id, session.debut, session.fin, session.mois_seulement = f"S{n}", day, day, False
        action.sessions[0].recrutements = [
            filled(Recrutement, draw, questions, "actions[].sessions[].recrutements[].")
            for _ in range(draw(st.integers(0, 2)))
        ]
        low, high = sorted((action.effectif_min or 1, action.effectif_max or 1))
        action.effectif_min, action.effectif_max = low, high
        _agree(action)
    last = content.actions[-1].sessions[-1]
    if draw(st.booleans()):  # months only: read back as the first and the last day
        last.debut, last.fin, last.mois_seulement = date(2027, 2, 1), date(2027, 4, 30), True
        last.recrutements = []
    entry, end = content.inscription, last_day(content) or start
    entry.debut, entry.fin = sorted((min(entry.debut or start, end), min(entry.fin or start, end)))
    entry.reunion = min(entry.reunion or start, end)
    for levels in (content.formation.niveaux, *(action.niveaux for action in content.actions)):
        _order(levels)
    content.financement.financeurs = [
        filled(Financeur, draw, questions, "financement.financeurs[].") for _ in range(draw(st.integers(1, 8)))
    ]
    if "certification" not in content.formation.visees:
        content.formation.visees = [*content.formation.visees[:4], "certification"]
    if content.financement.cout == "gratuit":
        content.financement.prix = None
    if dispositif is Dispositif.ASL and draw(st.booleans()):
        content.structure.siret = ""  # it has a carrier
    follow_the_rules(content, dispositif)
    return content


def _agree(action: Action) -> None:
    """Removes what would contradict another answer of the group."""
    action.heures_centre = min(action.heures_centre or 0, action.heures_total or 0)
    for session in action.sessions:
        most = 0 if session.recrutement == "2" else action.effectif_max or 0
        session.places_libres = min(session.places_libres or 0, most)
        for meeting in session.recrutements:
            meeting.jour = session.debut if meeting.jour else None
            if meeting.debut and meeting.fin and meeting.fin <= meeting.debut:
                meeting.fin = None


def _order(levels: Niveaux) -> None:
    """The level that is aimed at is not below the entry level."""
    for name, scale in (("oral", list(NIVEAUX_ORAL)), ("ecrit", list(NIVEAUX_ECRIT))):
        entry, aimed = sorted((getattr(levels, f"entree_{name}"), getattr(levels, f"vise_{name}")), key=scale.index)
        setattr(levels, f"entree_{name}", entry)
        setattr(levels, f"vise_{name}", aimed)


def follow_the_rules(content: Contenu, dispositif: Dispositif) -> None:
    """Applies the blocking rules of a dispositif that involve several answers."""
    if dispositif is Dispositif.OEPRE:
        content.formation.objectifs_oepre = list(OBJECTIFS_OEPRE)
        content.financement.cout, content.financement.prix = "gratuit", None
    if dispositif is Dispositif.OFII:
        content.financement.financeurs[0].code = "20"
