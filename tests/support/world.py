"""Data for the tests of URLs: one fiche per relevant state, one person per role, a row of each table."""

from __future__ import annotations

import io
from datetime import date

from sqlalchemy import inspect, select

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    CertifInfo,
    Erasure,
    Etablissement,
    FailedJob,
    Fiche,
    Flux,
    FluxRun,
    FluxToken,
    Formacode,
    ImportKind,
    ImportLine,
    JobStatus,
    LoginEvent,
    LoginWay,
    LotAction,
    Mail,
    Membership,
    ModerationRule,
    Notification,
    Organisme,
    OrganismeMerge,
    Outcome,
    Phase,
    ReadySentence,
    RegisterImport,
    RegisterPhase,
    RetentionRun,
    RevisionState,
    RuleHit,
    SavedView,
    SchoolBreak,
    Uai,
    User,
    Webhook,
)
from backoffice.models.content import dump
from backoffice.reference.reasons import shipped
from backoffice.web.admin import VIEWS
from backoffice.web.admin.table import Table
from workflows.accounts import invitations, joining
from workflows.change_log import record
from workflows.conventions import operations
from workflows.importing.jobs import create_job
from workflows.moderation.lots import prepare
from workflows.moderation.reasons import word
from workflows.moderation.remarks import pin
from workflows.registers import declared, runs

from . import factories as make
from .url_rows import Row
from .visitor import Visitor


def an_import(by: User, kind: ImportKind, phase: Phase) -> int:
    """An import job of one new fiche, at this phase; returns its id."""
    structure, content = by.memberships[0].organisme, make.complete_content("Une fiche importée")
    where = structure.territoire_id
    raw = b"Titre;Ville\nCours;Caen\n"
    job = create_job(
        db.session(), by, kind, "fichier", uploads.keep(io.BytesIO(raw)), {}, organisme=structure, territoire_id=where
    )
    job.phase, job.status = phase, JobStatus.FINI
    read = {"content": dump(content), "unsaid": [], "ours": False, "dispositif": "ASL"}
    report = {"message": "", "changes": [], "missing": [], "candidates": [], "remarks": []}
    line = ImportLine(job_id=job.id, rank=1, place="ligne 2", plan=Outcome.NOUVELLE, read=read, report=report)
    db.session.add(line)
    db.session.commit()
    return job.id


def a_flow_with_a_key_and_a_run() -> dict[str, int]:
    flux = db.session.scalars(select(Flux).where(Flux.code == "bretagne")).one()
    key, run = FluxToken(flux_id=flux.id, name="Base nationale", token_hash="x"), FluxRun(flux_id=flux.id)
    webhook = Webhook(title="Annuaire", url="https://annuaire.example/relais", salt="x", position=0)
    db.session.add_all([key, run, webhook])
    db.session.commit()
    return {"flux": flux.id, "cle": key.id, "fabrication": run.id, "webhook": webhook.id}


def conventions_of(funder: User, structure: Organisme, fiches: dict[str, Fiche]) -> dict[str, int]:
    """A convention tied to the submitted and the draft fiches, another convention, and a list to import."""
    one = make.convention(funder, structure, contact_pne="accueil@tilleuls.example")
    other = make.convention(funder, structure, reference="2026-104-0002")
    provider = structure_person(structure)
    for name in ("soumise", "brouillon"):
        operations.tie(db.session(), provider, one.id, fiches[name])
    where, stored = structure.territoire_id, uploads.keep(io.BytesIO(b"Dossier;SIRET;Autre\nA1;;x\n"))
    job = create_job(db.session(), funder, ImportKind.CONVENTIONS, "liste.csv", stored, {}, territoire_id=where)
    db.session.commit()
    return {"convention": one.id, "convention_autre": other.id, "liste_conventions": job.id}


def people_who_come(people: dict[str, User | None], structure: Organisme) -> dict[str, int]:
    """Pending invitations into the structure and the network, a join request, and the ids of people."""
    provider, chief, funder = people["structure"], people["administrateur"], people["financeur"]
    with atomic() as session:
        offer = invitations.Offer(Role.SAISIE, structure)
        one = invitations.invite(session, provider, "invitee@exemple.fr", offer)
        two = invitations.invite(session, chief, "invitee@exemple.fr", invitations.Offer(Role.ADMINISTRATEUR))
        asked = joining.ask(session, make.user("Paul Demande"), structure.id, "C’est moi.")
    return {
        "invitation": one.id,
        "invitation_reseau": two.id,
        "demande": asked.id,
        "personne": provider.id,
        "personne_voisine": people["autre structure"].id,
        "financeur": funder.id,
        "administrateur": chief.id,
        "affectation": funder.assignments[0].id,
    }


def structure_person(structure: Organisme) -> User:
    return db.session.scalars(select(User).join(Membership).where(Membership.organisme_id == structure.id)).one()


def a_register_read() -> int:
    raw = io.BytesIO(b"zone;debut;fin;nom\nB;2025-10-18;2025-11-02;Toussaint\n")
    with atomic() as session:
        return runs.ask_reading(session, declared.REGISTERS["vacances"], "vacances.csv", uploads.keep(raw), None).id


def a_row_of_each_table(moderator: User) -> dict[str, str]:
    """{"ligne_<table slug>": key of a row}, for the administration tables."""
    where = moderator.assignments[0].territoire_id
    kept, gone = db.session.scalars(select(Organisme.id).order_by(Organisme.id).limit(2))
    word(db.session(), where, shipped()["doublon"], moderator)
    record(db.session(), moderator, moderator.assignments[0].territoire, "nom", "Normandie", "La Normandie", where)
    db.session.add_all(
        (
            CertifInfo(code="84503", label="DELF A1"),
            Etablissement(siret=make.SIRET, denomination="Centre social des Tilleuls"),
            Formacode(code="15235", label="Français langue étrangère"),
            SchoolBreak(zone="B", debut=date(2027, 2, 13), fin=date(2027, 2, 28), nom="Vacances d’hiver"),
            Uai(uai="0140001A", nom="École des Tilleuls"),
            LoginEvent(user_id=moderator.id, way=LoginWay.CODE, success=True, device="Firefox", network="192.0.2.0"),
            OrganismeMerge(
                actor_id=moderator.id, kept_id=kept, gone_id=gone, before={}, chosen={}, moved={}, absorbed={}
            ),
            RetentionRun(counts={"comptes": 1}),
            Erasure(account_id=make.user("Ada Partie", active=False).id, actor_id=moderator.id, counts={"adresses": 1}),
            RegisterImport(register="formacode", phase=RegisterPhase.LECTURE, status=JobStatus.FINI),
        )
    )
    db.session.commit()
    return {f"ligne_{view.slug}": first_key(view) for view in VIEWS}


def first_key(view: type[Table]) -> str:
    """Key of the first row that the table shows."""
    model, shown = view.model_class, view()
    first = select(model).where(shown.condition()).order_by(*inspect(model).primary_key).limit(1)
    return shown.key(db.session.scalars(first).one())


class World:
    """One fiche per relevant state, all of one structure of Normandie, and one person per role."""

    def __init__(self) -> None:
        theirs, voisine = make.organisme(), make.organisme("Association voisine")
        provider, moderator = make.provider("Nadia Exemple", theirs), make.moderator()
        people = {
            "anonyme": None,
            "structure": provider,
            "autre structure": make.provider("Olga Voisine", voisine),
            "moderateur": moderator,
            "autre moderateur": make.moderator("Mina Modèle", "grand-est"),
            "financeur": make.funder(),
            "autre financeur": make.funder("Félix Fonds", "grand-est"),
            "administrateur": make.administrator(),
        }
        self.ids = {name: person and person.id for name, person in people.items()}
        rule = make.rule(moderator, "lecture")
        ways = {"brouillon": "BROUILLON", "soumise": "SOUMISE", "publiee": "VALIDEE", "suspendue": "VALIDEE"}
        ways |= {"prise": "EN_INSTRUCTION", "corrigee": "EN_INSTRUCTION"}
        fiches = {name: make.fiche_in(RevisionState[way], provider, moderator) for name, way in ways.items()}
        make.step(fiches["suspendue"], "suspendre", moderator, "Le téléphone est faux.")
        make.step(fiches["corrigee"], "corriger", moderator)
        taken = fiches["prise"]
        remark = pin(db.session(), taken.id, taken.latest.id, "formation-objectif", "Dites pour qui.", moderator)
        db.session.commit()
        self.names = {name: fiche.id for name, fiche in fiches.items()}
        self.names |= {f"v_{name}": fiche.latest.id for name, fiche in fiches.items()}
        self.names |= {f"numero_{name}": fiche.numero for name, fiche in fiches.items()}
        self.names["compte"] = people["autre structure"].id
        self.names["voisine"] = voisine.id
        self.names["organisme"], self.names["territoire"] = theirs.id, theirs.territoire_id
        self.names["regle"] = rule.id
        self.names["regle_reseau"] = db.session.query(ModerationRule).filter_by(code="dates-passees").one().id
        hits = db.session.query(RuleHit).filter_by(fiche_id=fiches["soumise"].id).order_by(RuleHit.id)
        self.names["signalement"] = hits.first().id
        self.names |= {"remarque": remark.id, "normandie": theirs.territoire_id}
        sentence = db.session.query(ReadySentence).filter_by(territoire_id=theirs.territoire_id).first()
        self.names["phrase"] = sentence.id
        self.names |= a_flow_with_a_key_and_a_run()
        self.names["avis"] = db.session.scalars(
            select(Notification.id).where(Notification.user_id == provider.id)
        ).first()
        self.names["courriel"] = db.session.scalars(select(Mail.id)).first()
        failed = FailedJob(function="workflows.notices.mail.sweep", arguments=[], reason="OSError: essai")
        db.session.add(failed)
        db.session.commit()
        self.names["travail"] = failed.id
        self.names["lecture"] = an_import(provider, ImportKind.LHEO, Phase.LECTURE)
        lot = prepare(db.session(), moderator, LotAction.ATTRIBUER, [fiches["soumise"].latest], assignee=moderator)
        view = SavedView(user_id=moderator.id, name="Une vue", query="onglet=traitees")
        db.session.add(view)
        db.session.commit()
        campaign = make.campaign(moderator)
        self.names |= {"lot": lot.id, "vue": view.id, "campagne": campaign.id}
        self.names["registre"] = a_register_read()
        self.names["reponses"] = an_import(provider, ImportKind.REPONSES, Phase.COLONNES)
        self.names |= conventions_of(people["financeur"], theirs, fiches)
        self.names |= people_who_come(people, theirs)
        self.names |= a_row_of_each_table(moderator)
        self.names["ligne_flux"] = self.names["flux"]  # the flow made above

    @property
    def people(self) -> dict[str, User | None]:
        """{actor: user}, reloaded from the base; None for the anonymous one."""
        return {name: number and db.session.get_one(User, number) for name, number in self.ids.items()}

    def send(self, visitor: Visitor, row: Row, **extra: str):
        path = row.path.format_map(self.names)
        if row.method == "GET":
            return visitor.get(path, buffered=True)
        if "csrf_token" not in extra:
            visitor.see("/connexion")
        return visitor.post(path, {name: text.format_map(self.names) for name, text in row.data} | extra)
