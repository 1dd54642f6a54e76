"""Who records a fact (design §6)."""

from __future__ import annotations

import os

from schedules.errors import InvalidInput, shown

LONGEST = 100


def who(by: str | None = None) -> str:
    """``by`` if given, else ``DAYZERO_USER``, else the login name.

    Raises InvalidInput for a name that is too long or cannot be printed, or where there is none.
    """
    name = (by or os.environ.get("DAYZERO_USER") or _login_name()).strip()
    if not name:
        raise InvalidInput("Nobody is named as the one who records this. Give --by NAME or set DAYZERO_USER.")
    if len(name) > LONGEST or not name.isprintable():
        raise InvalidInput(
            f"{shown(name)} cannot be the name of who records this. Write at most {LONGEST} printable characters."
        )
    return name


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a user that has no name; Python 3.13 raises OSError, earlier ones KeyError.
        return ""
