"""Loading a template file: bytes in, a checked :class:`~schedules.template.Template` out, or every problem at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import time

from schedules.cycles import expand
from schedules.errors import InvalidInput, TemplateError, hint, shown
from schedules.load_visits import read_only_for, read_visits, words_of
from schedules.points import Around, Named, names_in, parse_offset
from schedules.reader import COMMA, Reader, TooManyProblems, is_rest
from schedules.source import Entries, Items, Node, Text, read_source
from schedules.spans import Span, parse_span
from schedules.template import (
    PLACES,
    ROLES,
    Activity,
    Clearance,
    Cycle,
    Epoch,
    Group,
    History,
    Milestone,
    PeriodRule,
    ReminderRule,
    Statement,
    Template,
    VisitRule,
)
from schedules.typed import parse_clock, parse_zone

Sample = tuple[Span, Around | None]
MOST_CYCLES = 20
TOP_KEYS = (
    "protocol",
    "version",
    "title",
    "registry",
    "record",
    "timezone",
    "reference",
    "epochs",
    "groups",
    "milestones",
    "history",
    "visits",
    "cycles",
    "activities",
    "periods",
    "reminders",
    "notes",
)
_CLEAR = re.compile(r"(shorter|longer)\((.+)\)")
_TIMES = re.compile(r"([1-9][0-9]?)\s*[×x*]\s*([a-z0-9]+(?:-[a-z0-9]+)*)")
_REMINDER = re.compile(
    r"(?:(?P<lead>[0-9]+ (?:minutes?|hours?|days?|weeks?)) )?"
    r"(?P<event>before window closes|before|overdue|window opens)(?: at (?P<at>\S+))?"
)
_EVENTS = {
    "before window closes": "closes",
    "before": "before",
    "overdue": "overdue",
    "window opens": "opens",
}


def load(data: bytes, file: str, *, registered: bool = False) -> Template:
    """The template in ``data``; ``file`` is its name for messages.

    ``registered`` says that these bytes were checked before, so that the checks across the template are left out.
    Raises TemplateError with every problem in the file, each with line and column.
    """
    top = read_source(data, file)
    reader = Reader()
    try:
        written = _template(reader, top, hashlib.sha256(data).hexdigest())
        template = expand(written)[0] if registered else _checked(reader, written)
    except TooManyProblems:
        raise TemplateError(file, reader.problems) from None
    if any(not problem.warning for problem in reader.problems):
        raise TemplateError(file, reader.problems)
    if not reader.problems:
        return template
    return replace(template, warnings=tuple(problem.located(file) for problem in sorted(reader.problems)))


def _checked(reader: Reader, written: Template) -> Template:
    # Imported here because a template that was checked before should not pay for it.
    from schedules.check import check

    return check(reader, written)


def _template(reader: Reader, top: Entries, digest: str) -> Template:
    reader.keys(top, TOP_KEYS, "A template")
    for key, value in top.pairs:
        reader.spots[key.value,] = value
    epochs = _epochs(reader, top.get("epochs"))
    cycles = _cycles(reader, top.get("cycles"))
    milestones = _milestones(reader, top.get("milestones"), cycles)
    reader.repeating = frozenset(name for name, item in milestones.items() if item.repeats)
    visits, series = read_visits(reader, top.get("visits"), epochs)
    if top.get("visits") is None:
        reader.problem(top, "The template has no visits. Add 'visits:' with at least the reference visit.")
    reference, day = _reference(reader, top)
    statements = tuple(_statements(top, ""))
    return Template(
        protocol=_required(reader, top, "protocol"),
        version=_required(reader, top, "version"),
        title=_required(reader, top, "title"),
        sha256=digest,
        registry=reader.text(top.get("registry"), "a registry number"),
        record=reader.text(top.get("record"), "a record"),
        timezone=_zone(reader, top.get("timezone")),
        reference_visit=reference,
        reference_day=day,
        epochs=epochs,
        groups=_groups(reader, top.get("groups")),
        milestones=milestones,
        cycles=cycles,
        history=_history(reader, top.get("history")),
        visits=tuple(visits),
        series=series,
        activities=_activities(reader, top.get("activities"), visits, series, epochs),
        periods=_periods(reader, top.get("periods")),
        reminders=_reminders(reader, top.get("reminders")),
        quotes=tuple(statement for key, statement in statements if key == "quote"),
        assumptions=tuple(statement for key, statement in statements if key == "assumed"),
        notes=_notes(reader, top.get("notes")),
    )


def _required(reader: Reader, top: Entries, key: str) -> str:
    node = top.get(key)
    if node is None:
        reader.problem(top, f"The template has no '{key}:'. Add it at the top.")
    return reader.text(node, f"'{key}'")


def _zone(reader: Reader, node: Node | None) -> str | None:
    text = reader.text(node, "a time zone")
    return reader.attempt(node, parse_zone, text) if node is not None and text else None


def _reference(reader: Reader, top: Entries) -> tuple[str, int]:
    node = top.get("reference")
    if node is None:
        reader.problem(
            top,
            "The template has no reference. Add 'reference: {visit: d1, day: 1}' (day 0 where there is a Day 0).",
        )
        return "", 1
    entries = reader.entries(node, "the reference")
    reader.keys(entries, ("visit", "day"), "The reference")
    day = reader.choice(entries.get("day"), ("0", "1"), "reference day")
    if entries.get("visit") is None or entries.get("day") is None:
        reader.problem(node, "The reference needs both a visit and a day, as in '{visit: d1, day: 1}'.")
    return reader.text(entries.get("visit"), "a visit"), int(day or 1)


def _sections(
    reader: Reader, node: Node | None, section: str, what: str, *, group: bool = False
) -> Iterator[tuple[str, Node]]:
    for key, value in reader.entries(node, section).pairs:
        name = reader.name(key, what, group=group)
        reader.spots[section, name] = key
        if isinstance(value, Entries):
            for field, inner in value.pairs:
                reader.spots[section, name, field.value] = inner
        yield name, value


def _label(reader: Reader, entries: Entries, name: str) -> str:
    return reader.text(entries.get("label"), "a label") or words_of(name)


def _epochs(reader: Reader, node: Node | None) -> dict[str, Epoch]:
    epochs = {}
    for name, value in _sections(reader, node, "epochs", "an epoch"):
        entries = reader.entries(value, f"epoch '{name}'")
        reader.keys(entries, ("label", "place", "window"), f"Epoch '{name}'")
        epochs[name] = Epoch(
            id=name,
            label=_label(reader, entries, name),
            place=reader.choice(entries.get("place"), PLACES, "place"),
            window=reader.window(entries.get("window"), "a window"),
        )
    return epochs


def _groups(reader: Reader, node: Node | None) -> dict[str, Group]:
    groups = {}
    for name, value in _sections(reader, node, "groups", "a group", group=True):
        entries = reader.entries(value, f"group '{name}'")
        long_form = entries.get("values") is not None
        if long_form:
            reader.keys(entries, ("label", "values", "default", "later"), f"Group '{name}'")
        else:
            for key, text in entries.pairs:
                if key.value in ("quote", "assumed"):
                    reader.statement(key.value, text, ("values",), f"Group '{name}'")
        pairs = reader.entries(entries.get("values"), "values").pairs if long_form else entries.pairs
        values = {
            key.value: _value_label(reader, key, text) for key, text in pairs if key.value not in ("quote", "assumed")
        }
        if not values:
            reader.problem(value, f"Group '{name}' has no values. Write them as 'value: label'.")
        groups[name] = Group(
            id=name,
            label=_label(reader, entries, name) if long_form else words_of(name),
            values=values,
            default=reader.choice(entries.get("default"), values, "value") if long_form else None,
            later=long_form and reader.flag(entries.get("later"), "later"),
        )
    return groups


def _value_label(reader: Reader, key: Text, node: Node) -> str:
    if is_rest(node):
        reader.problem(key, f"The value {shown(key.value)} has no label. {COMMA}")
        return ""
    return reader.text(node, "the label of a value")


def _milestones(reader: Reader, node: Node | None, cycles: dict[str, Cycle]) -> dict[str, Milestone]:
    milestones = {}
    starts = {named.name for cycle in cycles.values() for named in names_in(cycle.start) if isinstance(named, Named)}
    for name, value in _sections(reader, node, "milestones", "a milestone"):
        if isinstance(value, Text):
            label = reader.text(value, "a label") or words_of(name)
            milestones[name] = Milestone(id=name, label=label, repeats=name in starts)
            continue
        entries = reader.entries(value, f"milestone '{name}'")
        reader.keys(entries, ("label", "expected", "stop", "keep", "repeats", "once"), f"Milestone '{name}'")
        stop = entries.get("stop")
        milestones[name] = Milestone(
            id=name,
            label=_label(reader, entries, name),
            expected=reader.point(entries.get("expected"), "expected"),
            stop=None if stop is None else tuple(text.value for text in reader.texts(stop, "stop")),
            keep=tuple(text.value for text in reader.texts(entries.get("keep"), "keep")),
            repeats=name in starts or reader.flag(entries.get("repeats"), "repeats"),
            once=reader.flag(entries.get("once"), "once"),
        )
    return milestones


def _cycles(reader: Reader, node: Node | None) -> dict[str, Cycle]:
    cycles = {}
    for name, value in _sections(reader, node, "cycles", "a cycle"):
        entries = reader.entries(value, f"cycle '{name}'")
        reader.keys(entries, ("repeat", "from", "max", "no_earlier_than", "no_later_than"), f"Cycle '{name}'")
        start = reader.point(entries.get("from"), "from")
        if entries.get("repeat") is None or start is None:
            reader.problem(value, f"Cycle '{name}' needs 'repeat:' (which epochs) and 'from:' (where it begins).")
            continue
        cycles[name] = Cycle(
            id=name,
            repeat=tuple(text.value for text in reader.texts(entries.get("repeat"), "repeat")),
            start=start,
            maximum=reader.whole(entries.get("max"), "max", 1, MOST_CYCLES) or 1,
            no_earlier_than=reader.points(entries.get("no_earlier_than"), "no_earlier_than"),
            no_later_than=reader.points(entries.get("no_later_than"), "no_later_than"),
        )
    return cycles


def _history(reader: Reader, node: Node | None) -> dict[str, History]:
    items = {}
    for name, value in _sections(reader, node, "history", "a history item"):
        entries = reader.entries(value, f"history item '{name}'")
        reader.keys(entries, ("label", "clear", "before"), f"History item '{name}'")
        clear = entries.get("clear")
        if clear is None or entries.get("before") is None:
            reader.problem(value, f"History item '{name}' needs 'clear:' (how long) and 'before:' (which visit).")
            continue
        which, lengths = _clearance(reader, clear)
        before = reader.text(entries.get("before"), "a visit")
        items[name] = History(id=name, label=_label(reader, entries, name), clear=lengths, which=which, before=before)
    return items


def _clearance(reader: Reader, node: Node) -> tuple[str, tuple[Clearance, ...]]:
    text = reader.text(node, "a length of time")
    match = _CLEAR.fullmatch(text.strip())
    which, parts = (match[1], match[2].split(",")) if match else ("longer", [text])
    found = [reader.attempt(node, _one_clearance, part.strip()) for part in parts] if text else []
    return which, tuple(item for item in found if item is not None)


def _one_clearance(text: str) -> Clearance:
    times = _TIMES.fullmatch(text)
    if times:
        return Clearance(factor=int(times[1]), asks=times[2])
    try:
        return Clearance(span=parse_span(text))
    except InvalidInput as error:
        raise InvalidInput(
            f"{shown(text)} is no length of time to keep. Write '4 weeks', '5 × half-life' (at most 99 times), "
            "'shorter(4 weeks, 5 × half-life)' or 'longer(…)'."
        ) from error


def _activities(
    reader: Reader,
    node: Node | None,
    visits: list[VisitRule],
    series: dict[str, tuple[str, ...]],
    epochs: dict[str, Epoch],
) -> dict[str, Activity]:
    expand = _Expander(
        reader,
        [visit.id for visit in visits],
        series,
        {e: [v.id for v in visits if v.epoch == e] for e in epochs},
    )
    activities = {}
    for name, value in _sections(reader, node, "activities", "an activity"):
        entries = reader.entries(value, f"activity '{name}'")
        reader.keys(
            entries,
            ("label", "visits", "department", "samples", "optional", "only_for"),
            f"Activity '{name}'",
        )
        at = entries.get("visits")
        if at is None or (isinstance(at, Items) and not at.values):
            reader.problem(value, f"Activity '{name}' has no visits. Add 'visits:' with where it is done.")
        activities[name] = Activity(
            id=name,
            label=_label(reader, entries, name),
            visits=expand.visits(at, f"activity '{name}'"),
            department=reader.text(entries.get("department"), "a department"),
            optional=frozenset(expand.visits(entries.get("optional"), f"activity '{name}'")),
            only_for=read_only_for(reader, entries.get("only_for")),
            samples=_samples(reader, entries.get("samples"), expand),
        )
    return activities


class _Expander:
    """Turns visits, series, epochs and ranges in the order of the file into visits."""

    def __init__(
        self,
        reader: Reader,
        order: list[str],
        series: dict[str, tuple[str, ...]],
        epochs: dict[str, list[str]],
    ) -> None:
        self.reader = reader
        self.order = order
        self.place = {name: index for index, name in enumerate(order)}
        self.known: dict[str, Sequence[str]] = {**epochs, **series, **{name: (name,) for name in order}}

    def visits(self, node: Node | None, what: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for text in self.reader.texts(node, f"the visits of {what}"):
            found.update(dict.fromkeys(self.one(text)))
        return tuple(sorted(found, key=self.place.__getitem__))

    def one(self, text: Text) -> tuple[str, ...]:
        first, dots, last = (part.strip() for part in text.value.partition(".."))
        ends = [self._named(text, name) for name in ((first, last) if dots else (first,))]
        if not all(ends):
            return ()
        if not dots:
            return tuple(ends[0])
        start, stop = self.place[ends[0][0]], self.place[ends[-1][-1]]
        if start > stop:
            self.reader.problem(
                text, f"The range {shown(text.value)} runs backwards in the order of the file. Turn it round."
            )
        return tuple(self.order[start : stop + 1])

    def _named(self, text: Text, name: str) -> list[str]:
        if name in self.known:
            if not self.known[name]:
                self.reader.problem(text, f"Epoch '{name}' has no visits. Name a visit, or give it one.")
            return list(self.known[name])
        self.reader.problem(
            text, f"There is no visit, series or epoch {shown(name)}. {hint('visit', name, self.known)}"
        )
        return []


def _samples(reader: Reader, node: Node | None, expand: _Expander) -> dict[str, tuple[Sample, ...]]:
    samples: dict[str, tuple[Sample, ...]] = {}
    for key, value in reader.entries(node, "samples").pairs:
        offsets = (reader.attempt(text, parse_offset, text.value) for text in reader.texts(value, "a sample's time"))
        times = tuple(offset for offset in offsets if offset is not None)
        samples.update(dict.fromkeys(expand.one(key), times))
    return samples


def _periods(reader: Reader, node: Node | None) -> tuple[PeriodRule, ...]:
    periods = []
    for name, value in _sections(reader, node, "periods", "a period"):
        entries = reader.entries(value, f"period '{name}'")
        reader.keys(
            entries,
            ("label", "from", "to", "for", "after_each", "and_until_done", "only_for", "show"),
            f"Period '{name}'",
        )
        if (entries.get("from") is None) == (entries.get("after_each") is None):
            reader.problem(value, f"Period '{name}' needs either 'from:' (a point) or 'after_each:' (an activity).")
        if (entries.get("to") is None) == (entries.get("for") is None):
            reader.problem(value, f"Period '{name}' needs either 'to:' (its last day) or 'for:' (how long).")
        periods.append(
            PeriodRule(
                id=name,
                label=_label(reader, entries, name),
                start=reader.point(entries.get("from"), "from"),
                end=reader.point(entries.get("to"), "to"),
                length=reader.span(entries.get("for"), "for"),
                after_each=reader.text(entries.get("after_each"), "after_each"),
                until_done=tuple(text.value for text in reader.texts(entries.get("and_until_done"), "and_until_done")),
                only_for=read_only_for(reader, entries.get("only_for")),
                show_patient=reader.choice(entries.get("show"), ("patient",), "reader of a period") == "patient",
            )
        )
    return tuple(periods)


def _reminders(reader: Reader, node: Node | None) -> dict[str, tuple[ReminderRule, ...]]:
    reminders = {}
    for key, value in reader.entries(node, "reminders").pairs:
        if key.value not in ROLES and key.value not in ("quote", "assumed"):
            reader.problem(key, f"There is no role {shown(key.value)}. {hint('role', key.value, ROLES)}")
        if key.value in ROLES:
            found = (reader.attempt(text, _reminder, text.value) for text in reader.texts(value, "a reminder"))
            reminders[key.value] = tuple(rule for rule in found if rule is not None)
    return reminders


def _reminder(text: str) -> ReminderRule:
    match = _REMINDER.fullmatch(text.strip())
    event = _EVENTS[match["event"]] if match else ""
    if match is None or (match["lead"] is None) != (event == "opens"):
        raise InvalidInput(
            f"{shown(text)} is no reminder. Write '7 days before at 09:00', 'window opens', "
            "'2 days before window closes' or '1 day overdue'."
        )
    lead = parse_span(match["lead"]) if match["lead"] else None
    at: time | None = parse_clock(match["at"]) if match["at"] else None
    return ReminderRule(text=text.strip(), event=event, at=at, **({"lead": lead} if lead else {}))


def _notes(reader: Reader, node: Node | None) -> tuple[tuple[str, str], ...]:
    if isinstance(node, Entries):
        return tuple((key.value, reader.text(value, "a note")) for key, value in node.pairs)
    return tuple(("", text.value) for text in reader.texts(node, "a note"))


def _statements(node: Entries, where: str) -> Iterator[tuple[str, Statement]]:
    for key, value in node.pairs:
        inner = f"{where}.{key.value}" if where else key.value
        if key.value not in ("quote", "assumed"):
            if isinstance(value, Entries):
                yield from _statements(value, inner)
        elif isinstance(value, Text):
            yield key.value, Statement(where=where or "protocol", what="", text=value.value)
        elif isinstance(value, Entries):
            for field, text in value.pairs:
                if isinstance(text, Text):
                    yield key.value, Statement(where=where or "protocol", what=field.value, text=text.value)
