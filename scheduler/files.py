"""Files that people name: read within bounds, written whole or not at all."""

from __future__ import annotations

import os
import stat
from secrets import token_hex

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


def write_file(path: str, data: bytes, *, example: str = "visits.ics", own: bool = False) -> None:
    """Writes a file whole or not at all: whoever reads it meanwhile sees the old one. Raises InvalidInput.

    A file that was there keeps its rights; with ``own`` a new one is its owner's alone. ``example`` is a name for it,
    for whom named a folder."""
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise InvalidInput(f"{shown(path)} is a folder. Name a file in it, such as {os.path.join(path, example)}.")
    try:
        # A device such as /dev/stdout can be written to, but not replaced.
        if os.path.isfile(target) or not os.path.exists(target):
            _replace(target, data, own)
        else:
            with open(target, "wb") as device:
                device.write(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no file's name"
        raise InvalidInput(f"{shown(path)} cannot be written: {reason}. Name another file.") from None


def _replace(target: str, data: bytes, own: bool) -> None:
    new = f"{target}.{os.getpid()}-{token_hex(4)}.new"
    # Somebody else's file or link of that name is not written into; and until it has the rights of the one that it
    # replaces, which may be its owner's alone, nobody else reads it.
    rights = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else None
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    made = os.open(new, flags, 0o666 if rights is None and not own else 0o600)
    try:
        with open(made, "wb") as file:
            file.write(data)
        if rights is not None:
            os.chmod(new, rights)
        os.replace(new, target)
    except BaseException:
        os.unlink(new)
        raise
