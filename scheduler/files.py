"""Files that people name: read within bounds, written whole or not at all."""

from __future__ import annotations

import os

from schedules.errors import InvalidInput, shown

LARGEST_FILE = 64 * 1024 * 1024


def file_bytes(path: str) -> bytes:
    """What is in a file, up to more than any template has. Raises InvalidInput where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no file's name"
        raise InvalidInput(f"The file {shown(path)} cannot be read: {reason}.") from None


def write_file(path: str, data: bytes, *, example: str = "visits.ics") -> None:
    """Writes a file whole or not at all: whoever reads it meanwhile sees the old one. Raises InvalidInput.

    ``example`` is a name for it, for whom named a folder."""
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise InvalidInput(f"{shown(path)} is a folder. Name a file in it, such as {os.path.join(path, example)}.")
    # A device such as /dev/stdout can be written to, but not replaced.
    replaces = os.path.isfile(target) or not os.path.exists(target)
    new = f"{target}.{os.getpid()}.new" if replaces else target
    try:
        with open(new, "wb") as file:
            file.write(data)
        if replaces:
            os.replace(new, target)
    except (OSError, ValueError) as error:
        if replaces and os.path.exists(new):
            os.unlink(new)
        reason = getattr(error, "strerror", None) or "this is no file's name"
        raise InvalidInput(f"{shown(path)} cannot be written: {reason}. Name another file.") from None
