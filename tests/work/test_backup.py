"""A drill: the base is lost, the backup is put back, and the same flow is made, byte for byte."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from backoffice.core.backup import BASE, CONTENTS, BackupError, backup, restore
from backoffice.core.extensions import db
from backoffice.core.snapshot import snapshot
from backoffice.models import Fiche, RevisionState, TransitionLog, User
from exports.flux import build
from tests.support import factories as make

pytestmark = pytest.mark.committed


@pytest.fixture
def busy(app):
    """Three published fiches, one that waits, one draft; the moment of the last flow."""
    nadia, marc = make.provider(), make.moderator()
    for rank in range(3):
        make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content(f"Ateliers {rank}"))
    make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    make.fiche_in(RevisionState.BROUILLON, nadia, marc)
    return snapshot(db.session())


def flow(at, file: Path) -> bytes:
    build.full(db.session(), build.find(db.session(), "normandie"), file, at=at)
    db.session.rollback()
    return file.read_bytes()


def everything() -> dict[str, list[tuple]]:
    """Each table, as text, in the order of its rows."""
    db.session.rollback()
    return {
        table.name: sorted(map(str, db.session.execute(table.select()).all()))
        for table in db.metadata.sorted_tables
        if table.name not in ("commune", "commune_postal_code")
    }


def spoil() -> None:
    """What a bad day does: rows change, tables go."""
    make.fiche_in(RevisionState.SOUMISE, make.provider("Paul Perdu"), make.moderator("Mina Modèle"))
    db.session.execute(text("DROP TABLE saved_view"))
    db.session.commit()


def test_a_lost_base_comes_back_whole_with_the_same_flow(app, busy, tmp_path):
    before, first = everything(), flow(busy, tmp_path / "avant.xml")
    backup(tmp_path / "relais.tar.gz")
    spoil()
    restore(tmp_path / "relais.tar.gz", force=True)
    assert everything() == before
    assert flow(busy, tmp_path / "apres.xml") == first
    with pytest.raises(Exception, match="append-only"):
        db.session.execute(text("DELETE FROM transition_log"))
    db.session.rollback()


def test_work_goes_on_after_a_restoration(app, busy, tmp_path):
    backup(tmp_path / "relais.tar.gz")
    restore(tmp_path / "relais.tar.gz", force=True)
    marc = db.session.query(User).filter_by(name="Marc Modèle").one()
    waiting = next(fiche for fiche in db.session.query(Fiche) if fiche.latest.state is RevisionState.SOUMISE)
    rows = db.session.query(TransitionLog).count()
    make.step(waiting, "prendre", marc)
    assert db.session.query(TransitionLog).count() == rows + 1


def test_what_the_instance_keeps_comes_back_and_flows_do_not(app, busy, tmp_path, instance):
    (instance / "imports").mkdir()
    (instance / "imports" / "depot").write_text("ligne 1")
    (instance / "flux").mkdir()
    (instance / "flux" / "normandie.xml").write_text("<lheo/>")
    contents = backup(tmp_path / "relais.tar.gz")
    assert list(contents.files) == [BASE, "instance/imports/depot"]
    (instance / "imports" / "depot").unlink()
    restore(tmp_path / "relais.tar.gz", force=True)
    assert (instance / "imports" / "depot").read_text() == "ligne 1"
    assert (tmp_path / "relais.tar.gz").stat().st_mode & 0o077 == 0, "lisible par son seul propriétaire"


@pytest.fixture
def instance(app, tmp_path, monkeypatch):
    """An instance folder of the test's own."""
    from backoffice.core.extensions import folders

    folder = tmp_path / "instance"
    folder.mkdir()
    monkeypatch.setattr(app, "instance_path", str(folder))
    monkeypatch.setattr(folders, "flux", folder / "flux")
    return folder


def changed(archive: Path, name: str, data: bytes) -> Path:
    """The same archive with another file under a name."""
    folder = archive.with_suffix("")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    (folder / name).write_bytes(data)
    with tarfile.open(archive, "w:gz") as again:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                again.add(file, str(file.relative_to(folder)))
    return archive


def said(archive: Path, **values: object) -> Path:
    with tarfile.open(archive) as opened:
        contents = json.load(opened.extractfile(CONTENTS))
    return changed(archive, CONTENTS, json.dumps(contents | values).encode())


@pytest.mark.parametrize(
    ("break_", "words"),
    [
        (lambda file: file.write_bytes(b"x"), "abîmé"),
        (lambda file: file.write_bytes(file.read_bytes()[:200]), "abîmé"),
        (lambda file: changed(file, BASE, b"autre chose"), "base n’est plus"),
        (lambda file: said(file, format=99), "format"),
        (lambda file: said(file, base="oracle"), "vient de oracle"),
        (lambda file: said(file, migration="9999"), "plus récente"),
        (lambda file: said(file, files={"base": "0", "absent": "0"}), "n’est plus"),
    ],
)
def test_a_backup_that_cannot_be_trusted_changes_nothing(app, busy, tmp_path, break_, words):
    archive = tmp_path / "relais.tar.gz"
    backup(archive)
    before = everything()
    break_(archive)
    with pytest.raises(BackupError, match=words):
        restore(archive, force=True)
    assert everything() == before


def test_a_base_with_accounts_is_replaced_only_when_it_is_said(app, busy, tmp_path):
    backup(tmp_path / "relais.tar.gz")
    before = everything()
    with pytest.raises(BackupError, match="--force"):
        restore(tmp_path / "relais.tar.gz")
    assert everything() == before


def test_the_commands_tell_what_they_did(app, busy, tmp_path):
    run = app.test_cli_runner().invoke
    archive = str(tmp_path / "relais.tar.gz")
    done = run(args=["backup", archive])
    assert (done.exit_code, "Sauvegarde du" in done.output) == (0, True), done.output
    assert "--force" in run(args=["restore", archive]).output
    done = run(args=["restore", "--force", archive])
    assert (done.exit_code, "remise en place" in done.output) == (0, True), done.output
    assert "n’existe pas" in run(args=["backup", str(tmp_path / "nulle-part" / "x.tar.gz")]).output


def test_nothing_is_left_behind_by_a_backup(app, busy, tmp_path):
    backup(tmp_path / "relais.tar.gz")
    assert [file.name for file in tmp_path.iterdir() if file.name != "app"] == ["relais.tar.gz"]


@pytest.mark.parametrize("name", ["../dehors", "/relais-dehors", "instance/../../dehors"])
def test_no_name_of_an_archive_leaves_its_folder(app, busy, tmp_path, instance, name):
    archive = tmp_path / "relais.tar.gz"
    backup(archive)
    before = everything()
    data = b"dehors"
    with tarfile.open(archive) as opened:
        kept = {one.name: opened.extractfile(one).read() for one in opened}
    contents = json.loads(kept[CONTENTS])
    outside = (instance / name.removeprefix("instance/")).resolve()
    for put_in_manifest, put_in_archive in ((True, False), (False, True), (True, True)):
        files = contents["files"] | ({name: sha256(data).hexdigest()} if put_in_manifest else {})
        members = kept | {CONTENTS: json.dumps(contents | {"files": files}).encode()}
        if put_in_archive:
            members[name] = data
        with tarfile.open(archive, "w:gz") as again:
            for member, said_ in members.items():
                info = tarfile.TarInfo(member)
                info.size = len(said_)
                again.addfile(info, io.BytesIO(said_))
        with pytest.raises(BackupError, match="abîmé"):
            restore(archive, force=True)
        assert not outside.exists()
    assert everything() == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_an_archive_holds_plain_files_only(app, tmp_path, kind):
    archive = tmp_path / "relais.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        info = tarfile.TarInfo("instance/lien")
        info.type, info.linkname = kind, "/etc/passwd"
        made.addfile(info)
    with pytest.raises(BackupError, match="abîmé"):
        restore(archive, force=True)


def test_an_archive_that_grows_beyond_the_disk_is_refused(app, tmp_path, monkeypatch):
    archive = tmp_path / "relais.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        info = tarfile.TarInfo(BASE)
        info.size = 3_000_000
        made.addfile(info, io.BytesIO(bytes(info.size)))
    monkeypatch.setattr("backoffice.core.backup.MOST_UNPACKED", 2_000_000)
    with pytest.raises(BackupError, match="trop grande"):
        restore(archive, force=True)


def test_nothing_is_restored_while_relais_runs_unless_it_is_said(app, busy, tmp_path, instance):
    archive = tmp_path / "relais.tar.gz"
    backup(archive)
    code = "import sys, pathlib; from backoffice.core import running; running.mark(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", f"{code}; print(flush=True); sys.stdin.read()", str(instance)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        serving.stdout.readline()
        with pytest.raises(BackupError, match="Relais fonctionne"):
            restore(archive, force=True)
        restore(archive, force=True, even_running=True)
        serving.stdin.close()
    restore(archive, force=True)
