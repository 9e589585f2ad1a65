"""Guessing is slowed down, and nobody is locked out by somebody else: both sides play."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.models import Mail
from backoffice.web import attempts
from tests.support import factories as make
from tests.support.statements import statements
from tests.support.visitor import Visitor

HOME, ELSEWHERE = "192.0.2.10", "198.51.100.{}"


class Place(Visitor):
    """A browser at one network address."""

    def __init__(self, app, address: str):
        super().__init__(app)
        self.address = address

    def _ask(self, method, url, **kwargs):
        return super()._ask(method, url, environ_overrides={"REMOTE_ADDR": self.address}, **kwargs)


def guess(place: Visitor, email: str, times: int) -> list[int]:
    place.see("/connexion")
    wrong = {"courriel": email, "mot_de_passe": "au-hasard"}
    return [place.post("/connexion", wrong).status_code for _ in range(times)]


def attack(app, email: str, places: int = 70) -> list[int]:
    """Guesses from as many networks, once each."""
    return [guess(Place(app, ELSEWHERE.format(rank)), email, 1)[0] for rank in range(places)]


def test_somebody_elsewhere_makes_nobody_wait(app, nadia):
    assert guess(Place(app, ELSEWHERE.format(1)), nadia.email, 6)[-1] == 429
    assert Place(app, HOME).login(nadia.email).status_code == 303


def test_the_wait_grows(app, nadia):
    place = Place(app, HOME)
    waits = []
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(4):
            while (codes := guess(place, nadia.email, 1)) == [401]:
                pass
            assert codes == [429]
            answer = place.post("/connexion", {"courriel": nadia.email, "mot_de_passe": "au-hasard"})
            waits.append(re.search(r"attendez ([^,]+),", answer.text)[1])
            clock.shift(timedelta(seconds=61))
    assert waits == ["une minute", "une minute", "8 minutes", "7 minutes"]


def test_a_colleague_behind_the_same_address_is_not_made_to_wait(app, nadia):
    olga = make.provider("Olga Voisine")
    guess(Place(app, HOME), nadia.email, 9)
    assert Place(app, HOME).login(olga.email).status_code == 303


def test_a_device_that_is_known_does_not_wait_for_what_others_do(app, nadia):
    known = Place(app, HOME)
    known.login(nadia.email)
    known.post("/deconnexion")
    assert set(attack(app, nadia.email)) == {401, 429}
    guess(Place(app, HOME), nadia.email, 9)
    assert known.login(nadia.email).status_code == 303


def test_a_known_device_waits_for_its_own_errors(app, nadia):
    known = Place(app, HOME)
    known.login(nadia.email)
    known.post("/deconnexion")
    assert guess(known, nadia.email, 6)[-1] == 429


def test_from_an_unknown_device_the_way_by_e_mail_stays_open(app, nadia, office):
    assert attack(app, nadia.email)[-1] == 429
    owner = Place(app, HOME)
    refused = owner.login(nadia.email)
    assert refused.status_code == 429
    assert "recevez un lien par e-mail" in refused.text
    owner.post("/connexion/lien", {"courriel": nadia.email})
    link = re.search(r"/lien/\S+", office.messages[-1].get_body(("plain",)).get_content())[0]
    assert owner.post(link).status_code == 303
    owner.post("/deconnexion")
    assert owner.login(nadia.email).status_code == 303, "l’appareil est connu maintenant"


def test_a_new_password_opens_to_its_owner(app, nadia, office):
    attack(app, nadia.email)
    owner = Place(app, HOME)
    owner.see("/mot-de-passe-oublie")
    owner.post("/mot-de-passe-oublie", {"courriel": nadia.email})
    link = re.search(r"/mot-de-passe/\S+", office.messages[-1].get_body(("plain",)).get_content())[0]
    new = "trois-tilleuls-au-soleil"
    owner.post(link, {"nouveau": new, "encore": new})
    assert owner.login(nadia.email, new).status_code == 303


def test_a_mailbox_is_not_filled_and_its_owner_waits_five_minutes(app, nadia, office):
    with time_machine.travel(now(), tick=False) as clock:
        for rank in range(12):
            place = Place(app, ELSEWHERE.format(rank))
            assert place.post("/connexion/lien", {"courriel": nadia.email}).status_code in (303, 400)
            place.see("/connexion/lien")
            assert place.post("/connexion/lien", {"courriel": nadia.email}).headers["Location"] == "/lien-envoye"
        assert len(office.messages) == 3
        clock.shift(timedelta(minutes=5, seconds=1))
        owner = Place(app, HOME)
        owner.see("/connexion/lien")
        owner.post("/connexion/lien", {"courriel": nadia.email})
        assert len(office.messages) == 4


# --- What an attacker learns ------------------------------------------------------------------------

DOORS = {
    "/connexion": {"mot_de_passe": "au-hasard"},
    "/connexion/lien": {},
    "/mot-de-passe-oublie": {},
    "/rejoindre": {"nom": "Une Personne"},
    "/fiche-asl": {"nom": "Une Personne", "structure": "Association", "code_postal": "14000"},
}


def kind(statement: str) -> str:
    return " ".join(re.sub(r"\(.*", "", statement, flags=re.S).split()[:3]).replace("INTO proof", "INTO link")


@pytest.mark.parametrize("path", DOORS)
def test_known_and_unknown_addresses_cost_the_same_and_say_the_same(app, nadia, office, path):
    """No clock: the same answer, the same number of statements that write, the same number of e-mails."""
    told = {}
    place = Place(app, HOME)
    place.see("/connexion")
    place.post("/connexion", {"courriel": "x@exemple.fr", "mot_de_passe": "x"})  # the decoy of passwords is made once
    for email in (nadia.email, "inconnue@exemple.fr"):
        place.see(path)
        before = len(office.messages)
        with statements() as found:
            answer = place.post(path, {"courriel": email, **DOORS[path]})
        writes = sorted(kind(one) for one in found if one.startswith(("INSERT", "UPDATE", "DELETE")))
        words = re.sub(r'value="[^"]*"', "", answer.text)
        told[email] = (answer.status_code, answer.headers.get("Location"), words, writes, len(office.messages) - before)
    known, unknown = told.values()
    assert known == unknown


@pytest.mark.parametrize("path", ["/connexion/lien", "/mot-de-passe-oublie"])
def test_an_address_without_account_is_told_so(app, office, path):
    place = Place(app, HOME)
    place.see(path)
    place.post(path, {"courriel": "awa@exemple.fr"})
    message = office.messages[-1]
    assert message["Subject"] == "Cette adresse n’a pas de compte Relais"
    link = re.search(r"/lien/\S+", message.get_body(("plain",)).get_content())[0]
    assert place.post(link).headers["Location"] == "/mes-structures/rejoindre"
    assert db.session.scalars(select(Mail.notice)).all() == ["adresse_inconnue"]


def test_the_cookie_of_a_device_says_nothing_and_cannot_be_made(app, nadia):
    place = Place(app, HOME)
    place.login(nadia.email)
    value = place.client.get_cookie(attempts.COOKIE).value
    assert "nadia" not in value
    forger = Place(app, HOME)
    forger.client.set_cookie(attempts.COOKIE, value[:-2] + "xx")
    attack(app, nadia.email)
    assert forger.login(nadia.email).status_code == 429
