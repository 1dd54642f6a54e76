"""The smallest set of rules that collide (design §5, rule 10): what is left when every rule that can go has gone.

A rule is a text and the constraints it puts on visits: a bound of the template, the order of a series, a window, a date
that is a fact. A set of rules is irreducible when, taking any one of them away, dates can satisfy the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, product

from schedules.inequalities import FIRST, LAST, Bound, Choice, Constant, Expression, Step
from schedules.network import Network

# Choices among visits are tried one by one; beyond so many combinations, propagation alone decides.
MOST_CHOICES = 256


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in words, and what it demands."""

    text: str
    bounds: tuple[Bound, ...]


def on_day(place: int, day: date, text: str) -> Rule:
    """The rule that a visit is on a day, as a fact or a plan has it."""
    return within(place, day, day, text)


def within(place: int, first: date | None, last: date | None, text: str) -> Rule:
    """The rule that a visit is between two days, both included; None leaves a side open."""
    sides = ((False, first), (True, last))
    bounds = (Bound(place, upper, Constant(day.toordinal(), text), text) for upper, day in sides if day is not None)
    return Rule(text, tuple(bounds))


def as_rules(bounds: Iterable[Bound]) -> list[Rule]:
    """The bounds as rules: those with the same words are one."""
    found: dict[str, list[Bound]] = {}
    for bound in bounds:
        found.setdefault(bound.text, []).append(bound)
    return [Rule(text, tuple(own)) for text, own in found.items()]


def satisfiable(rules: Iterable[Rule], events: Mapping[str, date]) -> bool:
    """Whether dates can satisfy all of the rules, with every day open."""
    return ranges(rules, events) is not None


def ranges(rules: Iterable[Rule], events: Mapping[str, date]) -> Network | None:
    """The days that the rules leave every visit; None where they leave none."""
    bounds = [bound for rule in rules for bound in rule.bounds]
    ways = [_ways(bound.expression, bound.upper) for bound in bounds]
    for chosen in islice(product(*ways), MOST_CHOICES):
        network = Network(
            [Bound(b.carrier, b.upper, way, b.text) for b, way in zip(bounds, chosen, strict=True)], events
        )
        # From open ends nothing would move: rules can contradict one another without any day that is known.
        for index in network.web.order:
            network.low[index], network.high[index] = FIRST + 1, LAST - 1
        network.propagate()
        if not network.endless and all(network.low[index] <= network.high[index] for index in network.web.order):
            return network
    return None


def _ways(expression: Expression, upper: bool) -> list[Expression]:
    """The ways to satisfy a bound: to come before the latest of several is to come before one of them."""
    match expression:
        case Step(base, span, rounded):
            return [Step(way, span, rounded) for way in _ways(base, upper)]
        case Choice(operands, last) if last == upper:
            return [way for operand in operands for way in _ways(operand, upper)]
        case Choice(operands, last):
            combined = product(*(_ways(operand, upper) for operand in operands))
            return [Choice(tuple(way), last) for way in islice(combined, MOST_CHOICES)]
        case _:
            return [expression]


def smallest(
    rules: Sequence[Rule], kept: Sequence[Rule], collide: Callable[[Sequence[Rule]], bool]
) -> tuple[Rule, ...] | None:
    """An irreducible set among ``rules`` that collides with ``kept``; None where they do not, or collide without it.

    The later a rule stands, the rather it goes. Whether rules ``collide`` may only depend on which they are, and more
    of them collide where fewer do. By halves (QuickXplain; Junker 2004): of n rules of which k are needed it asks about
    2k log(n/k) + 2k times, where leaving one out after another asks n times.
    """
    if not collide((*rules, *kept)):
        return None
    needed = _needed(kept, True, rules, collide) if rules else []
    found = tuple(rule for rule in rules if any(rule is other for other in needed))
    return None if kept and collide(found) else found


def _needed(
    background: Sequence[Rule], added: bool, rules: Sequence[Rule], collide: Callable[[Sequence[Rule]], bool]
) -> list[Rule]:
    """Of rules that collide with a background those that are needed, the first ones rather than the last.

    ``added``: whether the background has grown since it was last known not to collide by itself.
    """
    if added and collide(background):
        return []
    if len(rules) == 1:
        return [*rules]
    middle = (len(rules) + 1) // 2
    first, last = rules[:middle], rules[middle:]
    of_last = _needed((*first, *background), True, last, collide)
    return [*_needed((*of_last, *background), bool(of_last), first, collide), *of_last]
