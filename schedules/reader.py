"""Typed access to located nodes: every wrong thing becomes a problem, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from schedules.errors import InvalidInput, Problem, UnknownName, hint, shown
from schedules.points import Point, PointError, Window, parse_point, parse_window
from schedules.source import Entries, Items, Node, Text
from schedules.spans import Span, parse_span

T = TypeVar("T")
_PROPER_DAY = re.compile(r"(?:day|d)-[0-9]+")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GROUP_ID = re.compile(r"[a-z][a-z0-9_-]*")
# ``stop: all``, ``earliest(…)``, ``latest(…)`` and the fields that say where something comes from.
TAKEN = ("all", "earliest", "latest", "quote", "assumed", "unscheduled")
# Visits that are added to a patient's record are given these names.
_ADDED = re.compile(r"unscheduled-[0-9]+")
PLACEHOLDERS = ("n", "member", "cycle")
_ON_ANYTHING = ("quote", "assumed")
TAKEN_BY_GROUPS = (*PLACEHOLDERS, *_ON_ANYTHING)
# A file with more is no template; and looking for the nearest name takes its time.
MOST_PROBLEMS = 200


class TooManyProblems(Exception):
    """Reading stops here: the problems found so far are enough."""


class Reader:
    """Reads nodes and collects problems. ``spots`` remembers where each named thing stands, for later checks;
    what else the reading of visits needs is noted before: ``repeating`` are the milestones that may happen again,
    ``visits`` the section itself, ``reference`` the reference visit and its day. ``broken`` are the visits and series
    that could not be read whole."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._told: set[Problem] = set()
        self.spots: dict[tuple[str, ...], Node] = {}
        self.repeating: frozenset[str] = frozenset()
        self.visits: Entries = Entries((), 1, 1)
        self.reference: tuple[str, int] = ("", 1)
        self.distances: dict[tuple[str, str], float | None] = {}
        self.broken: set[str] = set()

    def is_broken(self, name: str) -> bool:
        """Whether a name is of a visit, or a member of a series, in which a problem was found already."""
        return any(name == other or name.startswith(f"{other}-") for other in self.broken)

    def problem(self, node: Node, message: str, *, offset: int = 0, warning: bool = False) -> None:
        """Notes what is wrong at a node (``offset`` characters into a plain scalar)."""
        column = node.column + (offset if isinstance(node, Text) and node.plain else 0)
        found = Problem(line=node.line, column=column, message=message, warning=warning)
        # What is wrong in a series is wrong in each of its members, but is one problem.
        if found not in self._told:
            self._told.add(found)
            self.problems.append(found)
        if len(self.problems) >= MOST_PROBLEMS:
            raise TooManyProblems

    def attempt(self, node: Node, parse: Callable[[str], T], text: str) -> T | None:
        """What ``parse`` makes of the text, or None and a problem at the right column."""
        try:
            return parse(text)
        except PointError as error:
            self.problem(node, str(error), offset=error.offset)
        except (InvalidInput, UnknownName) as error:
            self.problem(node, str(error))
        return None

    def entries(self, node: Node | None, what: str) -> Entries:
        """A map, or an empty one and a problem."""
        if isinstance(node, Entries):
            return node
        if node is not None and not (isinstance(node, Text) and node.value == ""):
            self.problem(node, f"Found {_kind(node)} where a map ('key: value') was expected for {what}.")
        line, column = (node.line, node.column) if node is not None else (1, 1)
        return Entries((), line, column)

    def keys(self, entries: Entries, allowed: Iterable[str], what: str) -> None:
        """Refuses keys that ``what`` does not have."""
        fields = tuple(allowed)
        known = (*fields, *_ON_ANYTHING)
        for key, value in entries.pairs:
            if key.value in _ON_ANYTHING:
                self.statement(key.value, value, fields, what)
            elif key.value not in known:
                advice = COMMA if is_rest(value) else hint("key", key.value, known)
                self.problem(key, f"{what} has no key {shown(key.value)}. {advice}")

    def statement(self, kind: str, node: Node, fields: Iterable[str], what: str) -> None:
        """A ``quote`` or ``assumed``: a text for the whole, or a map of texts by field."""
        if not isinstance(node, Entries):
            self.text(node, f"'{kind}'")
            return
        for key, value in node.pairs:
            if key.value not in fields:
                advice = COMMA if is_rest(value) else hint("key", key.value, fields)
                self.problem(key, f"{what} has no key {shown(key.value)} to be {kind}. {advice}")
            else:
                self.text(value, f"'{kind}'")

    def text(self, node: Node | None, what: str) -> str:
        """A text, or an empty one and a problem."""
        if isinstance(node, Text):
            if not node.value.strip():
                self.problem(node, f"{_sentence(what)} is empty. Write a text, or leave the key out.")
                return ""
            return node.value
        if node is not None:
            self.problem(node, f"Found {_kind(node)} where a text was expected for {what}.")
        return ""

    def texts(self, node: Node | None, what: str) -> tuple[Text, ...]:
        """A text or a list of texts, as located texts."""
        if node is None:
            return ()
        if isinstance(node, Text):
            return (node,) if self.text(node, what) else ()
        if isinstance(node, Entries):
            self.problem(node, f"Found a map where a text or a list of texts was expected for {what}.")
            return ()
        return tuple(item for item in node.values if self._is_text(item, what) and isinstance(item, Text))

    def _is_text(self, node: Node, what: str) -> bool:
        if isinstance(node, Text):
            return bool(self.text(node, what))
        self.problem(node, f"Found {_kind(node)} where a text was expected for {what}.")
        return False

    def choice(self, node: Node | None, known: Iterable[str], what: str) -> str | None:
        """One of a few words."""
        if node is None:
            return None
        value, names = self.text(node, what), tuple(known)
        if value in names:
            return value
        if value:
            self.problem(node, f"There is no {what} {shown(value)}. {hint(what, value, names)}")
        return None

    def flag(self, node: Node | None, what: str) -> bool:
        """``true`` or ``false``."""
        value = self.text(node, what)
        if node is not None and value not in ("true", "false", ""):
            self.problem(node, f"Found {shown(value)} where 'true' or 'false' was expected.")
        return value == "true"

    def whole(self, node: Node | None, what: str, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        if node is None:
            return None
        value = self.text(node, what)
        if value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most:
            return int(value)
        if value:
            self.problem(
                node,
                f"Found {shown(value)} where {what} was expected: a whole number from {least} to {most:,}.",
            )
        return None

    def name(self, key: Text, what: str, *, group: bool = False) -> str:
        """A name of the shared namespace (or a group's, which may use ``_``)."""
        name = key.value
        pattern, form = (_GROUP_ID, "a-z, 0-9, '-' and '_'") if group else (_ID, "a-z, 0-9 and single '-'")
        if not pattern.fullmatch(name):
            self.problem(key, f"{shown(name)} cannot be the name of {what}. Names are made of {form}.")
        elif _PROPER_DAY.fullmatch(name):
            day = name.rpartition("-")[2]
            self.problem(
                key, f"'{name}' cannot be the name of {what}: it would read as Day -{day}. Choose another name."
            )
        elif name in (TAKEN_BY_GROUPS if group else TAKEN) or (not group and _ADDED.fullmatch(name)):
            self.problem(
                key, f"'{name}' cannot be the name of {what}: it has a meaning of its own. Choose another name."
            )
        return name

    def point(self, node: Node | None, what: str) -> Point | None:
        """A point in time."""
        return self._parsed(node, what, parse_point)

    def points(self, node: Node | None, what: str) -> tuple[Point, ...]:
        """One point, or a list of them."""
        found = (self.attempt(text, parse_point, text.value) for text in self.texts(node, what))
        return tuple(point for point in found if point is not None)

    def window(self, node: Node | None, what: str) -> Window | None:
        """A window."""
        return self._parsed(node, what, parse_window)

    def span(self, node: Node | None, what: str) -> Span | None:
        """A length of time."""
        return self._parsed(node, what, parse_span)

    def _parsed(self, node: Node | None, what: str, parse: Callable[[str], T]) -> T | None:
        text = self.text(node, what)
        return self.attempt(node, parse, text) if node is not None and text else None


COMMA = "Inside { } an unquoted comma ends the text: put the text in quotes."


def is_empty(node: Node) -> bool:
    """Whether a key has no value."""
    return isinstance(node, Text) and node.value == ""


def is_rest(node: Node) -> bool:
    """Whether a key without a value, inside { }, is likely to be what an unquoted comma cut off."""
    return isinstance(node, Text) and node.flow and node.value == ""


def _sentence(what: str) -> str:
    return what[:1].upper() + what[1:]


def _kind(node: Node) -> str:
    if isinstance(node, Text):
        return shown(node.value)
    return "a list" if isinstance(node, Items) else "a map"
