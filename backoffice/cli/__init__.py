"""The `flask` commands of the project."""

from __future__ import annotations

from flask import Flask

from . import (
    backup,
    communes,
    flux,
    imports,
    jobs,
    keys,
    lheo,
    mail,
    readers,
    registers,
    retention,
    seed,
    users,
)


def init_app(app: Flask) -> None:
    for group in (
        communes.group,
        flux.group,
        jobs.group,
        keys.group,
        lheo.group,
        mail.group,
        readers.group,
        registers.group,
        seed.group,
        users.group,
    ):
        app.cli.add_command(group)
    for command in (backup.backup, backup.restore, imports.command, retention.command):
        app.cli.add_command(command)
