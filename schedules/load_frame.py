"""Reading what frames the visits of a template: epochs, groups, milestones, cycles and the history."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schedules.errors import InvalidInput, shown
from schedules.load_visits import words_of
from schedules.points import Named, names_in
from schedules.reader import COMMA, Reader, is_rest
from schedules.source import Entries, Node, Text
from schedules.spans import parse_span
from schedules.template import PLACES, Clearance, Cycle, Epoch, Group, History, Milestone

MOST_CYCLES = 20
_CLEAR = re.compile(r"(shorter|longer)\((.+)\)")
_TIMES = re.compile(r"([1-9][0-9]?)\s*[×x*]\s*([a-z0-9]+(?:-[a-z0-9]+)*)")


def sections(
    reader: Reader, node: Node | None, section: str, what: str, *, group: bool = False
) -> Iterator[tuple[str, Node]]:
    """The named things of a section, each with its node; where they and their fields stand is remembered."""
    for key, value in reader.entries(node, section).pairs:
        name = reader.name(key, what, group=group)
        reader.spots[section, name] = key
        if isinstance(value, Entries):
            for field, inner in value.pairs:
                reader.spots[section, name, field.value] = inner
        yield name, value


def label_of(reader: Reader, entries: Entries, name: str) -> str:
    """Its label, or its name as words."""
    return reader.text(entries.get("label"), "a label") or words_of(name)


def read_epochs(reader: Reader, node: Node | None) -> dict[str, Epoch]:
    """The epochs, in the order of the file."""
    epochs = {}
    for name, value in sections(reader, node, "epochs", "an epoch"):
        entries = reader.entries(value, f"epoch '{name}'")
        reader.keys(entries, ("label", "place", "window"), f"Epoch '{name}'")
        epochs[name] = Epoch(
            id=name,
            label=label_of(reader, entries, name),
            place=reader.choice(entries.get("place"), PLACES, "place"),
            window=reader.window(entries.get("window"), "a window"),
        )
    return epochs


def read_groups(reader: Reader, node: Node | None) -> dict[str, Group]:
    """The groups that tell one patient's schedule from another's."""
    groups = {}
    for name, value in sections(reader, node, "groups", "a group", group=True):
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
            key.value: _valuelabel_of(reader, key, text) for key, text in pairs if key.value not in ("quote", "assumed")
        }
        if not values:
            reader.problem(value, f"Group '{name}' has no values. Write them as 'value: label'.")
        groups[name] = Group(
            id=name,
            label=label_of(reader, entries, name) if long_form else words_of(name),
            values=values,
            default=reader.choice(entries.get("default"), values, "value") if long_form else None,
            later=long_form and reader.flag(entries.get("later"), "later"),
        )
    return groups


def _valuelabel_of(reader: Reader, key: Text, node: Node) -> str:
    if is_rest(node):
        reader.problem(key, f"The value {shown(key.value)} has no label. {COMMA}")
        return ""
    return reader.text(node, "the label of a value")


def starting_events(cycles: dict[str, Cycle]) -> set[str]:
    """The milestones that start cycles: each may happen as often as its cycle may be given."""
    return {named.name for cycle in cycles.values() for named in names_in(cycle.start) if isinstance(named, Named)}


def read_milestones(reader: Reader, node: Node | None, cycles: dict[str, Cycle]) -> dict[str, Milestone]:
    """The milestones; one that starts a cycle may repeat."""
    milestones = {}
    starts = starting_events(cycles)
    for name, value in sections(reader, node, "milestones", "a milestone"):
        if isinstance(value, Text):
            label = reader.text(value, "a label") or words_of(name)
            milestones[name] = Milestone(id=name, label=label, repeats=name in starts)
            continue
        entries = reader.entries(value, f"milestone '{name}'")
        reader.keys(entries, ("label", "expected", "stop", "keep", "repeats", "once"), f"Milestone '{name}'")
        stop = entries.get("stop")
        milestones[name] = Milestone(
            id=name,
            label=label_of(reader, entries, name),
            expected=reader.point(entries.get("expected"), "expected"),
            stop=None if stop is None else tuple(text.value for text in reader.texts(stop, "stop")),
            keep=tuple(text.value for text in reader.texts(entries.get("keep"), "keep")),
            repeats=name in starts or reader.flag(entries.get("repeats"), "repeats"),
            once=reader.flag(entries.get("once"), "once"),
        )
    return milestones


def read_cycles(reader: Reader, node: Node | None) -> dict[str, Cycle]:
    """The cycles: what they repeat, from where, how often."""
    cycles = {}
    for name, value in sections(reader, node, "cycles", "a cycle"):
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


def read_history(reader: Reader, node: Node | None) -> dict[str, History]:
    """What is asked at screening, and how long it keeps a visit away."""
    items = {}
    for name, value in sections(reader, node, "history", "a history item"):
        entries = reader.entries(value, f"history item '{name}'")
        reader.keys(entries, ("label", "clear", "before"), f"History item '{name}'")
        clear = entries.get("clear")
        if clear is None or entries.get("before") is None:
            reader.problem(value, f"History item '{name}' needs 'clear:' (how long) and 'before:' (which visit).")
            continue
        which, lengths = _clearance(reader, clear)
        before = reader.text(entries.get("before"), "a visit")
        items[name] = History(id=name, label=label_of(reader, entries, name), clear=lengths, which=which, before=before)
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
