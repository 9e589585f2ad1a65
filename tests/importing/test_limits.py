"""Files made to exhaust a process: the child ends, the application says so and keeps nothing."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import threading
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from backoffice.core import limited, uploads
from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.limited import Bounds, Busy, ChildFailed, LimitExceeded, UnreadableFile, call, stream
from backoffice.models import ImportJob
from exports.importing import entries
from exports.lheo import file_check
from tests.support import factories as make
from tests.support.tables import table_of
from tests.support.visitor import Visitor
from workflows.importing import stored

from .test_imports import foreign_flow, start
from .test_pages import send
from .test_tables import ROW, sheet


@pytest.fixture
def app(app, tmp_path, monkeypatch):
    """The application, with an instance folder of the test's own."""
    monkeypatch.setattr(app, "instance_path", str(tmp_path / "instance"))
    return app


# --- The child ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "argument", "bounds", "why"),
    [
        ("builtins:bytearray", 400_000_000, Bounds(memory=200_000_000), "mémoire"),
        ("builtins:list", [0] * 1_000, Bounds(output=500), "trop de choses"),
        ("time:sleep", 30, Bounds(silence=1), "trop long"),
        ("signal:raise_signal", 9, Bounds(), "mémoire"),
        ("tests.importing.test_limits:turn", 30, Bounds(cpu=1), "trop long"),
    ],
    ids=["memory", "output", "silence", "killed", "processor"],
)
def test_a_limit_stops_the_child_and_says_so(function, argument, bounds, why):
    begun = time.monotonic()
    with pytest.raises(LimitExceeded, match=why):
        call(function, argument, bounds=bounds)
    assert time.monotonic() - begun < 20


def turn(seconds: int) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def test_the_child_writes_no_file_and_sees_no_secret(tmp_path, monkeypatch):
    secrets = ("SECRET_KEY", "RELAIS_KEYS", "DATABASE_URL", "REDIS_URL", "RELAIS_SMTP")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("RELAIS_SITE", "https://relais.example")
    assert [call("os:getenv", name) for name in secrets] == [None] * len(secrets)
    assert call("os:getenv", "RELAIS_SITE") == "https://relais.example"
    with pytest.raises(ChildFailed, match="OSError"):
        call("shutil:copyfile", __file__, str(tmp_path / "copie"))


def test_an_error_of_ours_is_named_without_its_values():
    with pytest.raises(ChildFailed) as failed:
        call("builtins:int", "un nom secret")
    assert "ValueError" in str(failed.value)
    assert "secret" not in str(failed.value)


def test_leaving_the_results_ends_the_child_and_gives_its_turn_back():
    for _ in range(limited.CHILDREN + 1):
        results = stream("builtins:iter", [1, 2, 3])
        assert next(results) == 1
        results.close()


def test_beyond_so_many_children_a_reading_is_asked_to_wait(monkeypatch):
    monkeypatch.setattr(limited, "PATIENCE", 0.1)
    monkeypatch.setattr(limited, "_turns", threading.BoundedSemaphore(1))
    first = stream("builtins:iter", [1, 2])
    next(first)
    with pytest.raises(Busy) as refused:
        call("builtins:abs", 1)
    assert refused.value.status == 503
    first.close()
    assert call("builtins:abs", -1) == 1


# --- Files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["xlsx_far_cell", "xlsx_far_nodim"])
def test_a_cell_at_the_end_of_the_sheet_is_refused_in_constant_memory(shared, name):
    with pytest.raises(UnreadableFile, match="trop grand"):
        table_of((shared / "cases" / f"{name}.xlsx").read_bytes(), least=1)


def test_a_stray_space_is_no_cell(shared):
    found = table_of((shared / "cases" / "stray_AZ1048576.xlsx").read_bytes())
    assert (found.headers, found.rows) == (["SIRET", "Nom"], [(2, ["1", ""])])


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


ODS = (
    b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    b'<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">'
    b'<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
    b"</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)
HOSTILE = {
    "ods that repeats a cell": zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_xml=ODS),
    "bomb": zipped(xl__workbook_xml=b" " * 250_000_000),
    "wrong parts": zipped(xl__workbook_xml=b"<a/>"),
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 40,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_workbook_is_refused_on_the_page(app, raw):
    person = Visitor(app, make.provider())
    answer = send(person, raw, "tableau.xlsx", genre="tableau")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="tableau" checked' in answer.text, "ce qui était coché l’est encore"
    assert ImportJob.query.count() == 0
    assert list(uploads.folder().iterdir()) == []


def test_the_check_of_a_file_that_takes_too_much_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(file_check, "BOUNDS", Bounds(memory=120_000_000))
    file = tmp_path / "flux.xml.gz"
    file.write_bytes(gzip.compress(b"<a>" + b"<b/>" * 3_000_000))
    assert file_check.check(file)["etat"] == 2


def test_a_list_of_fiches_stopped_by_a_limit_tells_it_to_the_job(app, tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "BOUNDS", Bounds(output=2_000))
    job = db.session.get(ImportJob, start(make.provider(), foreign_flow("Un", "Deux")))
    assert "trop de choses" in job.error


# --- Room --------------------------------------------------------------------------------------------


@pytest.fixture
def person(app):
    return Visitor(app, make.provider())


def room(app, monkeypatch, **limits: int) -> None:
    for name, size in limits.items():
        monkeypatch.setitem(app.config, f"RELAIS_{name}", size)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"UPLOADS_PERSON": 100}, "la place qui leur est réservée"),
        ({"UPLOADS_TOTAL": 100}, "plus assez de place"),
        ({"DISK_RESERVE": shutil.disk_usage("/").total}, "plus assez de place"),
    ],
)
def test_without_room_a_file_is_refused_and_the_answers_are_kept(app, person, monkeypatch, limits, why):
    room(app, monkeypatch, **limits)
    answer = send(person, sheet(ROW), "tableau.csv", genre="tableau")
    assert (answer.status_code, why in answer.text) == (507, True)
    assert 'value="tableau" checked' in answer.text
    assert list(uploads.folder().iterdir()) == []


def test_what_others_keep_takes_no_room_from_a_person(app, monkeypatch):
    room(app, monkeypatch, UPLOADS_PERSON=1_000)
    uploads.keep(io.BytesIO(b"x" * 900), 7)
    uploads.keep(io.BytesIO(b"x" * 900), 77, place="verifications")
    with pytest.raises(uploads.UploadRefused):
        uploads.keep(io.BytesIO(b"x" * 900), "7-abc", place="verifications")
    uploads.keep(io.BytesIO(b"x" * 9_000), 0)


class Cut(io.BytesIO):
    """A stream whose disk is full, or whose sender left, after a first piece."""

    def __init__(self, error: OSError):
        super().__init__()
        self.pieces, self.error = [b"x" * 10], error

    def read(self, size: int | None = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise self.error


@pytest.mark.parametrize("error", [OSError(28, "plein"), ConnectionResetError()])
def test_a_file_cut_on_its_way_leaves_nothing(app, error):
    with pytest.raises((uploads.UploadRefused, ConnectionResetError)):
        uploads.keep(Cut(error), 1)
    assert list(uploads.folder().iterdir()) == []


def test_files_that_no_import_names_are_removed_with_the_old_ones(app):
    part = uploads.folder() / f"1-abc{uploads.PART}"
    part.write_text("x")
    os.utime(part, (0, 0))
    fresh = Path(uploads.folder() / uploads.keep(io.BytesIO(b"x"), 1))
    before = now() - timedelta(days=1)
    assert stored.old_files(db.session(), before) == 1
    assert stored.forget_files(db.session(), before, 10) == 1
    assert not part.exists()
    assert fresh.exists()
