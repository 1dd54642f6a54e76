"""Plans, agendas and records as text for people, at most ``width`` columns wide.

Every function returns text without a line break at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from calendars.layout import NO_BREAK, Cell, Note, bullets, clean, heading, paragraph, sections, styled, table
from calendars.words import (
    day_in_words,
    length_in_words,
    standing,
    when_in_words,
    window_in_words,
)
from schedules.plan import TO_COME, Conflict, Deviation, Expectation, Period, Plan, Status, Visit
from schedules.record import LABEL, OVERRIDE, RECONSENTED, Fact, Kind, When
from schedules.template import OPEN_DAYS_ONLY
from schedules.words import counted

if TYPE_CHECKING:
    from calendars.agenda import AgendaItem

_STYLES = {
    "done": "green",
    "booked": "cyan",
    "due": "yellow",
    "overdue": "red",
    "missed": "red",
    "cancelled": "dim",
    "open": "yellow",
    "conditional": "dim",
}
_VISIT_HEADS = ("Date", "Day", "Visit", "What", "Status", "Window")


def plan_table(
    plan: Plan,
    today: date,
    *,
    subject: str = "",
    site: str = "",
    revision: int | None = None,
    width: int = 80,
    colour: bool = False,
) -> str:
    """A patient's calendar as of a date at the site: visits, periods, and what is wrong or open."""
    of_record = "" if revision is None else f"revision {revision}"
    parts = (f"{plan.protocol} {plan.version}", subject, site, plan.timezone, of_record)
    head = " · ".join(part for part in parts if part)
    return sections(
        (
            heading(head, colour=colour),
            _stopped(plan, width),
            _dated(plan, today, width, colour),
            _provisional(plan, width),
            _undated(plan, width, colour),
            _not_applicable(plan),
            _expected(plan.expected, today, width, colour),
            _periods(plan.periods, today, width, colour),
            conflicts_text(plan.conflicts, width=width, colour=colour),
            deviations_text(plan.deviations, width=width, colour=colour),
            questions_text(plan.questions, width=width, colour=colour),
        )
    )


def _stopped(plan: Plan, width: int) -> str:
    if plan.stopped is None:
        return ""
    on = f" on {short(plan.milestones[plan.stopped])}" if plan.stopped in plan.milestones else ""
    return paragraph(f"Stopped: {plan.stopped}{on}.", width=width)


def _dated(plan: Plan, today: date, width: int, colour: bool) -> str:
    visits = [visit for visit in plan.visits if visit.date is not None and visit.status is not Status.NOT_APPLICABLE]
    if not visits:
        return "No visit has a date yet."
    rows: list[Sequence[str | Cell] | Note] = []
    gone_by = False
    for visit in visits:
        assert visit.date is not None
        if gone_by and visit.date >= today:
            rows.append(Note(f"· {day_in_words(today, short=True)}, today ·", style="bold"))
        gone_by = visit.date < today
        rows.extend(_visit_rows(visit, today))
    return table(_VISIT_HEADS, rows, width=width, colour=colour)


def _provisional(plan: Plan, width: int) -> str:
    """That dates may still move because the holidays of their years are not announced (design §5, rule 5)."""
    last = plan.announced_to
    open_days = [visit for visit in plan.visits if visit.status in TO_COME and visit.place in OPEN_DAYS_ONLY]
    if last is None or not any(visit.date is not None and visit.date.year > last for visit in open_days):
        return ""
    return paragraph(
        f"Dates after {last} are provisional: the public holidays of those years are not announced yet.", width=width
    )


def _visit_rows(visit: Visit, today: date) -> Iterator[Sequence[str | Cell] | Note]:
    status = standing(visit, today)
    style = _STYLES.get(status, "")
    yield (
        Cell(short(visit.planned), whole=True),
        Cell(visit.day or "", whole=True),
        Cell(visit.id, "bold", whole=True),
        visit.label,
        Cell(status, style, whole=True),
        _window(visit).replace(" ", NO_BREAK),
    )
    if visit.waiting_for:
        yield Note(f"waits for {', '.join(visit.waiting_for)}", 3, "dim")
    if visit.earlier:
        yield Note(f"done before, on {', '.join(map(short, visit.earlier))}", 3, "dim")


def short(when: When | None) -> str:
    """A date, with its time where it has one, in short; nothing where there is none."""
    return "" if when is None else when_in_words(when, short=True)


def _window(visit: Visit) -> str:
    """The template's window, or what the bounds leave over where it has none."""
    if visit.window_start is not None and visit.window_end is not None:
        return window_in_words(visit.window_start, visit.window_end)
    return window_in_words(visit.not_before, visit.not_after)


def _undated(plan: Plan, width: int, colour: bool) -> str:
    """What has no date: conditional visits with what they wait for, members of a series in one row."""
    visits = [visit for visit in plan.visits if visit.date is None and visit.status is not Status.NOT_APPLICABLE]
    rows = [_undated_row(name, list(group)) for (name, _), group in groupby(visits, key=_alike)]
    if not rows:
        return ""
    return f"{heading('Without a date', colour=colour)}\n" + table(
        ("Visit", "What", "Waits for"), rows, width=width, colour=colour
    )


def _alike(visit: Visit) -> tuple[str, tuple[str, ...]]:
    return visit.series or visit.id, (str(visit.status), *visit.waiting_for)


def _undated_row(name: str, visits: Sequence[Visit]) -> Sequence[str | Cell]:
    first, others = visits[0], len(visits) - 1
    more = f" and {others} more" if others else ""
    return Cell(name, whole=True), first.label + more, ", ".join(first.waiting_for) or str(first.status)


def _not_applicable(plan: Plan) -> str:
    number = sum(visit.status is Status.NOT_APPLICABLE for visit in plan.visits)
    return f"Not applicable: {counted(number, 'visit')}." if number else ""


def _expected(expected: Iterable[Expectation], today: date, width: int, colour: bool) -> str:
    rows = [
        (
            Cell(item.milestone, "bold", whole=True),
            item.label,
            Cell(short(item.day), whole=True),
            Cell("overdue", "red") if item.day < today else "",
        )
        for item in expected
    ]
    if not rows:
        return ""
    return f"{heading('Expected', colour=colour)}\n" + table(
        ("Milestone", "What", "Expected", "Status"), rows, width=width, colour=colour
    )


def _periods(periods: Iterable[Period], today: date, width: int, colour: bool) -> str:
    rows = [_period_row(period, today) for period in periods]
    if not rows:
        return ""
    return f"{heading('Periods', colour=colour)}\n" + table(
        ("Period", "From", "To", "Status", "Waits for"), rows, width=width, colour=colour
    )


def _period_row(period: Period, today: date) -> Sequence[str | Cell]:
    status = period.status(today)
    return (
        period.label,
        Cell(short(period.start), whole=True),
        Cell(short(period.end), whole=True),
        Cell(status, _STYLES.get(status, ""), whole=True),
        ", ".join(period.waiting_for),
    )


def conflicts_text(
    conflicts: Sequence[Conflict], *, title: str = "Conflicts", width: int = 80, colour: bool = False
) -> str:
    """Each conflict with its rules; empty where there is none."""
    lines = [styled(heading(title), "red", colour)] if conflicts else []
    for conflict in conflicts:
        lines.append(paragraph(told(conflict), width=width, first="  ! ", rest="    "))
        lines.extend([bullets(conflict.rules, width=width, mark="      - ")] if conflict.rules else [])
    return "\n".join(lines)


def deviations_text(
    deviations: Sequence[Deviation], *, title: str = "Deviations", width: int = 80, colour: bool = False
) -> str:
    """One line a deviation; empty where there is none."""
    return section(title, [f"{told(item)} [{item.kind}]" for item in deviations], width, colour)


def questions_text(questions: Sequence[str], *, width: int = 80, colour: bool = False) -> str:
    """One line a question that is still open; empty where there is none."""
    return section("Open questions", questions, width, colour)


def told(item: Conflict | Deviation) -> str:
    """The message of one, and what it leaves out of whose it is and by how much."""
    where = "" if item.message.startswith(item.visit) else f"{item.visit}: "
    by = length_in_words(item.by) if item.by else ""
    return f"{where}{item.message}{f' (by {by})' if by not in item.message else ''}"


def section(title: str, texts: Sequence[str], width: int, colour: bool) -> str:
    """A heading and one wrapped line a text; empty where there is none."""
    return f"{heading(title, colour=colour)}\n{bullets(texts, width=width)}" if texts else ""


def agenda_table(items: Iterable[AgendaItem], *, width: int = 80, colour: bool = False) -> str:
    """Who comes when, and for what, in order of day and time."""
    ordered = sorted(items, key=lambda item: item.order)
    if not ordered:
        return "No visits in these days."
    heads = ("Date", "Subject", "Visit", "What", "Status")
    rows = [row for item in ordered for row in _agenda_rows(item)]
    return table(heads, rows, width=width, colour=colour)


def _agenda_rows(item: AgendaItem) -> Iterator[Sequence[str | Cell] | Note]:
    subject = f"{item.subject} ({item.site})" if item.site else item.subject
    yield (
        Cell(short(item.when), whole=True),
        subject,
        Cell(item.visit, "bold", whole=True),
        item.label,
        Cell(item.status, _STYLES.get(item.status, ""), whole=True),
    )
    if item.activities:
        yield Note("; ".join(item.activities), 1, "dim")
    if item.waiting_for:
        yield Note(f"waits for {', '.join(item.waiting_for)}", 1, "yellow")


def fact_in_words(fact: Fact) -> str:
    """What a fact says, on one line, without the salt of the calendar UIDs."""
    value, activity = fact.values.get("value", ""), fact.values.get("activity", "")
    match fact.kind:
        case Kind.ENROLLED:
            into = " ".join(filter(None, (fact.values.get("protocol", ""), fact.values.get("version", ""))))
            text = f"enrolled{' in ' if into else ''}{into} on {short(fact.when)}"
        case Kind.BOOKED:
            gates = fact.values.get(OVERRIDE)
            text = f"{fact.name} booked for {short(fact.when)}{f', overriding {gates}' if gates else ''}"
        case Kind.DONE:
            text = f"{fact.name} done {'again ' if fact.is_repeat else ''}on {short(fact.when)}"
        case Kind.MISSED | Kind.CANCELLED:
            text = f"{fact.name} {fact.kind}"
        case Kind.ADDED:
            text = f"{fact.name} ({fact.values[LABEL]}) added for {short(fact.when)}"
        case Kind.WITHHELD | Kind.GIVEN:
            text = f"{activity} {fact.kind} at {fact.name}"
        case Kind.EVENT:
            text = f"{fact.name} on {short(fact.when)}"
        case Kind.GROUP:
            text = f"{fact.name} is {value}"
        case Kind.HISTORY:
            more = [f"{name} {answer}" for name, answer in fact.values.items() if name != "value"]
            text = f"{fact.name}: {', '.join(filter(None, [value, *more]))}"
        case Kind.AMENDED:
            versions = f"{fact.values['from_version']} to {fact.values['version']}"
            consent = f", re-consented on {fact.values[RECONSENTED]}" if RECONSENTED in fact.values else ""
            text = f"amended from {fact.name} {versions}, from {short(fact.when)} on{consent}"
        case Kind.SITE_REVISED:
            text = f"planned by the days of {fact.name}, revision {fact.values['site_revision']}"
        case Kind.CORRECTED:
            text = f"fact {fact.corrects} {f'corrected to {short(fact.when)}' if fact.when else 'taken back'}"
    return clean(text)
