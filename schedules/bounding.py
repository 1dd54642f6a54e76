"""The bounds of a template and a patient as constraints of the network: rules 7 to 9 of design §5."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from schedules.compiled import Compiled
from schedules.evaluating import Board, as_day
from schedules.inequalities import Bound, Choice, Constant, Event, Expression, Node, Step
from schedules.plan import Status
from schedules.points import Around, Between, Day, Extreme, Named, Point, Shifted
from schedules.protocol_days import day_offset
from schedules.spans import Span, add_days_and_months, parse_span
from schedules.standing import Answer, Standing
from schedules.template import Clearance, History, VisitRule
from schedules.words import day_words, in_a_sentence

if TYPE_CHECKING:
    from schedules.shape import Facts

ONE_DAY = Span(days=1)
# Months differ from their average length, and from one another, by at most this many days.
MONTH_SLACK = 4


def static_bounds(
    compiled: Compiled, facts: Facts, live: Callable[[int], bool]
) -> tuple[list[Bound], tuple[tuple[int, ...], ...]]:
    """Every bound of the template that binds, with the order of series that could be out of order; and those series.

    A bound whose point is conditional, missed or not applicable does not bind (rule 8); ``live`` tells which visits do.
    """
    found = [*BoundMaker(compiled, facts.absent, facts.events, live).template_bounds()]
    known = {place for place, _, _ in facts.visits}
    ordered = tuple(
        members
        for members in compiled.series_order
        if not known.isdisjoint(members) or not compiled.bounded.isdisjoint(members) or _crowded(compiled, members)
    )
    for members in ordered:
        present = [place for place in members if live(place)]
        found.extend(series_order(compiled, members, pairwise(present)))
    return found, ordered


class BoundMaker:
    """Turns points into expressions over the visits that are live."""

    def __init__(
        self,
        compiled: Compiled,
        absent: Collection[tuple[int, str]],
        events: Collection[str],
        live: Callable[[int], bool],
    ) -> None:
        self.compiled = compiled
        self.absent = absent
        self.events = events
        self.live = live

    def template_bounds(self) -> Iterator[Bound]:
        for place in sorted(self.compiled.bounded):
            rule = self.compiled.rules[place]
            if not self.live(place):
                continue
            for upper, points in ((False, rule.no_earlier_than), (True, rule.no_later_than)):
                for point in points:
                    expression = self.expression(point, upper)
                    if expression is not None:
                        words = "no later than" if upper else "no earlier than"
                        yield Bound(place, upper, expression, f"{rule.id} {words} {point}")

    def expression(self, point: Point, upper: bool) -> Expression | None:
        match point:
            case Day(number):
                base = self._visit(self.compiled.reference_of(point))
                span = Span(days=day_offset(number, self.compiled.template.reference_day))
                return None if base is None else Step(base, span, upper)
            case Shifted(base_point, span):
                base = self.expression(base_point, upper)
                return None if base is None else Step(base, span, upper)
            case Extreme(which, points):
                return _choice([self.expression(operand, upper) for operand in points], last=which == "latest")
            case Named(name, ""):
                return self._visit(self.compiled.index[name]) if name in self.compiled.index else self._event(name)
            case Named(name, which):
                edge = self.compiled.edges[name]
                return _choice([self._member(place, edge.activity) for place in edge.members], last=which == "last")

    def _visit(self, place: int) -> Expression | None:
        return Node(place) if self.live(place) else None

    def _member(self, place: int, activity: str | None) -> Expression | None:
        return None if activity is not None and (place, activity) in self.absent else self._visit(place)

    def _event(self, name: str) -> Expression | None:
        return Event(name) if name in self.events else None


def _choice(operands: list[Expression | None], *, last: bool) -> Expression | None:
    known = tuple(operand for operand in operands if operand is not None)
    if not known:
        return None
    return known[0] if len(known) == 1 else Choice(known, last)


def _crowded(compiled: Compiled, members: tuple[int, ...]) -> bool:
    """Whether open days alone could bring two members of a series onto one day: their windows meet."""
    rules = [compiled.rules[place] for place in members]
    if all(rule.window is None for rule in rules):
        return False
    if any(isinstance(rule.window, Between) for rule in rules):
        return True
    reach = max(
        rule.window.end.roughly_days - rule.window.start.roughly_days
        for rule in rules
        if isinstance(rule.window, Around)
    )
    return any(_gap(earlier, later) <= reach + MONTH_SLACK for earlier, later in pairwise(rules))


def _gap(earlier: VisitRule, later: VisitRule) -> float:
    """About the days between the targets of two members, counted from the same point or one from the other; none where
    that is not known."""
    base, span = (later.at.base, later.at.span) if isinstance(later.at, Shifted) else (later.at, Span())
    if base == Named(earlier.id):
        return span.roughly_days
    other, before = (earlier.at.base, earlier.at.span) if isinstance(earlier.at, Shifted) else (earlier.at, Span())
    return span.roughly_days - before.roughly_days if base == other else 0.0


def series_order(compiled: Compiled, members: tuple[int, ...], pairs: Iterable[tuple[int, int]]) -> Iterator[Bound]:
    """The members of a stepped series follow one another: on different days, or at different moments (rule 9)."""
    timed = compiled.rules[members[0]].step == "time"
    text = series_words(compiled, members[0])
    for earlier, later in pairs:
        yield Bound(later, False, Step(Node(earlier), Span() if timed else ONE_DAY, False), text)


def series_words(compiled: Compiled, member: int) -> str:
    """The rule that the members of a series follow one another, in words."""
    rule = compiled.rules[member]
    return f"{rule.series}: each {'after' if rule.step == 'time' else 'at least a day after'} the one before"


def overtaking_bounds(
    compiled: Compiled, board: Board, members: tuple[int, ...], live: Callable[[int], bool]
) -> Iterator[Bound]:
    """Fixed members that overtook one another: what still follows the later one in the series, or goes before the
    earlier one, has to keep to both."""
    present = [place for place in members if live(place)]
    fixed = [(place, as_day(when)) for place in present if (when := board.when[place]) is not None]
    free = [place for place in present if board.when[place] is None]
    for place, day in fixed:
        if any(other > place and on < day for other, on in fixed):
            yield from series_order(compiled, members, ((place, later) for later in free if later > place))
        if any(other < place and on > day for other, on in fixed):
            yield from series_order(compiled, members, ((earlier, place) for earlier in free if earlier < place))


def history_bounds(compiled: Compiled, standing: Standing, live: Callable[[int], bool]) -> Iterator[Bound]:
    """The distances that the answers to the history keep before their visits."""
    for item in compiled.template.history.values():
        answer = standing.history.get(item.id)
        place = compiled.index[item.before]
        if answer is None or answer.day is None or not live(place):
            continue
        clear = clearance(item, answer)
        if clear is not None:
            day, words = clear
            text = f"{item.before} no earlier than {words} after {in_a_sentence(item.label)} on {day_words(answer.day)}"
            yield Bound(place, False, Constant(day.toordinal(), text), text)


def clearance(item: History, answer: Answer) -> tuple[date, str] | None:
    """The first day that is clear of what was answered, and the length in words; None while an answer is open.

    An answered length in hours counts as the days it has begun.
    """
    if answer.day is None:
        return None
    found = []
    for part in item.clear:
        span = part_span(part, answer)
        if span is None:
            return None
        days = -((-span.minutes) // 1440)
        found.append((add_days_and_months(answer.day, span) + timedelta(days=days), _length_words(part, span)))
    return (min if item.which == "shorter" else max)(found, key=lambda pair: pair[0])


def part_span(part: Clearance, answer: Answer) -> Span | None:
    """The length of one part of a clearance, or None where it counts in something that is not answered yet."""
    if part.span is not None:
        return part.span
    text = answer.values.get(part.asks)
    return None if text is None else parse_span(text) * part.factor


def _length_words(part: Clearance, span: Span) -> str:
    return span.text() if part.span is not None else f"{part.factor} × {part.asks} ({span.text()})"


def live_status(status: Status) -> bool:
    """Whether a visit of this status takes part in bounds."""
    return status in (Status.PLANNED, Status.BOOKED, Status.DONE)
