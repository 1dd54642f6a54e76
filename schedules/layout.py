"""Placing: every visit of a patient on a day (design §5, rules 6 to 11).

Done and booked visits are fixed. The others are placed one at a time, in the order of the file as soon as what they
count
from is fixed or placed, each on the open day nearest to its target within its own window and what the bounds leave
over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from schedules.bounding import history_bounds, live_status, overtaking_bounds
from schedules.compiled import Board, Compiled, as_day
from schedules.network import FIRST, LAST, Network, Web
from schedules.plan import Status
from schedules.points import Around
from schedules.record import When
from schedules.shape import Facts, Placing, Shape, shaped
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months
from schedules.standing import Standing, event_days
from schedules.template import STOP_EVERYTHING

FARTHEST_SEARCH = 366
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Layout:
    """All dates of one plan, by the index of the visit, and what was known when each was placed.

    ``not_before`` and ``not_after`` are what the bounds left over; ``facts`` is the network with nothing but what is
    fixed. All visits but the ``doubtful`` are on their target, in their window and on an open day.
    """

    compiled: Compiled
    standing: Standing
    board: Board
    targets: list[When | None]
    starts: list[When | None]
    ends: list[When | None]
    not_before: list[date | None]
    not_after: list[date | None]
    shape: Shape
    network: Network
    facts: Network
    doubtful: set[int]
    stopped_by: dict[int, str] = field(default_factory=dict)

    @property
    def waiting(self) -> Mapping[int, tuple[str, ...]]:
        """What has not happened yet that a visit counts from, by its index."""
        return self.shape.waiting

    def to_come(self, place: int) -> bool:
        """Whether the visit is still to come: planned or booked."""
        return self.board.status[place] in (Status.PLANNED, Status.BOOKED)


def lay_out(compiled: Compiled, standing: Standing, site: Site, planned_for: Mapping[str, When | None]) -> Layout:
    """The dates of all visits. ``planned_for`` gives, of a missed visit, the moment it was planned for (rule 7)."""
    absent = _absent(compiled, standing)
    layout = _Placer(compiled, standing, site, planned_for, absent=absent, stopped={}).placed()
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
        layout = _Placer(compiled, standing, site, planned_for, absent=absent, stopped=stopped).placed()
    return layout


def _absent(compiled: Compiled, standing: Standing) -> frozenset[tuple[int, str]]:
    """What is not given where: the optional that was not chosen, and the withheld."""
    if not standing.given and not standing.withheld:
        return compiled.optional
    chosen = {(compiled.index[visit], activity) for visit, activity in standing.given}
    return (compiled.optional - chosen) | {(compiled.index[visit], activity) for visit, activity in standing.withheld}


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
        self.site = site
        count = len(compiled.rules)
        self.board = board = Board(site, [None] * count, [], event_days(compiled.template, standing), absent)
        visits = self._fix(standing, planned_for)
        history = self._history(visits) if compiled.chained else frozenset()
        facts = Facts(visits, frozenset(board.events), absent, frozenset(stopped), history)
        self.shape = shape = shaped(compiled, facts)
        board.status = [*shape.status]
        self.network = network = self._network(standing)
        self.layout = Layout(
            compiled=compiled,
            standing=standing,
            board=board,
            targets=[None] * count,
            starts=[None] * count,
            ends=[None] * count,
            not_before=[None] * count,
            not_after=[None] * count,
            shape=shape,
            network=network,
            facts=network.copy(),
            doubtful={*shape.fixed},
            stopped_by=stopped,
        )

    def _fix(self, standing: Standing, planned_for: Mapping[str, When | None]) -> tuple[tuple[int, Status, bool], ...]:
        """Puts the visits about which there are facts on their dates."""
        found = []
        for name, visit in standing.visits.items():
            place = self.compiled.index[name]
            when = visit.when if visit.status is not Status.MISSED else planned_for.get(name, visit.when)
            if isinstance(when, datetime):
                when = when.astimezone(self.site.zone)
            self.board.when[place] = when
            found.append((place, visit.status, when is not None))
        return tuple(sorted(found))

    def _history(self, visits: tuple[tuple[int, Status, bool], ...]) -> frozenset[int]:
        """The members of a repetition done or missed before the latest cycle began (rule 15)."""
        found = set()
        for place, status, _ in visits:
            chain, when = self.compiled.chained.get(place), self.board.when[place]
            if chain is None or when is None or status not in (Status.DONE, Status.MISSED):
                continue
            began = self._latest_start(chain)
            if began is not None and as_day(when) <= began:
                found.add(place)
        return frozenset(found)

    def _latest_start(self, chain: tuple[int, ...]) -> date | None:
        """The day on which the latest cycle began that a stand-in of this chain belongs to."""
        days = [self.board.events.get(self.compiled.starts[self.compiled.rules[place].cycle]) for place in chain[1:]]
        return max((day for day in days if day is not None), default=None)

    def _live(self, place: int) -> bool:
        return live_status(self.board.status[place])

    def _network(self, standing: Standing) -> Network:
        board, shape = self.board, self.shape
        web = shape.web
        if len(shape.fixed) > 1:
            ordered = shape.ordered
            more = [b for members in ordered for b in overtaking_bounds(self.compiled, board, members, self._live)]
            web = Web((*web.bounds, *more), web.size) if more else web
        answers = tuple(history_bounds(self.compiled, standing, self._live)) if standing.history else ()
        network = Network(web, board.events, answers)
        for place in shape.fixed:
            when = board.when[place]
            if place in network and when is not None and self._live(place):
                network.fix(place, as_day(when).toordinal())
        network.propagate()
        return network

    def placed(self) -> Layout:
        """Places everything that is not fixed."""
        for place in self.shape.fixed:
            self._describe(place)
        origins: dict[int, When | None] = {}
        for placing in self.shape.placings:
            target = self._target(placing, origins)
            if target is None or not self._put(placing, target):
                self._place(placing.place, placing.bounded)
        # What a fixed visit counts from may itself be placed only now.
        for place in self.shape.fixed:
            self._aim(place)
        return self.layout

    def _target(self, placing: Placing, origins: dict[int, When | None]) -> date | None:
        """The target of a visit that counts from one origin; each origin is asked for once, when it is settled."""
        if placing.origin is None:
            return None
        if placing.origin not in origins:
            origins[placing.origin] = self.compiled.origins[placing.origin](self.board)
        base = origins[placing.origin]
        if base is None:
            return None
        return base + placing.shift if placing.shift is not None else add_days_and_months(base, placing.span)

    def _put(self, placing: Placing, target: date) -> bool:
        """Puts a visit on its target, which is in its window; False where its bounds or a closed day forbid it."""
        place, layout, network = placing.place, self.layout, self.network
        if not (placing.anywhere or self.site.always_open or self.site.is_open(target)):
            return False
        if placing.start is not None and placing.end is not None:
            layout.starts[place], layout.ends[place] = target + placing.start, target + placing.end
        elif placing.between is not None and not self._lies_between(placing, target):
            return False
        if placing.bounded:
            day = target.toordinal()
            low, high = network.low[place], network.high[place]
            if not low <= day <= high:
                return False
            self._leave(place, low, high)
            network.fix(place, day)
            network.propagate_from(place)
        self.board.when[place] = layout.targets[place] = target
        return True

    def _lies_between(self, placing: Placing, target: date) -> bool:
        assert placing.between is not None
        start, end = (edge(self.board) for edge in placing.between)
        if start is None or end is None or not start <= target <= end:
            return False
        self.layout.starts[placing.place], self.layout.ends[placing.place] = start, end
        return True

    def _describe(self, place: int) -> None:
        if not self.layout.to_come(place) or place not in self.network:
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
        if place in self.compiled.references and place in self.shape.fixed:
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

    def _place(self, place: int, bounded: bool) -> None:
        self.layout.doubtful.add(place)
        target = self._aim(place)
        if target is None:
            return
        if self._beyond(place, target):
            self.board.status[place] = Status.NOT_APPLICABLE
            return
        low, high = (self.network.low[place], self.network.high[place]) if bounded else (FIRST, LAST)
        self._leave(place, low, high)
        day = self._choose(place, as_day(target), low, high)
        self.board.when[place] = target if day == as_day(target) else _on_day(target, day)
        if bounded:
            self.network.fix(place, day.toordinal())
            self.network.propagate_from(place)

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
        return self.site.always_open or not self.compiled.rules[place].needs_open_day

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
        own = self.network.floors(place)
        return max((self.network.end(bound.expression, False)[0] for bound in own), default=FIRST)


def _shift(target: When, span: Span) -> When:
    if isinstance(target, datetime):
        return add(target, span)
    days = Span(span.months, span.days + (span.minutes // 1440 if span.minutes < 0 else -(-span.minutes // 1440)))
    return add_days_and_months(target, days)


def _on_day(target: When, day: date) -> When:
    if not isinstance(target, datetime):
        return day
    return add(target, Span(days=(day - target.date()).days))
