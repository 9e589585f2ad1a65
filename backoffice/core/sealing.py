"""Encryption at rest of secrets that must be read again: telephones' secrets, the links of waiting e-mails.

The keys are apart from the database: whoever copies it alone reads no secret. They are in `RELAIS_KEYS`, else in a file
of the instance folder, which backups hold. The first key encrypts, all decrypt; `flask keys rotate` encrypts anew with
the first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app
from sqlalchemy import Connection, Dialect, Table, Text, select
from sqlalchemy.types import TypeDecorator

PREFIX = "f1:"
"""Marks an encrypted value. A value without it was written before encryption and is read as it is."""
FILE = "encryption_key"


class SealError(RuntimeError):
    """No key opens a stored value: a key is missing from RELAIS_KEYS."""


def init_app(app: Flask) -> None:
    keys = str(app.config["RELAIS_KEYS"]).replace(",", " ").split() or [_own_key(Path(app.instance_path))]
    try:
        app.extensions["relais_seal"] = MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SealError(
            "RELAIS_KEYS : une clé n’a pas la bonne forme. Pour en fabriquer une : "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        ) from error


def _own_key(instance: Path) -> str:
    instance.mkdir(parents=True, exist_ok=True)
    file = instance / FILE
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(Fernet.generate_key())
    except FileExistsError:
        pass
    return file.read_text().strip()


def seal(text: str) -> str:
    """The text encrypted with the first key; "" stays "", so that constraints can tell a value from none."""
    cipher: MultiFernet = current_app.extensions["relais_seal"]
    return PREFIX + cipher.encrypt(text.encode()).decode() if text else ""


def unseal(stored: str) -> str:
    """The text that was sealed. Raises SealError when no key opens it."""
    if not stored.startswith(PREFIX):
        return stored
    cipher: MultiFernet = current_app.extensions["relais_seal"]
    try:
        return cipher.decrypt(stored.removeprefix(PREFIX)).decode()
    except InvalidToken as error:
        raise SealError("Une clé manque dans RELAIS_KEYS : un secret de la base ne peut pas être lu.") from error


class Sealed(TypeDecorator[str]):
    """A text column, encrypted in the database. It cannot be searched or compared in SQL, except with ""."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seal(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else unseal(str(value))


def rotate(connection: Connection, table: Table) -> int:
    """Encrypts anew, with the first key, the sealed columns of a table; returns the number of rows."""
    columns = [column for column in table.columns if isinstance(column.type, Sealed)]
    key = list(table.primary_key.columns)
    rows = connection.execute(select(*key, *columns).with_for_update()).all()
    for row in rows:
        here = [column == value for column, value in zip(key, row, strict=False)]
        values = dict(zip([column.name for column in columns], row[len(key) :], strict=True))
        connection.execute(table.update().where(*here).values(values))
    return len(rows)
