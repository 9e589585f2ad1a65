"""The people of a structure: invited, changed, removed, asking to come in; those that have nobody left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Role
from backoffice.models import (
    Change,
    Invitation,
    InvitationState,
    JoinRequest,
    JoinState,
    Login,
    LoginEvent,
    LoginWay,
    Mail,
    Membership,
    Notification,
    Organisme,
    Orphan,
    Revision,
    RevisionState,
    TransitionLog,
    User,
)
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.accounts import joining
from workflows.structures import orphans

NEW = {"nom": "Awa Nouvelle", "nouveau": "une-longue-phrase-secrète", "encore": "une-longue-phrase-secrète"}
AWA = "awa@tilleuls.example"


@pytest.fixture
def people(nadia):
    """The address of the page of the people of Nadia's structure."""
    return f"/structures/{nadia.memberships[0].organisme_id}/membres"


def invite(by: Visitor, people: str, email: str = AWA, role: str = "saisie"):
    by.see(people)
    return by.post(people.replace("membres", "invitations"), {"courriel": email, "role": role})


def link_in(office, path: str = "invitation") -> str:
    """The path of the link of the last message."""
    text = office.messages[-1].get_body(("plain",)).get_content()
    found = re.search(rf"/{path}/\S+", text)
    assert found, text
    return found[0]


def roles_of(email: str) -> list[tuple[str, Role]]:
    db.session.rollback()
    db.session.expire_all()
    user = db.session.scalars(select(User).where(User.email == email)).one_or_none()
    return [(row.organisme.nom, row.role) for row in user.memberships] if user else []


def add(structure: Organisme, name: str, role: Role = Role.SAISIE, **fields) -> User:
    person = make.user(name, **fields)
    person.memberships.append(Membership(role=role, organisme=structure))
    db.session.commit()
    return person


def notices(user: User) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Notification.notice).where(Notification.user_id == user.id)))


# --- Invitations ------------------------------------------------------------------------------------


def test_an_invited_person_makes_an_account_and_enters_a_fiche(app, nadia, people, office, visitor):
    answer = invite(Visitor(app, nadia), people, "Awa@Tilleuls.Example")
    assert answer.status_code == 303
    assert office.messages[-1]["To"] == AWA
    path = link_in(office)
    page = visitor.see(path)
    assert "Centre social des Tilleuls" in page.text
    assert roles_of(AWA) == [], "ouvrir la page ne donne rien"
    made = visitor.post(path, NEW)
    assert made.status_code == 303
    assert roles_of(AWA) == [("Centre social des Tilleuls", Role.SAISIE)]
    assert visitor.get("/fiches/").status_code == 200
    assert visitor.get(people).status_code == 403, "saisir n’est pas gérer les personnes"
    assert "invitation_acceptee" in notices(nadia)
    other = Visitor(app)
    other.login(AWA, NEW["nouveau"])
    assert other.get("/fiches/").status_code == 200
    late = Visitor(app)
    assert "a déjà servi" in late.see(path).text
    late.see("/rejoindre")
    assert late.post(path, NEW).status_code == 409, "un lien ne sert qu’une fois"


def test_the_base_keeps_no_token_and_the_log_no_address(app, nadia, people, office, visitor):
    invite(Visitor(app, nadia), people)
    path = link_in(office)
    visitor.see(path)
    visitor.post(path, NEW)
    token = path.removeprefix("/invitation/")
    db.session.rollback()
    kept = db.session.scalars(select(Mail).where(Mail.notice == "invitation")).one()
    assert token not in kept.text + kept.html + kept.subject
    assert db.session.scalars(select(Invitation.token_hash)).all() == [token_hash(token)]
    said = " ".join(f"{row.name} {row.before} {row.after}" for row in db.session.scalars(select(Change)))
    assert "saisie" in said
    assert not re.search(r"awa|nouvelle|@", said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"nom": ""}, "nom"),
        ({"nom": "a" * 101}, "nom"),
        ({"nouveau": "court"}, "nouveau"),
        ({"nouveau": "azertyuiop1234", "encore": "azertyuiop1234"}, "nouveau"),
        ({"encore": "autre"}, "encore"),
    ],
)
def test_a_bad_account_is_not_made_and_says_why(app, nadia, people, office, visitor, changed, field):
    invite(Visitor(app, nadia), people)
    page = open_page(visitor, link_in(office)).type({**NEW, **changed}).send()
    assert page.status == 422
    assert page.error(field)
    assert roles_of(AWA) == []


def test_somebody_who_has_an_account_accepts_after_logging_in_and_nobody_else(app, nadia, people, office, visitor):
    voisine = make.provider("Olga Voisine", make.organisme("Association voisine"))
    stranger = make.provider("Ugo Autre", make.organisme("Troisième"))
    invite(Visitor(app, nadia), people, voisine.email, "responsable")
    path = link_in(office)
    assert "Vous avez déjà un compte" in visitor.see(path).text
    visitor.see("/rejoindre")
    assert visitor.post(path, NEW).status_code == 409, "l’adresse a un compte : on n’en fait pas un autre"
    curious = Visitor(app, stranger)
    page = curious.see(path)
    assert "pour une autre adresse" in page.text
    assert voisine.email not in page.text
    assert curious.post(f"{path}/accepter").status_code == 409
    assert len(roles_of(stranger.email)) == 1
    assert visitor.post(f"{path}/accepter").status_code == 303, "se connecter d’abord"
    invited = Visitor(app, voisine)
    assert "Accepter l’invitation" in invited.see(path).text
    assert invited.post(f"{path}/accepter").status_code == 303
    assert ("Centre social des Tilleuls", Role.RESPONSABLE) in roles_of(voisine.email)
    assert invited.post(f"{path}/accepter").status_code == 409


def test_sent_again_it_is_another_link_and_withdrawn_it_lets_nobody_in(app, nadia, people, office, visitor):
    by = Visitor(app, nadia)
    invite(by, people)
    first = link_in(office)
    twice = invite(by, people)
    assert twice.status_code == 409
    assert "attend déjà la réponse" in twice.text
    invitation_id = db.session.scalars(select(Invitation.id)).one()
    base = people.replace("membres", f"invitations/{invitation_id}")
    assert by.post(f"{base}/renvoyer").status_code == 409, "un message vient de partir"
    with clock_at(now() - timedelta(days=15)):
        db.session.get_one(Invitation, invitation_id).sent_at = now()
    row = db.session.get_one(Invitation, invitation_id)
    row.expires_at = now() - timedelta(minutes=1)
    db.session.commit()
    assert "n’est plus valable" in visitor.see(first).text
    assert "Lien trop ancien" in by.see(people).text
    assert by.post(f"{base}/renvoyer").status_code == 303
    second = link_in(office)
    assert second != first
    assert visitor.see(first).status_code == 404
    assert by.post(f"{base}/retirer").status_code == 303
    assert "n’est plus valable" in visitor.see(second).text
    visitor.see("/rejoindre")
    assert visitor.post(second, NEW).status_code == 409
    assert AWA not in by.see(people).text
    assert roles_of(AWA) == []
    assert invite(by, people).status_code == 303, "une invitation retirée n’en empêche pas une autre"


@pytest.mark.parametrize(
    "sent",
    [
        {"courriel": "pas une adresse", "role": "saisie"},
        {"courriel": "a\x00b@exemple.fr", "role": "moderateur"},
        {"courriel": f"{'a' * 300}@exemple.fr", "role": "saisie"},
        {},
    ],
)
def test_what_cannot_be_an_invitation_is_kept_and_explained(app, nadia, people, sent):
    by = Visitor(app, nadia)
    by.see(people)
    answer = by.post(people.replace("membres", "invitations"), sent)
    assert answer.status_code == 422
    assert "à corriger" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_moderators_invite_in_the_structures_of_their_territoires_alone(app, nadia, people, office):
    assert invite(Visitor(app, make.moderator()), people).status_code == 303
    elsewhere = Visitor(app, make.moderator("Mina Modèle", "grand-est"))
    elsewhere.see("/moderation/")
    assert elsewhere.get(people).status_code == 404
    refused = elsewhere.post(people.replace("membres", "invitations"), {"courriel": AWA, "role": "saisie"})
    assert refused.status_code == 404


# --- Roles ------------------------------------------------------------------------------------------


def test_roles_change_people_leave_and_one_responsable_always_stays(app, nadia, people):
    structure = nadia.memberships[0].organisme
    omar = add(structure, "Omar Second")
    by, him = Visitor(app, nadia), Visitor(app, omar)
    by.see(people)
    alone = by.post(f"{people}/{nadia.id}/role", {"role": "saisie"})
    assert alone.status_code == 409
    assert "n’aurait plus de responsable" in alone.text
    him.see("/mes-structures/")
    assert by.post(f"/mes-structures/{structure.id}/quitter").status_code == 409
    assert by.post(f"{people}/{nadia.id}/retirer").status_code == 409
    assert him.get(people).status_code == 403
    assert by.post(f"{people}/{omar.id}/role", {"role": "responsable"}).status_code == 303
    assert him.get(people).status_code == 200
    assert "acces_change" in notices(omar)
    assert by.post(f"/mes-structures/{structure.id}/quitter").status_code == 303
    assert roles_of(nadia.email) == []
    him.see(people)
    assert him.post(f"{people}/{omar.id}/retirer").status_code == 409, "le dernier ne se retire pas"
    moderator = Visitor(app, make.moderator())
    moderator.see(people)
    assert moderator.post(f"{people}/{omar.id}/retirer").status_code == 303, "le Carif-Oref le peut"
    assert roles_of(omar.email) == []
    names = {row.name for row in db.session.scalars(select(Change))}
    assert f"rôle dans la structure {structure.id}" in names


def test_a_closed_account_does_not_count_as_a_responsable(app, nadia, people):
    add(nadia.memberships[0].organisme, "Omar Fermé", Role.RESPONSABLE, active=False)
    by = Visitor(app, nadia)
    by.see("/mes-structures/")
    refused = by.post(f"/mes-structures/{nadia.memberships[0].organisme_id}/quitter")
    assert refused.status_code == 409
    assert len(roles_of(nadia.email)) == 1


def test_the_page_of_the_people_asks_as_much_for_many_as_for_few(app, nadia, people):
    structure = nadia.memberships[0].organisme
    by = Visitor(app, nadia)
    by.see(people)

    def crowd(start, stop):
        for number in range(start, stop):
            person = add(structure, f"Personne {number}")
            seen = {"way": LoginWay.LIEN, "success": True, "device": "Essai", "network": ""}
            db.session.add(LoginEvent(user_id=person.id, **seen))
            asker = make.user(f"Demande {number}")
            ahead = now().date() + timedelta(days=9)
            db.session.add(JoinRequest(organisme_id=structure.id, user_id=asker.id, words="Moi.", due_on=ahead))
            db.session.add(
                Invitation(
                    token_hash=f"{number:064x}",
                    email=f"i{number}@exemple.fr",
                    role=Role.SAISIE,
                    organisme_id=structure.id,
                    invited_by_id=nadia.id,
                    expires_at=now() + timedelta(days=1),
                )
            )
        db.session.commit()

    crowd(0, 2)
    few = queries_of(by, people)
    crowd(2, 20)
    assert queries_of(by, people) == few


# --- Asking to join ---------------------------------------------------------------------------------


def test_somebody_without_account_confirms_their_address_finds_the_structure_and_asks(app, nadia, office, visitor):
    structure_id = nadia.memberships[0].organisme_id
    visitor.see("/rejoindre")
    sent = visitor.post("/rejoindre", {"nom": "Awa Nouvelle", "courriel": AWA})
    assert sent.headers["Location"] == "/lien-envoye"
    path = link_in(office, "lien")
    assert db.session.scalar(select(func.count()).select_from(User)) == 1, "rien avant la confirmation"
    visitor.see(path)
    followed = visitor.post(path)
    assert followed.headers["Location"] == "/mes-structures/rejoindre"
    for words in ("tilleuls", make.SIRET, "778 972 851 00068"):
        found = visitor.see(f"/mes-structures/rejoindre?q={words}").text
        assert "Centre social des Tilleuls" in found
        assert "Nadia" not in found
        assert nadia.email not in found
    page = open_page(visitor, f"/mes-structures/rejoindre/{structure_id}")
    assert page.type({"mots": ""}).send().error("mots")
    assert page.type({"mots": "J’anime l’atelier du mardi."}).send().status == 200
    assert visitor.post(f"/mes-structures/rejoindre/{structure_id}", {"mots": "Encore moi."}).status_code == 303
    request = db.session.scalars(select(JoinRequest)).one()
    assert request.words == "J’anime l’atelier du mardi.", "demandé deux fois, c’est une demande"
    assert notices(nadia) == ["demande_rattachement"]
    by = Visitor(app, nadia)
    people = f"/structures/{structure_id}/membres"
    assert "J’anime l’atelier du mardi." in by.see(people).text
    accepted = by.post(f"/structures/{structure_id}/demandes/{request.id}", {"reponse": "saisie"})
    assert accepted.status_code == 303
    assert roles_of(AWA) == [("Centre social des Tilleuls", Role.SAISIE)]
    assert visitor.get("/fiches/").status_code == 200
    assert "demande_acceptee" in notices(db.session.scalars(select(User).where(User.email == AWA)).one())
    again = by.post(f"/structures/{structure_id}/demandes/{request.id}", {"reponse": "refuser"})
    assert again.status_code == 409
    assert "déjà été acceptée par Nadia Exemple" in again.text


def test_the_answer_to_an_address_is_the_same_whoever_has_an_account(app, nadia, office, visitor):
    for email in (nadia.email, "inconnue@exemple.fr"):
        limiter.reset()
        visitor.see("/rejoindre")
        answer = visitor.post("/rejoindre", {"nom": "Une Personne", "courriel": email})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/lien-envoye")


def ask(app, structure: Organisme, name: str = "Awa Nouvelle") -> tuple[User, int]:
    person = make.user(name)
    db.session.commit()
    by = Visitor(app, person)
    by.see("/mes-structures/")
    assert by.post(f"/mes-structures/rejoindre/{structure.id}", {"mots": "C’est moi."}).status_code == 303
    db.session.rollback()
    return person, db.session.scalars(select(JoinRequest.id).where(JoinRequest.user_id == person.id)).one()


def test_moderators_decide_when_there_is_no_responsable(app, visitor):
    structure, moderator = make.organisme(), make.moderator()
    db.session.commit()
    person, request_id = ask(app, structure)
    assert notices(moderator) == ["demande_moderateurs"]
    by = Visitor(app, moderator)
    assert "Awa Nouvelle demande à rejoindre" in by.see("/moderation/personnes/").text
    refused = by.post(f"/structures/{structure.id}/demandes/{request_id}", {"reponse": "refuser"})
    assert refused.status_code == 303
    assert "demande_refusee" in notices(person)
    assert roles_of(person.email) == []
    assert db.session.get_one(JoinRequest, request_id).state is JoinState.REFUSEE


def test_moderators_wait_five_working_days_for_the_responsables(app, nadia, people):
    moderator = make.moderator()
    person, request_id = ask(app, nadia.memberships[0].organisme)
    assert notices(moderator) == []
    by = Visitor(app, moderator)
    assert "ont jusqu’au" in by.see(people).text
    path = people.replace("membres", f"demandes/{request_id}")
    assert by.post(path, {"reponse": "saisie"}).status_code == 409
    joining.remind()
    assert notices(moderator) == []
    request = db.session.get_one(JoinRequest, request_id)
    request.due_on = now().date() - timedelta(days=1)
    db.session.commit()
    joining.remind()
    joining.remind()
    assert notices(moderator) == ["demande_moderateurs"], "une seule fois"
    assert by.post(path, {"reponse": "saisie"}).status_code == 303
    assert roles_of(person.email) == [("Centre social des Tilleuls", Role.SAISIE)]


def test_a_request_is_cancelled_by_who_made_it_alone(app, nadia):
    person, request_id = ask(app, nadia.memberships[0].organisme)
    other = Visitor(app, make.provider("Olga Voisine", make.organisme("Association voisine")))
    other.see("/mes-structures/")
    assert other.post(f"/mes-structures/demandes/{request_id}/annuler").status_code == 404
    by = Visitor(app, person)
    by.see("/mes-structures/")
    assert by.post(f"/mes-structures/demandes/{request_id}/annuler").status_code == 303
    assert by.post(f"/mes-structures/demandes/{request_id}/annuler").status_code == 409


@pytest.mark.parametrize("query", ["q=%00", "q=%25%25%25", "q=ab", "q=😀😀😀", "q=" + "a" * 5000, ""])
def test_no_search_breaks_the_page_and_none_finds_everything(app, nadia, query):
    person = make.user("Awa Nouvelle")
    db.session.commit()
    answer = Visitor(app, person).get(f"/mes-structures/rejoindre?{query}")
    assert answer.status_code == 200
    assert "Centre social des Tilleuls" not in answer.text


# --- Structures that have nobody left ---------------------------------------------------------------


def test_a_structure_with_fiches_and_nobody_left_is_listed_counted_and_told_once(app, nadia):
    moderator = make.moderator()
    make.fiche_in(RevisionState.VALIDEE, nadia, moderator)
    by = Visitor(app, moderator)
    assert "Chaque structure qui a des fiches a quelqu’un" in by.see("/moderation/personnes/").text
    orphans.notice()
    assert "structures_orphelines" not in notices(moderator)
    db.session.get_one(User, nadia.id).active = False
    db.session.commit()
    assert "1 structure sans personne pour saisir" in by.see("/moderation/").text
    page = by.see("/moderation/personnes/").text
    assert "Centre social des Tilleuls" in page
    assert "Inviter quelqu’un" in page
    elsewhere = Visitor(app, make.moderator("Mina Modèle", "grand-est"))
    assert "Centre social des Tilleuls" not in elsewhere.see("/moderation/personnes/").text
    orphans.notice()
    orphans.notice()
    assert notices(moderator).count("structures_orphelines") == 1
    db.session.get_one(User, nadia.id).active = True
    db.session.commit()
    orphans.notice()
    assert db.session.scalar(select(func.count()).select_from(Orphan)) == 0


def test_the_list_of_orphans_asks_as_much_for_many_as_for_few(app):
    moderator = make.moderator()
    by = Visitor(app, moderator)

    def left(start, stop):
        for number in range(start, stop):
            one = make.provider(f"Partie {number}", make.organisme(f"Structure {number}"))
            make.draft(one)
            one.active = False
            db.session.commit()

    left(0, 2)
    few = queries_of(by, "/moderation/personnes/")
    left(2, 12)
    assert queries_of(by, "/moderation/personnes/") == few
    assert by.get("/moderation/personnes/").text.count("Inviter quelqu’un") == 12


# --- Closing an account -----------------------------------------------------------------------------


def test_a_moderator_closes_and_opens_again_the_account_of_a_member(app, nadia, people, office):
    structure = nadia.memberships[0].organisme
    omar = add(structure, "Omar Second")
    his, by = Visitor(app, omar), Visitor(app, make.moderator())
    assert his.get("/fiches/").status_code == 200
    by.see(people)
    assert by.post(f"{people}/{omar.id}/desactiver").status_code == 303
    assert his.get("/fiches/").status_code == 303, "ses connexions sont fermées"
    assert db.session.scalar(select(func.count()).where(Login.user_id == omar.id)) == 0
    assert Visitor(app).login(omar.email).status_code == 401
    assert by.post(f"{people}/{omar.id}/rouvrir").status_code == 303
    assert "compte_rouvert" in notices(omar)
    assert Visitor(app).login(omar.email).status_code == 303
    assert roles_of(omar.email) == [("Centre social des Tilleuls", Role.SAISIE)]


def test_a_moderator_does_not_close_the_account_of_somebody_of_elsewhere(app, nadia, people):
    structure = nadia.memberships[0].organisme
    both = add(structure, "Rita Partout")
    both.memberships.append(Membership(role=Role.SAISIE, organisme=make.organisme("Ailleurs", "grand-est")))
    chief = add(structure, "Alma Chef", administrator=True)
    db.session.commit()
    by = Visitor(app, make.moderator())
    by.see(people)
    for user in (both, chief):
        assert by.post(f"{people}/{user.id}/desactiver").status_code == 404
    responsable = Visitor(app, nadia)
    responsable.see(people)
    assert responsable.post(f"{people}/{both.id}/desactiver").status_code == 403


def test_what_a_closed_moderator_had_taken_goes_back_to_the_queue(app, nadia, people, office):
    marc, mina, alma = make.moderator(), make.moderator("Mina Modèle"), make.administrator()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    invite(Visitor(app, marc), people)
    waiting = ask(app, make.organisme("Autre structure"), "Paul Demande")[0]
    logged = db.session.scalar(select(func.count()).select_from(TransitionLog))
    by = Visitor(app, alma)
    by.see(f"/administration/comptes/{marc.id}")
    assert by.post(f"/administration/comptes/{marc.id}/desactiver").status_code == 303
    db.session.rollback()
    db.session.expire_all()
    revision = db.session.get_one(Revision, fiche.latest.id)
    assert (revision.state, revision.moderator_id) == (RevisionState.SOUMISE, None)
    log = db.session.scalars(select(TransitionLog).order_by(TransitionLog.id)).all()
    assert len(log) == logged + 1
    assert (log[-1].transition, log[-1].actor.name) == ("liberer", "Relais")
    assert [row.actor.name for row in log[:-1]].count("Marc Modèle") == 1, "l’historique reste"
    assert db.session.scalars(select(Invitation.state)).all() == [InvitationState.RETIREE]
    assert "Prendre" in Visitor(app, mina).see(f"/moderation/{revision.id}").text
    by.see(f"/administration/comptes/{waiting.id}")
    by.post(f"/administration/comptes/{waiting.id}/desactiver")
    assert db.session.scalars(select(JoinRequest.state)).all() == [JoinState.RETIREE]
