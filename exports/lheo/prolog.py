"""What is decided before the parser starts: the encoding, the version of LHEO, and what becomes of a DOCTYPE.

A DOCTYPE that declares nothing is passed over, and the definition that it names is never opened; another is refused.

The parser then receives UTF-8 without an XML declaration, whatever the encoding of the file, so it cannot interpret
the prolog differently.
"""

import codecs
import re
from collections.abc import Iterator
from itertools import chain

from .faults import quoted
from .grammar import NAMESPACE
from .unpacking import ReadError

FORMER_NAMESPACE = "http://www.lheo.org/2.2"
_FORMER, _CURRENT = FORMER_NAMESPACE.encode(), NAMESPACE.encode()

# name in an XML declaration → codec. libxml2 knows hundreds; these are the ones found in French files.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
# first bytes → (codec, length of the byte order mark)
_MARKS = {
    codecs.BOM_UTF8: ("utf-8", 3),
    codecs.BOM_UTF16_LE: ("utf-16-le", 2),
    codecs.BOM_UTF16_BE: ("utf-16-be", 2),
    b"<\0": ("utf-16-le", 0),
    b"\0<": ("utf-16-be", 0),
}
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, b"<\0\0\0", b"\0\0\0<")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*?\?>")
_DECLARED = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]+)")
_BEFORE_ROOT = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_TAG = re.compile(rb"<[^\s!?/>\"'][^\s/>\"']*+(?P<attributes>(?:[^\"'<>]|\"[^\"<]*\"|'[^'<]*')*+)>")
_DOCTYPE = b"<!DOCTYPE"
_NAMED_ONLY = re.compile(
    rb"""<!DOCTYPE\s+[^\s\[\]<>"']+(?:\s+(?:PUBLIC\s+(?:"[^"]*"|'[^']*')\s+|SYSTEM\s+)(?:"[^"]*"|'[^']*'))?"""
    rb"""\s*(?:\[\s*\]\s*)?>"""
)
"""A DOCTYPE without declaration of its own."""
_QUOTED = re.compile(b"\"[^\"]*\"|'[^']*'")
_LONGEST_PROLOG = 1_000_000


def written(chunks: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Return (whether the document is in LHEO 2.2, its bytes in UTF-8 and in the 2.3 namespace).

    Raise ReadError, immediately or while the bytes are read, when it is not text or XML, and for a DOCTYPE with
    declarations.
    """
    head = b""
    while len(head) < 4 and (chunk := next(chunks, b"")):
        head += chunk
    if not head:
        raise ReadError("Ce fichier est vide.")
    codec, mark = _codec(head)
    texts: Iterator[bytes] = chain((head[mark:],), chunks)
    if codec != "utf-8":  # libxml2 itself checks UTF-8
        texts = _transcoded(codec, texts)
    start, passed = b"", False
    for text in texts:
        start += text
        if not passed and (doctype := _doctype(start)):
            start, passed = start[: doctype.start()] + _blank(doctype[0]) + start[doctype.end() :], True
        if (attributes := _root_attributes(start)) is not None:
            break
        if len(start) > _LONGEST_PROLOG:
            raise ReadError("Ce fichier ne commence pas comme un document XML.", 1)
    else:
        attributes = b""  # truncated, or not XML: the parser will report it
    if declaration := _DECLARATION.match(start):  # removed, but its line breaks stay for line numbers
        start = _blank(declaration[0]) + start[declaration.end() :]
    former = _FORMER in attributes
    texts = chain((start,), texts)
    return former, _renamed(texts) if former else texts


def _codec(head: bytes) -> tuple[str, int]:
    """Return the codec of a document and the length of its byte order mark."""
    if head.startswith(_UTF32):
        raise ReadError("L’encodage UTF-32 n’est pas accepté. Enregistrez le fichier en UTF-8.", 1)
    for mark, found in _MARKS.items():
        if head.startswith(mark):
            return found
    declared = _DECLARED.match(head)
    name = declared[1].decode("ascii") if declared else "utf-8"
    if name.lower() not in _ENCODINGS:
        raise ReadError(f"L’encodage {quoted(name)} n’est pas accepté. Enregistrez le fichier en UTF-8.", 1)
    return _ENCODINGS[name.lower()], 0


def _transcoded(codec: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    for chunk in chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].decode(codec, "replace").count("\n")
            raise ReadError(
                f"Ce fichier se dit en {codec.upper()}, et un caractère de la ligne {line} ne l’est pas. "
                "Enregistrez-le en UTF-8.",
                line,
            ) from error
        line += text.count("\n")
        if text:
            yield text.encode()


def _blank(text: bytes) -> bytes:
    """Spaces, with the line breaks of the text."""
    return re.sub(rb"[^\n]", b" ", text)


def _doctype(start: bytes) -> re.Match[bytes] | None:
    """The DOCTYPE before the first tag, when it is complete and declares nothing."""
    before = _BEFORE_ROOT.match(start)
    return _NAMED_ONLY.match(start, before.end() if before else 0)


def _incomplete(doctype: bytes) -> bool:
    """Whether a DOCTYPE that declares nothing so far goes on in the next bytes."""
    bare = _QUOTED.sub(b"", doctype)
    bare = re.split(b"[\"']", bare, maxsplit=1)[0]
    return b">" not in bare and not re.search(rb"\[\s*[^\s\]]", bare)


def _root_attributes(start: bytes) -> bytes | None:
    """Return the raw attributes of the first tag; None if it is not complete yet. Raise ReadError for a DOCTYPE."""
    before = _BEFORE_ROOT.match(start)
    rest = start[before.end() :] if before else start
    if rest.startswith(_DOCTYPE) and _incomplete(rest):
        return None
    if rest.startswith(_DOCTYPE):
        raise ReadError(
            f"Ce fichier commence par une définition {quoted('DOCTYPE')}. Par sécurité, elle n’est pas lue. "
            "Retirez-la : LHEO n’en a pas besoin.",
            start[: len(start) - len(rest)].count(b"\n") + 1,
        )
    if rest and not rest.startswith(b"<"):
        raise ReadError("Ce fichier n’est pas du XML. Un document XML commence par une balise.", 1)
    tag = _TAG.match(rest)
    return tag["attributes"] if tag else None


def _renamed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Replace the 2.2 namespace by that of 2.3, even when it is split between two chunks.

    A text that contains the 2.2 namespace would be changed too; no offer has one.
    """
    kept = b""
    for chunk in chunks:
        whole = (kept + chunk).replace(_FORMER, _CURRENT)
        cut = next((size for size in range(len(_FORMER) - 1, 0, -1) if whole.endswith(_FORMER[:size])), 0)
        kept = whole[len(whole) - cut :]
        if len(whole) > cut:
            yield whole[: len(whole) - cut]
    if kept:
        yield kept
