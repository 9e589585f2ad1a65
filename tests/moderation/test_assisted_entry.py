"""A moderator enters for a structure: the same pages, within their territoire, noted and told."""

from __future__ import annotations

import pytest

from backoffice.core.extensions import db
from backoffice.models import Fiche, Mail, Notification, Organisme, Revision, RevisionState, TransitionLog
from backoffice.models.transition_names import FicheTransition
from tests.support import factories as make
from tests.support.pages import Page
from tests.support.visitor import Visitor

TRACE = FicheTransition.SAISIR_POUR


@pytest.fixture
def helper(app, marc):
    visitor = Visitor(app, marc)
    visitor.see("/moderation/structures/")
    return visitor


def traces():
    return [row.comment for row in db.session.query(TransitionLog).filter_by(transition=TRACE)]


def told(name="saisie_pour_structure"):
    return db.session.query(Mail.address).filter_by(notice=name).order_by(Mail.id).all()


def write(visitor, fiche_id, **answers):
    page = Page(visitor, visitor.see(f"/fiches/{fiche_id}/saisie/objectifs"))
    page.type(answers)
    return visitor.post(page.action, page.answers)


def test_a_draft_of_a_structure_is_completed_and_sent_in_its_place(app, marc, helper):
    nadia = make.provider()
    fiche_id, name = make.draft(nadia).id, "Centre social des Tilleuls"
    assert f"Vous remplissez cette fiche pour <strong>{name}</strong>" in helper.see(f"/fiches/{fiche_id}").text
    assert traces() == []  # reading is not writing
    for words in ("Dicté au téléphone.", "Dicté encore."):
        assert write(helper, fiche_id, **{"formation-objectif": words}).status_code == 303
    assert traces() == [f"Pour la structure « {name} »"]
    assert told() == [(nadia.email,)]
    assert "Saisie par un modérateur pour la structure" in helper.see(f"/fiches/{fiche_id}").text
    sent = helper.post(f"/fiches/{fiche_id}/envoyer")
    assert sent.headers["Location"].endswith("/envoyee")
    assert "Revenir à la file" in helper.see(f"/fiches/{fiche_id}/envoyee").text
    revision = db.session.get_one(Fiche, fiche_id).latest
    assert (revision.state, revision.content.formation.objectif) == (RevisionState.SOUMISE, "Dicté encore.")
    assert db.session.query(TransitionLog).filter_by(transition="deposer").one().actor_id == marc.id
    assert db.session.query(TransitionLog).filter_by(transition="soumettre").count() == 0


def test_what_the_structure_writes_itself_is_not_noted(app, marc):
    nadia = make.provider()
    fiche_id = make.draft(nadia).id
    visitor = Visitor(app, nadia)
    assert write(visitor, fiche_id, **{"formation-objectif": "Nous-mêmes."}).status_code == 303
    assert (traces(), told()) == ([], [])


def test_a_moderator_of_elsewhere_writes_nothing(app):
    fiche_id = make.draft(make.provider()).id
    stranger = Visitor(app, make.moderator("Gaël Voisin", "grand-est"))
    for path in (f"/fiches/{fiche_id}", f"/fiches/{fiche_id}/saisie/objectifs", f"/fiches/{fiche_id}/relecture"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/fiches/{fiche_id}/envoyer").status_code == 404


def test_a_moderator_archives_nothing_as_if_they_were_the_structure(app, helper):
    fiche_id = make.draft(make.provider()).id
    assert helper.post(f"/fiches/{fiche_id}/archiver").status_code == 403
    assert "Archiver" not in helper.see(f"/fiches/{fiche_id}").text


def test_a_new_structure_then_its_first_fiche(app, marc, helper):
    assert "Aucune structure ne correspond" in helper.see("/moderation/structures/?q=glaneurs").text
    said = {
        "nom": "Les Glaneurs de mots",
        "categorie": "association",
        "siret": "732 829 320 00074",
        "courriel": "glaneurs@exemple.fr",
        "territoire": str(make.territoire().id),
    }
    place = helper.post("/moderation/structures/nouvelle", said).headers["Location"]
    made = db.session.query(Organisme).filter_by(nom="Les Glaneurs de mots").one()
    assert (made.siret, made.territoire.slug) == ("73282932000074", "normandie")
    page = Page(helper, helper.see(place))
    assert "glaneurs@exemple.fr" in page.text
    for _ in range(2):  # the button pressed twice
        answer = helper.post(page.action, {**page.answers, "dispositif": "ASL"})
        assert answer.status_code == 303
    fiche = db.session.query(Fiche).filter_by(organisme_id=made.id).one()
    assert answer.headers["Location"].startswith(f"/fiches/{fiche.id}/saisie/")
    structure = fiche.latest.content.structure
    assert (structure.nom, structure.siret, structure.categorie) == (made.nom, made.siret, "association")
    assert structure.contact.courriel == "glaneurs@exemple.fr"
    assert traces() == ["Pour la structure « Les Glaneurs de mots »"]
    assert told() == [("glaneurs@exemple.fr",)]  # nobody has an account there yet
    assert db.session.query(Notification).count() == 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("nom", "", "Écrivez le nom"),
        ("nom", "x" * 251, "trop long de 1"),
        ("categorie", "secte", "Réponse hors de la liste"),
        ("siret", "123", "14 chiffres"),
        ("siret", make.SIRET, "est déjà celui de"),
        ("telephone", "bonjour", "numéro de téléphone"),
        ("courriel", "chez nous", "adresse e-mail"),
        ("courriel", "", "doit pouvoir être prévenue"),
        ("territoire", "999999", "Choisissez le territoire."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_is_kept(app, helper, field, value, message):
    make.organisme()
    db.session.commit()
    said = {
        "nom": "Les Glaneurs de mots",
        "categorie": "association",
        "courriel": "glaneurs@exemple.fr",
        "territoire": str(make.territoire().id),
        field: value,
    }
    answer = helper.post("/moderation/structures/nouvelle", said)
    assert answer.status_code == 422
    page = Page(helper, answer)
    assert message in page.text
    if field != "territoire":
        assert message in page.error(field)
    for name in set(said) - {field, "territoire"}:
        assert page.shown(name) == [said[name]]
    assert db.session.query(Organisme).count() == 1


def test_a_structure_of_elsewhere_is_out_of_reach(app):
    theirs = make.organisme()
    db.session.commit()
    stranger = Visitor(app, make.moderator("Gaël Voisin", "grand-est"))
    assert theirs.nom not in stranger.see("/moderation/structures/").text
    assert stranger.get(f"/moderation/structures/{theirs.id}").status_code == 404


def test_archiving_in_place_of_the_structure_tells_it(app, marc, helper):
    nadia = make.provider()
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    revision_id = fiche.latest.id
    answer = helper.post(f"/moderation/{revision_id}/classer", {"commentaire": "La structure a fermé."})
    assert answer.status_code == 303
    assert told("fiche_archivee") == [(nadia.email,)]
    assert db.session.query(Revision).count() == 1
