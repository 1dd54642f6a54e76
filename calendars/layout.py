"""Plain text in columns: measured as terminals show it, wrapped and never overflowing, the same when piped.

A terminal shows Chinese and other wide characters two columns wide (Unicode Standard Annex 11). Control
characters are shown as ``�``, so that no label can move the cursor. Colours are added last and take no room.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

GAP = 2
NARROWEST = 4
BREAKS = "-/("
NO_BREAK = "\u00a0"
_SPACE = re.compile(rf"[^\S{NO_BREAK}]+")
# Overrides of the direction of writing could make a line read as what it is not.
_UNSEEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table. ``style`` is its colour, where colours are wanted; ``whole`` asks not to wrap."""

    text: str
    style: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A line between a table's rows, from where the column of that index begins to the end of the line."""

    text: str
    column: int = 0
    style: str = ""


def styled(text: str, style: str, colour: bool) -> str:
    """The text in a style, for terminals; unchanged without ``colour``.

    Raises KeyError for a style that is not one.
    """
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and style and text.strip() else text


def clean(text: str) -> str:
    """One line that cannot disturb a terminal: single spaces, and ``�`` for control characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    joined = _SPACE.sub(" ", text).strip()
    return "".join("�" if _disturbs(char) else char for char in joined)


def _disturbs(char: str) -> bool:
    return char in _UNSEEN or unicodedata.category(char) in ("Cc", "Cs", "Co")


@lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def columns(text: str) -> int:
    """How many columns of a terminal a line takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` columns, broken at spaces and around wide characters.

    There is always at least one line, if an empty one. A single wide character is wider than a ``width`` of
    1.
    """
    lines = [""]
    for piece in _pieces(clean(text)):
        if columns(lines[-1]) + columns(piece.rstrip()) <= width:
            lines[-1] += piece
        else:
            lines.extend(_cut(piece, width))
    return [line.rstrip().replace(NO_BREAK, " ") for line in lines if line.strip()] or [""]


def _pieces(text: str) -> list[str]:
    """What a line may be broken between: behind a space or a dash, and around each wide character."""
    pieces: list[str] = []
    start = 0
    for index, char in enumerate(text, start=1):
        if char in " –" or (not char.isascii() and _columns(char) == 2):
            pieces.append(text[start:index])
            start = index
    return [*pieces, text[start:]] if start < len(text) else pieces


def _cut(word: str, width: int) -> list[str]:
    """A word that is too wide, cut behind the last hyphen, slash or bracket that fits, or else anywhere."""
    parts, part = [], ""
    for char in word:
        while part and char != " " and columns(part + char) > width:
            end = max((index for index, mark in enumerate(part, start=1) if mark in BREAKS), default=len(part))
            parts.append(part[:end])
            part = part[end:]
        part += char
    return [*parts, part]


def paragraph(text: str, *, width: int, first: str = "", rest: str = "") -> str:
    """A text wrapped to ``width``, its first line led by ``first`` and the others by ``rest``."""
    lines = wrapped(text, width - max(columns(first), columns(rest)))
    return "\n".join((rest if index else first) + line for index, line in enumerate(lines))


def bullets(texts: Iterable[str], *, width: int, mark: str = "  - ") -> str:
    """One wrapped text a bullet."""
    return "\n".join(paragraph(text, width=width, first=mark, rest=" " * columns(mark)) for text in texts)


def heading(text: str, *, colour: bool = False) -> str:
    """The head of a section."""
    return styled(clean(text), "bold", colour)


def sections(parts: Iterable[str]) -> str:
    """The parts that are not empty, with an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str | Cell] | Note],
    *,
    width: int = 80,
    widths: Sequence[int] | None = None,
    colour: bool = False,
) -> str:
    """Headers, a rule, rows and notes, at most ``width`` wide as long as that leaves every column 4.

    The widest columns give way first, and their cells wrap; given ``widths`` count instead.
    """
    head = [Cell(name, "bold") for name in headers]
    body = [row if isinstance(row, Note) else _cells(row) for row in rows]
    sizes = _widths([head, *(row for row in body if not isinstance(row, Note))], width) if widths is None else widths
    lines = [*_row(head, sizes, colour), (" " * GAP).join("─" * size for size in sizes)]
    for row in body:
        lines.extend(_note(row, sizes, width, colour) if isinstance(row, Note) else _row(row, sizes, colour))
    return "\n".join(lines)


def _cells(row: Sequence[str | Cell]) -> list[Cell]:
    return [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]


def _widths(rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """The widths that fit: first what may wrap gives way down to its longest word, then it all does."""
    cells = list(zip(*rows, strict=True))
    widths = [max(columns(clean(cell.text)) for cell in column) for column in cells]
    kept = [max([NARROWEST, *map(_unbroken, column)]) for column in cells]
    for least in (kept, [NARROWEST] * len(kept)):
        _narrow(widths, least, width - GAP * (len(widths) - 1))
    return widths


def _unbroken(cell: Cell) -> int:
    parts = [clean(cell.text)] if cell.whole else _pieces(clean(cell.text))
    return max((columns(part.rstrip()) for part in parts), default=0)


def _narrow(widths: list[int], least: Sequence[int], room: int) -> None:
    """Takes columns from the widest until all fit into ``room``, or none is above its ``least``."""
    while sum(widths) > room:
        spare = [size if size > floor else 0 for size, floor in zip(widths, least, strict=True)]
        if not any(spare):
            return
        widths[spare.index(max(spare))] -= 1


def _row(row: Sequence[Cell], widths: Sequence[int], colour: bool) -> list[str]:
    texts = [wrapped(cell.text, size) for cell, size in zip(row, widths, strict=True)]
    return [_line(parts, row, widths, colour) for parts in zip_longest(*texts, fillvalue="")]


def _line(parts: Sequence[str], row: Sequence[Cell], widths: Sequence[int], colour: bool) -> str:
    filled = (
        styled(text, cell.style, colour) + " " * (size - columns(text))
        for text, cell, size in zip(parts, row, widths, strict=True)
    )
    return (" " * GAP).join(filled).rstrip()


def _note(note: Note, widths: Sequence[int], width: int, colour: bool) -> list[str]:
    start = sum(widths[: note.column]) + GAP * note.column
    room = max(width, sum(widths) + GAP * (len(widths) - 1)) - start
    return [" " * start + styled(line, note.style, colour) for line in wrapped(note.text, room)]
