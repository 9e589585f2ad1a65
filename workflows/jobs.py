"""Former place of `workflows.work.jobs.perform`: RQ imports it by this path for jobs queued before the move."""

from __future__ import annotations

from .work.jobs import perform

__all__ = ["perform"]
