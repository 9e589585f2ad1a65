"""The quality score of data·inclusion, computed by its own package, which is optional.

Install the extra «lecteurs» of the project to have it: the two commands do without.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from backoffice.core.clock import now

from .data_inclusion import Service


@cache
def _package() -> tuple[Any, Any] | None:
    """Its class of a service and its score, read when first asked; None when the extra is not installed."""
    try:
        from data_inclusion.schema.v1 import Service as Theirs
        from data_inclusion.schema.v1.score_qualite import score as theirs
    except ImportError:
        return None
    return Theirs, theirs


def score(service: Service) -> float | None:
    """Between 0 and 1, of one service; None without the package, or when its schema refuses the service."""
    package = _package()
    if package is None:
        return None
    make, rate = package
    try:
        return float(rate(make(**columns(service)))[0])
    except ValueError:  # pydantic's ValidationError
        return None


def today() -> str:
    """YYYYMMDD on the clock of this machine: their schema refuses a later day, which Paris may have reached."""
    return f"{now().astimezone():%Y%m%d}"


def columns(service: Service) -> dict[str, Any]:
    """The service in the columns of the schema. None: unknown."""
    day = min(service.date_maj, today())
    found: dict[str, Any] = {
        "source": "carif-oref",
        "structure_id": f"carif-oref--{service.structure.id}",
        "id": f"carif-oref--{service.numero}",
        "nom": service.nom.rstrip("."),
        "description": service.description,
        "lien_source": service.lien_source,
        "date_maj": f"{day[:4]}-{day[4:6]}-{day[6:]}",
        "type": "formation",
        "thematiques": service.thematiques,
        "frais": service.frais,
        "frais_precisions": service.frais_precisions,
        "publics": service.publics,
        "publics_precisions": service.publics_precisions,
        "conditions_acces": service.conditions_acces,
        "commune": service.commune,
        "code_postal": service.code_postal,
        "code_insee": service.code_insee,
        "adresse": service.adresse,
        "longitude": service.longitude,
        "latitude": service.latitude,
        "telephone": service.telephone,
        "courriel": service.courriel,
        "modes_accueil": service.modes_accueil,
        "modes_mobilisation": service.modes_mobilisation,
        "mobilisable_par": service.mobilisable_par,
        "mobilisation_precisions": service.mobilisation_precisions,
        "volume_horaire_hebdomadaire": service.volume_horaire_hebdomadaire,
    }
    return {name: None if value in ("", ()) else value for name, value in found.items()}
