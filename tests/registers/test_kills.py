"""A reading of a register killed at any moment, then applied: the table is as before or as after, never between."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.models import Certification, RegisterDifference, RegisterImport, RegisterPhase
from backoffice.models.importing import JobStatus
from tests.notices.test_mail_kills import Nursery
from tests.support import register_files as files

pytestmark = pytest.mark.committed

ROUNDS = int(os.environ.get("RELAIS_REGISTER_KILLS", "24"))
ROWS = 1_500


@pytest.fixture
def nursery(app):
    made = Nursery(app)
    yield made
    made.close()


def waiting(import_id: int | None, file) -> int:
    """A reading that nobody has taken yet; of the same row, when it was killed."""
    if import_id is None:
        with file.open("rb") as stream:
            row = RegisterImport(register="certifications", filename="f", stored=uploads.keep(stream), report={})
        row.phase = RegisterPhase.LECTURE
        db.session.add(row)
    else:
        row = db.session.get_one(RegisterImport, import_id)
        if row.status is JobStatus.FINI and row.phase is RegisterPhase.LECTURE:
            row.phase, row.at_once = RegisterPhase.APPLICATION, True
    row.status = JobStatus.ATTEND
    db.session.commit()
    return row.id


def labels() -> dict[str, str]:
    db.session.rollback()
    return dict(
        db.session.execute(select(Certification.code, Certification.label).where(Certification.code != "")).all()
    )


def test_killed_at_any_moment_no_half_state_is_left(app, nursery, tmp_path):
    rng = random.Random(20261122)
    seen = Counter()
    after: dict[str, str] = {}
    durations = {RegisterPhase.LECTURE: 1.0, RegisterPhase.APPLICATION: 0.5}
    turn, import_id, file = 0, None, None
    for number in range(ROUNDS):
        before = labels()
        if import_id is None:
            turn += 1
            title = f"Titre du tour {turn}"
            ranks = range(turn * 10, turn * 10 + ROWS)
            file = files.write(
                "certifications", tmp_path / f"{turn}.csv", (files.certification(r, Intitule=title) for r in ranks)
            )
            after = {(f"{r}" if r % 3 else f"RS{r}"): title for r in ranks}
        import_id = waiting(import_id, file)
        phase = db.session.get_one(RegisterImport, import_id).phase
        db.session.remove()
        started = time.monotonic()
        # One round in four goes to its end: the next phase is reached, and how long it takes is known.
        killed = nursery.round(
            f"registre {import_id}", 60 if number % 4 == 3 else rng.uniform(0.05, 1.1) * durations[phase]
        )
        if not killed:
            durations[phase] = time.monotonic() - started
        seen[phase, killed] += 1
        row = db.session.get_one(RegisterImport, import_id)
        kept = db.session.scalar(select(func.count()).where(RegisterDifference.import_id == import_id))
        assert labels() == (after if row.applied_at else before)
        assert bool(kept) == bool(row.applied_at)
        if row.applied_at:
            import_id = None
    for phase in RegisterPhase:
        assert seen[phase, True] > ROUNDS // 12, seen  # else nothing was tried
        assert seen[phase, False], seen
