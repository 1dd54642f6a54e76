"""Rules that no dates can satisfy, found in the template alone (design §4): its bounds and windows as one network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, pairwise, product

from schedules.bounding import BoundMaker, series_order
from schedules.collisions import Rule, as_rules, on_day, satisfiable, smallest
from schedules.compiled import Compiled, compiled
from schedules.inequalities import Bound, Step
from schedules.network import Network
from schedules.plan import Status
from schedules.points import Around, Between, Day, Named, Point, names_in
from schedules.spans import Span
from schedules.template import Activity, Template, VisitRule

# Months differ in length: rules contradict one another only where they do from each of these reference days.
REFERENCE_DAYS = (date(2026, 3, 2), date(2027, 1, 31), date(2028, 2, 29), date(2026, 8, 31))
MOST_COMBINATIONS = 64
# Farther than any visit may lie from what it is counted from, and its window or bound from it.
REACH = 401 * 366
# Beyond so many visits times bounds the search takes many seconds; a protocol has a thousandth of that.
MOST_WORK = 12_000_000
MOST_RULES = 8
TOO_LARGE = (
    "The template is too large to be searched for rules that contradict one another: that was left out. "
    "Repeat less often, or bound fewer visits."
)


def contradictions(template: Template) -> Iterator[tuple[str, str]]:
    """For every set of rules that cannot hold together: the visit where it shows, and the rules in words.

    Under an empty name, that the template is too large to be searched.
    """
    found: dict[str, str] = {}
    for groups in combinations(template):
        ready = compiled(template, groups)
        if _work(ready) > MOST_WORK:
            yield "", TOO_LARGE
            return
        for visit, rules in _contradiction(ready):
            found.setdefault(visit, rules)
    yield from found.items()


def _work(ready: Compiled) -> int:
    """About how much there is to propagate: the visits that rules name, times the names in those rules."""
    named = 0
    for rule in ready.rules:
        points = [rule.at, *rule.no_earlier_than, *rule.no_later_than]
        if isinstance(rule.window, Between):
            points = [*points[1:], rule.window.start, rule.window.end]
        named += sum(_visits_of(ready, name) for point in points for name in names_in(point))
    return len(ready.rules) * named


def _visits_of(ready: Compiled, named: Named | Day) -> int:
    return len(ready.edges[named.name].members) if isinstance(named, Named) and named.which else 1


def combinations(template: Template) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every combination of the values of the groups that a visit or an activity depends on, at most 64 of them."""
    things: tuple[VisitRule | Activity, ...] = (*template.visits, *template.activities.values())
    names = sorted({group for thing in things for group, _ in thing.only_for})
    values = (template.groups[name].values for name in names)
    for chosen in islice(product(*values), MOST_COMBINATIONS):
        yield tuple(zip(names, chosen, strict=True))


def _contradiction(ready: Compiled) -> list[tuple[str, str]]:
    """The rules that contradict one another from each of the reference days; nothing where one of these is possible."""
    candidates: list[Bound] = []
    pinned: list[list[Rule]] = []
    place = 0
    for day in REFERENCE_DAYS:
        network = _network(ready, day)
        network.propagate()
        broken = [place for place in network.web.order if network.low[place] > network.high[place]]
        if network.endless:
            broken = sorted(network.endless)
        if not broken:
            return []
        place = min(broken)
        bounds, facts = network.explain(((place, False), (place, True)))
        candidates += bounds
        pinned.append([on_day(fact, date.fromordinal(network.low[fact]), "") for fact in facts])
    return [_described(ready, place, candidates, pinned)]


def _described(ready: Compiled, place: int, candidates: list[Bound], pinned: list[list[Rule]]) -> tuple[str, str]:
    """The visit to blame and the smallest set of rules: without any of them one of the reference days is possible."""

    def collide(rules: Sequence[Rule]) -> bool:
        return all(not satisfiable([*rules, *pins], {}) for pins in pinned)

    found = smallest(as_rules(dict.fromkeys(candidates)), [], collide)
    bounds = [bound for rule in found for bound in rule.bounds] if found else candidates
    texts = list(dict.fromkeys(bound.text for bound in bounds))
    more = [f"and {len(texts) - MOST_RULES} more"] if len(texts) > MOST_RULES else []
    rules = "; ".join([*texts[:MOST_RULES], *more])
    # A bound is more likely to be at fault than a window, so the problem is shown at a visit that carries one.
    carriers = [bound.carrier for bound in bounds if " than " in bound.text]
    name = ready.rules[min(carriers, default=place)].id
    return (
        name,
        f"No dates can satisfy the rules around '{name}', even with every day open: {rules}. Loosen one of them.",
    )


def _network(ready: Compiled, day: date) -> Network:
    count = len(ready.rules)
    status = [Status.NOT_APPLICABLE if place in ready.excluded else Status.PLANNED for place in range(count)]

    def live(place: int) -> bool:
        return status[place] is Status.PLANNED

    maker = BoundMaker(ready, (), (), live)
    bounds = [*maker.template_bounds()]
    bounds += [bound for place in range(count) if live(place) for bound in _window(ready, maker, place)]
    bounds += [
        bound
        for members in ready.series_order
        for bound in series_order(ready, members, pairwise(place for place in members if live(place)))
    ]
    network = Network(bounds)
    for place in network.web.order:
        network.low[place], network.high[place] = day.toordinal() - REACH, day.toordinal() + REACH
    if ready.reference in network:
        network.fix(ready.reference, day.toordinal())
    return network


def _window(ready: Compiled, maker: BoundMaker, place: int) -> Iterator[Bound]:
    rule = ready.rules[place]
    if place in ready.references:
        return
    for upper, point, span in _sides(rule):
        expression = maker.expression(point, upper)
        if expression is not None:
            words = (
                f"window of {rule.id}: {rule.window} around {rule.at}"
                if rule.window
                else f"{rule.id} is on its target day, {rule.at}"
            )
            yield Bound(place, upper, Step(expression, span, upper), words)


def _sides(rule: VisitRule) -> Iterator[tuple[bool, Point, Span]]:
    match rule.window:
        case Around(start, end):
            yield False, rule.at, start
            yield True, rule.at, end
        case Between(first, last):
            yield False, first, Span()
            yield True, last, Span()
        case None if not (rule.no_earlier_than or rule.no_later_than):
            yield False, rule.at, Span()
            yield True, rule.at, Span()
