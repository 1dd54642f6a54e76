"""What can be said of the distance between two points of a template before there is any date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from schedules.points import Day, Extreme, Named, Point, Shifted
from schedules.protocol_days import day_offset
from schedules.spans import Span

# A number of months and its average length differ by less than this many days, wherever they are counted from.
MONTH_SLACK = 3


class Distances:
    """Compares points that count from the same thing. ``days`` are those from the reference visit to others."""

    def __init__(self, days: Mapping[str, int], reference_day: int) -> None:
        self.days = days
        self.first = reference_day

    def certainly_before(self, earlier: Point, later: Point, reach: Span | None = None) -> bool:
        """Whether ``earlier`` (and ``reach`` counted from it) comes before ``later`` on whatever days they fall."""
        (base, span), (other, other_span) = self._origin(earlier), self._origin(later)
        if base != other:
            return False
        rest = span + (reach or Span()) + -other_span
        return rest.roughly_days + (MONTH_SLACK if rest.months else 0) < 0

    def _origin(self, point: Point) -> tuple[str, Span]:
        match point:
            case Day(number):
                return "", Span(days=day_offset(number, self.first))
            case Shifted(base, span):
                origin, inner = self._origin(base)
                return origin, inner + span
            case Named(name, "") if name in self.days:
                return "", Span(days=self.days[name])
            case _:
                return str(point), Span()


def longest(point: Point, of_name: Callable[[Named | Day], float]) -> float:
    """The most days, roughly, that lie between a point and what it is counted from in the end."""
    match point:
        case Shifted(base, span):
            return longest(base, of_name) + abs(span.roughly_days)
        case Extreme(_, points):
            return max(longest(operand, of_name) for operand in points)
        case Day() | Named():
            return of_name(point)


def in_order(count: int, anchors: Sequence[Iterable[int]]) -> tuple[list[int], list[list[int]]]:
    """The visits, each after its anchors, and one ring for each knot of visits that count from one another."""
    state = [0] * count
    order: list[int] = []
    rings: list[list[int]] = []
    ringed: set[int] = set()
    for start in range(count):
        path, trail = [start], [iter(anchors[start])]
        if state[start]:
            continue
        state[start] = 1
        while trail:
            following = next(trail[-1], None)
            if following is None:
                state[path[-1]] = 2
                order.append(path.pop())
                trail.pop()
            elif state[following] == 0:
                state[following] = 1
                path.append(following)
                trail.append(iter(anchors[following]))
            elif state[following] == 1 and following not in ringed:
                ring = path[path.index(following) :]
                if ringed.isdisjoint(ring):
                    rings.append(ring)
                ringed.update(ring)
    return order, rings
