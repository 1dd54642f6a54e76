"""E-mail addresses and host names as they go over the wire."""

from __future__ import annotations

import re
from email.headerregistry import Address
from ipaddress import ip_address

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the brackets
_NAMED = re.compile(r'\s*"?(?P<name>[^<>"@]*?)"?\s*<(?P<address>[^<>]*)>\s*')
# RFC 5321 and 6531, but for quoted names before the @, which hardly any server has.
_LOCAL = re.compile(r"[^\s@.,;:<>()\[\]\\\"]+(?:\.[^\s@.,;:<>()\[\]\\\"]+)*")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


def mailbox(text: str) -> Address:
    """An address, with or without a name: ``visits@example.org``, ``Visits <visits@example.org>``.

    The domain comes back in the ASCII form that servers know it by (IDNA 2008); the rest as it was written. Raises
    ValueError, which quotes nothing of the text. (The standard library's own reader of addresses fails with errors of
    its inside on some that are none.)
    """
    named = _NAMED.fullmatch(text)
    name, address = (named["name"], named["address"]) if named else ("", text.strip())
    local, _, domain = address.rpartition("@")
    if not text.isprintable() or "=?" in text or len(address.encode()) > LONGEST or not _LOCAL.fullmatch(local):
        raise ValueError("it is not one e-mail address")
    host = ascii_host(domain)
    if not _HOST.fullmatch(host):
        raise ValueError("it is not one e-mail address")
    return Address(name, local, host)


def is_address(text: str) -> bool:
    """Whether a text is one plain e-mail address, without a name."""
    try:
        return "<" not in text and mailbox(text).addr_spec != ""
    except ValueError:
        return False


def has_password(url: str) -> bool:
    """Whether a web address names a user or a password."""
    return re.match(r"https?://[^/?#]*@", url, re.IGNORECASE) is not None


def ascii_host(name: str) -> str:
    """A host's name in ASCII: ``straße.example`` is ``xn--strae-oqa.example``, and not the ``strasse`` of others.

    Raises ValueError.
    """
    if name.isascii():
        return name.lower()
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError("its domain cannot be a host's name") from None


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host stays on this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
