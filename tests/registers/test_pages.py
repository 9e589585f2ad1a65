"""The pages of the registers: an administrator sends a file, reads what it would change, applies it, undoes it."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from backoffice.core.extensions import db
from backoffice.models import Certification, RegisterImport, RegisterPhase, RegisterSetting, SchoolBreak
from backoffice.models.importing import JobStatus
from tests.support import factories as make
from tests.support import register_files as files
from tests.support.pages import open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor

HOME = "/administration/registres/"
HEAD = "zone;debut;fin;nom\n"
ONE, OTHER = HEAD + "B;2025-10-18;2025-11-02;Toussaint\n", HEAD + "B;2025-10-18;2025-11-03;Toussaint\n"


@pytest.fixture
def alma(app):
    return Visitor(app, make.administrator())


def send(visitor: Visitor, name: str, text: str, filename: str = "fichier.csv") -> str:
    """Returns the address of the reading."""
    visitor.see(f"{HOME}{name}")
    sent = {"fichier": FileStorage(io.BytesIO(text.encode()), filename)}
    answer = visitor.post(f"{HOME}{name}", sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def words(visitor: Visitor, path: str) -> str:
    return open_page(visitor, path).words()


def test_a_file_is_read_compared_applied_and_undone(app, alma):
    where = send(alma, "vacances", ONE, "<b>calendrier</b>.csv")
    said = words(alma, where)
    assert "Lue, pas appliquée" in said
    assert "Ajouts à appliquer1" in said.replace(" 1", "1")
    assert "Dernier jour : 2025-11-02" in said
    assert not db.session.scalars(select(SchoolBreak)).all()
    assert alma.post(f"{where}/appliquer").status_code == 303
    assert "Ce qui a changé" in words(alma, where)
    assert db.session.scalars(select(SchoolBreak)).one().zone == "B"
    assert "1 ligne" in words(alma, HOME)
    assert "<b>calendrier</b>.csv" in words(alma, "/administration/exploitation/")
    assert "B;2025-10-18;2025-11-02;Toussaint" in alma.get(f"{HOME}vacances/etat.csv", buffered=True).text
    alma.post(f"{where}/defaire")
    assert "Défaite" in words(alma, where)
    db.session.expire_all()
    assert not db.session.scalars(select(SchoolBreak)).all()
    alma.post(f"{where}/appliquer")
    assert "Défaite" in words(alma, where), "une version défaite ne s’applique pas de nouveau"


def test_what_waits_is_shown_with_how_many_times_it_was_seen_and_can_be_applied_now(app, alma):
    rows = [files.certification(rank) for rank in range(1, 4)]
    first = ";".join(files.CERTIFICATION) + "\n"

    def text(rows):
        return first + "".join(";".join(row.values()) + "\n" for row in rows)

    def apply(rows):
        alma.post(send(alma, "certifications", text(rows)) + "/appliquer")

    assert list(rows[0]) == list(files.CERTIFICATION)
    apply(rows)
    apply([files.certification(1, Intitule="Autre nom"), rows[1]])
    said = words(alma, f"{HOME}certifications")
    assert "Changement : 1, lu 1 fois Libellé : Certification de démonstration 1 en français → Autre nom" in said
    assert "Retrait : RS3, lu 1 fois" in said
    assert "2 changements en attente" in words(alma, HOME)
    alma.post(f"{HOME}certifications/attente", {"cle": "1"})
    db.session.expire_all()
    assert db.session.scalars(select(Certification.label).where(Certification.code == "1")).one() == "Autre nom"
    assert db.session.scalars(select(Certification).where(Certification.code == "RS3")).one()
    alma.post(f"{HOME}certifications/attente", {"cle": "\x00"})
    assert "cochez ce qui doit l’être" in alma.get(f"{HOME}certifications").text
    alma.post(f"{HOME}certifications/attente", {"tout": "1"})
    assert "Rien n’attend" in words(alma, f"{HOME}certifications")
    assert queries_of(alma, HOME) == queries_of(alma, HOME)


def test_a_wrong_file_is_refused_in_words_and_a_killed_reading_goes_on(app, alma):
    assert "n’a pas les colonnes" in words(alma, send(alma, "uai", ONE))
    alma.see(f"{HOME}vacances")
    assert alma.post(f"{HOME}vacances").status_code == 422
    where = send(alma, "vacances", ONE)
    row = db.session.scalars(select(RegisterImport).order_by(RegisterImport.id.desc()).limit(1)).one()
    row.phase, row.status = RegisterPhase.APPLICATION, JobStatus.EN_COURS  # killed while it was applied
    db.session.commit()
    assert "en train d’être appliqués" in words(alma, where)
    alma.post(f"{where}/relancer")
    assert "Appliquée" in words(alma, where)


def test_the_patience_of_a_register_is_set_within_bounds_and_kept_in_the_log(app, alma):
    page = open_page(alma, f"{HOME}vacances")
    assert page.answers  # the largest form: that of the settings
    wrong = alma.post(f"{HOME}vacances/reglages", {"additions": "2", "changes": "0", "removals": "x", "least": "101"})
    assert wrong.status_code == 422
    assert "écrivez un nombre de 1 à 10" in wrong.text
    assert db.session.get(RegisterSetting, "vacances") is None
    alma.post(f"{HOME}vacances/reglages", {"additions": "2", "changes": "3", "removals": "4", "least": "0"})
    db.session.expire_all()
    own = db.session.get(RegisterSetting, "vacances")
    assert (own.additions, own.changes, own.removals, own.least) == (2, 3, 4, 0)
    apply_twice = [send(alma, "vacances", text) for text in (ONE, OTHER)]
    for where in apply_twice:
        alma.post(f"{where}/appliquer", {"tout": "1"} if where == apply_twice[0] else {})
    assert "Changement : B 2025-10-18, lu 1 fois" in words(alma, f"{HOME}vacances")


def test_a_file_beyond_the_limit_is_told_on_the_page_of_its_register(app, alma, monkeypatch):
    monkeypatch.setattr(app.view_functions["registers.upload"], "largest_upload", 1_000)
    alma.see(f"{HOME}vacances")
    sent = {"fichier": FileStorage(io.BytesIO(b" " * 300_000), "fichier.csv")}
    answer = alma.post(f"{HOME}vacances", sent, content_type="multipart/form-data")
    assert (answer.status_code, "Ce fichier dépasse" in answer.text) == (413, True)
    assert 'action="/administration/registres/vacances"' in answer.text
