"""The accounts, as administrators see and change them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.models import Assignment, Change, Invitation, Notification, RevisionState, User
from tests.structures.test_members import NEW, link_in
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.post_office import open_office
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.robot import robot

HOME = "/administration/comptes/"


@pytest.fixture
def alma(app):
    return make.administrator()


@pytest.fixture
def by(app, alma):
    made = Visitor(app, alma)
    made.see("/administration")
    return made


def again(user: User) -> User:
    """As the base has it now."""
    user_id = user.id
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(User, user_id)


def follows(user: User) -> list[tuple[Role, str, list[str], list[str]]]:
    return [(row.role, row.territoire.slug, row.programmes, row.departements) for row in again(user).assignments]


def test_accounts_are_found_by_words_role_territoire_and_state(app, by):
    make.provider("Nadia Exemple")
    make.moderator()
    make.moderator("Mina Modèle", "grand-est")
    make.funder()
    make.user("Ines Inactive", active=False)
    db.session.commit()
    normandie = make.territoire().id

    def found(query: str) -> set[str]:
        return {str(cell) for cell in open_page(by, f"{HOME}{query}").dom.xpath("//tbody//a/text()")}

    assert found("") == {"Alma Admin", "Flora Fonds", "Marc Modèle", "Mina Modèle", "Nadia Exemple"}
    assert found("?q=nadia.exemple") == {"Nadia Exemple"}
    assert found("?role=moderateur") == {"Marc Modèle", "Mina Modèle"}
    assert found(f"?role=moderateur&territoire={normandie}") == {"Marc Modèle"}
    assert found(f"?territoire={normandie}") == {"Nadia Exemple", "Marc Modèle", "Flora Fonds"}
    assert found("?role=administrateur") == {"Alma Admin"}
    assert found("?etat=desactives") == {"Ines Inactive"}
    for query in ("?page=-1", "?page=99999999999", "?territoire=abc", "?role=roi", "?q=%00", "?q=%25"):
        assert by.get(f"{HOME}{query}").status_code == 200


def test_the_list_asks_as_much_for_many_as_for_few(app, by):
    for number in range(2):
        make.provider(f"Personne {number}", make.organisme(f"Structure {number}"))
    few = queries_of(by, HOME)
    for number in range(2, 20):
        make.provider(f"Personne {number}", make.organisme(f"Structure {number}"))
    assert queries_of(by, HOME) == few


def test_what_a_funder_follows_is_chosen_on_its_page(app, by):
    flora = make.funder()
    page = f"{HOME}{flora.id}"
    row = flora.assignments[0].id
    wrong = by.post(f"{page}/affectations/{row}", {"programmes": "BOP 104", "departements": "14, 67"})
    assert wrong.status_code == 409
    assert "ce n’est pas un département de ce territoire" in wrong.text
    unknown = by.post(f"{page}/affectations/{row}", {"programmes": "BOP 999", "departements": "14 xx"})
    assert unknown.status_code == 422
    assert "n’est pas le numéro d’un département" in unknown.text
    assert "14 xx" in unknown.text, "ce qui est écrit est gardé"
    assert follows(flora) == [(Role.FINANCEUR, "normandie", [], [])]
    kept = by.post(f"{page}/affectations/{row}", {"programmes": ["BOP 104"], "departements": "14, 50 ;61"})
    assert kept.status_code == 303
    assert follows(flora) == [(Role.FINANCEUR, "normandie", ["BOP 104"], ["14", "50", "61"])]
    (change,) = db.session.scalars(select(Change).where(Change.subject == "user_account", Change.actor_id.is_not(None)))
    assert (change.before, change.after) == (
        "tous les programmes ; tous les départements",
        "BOP 104 ; 14, 50, 61",
    )
    assert change.after in by.see(page).text
    assert "acces_change" in db.session.scalars(select(Notification.notice)).all()


def test_a_territoire_is_given_and_taken_and_what_was_taken_goes_back(app, by):
    marc = make.moderator()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, make.provider(), marc)
    page = f"{HOME}{marc.id}"
    missing = by.post(f"{page}/affectations", {})
    assert missing.status_code == 422
    assert "Choisissez le territoire." in missing.text
    given = {"role": "moderateur", "territoire": str(make.territoire("grand-est").id)}
    assert by.post(f"{page}/affectations", given).status_code == 303
    assert by.post(f"{page}/affectations", given).status_code == 303, "deux fois, c’est une fois"
    assert [row[:2] for row in follows(marc)] == [(Role.MODERATEUR, "normandie"), (Role.MODERATEUR, "grand-est")]
    row = next(one.id for one in again(marc).assignments if one.territoire.slug == "normandie")
    assert by.post(f"{page}/affectations/{row}/retirer").status_code == 303
    assert [row[1] for row in follows(marc)] == ["grand-est"]
    assert fiche.latest.state is RevisionState.SOUMISE
    assert by.post(f"{page}/affectations/{row}/retirer").status_code == 404


def test_the_last_administrator_stays(app, alma, by):
    mine = f"{HOME}{alma.id}"
    for path in (f"{mine}/desactiver", f"{mine}/administration/retirer"):
        assert by.post(path).status_code == 409
    assert again(alma).active
    assert again(alma).administrator
    second = make.enrol(make.user("Aude Seconde"))
    db.session.commit()
    assert by.post(f"{HOME}{second.id}/administration/donner").status_code == 303
    assert by.post(f"{mine}/administration/retirer").status_code == 303
    assert not again(alma).administrator
    assert by.get(HOME).status_code == 403
    hers = Visitor(app, second)
    hers.see("/administration")
    assert hers.post(f"{HOME}{second.id}/administration/retirer").status_code == 409


def test_closing_an_account_closes_everything_and_opening_it_gives_it_back(app, by):
    flora = make.funder()
    hers = Visitor(app, flora)
    assert hers.get("/suivi/").status_code == 200
    assert by.post(f"{HOME}{flora.id}/desactiver").status_code == 303
    assert hers.get("/suivi/").status_code == 303
    assert "Compte désactivé" in by.see(f"{HOME}{flora.id}").text
    assert by.post(f"{HOME}{flora.id}/rouvrir").status_code == 303
    assert len(follows(flora)) == 1
    assert Visitor(app, flora).get("/suivi/").status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"role": "moderateur"}, (Role.MODERATEUR, [], [])),
        (
            {"role": "financeur", "programmes": ["OEPRE"], "departements": "14"},
            (Role.FINANCEUR, ["OEPRE"], ["14"]),
        ),
    ],
)
def test_an_administrator_invites_who_moderates_and_who_funds(app, by, sent, expected):
    page = f"{HOME}invitations"
    where = {"territoire": str(make.territoire().id)}
    with open_office() as office:
        assert by.post(page, {"courriel": "awa@exemple.fr", **sent}).status_code == 422, "quel territoire ?"
        assert by.post(page, {"courriel": "awa@exemple.fr", **sent, **where}).status_code == 303
        assert "awa@exemple.fr" in by.see(page).text
        path = link_in(office)
        invited = Visitor(app)
        invited.see(path)
        assert invited.post(path, NEW).status_code == 303
    row = db.session.scalars(select(Assignment)).unique().one()
    assert (row.role, row.programmes, row.departements) == expected
    assert row.user.email == "awa@exemple.fr"


def test_an_administrator_invites_another_one_and_withdraws_an_invitation(app, by):
    page = f"{HOME}invitations"
    with open_office() as office:
        assert by.post(page, {"courriel": "aude@exemple.fr", "role": "administrateur"}).status_code == 303
        assert by.post(page, {"courriel": "aude@exemple.fr", "role": "administrateur"}).status_code == 409
        first = db.session.scalars(select(Invitation.id)).one()
        assert by.post(f"{page}/{first}/retirer").status_code == 303
        assert by.post(f"{page}/{first}/renvoyer").status_code == 409
        assert by.post(page, {"courriel": "aude@exemple.fr", "role": "administrateur"}).status_code == 303
        path = link_in(office)
        invited = Visitor(app)
        invited.see(path)
        assert invited.post(path, NEW).status_code == 303
    assert db.session.scalars(select(User).where(User.email == "aude@exemple.fr")).one().administrator


def test_the_page_of_relais_itself_is_nobody_s(app, by):
    make.fiche_in(RevisionState.SOUMISE, make.provider(), make.moderator())
    itself = robot(db.session()).id
    db.session.commit()
    assert by.get(f"{HOME}{itself}").status_code == 404
    assert by.post(f"{HOME}{itself}/rouvrir").status_code == 404
    assert "Relais" not in {cell.text for cell in open_page(by, f"{HOME}?etat=desactives").dom.xpath("//tbody//a")}


def test_the_command_makes_an_account_and_says_what_is_wrong(app):
    run = app.test_cli_runner().invoke
    start = ["users", "create", "flora@exemple.fr", "--name", "Flora", "--password", "un-mot-de-passe-long"]
    place = ["--role", "financeur", "--territoire", "normandie", "--programme", "OEPRE"]
    refused = run(args=[*start, *place, "--departement", "67"])
    assert refused.exit_code == 1
    assert "ce n’est pas un département de ce territoire" in refused.output
    assert db.session.scalars(select(User)).all() == []
    assert run(args=[*start, *place, "--departement", "14"]).exit_code == 0
    row = db.session.scalars(select(Assignment)).unique().one()
    assert (row.programmes, row.departements) == (["OEPRE"], ["14"])
    twice = run(args=[*start, *place])
    assert re.search("existe déjà", twice.output)
