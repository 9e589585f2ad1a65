"""Last step: what is missing or contradictory, and the quality of the fiche.

The same findings are shown to the structure, checked again at submission and shown to the moderator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from backoffice.core.clock import now
from backoffice.core.dates import NBSP, local_day
from backoffice.models import Revision
from backoffice.models.content import Contenu, label_of, pattern_of, values
from backoffice.models.content.findings import Finding
from exports.documents import meetings
from exports.fragment import words
from exports.lheo import fields
from forms.kit.builder import bind
from forms.kit.questions import Path, Step
from forms.kit.saving import Pending, check, typed

from . import dispositif_rules, needs
from .contradictions import contradictions
from .paths import PATHS

HOURS_TOLERANCE = 0.1
"""Accepted relative gap between declared and computed hours; beyond it we ask."""


@dataclass(frozen=True)
class Review:
    """Content of the last page. score: 0 to 100, see `_score`. notes: what the rules say without asking anything.

    against: those of the findings that are contradictions.
    """

    findings: tuple[Finding, ...]
    score: int
    advice: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()
    against: tuple[Finding, ...] = ()

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.blocking]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.blocking]

    @property
    def told(self) -> list[Finding]:
        """Findings of the rules of the dispositif, with their source: shown on the step itself."""
        return [finding for finding in (*self.findings, *self.notes) if finding.source]

    @property
    def complete(self) -> bool:
        return not self.blocking


def review(
    content: Contenu,
    path: Path,
    pending: Pending,
    *,
    siret_required: bool = True,
    today: date | None = None,
    rows: Iterable[dispositif_rules.Rule] | None = None,
) -> Review:
    """Reviews a content.

    siret_required: setting of the territoire; a structure with a carrier needs no SIRET in any case.
    today, rows: day and rules of the dispositifs; the current ones by default.
    """
    today = today or local_day(now())
    met = list(dispositif_rules.met(content, path.dispositif, today, rows or dispositif_rules.rules()))
    told = [found.finding for found in met if found.rule.gravite is not dispositif_rules.Severity.INFORME]
    asked = {finding.path for finding in told if finding.blocking}
    waived = needs.waived(content, siret_required=siret_required)
    lacking = [finding for finding in missing(content, path, today, waived) if finding.path not in asked]
    against = tuple(found.finding for found in contradictions(content, today))
    findings = [
        *unread(content, path, pending),
        *untrue(content, today),
        *lacking,
        *told,
        *against,
        *incomplete(content),
    ]
    advice = tuple(recommendations(content, path))
    score = _score(sum(finding.blocking for finding in findings), len(advice), path)
    notes = tuple(found.finding for found in met if found.rule.gravite is dispositif_rules.Severity.INFORME)
    return Review(tuple(dict.fromkeys(findings)), score, advice, notes, against)


SENDABLE = 60
"""Score of a fiche that can be sent and follows no advice."""


def _score(lacking: int, advised: int, path: Path) -> int:
    """SENDABLE points for what is required, in proportion of the questions answered; the rest for the advice."""
    required = sum(question.required for step in path.steps for question in step.questions())
    answered = max(0, 1 - lacking / required)
    followed = 1 - advised / len(recommended(path))
    return round(SENDABLE * answered + (100 - SENDABLE) * followed * answered)


def review_of(revision: Revision) -> Review:
    """Review of a revision, by the current rules of its dispositif and its territoire."""
    fiche = revision.fiche
    required = fiche.territoire.siret_obligatoire
    return review(revision.content, PATHS[fiche.dispositif], revision.pending, siret_required=required)


def unread(content: Contenu, path: Path, pending: Pending) -> Iterator[Finding]:
    """Typed answers that cannot be read: a finding per faulty field, else one per step. Towns are not checked."""
    for step in path.steps:
        if step.slug not in pending:
            continue
        form = bind(step, content, typed(pending[step.slug]))
        check(form, content.confirmes)
        for field in form.faulty:
            yield Finding(field.id, f"{label_of(field.id)}{NBSP}: il y a une réponse à corriger.")
        if not form.faulty:
            first = next(step.questions()).pattern.replace("[]", "-0").replace(".", "-")
            yield Finding(first, f"L’étape « {step.title} » contient une réponse à corriger.")


def untrue(content: Contenu, today: date) -> Iterator[Finding]:
    """Stored values that their reader refuses today, whichever way they came. See exports.lheo.fields."""
    for path, fault in fields.faults(content, today):
        yield Finding(path, f"{label_of(path)}{NBSP}: {fault}")


def missing(content: Contenu, path: Path, today: date, waived: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Questions without an answer that `needs.need` asks; `contradictions` says those that another answer asks."""
    for step in path.steps:
        for question in step.questions():
            if question.pattern in needs.CONDITIONS and needs.CONDITIONS[question.pattern].message:
                continue
            for spot, value in values(content, question.pattern):
                if value in ("", None, []) and (
                    needs.need(question, spot, content, path, today, waived) is needs.Need.ASKED
                ):
                    yield Finding(spot, _ask(question.words, spot))


def _ask(question: str, spot: str) -> str:
    row, comma, _ = label_of(spot).rpartition(", ")
    return f"{row}{comma}« {question} »{NBSP}: il manque votre réponse."


def incomplete(content: Contenu) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(content)


def _places(content: Contenu) -> Iterator[Finding]:
    if not content.lieux:
        yield Finding("lieux-0-adresse-lignes", "Indiquez au moins un lieu.")


def _groups(content: Contenu) -> Iterator[Finding]:
    if not content.actions:
        yield Finding("actions-0-nom", "Indiquez au moins un groupe.")
    for rank, action in enumerate(content.actions):
        here = f"actions-{rank}"
        if not words.rhythm(action):
            yield Finding(
                f"{here}-creneaux-0-jour",
                f"Groupe {rank + 1} : indiquez au moins un créneau, ou des précisions sur le rythme.",
            )
        if not action.sessions:
            yield Finding(f"{here}-sessions-0-debut", f"Groupe {rank + 1} : indiquez au moins des dates.")


def _hours(content: Contenu) -> Iterator[Finding]:
    for rank, action in enumerate(content.actions):
        computed, declared = action.computed_hours, action.heures_total
        if computed and declared is not None and abs(declared - computed) > HOURS_TOLERANCE * computed:
            yield Finding(
                f"actions-{rank}-heures_total",
                f"Groupe {rank + 1} : vous déclarez {declared} h en tout ; les horaires et le nombre de "
                f"semaines donnent {computed} h. Est-ce bien ce que vous voulez dire ?",
                blocking=False,
            )
        else:
            yield from _calendar(content, rank)


def _calendar(content: Contenu, rank: int) -> Iterator[Finding]:
    """Compares the hours given with those of slots, dates and holidays; stops at the first session that differs."""
    action = content.actions[rank]
    for found in meetings.counts(content, action):
        if not (found.known and found.hours):
            continue
        if action.hours is None:
            message = (
                "dites le nombre de semaines ou d’heures, pour qu’il soit publié. Les horaires et les dates donnent"
            )
            yield Finding(
                f"actions-{rank}-heures_total", f"Groupe {rank + 1} : {message} {found.words}", blocking=False
            )
            return
        # When the number of weeks is given, _hours has already compared the declared hours with it.
        said = action.computed_hours or action.hours
        if abs(said - found.hours) > HOURS_TOLERANCE * found.hours:
            where = "semaines" if action.computed_hours else "heures_total"
            yield Finding(
                f"actions-{rank}-{where}",
                f"Groupe {rank + 1} : vous dites {said} h en tout ; les horaires et les dates donnent "
                f"{found.words} Est-ce bien ce que vous voulez dire ?",
                blocking=False,
            )
            return


def _exam(content: Contenu) -> Iterator[Finding]:
    """An examination that readers will not see: they know a certification by its number."""
    said = content.formation
    if "certification" not in said.visees or said.certifying:
        return
    if not said.certification:
        message = "Vous préparez à un examen : dites lequel, les personnes le cherchent."
        yield Finding("formation-certification", message, blocking=False)
    yield Finding(
        "formation-code_certification",
        "Sans le numéro RNCP ou RS de l’examen, les flux disent que l’action n’est pas certifiante, et les chiffres ne "
        "la comptent pas comme telle. « Chercher l’examen » trouve ce numéro.",
        blocking=False,
    )


RULES: tuple[Callable[[Contenu], Iterator[Finding]], ...] = (
    _places,
    _groups,
    _hours,
    _exam,
)

RECOMMENDED = {
    "formation.url": "une page internet rassure les conseillers",
    "formation.resultats": "dites ce que la personne obtient à la fin",
    "formation.info_publics": "précisez le public",
    "formation.conditions": "dites s’il y a des conditions",
    "formation.niveaux.vise_oral": "le niveau visé à l’oral aide à orienter",
    "formation.contact.courriel": "une adresse e-mail publique",
    "lieux[].acces_handicapes": "l’accès pour les personnes handicapées",
    "lieux[].transport": "comment venir",
    "actions[].creneaux[].jour": "les horaires de la semaine",
    "actions[].effectif_max": "le nombre de places",
    "actions[].garde_enfants": "la garde d’enfants : beaucoup de parents en ont besoin",
    "actions[].sessions[].places_libres": "les places encore libres",
}
"""Optional answers that make a good fiche: {pattern: why}. Each has the same weight in its part of the score."""


def recommended(path: Path) -> dict[str, str]:
    """The part of RECOMMENDED that this path asks."""
    asked = {question.pattern for step in path.steps for question in step.questions()}
    return {pattern: why for pattern, why in RECOMMENDED.items() if pattern in asked}


def recommendations(content: Contenu, path: Path) -> Iterator[Finding]:
    for pattern, why in recommended(path).items():
        found = list(values(content, pattern))
        if not found or any(value in ("", None, []) for _, value in found):
            empty = next((path for path, value in found if value in ("", None, [])), None)
            spot = empty or pattern.replace("[]", "-0").replace(".", "-")
            yield Finding(spot, why[0].upper() + why[1:] + ".", blocking=False)


@dataclass(frozen=True)
class Help:
    """Help shown beside the questions. lacking, advice: on this step. elsewhere: number of advices on other steps."""

    score: int
    lacking: tuple[Finding, ...]
    advice: tuple[Finding, ...]
    elsewhere: int


def help_of(step: Step, path: Path, found: Review) -> Help:
    lacking = tuple(finding for finding in found.blocking if step_of(path, finding) is step)
    advice = tuple(finding for finding in found.advice if step_of(path, finding) is step)
    return Help(found.score, lacking, advice, len(found.advice) - len(advice))


def step_of(path: Path, finding: Finding) -> Step | None:
    """Step where a finding is corrected; None when no step asks for it."""
    return path.step_of(pattern_of(finding.path)) if finding.path else None


def statuses(path: Path, found: Review, content: Contenu) -> dict[str, str]:
    """{step slug: status}, for the task list."""
    return {step.slug: status(step, path, found, content) for step in path.steps}


def status(step: Step, path: Path, found: Review, content: Contenu) -> str:
    """Status of a step in the task list: «a_corriger», «a_faire», «complet»."""
    here = [finding for finding in found.blocking if step_of(path, finding) is step]
    if any("réponse à corriger" in finding.message or finding in found.against for finding in here):
        return "a_corriger"
    return "a_faire" if here else "complet"
