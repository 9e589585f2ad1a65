"""Logging in and out, what the cookie is worth, guessing passwords, and the structure one acts for."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import redis
from flask import request

from backoffice.core import config
from backoffice.core.clock import now
from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Role
from backoffice.models import Fiche, Login, Membership, User
from backoffice.web.factory import create_app
from backoffice.web.security import safe_next
from backoffice.web.views.accounts.login import WRONG
from tests.conftest import need
from tests.support import factories as make
from tests.support import services
from tests.support.visitor import Visitor

WAIT = "Trop d’essais en peu de temps"


def cookie(visitor):
    return visitor.client.get_cookie("session").value


def with_cookie(app, value):
    """Somebody who copied a cookie."""
    thief = Visitor(app)
    thief.client.set_cookie("session", value)
    return thief


def connected(visitor):
    return visitor.get("/fiches/").status_code == 200


# --- The password ------------------------------------------------------------------------------------


def test_the_password_is_kept_as_an_argon2_hash_only(app, nadia):
    assert nadia.password_hash.startswith("$argon2id$")
    assert make.PASSWORD not in nadia.password_hash
    assert hash_password(make.PASSWORD) != nadia.password_hash


def test_outside_the_tests_a_hash_costs_what_the_library_advises(app):
    del app.config["ARGON2"]
    memory, turns = re.search(r"\$m=(\d+),t=(\d+),p=\d+\$", hash_password("un mot de passe")).groups()
    assert int(memory) >= 19 * 1024
    assert int(turns) >= 2


def test_logging_in_leads_to_ones_own_first_page(app, nadia, visitor):
    answer = visitor.login(nadia.email)
    assert answer.status_code == 303
    assert visitor.get("/").headers["Location"] == "/fiches/"
    assert connected(visitor)


def test_the_address_is_read_as_people_type_it(app, nadia, visitor):
    assert visitor.login("  Nadia.Exemple@Exemple.FR ").status_code == 303


@pytest.fixture
def refusals(app, nadia):
    """E-mail and password of each way not to come in."""
    make.user("Ines Inactive", active=False)
    make.user("Demo Publique", demonstration=True)
    db.session.commit()
    app.config["RELAIS_DEMO"] = False
    return {
        "wrong password": (nadia.email, "pas-le-bon-mot-de-passe"),
        "empty password": (nadia.email, ""),
        "password and a NUL": (nadia.email, make.PASSWORD + "\x00"),
        "a megabyte of password": (nadia.email, "a" * 1_000_000),
        "unknown e-mail": ("personne@exemple.fr", make.PASSWORD),
        "empty e-mail": ("", make.PASSWORD),
        "NUL in the e-mail": ("nadia\x00@exemple.fr", make.PASSWORD),
        "SQL in the e-mail": ("' OR 1=1 --", make.PASSWORD),
        "emoji": ("😀@exemple.fr", "😀"),
        "inactive account": ("ines.inactive@exemple.fr", make.PASSWORD),
        "demonstration account": ("demo.publique@exemple.fr", make.PASSWORD),
    }


def test_every_refusal_shows_the_same_page(app, refusals):
    pages = set()
    for why, (email, password) in refusals.items():
        visitor = Visitor(app)
        answer = visitor.login(email, password)
        assert answer.status_code == 401, why
        assert WRONG in answer.text, why
        assert not connected(visitor), why
        page = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)
        pages.add(re.sub(r'(name="courriel") value="[^"]*"', r"\1", page))
    assert len(pages) == 1


def test_the_right_password_of_a_demonstration_account_opens_in_demonstration_only(app, visitor):
    make.user("Demo Publique", demonstration=True)
    db.session.commit()
    assert visitor.login("demo.publique@exemple.fr").status_code == 303
    assert visitor.get("/communes").status_code == 200
    app.config["RELAIS_DEMO"] = False
    assert visitor.get("/communes").headers["Location"].startswith("/connexion")


def test_a_refused_login_keeps_the_address_and_where_one_was_going(app, nadia, visitor):
    answer = visitor.login(nadia.email, "faux", next="/fiches/nouvelle")
    assert f'value="{nadia.email}"' in answer.text
    assert 'name="next" value="/fiches/nouvelle"' in answer.text
    assert "faux" not in answer.text


def test_a_page_left_open_too_long_asks_for_the_password_again_and_keeps_the_rest(app, nadia, visitor):
    typed = json.dumps([["formation-intitule", "Ateliers du mardi"]])
    answer = visitor.post(
        "/connexion",
        {"csrf_token": "perime", "courriel": nadia.email, "next": "/fiches/nouvelle", "saisie": typed},
    )
    assert answer.status_code == 400
    assert "Écrivez de nouveau votre mot de passe" in answer.text
    assert f'value="{nadia.email}"' in answer.text
    assert "/fiches/nouvelle" in answer.text
    assert "Ateliers du mardi" in answer.text


def test_an_account_closed_while_it_is_connected_is_out_at_once(app, nadia):
    visitor = Visitor(app, nadia)
    assert connected(visitor)
    db.session.get_one(User, nadia.id).active = False
    db.session.commit()
    assert not connected(visitor)


# --- The cookie --------------------------------------------------------------------------------------


def test_logging_in_changes_the_cookie_and_forgets_what_it_carried(app, nadia, visitor):
    visitor.see("/connexion")
    with visitor.client.session_transaction() as session:
        session["organisme_id"] = 12345
    before = cookie(visitor)
    visitor.login(nadia.email)
    assert cookie(visitor) != before
    assert not connected(with_cookie(app, before))
    with visitor.client.session_transaction() as session:
        assert "organisme_id" not in session


def test_a_copied_cookie_is_worthless_after_logging_out(app, nadia):
    visitor = Visitor(app, nadia)
    copied = cookie(visitor)
    assert connected(with_cookie(app, copied))
    assert visitor.post("/deconnexion").headers["Location"] == "/connexion"
    assert not connected(visitor)
    assert not connected(with_cookie(app, copied))
    assert "Vous êtes déconnecté" in visitor.get("/connexion").text


def test_logging_in_again_closes_the_connection_that_was_open(app, nadia):
    """A second tab, left on the login page: its answer replaces the cookie, the old one must die with it."""
    visitor = Visitor(app, nadia)
    copied = cookie(visitor)
    answer = visitor.post("/connexion", {"courriel": nadia.email, "mot_de_passe": make.PASSWORD})
    assert answer.status_code == 303
    assert connected(visitor)
    assert not connected(with_cookie(app, copied))
    assert db.session.query(Login).count() == 1


def test_logging_out_here_leaves_the_telephone_connected(app, nadia):
    desk, phone = Visitor(app, nadia), Visitor(app, nadia)
    desk.post("/deconnexion")
    assert not connected(desk)
    assert connected(phone)


def test_a_connection_ends_after_its_time_and_its_row_goes_at_the_next_login(app, nadia):
    visitor = Visitor(app, nadia)
    db.session.query(Login).update({Login.expires_at: now() - timedelta(seconds=1)})
    db.session.commit()
    assert not connected(visitor)
    Visitor(app, nadia)
    assert db.session.query(Login).count() == 1


def test_the_base_does_not_hold_what_the_cookie_carries(app, nadia):
    visitor = Visitor(app, nadia)
    with visitor.client.session_transaction() as session:
        token = session["_user_id"]
    (row,) = db.session.query(Login).all()
    assert token != row.token_hash
    assert token != str(nadia.id)
    assert len(row.token_hash) == 64


@pytest.mark.parametrize("https", [False, True])
def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app, nadia, visitor, https):
    app.config["SESSION_COOKIE_SECURE"] = https
    header = visitor.get("/connexion").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert ("Secure" in header) is https


# --- Where one goes next -----------------------------------------------------------------------------

ELSEWHERE = (
    "//ailleurs.example",
    "///ailleurs.example",
    "http://ailleurs.example",
    "https://ailleurs.example/fiches/",
    "HTTPS:ailleurs.example",
    "\\\\ailleurs.example",
    "/\\ailleurs.example",
    "/fiches\\..\\..",
    "javascript:alert(1)",
    "data:text/html,x",
    "ailleurs.example",
    "/\t/ailleurs.example",
    "/\n/ailleurs.example",
    "\t//ailleurs.example",
    " //ailleurs.example",
    "/fiches/\r\nSet-Cookie: a=b",
    "/fiches/\x00",
    "/\x7f/ailleurs.example",
    "",
)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_led_to_another_site(app, nadia, visitor, target):
    assert safe_next(target) == "/"
    assert visitor.login(nadia.email, next=target).headers["Location"] == "/"
    again = visitor.get("/connexion", query_string={"next": target})
    assert again.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/fiches/", "/fiches/12/saisie/lieux?a=1", "/moderation/?q=é%20à", "/#contenu"])
def test_one_is_led_back_to_the_page_that_was_asked(app, nadia, visitor, target):
    assert safe_next(target) == target
    assert visitor.login(nadia.email, next=target).status_code == 303


def test_a_page_asked_before_logging_in_is_found_after(app, nadia, visitor):
    asked = visitor.get("/fiches/nouvelle?essai=1").headers["Location"]
    page = visitor.see(asked)
    target = re.search(r'name="next" value="([^"]*)"', page.text)[1]
    answer = visitor.post("/connexion", {"courriel": nadia.email, "mot_de_passe": make.PASSWORD, "next": target})
    assert answer.headers["Location"] == "/fiches/nouvelle?essai=1"


# --- Guessing ----------------------------------------------------------------------------------------


def guess(visitor, email, times, **fields):
    visitor.see("/connexion")
    return [
        visitor.post("/connexion", {"courriel": email, "mot_de_passe": "au-hasard", **fields}) for _ in range(times)
    ]


def test_waiting_does_not_lose_what_was_typed_before_the_session_expired(app, nadia, visitor):
    typed = json.dumps([["formation-intitule", "Ateliers du mardi"]])
    answer = guess(visitor, nadia.email, 6, saisie=typed, next="/fiches/nouvelle")[-1]
    assert answer.status_code == 429
    assert "Ateliers du mardi" in answer.text
    assert 'name="next" value="/fiches/nouvelle"' in answer.text
    assert f'value="{nadia.email}"' in answer.text


@pytest.fixture
def other_application(app):
    """Makes applications on the same base, as a second process would; puts the limiter back afterwards."""
    before, made = dict(vars(limiter)), []

    def build(**environ):
        settings = config.load(
            {
                "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
                "SECRET_KEY": "cle-de-test",
                "RELAIS_INSTANCE": app.instance_path,
                **environ,
            }
        )
        made.append(create_app(settings, TESTING=True, PROPAGATE_EXCEPTIONS=False, ARGON2=app.config["ARGON2"]))
        return made[-1]

    yield build
    for other in made:
        with other.app_context():
            db.engine.dispose()
    vars(limiter).clear()
    vars(limiter).update(before)


@pytest.fixture
def redis_server():
    need("redis")
    client = redis.Redis.from_url(services.REDIS)

    def forget():
        for key in client.scan_iter("LIMITS*"):
            client.delete(key)

    forget()
    yield client
    forget()
    client.close()


@pytest.mark.committed
@pytest.mark.redis
def test_several_processes_count_the_guesses_together(nadia, other_application, redis_server):
    email = nadia.email
    one = other_application(REDIS_URL=services.REDIS)
    assert {answer.status_code for answer in guess(Visitor(one), email, 5)} == {401}
    keys = list(redis_server.scan_iter("LIMITS*"))
    assert keys
    assert not any(email.encode() in key for key in keys)
    two = other_application(REDIS_URL=services.REDIS)
    answer = Visitor(two).login(email)
    assert answer.status_code == 429
    assert WAIT in answer.text


@pytest.mark.committed
def test_logging_in_works_and_is_still_limited_while_redis_is_down(nadia, other_application):
    email = nadia.email
    alone = other_application(REDIS_URL="redis://127.0.0.1:1/0")
    assert Visitor(alone).login(email).status_code == 303
    assert guess(Visitor(alone), email, 6)[-1].status_code == 429


# --- The structure one acts for ----------------------------------------------------------------------


@pytest.fixture
def two_structures(app):
    """A person of two structures, with one draft in each."""
    first, second = make.organisme("Centre social des Tilleuls"), make.organisme("Association du Port")
    both = make.provider("Paule Deux", first, second)
    drafts = {}
    for structure in (first, second):
        by = make.provider(f"Seule {structure.nom}", structure)
        drafts[structure.nom] = make.draft(by, make.complete_content(f"Ateliers de {structure.nom}"))
    return both, first, second, drafts


PAGES = ("/fiches/", "/fiches/nouvelle", "/fiches/{0}", "/fiches/{0}/saisie/structure", "/fiches/{0}/relecture")


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_for_whom_one_acts(app, two_structures, address):
    both, first, second, drafts = two_structures
    visitor = Visitor(app, both)
    number = drafts[first.nom].id
    assert f'value="{first.id}" selected>{first.nom}' in visitor.get(address.format(number)).text
    visitor.post("/structure-active", {"organisme": str(second.id)})
    assert f'value="{second.id}" selected>{second.nom}' in visitor.get(address.format(number)).text


@pytest.mark.parametrize("address", PAGES)
def test_a_person_of_one_structure_reads_its_name_everywhere(app, nadia, address):
    number = make.draft(nadia).id
    text = Visitor(app, nadia).get(address.format(number)).text
    assert "Vous agissez pour <strong>Centre social des Tilleuls</strong>" in text
    assert "Changer de structure" not in text


def test_changing_structure_changes_the_list_and_is_said(app, two_structures):
    both, first, second, _ = two_structures
    visitor = Visitor(app, both)
    assert f"Ateliers de {first.nom}" in visitor.get("/fiches/").text
    assert f"Ateliers de {second.nom}" not in visitor.get("/fiches/").text
    answer = visitor.post("/structure-active", {"organisme": str(second.id)}, follow_redirects=True)
    assert f"Vous agissez maintenant pour « {second.nom} »" in answer.text
    assert f"Ateliers de {second.nom}" in answer.text
    assert f"Ateliers de {first.nom}" not in answer.text


@pytest.mark.parametrize("address", PAGES[2:])
def test_a_fiche_of_the_other_structure_warns(app, two_structures, address):
    both, first, second, drafts = two_structures
    visitor = Visitor(app, both)
    warning = f"cette fiche est au nom de <strong>{second.nom}</strong>, alors que vous agissez pour {first.nom}"
    assert warning in visitor.get(address.format(drafts[second.nom].id)).text
    assert "Attention : cette fiche" not in visitor.get(address.format(drafts[first.nom].id)).text
    visitor.post("/structure-active", {"organisme": str(second.id)})
    assert "Attention : cette fiche" not in visitor.get(address.format(drafts[second.nom].id)).text


def test_before_creating_a_fiche_one_is_warned_and_the_acting_structure_is_checked(app, two_structures):
    both, _, second, _ = two_structures
    visitor = Visitor(app, both)
    visitor.post("/structure-active", {"organisme": str(second.id)})
    page = visitor.get("/fiches/nouvelle").text
    assert "Au nom de quelle structure" in page
    assert "la subvention qui en dépend, seront au nom de cette structure" in page
    assert re.search(rf'value="{second.id}" checked', page)
    assert page.count('name="organisme" id=') == 2
    assert page.count("checked") == 1  # the structure: the dispositif is for the person to say


def test_the_fiche_is_made_for_the_structure_that_was_chosen_on_the_page(app, two_structures):
    both, _, second, _ = two_structures
    visitor = Visitor(app, both)
    answer = visitor.post("/fiches/nouvelle", {"organisme": str(second.id), "dispositif": "ASL", "cle": "abc"})
    number = int(re.search(r"/fiches/(\d+)/", answer.headers["Location"])[1])
    assert db.session.get_one(Fiche, number).organisme_id == second.id


def test_the_first_structure_acts_again_after_a_new_login_whatever_the_cookie_says(app, two_structures):
    both, first, second, _ = two_structures
    visitor = Visitor(app, both)
    visitor.post("/structure-active", {"organisme": str(second.id)})
    db.session.query(Membership).filter(Membership.organisme_id == second.id, Membership.user_id == both.id).delete()
    db.session.commit()
    assert f"Vous agissez pour <strong>{first.nom}</strong>" in visitor.get("/fiches/").text


def test_an_account_without_role_is_told_whom_to_write_to(app):
    alone = make.user("Sans Role")
    db.session.commit()
    visitor = Visitor(app, alone)
    page = visitor.get("/")
    assert page.status_code == 200
    assert "écrivez à votre Carif-Oref" in page.text
    assert visitor.get("/fiches/").status_code == 403


def test_a_person_may_be_moderator_here_and_provider_there(app):
    person = make.provider("Paule Double")
    person.memberships[0].role = Role.SAISIE
    db.session.commit()
    fiche = make.draft(person)
    visitor = Visitor(app, person)
    assert visitor.get(f"/fiches/{fiche.id}").status_code == 200
    assert visitor.get("/moderation/").status_code == 403


# --- The settings ------------------------------------------------------------------------------------

SERVER = {"DATABASE_URL": "postgresql://relais@base.example/relais"}


def refused(environ, tmp_path):
    with pytest.raises(config.ConfigError) as caught:
        config.load({"RELAIS_INSTANCE": str(tmp_path), **environ})
    return str(caught.value)


def test_production_does_not_start_without_its_key(tmp_path):
    message = refused(SERVER, tmp_path)
    assert "SECRET_KEY est obligatoire" in message
    assert "secrets.token_hex(32)" in message
    assert not (tmp_path / "secret_key").exists()
    assert config.load({**SERVER, "SECRET_KEY": "k" * 64, "RELAIS_INSTANCE": str(tmp_path)}).secret_key == "k" * 64


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"DATABASE_URL": "pas une adresse"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://relais@base.example/relais", "SECRET_KEY": "k"}, "DATABASE_URL"),
        ({"REDIS_URL": "pas une adresse"}, "REDIS_URL"),
        ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL"),
        ({"RELAIS_PROXIES": "deux"}, "RELAIS_PROXIES"),
        ({"RELAIS_PROXIES": "-1"}, "RELAIS_PROXIES"),
        ({"RELAIS_PROXIES": "²"}, "RELAIS_PROXIES"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, environ, words):
    assert refused(environ, tmp_path).startswith(f"{words}: ")


def test_an_embedded_base_keeps_a_key_of_its_own_that_only_its_owner_reads(tmp_path):
    first = config.load({"RELAIS_INSTANCE": str(tmp_path)})
    again = config.load({"RELAIS_INSTANCE": str(tmp_path)})
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert first.database_url == f"sqlite:///{tmp_path / 'relais.sqlite3'}"


def test_the_address_that_hosting_services_give_is_understood(tmp_path):
    environ = {"DATABASE_URL": "postgres://relais@base.example/relais", "SECRET_KEY": "k"}
    assert config.load({**environ, "RELAIS_INSTANCE": str(tmp_path)}).database_url.startswith("postgresql://")


def test_nothing_is_in_demonstration_or_insecure_by_default(tmp_path):
    settings = config.load({"RELAIS_INSTANCE": str(tmp_path)})
    assert not settings.demo
    assert settings.proxies == 0


@pytest.mark.committed
@pytest.mark.parametrize(("proxies", "address"), [("0", "http://localhost/"), ("1", "https://relais.example/")])
def test_forwarded_headers_are_believed_only_from_declared_proxies(app, other_application, proxies, address):
    behind = other_application(RELAIS_PROXIES=proxies)
    seen = []
    behind.before_request(lambda: seen.append(request.host_url))
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "relais.example", "X-Forwarded-For": "192.0.2.1"}
    answer = behind.test_client().get("/healthz", headers=headers)
    assert seen == [address]
    assert ("Strict-Transport-Security" in answer.headers) is address.startswith("https")
