"""Backup and restore, in one file, of what cannot be rebuilt: the database and the files of the instance folder.

Published flows are left out: they are rebuilt from the database, byte for byte. A backup can be restored only to the
same kind of database (SQLite or PostgreSQL), by this version of Relais or a later one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL

from . import limited, running
from .backup_names import DAMAGED, stays_inside
from .clock import now
from .extensions import db, folders

FORMAT = 1
CONTENTS, BASE, FILES = "relais.json", "base", "instance"
"""Names in the archive: the manifest, the database dump, the folder of instance files."""
DEMONSTRATIONS = "demonstration-*.tar.gz"
"""Archives that `demo.standing` writes in the instance folder. Backups leave them out."""
UNPACK = "backoffice.core.backup_archive:unpack"
MOST_UNPACKED = 100_000_000_000
"""Maximum unpacked size of an archive, in bytes; the free space of the disk limits it further."""
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
"""SQL that empties a PostgreSQL database."""


class BackupError(RuntimeError):
    """The operation failed and nothing was changed; the message says why and what to do."""


@dataclass(frozen=True)
class Contents:
    """Manifest of an archive.

    base: «sqlite» or «postgresql»; migration: last one applied; at: ISO 8601; files: {name in the archive: SHA-256}.
    """

    format: int
    base: str
    migration: str
    at: str
    files: dict[str, str]


def backup(output: Path) -> Contents:
    """Writes the archive (.tar.gz) to `output` while Relais keeps running, and returns its manifest.

    The archive is renamed to `output` only when it is complete. Raises BackupError when the folder does not exist or
    PostgreSQL's tools fail.
    """
    if not output.parent.is_dir():
        raise BackupError(f"Le dossier {output.parent} n’existe pas.")
    with TemporaryDirectory(dir=output.parent, prefix=".relais-") as name:
        folder = Path(name)
        at = now().isoformat(timespec="seconds")
        _dump(db.engine.url, folder / BASE)
        for file in _instance_files():
            target = folder / FILES / file.relative_to(current_app.instance_path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        files = {str(file.relative_to(folder)): _sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()}
        contents = Contents(FORMAT, db.engine.dialect.name, _migration() or "", at, files)
        (folder / CONTENTS).write_text(json.dumps(asdict(contents), indent=2) + "\n")
        draft = folder / "archive"
        with tarfile.open(draft, "w:gz") as archive:
            for member in (CONTENTS, *files):
                archive.add(folder / member, member)
        draft.chmod(0o600)  # it holds the key that signs cookies, and e-mail addresses
        draft.replace(output)
    return contents


def restore(source: Path, *, force: bool = False, even_running: bool = False) -> Contents:
    """Replaces the present database with a backup. The archive is checked entirely before anything is changed.

    Raises BackupError when the file is damaged, comes from the other kind of database or from a later Relais; unless
    `force`, when the present database holds accounts; unless `even_running`, while pages, a worker or the scheduler
    run on this instance, or another connection is open to a PostgreSQL database.
    """
    db.session.remove()
    if not even_running and (running.elsewhere() or _others_connected()):
        raise BackupError(
            "Relais fonctionne : arrêtez d’abord les pages, les travaux et les horaires. "
            "Avec --even-running, la sauvegarde est remise quand même."
        )
    with TemporaryDirectory() as name:
        folder = Path(name)
        contents = _unpack(source, folder)
        if contents.base != db.engine.dialect.name:
            raise BackupError(f"Cette sauvegarde vient de {contents.base}, la base est sous {db.engine.dialect.name}.")
        known = {script.revision for script in _scripts().walk_revisions()}
        if contents.migration not in known:
            raise BackupError("Cette sauvegarde vient d’une version de Relais plus récente que celle-ci.")
        if not force and _holds_accounts():
            raise BackupError("La base contient déjà des comptes. Avec --force, la sauvegarde les remplace.")
        url = db.engine.url
        db.engine.dispose()
        _load(url, folder / BASE)
        for file in contents.files:
            if file.startswith(f"{FILES}/"):
                target = Path(current_app.instance_path) / file.removeprefix(f"{FILES}/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / file, target)
    flask_migrate.upgrade()
    return contents


def clear() -> None:
    """Drops every table of the database. No other process may be using it.

    Raises BackupError when SQLite reports that another process is.
    """
    db.session.remove()
    url = db.engine.url
    db.engine.dispose()
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(":memory:")) as blank:
            _replace(url, blank)
        return
    with db.engine.begin() as connection:
        connection.execute(text(EMPTY))


def _dump(url: URL, target: Path) -> None:
    if url.get_backend_name() == "sqlite":
        # SQLite's online backup: complete and consistent while other processes write.
        with closing(sqlite3.connect(str(url.database))) as base, closing(sqlite3.connect(target)) as copy:
            base.backup(copy)
        return
    _run(url, "pg_dump", "--format=custom", "--no-owner", "--file", str(target))


def _load(url: URL, dump: Path) -> None:
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(dump)) as copy:
            _replace(url, copy)
        return
    # One transaction: either the database holds exactly what is restored, or it is unchanged.
    script = dump.with_suffix(".sql")
    _run(None, "pg_restore", "--no-owner", "--file", str(script), str(dump))
    once = ("--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    _run(url, "psql", *once, f"--command={EMPTY}", f"--file={script}")


def _replace(url: URL, copy: sqlite3.Connection) -> None:
    """Overwrites the current SQLite database with `copy`. Raises BackupError when another process is using it."""
    with closing(sqlite3.connect(str(url.database), timeout=5)) as base:
        try:
            copy.backup(base)
        except sqlite3.OperationalError as error:
            raise BackupError("La base est utilisée par un autre processus : arrêtez Relais d’abord.") from error


def _run(url: URL | None, *command: str) -> None:
    """Runs a PostgreSQL client program, on the database of `url` if any. The password is not in its arguments."""
    env = {**os.environ, "PGPASSWORD": (url.password if url else None) or ""}
    place = ["--dbname", url.set(drivername="postgresql", password=None).render_as_string()] if url else []
    try:
        subprocess.run([*command, *place], check=True, capture_output=True, text=True, env=env)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise BackupError(f"La commande {command[0]} manque : installez postgresql-client.") from error
    except subprocess.CalledProcessError as error:
        raise BackupError(f"{command[0]} : {error.stderr.strip().splitlines()[-1]}") from error


def _unpack(source: Path, folder: Path) -> Contents:
    """Unpacks an archive, in a child process with limits, and checks it against its manifest."""
    room = shutil.disk_usage(folder).free - current_app.config["RELAIS_DISK_RESERVE"]
    bounds = limited.Bounds(cpu=3_600, silence=3_600, written=MOST_UNPACKED)
    try:
        limited.call(UNPACK, str(source), str(folder), max(0, min(room, MOST_UNPACKED)), bounds=bounds)
        contents = Contents(**json.loads((folder / CONTENTS).read_bytes()))
    except limited.UnreadableFile as unreadable:
        raise BackupError(unreadable.message) from unreadable
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(DAMAGED) from error
    if contents.format != FORMAT:
        raise BackupError("Cette sauvegarde est d’un format que cette version de Relais ne connaît pas.")
    for name, digest in contents.files.items():
        if not stays_inside(name):
            raise BackupError(DAMAGED)
        if not (folder / name).is_file() or _sha256(folder / name) != digest:
            raise BackupError(f"La sauvegarde est abîmée : {name} n’est plus ce qui avait été écrit.")
    return contents


def _instance_files() -> Iterator[Path]:
    """Files of the instance folder, except the database, the flows, hidden files and demonstration archives."""
    flux = folders.flux.resolve()
    for file in sorted(Path(current_app.instance_path).rglob("*")):
        base = file.name.split("-")[0].endswith((".sqlite3", ".db"))
        left = base or file.name.startswith(".") or file.match(DEMONSTRATIONS)
        if file.is_file() and not left and flux not in file.resolve().parents:
            yield file


def _migration() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    config = current_app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config)


def _others_connected() -> bool:
    """Whether another connection is open to a PostgreSQL database. SQLite refuses by itself: see `_replace`."""
    if db.engine.dialect.name != "postgresql":
        return False
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    db.engine.dispose()
    with db.engine.connect() as connection:
        return bool(connection.scalar(text(f"{others} AND backend_type = 'client backend'")))


def _holds_accounts() -> bool:
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("user_account"):
            return False
        return bool(connection.scalar(text("SELECT count(*) FROM user_account")))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
