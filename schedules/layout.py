"""Placing: every visit of a patient on a day (design §5, rules 6 to 11).

Done and booked visits are fixed. The others are placed one at a time, in the order of the file as soon as what they
count from is fixed or placed, each on the open day nearest to its target within its own window and what the bounds
leave over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from schedules.bounding import history_bounds, live_status, overtaking_bounds
from schedules.compiled import Compiled, Counted
from schedules.evaluating import Board, as_day
from schedules.hours import nearest_allowed
from schedules.inequalities import FIRST, LAST
from schedules.network import Network
from schedules.plan import TO_COME, Status
from schedules.points import Around
from schedules.record import When
from schedules.shape import Facts, Placing, Shape, shaped
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months, add_months
from schedules.standing import Standing, event_days
from schedules.web import Web

FARTHEST_SEARCH = 366
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Layout:
    """All dates of one plan, by the index of the visit, and what was known when each was placed.

    ``not_before`` and ``not_after`` are what the bounds left over. All visits with a date but the ``doubtful`` are on
    their target, in their window and on an open day. ``bases`` are the days of the origins that were asked for (see
    ``Compiled``), ``agreed`` those on which visits are since another is held together with them, and ``together`` are
    the visits that are on the day of one that they are held together with, with that one (see ``schedules.settling``).
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
    doubtful: set[int]
    stopped_by: Mapping[int, str]
    agreed: Mapping[int, date]
    together: Mapping[int, int] = field(default_factory=dict)
    bases: dict[int, date | None] = field(default_factory=dict)
    _facts: Network | None = None

    @property
    def waiting(self) -> Mapping[int, tuple[str, ...]]:
        """What has not happened yet that a visit counts from, by its index."""
        return self.shape.waiting

    def at(self, counted: Counted) -> date | None:
        """The day that is so far from its origin, once all that this names is placed: each origin is asked for once.

        Raises InvalidInput where that leads out of the calendar.
        """
        try:
            base = self.bases[counted.origin]
        except KeyError:
            base = self.bases[counted.origin] = self.compiled.origins[counted.origin](self.board)
        if base is None:
            return None
        try:
            return (add_months(base, counted.months) if counted.months else base) + counted.days
        except (ValueError, OverflowError):
            # Which says so in words.
            return add_days_and_months(base, counted.span)

    @property
    def facts(self) -> Network:
        """The network with nothing but what is fixed, for those who ask what follows from that alone."""
        if self._facts is None:
            bounds = self.network
            self._facts = Network(bounds.web, bounds.events, bounds.answers)
            _fix_facts(self._facts, self.board, self.shape)
        return self._facts

    def to_come(self, place: int) -> bool:
        """Whether the visit is still to come: planned or booked."""
        return self.board.status[place] in TO_COME

    def own_window(self, place: int, target: date) -> tuple[int, int]:
        """The first and last day of a visit's own window; its target day only, where it has none (rule 4)."""
        rule = self.compiled.rules[place]
        if rule.window is not None:
            start, end = self.starts[place], self.ends[place]
            return (as_day(start).toordinal() if start else FIRST, as_day(end).toordinal() if end else LAST)
        # The reference visit, and what carries a bound, are bound by rules alone.
        if place in self.compiled.references or rule.no_earlier_than or rule.no_later_than:
            return FIRST, LAST
        return target.toordinal(), target.toordinal()

    def day(self, place: int) -> date | None:
        """The day that a visit is on, if it has a date."""
        when = self.board.when[place]
        return when.date() if isinstance(when, datetime) else when

    def is_open_for(self, place: int) -> bool:
        """Whether a visit's place is open on the day that it is on."""
        day = self.day(place)
        return day is None or self.may_be_on(place, day)

    def may_be_on(self, place: int, day: date) -> bool:
        """Whether a visit's place is open on a day (rule 5)."""
        return not self.compiled.rules[place].needs_open_day or self.board.site.is_open(day)


def lay_out_with(
    compiled: Compiled,
    standing: Standing,
    site: Site,
    planned_for: Mapping[str, When | None],
    *,
    absent: frozenset[tuple[int, str]],
    stopped: Mapping[int, str],
    agreed: Mapping[int, date],
) -> Layout:
    """The dates of all visits, given what is known only once all were placed (see ``schedules.settling``): what is
    ``absent`` where, what is ``stopped`` by which event, and the days that some have ``agreed`` on with others."""
    return _Placer(compiled, standing, site, planned_for, absent=absent, stopped=stopped, agreed=agreed).placed()


def nearest(target: int, first: int, last: int, may_be_on: Callable[[date], bool]) -> date | None:
    """The day nearest to a target from first to last that may be had, the earlier on a tie; None where there is none
    within a year."""
    if first > last:
        return None
    start = min(max(target, first), last)
    for distance in range(FARTHEST_SEARCH):
        for number in (start - distance, start + distance):
            if first <= number <= last and may_be_on(day := date.fromordinal(number)):
                return day
    return None


def _network(compiled: Compiled, standing: Standing, board: Board, shape: Shape) -> Network:
    """The bounds of a shape with the visits that are fixed on their days, propagated."""

    def live(place: int) -> bool:
        return live_status(shape.status[place])

    web = shape.web
    if len(shape.fixed) > 1:
        more = [bound for members in shape.ordered for bound in overtaking_bounds(compiled, board, members, live)]
        web = Web((*web.bounds, *more), web.size) if more else web
    answers = tuple(history_bounds(compiled, standing, live)) if standing.history else ()
    network = Network(web, board.events, answers)
    if web is shape.web and not answers and shape.reaches is not None:
        for place, reach in shape.reaches.items():
            network.put(place, _day_of(board, place).toordinal(), reach)
    else:
        _fix_facts(network, board, shape)
    return network


def _fix_facts(network: Network, board: Board, shape: Shape) -> None:
    for place in shape.fixed:
        if place in network and live_status(shape.status[place]):
            network.fix(place, _day_of(board, place).toordinal())
    network.propagate_known()


def _day_of(board: Board, fixed: int) -> date:
    when = board.when[fixed]
    assert when is not None
    return as_day(when)


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
        stopped: Mapping[int, str],
        agreed: Mapping[int, date],
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
        self.network = network = _network(compiled, standing, board, shape)
        # What a visit moves by being placed is known beforehand, until one is left out that others are bound to.
        # (Bounds that come with overtaking have a fixed end, so that nothing goes on through them.)
        self.foreseen = True
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
            doubtful={*shape.fixed},
            stopped_by=stopped,
            agreed=agreed,
        )

    def _fix(self, standing: Standing, planned_for: Mapping[str, When | None]) -> tuple[tuple[int, Status, bool], ...]:
        """Puts the visits about which there are facts on their dates."""
        found = []
        for name, visit in standing.visits.items():
            place = self.compiled.index[name]
            when = visit.when if visit.status is not Status.MISSED else planned_for.get(name, visit.when)
            self.board.when[place] = when = None if when is None else self.site.at(when)
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

    def placed(self) -> Layout:
        """Places everything that is not fixed."""
        layout, open_always, agreed = self.layout, self.site.always_open, self.layout.agreed
        when, targets, starts, ends = self.board.when, layout.targets, layout.starts, layout.ends
        at, is_open = layout.at, self.site.is_open
        for place in self.shape.fixed:
            self._describe(place)
        for placing in self.shape.placings:
            target = None if placing.counted is None else at(placing.counted)
            if target is None or not (open_always or placing.anywhere or is_open(target)):
                self._place(placing, target)
            elif placing.simple and not agreed:
                # Most visits are put on their targets, with nothing to look at besides.
                place = placing.place
                when[place] = targets[place] = target
                if placing.around is not None:
                    before, after = placing.around
                    starts[place], ends[place] = target + before, target + after
            elif placing.until is not None and self._beyond(placing, target):
                self._leave_out(placing, target)
            elif not self._put(placing, target):
                self._place(placing, target)
        # What a fixed visit counts from may itself be placed only now.
        for place in self.shape.fixed:
            self._aim(place)
        return layout

    def _put(self, placing: Placing, target: date) -> bool:
        """Puts a visit on its target, which is open and in its window; False where its bounds or another visit that it
        is held together with may forbid it."""
        place, layout, network = placing.place, self.layout, self.network
        if placing.around is not None:
            before, after = placing.around
            layout.starts[place], layout.ends[place] = target + before, target + after
        elif placing.between is not None and not self._lies_between(placing, target):
            return False
        if place in layout.agreed or place in self.compiled.hourly:
            return False
        if placing.partners and self._drawn_away(placing, target):
            return False
        if placing.bounded:
            day = target.toordinal()
            low, high = network.low[place], network.high[place]
            if not low <= day <= high:
                return False
            self._leave(place, low, high)
            self._fix_day(placing, day)
        self.board.when[place] = layout.targets[place] = target
        return True

    def _drawn_away(self, placing: Placing, target: date) -> bool:
        """Whether a visit could be held together with another on another day than its target."""
        start, end = self.layout.starts[placing.place], self.layout.ends[placing.place]
        first, last = as_day(start or target), as_day(end or target)
        for other in placing.partners:
            when = self.board.when[other]
            if when is not None and as_day(when) != target and (start is None or first <= as_day(when) <= last):
                return True
        return False

    def _fix_day(self, placing: Placing, day: int) -> None:
        """Puts a bounded visit on its day in the network, and narrows what is bound to it and yet to be placed."""
        if placing.reach is not None and self.foreseen:
            self.network.put(placing.place, day, placing.reach)
        else:
            self.network.fix(placing.place, day)
            self.network.propagate_from(placing.place)

    def _lies_between(self, placing: Placing, target: date) -> bool:
        assert placing.between is not None
        start, end = map(self.layout.at, placing.between)
        if start is None or end is None or not start <= target <= end:
            return False
        self.layout.starts[placing.place], self.layout.ends[placing.place] = start, end
        return True

    def _describe(self, place: int) -> None:
        if not self.layout.to_come(place) or place not in self.network:
            return
        self._leave(place, *self.network.left_without(place))

    def _leave(self, place: int, low: int, high: int) -> None:
        self.layout.not_before[place] = date.fromordinal(low) if low > FIRST else None
        self.layout.not_after[place] = date.fromordinal(high) if high < LAST else None

    def _aim(self, place: int) -> When | None:
        """The target and window of a visit as the board stands."""
        if place in self.compiled.references and place in self.shape.fixed:
            target = self.board.when[place]
        else:
            target = self.compiled.targets[place](self.board)
        return self._aim_at(place, target)

    def _aim_at(self, place: int, target: When | None) -> When | None:
        layout, rule = self.layout, self.compiled.rules[place]
        layout.targets[place] = target
        if target is None:
            return None
        if isinstance(rule.window, Around):
            layout.starts[place] = _shift(target, rule.window.start)
            layout.ends[place] = _shift(target, rule.window.end)
        elif (window := self.compiled.windows[place]) is not None:
            layout.starts[place], layout.ends[place] = map(layout.at, window)
        return target

    def _place(self, placing: Placing, known: date | None) -> None:
        """Puts a visit where its window, bounds and open days allow; ``known`` is its target where that is known."""
        place = placing.place
        target = self._aim(place) if known is None else self._aim_at(place, known)
        if target is None or self._beyond(placing, target):
            self._leave_out(placing, target)
            return
        self.layout.doubtful.add(place)
        low, high = (self.network.low[place], self.network.high[place]) if placing.bounded else (FIRST, LAST)
        self._leave(place, low, high)
        aim = target
        if place in self.compiled.hourly:
            window = self.layout.starts[place], self.layout.ends[place]
            aim = nearest_allowed(self.compiled.hourly[place], self.board, target, window)
        day = self._choose(placing, as_day(aim), low, high)
        self.board.when[place] = aim if day == as_day(aim) else _on_day(target, day)
        if placing.bounded:
            self._fix_day(placing, day.toordinal())
            if not low <= day.toordinal() <= high:
                # What the bounds asked of others followed from a range that this visit is not in (rule 10).
                self.network.propagate_anew()

    def _leave_out(self, placing: Placing, target: When | None) -> None:
        """Leaves a visit without a date: what it counts from has none, or the repetition has ended before it."""
        place = placing.place
        self._aim_at(place, target)
        if target is not None and self.board.status[place] is not Status.MISSED:
            self.board.status[place] = Status.NOT_APPLICABLE
        if placing.bounded:
            # It stays a free node of the network, which others can be bound to each other through.
            self.foreseen = False

    def _beyond(self, placing: Placing, target: When) -> bool:
        """Whether the repetition has ended before this member."""
        last = self.layout.at(placing.until) if placing.until is not None else None
        return last is not None and as_day(target) > last

    def _choose(self, placing: Placing, target: date, low: int, high: int) -> date:
        place, layout = placing.place, self.layout
        first, last = layout.own_window(place, target)
        first, last = max(first, low), min(last, high)
        shared = self._shared_day(placing, first, last)
        if shared is not None:
            return shared
        found = nearest(target.toordinal(), first, last, partial(layout.may_be_on, place))
        return found or self._at_target_or_first_allowed(place, target)

    def _shared_day(self, placing: Placing, first: int, last: int) -> date | None:
        """The day that was agreed on with another visit, or that of the first visit that this one can be held together
        with: of those on an open day, if there is one."""
        place, when = placing.place, self.board.when
        agreed = self.layout.agreed.get(place)
        days = [as_day(day) for other in placing.partners if (day := when[other]) is not None]
        within = [day for day in (agreed, *days) if day is not None and first <= day.toordinal() <= last]
        return next((day for day in within if self.layout.may_be_on(place, day)), within[0] if within else None)

    def _at_target_or_first_allowed(self, place: int, target: date) -> date:
        floor = self._floor(place)
        if target.toordinal() >= floor:
            return target
        day = floor
        while not self.layout.may_be_on(place, date.fromordinal(day)) and day < floor + FARTHEST_SEARCH:
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
