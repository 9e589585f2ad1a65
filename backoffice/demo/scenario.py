"""The fiches of each structure, and the events of each fiche."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.models.transition_names import FicheTransition

SUBMIT, TAKE, GIVE_BACK, APPROVE = (
    FicheTransition.SOUMETTRE,
    FicheTransition.PRENDRE,
    FicheTransition.RENDRE,
    FicheTransition.VALIDER,
)
RETURN, REFUSE, SUSPEND, RESUME, ARCHIVE, REOPEN = (
    FicheTransition.RENVOYER,
    FicheTransition.REFUSER,
    FicheTransition.SUSPENDRE,
    FicheTransition.REPUBLIER,
    FicheTransition.ARCHIVER,
    FicheTransition.DESARCHIVER,
)
MEND, REREAD = FicheTransition.CORRIGER, FicheTransition.RELIRE
"""Names of transitions: see workflows.fiches.transitions."""

RENEW, CORRECT, UNREAD = "renouveler", "completer", "illisible"
"""Other actions of the provider: a new version, the correction of a returned one, a value that cannot be parsed."""

PUBLISHED = (SUBMIT, TAKE, APPROVE)


@dataclass(frozen=True)
class Story:
    """The events of a fiche after its first draft.

    filled: number of pages filled in the first draft; ages: (least, most) days since the last event; years: offset of
    its year; again: its content duplicates the first fiche of its structure.
    """

    events: tuple[str, ...] = ()
    filled: int = 7
    ages: tuple[int, int] = (1, 9)
    years: int = 0
    again: bool = False


STORIES = {
    "commencee": Story(filled=1),
    "a_moitie": Story(filled=4),
    "sans_dates": Story(filled=5),
    "presque_finie": Story(filled=6),
    "illisible": Story((UNREAD,), filled=2),
    "brouillon": Story(),
    "soumise": Story((SUBMIT,), ages=(1, 16)),
    "prise": Story((SUBMIT, TAKE), ages=(1, 2)),
    "rendue": Story((SUBMIT, TAKE, GIVE_BACK), ages=(2, 5)),
    "renvoyee": Story((SUBMIT, TAKE, RETURN), ages=(1, 12)),
    "corrigee": Story((SUBMIT, TAKE, RETURN, CORRECT, SUBMIT)),
    "refusee": Story((SUBMIT, TAKE, REFUSE), ages=(5, 40)),
    "publiee": Story(PUBLISHED, ages=(3, 75)),
    "publiee_corrigee": Story((SUBMIT, TAKE, RETURN, CORRECT, *PUBLISHED), ages=(3, 60)),
    "renouvelee": Story((*PUBLISHED, RENEW, *PUBLISHED), ages=(3, 30)),
    "publiee_brouillon": Story((*PUBLISHED, RENEW)),
    "publiee_soumise": Story((*PUBLISHED, RENEW, SUBMIT)),
    "publiee_prise": Story((*PUBLISHED, RENEW, SUBMIT, TAKE), ages=(1, 2)),
    "publiee_renvoyee": Story((*PUBLISHED, RENEW, SUBMIT, TAKE, RETURN)),
    "suspendue": Story((*PUBLISHED, SUSPEND), ages=(3, 20)),
    "republiee": Story((*PUBLISHED, SUSPEND, RESUME), ages=(3, 20)),
    "archivee": Story((*PUBLISHED, ARCHIVE), ages=(60, 120), years=-1),
    "relue": Story((SUBMIT, TAKE, MEND, REREAD, APPROVE), ages=(2, 4)),
    "doublon": Story((SUBMIT,), ages=(1, 3), again=True),
    "abandonnee": Story((ARCHIVE,), filled=3, ages=(20, 60)),
    "reprise": Story((*PUBLISHED, ARCHIVE, REOPEN), years=-1),
}

PLAN = {
    "trois-tilleuls": ("publiee", "renvoyee", "a_moitie", "publiee_brouillon", "soumise"),
    "rive-claire": (
        *("publiee", "renouvelee", "publiee_soumise", "soumise", "soumise", "prise"),
        *("publiee_corrigee", "brouillon", "suspendue", "archivee"),
    ),
    "rive-claire-est": (*("publiee", "publiee", "publiee_prise", "soumise", "renvoyee", "brouillon", "reprise"),),
    "mots-partages": ("publiee", "soumise", "rendue", "commencee"),
    "passage-bleu": ("publiee", "corrigee", "illisible"),
    "ccas-val": ("publiee", "publiee_soumise", "soumise", "abandonnee"),
    "pays-ornais": ("publiee", "prise", "refusee", "sans_dates"),
    "plume-lexovie": ("publiee", "soumise", "presque_finie"),
    "savoirs-seine": ("publiee", "publiee_renvoyee", "republiee", "soumise", "refusee"),
    "ateliers-ill": ("publiee", "soumise", "commencee", "publiee_brouillon"),
    "parole-lorraine": ("publiee", "corrigee", "suspendue", "soumise"),
    "trefle-messin": ("publiee", "renouvelee", "prise", "publiee_soumise", "archivee"),
    "cap-champagne": ("publiee", "soumise", "refusee"),
    "meuse-ardennes": ("publiee", "renvoyee", "presque_finie"),
    "ecole-lavandieres": ("publiee", "brouillon"),
    "college-roseraie": ("publiee", "soumise"),
    "cap-langues-normandie": ("publiee", "publiee", "prise", "relue", "doublon"),
}
"""{key of the structure: stories of its fiches}."""
