"""Cancelled, unscheduled and repeated visits: in rows, reminders, calendars and worklists (design §5, §6)."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput, UnknownName
from schedules.plan import Status, Visit
from schedules.record import Kind

NOW = "2026-03-04T18:00"


def visit(trial: Scheduler, name: str) -> Visit:
    found = trial.plan("P-001").visit(name)
    assert found is not None
    return found


def waiting(trial: Scheduler, name: str) -> list[tuple[str, str]]:
    return [(item.rule, item.state) for item in trial.reminders("P-001") if item.visit == name]


def sequence(trial: Scheduler, name: str) -> int:
    return next(entry.sequence for entry in trial.calendar(subject="P-001").entries if entry.visit.id == name)


@pytest.fixture
def told(enrolled: Scheduler) -> Scheduler:
    """P-001, with somebody to remind."""
    enrolled.add_contact(subject="P-001", role="patient", now=NOW)
    return enrolled


def test_a_cancelled_visit_reminds_nobody_until_it_is_booked_again(told: Scheduler) -> None:
    before = sequence(told, "d15")
    assert [state for _, state in waiting(told, "d15")] == ["pending", "pending"]
    change = told.cancel("P-001", "d15", why="scanner out of order", now=NOW)
    assert [(turn.visit, turn.before, turn.after) for turn in change.diff.turned] == [
        ("d15", Status.PLANNED, Status.CANCELLED)
    ]
    assert (visit(told, "d15").status, visit(told, "d15").date) == (Status.CANCELLED, date(2026, 3, 16))
    assert [state for _, state in waiting(told, "d15")] == ["suppressed", "suppressed"]
    assert sequence(told, "d15") == before + 1
    assert b"STATUS:CANCELLED" in told.export(subject="P-001")
    assert [item.visit for item in told.agenda(start="2026-03-16", days=1, now=NOW)] == []
    told.book("P-001", "d15", "2026-03-17", now=NOW)
    assert (visit(told, "d15").status, sequence(told, "d15")) == (Status.BOOKED, before + 2)
    assert [state for _, state in waiting(told, "d15")].count("pending") == 2
    assert told.audit("P-001", verify=True).ok


def test_a_visit_is_cancelled_for_a_reason(enrolled: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"A visit is cancelled for a reason. Give it with --why"):
        enrolled.cancel("P-001", "d15", now=NOW)
    with pytest.raises(UnknownName, match=r"There is no visit 'd16'. Did you mean 'd1"):
        enrolled.cancel("P-001", "d16", why="no bed", now=NOW)
    enrolled.cancel("P-001", "d15", why="no bed", now=NOW)
    with pytest.raises(InvalidInput, match=r"d15 is cancelled already, so there is nothing to cancel"):
        enrolled.cancel("P-001", "d15", why="no bed", now=NOW)
    enrolled.missed("P-001", "labs", now=NOW)
    with pytest.raises(InvalidInput, match=r"labs is missed already"):
        enrolled.cancel("P-001", "labs", why="no bed", now=NOW)
    assert enrolled.show("P-001").revision == 3


def test_an_unscheduled_visit_to_come_is_booked_reminded_of_and_in_calendars(told: Scheduler) -> None:
    before = told.plan("P-001")
    change = told.add("P-001", "Extra blood count", "2026-03-20T09:30", now=NOW)
    assert [(fact.kind, fact.name, fact.values) for fact in change.facts] == [
        (Kind.ADDED, "unscheduled-1", {"label": "Extra blood count"})
    ]
    assert (change.diff.moved, change.warnings) == ((), ())
    assert [(turn.visit, turn.before, turn.after) for turn in change.diff.turned] == [
        ("unscheduled-1", None, Status.BOOKED)
    ]
    assert tuple(item for item in told.plan("P-001").visits if item.epoch != "unscheduled") == before.visits
    assert [state for _, state in waiting(told, "unscheduled-1")] == ["pending", "pending"]
    assert b"DTSTART;TZID=Asia/Shanghai:20260320T093000" in told.export(subject="P-001")
    assert [item.label for item in told.agenda(start="2026-03-20", days=1, now=NOW)] == ["Extra blood count"]
    assert [task.name for task in told.overdue(now="2026-03-21T08:00").overdue if task.name[0] == "u"] == [
        "unscheduled-1"
    ]
    assert told.audit("P-001", verify=True).ok


def test_an_unscheduled_visit_that_took_place_is_done(told: Scheduler) -> None:
    change = told.add("P-001", "  Fever,\n seen in the ward ", "2026-03-04T11:00", why="38.9 at home", now=NOW)
    assert [(fact.kind, fact.name, fact.why) for fact in change.facts] == [
        (Kind.ADDED, "unscheduled-1", "38.9 at home"),
        (Kind.DONE, "unscheduled-1", "38.9 at home"),
    ]
    assert (visit(told, "unscheduled-1").label, visit(told, "unscheduled-1").status) == (
        "Fever, seen in the ward",
        Status.DONE,
    )
    assert waiting(told, "unscheduled-1") == []
    assert change.after.deviations == ()
    assert told.add("P-001", "Fever", "2026-03-04", now=NOW).facts[0].name == "unscheduled-2"


def test_an_unscheduled_visit_moves_and_ends_as_others_do(told: Scheduler) -> None:
    told.add("P-001", "Extra blood count", "2026-03-20", now=NOW)
    moved = told.move("P-001", "unscheduled-1", "2026-03-23", now=NOW)
    assert [(move.visit, move.after) for move in moved.moved] == [("unscheduled-1", date(2026, 3, 23))]
    told.missed("P-001", "unscheduled-1", now=NOW)
    assert (visit(told, "unscheduled-1").status, told.plan("P-001").deviations) == (Status.MISSED, ())
    told.book("P-001", "unscheduled-1", "2026-03-24", now=NOW)
    told.cancel("P-001", "unscheduled-1", why="no need", now=NOW)
    assert visit(told, "unscheduled-1").status is Status.CANCELLED
    told.done("P-001", "unscheduled-1", "2026-03-04", now=NOW)
    assert visit(told, "unscheduled-1").actual == date(2026, 3, 4)
    with pytest.raises(InvalidInput, match=r"unscheduled-1 was done on 4 March 2026"):
        told.done("P-001", "unscheduled-1", "2026-03-05", now=NOW)
    assert told.why("P-001", "unscheduled-1")[0].startswith("Extra blood count (unscheduled-1) was done on")
    assert told.audit("P-001", verify=True).ok


def test_death_ends_what_was_added_too(told: Scheduler) -> None:
    told.add("P-001", "Extra blood count", "2026-03-20", now=NOW)
    told.event("P-001", "death", "2026-03-05", now="2026-03-06T09:00")
    assert visit(told, "unscheduled-1").status is Status.CANCELLED
    assert {state for _, state in waiting(told, "unscheduled-1")} == {"suppressed"}


def test_a_repeat_counts_and_both_times_are_on_record(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "labs", "2026-02-20", why="only slot", now="2026-02-20T12:00", by="cora")
    change = enrolled.done(
        "P-001", "labs", "2026-02-26", again=True, why="first ones expire", now="2026-02-26T12:00", by="lin"
    )
    assert change.facts[0].values == {"again": "yes"}
    assert [(move.visit, move.before, move.after) for move in change.moved] == [
        ("labs", date(2026, 2, 20), date(2026, 2, 26))
    ]
    assert visit(enrolled, "labs").earlier == (date(2026, 2, 20),)
    found = enrolled.deviations(subject="P-001").items
    assert [(item.kind, item.recorded_by, item.why) for item in found] == [
        ("early", "cora", "only slot"),
        ("late", "lin", "first ones expire"),
    ]
    assert enrolled.audit("P-001", verify=True).ok
