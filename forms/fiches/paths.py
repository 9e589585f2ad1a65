"""Guided path of each dispositif: the shared steps, and the variants for one of them."""

from __future__ import annotations

from backoffice.models.content import Financeur
from backoffice.models.content.vocabulary import Dispositif
from forms.kit.questions import Path
from forms.steps.content import CONTENT, MARKET_CONTENT, MARKET_TITLE, PARENTS_CONTENT, PARENTS_TITLE, TITLE
from forms.steps.funding import FUNDING, MARKET_FUNDING, SCHOOL_FUNDING
from forms.steps.locations import COURSES, PLACES, SCHOOLS
from forms.steps.public import PUBLIC, SIGNATORIES
from forms.steps.sessions import COURSE_SESSIONS, SESSIONS
from forms.steps.structure import HOLDER, SCHOOL, STRUCTURE

ASL = Path(Dispositif.ASL, (STRUCTURE, TITLE, CONTENT, PUBLIC, PLACES, SESSIONS, FUNDING))

OEPRE = Path(
    Dispositif.OEPRE,
    (SCHOOL, PARENTS_TITLE, PARENTS_CONTENT, PUBLIC, SCHOOLS, SESSIONS, SCHOOL_FUNDING),
    {
        "structure.categorie": "ecole",
        "formation.intitule": "Ouvrir l’école aux parents pour la réussite des enfants (OEPRE)",
        "formation.domaines": ["15235"],
        "formation.visees": ["sociale"],
        "financement.cout": "gratuit",
        "financement.conventionne": "oui",
        "financement.financeurs": [Financeur("19"), Financeur("12")],
    },
)

OFII = Path(
    Dispositif.OFII,
    (HOLDER, MARKET_TITLE, MARKET_CONTENT, SIGNATORIES, COURSES, COURSE_SESSIONS, MARKET_FUNDING),
    {
        "structure.categorie": "organisme",
        "formation.intitule": "Formation linguistique du contrat d’intégration républicaine",
        "formation.domaines": ["15235"],
        "formation.publics": ["81023"],
        "formation.visees": ["sociale"],
        "formation.conditions": "Avoir signé le contrat d’intégration républicaine et être orienté par l’OFII.",
        "inscription.modalites": "Sur prescription de l’OFII uniquement",
        "financement.cout": "gratuit",
        "financement.conventionne": "oui",
        "financement.financeurs": [Financeur("20")],
    },
)

PATHS: dict[Dispositif, Path] = {path.dispositif: path for path in (ASL, OEPRE, OFII)}
