"""Requests that Relais sends to addresses given by people, without letting them reach its own network (SSRF).

Only https, and only to public addresses. The name is resolved once and the connection goes to the address that was
checked, so a second answer of the DNS changes nothing. A POST follows no redirection; a GET checks each one.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from flask import Flask

TIMEOUT, TOTAL = 10, 15
"""Seconds: of each operation of the network, and of a whole request."""
LONGEST_FETCH = 1_800
"""Seconds, to fetch a file."""
REDIRECTIONS, CHUNK = 5, 1 << 16
LONGEST_URL = 500
_TUNNELS = [ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
"""IPv6 addresses that lead to an IPv4 address of any network: NAT64, 6to4, Teredo."""


class Outgoing:
    """Settings of outgoing requests. local: private addresses and http are allowed, for trials on one machine."""

    key = ""
    local = False

    def init_app(self, app: Flask) -> None:
        self.key, self.local = app.config["SECRET_KEY"], app.config["RELAIS_WEBHOOKS_LOCAL"]

    def derived(self, purpose: str) -> bytes:
        """32 bytes that only SECRET_KEY and `purpose` give: a secret that need not be stored."""
        return hmac.new(self.key.encode(), f"relais {purpose}".encode(), hashlib.sha256).digest()


outgoing = Outgoing()


class RefusedAddress(ValueError):
    """Relais does not send anything to this address; the message says why, in French."""


class Unanswered(OSError):
    """No HTTP answer came; the message says why, in French."""


def check_url(url: str) -> SplitResult:
    """The parts of an address that may be asked. Raises RefusedAddress. Does not resolve the name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddress("Cette adresse est illisible.") from error
    schemes = ("https", "http") if outgoing.local else ("https",)
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise RefusedAddress("Une adresse qui commence par https:// est attendue.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedAddress("L’adresse ne doit contenir ni nom d’utilisateur, ni mot de passe, ni dièse (#).")
    if len(url) > LONGEST_URL or not url.isascii() or any(not " " < sign <= "~" for sign in url):
        raise RefusedAddress(f"{LONGEST_URL} caractères au plus, sans espace ni accent.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    _check_address(str(literal))
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Sends a POST and returns the status of the answer. Raises RefusedAddress or Unanswered."""
    with _asked("POST", url, body, headers, TOTAL) as answer:
        return answer.status


def fetch(url: str, file: Path, most: int) -> None:
    """Writes what an address answers to a GET in `file`. Raises RefusedAddress or Unanswered.

    Follows REDIRECTIONS, each address checked like the first. most: bytes beyond which it is refused.
    """
    for _ in range(REDIRECTIONS + 1):
        with _asked("GET", url, None, {"User-Agent": "Relais"}, LONGEST_FETCH) as answer:
            following = answer.getheader("Location") if answer.status in (301, 302, 303, 307, 308) else None
            if following is None:
                _copy(answer, file, most)
                return
            url = urljoin(url, following)
    raise Unanswered("Cette adresse renvoie trop de fois à une autre.")


def _copy(answer: http.client.HTTPResponse, file: Path, most: int) -> None:
    if answer.status != 200:
        raise Unanswered(f"Réponse {answer.status}.")
    with file.open("wb") as written:
        while piece := answer.read(CHUNK):
            if written.tell() + len(piece) > most:
                raise Unanswered("Ce fichier est trop gros.")
            written.write(piece)


@contextmanager
def _asked(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], total: float
) -> Iterator[http.client.HTTPResponse]:
    """The answer of one request, read inside the block. total: seconds of the whole."""
    parts = check_url(url)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unanswered(f"Le nom {host} est inconnu.") from error
    addresses = [str(row[4][0]) for row in found]
    for address in addresses:
        _check_address(address)
    connection = _Pinned(host, port, addresses[0], total, secure=parts.scheme == "https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, dict(headers))
        yield connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"Pas de réponse de {host} ({type(error).__name__}).") from error
    finally:
        connection.end()


def _check_address(address: str) -> None:
    """Raises RefusedAddress unless the address is public."""
    if outgoing.local:
        return
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    tunnel = any(found in network for network in _TUNNELS if network.version == found.version)
    if not found.is_global or found.is_multicast or tunnel:
        raise RefusedAddress("Cette adresse mène à un réseau privé : Relais n’y envoie rien.")


class _Pinned(http.client.HTTPConnection):
    """A connection to `address` whatever the name resolves to now; the certificate is that of the name."""

    def __init__(self, host: str, port: int, address: str, total: float, *, secure: bool):
        super().__init__(host, port, timeout=TIMEOUT)
        self.address, self.secure = address, secure
        self.limit = threading.Timer(total, self._cut)
        self.limit.daemon = True

    def connect(self) -> None:
        self.limit.start()
        self.sock = socket.create_connection((self.address, self.port), TIMEOUT)
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def _cut(self) -> None:
        """Ends a request that sends its answer too slowly: the reading raises."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def end(self) -> None:
        self.limit.cancel()
        self.close()
