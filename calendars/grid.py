"""The schedule of activities as a grid: visits across, activities down, footnotes for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from schedules.points import Around, Shifted
from schedules.spans import Span
from schedules.template import Activity, OnlyFor, Template, VisitRule
from schedules.words import in_a_sentence

DONE = "x"
OPTIONAL = "(x)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One visit, or members of a series that are alike; ``name`` carries the numbers of its footnotes."""

    name: str
    epoch: str
    when: str
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One activity and its mark in each column: ``x``, ``(x)`` where optional, or nothing."""

    label: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The whole schedule; ``notes`` are the footnotes, numbered from 1."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


class _Notes:
    """Numbers each footnote once, in the order in which the grid needs them."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def marked(self, text: str, notes: Iterable[str]) -> str:
        numbers = [self.numbers.setdefault(note, len(self.numbers) + 1) for note in notes]
        return f"{text} [{', '.join(map(str, numbers))}]" if numbers else text


def grid_of(template: Template) -> Grid:
    """The schedule of all patients: what is only for some of them says so in a footnote."""
    notes = _Notes()
    groups = [tuple(group) for _, group in groupby(template.visits, key=lambda visit: _alike(template, visit))]
    columns = tuple(_column(template, group, notes) for group in groups)
    rows = tuple(
        _row(template, _for_all(template, activity), groups, notes) for activity in template.activities.values()
    )
    return Grid(columns=columns, rows=rows, notes=tuple(notes.numbers))


def _alike(template: Template, visit: VisitRule) -> tuple[object, ...]:
    done = tuple(
        (activity.id, visit.id in activity.optional, activity.samples.get(visit.id))
        for activity in template.activities.values()
        if visit.id in activity.visits
    )
    shared = (visit.epoch, str(visit.window), visit.only_for, visit.no_earlier_than, visit.no_later_than)
    return (visit.series or visit.id, *shared, visit.requires, done)


def _column(template: Template, group: Sequence[VisitRule], notes: _Notes) -> Column:
    first, last = group[0], group[-1]
    return Column(
        name=notes.marked(first.id if first is last else f"{first.id} … {last.member}", _visit_notes(template, first)),
        epoch=template.epochs[first.epoch].label,
        when=_when(first, last),
        window="" if first.window is None else str(first.window),
    )


def _when(first: VisitRule, last: VisitRule) -> str:
    if first is last:
        return str(first.at)
    same = isinstance(first.at, Shifted) and isinstance(last.at, Shifted) and first.at.base == last.at.base
    if same and isinstance(last.at, Shifted) and last.at.span.roughly_days > 0:
        return f"{first.at} … {last.at.span.text()}"
    return f"{first.at} … {last.at}"


def _visit_notes(template: Template, visit: VisitRule) -> Iterator[str]:
    name = visit.series or visit.id
    if visit.only_for:
        yield f"{name}: {_only_for(template, visit.only_for)}."
    bounds = (("no earlier than", visit.no_earlier_than), ("no later than", visit.no_later_than))
    texts = [f"{word} {', '.join(map(str, points))}" for word, points in bounds if points]
    if visit.at_the_latest is not None:
        texts.append(f"with a reason at the latest {visit.at_the_latest}")
    if texts:
        yield f"{name}: {'; '.join(texts)}."
    if visit.requires:
        gates = [template.milestones[gate].label if gate in template.milestones else gate for gate in visit.requires]
        yield f"{name}: not before {', '.join(gates)}."
    yield from _assumed(template, f"visits.{name}", name)


def _only_for(template: Template, only_for: OnlyFor) -> str:
    return "only for " + "; and ".join(_group(template, name, values) for name, values in only_for)


def _group(template: Template, name: str, values: Sequence[str]) -> str:
    group = template.groups.get(name)
    if group is None:
        return f"{name} {' or '.join(values)}"
    return f"{group.label}: {' or '.join(group.values.get(value, value) for value in values)}"


def _assumed(template: Template, where: str, name: str) -> Iterator[str]:
    for statement in template.assumptions:
        if statement.where == where:
            yield f"{name}, assumed{f' ({statement.what})' if statement.what else ''}: {statement.text}"


def _row(template: Template, activity: Activity, groups: Sequence[Sequence[VisitRule]], notes: _Notes) -> Row:
    marks = tuple(notes.marked(*_mark(activity, group[0])) for group in groups)
    return Row(label=notes.marked(activity.label, _activity_notes(template, activity)), marks=marks)


def _for_all(template: Template, activity: Activity) -> Activity:
    """The activity with a label for all patients: where theirs says ``Dose level 1``, it says ``dose level``."""
    label = activity.label
    for name, group in template.groups.items():
        label = label.replace(f"{{{name}}}", in_a_sentence(group.label))
    return replace(activity, label=label)


def _mark(activity: Activity, visit: VisitRule) -> tuple[str, list[str]]:
    if visit.id not in activity.visits:
        return "", []
    times = [_offset(span, window) for span, window in activity.samples.get(visit.id, ())]
    samples = [f"{activity.label}: at {', '.join(times)} from the start of the visit."] if times else []
    if visit.id in activity.optional:
        return OPTIONAL, [f"{OPTIONAL} is optional: done where it is chosen for a patient.", *samples]
    return DONE, samples


def _offset(span: Span, window: Around | None) -> str:
    text = span.text() if span.roughly_days < 0 else f"+{span.text()}"
    return text if window is None else f"{text} {window}"


def _activity_notes(template: Template, activity: Activity) -> Iterator[str]:
    if activity.only_for:
        yield f"{activity.label}: {_only_for(template, activity.only_for)}."
    yield from _assumed(template, f"activities.{activity.id}", activity.label)
