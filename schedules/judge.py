"""What happened against what was asked: deviations, judged by the plan as it was just before (design §5, rule 12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schedules.bounding import history_bounds
from schedules.compiled import Check, Compiled
from schedules.conflicts import length_words, window_edges, window_words
from schedules.errors import InvalidInput
from schedules.evaluating import Board, as_day
from schedules.layout import Layout
from schedules.plan import Deviation, Status
from schedules.record import OVERRIDE, Fact, Kind, Record, When
from schedules.settling import lay_out
from schedules.site import Site
from schedules.spans import between
from schedules.standing import Standing, fold
from schedules.words import day_words, when_words

# Of the way in which what happened is judged: it is raised with every change of what is seen before the same facts, and
# what is stored of that is then made anew (a test holds the two in step).
FORM = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What the plan said of a visit just before a fact about it was recorded; ``planned`` is None of a repeat.

    ``earlier`` is what was seen before each time that it was done before (rule 14).
    """

    planned: When | None
    target: When | None
    start: When | None
    end: When | None
    deviations: tuple[Deviation, ...]
    earlier: tuple[tuple[Fact, Seen], ...] = ()

    @property
    def all_deviations(self) -> tuple[Deviation, ...]:
        """Those of each time that it was done."""
        return (*(deviation for _, look in self.earlier for deviation in look.deviations), *self.deviations)


PlannedFor = dict[str, "When | None"]
# The record laid out as it was just before a fact, given what missed visits were planned for and what was seen so far.
JustBefore = Callable[[Fact, PlannedFor, "dict[str, Seen]"], Layout]


def plainly(compiled: Compiled, record: Record, site: Site) -> JustBefore:
    """How a record is laid out before each of its facts where it is planned with the same all along."""
    return lambda fact, planned_for, _: lay_out(compiled, fold(record.before(fact)), site, planned_for)


def replay(record: Record, standing: Standing, just_before: JustBefore, looks: dict[int, Seen]) -> dict[str, Seen]:
    """What was seen before each done or missed visit's counting fact, in the order of the record.

    ``looks`` holds what was seen before single facts by their number, as far as that is known, and is added to.
    """
    seen: dict[str, Seen] = {}
    planned_for: PlannedFor = {}
    for fact in record.facts:
        counts = _counts(standing, fact)
        # Where a visit was planned that was missed then and is booked anew now, plans in between counted from.
        if not counts and (fact.kind is not Kind.MISSED or fact.name not in standing.visits):
            continue
        look = looks.get(fact.number)
        if look is None:
            before = just_before(fact, planned_for, seen)
            look = looks[fact.number] = _look(before, before.standing, fact)
        if fact.kind is Kind.MISSED:
            planned_for[fact.name] = look.planned
        if not counts:
            continue
        known = seen.pop(fact.name, None)
        seen[fact.name] = look if known is None else replace(look, earlier=_times_before(standing, fact, known))
    return seen


def _counts(standing: Standing, fact: Fact) -> bool:
    """Whether a fact says how a visit of the template went: the last one about it, or one that a repeat replaced."""
    visit = standing.visits.get(fact.name)
    if visit is None or fact.kind not in (Kind.DONE, Kind.MISSED):
        return False
    return visit.fact is fact or any(fact is other for other in standing.earlier.get(fact.name, ()))


def _times_before(standing: Standing, fact: Fact, known: Seen) -> tuple[tuple[Fact, Seen], ...]:
    """What was seen before each earlier time that a visit was done."""
    before = [other for other in standing.earlier[fact.name] if other.number < fact.number]
    return (*known.earlier, (before[-1], replace(known, earlier=())))


def _look(before: Layout, standing: Standing, fact: Fact) -> Seen:
    place = before.compiled.index.get(fact.name)
    if place is None:
        # Only a correction of an amendment's day comes to this: what happened would lie under a version without it.
        raise InvalidInput(
            f"Fact {fact.number} ({fact.kind} {fact.name}) would be of a visit that the version in force then does not "
            "have. Take that fact back first, or give the amendment a later day."
        )
    deviations = _missed(before, fact) if fact.kind is Kind.MISSED else _done(before, standing, fact)
    return Seen(
        planned=None if fact.is_repeat else before.board.when[place],
        target=before.targets[place],
        start=before.starts[place],
        end=before.ends[place],
        deviations=tuple(deviations),
    )


def _missed(before: Layout, fact: Fact) -> Iterator[Deviation]:
    when = before.board.when[before.compiled.index[fact.name]]
    words = f", planned for {when_words(when)}," if when is not None else ""
    reason = f" ({fact.why})" if fact.why else ""
    yield _deviation(before, fact, "missed", None, f"{fact.name}{words} was missed{reason}.")


def _done(before: Layout, standing: Standing, fact: Fact) -> Iterator[Deviation]:
    place = before.compiled.index[fact.name]
    assert fact.when is not None
    when = before.board.site.at(fact.when)
    yield from _against_window(before, place, fact, when)
    yield from _against_bounds(before, place, fact, when)
    rule = before.compiled.rules[place]
    shut = [gate for gate in rule.requires if gate not in standing.events]
    if shut:
        labels = ", ".join(before.compiled.template.event_label(gate) for gate in shut)
        yield _deviation(
            before,
            fact,
            "gate",
            None,
            f"{fact.name} was done before its gate was open: {labels} was not recorded"
            f"{_overridden(before, standing, fact.name, shut)}.",
        )


def _overridden(before: Layout, standing: Standing, name: str, shut: Sequence[str]) -> str:
    """That it had been booked all the same: by whom, when and why (rule 13)."""
    words = override_words(standing, name, shut, before.board.site)
    return f"; {words}" if words else ""


def override_words(standing: Standing, name: str, gates: Sequence[str], site: Site) -> str:
    """``overridden by cora on 4 March 2026 (the sponsor agreed)``, of a visit that was booked against shut gates;
    empty for one that was not."""
    fact = standing.overrides.get(name)
    if fact is None or not set(gates) & set(fact.values[OVERRIDE].split(", ")):
        return ""
    by = f" by {fact.by}" if fact.by else ""
    on = f" on {day_words(fact.recorded.astimezone(site.zone))}" if fact.recorded else ""
    return f"overridden{by}{on}{f' ({fact.why})' if fact.why else ''}"


def _deviation(before: Layout, fact: Fact, kind: str, by: timedelta | None, message: str) -> Deviation:
    return Deviation(
        visit=fact.name,
        kind=kind,
        by=by,
        message=message,
        version=before.compiled.template.version_of(fact.name),
        fact=fact.number,
    )


def _against_window(before: Layout, place: int, fact: Fact, when: When) -> Iterator[Deviation]:
    edges = window_edges(before, place)
    if edges is None:
        return
    for late, edge in enumerate(edges):
        if edge is None:
            continue
        by = _past(when, edge) if late else _past(edge, when)
        if by > timedelta():
            side = "after the last" if late else "before the first"
            message = (
                f"{fact.name} was done on {when_words(when)}, {length_words(by)} {side} day of its window, "
                f"{when_words(edge)} ({window_words(before, place)})."
            )
            yield _deviation(before, fact, "late" if late else "early", by, message)


def _past(when: When, edge: When) -> timedelta:
    if isinstance(when, datetime) and isinstance(edge, datetime):
        return between(edge, when)
    return as_day(when) - as_day(edge)


def _against_bounds(before: Layout, place: int, fact: Fact, when: When) -> Iterator[Deviation]:
    """Against the bounds that it carries or that name it, as far as what else they count from is done too.

    What is merely planned can still follow: a rule is broken only if it is so with and without the planned visits.
    """
    known, done_only = _boards(before, place, when)
    for check in before.compiled.checks:
        if (check.carrier != place and place not in check.places) or done_only.when[check.carrier] is None:
            continue
        carried = done_only.when[check.carrier]
        assert carried is not None
        limits = [check.evaluate(board) for board in (known, done_only)]
        by = min((_over(carried, limit, check.upper) if limit is not None else timedelta()) for limit in limits)
        if by > timedelta() and (check.carrier == place or _decides(check, done_only, place)):
            yield _bound_deviation(before, check, fact, by, own=check.carrier == place)
    for bound in history_bounds(before.compiled, before.standing, lambda other: other == place):
        limit = date.fromordinal(before.facts.end(bound.expression, False)[0])
        if as_day(when) < limit:
            by = limit - as_day(when)
            message = f"{fact.name} was done on {when_words(when)}, {length_words(by)} too early: {bound.text}."
            yield _deviation(before, fact, "early", by, message)


def _boards(before: Layout, place: int, when: When) -> tuple[Board, Board]:
    """The board with this visit done: once with all that is planned, once with nothing but what is done."""
    board = before.board
    dates, status = list(board.when), list(board.status)
    dates[place], status[place] = when, Status.DONE
    known = Board(board.site, dates, status, board.events, board.absent)
    done = [item is Status.DONE for item in status]
    only = Board(
        board.site,
        [day if kept else None for day, kept in zip(dates, done, strict=True)],
        [item if kept else Status.CONDITIONAL for item, kept in zip(status, done, strict=True)],
        board.events,
        board.absent,
    )
    return known, only


def _over(when: When, limit: When, upper: bool) -> timedelta:
    return _past(when, limit) if upper else _past(limit, when)


def _decides(check: Check, board: Board, place: int) -> bool:
    """Whether a bound's limit is what it is because of this visit."""
    limit = check.evaluate(board)
    when, board.when[place] = board.when[place], None
    without = check.evaluate(board)
    board.when[place] = when
    return without != limit


def _bound_deviation(before: Layout, check: Check, fact: Fact, by: timedelta, *, own: bool) -> Deviation:
    carrier = before.compiled.rules[check.carrier].id
    late = check.upper if own else not check.upper
    assert fact.when is not None
    kind = "late" if late else "early"
    message = f"{fact.name} was done on {when_words(fact.when)}, {length_words(by)} too {kind}: {carrier} {check.text}."
    return _deviation(before, fact, kind, by, message)
