"""E-mail addresses and host names as they go over the wire."""

from __future__ import annotations

from email.headerregistry import Address
from ipaddress import ip_address

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the brackets


def mailbox(text: str) -> Address:
    """An address, with or without a name: ``visits@example.org``, ``Visits <visits@example.org>``.

    The domain comes back in the ASCII form that servers know it by (IDNA 2008); the rest as it was written. Raises
    ValueError, which quotes nothing of the text.
    """
    from email.errors import NonASCIILocalPartDefect
    from email.policy import SMTPUTF8

    if not text.isprintable() or len(text) > 2 * LONGEST:
        raise ValueError("it is not one e-mail address")
    header = SMTPUTF8.header_factory("To", text)
    # What is not ASCII before the @ is an address by RFC 6531, though the library calls it a defect.
    defects = [defect for defect in header.defects if not isinstance(defect, NonASCIILocalPartDefect)]
    if defects or len(header.addresses) != 1 or header.groups[0].display_name is not None:
        raise ValueError("it is not one e-mail address")
    found = header.addresses[0]
    if not found.username or not found.domain or len(found.addr_spec.encode()) > LONGEST:
        raise ValueError("it is not one e-mail address")
    return Address(found.display_name, found.username, ascii_host(found.domain))


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
