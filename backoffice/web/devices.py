"""Device and network of a login: precise enough for people to recognise their own, too coarse to track anyone."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
"""(mark in the user agent, name of the browser). The first match counts, because most agents name several browsers."""
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
PREFIX = {4: 24, 6: 48}
"""{IP version: bits of the address that are kept}."""


def device_of(user_agent: str) -> str:
    """«Firefox sur Windows»; without the system when it is not recognised."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Navigateur inconnu")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} sur {system}" if system else browser


def network_of(address: str | None) -> str:
    """«192.0.2.0/24»; "" when the address is not valid."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return str(ip_network((found, PREFIX[found.version]), strict=False))
