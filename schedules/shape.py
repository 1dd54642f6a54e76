"""What follows from which facts there are, whatever their dates: worked out once, and kept for the plans to come.

Of two records with the same visits booked, done and missed, the same events recorded and the same activities withheld,
the same visits have a date, wait, are placed in the same order and are bound by the same rules (design §5, rules 7 to
9). Only the dates differ, and those are the work of :mod:`schedules.layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from schedules.bounding import live_status, static_bounds
from schedules.compiled import Check, Compiled
from schedules.evaluating import Board, Edge, Evaluate, is_timed
from schedules.plan import Status, Visit
from schedules.points import Around, Between, Day, Extreme, Named, Point, Shifted, names_in
from schedules.record import When
from schedules.site import Site
from schedules.spans import Span
from schedules.template import VisitRule
from schedules.web import Web

KEPT = 512
PLACED = frozenset({Status.PLANNED, Status.CANCELLED, Status.MISSED})
NOTHING = Span()


class Facts(NamedTuple):
    """Which facts a record holds: what tells one shape from another. (A tuple, since every plan looks its shape up.)

    ``visits`` are those with a fact, by index, with their status and whether they have a date; ``history`` those done
    before the latest cycle began (rule 15).
    """

    visits: tuple[tuple[int, Status, bool], ...]
    events: frozenset[str]
    absent: frozenset[tuple[int, str]]
    stopped: frozenset[int]
    history: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How a visit is placed. ``bounded``: whether rules between visits bind it; ``raises`` and ``lowers``: whether that
    can move the first or the last days of visits placed after it; ``anywhere``: on closed days too.

    One with an ``origin`` (among those of the template) is a ``span`` from its day, ``shift`` where that is in days.
    Its window, if it has one, reaches from ``start`` to ``end`` around that target, or is ``between`` two points; it is
    placed only ``until`` a point, and with one of its ``partners`` where their windows meet. It is ``simple`` where
    nothing else binds it. Others are looked at in full.
    """

    place: int
    bounded: bool
    raises: bool
    lowers: bool
    anywhere: bool
    origin: int | None
    span: Span
    shift: timedelta | None
    start: timedelta | None
    end: timedelta | None
    between: tuple[Evaluate, Evaluate] | None
    until: Evaluate | None
    partners: tuple[int, ...]
    simple: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Statuses before anything is placed, and how the rest is placed, in that order.

    ``fixed`` visits have a date from a fact; ``dormant`` ones nothing calls for. ``ordered`` are the series whose
    members could come out of order, and are bound to it. ``checks`` are the bounds that bind, with the visits that are
    placed under them: where all of these are put within their ranges, the bound holds; None where that is not certain.
    ``series`` are those in order, with the members that are in order where all of them are on their targets.
    ``partners`` are the visits that another is held together with. ``unchanging`` are the values of each visit of the
    plan that do not depend on dates (see ``schedules.visits``), and ``undated`` keeps the visits that have none.
    """

    status: tuple[Status, ...]
    waiting: Mapping[int, tuple[str, ...]]
    dormant: frozenset[int]
    fixed: tuple[int, ...]
    placings: tuple[Placing, ...]
    web: Web
    ordered: tuple[tuple[int, ...], ...]
    unchanging: tuple[tuple[object, ...], ...]
    gates: tuple[tuple[str, ...], ...]
    checks: tuple[tuple[Check, frozenset[int] | None], ...]
    series: tuple[tuple[tuple[int, ...], frozenset[int] | None], ...]
    partners: Mapping[int, tuple[int, ...]]
    undated: dict[int, Visit] = field(default_factory=dict)


@lru_cache(maxsize=KEPT)
def shaped(compiled: Compiled, facts: Facts) -> Shape:
    """The shape of a record with these facts."""
    return _Shaper(compiled, facts).shape()


class _Shaper:
    def __init__(self, compiled: Compiled, facts: Facts) -> None:
        self.compiled = compiled
        self.facts = facts
        self.status = [Status.PLANNED] * len(compiled.rules)
        self.fixed = frozenset(place for place, _, dated in facts.visits if dated)
        self.known = {place for place, _, _ in facts.visits}
        self.waiting: dict[int, tuple[str, ...]] = {}
        nothing: list[When | None] = [None] * len(compiled.rules)
        self.board = Board(Site(), nothing, self.status, {}, facts.absent)

    def shape(self) -> Shape:
        dormant = self._find_statuses()
        bounds, ordered = static_bounds(self.compiled, self.facts, self._live)
        web = Web(bounds, len(self.status))
        order = [place for place in _order(self.compiled, self.fixed) if self.status[place] in PLACED]
        absent = self.facts.absent
        placings = self._placings(order, web)
        return Shape(
            status=tuple(self.status),
            waiting=self.waiting,
            dormant=dormant,
            fixed=tuple(sorted(self.fixed)),
            placings=placings,
            web=web,
            ordered=ordered,
            unchanging=tuple(
                self._unchanging(place, tuple(name for name in names if (place, name) not in absent))
                for place, names in enumerate(self.compiled.activities)
            ),
            gates=tuple(self._gates(place) for place in range(len(self.status))),
            checks=tuple(self._checks()),
            series=tuple(self._series({placing.place: placing for placing in placings})),
            partners={
                place: found
                for place in range(len(self.status))
                if self._live(place) and (found := self._partners(place))
            },
        )

    def _find_statuses(self) -> frozenset[int]:
        status = self.status
        for place in self.compiled.excluded:
            status[place] = Status.NOT_APPLICABLE
        for place, found, _ in self.facts.visits:
            # What does not apply cannot be cancelled; if its group changes, it is.
            if found is not Status.CANCELLED or place not in self.compiled.excluded:
                status[place] = found
        for place in self.facts.stopped:
            status[place] = Status.CANCELLED
        dormant = frozenset(self._dormant())
        for place in dormant:
            status[place] = Status.NOT_APPLICABLE
        self._find_conditional()
        return dormant

    def _dormant(self) -> Iterator[int]:
        """Visits that nothing calls for: of a member and its stand-ins all but the one in use and those done before
        (rule 15).

        A member done before the latest cycle began stays as history; the first that was not takes the new date.
        """
        for chain in self.compiled.chains:
            for number, place in enumerate(chain):
                if place not in self.facts.history:
                    yield from (other for other in chain[number + 1 :] if other not in self.known)
                    break
        for place, event, number in self.compiled.nth:
            # One is always shown, waiting for the next event; the others are there to be called for.
            if number > 1 and f"{event}#{number - 1}" not in self.facts.events:
                yield place

    def _find_conditional(self) -> None:
        """Marks the visits that count from something that has not happened (rule 8), anchors first."""
        for place in _order(self.compiled, frozenset()):
            if self.status[place] is not Status.PLANNED:
                continue
            group = self.compiled.open.get(place)
            missing = (group,) if group else self._missing(place)
            if missing:
                self.status[place] = Status.CONDITIONAL
                self.waiting[place] = missing

    def _missing(self, place: int) -> tuple[str, ...]:
        rule = self.compiled.rules[place]
        points: list[Point] = [rule.at]
        if isinstance(rule.window, Between):
            points += [rule.window.start, rule.window.end]
        found = [name for point in points if not self._happens(point) for name in self._lacking(point)]
        return tuple(dict.fromkeys(found))

    def _happens(self, point: Point) -> bool:
        match point:
            case Extreme(_, points):
                return any(self._happens(operand) for operand in points)
            case Shifted(base):
                return self._happens(base)
            case Day() | Named():
                return self._named_happens(point)

    def _named_happens(self, named: Named | Day) -> bool:
        if isinstance(named, Day):
            return self._visit_happens(self.compiled.reference_of(named))
        if named.which:
            edge = self.compiled.edges[named.name]
            return any(self.board.counts(place, edge.activity) for place in edge.members)
        if named.name in self.compiled.index:
            return self._visit_happens(self.compiled.index[named.name])
        return named.name in self.facts.events

    def _visit_happens(self, place: int) -> bool:
        status = self.status[place]
        # One that was missed counts from when it was planned for (rule 7), unless it had no date to be missed on.
        was_planned = place in self.fixed and place not in self.compiled.references
        return live_status(status) or (status is Status.MISSED and was_planned)

    def _lacking(self, point: Point) -> list[str]:
        """The milestones (or visits) that have to happen first, followed through conditional visits to their cause."""
        found: list[str] = []
        for named in names_in(point):
            if not self._named_happens(named):
                found.extend(self._causes(named))
        return found

    def _causes(self, named: Named | Day) -> tuple[str, ...]:
        if isinstance(named, Named) and named.which:
            return self._causes_of_edge(self.compiled.edges[named.name]) or (str(named),)
        place = self.compiled.reference_of(named) if isinstance(named, Day) else self.compiled.index.get(named.name)
        deeper = self.waiting.get(place, ()) if place is not None else ()
        return deeper or (self.compiled.rules[place].id if place is not None else str(named),)

    def _causes_of_edge(self, edge: Edge) -> tuple[str, ...]:
        """What all that a ``first`` or ``last`` ranges over waits for, or the open group of its activity; nothing where
        some of it waits for nothing."""
        group = self._open_group(edge.activity)
        members = [place for place in edge.members if (place, edge.activity) not in self.facts.absent]
        if group or not all(place in self.waiting for place in members):
            return (group,) if group else ()
        return tuple(dict.fromkeys(name for place in members for name in self.waiting[place]))

    def _open_group(self, activity: str | None) -> str | None:
        """The first group that an activity is only for some values of and that is open; None where it fits, or not."""
        only_for = self.compiled.template.activities[activity].only_for if activity else ()
        known = self.compiled.groups
        if any(group in known and known[group] not in values for group, values in only_for):
            return None
        return next((group for group, _ in only_for if group not in known), None)

    def _live(self, place: int) -> bool:
        return live_status(self.status[place])

    def _gates(self, place: int) -> tuple[str, ...]:
        """What has not happened that a visit waits for: what it counts from, and its shut gates."""
        if self.status[place] not in (Status.PLANNED, Status.BOOKED, Status.CONDITIONAL):
            return ()
        shut = [gate for gate in self.compiled.rules[place].requires if gate not in self.facts.events]
        return tuple(dict.fromkeys((*self.waiting.get(place, ()), *shut)))

    def _checks(self) -> Iterator[tuple[Check, frozenset[int] | None]]:
        """The bounds whose carrier is live, each with the visits that are placed under it, if that makes it hold."""
        for check in self.compiled.checks:
            if not self._live(check.carrier):
                continue
            named = frozenset(place for place in check.places if self._live(place))
            events = any(isinstance(name, Named) and name.name in self.facts.events for name in names_in(check.point))
            facts = check.carrier in self.fixed and (events or not named.isdisjoint(self.fixed))
            # Those in hours are propagated in whole days, and a choice among visits only when one of them is left.
            # What a visit counts from itself by (through an activity it gives) it cannot keep, wherever it is put.
            own = check.carrier in named
            certain = not facts and not own and not is_timed(check.point) and _binds_each(check.point, check.upper)
            yield check, (named | {check.carrier}) - self.fixed if certain else None

    def _unchanging(self, place: int, activities: tuple[str, ...]) -> tuple[object, ...]:
        """What a visit of the plan is whatever its dates are."""
        rule = self.compiled.rules[place]
        return (
            rule.id,
            self.compiled.labels[place],
            rule.epoch,
            rule.place,
            rule.series,
            rule.cycle or None,
            self.compiled.days[place],
            rule.duration,
            activities,
            rule.assumed,
        )

    def _partners(self, place: int) -> tuple[int, ...]:
        """The visits that a visit is held together with, as far as they are to come or done."""
        names = self.compiled.rules[place].together_with
        return tuple(partner for name in names if self._live(partner := self.compiled.index[name]))

    def _series(self, placings: Mapping[int, Placing]) -> Iterator[tuple[tuple[int, ...], frozenset[int] | None]]:
        """The series in order, each with its members to be placed, if they are in order on their targets."""
        for members in self.compiled.series_order:
            found = [placings[place] for place in members if place in placings]
            certain = self.fixed.isdisjoint(members) and all(map(self._follows, found, found[1:]))
            yield members, frozenset(placing.place for placing in found) if certain else None

    def _follows(self, earlier: Placing, later: Placing) -> bool:
        """Whether the target of one member of a series certainly comes after that of another."""
        if earlier.origin is None or later.origin is None:
            return False
        if self.compiled.origin_points[later.origin] == Named(self.compiled.rules[earlier.place].id):
            return (later.span.months, later.span.days) > (0, 0) and later.span.days >= 0
        (months, days), (more_months, more_days) = (
            (placing.span.months, placing.span.days) for placing in (earlier, later)
        )
        same = (months == more_months and days < more_days) or (months < more_months and days == more_days)
        return earlier.origin == later.origin and same

    def _placings(self, order: list[int], web: Web) -> tuple[Placing, ...]:
        found, settled = [], {place for place in self.fixed if self._live(place)}
        for place in order:
            settled.add(place)
            found.append(self._placing(place, web, settled))
        return tuple(found)

    def _placing(self, place: int, web: Web, settled: set[int]) -> Placing:
        rule = self.compiled.rules[place]
        counted = self.compiled.counted[place]
        plain = _plain_window(rule)
        reach = (rule.window.start, rule.window.end) if plain and isinstance(rule.window, Around) else (None, None)
        start, end = (None if side is None else timedelta(days=side.days) for side in reach)
        bounded = self._live(place) and (place in web.nodes or place in self.compiled.bounded)
        between, until = self.compiled.windows[place], self.compiled.until[place]
        partners = self._partners(place)
        return Placing(
            place=place,
            bounded=bounded,
            raises=not web.later(place) <= settled,
            lowers=not web.earlier(place) <= settled,
            anywhere=not rule.needs_open_day,
            origin=counted[0] if plain and counted is not None else None,
            span=counted[1] if counted is not None else NOTHING,
            shift=timedelta(days=counted[1].days) if counted is not None and not counted[1].months else None,
            start=start,
            end=end,
            between=between,
            until=until,
            partners=partners,
            simple=not bounded and between is None and until is None and not partners,
        )


def _binds_each(point: Point, upper: bool) -> bool:
    """Whether a bound holds against everything that its point names, and not against one of several."""
    match point:
        case Shifted(base):
            return _binds_each(base, upper)
        case Extreme(which, points):
            return (which == "earliest") == upper and all(_binds_each(operand, upper) for operand in points)
        case Named(_, which):
            return not which or (which == "first") == upper
        case Day():
            return True


def _plain_window(rule: VisitRule) -> bool:
    """Whether a window is none, or between two points, or some whole days around the target, which it includes."""
    if not isinstance(rule.window, Around):
        return True
    return all(
        side == Span(days=side.days) and side.days * sign >= 0
        for side, sign in ((rule.window.start, -1), (rule.window.end, 1))
    )


def _order(compiled: Compiled, fixed: frozenset[int]) -> list[int]:
    """All visits that are not fixed: each after its anchors, otherwise in the order of the file (rule 9)."""
    left = [sum(anchor not in fixed for anchor in anchors) for anchors in compiled.anchors]
    ready = [place for place, count in enumerate(left) if count == 0 and place not in fixed]
    heapify(ready)
    order = []
    while ready:
        place = heappop(ready)
        order.append(place)
        for dependent in compiled.dependents[place]:
            left[dependent] -= 1
            if left[dependent] == 0 and dependent not in fixed:
                heappush(ready, dependent)
    return order
