"""Who is in a trial and how it stands with each, and what was recorded lately: as lists for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from calendars.document import when_text
from calendars.facts import told_in
from calendars.layout import Cell, heading, sections, table
from calendars.tables import short
from calendars.words import closes, standing
from schedules.plan import TO_COME, Plan, Visit
from schedules.record import Fact, Record, When

_NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectItem:
    """How it stands with a subject as of a date at its site.

    ``next_visit`` and ``next_when`` are of the first visit from that date on; ``overdue`` counts the visits before it
    of which nothing is recorded. ``stopped`` is what ended everything, if anything did, and ``stopped_on`` its day.
    """

    subject: str
    site: str
    protocol: str
    version: str
    enrolled: date
    revision: int
    next_visit: str | None
    next_when: When | None
    next_status: str | None
    overdue: int
    conflicts: int
    stopped: str | None
    stopped_on: date | None


def subject_item(plan: Plan, *, subject: str, site: str, enrolled: date, revision: int, today: date) -> SubjectItem:
    """How it stands with a subject whose plan this is, as of ``today`` at the site."""
    late = [visit for visit in _to_come(plan) if (closes(visit) or today) < today]
    ahead = min((visit for visit in _to_come(plan) if visit not in late), key=_order, default=None)
    return SubjectItem(
        subject=subject,
        site=site,
        protocol=plan.protocol,
        version=plan.version,
        enrolled=enrolled,
        revision=revision,
        next_visit=None if ahead is None else ahead.id,
        next_when=None if ahead is None else ahead.planned,
        next_status=None if ahead is None else standing(ahead, today),
        overdue=len(late),
        conflicts=len(plan.conflicts),
        stopped=plan.stopped,
        stopped_on=plan.milestones.get(plan.stopped) if plan.stopped else None,
    )


def _to_come(plan: Plan) -> list[Visit]:
    if plan.stopped is not None:
        # As on the list of what is overdue: nobody is asked any more for what was before the end and is not recorded.
        return []
    return [visit for visit in plan.visits if visit.date is not None and visit.status in TO_COME]


def _order(visit: Visit) -> date:
    return visit.date or date.max


def subjects_text(items: Sequence[SubjectItem], *, width: int = 80, colour: bool = False) -> str:
    """Those who go on, with what comes next; below them those whom an event stopped."""
    going = [_going(item) for item in items if item.stopped is None]
    ended = [_ended(item) for item in items if item.stopped is not None]
    parts = []
    if going:
        heads = ("Subject", "Protocol", "Next", "Visit", "Status", "Overdue", "Conflicts")
        parts.append(table(heads, going, width=width, colour=colour))
    if ended:
        rows = table(("Subject", "Protocol", "By", "On"), ended, width=width, colour=colour)
        parts.append(f"{heading('Stopped', colour=colour)}\n{rows}")
    return sections(parts) or "Nobody is enrolled."


def _going(item: SubjectItem) -> Sequence[str | Cell]:
    return (
        Cell(_named(item), "bold", whole=True),
        f"{item.protocol} {item.version}",
        Cell(short(item.next_when) if item.next_when else _NOTHING, whole=True),
        item.next_visit or _NOTHING,
        item.next_status or _NOTHING,
        Cell(str(item.overdue), "red" if item.overdue else "", whole=True),
        Cell(str(item.conflicts), "red" if item.conflicts else "", whole=True),
    )


def _ended(item: SubjectItem) -> Sequence[str | Cell]:
    on = Cell(short(item.stopped_on), whole=True)
    return (Cell(_named(item), "bold", whole=True), f"{item.protocol} {item.version}", item.stopped or "", on)


def _named(item: SubjectItem) -> str:
    return f"{item.subject} ({item.site})"


def subjects_document(items: Iterable[SubjectItem]) -> list[dict[str, object]]:
    """The same as JSON, one object a subject; ``next`` and ``stopped`` are null where there is none."""
    return [
        {
            "subject": item.subject,
            "site": item.site,
            "protocol": item.protocol,
            "version": item.version,
            "enrolled": item.enrolled.isoformat(),
            "revision": item.revision,
            "next": _next_document(item),
            "overdue": item.overdue,
            "conflicts": item.conflicts,
            "stopped": None if item.stopped is None else {"by": item.stopped, "on": when_text(item.stopped_on)},
        }
        for item in items
    ]


def _next_document(item: SubjectItem) -> dict[str, object] | None:
    if item.next_visit is None:
        return None
    return {"visit": item.next_visit, "planned": when_text(item.next_when), "status": item.next_status}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedItem:
    """A fact of a subject's record; ``recorded`` is the moment at which it was recorded."""

    subject: str
    site: str
    protocol: str
    number: int
    recorded: datetime
    by: str
    what: str
    why: str


def recorded_items(record: Record, facts: Iterable[Fact], *, site: str, protocol: str) -> list[RecordedItem]:
    """These facts of a record in words."""
    return [
        RecordedItem(
            subject=record.subject,
            site=site,
            protocol=protocol,
            number=fact.number,
            recorded=fact.recorded,
            by=fact.by,
            what=told_in(record, fact),
            why=fact.why,
        )
        for fact in facts
        if fact.recorded is not None
    ]


def recorded_text(items: Sequence[RecordedItem], *, width: int = 80, colour: bool = False) -> str:
    """What was recorded, when (in UTC), of whom, by whom and why."""
    rows = [
        (
            Cell(f"{item.recorded.astimezone(UTC):%Y-%m-%d %H:%M}", whole=True),
            Cell(f"{item.subject} ({item.site})", "bold", whole=True),
            item.by,
            item.what,
            item.why,
        )
        for item in items
    ]
    heads = ("Recorded (UTC)", "Subject", "By", "What", "Why")
    return table(heads, rows, width=width, colour=colour) if rows else "Nothing was recorded."


def recorded_document(items: Iterable[RecordedItem]) -> list[dict[str, object]]:
    """The same as JSON, one object a fact; ``fact`` is its number in the subject's record."""
    return [
        {
            "subject": item.subject,
            "site": item.site,
            "protocol": item.protocol,
            "fact": item.number,
            "recorded": item.recorded.astimezone(UTC).isoformat(timespec="seconds"),
            "by": item.by,
            "what": item.what,
            "why": item.why,
        }
        for item in items
    ]
