"""One's own account: password forgotten or changed, address changed and undone, open connections, log of logins."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from backoffice.core.clock import now
from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import token_hash
from backoffice.core.transactions import atomic
from backoffice.models import Link, Login, LoginEvent, LoginWay, Mail, Proof, ProofKind, User
from backoffice.web.devices import device_of, network_of
from forms.accounts import passwords
from tests.support import factories as make
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.accounts import logins, magic_links

NEW = "quatre chevaux verts"


def connected(visitor):
    return visitor.get("/avis/").status_code == 200


def link_to(office, address, path="/mot-de-passe/"):
    """The link of the last message sent to this address."""
    message = [one for one in office.messages if one["To"] == address][-1]
    return re.search(rf"{path}\S+", message.get_body(("plain",)).get_content())[0]


def subjects(office, address):
    return [one["Subject"] for one in office.messages if one["To"] == address]


def forget(visitor, email):
    visitor.see("/mot-de-passe-oublie")
    return visitor.post("/mot-de-passe-oublie", {"courriel": email})


def choose(visitor, path, new=NEW, again=None):
    visitor.see("/connexion")
    return visitor.post(path, {"nouveau": new, "encore": new if again is None else again})


def together(*actions):
    """Does all at once; their answers' codes, sorted."""
    start = threading.Barrier(len(actions))

    def run(action):
        start.wait()
        return action().status_code

    db.session.remove()
    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(pool.map(run, actions))


# --- What a password must be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "trop court"),
        ("onze signes", "trop court"),
        ("a" * 201, "trop long"),
        ("aaaaaaaaaaaaaaaa", "premiers que l’on essaie"),
        ("123456789012", "premiers que l’on essaie"),
        ("Motdepasse2026!", "premiers que l’on essaie"),
        ("azertyuiop123", "premiers que l’on essaie"),
        ("BonjourRelais!!", "premiers que l’on essaie"),
        ("nadia.exemple@exemple.fr", "presque votre adresse"),
        ("Nadia.Exemple2026", "presque votre adresse"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(text, why):
    with pytest.raises(ValueError, match=why):
        passwords.password(text, "nadia.exemple@exemple.fr")


@pytest.mark.parametrize(
    "text", [NEW, make.PASSWORD, "пароль для марины", "bonjour les hirondelles", "\x00 mot étrange 日本"]
)
def test_a_phrase_of_ones_own_is_accepted(text):
    assert passwords.password(text, "nadia.exemple@exemple.fr") == text


# --- A forgotten password ----------------------------------------------------------------------------


def test_a_forgotten_password_is_chosen_anew_by_a_link_and_closes_everything(app, nadia, office):
    here, visitor, email = Visitor(app, nadia), Visitor(app), nadia.email
    answer = forget(visitor, "  Nadia.Exemple@Exemple.FR ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lien-envoye")
    path = link_to(office, email)
    token = path.removeprefix("/mot-de-passe/")
    assert db.session.scalars(select(Proof.token_hash)).all() == [token_hash(token)]
    assert token not in db.session.scalars(select(Mail)).one().text
    weak = choose(visitor, path, "court")
    assert weak.status_code == 422
    assert 'aria-describedby="nouveau-aide nouveau-erreur"' in weak.text
    assert choose(visitor, path, again="autre chose").status_code == 422
    assert choose(visitor, path).headers["Location"] == "/connexion"
    assert not connected(here)
    assert visitor.login(email).status_code == 401
    assert visitor.login(email, NEW).status_code == 303
    assert subjects(office, email)[-1] == "Votre mot de passe Relais a changé"


def test_an_unknown_address_gets_the_same_answer_and_is_told_so_by_e_mail(app, nadia, office):
    make.user("Ines Inactive", active=False)
    make.user("Demo Publique", demonstration=True)
    db.session.commit()
    answers = set()
    for email in (nadia.email, "personne@exemple.fr", "ines.inactive@exemple.fr", "demo.publique@exemple.fr"):
        answer = forget(Visitor(app), email)
        answers.add((answer.status_code, answer.headers["Location"], answer.text))
    assert len(answers) == 1
    told = {message["To"]: message["Subject"] for message in office.messages}
    unknown = "Cette adresse n’a pas de compte Relais"
    assert told.pop(nadia.email) == "Choisissez un nouveau mot de passe"
    assert told == {"personne@exemple.fr": unknown, "ines.inactive@exemple.fr": unknown}
    for wrong in ("", "nadia", "a\x00@exemple.fr", "a" * 300):
        assert forget(Visitor(app), wrong).status_code == 422


def test_a_link_that_is_used_too_old_or_forged_changes_nothing(app, nadia, office, visitor):
    forget(visitor, nadia.email)
    used = link_to(office, nadia.email)
    assert choose(visitor, used).status_code == 303
    forget(visitor, nadia.email)
    old = link_to(office, nadia.email)
    db.session.execute(update(Proof).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    for path, status, words in (
        (used, 200, "plus valable"),
        (old, 200, "plus valable"),
        ("/mot-de-passe/x", 404, "pas connu"),
    ):
        assert words in visitor.get(path).text
        answer = choose(visitor, path, "une autre phrase encore")
        assert (answer.status_code, words in answer.text) == (status, True)
    assert Visitor(app).login(nadia.email, NEW).status_code == 303


@pytest.mark.committed
def test_a_link_lives_one_hour_and_serves_one_of_two_at_once(app, nadia, office):
    email = nadia.email
    forget(Visitor(app), email)
    proof = db.session.scalars(select(Proof)).one()
    assert proof.expires_at - proof.created_at == timedelta(hours=1)
    path = link_to(office, email)
    people = [Visitor(app), Visitor(app)]
    for one in people:
        one.see("/connexion")
    fields = {"nouveau": NEW, "encore": NEW}
    assert together(*(lambda one=one: one.post(path, fields) for one in people)) == [200, 303]


def test_a_link_of_another_kind_does_not_choose_a_password(app, nadia, office, visitor):
    there = Visitor(app, nadia)
    there.post("/compte/adresse", {"courriel": "nadia@ailleurs.example", "actuel": make.PASSWORD})
    token = link_to(office, "nadia@ailleurs.example", "/adresse/").removeprefix("/adresse/")
    assert choose(visitor, f"/mot-de-passe/{token}").status_code == 404


# --- Links instead of passwords: for structures only --------------------------------------------------


def test_who_owes_a_second_factor_is_sent_a_link_for_a_password_not_one_that_lets_in(app, office, visitor):
    marc = make.moderator()
    visitor.see("/connexion/lien")
    assert visitor.post("/connexion/lien", {"courriel": marc.email}).headers["Location"] == "/lien-envoye"
    assert link_to(office, marc.email).startswith("/mot-de-passe/")
    assert db.session.scalars(select(Link)).all() == []


def test_a_link_received_before_becoming_moderator_lets_nobody_in(app, office, nadia, visitor):
    with atomic() as session:
        magic_links.ask_to_log_in(session, nadia.email)
    nadia.administrator = True
    db.session.commit()
    path = link_to(office, nadia.email, "/lien/")
    visitor.see(path)
    visitor.post(path)
    assert not connected(visitor)


def test_a_link_then_the_code_for_a_structure_that_chose_a_second_factor(app, office, nadia, visitor):
    make.enrol(nadia)
    with atomic() as session:
        magic_links.ask_to_log_in(session, nadia.email, "/fiches/nouvelle")
    path = link_to(office, nadia.email, "/lien/")
    visitor.see(path)
    page = visitor.remember(visitor.post(path))
    assert "Donnez votre code" in page.text
    assert not connected(visitor)
    answer = visitor.post("/connexion/code", {"code": make.next_code(nadia.email), "next": "/fiches/nouvelle"})
    assert answer.headers["Location"] == "/fiches/nouvelle"
    assert connected(visitor)


def test_an_account_without_password_chooses_one_by_a_link(app, nadia, office):
    nadia.password_hash = ""
    db.session.commit()
    visitor = Visitor(app, nadia)
    assert "sans mot de passe" in visitor.get("/compte/mot-de-passe").text
    visitor.post("/compte/mot-de-passe/lien")
    assert choose(Visitor(app), link_to(office, nadia.email)).status_code == 303
    assert Visitor(app).login(nadia.email, NEW).status_code == 303


# --- Another password --------------------------------------------------------------------------------


def test_another_password_asks_for_the_present_one_and_closes_the_others(app, nadia, office):
    here, elsewhere = Visitor(app, nadia), Visitor(app, nadia)
    with atomic() as session:
        magic_links.ask_to_log_in(session, nadia.email)
    link = link_to(office, nadia.email, "/lien/")
    fields = {"actuel": make.PASSWORD, "nouveau": NEW, "encore": NEW}
    for changed, field in (
        ({"actuel": "faux"}, "actuel"),
        ({"nouveau": "court"}, "nouveau"),
        ({"encore": ""}, "encore"),
    ):
        answer = here.post("/compte/mot-de-passe", fields | changed)
        assert answer.status_code == 422
        assert f'id="{field}-erreur"' in answer.text
    assert here.post("/compte/mot-de-passe", fields).headers["Location"] == "/compte/"
    assert connected(here)
    assert not connected(elsewhere)
    stranger = Visitor(app)
    stranger.see(link)
    stranger.post(link)
    assert not connected(stranger), "les liens d’avant ne valent plus rien"
    assert Visitor(app).login(nadia.email, NEW).status_code == 303


def test_guessing_the_present_password_is_slowed_down(app, nadia):
    visitor = Visitor(app, nadia)
    codes = [visitor.post("/compte/mot-de-passe", {"actuel": "faux"}).status_code for _ in range(9)]
    assert codes == [422] * 8 + [429]
    assert visitor.post("/compte/adresse", {"actuel": "faux"}).status_code == 429


def test_a_demonstration_account_belongs_to_everybody(app, nadia):
    nadia.demonstration = True
    db.session.commit()
    visitor = Visitor(app, nadia)
    fields = {"actuel": make.PASSWORD, "nouveau": NEW, "encore": NEW}
    for path, sent in (
        ("/compte/mot-de-passe", fields),
        ("/compte/mot-de-passe/lien", {}),
        ("/compte/adresse", {"courriel": "a@exemple.fr", "actuel": make.PASSWORD}),
    ):
        assert visitor.post(path, sent).status_code == 303
        assert "à tout le monde" in visitor.get("/compte/").text
    assert db.session.scalars(select(Proof)).all() == []
    assert Visitor(app).login(nadia.email).status_code == 303


# --- Another address ---------------------------------------------------------------------------------

OTHER = "nadia@ailleurs.example"


def ask_address(visitor, email=OTHER, password=make.PASSWORD):
    return visitor.post("/compte/adresse", {"courriel": email, "actuel": password})


def follow(path, app):
    visitor = Visitor(app)
    visitor.see("/connexion")
    return visitor.post(path)


def email_of(user_id):
    db.session.rollback()
    return db.session.scalar(select(User.email).where(User.id == user_id))


def test_an_address_changes_when_the_new_one_confirms_and_the_old_one_may_undo(app, nadia, office):
    visitor, old, number = Visitor(app, nadia), nadia.email, nadia.id
    for email, field in (("nadia@", "courriel"), (old.upper(), "courriel"), ("", "courriel")):
        answer = ask_address(visitor, email)
        assert answer.status_code == 422
        assert f'id="{field}-erreur"' in answer.text
    assert 'id="actuel-erreur"' in ask_address(visitor, password="faux").text
    assert ask_address(visitor, f" {OTHER.upper()} ").status_code == 303
    confirm = link_to(office, OTHER, "/adresse/")
    visitor.get(confirm)
    assert email_of(number) == old, "ouvrir la page ne confirme rien"
    forget(Visitor(app), old)
    reset = link_to(office, old)
    assert follow(confirm, app).status_code == 303
    assert email_of(number) == OTHER
    assert choose(Visitor(app), reset).status_code == 200, "un lien parti à l’ancienne adresse ne vaut plus rien"
    assert connected(visitor)
    assert Visitor(app).login(old).status_code == 401
    undo = link_to(office, old, "/adresse/")
    proof = db.session.scalars(select(Proof).where(Proof.kind == ProofKind.RETOUR)).one()
    assert proof.expires_at - proof.created_at == timedelta(days=7)
    assert OTHER in [one for one in office.messages if one["To"] == old][-1].get_body(("plain",)).get_content()
    assert follow(undo, app).headers["Location"] == "/mot-de-passe-oublie"
    assert email_of(number) == old
    assert not connected(visitor)
    for path in (confirm, undo):
        assert "plus valable" in follow(path, app).text
    assert email_of(number) == old


def test_undoing_the_first_of_two_changes_undoes_both(app, nadia, office):
    number, first = nadia.id, nadia.email
    visitor = Visitor(app, nadia)
    for email in (OTHER, "nadia@voleur.example"):
        ask_address(visitor, email)
        assert follow(link_to(office, email, "/adresse/"), app).status_code == 303
    assert follow(link_to(office, first, "/adresse/"), app).status_code == 303
    assert email_of(number) == first
    assert follow(link_to(office, OTHER, "/adresse/"), app).status_code == 200
    assert email_of(number) == first


def test_an_address_that_has_an_account_is_told_nothing_and_asked_again_it_replaces_the_first_link(app, nadia, office):
    olga = make.provider("Olga Voisine")
    visitor, number = Visitor(app, nadia), nadia.id
    answer = ask_address(visitor, olga.email)
    assert answer.status_code == 303
    assert office.messages == []
    ask_address(visitor, OTHER)
    first = link_to(office, OTHER, "/adresse/")
    ask_address(visitor, OTHER)
    assert follow(first, app).status_code == 200
    assert email_of(number) != OTHER
    olga.email = OTHER
    db.session.commit()
    refused = follow(link_to(office, OTHER, "/adresse/"), app)
    assert refused.status_code == 409
    assert "rien n’a été changé" in refused.text
    assert db.session.scalars(select(Proof).where(Proof.kind == ProofKind.RETOUR)).all() == []


@pytest.mark.committed
def test_of_two_accounts_that_take_one_address_at_once_exactly_one_has_it(app, nadia, office):
    olga = make.provider("Olga Voisine")
    numbers, before = (nadia.id, olga.id), (nadia.email, olga.email)
    paths = []
    for person in (nadia, olga):
        ask_address(Visitor(app, person))
        paths.append(link_to(office, OTHER, "/adresse/"))
    people = [Visitor(app), Visitor(app)]
    for one in people:
        one.see("/connexion")
    both = zip(people, paths, strict=True)
    assert together(*(lambda one=one, path=path: one.post(path) for one, path in both)) == [303, 409]
    addresses = {email_of(number) for number in numbers}
    assert OTHER in addresses
    assert len(addresses & set(before)) == 1


# --- Open connections, log ---------------------------------------------------------------------------

PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"


def test_one_sees_ones_connections_and_closes_them(app, nadia):
    olga = make.provider("Olga Voisine")
    here, phone, third, other = (Visitor(app, person) for person in (nadia, nadia, nadia, olga))
    db.session.execute(update(Login).where(Login.user_id == olga.id).values(device="Chez Olga"))
    db.session.commit()
    page = here.get("/compte/connexions").text
    assert page.count("Fermer<span") == 2
    assert page.count("(celle-ci)") == 1
    assert "Chez Olga" not in page
    closed = re.findall(r'name="connexion" value="(\w{64})"', page)
    assert here.post("/compte/connexions/fermer", {"connexion": closed[0]}).status_code == 303
    assert [connected(one) for one in (here, phone, third)].count(True) == 2
    theirs = db.session.scalars(select(Login.token_hash).where(Login.user_id == olga.id)).one()
    for wrong in (closed[0], theirs, "", "\x00", "x" * 500):
        assert here.post("/compte/connexions/fermer", {"connexion": wrong}).status_code == 404
    here.post("/compte/connexions/fermer-les-autres")
    assert [connected(one) for one in (here, phone, third, other)] == [True, False, False, True]


def test_the_log_says_when_how_and_coarsely_from_where(app, nadia):
    visitor = Visitor(app)
    around = {"User-Agent": PHONE}
    visitor.client.environ_base |= {"HTTP_USER_AGENT": PHONE, "REMOTE_ADDR": "192.0.2.77"}
    visitor.login(nadia.email, "faux")
    visitor.login("personne@exemple.fr")
    visitor.login(nadia.email)
    rows = db.session.scalars(select(LoginEvent).order_by(LoginEvent.id)).all()
    assert [(row.user_id, row.way, row.success) for row in rows] == [
        (nadia.id, LoginWay.MOT_DE_PASSE, False),
        (None, LoginWay.MOT_DE_PASSE, False),
        (nadia.id, LoginWay.MOT_DE_PASSE, True),
    ]
    assert {(row.device, row.network) for row in rows} == {("Chrome sur Android", "192.0.2.0/24")}
    page = visitor.client.get("/compte/connexions", headers=around).text
    assert "Mot de passe : refusé" in page
    assert page.count("192.0.2.0/24") == 2
    assert "192.0.2.77" not in page
    admin = Visitor(app, make.administrator())
    assert "adresse sans compte" in admin.get("/administration/connexions/").text
    mine = admin.get("/administration/connexions/?q=NADIA").text
    assert "Nadia Exemple" in mine
    assert "adresse sans compte" not in mine
    for query in ("q=%00", "q=%25", "avant=abc", "avant=99999999999999999999"):
        assert admin.get(f"/administration/connexions/?{query}").status_code == 200


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (PHONE, "Chrome sur Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox sur Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            "Safari sur Mac",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge sur Windows"),
        ("<script>", "Navigateur inconnu"),
        ("", "Navigateur inconnu"),
    ],
)
def test_a_device_is_said_coarsely(agent, device):
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("pas une adresse", ""),
        (None, ""),
    ],
)
def test_only_the_beginning_of_an_address_is_kept(address, network):
    assert network_of(address) == network


@pytest.mark.committed
def test_being_seen_is_written_at_most_every_few_minutes_and_waits_for_nobody(app, nadia):
    visitor, written = Visitor(app, nadia), []

    def keep(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE login"):
            written.append(statement)

    def age():
        old = now() - logins.SEEN_EVERY - timedelta(seconds=1)
        db.session.execute(update(Login).values(opened_at=old, seen_at=old))
        db.session.commit()
        return old

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        visitor.get("/fiches/")
        assert written == []
        old = age()
        written.clear()
        visitor.get("/fiches/")
        visitor.get("/fiches/")
        assert len(written) == 1
        db.session.rollback()
        assert db.session.scalars(select(Login.seen_at)).one() > old
        age()
        with db.engine.begin() as busy:  # somebody writes meanwhile; on PostgreSQL, another row
            busy.execute(update(User).values(name="Nadia Occupée"))
            assert visitor.get("/fiches/").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)


def test_a_long_log_costs_no_more_queries_and_is_read_page_by_page(app, nadia):
    mine, admin = Visitor(app, nadia), Visitor(app, make.administrator())
    pages = ((mine, "/compte/connexions"), (admin, "/administration/connexions/"))
    few = [queries_of(visitor, path) for visitor, path in pages]
    olga = make.provider("Olga Voisine")
    with atomic() as session:
        for rank in range(60):
            logins.refuse(session, (nadia, olga)[rank % 2], LoginWay.MOT_DE_PASSE, logins.Place("Essai", f"N{rank:02}"))
            logins.come_in(session, nadia, LoginWay.LIEN, logins.Place("Essai"))
    assert [queries_of(visitor, path) for visitor, path in pages] == few
    seen, path = [], "/administration/connexions/?q=nadia"
    while path:
        page = admin.get(path).text
        seen += re.findall(r"réseau (N\d\d)", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"N{rank:02}" for rank in range(58, -1, -2)]


def test_the_page_of_ones_account_gathers_them(app, nadia):
    page = Visitor(app, nadia).get("/compte/").text
    for path in ("mot-de-passe", "second-facteur", "adresse", "connexions"):
        assert f'href="/compte/{path}"' in page
    assert 'href="/compte/"' in Visitor(app, nadia).get("/fiches/").text


def test_an_administrator_takes_off_the_second_factor_of_who_lost_their_telephone(app, office):
    marc, alma = make.moderator(), make.administrator()
    his, hers = Visitor(app, marc), Visitor(app, alma)
    path = f"/administration/connexions/{marc.id}"
    assert "Retirer son second facteur" in hers.get(path).text
    assert "Retirer son second facteur" not in hers.get(f"/administration/connexions/{alma.id}").text
    assert hers.post(f"{path}/second-facteur/retirer").headers["Location"] == path
    assert not connected(his)
    assert subjects(office, marc.email) == ["Le second facteur de votre compte Relais est retiré"]
    hers.post(f"/administration/connexions/{alma.id}/second-facteur/retirer")
    assert connected(hers)
    limiter.reset()
    again = Visitor(app)
    again.login(marc.email)
    assert again.get("/moderation/").headers["Location"] == "/compte/second-facteur"
