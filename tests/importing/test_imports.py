"""Importing: nothing is written before it is asked; twice updates; one bad line blocks no other."""

from __future__ import annotations

import io
from datetime import date

import pytest
from lxml import etree

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    Fiche,
    ImportJob,
    ImportKind,
    ImportLine,
    JobStatus,
    Membership,
    Organisme,
    Outcome,
    Revision,
    RevisionState,
    TransitionLog,
)
from backoffice.models.content import dump
from exports.flux.build import find, full
from exports.fragment.build import Identity, formation
from exports.fragment.check import HEAD, TAIL
from tests.flux.test_fragment import IDENTITY
from tests.support import factories as make
from tests.work.test_jobs import redis_queue, run_worker  # noqa: F401
from workflows.importing import jobs, mappings

from .test_tables import ROW, sheet


@pytest.fixture
def by(app):
    return make.provider()


@pytest.fixture
def moderator(app):
    return make.moderator()


def start(actor, raw: bytes, kind=ImportKind.LHEO, *, mapping=None, organisme=True, **settings) -> int:
    """Sends a file, read as soon as the transaction is committed; returns the id of the job."""
    own = actor.memberships[0].organisme if organisme else None
    with atomic() as session:
        job = jobs.create_job(
            session,
            actor,
            kind,
            "fichier.xml",
            uploads.keep(io.BytesIO(raw)),
            settings,
            organisme=own,
            territoire_id=own.territoire_id if own else actor.assignments[0].territoire_id,
        )
        jobs.ask_reading(session, job, mapping)
        return job.id


def apply_all(job_id: int, *, submit=False, only=None, choices=None) -> list[ImportLine]:
    with atomic() as session:
        jobs.ask_import(session, session.get_one(ImportJob, job_id), only, choices or {}, submit=submit)
    return lines(job_id)


def lines(job_id: int) -> list[ImportLine]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(ImportLine).filter_by(job_id=job_id).order_by(ImportLine.rank).all()


def job(job_id: int) -> ImportJob:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(ImportJob, job_id)


def plans(job_id: int) -> list[Outcome]:
    return [line.plan for line in lines(job_id)]


def foreign_flow(*titles: str, siret: str = make.SIRET, numbered: bool = True) -> bytes:
    """A flow as another software writes it: its own numeros, none of our extras."""
    parts = []
    for rank, title in enumerate(titles):
        content = make.complete_content(title)
        content.structure.siret = siret
        identity = Identity(f"99_{rank}", "99_O", IDENTITY.dispositif, IDENTITY.created, IDENTITY.modified)
        root = formation(content, identity)
        for node in root.xpath("extras"):
            root.remove(node)
        if not numbered:
            root.attrib.pop("numero")
        parts.append(etree.tostring(root, encoding="unicode"))
    return (HEAD + "".join(parts) + TAIL).encode()


def everything():
    db.session.rollback()
    return [db.session.query(kind).count() for kind in (Fiche, Revision, TransitionLog, Organisme)]


# --- Reading writes nothing ---------------------------------------------------------------------------


def test_reading_a_file_writes_no_fiche_and_reports_each_line(by):
    before = everything()
    made = start(by, foreign_flow("Cours du matin", "Cours du soir"))
    assert everything() == before
    assert plans(made) == [Outcome.NOUVELLE, Outcome.NOUVELLE]
    one, two = lines(made)
    assert (one.title, two.title) == ("Cours du matin", "Cours du soir")
    assert one.numero == "99_0"
    assert job(made).status is JobStatus.FINI
    assert job(made).done == 2


def test_what_is_chosen_becomes_drafts_and_the_rest_nothing(by):
    made = start(by, foreign_flow("Cours du matin", "Cours du soir"))
    second = lines(made)[1].id
    first, other = apply_all(made, only=[second])
    assert first.result is None
    assert other.result is Outcome.NOUVELLE
    (fiche,) = db.session.query(Fiche).all()
    assert (fiche.latest.title, fiche.latest.state) == ("Cours du soir", RevisionState.BROUILLON)
    assert fiche.foreign_numero == "99_1"
    apply_all(made)
    assert db.session.query(Fiche).count() == 2


def test_what_is_complete_goes_to_the_queue_and_what_is_not_stays_a_draft_that_says_why(by):
    raw = foreign_flow("Cours du matin", "Cours du soir").replace(b"<etat-recrutement>1</etat-recrutement>", b"", 1)
    made = start(by, raw)
    incomplete, complete = lines(made)
    with atomic() as session:
        for line in session.query(ImportLine):  # our extras say the rest: what a foreign flow cannot
            content = make.complete_content(line.title)
            if line.id == incomplete.id:
                content.formation.objectif = ""
            line.read = {**line.read, "content": dump(content)}
    incomplete, complete = apply_all(made, submit=True)
    states = {fiche.latest.title: fiche.latest.state for fiche in db.session.query(Fiche)}
    assert states == {"Cours du matin": RevisionState.BROUILLON, "Cours du soir": RevisionState.SOUMISE}
    assert "Objectifs" in incomplete.message
    assert complete.message == "Envoyée pour vérification."


# --- Twice is once ------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbered", [True, False])
def test_a_second_import_changes_nothing(by, numbered):
    raw = foreign_flow("Cours du matin", "Ateliers sociolinguistiques", numbered=numbered)
    apply_all(start(by, raw))
    before = everything()
    again = start(by, raw)
    assert plans(again) == [Outcome.INCHANGEE, Outcome.INCHANGEE]
    assert [line.result for line in apply_all(again)] == [Outcome.INCHANGEE] * 2
    assert everything() == before


def test_a_second_import_updates_the_fiche_and_says_what_changes(by):
    raw = foreign_flow("Cours du matin")
    apply_all(start(by, raw))
    later = raw.replace(b"<debut>20260915</debut>", b"<debut>20260922</debut>")
    again = start(by, later)
    (line,) = lines(again)
    assert line.plan is Outcome.MISE_A_JOUR
    assert line.report["changes"] == ["Groupe 1, dates 1, Premier jour"]
    apply_all(again)
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.latest.content.actions[0].sessions[0].debut == date(2026, 9, 22)
    assert len(fiche.revisions) == 1


def test_a_published_fiche_gets_a_new_draft_and_stays_published(by, moderator, tmp_path):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    raw = flux(tmp_path).replace("Jeux de rôle".encode(), b"Chansons")
    made = start(by, raw)
    assert plans(made) == [Outcome.MISE_A_JOUR]
    apply_all(made)
    db.session.refresh(fiche)
    assert fiche.published_revision_id == fiche.revisions[0].id
    assert fiche.latest.state is RevisionState.BROUILLON
    assert fiche.latest.content.formation.contenu.startswith("Chansons")


def flux(tmp_path) -> bytes:
    """The flow of the territoire, as it leaves every night."""
    path = tmp_path / "flux.xml"
    full(db.session(), find(db.session(), "normandie"), path)
    return path.read_bytes()


def test_our_own_flow_comes_back_unchanged(by, moderator, tmp_path):
    make.fiche_in(RevisionState.VALIDEE, by, moderator)
    content = make.complete_content("Ateliers du soir")
    content.actions[0].nom, content.formation.niveaux.vise_ecrit = "", "A1"
    make.fiche_in(RevisionState.VALIDEE, by, moderator, content)
    before = everything()
    made = start(by, flux(tmp_path))
    assert plans(made) == [Outcome.INCHANGEE, Outcome.INCHANGEE]
    apply_all(made)
    assert everything() == before


def test_two_alike_titles_of_one_file_make_two_fiches_both_times(by):
    raw = foreign_flow("Cours de français – groupe 1", "Cours de français – groupe 2", numbered=False)
    apply_all(start(by, raw))
    assert db.session.query(Fiche).count() == 2
    assert plans(start(by, raw)) == [Outcome.INCHANGEE, Outcome.INCHANGEE]


def test_a_title_that_differs_by_a_number_is_never_taken_for_the_other(by):
    apply_all(start(by, foreign_flow("Cours de français – groupe 1", numbered=False)))
    made = start(by, foreign_flow("Cours de français – groupe 2", "Cours de français – groupe 1", numbered=False))
    assert plans(made) == [Outcome.A_CHOISIR, Outcome.INCHANGEE]


def test_two_lines_never_become_the_same_fiche(by):
    apply_all(start(by, foreign_flow("Cours de français du matin", numbered=False)))
    made = start(by, foreign_flow("Cours de français du matin", "Cours de français du matina", numbered=False))
    assert plans(made) == [Outcome.INCHANGEE, Outcome.NOUVELLE]


def test_a_doubtful_likeness_is_shown_and_chosen(by):
    apply_all(start(by, foreign_flow("Cours de français du quartier des Tilleuls", numbered=False)))
    (fiche,) = db.session.query(Fiche).all()
    fiche_id = fiche.id
    again = start(by, foreign_flow("Cours de français au quartier Saint-Jean", numbered=False))
    (line,) = lines(again)
    assert line.plan is Outcome.A_CHOISIR
    assert [row["fiche_id"] for row in line.report["candidates"]] == [fiche_id]
    assert [row.result for row in apply_all(again)] == [None]
    (line,) = apply_all(again, choices={line.id: fiche_id})
    assert line.result is Outcome.MISE_A_JOUR
    assert db.session.query(Fiche).count() == 1


def test_the_same_fiche_twice_in_a_file_is_taken_once(by):
    raw = foreign_flow("Cours du matin", "Cours du matin", numbered=False)
    made = start(by, raw)
    assert plans(made) == [Outcome.NOUVELLE, Outcome.ECARTEE]
    assert "déjà dite" in lines(made)[1].report["message"]


# --- Whose ---------------------------------------------------------------------------------------------


def test_a_provider_imports_for_the_acting_structure_only(by):
    made = start(by, foreign_flow("Cours", siret="73282932000074"))
    (line,) = lines(made)
    assert line.plan is Outcome.ECARTEE
    assert "autre structure" in line.report["message"]
    assert apply_all(made)[0].result is None
    assert db.session.query(Fiche).count() == 0


def test_the_numero_of_another_structure_is_no_way_in(by, moderator, tmp_path):
    fiche = make.fiche_in(RevisionState.VALIDEE, by, moderator)
    raw = flux(tmp_path)
    other = make.provider("Olga Voisine", make.organisme("Association voisine"))
    (line,) = lines(start(other, raw))
    assert line.plan is Outcome.ECARTEE
    assert fiche.numero in line.report["message"]


def test_a_moderator_imports_for_the_structures_of_the_territoire(by, moderator):
    made = start(moderator, foreign_flow("Cours du matin"), organisme=False)
    (line,) = apply_all(made, submit=False)
    assert line.result is Outcome.NOUVELLE
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.organisme_id == by.memberships[0].organisme_id


@pytest.mark.parametrize("create", [True, False])
def test_an_unknown_structure_is_created_only_when_asked(moderator, create):
    made = start(moderator, foreign_flow("Cours"), organisme=False, create_structures=create)
    (line,) = apply_all(made)
    assert (line.result is Outcome.NOUVELLE) is create
    assert db.session.query(Organisme).count() == int(create)
    if create:
        apply_all(start(moderator, foreign_flow("Autre chose"), organisme=False, create_structures=True))
        assert db.session.query(Organisme).count() == 1


def test_a_moderator_sends_in_the_name_of_the_structure_and_the_log_says_so(by, moderator):
    made = start(moderator, foreign_flow("Cours du matin"), organisme=False)
    with atomic() as session:
        for line in session.query(ImportLine):
            line.read = {**line.read, "content": dump(make.complete_content("Cours du matin"))}
    (line,) = apply_all(made, submit=True)
    assert line.message == "Envoyée pour vérification."
    row = db.session.query(TransitionLog).filter_by(transition="deposer").one()
    assert row.actor_id == moderator.id


def test_who_no_longer_belongs_to_the_structure_writes_nothing(by):
    made = start(by, foreign_flow("Cours du matin"))
    with atomic() as session:
        session.query(Membership).delete()
    (line,) = apply_all(made)
    assert line.result is Outcome.ECHEC
    assert db.session.query(Fiche).count() == 0


def named_flow(title: str, nom: str, siret: str = "") -> bytes:
    """A foreign flow whose only formation is of this structure, seated in Caen."""
    content = make.complete_content(title)
    content.structure.nom, content.structure.raison_sociale, content.structure.siret = nom, "", siret
    root = formation(content, IDENTITY)
    for node in root.xpath("extras"):
        root.remove(node)
    return (HEAD + etree.tostring(root, encoding="unicode") + TAIL).encode()


def test_the_number_of_one_structure_with_the_name_of_another_is_shown_with_both(by, moderator):
    other = make.organisme("Les Ateliers du Val")
    other.siret = "73282932000074"
    db.session.commit()
    before = everything()
    raw = named_flow("Cours", "Les ateliers du val", make.SIRET)
    (line,) = lines(start(moderator, raw, organisme=False, create_structures=True))
    assert line.plan is Outcome.ECARTEE
    for words in ("Centre social des Tilleuls", "même SIRET, autre nom", "Les Ateliers du Val", make.SIRET):
        assert words in line.report["message"]
    assert everything() == before


def test_a_homonym_of_another_departement_is_no_owner(moderator):
    known = make.organisme("Les Ateliers du Val")
    known.siret, known.commune = "", "50129"
    db.session.commit()
    raw = named_flow("Cours", "Les ateliers du Val")
    made = start(moderator, raw, organisme=False, create_structures=True)
    assert plans(made) == [Outcome.ECARTEE]
    assert "autre département (50)" in lines(made)[0].report["message"]
    known.commune = "14118"
    db.session.commit()
    assert plans(start(moderator, raw, organisme=False)) == [Outcome.NOUVELLE]


def test_a_provider_is_told_that_a_line_bears_the_name_of_another(by):
    raw = named_flow("Cours", "Boulangerie du port", make.SIRET)
    (line,) = lines(start(by, raw))
    assert line.plan is Outcome.NOUVELLE
    (remark,) = [remark for remark in line.report["remarks"] if remark["path"] == "structure-nom"]
    assert remark["fault"]
    assert remark["quote"] == "Boulangerie du port"
    assert "Centre social des Tilleuls" in remark["message"]


def test_c14_a_siret_of_zeros_is_the_number_of_nobody(by, moderator):
    zeros = make.organisme("Une structure saisie avec des zéros")
    zeros.siret = "0" * 14
    db.session.commit()
    raw = sheet({**ROW, "structure.siret": "0" * 14})
    mapping = dict(enumerate(ROW))
    made = start(moderator, raw, ImportKind.TABLEAU, mapping=mapping, organisme=False, create_structures=True)
    apply_all(made)
    (fiche,) = db.session.query(Fiche).all()
    assert (fiche.organisme.nom, fiche.organisme.siret) == (ROW["structure.nom"], "")


def test_what_is_not_understood_leaves_the_fiche_as_it_is_and_the_report_says_so(by):
    raw = foreign_flow("Cours du matin")
    apply_all(start(by, raw))
    wrong = raw.replace(b">81042<", b">99998<").replace(b"<debut>20260915<", b"<debut>20260931<")
    made = start(by, wrong)
    (line,) = lines(made)
    assert line.plan is Outcome.INCHANGEE
    kept = {remark["path"]: remark["quote"] for remark in line.report["remarks"] if remark["kept"]}
    assert kept == {"formation-publics": "99998", "actions-0-sessions-0-debut": "20260931"}
    (fiche,) = db.session.query(Fiche).all()
    before = dump(fiche.latest.content)
    apply_all(made)
    db.session.refresh(fiche)
    assert dump(fiche.latest.content) == before


# --- What goes wrong -----------------------------------------------------------------------------------


def test_one_line_that_fails_blocks_no_other(by, monkeypatch):
    made = start(by, foreign_flow("Un", "Deux", "Trois"))
    real = jobs.import_lines.import_line

    def stumble(session, job, line):
        made = real(session, job, line)
        if line.title == "Deux":
            raise RuntimeError("panne")
        return made

    monkeypatch.setattr(jobs.import_lines, "import_line", stumble)
    assert [line.result for line in apply_all(made)] == [Outcome.NOUVELLE, Outcome.ECHEC, Outcome.NOUVELLE]
    assert {fiche.latest.title for fiche in db.session.query(Fiche)} == {"Un", "Trois"}
    monkeypatch.undo()
    assert [line.result for line in apply_all(made)][1] is Outcome.NOUVELLE


def test_a_fiche_being_verified_is_left_alone_and_said(by, moderator):
    apply_all(start(by, foreign_flow("Cours du matin")))
    (fiche,) = db.session.query(Fiche).all()
    fiche.latest.content = make.complete_content("Cours du matin")
    db.session.commit()
    make.step(fiche, "soumettre", by)
    made = start(by, foreign_flow("Cours du matin").replace("Jeux de rôle".encode(), b"Chansons"))
    (line,) = apply_all(made)
    assert line.result is Outcome.ECHEC
    assert "en cours de vérification" in line.message


def test_a_file_cut_short_keeps_what_could_be_read_and_says_where_it_stops(by):
    raw = foreign_flow("Un", "Deux")
    made = start(by, raw[: raw.index(b"Deux")])
    assert [line.title for line in lines(made)] == ["Un"]
    assert job(made).status is JobStatus.FINI
    assert job(made).error


def test_the_faulty_offer_of_a_real_flow_is_imported_with_its_faults_named(by, lheo_facts):
    made = start(by, (lheo_facts / "samples" / "fle-2.3-invalide.xml").read_bytes())
    (line,) = lines(made)
    assert line.plan is Outcome.NOUVELLE
    named = {remark["label"] for remark in line.report["remarks"] if remark["fault"]}
    assert {"Groupe 1, Précisions sur le rythme", "Précisions sur le public", "Code postal"} <= named
    assert any("rythme" in text for text in line.report["missing"])
    apply_all(made, submit=True)
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.latest.state is RevisionState.BROUILLON
    assert fiche.latest.content.lieux[0].adresse.code_insee == "54215"
    assert plans(start(by, (lheo_facts / "samples" / "fle-2.3-invalide.xml").read_bytes())) == [Outcome.INCHANGEE]


def test_the_document_of_lheo_2_2_is_imported(moderator, lheo_facts):
    raw = (lheo_facts / "samples" / "bts-2.2.xml").read_bytes()
    made = start(moderator, raw, organisme=False, create_structures=True)
    (line,) = apply_all(made)
    assert line.result is Outcome.NOUVELLE
    assert line.title == "BTS négociation et relation client"


def test_a_table_is_imported_and_a_second_time_updates(by):
    mapping = dict(enumerate(ROW))
    apply_all(start(by, sheet(ROW), ImportKind.TABLEAU, mapping=mapping))
    (fiche,) = db.session.query(Fiche).all()
    assert fiche.latest.content.lieux[0].adresse.code_insee == "14118"
    again = start(by, sheet(ROW, encoding="cp1252"), ImportKind.TABLEAU, mapping=mapping)
    assert plans(again) == [Outcome.INCHANGEE]
    changed = start(by, sheet({**ROW, "actions[].semaines": "28"}), ImportKind.TABLEAU, mapping=mapping)
    (line,) = apply_all(changed)
    assert line.report["changes"] == ["Groupe 1, Nombre de semaines d’atelier"]
    assert db.session.query(Fiche).count() == 1
    db.session.refresh(fiche)
    assert fiche.latest.content.actions[0].semaines == 28


# --- Background ----------------------------------------------------------------------------------------


def test_a_killed_import_is_started_again_and_doubles_nothing(by, monkeypatch):
    made = start(by, foreign_flow("Un", "Deux", "Trois"))
    real = jobs.import_lines.import_line

    def die(session, job, line):
        if line.title == "Deux":
            raise KeyboardInterrupt
        return real(session, job, line)

    monkeypatch.setattr(jobs.import_lines, "import_line", die)
    with pytest.raises(KeyboardInterrupt):
        apply_all(made)
    assert job(made).status is JobStatus.EN_COURS
    assert job(made).done == 1
    monkeypatch.undo()
    with atomic() as session:
        jobs.start_again(session, session.get_one(ImportJob, made))
    assert [line.result for line in lines(made)] == [Outcome.NOUVELLE] * 3
    assert job(made).status is JobStatus.FINI
    assert job(made).done == 3
    assert db.session.query(Fiche).count() == 3


def test_a_run_that_another_one_replaced_stops(by):
    made = start(by, foreign_flow("Un", "Deux"))
    with atomic() as session:
        session.get_one(ImportJob, made).attempt = 7
        for line in session.query(ImportLine):
            line.chosen = True
    assert jobs._import(made, 6) is False
    assert db.session.query(Fiche).count() == 0


def test_running_a_job_that_waits_for_nothing_does_nothing(by):
    made = start(by, foreign_flow("Un"))
    before = job(made).attempt
    jobs.run(made)
    assert job(made).attempt == before


@pytest.mark.committed
@pytest.mark.redis
def test_with_redis_the_file_is_read_by_a_worker(app, redis_queue, by):  # noqa: F811
    made = start(by, foreign_flow("Un", "Deux"))
    assert job(made).status is JobStatus.ATTEND
    run_worker(app, redis_queue)
    assert job(made).status is JobStatus.FINI
    with atomic() as session:
        jobs.ask_import(session, session.get_one(ImportJob, made), None, {}, submit=False)
    run_worker(app, redis_queue)
    assert [line.result for line in lines(made)] == [Outcome.NOUVELLE] * 2


def test_the_columns_chosen_are_remembered_for_each_structure_and_each_territoire(by, moderator):
    made = start(by, sheet(ROW), ImportKind.REPONSES, mapping={})
    theirs = start(moderator, sheet(ROW), ImportKind.REPONSES, mapping={}, organisme=False)
    with atomic() as session:
        mappings.remember(session, session.get_one(ImportJob, made), {"Titre": "formation.intitule"})
        mappings.remember(session, session.get_one(ImportJob, made), {"Avis": ""})
    assert mappings.remembered(db.session(), job(made)) == {"Titre": "formation.intitule", "Avis": ""}
    assert mappings.remembered(db.session(), job(theirs)) == {}
