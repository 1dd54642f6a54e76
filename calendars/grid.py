"""The schedule of activities as a grid: visits across, activities down, footnotes for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from calendars.grid_times import TOLD_ONE_BY_ONE, when_of
from schedules.points import Around
from schedules.protocol_days import days_from_reference
from schedules.spans import Span
from schedules.template import Activity, OnlyFor, Template, VisitRule
from schedules.words import in_a_sentence

# Of whom a footnote is, and what it says.
Note = tuple[str, str]
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
    """Numbers each footnote once, in the order in which the grid needs them, and says of whom it holds."""

    def __init__(self) -> None:
        self.subjects: dict[str, list[str]] = {}

    def marked(self, text: str, notes: Iterable[Note]) -> str:
        numbers = sorted(self._number(*note) for note in notes)
        return f"{text} [{', '.join(map(str, numbers))}]" if numbers else text

    def _number(self, subject: str, rest: str) -> int:
        subjects = self.subjects.setdefault(rest, [])
        if subject not in subjects:
            subjects.append(subject)
        return list(self.subjects).index(rest) + 1

    def texts(self) -> tuple[str, ...]:
        return tuple(f"{'; '.join(subjects)}{rest}" for rest, subjects in self.subjects.items())


def grid_of(template: Template) -> Grid:
    """The schedule of all patients: what is only for some of them says so in a footnote."""
    notes = _Notes()
    days = days_from_reference(template)
    groups = [tuple(group) for _, group in groupby(template.visits, key=lambda visit: _alike(template, visit))]
    columns = tuple(_column(template, group, notes, days) for group in groups)
    rows = tuple(
        _row(template, _for_all(template, activity), groups, notes) for activity in template.activities.values()
    )
    return Grid(columns=columns, rows=rows, notes=notes.texts())


def _alike(template: Template, visit: VisitRule) -> tuple[object, ...]:
    done = tuple(
        (activity.id, visit.id in activity.optional, activity.samples.get(visit.id))
        for activity in template.activities.values()
        if visit.id in activity.visits
    )
    shared = (visit.epoch, str(visit.window), visit.only_for, visit.no_earlier_than, visit.no_later_than)
    return (visit.series or visit.id, *shared, visit.requires, done)


def _column(template: Template, group: Sequence[VisitRule], notes: _Notes, days: Mapping[str, int]) -> Column:
    first = group[0]
    return Column(
        name=notes.marked(_name(group), _visit_notes(template, first)),
        epoch=template.epochs[first.epoch].label,
        when=when_of(template, group, days),
        window="" if first.window is None else str(first.window),
    )


def _name(group: Sequence[VisitRule]) -> str:
    first, last = group[0], group[-1]
    if first is last:
        return first.id
    if len(group) > TOLD_ONE_BY_ONE or all(visit.member == str(visit.number) for visit in group):
        return f"{first.id} … {last.member}"
    return ", ".join([first.id, *(visit.member for visit in group[1:])])


def _is_reference(template: Template, visit: VisitRule) -> bool:
    return visit.id.rpartition("/")[2] == template.reference_visit


def _visit_notes(template: Template, visit: VisitRule) -> Iterator[Note]:
    name = visit.series or visit.id
    if _is_reference(template, visit):
        yield name, f": {visit.at}, until its date is set."
    if visit.only_for:
        yield name, f": {_only_for(template, visit.only_for)}."
    bounds = (("no earlier than", visit.no_earlier_than), ("no later than", visit.no_later_than))
    texts = [f"{word} {', '.join(map(str, points))}" for word, points in bounds if points]
    if visit.at_the_latest is not None:
        texts.append(f"with a reason at the latest {visit.at_the_latest}")
    if texts:
        yield name, f": {'; '.join(texts)}."
    if visit.requires:
        gates = [template.milestones[gate].label if gate in template.milestones else gate for gate in visit.requires]
        yield name, f": not before {', '.join(gates)}."
    yield from _assumed(template, f"visits.{name}", name)


def _only_for(template: Template, only_for: OnlyFor) -> str:
    return "only for " + "; and ".join(_group(template, name, values) for name, values in only_for)


def _group(template: Template, name: str, values: Sequence[str]) -> str:
    group = template.groups.get(name)
    if group is None:
        return f"{name} {' or '.join(values)}"
    return f"{group.label}: {' or '.join(group.values.get(value, value) for value in values)}"


def _assumed(template: Template, where: str, name: str) -> Iterator[Note]:
    for statement in template.assumptions:
        if statement.where == where:
            yield name, f", assumed{f' ({statement.what})' if statement.what else ''}: {statement.text}"


def _row(template: Template, activity: Activity, groups: Sequence[Sequence[VisitRule]], notes: _Notes) -> Row:
    marks = tuple(notes.marked(*_mark(activity, group[0])) for group in groups)
    return Row(label=notes.marked(activity.label, _activity_notes(template, activity)), marks=marks)


def _for_all(template: Template, activity: Activity) -> Activity:
    """The activity with a label for all patients: where theirs says ``Dose level 1``, it says ``dose level``."""
    label = activity.label
    for name, group in template.groups.items():
        label = label.replace(f"{{{name}}}", in_a_sentence(group.label))
    return replace(activity, label=label)


def _mark(activity: Activity, visit: VisitRule) -> tuple[str, list[Note]]:
    if visit.id not in activity.visits:
        return "", []
    times = [_offset(span, window) for span, window in activity.samples.get(visit.id, ())]
    samples = [(activity.label, f": at {', '.join(times)} from the start of the visit.")] if times else []
    if visit.id in activity.optional:
        return OPTIONAL, [(OPTIONAL, " is optional: done where it is chosen for a patient."), *samples]
    return DONE, samples


def _offset(span: Span, window: Around | None) -> str:
    text = span.text() if span.roughly_days < 0 else f"+{span.text()}"
    return text if window is None else f"{text} {window}"


def _activity_notes(template: Template, activity: Activity) -> Iterator[Note]:
    if activity.only_for:
        yield activity.label, f": {_only_for(template, activity.only_for)}."
    yield from _assumed(template, f"activities.{activity.id}", activity.label)
