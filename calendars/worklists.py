"""What a coordinator must look after today: what is overdue, and what soon will be. From one patient's plan at a time.

All dates are at the site. A patient whose plan was stopped (death, lost to follow-up …) has nothing on any list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from calendars.words import closes, day_in_words
from schedules.expiries import Expiry
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.record import When

WITHIN = 7
GATES_WITHIN = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A span of days overdue, both ends included; ``last`` is None where it has no end."""

    first: int
    last: int | None

    @property
    def name(self) -> str:
        """``1``, ``2–30``, ``over 180``."""
        if self.last is None:
            return f"over {self.first - 1}"
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"

    def holds(self, days: int) -> bool:
        """Whether a visit so many days overdue belongs here."""
        return self.first <= days and (self.last is None or days <= self.last)


# Each number of days from 1 on is in exactly one.
BUCKETS = tuple(
    Bucket(first=first, last=last) for first, last in ((1, 1), (2, 30), (31, 60), (61, 90), (91, 180), (181, None))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One line of a list: a visit, or where it is about one a period.

    ``when`` is its date, ``until`` the last day that counts on this list, and ``days`` how far that is from today:
    days overdue on the list of what is overdue, else days left (below zero: gone by). ``because`` holds the rule that
    expires, the gates that are shut, the visits that a period waits for, or up to when something overdue is possible.
    """

    site: str
    subject: str
    name: str
    label: str
    status: str
    when: When | None
    until: date
    days: int
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A reminder that could not be delivered: of what, to which role, when it was due (UTC), and why not."""

    subject: str
    visit: str
    role: str
    due: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """All lists, of the sites in ``today``, which gives the date there.

    ``closing``: windows that close within 7 days, of visits not booked. ``expiring``: visits to come for which labs or
    the like expire within 7 days, or before the visit. ``ending``: periods. ``shut``: visits booked within 14 days
    whose gate is shut. ``undelivered``: reminders that somebody must pass on otherwise.
    """

    today: Mapping[str, date]
    overdue: tuple[Task, ...] = ()
    closing: tuple[Task, ...] = ()
    expiring: tuple[Task, ...] = ()
    ending: tuple[Task, ...] = ()
    shut: tuple[Task, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()

    def count(self, bucket: Bucket | None = None, site: str | None = None) -> int:
        """How many visits are overdue: in a bucket or in all, at a site or at all."""
        return sum(
            (bucket is None or bucket.holds(task.days)) and (site is None or site == task.site) for task in self.overdue
        )


LISTS = ("overdue", "closing", "expiring", "ending", "shut")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient whose plan is looked at, as of a date at the site."""

    site: str
    subject: str
    plan: Plan
    expiries: tuple[Expiry, ...]
    today: date


def worklist(today: Mapping[str, date], cases: Iterable[Case]) -> Worklist:
    """The lists of all cases: what is longest overdue first, else what comes first. ``today`` is by site."""
    found: dict[str, list[Task]] = {name: [] for name in LISTS}
    for case in cases:
        for name, task in _tasks(case):
            found[name].append(task)
    for tasks in found.values():
        tasks.sort(key=attrgetter("until", "site", "subject", "name"))
    lists: dict[str, Any] = {name: tuple(tasks) for name, tasks in found.items()}
    return Worklist(today=today, **lists)


def _tasks(case: Case) -> Iterator[tuple[str, Task]]:
    if case.plan.stopped is not None:
        return
    late = set()
    for visit in case.plan.visits:
        closing = closes(visit)
        if visit.status not in TO_COME or closing is None:
            continue
        if closing < case.today:
            late.add(visit.id)
            days = (case.today - closing).days
            yield "overdue", _of_visit(case, visit, closing, days=days, because=tuple(_still_possible(case, visit)))
        elif visit.status is Status.BOOKED:
            if visit.waiting_for and _left(case, closing) <= GATES_WITHIN:
                yield "shut", _of_visit(case, visit, closing, because=visit.waiting_for)
        elif visit.window_end is not None and _left(case, closing) <= WITHIN:
            yield "closing", _of_visit(case, visit, closing)
    yield from (("expiring", task) for task in _expiring(case, late))
    yield from (("ending", task) for task in _ending(case))


def _still_possible(case: Case, visit: Visit) -> Iterator[str]:
    """Up to when what is overdue may still be done, by a rule that allows it late and for a reason."""
    for expiry in case.expiries:
        if expiry.visit == visit.id and expiry.kind == "latest" and expiry.last >= case.today:
            yield f"may still be booked up to {day_in_words(expiry.last, short=True)}, with a reason"


def _left(case: Case, day: date) -> int:
    return (day - case.today).days


def _of_visit(case: Case, visit: Visit, until: date, *, days: int | None = None, because: tuple[str, ...] = ()) -> Task:
    return Task(
        site=case.site,
        subject=case.subject,
        name=visit.id,
        label=visit.label,
        status=str(visit.status),
        when=visit.planned,
        until=until,
        days=_left(case, until) if days is None else days,
        because=because,
    )


def _expiring(case: Case, late: set[str]) -> Iterator[Task]:
    """What expires soon, or too soon for its visit; a visit that is overdue is on that list."""
    for expiry in case.expiries:
        visit = case.plan.visit(expiry.visit)
        if visit is None or expiry.visit in late:
            continue
        if not expiry.holds or case.today <= expiry.last <= case.today + timedelta(days=WITHIN):
            yield _of_visit(case, visit, expiry.last, because=(expiry.rule,))


def _ending(case: Case) -> Iterator[Task]:
    for period in case.plan.periods:
        if period.end is None or not 0 <= _left(case, period.end) <= WITHIN:
            continue
        yield Task(
            site=case.site,
            subject=case.subject,
            name=period.id,
            label=period.label,
            status=period.status(case.today),
            when=period.start,
            until=period.end,
            days=_left(case, period.end),
            because=period.waiting_for,
        )
