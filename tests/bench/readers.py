"""What each reader keeps of a flow: a table reader × field × share.

``python -m tests.bench.readers [fiches]`` makes a base and its flow; ``--flow file.xml`` reads a flow that exists, for
instance made by an earlier version.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import Flux
from exports.flux.build import full
from tests.support import readers

from .bases import migrated, seed

LINE = "{:18}{:34}{:>9}{:>9}"
NS = readers.NS


def made(fiches: int) -> str:
    """The national flow of a base of invented fiches."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/base.sqlite3"
        seed(url, folder, fiches)
        with migrated(url, folder).app_context():
            flux = Flux(code="mesure", title="Mesure")
            db.session.add(flux)
            db.session.commit()
            full(
                db.session(),
                db.session.scalars(select(Flux).where(Flux.code == "mesure")).one(),
                Path(folder) / "flux.xml",
            )
            db.engine.dispose()
        return (Path(folder) / "flux.xml").read_text()


def actions_of(flow: str) -> dict[str, etree._Element]:
    root = etree.fromstring(flow.encode())
    return {node.get("numero", ""): node for node in root.iterfind(".//l:action", NS)}


def table(flow: str) -> Iterator[tuple[str, str, float]]:
    """(reader, field, share of the actions of the flow for which the reader shows it)."""
    actions = actions_of(flow)
    found = {
        "data·inclusion": (readers.data_inclusion(flow), DATA_INCLUSION),
        "Réfugiés.info": (readers.refugies_info(flow), REFUGIES_INFO),
        "Anotéa": (list(readers.anotea(flow)), ANOTEA),
    }
    for reader, (rows, fields) in found.items():
        yield reader, "actions gardées", len(rows) / len(actions)
        for field, shown in fields.items():
            yield reader, field, _share(rows, lambda row, shown=shown: shown(row, actions[row["numero"]]), len(actions))


def _share(rows: Iterable[readers.Row], shown: Callable[[readers.Row], Any], total: int) -> float:
    return sum(bool(shown(row)) for row in rows) / total


def _text(action: etree._Element, path: str) -> str:
    return action.findtext(path, "", NS)


def _said(action: etree._Element, info: str) -> str:
    return next((node.text or "" for node in action.iterfind(".//l:extra", NS) if node.get("info") == info), "")


def _fees(row: readers.Row, action: etree._Element) -> bool:
    fees = _text(action, "l:frais-restants").rstrip(".")
    return fees in f"{row['frais_precisions']} {row['conditions_acces']}"


def _exiled(row: readers.Row, action: etree._Element) -> bool:
    wanted = {code.text for code in action.iterfind("l:code-public-vise", NS)} & {"81022", "81023", "81042"}
    return not wanted or readers.EXILED in row["publics"]


def _hours(row: readers.Row, action: etree._Element) -> bool:
    return not _said(action, "creneau") or "par semaine" in row["description"]


def _childcare(row: readers.Row, action: etree._Element) -> bool:
    return " ".join(_said(action, "garde-enfants").split()).rstrip(".") in row["description"]


DATA_INCLUSION: dict[str, Callable[[readers.Row, etree._Element], Any]] = {
    "public": lambda row, _: row["publics"],
    "personnes exilées, si visées": _exiled,
    "niveau": lambda row, _: row["level"],
    "jours et horaires, si dits": _hours,
    "garde d’enfants, si dite": _childcare,
    "lieu": lambda row, _: row["adresse"] and row["commune"],
    "coordonnées": lambda row, _: row["latitude"] is not None and row["longitude"] is not None,
    "prix": lambda row, _: row["frais"],
    "frais restants, s’il y en a": _fees,
    "structure": lambda row, _: row["structure"],
    "adresse de la structure": lambda row, _: row["structure_adresse"],
    "site de la structure": lambda row, _: row["structure_site"],
    "téléphone ou courriel": lambda row, _: row["telephone"] or row["courriel"],
}
REFUGIES_INFO: dict[str, Callable[[readers.Row, etree._Element], Any]] = {
    "titre": lambda row, _: row["title"],
    "public": lambda row, _: row["audience"],
    "niveau": lambda row, _: row["level"],
    "durée": lambda row, _: row["commitment"],
    "coordonnées": lambda row, _: row["point"] != (0.0, 0.0),
    "gratuit quand c’est gratuit": lambda row, action: (
        row["price"] == "gratuit" or _text(action, "l:prix-total-TTC") != "0"
    ),
}
ANOTEA: dict[str, Callable[[readers.Row, etree._Element], Any]] = {
    "session": lambda row, _: row["session"],
    "lieu": lambda row, _: row["place"],
    "SIRET du formateur": lambda row, _: row["siret"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fiches", type=int, nargs="?", default=2_000)
    parser.add_argument("--flow", type=Path, help="flow to measure")
    parser.add_argument("--before", type=Path, help="flow of an earlier version, for the first column")
    asked = parser.parse_args()
    after = asked.flow.read_text() if asked.flow else made(asked.fiches)
    before = (
        {(reader, field): share for reader, field, share in table(asked.before.read_text())} if asked.before else {}
    )
    print(LINE.format("Lecteur", "Ce qu’il montre", "avant", "après"))  # noqa: T201
    for reader, field, share in table(after):
        former = f"{100 * before[reader, field]:.0f} %" if before else ""
        print(LINE.format(reader, field, former, f"{100 * share:.0f} %"))  # noqa: T201


if __name__ == "__main__":
    main()
