"""What goes wrong while one types: it is said at the field, in French, and nothing typed is lost."""

from __future__ import annotations

import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from backoffice.core.extensions import db
from backoffice.core.text import spaced
from backoffice.models import Fiche, Login, Revision, RevisionState
from backoffice.models.content import values
from exports.fragment.build import Identity, build
from exports.lheo.fields import PLAIN_LIMIT, count_of
from forms.kit.fields import limit_of
from forms.kit.questions import Kind
from tests.support import factories as make
from tests.support.asked import ASKED, ASL, dispositif_of, step_under_test
from tests.support.pages import Page, name_of, open_page, open_step, stored
from tests.support.visitor import Visitor


def asked(*kinds: Kind):
    """Every question of these kinds, as test parameters."""
    return [pytest.param(step, q, id=q.pattern) for step, q in ASKED if q.kind in kinds]


TYPED = (Kind.LINE, Kind.TEXT, Kind.LINES)
LIMITED = (Kind.LINE, Kind.TEXT)
NUMBERED = (Kind.SIRET, Kind.NDA, Kind.RNA, Kind.UAI, Kind.CERTIFICATION)


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


@pytest.fixture
def fiche(nadia, request):
    """A draft in two places, which lacks nothing; of the dispositif whose step is looked at."""
    return make.draft(nadia, make.two_places(), dispositif_of(step_under_test(request)))


def page_of(visitor, fiche, step, question):
    """The step, its address left without postal code where a town is about to be typed."""
    page = open_step(visitor, fiche, step.slug)
    if question.pattern.endswith(".ville"):
        page.type({name_of(question).replace("-ville", "-code_postal"): ""})
    return page


def value_of(fiche, question):
    return dict(values(stored(fiche), question.pattern))[name_of(question)]


def expect_refused(visitor, fiche, step, question, typed, words):
    """422, the message at the field, the text kept now and later, the stored answer as it was."""
    name, before = name_of(question), value_of(fiche, question)
    page = page_of(visitor, fiche, step, question).type({name: typed}).send(follow=False)
    assert page.status == 422
    assert re.search(words, page.error(name)), page.error(name)
    assert "Tout ce que vous avez écrit est gardé" in page.text
    assert page.words("//title").startswith("Erreur : ")
    assert value_of(fiche, question) == before
    later = open_step(visitor, fiche, step.slug)
    for seen in (page, later):
        assert [text.replace("\r\n", "\n") for text in seen.shown(name)] == [typed]
    assert later.error(name) == page.error(name)
    return page


# --- Limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "question"), asked(*LIMITED))
def test_a_text_may_be_as_long_as_the_standard_takes_and_not_longer(visitor, fiche, step, question):
    limit, name = limit_of(question), name_of(question)
    page = page_of(visitor, fiche, step, question).type({name: "é" * limit})
    page = page.send(follow=False, suite="relecture")
    assert page.status == 303, page.error(name)
    assert value_of(fiche, question) == "é" * limit
    expect_refused(
        visitor,
        fiche,
        step,
        question,
        "é" * (limit + 1),
        f"trop long de 1 caractère : il en compte {spaced(limit + 1)}, pour {spaced(limit)} au plus",
    )


@pytest.mark.parametrize(("step", "question"), asked(Kind.EMAIL, Kind.PHONE, Kind.URL, *NUMBERED))
def test_a_shaped_answer_that_is_too_long_is_refused_before_anything_looks_at_it(visitor, fiche, step, question):
    limit = max(PLAIN_LIMIT, limit_of(question))
    start = "https://exemple.fr/" if question.kind is Kind.URL else ""
    expect_refused(
        visitor, fiche, step, question, start + "1" * (limit + 1 - len(start)), "Ce texte est trop long de 1 "
    )


@pytest.mark.parametrize(("step", "question"), asked(Kind.LINES))
def test_an_address_has_as_many_lines_as_the_standard_takes(visitor, fiche, step, question):
    most, name = count_of(question.spot), name_of(question)
    lines = [f"Bâtiment {rank}" for rank in range(most + 1)]
    page = open_step(visitor, fiche, step.slug).type({name: "\r\n".join(lines[:most])}).send(follow=False)
    assert page.status == 303
    assert value_of(fiche, question) == lines[:most]
    expect_refused(visitor, fiche, step, question, "\n".join(lines), f"{most + 1} lignes : {most} au plus")


@pytest.mark.parametrize(("step", "question"), asked(Kind.LINES))
def test_a_long_line_of_an_address_is_cut_between_words(visitor, fiche, step, question):
    words = "Résidence des Grands Tilleuls entrée de la cour du fond " * 2
    page = open_step(visitor, fiche, step.slug).type({name_of(question): words}).send(follow=False)
    assert page.status == 303
    kept = value_of(fiche, question)
    assert " ".join(kept) == words.strip()
    assert all(len(line) <= limit_of(question) for line in kept)
    assert len(kept) > 1


# --- Wrong answers -----------------------------------------------------------------------------------

WRONG: dict[Kind, tuple[tuple[str, str], ...]] = {
    Kind.DATE: (
        *(
            (text, "n’est pas une date")
            for text in ("demain", "31/02/2026", "2026-13-01", "2026-09", "31/9", "jui", "1")
        ),
        *((text, "n’est pas vraisemblable") for text in ("15/09/1926", "0026-09-15", "2926-09-15")),
    ),
    Kind.TIME: tuple(
        (text, "n’est pas une heure") for text in ("midi", "24:00", "9h75", "9:5", "-1:00", "9h30m", "930")
    ),
    Kind.INTEGER: (
        *((text, "n’est pas un nombre entier") for text in ("douze", "-1", "12,5", "12.5", "1e3", "９", "²", "1" * 30)),
        ("999999", "Un nombre entre"),
    ),
    Kind.EMAIL: tuple(
        (text, "n’est pas une adresse e-mail")
        for text in (
            "accueil",
            "a@b",
            "a@@exemple.fr",
            "a exemple.fr",
            "@exemple.fr",
            "a@exemple..fr",
            "<a@exemple.fr>",
        )
    ),
    Kind.PHONE: tuple(
        (text, "n’est pas un numéro de téléphone") for text in ("12", "abc", "02 31 00 00 00 00 00 00", "+999 1")
    ),
    Kind.URL: tuple(
        (text, "n’est pas une adresse internet")
        for text in (
            "exemple",
            "javascript:alert(1)",
            "ftp://exemple.fr",
            "https://",
            "data:text/html,x",
            "http://ex emple.fr",
        )
    ),
    Kind.POSTCODE: (
        *((text, "n’est pas un code postal") for text in ("140", "abcde", "140000", "１４０００", "2A004")),
        *((text, "Aucune commune") for text in ("00000", "99999")),
    ),
    Kind.SIRET: (
        *((text, "n’est pas un numéro SIRET") for text in ("123", "abcdefghijklmn", "778972851000688")),
        ("77897285100069", "contient une erreur"),
        ("00000000000001", "contient une erreur"),
    ),
    Kind.NDA: (
        *((text, "n’est pas un numéro de déclaration d’activité") for text in ("123", "abcdefghijk", "287612345678")),
        *((text, "le code d’aucune région") for text in ("00000000000", "28 76 12345 67".replace("28", "20"))),
    ),
    Kind.RNA: tuple((text, "la lettre W suivie de 9 chiffres") for text in ("143000001", "W12", "X143000001")),
    Kind.UAI: (
        *((text, "7 chiffres et une lettre") for text in ("0140001", "A140001A")),
        *((text, "sa lettre ne va pas") for text in ("0140001B", "0990001A", "0140001I")),
    ),
    Kind.CERTIFICATION: tuple((text, "RNCP") for text in ("abc", "RS", "RNCP", "RS123456789", "RS 12 ?")),
}


@pytest.mark.parametrize(("step", "question"), asked(*WRONG))
def test_each_wrong_answer_is_explained_at_its_field_and_kept(visitor, fiche, step, question):
    for text, words in WRONG[question.kind]:
        expect_refused(visitor, fiche, step, question, text, words)


@pytest.mark.parametrize(("step", "question"), asked(Kind.INTEGER))
def test_a_number_out_of_its_range_says_the_range(visitor, fiche, step, question):
    low, high = question.spot.reader.low, question.spot.reader.high
    range_ = f"entre {spaced(low)} et {spaced(high)}"
    expect_refused(visitor, fiche, step, question, str(high + 1), range_)
    page = open_step(visitor, fiche, step.slug).type({name_of(question): str(high)})
    assert page.send(follow=False, suite="relecture").status == 303  # what it contradicts is said at the review
    assert value_of(fiche, question) == high
    if low:
        expect_refused(visitor, fiche, step, question, str(low - 1), range_)


UNKNOWN = ("inconnu", "<script>alert(1)</script>", "\x00a", "😀", "a" * 1_000_000)


@pytest.mark.parametrize(("step", "question"), asked(Kind.SELECT, Kind.RADIO, Kind.CHECKS))
def test_a_choice_that_was_not_offered_is_refused(visitor, fiche, step, question):
    before = value_of(fiche, question)
    for code in UNKNOWN:
        page = open_step(visitor, fiche, step.slug).type({name_of(question): code})
        page = page.send(follow=False, suite="relecture")
        assert "<script>" not in page.text
        if question.choices_from:  # that row is gone: the question is asked again
            assert page.status == 303
            assert value_of(fiche, question) == ""
        else:
            assert page.status == 422
            assert "Réponse hors de la liste" in page.error(name_of(question))
            assert value_of(fiche, question) == before


@pytest.mark.parametrize(("step", "question"), asked(Kind.CHECKS))
def test_no_more_boxes_than_the_standard_takes(visitor, fiche, step, question):
    most, codes = count_of(question.spot), list(question.choices)
    page = open_step(visitor, fiche, step.slug).type({name_of(question): codes}).send(follow=False)
    if len(codes) <= most:
        assert page.status == 303
        assert value_of(fiche, question) == codes
    else:
        assert page.status == 422
        assert f"Choisissez {most} réponses au plus" in page.error(name_of(question))
        assert page.shown(name_of(question)) == codes


def test_several_errors_are_all_kept_and_listed_and_the_right_answers_are_saved(visitor, fiche):
    page = open_step(visitor, fiche, "structure").type(
        {
            "structure-nom": "Le nouveau nom",
            "structure-siret": "123",
            "structure-contact-courriel": "accueil",
            "structure-adresse-code_postal": "140",
        }
    )
    page = page.send()
    assert "Il y a 3 réponses à corriger" in page.words("//*[@role='alert']")
    assert stored(fiche).structure.nom == "Le nouveau nom"
    assert stored(fiche).structure.siret == make.SIRET
    assert page.error("structure-siret")
    assert page.error("structure-contact-courriel")
    assert page.error("structure-adresse-code_postal")


@pytest.mark.parametrize("button", ["", "quitter", "relecture"])
def test_a_wrong_answer_waits_through_other_steps_and_another_day(visitor, fiche, button):
    page = open_step(visitor, fiche, "structure").type({"structure-siret": "123"})
    page.send(**({"suite": button} if button else {}))
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Un autre titre"}).send()
    visitor.post("/deconnexion")
    visitor.login("nadia.exemple@exemple.fr")
    review = open_page(visitor, f"/fiches/{fiche.id}/relecture")
    assert "Numéro SIRET\N{NO-BREAK SPACE}: il y a une réponse à corriger" in review.text
    assert "Votre structure À corriger" in review.words("//nav[contains(@class, 'etapes-larges')]")
    link = f"/fiches/{fiche.id}/saisie/structure#structure-siret"
    assert link in review.links("//section[@aria-labelledby='manques']")
    page = open_page(visitor, link)
    assert page.shown("structure-siret") == ["123"]
    assert page.error("structure-siret")
    assert visitor.post(f"/fiches/{fiche.id}/envoyer").status_code == 422
    page = page.type({"structure-siret": "778 972 851 00068"}).send(suite="relecture")
    assert "Votre fiche est complète" in page.text
    assert stored(fiche).structure.siret == "77897285100068"


def test_a_town_that_waits_is_listed_with_its_page(visitor, fiche):
    open_step(visitor, fiche, "structure").type({"structure-adresse-ville": "Lyon"}).send()
    review = open_page(visitor, f"/fiches/{fiche.id}/relecture")
    assert "L’étape « Votre structure » contient une réponse à corriger" in review.text
    assert "Votre structure À corriger" in review.words("//nav[contains(@class, 'etapes-larges')]")


# --- Hostile or unusual texts ------------------------------------------------------------------------

CONTROLS = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 127, 0xFFFE, 0xFFFF]))
"""Characters that XML 1.0 forbids, and DEL."""

TEXTS = {
    "script": "<script>alert('1')</script>",
    "markup": "<b onclick=alert(1)>gras</b> &amp; &eacute; ]]> <!-- -->",
    "template": "{{ 7 * 7 }} {% raw %} ${7*7} %(a)s",
    "attribute": '" autofocus onfocus="alert(1)" x=\'',
    "emoji": "😀 👩‍👩‍👧 𝄞 🇫🇷",
    "arabic and bidi": "مرحبا \u202eabc\u202c",
    "sql": "'; DROP TABLE fiche; --",
    "quotes": "« L’été » – “ok” … œuvre",
    "path": "../../etc/passwd\\..",
    "json": '{"a": [1, null]}\\u0000 \\x00',
}


def texts_of(step):
    return [q for q in step.questions() if q.kind in LIMITED and not q.pattern.endswith(".ville")]


@pytest.mark.parametrize("what", TEXTS)
@pytest.mark.parametrize("step", ASL.steps, ids=lambda step: step.slug)
def test_any_text_is_kept_as_typed_and_shown_harmless(visitor, fiche, step, what):
    text = TEXTS[what]
    names = {name_of(q): q for q in texts_of(step) if limit_of(q) >= len(text)}
    assert names or not texts_of(step)
    page = open_step(visitor, fiche, step.slug).type(dict.fromkeys(names, text)).send(follow=False, suite="relecture")
    assert page.status == 303
    content = stored(fiche)
    for name, question in names.items():
        assert dict(values(content, question.pattern))[name] == text
    for address in (f"/fiches/{fiche.id}/saisie/{step.slug}", f"/fiches/{fiche.id}/relecture", f"/fiches/{fiche.id}"):
        page = open_page(visitor, address)
        assert page.status == 200
        assert not page.dom.xpath("//main//script | //main//@onclick | //main//@onfocus | //main//b[not(@class)]")
    shown = open_step(visitor, fiche, step.slug)
    for name in names:
        assert shown.shown(name) == [text]


@pytest.mark.parametrize("step", ASL.steps, ids=lambda step: step.slug)
def test_what_xml_forbids_is_taken_out_and_the_rest_is_kept(visitor, fiche, step):
    names = [name_of(q) for q in texts_of(step)]
    typed = f"Avant{CONTROLS}après"
    page = open_step(visitor, fiche, step.slug).type(dict.fromkeys(names, typed)).send(follow=False, suite="relecture")
    assert page.status == 303
    content = stored(fiche)
    for question in texts_of(step):
        kept = dict(values(content, question.pattern))[name_of(question)]
        assert re.fullmatch(r"Avant\s*après", kept)


def test_strange_texts_are_published_as_well_formed_xml(app, visitor, nadia, fiche):
    for text in (*TEXTS.values(), f"Avant{CONTROLS}après"):
        for step in ASL.steps:
            names = [name_of(q) for q in texts_of(step) if limit_of(q) >= len(text)]
            open_step(visitor, fiche, step.slug).type(dict.fromkeys(names, text)).send()
        latest = db.session.get_one(Fiche, fiche.id)
        latest.numero = "NOR000001"
        made = build(latest.latest.content, Identity.of(latest, modified=latest.latest.saved_at))
        assert etree.fromstring(zlib.decompress(made.xml)).tag == "formation"
        db.session.rollback()


@pytest.mark.parametrize(
    ("step", "question"),
    [next(p for p in asked(kind)) for kind in (*TYPED, *WRONG)],
)
def test_a_megabyte_in_a_field_is_refused_with_words_and_kept(visitor, fiche, step, question):
    name, before = name_of(question), value_of(fiche, question)
    page = page_of(visitor, fiche, step, question).type({name: "a" * 1_000_000}).send(follow=False)
    assert page.status == 422
    assert 0 < len(page.error(name)) < 400
    assert value_of(fiche, question) == before
    assert sum(len(text.replace("\n", "").replace("\r", "")) for text in page.shown(name)) == 1_000_000


def test_a_megabyte_of_comment_or_of_anything_else_is_no_accident(app, visitor, fiche):
    assert visitor.post("/structure-active", {"organisme": "1" * 1_000_000}).status_code == 404
    assert visitor.post("/fiches/nouvelle", {"dispositif": "A" * 1_000_000, "cle": "k" * 1_000_000}).status_code == 422
    order = visitor.post(f"/fiches/{fiche.id}/saisie/lieux", {"ligne": "ajouter:" + "1" * 1_000_000})
    assert order.status_code in (303, 409)


def test_more_than_the_server_takes_is_refused_with_words(visitor, fiche):
    page = open_step(visitor, fiche, "objectifs").type({"formation-contenu": "a" * 7_000_000}).send(follow=False)
    assert page.status == 413
    assert page.words("//h1") == "Votre envoi est trop gros"
    assert stored(fiche).formation.contenu == "Jeux de rôle, sorties, lecture de courriers."


NAMES = (
    "a\x00b",
    "actions-²-nom",
    "actions-" + "9" * 5000 + "-nom",
    "actions-99999999999-nom",
    "actions--1-nom",
    "actions-0-creneaux-x-jour",
    "lieux-0",
    "lieux",
    "__class__",
    "formation-niveaux",
    "😀",
    "a" * 100_000,
    "",
    "dernier_repere",
    "lieux-0-id",
)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:20]))
def test_a_tampered_page_never_breaks(visitor, fiche, name):
    number = stored(fiche).dernier_repere
    for text in ("x", "\x00"):
        typed = {"actions-0-semaines": "douze", name: text}
        assert open_step(visitor, fiche, "lieux").type(typed).send(follow=False).status == 422
        assert open_step(visitor, fiche, "lieux").error("actions-0-semaines")
    page = open_step(visitor, fiche, "lieux").type({"actions-0-semaines": "12", name: "12"})
    assert page.send(follow=False, suite="relecture").status == 303
    assert number <= stored(fiche).dernier_repere <= number + 3


@pytest.mark.parametrize(
    "order",
    [
        *("ajouter:", "ajouter:structure", "ajouter:lieux-0", "ajouter:__class__", "ajouter:\x00", "ajouter:😀"),
        *(f"ajouter:actions-{rank}-creneaux" for rank in ("9", "²", "٣", "x", "-1", "9" * 80)),
        *("retirer:", "retirer:lieux", "retirer:lieux-9", "retirer:lieux-x", "retirer:\x00", "autre"),
        *(
            f"{what}:{path}"
            for what in ("copier", "monter", "descendre")
            for path in ("", "lieux", "lieux-9", "x-0", "\x00")
        ),
        *("copier:actions-٣-creneaux-0", "monter:lieux-²", "descendre:structure-0", "plusieurs:actions-0-creneaux"),
    ],
)
def test_a_tampered_order_changes_no_row(visitor, fiche, order):
    before = stored(fiche)
    page = open_step(visitor, fiche, "lieux").send(follow=False, ligne=order)
    assert page.status == 303
    assert stored(fiche) == before


# --- Twice, too late, at the same time ----------------------------------------------------------------


def test_sending_a_step_twice_keeps_it_once_without_a_word(visitor, fiche):
    page = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Envoyé deux fois"})
    assert page.send(follow=False).status == 303
    assert page.send(follow=False).status == 303
    assert stored(fiche).formation.intitule == "Envoyé deux fois"


def test_sending_a_wrong_step_twice_shows_the_same_errors_twice(visitor, fiche):
    page = open_step(visitor, fiche, "structure").type({"structure-siret": "123"})
    for _ in range(2):
        again = page.send(follow=False)
        assert again.status == 422
        assert again.error("structure-siret")


@pytest.mark.parametrize("path", ["lieux", "actions", "actions-0-creneaux"])
@pytest.mark.parametrize("wrong", [False, True])
def test_pressing_add_twice_adds_one_row_without_a_scare(visitor, fiche, path, wrong):
    page = open_step(visitor, fiche, "lieux")
    if wrong:
        page.type({"actions-0-semaines": "douze"})
    before = page.rows(path)
    for _ in range(2):
        assert page.send(follow=False, ligne=f"ajouter:{path}").status == 303
    assert open_step(visitor, fiche, "lieux").rows(path) == before + 1


def test_pressing_remove_twice_removes_one_row(visitor, fiche):
    page = open_step(visitor, fiche, "lieux").send(ligne="ajouter:lieux")
    page.type({"lieux-1-adresse-denomination": "B", "lieux-2-adresse-denomination": "C"})
    for _ in range(2):
        assert page.send(follow=False, ligne="retirer:lieux-1").status == 303
    assert [lieu.adresse.denomination for lieu in stored(fiche).lieux] == ["Maison de quartier", "C"]


@pytest.mark.parametrize("path", ["lieux-0", "actions-0", "actions-0-creneaux-1"])
@pytest.mark.parametrize("wrong", [False, True])
def test_pressing_duplicate_twice_makes_one_duplicate(visitor, fiche, path, wrong):
    page = open_step(visitor, fiche, "lieux")
    if wrong:
        page.type({"actions-0-semaines": "douze"})
    rows = path.rpartition("-")[0]
    before = page.rows(rows)
    for _ in range(2):
        assert page.send(follow=False, ligne=f"copier:{path}").status == 303
    assert open_step(visitor, fiche, "lieux").rows(rows) == before + 1


def test_pressing_up_twice_moves_a_row_once(visitor, fiche):
    before = [lieu.id for lieu in stored(fiche).lieux]
    page = open_step(visitor, fiche, "lieux")
    for _ in range(2):
        assert page.send(follow=False, ligne="monter:lieux-1").status == 303
    assert [lieu.id for lieu in stored(fiche).lieux] == before[::-1]


def test_asking_twice_for_a_new_fiche_makes_one(visitor):
    page = open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"})
    first, second = page.send(follow=False), page.send(follow=False)
    assert first.location == second.location
    assert db.session.query(Fiche).count() == 1
    assert (
        open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"}).send(follow=False).location != first.location
    )


@pytest.mark.committed
def test_asking_twice_at_the_same_moment_makes_one_too(app, nadia):
    visitors = [Visitor(app, nadia), Visitor(app, nadia)]
    data = {"organisme": str(nadia.memberships[0].organisme_id), "dispositif": "ASL", "cle": "la-meme"}
    db.session.remove()
    start = threading.Barrier(2)

    def ask(visitor):
        start.wait()
        return visitor.post("/fiches/nouvelle", data)

    for turn in range(4):
        data["cle"] = f"la-meme-{turn}"
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(ask, visitors))
        assert [answer.status_code for answer in answers] == [303, 303]
        assert len({answer.headers["Location"] for answer in answers}) == 1
    assert db.session.query(Fiche).count() == 4


def test_coming_back_to_choose_the_other_structure_makes_a_fiche_of_that_one(app):
    wrong, right = make.organisme("Pas celle-ci"), make.organisme("Celle-ci")
    visitor = Visitor(app, make.provider("Paule Deux", wrong, right))
    page = open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"})
    page.type({"organisme": str(wrong.id)}).send()
    page.type({"organisme": str(right.id)}).send()
    assert {fiche.organisme.nom for fiche in db.session.query(Fiche)} == {"Pas celle-ci", "Celle-ci"}


def test_the_key_of_somebody_else_opens_nothing_of_theirs(app, visitor, nadia):
    other = make.provider("Olga Voisine", make.organisme("Association voisine"))
    for who in (nadia, other):
        data = {"organisme": str(who.memberships[0].organisme_id), "dispositif": "ASL", "cle": "k\x00"}
        assert Visitor(app, who).post("/fiches/nouvelle", data).status_code == 303
    assert db.session.query(Fiche).count() == 2


def test_a_new_fiche_without_its_choices_says_which_and_keeps_the_other(app):
    one, two = make.organisme("Une"), make.organisme("Deux")
    visitor = Visitor(app, make.provider("Paule Deux", one, two))
    page = open_page(visitor, "/fiches/nouvelle").type({"organisme": str(two.id), "dispositif": "AUTRE"}).send()
    assert page.status == 422
    assert page.error("dispositif") == "Choisissez ce que vous voulez décrire."
    assert page.shown("organisme") == [str(two.id)]
    page = open_page(visitor, "/fiches/nouvelle").type({"organisme": "99999"}).send()
    assert "Choisissez la structure" in page.error("organisme")
    assert db.session.query(Fiche).count() == 0


def test_sending_for_verification_twice_thanks_twice(visitor, fiche):
    for _ in range(2):
        answer = visitor.post(f"/fiches/{fiche.id}/envoyer")
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/fiches/{fiche.id}/envoyee"
    assert db.session.query(Revision).one().state is RevisionState.SOUMISE


def test_a_stale_tab_is_told_and_shows_both_versions(visitor, fiche):
    stale = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre de ce matin"})
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre de midi"}).send()
    page = stale.send(follow=False)
    assert page.status == 409
    assert "Cette étape a été modifiée entre-temps" in page.words("//h1")
    assert "Rien n’est perdu" in page.text
    assert page.table() == [["Intitulé", "Titre de midi", "Titre de ce matin"]]
    assert stored(fiche).formation.intitule == "Titre de midi"
    kept = page.send(follow=False)
    assert kept.status == 303
    assert stored(fiche).formation.intitule == "Titre de ce matin"


def test_a_stale_tab_may_give_way(visitor, fiche):
    stale = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre de ce matin"})
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre de midi"}).send()
    (link,) = [link for link in stale.send(follow=False).links("//main") if "/saisie/" in link]
    assert open_page(visitor, link).shown("formation-intitule") == ["Titre de midi"]


def test_a_third_version_is_told_again(visitor, fiche):
    stale = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Un"})
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Deux"}).send()
    conflict = stale.send(follow=False)
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Trois"}).send()
    again = conflict.send(follow=False)
    assert again.status == 409
    assert "Trois" in again.text
    assert stored(fiche).formation.intitule == "Trois"


def test_the_two_versions_are_shown_with_every_kind_of_answer_and_in_words(visitor, fiche):
    stale = open_step(visitor, fiche, "sessions").type(
        {
            "inscription-entrees": "0",
            "actions-0-sessions-0-debut": "2026-10-05",
            "actions-0-sessions-0-places_libres": "trois",
            "inscription-modalites": "<script>alert(1)</script>",
        }
    )
    open_step(visitor, fiche, "sessions").type({"inscription-recrutement": "Un test"}).send()
    page = stale.send(follow=False)
    rows = page.table()
    assert ["Quand peut-on arriver", "On peut arriver toute l’année", "On commence tous à la même date"] in rows
    assert ["Groupe 1, dates 1, Premier jour", "mardi 15 septembre 2026", "lundi 5 octobre 2026"] in rows
    assert ["Groupe 1, dates 1, Places encore libres", "(vide)", "trois"] in rows
    assert ["Déroulement de l’accueil", "Un test", "(vide)"] in rows
    assert "<script>alert" not in page.text
    kept = page.send(follow=False)
    assert kept.status == 422
    assert kept.shown("actions-0-sessions-0-places_libres") == ["trois"]
    assert stored(fiche).inscription.entrees == "0"


def test_rows_of_a_stale_tab_are_not_lost_either(visitor, fiche):
    stale = open_step(visitor, fiche, "lieux").type({"lieux-0-adresse-denomination": "Chez nous"})
    open_step(visitor, fiche, "lieux").send(ligne="ajouter:lieux").type(
        {"lieux-2-adresse-denomination": "École"}
    ).send()
    page = stale.send(follow=False)
    assert page.status == 409
    assert "École" in page.text
    assert "Chez nous" in page.text
    assert len(stored(fiche).lieux) == 3


@pytest.mark.parametrize("first", ASL.steps, ids=lambda step: step.slug)
def test_two_colleagues_on_two_steps_do_not_hinder_each_other(app, nadia, visitor, fiche, first):
    colleague = Visitor(app, make.provider("Omar Collègue", nadia.memberships[0].organisme))
    pages = {step.slug: open_step(visitor, fiche, step.slug) for step in ASL.steps}
    question = next(q for q in texts_of(first) if not q.pattern.startswith("inscription.adresse"))
    name = name_of(question)
    page = open_step(colleague, fiche, first.slug).type({name: "Écrit par Omar"}).send(follow=False)
    assert page.status == 303
    for slug, mine in pages.items():
        if slug != first.slug:
            assert mine.send(follow=False).status == 303
    assert value_of(fiche, question) == "Écrit par Omar"


def test_a_group_added_by_a_colleague_survives_the_dates_typed_meanwhile(app, nadia, visitor, fiche):
    colleague = Visitor(app, make.provider("Omar Collègue", nadia.memberships[0].organisme))
    dates = open_step(visitor, fiche, "sessions").type({"actions-0-sessions-0-debut": "2026-10-05"})
    page = open_step(colleague, fiche, "lieux").send(ligne="ajouter:actions")
    page.type({"actions-1-nom": "Groupe du soir"}).send()
    assert dates.send(follow=False).status == 303
    content = stored(fiche)
    assert [action.nom for action in content.actions] == ["Groupe débutants", "Groupe du soir"]
    assert f"{content.actions[0].sessions[0].debut}" == "2026-10-05"


def test_dates_typed_by_a_colleague_survive_the_places_typed_meanwhile(app, nadia, visitor, fiche):
    colleague = Visitor(app, make.provider("Omar Collègue", nadia.memberships[0].organisme))
    places = open_step(visitor, fiche, "lieux").type({"actions-0-nom": "Groupe du matin"})
    page = open_step(colleague, fiche, "sessions").send(ligne="ajouter:actions-0-sessions")
    page.type({"actions-0-sessions-1-debut": "2027-09-14"}).send()
    assert places.send(follow=False).status == 303
    content = stored(fiche)
    assert content.actions[0].nom == "Groupe du matin"
    assert len(content.actions[0].sessions) == 2


def test_a_group_removed_by_a_colleague_does_not_come_back_with_the_dates(app, nadia, visitor):
    content = make.complete_content()
    content.actions.append(make.complete_content().actions[0])
    content.actions[1].id, content.actions[1].nom = "G9", "Groupe du soir"
    content.dernier_repere = 9
    fiche = make.draft(nadia, content)
    colleague = Visitor(app, make.provider("Omar Collègue", nadia.memberships[0].organisme))
    dates = open_step(visitor, fiche, "sessions").type({"actions-0-sessions-0-debut": "2026-10-05"})
    open_step(colleague, fiche, "lieux").send(ligne="retirer:actions-0")
    page = dates.send(follow=False)
    assert page.status == 409
    assert "lundi 5 octobre 2026" in page.words("//table")
    assert page.send(follow=False).status == 303
    assert [action.nom for action in stored(fiche).actions] == ["Groupe du soir"]


def test_what_is_typed_after_the_fiche_was_sent_is_shown_to_be_copied(visitor, fiche):
    page = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre <trop> tardif"})
    visitor.post(f"/fiches/{fiche.id}/envoyer")
    late = page.send(follow=False)
    assert late.status == 409
    assert "Cette fiche a été envoyée entre-temps" in late.words("//*[@role='alert']")
    assert "Titre <trop> tardif" in late.words("//section[@aria-labelledby='non-enregistre']")
    assert stored(fiche).formation.intitule == "Ateliers de français du quartier des Tilleuls"


# --- The session expires ------------------------------------------------------------------------------


def expire():
    db.session.query(Login).delete()
    db.session.commit()


def log_in_again(visitor, page: Page) -> Page:
    """Fills the login page that came instead of the answer."""
    assert page.status == 401
    assert page.words("//h1") == "Se connecter"
    assert "Ce que vous venez d’écrire est gardé" in page.text
    visitor.token = page.answers["csrf_token"]
    page.type({"courriel": "nadia.exemple@exemple.fr", "mot_de_passe": make.PASSWORD})
    answer = page.send(follow=False)
    assert answer.status == 200
    return answer


def offered(page: Page) -> Page:
    visitor = page.visitor
    visitor.token = page.answers["csrf_token"]
    assert "n’est pas encore enregistré" in page.text
    return page


STRANGE = "Ateliers « du mardi » & <b>jeudi</b>\r\n😀 deuxième ligne"


@pytest.mark.parametrize("step", ASL.steps, ids=lambda step: step.slug)
def test_what_was_typed_on_any_step_goes_through_a_new_login(visitor, fiche, step):
    questions = [q for q in texts_of(step) if limit_of(q) > 20]
    page = open_step(visitor, fiche, step.slug).type({name_of(q): f"Texte {n}" for n, q in enumerate(questions)})
    expire()
    page = offered(log_in_again(visitor, page.send(follow=False, suite="relecture")))
    for rank in range(len(questions)):
        assert f"Texte {rank}" in page.words()
    saved = page.send(follow=False)
    assert saved.status == 303
    content = stored(fiche)
    for rank, question in enumerate(questions):
        assert dict(values(content, question.pattern))[name_of(question)] == f"Texte {rank}"


def test_strange_text_goes_through_a_new_login_unchanged_even_after_a_wrong_password(visitor, fiche):
    page = open_step(visitor, fiche, "objectifs").type({"formation-objectif": STRANGE})
    expire()
    login = page.send(follow=False)
    visitor.token = login.answers["csrf_token"]
    login.type({"courriel": "nadia.exemple@exemple.fr", "mot_de_passe": "faux"})
    login = login.send(follow=False)
    page = offered(log_in_again(visitor, login))
    assert "<b>jeudi</b>" in page.words()
    assert page.send(follow=False).status == 303
    assert stored(fiche).formation.objectif == STRANGE.replace("\r\n", "\n")


def test_a_stale_page_that_comes_through_a_new_login_is_told_as_well(visitor, fiche):
    page = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre d’hier"})
    open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre d’un collègue"}).send()
    expire()
    page = offered(log_in_again(visitor, page.send(follow=False)))
    conflict = page.send(follow=False)
    assert conflict.status == 409
    assert "Titre d’hier" in conflict.text
    assert "Titre d’un collègue" in conflict.text


def test_a_new_fiche_goes_through_a_new_login(visitor):
    page = open_page(visitor, "/fiches/nouvelle").type({"dispositif": "ASL"})
    expire()
    page = offered(log_in_again(visitor, page.send(follow=False)))
    assert page.send(follow=False).status == 303
    assert db.session.query(Fiche).count() == 1


def test_a_page_opened_before_another_login_offers_what_was_typed(visitor, fiche):
    """Its token is the old session's: nothing is done, nothing is lost."""
    page = open_step(visitor, fiche, "intitule").type({"formation-intitule": "Titre d’avant"})
    expire()
    visitor.login("nadia.exemple@exemple.fr")
    again = offered(page.send(follow=False))
    assert again.status == 400
    assert "Titre d’avant" in again.words()
    assert stored(fiche).formation.intitule == "Ateliers de français du quartier des Tilleuls"
    assert again.send(follow=False).status == 303
    assert stored(fiche).formation.intitule == "Titre d’avant"


@pytest.mark.parametrize(
    "kept",
    ["", "{", "[]", "null", "12", '"texte"', "[1, 2]", '[["a"]]', '{"ab": 1}', "[" * 100_000, '[["a", null]]', "\x00"],
    ids=lambda kept: ascii(kept[:12]),
)
def test_a_tampered_memory_of_what_was_typed_breaks_nothing(visitor, kept):
    visitor.post("/deconnexion")
    assert visitor.login("nadia.exemple@exemple.fr", saisie=kept).status_code in (200, 303)


@pytest.fixture
def case(app, nadia):
    """A revision that a moderator has taken, and the page where he decides."""
    marc = make.moderator()
    taken = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    return Visitor(app, marc), marc, taken.latest.id


COMMENT = "Il manque l’heure du jeudi.\r\nEt <b>le téléphone</b> 😀"


def decide(visitor, revision_id, name, comment):
    open_page(visitor, f"/moderation/{revision_id}")
    said = {"commentaire": comment, "motif": make.reason_for(name)}
    return Page(visitor, visitor.post(f"/moderation/{revision_id}/{name}", said))


@pytest.mark.parametrize("name", ["renvoyer", "refuser"])
def test_the_comment_of_a_moderator_goes_through_a_new_login(case, name):
    visitor, marc, revision_id = case
    expire()
    login = decide(visitor, revision_id, name, COMMENT)
    assert login.status == 401
    visitor.token = login.answers["csrf_token"]
    step = login.type({"courriel": marc.email, "mot_de_passe": make.PASSWORD}).send(follow=False)
    assert step.words("//h1") == "Donnez votre code"
    visitor.token = step.answers["csrf_token"]
    page = step.type({"code": make.next_code(marc.email)}).send(follow=False)
    assert "Il manque l’heure du jeudi" in page.words()
    visitor.token = page.answers["csrf_token"]
    assert page.send(follow=False).status == 303
    db.session.expire_all()
    revision = db.session.get_one(Revision, revision_id)
    assert revision.state is (RevisionState.A_CORRIGER if name == "renvoyer" else RevisionState.REFUSEE)
    typed = COMMENT.replace("\r\n", "\n")
    assert revision.reason == typed if name == "renvoyer" else revision.reason.endswith(f"\n\n{typed}")


@pytest.mark.parametrize("comment", ["", "   ", "\r\n", "\x00\x01\x1f", "\N{NO-BREAK SPACE}"])
def test_a_decision_without_its_comment_says_so_at_the_field(case, comment):
    visitor, _, revision_id = case
    name = "renvoyer"
    page = decide(visitor, revision_id, name, comment)
    assert page.status == 409
    field = page.element(f"commentaire-{name}")
    assert field.get("aria-invalid") == "true"
    assert f"commentaire-{name}-erreur" in field.get("aria-describedby").split()
    assert "Écrivez au moins une phrase" in page.element(f"commentaire-{name}-erreur").text_content()
    db.session.expire_all()
    assert db.session.get_one(Revision, revision_id).state is RevisionState.EN_INSTRUCTION


@pytest.mark.parametrize(
    "comment", [*TEXTS.values(), "a" * 1_000_000, f"Avant{CONTROLS}après"], ids=lambda t: ascii(t[:12])
)
def test_any_comment_is_kept_and_read_harmless_by_the_structure(case, visitor, comment):
    moderator, _, revision_id = case
    assert decide(moderator, revision_id, "renvoyer", comment).status == 303
    db.session.expire_all()
    revision = db.session.get_one(Revision, revision_id)
    etree.Element("motif").text = revision.reason  # refuses what XML forbids
    page = open_step(visitor, revision.fiche_id, "structure")
    assert page.status == 200
    assert "".join(revision.reason.split()) == "".join(page.words("//blockquote").split())
    assert not page.dom.xpath("//main//script | //main//@onclick | //main//@onfocus")


def test_a_comment_that_comes_too_late_is_given_back(app, case):
    visitor, _, revision_id = case
    other = make.moderator("Mina Modèle")
    make.step(db.session.get_one(Revision, revision_id).fiche, "valider", other)
    page = decide(visitor, revision_id, "renvoyer", "Ma longue explication.")
    assert page.status == 409
    assert "a déjà été validée par Mina Modèle" in page.words("//*[@role='alert']")
    assert "Ma longue explication." in page.words("//*[@role='alert']")
