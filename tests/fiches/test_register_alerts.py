"""What registers say against fiches: flagged, told once, shown, and gone with its cause."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import (
    AlertKind,
    Certification,
    Etablissement,
    FicheAlert,
    Mail,
    Notification,
    RevisionState,
)
from backoffice.models.content import Porteuse
from tests.support import factories as make
from tests.support import register_files as files
from tests.support.pages import open_page
from tests.support.statements import queries_of, statements
from tests.support.visitor import Visitor
from workflows.fiches import operations, register_alerts
from workflows.registers import runs, versions
from workflows.registers.declared import REGISTERS
from workflows.work.schedule import SCHEDULE

CODE = "RS9001"
OTHER_SIRET = "40000000000012"


def in_days(number: int) -> date:
    return local_day(now()) + timedelta(days=number)


def certified(number: int | None, *, code: str = CODE, active: bool = True) -> Certification:
    """A certification that ends in so many days."""
    end = None if number is None else in_days(number)
    row = Certification(
        label=f"Examen {code}", search_name=f"examen {code.lower()}", code=code, valid_until=end, active=active
    )
    db.session.add(row)
    db.session.commit()
    return row


def closed(siret: str = make.SIRET, days: int = -3) -> Etablissement:
    row = Etablissement(siret=siret, denomination="ASSOCIATION DES TILLEULS", closed_on=in_days(days))
    db.session.add(row)
    db.session.commit()
    return row


def preparing(code: str = CODE):
    content = make.complete_content()
    content.formation.certification, content.formation.code_certification = f"Examen {code}", code
    content.formation.visees.append("certification")
    return content


def flagged() -> list[tuple[int, str, str, date | None]]:
    db.session.expire_all()
    rows = db.session.query(FicheAlert).order_by(FicheAlert.fiche_id, FicheAlert.kind)
    return [(row.fiche_id, str(row.kind), row.subject, row.day) for row in rows]


def mails(notice: str = "fiche_alerte") -> list[str]:
    return [mail.text for mail in db.session.query(Mail).filter_by(notice=notice).order_by(Mail.id)]


def test_a_certification_that_has_ended_is_flagged_told_once_and_goes_with_its_cause(app, nadia, marc):
    row = certified(-1)
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, preparing())
    untouched = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    for _ in range(2):
        register_alerts.look()
        assert flagged() == [(fiche.id, "certification", CODE, in_days(-1))]
    (text,) = mails()
    assert f"La certification « Examen {CODE} » ({CODE}) n’est plus valable depuis le {short_day(in_days(-1))}" in text
    assert "répertoires de France compétences" in text
    assert "Elle reste publiée" in text
    lines = db.session.query(Notification).filter_by(notice="alertes_du_jour", user_id=marc.id).all()
    assert [line.subject for line in lines] == ["1 fiche à regarder, d’après les répertoires"]
    assert fiche.state == untouched.state == "publiee"

    db.session.get_one(Certification, row.id).valid_until = in_days(400)
    db.session.commit()
    register_alerts.look()
    assert flagged() == []
    db.session.get_one(Certification, row.id).valid_until = in_days(-1)
    db.session.commit()
    register_alerts.look()
    assert len(flagged()) == len(mails()) == 1  # the same end is not told twice


@pytest.mark.parametrize(("days", "kind"), [(0, "bientot"), (90, "bientot"), (91, ""), (-1, "certification")])
def test_the_end_that_comes_is_told_as_long_before_as_the_territoire_wants(app, nadia, days, kind):
    certified(days)
    make.draft(nadia, preparing())
    register_alerts.look()
    assert [row[1].removeprefix("certification_") for row in flagged()] == ([kind] if kind else [])
    make.territoire().alerte_certification = 0
    db.session.commit()
    register_alerts.look()
    assert len(flagged()) == (days <= 0)


def test_a_register_that_says_no_more_active_and_no_day(app, nadia):
    certified(None, active=False)
    make.draft(nadia, preparing())
    register_alerts.look()
    assert [row[1:] for row in flagged()] == [("certification", CODE, None)]
    assert "n’est plus valable." in mails()[0]


def test_each_establishment_that_a_fiche_names_is_looked_at(app, nadia, marc):
    closed()
    closed(OTHER_SIRET)
    own = make.draft(nadia)
    trained = make.complete_content()
    trained.structure.siret = "40000000000020"
    trained.structure.formateur_siret = OTHER_SIRET
    carried = make.complete_content()
    carried.structure.siret = ""
    carried.structure.porteuse = Porteuse("Fédération", OTHER_SIRET, "a@federation.example")
    not_carried = make.complete_content()
    not_carried.structure.siret = "40000000000020"
    not_carried.structure.porteuse = carried.structure.porteuse
    ids = [own.id, *(make.draft(nadia, content).id for content in (trained, carried, not_carried))]
    register_alerts.look()
    assert [(row[0], row[1], row[2]) for row in flagged()] == [
        (ids[0], "structure", make.SIRET),
        (ids[1], "formateur", OTHER_SIRET),
        (ids[2], "porteuse", OTHER_SIRET),
    ]


def test_what_closes_later_or_is_archived_says_nothing(app, nadia, marc):
    closed(days=5)
    certified(-1)
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, preparing())
    assert len(flagged()) == 1
    make.step(fiche, "archiver", nadia)
    assert flagged() == []
    register_alerts.look()
    assert flagged() == []


def test_a_content_that_is_put_right_takes_its_alert_away_when_it_is_approved(app, nadia, marc):
    certified(-1)
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, preparing())
    register_alerts.look()
    draft = operations.open_draft(db.session(), fiche.id, nadia)
    operations.save_draft(db.session(), draft, make.complete_content(), {}, nadia)
    db.session.commit()
    for name, by in (("soumettre", nadia), ("prendre", marc)):
        make.step(fiche, name, by)
        assert len(flagged()) == 1  # readers still see what was approved
    make.step(fiche, "valider", marc)
    assert flagged() == []


def test_where_it_is_shown(app, nadia, marc):
    certified(-1)
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, preparing())
    make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content("Une fiche sans souci"))
    register_alerts.look()
    said = f"La certification « Examen {CODE} » ({CODE}) n’est plus valable"
    visitor, desk = Visitor(app, nadia), Visitor(app, marc)
    for page in ("/fiches/", f"/fiches/{fiche.id}"):
        assert said in open_page(visitor, page).words(), page
    assert said in open_page(desk, f"/moderation/{fiche.latest.id}").words()
    assert "Certification finie" in open_page(desk, "/moderation/?onglet=traitees").words("//tbody")
    for kind, shown in (("toute", 1), ("certification", 1), ("porteuse", 0)):
        page = open_page(desk, f"/moderation/?onglet=traitees&alerte={kind}")
        assert len(page.dom.xpath("//tbody/tr")) == shown
    line = db.session.query(Notification).filter_by(notice="alertes_du_jour").one()
    assert line.page == "/moderation/?onglet=traitees&alerte=toute"
    assert len(open_page(desk, line.page).dom.xpath("//tbody/tr")) == 1


def test_the_queries_do_not_depend_on_the_number_of_fiches(app, nadia, marc):
    certified(-1)
    counts, pages = [], []
    for number in (1, 5):
        for _ in range(number):
            make.fiche_in(RevisionState.VALIDEE, nadia, marc, preparing())
        db.session.query(FicheAlert).delete()
        db.session.commit()
        with atomic() as session, statements() as found:
            register_alerts.refresh(session)
        counts.append(len(found))
        pages.append(queries_of(Visitor(app, nadia), "/fiches/"))
    assert counts[0] == counts[1]
    assert pages[0] == pages[1]
    assert len(flagged()) == 6


def test_each_kind_has_its_words(app, nadia):
    fiche = make.draft(nadia)
    for kind in AlertKind:
        alert = FicheAlert(fiche=fiche, kind=kind, subject="38115", label="Un nom", day=date(2026, 3, 1))
        assert "01/03/2026" in alert.words
        assert kind.cure
        assert alert.source


def test_the_job_runs_each_morning(app, nadia):
    certified(-1)
    make.draft(nadia, preparing())
    SCHEDULE["echeances"].run()
    assert len(flagged()) == len(mails()) == 1


def test_a_register_that_is_applied_or_undone_is_looked_at_at_once(app, nadia, tmp_path):
    make.draft(nadia, preparing("1"))
    with atomic() as session:
        session.add(Certification(label="Examen 1", search_name="examen 1", code="1", valid_until=in_days(400)))
    ended = files.certification(1, Date_Fin_Enregistrement="31/12/2025", Actif="INACTIVE")
    file = files.write("certifications", tmp_path / "standard.csv", [ended])
    with file.open("rb") as stream, atomic() as session:
        row = runs.ask_reading(session, REGISTERS["certifications"], file.name, uploads.keep(stream), None)
    with atomic() as session:
        runs.ask_applying(session, row.id, at_once=True)
    assert [line[1:] for line in flagged()] == [("certification", "1", date(2025, 12, 31))]
    assert len(mails()) == 1
    with atomic() as session:
        versions.undo(session, row.id, None)
    assert flagged() == []
