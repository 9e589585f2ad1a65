"""Territoires: which one a place is of, a fiche that follows its place, one that collects for another."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.models import Change, Commune, Coverage, Fiche, Mail, RevisionState
from backoffice.queries.fiches.visibility import visibility
from backoffice.queries.territoires.coverage import departements_of, territoire_of, uncovered
from backoffice.reference.communes import departements
from exports.flux.build import find
from exports.flux.published import as_of, carried, changes
from forms.territoires.settings import SETTINGS
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import operations
from workflows.moderation.digest import send as send_digest
from workflows.territoires.settings import collect, cover

CAEN, STRASBOURG, RENNES, PARIS, LOUVRE = "14118", "67482", "35238", "75056", "75101"
MARIGOT = "97801"


def where(code: str, departement: str = "") -> str | None:
    found = territoire_of(db.session(), code, departement)
    return found.slug if found else None


# --- Coverage ----------------------------------------------------------------------------------------


def test_at_the_start_each_territoire_covers_its_region(app):
    assert [where(code) for code in (CAEN, STRASBOURG, LOUVRE, "2A004", MARIGOT, "97701")] == [
        "normandie",
        "grand-est",
        "ile-de-france",
        "corse",
        "saint-martin",
        None,
    ]
    assert where("", "61") == "normandie"
    assert where("99999") is None
    assert where("") is None


def test_what_leads_to_no_territoire_is_told(app):
    assert {gap.code for gap in uncovered(db.session())} == {"977", "984", "986", "987", "989"}
    db.session.execute(delete(Coverage).where(Coverage.code == "14"))
    calvados = next(gap for gap in uncovered(db.session()) if gap.code == "14")
    assert calvados.communes == db.session.query(Commune).filter_by(departement="14", parent=None).count()


def test_a_commune_wins_over_its_departement_and_an_arrondissement_over_its_city(app):
    bretagne, normandie = make.territoire("bretagne"), make.territoire()
    db.session.add_all(
        [Coverage(code=CAEN, territoire_id=bretagne.id), Coverage(code=PARIS, territoire_id=normandie.id)]
    )
    db.session.flush()
    assert (where(CAEN), where("14366"), where(LOUVRE)) == ("bretagne", "normandie", "normandie")
    assert "14" in departements_of(db.session(), [bretagne.id])
    db.session.add(Coverage(code=LOUVRE, territoire_id=bretagne.id))
    db.session.flush()
    assert (where(LOUVRE), where("75102")) == ("bretagne", "normandie")


TOWNS = (CAEN, STRASBOURG, RENNES, LOUVRE, "75102", PARIS, MARIGOT, "97701")


def test_whatever_is_covered_a_place_has_one_territoire_at_most_and_its_commune_wins(app):
    slugs = ("normandie", "bretagne", "grand-est")
    ids = {slug: make.territoire(slug).id for slug in slugs}
    rows = {code: (row.departement, row.parent) for code in TOWNS if (row := db.session.get(Commune, code))}
    codes = sorted({*TOWNS, *(departement for departement, _ in rows.values())})

    @given(st.dictionaries(st.sampled_from(codes), st.sampled_from(slugs)))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def covered(chosen):
        db.session.execute(delete(Coverage))
        db.session.add_all(Coverage(code=code, territoire_id=ids[slug]) for code, slug in chosen.items())
        db.session.flush()
        for code, (departement, parent) in rows.items():
            expected = chosen.get(code) or chosen.get(parent) or chosen.get(departement)
            assert where(code) == expected
        alone = {gap.code for gap in uncovered(db.session())}
        assert not alone & {code for code in chosen if code in departements()}

    covered()


# --- A fiche follows its place ----------------------------------------------------------------------


def moved(fiche: Fiche, by, code: str) -> Fiche:
    """A new version whose place is in this commune, not sent yet."""
    draft = operations.open_draft(db.session(), fiche.id, by)
    operations.save_draft(db.session(), draft, make.content_in(code), {}, by)
    db.session.commit()
    db.session.expire_all()
    return fiche


def test_until_it_is_approved_a_fiche_goes_to_the_queue_of_its_place_with_the_numero_it_has(app, nadia, marc):
    rosa = make.moderator("Rosa Rennes", "bretagne")
    fiche = make.fiche_in(RevisionState.A_CORRIGER, nadia, marc)
    numero = fiche.numero
    moved(fiche, nadia, RENNES)
    assert fiche.territoire.slug == "normandie"
    make.step(fiche, "soumettre", nadia)
    assert (fiche.territoire.slug, fiche.latest.territoire_id) == ("bretagne", fiche.territoire_id)
    assert fiche.numero == numero
    assert Visitor(app, rosa).get(f"/moderation/{fiche.latest.id}").status_code == 200
    assert Visitor(app, marc).get(f"/moderation/{fiche.latest.id}").status_code == 404
    assert "Confiée au territoire de son lieu" in open_page(Visitor(app, rosa), f"/historique/{fiche.id}").words()


@pytest.mark.committed
def test_a_published_fiche_follows_at_its_approval_from_one_flow_to_the_other(app, nadia, marc):
    rosa = make.moderator("Rosa Rennes", "bretagne")
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    numero, before = fiche.numero, now()
    make.flow("bretagne")
    make.flow("normandie")
    moved(fiche, nadia, RENNES)
    make.step(fiche, "soumettre", nadia)
    assert fiche.territoire.slug == "normandie"  # readers still see the place that was checked
    visitor = Visitor(app, marc)
    make.step(fiche, "prendre", marc)
    assert "Bretagne. En validant" in open_page(visitor, f"/moderation/{fiche.latest.id}").words()
    make.step(fiche, "valider", marc)
    db.session.expire_all()
    assert (fiche.territoire.slug, fiche.numero) == ("bretagne", numero)

    assert visibility(db.session(), [fiche])[fiche.id].flows == ()  # in the next one of Bretagne
    make.flow("bretagne")
    assert [flow.title[-8:] for flow in visibility(db.session(), [fiche])[fiche.id].flows] == ["Bretagne"]

    session, after = db.session(), now()
    left, entered = find(session, "normandie"), find(session, "bretagne")
    assert [piece.numero for piece in as_of(session, left, before)] == [numero]
    assert list(as_of(session, entered, before)) == []
    assert list(as_of(session, left, after)) == []
    assert [piece.numero for piece in as_of(session, entered, after)] == [numero]
    assert [(one.numero, one.fragment_id) for one in changes(session, left, before, after)] == [(numero, None)]
    assert [(one.numero, one.fragment_id) for one in changes(session, entered, before, after)] == [
        (numero, fiche.fragment_id)
    ]
    assert len(changes(session, find(session, "france"), before, after)) == 1
    assert carried(session, left, before, [fiche.id]) == {fiche.id}
    assert carried(session, left, after, [fiche.id]) == set()
    assert [mail.address for mail in db.session.query(Mail).filter_by(notice="fiche_arrivee")] == [rosa.email]
    assert Visitor(app, rosa).get(f"/historique/{fiche.id}").status_code == 200
    assert Visitor(app, marc).get(f"/historique/{fiche.id}").status_code == 404


def test_a_place_that_leads_nowhere_changes_nothing(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.A_CORRIGER, nadia, marc)
    moved(fiche, nadia, "97701")
    make.step(fiche, "soumettre", nadia)
    assert fiche.territoire.slug == "normandie"


def test_who_helps_keeps_the_draft_in_sight_but_does_not_send_it_elsewhere(app, nadia, marc):
    fiche = operations.create_fiche(db.session(), nadia.memberships[0].organisme, "ASL", marc)
    operations.save_draft(db.session(), fiche.latest, make.content_in(RENNES), {}, marc)
    db.session.commit()
    assert fiche.territoire.slug == "normandie"
    with pytest.raises(Refused, match="dans le territoire « Bretagne »"):
        make.step(fiche, "deposer", marc)
    db.session.rollback()
    make.step(fiche, "soumettre", nadia)
    assert (fiche.territoire.slug, fiche.numero[:5]) == ("bretagne", "53_BR")


def test_a_structure_is_helped_wherever_it_works(app, nadia, marc):
    rosa = make.moderator("Rosa Rennes", "bretagne")
    structure = nadia.memberships[0].organisme
    page = f"/moderation/structures/{structure.id}"
    assert Visitor(app, rosa).get(page).status_code == 404
    make.draft(nadia, make.content_in(RENNES))
    assert structure.nom in open_page(Visitor(app, rosa), "/moderation/structures/").words()
    sent = open_page(Visitor(app, rosa), page)
    assert sent.status == 200
    answer = Visitor(app, rosa).post(f"{page}/fiche", {"dispositif": "ASL", "cle": "x"})
    assert answer.status_code == 303
    assert Visitor(app, rosa).get(answer.headers["Location"]).status_code == 200


# --- One collects for another -----------------------------------------------------------------------


@pytest.fixture
def gaia(app):
    """A moderator of Guadeloupe, which collects for Saint-Martin."""
    make.territoire("saint-martin").collected_by_id = make.territoire("guadeloupe").id
    return make.moderator("Gaïa Modèle", "guadeloupe")


def test_who_collects_moderates_what_is_collected_as_their_own(app, gaia):
    structure = make.organisme("Les voix de Marigot", "saint-martin")
    mina = make.provider("Mina Marigot", structure)
    fiche = make.draft(mina, make.content_in(MARIGOT))
    make.step(fiche, "soumettre", mina)
    assert (fiche.territoire.slug, fiche.numero[:5]) == ("saint-martin", "78_MF")
    visitor = Visitor(app, gaia)
    assert fiche.latest.title in open_page(visitor, "/moderation/").words()
    send_digest()
    told = {mail.address for mail in db.session.query(Mail).filter_by(notice="releve_du_jour")}
    assert told == {gaia.email}
    for page in ("reglages", "motifs"):
        assert "Saint-Martin" in open_page(visitor, f"/moderation/{page}/").words()
    assert visitor.get("/moderation/reglages/saint-martin").status_code == 200
    assert {row.slug for row in gaia.territoires(gaia.assignments[0].role)} == {"guadeloupe", "saint-martin"}
    for name in ("prendre", "valider"):
        make.step(fiche, name, gaia)
    assert [piece.numero for piece in as_of(db.session(), find(db.session(), "saint-martin"), now())] == [fiche.numero]
    assert list(as_of(db.session(), find(db.session(), "guadeloupe"), now())) == []


def test_those_of_the_collected_one_gain_nothing_and_a_funder_neither(app, gaia):
    sam, flora = make.moderator("Sam Martin", "saint-martin"), make.funder("Flora Fonds", "guadeloupe")
    for person, slug in ((sam, "saint-martin"), (flora, "guadeloupe")):
        (role,) = person.roles
        assert [territoire.slug for territoire in person.territoires(role)] == [slug]
    assert Visitor(app, sam).get("/moderation/reglages/guadeloupe").status_code == 404


# --- The pages of the administration ----------------------------------------------------------------

ADMIN = "/administration/territoires/"


@pytest.fixture
def alma(app):
    return make.administrator()


def test_the_list_tells_each_territoire_and_what_leads_nowhere(app, alma, nadia, marc):
    make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    visitor = Visitor(app, alma)
    page = open_page(visitor, ADMIN)
    row = next(row for row in page.dom.xpath("//tbody/tr") if "Normandie" in row.text_content())
    assert [" ".join(cell.text_content().split()) for cell in row] == [
        *("Normandie", "28_NO", "–", "1", "1", "1", "1", "Manque"),
    ]
    assert "Saint-Barthélemy (977) : 1 commune" in page.words()
    many = queries_of(visitor, ADMIN)
    make.moderator("Rosa Rennes", "bretagne")
    assert queries_of(visitor, ADMIN) == many


def test_an_administrator_sets_what_a_territoire_covers_and_each_change_is_kept(app, alma):
    visitor = Visitor(app, alma)
    url = f"{ADMIN}normandie/couverture"
    typed = f"14 27, 50;61\n76 {RENNES}"
    assert visitor.post(url, {"codes": typed}).status_code == 303
    assert (where(RENNES), where("35288"), where(CAEN)) == ("normandie", "bretagne", "normandie")
    page = open_page(visitor, f"{ADMIN}normandie")
    assert "de 14, 27, 50, 61, 76 à 14, 27, 50, 61, 76, 35238" in page.words()
    assert f"{RENNES} Rennes" in page.words()
    for wrong, told in (
        ("14 35", "35 est déjà couvert par Bretagne."),
        (f"14 {RENNES} 99999 XX", "Ce ne sont pas des codes de départements ni de communes : 99999, XX."),
        ("1 " * 15_000, "Cette liste est trop longue"),
        ("\x00", ""),
    ):
        page = Page(visitor, visitor.post(url, {"codes": wrong}))
        assert told in page.error("codes") if told else page.status == 303
    assert visitor.post(url, {}).status_code == 303
    assert where(CAEN) is None
    assert "14" in {gap.code for gap in uncovered(db.session())}


def test_an_administrator_says_who_collects_never_in_a_circle(app, alma):
    visitor = Visitor(app, alma)
    ids = {slug: str(make.territoire(slug).id) for slug in ("guadeloupe", "saint-martin", "martinique")}

    def collects(slug: str, by: str) -> str:
        page = Page(visitor, visitor.post(f"{ADMIN}{slug}/collecte", {"collecte": ids.get(by, by)}))
        return "" if page.status == 303 else page.error("collecte")

    assert collects("saint-martin", "guadeloupe") == ""
    assert make.territoire("saint-martin").collected_by.slug == "guadeloupe"
    assert "Il collecte pour Saint-Martin." in open_page(visitor, f"{ADMIN}guadeloupe").words()
    assert "collecte déjà pour un autre" in collects("guadeloupe", "martinique")
    assert "est déjà collecté" in collects("martinique", "saint-martin")
    for wrong in ("saint-martin", "999999", "x", "9" * 40):
        assert collects("saint-martin", wrong) == "Choisissez un autre territoire de la liste."
    assert collects("saint-martin", "") == ""
    assert make.territoire("saint-martin").collected_by_id is None
    kept = [(row.before, row.after) for row in db.session.query(Change).filter_by(name="collecte")]
    assert kept == [("personne d’autre", "Guadeloupe"), ("Guadeloupe", "personne d’autre")]


def test_an_administrator_changes_the_settings_too_and_nobody_else_what_is_covered(app, alma, marc):
    visitor = Visitor(app, alma)
    page = open_page(visitor, f"{ADMIN}normandie")
    sent = {setting.name: page.shown(setting.name)[0] for setting in SETTINGS if not setting.choices}
    sent |= {"siret_obligatoire": "1", "delai_instruction": "0"}
    wrong = Page(visitor, visitor.post(f"{ADMIN}normandie/reglages", sent))
    assert wrong.error("delai_instruction") == "Écrivez un nombre de jours, de 1 à 60."
    assert visitor.post(f"{ADMIN}normandie/reglages", {**sent, "delai_instruction": "9"}).status_code == 303
    assert make.territoire().delai_instruction == 9
    for act in (lambda: cover(db.session(), 1, [], marc), lambda: collect(db.session(), 1, None, marc)):
        with pytest.raises(Refused):
            act()
