"""E-mail addresses: read, folded, and asked again when they look like a typing error."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from rapidfuzz.distance import OSA

from .cells import Cell, said
from .faults import Doubt, Fault, quoted

LONGEST = 160
"""In characters, as stored in the database."""

MAILBOXES = (
    "gmail.com", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "yahoo.com", "yahoo.fr", "orange.fr",
    "wanadoo.fr", "laposte.net", "icloud.com", "protonmail.com", "numericable.fr", "club-internet.fr",
)  # fmt: skip
"""Hosts of many mailboxes whose names are long enough to be recognised with one wrong letter."""

_REAL = frozenset(("ymail.com", "email.com", "mail.com"))
"""Hosts that exist and are one letter away from one of these."""

_ENDINGS = {
    **dict.fromkeys(("con", "cmo", "ocm", "vom", "xom", "comm", "coom", "cpm", "cim", "clm", "om", "c0m"), "com"),
    **dict.fromkeys(("rf", "frr", "ffr", "fe", "ft", "fra", "f"), "fr"),
    **dict.fromkeys(("ogr", "rog", "orgg", "prg", "og"), "org"),
    **dict.fromkeys(("nte", "ent", "met", "nett"), "net"),
}
"""{ending that no domain has: the one that was meant}."""

_MAILBOX_ENDINGS = {
    "gmail.fr": "gmail.com",
    **{
        f"{name}.{ending}": f"{name}.com"
        for name in ("gmail", "hotmail", "outlook", "yahoo", "icloud")
        for ending in ("co", "cm", "cop")
    },
}
"""{host: the one that was meant}: endings that another host may have, but not this one."""

_QUOTES = str.maketrans("’‘`´", "''''")


def read(cell: Cell) -> str:
    """The address in lower case, its domain in punycode. Raises Fault; Doubt for a likely typing error.

    Deliverability is not checked: typing must not send any request.
    """
    text = said(cell)
    text = re.sub(r"^mailto:|[.,;]+$", "", text, flags=re.IGNORECASE).strip()
    if not text:
        raise Fault("Écrivez une adresse e-mail complète, comme accueil@exemple.fr.")
    if text.count("@") > 1 and re.search(r"[\s,;/]", text):
        raise Fault(f"{quoted(text)} contient plusieurs adresses e-mail. Écrivez-en une seule.")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Fault(f"{quoted(text, 80)} n’est pas une adresse e-mail. Écrivez-la comme accueil@exemple.fr.") from None
    address = f"{found.local_part}@{found.ascii_domain}".lower()
    if len(address) > LONGEST:
        raise Fault(f"Cette adresse e-mail est trop longue : {LONGEST} caractères au plus.")
    likelier = _likelier(found)
    if likelier != address:
        raise Doubt(
            f"{quoted(text, 80)} ressemble à une faute de frappe. Vouliez-vous écrire {likelier} ?", address, likelier
        )
    return address


def _likelier(found: ValidatedEmail) -> str:
    """The address that was probably meant; the same one when nothing looks wrong."""
    local = found.local_part.translate(_QUOTES).lower()
    return f"{local}@{_host(found.domain.lower(), found.ascii_domain.lower())}"


def _host(shown: str, host: str) -> str:
    """The host that was probably meant. shown: the domain in Unicode; host: in punycode."""
    name, _, ending = shown.rpartition(".")
    if ending in _ENDINGS:
        shown, host = f"{name}.{_ENDINGS[ending]}", f"{host.rpartition('.')[0]}.{_ENDINGS[ending]}"
    if shown in MAILBOXES or shown in _REAL:
        return host
    if shown in _MAILBOX_ENDINGS:
        return _MAILBOX_ENDINGS[shown]
    country = re.fullmatch(r"[a-z]{2}", shown.rpartition(".")[2])
    for known in MAILBOXES:
        elsewhere = country and known.rpartition(".")[0] == shown.rpartition(".")[0]  # yahoo.gr is no misspelt yahoo.fr
        if not elsewhere and OSA.distance(shown, known, score_cutoff=1) <= 1:
            return known
    return host
