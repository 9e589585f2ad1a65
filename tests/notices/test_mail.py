"""E-mails: written with what they tell, sent once, never silently lost. On a real SMTP server."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db, post
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Mail, MailState, Mute, Notification, RevisionState
from tests.support import factories as make
from tests.support.post_office import open_office
from workflows.fiches.engine import apply
from workflows.fiches.transitions import TRANSITIONS
from workflows.notices import mail
from workflows.notices.audiences import Addressee, Told
from workflows.notices.declared import NOTICES
from workflows.notices.letters import FOLDER, page_of, write
from workflows.notices.outbox import tell


@pytest.fixture
def taken(app):
    """A fiche that a moderator has taken, with two people in its structure."""
    structure = make.organisme()
    provider, colleague = make.provider("Nadia Exemple", structure), make.provider("Noé Exemple", structure)
    moderator = make.moderator()
    return (
        make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator),
        moderator,
        {provider.email, colleague.email},
    )


def decide(taken, name="renvoyer", comment="Précisez l’adresse.\nEt l’étage."):
    fiche, moderator, _ = taken
    with atomic() as session:
        apply(session, name, fiche_id=fiche.id, revision_id=fiche.latest.id, actor=moderator, comment=comment)


def mails():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Mail).order_by(Mail.id)).all()


def states():
    return [row.state for row in mails()]


def test_a_decision_tells_each_person_of_the_structure_once(office, taken):
    decide(taken)
    assert {message["To"] for message in office.messages} == taken[2]
    assert states() == [MailState.ENVOYE] * 2
    lines = db.session.scalars(select(Notification)).all()
    assert {line.notice for line in lines} == {"fiche_renvoyee"}
    assert len(lines) == 2


def test_the_words_that_the_moderator_wrote_are_in_both_forms_of_the_message(office, taken):
    decide(taken, comment="Précisez <l’adresse> & l’étage.\nMerci.")
    plain = office.messages[0].get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = office.messages[0].get_body(("html",)).get_content()
    assert "> Précisez <l’adresse> & l’étage.\n> Merci." in plain
    assert "Précisez &lt;l’adresse&gt; &amp; l’étage.<br>Merci." in html
    page = f"{post.site}/fiches/{taken[0].id}"
    assert page in plain
    assert f'href="{page}"' in html
    assert office.messages[0]["Auto-Submitted"] == "auto-generated"


def test_who_did_it_is_not_told(office, app):
    fiche = make.draft(make.provider())
    actor = fiche.organisme_id and make.provider("Zoé Exemple", fiche.organisme)
    with atomic() as session:
        tell(session, "fiche_validee", key="1", actor=actor, fiche=fiche)
    assert [message["To"] for message in office.messages] == ["nadia.exemple@exemple.fr"]


def test_the_same_event_is_written_once(office, app):
    fiche = make.draft(make.provider())
    for _ in range(3):
        with atomic() as session:
            tell(session, "fiche_validee", key="le même", fiche=fiche)
    assert len(office.messages) == 1
    assert len(mails()) == 1
    assert db.session.query(Notification).count() == 1


def test_what_is_undone_tells_nobody(office, taken):
    def stumble():
        with atomic() as session:
            apply(
                session,
                "valider",
                fiche_id=taken[0].id,
                revision_id=taken[0].latest.id,
                actor=taken[1],
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert mails() == []
    assert office.messages == []


def test_who_muted_a_notice_still_finds_it_in_their_list(office, app):
    provider = make.provider()
    fiche = make.draft(provider)
    with atomic() as session:
        session.add_all(Mute(user_id=provider.id, notice=name) for name in ("fiche_validee", "fiche_refusee"))
    with atomic() as session:
        tell(session, "fiche_validee", key="1", fiche=fiche)
        tell(session, "fiche_refusee", key="1", fiche=fiche, facts={"motif": "Hors du champ."})
    assert [row.notice for row in mails()] == ["fiche_refusee"]  # obligatory: not to be muted
    assert db.session.query(Notification).count() == 2


def test_without_server_the_messages_wait_and_leave_once_there_is_one(app, taken):
    decide(taken)
    mail.sweep()
    assert states() == [MailState.A_ENVOYER] * 2
    with open_office() as office:
        mail.sweep()
        mail.sweep()
        assert len(office.messages) == 2
    assert states() == [MailState.ENVOYE] * 2


def test_a_server_that_is_away_is_asked_again_later(app, taken):
    post.server = "smtp://127.0.0.1:1"
    try:
        decide(taken)
    finally:
        post.server = ""
    first = mails()[0]
    assert (first.state, first.attempts) == (MailState.A_ENVOYER, 1)
    assert "ne répond pas" in first.error
    assert first.next_at > now()
    with open_office() as office:
        mail.sweep()
        assert office.messages == []  # not yet
        with clock_at(now() + timedelta(minutes=2)):
            mail.sweep()
        assert len(office.messages) == 2


@pytest.mark.parametrize("moment", ["rcpt", "data"])
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_shown(office, taken, moment):
    office.answers = {moment: "451 plus tard"}
    decide(taken)
    assert states() == [MailState.A_ENVOYER] * 2
    assert "451 plus tard" in mails()[0].error
    office.answers = {moment: "550 personne ici"}
    with clock_at(now() + timedelta(minutes=2)):
        mail.sweep()
    assert states() == [MailState.REFUSE] * 2
    assert "550 personne ici" in mails()[0].error
    assert office.messages == []


def test_after_the_last_attempt_the_message_is_refused(office, taken):
    office.answers = {"rcpt": "451 plus tard"}
    decide(taken)
    for _ in mail.DELAYS:
        with atomic() as session:
            session.execute(update(Mail).values(next_at=now()))
        mail.sweep()
    assert states() == [MailState.REFUSE] * 2
    assert {row.attempts for row in mails()} == {len(mail.DELAYS) + 1}


def test_one_refused_address_does_not_hold_back_the_others(office, taken):
    office.unknown = {"nadia.exemple@exemple.fr"}
    decide(taken)
    assert len(office.messages) == 1
    assert states() == [MailState.REFUSE, MailState.ENVOYE]


def write_to(*addresses: str) -> None:
    """One e-mail to each, waiting."""
    with atomic() as session:
        to = [Addressee(address, "Une Personne") for address in addresses]
        tell(session, "lien_connexion", key="essai", to=to, facts={"jeton": "jeton"})


def test_an_address_that_cuts_the_connection_costs_the_others_nothing(app, office):
    office.hung_up = {"coupe@exemple.fr"}
    write_to("avant@exemple.fr", "coupe@exemple.fr", "apres@exemple.fr", "encore@exemple.fr")
    told = {row.address: (row.state, row.attempts) for row in mails()}
    assert told.pop("coupe@exemple.fr") == (MailState.A_ENVOYER, 1)
    assert set(told.values()) == {(MailState.ENVOYE, 1)}


def test_a_server_that_cuts_every_connection_is_down(app, office):
    addresses = [f"personne{rank}@exemple.fr" for rank in range(8)]
    office.hung_up = set(addresses)
    write_to(*addresses)
    assert states() == [MailState.A_ENVOYER] * 8
    assert {row.attempts for row in mails()} == {1}


def test_accents_that_the_server_does_not_take_are_that_address_s_alone(app):
    with open_office(accents=False) as office:
        write_to("avant@exemple.fr", "hélène@exemple.fr", "accueil@été.exemple", "apres@exemple.fr")
        told = {row.address: row.state for row in mails()}
    assert told.pop("hélène@exemple.fr") == MailState.REFUSE
    assert set(told.values()) == {MailState.ENVOYE}
    assert len(office.messages) == 3


def test_an_address_that_no_header_can_hold_is_refused_alone(app, office):
    with atomic() as session:
        tell(session, "lien_connexion", key="a", to=[Addressee("a@exemple.fr")], facts={"jeton": "jeton"})
        session.execute(update(Mail).values(address="a\nBcc: b@exemple.fr"))
        tell(session, "lien_connexion", key="b", to=[Addressee("b@exemple.fr")], facts={"jeton": "jeton"})
    assert states() == [MailState.REFUSE, MailState.ENVOYE]


def test_a_server_that_never_answers_leaves_a_visible_doubt_and_sends_nothing_twice(office, taken):
    office.answers = {"data": "silence"}
    decide(taken)
    assert MailState.INCERTAIN in states()
    doubtful = next(row for row in mails() if row.state is MailState.INCERTAIN)
    office.answers = {}
    with clock_at(now() + timedelta(hours=3)):
        mail.sweep()
    doubtful = db.session.get_one(Mail, doubtful.id)
    assert doubtful.state is MailState.INCERTAIN
    assert f"<{doubtful.key[:32]}@127.0.0.1>" not in office.received()
    with atomic() as session:
        assert mail.retry(session, session.get_one(Mail, doubtful.id))
    mail.sweep()
    assert set(states()) == {MailState.ENVOYE}
    assert set(office.received().values()) == {1}


@pytest.mark.parametrize(
    ("held", "then"), [(MailState.EN_COURS, MailState.ENVOYE), (MailState.REMIS, MailState.INCERTAIN)]
)
def test_what_a_dead_process_held_is_taken_up_after_a_while(app, taken, held, then):
    decide(taken)
    with atomic() as session:
        session.execute(update(Mail).values(state=held, claimed_at=now()))
    with open_office() as office:
        mail.sweep()
        assert states() == [held] * 2  # it may still be alive
        with clock_at(now() + mail.LEASE + timedelta(seconds=1)):
            mail.sweep()
        assert states() == [then] * 2
        assert len(office.messages) == (2 if then is MailState.ENVOYE else 0)


@pytest.mark.parametrize("held", [MailState.EN_COURS, MailState.REMIS])
def test_a_process_that_reaches_nobody_leaves_alone_what_another_one_holds(app, taken, held):
    """Taken back from who is giving it to the server, it would leave twice."""
    decide(taken)
    with atomic() as session:
        first, second = session.scalars(select(Mail.id).order_by(Mail.id))
        session.execute(update(Mail).where(Mail.id == first).values(state=held, claimed_at=now()))
    post.server = "smtp://127.0.0.1:1"
    try:
        mail.send(f"{first},{second}")
    finally:
        post.server = ""
    assert states() == [held, MailState.A_ENVOYER]
    assert [row.attempts for row in mails()] == [0, 1]


def test_an_abandoned_message_never_leaves(app, taken):
    decide(taken)
    with atomic() as session:
        for row in session.scalars(select(Mail)):
            assert mail.abandon(session, row)
    with open_office() as office:
        mail.sweep()
        assert office.messages == []
    with atomic() as session:
        assert not mail.retry(session, session.scalars(select(Mail)).first())


# --- The declaration ---------------------------------------------------------------------------------


FACTS = {
    "depart": "Normandie",
    "alertes": ["La certification « X » n’est plus valable."],
    "publiee": True,
    "motif": "Une raison.",
    "remarques": ["Objectifs : dites pour qui."],
    "a_prendre": 2,
    "en_cours": 1,
    "en_retard": 1,
    "plus_anciennes": ["Une fiche, 12 jours"],
    "travail": "mail.sweep",
    "raison": "OSError",
    "jeton": "jeton",
    "porteuse": "Fédération des Tilleuls",
    "siret": "77897285100068",
    "jours": 8,
    "debut": "lundi 7 septembre 2026",
    "fin": "mercredi 30 juin 2027",
    "archivage": "vendredi 30 juillet 2027",
    "flux": "Normandie",
    "fabrication": 1,
    "webhook": "Annuaire",
    "numero": 1,
    "structure": "Les amis des Tilleuls",
    "campagne": "Ateliers 2027",
    "echeance": "lundi 1er février 2027",
    "message": "Merci à toutes et à tous.",
    "by_person": True,
    "nouvelle": "nadia@exemple.fr",
    "organisme": 1,
    "fiches": ["Ateliers du matin"],
    "restantes": 2,
    "convention": 1,
    "restes": ["publier la fiche"],
    "mots": ["Merci."],
    "financeur": "Flora Fonds",
    "beneficiaire": "Les amis des Tilleuls",
    "programme": "BOP 104",
    "annee": 2026,
    "reference": "2026-104-0001",
    "nombre": 2,
    "role": "saisie",
    "lieu": "Les amis des Tilleuls",
    "hote": "Marc Modèle",
    "personne": "Awa Exemple",
    "courriel": "awa@tilleuls.example",
    "page": "/structures/1/membres",
    "quoi": "Vous avez un autre rôle.",
    "noms": ["Les amis des Tilleuls"],
    "autres": 0,
    "disparue": "Les Tilleuls",
    "jour": "lundi 1er février 2027",
    "pages": ["Les amis des Tilleuls, convention 2026-104-0001 : vérifiée le 03/03/2026"],
}


@pytest.mark.parametrize("name", NOTICES)
def test_every_notice_has_its_text_and_its_page(app, name):
    """Rendered with all facts; a text that names something unknown fails. The page exists in the site."""
    notice = NOTICES[name]
    fiche = make.draft(make.provider())
    told = Told(db.session(), make.moderator(), fiche, fiche.territoire, facts=FACTS)
    letter = write(notice, told, Addressee("une.personne@exemple.fr", "Une Personne", 1), page_of(notice, told))
    assert letter.subject.strip()
    assert "\n" not in letter.subject
    assert "Bonjour Une Personne," in letter.text
    assert "<script" not in letter.html
    if letter.page:
        endpoint, _ = app.url_map.bind("localhost").match(letter.page.partition("?")[0])
        assert app.view_functions[endpoint].permission in Permission


def test_there_is_no_text_without_notice():
    assert {path.stem for path in FOLDER.glob("*.txt")} - {"layout"} == set(NOTICES)


def test_the_notices_of_the_table_of_transitions_exist():
    assert {row.notice for row in TRANSITIONS.values() if row.notice} <= set(NOTICES)


@pytest.mark.parametrize("title", ["Cours\r\nBcc: autre@exemple.fr", "Cours " * 60, "日本語 😀", "{{ 7*7 }}"])
def test_no_title_can_break_a_message(office, app, title):
    fiche = make.draft(make.provider())
    fiche.latest.title = title[:255]
    with atomic() as session:
        tell(session, "fiche_validee", key="1", fiche=fiche)
    (message,) = office.messages
    assert message["Bcc"] is None
    assert "49" not in str(message["Subject"])
    assert len(str(message["Subject"])) < 200
    assert set(str(message["Subject"])) <= set(title) | set(string.printable) | set("é…’ ")
