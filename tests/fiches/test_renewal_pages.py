"""A structure renews its fiches for the year that comes, one or many, and makes others like them."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import PARIS, local_day, long_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheState, Nature, Revision, RevisionState, TransitionLog
from backoffice.models.content import Session
from backoffice.models.transition_names import FicheTransition
from forms.fiches.renewals import PROPOSED, UNFINISHED, WEEK, renew
from tests.support import factories as make
from tests.support.pages import Page, open_page, stored
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import closing, provider_reminders, renewals
from workflows.fiches.fast_lane import Change, update_session

pytestmark = pytest.mark.dates

TODAY = local_day(now())
BEGAN, ENDS = TODAY - timedelta(60), TODAY + timedelta(220)
THIS_YEAR = (BEGAN, ENDS)


def running(title="Ateliers de français", began=BEGAN):
    """An entry whose one session is under way."""
    content = make.complete_content(title)
    content.actions[0].sessions = [Session("S3", began, ENDS)]
    return content


def next_year(began):
    (made,) = renew(running(began=began), PROPOSED - {UNFINISHED}, TODAY).content.actions[0].sessions
    return made.debut, made.fin


NEXT = next_year(BEGAN)


@pytest.fixture
def published(nadia, marc):
    return make.fiche_in(RevisionState.VALIDEE, nadia, marc, running())


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


def dates_of(fiche):
    return [(row.debut, row.fin) for row in stored(fiche).actions[0].sessions]


def logged(fiche):
    rows = db.session.query(TransitionLog).filter_by(fiche_id=fiche.id).order_by(TransitionLog.id)
    return [row.transition for row in rows]


def confirm(page):
    """Presses the button that renews: the form that carries the stamps."""
    (form,) = page.dom.xpath("//form[@method='post'][.//input[@name='fiche']]")
    return page.visitor.post(form.get("action"), list(form.form_values()))


def ask(visitor, *fiches, **parts):
    return open_page(visitor, "/fiches/reconduire?" + urlencode({"fiche": [f.id for f in fiches], **parts}, doseq=True))


def test_a_fiche_is_renewed_under_its_numero_and_seen_as_a_renewal(visitor, nadia, marc, published):
    numero = published.numero
    page = ask(visitor, published)
    assert long_day(BEGAN) in page.words()
    assert long_day(NEXT[0]) in page.words()
    assert logged(published)[-1] != FicheTransition.RECONDUIRE, "montrer les dates ne change rien"
    assert confirm(page).headers["Location"] == f"/fiches/{published.id}/relecture"
    db.session.expire_all()
    draft = published.latest
    assert (draft.number, draft.state, published.numero) == (2, RevisionState.BROUILLON, numero)
    assert dates_of(published) == [THIS_YEAR, NEXT]
    assert published.state is FicheState.PUBLIEE
    assert "complète" in visitor.see(f"/fiches/{published.id}/relecture").text
    make.step(published, "soumettre", nadia)
    assert published.latest.nature is Nature.RENOUVELLEMENT
    make.step(published, "prendre", marc)
    make.step(published, "valider", marc)
    assert published.fragment.sessions == 2


def test_one_more_term_in_the_same_year_is_no_renewal(nadia, published):
    with atomic() as session:
        draft = renewals.renew(session, published.id, PROPOSED, nadia)
    content = draft.content
    row = content.actions[0].sessions[1]
    row.debut, row.fin = ENDS + timedelta(5), ENDS + timedelta(30)
    draft.content = content
    db.session.commit()
    make.step(published, "soumettre", nadia)
    assert published.latest.nature is Nature.MODIFICATION


def test_what_the_fast_lane_moved_is_what_is_renewed(nadia, published):
    with atomic() as session:
        update_session(session, published.id, Change("G2", "S3", debut=BEGAN + WEEK), nadia)
        renewals.renew(session, published.id, PROPOSED, nadia)
    assert dates_of(published)[1] == next_year(BEGAN + WEEK)


def test_a_version_on_its_way_is_told_and_never_written_over(visitor, nadia, marc, published):
    page = ask(visitor, published)
    visitor.see(f"/fiches/{published.id}")
    visitor.post(f"/fiches/{published.id}/modifier")
    answer = confirm(page)
    assert answer.status_code == 409
    assert "déjà en cours" in answer.text
    assert dates_of(published) == [THIS_YEAR]
    assert "déjà en cours" in ask(visitor, published).words()
    assert not ask(visitor, published).dom.xpath("//form[@method='post'][.//input[@name='fiche']]")


def test_the_button_pressed_twice_renews_once(visitor, published):
    page = ask(visitor, published)
    first, second = confirm(page), confirm(page)
    assert first.headers["Location"] == second.headers["Location"] == f"/fiches/{published.id}/relecture"
    db.session.expire_all()
    assert published.latest.number == 2


def test_dates_that_changed_since_they_were_shown_are_shown_again(visitor, nadia, published):
    page = ask(visitor, published)
    with atomic() as session:
        update_session(session, published.id, Change("G2", "S3", debut=BEGAN + WEEK), nadia)
    answer = confirm(page)
    assert answer.status_code == 409
    assert "ont changé entre-temps" in answer.text
    assert long_day(next_year(BEGAN + WEEK)[0]) in answer.text
    assert published.latest.number == 1
    assert confirm(Page(visitor, answer)).status_code == 303


def test_a_fiche_archived_because_it_was_over_comes_back_renewed(nadia, published):
    after = ENDS + timedelta(70)
    for day in (ENDS + timedelta(2), after):
        with clock_at(datetime(day.year, day.month, day.day, 7, tzinfo=PARIS)):
            closing.close()
            provider_reminders.send()
    db.session.expire_all()
    assert published.state is FicheState.ARCHIVEE
    with clock_at(datetime(after.year, after.month, after.day, 9, tzinfo=PARIS)), atomic() as session:
        renewals.renew(session, published.id, PROPOSED, nadia)
    assert published.state is FicheState.NON_PUBLIEE
    assert dates_of(published) == [NEXT]
    assert logged(published)[-2:] == ["desarchiver", FicheTransition.RECONDUIRE]


def test_a_fiche_archived_before_its_end_or_suspended_is_not_renewed(nadia, marc, published):
    make.step(published, "archiver", nadia)
    suspended = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    make.step(suspended, "suspendre", marc, "Le téléphone est faux.")
    never = make.fiche_in(RevisionState.REFUSEE, nadia, marc)
    for fiche, words in ((published, "archivée avant"), (suspended, "suspendue"), (never, "jamais été publiée")):
        with pytest.raises(Refused, match=words), atomic() as session:
            renewals.renew(session, fiche.id, PROPOSED, nadia)
        db.session.expire_all()
        assert fiche.latest.number == 1


def test_nobody_renews_the_fiche_of_another(marc, published):
    stranger = make.provider("Olga Voisine", make.organisme("Association voisine"))
    for person in (marc, stranger):
        with pytest.raises(Refused), atomic() as session:
            renewals.renew(session, published.id, PROPOSED, person)


def test_many_at_once_each_has_its_own_result(visitor, nadia, marc):
    good, other = (make.fiche_in(RevisionState.VALIDEE, nadia, marc, running(f"Cours {n}")) for n in "AB")
    busy = make.fiche_in(RevisionState.VALIDEE, nadia, marc, running("Cours C"))
    page = open_page(visitor, "/fiches/reconduire")
    assert "Cours A" in page.text
    page = ask(visitor, good, other, busy)
    visitor.post(f"/fiches/{busy.id}/modifier")
    answer = confirm(page)
    assert answer.status_code == 303
    told = open_page(visitor, answer.headers["Location"])
    assert "2 fiches sont reconduites" in told.words()
    assert "Pas reconduite. Une nouvelle version de cette fiche est déjà en cours" in told.words()
    assert [dates_of(fiche)[-1] for fiche in (good, other)] == [NEXT, NEXT]
    assert len(dates_of(busy)) == 1
    again = confirm(page)
    assert "2 fiches sont reconduites" in open_page(visitor, again.headers["Location"]).words()
    assert db.session.query(TransitionLog).filter_by(transition=FicheTransition.RECONDUIRE).count() == 2


def test_what_is_not_kept_is_asked_again(visitor, published):
    page = ask(visitor, published, choix="1", garder=["textes", "lieux", "inscription"])
    assert "À redonner" in page.words()
    assert confirm(page).status_code == 303
    content = stored(published)
    assert content.financement.financeurs == []
    assert content.formation.objectif
    review = visitor.see(f"/fiches/{published.id}/relecture").text
    assert "à compléter avant l’envoi" in review


def test_with_no_fiche_ticked_the_page_says_so(visitor, published):
    page = open_page(visitor, "/fiches/reconduire?choix=1")
    assert "Cochez au moins une fiche" in page.words()


def test_the_pages_ask_as_many_queries_for_one_fiche_as_for_many(app, visitor, nadia, marc, published):
    few = queries_of(visitor, f"/fiches/reconduire?fiche={published.id}"), queries_of(visitor, "/fiches/reconduire")
    more = [make.fiche_in(RevisionState.VALIDEE, nadia, marc).id for _ in range(6)]
    asked = urlencode({"fiche": more}, doseq=True)
    assert (queries_of(visitor, f"/fiches/reconduire?{asked}"), queries_of(visitor, "/fiches/reconduire")) == few


# --- Duplication --------------------------------------------------------------------------------------


def test_a_copy_is_another_fiche_with_the_same_words(visitor, nadia, published):
    page = open_page(visitor, f"/fiches/{published.id}")
    (form,) = page.dom.xpath("//form[contains(@action, 'dupliquer')]")
    first = visitor.post(form.get("action"), list(form.form_values()))
    again = visitor.post(form.get("action"), list(form.form_values()))
    assert first.headers["Location"] == again.headers["Location"]
    made = db.session.query(Fiche).filter(Fiche.id != published.id).one()
    assert (made.numero, made.state, made.latest.number) == (None, FicheState.NON_PUBLIEE, 1)
    assert stored(made).formation == stored(published).formation
    assert db.session.query(TransitionLog).filter_by(fiche_id=made.id, transition="dupliquer").one().comment == (
        f"À partir de la fiche n° {published.numero}"
    )
    make.step(made, "soumettre", nadia)
    assert made.numero != published.numero
    assert db.session.query(Revision).filter_by(fiche_id=published.id).count() == 1
    assert open_page(visitor, f"/fiches/{published.id}").dom.xpath("//input[@name='cle']/@value") != form.fields["cle"]
