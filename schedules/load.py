"""Loading a template file: bytes in, a checked :class:`~schedules.template.Template` out, or every problem at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from schedules.cycles import expand
from schedules.errors import TemplateError, hint, shown
from schedules.load_activities import read_activities, read_periods
from schedules.load_frame import read_cycles, read_epochs, read_groups, read_history, read_milestones, starting_events
from schedules.load_visits import read_visits
from schedules.reader import Reader, TooManyProblems, is_empty
from schedules.reminder_rules import parse_rule_for
from schedules.source import Entries, Node, Text, read_source
from schedules.template import (
    ROLES,
    ReminderRule,
    Statement,
    Template,
)
from schedules.typed import parse_zone

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

LONGEST_WORD = 100


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
    epochs = read_epochs(reader, top.get("epochs"))
    cycles = read_cycles(reader, top.get("cycles"))
    milestones = read_milestones(reader, top.get("milestones"), cycles)
    started = starting_events(cycles)
    reader.repeating = frozenset(name for name, item in milestones.items() if item.repeats and name not in started)
    reference, day = _reference(reader, top)
    reader.reference = (reference, day)
    visits, series = read_visits(reader, top.get("visits"), epochs)
    written = top.get("visits")
    if written is None or is_empty(written) or (isinstance(written, Entries) and not written.pairs):
        reader.problem(written or top, "The template has no visits. Add 'visits:' with at least the reference visit.")
    statements = tuple(_statements(top, ""))
    return Template(
        protocol=_word(reader, top, "protocol"),
        version=_word(reader, top, "version"),
        title=_required(reader, top, "title"),
        sha256=digest,
        registry=reader.text(top.get("registry"), "a registry number"),
        record=reader.text(top.get("record"), "a record"),
        timezone=_zone(reader, top.get("timezone")),
        reference_visit=reference,
        reference_day=day,
        epochs=epochs,
        groups=read_groups(reader, top.get("groups")),
        milestones=milestones,
        cycles=cycles,
        history=read_history(reader, top.get("history")),
        visits=tuple(visits),
        series=series,
        activities=read_activities(reader, top.get("activities"), visits, series, epochs),
        periods=read_periods(reader, top.get("periods")),
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


def _word(reader: Reader, top: Entries, key: str) -> str:
    """What a protocol or a version is called by, wherever it is named."""
    text = _required(reader, top, key)
    node = top.get(key)
    if node is not None and (len(text) > LONGEST_WORD or not text.isprintable()):
        advice = f"Write at most {LONGEST_WORD} printable characters on one line."
        reader.problem(node, f"{shown(text)} cannot be the {key} of a template. {advice}")
    return text


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


def _reminders(reader: Reader, node: Node | None) -> dict[str, tuple[ReminderRule, ...]]:
    reminders = {}
    for key, value in reader.entries(node, "reminders").pairs:
        if key.value not in ROLES and key.value not in ("quote", "assumed"):
            reader.problem(key, f"There is no role {shown(key.value)}. {hint('role', key.value, ROLES)}")
        if key.value in ROLES:
            parse = parse_rule_for(key.value)
            texts = reader.texts(value, "a reminder")
            for text in texts:
                reader.spots["reminders", key.value, text.value.strip()] = text
            found = (reader.attempt(text, parse, text.value) for text in texts)
            reminders[key.value] = tuple(rule for rule in found if rule is not None)
    return reminders


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
