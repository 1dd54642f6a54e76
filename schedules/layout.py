"""Placing: every visit of a patient on a day (design §5, rules 6 to 11).

Done and booked visits are fixed. The others are placed one at a time, in the order of the file as soon as what they
count
from is fixed or placed, each on the open day nearest to its target within its own window and what the bounds leave
over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush

from schedules.bounding import all_bounds, live_status
from schedules.compiled import Board, Compiled, as_day
from schedules.network import FIRST, LAST, Network
from schedules.plan import Status
from schedules.points import Around, Between, Day, Extreme, Named, Point, Shifted, names_in
from schedules.record import When
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months
from schedules.standing import Standing, event_days
from schedules.template import OPEN_DAYS_ONLY, STOP_EVERYTHING

FARTHEST_SEARCH = 366
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Layout:
    """All dates of one plan, by the index of the visit, and what was known when each was placed.

    ``not_before`` and ``not_after`` are what the bounds left over; ``facts`` is the network with nothing but what is
    fixed.
    """

    compiled: Compiled
    standing: Standing
    board: Board
    targets: list[When | None]
    starts: list[When | None]
    ends: list[When | None]
    not_before: list[date | None]
    not_after: list[date | None]
    waiting: dict[int, tuple[str, ...]]
    network: Network
    facts: Network
    stopped_by: dict[int, str] = field(default_factory=dict)
    dormant: set[int] = field(default_factory=set)

    def to_come(self, place: int) -> bool:
        """Whether the visit is still to come: planned or booked."""
        return self.board.status[place] in (Status.PLANNED, Status.BOOKED)


def lay_out(compiled: Compiled, standing: Standing, site: Site, planned_for: Mapping[str, When | None]) -> Layout:
    """The dates of all visits. ``planned_for`` gives, of a missed visit, the moment it was planned for (rule 7)."""
    absent = _absent(compiled, standing)
    layout = _Placer(compiled, standing, site, planned_for, absent=frozenset(absent), stopped={}).placed()
    if not standing.events:
        return layout
    stopped: dict[int, str] = {}
    # What a stop cancels can move what counts from the last of something, and so bring more under the stop.
    for _ in range(len(compiled.rules) + 1):
        found, lost = _stopped(layout)
        if found.keys() <= stopped.keys() and lost <= absent:
            break
        stopped |= found
        absent |= lost
        layout = _Placer(compiled, standing, site, planned_for, absent=frozenset(absent), stopped=stopped).placed()
    return layout


def _absent(compiled: Compiled, standing: Standing) -> set[tuple[int, str]]:
    absent = {(compiled.index[visit], activity) for visit, activity in standing.withheld}
    for activity in compiled.template.activities.values():
        chosen = {visit for visit, name in standing.given if name == activity.id}
        absent.update((compiled.index[visit], activity.id) for visit in activity.optional - chosen)
    return absent


def _stopped(layout: Layout) -> tuple[dict[int, str], set[tuple[int, str]]]:
    """The visits and the activities at visits that an event stops: not done, and dated after its day (rules 11 and
    16)."""
    visits: dict[int, str] = {}
    lost: set[tuple[int, str]] = set()
    for event, fact in layout.standing.events.items():
        # The first of an event that repeats stops what comes after it.
        day = layout.board.events.get(f"{event}#1", fact.day)
        names, activities = stops(layout.compiled, event)
        for place, status in enumerate(layout.board.status):
            if day is None or status in (Status.DONE, Status.MISSED, Status.NOT_APPLICABLE):
                continue
            when = layout.board.when[place]
            if when is not None and as_day(when) <= day:
                continue
            gone = [name for name in layout.compiled.activities[place] if name in activities]
            lost.update((place, name) for name in gone)
            left = [
                name
                for name in layout.compiled.activities[place]
                if name not in gone and (place, name) not in layout.board.absent
            ]
            if place in names or (gone and not left):
                visits.setdefault(place, event)
    return visits, lost


def stops(compiled: Compiled, event: str) -> tuple[set[int], set[str]]:
    """The visits (by index) and activities that a milestone ends."""
    template = compiled.template
    milestone = template.milestones.get(event)
    listed = milestone.stop if milestone else None
    every = set(range(len(compiled.rules)))
    if event in STOP_EVERYTHING:
        return every, set()
    if event == "withdrawal-follow-up" and listed is None:
        return {place for place in every if compiled.rules[place].place in ("clinic", "ward")}, set()
    if event == "withdrawal-treatment" and listed is None:
        return set(), set(compiled.activities[compiled.reference])
    if not listed:
        return set(), set()
    keep = {place for name in (milestone.keep if milestone else ()) for place in _places(compiled, name)}
    spared = {name for name in (milestone.keep if milestone else ()) if name in template.activities}
    if "all" in listed:
        return every - keep, set()
    visits = {place for name in listed if name not in template.activities for place in _places(compiled, name)}
    return visits - keep, {name for name in listed if name in template.activities} - spared


def _places(compiled: Compiled, name: str) -> list[int]:
    return [compiled.index[visit] for visit in compiled.template.members(name) if visit in compiled.index]


class _Placer:
    """Builds one layout, visit by visit."""

    def __init__(
        self,
        compiled: Compiled,
        standing: Standing,
        site: Site,
        planned_for: Mapping[str, When | None],
        *,
        absent: frozenset[tuple[int, str]],
        stopped: dict[int, str],
    ) -> None:
        self.compiled = compiled
        self.standing = standing
        self.site = site
        self.planned_for = planned_for
        self.stopped = stopped
        count = len(compiled.rules)
        self.board = Board(
            site,
            [None] * count,
            [Status.PLANNED] * count,
            event_days(compiled.template, standing),
            absent,
        )
        self.waiting: dict[int, tuple[str, ...]] = {}
        self.dormant: set[int] = set()
        self.fixed = self._fix()
        self._find_conditional()
        self.network = self._network()
        self.facts = self._facts()
        self.layout = Layout(
            compiled=compiled,
            standing=standing,
            board=self.board,
            targets=[None] * count,
            starts=[None] * count,
            ends=[None] * count,
            not_before=[None] * count,
            not_after=[None] * count,
            waiting=self.waiting,
            network=self.network,
            facts=self.facts,
            stopped_by=stopped,
            dormant=self.dormant,
        )

    def _fix(self) -> set[int]:
        board, fixed = self.board, set()
        for place in self.compiled.excluded:
            board.status[place] = Status.NOT_APPLICABLE
        for name, visit in self.standing.visits.items():
            place = self.compiled.index[name]
            board.status[place] = visit.status
            when = visit.when if visit.status is not Status.MISSED else self.planned_for.get(name, visit.when)
            if when is not None:
                board.when[place] = when.astimezone(self.site.zone) if isinstance(when, datetime) else when
                fixed.add(place)
        for place in self.stopped:
            board.status[place] = Status.CANCELLED
        for place in self._dormant():
            board.status[place] = Status.NOT_APPLICABLE
            self.dormant.add(place)
        return fixed

    def _dormant(self) -> Iterator[int]:
        """Visits that nothing calls for: of a member and its stand-ins all but the one in use and those done before
        (rule 15).

        A member done before the latest cycle began stays as history; the first that was not takes the new date.
        """
        for chain in self.compiled.chains:
            began = self._latest_start(chain)
            for number, place in enumerate(chain):
                if not self._is_history(place, began):
                    yield from (other for other in chain[number + 1 :] if not self._has_fact(other))
                    break
        for place, event, number in self.compiled.nth:
            # One is always shown, waiting for the next event; the others are there to be called for.
            if number > 1 and f"{event}#{number - 1}" not in self.board.events:
                yield place

    def _latest_start(self, chain: tuple[int, ...]) -> date | None:
        """The day on which the latest cycle began that a stand-in of this chain belongs to."""
        days = [self.board.events.get(self.compiled.starts[self.compiled.rules[place].cycle]) for place in chain[1:]]
        return max((day for day in days if day is not None), default=None)

    def _is_history(self, place: int, began: date | None) -> bool:
        visit = self.standing.visits.get(self.compiled.rules[place].id)
        if visit is None or began is None or visit.status is Status.BOOKED:
            return False
        when = self.board.when[place]
        return when is not None and as_day(when) <= began

    def _has_fact(self, place: int) -> bool:
        return self.compiled.rules[place].id in self.standing.visits

    def _find_conditional(self) -> None:
        """Marks the visits that count from something that has not happened (rule 8), anchors first."""
        status = self.board.status
        for place in self._order(set()):
            if status[place] is not Status.PLANNED:
                continue
            group = self.compiled.open.get(place)
            missing = (group,) if group else self._missing(place)
            if missing:
                status[place] = Status.CONDITIONAL
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
        return named.name in self.board.events

    def _visit_happens(self, place: int) -> bool:
        status = self.board.status[place]
        return live_status(status) or (status is Status.MISSED and place not in self.compiled.references)

    def _lacking(self, point: Point) -> list[str]:
        """The milestones (or visits) that have to happen first, followed through conditional visits to their cause."""
        found: list[str] = []
        for named in names_in(point):
            if self._named_happens(named):
                continue
            place = self.compiled.reference_of(named) if isinstance(named, Day) else self.compiled.index.get(named.name)
            deeper = self.waiting.get(place, ()) if place is not None else ()
            own = self.compiled.rules[place].id if place is not None else str(named)
            found.extend(deeper or (own,))
        return found

    def _order(self, fixed: set[int]) -> list[int]:
        """All visits that are not fixed: each after its anchors, otherwise in the order of the file (rule 9)."""
        compiled = self.compiled
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

    def _live(self, place: int) -> bool:
        return live_status(self.board.status[place])

    def _network(self) -> Network:
        network = Network(all_bounds(self.compiled, self.board, self.standing, self._live))
        for place in self.fixed:
            when = self.board.when[place]
            if place in network and when is not None and self._live(place):
                network.fix(place, as_day(when).toordinal())
        network.propagate()
        return network

    def _facts(self) -> Network:
        network = self.network
        return Network(
            network.bounds,
            dict(network.low),
            dict(network.high),
            set(network.fixed),
            dict(network.reasons),
            network.touching,
        )

    def placed(self) -> Layout:
        """Places everything that is not fixed."""
        for place in sorted(self.fixed):
            self._describe(place)
        for place in self._order(self.fixed):
            if self.board.status[place] in (Status.PLANNED, Status.CANCELLED, Status.MISSED):
                self._place(place)
        # What a fixed visit counts from may itself be placed only now.
        for place in sorted(self.fixed):
            self._aim(place)
        return self.layout

    def _describe(self, place: int) -> None:
        if place not in self.network or not self.layout.to_come(place):
            return
        freed = self.network.copy_without(place)
        self._leave(place, freed.low[place], freed.high[place])

    def _leave(self, place: int, low: int, high: int) -> None:
        self.layout.not_before[place] = date.fromordinal(low) if low > FIRST else None
        self.layout.not_after[place] = date.fromordinal(high) if high < LAST else None

    def _aim(self, place: int) -> When | None:
        """The target and window of a visit as the board stands."""
        layout, rule = self.layout, self.compiled.rules[place]
        target = self.compiled.targets[place](self.board)
        if place in self.compiled.references and place in self.fixed:
            target = self.board.when[place]
        layout.targets[place] = target
        if target is None:
            return None
        if isinstance(rule.window, Around):
            layout.starts[place] = _shift(target, rule.window.start)
            layout.ends[place] = _shift(target, rule.window.end)
        elif (window := self.compiled.windows[place]) is not None:
            layout.starts[place], layout.ends[place] = window[0](self.board), window[1](self.board)
        return target

    def _place(self, place: int) -> None:
        target = self._aim(place)
        if target is None:
            return
        if self._beyond(place, target):
            self.board.status[place] = Status.NOT_APPLICABLE
            return
        live = place in self.network and self._live(place)
        low, high = (self.network.low[place], self.network.high[place]) if live else (FIRST, LAST)
        self._leave(place, low, high)
        day = self._choose(place, as_day(target), low, high)
        when = target if day == as_day(target) else _on_day(target, day)
        self.board.when[place] = when
        if live:
            self.network.fix(place, day.toordinal())
            self.network.propagate((place,))

    def _beyond(self, place: int, target: When) -> bool:
        until = self.compiled.until[place]
        last = until(self.board) if until is not None else None
        return last is not None and as_day(target) > as_day(last)

    def _choose(self, place: int, target: date, low: int, high: int) -> date:
        first, last = self._own_window(place, target)
        first, last = max(first, low), min(last, high)
        partner = self._partner(place, first, last)
        if partner is not None:
            return partner
        found = self._nearest(place, target.toordinal(), first, last)
        if found is not None:
            return date.fromordinal(found)
        return self._at_target_or_first_allowed(place, target)

    def _own_window(self, place: int, target: date) -> tuple[int, int]:
        """The first and last day of a visit's own window; its target day only, where it has none (rule 4)."""
        layout = self.layout
        if self.compiled.rules[place].window is not None:
            start, end = layout.starts[place], layout.ends[place]
            return (as_day(start).toordinal() if start else FIRST, as_day(end).toordinal() if end else LAST)
        return (FIRST, LAST) if self.unbounded(place) else (target.toordinal(), target.toordinal())

    def unbounded(self, place: int) -> bool:
        """Whether a visit without a window is bound by rules alone: the reference, and what carries a bound."""
        rule = self.compiled.rules[place]
        return place in self.compiled.references or bool(rule.no_earlier_than or rule.no_later_than)

    def _partner(self, place: int, first: int, last: int) -> date | None:
        for name in self.compiled.rules[place].together_with:
            other = self.compiled.index[name]
            when = self.board.when[other]
            if when is not None and live_status(self.board.status[other]) and first <= as_day(when).toordinal() <= last:
                return as_day(when)
        return None

    def _nearest(self, place: int, target: int, first: int, last: int) -> int | None:
        """The open day nearest to the target within two days, the earlier on a tie; None where there is none."""
        if first > last:
            return None
        start = min(max(target, first), last)
        if self._any_day(place):
            return start
        for distance in range(FARTHEST_SEARCH):
            for day in (start - distance, start + distance):
                if first <= day <= last and self.site.is_open(date.fromordinal(day)):
                    return day
        return None

    def _any_day(self, place: int) -> bool:
        rule = self.compiled.rules[place]
        return (
            rule.place not in OPEN_DAYS_ONLY or self.site.always_open or is_at_enrolment(rule.at, rule.window is None)
        )

    def _at_target_or_first_allowed(self, place: int, target: date) -> date:
        floor = self._floor(place)
        if target.toordinal() >= floor:
            return target
        day = floor
        while (
            not self._any_day(place) and not self.site.is_open(date.fromordinal(day)) and day < floor + FARTHEST_SEARCH
        ):
            day += 1
        return date.fromordinal(day)

    def _floor(self, place: int) -> int:
        """The first day that keeps a visit's own minimum distances (rule 10)."""
        own = [bound for bound in self.network.touching.get(place, ()) if bound.carrier == place and not bound.upper]
        return max((self.network.end(bound.expression, False)[0] for bound in own), default=FIRST)


def is_at_enrolment(point: Point, without_window: bool) -> bool:
    """Whether a visit is at exactly ``enrolment`` and has no window: it is placed there, open or not (rule 4)."""
    return without_window and point == Named("enrolment")


def _shift(target: When, span: Span) -> When:
    if isinstance(target, datetime):
        return add(target, span)
    days = Span(span.months, span.days + (span.minutes // 1440 if span.minutes < 0 else -(-span.minutes // 1440)))
    return add_days_and_months(target, days)


def _on_day(target: When, day: date) -> When:
    if not isinstance(target, datetime):
        return day
    return add(target, Span(days=(day - target.date()).days))
