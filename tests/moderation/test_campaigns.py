"""Campaigns: opened for one's territoires, each person invited once, followed structure by structure."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pytest

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import PARIS, local_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Campaign,
    CampaignInvitation,
    Dispositif,
    Mail,
    Membership,
    Revision,
    RevisionState,
)
from backoffice.models.content import Adresse
from backoffice.queries.moderation import campaigns as queries
from forms.fiches.renewals import PROPOSED
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import operations, provider_reminders, renewals
from workflows.fiches.dashboard import Next, cards
from workflows.moderation import campaigns

pytestmark = pytest.mark.dates

TODAY = local_day(now())
STRASBOURG = Adresse("", ["2 rue des Cigognes"], "67000", "Strasbourg", "67482", "67", "44")
LAST_YEAR = datetime(TODAY.year, 1, 1, 9, tzinfo=PARIS)


def published(by, moderator, at=LAST_YEAR, title="Ateliers du matin", where=None):
    content = make.complete_content(title)
    content.lieux[0].adresse = where or content.lieux[0].adresse
    with clock_at(at):
        return make.fiche_in(RevisionState.VALIDEE, by, moderator, content)


def invite(campaign, by):
    with atomic() as session:
        campaigns.open_and_invite(session, campaign.id, by)
    db.session.expire_all()


def mails(notice="campagne_invitation"):
    return list(db.session.scalars(db.select(Mail).where(Mail.notice == notice).order_by(Mail.id)))


def addresses(notice="campagne_invitation"):
    return [mail.address for mail in mails(notice)]


def renewed(fiche, by):
    with atomic() as session:
        return renewals.renew(session, fiche.id, PROPOSED, by)


# --- Opening ------------------------------------------------------------------------------------------


def typed(**changes):
    fields = {
        "label": "Ateliers 2027",
        "year": str(TODAY.year + 1),
        "opens_on": TODAY.isoformat(),
        "deadline": (TODAY + timedelta(40)).isoformat(),
        "dispositifs": "ASL",
        "message": "Merci !",
    }
    return fields | changes


def test_a_moderator_makes_a_campaign_for_their_territoire_and_sees_whom_it_concerns(app, marc, nadia):
    published(nadia, marc)
    make.provider("Olga Voisine", make.organisme("Association voisine"))  # had no fiche
    visitor = Visitor(app, marc)
    visitor.see("/moderation/campagnes/nouvelle")
    answer = visitor.post("/moderation/campagnes/nouvelle", typed())
    page = open_page(visitor, answer.headers["Location"])
    campaign = db.session.query(Campaign).one()
    assert [one.slug for one in campaign.territoires] == ["normandie"]
    assert (campaign.dispositifs, campaign.opened_at) == (["ASL"], None)
    assert "Une structure serait invitée (1 personne)" in page.words()
    assert "Association voisine" not in page.words()
    assert mails() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": ""}, "Donnez un nom"),
        ({"label": "x" * 121}, "120 caractères au plus"),
        ({"year": "deux mille"}, "Écrivez une année"),
        ({"year": "1999"}, "De 2000 à 2100"),
        ({"deadline": "bientôt"}, "n’est pas une date"),
        ({"deadline": ""}, "jusqu’à quel jour"),
        ({"deadline": (TODAY - timedelta(1)).isoformat()}, "vient avant l’ouverture"),
        ({"message": "x" * 2001}, "2000 caractères au plus"),
        ({"dispositifs": "AUTRE"}, "Rien n’a été enregistré"),
        ({"territoires": "999999"}, "Rien n’a été enregistré"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_that_was_typed_is_kept(app, marc, changes, words):
    visitor = Visitor(app, marc)
    visitor.see("/moderation/campagnes/nouvelle")
    page = Page(visitor, visitor.post("/moderation/campagnes/nouvelle", typed(**changes)))
    assert page.status == 422
    assert words in page.words()
    assert page.shown("message") == [typed(**changes)["message"]]
    assert db.session.query(Campaign).count() == 0


def test_days_are_read_as_people_type_them(app, marc):
    visitor = Visitor(app, marc)
    visitor.see("/moderation/campagnes/nouvelle")
    assert visitor.post("/moderation/campagnes/nouvelle", typed(deadline="3/9/2031")).status_code == 303
    assert db.session.query(Campaign).one().deadline == date(2031, 9, 3)


def test_a_campaign_changes_and_stays_one(app, marc):
    campaign = make.campaign(marc)
    visitor = Visitor(app, marc)
    page = open_page(visitor, f"/moderation/campagnes/{campaign.id}/modifier")
    assert page.shown("deadline") == [campaign.deadline.isoformat()]
    assert page.type({"label": "Un autre nom"}).send().status == 200
    db.session.expire_all()
    assert db.session.query(Campaign).one().label == "Un autre nom"


def test_a_moderator_follows_a_national_campaign_and_only_its_part_of_it(app, marc, nadia):
    alma, mina = make.administrator(), make.moderator("Mina Modèle", "grand-est")
    else_ = make.provider("Else Est", make.organisme("Association de l’Est", "grand-est"))
    published(nadia, marc)
    published(else_, mina, where=STRASBOURG)
    campaign = make.campaign(alma, "normandie", "grand-est")
    for person, seen, hidden in ((marc, "Tilleuls", "de l’Est"), (mina, "de l’Est", "Tilleuls")):
        page = open_page(Visitor(app, person), f"/moderation/campagnes/{campaign.id}")
        assert seen in page.words()
        assert hidden not in page.words()
        assert "Ouvrir et inviter" not in page.text
        visitor = Visitor(app, person)
        assert visitor.post(f"/moderation/campagnes/{campaign.id}/inviter").status_code == 404
    whole = open_page(Visitor(app, alma), f"/moderation/campagnes/{campaign.id}").words()
    assert "2 structures seraient invitées" in whole


def test_nobody_opens_a_campaign_before_its_day_nor_after_its_end(marc):
    for changes in (
        {"opens_on": TODAY + timedelta(3)},
        {"opens_on": TODAY - timedelta(9), "deadline": TODAY - timedelta(1)},
    ):
        campaign = make.campaign(marc, **changes)
        with pytest.raises(Refused), atomic() as session:
            campaigns.open_and_invite(session, campaign.id, marc)
        db.session.expire_all()
        assert campaign.opened_at is None


# --- Whom it concerns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "until", "concerned"),
    [
        ((-1, 12, 20), None, True),  # seen since the year before
        ((0, 6, 1), None, True),
        ((0, 6, 1), (0, 7, 1), True),
        ((-1, 6, 1), (-1, 12, 1), False),  # seen no more that year
        ((-1, 6, 1), (0, 1, 2), True),
    ],
)
def test_a_fiche_counts_when_readers_saw_it_last_year(marc, nadia, at, until, concerned):
    def moment(ago, month, day):
        return datetime(2025 + ago, month, day, 9, tzinfo=PARIS)

    fiche = published(nadia, marc, moment(*at))
    if until:
        with clock_at(moment(*until)):
            make.step(fiche, "archiver", nadia)
    campaign = make.campaign(marc, year=2026)
    assert queries.concerned_structures(db.session(), campaign) == ([fiche.organisme_id] if concerned else [])


def test_only_its_dispositifs_are_concerned(marc, nadia):
    published(nadia, marc)
    campaign = make.campaign(marc, dispositifs=[str(Dispositif.OFII)])
    assert queries.concerned_structures(db.session(), campaign) == []


# --- Inviting -----------------------------------------------------------------------------------------


def test_each_person_is_invited_once_and_a_second_sending_invites_the_new_ones(marc, nadia):
    fiche = published(nadia, marc)
    campaign = make.campaign(marc, message="Les subventions en dépendent.")
    invite(campaign, marc)
    (mail,) = mails()
    assert mail.address == nadia.email
    assert f"/fiches/reconduire/{fiche.organisme_id}" in mail.text
    assert "Ateliers du matin" in mail.text
    assert "Les subventions en dépendent." in mail.text
    assert campaign.opened_at is not None
    assert db.session.query(CampaignInvitation).one().organisme_id == fiche.organisme_id
    colleague = make.user("Nour Nouvelle")
    colleague.memberships.append(Membership(role=Role.SAISIE, organisme=fiche.organisme))
    olga = make.provider("Olga Voisine", make.organisme("Association voisine"))
    published(olga, marc)
    for _ in range(3):
        invite(campaign, marc)
    assert sorted(addresses()) == sorted([nadia.email, colleague.email, olga.email])
    assert db.session.query(CampaignInvitation).count() == 2


def test_somebody_without_password_comes_in_by_the_link(app, marc, nadia):
    published(nadia, marc)
    nadia.password_hash = ""
    invite(make.campaign(marc), marc)
    (mail,) = mails()
    path = next(word for word in mail.text.split() if "/lien/" in word)
    path = path[path.index("/lien/") :]
    visitor = Visitor(app)
    page = open_page(visitor, path)
    assert page.send().status == 200
    assert "Reconduire des fiches" in visitor.see(f"/fiches/reconduire/{nadia.memberships[0].organisme_id}").text


def test_a_structure_without_account_is_named_to_the_moderator(app, marc, nadia):
    fiche = published(nadia, marc)
    db.session.query(Membership).filter_by(organisme_id=fiche.organisme_id).delete()
    campaign = make.campaign(marc)
    invite(campaign, marc)
    assert mails() == []
    assert "personne à prévenir" in open_page(Visitor(app, marc), f"/moderation/campagnes/{campaign.id}").words()


@pytest.mark.parametrize(("days", "number"), [(20, 0), (14, 1), (4, 1), (3, 2), (0, 2)])
def test_who_has_not_sent_is_reminded_14_and_3_days_before_the_end(marc, nadia, days, number):
    published(nadia, marc)
    campaign = make.campaign(marc)
    invite(campaign, marc)
    end = datetime.combine(campaign.deadline, datetime.min.time(), PARIS) + timedelta(hours=8)
    for before in range(30, days - 1, -1):
        with clock_at(end - timedelta(before)):
            provider_reminders.send()
    assert addresses("campagne_rappel") == [nadia.email] * number


def test_who_has_sent_or_was_not_invited_is_left_alone(marc, nadia):
    fiche = published(nadia, marc)
    olga = make.provider("Olga Voisine", make.organisme("Association voisine"))
    campaign = make.campaign(marc)
    invite(campaign, marc)
    published(olga, marc)  # after the invitations
    renewed(fiche, nadia)
    make.step(fiche, "soumettre", nadia)
    with clock_at(datetime.combine(campaign.deadline, datetime.min.time(), PARIS)):
        provider_reminders.send()
    assert addresses("campagne_rappel") == []


# --- What a renewal answers ---------------------------------------------------------------------------


def test_a_renewal_carries_its_campaign_through_corrections_and_no_further(marc, nadia):
    fiche = published(nadia, marc)
    campaign = make.campaign(marc)
    invite(campaign, marc)
    assert renewed(fiche, nadia).campaign_id == campaign.id
    for name, by in (("soumettre", nadia), ("prendre", marc), ("renvoyer", marc)):
        make.step(fiche, name, by, "Précisez.")
        db.session.expire_all()
    assert fiche.latest.campaign_id == campaign.id
    for name, by in (("soumettre", nadia), ("prendre", marc), ("valider", marc)):
        make.step(fiche, name, by)
        db.session.expire_all()
    with atomic() as session:
        operations.open_draft(session, fiche.id, nadia)
    db.session.expire_all()
    assert [row.campaign_id for row in fiche.revisions] == [None, campaign.id, campaign.id, None]


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"deadline": TODAY - timedelta(59), "opens_on": TODAY - timedelta(90)}, True),  # late
        ({"deadline": TODAY - timedelta(61), "opens_on": TODAY - timedelta(90)}, False),
        ({"dispositifs": ["OFII"]}, False),
        ({"opened_at": None}, False),
    ],
)
def test_which_renewals_a_campaign_counts(marc, nadia, changes, counts):
    fiche = published(nadia, marc)
    campaign = make.campaign(marc, **({"opened_at": now()} | changes))
    assert renewed(fiche, nadia).campaign_id == (campaign.id if counts else None)


def test_what_has_answered_a_campaign_is_asked_no_more(marc, nadia):
    fiche = published(nadia, marc)
    campaign = make.campaign(marc, opened_at=now())
    (before,) = cards(db.session(), [fiche], [campaign])
    renewed(fiche, nadia)
    for name, by in (("soumettre", nadia), ("prendre", marc), ("valider", marc)):
        make.step(fiche, name, by)
        db.session.expire_all()
    (after,) = cards(db.session(), [fiche], [campaign])
    assert before.next is Next.RECONDUIRE
    assert after.next is not Next.RECONDUIRE


def test_an_ordinary_change_answers_no_campaign(marc, nadia):
    fiche = published(nadia, marc)
    make.campaign(marc, opened_at=now())
    with atomic() as session:
        assert operations.open_draft(session, fiche.id, nadia).campaign_id is None


# --- Following ----------------------------------------------------------------------------------------


def test_the_progress_is_told_by_structure_in_a_table_a_drawing_and_a_file(app, marc, nadia):
    first, second = published(nadia, marc), published(nadia, marc, title="Ateliers du soir")
    olga = make.provider("Olga Voisine", make.organisme("=Association voisine"))
    published(olga, marc)
    campaign = make.campaign(marc)
    invite(campaign, marc)
    for fiche in (first, second):
        renewed(fiche, nadia)
    for name, by in (("soumettre", nadia), ("prendre", marc), ("valider", marc)):
        make.step(first, name, by)
        db.session.expire_all()
    lines = {line.nom: line for line in queries.progress(db.session(), campaign, campaign.territoire_ids)}
    line = lines["Centre social des Tilleuls"]
    assert (line.fiches, line.people, line.started, line.sent, line.approved) == (2, 1, 2, 1, 1)
    assert queries.totals(list(lines.values())) == {"invited": 2, "started": 1, "sent": 1, "approved": 1}
    visitor = Visitor(app, marc)
    page = open_page(visitor, f"/moderation/campagnes/{campaign.id}")
    assert [row[3:] for row in page.table()] == [["0", "0", "0"], ["2", "1", "1"]]
    drawing = visitor.get(f"/moderation/campagnes/{campaign.id}/avancement.svg")
    assert drawing.mimetype == "image/svg+xml"
    assert "Structures invitées : 2" in drawing.text
    text = visitor.get(f"/moderation/campagnes/{campaign.id}/avancement.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert [row[3:] for row in rows[1:]] == [["0", "0", "0"], ["2", "1", "1"]]
    assert not rows[1][0].startswith("=")


def test_the_page_of_a_campaign_asks_as_many_queries_for_any_number_of_structures(app, marc, nadia):
    published(nadia, marc)
    campaign = make.campaign(marc)
    visitor = Visitor(app, marc)
    few = queries_of(visitor, f"/moderation/campagnes/{campaign.id}")
    for rank in range(5):
        published(make.provider(f"Nina {rank}", make.organisme(f"Association {rank}")), marc)
    assert queries_of(visitor, f"/moderation/campagnes/{campaign.id}") == few


def test_the_queue_shows_the_fiches_of_a_campaign_alone(app, marc, nadia):
    answering, other = published(nadia, marc), make.draft(nadia, make.complete_content("Une autre fiche"))
    campaign = make.campaign(marc)
    invite(campaign, marc)
    renewed(answering, nadia)
    for fiche in (answering, other):
        make.step(fiche, "soumettre", nadia)
    page = open_page(Visitor(app, marc), f"/moderation/?campagne={campaign.id}")
    assert "Ateliers du matin" in page.words("//tbody")
    assert "Une autre fiche" not in page.words("//tbody")
    assert db.session.query(Revision).filter_by(campaign_id=campaign.id).count() == 1
    assert Visitor(app, marc).get("/moderation/?campagne=999999").status_code == 200


def test_the_renewal_page_tells_the_campaign_and_ticks_what_it_asks_for(app, marc, nadia):
    fiche = published(nadia, marc)
    campaign = make.campaign(marc, message="Dites-le à vos collègues.")
    invite(campaign, marc)
    page = open_page(Visitor(app, nadia), f"/fiches/reconduire/{fiche.organisme_id}")
    assert campaign.label in page.words()
    assert "Dites-le à vos collègues." in page.words()
    assert page.dom.xpath("//input[@name='fiche'][@checked]/@value") == [str(fiche.id)]
