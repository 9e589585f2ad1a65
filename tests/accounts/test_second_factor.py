"""The second factor: who owes one, setting it up, the code at login, recovery codes, and losing one's telephone."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import select
from werkzeug.routing import Map

from backoffice.core.clock import now
from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Change, Login, LoginEvent, LoginWay, Mail, RecoveryCode, SecondFactor, User
from backoffice.web.guard import permission_of
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.accounts import second_factor
from workflows.case import Refused

PAGE = "/compte/second-facteur"


def bare(person: User) -> User:
    """The same person before any second factor."""
    person.second_factor = None
    db.session.commit()
    return person


def secret_on(page: str) -> str:
    return re.search(r'<code class="cle">([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-9-]{19})</code></li>", page)


def enrol(visitor: Visitor) -> tuple[str, list[str]]:
    """Sets up a telephone by the pages: its secret and the recovery codes."""
    visitor.post(f"{PAGE}/commencer")
    secret = secret_on(visitor.see(PAGE).text)
    answer = visitor.post(f"{PAGE}/confirmer", {"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200
    return secret, codes_on(answer.text)


def first_step(visitor: Visitor, email: str, **fields: str):
    visitor.see("/connexion")
    return visitor.remember(visitor.post("/connexion", {"courriel": email, "mot_de_passe": make.PASSWORD, **fields}))


def connected(visitor: Visitor) -> bool:
    return visitor.get("/avis/").status_code == 200


def events(user_id: int) -> list[tuple[LoginWay, bool]]:
    db.session.rollback()
    rows = select(LoginEvent.way, LoginEvent.success).where(LoginEvent.user_id == user_id).order_by(LoginEvent.id)
    return [tuple(row) for row in db.session.execute(rows)]


# --- Who owes one ------------------------------------------------------------------------------------


def address_of(urls: Map, endpoint: str, rule) -> str:
    values = {
        name: {"IntegerConverter": 1, "Id": 1}.get(type(kind).__name__, "x") for name, kind in rule._converters.items()
    }
    values |= {n: next(iter(k.items)) for n, k in rule._converters.items() if type(k).__name__ == "AnyConverter"}
    return urls.bind("localhost").build(endpoint, values, force_external=False)


OPEN = {
    "login.log_out",
    "second_factor.page",
    "second_factor.begin",
    "second_factor.drawing",
    "second_factor.confirm",
    "second_factor.codes",
}


@pytest.mark.parametrize("kind", ["moderator", "funder", "administrator"])
def test_without_factor_every_page_leads_to_its_enrolment(app, kind):
    visitor = Visitor(app, bare(getattr(make, kind)()))
    walked = set()
    for rule in app.url_map.iter_rules():
        if permission_of(app, rule.endpoint) is Permission.PUBLIC or rule.endpoint in OPEN:
            continue
        limiter.reset()
        path = address_of(app.url_map, rule.endpoint, rule)
        for method in rule.methods & {"GET", "POST"}:
            answer = visitor.get(path) if method == "GET" else visitor.post(path)
            assert (answer.status_code, answer.headers.get("Location")) == (303, PAGE), f"{method} {path}"
            walked.add(rule.endpoint)
    assert len(walked) > 100
    for headers in ({"Accept": "application/json"}, {"Sec-Fetch-Mode": "cors"}):
        assert visitor.client.get("/communes?q=14000", headers=headers).status_code == 403
    assert visitor.client.get("/communes", json={}).status_code == 403
    assert visitor.get(PAGE).status_code == 200
    assert visitor.post("/deconnexion").headers["Location"] == "/connexion"


def test_only_the_enrolment_is_stamped_as_open_before_it(app):
    stamped = {name for name, view in app.view_functions.items() if getattr(view, "before_second_factor", False)}
    assert stamped == OPEN


def test_a_structure_and_a_demonstration_account_owe_none(app):
    assert Visitor(app, make.provider()).get("/fiches/").status_code == 200
    public = bare(make.moderator())
    public.demonstration = True
    db.session.commit()
    visitor = Visitor(app, public)
    assert visitor.get("/moderation/").status_code == 200
    assert visitor.post(f"{PAGE}/commencer").headers["Location"] == PAGE
    assert db.session.query(SecondFactor).count() == 0, "personne n’en ferme la porte aux autres"
    assert "son mot de passe est public" in visitor.get(PAGE).text


# --- Setting it up -----------------------------------------------------------------------------------


def test_setting_up_a_telephone_then_logging_in_with_its_code(app):
    marc = bare(make.moderator())
    marc_id, email = marc.id, marc.email
    elsewhere, visitor = Visitor(app, marc), Visitor(app)
    answer = first_step(visitor, email)
    assert answer.status_code == 303, "sans facteur encore, le mot de passe mène à l’inscription"
    assert visitor.get(f"{PAGE}/dessin.svg").status_code == 404
    visitor.see("/")
    visitor.post(f"{PAGE}/commencer")
    page = visitor.see(PAGE)
    drawing = visitor.get(f"{PAGE}/dessin.svg")
    assert (drawing.mimetype, drawing.data[:5]) == ("image/svg+xml", b"<?xml")
    assert "style=" not in drawing.text
    secret = secret_on(page.text)
    address = second_factor.address(db.session.get_one(User, marc_id))
    assert secret in address
    assert "Relais:marc.mod%C3%A8le%40exemple.fr" in address
    for wrong in ("", "000000", "abcdef", "\x00", "٣٣٣٣٣٣", "9" * 50):
        limiter.reset()
        answer = visitor.post(f"{PAGE}/confirmer", {"code": wrong})
        assert answer.status_code == 422
        assert 'aria-describedby="code-aide code-erreur"' in answer.text
    assert db.session.get_one(SecondFactor, marc_id).secret == ""
    limiter.reset()
    shown = visitor.post(f"{PAGE}/confirmer", {"code": f" {pyotp.TOTP(secret).now()} "})
    codes = codes_on(shown.text)
    assert len(set(codes)) == 10
    assert visitor.get("/moderation/").status_code == 200
    assert not connected(elsewhere), "une connexion ouverte sans second facteur est fermée"
    file = visitor.post(f"{PAGE}/codes.txt", {"codes": codes})
    assert file.headers["Content-Disposition"] == "attachment; filename=codes-de-secours-relais.txt"
    assert file.text.split("\n\n")[-1].split() == codes
    kept = set(db.session.scalars(select(RecoveryCode.code_hash)))
    assert len(kept) == 10
    assert not kept & set(codes)
    told = db.session.scalars(select(Mail).where(Mail.notice == "second_facteur_ajoute")).one()
    assert told.address == email
    assert secret not in told.text


def test_the_file_says_no_code_but_ones_own(app):
    _, codes = enrol(Visitor(app, make.provider()))
    other = Visitor(app, make.provider("Olga Voisine"))
    assert other.post(f"{PAGE}/codes.txt", {"codes": codes}).status_code == 404
    assert other.post(f"{PAGE}/codes.txt").status_code == 404


# --- The code at login -------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing_and_a_code_serves_once(app, marc, visitor):
    email, marc_id = marc.email, marc.id
    page = first_step(visitor, email, next="/moderation/")
    assert page.status_code == 200
    assert "Donnez votre code" in page.text
    assert not connected(visitor)
    assert visitor.post("/connexion/code", {"code": "000000", "next": "/moderation/"}).status_code == 401
    code = make.next_code(email)
    answer = visitor.post("/connexion/code", {"code": f"{code[:3]} {code[3:]}", "next": "/moderation/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/moderation/")
    assert connected(visitor)
    second = Visitor(app)
    first_step(second, email)
    again = second.post("/connexion/code", {"code": code})
    assert again.status_code == 401
    assert "il a déjà servi" in again.text
    assert not connected(second)
    assert events(marc_id) == [
        (LoginWay.MOT_DE_PASSE, True),
        (LoginWay.CODE, False),
        (LoginWay.CODE, True),
        (LoginWay.MOT_DE_PASSE, True),
        (LoginWay.CODE, False),
    ]


@pytest.mark.parametrize(("late", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_the_clock_of_a_telephone_may_be_one_step_away(app, marc, visitor, late, status):
    first_step(visitor, marc.email)
    # Away from the edges of a step, so that none passes meanwhile.
    while not 2 <= now().timestamp() % 30 <= 27:
        time.sleep(0.2)
    totp = pyotp.TOTP(make.TELEPHONE)
    code = totp.generate_otp(int(now().timestamp()) // 30 + late)
    assert visitor.post("/connexion/code", {"code": code}).status_code == status


def test_guessing_codes_is_slowed_down_for_the_account_wherever_it_is_tried(app, marc, visitor):
    email = marc.email
    first_step(visitor, email)
    codes = [visitor.post("/connexion/code", {"code": "000000"}).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    other = Visitor(app)
    limited = first_step(other, email)
    assert limited.status_code == 200
    answer = other.post("/connexion/code", {"code": make.next_code(email), "saisie": '[["titre", "Gardé"]]'})
    assert answer.status_code == 429
    assert "Gardé" in answer.text
    assert first_step(Visitor(app), make.moderator("Mina Modèle").email).status_code == 200


def test_a_code_too_late_or_without_password_goes_back_to_the_login(app, marc, visitor):
    stale = visitor.post("/connexion/code", {"code": make.next_code(marc.email), "saisie": '[["titre", "Gardé"]]'})
    assert (stale.status_code, "Gardé" in stale.text) == (400, True), "sans jeton"
    visitor.see("/connexion")
    answer = visitor.post("/connexion/code", {"code": make.next_code(marc.email), "saisie": '[["titre", "Gardé"]]'})
    assert answer.status_code == 401
    assert "Gardé" in answer.text
    assert "n’a pas été donné à temps" in answer.text
    first_step(visitor, marc.email)
    db.session.query(Login).update({Login.expires_at: now()})
    db.session.commit()
    assert visitor.post("/connexion/code", {"code": make.next_code(marc.email)}).status_code == 401
    assert not connected(visitor)


# --- Recovery codes ----------------------------------------------------------------------------------


def test_a_recovery_code_serves_once_however_it_is_written(app, visitor):
    nadia = make.provider()
    _, codes = enrol(Visitor(app, nadia))
    first_step(visitor, nadia.email)
    written = codes[0].upper().replace("-", " ")
    assert visitor.post("/connexion/code", {"secours": written}).status_code == 303
    second = Visitor(app)
    first_step(second, nadia.email)
    for wrong in (codes[0], "\x00", "a" * 10_000, "é" * 16):
        assert second.post("/connexion/code", {"secours": wrong}).status_code == 401
    assert second.post("/connexion/code", {"secours": codes[1]}).status_code == 303
    assert "8 codes de secours" in second.get(PAGE).text


@pytest.mark.committed
def test_of_two_who_give_the_same_code_at_once_exactly_one_comes_in(app):
    nadia = make.provider()
    email = nadia.email
    secret, codes = enrol(Visitor(app, nadia))
    for given in ({"secours": codes[0]}, {"secours": codes[1]}, {"code": ""}):
        limiter.reset()
        people = [Visitor(app), Visitor(app)]
        for one in people:
            first_step(one, email)
        if "code" in given:
            db.session.query(SecondFactor).update({SecondFactor.last_step: 0})
            db.session.commit()
            given = {"code": pyotp.TOTP(secret).now()}
        db.session.remove()
        start = threading.Barrier(2)

        def give(visitor, given=given, start=start):
            start.wait()
            return visitor.post("/connexion/code", given).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(give, people)) == [303, 401]


def test_remaking_codes_and_changing_telephones_asks_for_a_present_code(app):
    nadia = make.provider()
    visitor = Visitor(app, nadia)
    secret, codes = enrol(visitor)
    page = visitor.post(PAGE, {"action": "codes", "code": "000000"})
    assert page.status_code == 422
    assert 'id="present-erreur"' in page.text
    fresh = codes_on(visitor.post(PAGE, {"action": "codes", "secours": codes[0]}).text)
    assert len(fresh) == 10
    assert visitor.post(PAGE, {"action": "changer", "secours": codes[1]}).status_code == 422, (
        "les anciens ne valent rien"
    )
    assert visitor.post(PAGE, {"action": "changer", "secours": fresh[0]}).status_code == 303
    other = secret_on(visitor.see(PAGE).text)
    assert other != secret
    assert db.session.get_one(SecondFactor, nadia.id).secret == secret, "l’ancien sert jusqu’à la confirmation"
    assert visitor.post(f"{PAGE}/confirmer", {"code": pyotp.TOTP(other).now()}).status_code == 200
    db.session.expire_all()
    assert db.session.get_one(SecondFactor, nadia.id).secret == other
    assert visitor.post(PAGE, {"action": "autre"}).status_code == 404


def test_who_owes_none_may_take_it_off_and_who_owes_one_may_not(app, marc):
    nadia = make.provider()
    for person, left in ((nadia, 0), (marc, 1)):
        visitor = Visitor(app, person)
        code = make.next_code(person.email)
        if person is nadia:
            _, codes = enrol(visitor)
        given = {"secours": codes[0]} if person is nadia else {"code": code}
        assert visitor.post(PAGE, {"action": "retirer", **given}).status_code == 303
        db.session.rollback()
        assert db.session.query(SecondFactor).filter_by(user_id=person.id).count() == left
    assert "doit garder un second facteur" in visitor.see(PAGE).text
    assert first_step(Visitor(app), nadia.email).status_code == 303


# --- A lost telephone --------------------------------------------------------------------------------


def test_the_command_takes_it_off_when_the_last_administrator_lost_theirs(app):
    alma = make.administrator()
    email, visitor = alma.email, Visitor(app, alma)
    result = app.test_cli_runner().invoke(args=["users", "reset-factor", email.upper()])
    assert result.exit_code == 0, result.output
    assert not connected(visitor)
    assert db.session.scalars(select(Mail.address).where(Mail.notice == "second_facteur_retire")).all() == [email]
    again = app.test_cli_runner().invoke(args=["users", "reset-factor", email])
    assert again.exit_code == 1
    assert "n’a pas de second facteur" in again.output
    assert app.test_cli_runner().invoke(args=["users", "reset-factor", "personne@exemple.fr"]).exit_code == 1


def test_taking_it_off_is_logged_and_nobody_does_it_for_themselves(app, marc):
    alma = make.administrator()
    with atomic() as session:
        assert second_factor.reset(session, alma, marc)
    (change,) = db.session.query(Change).filter_by(subject="user_account").all()
    assert (change.actor_id, change.subject_id, change.name) == (alma.id, str(marc.id), "second_factor")
    with pytest.raises(Refused):
        second_factor.reset(db.session(), alma, alma)


def test_enrolling_a_telephone_renews_the_connection(app, nadia):
    visitor = Visitor(app, nadia)
    visitor.see("/compte/second-facteur")
    visitor.post("/compte/second-facteur/commencer")
    copied = Visitor(app)
    before = visitor.client.get_cookie("session").value
    copied.client.set_cookie("session", before)
    assert copied.get("/fiches/").status_code == 200
    db.session.expire_all()
    secret = db.session.scalars(select(SecondFactor)).one().next_secret
    answer = visitor.post("/compte/second-facteur/confirmer", {"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200
    assert visitor.get("/fiches/").status_code == 200
    assert copied.get("/fiches/").status_code == 303
