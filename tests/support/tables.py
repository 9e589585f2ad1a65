"""Tables as people send them, read as the application reads them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exports.importing.files import Table, read_table


def table_of(raw: bytes, **how: Any) -> Table:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "fichier"
        file.write_bytes(raw)
        return read_table(file, **how)
