"""A certification is said once: form, flow, open data and figures agree on what readers see."""

from __future__ import annotations

import zlib
from datetime import date

import pytest

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.models import RevisionState
from backoffice.models.content.vocabulary import Dispositif
from backoffice.queries.fiches import offer
from backoffice.queries.moderation.bilan import UNNUMBERED, Scope, bilan
from exports.open_data.rows import public_fiche
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support import factories as make

SAID = {
    "rien": ([], "", "", False, "Aucune"),
    "en mots seulement": (["certification"], "DELF A2", "", False, UNNUMBERED),
    "avec son numéro": (["certification"], "DELF A2", "RS5398", True, "DELF A2 (RS5398)"),
    "le numéro seul": (["certification"], "", "38115", True, "RNCP 38115"),
}


@pytest.mark.parametrize(("aims", "name", "code", "certifying", "line"), SAID.values(), ids=SAID)
def test_every_door_says_the_same(app, aims, name, code, certifying, line):
    content = make.complete_content()
    said = content.formation
    said.visees, said.certification, said.code_certification = ["sociale", *aims], name, code
    found = review(content, PATHS[Dispositif.ASL], {}, today=date(2026, 11, 1))
    warned = "formation-code_certification" in {finding.path for finding in found.warnings}
    assert warned == (bool(aims) and not certifying)
    assert found.complete
    fiche = make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator(), content)
    xml = zlib.decompress(fiche.fragment.xml).decode()
    assert f"<certifiante>{int(certifying)}</certifiante>" in xml
    assert public_fiche(offer.one(db.session(), fiche.numero)).certifiante is certifying
    table = bilan(db.session(), Scope(fiche.territoire_id), local_day(now()).year).tables["certification"]
    assert [row.label for row in table] == [line]
