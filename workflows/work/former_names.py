"""Former paths of job functions, and the current path of each.

Redis and the table `failed_job` store the path of a function as text. A job enqueued before a module was moved must
still run afterwards, so rows are never removed: add one when a job function moves.
"""

from __future__ import annotations

FORMER = {
    "workflows.campaigns.send_invitations": "workflows.moderation.campaigns.send_invitations",
    "workflows.checks.purge": "workflows.flux.file_checks.purge",
    "workflows.checks.run": "workflows.flux.file_checks.run",
    "workflows.closing.close": "workflows.fiches.closing.close",
    "workflows.convention_reminders.send": "workflows.conventions.reminders.send",
    "workflows.deactivation.sweep": "workflows.accounts.deactivation.sweep",
    "workflows.digest.send": "workflows.moderation.digest.send",
    "workflows.flux_runs.publish_all": "workflows.flux.runs.publish_all",
    "workflows.flux_runs.run": "workflows.flux.runs.run",
    "workflows.imports.run": "workflows.importing.jobs.run",
    "workflows.joining.remind": "workflows.accounts.joining.remind",
    "workflows.lapses.after_import": "workflows.fiches.register_alerts.after_import",
    "workflows.lapses.look": "workflows.fiches.register_alerts.look",
    "workflows.lots.run": "workflows.moderation.lots.run",
    "workflows.mail.send": "workflows.notices.mail.send",
    "workflows.mail.sweep": "workflows.notices.mail.sweep",
    "workflows.moderation_rules.search_waiting": "workflows.moderation.moderation_rules.search_waiting",
    "workflows.on_map.recompute": "workflows.conventions.on_map.recompute",
    "workflows.orphans.notice": "workflows.structures.orphans.notice",
    "workflows.reminders.send": "workflows.fiches.provider_reminders.send",
    "workflows.retention.run": "workflows.privacy.retention.run",
    "workflows.structure_registers.check_all": "workflows.structures.register_checks.check_all",
    "workflows.upkeep.rematch": "workflows.conventions.upkeep.rematch",
    "workflows.upkeep.remind_of_pages": "workflows.conventions.upkeep.remind_of_pages",
}
"""Former path -> current path, both as ``package.module.function``."""


def current(function: str) -> str:
    """The path by which a job function is imported today. A path that never changed is returned as it is."""
    return FORMER.get(function, function)
