"""The one search: what it finds, that every box of the product uses it, and that it reads an index."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import insert, select, text

from backoffice.core.extensions import Base, db
from backoffice.core.text import search_terms, search_words
from backoffice.models import (
    Certification,
    Etablissement,
    Fiche,
    Organisme,
    ReadySentence,
    Revision,
    RevisionState,
)
from backoffice.models.searched import Searched
from backoffice.queries.accounts.search import Wanted, accounts
from backoffice.queries.fiches.scope import own_fiches
from backoffice.queries.paging import Place
from backoffice.queries.search import says, search
from tests.support import factories as make
from tests.support.statements import statements
from tests.support.visitor import Visitor

SCHOOL = "Association L’École des Trois-Tilleuls"
SIRET = "12345678900012"
FOUND = [
    "l'école",
    "ecole",
    "L’ÉCOLE",
    "l’ecole",
    "trois tilleuls",
    "TILLEULS trois",
    "trois-tilleuls",
    "tilleuls de l'école",
    "tilleul",
    SIRET,
    "123 456 789 00012",
    "123456789",
    "123.456.789.00012",
    "tilleuls 123 456 789",
    "W 142 000 123",
    "w142000123",
    "02 31 00 11 22",
    "0231001122",
    "+33 2 31 00 11 22",
    "+33 (0)2 31 00 11 22",
    "02.31.00.11.22",
    "28 NO 000 007",
    "28_no000007",
    "28no000007",
    "000007",
]
MISSED = ["tilleuls quatre", "123 456 789 00013", "02 31 00 11 23", "%", "_", "’", "28 NO 000 008"]
WORDS = search_words(SCHOOL, "123 456 789 00012", "W142000123", "+33231001122", "28_NO000007")


def like(pattern: str, words: str) -> bool:
    return re.search(pattern.strip("%"), words) is not None


def found(typed: str, words: str) -> bool:
    terms = search_terms(typed)
    return bool(terms) and all(any(all(like(one, words) for one in many) for many in term) for term in terms)


@pytest.mark.parametrize("typed", FOUND)
def test_a_text_finds_its_row_however_it_is_typed(typed):
    # «de» is a word that this name does not hold.
    assert found(typed.replace(" de ", " "), WORDS)


@pytest.mark.parametrize("typed", MISSED)
def test_another_text_does_not(typed):
    assert not found(typed, WORDS)


@given(st.lists(st.text(max_size=30), max_size=3), st.data())
def test_every_word_of_a_row_finds_it_alone(values, data):
    words = search_words(*values)
    for word in words.split():
        assert found(word, words)
    if words.split():
        assert found(" ".join(data.draw(st.permutations(words.split()))), words) or any(map(str.isdigit, words))


@given(st.text(max_size=100))
def test_a_pattern_has_nothing_to_escape_and_is_long_enough_for_trigrams(typed):
    for pattern in {one for term in search_terms(typed) for many in term for one in many}:
        inner = pattern.strip("%")
        assert pattern == f"%{inner}%"
        assert len(inner) >= 3
        assert not set(inner) & set("%_\\")


# --- In the base --------------------------------------------------------------------------------------


@pytest.fixture
def school(app, nadia, marc) -> Organisme:
    structure = nadia.memberships[0].organisme
    structure.nom, structure.siret, structure.rna = SCHOOL, SIRET, "W142000123"
    structure.structure = {"contact": {"telephone": "+33231001122"}}
    db.session.flush()
    return structure


def test_the_base_finds_what_the_function_says(school):
    own = [typed for typed in FOUND if "000" not in typed.replace("00012", "") or typed.lower().startswith("w")]
    for typed in own:
        assert db.session.scalars(search(select(Organisme), typed.replace(" de ", " "))).all() == [school], typed
    for typed in MISSED:
        assert not db.session.scalars(search(select(Organisme), typed)).all(), typed
    assert db.session.scalars(search(select(Organisme), "")).all() == [school]


def test_what_changes_is_found_under_its_new_name_only(school):
    school.nom = "Maison des Érables"
    db.session.flush()
    assert db.session.scalars(search(select(Organisme), "erables")).all() == [school]
    assert not db.session.scalars(search(select(Organisme), "tilleuls")).all()


def test_the_words_of_a_search_may_be_in_the_structure_the_title_and_the_numero(school, nadia, marc):
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Français à l’oral, niveau A1"))
    other = make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Lire et écrire"))
    for typed in ("oral tilleuls", f"a1 {fiche.numero}", f"trois {fiche.numero.replace('_', ' ')} francais", "L'ORAL"):
        assert db.session.scalars(search(select(Revision.id).select_from(Revision), "")).all()
        rows = db.session.scalars(select(Revision).where(says(Revision, typed))).all()
        assert [row.fiche_id for row in rows] == [fiche.id], typed
    page = own_fiches(db.session(), nadia, school, f"{other.numero[:5]} {other.numero[5:]}", Place())
    assert [row.id for row in page.rows] == [other.id]


def test_the_queue_searches_all_tabs_and_says_where_the_results_are(app, school, nadia, marc):
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content("Lire et compter"))
    make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content("Parler à l’école"))
    visitor = Visitor(app, marc)

    def said(asked: str) -> str:
        return " ".join(
            html.fromstring(visitor.get(f"/moderation/?{asked}").text).xpath("string(//p[@role='status'])").split()
        )

    assert said("q=chanter") == "Aucune fiche ne correspond à ces filtres dans « À prendre »."
    assert said("q=parler+trois").endswith("dans « À prendre ». Mais 1 dans « Traitées ».")
    assert said("q=trois+tilleuls&onglet=traitees").endswith("d’abord. Et aussi 1 dans « À prendre ».")
    tabs = html.fromstring(visitor.get("/moderation/?q=trois+tilleuls").text).xpath(
        "//nav[@class='onglets']//span/text()"
    )
    assert tabs == ["1", "0", "0", "0", "0", "1"]


def test_a_search_of_accounts_says_what_closed_ones_it_finds(app):
    make.user("Hélène L’Étang", active=False)
    found_ = accounts(db.session(), Wanted("etang helene", active=False), Place())
    assert [user.name for user in found_.rows] == ["Hélène L’Étang"]
    page = Visitor(app, make.administrator()).get("/administration/comptes/?q=l%27%C3%A9tang")
    assert "1 compte désactivé correspond" in page.text


TYPED = ("l'école", "ecole", "L’ÉCOLE", "tilleuls trois")
BOXES = (
    ("marc", "/moderation/?q={q}"),
    ("marc", "/moderation/?structure={q}"),
    ("marc", "/moderation/structures/?q={q}"),
    ("marc", "/structures/doublons/{other}?q={q}"),
    ("marc", "/moderation/journal?structure={q}"),
    ("marc", "/moderation/journal?personne={q}"),
    ("flora", "/suivi/?texte={q}&annee=2026"),
    ("flora", "/conventions/?q={q}"),
    ("flora", "/conventions/rattachements/{grant}?q={q}"),
    ("paul", "/mes-structures/rejoindre?q={q}"),
    ("nadia", "/fiches/?q={q}"),
    ("alma", "/administration/comptes/?q={q}"),
    ("alma", "/administration/connexions/?q={q}"),
    ("alma", "/administration/tables/comptes/?search={q}"),
    ("alma", "/administration/tables/territoires/?search={q}"),
    ("alma", "/administration/tables/certifications/?search={q}"),
    ("alma", "/administration/tables/phrases/?search={q}"),
    ("alma", "/administration/tables/etablissements/?search={q}"),
    ("nobody", "/api/fiches?q={q}"),
)


@pytest.mark.once
def test_every_search_box_finds_the_same_way(app, school, nadia, marc, flora):
    """One name is that of everything: whatever the page lists, it is found, and another text finds nothing."""
    title = "Français, École des Trois-Tilleuls"
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, make.complete_content(title))
    make.fiche_in(RevisionState.VALIDEE, nadia, marc, make.complete_content(title))
    grant = make.convention(flora, None, nom=SCHOOL, siret="", rna="")
    other = make.organisme("Maison des Érables")
    marc.name = nadia.name = school.territoire.nom = "Maud L’École-Trois-Tilleuls"
    people = {"marc": marc, "flora": flora, "nadia": nadia, "nobody": None}
    people |= {"paul": make.provider("Paul", other), "alma": make.administrator()}
    db.session.add(ReadySentence(territoire_id=school.territoire_id, pattern="", text=title))
    db.session.add(Certification(label=title, search_name="", code=""))
    db.session.add(Etablissement(siret=SIRET, denomination=SCHOOL))
    db.session.commit()
    places = {"other": other.id, "grant": grant.id}
    visitors = {name: Visitor(app, person) for name, person in people.items()}
    for name, url in BOXES:
        if "connexions" in url:
            visitors["nadia"].login(nadia.email)

        def rows(typed: str, name: str = name, url: str = url) -> int:
            answer = visitors[name].get(url.format(q=quote(typed), **places))
            assert answer.status_code == 200, url
            if answer.is_json:
                return len(answer.json["fiches"])
            page = html.fromstring(answer.text)
            return len(page.xpath("//main//tbody//tr | //main//li[not(ancestor::nav)] | //main//form[@method='post']"))

        empty = rows("quatre tilleuls de l’école")
        assert {typed: rows(typed) > empty for typed in TYPED} == dict.fromkeys(TYPED, True), url


# --- Every search, every row --------------------------------------------------------------------------

CODE = Path(__file__).parents[2]
OTHER_LIKES = {
    "backoffice/queries/search.py": "the search itself",
    "backoffice/queries/territoires/communes.py": "the beginning of a name or of a postal code, while it is typed",
    "backoffice/queries/registers/certifications.py": "the beginning of a number, while it is typed",
    "backoffice/queries/accounts/search.py": "addresses of the application itself",
    "backoffice/web/admin/network.py": "addresses of the application itself",
    "backoffice/demo/bulk.py": "a mark of the demonstration",
    "backoffice/demo/standing.py": "a mark of the demonstration",
    "workflows/conventions/recognition.py": "the SIREN, which begins a SIRET",
}
COMPARED = re.compile(
    r"(?<!find)(?<!finder)(?<!communes_of)\.(i?like|not_i?like|icontains|istartswith|iendswith|regexp_match)\("
    r"|\b[A-Z]\w+\.\w+\.(contains|startswith|endswith|match)\(|\sI?LIKE '"
)


def test_no_other_code_compares_texts_in_the_base():
    files = [path for room in ("backoffice", "forms", "workflows", "exports") for path in (CODE / room).rglob("*.py")]
    comparing = {str(path.relative_to(CODE)) for path in files if COMPARED.search(path.read_text())}
    assert comparing == OTHER_LIKES.keys()


def searched_models() -> list[type[Searched]]:
    return [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Searched)]


def test_every_column_that_is_searched_exists():
    for model in searched_models():
        assert set(model.SEARCHED) <= set(model.__table__.columns.keys())


def test_rows_written_in_bulk_are_found(app):
    db.session.execute(insert(Certification), [{"label": "Diplôme d’Été", "search_name": "", "code": "99 1"}])
    assert db.session.scalars(select(Certification.label).where(says(Certification, "ete diplome"))).all()


# --- With 60,000 rows ---------------------------------------------------------------------------------

FIRST, LAST = 1_000_001, 1_060_000


def crowd(territoire_id: int) -> None:
    """60,000 structures, each with one fiche and its version, written by SQL."""
    numbers = f"(SELECT generate_series AS n FROM generate_series({FIRST}, {LAST})) AS t"
    if db.engine.dialect.name == "sqlite":
        counted = f"r(n) AS (SELECT {FIRST} UNION ALL SELECT n + 1 FROM r WHERE n < {LAST})"
        numbers = f"(WITH RECURSIVE {counted} SELECT n FROM r) AS t"
    rows = {
        "organisme": ("id, nom, siret, territoire_id, structure", f"n, 'S', '', {territoire_id}, '{{}}'", "structure"),
        "fiche": (
            "id, organisme_id, dispositif, territoire_id, state",
            f"n, n, 'ASL', {territoire_id}, 'archivee'",
            "f",
        ),
        "revision": (
            "id, fiche_id, number, state, document, pending, title, departement, saved_at, priority, superseded"
            ", flagged",
            "n, n, 1, 'brouillon', '{}', '{}', '', '', '2026-01-01', 0, false, false",
            "ateliers",
        ),
    }
    for table, (names, values, word) in rows.items():
        words = f"' {word} numero ' || CAST(n AS TEXT) || ' '"
        names, values = f"{names}, created_at, searched", f"{values}, '2026-01-01', {words}"
        db.session.execute(text(f"INSERT INTO {table} ({names}) SELECT {values} FROM {numbers}"))
        if db.engine.dialect.name == "postgresql":  # as the autovacuum does some minutes later
            db.session.execute(text(f"SELECT gin_clean_pending_list('ix_{table}_searched')"))
    db.session.execute(text("ANALYZE"))


SEARCHES = (
    (Organisme, "1 037 042", 1),
    (Fiche, "1037042", 2),
    (Revision, "037042 1037042", 3),
)


def test_60_000_rows_are_searched_through_the_indexes(app):
    """The words of a fiche are in three tables; each one is read from its index, and never as a whole."""
    crowd(make.territoire().id)
    explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    for model, typed, tables in SEARCHES:
        query = select(model.id).where(says(model, typed))
        with statements() as asked:
            assert db.session.scalars(query).all() == [1_037_042]
        assert len(asked) == 1
        compiled = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(str(tuple(row)) for row in db.session.connection().exec_driver_sql(explain + compiled))
        assert len(set(re.findall(r"ix_(?:organisme|fiche|revision)_searched", plan))) >= tables, plan
        assert not re.search(r"Seq Scan|SCAN \w+'", plan), plan
