"""Whatever a draft holds, it is stored, read back and shown again unchanged; pasted texts keep their sense."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date, time
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from backoffice.core.text import clean
from backoffice.models.content import Contenu, dump, fingerprint, hints, load
from backoffice.models.content.vocabulary import Dispositif
from forms.fiches.paths import PATHS
from forms.kit.saving import open_form, save, stamp
from tests.support.asked import typed
from tests.support.contents import contents


@dataclass
class Town:
    nom: str = "Caen"
    code_insee: str = "14118"
    departement: str = "14"
    region: str = "28"


class OneTown:
    """A country of one commune."""

    def __call__(self, postal_code: str) -> list[Town]:
        return [Town()] if postal_code == "14000" else []

    def by_insee(self, code_insee: str) -> Town | None:
        return Town() if code_insee == "14118" else None

    def like(self, text: str) -> list[tuple[Town, str]]:
        return [(Town(), "14000")] if text.lower() == "caen" else []


FIND = OneTown()


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Any value at all of a type of the content model."""
    if dataclasses.is_dataclass(kind):
        return st.builds(kind, **{name: anything(type_) for name, type_ in hints(kind).items()})
    if get_origin(kind) is list:
        return st.lists(anything(get_args(kind)[0]), max_size=3)
    if get_origin(kind) in (Union, UnionType):
        return st.one_of(*(anything(choice) for choice in get_args(kind)))
    return {
        str: st.text(max_size=30),
        bool: st.booleans(),
        int: st.integers(),
        type(None): st.none(),
        date: st.dates(),
        time: st.times().map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=None)),
    }[kind]


@given(anything(Contenu))
@settings(max_examples=40, deadline=None)
def test_any_content_at_all_is_stored_and_read_back_unchanged(content):
    document = json.loads(json.dumps(dump(content)))
    assert load(document) == content
    assert fingerprint(document) == fingerprint(dump(content))


def settled(content: Contenu) -> Contenu:
    """With the codes that the town of each address brings, as the forms leave it."""
    addresses = [content.structure.adresse, content.inscription.adresse, *(lieu.adresse for lieu in content.lieux)]
    for adresse in addresses:
        found = adresse.ville and adresse.code_postal
        adresse.code_insee, adresse.departement, adresse.region = ("14118", "14", "28") if found else ("", "", "")
    return content


def blank(content: Contenu, draw: Any) -> Contenu:
    """The same with some of its answers missing, as a draft."""

    def empty(part: Any) -> None:
        fresh = type(part)()
        for item in dataclasses.fields(part):
            value = getattr(part, item.name)
            if dataclasses.is_dataclass(value):
                empty(value)
            elif isinstance(value, list) and value and dataclasses.is_dataclass(value[0]):
                for row in value:
                    empty(row)
            elif item.name not in ("id", "lieu") and draw(st.integers(0, 3)) == 0:
                setattr(part, item.name, getattr(fresh, item.name))

    empty(content)
    for adresse in [content.structure.adresse, content.inscription.adresse, *(lieu.adresse for lieu in content.lieux)]:
        if not (adresse.ville and adresse.code_postal):
            adresse.ville = adresse.code_postal = ""
    return content


def tidy(part: Any) -> Any:
    """The same with each text as the forms leave it: composed, without bullets nor what is not seen."""
    if isinstance(part, str):
        return (
            clean("".join(letter for letter in part if clean(f"a{letter}b", multiline=True) == f"a{letter}b")) or "x"
            if part
            else part
        )
    if isinstance(part, list):
        return [tidy(row) for row in part]
    if dataclasses.is_dataclass(part):
        for item in dataclasses.fields(part):
            setattr(part, item.name, tidy(getattr(part, item.name)))
    return part


def kept(content: Contenu) -> Contenu:
    """Without the rows that hold nothing: a page merely offers them."""
    for action in content.actions:
        for session in action.sessions:
            session.recrutements = [row for row in session.recrutements if row != type(row)()]
        action.creneaux = [row for row in action.creneaux if row != type(row)()]
    money = content.financement
    money.financeurs = [row for row in money.financeurs if row != type(row)()]
    return content


@pytest.mark.parametrize("dispositif", Dispositif)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_draft_is_shown_again_and_saved_again_unchanged(dispositif, data):
    content = settled(kept(blank(tidy(data.draw(contents(dispositif))), data.draw)))
    before = dump(content)
    for step in PATHS[dispositif].steps:
        seen = stamp(step, content, {})
        assert open_form(step, content, {}, FIND).faulty == []
        saved = save(step, content, {}, MultiDict(list(typed(step, content))), FIND)
        assert [(field.id, field.errors) for field in saved.form.faulty] == []
        assert dump(content) == before, step.slug
        assert stamp(step, content, {}) == seen


@given(
    st.text(
        alphabet=st.sampled_from("a •·\t\n\r\x0b\u00a0\u202f\u00ad\u200b\ufeff\uf0b7«»:;9h-e\u0301\u2003"), max_size=40
    )
)
def test_cleaning_twice_changes_nothing_more(text):
    for multiline in (False, True):
        once = clean(text, multiline=multiline)
        assert clean(once, multiline=multiline) == once


PASTED = {
    "bullets of Word": ("·\tSe présenter\n·\tTéléphoner", "- Se présenter\n- Téléphoner"),
    "bullets of its symbol fonts": ("\uf0b7 Lire\n\uf0a7\tÉcrire", "- Lire\n- Écrire"),
    "round bullets, indented": (
        "Au programme :\n   • le marché\n   • la mairie",
        "Au programme :\n- le marché\n- la mairie",
    ),
    "tabs": ("Lundi\t9 h\t11 h", "Lundi 9 h 11 h"),
    "no-break spaces where nobody asks for them": ("un\u00a0atelier\u00a0de quartier", "un atelier de quartier"),
    "no-break spaces of French typography": (
        "«\u00a0Lire\u00a0»\u00a0: 9\u00a0h\u00a030\u00a0!",
        "«\u00a0Lire\u00a0»\u00a0: 9\u00a0h\u00a030\u00a0!",
    ),
    "soft hyphens": ("alpha\u00adbéti\u00adsation", "alphabétisation"),
    "zero-width blanks": ("\ufeffate\u200blier", "atelier"),
    "smart quotes and dashes": ("l’école – “lire” … œuvre", "l’école – “lire” … œuvre"),
    "letters in two pieces": ("e\u0301cole", "école"),
    "line ends of Windows and of Word": ("un\r\ndeux\x0btrois", "un\ndeux\ntrois"),
    "a product of two letters": ("a·b, 3·4", "a·b, 3·4"),
    "emoji": ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
}


@pytest.mark.parametrize(("pasted", "kept_"), PASTED.values(), ids=PASTED)
def test_what_is_pasted_from_a_word_processor_keeps_its_sense(pasted, kept_):
    assert clean(pasted, multiline=True) == kept_
    assert clean(pasted) == kept_.replace("\n", " ").strip() or "- " in kept_


def test_a_long_paste_is_cleaned_in_no_time():
    for letter in (" ", "\t", "\u00a0", "• ", "•\n", "\u00ad", "a"):
        assert len(clean(letter * 200_000, multiline=True)) <= 600_000
