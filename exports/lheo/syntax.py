"""French messages for the syntax errors of the XML parser."""

import re

from lxml import etree

from .faults import quoted
from .unpacking import ReadError

_TYPES = etree.ErrorTypes
_LESS, _AND = quoted("<"), quoted("&")
_SAID: dict[int, str] = {
    _TYPES.ERR_DOCUMENT_EMPTY: "Il n’y a aucune balise. Ce fichier n’est pas du XML.",
    _TYPES.ERR_DOCUMENT_START: "Ce fichier n’est pas du XML. Un document XML commence par une balise.",
    _TYPES.ERR_DOCUMENT_END: "Il y a quelque chose après la fin du document. Retirez-le.",
    _TYPES.ERR_TAG_NOT_FINISHED: "Le fichier s’arrête avant la fin d’un élément. Il a peut-être été coupé.",
    _TYPES.ERR_INVALID_CHAR: "Un caractère est interdit en XML. Retirez-le.",
    _TYPES.ERR_INVALID_ENCODING: "Un caractère n’est pas en UTF-8. Enregistrez le fichier en UTF-8.",
    _TYPES.ERR_LT_IN_ATTRIBUTE: f"Un {_LESS} est écrit tel quel dans un attribut. Écrivez &lt; à sa place.",
    _TYPES.ERR_NAME_REQUIRED: f"Un {_LESS} ou un {_AND} est écrit tel quel. Écrivez &lt; ou &amp; à sa place.",
    _TYPES.ERR_ENTITYREF_SEMICOL_MISSING: f"Un {_AND} est écrit tel quel. Écrivez &amp; à sa place.",
    _TYPES.ERR_ATTRIBUTE_REDEFINED: "Un attribut est écrit deux fois sur le même élément. Gardez-en un.",
    _TYPES.ERR_ATTRIBUTE_NOT_STARTED: "La valeur d’un attribut n’est pas entre guillemets. Ajoutez-les.",
    _TYPES.ERR_ATTRIBUTE_NOT_FINISHED: "La valeur d’un attribut n’est pas fermée. Ajoutez le guillemet.",
    _TYPES.ERR_COMMENT_NOT_FINISHED: "Un commentaire n’est pas fermé. Ajoutez --> à sa fin.",
    _TYPES.ERR_CDATA_NOT_FINISHED: "Une section CDATA n’est pas fermée. Ajoutez ]]> à sa fin.",
}
_TOO_BIG = "Un texte ou un élément est trop long pour être lu. Raccourcissez-le."


def said_in_french(log: etree._ListErrorLog, error: etree.XMLSyntaxError) -> ReadError:
    """Return a ReadError for the first fatal entry of a parser's log, else for the exception.

    An unknown error is given with the parser's English message.
    """
    entry = next(iter(log.filter_from_fatals()), None)
    said = (entry.message if entry is not None else error.msg) or ""
    line = (entry.line if entry is not None else error.lineno) or None
    sentence = _sentence(entry.type if entry is not None else error.code, said)
    return ReadError(f"Ligne {line}, {sentence[0].lower()}{sentence[1:]}" if line else sentence, line)


def _sentence(code: int, said: str) -> str:
    if "depth" in said:
        return "Des éléments sont emboîtés sur plus de 256 niveaux. Sortez-les les uns des autres."
    if found := re.search(r"Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+)", said):
        opened, number, closed = found.groups()
        return (
            f"La balise {quoted(closed)} se ferme alors que {quoted(opened)}, ouverte ligne {number}, "
            f"ne l’est pas encore. Fermez {quoted(opened)}."
        )
    if found := re.search(r"Entity '([^']*)' not defined", said):
        return f"{quoted(f'&{found[1]};')} n’est pas connu de XML. Écrivez le caractère lui-même."
    if code in _SAID:
        return _SAID[code]
    if "XML_PARSE_HUGE" in said or code == _TYPES.ERR_RESOURCE_LIMIT:
        return _TOO_BIG
    return f"Le fichier n’est pas du XML bien formé. L’analyseur dit en anglais {quoted(said)}."
