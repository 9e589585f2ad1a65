"""Checking an LHEO file that somebody sent: a job, since a large one takes a minute.

Each account has one check, in files of the instance folder: what was sent, until it is checked; where the
check stands, while it is under way; the last report, until the next one replaces it.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from backoffice.core.uploads import folder
from exports.lheo.checker import check_file
from exports.lheo.reader import Limits
from workflows.work.jobs import start

JOB = "workflows.flux.file_checks.run"
LIMITS = Limits(size=400_000_000)
"""Less may come out of an upload than of a file given to the command."""
TOLD_EVERY = 1.0
"""Seconds between two words about the progress."""


@dataclass
class Check:
    """One file under check. sent: the name it is kept under; formations: how many were read so far."""

    name: str
    sent: str
    formations: int = 0


def ask(account: str, stream: IO[bytes], name: str) -> None:
    """Keeps the file and asks for its check; the one before is given up."""
    former = waiting(account)
    sent = secrets.token_hex(8)
    with _sent(sent).open("wb") as kept:
        shutil.copyfileobj(stream, kept, 1 << 20)
    _write(_progress(account), asdict(Check(name, sent)))
    if former:
        _sent(former.sent).unlink(missing_ok=True)
    start(JOB, (account, sent))


def ask_again(account: str) -> None:
    """For a check that was killed, or that Redis never gave to a worker."""
    if check := waiting(account):
        start(JOB, (account, check.sent))


def run(account: str, sent: str) -> None:
    """The job. Does nothing when another file was sent meanwhile."""
    check = waiting(account)
    if check is None or check.sent != sent:
        return
    said = time.monotonic()

    def tell(formations: int) -> None:
        nonlocal said
        if time.monotonic() - said > TOLD_EVERY:
            said, check.formations = time.monotonic(), formations
            _write(_progress(account), asdict(check))

    with _sent(sent).open("rb") as stream:
        report = check_file(stream, name=check.name, limits=LIMITS, progress=tell)
    present = waiting(account)
    if present and present.sent == sent:
        _write(report_of(account), report.as_json())
        _progress(account).unlink(missing_ok=True)
    _sent(sent).unlink(missing_ok=True)


def waiting(account: str) -> Check | None:
    """The check under way."""
    try:
        return Check(**json.loads(_progress(account).read_text()))
    except FileNotFoundError:
        return None


def report_of(account: str) -> Path:
    """Where the last report of an account is, if there is one."""
    return folder("verifications") / f"{account}.json"


def old_files(before: datetime) -> list[Path]:
    """The files sent before this moment and never checked."""
    kept = (file for file in folder("verifications").iterdir() if file.suffix != ".json")
    return sorted(file for file in kept if file.stat().st_mtime <= before.timestamp())


def purge(_session: Session, before: datetime, limit: int) -> int:
    """Removes at most `limit` of them."""
    files = old_files(before)[:limit]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def forget(account: str) -> None:
    """What an account that is erased had sent, and its last report."""
    if check := waiting(account):
        _sent(check.sent).unlink(missing_ok=True)
    for file in (_progress(account), report_of(account)):
        file.unlink(missing_ok=True)


def _sent(name: str) -> Path:
    return folder("verifications") / f"{name}.envoi"


def _progress(account: str) -> Path:
    return folder("verifications") / f"{account}.etat"


def _write(file: Path, value: dict[str, Any]) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    draft.replace(file)
