"""The reasons of a refusal or a suspension: chosen by a moderator, worded by the territoire, read by the structure."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from backoffice.core.extensions import db
from backoffice.models import Mail, Reason, RevisionState, TransitionLog
from backoffice.queries.moderation.reasons import offered, reasons
from backoffice.reference.reasons import shipped
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches.transitions import TRANSITIONS
from workflows.moderation.reasons import word

DECISIONS = [transition.name for transition in TRANSITIONS.values() if transition.reasons]


@pytest.fixture
def visitor(app, marc):
    return Visitor(app, marc)


def test_refusing_and_suspending_give_a_reason():
    assert DECISIONS == ["refuser", "suspendre"]


def test_each_shipped_reason_is_worded_and_explains_a_decision():
    for motif in shipped().values():
        assert set(motif.transitions) <= set(DECISIONS)
        assert motif.transitions
        assert all(text.endswith((".", "?", "!")) for text in (motif.text, motif.cure))
        assert len(motif.label) <= 120


@pytest.mark.parametrize("name", DECISIONS)
def test_every_territoire_starts_with_a_list(app, name):
    for slug in ("normandie", "grand-est", "nouvelle-caledonie"):
        assert len(offered(db.session(), make.territoire(slug).id, name)) >= 3


def test_the_structure_reads_the_reason_its_cure_and_the_comment(app, visitor, marc, nadia):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    id_ = fiche.latest.id
    page = open_page(visitor, f"/moderation/{id_}")
    options = page.dom.xpath("//select[@id='motif-refuser']/option/@value")
    assert options == ["", *(motif.code for motif in offered(db.session(), make.territoire().id, "refuser"))]
    sent = {"motif": "hors-champ", "commentaire": "Voyez avec l’école."}
    assert visitor.post(f"/moderation/{id_}/refuser", sent).status_code == 303
    motif = shipped()["hors-champ"]
    words = open_page(Visitor(app, nadia), f"/fiches/{fiche.id}").words()
    mail = db.session.query(Mail).filter_by(notice="fiche_refusee", address=nadia.email).one()
    for said in (motif.text, motif.cure, "Voyez avec l’école."):
        assert said in words
        assert said in " ".join(mail.text.replace("\n> ", " ").split())
    row = db.session.query(TransitionLog).filter_by(transition="refuser").one()
    assert (row.motif, row.comment) == (motif.said, "Voyez avec l’école.")


def test_the_structure_reads_why_its_fiche_is_suspended(app, visitor, marc, nadia):
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    assert visitor.post(f"/moderation/{fiche.latest.id}/suspendre", {"motif": "contact-faux"}).status_code == 303
    words = open_page(Visitor(app, nadia), f"/fiches/{fiche.id}").words()
    motif = shipped()["contact-faux"]
    assert motif.text in words
    assert motif.cure in words
    mail = db.session.query(Mail).filter_by(notice="fiche_suspendue").one()
    assert motif.cure in " ".join(mail.text.replace("\n> ", " ").split())


@pytest.mark.parametrize("motif", ["", "inconnu", "contact-faux", "x" * 5_000, "\x00"])
def test_a_refusal_without_its_reason_says_so_at_the_field_and_keeps_the_comment(visitor, marc, nadia, motif):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    sent = {"motif": motif, "commentaire": "Une longue explication."}
    page = Page(visitor, visitor.post(f"/moderation/{fiche.latest.id}/refuser", sent))
    assert page.status == 409
    field = page.element("motif-refuser")
    assert field.get("aria-invalid") == "true"
    assert "motif-refuser-erreur" in field.get("aria-describedby").split()
    assert "Choisissez un motif" in page.element("motif-refuser-erreur").text_content()
    assert "Une longue explication." in page.element("commentaire-refuser").text
    db.session.expire_all()
    assert fiche.latest.state is RevisionState.EN_INSTRUCTION


# --- Each territoire its words -------------------------------------------------------------------------


def write(visitor, path, **answers):
    page = open_page(visitor, path)
    for name, value in answers.items():
        page.answers.setlist(name, value if isinstance(value, list) else [value])
    return Page(visitor, visitor.post(page.action, page.answers))


def test_a_territoire_words_a_reason_its_own_way_and_the_past_keeps_the_words_of_then(app, visitor, marc, nadia):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    visitor.post(f"/moderation/{fiche.latest.id}/refuser", {"motif": "doublon"})
    assert (
        write(visitor, "/moderation/motifs/normandie/doublon", texte="Nos mots.", remede="Notre remède.").status == 303
    )
    here, there = make.territoire().id, make.territoire("grand-est").id
    assert reasons(db.session(), here)["doublon"].text == "Nos mots."
    assert reasons(db.session(), there)["doublon"] == shipped()["doublon"]
    row = db.session.query(TransitionLog).filter_by(transition="refuser").one()
    assert row.motif == shipped()["doublon"].said
    again = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    visitor.post(f"/moderation/{again.latest.id}/refuser", {"motif": "doublon"})
    db.session.expire_all()
    assert again.latest.reason == "Nos mots.\n\nCe que vous pouvez faire : Notre remède."


def test_a_territoire_adds_a_reason_of_its_own(visitor):
    said = {
        "libelle": "Réservé aux salariés",
        "texte": "Réservé.",
        "remede": "Ouvrez à tous.",
        "decisions": ["refuser"],
    }
    assert write(visitor, "/moderation/motifs/normandie/nouveau", **said).status == 303
    here = make.territoire().id
    assert [motif.label for motif in offered(db.session(), here, "refuser")][-1] == "Réservé aux salariés"
    assert "Réservé aux salariés" not in [motif.label for motif in offered(db.session(), here, "suspendre")]
    assert "Réservé aux salariés" in open_page(visitor, "/moderation/motifs/").words()


def test_a_reason_is_switched_off_and_on_and_never_deleted(visitor, marc, nadia):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    for action, there in (("desactiver", False), ("activer", True)):
        assert visitor.post(f"/moderation/motifs/normandie/doublon/{action}").status_code == 303
        options = open_page(visitor, f"/moderation/{fiche.latest.id}").dom.xpath(
            "//select[@id='motif-refuser']/option/@value"
        )
        assert ("doublon" in options) is there
    assert db.session.query(Reason).count() == 1


def test_what_a_reason_lacks_is_said_at_its_field(visitor):
    page = write(visitor, "/moderation/motifs/normandie/nouveau", libelle="x" * 200)
    assert page.status == 422
    assert "200 caractères : 120 au plus" in page.error("libelle")
    for name in ("texte", "remede", "decisions"):
        assert page.error(name)
    assert page.shown("libelle") == ["x" * 200]


def test_only_its_moderators_and_administrators_word_the_reasons_of_a_territoire(app, marc):
    motif = shipped()["doublon"]
    for stranger in (make.moderator("Mina Modèle", "grand-est"), make.provider()):
        with pytest.raises(Refused):
            word(db.session(), make.territoire().id, motif, stranger)


def test_the_base_refuses_a_reason_without_words(app, marc):
    row = Reason(
        territoire_id=make.territoire().id,
        code="x",
        label="x",
        text=" ",
        cure="x",
        transitions=[],
        updated_by_id=marc.id,
    )
    db.session.add(row)
    with pytest.raises(IntegrityError):
        db.session.flush()
