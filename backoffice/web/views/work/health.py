"""System health on one page, for administrators: database, disks, jobs, e-mails, flows, imports, registers."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db, folders, jobs
from backoffice.core.permissions import Permission
from backoffice.queries.flux.administration import latest_runs
from backoffice.queries.notices.inbox import mail_counts
from backoffice.queries.registers.readings import readings
from backoffice.queries.work import health as queries
from backoffice.reference.retention import conservation
from backoffice.web.guard import requires
from workflows.registers.declared import REGISTERS
from workflows.work import failures

blueprint = Blueprint("health", __name__, url_prefix="/administration/exploitation")


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def home() -> ResponseReturnValue:
    session, queue = db.session(), jobs.queue
    work = queries.work(queue) if queue else None
    return render_template(
        "work/health.html",
        base=queries.base(session),
        disks=queries.disks(Path(current_app.instance_path), folders.flux),
        redis=queue is not None,
        work=work,
        failed=[] if queue and work is None else failures.failed(session),
        mails=mail_counts(session),
        oldest_mail=queries.oldest_mail(session),
        runs=latest_runs(session),
        imports=queries.last_imports(session),
        readings=readings(session, shown=queries.SHOWN),
        registers=REGISTERS,
        retentions=queries.last_retentions(session),
        periods=conservation(),
    )
