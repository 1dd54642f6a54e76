"""What a bound between visits says: that one is no earlier, or no later, than a day counted from others, in whole days.

Months are never negated: a backward step searches the day whose forward step fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from schedules.spans import Span, add_months

FIRST, LAST = date(1600, 1, 1).toordinal(), date(2600, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Node:
    """A visit, by its index in the template."""

    index: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A day that is known: an answer to the history; ``text`` says which."""

    day: int
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """The day of a recorded event, which the network is told when it is made."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A day counted from another; elapsed minutes are rounded to days, outwards for ``upper`` bounds (rule 9)."""

    base: Expression
    span: Span
    upper: bool

    @property
    def days(self) -> int:
        """The length without its months."""
        minutes = self.span.minutes
        return self.span.days + (-((-minutes) // 1440) if self.upper else minutes // 1440)

    def forward(self, day: int) -> int:
        """The day counted from ``day``; open ends stay open."""
        if not FIRST < day < LAST:
            return day
        months = self.span.months
        return (add_months(date.fromordinal(day), months).toordinal() if months else day) + self.days

    def last_within(self, limit: int) -> int:
        """The last day whose forward step is at most ``limit``."""
        if not FIRST < limit < LAST:
            return limit
        guess = limit - (self.forward(limit) - limit)
        while self.forward(guess) <= limit:
            guess += 1
        while self.forward(guess) > limit:
            guess -= 1
        return guess

    def first_from(self, limit: int) -> int:
        """The first day whose forward step is at least ``limit``."""
        if not FIRST < limit < LAST:
            return limit
        guess = limit - (self.forward(limit) - limit)
        while self.forward(guess) >= limit:
            guess -= 1
        while self.forward(guess) < limit:
            guess += 1
        return guess


@dataclass(frozen=True, slots=True)
class Choice:
    """The latest (``last``) or the earliest of several days."""

    operands: tuple[Expression, ...]
    last: bool


Expression = Node | Constant | Event | Step | Choice
# One end of a node's range: its index, and whether it is the upper end.
End = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Bound:
    """``carrier`` is no earlier (or, ``upper``, no later) than an expression; ``text`` is the rule in words."""

    carrier: int
    upper: bool
    expression: Expression
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an end of a node's range is where it is: the bound, and the ends of the nodes it follows from."""

    bound: Bound
    sources: tuple[End, ...]


def nodes_in(expression: Expression) -> Iterator[int]:
    """The indexes of all visits an expression names."""
    match expression:
        case Node(index):
            yield index
        case Step(base):
            yield from nodes_in(base)
        case Choice(operands):
            for operand in operands:
                yield from nodes_in(operand)
