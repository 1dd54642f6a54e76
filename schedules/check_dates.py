"""Checks of what a template's dates can be, without any date: windows, anchors, rules that contradict one another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from schedules.distances import Distances, in_order, longest
from schedules.evaluating import is_timed
from schedules.points import Around, Between, Day, PointError, parse_target
from schedules.protocol_days import days_from_reference
from schedules.reader import Reader
from schedules.source import Entries, Items, Node, Text
from schedules.spans import LONGEST_DAYS, LONGEST_YEARS, Span
from schedules.template import Template, VisitRule


class Spots:
    """Where in the file the things of a template stand."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def spot(self, *path: str) -> Node:
        """The node of a named thing, or of the nearest thing around it that is on record."""
        parts = path
        while parts and parts not in self.reader.spots:
            parts = parts[:-1]
        return self.reader.spots.get(parts, Entries((), 1, 1))

    def at_node(self, rule: VisitRule) -> Node:
        """The node of one visit's own target within its ``at``."""
        node = self.spot("visits", _written(rule), "at")
        if isinstance(node, Items) and rule.number is not None:
            return node.values[rule.number - 1]
        if isinstance(node, Entries):
            return node.get(rule.member) or node.get("first") or node.get("from") or node
        return node

    def window_node(self, rule: VisitRule) -> Node:
        """Where a visit's window stands: behind its own target, at the visit or series, or at its epoch."""
        node, path = self.at_node(rule), ("visits", _written(rule), "window")
        if isinstance(node, Text) and _has_window(node.value):
            return node
        return self.spot(*path) if path in self.reader.spots else self.spot("epochs", rule.epoch, "window")


class DateChecks(Spots):
    """The checks; each adds its problems to the reader."""

    def __init__(self, reader: Reader, template: Template) -> None:
        super().__init__(reader)
        self.template = template

    @cached_property
    def distances(self) -> Distances:
        """The template's points compared."""
        return Distances(days_from_reference(self.template), self.template.reference_day)

    def windows(self) -> None:
        """Windows that exclude their target, and ``at_the_latest`` before their end."""
        for rule in self.template.visits:
            message = self.wrong_window(rule)
            if message:
                self.reader.problem(self.window_node(rule), message)
            self.latest(rule)

    def wrong_window(self, rule: VisitRule) -> str:
        """What is wrong with a window, or nothing."""
        window, before = rule.window, self.distances.certainly_before
        if isinstance(window, Between):
            if before(window.end, window.start):
                return f"The window {window} of '{rule.id}' ends before it starts. Turn it round."
            if before(rule.at, window.start) or before(window.end, rule.at):
                message = f"The window {window} of '{rule.id}' excludes its target, {rule.at}."
                return f"{message} Mend the window or the target."
        elif isinstance(window, Around) and (window.start.roughly_days > 0 or window.end.roughly_days < 0):
            message = f"The window {window} of '{rule.id}' excludes its target."
            return f"{message} Let it begin at +0 or before, and end at +0 or after."
        elif isinstance(window, Around) and (window.start + window.end).timed and not is_timed(rule.at):
            message = f"The window {window} of '{rule.id}' is in hours or minutes, and '{rule.id}' has a date only."
            return f"{message} Write days, or count the visit in hours or minutes."
        return ""

    def latest(self, rule: VisitRule) -> None:
        """``at_the_latest`` comes after the window."""
        if rule.at_the_latest is None:
            return
        end, reach = rule.at, Span()
        if isinstance(rule.window, Around):
            reach = rule.window.end
        elif isinstance(rule.window, Between):
            end = rule.window.end
        if self.distances.certainly_before(rule.at_the_latest, end, -reach):
            message = f"{rule.at_the_latest} comes before the window of '{rule.id}' ends."
            node = self.spot("visits", _written(rule), "at_the_latest")
            self.reader.problem(node, f"{message} Write a later point, or leave 'at_the_latest' out.")

    def anchors(self) -> None:
        """Visits that count from themselves, directly or through others; and those that are counted too far."""
        from schedules.compiled import compiled

        ready = compiled(self.template, ())
        order, rings = in_order(len(ready.rules), ready.anchors)
        told: set[str] = set()
        for path in rings:
            rule = ready.rules[path[0]]
            if _written(rule) not in told:
                names = [ready.rules[place].id for place in path]
                self.reader.problem(self.at_node(rule), self.counted_from_itself(names))
            told.add(_written(rule))
        if not rings:
            self.reach(ready.rules, order, ready.anchors)

    def reach(self, rules: tuple[VisitRule, ...], order: list[int], anchors: tuple[Iterable[int], ...]) -> None:
        """Visits whose dates could leave the calendar."""
        reach = [0.0] * len(order)
        told: set[str] = set()
        for place in order:
            rule, behind = rules[place], max((reach[anchor] for anchor in anchors[place]), default=0.0)
            reach[place] = behind + longest(
                rule.at, lambda named: float(abs(named.number)) if isinstance(named, Day) else 0.0
            )
            if reach[place] > LONGEST_DAYS and _written(rule) not in told:
                message = f"'{rule.id}' lies more than {LONGEST_YEARS} years from what it is counted from in the end."
                self.reader.problem(self.at_node(rule), f"{message} Count less far.")
                told.add(_written(rule))

    def counted_from_itself(self, names: list[str]) -> str:
        """The error for a ring of visits."""
        if names == [self.template.reference_visit]:
            return (
                f"'{names[0]}' is the reference visit, from which days are counted: it cannot be counted from itself. "
                "Write 'enrolment + 28 days', or another point."
            )
        ring = [*names, names[0]] if len(names) <= 8 else [*names[:7], "…", names[0]]
        return f"'{names[0]}' is counted from itself: {' from '.join(ring)}. Count it from another visit."

    def forecast(self) -> None:
        """Rules that no dates satisfy even with every day open: conflicts in the template's own forecast."""
        from schedules.forecast import contradictions

        rules = {rule.id: rule for rule in self.template.visits}
        for visit, message in contradictions(self.template):
            if visit:
                self.reader.problem(self.spot("visits", _written(rules[visit])), message)
            else:
                self.reader.problem(self.spot("visits"), message, warning=True)


def _written(rule: VisitRule) -> str:
    """The name under which a rule stands in the file: its series', and without the cycle that repeats it."""
    return (rule.series or rule.id).rpartition("/")[2]


def _has_window(text: str) -> bool:
    try:
        return parse_target(text)[1] is not None
    except PointError:
        return False
