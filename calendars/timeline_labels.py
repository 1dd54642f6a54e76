"""Where marks and their labels go on a timeline, so that none covers another: in rows, or left out without room.

Widths are estimates on the safe side, since nobody knows the reader's font: those of a wide one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from calendars.layout import columns
from calendars.timeline_scale import LEFT, RIGHT

GAP = 5.0
MOST_ROWS = 2  # of labels, above the marks
_NARROW, _WIDE = frozenset("il.,:;'|!-jftrI()[] "), frozenset("mwMW%@")


def text_width(text: str, size: float) -> float:
    """How wide a line of text is at most, in pixels, at that size of font."""
    return size * sum(map(_em, text))


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.42
    if char in _WIDE:
        return 1.0
    return (0.75 if char.isupper() else 0.64) if char.isascii() else max(0.75, 1.05 * (columns(char) - 1))


def shortened(text: str, room: float, size: float) -> str:
    """A text that fits into a room, with … for what is left out."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A label that wants a place above a mark at ``x``; those of higher ``weight`` are placed first."""

    text: str
    x: float
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a label is: its middle, and its row; 0 is the one next to the marks."""

    x: float
    row: int


@dataclass(slots=True)
class _Row:
    taken: list[tuple[float, float]] = field(default_factory=list)

    def has_room(self, start: float, end: float) -> bool:
        return all(end + GAP <= left or right + GAP <= start for left, right in self.taken)


def placed(wishes: Sequence[Wish], size: float) -> list[Place | None]:
    """A place for each label, in the order given; None for those that would cover others."""
    rows = [_Row() for _ in range(MOST_ROWS)]
    found: list[Place | None] = [None] * len(wishes)
    for index in sorted(range(len(wishes)), key=lambda index: (-wishes[index].weight, wishes[index].x)):
        found[index] = _place(wishes[index], size, rows)
    return found


def _place(wish: Wish, size: float, rows: Sequence[_Row]) -> Place | None:
    half = text_width(wish.text, size) / 2
    middle = min(max(wish.x, LEFT + half), RIGHT - half)
    for number, row in enumerate(rows):
        # A label in an upper row has a line down to its mark, which must not run through a label below.
        line = (wish.x - 1, wish.x + 1)
        if row.has_room(middle - half, middle + half) and all(below.has_room(*line) for below in rows[:number]):
            row.taken.append((middle - half, middle + half))
            for below in rows[:number]:
                below.taken.append(line)
            return Place(x=middle, row=number)
    return None


def lanes(spans: Iterable[tuple[float, float]], most: int) -> list[int]:
    """A lane for each span of a row, in the order given, which is by where they begin: the first in which it does not
    touch the one before; in the last of ``most`` lanes they may."""
    ends: list[float] = []
    found = []
    for start, end in spans:
        free = next((lane for lane, before in enumerate(ends) if before <= start), len(ends))
        lane = min(free, most - 1)
        ends[lane : lane + 1] = [end]
        found.append(lane)
    return found
