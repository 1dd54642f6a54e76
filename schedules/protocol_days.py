"""The protocol's own day numbers: how many days a visit's target is from its reference visit, told from the template
alone."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.points import Day, Named, Shifted
from schedules.spans import Span
from schedules.template import Template, VisitRule


def days_from_reference(template: Template) -> Mapping[str, int]:
    """The days from the reference visit (in a cycle, from that cycle's) to every target counted from it in whole
    days alone.

    What counts in months, years or hours, or from a milestone or a group of visits, has none.
    """
    return _Counter(template).counted()


def day_offset(number: int, reference_day: int) -> int:
    """Days from the reference visit to ``day number``; with ``reference_day`` 1 there is no Day 0 (design §5, rule
    3)."""
    return number - reference_day if number >= reference_day else number


# No visit has this name: days are counted from the reference visit of the cycle at hand.
_REFERENCE = ""


class _Counter:
    def __init__(self, template: Template) -> None:
        self.template = template
        self.rules: dict[str, VisitRule] = {rule.id: rule for rule in template.visits}
        self.days: dict[str, int | None] = {_REFERENCE: 0}

    def counted(self) -> dict[str, int]:
        found = {name: self.of_visit(name) for name in self.rules}
        return {name: days for name, days in found.items() if days is not None}

    def of_visit(self, name: str) -> int | None:
        # Along the anchors to one that is known, then back: a chain of visits may be longer than the call stack.
        trail: list[tuple[str, int]] = []
        anchor: str | None = name
        while anchor is not None and anchor not in self.days:
            # A visit that counts from itself has no day; the check of anchors says so.
            self.days[anchor] = None
            visit, (anchor, offset) = anchor, self.counted_from(anchor)
            trail.append((visit, offset))
        days = None if anchor is None else self.days[anchor]
        for visit, offset in reversed(trail):
            days = self.days[visit] = None if days is None else days + offset
        return days

    def counted_from(self, name: str) -> tuple[str | None, int]:
        """What a visit counts from and by how many days; None where that is not one visit, or not whole days."""
        if name.rpartition("/")[2] == self.template.reference_visit:
            return _REFERENCE, 0
        point = self.rules[name].at
        base, span = (point.base, point.span) if isinstance(point, Shifted) else (point, Span())
        if span.months or span.timed:
            return None, 0
        match base:
            case Day(number):
                return _REFERENCE, day_offset(number, self.template.reference_day) + span.days
            case Named(anchor, "") if anchor in self.rules:
                return anchor, span.days
            case _:
                return None, 0
