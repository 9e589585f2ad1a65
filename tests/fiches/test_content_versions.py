"""Stored contents of every version of the schema: read as the current one, never rewritten.

`contents/<version>.json` is a content as that version stored it, with an answer at every leaf. Each is what the upgrade
of its version makes of the one before, so that all of them say the same.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from backoffice.core.extensions import db
from backoffice.models import Revision
from backoffice.models.content import (
    Contact,
    ContentError,
    Lieu,
    Structure,
    dump,
    dump_part,
    fingerprint,
    load,
    load_part,
)
from backoffice.models.content.upgrades import UPGRADES, VERSION, changed, current, upgraded
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.transition_names import FicheTransition
from exports.fragment.build import Identity, formation
from exports.importing.merge import changes
from exports.open_data.rows import Offer, csv_lines, json_lines
from forms.fiches.content_diff import compare
from tests.support import factories as make

CONTENTS = Path(__file__).parent / "contents"
VERSIONS = range(1, current() + 1)


def kept(version: int) -> dict:
    return json.loads((CONTENTS / f"{version}.json").read_text())


def test_one_example_is_kept_of_each_version():
    assert sorted(int(path.stem) for path in CONTENTS.iterdir()) == list(VERSIONS)
    assert VERSION not in kept(1)
    assert all(kept(version)[VERSION] == version for version in VERSIONS[1:])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_content_of_each_version_is_read(version):
    document = kept(version)
    before = copy.deepcopy(document)
    content = load(document)
    assert document == before, "le document lu a changé"
    assert dump(content)[VERSION] == current()
    assert load(dump(content)) == content
    assert dump(content) == dump(load(kept(current())))


def test_each_upgrade_makes_the_next_example():
    for version, upgrade in enumerate(UPGRADES, 1):
        document = {key: value for key, value in kept(version).items() if key != VERSION}
        expected = {key: value for key, value in kept(version + 1).items() if key != VERSION}
        assert upgrade(document) == expected, version


def test_a_number_stored_in_another_form_is_no_change():
    """A text that is no number stays as it was typed."""
    document = kept(1)
    document["formation"]["contact"]["telephone"] = "02 31 00 00 (le matin)"
    before = load(document)
    assert before.formation.contact.telephone == "02 31 00 00 (le matin)"
    after = load(dump(before))
    assert before.structure.contact.telephone == "+33261910000"
    assert compare(before, after).changes == []
    assert changes(before, after) == []


def test_the_same_number_gives_the_same_flow_and_the_same_open_data():
    """However it was typed."""
    typed, stored = load(kept(current())), load(kept(1))
    for contact in (typed.structure.contact, typed.structure.formateur, typed.formation.contact):
        contact.telephone = contact.telephone.replace("+33", "0")
    at = datetime(2026, 9, 1, tzinfo=UTC)
    identity = Identity("28_NO000001", "28_NOO000001", Dispositif.ASL, at, at)
    read = [
        (
            etree.tostring(formation(content, identity)),
            *csv_lines([Offer("28_NO000001", Dispositif.ASL, "normandie", "Normandie", "28_NOO000001", at, content)]),
            *json_lines([Offer("28_NO000001", Dispositif.ASL, "normandie", "Normandie", "28_NOO000001", at, content)]),
        )
        for content in (typed, stored)
    ]
    assert read[0] == read[1]
    assert all("02 61 91 00 00" in str(text) for text in (read[0][0], read[0][-2], read[0][-1]))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_takes_an_incomplete_document(version):
    whole = kept(version)
    for name in [None, *(key for key in whole if key != VERSION)]:
        load({VERSION: version} | ({name: whole[name]} if name else {}))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_parts_that_a_structure_stores_are_read(version):
    whole = load(kept(version))
    for kind, stored, expected in [
        (Structure, kept(version)["structure"], whole.structure),
        (Contact, kept(version)["structure"]["contact"], whole.structure.contact),
        (Lieu, kept(version)["lieux"][0], whole.lieux[0]),
    ]:
        assert load_part(kind, {VERSION: version, **stored}) == expected
        assert load_part(kind, dump_part(expected)) == expected
        assert load_part(kind, {}) == kind()


@pytest.mark.parametrize("version", [0, -1, current() + 1, "1", True, None, 1.0])
def test_a_version_that_does_not_exist_is_refused(version):
    with pytest.raises(ContentError):
        load({VERSION: version})


def renamed(document: dict) -> dict:
    return {("titre" if key == "nom" else key): value for key, value in document.items()}


def shouted(document: dict) -> dict:
    return changed(document, "lieux[].adresse.ville", str.upper)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({"nom": "A", "lieux": [{"adresse": {"ville": "Caen"}}, {}]}, {"titre": "A", "lieux": "CAEN"}),
        ({"version": 2, "nom": "A", "lieux": [{"adresse": {"ville": "Caen"}}, {}]}, {"nom": "A", "lieux": "CAEN"}),
        ({"version": 3, "nom": "A", "lieux": [{"adresse": {"ville": "Caen"}}, {}]}, {"nom": "A", "lieux": "Caen"}),
    ],
)
def test_upgrades_follow_one_another_from_the_version_of_the_document(stored, read):
    before = copy.deepcopy(stored)
    read["lieux"] = [{"adresse": {"ville": read["lieux"]}}, {}]
    assert upgraded(stored, (renamed, shouted)) == read
    assert stored == before
    with pytest.raises(ContentError):
        upgraded({"version": 4}, (renamed, shouted))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_frozen_keeps_its_bytes_and_its_hash(app, version):
    """A version of any age is taken, shown and returned; the next draft reads it, and its own row stays as it is."""
    nadia, marc = make.provider(), make.moderator()
    fiche = make.draft(nadia)
    make.step(fiche, FicheTransition.SOUMETTRE, nadia)
    frozen = fiche.latest
    row = {"document": kept(version), "content_hash": fingerprint(kept(version))}
    store(frozen, **row)
    make.step(fiche, FicheTransition.PRENDRE, marc)
    make.step(fiche, FicheTransition.RENVOYER, marc, "Une date est à revoir.")
    db.session.expire_all()
    assert {name: getattr(frozen, name) for name in row} == row
    assert fiche.latest is not frozen
    assert fiche.latest.content == load(kept(version))


def store(revision: Revision, **row: object) -> None:
    """Writes the columns as an earlier release did."""
    db.session.execute(db.update(Revision).where(Revision.id == revision.id).values(**row))
    db.session.commit()
    db.session.expire_all()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_draft_of_any_version_is_frozen_in_the_current_one(app, version):
    nadia = make.provider()
    fiche = make.draft(nadia)
    store(fiche.latest, document=kept(version))
    make.step(fiche, FicheTransition.SOUMETTRE, nadia)
    sent = fiche.latest
    assert sent.document[VERSION] == current()
    assert sent.content == load(kept(version))
    assert sent.content_hash == fingerprint(sent.document)
