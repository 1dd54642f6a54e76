"""The bounds between visits as a simple temporal problem in whole days (Dechter, Meiri and Pearl 1991; design §5,
rule 9).

Each visit that a bound names is a node with the earliest and latest day the bounds leave it. What is fixed or placed is
a node with one day. Bounds are propagated in both directions until nothing changes. Most are distances in days from one
visit to another, and are kept as such; ``earliest``, ``latest``, ``first`` and ``last`` are monotone, so the same
propagation serves them, and a disjunction binds backwards only when a single operand is left that can satisfy it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush

from schedules.inequalities import (
    FIRST,
    LAST,
    Bound,
    Choice,
    Constant,
    End,
    Event,
    Expression,
    Node,
    Reason,
    Step,
)
from schedules.web import Distance, Web

# Of more nodes the distances between any two would be too many to keep.
MOST_REACHES = 64
MIDDLE = (FIRST + LAST) // 2
# An end that has waited so many times is looked at, whether it goes round in a circle.
LOOKED_AT = frozenset({4, 16, 64, 256, 1024})


class _Sweep:
    """Nodes in the order of the file, then back, then on again, until none is left.

    Visits mostly count from those before them in the file. So what follows from one day reaches the end of a long
    series in one sweep, where first come, first served would take as many as the series has members (Yen 1970).
    """

    __slots__ = ("ahead", "behind", "current", "sign", "waiting")

    def __init__(self, nodes: Iterable[int], sign: int) -> None:
        self.sign = sign
        self.waiting = set(nodes)
        self.ahead = sorted(node * sign for node in self.waiting)
        self.behind: list[int] = []
        self.current = 0

    def __iter__(self) -> Iterator[int]:
        while self.ahead:
            self.current = heappop(self.ahead)
            node = self.current * self.sign
            self.waiting.discard(node)
            yield node
            if not self.ahead and self.behind:
                self.sign = -self.sign
                self.ahead = sorted(-node for node in self.behind)
                self.behind = []

    def add(self, node: int) -> None:
        if node in self.waiting:
            return
        self.waiting.add(node)
        turned = node * self.sign
        if turned > self.current:
            heappush(self.ahead, turned)
        else:
            self.behind.append(turned)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one node, put on its day, is from all those whose earliest (``later``) and latest (``earlier``) days
    follow from that."""

    later: tuple[Distance, ...]
    earlier: tuple[Distance, ...]


def reach_of(web: Web, index: int, fixed: Iterable[int]) -> Reach | None:
    """The reach of a node among others that are ``fixed``, which is the same on whatever day it is put; None where
    bounds that are no distances may follow from its day, or where the nodes are very many."""
    if len(web.nodes) > MOST_REACHES:
        return None
    alone = Network(web)
    alone.fixed.update(fixed)
    alone.fix(index, MIDDLE)
    touched = alone.follow(index)
    if alone.endless or not web.others.keys().isdisjoint(touched):
        return None
    later = ((node, alone.low[node] - MIDDLE, reason) for node, reason in alone.low_reason.items())
    earlier = ((node, MIDDLE - alone.high[node], reason) for node, reason in alone.high_reason.items())
    return Reach(tuple(later), tuple(earlier))


class Network:
    """Ranges of days for the nodes that bounds name. ``low`` and ``high`` are ordinals, FIRST and LAST where open.

    ``events`` gives the days of the events that bounds name, ``answers`` further bounds on known days alone.
    ``endless`` nodes are pushed on and on by bounds that contradict one another.
    """

    __slots__ = ("answers", "endless", "events", "fixed", "high", "high_reason", "low", "low_reason", "web")

    def __init__(
        self, web: Web | Iterable[Bound], events: Mapping[str, date] | None = None, answers: Sequence[Bound] = ()
    ) -> None:
        self.web = web = web if isinstance(web, Web) else Web(web)
        self.events = events or {}
        self.answers = answers
        size = max(web.size, *(bound.carrier + 1 for bound in answers)) if answers else web.size
        self.low = [FIRST] * size
        self.high = [LAST] * size
        self.low_reason: dict[int, Reason] = {}
        self.high_reason: dict[int, Reason] = {}
        self.fixed: set[int] = set()
        self.endless: set[int] = set()

    def __contains__(self, index: int) -> bool:
        return index in self.web.nodes or any(bound.carrier == index for bound in self.answers)

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """All bounds, those on answers last."""
        return (*self.web.bounds, *self.answers)

    def floors(self, index: int) -> list[Bound]:
        """The minimum distances that a node carries itself."""
        own = self.web.floors.get(index, [])
        return own + [bound for bound in self.answers if bound.carrier == index]

    def fix(self, index: int, day: int) -> None:
        """Puts a node on its day, whatever the bounds say."""
        self.low[index] = self.high[index] = day
        self.fixed.add(index)

    def put(self, index: int, day: int, reach: Reach) -> None:
        """The same, and narrows what follows from that, by the reach of the node among all that are fixed."""
        low, high = self.low, self.high
        low[index] = high[index] = day
        self.fixed.add(index)
        for node, gap, reason in reach.later:
            if day + gap > low[node]:
                low[node] = day + gap
                self.low_reason[node] = reason
        for node, gap, reason in reach.earlier:
            if day - gap < high[node]:
                high[node] = day - gap
                self.high_reason[node] = reason

    def left_without(self, index: int) -> tuple[int, int]:
        """The range that the bounds would leave a fixed node, were it free."""
        web = self.web
        if self.fixed == {index} and not (web.limits or web.others or self.answers):
            return FIRST, LAST
        other = Network(web, self.events, self.answers)
        for node in self.fixed:
            if node != index:
                other.fix(node, self.low[node])
        other.propagate_known()
        return other.low[index], other.high[index]

    def propagate(self) -> None:
        """Narrows all ranges until nothing changes.

        Contradictory bounds would push each other without end; a node waits at most once more than there are nodes,
        which is as often as any consistent network needs. Between two looks at it, it may be narrowed by each of its
        neighbours.
        """
        self._limit_all()
        self._spread(self.web.order, self.web.order)

    def propagate_known(self) -> None:
        """The same, where ends are open but for what is fixed: nothing else moves the others to begin with."""
        self._limit_all()
        if self.web.others:
            self._spread(self.web.order, self.web.order)
            return
        known = {*self.fixed, *(bound.carrier for bound, _ in self.web.limits), *(b.carrier for b in self.answers)}
        self._spread(known, known)

    def _limit_all(self) -> None:
        """Applies the bounds that count from no visit."""
        for bound, part in self.web.limits:
            self._limit(bound.carrier, bound.upper, self.end(part, bound.upper)[0], Reason(bound, ()))
        for bound in self.answers:
            self._limit(bound.carrier, bound.upper, self.end(bound.expression, bound.upper)[0], Reason(bound, ()))

    def propagate_from(self, index: int) -> None:
        """Narrows what follows from one node that was just fixed."""
        self._spread((index,), (index,))

    def follow(self, index: int) -> set[int]:
        """Moves earliest days on and latest days back from one node, along the distances alone, and tells which."""
        rounds: dict[End, int] = {}
        touched = {index}
        self._raise((index,), rounds, touched)
        self._lower((index,), rounds, touched)
        return touched

    def propagate_anew(self) -> None:
        """Forgets what followed from the ranges of nodes that are free, and narrows them by what is fixed by now."""
        for index in self.web.nodes:
            if index not in self.fixed:
                self.low[index], self.high[index] = FIRST, LAST
                self.low_reason.pop(index, None)
                self.high_reason.pop(index, None)
        self.propagate_known()

    def _spread(self, lows: Iterable[int], highs: Iterable[int]) -> None:
        rounds: dict[End, int] = {}
        others = self.web.others
        while lows or highs:
            touched = {*lows, *highs} if others else set()
            if lows:
                self._raise(lows, rounds, touched)
            if highs:
                self._lower(highs, rounds, touched)
            lows, highs = [], []
            # Each bound once, in the order of the template.
            waiting = {id(bound): bound for index in sorted(touched) for bound in others.get(index, ())}
            for bound in waiting.values():
                for end in self._narrow(bound):
                    if self._again(end, rounds):
                        (highs if end[1] else lows).append(end[0])

    def _raise(self, nodes: Iterable[int], rounds: dict[End, int], touched: set[int]) -> None:
        """Moves the earliest days on along the distances."""
        after, low, fixed = self.web.after, self.low, self.fixed
        sweep = _Sweep(nodes, 1)
        for index in sweep:
            day = low[index]
            if day == FIRST or index not in after:
                continue
            for late, gap, reason in after[index]:
                if day + gap > low[late] and late not in fixed:
                    low[late] = day + gap
                    self.low_reason[late] = reason
                    touched.add(late)
                    if late not in sweep.waiting and self._again((late, False), rounds):
                        sweep.add(late)

    def _lower(self, nodes: Iterable[int], rounds: dict[End, int], touched: set[int]) -> None:
        """Moves the latest days back along the distances."""
        before, high, fixed = self.web.before, self.high, self.fixed
        sweep = _Sweep(nodes, -1)
        for index in sweep:
            day = high[index]
            if day == LAST or index not in before:
                continue
            for early, gap, reason in before[index]:
                if day - gap < high[early] and early not in fixed:
                    high[early] = day - gap
                    self.high_reason[early] = reason
                    touched.add(early)
                    if early not in sweep.waiting and self._again((early, True), rounds):
                        sweep.add(early)

    def _again(self, end: End, rounds: dict[End, int]) -> bool:
        """Counts that an end waits to be looked at again; False once it does so too often."""
        rounds[end] = count = rounds.get(end, 0) + 1
        if count <= len(self.web.nodes) + 1 and not (count in LOOKED_AT and self._follows_from_itself(end)):
            return True
        self.endless.add(end[0])
        return False

    def _follows_from_itself(self, end: End) -> bool:
        """Whether an end is where it is because of itself: bounds that contradict one another push it on and on."""
        current = end
        for _ in self.web.nodes:
            reason = self.reason(current)
            if reason is None or len(reason.sources) != 1 or current[0] in self.fixed:
                return False
            (current,) = reason.sources
            if current == end:
                return True
        return False

    def _narrow(self, bound: Bound) -> Iterator[End]:
        upper, carrier = bound.upper, bound.carrier
        value, sources = self.end(bound.expression, upper)
        if self._limit(carrier, upper, value, Reason(bound, sources)):
            yield carrier, upper
        limit = self.low[carrier] if upper else self.high[carrier]
        yield from self._demand(bound.expression, not upper, limit, bound, ((carrier, not upper),))

    def _limit(self, index: int, upper: bool, day: int, reason: Reason) -> bool:
        if index in self.fixed:
            return False
        if upper and day < self.high[index]:
            self.high[index] = day
            self.high_reason[index] = reason
            return True
        if not upper and day > self.low[index]:
            self.low[index] = day
            self.low_reason[index] = reason
            return True
        return False

    def end(self, expression: Expression, upper: bool) -> tuple[int, tuple[End, ...]]:
        """The latest (``upper``) or earliest day an expression can be, and the ends it follows from."""
        match expression:
            case Node(index):
                return (self.high if upper else self.low)[index], ((index, upper),)
            case Constant(day):
                return day, ()
            case Event(name):
                return self.events[name].toordinal(), ()
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
        self, expression: Expression, upper: bool, limit: int, bound: Bound, sources: tuple[End, ...]
    ) -> Iterator[End]:
        """Asks that an expression be at most (``upper``) or at least ``limit``, and narrows what it is made of."""
        match expression:
            case Node(index):
                if self._limit(index, upper, limit, Reason(bound, sources)):
                    yield index, upper
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
    ) -> tuple[list[Expression], tuple[End, ...]]:
        able: list[Expression] = []
        others: list[End] = []
        for operand in operands:
            day, sources = self.end(operand, not upper)
            if day <= limit if upper else day >= limit:
                able.append(operand)
            else:
                others.extend(sources)
        return able, tuple(others)

    def reason(self, end: End) -> Reason | None:
        """Why an end of a node's range is where it is (or was, before the node was put on its day)."""
        return (self.high_reason if end[1] else self.low_reason).get(end[0])

    def explain(self, sources: Sequence[End]) -> tuple[list[Bound], list[int]]:
        """The bounds, and the fixed nodes at their far ends, from which the given ends follow."""
        bounds: dict[int, Bound] = {}
        facts: dict[int, None] = {}
        pending, seen = deque(sources), set(sources)
        while pending:
            end = pending.popleft()
            if end[0] in self.fixed:
                facts[end[0]] = None
                continue
            reason = self.reason(end)
            if reason is None:
                continue
            bounds[id(reason.bound)] = reason.bound
            fresh = [source for source in reason.sources if source not in seen]
            seen.update(fresh)
            pending.extend(fresh)
        return list(bounds.values()), list(facts)
