"""What Relais holds about a person: declared once, taken away whole, erased so that nobody is named any more."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile

import pytest
from lxml import html
from sqlalchemy import String, select, text

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Erasure,
    Fiche,
    Link,
    Login,
    Mail,
    MailState,
    Membership,
    Mute,
    Notification,
    RevisionState,
    SavedView,
    TransitionLog,
    User,
)
from exports.flux import build
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.post_office import open_office
from tests.support.visitor import Visitor
from tests.work.test_backup import everything
from workflows.accounts import magic_links
from workflows.accounts.operations import lock_account
from workflows.case import Refused
from workflows.flux import file_checks
from workflows.moderation.remarks import pin
from workflows.notices.mail import sweep
from workflows.privacy.erasure import PAGE, erase
from workflows.privacy.holding import ACCOUNT, ERASED, Fate, is_account
from workflows.privacy.personal_data import ELSEWHERE, HOLDINGS
from workflows.robot import robot


def named(columns):
    return [f"{column.class_.__tablename__}.{column.key}" for column in columns]


def test_every_column_that_names_somebody_is_declared_once():
    """A table added later must say what its owner may take away, and what becomes of it when they leave."""
    declared = [name for row in HOLDINGS for name in named(row.columns)]
    declared += [name for row in ELSEWHERE for name in row.columns]
    accounts, addresses = set(), set()
    for table in db.metadata.tables.values():
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if any(key.column.table.name == "user_account" for key in column.foreign_keys):
                accounts.add(name)
            elif isinstance(column.type, String) and (column.type.length == 160 or "email" in column.name):
                addresses.add(name)  # all our columns of e-mail addresses are as long
    assert len(declared) == len(set(declared)), "déclarée deux fois"
    assert set(declared) == accounts | addresses - {"user_account.email"}
    assert set(ACCOUNT) == {column.name for column in db.metadata.tables["user_account"].columns}
    assert len({row.key for row in HOLDINGS} | {"compte", "relais", "ecrit"}) == len(HOLDINGS) + 3
    for row in HOLDINGS:
        assert bool(row.why) or row.fate is Fate.SUPPRIME, f"{row.key} : rien ne dit pourquoi c’est gardé"
        assert bool(row.blank) == (row.fate is Fate.VIDE)


@pytest.fixture
def lived(app):
    """Nadia and Marc have worked for a while; Olga is of the same structure, and Alma administers."""
    place = make.organisme()
    nadia, olga, marc = make.provider("Nadia Exemple", place), make.provider("Olga Voisine", place), make.moderator()
    make.administrator()
    make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content("Ateliers publiés"))
    taken = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    pin(db.session(), taken.id, taken.latest.id, "formation-objectif", "Dites pour qui.", marc)
    flora = make.funder()
    make.convention(flora, place, contact_pne=nadia.email)
    db.session.add_all(
        [Mute(user_id=nadia.id, notice="fiche_envoyee"), SavedView(user_id=marc.id, name="À moi", query="")]
    )
    with atomic() as session:
        magic_links.ask_to_log_in(session, nadia.email)
    return nadia, marc, olga


def archive_of(visitor):
    answer = visitor.get("/mes-donnees/mes-donnees-relais.zip", buffered=True)
    assert answer.headers["Content-Disposition"] == "attachment; filename=mes-donnees-relais.zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["data.json", "donnees.html"]
        return json.loads(archive.read("data.json")), archive.read("donnees.html").decode()


def test_a_person_takes_away_all_that_is_about_them_and_nothing_of_others(app, lived):
    nadia, marc, _ = lived
    token = re.search(r"/lien/([\w-]{20,})", db.session.scalars(select(Mail.text).where(Mail.secret)).one())[1]
    data, page = archive_of(Visitor(app, nadia))
    assert set(data) == {"relais", "ecrit", "compte", *(row.key for row in HOLDINGS)}
    (account,) = data["compte"]["lignes"]
    assert (account["email"], account["name"], account["active"]) == (nadia.email, nadia.name, True)
    assert data["structures"]["lignes"] == [{"structure": "Centre social des Tilleuls", "role": "responsable"}]
    sent = data["fiches_envoyees"]["lignes"]
    assert sent[0]["intitule"] == "Ateliers publiés"
    assert sent[0]["fiche"].startswith(make.territoire().prefixe)
    assert {"creer", "soumettre"} <= {row["action"] for row in data["historique"]["lignes"]}
    assert data["conventions"]["lignes"][0]["enquete"] == nadia.email
    assert data["choix"]["lignes"] == [{"message": "fiche_envoyee"}]
    mails = data["courriels"]["lignes"]
    assert any("Ateliers publiés" in row["objet"] and row["texte"] for row in mails)
    assert all(
        set(row) == set(part["champs"])
        for key, part in data.items()
        if isinstance(part, dict)
        for row in part["lignes"]
    )
    shown = html.fromstring(page).text_content()
    assert [data[row.key]["titre"] in shown for row in HOLDINGS] == [True] * len(HOLDINGS)
    everything_said = json.dumps(data, ensure_ascii=False) + page
    assert token not in everything_said
    assert nadia.password_hash not in everything_said
    for other in ("marc.modèle@", "olga.voisine@"):
        assert other not in everything_said
    data, _ = archive_of(Visitor(app, marc))
    assert [row["texte"] for row in data["remarques"]["lignes"]] == ["Dites pour qui."]
    assert len(data["fiches_verifiees"]["lignes"]) == 2
    assert data["courriels"]["lignes"] == []


def about(person_id, email):
    """The holdings that should be gone and still lead to somebody."""
    db.session.rollback()
    columns = [(row.key, column) for row in HOLDINGS if row.fate is Fate.SUPPRIME for column in row.columns]
    return [
        key
        for key, column in columns
        if db.session.scalars(select(column).where(column == (person_id if is_account(column) else email))).first()
    ]


def flow(at, file):
    build.full(db.session(), build.find(db.session(), "normandie"), file, at=at)
    db.session.rollback()
    return file.read_bytes()


KEPT_TABLES = ("fragment", "publication", "remark", "obligation", "obligation_event", "fiche", "session_update")


def test_an_erased_account_names_nobody_and_what_is_published_stays(app, lived, tmp_path):
    nadia, marc, _ = lived
    visitor, at = Visitor(app, nadia), now()
    waiting = db.session.scalars(select(Fiche).where(Fiche.published_revision_id.is_(None))).one()
    before, first, log = everything(), flow(at, tmp_path / "avant.xml"), db.session.query(TransitionLog).count()
    # The password is asked, and that one has understood.
    page = open_page(visitor, "/mes-donnees/")
    assert "Plus personne ne sera responsable" not in page.words(), "Olga reste"
    wrong = page.type({"compris": "oui", "mot_de_passe": "un-autre"}).send()
    assert (wrong.status, wrong.error("mot_de_passe")) == (
        422,
        "Ce n’est pas le bon mot de passe. Rien n’a été effacé.",
    )
    assert open_page(visitor, "/mes-donnees/").type({"mot_de_passe": make.PASSWORD}).send().error("compris")
    assert everything() == before
    id_, email = nadia.id, nadia.email
    done = open_page(visitor, "/mes-donnees/").type({"compris": "oui", "mot_de_passe": make.PASSWORD}).send()
    assert "Le compte est effacé" in done.text
    assert visitor.get("/mes-donnees/").status_code == 303, "plus connectée"
    db.session.expire_all()
    erased = db.session.get_one(User, id_)
    assert (erased.name, erased.email, erased.password_hash) == (ERASED, f"efface-{id_}@relais.invalid", "")
    assert (erased.active, erased.memberships, erased.assignments) == (False, [], [])
    assert about(id_, email) == []
    assert Visitor(app).login(email).status_code == 401
    assert Visitor(app).login(erased.email).status_code == 401
    after = everything()
    assert [name for name in KEPT_TABLES if before[name] != after[name]] == []
    assert [row for table in after for row in after[table] if email in row] == after["convention"], "l’adresse donnée"
    assert [table for table in after for row in after[table] if "Nadia" in row] == []
    assert flow(at, tmp_path / "apres.xml") == first
    assert db.session.query(TransitionLog).count() == log
    alma = Visitor(app, db.session.scalars(select(User).where(User.administrator)).one())
    assert "Compte effacé" in Visitor(app, marc).see(f"/moderation/{waiting.latest.id}").text
    assert f"/administration/effacement/{marc.id}" in alma.see(f"/administration/comptes/{marc.id}").text
    assert "est effacé" in alma.see(f"/administration/effacement/{id_}").text
    for act in ("rouvrir", "administration/donner"):
        assert alma.post(f"/administration/comptes/{id_}/{act}").status_code == 404
    with pytest.raises(Refused, match="plus rien n’y change"):
        lock_account(db.session(), id_)
    db.session.rollback()
    proof = db.session.scalars(select(Erasure)).one()
    assert (proof.account_id, proof.actor_id, proof.counts["structures"]) == (id_, id_, 1)
    assert proof.counts["courriels"] > 0
    with pytest.raises(Exception, match="append-only"):
        db.session.execute(text("UPDATE erasure SET actor_id = actor_id"))
    db.session.rollback()


def test_what_a_moderator_had_taken_goes_back_to_the_queue(app, lived):
    _, marc, _ = lived
    alma = db.session.scalars(select(User).where(User.administrator)).one()
    taken = db.session.scalars(select(Fiche).where(Fiche.published_revision_id.is_(None))).one()
    page = open_page(Visitor(app, alma), f"/administration/effacement/{marc.id}")
    assert "1 fiche en cours de vérification retourne dans la file" in page.words()
    assert "compris-erreur" in page.send().text
    open_page(Visitor(app, alma), f"/administration/effacement/{marc.id}").type({"compris": "oui"}).send()
    db.session.expire_all()
    assert (taken.latest.state, taken.latest.moderator_id) == (RevisionState.SOUMISE, None)
    last = db.session.scalars(select(TransitionLog).order_by(TransitionLog.id.desc()).limit(1)).one()
    assert (last.transition, last.actor_id) == ("liberer", robot(db.session()).id)
    make.step(taken, "prendre", make.moderator("Mina Modèle"))
    assert db.session.scalars(select(Erasure)).one().actor_id == alma.id


@pytest.mark.committed
def test_asked_twice_or_by_two_at_once_it_is_done_once(app, lived):
    nadia, *_ = lived
    alma = db.session.scalars(select(User).where(User.administrator)).one()
    id_, by = nadia.id, alma.id
    db.session.remove()

    def once():
        with app.app_context(), atomic() as session:
            erase(session, id_, session.get_one(User, by))

    threads = [threading.Thread(target=once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = everything()
    assert len(before["erasure"]) == 1
    db.session.remove()
    once()
    assert everything() == before


@pytest.mark.usefixtures("lived")
def test_the_last_administrator_and_relais_itself_cannot_be_erased(app):
    alma = db.session.scalars(select(User).where(User.administrator)).one()
    page = open_page(Visitor(app, alma), "/mes-donnees/")
    assert "dernier compte d’administration" in page.words()
    assert page.element("mot_de_passe") is None
    sent = Visitor(app, alma).post("/mes-donnees/effacer", {"compris": "oui", "mot_de_passe": make.PASSWORD})
    assert (sent.status_code, db.session.query(Erasure).count()) == (303, 0)
    shown = make.user("Démo", demonstration=True)
    db.session.commit()
    with pytest.raises(Refused), atomic() as session:
        erase(session, shown.id, shown)
    itself = robot(db.session())
    db.session.commit()
    assert Visitor(app, alma).get(f"/administration/effacement/{itself.id}").status_code == 404
    with pytest.raises(Refused), atomic() as session:
        erase(session, itself.id, alma)
    second = make.administrator("Ada Admin")
    with atomic() as session:
        erase(session, alma.id, alma)
    with pytest.raises(Refused), atomic() as session:
        erase(session, second.id, second)


def test_the_last_responsable_is_told_what_it_means(app):
    nadia = make.provider()
    nadia.memberships[0].organisme.nom = "L’Atelier <du> coin"
    saisie = make.user("Sam Saisie")
    saisie.memberships.append(Membership(role=Role.SAISIE, organisme=nadia.memberships[0].organisme))
    db.session.commit()
    told = open_page(Visitor(app, nadia), "/mes-donnees/").words()
    assert "Plus personne ne sera responsable de « L’Atelier <du> coin »" in told


def test_who_has_no_password_confirms_by_a_fresh_link(app):
    nadia = make.provider()
    visitor = Visitor(app, nadia)
    nadia.password_hash = ""
    db.session.commit()
    id_ = nadia.id
    page = open_page(visitor, "/mes-donnees/")
    assert page.element("mot_de_passe") is None
    assert visitor.post("/mes-donnees/effacer", {"compris": "oui", "mot_de_passe": ""}).status_code == 422
    page.send()
    mail = db.session.scalars(select(Mail).where(Mail.notice == "compte_a_effacer")).one()
    path = re.search(r"/mes-donnees/effacement/[\w-]+", mail.text)[0]
    link = db.session.scalars(select(Link).where(Link.page == PAGE)).one()
    reader = Visitor(app)
    assert "Effacer mon compte pour toujours" in reader.see(path).text
    link.expires_at, kept = now(), link.expires_at
    db.session.commit()
    assert reader.post(path).status_code == 404
    link.expires_at = kept
    db.session.commit()
    other = db.session.query(User).count()
    assert reader.post(path).status_code == 303
    db.session.expire_all()
    assert (db.session.get_one(User, id_).name, db.session.query(User).count()) == (ERASED, other)
    assert reader.see("/connexion").status_code == 200
    assert reader.post(path).status_code == 404, "le lien est parti avec le reste"


def test_a_link_that_logs_in_does_not_erase(app):
    nadia = make.provider()
    with atomic() as session:
        magic_links.ask_to_log_in(session, nadia.email)
    token = re.search(r"/lien/([\w-]+)", db.session.scalars(select(Mail.text)).one())[1]
    assert Visitor(app).get(f"/mes-donnees/effacement/{token}").status_code == 404


def test_what_waits_to_be_sent_to_somebody_erased_never_leaves(app, lived):
    nadia, *_ = lived
    with atomic() as session:
        erase(session, nadia.id, nadia)
    with open_office() as office:
        sweep()
    assert [str(message["To"]) for message in office.messages if "nadia" in str(message["To"])] == []
    assert MailState.ANNULE in set(db.session.scalars(select(Mail.state)))
    assert db.session.query(Login).filter_by(user_id=nadia.id).count() == 0
    assert db.session.query(Notification).filter_by(user_id=nadia.id).count() == 0


def test_the_last_report_of_a_checked_file_goes_too(app):
    nadia = make.provider()
    file_checks.report_of(str(nadia.id)).write_text("{}")
    with atomic() as session:
        erase(session, nadia.id, nadia)
    assert not file_checks.report_of(str(nadia.id)).exists()


def test_the_page_of_the_rules_says_the_two_tables(app):
    visitor = Visitor(app)
    assert "Confidentialité" in visitor.see("/").text
    page = open_page(visitor, "/confidentialite")
    words = page.words()
    for row in HOLDINGS:
        assert row.title in words
    assert "6 mois après le jour où l’e-mail a été écrit" in words
    assert "Carif-Oref de votre territoire" in words
    app.config["RELAIS_CONTACT"] = "la déléguée, donnees@relais.example"
    assert "la déléguée, donnees@relais.example" in visitor.see("/confidentialite").text
