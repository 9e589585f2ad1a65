"""Secrets at rest: encrypted with a key that the database does not hold, which can be changed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text

from backoffice.core import sealing
from backoffice.core.extensions import Base, db
from backoffice.models import Mail, SecondFactor
from tests.support import factories as make
from tests.support.tree import ROOT
from tests.support.visitor import Visitor

KEYS = [Fernet.generate_key().decode() for _ in range(3)]


@pytest.fixture
def keys(app):
    before = app.extensions["relais_seal"]

    def use(*chosen: str) -> None:
        app.config["RELAIS_KEYS"] = ",".join(chosen)
        sealing.init_app(app)

    yield use
    app.extensions["relais_seal"] = before


def stored(query: str) -> str:
    return str(db.session.execute(text(query)).scalar_one())


def test_the_secret_of_a_telephone_is_not_in_the_base(marc, keys):
    assert make.TELEPHONE not in stored("SELECT secret FROM second_factor")
    db.session.expire_all()
    assert db.session.scalars(select(SecondFactor)).one().secret == make.TELEPHONE


def test_a_waiting_link_is_not_in_the_base(app, nadia):
    visitor = Visitor(app)
    visitor.see("/connexion/lien")
    visitor.post("/connexion/lien", {"courriel": nadia.email})
    assert "/lien/" not in stored("SELECT text FROM mail") + stored("SELECT html FROM mail")
    assert "/lien/" in db.session.scalars(select(Mail)).one().text


def test_keys_are_changed_without_losing_anything(app, marc, keys):
    keys(KEYS[0], (Path(app.instance_path) / sealing.FILE).read_text())
    sealing.rotate(db.session.connection(), Base.metadata.tables["second_factor"])
    db.session.commit()
    former = stored("SELECT secret FROM second_factor")
    keys(KEYS[1], KEYS[0])
    result = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert result.exit_code == 0, result.output
    assert "second_factor : 1 ligne(s)." in result.output
    assert stored("SELECT secret FROM second_factor") != former
    keys(KEYS[1])
    db.session.expire_all()
    assert db.session.scalars(select(SecondFactor)).one().secret == make.TELEPHONE


def test_without_the_key_nothing_is_read_and_the_cause_is_said(marc, keys):
    keys(KEYS[2])
    db.session.expire_all()
    with pytest.raises(sealing.SealError, match="RELAIS_KEYS"):
        db.session.scalars(select(SecondFactor)).one()


def test_what_was_written_before_encryption_is_still_read(marc, keys):
    db.session.execute(text("UPDATE second_factor SET secret = 'EN CLAIR'"))
    db.session.expire_all()
    assert db.session.scalars(select(SecondFactor)).one().secret == "EN CLAIR"


def test_a_key_without_the_right_form_stops_the_start(app, keys):
    with pytest.raises(sealing.SealError, match="RELAIS_KEYS"):
        keys("trop-court")


def test_the_key_is_readable_by_its_owner_only(app):
    file = Path(app.instance_path) / sealing.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.once
def test_the_application_writes_files_that_nobody_else_reads(tmp_path):
    code = f"import wsgi, pathlib; pathlib.Path({str(tmp_path / 'essai')!r}).write_text('')"
    environ = {**os.environ, "RELAIS_INSTANCE": str(tmp_path / "instance"), "RELAIS_DEMO": "1", "DATABASE_URL": ""}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, check=True, umask=0o022)
    assert stat.S_IMODE((tmp_path / "essai").stat().st_mode) == 0o600
