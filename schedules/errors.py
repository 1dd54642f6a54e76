"""Every error of dayzero descends from :class:`DayzeroError`.

The fields of a class are what went wrong; its message says what was found, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAXIMUM_QUOTED = 60


class DayzeroError(Exception):
    """The root of the errors a user can cause or mend. ``exit_code`` is the command line's (interface: 2, 3)."""

    exit_code = 2


class InvalidInput(DayzeroError):
    """Something a person typed cannot be what it stands for."""


class UnknownName(InvalidInput):
    """A name that is not defined where it was looked up.

    :param kind: what was looked for, in the field's words ("visit", "protocol", "site"); the name stands behind it,
    or at
        its ``{}`` ("value {} of group 'arm'").
    :param name: what was found.
    :param known: the names that would have been right.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, advice: str = "") -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        what = kind.format(shown(name)) if "{}" in kind else f"{kind} {shown(name)}"
        super().__init__(f"There is no {what}. {advice or hint(kind, name, self.known)}")


class StaleRevision(DayzeroError):
    """A use case saw an older revision of the record than the one that is stored."""


class StoreUnavailable(DayzeroError):
    """The database, or a service, could not be reached or is not what was expected."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong in a template: where (1-based line and column) and what, in words."""

    line: int
    column: int
    message: str
    warning: bool = False

    def located(self, file: str) -> str:
        """``file:line:column: error: message``, the form editors jump to."""
        return f"{file}:{self.line}:{self.column}: {'warning' if self.warning else 'error'}: {self.message}"


class TemplateError(DayzeroError):
    """A template with at least one error; ``problems`` holds all of them in the order of the file."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(problem.located(file) for problem in self.problems))


def shown(text: str) -> str:
    """A found text as a message may quote it: bounded, on one line, without control characters."""
    clean = "".join(character if character.isprintable() else "�" for character in text[: MAXIMUM_QUOTED + 1])
    return f"'{clean}'" if len(text) <= MAXIMUM_QUOTED else f"'{clean[:MAXIMUM_QUOTED]}…'"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like the found one, or None where none is near."""
    # Imported here because a command that has nothing to correct should not pay for it.
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(name[:200].casefold(), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None


def hint(kind: str, name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest one, or the list when none is near."""
    names = tuple(known)
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean '{near}'?"
    if not names:
        return f"No {kind.partition(' {}')[0]} is defined yet."
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"Known: {listed}."
