"""Conventions of the demonstration set: a dozen of one funder, with every state of an obligation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import clock_at
from backoffice.core.dates import local_day
from backoffice.models import Convention, Fiche, FicheState, ObligationKind, Organisme, Territoire, User
from backoffice.models.conventions.convention import Bpi
from backoffice.models.conventions.obligation import Proof
from backoffice.models.transition_names import ObligationTransition
from forms.conventions.grants import Grant
from workflows.conventions import operations, pne_contacts
from workflows.conventions.obligations import apply
from workflows.robot import robot

CARTE, INFO, PNE = ObligationKind

SEEN, DECLARED, CHECKED, WRONG, NOT_DUE, SENT, MOVED = (
    ObligationTransition.CONSTATER,
    ObligationTransition.DECLARER,
    ObligationTransition.VERIFIER,
    ObligationTransition.SIGNALER,
    ObligationTransition.DISPENSER,
    ObligationTransition.ENVOYER_QUESTIONNAIRE,
    ObligationTransition.REPORTER,
)
"""Names of transitions: see workflows.conventions.obligation_transitions."""
ASKED, CONFIRMED, BOUNCED = "demandée", "confirmée", "revenue"
"""What happens to the contact address of the survey."""

WHY: dict[str, str] = {
    WRONG: "La page donne les horaires de l’an dernier : mettez-la à jour, puis déclarez-la de nouveau.",
    NOT_DUE: "L’action n’a pas eu lieu cette année : la subvention est reportée.",
    MOVED: "Le comité de suivi se réunit à une autre date.",
}
PAGE = "https://refugies.info/fr/dispositif/5e3bf12c0a1b2c3d4e5f6a"
"""Prefix of the invented page addresses."""


@dataclass(frozen=True)
class Story:
    """house: key of the structure, "" when it is not in Relais; said: the name then written by the funder.

    steps: events of each obligation; contact: the survey's contact address, then what happens to it; due: due date of
    all that is left to do, in days after the load, when it is not that of the obligation.
    """

    house: str
    programme: str
    amount: int
    steps: Mapping[ObligationKind, tuple[str, ...]]
    contact: tuple[str, ...] = ()
    bpi: Bpi = Bpi.INCONNU
    said: str = ""
    due: int | None = None


SHARED = "camille@partage.example"

STORIES = (
    Story("trois-tilleuls", "BOP 104", 8_500, {CARTE: (SEEN,), PNE: (SENT,)}, (SHARED, ASKED), Bpi.OUI),
    Story("trois-tilleuls", "Commune", 1_200, {CARTE: (SEEN,), PNE: (NOT_DUE,)}, (), Bpi.NON),
    Story(
        "rive-claire",
        "BOP 104",
        42_000,
        {CARTE: (SEEN,), INFO: (DECLARED, CHECKED), PNE: (SENT, DECLARED, CHECKED)},
        ("enquete@rive-claire.example", ASKED, CONFIRMED),
        Bpi.OUI,
    ),
    Story(
        "rive-claire",
        "Région",
        18_000,
        {CARTE: (SEEN,), INFO: (DECLARED,), PNE: (SENT, DECLARED)},
        ("enquete@rive-claire.example", ASKED, CONFIRMED),
        Bpi.OUI,
    ),
    Story(
        "mots-partages",
        "BOP 104",
        6_000,
        {CARTE: (SEEN,), INFO: (DECLARED, WRONG)},
        ("bureau@mots-partages.example", ASKED),
        Bpi.OUI,
    ),
    Story(
        "passage-bleu",
        "BOP 104",
        9_750,
        {CARTE: (SEEN,), PNE: (SENT, DECLARED, WRONG)},
        ("accueil@passage-bleu.example", ASKED, BOUNCED),
    ),
    Story("ccas-val", "BOP 147", 15_000, {}, (), Bpi.INCONNU, due=-12),
    Story("pays-ornais", "BOP 104", 7_300, {CARTE: (NOT_DUE,)}, (SHARED,)),
    Story(
        "plume-lexovie",
        "CAF",
        3_400,
        {CARTE: (SEEN,), PNE: (SENT,)},
        ("contact@plume-lexovie.example", ASKED, CONFIRMED),
        Bpi.NON,
    ),
    Story(
        "savoirs-seine",
        "BOP 104",
        12_600,
        {CARTE: (SEEN, WRONG)},
        ("contact@savoirs-seine.example",),
        Bpi.OUI,
        due=-3,
    ),
    Story("", "BOP 104", 5_000, {}, ("bonjour@atelier-du-port.example",), Bpi.OUI, "Atelier du port", due=30),
    Story("", "BOP 147", 4_200, {}, (), Bpi.INCONNU, "Mots partagés (asso)"),
)


class Grants:
    """The conventions written by a funder of Normandie at the beginning of the year, and their events since."""

    def __init__(self, session: Session, now: datetime, funder: User, organismes: Mapping[str, Organisme]):
        self.session, self.now, self.funder, self.organismes = session, now, funder, organismes
        self.territoire: Territoire = funder.assignments[0].territoire
        self.year = local_day(now).year

    def run(self) -> None:
        for rank, story in enumerate(STORIES, 1):
            with clock_at(self.now - timedelta(60)):
                convention = self.write(story, rank)
            with clock_at(self.now - timedelta(40)):
                self.follow_address(convention, story)
                self.set_day(convention, story)
            for kind, steps in story.steps.items():
                for number, name in enumerate(steps):
                    with clock_at(self.now - timedelta(30 - 9 * number)):
                        self.take(convention, kind, name, rank)

    def write(self, story: Story, rank: int) -> Convention:
        organisme = self.organismes.get(story.house)
        fiches = self.fiches(organisme)
        grant = Grant(
            programme=story.programme,
            annee=self.year,
            reference=f"{self.year}-{rank:04d}",
            departement=next((fiche.latest.departement for fiche in fiches), "76"),
            nom=organisme.nom if organisme else story.said,
            siret=organisme.siret if organisme else "",
            montant=story.amount * 100,
            contact_pne=story.contact[0] if story.contact else "",
            bpi=story.bpi,
        )
        convention = operations.create(self.session, self.funder, self.territoire.id, grant)
        if organisme:
            operations.attach(self.session, self.funder, convention.id, organisme)
            shown = [fiche for fiche in fiches if fiche.state is FicheState.PUBLIEE]
            for fiche in shown[:1]:
                operations.tie(self.session, self.funder, convention.id, fiche)
        return convention

    def fiches(self, organisme: Organisme | None) -> list[Fiche]:
        """The fiches of the structure that were submitted."""
        if organisme is None:
            return []
        query = select(Fiche).where(Fiche.organisme_id == organisme.id, Fiche.numero.is_not(None)).order_by(Fiche.id)
        return list(self.session.scalars(query))

    def follow_address(self, convention: Convention, story: Story) -> None:
        if ASKED in story.contact:
            pne_contacts.ask(self.session, self.funder, convention.id)
        if CONFIRMED in story.contact:
            pne_contacts.confirmed(self.session, convention)
        if BOUNCED in story.contact:
            pne_contacts.bounced(self.session, self.funder, convention.id, "Boîte inconnue, dit le message de retour.")

    def set_day(self, convention: Convention, story: Story) -> None:
        if story.due is None:
            return
        day = local_day(self.now) + timedelta(story.due)
        for row in convention.obligations:
            if row.waited:
                apply(self.session, MOVED, obligation_id=row.id, actor=self.funder, comment=WHY[MOVED], due_on=day)

    def take(self, convention: Convention, kind: ObligationKind, name: str, rank: int) -> None:
        row = convention.obligation(kind)
        proof = self.proof(convention, kind, name, rank)
        if name == SEEN and proof is None:
            return
        actor = robot(self.session) if name == SEEN else self.funder
        comment = WHY.get(name, "")
        apply(self.session, name, obligation_id=row.id, actor=actor, comment=comment, proof=proof)

    def proof(self, convention: Convention, kind: ObligationKind, name: str, rank: int) -> Proof | None:
        day = local_day(self.now - timedelta(30)).isoformat()
        if name == SEEN:
            numeros = [tie.fiche.numero for tie in convention.ties if tie.fiche.numero]
            if not numeros:
                return None
            link = f"/api/fiches/{numeros[0]}"
            return {"date": day, "flux": self.territoire.slug, "numero": numeros[0], "numeros": numeros, "lien": link}
        if kind is INFO and name in (DECLARED, CHECKED):
            return {"adresse": f"{PAGE}{rank:02x}", **({"date": day} if name == CHECKED else {})}
        keys: dict[str, str] = {SENT: "envoye", DECLARED: "repondu", CHECKED: "verifie"}
        return {keys[name]: day} if name in keys else None
