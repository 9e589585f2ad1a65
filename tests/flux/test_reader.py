"""Any file whatever is read safely: formations one by one, or one French message."""

from __future__ import annotations

import gzip
import io
import re
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from exports.lheo import prolog
from exports.lheo.grammar import NAMESPACE
from exports.lheo.prolog import FORMER_NAMESPACE
from exports.lheo.reader import Limits, PieceKind, ReadError, Reading, read_formations
from exports.lheo.unpacking import CHUNK

HEAD = f'<lheo xmlns="{NAMESPACE}"><offres>'
TAIL = "</offres></lheo>"


def titled(*titles: str) -> str:
    """A document whose formations have a title and nothing else: the reader asks for no more."""
    inner = "\n".join(f"<formation><intitule-formation>{title}</intitule-formation></formation>" for title in titles)
    return f"{HEAD}{inner}{TAIL}"


DOCUMENT = titled("Français débutant", "Français avancé")


def titles(written: bytes, limits: Limits | None = None) -> list[str]:
    return [
        element.findtext(f"{{{NAMESPACE}}}intitule-formation")
        for element, _ in read_formations(io.BytesIO(written), limits)
    ]


def refusal(written: bytes, limits: Limits | None = None) -> ReadError:
    with pytest.raises(ReadError) as raised:
        titles(written, limits)
    assert raised.value.message == str(raised.value)
    return raised.value


# --- what is read


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(DOCUMENT.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + DOCUMENT.encode(), id="bom"),
        pytest.param(b'<?xml version="1.0" encoding="utf-8"?>\n' + DOCUMENT.encode(), id="declaration"),
        pytest.param(b"\n<!-- fait le 3 mars --><?style x?>\n" + DOCUMENT.encode(), id="comment first"),
        pytest.param(f'<?xml version="1.0" encoding="ISO-8859-1"?>{DOCUMENT}'.encode("latin-1"), id="latin-1"),
        pytest.param(f"<?xml version='1.0' encoding='Windows-1252'?>{DOCUMENT}".encode("cp1252"), id="windows"),
        pytest.param(f'<?xml version="1.0" encoding="UTF-16"?>{DOCUMENT}'.encode("utf-16"), id="utf-16"),
        pytest.param(DOCUMENT.encode("utf-16-be"), id="utf-16 without mark"),
        pytest.param(gzip.compress(DOCUMENT.encode()), id="gzip"),
        pytest.param(gzip.compress(DOCUMENT.encode("utf-16")), id="utf-16 in gzip"),
        pytest.param(
            gzip.compress(DOCUMENT[:90].encode()) + gzip.compress(DOCUMENT[90:].encode()) + bytes(512),
            id="gzip in two members, filled with zeros",
        ),
        pytest.param(
            DOCUMENT.replace(f'xmlns="{NAMESPACE}"', f'xmlns:f="{NAMESPACE}"')
            .replace("</", "</f:")
            .replace("<", "<f:")
            .replace("<f:/f:", "</f:")
            .encode(),
            id="prefix",
        ),
    ],
)
def test_each_way_of_writing_a_document(written: bytes) -> None:
    assert titles(written) == ["Français débutant", "Français avancé"]


def test_bytes_that_come_one_by_one() -> None:
    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(1)

    for written in (DOCUMENT, DOCUMENT.replace(NAMESPACE, FORMER_NAMESPACE)):
        for form in (written.encode(), gzip.compress(written.encode()), written.encode("utf-16")):
            assert len(list(read_formations(Slow(form)))) == 2


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "flux.xml"
    file.write_text('<?xml version="1.0"\n encoding="UTF-8"?>\n' + titled("a", "b"))
    assert [line for _, line in read_formations(file)] == [3, 4]


def test_a_line_beyond_65535_is_right_or_the_next_one() -> None:
    """libxml2 keeps such a line on the text that follows the tag."""
    written = HEAD + "\n" * 70_000 + "<formation>\n</formation>" + TAIL
    (line,) = (line for _, line in read_formations(io.BytesIO(written.encode())))
    assert line in (70_001, 70_002)


def test_the_former_version_is_read_in_the_new_namespace(lheo_facts: Path) -> None:
    reading = Reading(lheo_facts / "samples/bts-2.2.xml")
    formation, frame = [(piece.kind, etree.QName(piece.element).namespace) for piece in reading]
    assert formation == (PieceKind.FORMATION, NAMESPACE)
    assert frame == (PieceKind.FRAME, NAMESPACE)
    assert reading.former


def test_a_text_that_names_the_former_version_is_left_alone() -> None:
    assert titles(titled(FORMER_NAMESPACE).encode()) == [FORMER_NAMESPACE]


def test_a_formation_inside_an_extra_is_part_of_that_extra() -> None:
    inner = "<formation><extras><extra><offres><formation><extras/></formation></offres></extra></extras></formation>"
    ((depth, inside),) = (
        (len(list(element.iterancestors())), len(list(element.iter(etree.Element))))
        for element, _ in read_formations(io.BytesIO((HEAD + inner + TAIL).encode()))
    )
    assert (depth, inside) == (2, 6)


def test_what_stands_between_formations_is_given_before_the_next_one() -> None:
    document = f'{HEAD}\n<extras/><formation/>mot<autre><a/></autre> <formation/><formation/><extras info="fin"/>{TAIL}'
    reading = Reading(io.BytesIO(document.encode()))
    told = [(piece.kind.value, etree.QName(piece.element).localname, piece.rank, piece.text) for piece in reading]
    assert told == [
        ("stray", "extras", 0, "\n"),
        ("formation", "formation", 1, "mot"),
        ("stray", "autre", 1, " "),
        ("formation", "formation", 2, ""),
        ("formation", "formation", 3, ""),
        ("frame", "lheo", 3, ""),
    ]


def test_the_frame_keeps_what_the_pieces_did_not_hold() -> None:
    document = f"{HEAD}<formation/>un<formation><a/></formation>deux<extras/>trois</offres>quatre<extras/></lheo>"
    *_, frame = Reading(io.BytesIO(document.encode()))
    assert etree.tostring(frame.element, encoding="unicode") == document.replace("<formation/>un", "").replace(
        "<formation><a/></formation>", "<formation/>"
    )


def test_formations_of_several_offres_are_all_given() -> None:
    offres = "<offres><formation/><formation/><extras/></offres>"
    pieces = list(Reading(io.BytesIO(f'<lheo xmlns="{NAMESPACE}">{offres * 3}</lheo>'.encode())))
    assert [piece.kind.value for piece in pieces] == ["formation"] * 6 + ["frame"]
    assert len(pieces[-1].element[1]) == 2


# --- what is refused

ENTITY = "<!DOCTYPE lheo [{}]>"
LAUGHS = "".join(f'<!ENTITY e{rank} "{f"&e{rank - 1};" * 10}">' for rank in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        ENTITY.format(f'<!ENTITY e0 "ha">{LAUGHS}'),
        ENTITY.format('<!ENTITY e9 SYSTEM "file:///etc/hostname">'),
        ENTITY.format('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd">%p;'),
        '<!DOCTYPE lheo SYSTEM "http://127.0.0.1:9/lheo.dtd" [<!ATTLIST lheo a CDATA "b">]>',
        "<!DOCTYPE lheo><!DOCTYPE lheo>",
    ],
    ids=["billion laughs", "external entity", "parameter entity", "attribute", "twice"],
)
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>', "\n<!-- a --> <?p i?>\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_no_doctype_that_declares_something_is_read(doctype: str, before: str, codec: str) -> None:
    document = before + doctype + titled("&e9;")
    error = refusal(document.encode(codec))
    assert "DOCTYPE" in error.message
    assert error.line == 1 + before.count("\n")


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE lheo>",
        '<!DOCTYPE lheo SYSTEM "http://127.0.0.1:9/lheo.dtd">',
        "<!DOCTYPE lheo\n PUBLIC '-//LHEO//2.3' \"lheo>.dtd\" [ ] >",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_c07_a_doctype_that_declares_nothing_is_passed_over(doctype: str, size: int) -> None:
    written = ('<?xml version="1.0"?>\n' + doctype + "\n" + DOCUMENT).encode()
    former, texts = prolog.written(written[start : start + size] for start in range(0, len(written), size))
    assert not former
    passed = b"".join(texts)
    assert b"DOCTYPE" not in passed
    assert passed.count(b"\n") == written.count(b"\n")
    assert titles(written) == titles(DOCUMENT.encode())


def test_a_doctype_hidden_behind_a_long_comment_is_not_read_either() -> None:
    comment = "<!--" + "x" * 600_000 + "-->"
    assert "DOCTYPE" in refusal((comment + ENTITY.format('<!ENTITY a "b">') + DOCUMENT).encode()).message
    assert titles((comment + DOCUMENT).encode()) == titles(DOCUMENT.encode())


def test_an_external_file_named_by_the_document_is_never_opened(tmp_path: Path) -> None:
    """An xi:include is an element like others."""
    secret = tmp_path / "secret.xml"
    secret.write_text("<a>secret</a>")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    (element,) = (
        etree.tostring(element, encoding="unicode")
        for element, _ in read_formations(io.BytesIO(titled(include).encode()))
    )
    assert "xi:include" in element
    assert "<a>" not in element


PARSE_ERRORS = {
    "": (None, "vide"),
    "bonjour": (1, "pas du XML"),
    "<": (1, "&lt;"),
    "\n\n": (3, "aucune balise"),
    "<!-- jamais fermé": (1, "commentaire"),
    HEAD: (1, "s’arrête avant la fin"),
    DOCUMENT + "\n<a/>": (3, "après la fin du document"),
    DOCUMENT.replace("débutant", "débutant & autres"): (1, "&amp;"),
    DOCUMENT.replace("débutant", "débutant&nbsp;"): (1, "« &nbsp; » n’est pas connu"),
    DOCUMENT.replace("débutant", "débutant\x0b"): (1, "interdit en XML"),
    DOCUMENT.replace("</formation>", "</formatoin>"): (1, "Fermez « formation »"),
    DOCUMENT.replace("<formation>", '<formation id="a" id="b">'): (1, "deux fois"),
    DOCUMENT.replace("<formation>", "<formation id=a>"): (1, "guillemets"),
    '<?xml version="1.0" encoding="IBM037"?>' + DOCUMENT: (1, "« IBM037 » n’est pas accepté"),
    '<?xml version="1.0" encoding="UTF-16"?>' + DOCUMENT: (1, "« UTF-16 » n’est pas accepté"),
    '<?xml version="1.0" encoding="UTF-7"?>' + DOCUMENT: (1, "« UTF-7 » n’est pas accepté"),
    '<?xml version="1.0" encoding="ascii"?>\n' + DOCUMENT: (2, "se dit en ASCII"),
    "<catalogue/>": (1, "« catalogue »"),
    DOCUMENT.replace(NAMESPACE, "urn:autre"): (1, "« urn:autre »"),
}


@pytest.mark.parametrize("document", PARSE_ERRORS, ids=lambda document: repr(document[:30]))
def test_each_parse_error_is_a_french_message_with_its_line(document: str) -> None:
    line, words = PARSE_ERRORS[document]
    error = refusal(document.encode())
    assert words in error.message.replace("\u00a0", " ")
    assert error.line == line


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (DOCUMENT.encode("latin-1"), "UTF-8"),
        (DOCUMENT.encode("utf-32"), "UTF-32"),
        (DOCUMENT.encode("utf-16")[:-1], "UTF-16"),
        (b'<?xml version="1.0" encoding="windows-1252"?><a>\x81</a>', "CP1252"),
        (gzip.compress(DOCUMENT.encode(), mtime=0)[:-12], "s’arrête trop tôt"),
        (gzip.compress(DOCUMENT.encode(), mtime=0)[:6], "s’arrête trop tôt"),
        (b"\x1f\x8b" + bytes(40), "abîmé"),
        (gzip.compress(DOCUMENT.encode(), mtime=0) + b"et encore", "abîmé"),
        (gzip.compress(gzip.compress(DOCUMENT.encode(), mtime=0), mtime=0), "pas du XML"),
        (b"BZh91AY", "compression"),
        (bytes(range(256)), "XML"),
    ],
    ids=[
        "latin",
        "utf-32",
        "utf-16-cut",
        "windows",
        "gzip-cut",
        "gzip-head",
        "gzip-bad",
        "gzip-tail",
        "gzip-twice",
        "bzip2",
        "all",
    ],
)
def test_bytes_that_are_no_document(written: bytes, words: str) -> None:
    assert words in refusal(written).message


def test_a_file_that_does_not_open(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.xml", tmp_path):
        with pytest.raises(ReadError, match="ne s’ouvre pas"):
            list(read_formations(path))


def test_a_zip_archive_is_told_apart() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flux.xml", DOCUMENT)
    assert "archive zip" in refusal(packed.getvalue()).message


# --- limits


def memory(written: bytes, words: str, limits: Limits | None = None) -> int:
    """Bytes that Python holds at worst while this is refused."""
    tracemalloc.start()
    try:
        assert words in refusal(written, limits).message
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_refused_before_it_opens() -> None:
    bomb = gzip.compress(HEAD.encode() + b"<a/>\n" * 20_000_000, 9)
    assert len(bomb) < 400_000
    small = Limits(weight=10**9, signs=10**9, ratio_from=1_000_000)
    assert memory(bomb, "grossit de plus de 250 fois", small) < 2_000_000
    assert memory(bomb, "trop grosse") < 2_000_000


def test_a_bomb_in_many_members_is_one_bomb() -> None:
    bomb = gzip.compress(HEAD.encode()) + gzip.compress(b" " * 1_000_000) * 30
    assert "grossit" in refusal(bomb, Limits(ratio_from=1_000_000)).message


def test_an_honest_gzip_passes_however_well_it_packs() -> None:
    assert len(titles(gzip.compress(titled(*["Français"] * 5000).encode()))) == 5000


@pytest.mark.parametrize("name", ["extras", "formation", "a"])
def test_elements_too_deep(name: str) -> None:
    document = HEAD + f"<{name}>" * 300 + f"</{name}>" * 300 + TAIL
    assert "256 niveaux" in refusal(document.encode()).message


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(size=1000), "dépasse"),
        (Limits(formations=99), "plus de 99 formations"),
    ],
)
def test_a_document_beyond_its_limits(limits: Limits, words: str) -> None:
    document = titled(*["Français"] * 100).encode()
    assert words in refusal(document, limits).message
    assert words in refusal(gzip.compress(document), limits).message
    assert len(titles(document)) == 100


@pytest.mark.parametrize(
    "inside",
    [
        "<extras/>" * 700_000,
        "<a " + " ".join(f'a{rank}=""' for rank in range(600_000)) + "/>",
        "x" * 11_000_000,
        ("<a>" + "x" * 9_000_000 + "</a>") * 2,
        "<a>" + "<![CDATA[" + "x" * 17_000_000 + "]]></a>",
    ],
    ids=["elements", "attributes", "text", "texts", "cdata"],
)
def test_a_formation_too_big_is_refused(inside: str) -> None:
    assert re.search("trop (grosse|long)", refusal(f"{HEAD}<formation>{inside}</formation>{TAIL}".encode()).message)


def test_offres_repeated_without_end() -> None:
    document = f'<lheo xmlns="{NAMESPACE}">' + "<offres><formation/></offres>" * 5000 + "</lheo>"
    assert "plus de 100" in refusal(document.encode()).message


def test_strays_are_not_kept_in_memory() -> None:
    """Elements that have no place here, one before each formation: the tree holds those of one chunk."""
    pair = "<autre/><formation/>"
    reading = Reading(io.BytesIO((HEAD + pair * 100_000 + TAIL).encode()))
    largest = max(len(piece.element.getparent()) for piece in reading if piece.kind is PieceKind.FORMATION)
    assert largest <= 2 * CHUNK // len(pair) + 3


def test_whole_formations_before_an_error_are_given() -> None:
    cut = DOCUMENT[: DOCUMENT.index("avancé")]
    given = []
    with pytest.raises(ReadError):
        given += [given.append(line) for _, line in read_formations(io.BytesIO(cut.encode()))]
    assert given == [1]


# --- any bytes at all


def read_all(written: bytes) -> None:
    """Read to the end: nothing but ReadError may come out."""
    small = Limits(size=2_000_000, ratio_from=100_000, weight=1_000_000, signs=20_000, formations=50)
    with suppress(ReadError):
        for piece in Reading(io.BytesIO(written), small):
            assert piece.element.getroottree().docinfo.internalDTD is None
            assert piece.line >= 1


SEEDS = [
    DOCUMENT.encode(),
    gzip.compress(DOCUMENT.encode(), mtime=0),
    DOCUMENT.encode("utf-16"),
    DOCUMENT.replace(NAMESPACE, FORMER_NAMESPACE).encode(),
    f'<?xml version="1.0" encoding="ISO-8859-1"?><!-- a -->{DOCUMENT}'.encode("latin-1"),
    (ENTITY.format('<!ENTITY a "b">') + titled("&a;")).encode(),
]
PIECES = [b"<!DOCTYPE a [", b"<!ENTITY a 'b'>", b"]>", b"<![CDATA[", b"]]>", b"<?", b"?>", b"<!--", b"-->", b"&a;"]
PIECES += [b"&#0;", b"\0", b"\xff\xfe", b"<", b">", b'"', b" xmlns=''", b"</offres>", b"<formation>", b"\x1f\x8b"]


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=300)
def test_random_bytes(written: bytes) -> None:
    read_all(written)


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 30), st.one_of(st.sampled_from(PIECES), st.binary(max_size=6))),
        max_size=4,
    ),
)
@settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
def test_documents_changed_at_random(written: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for start, length, piece in changes:
        start %= len(written) + 1
        written = written[:start] + piece + written[start + length :]
    read_all(written)
