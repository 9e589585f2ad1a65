"""The table of periodic jobs, read by RQ's scheduler or printed as a crontab.

With Redis, ``flask jobs schedule`` (one process, beside the workers) enqueues each job at its hour. Without, ``flask
jobs crontab`` prints the lines of an ordinary crontab, which run ``flask jobs run NAME``. Hours are in the time zone
of the machine. Jobs are idempotent: enqueued twice, the second run has no effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from rq import Queue
from rq.cron import CronJob, CronScheduler
from rq.job import Job

from . import jobs


@dataclass(frozen=True)
class Periodic:
    """cron: the five fields of a crontab. function: ``package.module.function``, called without arguments."""

    name: str
    cron: str
    function: str
    words: str

    def run(self) -> None:
        """Runs the job synchronously."""
        jobs.perform(self.function)


SCHEDULE = {
    periodic.name: periodic
    for periodic in (
        Periodic("courriels", "* * * * *", "workflows.notices.mail.sweep", "Envoie les e-mails qui attendent."),
        Periodic("webhooks", "* * * * *", "workflows.flux.webhooks.sweep", "Prévient les webhooks de ce qui a changé."),
        Periodic(
            "releve", "30 7 * * 1-5", "workflows.moderation.digest.send", "Envoie aux modérateurs le relevé du jour."
        ),
        Periodic(
            "rappels",
            "0 7 * * *",
            "workflows.fiches.provider_reminders.send",
            "Rappelle aux structures ce qui les attend.",
        ),
        Periodic("relances", "*/10 * * * *", "workflows.conventions.reminders.send", "Envoie les relances demandées."),
        Periodic(
            "cloture", "30 6 * * *", "workflows.fiches.closing.close", "Archive ce dont la dernière session est passée."
        ),
        Periodic(
            "pages", "15 7 * * 1-5", "workflows.conventions.upkeep.remind_of_pages", "Rappelle les pages à revérifier."
        ),
        Periodic(
            "rattachements", "45 4 * * *", "workflows.conventions.upkeep.rematch", "Reconnaît les structures attendues."
        ),
        Periodic("demandes", "10 7 * * 1-5", "workflows.accounts.joining.remind", "Confie les demandes en retard."),
        Periodic(
            "orphelines", "20 7 * * 1", "workflows.structures.orphans.notice", "Signale les structures sans personne."
        ),
        Periodic(
            "liberations", "50 4 * * *", "workflows.accounts.deactivation.sweep", "Rend à la file ce qui reste pris."
        ),
        Periodic(
            "structures",
            "30 4 * * *",
            "workflows.structures.register_checks.check_all",
            "Compare les numéros des structures aux registres.",
        ),
        Periodic("lecteurs", "30 5 * * *", "workflows.flux.read_back.read_all", "Relit ce que montrent les lecteurs."),
        Periodic(
            "fragments",
            "5 0 * * *",
            "workflows.fiches.fragment_refresh.refresh",
            "Met à jour l’offre que le temps a rendue fausse.",
        ),
        Periodic("flux", "30 3 * * *", "workflows.flux.runs.publish_all", "Fait et publie tous les flux actifs."),
        Periodic("fautes", "40 5 * * *", "workflows.fiches.published_faults.look", "Relit ce qui est publié."),
        Periodic("echeances", "50 5 * * *", "workflows.fiches.register_alerts.look", "Signale ce qui a fini ou fermé."),
        Periodic(
            "verifications", "5 4 * * *", "workflows.flux.file_checks.purge", "Efface les fichiers jamais vérifiés."
        ),
        Periodic(
            "conservation",
            "15 4 * * *",
            "workflows.privacy.retention.run",
            "Efface ce qui a été gardé assez longtemps.",
        ),
        Periodic("registres", "25 4 * * *", "workflows.registers.runs.purge", "Oublie les registres jamais appliqués."),
    )
}


def scheduler(queue: Queue) -> CronScheduler:
    """RQ's scheduler, loaded with SCHEDULE; its `start` runs until a signal stops it."""
    made = CronScheduler(connection=queue.connection, logging_level="WARNING")
    made.get_jobs().extend(_Entry(queue, periodic) for periodic in SCHEDULE.values())
    return made


class _Entry(CronJob):
    """A row of SCHEDULE for RQ. `enqueue` is overridden because RQ would pickle the job; our workers read JSON."""

    def __init__(self, queue: Queue, periodic: Periodic):
        self.queue = queue
        what = (periodic.function,)
        super().__init__(queue.name, func=jobs.perform, args=what, cron=periodic.cron, name=periodic.name)

    def enqueue(self, connection: Redis) -> Job:
        return self.queue.enqueue(jobs.perform, *self.args, failure_ttl=jobs.failures_kept())
