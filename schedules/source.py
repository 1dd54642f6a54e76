"""A YAML 1.2 file as located nodes: every scalar is text, every node knows its line and column.

Bounded before anything is built from it (design §4): at most 512 KiB, 40 levels, 50,000 nodes; no anchors, aliases,
tags or second documents, so that a small file cannot grow into a large one.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from schedules.errors import Problem, TemplateError, shown

LARGEST_BYTES = 512 * 1024
DEEPEST_LEVEL = 40
MOST_NODES = 50_000


# What is not printable in YAML, and what breaks lines for some readers only: with that, line numbers would be wrong.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PARSER_WORDS = (
    ("expected the node content", "a value is missing here. Write it, or put the text in quotes."),
    ("scanning an alias", "a text cannot begin with '*'. Put it in quotes."),
    ("expected '<document start>'", "a line that begins with '%' has a meaning of its own. Take it out."),
    ("character '\\t'", "a tab stands here. Indent with spaces."),
    ("that cannot start any token", "no text can begin with this character. Put the text in quotes."),
    (
        "mapping values are not allowed here",
        "no ':' can stand here. Put a text that holds ': ' in quotes, or mend the indentation.",
    ),
    (
        "sequence entries are not allowed here",
        "no list can begin here. Begin it on a line of its own, or put the text in quotes.",
    ),
    ("expected <block end>, but found '}'", "this '}}' closes nothing. Take it out, or put the text in quotes."),
    ("expected <block end>, but found ']'", "this ']' closes nothing. Take it out, or put the text in quotes."),
    ("expected <block end>, but found '<scalar>'", "the text goes on behind its end. Put the whole text in quotes."),
    (
        "expected <block end>",
        "the indentation differs from that of the lines above. Begin all keys of the map{opened} in one column.",
    ),
    (
        "expected ',' or '}'",
        "the '{{'{opened} is not closed. Add '}}', a comma, or quotes around a text with ':' or ','.",
    ),
    (
        "expected ',' or ']'",
        "the '['{opened} is not closed. Add ']', a comma, or quotes around a text with ':' or ','.",
    ),
    ("found unexpected end of stream", "the quotation mark{opened} has no partner. Close the text."),
    ("could not find expected ':'", "the key{opened} has no ':'. Write 'key: value'."),
    ("unknown escape character", "inside \" \" a backslash begins an escape. Use ' ' around the text."),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar. ``plain`` scalars stand in the file as written, so that an offset in them is a column."""

    value: str
    line: int
    column: int
    plain: bool = True
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    values: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A map; ``pairs`` in the order of the file, keys unique."""

    pairs: tuple[tuple[Text, Node], ...]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        """The value under ``key``, or None."""
        return next((value for name, value in self.pairs if name.value == key), None)


Node = Text | Items | Entries


def read_source(data: bytes, file: str) -> Entries:
    """The top-level map of a template file. Raises TemplateError where the bytes are no such thing."""
    text = _decoded(data, file)
    problems: list[Problem] = []
    node = _Builder(_events(text, file), problems, file).document()
    if problems:
        raise TemplateError(file, problems)
    if not isinstance(node, Entries):
        raise _refused(
            file, 1, 1, "A template is a map of keys such as 'protocol:' and 'visits:'; this file holds none."
        )
    return node


def _refused(file: str, line: int, column: int, message: str) -> TemplateError:
    return TemplateError(file, [Problem(line=line, column=column, message=message)])


def _decoded(data: bytes, file: str) -> str:
    if len(data) > LARGEST_BYTES:
        message = f"The file has {len(data) / 1024:,.0f} KiB; a template has at most {LARGEST_BYTES // 1024} KiB."
        raise _refused(file, 1, 1, f"{message} Is it a template?")
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        read = data[: error.start].decode("utf-8")
        message = "The file is not UTF-8 text. A template is a YAML text file; save it as UTF-8."
        raise _refused(file, *_place(read), message) from error
    if odd := _UNPRINTABLE.search(text):
        message = f"The file holds a control character (U+{ord(odd[0]):04X}). A template is a text file; take it out."
        raise _refused(file, *_place(text[: odd.start()]), message)
    return text


def _place(before: str) -> tuple[int, int]:
    """The line and column that come after some text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _events(text: str, file: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="safe", pure=True)
    try:
        yield from parser.parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _refused(file, line, column, f"This is not YAML: {_in_words(error)}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise _refused(file, 1, 1, "This is not YAML. A template is a YAML text file.") from error


def _in_words(error: Any) -> str:
    """What the parser found, as somebody who does not know its grammar would say it, and what to do."""
    problem = str(error.problem or error.context or "it cannot be read")
    opened = f" of line {error.context_mark.line + 1}" if error.context_mark is not None else ""
    for sign, words in _PARSER_WORDS:
        if sign in f"{error.context} {problem}":
            return words.format(opened=opened)
    return f"{problem}. Mend the line, or put the text in quotes."


class _Builder:
    """Builds nodes from parser events, counting as it goes."""

    def __init__(self, events: Iterator[Any], problems: list[Problem], file: str) -> None:
        self.events = events
        self.problems = problems
        self.file = file
        self.count = 0

    def document(self) -> Node | None:
        node: Node | None = None
        for event in self.events:
            name = type(event).__name__
            if name in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"):
                if node is not None:
                    self._problem(event, "A second document begins here. Write one protocol version a file.")
                    return node
                node = self._node(event, 0)
        return node

    def _problem(self, event: Any, message: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(line=mark.line + 1, column=mark.column + 1, message=message))

    def _node(self, event: Any, level: int) -> Node:
        self.count += 1
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if self.count > MOST_NODES or level > DEEPEST_LEVEL:
            limit = f"{MOST_NODES:,} entries" if self.count > MOST_NODES else f"{DEEPEST_LEVEL} levels"
            raise _refused(self.file, line, column, f"The file has more than {limit}. Is it a template?")
        kind = type(event).__name__
        if kind == "AliasEvent":
            raise _refused(
                self.file,
                line,
                column,
                "Found a YAML alias ('*name'). Aliases are not part of the language; write the text out.",
            )
        if event.anchor is not None:
            raise _refused(
                self.file,
                line,
                column,
                f"Found a YAML anchor ({shown('&' + event.anchor)}). "
                "Anchors are not part of the language; leave it out.",
            )
        if getattr(event, "tag", None) is not None:
            self._problem(event, "Found a YAML tag ('!…'). Tags are not part of the language; leave it out.")
        builders: dict[str, Callable[[Any, int, int, int], Node]] = {
            "ScalarEvent": self._text,
            "SequenceStartEvent": self._items,
            "MappingStartEvent": self._entries,
        }
        return builders[kind](event, line, column, level)

    def _text(self, event: Any, line: int, column: int, level: int) -> Text:
        plain = not event.style and event.start_mark.line == event.end_mark.line
        if odd := _UNPRINTABLE.search(event.value):
            message = f"The text holds a control character (U+{ord(odd[0]):04X}). Write it without."
            self._problem(event, message)
        return Text(event.value, line, column, plain)

    def _items(self, event: Any, line: int, column: int, level: int) -> Items:
        values = []
        for inner in self.events:
            if type(inner).__name__ == "SequenceEndEvent":
                break
            values.append(self._node(inner, level + 1))
        return Items(tuple(values), line, column)

    def _entries(self, event: Any, line: int, column: int, level: int) -> Entries:
        pairs: list[tuple[Text, Node]] = []
        seen: dict[str, Text] = {}
        for inner in self.events:
            if type(inner).__name__ == "MappingEndEvent":
                break
            key = self._node(inner, level + 1)
            value = self._node(next(self.events), level + 1)
            if not isinstance(key, Text):
                self._problem(inner, "A key must be a name, not a list or a map.")
                continue
            if key.value in seen:
                first = seen[key.value]
                self._problem(
                    inner,
                    f"{shown(key.value)} stands here a second time; it stands on line {first.line} already. Keep one.",
                )
                continue
            seen[key.value] = key
            pairs.append((key, self._flow_text(value, event)))
        return Entries(tuple(pairs), line, column)

    @staticmethod
    def _flow_text(value: Node, event: Any) -> Node:
        if event.flow_style and isinstance(value, Text):
            return Text(value.value, value.line, value.column, value.plain, flow=True)
        return value
