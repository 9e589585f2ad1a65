"""Checks an uploaded LHEO file in a job, since a large one takes a minute.

Each account has one check, stored in files of the instance folder: the upload (``.envoi``) until it is checked, the
progress (``.etat``) while the check runs, and the last report (``.json``) until the next one replaces it.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.uploads import folder
from exports.lheo import file_check
from workflows.work.jobs import start

PLACE = "verifications"
JOB = "workflows.flux.file_checks.run"
LARGEST = 400_000_000
"""Maximum size of an upload once unpacked, in bytes: less than for a file given to the command."""
TOLD_EVERY = 1.0
"""Minimum number of seconds between two writes of the progress."""


@dataclass
class Check:
    """One file under check. name: as uploaded; sent: its stored name; formations: number read so far."""

    name: str
    sent: str
    formations: int = 0


def ask(account: str, stream: IO[bytes], name: str) -> None:
    """Stores the file and enqueues its check. A check in progress of the same account is abandoned.

    account: id of the account, a hyphen, and what tells it from a former account with this id. Raises UploadRefused.
    """
    former = waiting(account)
    sent = uploads.keep(stream, account, place=PLACE, suffix=".envoi")
    _write(_progress(account), asdict(Check(name, sent)))
    if former:
        _sent(former.sent).unlink(missing_ok=True)
    start(JOB, (account, sent))


def ask_again(account: str) -> None:
    """Enqueues again a check whose job was killed or lost."""
    if check := waiting(account):
        start(JOB, (account, check.sent))


def run(account: str, sent: str) -> None:
    """The job. Does nothing when the account has uploaded another file since."""
    check = waiting(account)
    if check is None or check.sent != sent:
        return
    said = time.monotonic()

    def tell(formations: int) -> None:
        nonlocal said
        if time.monotonic() - said > TOLD_EVERY:
            said, check.formations = time.monotonic(), formations
            _write(_progress(account), asdict(check))

    report = file_check.check(_sent(sent), name=check.name, size=LARGEST, progress=tell)
    present = waiting(account)
    if present and present.sent == sent:
        _write(report_of(account), report)
        _progress(account).unlink(missing_ok=True)
    _sent(sent).unlink(missing_ok=True)


def waiting(account: str) -> Check | None:
    """The check in progress of an account, or None."""
    try:
        return Check(**json.loads(_progress(account).read_text()))
    except FileNotFoundError:
        return None


def report_of(account: str) -> Path:
    """Path of the last report of an account; it may not exist."""
    return folder(PLACE) / f"{account}.json"


def old_files(before: datetime) -> list[Path]:
    """The files, reports excepted, last modified before this instant: uploads never checked and their progress."""
    kept = (file for file in folder(PLACE).iterdir() if file.suffix != ".json")
    return sorted(file for file in kept if file.stat().st_mtime <= before.timestamp())


def purge(_session: Session, before: datetime, limit: int) -> int:
    """Deletes at most `limit` of `old_files`. Returns how many."""
    files = old_files(before)[:limit]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def forget(account: str) -> None:
    """Deletes the upload, the progress and the last report of an account that is erased."""
    if check := waiting(account):
        _sent(check.sent).unlink(missing_ok=True)
    for file in (_progress(account), report_of(account)):
        file.unlink(missing_ok=True)


def _sent(name: str) -> Path:
    return folder(PLACE) / name


def _progress(account: str) -> Path:
    return folder(PLACE) / f"{account}.etat"


def _write(file: Path, value: dict[str, Any]) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    draft.replace(file)
