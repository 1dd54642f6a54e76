"""A template made ready for planning one set of groups: who depends on whom, and every point as a function.

Compiling is done once per template and set of groups; planning then only evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from schedules.evaluating import (
    GONE,
    Board,
    Edge,
    Evaluate,
    counted_from,
    day_of,
    edge_of,
    event_day,
    extreme_of,
    is_timed,
    whole_days,
)
from schedules.plan import Status
from schedules.points import Between, Day, Extreme, Named, Point, Shifted, names_in
from schedules.protocol_days import day_offset, days_from_reference
from schedules.record import When
from schedules.spans import Span
from schedules.template import OnlyFor, PeriodRule, Template, VisitRule


@dataclass(frozen=True, slots=True)
class Check:
    """One bound of the template, to be held against finished dates; ``places`` are the visits its point counts from."""

    carrier: int
    upper: bool
    point: Point
    evaluate: Evaluate
    places: tuple[int, ...]

    @property
    def text(self) -> str:
        """The rule in words, without the visit that carries it."""
        return f"no {'later' if self.upper else 'earlier'} than {self.point}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPeriod:
    """A period of the template: its ends as origins and the spans from them, or its ``length`` in whole days (and
    months); the visits that keep it open, by index and id; the ``names`` that it begins with, and the ``open``
    group that it waits for."""

    rule: PeriodRule
    label: str
    start: tuple[int, Span] | None
    end: tuple[int, Span] | None
    length: Span | None
    until_done: tuple[tuple[int, str], ...]
    names: tuple[str, ...]
    open: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A template for one set of groups. Visits are named by their index in the order of the file.

    ``excluded`` visits are not applicable, ``open`` ones wait for a group; ``anchors`` are what each visit's target and
    absolute window count from; ``days`` are the protocol's day labels. ``origins`` are the points that targets count
    from (``origin_points``), many from the same one, and ``counted`` says of each visit from which, and how far.
    """

    template: Template
    groups: Mapping[str, str]
    rules: tuple[VisitRule, ...]
    index: Mapping[str, int]
    reference: int
    references: frozenset[int]
    excluded: frozenset[int]
    open: Mapping[int, str]
    edges: Mapping[str, Edge]
    anchors: tuple[tuple[int, ...], ...]
    dependents: tuple[tuple[int, ...], ...]
    targets: tuple[Evaluate, ...]
    origins: tuple[Evaluate, ...]
    origin_points: tuple[Point, ...]
    counted: tuple[tuple[int, Span] | None, ...]
    windows: tuple[tuple[Evaluate, Evaluate] | None, ...]
    timed: tuple[bool, ...]
    activities: tuple[tuple[str, ...], ...]
    activity_labels: Mapping[str, str]
    departments: Mapping[str, str]
    labels: tuple[str, ...]
    days: tuple[str | None, ...]
    bounded: frozenset[int]
    checks: tuple[Check, ...]
    latest: tuple[Evaluate | None, ...]
    expected: tuple[tuple[str, Evaluate], ...]
    until: tuple[Evaluate | None, ...]
    series_order: tuple[tuple[int, ...], ...]
    periods: tuple[CompiledPeriod, ...]
    label: Callable[[str], str]
    reference_of: Callable[[Day], int]
    chains: tuple[tuple[int, ...], ...]
    chained: Mapping[int, tuple[int, ...]]
    optional: frozenset[tuple[int, str]]
    starts: Mapping[str, str]
    nth: tuple[tuple[int, str, int], ...]


@lru_cache(maxsize=128)
def compiled(template: Template, groups: tuple[tuple[str, str], ...]) -> Compiled:
    """The template compiled for these known groups; a group of the template that is missing is open."""
    return _Compiler(template, dict(groups)).compiled()


class _Compiler:
    def __init__(self, template: Template, groups: dict[str, str]) -> None:
        self.template = template
        self.groups = groups
        self.rules = template.visits
        self.index = {rule.id: place for place, rule in enumerate(self.rules)}
        self.reference = self.index[template.reference_visit]
        self.edges = self._edges()
        self.origins: dict[Point, Evaluate] = {}

    def compiled(self) -> Compiled:
        fits = [self.fits(rule.only_for) for rule in self.rules]
        anchors = tuple(tuple(sorted(self._anchors(rule))) for rule in self.rules)
        dependents: list[list[int]] = [[] for _ in self.rules]
        for place, found in enumerate(anchors):
            for anchor in found:
                dependents[anchor].append(place)
        days = days_from_reference(self.template)
        chains = self._chains()
        counted = tuple(None if is_timed(rule.at) else self._counted(rule.at) for rule in self.rules)
        periods = tuple(self._periods())
        return Compiled(
            template=self.template,
            groups=self.groups,
            rules=self.rules,
            index=self.index,
            reference=self.reference,
            references=frozenset(place for place, rule in enumerate(self.rules) if self._is_reference(rule)),
            excluded=frozenset(place for place, fit in enumerate(fits) if fit is False),
            open={place: fit for place, fit in enumerate(fits) if isinstance(fit, str)},
            edges=self.edges,
            anchors=anchors,
            dependents=tuple(map(tuple, dependents)),
            origins=tuple(self.origins.values()),
            origin_points=tuple(self.origins),
            counted=counted,
            targets=tuple(self._target(rule) for rule in self.rules),
            windows=tuple(self._window(rule) for rule in self.rules),
            timed=tuple(is_timed(rule.at) for rule in self.rules),
            activities=self._activities(),
            activity_labels={item.id: self.label(item.label) for item in self.template.activities.values()},
            departments={item.id: item.department for item in self.template.activities.values() if item.department},
            labels=tuple(self.label(rule.label) for rule in self.rules),
            days=tuple(self._day_label(days.get(rule.id)) for rule in self.rules),
            bounded=self._bounded(),
            checks=tuple(self._checks()),
            latest=tuple(self._optional(rule.at_the_latest) for rule in self.rules),
            expected=tuple(
                (item.id, day_of(self.evaluator(item.expected)))
                for item in self.template.milestones.values()
                if item.expected is not None
            ),
            until=tuple(self._optional(rule.until) for rule in self.rules),
            series_order=tuple(self._stepped()),
            periods=periods,
            label=self.label,
            reference_of=self.reference_of,
            chains=chains,
            chained={place: chain for chain in chains for place in chain},
            optional=frozenset(
                (self.index[visit], item.id) for item in self.template.activities.values() for visit in item.optional
            ),
            starts=self._starts(),
            nth=tuple(self._nth()),
        )

    def _is_reference(self, rule: VisitRule) -> bool:
        return rule.id.rpartition("/")[2] == self.template.reference_visit

    def reference_of(self, day: Day) -> int:
        """The visit that a protocol day counts from: the reference, or that of its cycle."""
        return self.index[day.reference] if day.reference else self.reference

    def fits(self, only_for: OnlyFor) -> bool | str:
        """Whether ``only_for`` holds; the name of an open group where that is not known yet."""
        unknown = ""
        for group, values in only_for:
            value = self.groups.get(group)
            if value is None:
                unknown = unknown or group
            elif value not in values:
                return False
        return unknown or True

    def _edges(self) -> dict[str, Edge]:
        """What ``first`` and ``last`` range over: ``ld`` the first pass, ``second/ld`` a cycle, ``*/ld`` all of
        them."""
        template = self.template
        edges = {name: self._edge(members, None) for name, members in template.series.items()}
        cycles = {rule.cycle for rule in self.rules}
        if len(cycles) > 1:
            edges |= {
                f"*/{name}": self._edge(template.members(name), None) for name in template.series if "/" not in name
            }
        for activity in template.activities.values():
            visits = activity.visits if self.fits(activity.only_for) is True else ()
            for cycle in cycles:
                scope = f"{cycle}/{activity.id}" if cycle else activity.id
                edges[scope] = self._edge(
                    [name for name in visits if self.rules[self.index[name]].cycle == cycle], activity.id
                )
            if len(cycles) > 1:
                edges[f"*/{activity.id}"] = self._edge(visits, activity.id)
        return edges

    def _chains(self) -> tuple[tuple[int, ...], ...]:
        """Each member that has stand-ins, with them in the order of the cycles."""
        chains: dict[str, list[int]] = {}
        for place, rule in enumerate(self.rules):
            if rule.stands_in_for:
                chains.setdefault(rule.stands_in_for, [self.index[rule.stands_in_for]]).append(place)
        return tuple(map(tuple, chains.values()))

    def _starts(self) -> dict[str, str]:
        """For each pass of a cycle, the event that starts it: the milestone that the target of its reference visit
        names."""
        starts = {}
        for rule in self.rules:
            if rule.cycle and self._is_reference(rule):
                events = [
                    str(named.name) for named in names_in(rule.at) if isinstance(named, Named) and "#" in named.name
                ]
                starts[rule.cycle] = events[0] if events else ""
        return starts

    def _nth(self) -> Iterator[tuple[int, str, int]]:
        """Visits that the nth of a repeated event calls for: their index, the event and n."""
        for place, rule in enumerate(self.rules):
            for named in names_in(rule.at):
                if isinstance(named, Named) and "#" in named.name and not rule.cycle:
                    event, _, number = named.name.partition("#")
                    yield place, event, int(number)

    def _edge(self, names: Iterable[str], activity: str | None) -> Edge:
        return Edge(tuple(self.index[name] for name in names), activity)

    def _activities(self) -> tuple[tuple[str, ...], ...]:
        at: list[list[str]] = [[] for _ in self.rules]
        for activity in self.template.activities.values():
            if self.fits(activity.only_for) is True:
                for name in activity.visits:
                    at[self.index[name]].append(activity.id)
        return tuple(map(tuple, at))

    def label(self, label: str) -> str:
        """A label with the groups' values in place of their names; an open group reads ``…``."""
        if "{" not in label:
            return label
        for name, group in self.template.groups.items():
            value = self.groups.get(name)
            label = label.replace(f"{{{name}}}", "…" if value is None else group.values.get(value, value))
        return label.replace("{cycle}", "").strip(" ,")

    def _day_label(self, days: int | None) -> str | None:
        if days is None:
            return None
        number = days + self.template.reference_day if days >= 0 else days
        return f"D{number}"

    def _anchors(self, rule: VisitRule) -> set[int]:
        points = [rule.at] + ([rule.window.start, rule.window.end] if isinstance(rule.window, Between) else [])
        if rule.until is not None:
            points.append(rule.until)
        partners = {self.index[name] for name in rule.together_with}
        return partners | {place for point in points for place in self.places(point)}

    def places(self, point: Point) -> Iterator[int]:
        """The visits a point counts from."""
        for named in names_in(point):
            if isinstance(named, Day):
                yield self.reference_of(named)
            elif named.which:
                yield from self.edges[named.name].members
            elif named.name in self.index:
                yield self.index[named.name]

    def _bounded(self) -> frozenset[int]:
        found: set[int] = set()
        for place, rule in enumerate(self.rules):
            for point in (*rule.no_earlier_than, *rule.no_later_than):
                found.update((place, *self.places(point)))
        for item in self.template.history.values():
            found.add(self.index[item.before])
        return frozenset(found)

    def _checks(self) -> Iterator[Check]:
        for place, rule in enumerate(self.rules):
            for upper, points in ((False, rule.no_earlier_than), (True, rule.no_later_than)):
                for point in points:
                    yield Check(place, upper, point, self.evaluator(point, bound=True), tuple(self.places(point)))

    def _stepped(self) -> Iterator[tuple[int, ...]]:
        for members in self.template.series.values():
            if self.rules[self.index[members[0]]].step:
                yield tuple(self.index[member] for member in members)

    def _periods(self) -> Iterator[CompiledPeriod]:
        for rule in self.template.periods:
            fits = self.fits(rule.only_for)
            if fits is False:
                continue
            visits = [visit for name in rule.until_done for visit in self.template.members(name)]
            yield CompiledPeriod(
                rule=rule,
                label=self.label(rule.label),
                start=None if rule.start is None else self._counted(rule.start),
                end=None if rule.end is None else self._counted(rule.end),
                length=None if rule.length is None else whole_days(rule.length),
                until_done=tuple((self.index[visit], visit) for visit in visits if not self._is_repeat(visit)),
                open=fits if isinstance(fits, str) else "",
                names=() if rule.start is None else tuple(map(str, names_in(rule.start))),
            )

    def _is_repeat(self, visit: str) -> bool:
        """Whether a visit is one of a further cycle: a period waits for those of the first."""
        return bool(self.rules[self.index[visit]].cycle)

    def _optional(self, point: Point | None) -> Evaluate | None:
        return None if point is None else day_of(self.evaluator(point))

    def _target(self, rule: VisitRule) -> Evaluate:
        evaluate = self.evaluator(rule.at)
        return evaluate if is_timed(rule.at) else day_of(evaluate)

    def _counted(self, point: Point) -> tuple[int, Span]:
        """The point that another counts from, as its place among the origins, and the days and months between."""
        base, span = (point.base, point.span) if isinstance(point, Shifted) and not is_timed(point) else (point, Span())
        if isinstance(base, Day):
            span += Span(days=day_offset(base.number, self.template.reference_day))
            base = Named(self.rules[self.reference_of(base)].id)
        if base not in self.origins:
            self.origins[base] = day_of(self.evaluator(base))
        return list(self.origins).index(base), span

    def _window(self, rule: VisitRule) -> tuple[Evaluate, Evaluate] | None:
        if not isinstance(rule.window, Between):
            return None
        start, end = (day_of(self.evaluator(point)) for point in (rule.window.start, rule.window.end))
        return start, end

    def evaluator(self, point: Point, *, bound: bool = False) -> Evaluate:
        """The point as a function of the board: its date or moment, or None where it has not happened.

        A plain reference to a missed visit uses the moment it was planned for, but in a ``bound`` it does not count.
        """
        match point:
            case Day(number):
                offset = day_offset(number, self.template.reference_day)
                return counted_from(self._visit(self.reference_of(point), bound), Span(days=offset))
            case Shifted(base, span):
                return counted_from(self.evaluator(base, bound=bound), span)
            case Extreme(which, points):
                return extreme_of([self.evaluator(operand, bound=bound) for operand in points], last=which == "latest")
            case Named(name, ""):
                return self._visit(self.index[name], bound) if name in self.index else event_day(name)
            case Named(name, which):
                return edge_of(self.edges[name], last=which == "last")

    def _visit(self, place: int, bound: bool) -> Evaluate:
        needs = bound or self._is_reference(self.rules[place])

        def evaluate(board: Board) -> When | None:
            status = board.status[place]
            if status in GONE or (needs and status is Status.MISSED):
                return None
            return board.when[place]

        return evaluate
