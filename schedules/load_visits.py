"""Reading the visits of a template: single ones, lists, named members and repetitions, expanded into one rule a
visit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from schedules.errors import InvalidInput, shown
from schedules.points import (
    Day,
    Named,
    Point,
    Shifted,
    Window,
    names_in,
    parse_point,
    parse_target,
    rescoped,
    rescoped_window,
    shifted,
)
from schedules.protocol_days import day_offset
from schedules.reader import Reader, TooManyProblems, is_empty, is_rest
from schedules.source import Entries, Items, Node, Text
from schedules.spans import Span, parse_span
from schedules.template import PLACES, Epoch, OnlyFor, VisitRule

VISIT_KEYS = (
    "label",
    "epoch",
    "at",
    "window",
    "place",
    "no_earlier_than",
    "no_later_than",
    "at_the_latest",
    "duration",
    "requires",
    "only_for",
    "together_with",
)
REPETITION_KEYS = ("every", "first", "from", "times", "numbers", "until", "from_previous")
MOST_MEMBERS = 1000
# A repetition that ends with "until" is given a few members to spare, since months differ in length.
SLACK, SPARE_STEPS = 1.02, 2
DEEPEST_ANCHOR = 100
# How often an event that repeats can call for its visits.
MOST_OCCURRENCES = 20
MOST_VISITS = 3000
NOT_A_SERIES = ("day", "d")
_DAY_NAME = re.compile(r"d[0-9]+")
_NUMBERS = re.compile(r"([0-9]{1,4})\s*\.\.\s*([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class _Member:
    """One visit to be of an ``at``: its name within the series, its number, its target and its own window."""

    name: str
    number: int | None
    at: Point
    window: Window | None = None
    step: str = ""
    until: Point | None = None
    events: tuple[tuple[str, str], ...] = ()


def read_visits(
    reader: Reader, node: Node | None, epochs: dict[str, Epoch]
) -> tuple[list[VisitRule], dict[str, tuple[str, ...]]]:
    """All visit rules in the order of the file, and the members of each series. Undeclared epochs are added to
    ``epochs``."""
    rules: list[VisitRule] = []
    series: dict[str, tuple[str, ...]] = {}
    reader.visits = reader.entries(node, "visits")
    for key, value in reader.visits.pairs:
        name = reader.name(key, "a visit")
        reader.spots["visits", name] = key
        problems = len(reader.problems)
        found = _read_visit(reader, name, key, value, epochs)
        if len(reader.problems) > problems:
            reader.broken.add(name)
        rules.extend(found)
        if len(rules) > MOST_VISITS:
            reader.problem(key, f"With '{name}' the template has more than {MOST_VISITS:,} visits. Write fewer.")
            raise TooManyProblems
        if found and found[0].series:
            series[name] = tuple(rule.id for rule in found)
    return [_with_partners(rule, rules, series) for rule in rules], series


def _with_partners(rule: VisitRule, rules: list[VisitRule], series: dict[str, tuple[str, ...]]) -> VisitRule:
    """The rule with its partners named one by one: a series or an epoch stands for all its members."""
    if not rule.together_with:
        return rule
    partners: list[str] = []
    for name in rule.together_with:
        of_epoch = [other.id for other in rules if other.epoch == name and other.id != rule.id]
        partners += series.get(name) or of_epoch or [name]
    return replace(rule, together_with=tuple(dict.fromkeys(partners)))


def _read_visit(reader: Reader, name: str, key: Text, node: Node, epochs: dict[str, Epoch]) -> list[VisitRule]:
    entries = reader.entries(node, f"visit '{name}'")
    if not isinstance(node, Entries) and not is_empty(node):
        return []
    reader.keys(entries, VISIT_KEYS, f"Visit '{name}'")
    for field, value in entries.pairs:
        reader.spots["visits", name, field.value] = value
    epoch = _epoch(reader, name, key, entries, epochs)
    place = reader.choice(entries.get("place"), PLACES, "place") or epoch.place or "clinic"
    common = VisitRule(
        id=name,
        label="",
        epoch=epoch.id,
        place=place,
        at=Named("enrolment"),
        window=reader.window(entries.get("window"), "a window") or epoch.window,
        no_earlier_than=reader.points(entries.get("no_earlier_than"), "no_earlier_than"),
        no_later_than=reader.points(entries.get("no_later_than"), "no_later_than"),
        at_the_latest=reader.point(entries.get("at_the_latest"), "at_the_latest"),
        duration=_duration(reader, entries.get("duration")),
        requires=tuple(text.value for text in reader.texts(entries.get("requires"), "requires")),
        only_for=read_only_for(reader, entries.get("only_for")),
        together_with=tuple(text.value for text in reader.texts(entries.get("together_with"), "together_with")),
        assumed=_assumed(entries.get("assumed")),
    )
    label = reader.text(entries.get("label"), "a label")
    return [_rule(common, member, label) for member in _members(reader, name, key, entries.get("at"))]


def _epoch(reader: Reader, name: str, key: Text, entries: Entries, epochs: dict[str, Epoch]) -> Epoch:
    node = entries.get("epoch")
    found = reader.text(node, "an epoch")
    if node is None:
        known = ", ".join(filter(None, epochs))
        choice = f"one of: {known}" if known else "a name, such as 'treatment'"
        reader.problem(key, f"Visit '{name}' has no epoch. Add 'epoch:' with {choice}.")
    if isinstance(node, Text) and found and found not in epochs:
        reader.name(node, "an epoch")
        reader.spots["epochs", found] = node
    return epochs.setdefault(found, Epoch(id=found, label=words_of(found)))


def _duration(reader: Reader, node: Node | None) -> timedelta | None:
    span = reader.span(node, "a duration")
    if span is None or node is None:
        return None
    if span.months or not span:
        reader.problem(node, f"A visit cannot last {span.text()}. Write hours or minutes, such as '4 hours'.")
        return None
    return timedelta(days=span.days, minutes=span.minutes)


def _assumed(node: Node | None) -> tuple[str, ...]:
    if isinstance(node, Text):
        return (node.value,)
    if isinstance(node, Entries):
        return tuple(f"{key.value}: {value.value}" for key, value in node.pairs if isinstance(value, Text))
    return ()


def read_only_for(reader: Reader, node: Node | None) -> OnlyFor:
    """``only_for``: keys are *and*, the values of one key are *or*."""
    if node is None:
        return ()
    found = []
    for key, value in reader.entries(node, "'only_for'").pairs:
        if is_rest(value):
            advice = "Inside { } an unquoted comma ends the text: write several values as a list, '{arm: [A, B]}'."
            reader.problem(key, f"Group {shown(key.value)} has no value here. {advice}")
        else:
            found.append((key.value, tuple(text.value for text in reader.texts(value, "'only_for'"))))
    return tuple(found)


def _rule(common: VisitRule, member: _Member, label: str) -> VisitRule:
    name = f"{common.id}-{member.name}" if member.name else common.id
    names = dict(member.events)
    return replace(
        common,
        id=name,
        series=common.id if member.name else "",
        member=member.name,
        number=member.number,
        step=member.step,
        at=rescoped(member.at, names),
        window=rescoped_window(member.window or common.window, names),
        no_earlier_than=tuple(rescoped(point, names) for point in common.no_earlier_than),
        no_later_than=tuple(rescoped(point, names) for point in common.no_later_than),
        until=member.until,
        label=_label(label, member) or _default_label(name, member.at),
    )


def _label(label: str, member: _Member) -> str:
    if member.number is None:
        return label
    return label.replace("{n}", str(member.number)).replace("{member}", words_of(member.name).lower())


def _default_label(name: str, at: Point) -> str:
    """``Day 4`` for a visit at day 4, and for one that is called d4; else the name as words."""
    if isinstance(at, Day):
        return f"Day {at.number}"
    return f"Day {name[1:]}" if _DAY_NAME.fullmatch(name) else words_of(name)


def words_of(name: str) -> str:
    """A name as words: ``week-6`` reads ``Week 6``."""
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def _members(reader: Reader, name: str, key: Text, node: Node | None) -> list[_Member]:
    if node is None:
        reader.problem(key, f"Visit '{name}' has no date. Add 'at:' with a point in time, such as 'day 4'.")
        return []
    if isinstance(node, Text):
        target = _target(reader, node)
        return _at_one_point(reader, *target) if target else []
    if name in NOT_A_SERIES:
        reader.problem(
            key, f"A series cannot be called '{name}': '{name}-1' would read as Day -1. Choose another name."
        )
    if isinstance(node, Items):
        if not node.values:
            reader.problem(
                node, f"The list of dates of '{name}' is empty. Write points in time, such as [day 1, day 8]."
            )
        targets = [(index + 1, _target(reader, item)) for index, item in enumerate(node.values)]
        return [_Member(str(index), index, *target, step="day") for index, target in targets if target]
    if any(key.value in REPETITION_KEYS for key, _ in node.pairs):
        return list(_repetition(reader, name, node))
    return list(_named_members(reader, name, node))


def _at_one_point(reader: Reader, point: Point, window: Window | None) -> list[_Member]:
    """One visit; or, where the point is a milestone that repeats, one for each time it may happen."""
    events = sorted({named.name for named in names_in(point) if isinstance(named, Named)} & reader.repeating)
    if not events:
        return [_Member("", None, point, window)]
    return [
        _Member(str(number), number, point, window, events=tuple((event, f"{event}#{number}") for event in events))
        for number in range(1, MOST_OCCURRENCES + 1)
    ]


def _target(reader: Reader, node: Node) -> tuple[Point, Window | None] | None:
    text = reader.text(node, "a point in time")
    return reader.attempt(node, parse_target, text) if text else None


def _named_members(reader: Reader, name: str, node: Entries) -> Iterator[_Member]:
    members = [(key, value) for key, value in node.pairs if key.value not in ("quote", "assumed")]
    reader.keys(node, [key.value for key, _ in members], f"The series '{name}'")
    for number, (key, value) in enumerate(members, start=1):
        target = _target(reader, value)
        if target:
            yield _Member(reader.name(key, "a member of a series"), number, *target)
    if not members:
        reader.problem(node, "Found an empty map where members ('week-6: d1 + 6 weeks') were expected.")


def _repetition(reader: Reader, name: str, node: Entries) -> Iterator[_Member]:
    reader.keys(node, REPETITION_KEYS, f"The repetition of '{name}'")
    every = reader.span(node.get("every"), "a step")
    if node.get("every") is None:
        reader.problem(node, f"The repetition of '{name}' has no step. Add 'every:' with a length, such as '1 week'.")
    base, counted_from = _base(reader, name, node)
    until = reader.point(node.get("until"), "until")
    if every is not None and every.roughly_days <= 0:
        reader.problem(node, f"The step of '{name}' is {every.text()}. Write a step of at least a minute.")
        return
    reach = None if every is None or base is None or until is None else _steps_until(reader, base, until, every)
    numbers = _numbers(reader, name, node, reach)
    if every is None or base is None or numbers is None:
        return
    step = "time" if every.timed else "day"
    chained = reader.flag(node.get("from_previous"), "from_previous")
    for number in numbers:
        count = number if counted_from else number - numbers.start
        at = base if not count else shifted(base, every * count)
        if chained and number != numbers.start:
            at = shifted(Named(f"{name}-{number - 1}"), every)
        yield _Member(str(number), number, at, step=step, until=until)


def _base(reader: Reader, name: str, node: Entries) -> tuple[Point | None, bool]:
    first, counted = node.get("first"), node.get("from")
    if (first is None) == (counted is None):
        found = "neither" if first is None else "both"
        reader.problem(
            node,
            f"The repetition of '{name}' has {found} of 'first' and 'from'. "
            "Write 'first: P' (the first member is at P) or 'from: P' (it is one step after P).",
        )
        return None, False
    return reader.point(first if counted is None else counted, "the start of a repetition"), first is None


def _steps_until(reader: Reader, base: Point, until: Point, every: Span) -> int | None:
    """How often a step fits between two points, if both always have a date; None where one may never come.

    It is an estimate with a few to spare: what turns out to be past ``until`` does not apply.
    """
    start, end = _roughly(reader, base), _roughly(reader, until)
    if start is None or end is None:
        return None
    return max(0, int((end - start) / every.roughly_days * SLACK) + SPARE_STEPS)


def _roughly(reader: Reader, point: Point, depth: int = 0) -> float | None:
    """About how many days a point is from enrolment; None where it counts from a milestone, an activity, a choice of
    points, or a series that is not every patient's."""
    match point:
        case Day(number):
            reference, first = reader.reference
            days = _roughly(reader, Named(reference), depth + 1)
            return None if days is None else days + day_offset(number, first)
        case Shifted(base, span):
            days = _roughly(reader, base, depth)
            return None if days is None else days + span.roughly_days
        case Named("enrolment", ""):
            return 0.0
        case Named(name, which) if depth < DEEPEST_ANCHOR:
            if (name, which) not in reader.distances:
                # What counts from itself is nowhere; the check of anchors says so.
                reader.distances[name, which] = None
                reader.distances[name, which] = _farthest_of(reader, name, which, depth + 1)
            return reader.distances[name, which]
        case _:
            return None


def _farthest_of(reader: Reader, name: str, which: str, depth: int) -> float | None:
    """The farthest of a visit, or of the members of a series: its first can be its last, if others are missed."""
    at = _written_target(reader, name)
    targets = _written_members(reader, name) if which else [] if at is None else [at]
    found = [_roughly(reader, target, depth) for target in targets]
    known = [days for days in found if days is not None]
    return max(known) if known and len(known) == len(found) else None


def _written_members(reader: Reader, series: str) -> list[Point]:
    """The targets of a series that every patient has, wherever in the file it stands: of a repetition the farthest."""
    entries = reader.visits.get(series)
    at = entries.get("at") if isinstance(entries, Entries) and entries.get("only_for") is None else None
    try:
        if isinstance(at, Entries) and any(key.value in REPETITION_KEYS for key, _ in at.pairs):
            return _farthest(at)
        nodes = at.values if isinstance(at, Items) else ()
        if isinstance(at, Entries):
            nodes = tuple(value for key, value in at.pairs if key.value not in ("quote", "assumed"))
        return [parse_target(node.value)[0] for node in nodes if isinstance(node, Text)]
    except InvalidInput:
        return []


def _farthest(repetition: Entries) -> list[Point]:
    """The target of the last member of a repetition that says how many there are."""
    texts = {key.value: value.value for key, value in repetition.pairs if isinstance(value, Text)}
    numbers = _NUMBERS.fullmatch(texts.get("numbers", ""))
    count = numbers[2] if numbers else texts.get("times", "")
    start = texts.get("from", texts.get("first", ""))
    if not count.isdecimal() or int(count) > MOST_MEMBERS or not start or "every" not in texts:
        return []
    return [shifted(parse_point(start), parse_span(texts["every"]) * int(count))]


def _written_target(reader: Reader, visit: str) -> Point | None:
    """The target of a single visit, wherever in the file it stands."""
    entries = reader.visits.get(visit)
    node = entries.get("at") if isinstance(entries, Entries) else None
    try:
        return parse_target(node.value)[0] if isinstance(node, Text) else None
    except InvalidInput:
        return None


def _numbers(reader: Reader, name: str, node: Entries, reach: int | None) -> range | None:
    times, numbers = node.get("times"), node.get("numbers")
    if times is not None and numbers is not None:
        reader.problem(numbers, f"The repetition of '{name}' has both 'times' and 'numbers'. Keep one.")
    if numbers is not None:
        return _number_range(reader, numbers)
    if times is None and reach == 0:
        reader.problem(node, f"The repetition of '{name}' ends before it begins. Write a later 'until'.")
        return None
    if times is None and reach is not None and reach <= MOST_MEMBERS:
        return range(1, reach + 1)
    if times is None:
        found = "no end" if node.get("until") is None else "an end that may never come, or is too far away"
        reader.problem(node, f"The repetition of '{name}' has {found}. Add 'times: N' or 'numbers: 1..N'.")
        return None
    count = reader.whole(times, "a number of times", 1, MOST_MEMBERS)
    return range(1, count + 1) if count else None


def _number_range(reader: Reader, node: Node) -> range | None:
    text = reader.text(node, "numbers")
    match = _NUMBERS.fullmatch(text)
    if match and int(match[1]) <= int(match[2]) < int(match[1]) + MOST_MEMBERS:
        return range(int(match[1]), int(match[2]) + 1)
    if text:
        reader.problem(
            node,
            f"Found {shown(text)} where numbers such as '1..5' were expected, at most {MOST_MEMBERS:,} of them.",
        )
    return None
