"""The bounds left over equal those of a search through all dates (design §5, rule 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.collisions import Rule, as_rules, on_day, satisfiable, smallest
from schedules.inequalities import Bound, Choice, Constant, Expression, Node, Step
from schedules.network import Network, reach_of
from schedules.spans import Span, add_months
from schedules.web import Web
from tests.support import booked, planned, template

START = date(2026, 1, 15).toordinal()
DAYS = 12


def step(index: int, days: int, *, upper: bool) -> Step:
    return Step(Node(index), Span(days=days), upper)


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, list[Bound]]:
    """Up to eight visits, each tied to an earlier one from both sides, and some further bounds."""
    count = draw(st.integers(2, 8))
    bounds = []
    for index in range(1, count):
        other = draw(st.integers(0, index - 1))
        low = draw(st.integers(-3, 3))
        bounds.append(Bound(index, False, step(other, low, upper=False), f"{index} >= {other} + {low}"))
        high = low + draw(st.integers(0, 3))
        bounds.append(Bound(index, True, step(other, high, upper=True), f"{index} <= {other} + {high}"))
    for _ in range(draw(st.integers(0, 4))):
        one, two, gap, upper = draw(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.integers(-4, 4), st.booleans())
        )
        if one != two:
            bounds.append(
                Bound(one, upper, step(two, gap, upper=upper), f"{one} {'<=' if upper else '>='} {two} + {gap}")
            )
    return count, bounds


def ends(bound: Bound) -> tuple[int, int]:
    """The two visits of a bound of these networks."""
    assert isinstance(bound.expression, Step)
    assert isinstance(bound.expression.base, Node)
    return bound.carrier, bound.expression.base.index


def holds(bound: Bound, days: Sequence[int]) -> bool:
    assert isinstance(bound.expression, Step)
    limit = days[ends(bound)[1]] + bound.expression.span.days
    return days[bound.carrier] <= limit if bound.upper else days[bound.carrier] >= limit


def solutions(count: int, bounds: Sequence[Bound]) -> Iterator[list[int]]:
    """All dates of all visits that satisfy every bound, with visit 0 on its day, by plain backtracking."""

    def extend(days: list[int]) -> Iterator[list[int]]:
        if len(days) == count:
            yield list(days)
            return
        newest = len(days)
        told = [bound for bound in bounds if max(ends(bound)) == newest]
        for day in range(START - 4 * DAYS, START + 4 * DAYS):
            days.append(day)
            if all(holds(bound, days) for bound in told):
                yield from extend(days)
            days.pop()

    yield from extend([START])


@settings(max_examples=200)
@given(networks())
def test_the_ranges_left_over_are_those_of_a_search(network: tuple[int, list[Bound]]) -> None:
    count, bounds = network
    found = Network(bounds)
    found.fix(0, START)
    found.propagate()
    low, high = [10**9] * count, [-(10**9)] * count
    total = 0
    for days in solutions(count, bounds):
        low = [min(pair) for pair in zip(low, days, strict=True)]
        high = [max(pair) for pair in zip(high, days, strict=True)]
        total += 1
        if total > 3000:
            break
    assume(total <= 3000)
    if total == 0:
        # Visit 0 is fixed, so the contradiction shows as a bound on it that does not hold, or as a range that is empty.
        empty = any(found.low[index] > found.high[index] for index in range(1, count))
        assert empty or found.endless or any(not _met(found, bound) for bound in bounds if 0 in ends(bound))
        return
    assert not found.endless
    assert [found.low[index] for index in range(count)] == low
    assert [found.high[index] for index in range(count)] == high


def _met(network: Network, bound: Bound) -> bool:
    value, _ = network.end(bound.expression, not bound.upper)
    best, _ = network.end(bound.expression, bound.upper)
    return network.low[bound.carrier] <= best if bound.upper else network.high[bound.carrier] >= min(value, best)


@given(st.integers(0, 30 * 365), st.integers(-40, 40), st.integers(-400, 400), st.booleans())
def test_a_backward_step_is_the_last_day_whose_forward_step_fits(
    offset: int, months: int, days: int, upper: bool
) -> None:
    step_of = Step(Constant(0, ""), Span(months=months, days=days), upper)
    limit = date(2010, 1, 1).toordinal() + offset
    last, first = step_of.last_within(limit), step_of.first_from(limit)
    assert step_of.forward(last) <= limit < step_of.forward(last + 1)
    assert step_of.forward(first - 1) < limit <= step_of.forward(first)


def edges_of(bound: Bound) -> list[list[tuple[int, int, int]]]:
    """The ways to satisfy a bound, each as distances ``(from, to, days)``; -1 stands for a day that is known."""

    def ways(expression: Expression) -> list[list[tuple[int, int]]]:
        match expression:
            case Node(index):
                return [[(index, 0)]]
            case Constant(day):
                return [[(-1, day)]]
            case Step(base, span):
                return [[(node, days + span.days) for node, days in way] for way in ways(base)]
            case Choice(operands, last) if last == bound.upper:
                return [way for operand in operands for way in ways(operand)]
            case Choice(operands):
                return [[pair for way in found for pair in way] for found in product(*map(ways, operands))]
            case _:
                raise AssertionError(expression)

    if bound.upper:
        return [[(bound.carrier, node, -days) for node, days in way] for way in ways(bound.expression)]
    return [[(node, bound.carrier, days) for node, days in way] for way in ways(bound.expression)]


def solvable(bounds: Sequence[Bound]) -> bool:
    """Whether any way through the bounds is free of a cycle that would push itself on: longest paths, all pairs."""
    for chosen in product(*map(edges_of, bounds)):
        edges = [edge for way in chosen for edge in way]
        nodes = {node for early, late, _ in edges for node in (early, late)}
        far: dict[tuple[int, int], int] = {}
        for early, late, days in edges:
            far[early, late] = max(days, far.get((early, late), days))
        for middle, one, two in product(nodes, repeat=3):
            if (one, middle) in far and (middle, two) in far:
                through = far[one, middle] + far[middle, two]
                far[one, two] = max(through, far.get((one, two), through))
        if all(far.get((node, node), 0) <= 0 for node in nodes):
            return True
    return False


@st.composite
def chosen_bounds(draw: st.DrawFn) -> list[Bound]:
    """Bounds on up to five visits, some of them on the first or the last of several, and some on known days."""
    indexes = st.integers(0, 4)
    found = []
    for number in range(draw(st.integers(2, 6))):
        upper, gap = draw(st.booleans()), draw(st.integers(-4, 4))
        named = draw(st.lists(indexes, min_size=0, max_size=3, unique=True))
        nodes: list[Expression] = [Node(index) for index in named] or [Constant(START, "")]
        base = nodes[0] if len(nodes) == 1 else Choice(tuple(nodes), draw(st.booleans()))
        carrier = draw(st.sampled_from([index for index in range(5) if index not in named]))
        found.append(Bound(carrier, upper, Step(base, Span(days=gap), upper), f"rule {number}"))
    return found


@settings(max_examples=300)
@given(chosen_bounds())
def test_rules_are_satisfiable_where_longest_paths_say_so(bounds: list[Bound]) -> None:
    assert satisfiable(as_rules(bounds), {}) == solvable(bounds)


def test_a_node_may_be_narrowed_by_each_of_its_neighbours() -> None:
    """Dates satisfy these, and the last is raised from three sides before it is looked at again."""
    first, last = Choice((Node(1), Node(2)), last=False), Choice((Node(1), Node(2), Node(3)), last=True)
    bounds = [
        Bound(3, True, Step(first, Span(days=-2), upper=True), "3 no later than the first of 1, 2 - 2 days"),
        Bound(2, True, Choice((Node(3), Node(4)), last=True), "2 no later than the last of 3, 4"),
        Bound(2, False, Constant(START, ""), "2 no earlier than the start"),
        Bound(4, False, Step(last, Span(days=1), upper=False), "4 no earlier than the last of 1, 2, 3 + 1 day"),
        Bound(3, False, Constant(START + 1, ""), "3 no earlier than the day after the start"),
    ]
    assert solvable(bounds)
    assert satisfiable(as_rules(bounds), {})


@settings(max_examples=300)
@given(chosen_bounds(), st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), max_size=3))
def test_the_smallest_set_of_rules_is_irreducible(bounds: list[Bound], pins: list[tuple[int, int]]) -> None:
    facts = [on_day(place, date.fromordinal(START + gap), f"fact {place} {gap}") for place, gap in pins]
    found = smallest([*as_rules(bounds[1:]), *facts], as_rules(bounds[:1]), lambda rules: not satisfiable(rules, {}))
    if found is None:
        return
    every = [*found, *as_rules(bounds[:1])]
    assert not solvable([bound for rule in every for bound in rule.bounds])
    for gone in every:
        assert solvable([bound for rule in every if rule is not gone for bound in rule.bounds])


@settings(max_examples=100)
@given(st.sets(st.integers(0, 399), max_size=6), st.sets(st.integers(0, 399), min_size=1, max_size=6))
def test_of_very_many_rules_the_same_are_left_as_by_trying_one_after_another(one: set[int], two: set[int]) -> None:
    rules = [Rule(str(number), ()) for number in range(400)]
    asked = 0

    def collide(some: Sequence[Rule]) -> bool:
        nonlocal asked
        asked += 1
        numbers = {int(rule.text) for rule in some if rule.text != "kept"}
        return Rule("kept", ()) in some and (one | {7} <= numbers or two <= numbers)

    left = rules
    for rule in reversed(rules):
        fewer = [other for other in left if other is not rule]
        left = fewer if collide([*fewer, Rule("kept", ())]) else left
    asked = 0
    assert smallest(rules, [Rule("kept", ())], collide) == tuple(left)
    assert asked <= 2 * 7 * 9 + 16


def test_a_conflict_among_a_hundred_visits_names_only_the_rules_that_collide() -> None:
    lines = "".join(
        f"  v{n}: {{epoch: t, place: ward, at: v{n - 1} + 1 day, no_earlier_than: v{n - 1} + 1 day, "
        f"no_later_than: v{n - 1} + 9 days}}\n"
        for n in range(1, 131)
    )
    body = (
        "visits:\n  v0: {epoch: t, place: ward, at: enrolment}\n"
        + lines
        + ("  last: {epoch: t, place: ward, at: v0 + 200 days, no_earlier_than: v130 + 1 day}\n")
    )
    found = planned(template(body, reference="v0"), booked("v0", "2026-03-02"), booked("last", "2026-06-01"))
    rules = {rule for conflict in found.conflicts for rule in conflict.rules}
    assert {conflict.visit for conflict in found.conflicts}
    for conflict in found.conflicts:
        assert not any("no later than" in rule for rule in conflict.rules), conflict
    assert {"last is booked for 1 June 2026", "last no earlier than v130 + 1 day"} <= rules
    assert {f"v{n} no earlier than v{n - 1} + 1 day" for n in range(1, 131)} <= rules


def test_months_count_as_a_calendar_does() -> None:
    for day, months in product((date(2026, 1, 31), date(2028, 2, 29)), range(-30, 31)):
        assert (
            Step(Constant(0, ""), Span(months=months), upper=False).forward(day.toordinal())
            == add_months(day, months).toordinal()
        )


@settings(max_examples=200)
@given(networks(), st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True), st.data())
def test_what_is_foreseen_of_a_day_is_what_propagation_finds(
    network: tuple[int, list[Bound]], order: list[int], data: st.DataObject
) -> None:
    """Nodes put on days one after another, whether these suit their bounds or not."""
    count, bounds = network
    web = Web(bounds)
    one, two = Network(web), Network(web)
    for place, index in enumerate(order):
        if index >= count:
            continue
        reach = reach_of(web, index, order[: place + 1])
        assume(reach is not None)
        assert reach is not None
        day = START + data.draw(st.integers(-9, 9))
        one.put(index, day, reach)
        two.fix(index, day)
        two.propagate_from(index)
        assert (one.low, one.high) == (two.low, two.high)


def test_a_reach_is_not_known_where_months_or_choices_follow_or_bounds_contradict_one_another() -> None:
    month = Bound(1, False, Step(Node(0), Span(months=1), upper=False), "1 no earlier than 0 + 1 month")
    day = Bound(2, False, step(3, 1, upper=False), "2 no earlier than 3 + 1 day")
    back = Bound(3, False, step(2, 1, upper=False), "3 no earlier than 2 + 1 day")
    first = Bound(4, False, step(3, 1, upper=False), "4 no earlier than 3 + 1 day")
    assert reach_of(Web([month, day]), 0, ()) is None
    assert reach_of(Web([month, day]), 1, ()) is None
    found = reach_of(Web([month, day]), 3, ())
    assert found is not None
    assert [(node, gap) for node, gap, _ in found.later] == [(2, 1)]
    assert found.earlier == ()
    assert reach_of(Web([day, back, first]), 4, ()) is None
    many = [Bound(n, False, step(n - 1, 1, upper=False), f"{n} after {n - 1}") for n in range(1, 100)]
    assert reach_of(Web(many), 0, ()) is None
