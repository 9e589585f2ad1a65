"""A step saved on its own while it is typed, and the draft found again where the work stopped."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from backoffice.core.extensions import db
from backoffice.models import Dispositif, Fiche, Login, Revision, TransitionLog
from backoffice.models.content import Contenu, dump
from backoffice.models.transition_names import FicheTransition
from forms.fiches.paths import PATHS
from forms.kit.questions import Kind
from tests.support import factories as make
from tests.support.pages import Page, open_page, open_step, stored
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.fiches import operations

from .test_saving import blank, contents, kept, tidy


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


@pytest.fixture
def fiche(nadia):
    return make.draft(nadia, make.two_places())


def autosave(page: Page, **changes: str):
    """What the script of the page sends; the page then carries what it is answered, as the script does."""
    page.type(dict(changes))
    data = MultiDict((name, text) for name, text in page.answers.items(multi=True))
    answer = page.visitor.post(f"{page.action}/brouillon", data)
    if answer.status_code == 200:
        page.type({"empreinte": answer.json["empreinte"], **answer.json["reperes"]})
    return answer


def test_what_is_typed_is_stored_and_the_page_goes_on(visitor, fiche):
    page = open_step(visitor, fiche, "objectifs")
    for text in ("Se débrouiller", "Se débrouiller chez le médecin"):
        answer = autosave(page, **{"formation-objectif": text})
        assert answer.status_code == 200
        assert stored(fiche).formation.objectif == text
    assert page.send(follow=False).status == 303


TYPED = ("-nom", "-intitule", "-objectif", "-info_publics", "-denomination", "-places_libres", "-frais")
"""End of the name of a field of each step where «7» may be typed."""


@pytest.mark.parametrize("step", PATHS[Dispositif.ASL].steps, ids=lambda step: step.slug)
def test_a_save_asks_the_base_eight_times_at_most(visitor, fiche, step):
    page = open_step(visitor, fiche, step.slug)
    name = next(name for name in page.answers if name.endswith(TYPED))
    further = len(stored(fiche).lieux) - 1 if step.slug == "lieux" else 0  # one question for each address of the step
    for text in ("7", "8"):
        with statements() as found:
            assert autosave(page, **{name: text}).status_code == 200
        assert any(one.startswith("UPDATE revision") for one in found)
        asked = [one for one in found if "pg_advisory" not in one]  # the decision lock, which SQLite has not
        assert len(asked) <= 8 + further, asked


def test_the_answer_says_what_is_missing_and_how_good_the_fiche_is(visitor, fiche):
    page = open_step(visitor, fiche, "objectifs")
    lacking = autosave(page, **{"formation-objectif": ""}).json
    assert lacking["manques"] == 1
    assert 'href="#formation-objectif"' in lacking["aide"]
    assert "Il manque une réponse ici" in lacking["aide"]
    better = autosave(page, **{"formation-objectif": "Parler", "formation-resultats": "Une attestation"}).json
    assert better["manques"] == 0
    assert better["score"] > lacking["score"]
    assert f"Qualité : {better['score']} sur 100" in better["aide"]
    assert better["aide"].strip() in open_step(visitor, fiche, "objectifs").text


def test_what_cannot_be_understood_yet_waits_without_an_error(visitor, fiche):
    page = open_step(visitor, fiche, "structure")
    answer = autosave(page, **{"structure-contact-courriel": "accueil@"})
    assert answer.status_code == 200
    assert "n’est pas une adresse" not in answer.text
    again = open_step(visitor, fiche, "structure")
    assert again.shown("structure-contact-courriel") == ["accueil@"]
    autosave(page, **{"structure-contact-courriel": "accueil@tilleuls.example"})
    assert stored(fiche).structure.contact.courriel == "accueil@tilleuls.example"
    assert not db.session.get_one(Fiche, fiche.id).latest.pending


def test_a_new_row_is_given_its_id_once(visitor, fiche):
    page = open_step(visitor, fiche, "sessions").send(ligne="ajouter:actions-0-sessions")
    page.type({"actions-0-sessions-1-id": ""})
    for day in ("2026-10-05", "2026-10-06"):
        assert autosave(page, **{"actions-0-sessions-1-debut": day}).status_code == 200
    (id_,) = page.shown("actions-0-sessions-1-id")
    autosave(page, **{"actions-0-sessions-1-fin": "2026-12-01"})
    assert stored(fiche).actions[0].sessions[1].id == id_


def test_another_tab_is_told_in_words_and_nothing_is_written(visitor, fiche):
    stale = open_step(visitor, fiche, "intitule")
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre de midi"}).send()
    answer = autosave(stale, **{"formation-intitule": "Titre de ce matin"})
    assert (answer.status_code, answer.json["cause"]) == (409, "conflit")
    assert "Rien n’est perdu" in answer.json["message"]
    assert stored(fiche).formation.intitule == "Titre de midi"
    page = stale.send(follow=False)
    assert page.table() == [["Intitulé", "Titre de midi", "Titre de ce matin"]]


def test_a_sending_that_is_repeated_is_stored_once(visitor, fiche):
    """The answer was lost on its way: the page sends again what it had sent, with its old stamp."""
    page = open_step(visitor, fiche, "intitule")
    before = page.shown("empreinte")[0]
    first = autosave(page, **{"formation-intitule": "Écrit dans le train"})
    again = autosave(page.type({"empreinte": before}))
    assert first.json["empreinte"] == again.json["empreinte"]


def test_a_fiche_that_was_sent_meanwhile_says_so(visitor, fiche):
    page = open_step(visitor, fiche, "intitule")
    visitor.post(f"/fiches/{fiche.id}/envoyer")
    answer = autosave(page, **{"formation-intitule": "Trop tard"})
    assert (answer.status_code, answer.json["cause"]) == (409, "fermee")
    assert "envoyée entre-temps" in answer.json["message"]


def test_an_expired_connection_and_a_wrong_token_are_told_by_their_status(visitor, fiche):
    page = open_step(visitor, fiche, "intitule")
    assert visitor.post(f"{page.action}/brouillon", {**page.answers, "csrf_token": "x"}).status_code == 400
    db.session.query(Login).delete()
    db.session.commit()
    assert autosave(page).status_code == 401


def test_a_page_that_sends_without_end_is_slowed_down_and_its_button_still_works(visitor, fiche):
    page = open_step(visitor, fiche, "intitule")
    statuses = [autosave(page).status_code for _ in range(62)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert page.type({"formation-intitule": "Par le bouton"}).send(follow=False).status == 303


def test_a_moderator_who_corrects_is_saved_in_the_same_way(app, nadia, fiche):
    moderator = make.moderator()
    make.step(fiche, "soumettre", nadia)
    for name in ("prendre", "corriger"):
        make.step(fiche, name, moderator)
    db.session.commit()
    page = open_page(Visitor(app, moderator), f"/moderation/fiches/{fiche.id}/correction/intitule")
    assert autosave(page, **{"formation-intitule": "Ateliers du mardi"}).status_code == 200
    assert stored(fiche).formation.intitule == "Ateliers du mardi"


def test_who_helps_is_noted_once_however_often_the_page_is_saved(app, nadia, fiche):
    page = open_step(Visitor(app, make.moderator()), fiche, "intitule")
    for rank in range(3):
        autosave(page, **{"formation-intitule": f"Titre {rank}"})
    assert db.session.query(TransitionLog).filter_by(transition=FicheTransition.SAISIR_POUR).count() == 1


def in_page_order(content: Contenu, dispositif: Dispositif) -> None:
    """Boxes are sent in the order of the page, whatever the order in which they were ticked."""
    for step in PATHS[dispositif].steps:
        for question in step.questions():
            if question.kind is Kind.CHECKS:
                part, name = question.pattern.split(".")
                getattr(content, part).__dict__[name].sort(key=list(question.choices).index)


@pytest.mark.parametrize("dispositif", Dispositif)
@given(data=st.data())
@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try walks the whole path: to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_draft_saved_on_its_own_and_reopened_is_unchanged(app, nadia, visitor, dispositif, data):
    content = kept(blank(tidy(data.draw(contents(dispositif))), data.draw))
    for adresse in [content.structure.adresse, content.inscription.adresse, *(p.adresse for p in content.lieux)]:
        known = adresse.ville and adresse.code_postal
        adresse.code_insee, adresse.departement, adresse.region = ("14118", "14", "28") if known else ("", "", "")
    in_page_order(content, dispositif)
    before = dump(content)
    fiche = make.draft(nadia, content, dispositif)
    for step in PATHS[dispositif].steps:
        page = open_step(visitor, fiche, step.slug)
        assert autosave(page).status_code == 200, step.slug
        assert dump(stored(fiche)) == before, step.slug
        again = open_step(visitor, fiche, step.slug)
        shown, sent = ({**dict(it.answers.lists()), "csrf_token": []} for it in (again, page))
        assert shown == sent, step.slug


# --- Found again where it stopped ---------------------------------------------------------------------


def resumed(visitor, fiche) -> str:
    return visitor.get(f"/fiches/{fiche.id}/reprendre").headers["Location"]


def test_a_new_fiche_is_gone_on_with_at_its_first_step(visitor, nadia):
    fiche = operations.create_fiche(db.session(), nadia.memberships[0].organisme, Dispositif.ASL, nadia)
    db.session.commit()
    assert resumed(visitor, fiche) == f"/fiches/{fiche.id}/saisie/structure"


def emptied(*spots: str):
    """A complete entry without these answers."""
    content = make.complete_content()
    for spot in spots:
        part, name = spot.split(".")
        target = getattr(content, part)
        setattr(target, name, type(getattr(target, name))())
    return content


LATE = {
    "structure": "structure.nom",
    "intitule": "formation.intitule",
    "objectifs": "formation.objectif",
    "publics": "formation.publics",
    "sessions": "inscription.modalites",
    "financement": "financement.cout",
}
"""An answer that each step asks; that of places is a row."""


@pytest.mark.parametrize("slug", LATE)
def test_a_draft_is_gone_on_with_at_the_first_step_that_is_not_finished(visitor, nadia, slug):
    later = list(LATE.values())[list(LATE).index(slug) :]
    fiche = make.draft(nadia, emptied(*later))
    assert resumed(visitor, fiche) == f"/fiches/{fiche.id}/saisie/{slug}"
    assert f"/fiches/{fiche.id}/reprendre" in open_page(visitor, f"/fiches/{fiche.id}").links("//main")


def test_a_complete_draft_is_gone_on_with_at_the_review(visitor, fiche):
    assert resumed(visitor, fiche) == f"/fiches/{fiche.id}/relecture"


def test_an_answer_that_waits_is_what_the_work_goes_on_with(visitor, fiche):
    autosave(open_step(visitor, fiche, "sessions"), **{"actions-0-sessions-0-debut": "bientôt"})
    assert resumed(visitor, fiche) == f"/fiches/{fiche.id}/saisie/sessions"
    assert db.session.query(Revision).count() == 1
