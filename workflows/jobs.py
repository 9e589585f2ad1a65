"""Former path of `workflows.work.jobs.perform`, kept because RQ imports it for jobs queued before the move."""

from __future__ import annotations

from .work.jobs import perform

__all__ = ["perform"]
