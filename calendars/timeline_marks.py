"""The signs of a timeline, told apart by shape first and colour second, each drawn around its middle at (0, 0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from calendars.markup import element

R = 6.0
Sign = Callable[[], tuple[Element, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A sign in a row: its day, which it is and what is added to it, its label, what it says, and its window."""

    day: date
    label: str
    sign: str
    title: str
    added: tuple[str, ...] = ()
    window: tuple[date, date] | None = None

    @property
    def weight(self) -> int:
        """Labels of what needs somebody come before labels of what is done."""
        return 2 * bool(self.added) + (self.sign in {"overdue", "missed", "due", "booked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The marks of an epoch, in order of their days."""

    name: str
    marks: Sequence[Mark]


def _circle(class_: str, r: float = R) -> Element:
    return element("circle", r=r, class_=class_)


def _path(d: str, class_: str) -> Element:
    return element("path", d=d, class_=class_)


SIGNS: Mapping[str, tuple[str, Sign]] = {
    "planned": ("planned", lambda: (_circle("hollow"),)),
    "due": ("due: its window is open", lambda: (_circle("hollow"), _circle("dot", 2.5))),
    "booked": ("booked", lambda: (element("rect", x=-R, y=-R, width=2 * R, height=2 * R, class_="full"),)),
    "done": ("done", lambda: (_circle("full"), _path("M-3 0L-1 2.5L3 -2.5", "tick"))),
    "overdue": (
        "overdue",
        lambda: (_path("M0 -7.5L7.5 6L-7.5 6Z", "full bad"), _path("M0 -3L0 1.5M0 3L0 4.5", "tick")),
    ),
    "missed": ("missed", lambda: (_path("M-5 -5L5 5M5 -5L-5 5", "cross"),)),
    "cancelled": ("cancelled", lambda: (_circle("hollow faded", 4.5), _path("M-5 5L5 -5", "faded"))),
}
# What is drawn beside or around a sign.
ADDED: Mapping[str, tuple[str, Sign]] = {
    "conflict": ("conflict", lambda: (_path("M0 -12L12 0L0 12L-12 0Z", "ring"),)),
    "late": ("done too late", lambda: (_path("M8 -4L13 0L8 4Z", "full bad"),)),
    "early": ("done too early", lambda: (_path("M-8 -4L-13 0L-8 4Z", "full bad"),)),
    "gate": ("done before its gate", lambda: (_path("M-10 -6L-10 6", "cross"),)),
}
EVENTS: Mapping[str, tuple[str, Sign]] = {
    "reached": ("event", lambda: (_path("M-4 6L-4 -7L6 -3.5L-4 0", "flag"),)),
    "expected": ("event expected", lambda: (_path("M-4 6L-4 -7L6 -3.5L-4 0", "flag dashed"),)),
}


def sign(name: str, *added: str) -> tuple[Element, ...]:
    """The shapes of a visit's or event's sign with what is added to it. Raises KeyError for a name that is none."""
    _, drawn = {**SIGNS, **EVENTS}[name]
    return (*(shape for name in added for shape in ADDED[name][1]()), *drawn())
