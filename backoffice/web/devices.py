"""Where a login comes from, said coarsely enough to recognise one's own and to follow nobody."""

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
"""What a user agent holds, and the browser that it means; the first one found, since most say several."""
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
"""Bits of an address that are kept."""


def device_of(user_agent: str) -> str:
    """«Firefox sur Windows»; the parts that are not recognised are left out."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Navigateur inconnu")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} sur {system}" if system else browser


def network_of(address: str | None) -> str:
    """«192.0.2.0/24»; "" for what is no address."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return str(ip_network((found, PREFIX[found.version]), strict=False))
