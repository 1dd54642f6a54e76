"""Placing: every visit of a patient on a day (design §5, rules 6 to 11).

Done and booked visits are fixed. The others are placed one at a time, in the order of the file as soon as what they
count from is fixed or placed, each on the open day nearest to its target within its own window and what the bounds
leave over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from schedules import stopping
from schedules.bounding import history_bounds, live_status, overtaking_bounds
from schedules.compiled import Compiled
from schedules.evaluating import Board, as_day
from schedules.inequalities import FIRST, LAST
from schedules.network import Network
from schedules.plan import Status
from schedules.points import Around
from schedules.record import When
from schedules.shape import Facts, Placing, Shape, shaped
from schedules.site import Site
from schedules.spans import Span, add, add_days_and_months
from schedules.standing import Standing, event_days
from schedules.web import Web

FARTHEST_SEARCH = 366
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Layout:
    """All dates of one plan, by the index of the visit, and what was known when each was placed.

    ``not_before`` and ``not_after`` are what the bounds left over. All visits but the ``doubtful`` are on their target,
    in their window and on an open day. ``bases`` are the days of the origins that were asked for (see ``Compiled``).
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
    stopped_by: dict[int, str] = field(default_factory=dict)
    bases: dict[int, When | None] = field(default_factory=dict)
    _facts: Network | None = None

    @property
    def waiting(self) -> Mapping[int, tuple[str, ...]]:
        """What has not happened yet that a visit counts from, by its index."""
        return self.shape.waiting

    def base(self, origin: int) -> When | None:
        """The day of an origin, once all is placed."""
        if origin not in self.bases:
            self.bases[origin] = self.compiled.origins[origin](self.board)
        return self.bases[origin]

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
        found, lost = stopping.stopped(compiled, standing, layout.board)
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
    _fix_facts(network, board, shape)
    return network


def _fix_facts(network: Network, board: Board, shape: Shape) -> None:
    for place in shape.fixed:
        when = board.when[place]
        if place in network and when is not None and live_status(shape.status[place]):
            network.fix(place, as_day(when).toordinal())
    network.propagate_known()


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
        self.network = network = _network(compiled, standing, board, shape)
        # What a visit moves by being placed is known beforehand, but where visits overtook one another.
        self.foreseen = network.web is shape.web
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
        layout, open_always = self.layout, self.site.always_open
        when, targets, starts, ends = self.board.when, layout.targets, layout.starts, layout.ends
        for place in self.shape.fixed:
            self._describe(place)
        for placing in self.shape.placings:
            target = self._target(placing)
            if target is None:
                self._place(placing, None)
            elif placing.simple and (open_always or placing.anywhere or self.site.is_open(target)):
                # Most visits are put on their targets, with nothing to look at besides.
                place = placing.place
                when[place] = targets[place] = target
                if placing.start is not None and placing.end is not None:
                    starts[place], ends[place] = target + placing.start, target + placing.end
            elif not self._put(placing, target):
                self._place(placing, target)
        # What a fixed visit counts from may itself be placed only now.
        for place in self.shape.fixed:
            self._aim(place)
        return layout

    def _target(self, placing: Placing) -> date | None:
        """The target of a visit that counts from one origin; each origin is asked for once, when it is settled."""
        origin = placing.origin
        if origin is None:
            return None
        bases = self.layout.bases
        if origin in bases:
            base = bases[origin]
        else:
            base = bases[origin] = self.compiled.origins[origin](self.board)
        if base is None:
            return None
        return base + placing.shift if placing.shift is not None else add_days_and_months(base, placing.span)

    def _put(self, placing: Placing, target: date) -> bool:
        """Puts a visit on its target, which is in its window; False where its bounds, a closed day, the end of its
        series or another visit that it is held together with may forbid it."""
        place, layout, network = placing.place, self.layout, self.network
        if not (placing.anywhere or self.site.always_open or self.site.is_open(target)):
            return False
        if placing.until is not None and self._beyond(placing, target):
            return False
        if placing.start is not None and placing.end is not None:
            layout.starts[place], layout.ends[place] = target + placing.start, target + placing.end
        elif placing.between is not None and not self._lies_between(placing, target):
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
        days = [as_day(when) for other in placing.partners if (when := self.board.when[other]) is not None]
        if start is None or end is None:
            return any(day != target for day in days)
        return any(day != target and as_day(start) <= day <= as_day(end) for day in days)

    def _fix_day(self, placing: Placing, day: int) -> None:
        """Puts a bounded visit on its day in the network, and narrows what is yet to be placed, if it is bound to any
        of that."""
        self.network.fix(placing.place, day)
        if not self.foreseen:
            self.network.propagate_from(placing.place)
        elif placing.raises or placing.lowers:
            self.network.propagate_from(placing.place, raises=placing.raises, lowers=placing.lowers)

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
            layout.starts[place], layout.ends[place] = window[0](self.board), window[1](self.board)
        return target

    def _place(self, placing: Placing, known: date | None) -> None:
        """Puts a visit where its window, bounds and open days allow; ``known`` is its target where that is known."""
        place = placing.place
        self.layout.doubtful.add(place)
        target = self._aim(place) if known is None else self._aim_at(place, known)
        if target is None or self._beyond(placing, target):
            if target is not None:
                self.board.status[place] = Status.NOT_APPLICABLE
            # It stays a free node of the network, which others can be bound to each other through.
            self.foreseen = False
            return
        low, high = (self.network.low[place], self.network.high[place]) if placing.bounded else (FIRST, LAST)
        self._leave(place, low, high)
        day = self._choose(placing, as_day(target), low, high)
        self.board.when[place] = target if day == as_day(target) else _on_day(target, day)
        if placing.bounded:
            self._fix_day(placing, day.toordinal())
            if not low <= day.toordinal() <= high:
                # What the bounds asked of others followed from a range that this visit is not in (rule 10).
                self.network.propagate_anew()

    def _beyond(self, placing: Placing, target: When) -> bool:
        """Whether the repetition has ended before this member."""
        last = placing.until(self.board) if placing.until is not None else None
        return last is not None and as_day(target) > as_day(last)

    def _choose(self, placing: Placing, target: date, low: int, high: int) -> date:
        place = placing.place
        first, last = self._own_window(place, target)
        first, last = max(first, low), min(last, high)
        partner = self._partner(placing, first, last)
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

    def _partner(self, placing: Placing, first: int, last: int) -> date | None:
        """The day of the first visit that this one can be held together with."""
        days = [as_day(when) for other in placing.partners if (when := self.board.when[other]) is not None]
        return next((day for day in days if first <= day.toordinal() <= last), None)

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
