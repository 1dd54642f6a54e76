"""Worklists, and what a department must have ready, as text for people: with totals that add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from calendars.agenda import AgendaItem, Quantity, by_day, grouped, quantities, quantity
from calendars.layout import Cell, Note, heading, paragraph, sections, table
from calendars.tables import short
from calendars.words import day_in_words
from calendars.worklists import BUCKETS, GATES_WITHIN, WITHIN, Bucket, Task, Worklist
from schedules.words import counted, days_words

Rows = list[Sequence[str | Cell] | Note]

_DAYS_COUNT = (
    "Days are counted from the last day of the window, or of a visit that is booked or has no window from its day."
)
_COUNTED_TWICE = "A visit at which two departments have something to do counts for each, and once in all."
_QUANTITY = ("Booked", "Not booked", "Done", "Total")


def worklist_text(found: Worklist, *, width: int = 80, colour: bool = False) -> str:
    """What is overdue, in numbers by site and one by one, then what soon will be."""
    soon = [
        _list(f"Not booked, and the window closes within {WITHIN} days", "Closes", found.closing, width, colour),
        _list(f"Expires within {WITHIN} days, or before the visit", "Expires", found.expiring, width, colour),
        _list(f"Periods that end within {WITHIN} days", "Ends", found.ending, width, colour, noun="Period"),
        _list(f"Booked within {GATES_WITHIN} days, and waits for a gate", "Booked for", found.shut, width, colour),
    ]
    return sections(
        (
            _overdue(found, width, colour) if found.overdue else "Nothing is overdue.",
            *soon,
            "" if any(soon) else _nothing_soon(width),
            _undelivered(found, width, colour) if found.undelivered else "",
        )
    )


def _undelivered(found: Worklist, width: int, colour: bool) -> str:
    rows = [(f"{one.due:%Y-%m-%d %H:%M}", one.subject, one.role, one.visit, one.why) for one in found.undelivered]
    heads = ("Due (UTC)", "Subject", "Role", "Visit", "Why")
    title = heading("Reminders that could not be delivered", colour=colour)
    return f"{title}\n{table(heads, rows, width=width, colour=colour)}"


def _nothing_soon(width: int) -> str:
    return paragraph(
        f"Nothing closes, expires or ends within {WITHIN} days, and no visit booked within {GATES_WITHIN} days waits "
        "for a gate.",
        width=width,
    )


def _overdue(found: Worklist, width: int, colour: bool) -> str:
    heads = ("Site", *(bucket.name for bucket in BUCKETS), "Total")
    rows: Rows = [(site, *_counts(found, site)) for site in sorted(found.today)]
    rows.append([Cell(text, "bold") for text in ("Total", *_counts(found, None))])
    return sections(
        (
            f"{heading('Overdue visits by days overdue', colour=colour)}\n"
            + table(heads, rows, width=width, colour=colour)
            + f"\n{paragraph(_DAYS_COUNT, width=width)}",
            table(
                ("Overdue", "Last day", "Subject", "Visit", "What", "Status"), _late(found), width=width, colour=colour
            ),
        )
    )


def _counts(found: Worklist, site: str | None) -> tuple[str, ...]:
    return tuple(str(found.count(bucket, site)) for bucket in (*BUCKETS, None))


def _late(found: Worklist) -> Rows:
    """Bucket by bucket, what is longest overdue first."""
    rows: Rows = []
    for bucket, tasks in groupby(sorted(found.overdue, key=_longest), key=_bucket):
        group = list(tasks)
        rows.append(
            Note(
                f"· {bucket.name} day{'' if bucket.last == 1 else 's'}: {counted(len(group), 'visit')} ·", style="bold"
            )
        )
        for task in group:
            rows.append(_late_row(task))
            rows.extend([Note(", ".join(task.because), 3, "yellow")] if task.because else [])
    return rows


def _longest(task: Task) -> int:
    return -task.days


def _bucket(task: Task) -> Bucket:
    return next(bucket for bucket in BUCKETS if bucket.holds(task.days))


def _late_row(task: Task) -> Sequence[str | Cell]:
    return (
        Cell(days_words(task.days), "red", whole=True),
        Cell(day_in_words(task.until, short=True), whole=True),
        f"{task.subject} ({task.site})",
        Cell(task.name, "bold", whole=True),
        task.label,
        task.status,
    )


def _list(title: str, head: str, tasks: Sequence[Task], width: int, colour: bool, *, noun: str = "Visit") -> str:
    """A list with its number in the heading; empty where there is nothing on it."""
    if not tasks:
        return ""
    rows = [row for task in tasks for row in _soon(task)]
    return f"{heading(f'{title}: {len(tasks)}', colour=colour)}\n" + table(
        (head, "In", "Subject", noun, "What", "Status"), rows, width=width, colour=colour
    )


def _soon(task: Task) -> Iterator[Sequence[str | Cell] | Note]:
    yield (
        Cell(day_in_words(task.until, short=True), whole=True),
        Cell(_left(task.days), whole=True),
        f"{task.subject} ({task.site})",
        Cell(task.name, "bold", whole=True),
        task.label,
        f"{task.status} {short(task.when)}" if task.status in ("planned", "booked") else task.status,
    )
    if task.because:
        yield Note(", ".join(task.because), 3, "yellow")


def _left(days: int) -> str:
    return "today" if days == 0 else days_words(days) if days > 0 else f"{days_words(days)} ago"


def department_text(items: Sequence[AgendaItem], department: str, *, width: int = 80, colour: bool = False) -> str:
    """What a department must have ready: the number of visits by day and activity, with totals; empty for nothing.

    A visit with two activities counts for each of them, and once among the visits.
    """
    if not items:
        return ""
    return sections(
        (
            f"{heading(f'What {department} must have ready', colour=colour)}\n"
            + table(("Date", "What", *_QUANTITY), _days_rows(items), width=width, colour=colour),
            f"{heading('In all these days', colour=colour)}\n"
            + table(("What", *_QUANTITY), _total_rows(items), width=width, colour=colour),
        )
    )


def grouped_text(items: Sequence[AgendaItem], by: str, *, width: int = 80, colour: bool = False) -> str:
    """The numbers of visits by day, site or department, and in all; of a department also by what must be ready.

    A visit at which two departments have something to do counts for each of them, and once in all.
    """
    groups = grouped(items, by)
    if not groups:
        return "No visits in these days."
    if by == "department":
        return sections((_departments(items, groups, width, colour), paragraph(_COUNTED_TWICE, width=width)))
    rows: Rows = []
    for name, group in groups.items():
        shown = day_in_words(date.fromisoformat(name), short=True) if by == "day" else name
        rows.append((Cell(shown, whole=True), *_numbers(quantity(group))))
    rows.append((Cell("Total", "bold"), *_numbers(quantity(items), "bold")))
    return table((by.capitalize(), *_QUANTITY), rows, width=width, colour=colour)


def _departments(
    items: Sequence[AgendaItem], groups: Mapping[str, Sequence[AgendaItem]], width: int, colour: bool
) -> str:
    rows: Rows = []
    for name, group in groups.items():
        rows.append((Cell(name, whole=True), "visits", *_numbers(quantity(group), "bold")))
        rows.extend(("", label, *_numbers(number)) for label, number in quantities(group).items())
    concerned = [item for item in items if any(item.departments)]
    rows.append((Cell("Total", "bold"), Cell("visits", "bold"), *_numbers(quantity(concerned), "bold")))
    return table(("Department", "What", *_QUANTITY), rows, width=width, colour=colour)


def _days_rows(items: Sequence[AgendaItem]) -> Rows:
    rows: Rows = []
    for day, group in by_day(items).items():
        rows.append((Cell(day_in_words(day, short=True), whole=True), "visits", *_numbers(quantity(group), "bold")))
        rows.extend(("", label, *_numbers(number)) for label, number in quantities(group).items())
    return rows


def _total_rows(items: Sequence[AgendaItem]) -> Rows:
    rows: Rows = [(Cell("visits", "bold"), *_numbers(quantity(items), "bold"))]
    rows.extend((label, *_numbers(number)) for label, number in quantities(items).items())
    return rows


def _numbers(number: Quantity, style: str = "") -> tuple[Cell, ...]:
    return tuple(Cell(str(part), style) for part in (number.booked, number.planned, number.done, number.total))
