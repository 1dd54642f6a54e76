"""Bounds made ready for propagation: the distances between visits, and what is no such distance."""

from __future__ import annotations

from collections.abc import Iterable

from schedules.inequalities import Bound, Choice, Expression, Node, Reason, Step, nodes_in

# A distance: the node it reaches, the days to it, and the reason for what it leaves that node.
Distance = tuple[int, int, Reason]


class Web:
    """Bounds made ready for propagation: what depends on them alone, and not on any date.

    ``after`` holds for each node the distances in days to those that come no earlier, ``before`` the same backwards;
    ``others`` are the bounds that are no such distance, by the nodes they name; ``limits`` are those that name none.
    There is room for ``least`` nodes, whether bounds name them or not.
    """

    def __init__(self, bounds: Iterable[Bound], least: int = 0) -> None:
        self.bounds = tuple(bounds)
        self.nodes: dict[int, None] = {}
        self.after: dict[int, list[Distance]] = {}
        self.before: dict[int, list[Distance]] = {}
        self.others: dict[int, list[Bound]] = {}
        self.limits: list[tuple[Bound, Expression]] = []
        self.floors: dict[int, list[Bound]] = {}
        for bound in self.bounds:
            self._add(bound)
        self.size = max(least, max(self.nodes, default=-1) + 1)
        self.order = sorted(self.nodes)

    def _add(self, bound: Bound) -> None:
        self.nodes.update(dict.fromkeys((bound.carrier, *nodes_in(bound.expression))))
        if not bound.upper:
            self.floors.setdefault(bound.carrier, []).append(bound)
        for part in _parts(bound.expression, bound.upper):
            days, base = _days_from(part)
            if not any(True for _ in nodes_in(part)):
                self.limits.append((bound, part))
            elif isinstance(base, Node) and days is not None:
                self._add_distance(bound, base.index, days)
            else:
                rest = Bound(bound.carrier, bound.upper, part, bound.text)
                for index in {bound.carrier, *nodes_in(part)}:
                    self.others.setdefault(index, []).append(rest)

    def _add_distance(self, bound: Bound, base: int, days: int) -> None:
        early, late, gap = (bound.carrier, base, -days) if bound.upper else (base, bound.carrier, days)
        self.after.setdefault(early, []).append((late, gap, Reason(bound, ((early, False),))))
        self.before.setdefault(late, []).append((early, gap, Reason(bound, ((late, True),))))


def _parts(expression: Expression, upper: bool) -> list[Expression]:
    """The expressions that a bound holds against one by one: to come after the latest is to come after each."""
    match expression:
        case Step(base, span, rounded):
            return [Step(part, span, rounded) for part in _parts(base, upper)]
        case Choice(operands, last) if last != upper:
            return [part for operand in operands for part in _parts(operand, upper)]
        case _:
            return [expression]


def _days_from(expression: Expression) -> tuple[int | None, Expression]:
    """The days that an expression counts from its base, and the base; None where it counts months."""
    days, months = 0, False
    while isinstance(expression, Step):
        days, months, expression = days + expression.days, months or bool(expression.span.months), expression.base
    return (None if months else days), expression
