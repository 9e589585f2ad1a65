"""Invented register files, with the columns of their publishers, of any length."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from stdnum import luhn

CERTIFICATION = (
    "Id_Fiche",
    "Numero_Fiche",
    "Intitule",
    "Date_Decision",
    "Date_Fin_Enregistrement",
    "Date_Effet",
    "Actif",
)
COMMUNE = ("TYPECOM", "COM", "REG", "DEP", "LIBELLE", "COMPARENT")
ORGANISME = (
    "numeroDeclarationActivite",
    "denomination",
    "siretEtablissementDeclarant",
    "adressePhysiqueOrganismeFormation.voie",
    "adressePhysiqueOrganismeFormation.codePostal",
    "adressePhysiqueOrganismeFormation.ville",
    "certifications.actionsDeFormation",
    "certifications.bilansDeCompetences",
    "certifications.VAE",
    "certifications.actionsDeFormationParApprentissage",
)


def siret(rank: int) -> str:
    """A valid SIRET that no establishment has: real ones do not start with 0."""
    head = f"0{rank:07d}"
    siren = head + luhn.calc_check_digit(head)
    return siren + "0001" + luhn.calc_check_digit(siren + "0001")


def certification(rank: int, **other: str) -> dict[str, str]:
    row = {
        "Id_Fiche": str(rank),
        "Numero_Fiche": f"RNCP{rank}" if rank % 3 else f"RS{rank}",
        "Intitule": f"Certification de démonstration {rank} en français",
        "Date_Decision": "01/01/2024",
        "Date_Fin_Enregistrement": "31/12/2027",
        "Date_Effet": "",
        "Actif": "ACTIVE" if rank % 4 else "INACTIVE",
    }
    return row | other


def organisme(rank: int, **other: str) -> dict[str, str]:
    words = dict.fromkeys(ORGANISME, "false") | {
        "numeroDeclarationActivite": f"28{rank:09d}",
        "denomination": f"Organisme d’exemple {rank}",
        "siretEtablissementDeclarant": siret(rank),
        "adressePhysiqueOrganismeFormation.voie": f"{rank} rue des Exemples",
        "adressePhysiqueOrganismeFormation.codePostal": "14000",
        "adressePhysiqueOrganismeFormation.ville": "CAEN",
        "certifications.actionsDeFormation": "true" if rank % 2 else "false",
    }
    return words | other


def commune(rank: int, **other: str) -> dict[str, str]:
    code = f"{rank // 1000 + 1:02d}{rank % 1000:03d}"
    row = {"TYPECOM": "COM", "COM": code, "REG": "28", "DEP": "14", "LIBELLE": f"Villexemple-{rank}", "COMPARENT": ""}
    return row | other


KINDS: dict[str, tuple[tuple[str, ...], Callable[..., dict[str, str]], str]] = {
    "certifications": (CERTIFICATION, certification, ";"),
    "organismes": (ORGANISME, organisme, ";"),
    "communes": (COMMUNE, commune, ","),
}
"""{register: (columns, function from rank to row, delimiter)}."""


def write(register: str, path: Path, rows: Iterable[dict[str, str]], encoding: str = "utf-8") -> Path:
    columns, _, delimiter = KINDS[register]
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_many(register: str, path: Path, number: int) -> Path:
    return write(register, path, map(KINDS[register][1], range(1, number + 1)))
