"""Without account and without password: the links sent by e-mail, and what they do not tell."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from backoffice.core.clock import now
from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import token_hash
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, JoinRequest, Link, Mail, Organisme, RevisionState, User
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.fiches import operations
from workflows.fiches.engine import apply

ASKED = {
    "nom": "Awa Exemple",
    "courriel": "awa@tilleuls.example",
    "structure": "Les amis des Tilleuls",
    "code_postal": "14000",
}


def ask(visitor, **changed):
    visitor.see("/fiche-asl")
    return visitor.post("/fiche-asl", {**ASKED, **changed})


def link_in(message):
    found = re.search(r"/lien/\S+", message.get_body(("plain",)).get_content())
    assert found, message.get_body(("plain",)).get_content()
    return found[0]


def follow(visitor, path):
    visitor.see(path)
    return visitor.post(path)


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def test_from_the_public_page_to_the_first_step(visitor, office):
    answer = ask(visitor)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lien-envoye")
    assert (count(User), count(Organisme), count(Fiche)) == (0, 0, 0), "rien avant la confirmation"
    path = link_in(office.messages[0])
    visitor.get(path)
    assert count(User) == 0, "ouvrir la page ne confirme rien : un antivirus l’ouvre aussi"
    followed = follow(visitor, path)
    fiche = db.session.scalars(select(Fiche)).one()
    assert followed.headers["Location"] == f"/fiches/{fiche.id}/saisie/structure"
    assert fiche.organisme.nom == "Les amis des Tilleuls"
    assert fiche.territoire.slug == "normandie"
    assert visitor.get(followed.headers["Location"]).status_code == 200


def test_the_same_link_resumes_the_same_fiche_from_anywhere(app, visitor, office):
    ask(visitor)
    path = link_in(office.messages[0])
    first = follow(visitor, path).headers["Location"]
    assert follow(Visitor(app), path).headers["Location"] == first
    assert (count(User), count(Organisme), count(Fiche)) == (1, 1, 1)


def test_the_messages_that_follow_let_in_by_themselves(app, visitor, office):
    ask(visitor)
    follow(visitor, link_in(office.messages[0]))
    user = db.session.scalars(select(User)).one()
    moderator = make.moderator()
    fiche = db.session.scalars(select(Fiche)).one()
    operations.save_draft(db.session(), fiche.latest, make.complete_content(), {}, user)
    db.session.commit()
    make.step(fiche, "soumettre", user)
    make.step(fiche, "prendre", moderator)
    with atomic() as session:
        apply(
            session,
            "renvoyer",
            fiche_id=fiche.id,
            revision_id=fiche.latest.id,
            actor=moderator,
            comment="Précisez l’étage.",
        )
    later = Visitor(app)
    page = follow(later, link_in(office.messages[-1])).headers["Location"]
    assert page == f"/fiches/{fiche.id}"
    assert "Précisez l’étage." in later.get(page).text


def test_the_base_keeps_no_link_that_opens_once_it_is_sent(visitor, office):
    ask(visitor)
    token = link_in(office.messages[0]).removeprefix("/lien/")
    db.session.rollback()
    kept = db.session.scalars(select(Mail)).one()
    assert token not in kept.text + kept.html + kept.subject
    assert db.session.scalars(select(Link.token_hash)).all() == [token_hash(token)]


@pytest.mark.parametrize("known", [True, False])
def test_the_answer_never_tells_who_has_an_account(visitor, office, known):
    if known:
        make.provider()
    visitor.see("/connexion/lien")
    answer = visitor.post("/connexion/lien", {"courriel": "nadia.exemple@exemple.fr"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lien-envoye")
    assert len(office.messages) == 1
    ask(visitor, courriel="nadia.exemple@exemple.fr")
    assert len(office.messages) == 2
    assert ("sans mot de passe" in office.messages[-1].get_body(("plain",)).get_content()) == known


def test_a_login_link_serves_once_and_not_for_long(app, visitor, office):
    provider = make.provider()
    fiche = make.draft(provider)
    visitor.see("/connexion/lien")
    visitor.post("/connexion/lien", {"courriel": provider.email, "next": f"/fiches/{fiche.id}"})
    path = link_in(office.messages[0])
    assert follow(visitor, path).headers["Location"] == f"/fiches/{fiche.id}"
    second = follow(Visitor(app), path)
    assert second.status_code == 200
    assert "n’est plus valable" in second.text
    visitor.see("/connexion/lien")
    visitor.post("/connexion/lien", {"courriel": provider.email})
    late = link_in(office.messages[1])
    db.session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    stranger = Visitor(app)
    assert "n’est plus valable" in follow(stranger, late).text
    assert stranger.get("/fiches/").status_code == 303


def test_an_old_link_is_renewed_by_mail_and_never_on_the_spot(app, visitor, office):
    ask(visitor)
    path = link_in(office.messages[0])
    follow(visitor, path)
    db.session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    stranger = Visitor(app)
    page = stranger.see(path).text
    assert "awa" not in page.lower()
    assert "Tilleuls" not in page
    assert stranger.post(f"{path}/renouveler").headers["Location"] == "/lien-envoye"
    assert stranger.get("/fiches/").status_code == 303
    assert office.messages[-1]["To"] == ASKED["courriel"]
    fiche = db.session.scalars(select(Fiche)).one()
    again = follow(stranger, link_in(office.messages[-1]))
    assert again.headers["Location"] == f"/fiches/{fiche.id}/saisie/structure"


def test_a_deactivated_account_is_not_let_in(app, visitor, office):
    ask(visitor)
    path = link_in(office.messages[0])
    follow(visitor, path)
    db.session.execute(update(User).values(active=False))
    db.session.commit()
    stranger = Visitor(app)
    follow(stranger, path)
    assert stranger.get("/fiches/").status_code == 303


def test_an_account_without_password_has_none_that_is_right(app, visitor, office):
    ask(visitor)
    follow(visitor, link_in(office.messages[0]))
    stranger = Visitor(app)
    for password in ("", " ", "\x00"):
        assert stranger.login(ASKED["courriel"], password).status_code == 401


def test_a_robot_gets_the_same_answer_and_nothing_else(visitor, office):
    answer = ask(visitor, site_internet="https://exemple.fr")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lien-envoye")
    assert office.messages == []
    assert count(Link) == 0


def test_too_many_requests_for_one_address_are_slowed_down(visitor, office):
    codes = [ask(visitor).status_code for _ in range(4)]
    limiter.reset()
    assert codes == [303, 303, 303, 429]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("nom", ""),
        ("nom", "x" * 101),
        ("courriel", "awa@"),
        ("courriel", ""),
        ("courriel", "a\x00@exemple.fr"),
        ("structure", "   "),
        ("code_postal", "99999"),
        ("code_postal", "quatorze"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_is_kept(visitor, office, field, text):
    answer = ask(visitor, **{field: text})
    assert answer.status_code == 422
    assert f'id="{field}-erreur"' in answer.text
    for name, typed in ASKED.items():
        if name != field:
            assert f'value="{typed}"' in answer.text
    assert count(Link) == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("97133", "Aucun Carif-Oref ne reçoit de fiches dans Relais pour Saint-Barthélemy"),
        ("98600", "dans Relais pour Uvea"),
        ("98701", "dans Relais pour Arue"),
        ("98730", "dans Relais pour Bora-Bora"),
        ("14050", "c’est peut-être celui d’un CEDEX"),
        ("99999", "Aucune commune n’a le code postal 99999. Vérifiez-le."),
        ("quatorze", "n’est pas un code postal"),
        ("", "Écrivez le code postal"),
    ],
)
def test_a_place_where_nobody_receives_fiches_is_told_so(visitor, office, code, words):
    answer = ask(visitor, code_postal=code)
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)


def test_a_likely_typing_error_is_asked_once_with_a_suggestion(visitor, office):
    answer = ask(visitor, courriel="awa@gmial.com")
    assert answer.status_code == 422
    assert "Vouliez-vous écrire awa@gmail.com" in html.unescape(answer.text)
    assert 'name="courriel-vu" value="awa@gmial.com"' in answer.text
    assert ask(visitor, courriel="awa@gmali.com", **{"courriel-vu": "awa@gmial.com"}).status_code == 422
    assert ask(visitor, courriel="awa@gmial.com", **{"courriel-vu": "awa@gmial.com"}).status_code == 303
    assert "awa@gmial.com" in office.messages[0]["To"]


@pytest.mark.parametrize("token", ["inconnu", "a" * 5000, "%00", "😀"])
def test_an_unknown_link_says_so(visitor, token):
    assert visitor.get(f"/lien/{token}").status_code == 404
    visitor.see("/connexion")
    assert visitor.post(f"/lien/{token}").status_code == 404
    assert visitor.post(f"/lien/{token}/renouveler").status_code == 404


def test_somebody_who_asked_twice_has_one_account(app, visitor, office):
    ask(visitor)
    ask(visitor)
    assert len(office.messages) == 2
    for message in office.messages:
        follow(Visitor(app), link_in(message))
    assert (count(User), count(Organisme), count(Fiche)) == (1, 1, 1)


def test_a_notice_to_somebody_with_a_password_carries_no_link_that_lets_in(app, office):
    provider = make.provider()
    make.fiche_in(RevisionState.A_CORRIGER, provider, make.moderator())
    assert count(Link) == 0


# --- A structure that exists already ----------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Les Mots partagés", "LES MOTS PARTAGES", "Association « Mots partagés »"])
def test_c17_the_public_door_proposes_the_structure_that_exists(visitor, office, typed):
    known = make.organisme("Les Mots partagés")
    make.organisme("Boulangerie du port")
    db.session.commit()
    ask(visitor, structure=typed)
    path = link_in(office.messages[0])
    page = visitor.see(path).text
    assert "existe peut-être déjà" in page
    assert "Les Mots partagés" in page
    assert "Boulangerie" not in page
    unsaid = visitor.post(path)
    assert unsaid.status_code == 422
    assert "l’une de celles-ci" in unsaid.text
    assert (count(User), count(Organisme)) == (0, 2), "rien avant le choix"
    followed = visitor.post(path, {"structure": str(known.id)})
    assert followed.headers["Location"] == "/mes-structures/"
    assert (count(User), count(Organisme), count(Fiche)) == (1, 2, 0)
    (request,) = db.session.scalars(select(JoinRequest)).all()
    assert (request.organisme_id, request.user.email) == (known.id, ASKED["courriel"])
    assert "Les Mots partagés" in visitor.get("/mes-structures/").text


def test_c17_the_person_may_say_that_it_is_another_structure(app, visitor, office):
    make.organisme("Les Mots partagés")
    db.session.commit()
    ask(visitor, structure="Les Mots partagés")
    path = link_in(office.messages[0])
    visitor.see(path)
    followed = visitor.post(path, {"structure": "nouvelle"})
    assert followed.headers["Location"].endswith("/saisie/structure")
    assert (count(Organisme), count(Fiche)) == (2, 1)
    assert follow(Visitor(app), path).headers["Location"] == followed.headers["Location"], "le lien ne redemande rien"


def test_c17_no_other_structure_than_those_shown_can_be_joined_by_the_link(visitor, office):
    make.organisme("Les Mots partagés")
    far = make.organisme("Boulangerie du port")
    db.session.commit()
    ask(visitor, structure="Les Mots partagés")
    path = link_in(office.messages[0])
    visitor.see(path)
    assert visitor.post(path, {"structure": str(far.id)}).status_code == 422
    assert count(User) == 0
