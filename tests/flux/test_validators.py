"""Every flow that a test writes goes through three validators (see conftest): here, that they would see a fault."""

from __future__ import annotations

import gzip

import pytest

from backoffice.core.extensions import db
from backoffice.models import RevisionState
from exports.flux.build import find, full
from tests.conftest import need
from tests.support import factories as make
from tests.support import validators
from tests.support.formations import document, formation

FAULTS = {
    "valeur hors table": ("<certifiante>0", "<certifiante>7"),
    "élément inconnu": ("<certifiante>0</certifiante>", "<certifiante>0</certifiante><inconnu/>"),
    "élément absent": ("<certifiante>0</certifiante>", ""),
    "texte trop long": ("<intitule-formation>", f"<intitule-formation>{'x' * 256}"),
}


@pytest.fixture(autouse=True)
def all_there():
    need("shared")
    need("xmllint")


@pytest.mark.parametrize("judge", [validators._lxml, validators._xmllint, validators._xmlschema])
@pytest.mark.parametrize(("good", "bad"), FAULTS.values(), ids=FAULTS)
def test_each_validator_refuses_what_the_schema_forbids(tmp_path, judge, good, bad):
    file = tmp_path / "flux.xml"
    file.write_text(document(formation()))
    judge(str(file))
    file.write_text(document(formation(), formation().replace(good, bad, 1)))
    with pytest.raises(Exception, match=r".") as refused:
        judge(str(file))
    assert "certifiante" in str(refused.value) or "inconnu" in str(refused.value) or "intitule" in str(refused.value)


def test_a_packed_flow_is_read_too_and_a_known_formation_does_not_hide_a_new_one(tmp_path):
    file = tmp_path / "flux.xml.gz"
    file.write_bytes(gzip.compress(document(formation(), formation(2)).encode()))
    validators.valid_for_all(file)
    broken = formation(2).replace("<certifiante>0", "<certifiante>7")
    file.write_bytes(gzip.compress(document(formation(), formation(2), broken).encode()))
    for known in (False, True):
        with pytest.raises(Exception, match="certifiante"):
            validators._xmlschema(str(unpacked(file, tmp_path / f"{known}.xml")))


def unpacked(file, plain):
    plain.write_bytes(gzip.decompress(file.read_bytes()))
    return plain


def test_the_flows_of_the_tests_are_kept_to_be_shown_to_them(app, tmp_path, every_flow_is_valid):
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    full(db.session(), find(db.session(), "france"), tmp_path / "f.xml")
    assert [copy.read_bytes() for copy in every_flow_is_valid] == [(tmp_path / "f.xml").read_bytes()]
