"""Rules that do not hold for a visit still to come, each with the rules that collide and by how much (design §5,
rule 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schedules.bounding import history_bounds
from schedules.compiled import Check, as_day
from schedules.layout import FARTHEST_SEARCH, Layout, is_at_enrolment
from schedules.network import Network
from schedules.plan import Conflict, Status
from schedules.record import When
from schedules.spans import between
from schedules.template import OPEN_DAYS_ONLY
from schedules.words import day_words, days_words, weekday, when_words

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that is broken: its visit, by how much, the sentence, and the rules that collide."""

    place: int
    by: timedelta
    message: str
    rules: tuple[str, ...]


def find_conflicts(layout: Layout) -> tuple[Conflict, ...]:
    """All conflicts of a finished layout, in the order of the file."""
    found: list[Found] = []
    for place in range(len(layout.compiled.rules)):
        if layout.to_come(place) and layout.board.when[place] is not None:
            found.extend(_window(layout, place))
            found.extend(_closed(layout, place))
    found.extend(_series(layout))
    found.extend(item for check in layout.compiled.checks for item in _bound(layout, check))
    found.extend(_history(layout))
    found.sort(key=lambda item: item.place)
    rules = layout.compiled.rules
    return tuple(Conflict(visit=rules[f.place].id, by=f.by, message=f.message, rules=f.rules) for f in found)


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
        yield Found(place, by, message, (*_cause(layout, place, not upper), window_words(layout, place)))


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
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _tolerated(layout: Layout, place: int, when: When) -> bool:
    evaluate = layout.compiled.latest[place]
    latest = evaluate(layout.board) if evaluate is not None else None
    return latest is not None and as_day(when) <= as_day(latest)


def _cause(layout: Layout, place: int, upper: bool) -> tuple[str, ...]:
    """Why a visit is not on the other side: its booking, or the bounds that pushed it there."""
    if layout.board.status[place] is not Status.PLANNED:
        return (standing_words(layout, place),)
    return _chain(layout, layout.network, layout.network.sources_of(place, upper)) or (standing_words(layout, place),)


def _chain(layout: Layout, network: Network, sources: tuple[tuple[int, bool], ...]) -> tuple[str, ...]:
    bounds, facts = network.explain(sources)
    words = [standing_words(layout, place) for place in facts]
    texts = [bound.text for bound in reversed(bounds)]
    return tuple(dict.fromkeys(words + texts))


def _closed(layout: Layout, place: int) -> Iterator[Found]:
    rule, when = layout.compiled.rules[place], layout.board.when[place]
    assert when is not None
    day, site = as_day(when), layout.board.site
    if rule.place not in OPEN_DAYS_ONLY or site.is_open(day) or is_at_enrolment(rule.at, rule.window is None):
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
    reason = (
        standing_words(layout, place) if layout.board.status[place] is Status.BOOKED else window_words(layout, place)
    )
    yield Found(place, distance * ONE_DAY, f"{standing_words(layout, place)}, but {closed}.", (reason, closed))


def _series(layout: Layout) -> Iterator[Found]:
    for members in layout.compiled.series_order:
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
    rule = f"{layout.compiled.rules[later].series}: each {'after' if timed else 'at least a day after'} the one before"
    message = (
        f"{standing_words(layout, later)}, but {standing_words(layout, earlier)}; they follow one another in order."
    )
    yield Found(later, abs(short), message, (standing_words(layout, earlier), standing_words(layout, later), rule))


def _bound(layout: Layout, check: Check) -> Iterator[Found]:
    board, carrier = layout.board, check.carrier
    limit, when = check.evaluate(board), board.when[carrier]
    if limit is None or when is None or not _binds(layout, carrier) or not _beyond(when, limit, check.upper):
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


def _colliding(layout: Layout, check: Check, critical: list[int]) -> tuple[str, ...]:
    """The smallest set of rules that collide, from the facts alone where they suffice."""
    carrier, text = check.carrier, f"{layout.compiled.rules[check.carrier].id} {check.text}"
    facts = layout.facts
    bound = next((item for item in facts.bounds if item.carrier == carrier and item.text == text), None)
    when = layout.board.when[carrier]
    if bound is not None and when is not None:
        value, sources = facts.end(bound.expression, check.upper)
        own = ((carrier, not check.upper),)
        range_end = facts.low[carrier] if check.upper else facts.high[carrier]
        collides = range_end > value if check.upper else range_end < value
        if collides:
            words = _chain(
                layout,
                facts,
                (*sources, *(own if carrier in facts.fixed else facts.sources_of(carrier, not check.upper))),
            )
            through = [] if carrier in facts.fixed else _own_rule(facts, carrier, not check.upper)
            return tuple(dict.fromkeys((*words, *through, text)))
    words = tuple(standing_words(layout, place) for place in (*critical, carrier))
    return tuple(dict.fromkeys((*words, text)))


def _own_rule(network: Network, place: int, upper: bool) -> list[str]:
    reason = network.reasons.get((place, upper))
    return [reason.bound.text] if reason is not None else []


def _history(layout: Layout) -> Iterator[Found]:
    """The distances that answers ask for, which are no rules of the template's visits."""
    for bound in history_bounds(layout.compiled, layout.standing, layout.to_come):
        when = layout.board.when[bound.carrier]
        limit = date.fromordinal(layout.facts.end(bound.expression, False)[0])
        if when is None or as_day(when) >= limit:
            continue
        by = limit - as_day(when)
        message = f"{standing_words(layout, bound.carrier)}, {length_words(by)} too early: {bound.text}."
        yield Found(bound.carrier, by, message, (standing_words(layout, bound.carrier), bound.text))
