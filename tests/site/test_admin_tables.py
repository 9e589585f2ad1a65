"""The tables of the administration: French everywhere, nothing secret, every change kept, nothing deleted unasked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.passwords import token_hash
from backoffice.core.transactions import atomic
from backoffice.models import Campaign, Change, Flux, FluxToken, Mail, ReadySentence, Reason
from backoffice.reference.reasons import shipped
from backoffice.web.admin import VIEWS
from backoffice.web.admin.table import Table, Written
from backoffice.web.admin.words import column_label
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.flux import settings
from workflows.moderation import campaigns, reasons
from workflows.moderation import ready_sentences as sentences
from workflows.moderation.reasons import word

from .test_urls import World

ENGLISH = re.compile(
    r"\b(Search|Create|Edit|Delete|Record|Records|Save|Cancel|List|Filter|Filters|Home|None|True|False|Yes|No|With"
    r"|selected|Add|Apply|Reset|Details|View|View Record|items|rows?|Invalid|Success|successfully|was|were|the|and"
    r"|created_at|updated_at|id|Id|ID|Name|Email|Roles|Error|Not a valid choice|This field is required)\b"
)
HIDDEN = re.compile(r"password|hash|token|secret|document|fragment|published", re.IGNORECASE)


@pytest.fixture
def alma(app):
    return Visitor(app, make.administrator())


def changes(*also: str) -> list[tuple[str, ...]]:
    """What the log holds: table, column, before, after, and the columns of Change that are asked."""
    db.session.rollback()
    rows = db.session.scalars(select(Change).order_by(Change.id)).all()
    return [tuple(getattr(row, name) for name in ("subject", "name", "before", "after", *also)) for row in rows]


def address(slug: str, key: object = "", page: str = "") -> str:
    return f"/administration/tables/{slug}/" + (f"{key}/" if key else "") + page


def test_nothing_shown_is_secret_nor_without_a_french_name():
    for view in VIEWS:
        for name in (*view.columns, *view.more):
            assert not HIDDEN.search(name), f"{view.slug}.{name}"
            assert column_label(view.model_class.__tablename__, name) != name, f"{view.slug}.{name}"


def test_every_page_is_in_french_within_our_own_frame(app):
    """Our skip link, our menu, a main part, a title, one first heading; no file but ours, and light."""
    world = World()
    alma = Visitor(app, world.people["administrateur"])
    wrong = []
    for view in VIEWS:
        one = address(view.slug, world.names[f"ligne_{view.slug}"])
        paths = [address(view.slug), one]
        paths += [f"{one}modifier"] if view.can_edit else []
        paths += [f"{one}supprimer"] if view.can_delete else []
        paths += [address(view.slug, page="nouveau")] if view.can_create else []
        for path in paths:
            page = open_page(alma, path)
            assert page.status == 200, path
            assert page.dom.xpath("/html/@lang") == ["fr"]
            assert page.dom.xpath("count(//main[@id='contenu']) = 1 and count(//h1) = 1"), path
            assert page.dom.xpath("//a[@href='#contenu'] and //header//nav//a[@href='/administration']"), path
            assert page.words("//title").strip(" –") != "Relais", path
            files = page.dom.xpath("//script/@src | //link/@href | //img/@src")
            assert all(file.startswith(("/static/", "/bootstrap/static/")) for file in files), files
            assert len(page.text) < 150_000, path
            said = page.words("//title") + page.words("//h1") + page.words("//main//label | //main//th | //main//dt")
            said += page.words("//main//button | //main//a | //main//p | //main//option")
            wrong += [f"{path}: {found[0]}" for found in ENGLISH.finditer(said)]
    assert not wrong, wrong
    assert not [rule for rule in app.url_map.iter_rules() if re.match("tables.*static", rule.endpoint)]


def test_a_list_asks_the_base_as_often_for_one_row_as_for_all(app, monkeypatch):
    world = World()
    make.provider("Paul Autre", make.organisme("Une troisième structure"))
    alma = Visitor(app, world.people["administrateur"])
    shown = {}
    for view in app.extensions["admin"][0]._views:
        if not isinstance(view, Table):
            continue
        monkeypatch.setattr(view, "page_size", 1)
        one = queries_of(alma, address(view.slug))
        monkeypatch.setattr(view, "page_size", 50)
        shown[view.slug] = (one, queries_of(alma, address(view.slug)))
    assert {slug: counts for slug, counts in shown.items() if counts[0] != counts[1]} == {}
    assert max(most for _, most in shown.values()) <= 14, shown


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.slug)
def test_nothing_written_in_an_address_breaks_a_table(alma, view):
    junk = "search=%00%25_%5C😀&page=99999999999999999999&sort=-1&desc=2&territoire=abc&state=%00&active=peut-etre"
    for query in (junk, "page=-1", "page=2147483647&sort=0&desc=1", "search=%27&sort=99"):
        assert alma.get(f"{address(view.slug)}?{query}").status_code == 200, query
    for key in ("0", "999999999", "99999999999999999999", "%00", "a~b", "A~2027-02-30", "~~", "😀"):
        assert alma.get(address(view.slug, key)).status_code == 404, key


def test_what_lets_somebody_in_is_never_shown(app, alma):
    secret = "https://relais.example/entrer/abcdef"
    mail = Mail(
        key="k" * 64, notice="lien_connexion", address="nadia@exemple.fr", subject="Votre lien", text=secret,
        html=secret, secret=True,
    )  # fmt: skip
    flux = db.session.scalars(select(Flux)).first()
    key = FluxToken(flux_id=flux.id, name="Annuaire", token_hash=token_hash("une clé"))
    db.session.add_all([mail, key])
    db.session.commit()
    user = make.provider()
    pages = [address("messages", mail.id), address("messages"), address("cles"), address("cles", key.id)]
    pages += [address("comptes"), address("comptes", user.id)]
    text = "".join(alma.get(path).text for path in pages)
    assert "Ce message porte un lien personnel" in text
    assert "nadia@exemple.fr" in text
    for hidden in (secret, key.token_hash, user.password_hash):
        assert hidden not in text


def test_a_territoire_is_renamed(alma):
    row = make.territoire()
    page = open_page(alma, address("territoires", row.id, "modifier"))
    before = changes()
    wrong = page.type({"nom": "x" * 81}).send()
    assert wrong.status == 422
    assert "80 caractères au plus" in wrong.error("nom")
    assert wrong.shown("nom") == ["x" * 81]
    assert changes() == before
    done = wrong.type({"nom": "Normandie et îles"}).send()
    assert "Normandie et îles" in done.words("//h1")
    assert changes("territoire_id", "subject_id")[len(before) :] == [
        ("territoire", "nom", "Normandie", "Normandie et îles", row.id, str(row.id)),
    ]
    log = open_page(alma, address("journal-des-changements"))
    assert ["Territoire", "Nom", "Normandie", "Normandie et îles", "Alma Admin"] in [row[1:] for row in log.table()]


def test_a_reason_is_reworded_and_no_longer_offered(alma):
    moderator = make.moderator()
    with atomic() as session:
        row = word(session, moderator.assignments[0].territoire_id, shipped()["doublon"], moderator)
    page = open_page(alma, address("motifs", row.id, "modifier"))
    page.type({"libelle": "Fiche en double", "propose": "0"}).send()
    assert changes("territoire_id") == [
        ("decision_reason", "label", shipped()["doublon"].label, "Fiche en double", row.territoire_id),
        ("decision_reason", "active", "Oui", "Non", row.territoire_id),
    ]
    assert db.session.get_one(Reason, row.id).updated_by_id == make.db.session.scalar(select(Change.actor_id))


def test_a_sentence_is_written_changed_and_taken_away(alma):
    where = make.territoire()
    page = open_page(alma, address("phrases", page="nouveau"))
    assert page.send().status == 422
    page.type({"territoire": str(where.id), "texte": "Merci de préciser."}).send()
    row = db.session.scalars(select(ReadySentence).order_by(ReadySentence.id.desc())).first()
    assert changes("subject_id") == [
        ("ready_sentence", "text", "", "Merci de préciser.", str(row.id)),
        ("ready_sentence", "pattern", "", "Toutes", str(row.id)),
    ]
    assert {one[-1] for one in changes("territoire_id")} == {where.id}
    open_page(alma, address("phrases", row.id, "modifier")).type({"texte": "Merci de préciser l’adresse."}).send()
    gone = open_page(alma, address("phrases", row.id, "supprimer")).send()
    assert "La phrase est retirée." in gone.text
    assert [row[1:3] for row in changes()[2:]] == [("text", "Merci de préciser."), ("removed_at", "")]
    assert alma.get(address("phrases", row.id)).status_code == 404


def test_a_flow_is_made_set_and_deleted_while_nobody_depends_on_it(alma):
    page = open_page(alma, address("flux", page="nouveau"))
    wrong = page.type({"code": "Une Faute", "title": "ASL de Normandie"}).send()
    assert wrong.status == 422
    made = wrong.type({"code": "asl-normandie", "dispositifs": ["ASL"]}).send()
    flux_id = db.session.scalars(select(Flux.id).where(Flux.code == "asl-normandie")).one()
    assert made.status == 200
    assert ("flux", "dispositifs", "", "Ateliers sociolinguistiques (ASL)") in changes()
    count = len(changes())
    open_page(alma, address("flux", flux_id, "modifier")).type({"kept": "3"}).send()
    assert changes()[count:] == [("flux", "kept", "14", "3")]

    key = FluxToken(flux_id=flux_id, name="Annuaire", token_hash=token_hash("une clé"))
    db.session.add(key)
    db.session.commit()
    refused = open_page(alma, address("flux", flux_id, "supprimer")).send()
    assert refused.status == 409
    assert "Ce flux a été fait, ou des lecteurs en ont une clé" in refused.words("//*[@role='alert']")
    assert len(changes()) == count + 1
    assert db.session.get(Flux, flux_id) is not None

    db.session.delete(db.session.get_one(FluxToken, key.id))
    db.session.commit()
    assert "Le flux est supprimé." in open_page(alma, address("flux", flux_id, "supprimer")).send().text
    assert ("flux", "code", "asl-normandie", "") in changes()
    assert db.session.get(Flux, flux_id) is None


def test_a_key_is_taken_back_once(alma):
    flux = db.session.scalars(select(Flux)).first()
    key = FluxToken(flux_id=flux.id, name="Annuaire", token_hash=token_hash("une clé"))
    db.session.add(key)
    db.session.commit()
    asked = open_page(alma, address("cles", key.id)).send()
    assert "Rien n’est encore fait." in asked.words()
    assert changes() == []
    asked.send()
    assert [row[:3] for row in changes()] == [("flux_token", "revoked_at", "")]
    assert "supprimer" not in alma.get(address("cles", key.id)).text
    again = alma.post(address("cles", key.id, "supprimer"), {"confirme": "1"})
    assert again.status_code == 409
    assert len(changes()) == 1


def test_a_campaign_that_began_is_never_deleted(alma):
    id_ = make.campaign(make.moderator()).id
    open_page(alma, address("campagnes", id_, "modifier")).type({"label": "Ateliers de 2027"}).send()
    assert changes() == [("campaign", "label", "Ateliers, une année de plus", "Ateliers de 2027")]
    db.session.get_one(Campaign, id_).opened_at = now()
    db.session.commit()
    refused = alma.post(address("campagnes", id_, "supprimer"), {"confirme": "1"})
    assert refused.status_code == 409
    assert "Des structures ont été invitées" in Page(alma, refused).words("//*[@role='alert']")
    db.session.get_one(Campaign, id_).opened_at = None
    db.session.commit()
    alma.post(address("campagnes", id_, "supprimer"), {"confirme": "1"})
    assert db.session.get(Campaign, id_) is None
    assert ("campaign", "territoires", "Normandie", "") in changes()


KEPT = {"decision_reason": reasons.LOGGED, "ready_sentence": sentences.columns(), "campaign": campaigns.LOGGED} | {
    "flux": settings.FLUX,
    "flux_token": settings.KEY,
}


def test_what_the_log_keeps_is_named_in_french_and_no_secret():
    for table, columns in KEPT.items():
        for name in columns:
            assert not HIDDEN.search(name), f"{table}.{name}"
            assert column_label(table, name) != name, f"{table}.{name}"


def test_the_other_pages_that_write_these_tables_keep_the_same_log(app, alma):
    moderator = make.moderator()
    marc = Visitor(app, moderator)
    doublon = shipped()["doublon"]
    open_page(marc, "/moderation/motifs/normandie/doublon").type({"libelle": "Fiche en double"}).send()
    marc.post("/moderation/motifs/normandie/doublon/desactiver")
    assert changes() == [
        ("decision_reason", "label", doublon.label, "Fiche en double"),
        ("decision_reason", "active", "Oui", "Non"),
    ]

    where = make.territoire().id
    marc.see("/moderation/phrases")
    marc.post("/moderation/phrases", {"territoire": where, "question": "", "texte": "Merci."})
    one = db.session.scalars(select(ReadySentence.id).order_by(ReadySentence.id.desc())).first()
    marc.post(f"/moderation/phrases/{one}", {"question": "", "texte": "Merci de préciser."})
    marc.post(f"/moderation/phrases/{one}/retirer")
    assert [row[:3] for row in changes()[2:]] == [
        ("ready_sentence", "text", ""),
        ("ready_sentence", "pattern", ""),
        ("ready_sentence", "text", "Merci."),
        ("ready_sentence", "removed_at", ""),
    ]

    id_ = make.campaign(moderator).id
    open_page(marc, f"/moderation/campagnes/{id_}/modifier").type({"label": "Une autre campagne"}).send()
    assert changes()[6:] == [("campaign", "label", "Ateliers, une année de plus", "Une autre campagne")]

    flux = db.session.scalars(select(Flux.id).where(Flux.code == "normandie")).one()
    sent = {"title": "Normandie", "public": "y", "active": "y", "kept": "3"}
    alma.see(f"/administration/flux/{flux}")
    alma.post(f"/administration/flux/{flux}/reglages", sent)
    alma.post(f"/administration/flux/{flux}/cles", {"name": "Annuaire"})
    key = db.session.scalars(select(FluxToken.id)).one()
    alma.post(f"/administration/flux/cles/{key}/retirer")
    alma.post(f"/administration/flux/cles/{key}/retirer")
    said = [row[:2] for row in changes()[7:]]
    assert {name for table, name in said if table == "flux"} == {"title", "public", "kept"}
    assert [name for table, name in said if table == "flux_token"] == ["name", "flux", "revoked_at"]


def test_a_list_is_searched_narrowed_sorted_and_paged(alma):
    found = open_page(alma, address("communes") + "?search=caen&departement=14").table()
    assert ["Caen", "14118"] in [row[:2] for row in found]
    assert all(row[3] == "14" for row in found)
    first = [row[1] for row in open_page(alma, address("communes")).table()]
    second = [row[1] for row in open_page(alma, address("communes") + "?page=1").table()]
    assert len(first) == len(second) == 50
    assert not set(first) & set(second)
    last = [row[1] for row in open_page(alma, address("communes") + "?sort=1&desc=1").table()]
    assert last == sorted(last, reverse=True)


def test_every_table_is_closed_by_default():
    """What is not said is not allowed: a table that only names itself reads."""
    assert not any((Table.can_create, Table.can_edit, Table.can_delete, Table.can_export))
    assert not any((Written.can_create, Written.can_delete))
    for view in VIEWS:
        assert not set(view.columns + view.more) & {"password_hash", "token_hash", "html", "key", "stored"}
