"""The bounds between visits as a simple temporal problem in whole days (Dechter, Meiri and Pearl 1991; design §5,
rule 9).

Each visit that a bound names is a node with the earliest and latest day the bounds leave it. What is fixed or placed is
a node with one day. Bounds are propagated in both directions until nothing changes; ``earliest``, ``latest``,
``first`` and
``last`` are monotone, so the same propagation serves them, and a disjunction binds backwards only when a single
operand is
left that can satisfy it. Months are never negated: a backward step searches the day whose forward step fits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from schedules.spans import Span, add_months

FIRST, LAST = date(1600, 1, 1).toordinal(), date(2600, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Node:
    """A visit, by its index in the template."""

    index: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A day that is known: a milestone, the enrolment, an answer; ``text`` says which."""

    day: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A day counted from another; elapsed minutes are rounded to days, outwards for ``upper`` bounds (rule 9)."""

    base: Expression
    span: Span
    upper: bool

    def forward(self, day: int) -> int:
        """The day counted from ``day``; open ends stay open."""
        if not FIRST < day < LAST:
            return day
        months, days = self.span.months, self.span.days
        minutes = self.span.minutes
        extra = -((-minutes) // 1440) if self.upper else minutes // 1440
        moved = add_months(date.fromordinal(day), months).toordinal() if months else day
        return moved + days + extra

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


Expression = Node | Constant | Step | Choice


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
    sources: tuple[tuple[int, bool], ...]


@dataclass(slots=True)
class Network:
    """Ranges of days for the nodes that bounds name. ``low`` and ``high`` are ordinals, FIRST and LAST where open.

    ``endless`` nodes are pushed on and on by bounds that contradict one another.
    """

    bounds: Sequence[Bound]
    low: dict[int, int] = field(default_factory=dict)
    high: dict[int, int] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)
    reasons: dict[tuple[int, bool], Reason] = field(default_factory=dict)
    touching: dict[int, list[Bound]] = field(default_factory=dict)
    endless: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for bound in self.bounds:
            for index in {bound.carrier, *nodes_in(bound.expression)}:
                self.touching.setdefault(index, []).append(bound)
                self.low.setdefault(index, FIRST)
                self.high.setdefault(index, LAST)

    def __contains__(self, index: int) -> bool:
        return index in self.touching

    def fix(self, index: int, day: int) -> None:
        """Puts a node on its day, whatever the bounds say."""
        self.low[index] = self.high[index] = day
        self.fixed.add(index)

    def copy_without(self, index: int) -> Network:
        """The same bounds and fixed nodes with one of them free again, propagated."""
        other = Network(self.bounds)
        for node in self.fixed - {index}:
            other.fix(node, self.low[node])
        other.propagate()
        return other

    def propagate(self, changed: Sequence[int] | None = None) -> None:
        """Narrows all ranges until nothing changes, from the changed nodes on (from all, if None).

        Contradictory bounds would push each other without end; a node is narrowed at most once more than there are
        nodes,
        which is as often as any consistent network needs.
        """
        queue = deque(self.bounds if changed is None else self._touching(changed))
        waiting = set(map(id, queue))
        rounds: dict[tuple[int, bool], int] = {}
        while queue:
            bound = queue.popleft()
            waiting.discard(id(bound))
            for index, upper in self._narrow(bound):
                rounds[index, upper] = rounds.get((index, upper), 0) + 1
                if rounds[index, upper] > len(self.touching) + 1:
                    self.endless.add(index)
                    continue
                for other in self.touching[index]:
                    if id(other) not in waiting:
                        waiting.add(id(other))
                        queue.append(other)

    def _touching(self, changed: Sequence[int]) -> Iterator[Bound]:
        for index in changed:
            yield from self.touching.get(index, ())

    def _narrow(self, bound: Bound) -> Iterator[tuple[int, bool]]:
        if bound.upper:
            value, sources = self.end(bound.expression, True)
            yield from self._limit(bound.carrier, True, value, Reason(bound, sources))
            yield from self._demand(bound.expression, False, self.low[bound.carrier], bound, ((bound.carrier, False),))
        else:
            value, sources = self.end(bound.expression, False)
            yield from self._limit(bound.carrier, False, value, Reason(bound, sources))
            yield from self._demand(bound.expression, True, self.high[bound.carrier], bound, ((bound.carrier, True),))

    def _limit(self, index: int, upper: bool, day: int, reason: Reason) -> Iterator[tuple[int, bool]]:
        if index in self.fixed:
            return
        if upper and day < self.high[index]:
            self.high[index] = day
        elif not upper and day > self.low[index]:
            self.low[index] = day
        else:
            return
        self.reasons[index, upper] = reason
        yield index, upper

    def end(self, expression: Expression, upper: bool) -> tuple[int, tuple[tuple[int, bool], ...]]:
        """The latest (``upper``) or earliest day an expression can be, and the ends it follows from."""
        match expression:
            case Node(index):
                return (self.high if upper else self.low)[index], ((index, upper),)
            case Constant(day):
                return day, ()
            case Step(base):
                day, sources = self.end(base, upper)
                return expression.forward(day), sources
            case Choice(operands, last):
                ends = [self.end(operand, upper) for operand in operands]
                best = (max if last else min)(ends, key=lambda found: found[0])
                if last != upper:
                    return best
                return best[0], tuple(source for _, sources in ends for source in sources)

    def _demand(
        self,
        expression: Expression,
        upper: bool,
        limit: int,
        bound: Bound,
        sources: tuple[tuple[int, bool], ...],
    ) -> Iterator[tuple[int, bool]]:
        """Asks that an expression be at most (``upper``) or at least ``limit``, and narrows what it is made of."""
        match expression:
            case Node(index):
                yield from self._limit(index, upper, limit, Reason(bound, sources))
            case Step(base):
                inner = expression.last_within(limit) if upper else expression.first_from(limit)
                yield from self._demand(base, upper, inner, bound, sources)
            case Choice(operands, last):
                if last == upper:
                    for operand in operands:
                        yield from self._demand(operand, upper, limit, bound, sources)
                    return
                able, others = self._able(operands, upper, limit)
                if len(able) == 1:
                    yield from self._demand(able[0], upper, limit, bound, sources + others)

    def _able(
        self, operands: tuple[Expression, ...], upper: bool, limit: int
    ) -> tuple[list[Expression], tuple[tuple[int, bool], ...]]:
        able: list[Expression] = []
        others: list[tuple[int, bool]] = []
        for operand in operands:
            day, sources = self.end(operand, not upper)
            if day <= limit if upper else day >= limit:
                able.append(operand)
            else:
                others.extend(sources)
        return able, tuple(others)

    def sources_of(self, index: int, upper: bool) -> tuple[tuple[int, bool], ...]:
        """What one end of a node's range followed from before the node was put on its day."""
        reason = self.reasons.get((index, upper))
        return () if reason is None else reason.sources

    def explain(self, sources: Sequence[tuple[int, bool]]) -> tuple[list[Bound], list[int]]:
        """The bounds, and the fixed nodes at their far ends, from which the given ends follow."""
        bounds: dict[int, Bound] = {}
        facts: dict[int, None] = {}
        pending, seen = list(sources), set(sources)
        while pending:
            end = pending.pop(0)
            if end[0] in self.fixed:
                facts[end[0]] = None
                continue
            reason = self.reasons.get(end)
            if reason is None:
                continue
            bounds[id(reason.bound)] = reason.bound
            fresh = [source for source in reason.sources if source not in seen]
            seen.update(fresh)
            pending.extend(fresh)
        return list(bounds.values()), list(facts)


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
