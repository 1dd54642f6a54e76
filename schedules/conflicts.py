"""Rules that do not hold for a visit still to come, each with the rules that collide and by how much (design §5,
rule 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from schedules.bounding import history_bounds, series_order
from schedules.collisions import Rule, as_rules, on_day, ranges, satisfiable, smallest, within
from schedules.compiled import Check
from schedules.evaluating import as_day
from schedules.inequalities import Bound, End
from schedules.layout import FARTHEST_SEARCH, Layout
from schedules.network import Network
from schedules.plan import Conflict, Status
from schedules.record import When
from schedules.spans import between
from schedules.words import day_words, days_words, weekday, when_words

ONE_DAY = timedelta(days=1)
# Where a visit that is free would be, to satisfy a lower or an upper bound.
FAR_AWAY = (date(1000, 1, 1), date(9000, 1, 1))


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that is broken: its visit, by how much, the sentence, and the rules that collide."""

    place: int
    by: timedelta
    message: str
    rules: tuple[Rule, ...]


def find_conflicts(layout: Layout) -> tuple[Conflict, ...]:
    """All conflicts of a finished layout, in the order of the file."""
    names = layout.compiled.rules
    return tuple(
        Conflict(
            visit=names[found.place].id,
            by=found.by,
            message=found.message,
            rules=tuple(dict.fromkeys(rule.text for rule in found.rules)),
        )
        for found in collisions(layout)
    )


def collisions(layout: Layout) -> list[Found]:
    """All conflicts of a finished layout, in the order of the file, with what their rules demand."""
    found: list[Found] = []
    for place in sorted(layout.doubtful):
        if layout.to_come(place) and layout.board.when[place] is not None:
            found.extend(_window(layout, place))
            found.extend(_closed(layout, place))
    found.extend(_series(layout))
    for check, placed in layout.shape.checks:
        if placed is None or not placed.isdisjoint(layout.doubtful):
            found.extend(_bound(layout, check))
    if layout.standing.history:
        found.extend(_history(layout))
    found.sort(key=lambda item: item.place)
    return found


def standing_words(layout: Layout, place: int) -> str:
    """Where a visit stands: ``ld-1 was done on 27 February 2026``."""
    name, when = layout.compiled.rules[place].id, layout.board.when[place]
    assert when is not None
    match layout.board.status[place]:
        case Status.DONE:
            return f"{name} was done on {when_words(when)}"
        case Status.BOOKED:
            return f"{name} is booked for {when_words(when)}"
        case Status.MISSED:
            return f"{name} was planned for {when_words(when)} and missed"
        case _:
            return f"{name} is planned for {when_words(when)}"


def window_words(layout: Layout, place: int) -> str:
    """The rule that a visit's own window is: its text and its days."""
    rule = layout.compiled.rules[place]
    if rule.window is None:
        return f"{rule.id} has no window: it is on its target day, {rule.at}"
    return f"window of {rule.id}: {rule.window} around {rule.at}"


def _window(layout: Layout, place: int) -> Iterator[Found]:
    edges = window_edges(layout, place)
    when = layout.board.when[place]
    assert when is not None
    if edges is None:
        return
    for upper, edge in enumerate(edges):
        if edge is None or not _beyond(when, edge, bool(upper)):
            continue
        if upper and layout.board.status[place] is Status.BOOKED and _tolerated(layout, place, when):
            continue
        by = _distance(when, edge)
        side = "last" if upper else "first"
        message = (
            f"{standing_words(layout, place)}, {length_words(by)} {'after' if upper else 'before'} "
            f"the {side} day of its window, {when_words(edge)}."
        )
        yield Found(place, by, message, _pushed(layout, place, edge, bool(upper)))


def window_edges(layout: Layout, place: int) -> tuple[When | None, When | None] | None:
    """The first and last moment or day of a visit's window; its target twice where it has none; None where only
    bounds bind."""
    rule = layout.compiled.rules[place]
    target = layout.targets[place]
    if rule.window is not None:
        return layout.starts[place], layout.ends[place]
    free = place in layout.compiled.references or rule.no_earlier_than or rule.no_later_than
    return None if free or target is None else (target, target)


def _beyond(when: When, edge: When, upper: bool) -> bool:
    if isinstance(when, datetime) and isinstance(edge, datetime):
        past = between(edge, when)
        return past > timedelta() if upper else past < timedelta()
    return as_day(when) > as_day(edge) if upper else as_day(when) < as_day(edge)


def _distance(when: When, edge: When) -> timedelta:
    if isinstance(when, datetime) and isinstance(edge, datetime):
        return abs(between(edge, when))
    return abs(as_day(when) - as_day(edge))


def length_words(by: timedelta) -> str:
    """A difference in words: days, or hours and minutes below a day."""
    if by.seconds == 0:
        return days_words(by.days)
    hours, minutes = divmod(round(by.total_seconds() / 60), 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(filter(None, parts))


def _tolerated(layout: Layout, place: int, when: When) -> bool:
    evaluate = layout.compiled.latest[place]
    latest = evaluate(layout.board) if evaluate is not None else None
    return latest is not None and as_day(when) <= as_day(latest)


def _pushed(layout: Layout, place: int, edge: When, upper: bool) -> tuple[Rule, ...]:
    """A window, and why its visit is beyond it: a booking, or the bounds that pushed it there."""
    words = window_words(layout, place)
    window = within(place, None, as_day(edge), words) if upper else within(place, as_day(edge), None, words)
    own = _stands(layout, place)
    if layout.board.status[place] is Status.PLANNED:
        rules = _behind(layout, layout.network, place, [not upper], [])
        found = smallest(rules, [window], _collision(layout))
        if found:
            return (*found, window)
    return own, window


def _stands(layout: Layout, place: int) -> Rule:
    when = layout.board.when[place]
    assert when is not None
    return on_day(place, as_day(when), standing_words(layout, place))


def _collision(layout: Layout) -> Callable[[Sequence[Rule]], bool]:
    return lambda rules: not satisfiable(rules, layout.board.events)


def _behind(layout: Layout, network: Network, place: int, sides: Sequence[bool], ends: Sequence[End]) -> list[Rule]:
    """The rules from which sides of a visit's range follow, and some ends: facts and plans, then bounds, the farthest
    first.
    """
    bounds: list[Bound] = []
    sources = list(ends)
    for upper in sides:
        reason = network.reason((place, upper))
        if place in layout.facts.fixed:
            sources.append((place, upper))
        elif reason is not None:
            # The visit has been put on its day since; this is what its range was then.
            bounds.append(reason.bound)
            sources += reason.sources
    found, facts = network.explain(sources)
    return [*(_stands(layout, fact) for fact in facts), *as_rules([*reversed(found), *bounds])]


def _closed(layout: Layout, place: int) -> Iterator[Found]:
    rule, when = layout.compiled.rules[place], layout.board.when[place]
    assert when is not None
    day, site = as_day(when), layout.board.site
    if not rule.needs_open_day or site.is_open(day):
        return
    distance = next(
        (
            days
            for days in range(1, FARTHEST_SEARCH)
            if any(site.is_open(day + sign * days * ONE_DAY) for sign in (-1, 1))
        ),
        0,
    )
    closed = f"{weekday(day)} {day_words(day)} is not an open day: {site.why_closed(day)}"
    message = f"{standing_words(layout, place)}, but {closed}."
    yield Found(place, distance * ONE_DAY, message, _shut_out(layout, place, closed))


def _shut_out(layout: Layout, place: int, words: str) -> tuple[Rule, ...]:
    """Why a visit is on no open day: its booking, or the window and bounds that leave it none."""
    closed = Rule(words, ())
    if layout.board.status[place] is Status.PLANNED:

        def collide(rules: Sequence[Rule]) -> bool:
            left = ranges(rules, layout.board.events)
            return left is None or (closed in rules and not _any_open(layout, left, place))

        candidates = [*_behind(layout, layout.network, place, [False, True], []), *_own_window(layout, place)]
        found = smallest(candidates, [closed], collide)
        left = ranges(found, layout.board.events) if found else None
        if found and left is not None:
            first, last = date.fromordinal(left.low[place]), date.fromordinal(left.high[place])
            span = f"no day from {day_words(first)} to {day_words(last)} is open"
            return *found, closed if first == last else Rule(span, ())
    return _stands(layout, place), closed


def _any_open(layout: Layout, left: Network, place: int) -> bool:
    """Whether the days left to a visit hold an open one; so many do that there is no need to look."""
    if place not in left or left.high[place] - left.low[place] > FARTHEST_SEARCH:
        return True
    days = range(left.low[place], left.high[place] + 1)
    return any(layout.board.site.is_open(date.fromordinal(day)) for day in days)


def _series(layout: Layout) -> Iterator[Found]:
    when = layout.board.when
    for members, placed in layout.shape.series:
        if placed is not None and placed.isdisjoint(layout.doubtful):
            continue
        days = [day for place in members if (day := when[place]) is not None]
        if not any(isinstance(day, datetime) for day in days) and all(one < two for one, two in pairwise(days)):
            continue
        last: int | None = None
        for place in members:
            if not layout.board.counts(place, None) or layout.board.when[place] is None:
                continue
            if last is not None and (layout.to_come(last) or layout.to_come(place)):
                yield from _out_of_order(layout, last, place)
            last = place if last is None or _follows(layout, last, place) else last


def _follows(layout: Layout, earlier: int, later: int) -> bool:
    one, two = layout.board.when[earlier], layout.board.when[later]
    return one is not None and two is not None and as_day(two) >= as_day(one)


def _out_of_order(layout: Layout, earlier: int, later: int) -> Iterator[Found]:
    one, two = layout.board.when[earlier], layout.board.when[later]
    assert one is not None
    assert two is not None
    timed = layout.compiled.rules[later].step == "time"
    if timed and isinstance(one, datetime) and isinstance(two, datetime):
        short = between(two, one)
        in_order = short < timedelta()
    else:
        short = as_day(one) + ONE_DAY - as_day(two)
        in_order = short <= timedelta()
    if in_order:
        return
    message = (
        f"{standing_words(layout, later)}, but {standing_words(layout, earlier)}; they follow one another in order."
    )
    order = as_rules(series_order(layout.compiled, (earlier, later), [(earlier, later)]))
    yield Found(later, abs(short), message, (_stands(layout, earlier), _stands(layout, later), *order))


def _bound(layout: Layout, check: Check) -> Iterator[Found]:
    board, carrier = layout.board, check.carrier
    limit, when = check.evaluate(board), board.when[carrier]
    if limit is None or when is None or not _binds(layout, carrier) or not _beyond(when, limit, check.upper):
        return
    if check.upper and board.status[carrier] is Status.BOOKED and _tolerated(layout, carrier, when):
        return
    critical = _critical(layout, check, limit)
    if not layout.to_come(carrier) and not any(layout.to_come(place) for place in critical):
        return
    by = _distance(when, limit)
    side, wrong = ("later", "late") if check.upper else ("earlier", "early")
    message = (
        f"{standing_words(layout, carrier)}, but it can be no {side} than {when_words(limit)} "
        f"({check.point}): {length_words(by)} too {wrong}."
    )
    yield Found(carrier, by, message, _colliding(layout, check, critical))


def _binds(layout: Layout, place: int) -> bool:
    return layout.board.status[place] in (Status.PLANNED, Status.BOOKED, Status.DONE)


def _critical(layout: Layout, check: Check, limit: When) -> list[int]:
    """The visits that make the limit what it is: all that the point names and that stand at the deciding date."""
    named = [
        place for place in check.places if layout.board.counts(place, None) and layout.board.when[place] is not None
    ]
    if len(named) < 2:
        return named
    deciding = []
    for place in named:
        when, layout.board.when[place] = layout.board.when[place], None
        if check.evaluate(layout.board) != limit:
            deciding.append(place)
        layout.board.when[place] = when
    return deciding or named


def _colliding(layout: Layout, check: Check, critical: list[int]) -> tuple[Rule, ...]:
    """The smallest set of rules that collide, from the facts alone where they suffice."""
    carrier, text = check.carrier, f"{layout.compiled.rules[check.carrier].id} {check.text}"
    broken = as_rules(bound for bound in layout.network.bounds if bound.carrier == carrier and bound.text == text)
    pins = [_stands(layout, place) for place in (*critical, carrier)]
    if not broken:
        return *pins, Rule(text, ())
    for network in (layout.facts, layout.network):
        ends = network.end(broken[0].bounds[0].expression, check.upper)[1]
        rules = [rule for rule in _behind(layout, network, carrier, [not check.upper], ends) if rule.text != text]
        for candidates in (rules, [*rules, *_own_window(layout, carrier)]):
            found = smallest(candidates, broken, _collision(layout))
            if found is not None:
                return *found, *broken
    # What is merely planned could still follow, so it is the first to go.
    pins.sort(key=lambda rule: layout.to_come(rule.bounds[0].carrier))
    found = smallest(pins, broken, _collision(layout))
    return *(found or _needed(layout, check, critical)), *broken


def _own_window(layout: Layout, place: int) -> list[Rule]:
    """The window that keeps a planned visit where it is."""
    edges = window_edges(layout, place) if layout.board.status[place] is Status.PLANNED else None
    if edges is None:
        return []
    first, last = (None if edge is None else as_day(edge) for edge in edges)
    return [within(place, first, last, window_words(layout, place))]


def _needed(layout: Layout, check: Check, critical: list[int]) -> list[Rule]:
    """Of the visits that decide a bound to the hour those without which it would hold, and the one that carries it."""
    board, before, needed = layout.board, layout.board.when[:], []
    own = before[check.carrier]
    assert own is not None
    for place in critical:
        board.when[place] = FAR_AWAY[check.upper]
        limit = check.evaluate(board)
        if limit is None or not _beyond(own, limit, check.upper):
            board.when[place] = before[place]
            needed.append(place)
    board.when[:] = before
    return [_stands(layout, place) for place in (*needed, check.carrier)]


def _history(layout: Layout) -> Iterator[Found]:
    """The distances that answers ask for, which are no rules of the template's visits."""
    for bound in history_bounds(layout.compiled, layout.standing, layout.to_come):
        when = layout.board.when[bound.carrier]
        limit = date.fromordinal(layout.facts.end(bound.expression, False)[0])
        if when is None or as_day(when) >= limit:
            continue
        by = limit - as_day(when)
        message = f"{standing_words(layout, bound.carrier)}, {length_words(by)} too early: {bound.text}."
        yield Found(bound.carrier, by, message, (_stands(layout, bound.carrier), Rule(bound.text, (bound,))))
