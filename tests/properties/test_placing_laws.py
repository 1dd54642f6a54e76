"""Placing by rules 9 and 10 of design §5, held against the rules written down once more, without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.site import Site
from schedules.template import Template
from tests.support import booked, day, done, planned, template

ENROLLED = date(2026, 1, 5)
OPEN_END = 10**6
WEEKS = [None, frozenset({0, 1, 2, 3, 4}), frozenset({1, 3}), frozenset({0, 1, 2, 3, 4, 5})]


@dataclass
class Rule:
    """A visit as it is drawn: ``at`` so many days from ``anchor``; bounds are names with days."""

    id: str
    anchor: str
    at: int
    place: str
    window: tuple[int, int] | None = None
    not_before: list[tuple[str, int]] = field(default_factory=list)
    not_after: list[tuple[str, int]] = field(default_factory=list)

    def line(self) -> str:
        window = "" if self.window is None else f", window: {self.window[0]:+d}..{self.window[1]:+d} days"
        bounds = "".join(
            f", {key}: [{', '.join(counted(*bound) for bound in bounds)}]"
            for key, bounds in (("no_earlier_than", self.not_before), ("no_later_than", self.not_after))
            if bounds
        )
        return f"  {self.id}: {{epoch: t, place: {self.place}, at: {counted(self.anchor, self.at)}{window}{bounds}}}\n"


@dataclass
class Series:
    """``s-1``, ``s-2`` … from ``first`` days after d1, each counted from d1 or from the one before."""

    every: int
    first: int
    times: int
    chained: bool
    window: tuple[int, int] | None

    def line(self) -> str:
        window = "" if self.window is None else f", window: {self.window[0]:+d}..{self.window[1]:+d} days"
        at = f"every: {self.every} days, first: {counted('d1', self.first)}, times: {self.times}"
        return f"  s: {{epoch: t, at: {{{at}{', from_previous: true' if self.chained else ''}}}{window}}}\n"

    def members(self) -> list[Rule]:
        found = []
        for number in range(self.times):
            anchor = f"s-{number}" if self.chained and number else "d1"
            at = self.every if self.chained and number else self.first + self.every * number
            found.append(Rule(f"s-{number + 1}", anchor, at, "clinic", self.window))
        return found


def counted(name: str, days: int) -> str:
    return f"{name} {'+' if days >= 0 else '-'} {abs(days)} days"


windows = st.sampled_from([None, None, (-1, 1), (-3, 3), (-2, 5), (0, 4)])
places = st.sampled_from(["clinic", "phone", "ward"])


@st.composite
def protocols(draw: st.DrawFn) -> tuple[list[Rule], Template]:
    """Visits in any order, some bound to others, of which no ring of bounds pushes itself on and on."""
    names = ["d1", *"abcd"[: draw(st.integers(1, 4))]]
    rules = [Rule("d1", "enrolment", 28, draw(places))]
    for place, name in enumerate(names[1:], start=1):
        rules.append(
            Rule(name, draw(st.sampled_from(names[:place])), draw(st.integers(-9, 16)), draw(places), draw(windows))
        )
    series = Series(
        draw(st.sampled_from([1, 2, 7])), draw(st.integers(-9, 9)), draw(st.integers(2, 3)), draw(st.booleans()), None
    )
    series.window = draw(windows)
    for rule in rules:
        others = [name for name in names if name != rule.id]
        for bounds, of_series, days in (
            (rule.not_before, "s.last", st.integers(-6, 5)),
            (rule.not_after, "s.first", st.integers(2, 16)),
        ):
            if draw(st.booleans()):
                bounds.append((draw(st.sampled_from([*others, of_series])), draw(days)))
    rules = draw(st.permutations(rules))
    lines = [rule.line() for rule in rules]
    where = draw(st.integers(0, len(rules)))
    text = "visits:\n" + "".join([*lines[:where], series.line(), *lines[where:]])
    every = [*rules[:where], *series.members(), *rules[where:]]
    assume(not pushes_itself_on(every))
    return every, template(text, contradictory=True)


def distances(rules: list[Rule], fixed: dict[str, int]) -> list[tuple[str, str, int]]:
    """Which visit comes at least how many days after which other."""
    members = [rule.id for rule in rules if rule.id.startswith("s-")]
    found = [(one, two, 1) for one, two in pairwise(members)]
    for rule in rules:
        for name, days in rule.not_before:
            found += [(other, rule.id, days) for other in (members if name == "s.last" else [name])]
        for name, days in rule.not_after:
            found += [(rule.id, other, -days) for other in (members if name == "s.first" else [name])]
    for place, one in enumerate(members):
        # Members that came out of order: what still follows comes after each of them.
        if one in fixed and any(fixed.get(other, OPEN_END) < fixed[one] for other in members[place + 1 :]):
            found += [(one, other, 1) for other in members[place + 1 :] if other not in fixed]
    return found


def pushes_itself_on(rules: list[Rule]) -> bool:
    steps = distances(rules, {})
    reach = dict.fromkeys((rule.id for rule in rules), 0)
    for _ in rules:
        for one, two, days in steps:
            reach[two] = max(reach[two], reach[one] + days)
    return any(reach[one] + days > reach[two] for one, two, days in steps)


def left_over(name: str, steps: list[tuple[str, str, int]], known: dict[str, int]) -> tuple[int, int]:
    """What the bounds leave a visit, given those that are on their days."""
    names = {one for step in steps for one in step[:2]} | {name}
    low = {one: known.get(one, -OPEN_END) for one in names}
    high = {one: known.get(one, OPEN_END) for one in names}
    for _ in names:
        for one, two, days in steps:
            if two not in known and low[one] > -OPEN_END:
                low[two] = max(low[two], low[one] + days)
            if one not in known and high[two] < OPEN_END:
                high[one] = min(high[one], high[two] - days)
    return low[name], high[name]


def place_all(rules: list[Rule], fixed: dict[str, int], is_open: Callable[[int], bool]) -> dict[str, int]:
    """Every visit on its day, by the words of rules 9 and 10."""
    steps, known = distances(rules, fixed), dict(fixed)
    known["enrolment"] = ENROLLED.toordinal()
    while left := [rule for rule in rules if rule.id not in known]:
        rule = next(rule for rule in left if rule.anchor in known)
        target = known[rule.anchor] + rule.at
        low, high = left_over(rule.id, steps, known)
        free = rule.id == "d1" or rule.not_before or rule.not_after
        reach = (-OPEN_END, OPEN_END) if free and rule.window is None else rule.window or (0, 0)
        first, last = max(target + reach[0], low), min(target + reach[1], high)
        days = (other for size in range(400) for other in (target - size, target + size))
        best = next((one for one in days if first <= one <= last and (rule.place == "ward" or is_open(one))), None)
        if best is None:
            own = [
                left_over(one, steps, known)[0] + size
                for one, two, size in steps
                if two == rule.id and (one, size) not in carried_by_others(rules, rule)
            ]
            best = max([target, *own])
            while best > target and rule.place != "ward" and not is_open(best):
                best += 1
        known[rule.id] = best
    del known["enrolment"]
    return known


def carried_by_others(rules: list[Rule], rule: Rule) -> set[tuple[str, int]]:
    """The maximum distances of others, which push a visit on as minimum distances of its own do, but are not (rule
    10)."""
    names = (rule.id, "s.first") if rule.id.startswith("s-") else (rule.id,)
    own = {
        (other, days)
        for name, days in rule.not_before
        for other in ([one.id for one in rules if one.id.startswith("s-")] if name == "s.last" else [name])
    }
    return {(other.id, -days) for other in rules for name, days in other.not_after if name in names} - own


@settings(max_examples=300)
@given(protocols(), st.data())
def test_every_visit_is_where_the_rules_put_it(of: tuple[list[Rule], Template], data: st.DataObject) -> None:
    rules, written = of
    week = data.draw(st.sampled_from(WEEKS))
    closed = data.draw(st.lists(st.integers(0, 90), unique=True, max_size=8)) if week else []
    site = (
        Site(weekdays=week, closures=tuple((ENROLLED + timedelta(size), "") for size in sorted(closed)))
        if week
        else Site()
    )
    facts, fixed = [], {}
    for name in data.draw(st.lists(st.sampled_from([rule.id for rule in rules]), unique=True, max_size=3)):
        when = ENROLLED + timedelta(28 + data.draw(st.integers(-14, 24)))
        fixed[name] = when.toordinal()
        facts.append((booked if data.draw(st.booleans()) else done)(name, when.isoformat()))
    plan = planned(written, *facts, on=ENROLLED.isoformat(), site=site)
    expected = place_all(rules, fixed, lambda number: site.is_open(date.fromordinal(number)))
    assert {item.id: str(item.date) for item in plan.visits} == {
        name: str(day(date.fromordinal(number).isoformat())) for name, number in expected.items()
    }
