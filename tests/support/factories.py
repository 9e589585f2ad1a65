"""Invented people, structures and fiches. Fiches reach their state through the real workflow engine."""

from __future__ import annotations

from datetime import date, time, timedelta

import pyotp
from sqlalchemy import delete, select, update

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Assignment,
    Campaign,
    Commune,
    Convention,
    Dispositif,
    Effect,
    Fiche,
    FluxRun,
    Mail,
    Membership,
    ModerationRule,
    Notification,
    Organisme,
    Revision,
    RevisionState,
    SecondFactor,
    Territoire,
    User,
)
from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Contenu,
    Creneau,
    Financement,
    Financeur,
    Formation,
    Inscription,
    Lieu,
    Niveaux,
    Recrutement,
    Session,
    Structure,
)
from backoffice.models.moderation.rule_language import load
from backoffice.models.transition_names import FicheTransition
from backoffice.reference.reasons import shipped
from exports.flux.build import find
from forms.conventions.grants import Grant
from workflows.conventions import operations as conventions
from workflows.fiches import operations
from workflows.fiches.engine import apply
from workflows.fiches.transitions import TRANSITIONS
from workflows.flux import runs
from workflows.moderation import moderation_rules

PASSWORD = "un-mot-de-passe-long"
SIRET = "77897285100068"


def territoire(slug: str = "normandie") -> Territoire:
    return db.session.scalars(select(Territoire).where(Territoire.slug == slug)).one()


def user(name: str, **fields: object) -> User:
    """An account without role; its password is PASSWORD."""
    email = f"{name.lower().replace(' ', '.')}@exemple.fr"
    made = User(email=email, name=name, password_hash=hash_password(PASSWORD), **fields)
    db.session.add(made)
    db.session.flush()
    return made


def organisme(nom: str = "Centre social des Tilleuls", slug: str = "normandie") -> Organisme:
    made = Organisme(nom=nom, siret=SIRET, territoire_id=territoire(slug).id)
    db.session.add(made)
    db.session.flush()
    return made


def provider(name: str = "Nadia Exemple", *structures: Organisme) -> User:
    made = user(name)
    for structure in structures or (organisme(),):
        made.memberships.append(Membership(role=Role.RESPONSABLE, organisme=structure))
    db.session.commit()
    return made


def moderator(name: str = "Marc Modèle", slug: str = "normandie") -> User:
    return _assigned(name, slug, Role.MODERATEUR)


def funder(name: str = "Flora Fonds", slug: str = "normandie") -> User:
    return _assigned(name, slug, Role.FINANCEUR)


TELEPHONE = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""TOTP secret of every person with a second factor."""


def enrol(person: User) -> User:
    """Adds a second factor, mandatory for people who decide for others."""
    person.second_factor = SecondFactor(secret=TELEPHONE, confirmed_at=now())
    return person


def next_code(email: str) -> str:
    """The present TOTP code; resets the last used step, so that tests do not wait thirty seconds."""
    db.session.rollback()
    person = db.session.scalars(select(User.id).where(User.email == email))
    db.session.execute(update(SecondFactor).where(SecondFactor.user_id.in_(person.all())).values(last_step=0))
    db.session.commit()
    return pyotp.TOTP(TELEPHONE).now()


def _assigned(name: str, slug: str, role: Role) -> User:
    made = enrol(user(name))
    made.assignments.append(Assignment(role=role, territoire=territoire(slug)))
    db.session.commit()
    return made


def administrator(name: str = "Alma Admin") -> User:
    made = enrol(user(name, administrator=True))
    db.session.commit()
    return made


def caen(denomination: str = "") -> Adresse:
    return Adresse(denomination, ["12 rue des Tilleuls"], "14000", "Caen", "14118", "14", "28")


def town(code_insee: str) -> Adresse:
    """An address in this commune of the reference table."""
    commune = db.session.get_one(Commune, code_insee)
    code = min(row.code for row in commune.postal_codes)
    return Adresse("", ["1 place de la Mairie"], code, commune.nom, code_insee, commune.departement, commune.region)


def content_in(code_insee: str, intitule: str = "Ateliers de français du quartier des Tilleuls") -> Contenu:
    """The complete content, with its one location in this commune."""
    content = complete_content(intitule)
    content.lieux[0].adresse = town(code_insee)
    return content


def complete_content(intitule: str = "Ateliers de français du quartier des Tilleuls") -> Contenu:
    """A complete content with one group."""
    reception = Contact("Accueil", "", "+33261910000", "accueil@tilleuls.example")
    return Contenu(
        structure=Structure(
            "Centre social des Tilleuls", "Association des Tilleuls", "association", SIRET, "", caen(), reception
        ),
        formation=Formation(
            intitule=intitule,
            domaines=["15235"],
            objectif="Se débrouiller chez le médecin, à l’école et à la mairie.",
            contenu="Jeux de rôle, sorties, lecture de courriers.",
            espaces_sociaux=["ecole", "sante"],
            publics=["81023", "81042"],
            visees=["sociale"],
            niveaux=Niveaux("A1", "alpha", "A2", ""),
            contact=reception,
        ),
        lieux=[Lieu("L1", caen("Maison de quartier"))],
        actions=[
            Action(
                id="G2",
                nom="Groupe débutants",
                creneaux=[Creneau("mardi", time(9, 30), time(11, 30)), Creneau("jeudi", time(9, 30), time(11, 30))],
                semaines=30,
                sessions=[Session("S3", date(2026, 9, 15), date(2027, 6, 30))],
            )
        ],
        inscription=Inscription(entrees="1", modalites="Venir à l’accueil le lundi de 14 h à 17 h"),
        financement=Financement(cout="gratuit", conventionne="oui", financeurs=[Financeur("19", "BOP 104", "", 12)]),
        dernier_repere=3,
    )


def running_content(intitule: str = "Ateliers de français du quartier des Tilleuls") -> Contenu:
    """The complete content with a running session, whatever the day: no rule finds it ended."""
    content = complete_content(intitule)
    session, today = content.actions[0].sessions[0], local_day(now())
    session.debut, session.fin = today - timedelta(60), today + timedelta(200)
    return content


def two_places() -> Contenu:
    """The complete content with two locations, L1 and L4, and an appointment; its group meets in the first."""
    content = complete_content()
    content.actions[0].sessions[0].recrutements.append(Recrutement("8", places=18))
    content.lieux.append(Lieu(content.new_id(Lieu), caen("Bibliothèque")))
    content.actions[0].lieu = content.lieux[0].id
    return content


def draft(by: User, content: Contenu | None = None, dispositif: Dispositif = Dispositif.ASL) -> Fiche:
    """A fiche of the person's first structure, with one draft, complete unless `content` is given. Commits."""
    fiche = operations.create_fiche(db.session(), by.memberships[0].organisme, dispositif, by)
    operations.save_draft(db.session(), fiche.latest, content or complete_content(), {}, by)
    db.session.commit()
    return fiche


def step(fiche: Fiche, name: str, by: User, comment: str = "", *, receipt: bool = True) -> Revision:
    """Applies one transition to the latest revision and commits. receipt: False deletes the notices of a submission."""
    ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
    with atomic() as session:
        case = apply(session, name, **ids, actor=by, comment=comment, reason=reason_for(name))
        for model in () if receipt else (Mail, Notification):
            session.execute(delete(model).where(model.notice == "fiche_envoyee"))
    return case.revision


def reason_for(name: str) -> str:
    """Code of a valid reason for a transition that requires one; "" for the others."""
    if not TRANSITIONS[name].reasons:
        return ""
    return next(motif.code for motif in shipped().values() if name in motif.transitions)


def rule(by: User, *mots: str, effect: Effect = Effect.SIGNALE, name: str = "Mots à voir") -> ModerationRule:
    """An active rule of the moderator's territoire, which looks for these words in the objectives and the contents."""
    condition = {"kind": "mots", "textes": ["contenu"], "mots": list(mots)}
    definition = load({"match": "all", "conditions": [condition]})
    writing = moderation_rules.Writing(name, "Le texte est à lire de près.", effect, definition)
    with atomic() as session:
        made = moderation_rules.write_rule(session, by.assignments[0].territoire_id, writing, by)
        moderation_rules.activate(session, made.id, by)
    return made


def campaign(by: User, *slugs: str, **changes: object) -> Campaign:
    """A campaign for next year, open since yesterday, in the moderator's territoire unless `slugs` are given."""
    today = local_day(now())
    fields = {
        "label": "Ateliers, une année de plus",
        "year": today.year + 1,
        "opens_on": today - timedelta(1),
        "deadline": today + timedelta(60),
        "created_by_id": by.id,
    }
    made = Campaign(**fields | changes)
    made.territoires = [territoire(slug) for slug in slugs] or [by.assignments[0].territoire]
    db.session.add(made)
    db.session.commit()
    return made


WAYS: dict[RevisionState, tuple[str, ...]] = {
    RevisionState.BROUILLON: (),
    RevisionState.SOUMISE: (FicheTransition.SOUMETTRE,),
    RevisionState.EN_INSTRUCTION: (FicheTransition.SOUMETTRE, FicheTransition.PRENDRE),
    RevisionState.VALIDEE: (FicheTransition.SOUMETTRE, FicheTransition.PRENDRE, FicheTransition.VALIDER),
    RevisionState.A_CORRIGER: (FicheTransition.SOUMETTRE, FicheTransition.PRENDRE, FicheTransition.RENVOYER),
    RevisionState.REFUSEE: (FicheTransition.SOUMETTRE, FicheTransition.PRENDRE, FicheTransition.REFUSER),
}
"""{state: transitions that bring a first version to it}."""


def fiche_in(state: RevisionState, provider_: User, moderator_: User, content: Contenu | None = None) -> Fiche:
    """A fiche whose first version is in `state`. The notices of its submission are deleted."""
    fiche = draft(provider_, content)
    for name in WAYS[state]:
        by = provider_ if name == FicheTransition.SOUMETTRE else moderator_
        comment = "Précisez les horaires." if name in (FicheTransition.RENVOYER, FicheTransition.REFUSER) else ""
        step(fiche, name, by, comment, receipt=False)
        db.session.expire_all()
    return fiche


def grant(reference: str = "2026-104-0001", **said: object) -> Grant:
    """The fields of one convention in Calvados, as a funder gives them."""
    facts: dict[str, object] = {"programme": "BOP 104", "annee": 2026, "departement": "14", "nom": "Centre social"}
    return Grant(reference=reference, **facts | said)  # type: ignore[arg-type]


def convention(by: User, structure: Organisme | None = None, **said: object) -> Convention:
    """A convention created by a funder, attached to the structure when one is given."""
    with atomic() as session:
        made = conventions.create(session, by, by.assignments[0].territoire_id, grant(**said))
        if structure is not None:
            conventions.attach(session, by, made.id, structure)
    return made


def flow(code: str = "normandie") -> FluxRun:
    """Makes and publishes a flow, with the jobs that follow."""
    with atomic() as session:
        run = runs.ask(session, find(session, code))
    db.session.expire_all()
    return run
