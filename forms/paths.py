"""The guided path of each dispositif."""

from __future__ import annotations

from backoffice.models.vocabulary import Dispositif

from .asl import ASL
from .questions import Path

PATHS: dict[Dispositif, Path] = {Dispositif.ASL: ASL}
