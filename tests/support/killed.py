"""Process for crash tests: reads orders, runs each in a child process, kills it (SIGKILL) after a delay."""

from __future__ import annotations

import os
import signal
import sys
import time

from sqlalchemy import select

from backoffice.core.transactions import atomic
from backoffice.models import Fiche, User
from backoffice.web.factory import create_app
from workflows.fiches.engine import apply
from workflows.flux import webhooks
from workflows.notices import mail
from workflows.privacy import retention
from workflows.registers import runs


def decide(fiche_id: str, revision_id: str, moderator_id: str) -> None:
    with atomic() as session:
        apply(
            session,
            "renvoyer",
            fiche_id=int(fiche_id),
            revision_id=int(revision_id),
            actor=session.scalars(select(User).where(User.id == int(moderator_id))).one(),
            comment="Précisez l’adresse.",
        )


def show_or_withdraw(name: str, fiche_id: str, moderator_id: str) -> None:
    """Takes a transition of the fiche (suspendre, republier), then tells the webhooks."""
    with atomic() as session:
        fiche = session.get_one(Fiche, int(fiche_id))
        apply(
            session,
            name,
            fiche_id=fiche.id,
            revision_id=fiche.latest.id,
            actor=session.get_one(User, int(moderator_id)),
            reason="contact-faux" if name == "suspendre" else "",
        )
    webhooks.sweep()


def register(import_id: str) -> None:
    runs.run(int(import_id))


ORDERS = {
    "renvoyer": decide,
    "relever": mail.sweep,
    "conserver": retention.run,
    "registre": register,
    "montrer": show_or_withdraw,
    "avertir": webhooks.sweep,
}


def tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def child(app, name: str, arguments: list[str]) -> None:
    with app.app_context():
        ORDERS[name](*arguments)
    os._exit(os.EX_OK)


def main() -> None:
    app = create_app()
    tell("prêt")
    for line in sys.stdin:
        seconds, name, *arguments = line.split()
        pid = os.fork()
        if pid == 0:
            child(app, name, arguments)
        end = time.monotonic() + float(seconds)
        status = None
        while status is None and time.monotonic() < end:
            time.sleep(0.001)
            ended, how = os.waitpid(pid, os.WNOHANG)
            status = how if ended else None
        if status is None:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        tell("tué" if os.WIFSIGNALED(status) else "fini" if status == 0 else f"échec {status}")


if __name__ == "__main__":
    main()
