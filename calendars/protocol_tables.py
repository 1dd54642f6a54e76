"""A protocol as text for people: the catalogue, its schedule of activities, and what in it must be confirmed.

Every function returns text without a line break at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from calendars.grid import Column, Grid, grid_of
from calendars.layout import GAP, Cell, bullets, clean, columns, heading, paragraph, sections, table
from schedules.template import Group, PeriodRule, Statement, Template

_LABELS = 24  # the width of the activities' names
_NARROWEST_VISIT, _WIDEST_VISIT = 6, 16
_UNBROKEN = re.compile(r"[^\s/(-]*[/(-]?")


def catalogue_table(templates: Iterable[Template], *, width: int = 80, colour: bool = False) -> str:
    """One row a protocol version: how many visits it has, and how many assumptions to confirm."""
    rows = [
        (
            Cell(template.protocol, "bold", whole=True),
            Cell(template.version, whole=True),
            template.title,
            str(len(template.visits)),
            str(len(template.assumptions)),
        )
        for template in templates
    ]
    heads = ("Protocol", "Version", "Title", "Visits", "Assumptions")
    return table(heads, rows, width=width, colour=colour) if rows else "No protocol is registered."


def schedule_of_activities(template: Template, *, width: int = 80, colour: bool = False, markdown: bool = False) -> str:
    """The schedule of activities: visits across, activities down, ``x`` where done, the rest in footnotes.

    As text the visits come in blocks that fit ``width``; a block leaves out what is done at none of its
    visits. As Markdown it is one table.
    """
    grid = grid_of(template)
    if markdown:
        return _markdown(template, grid)
    return sections(
        (
            paragraph(title_of(template), width=width),
            *(_block(grid, part, colour) for part in _parts(grid.columns, width)),
            _footnotes(grid.notes, width),
            _listed("Periods", periods_of(template), width, colour),
            *(_listed(title, texts, width, colour) for title, texts in to_be_said_of_a_patient(template)),
            _listed("Notes", _notes(template), width, colour),
        )
    )


def title_of(template: Template) -> str:
    """A protocol's name, version, title and registry number on one line."""
    registry = f" ({template.registry})" if template.registry else ""
    return f"{template.protocol} {template.version}: {template.title}{registry}"


def _parts(visits: Sequence[Column], width: int) -> Iterator[slice]:
    """As many visits to a block as fit beside the activities' names, but at least one."""
    start, room = 0, width - _LABELS
    for index, visit in enumerate(visits):
        room -= GAP + _visit_width(visit)
        if room < 0 and index > start:
            yield slice(start, index)
            start, room = index, width - _LABELS - GAP - _visit_width(visit)
    yield slice(start, len(visits))


def _visit_width(visit: Column) -> int:
    """What its longest word needs, within bounds."""
    words = _UNBROKEN.findall(f"{visit.name} {visit.epoch} {visit.when} {visit.window}")
    return min(_WIDEST_VISIT, max(_NARROWEST_VISIT, *map(columns, words)))


def _block(grid: Grid, part: slice, colour: bool) -> str:
    visits = grid.columns[part]
    rows: list[Sequence[str | Cell]] = [[Cell(text, "dim") for text in row] for row in _heads(visits)]
    rows += [[row.label, *row.marks[part]] for row in grid.rows if any(row.marks[part])]
    names = ["", *(visit.name for visit in visits)]
    return table(names, rows, widths=[_LABELS, *map(_visit_width, visits)], colour=colour)


def _heads(visits: Sequence[Column]) -> Iterator[list[str]]:
    """Epoch, time and window of each visit; a line that would be empty is left out."""
    texts = (
        ("Epoch", [visit.epoch for visit in visits]),
        ("When", [visit.when for visit in visits]),
        ("Window", [visit.window for visit in visits]),
    )
    return ([name, *cells] for name, cells in texts if any(cells))


def _footnotes(notes: Sequence[str], width: int) -> str:
    return "\n".join(
        paragraph(note, width=width, first=f"{f'[{number}]':<6}", rest=" " * 6)
        for number, note in enumerate(notes, start=1)
    )


def periods_of(template: Template) -> list[str]:
    """Each period with its extent, in the template's words."""
    return [f"{period.label}: {_extent(period)}" for period in template.periods]


def to_be_said_of_a_patient(template: Template) -> tuple[tuple[str, list[str]], ...]:
    """The names by which a patient's groups, events and answers are recorded, under a title each."""
    groups = [
        f"{group.id} ({group.label}): {', '.join(_value(group, value) for value in group.values)}"
        for group in template.groups.values()
    ]
    events = [f"{milestone.id}: {milestone.label}" for milestone in template.milestones.values()]
    asked = [
        f"{item.id}: {item.label}{''.join(f', with its {name}' for name in item.asks)}"
        for item in template.history.values()
    ]
    return (("Groups", groups), ("Milestones", events), ("Asked at screening", asked))


def _value(group: Group, value: str) -> str:
    label = group.values[value]
    named = value if label == value else f"{value} ({label})"
    return f"{named} unless given" if value == group.default else named


def _extent(period: PeriodRule) -> str:
    start = f"after each {period.after_each}" if period.after_each else f"from {period.start}"
    end = f"to {period.end}" if period.end is not None else f"for {period.length.text()}" if period.length else ""
    done = f", until {', '.join(period.until_done)} is done or missed" if period.until_done else ""
    return f"{start} {end}{done}"


def _notes(template: Template) -> list[str]:
    return [f"{name}: {text}" if name else text for name, text in template.notes]


def _listed(title: str, texts: Sequence[str], width: int, colour: bool) -> str:
    return f"{heading(title, colour=colour)}\n{bullets(texts, width=width)}" if texts else ""


def _markdown(template: Template, grid: Grid) -> str:
    names = ["Activity", *(visit.name for visit in grid.columns)]
    rows = [names, ["---"] * len(names), *_heads(grid.columns)]
    rows += [[row.label, *row.marks] for row in grid.rows]
    lines = ["| " + " | ".join(map(_escaped, row)) + " |" for row in rows]
    notes = [f"{number}. {_escaped(note)}" for number, note in enumerate(grid.notes, start=1)]
    listed = (("Periods", periods_of(template)), ("Notes", _notes(template)))
    return sections(
        (
            f"# {_escaped(title_of(template))}",
            "\n".join(lines),
            "\n".join(notes),
            *(
                f"## {title}\n\n" + "\n".join(f"- {_escaped(text)}" for text in texts)
                for title, texts in listed
                if texts
            ),
        )
    )


def _escaped(text: str) -> str:
    """A text for a cell of a Markdown table: on one line, without anything that reads as markup."""
    return "".join(f"\\{char}" if char in "\\|*_`<[" else char for char in clean(text))


def assumptions_text(template: Template, *, width: int = 80, colour: bool = False) -> str:
    """What a study team must confirm before it uses the template, and what is quoted from the record."""
    record = template.record or template.registry
    confirm = f"To be confirmed by the study team: {len(template.assumptions)}"
    quoted = f"Quoted from the record{' ' if record else ''}{record}: {len(template.quotes)}"
    return sections(
        (
            paragraph(title_of(template), width=width),
            heading(confirm, colour=colour),
            *_statements(template.assumptions, width, colour),
            heading(quoted, colour=colour),
            *_statements(template.quotes, width, colour),
        )
    )


def _statements(statements: Iterable[Statement], width: int, colour: bool) -> Iterator[str]:
    """The statements under the part of the template they stand in, in its order."""
    for part, group in groupby(statements, key=lambda statement: statement.where.partition(".")[0]):
        yield _listed(part.capitalize(), [_statement(statement) for statement in group], width, colour)


def _statement(statement: Statement) -> str:
    name = statement.where.partition(".")[2]
    where = f"{name} ({statement.what})" if name and statement.what else name or statement.what
    return f"{where}: {statement.text}" if where else statement.text
