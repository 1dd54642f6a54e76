"""The stored visits are the plan's; UIDs stay for life, and sequence numbers only rise (design §6, §7)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler import Scheduler
from scheduler.values import Calendar, Change, Sweep
from schedules.errors import InvalidInput
from schedules.plan import TO_COME
from schedules.record import Kind, When
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import Databases

NOW = "2026-03-04T18:00"


def numbers(calendar: Calendar) -> dict[str, tuple[str, int]]:
    """UID and sequence number of each visit and period."""
    visits = {entry.visit.id: (entry.uid, entry.sequence) for entry in calendar.entries}
    return visits | {period.period.id: (period.uid, period.sequence) for period in calendar.periods}


def test_a_calendar_has_an_entry_for_each_visit_and_period(enrolled: Scheduler) -> None:
    calendar = enrolled.calendar(subject="P-001")
    plan = enrolled.plan("P-001")
    assert calendar.name == "P-001"
    assert [entry.visit for entry in calendar.entries] == list(plan.visits)
    assert [entry.period for entry in calendar.periods] == list(plan.periods)
    assert {(entry.subject, entry.timezone) for entry in calendar.entries} == {("P-001", "Asia/Shanghai")}
    assert {entry.changed for entry in calendar.entries} == {datetime(2026, 1, 5, 1, 0, tzinfo=UTC)}
    found = numbers(calendar)
    assert len({uid for uid, _ in found.values()}) == len(found) == len(plan.visits) + len(plan.periods)


def test_only_what_changed_gets_a_new_number(enrolled: Scheduler) -> None:
    before = numbers(enrolled.calendar(subject="P-001"))
    enrolled.done("P-001", "d1", "2026-03-04", now=NOW)
    calendar = enrolled.calendar(subject="P-001")
    after = numbers(calendar)
    assert {name for name in before if before[name][0] != after[name][0]} == set()
    risen = {name for name in before if after[name][1] == before[name][1] + 1}
    assert risen == {"labs", "d1", "sample", "d8", "d15", "near-1", "near-2"}
    assert all(after[name] == before[name] for name in before if name not in risen)
    changed = {entry.visit.id for entry in calendar.entries if entry.changed == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)}
    assert changed == risen - {"near-1", "near-2"}


def test_going_back_is_a_new_number_too(enrolled: Scheduler) -> None:
    first = numbers(enrolled.calendar(subject="P-001"))["d15"]
    for day in ("2026-03-17", "2026-03-16", "2026-03-17"):
        enrolled.book("P-001", "d15", day, now=NOW)
    assert numbers(enrolled.calendar(subject="P-001"))["d15"] == (first[0], first[1] + 3)


def test_a_change_that_nobody_sees_on_a_calendar_has_no_new_number(enrolled: Scheduler) -> None:
    before = numbers(enrolled.calendar(subject="P-001"))
    enrolled.book("P-001", "d15", "2026-03-16T09:00", now=NOW)
    enrolled.book("P-001", "d15", "2026-03-16T09:00", given=["boost"], now=NOW)
    after = numbers(enrolled.calendar(subject="P-001"))
    assert after["d15"] == (before["d15"][0], before["d15"][1] + 1)


def test_a_calendar_is_of_one_subject_or_one_site(enrolled: Scheduler) -> None:
    enrolled.enrol("SMALL", "P-002", site="BJ01", now=NOW)
    calendar = enrolled.calendar(site="BJ01")
    assert {entry.subject for entry in calendar.entries} == {"P-001", "P-002"}
    for wrong in ({}, {"subject": "P-001", "site": "BJ01"}):
        with pytest.raises(InvalidInput, match=r"A calendar is of one subject or of one site. Name"):
            enrolled.calendar(**wrong)


def test_the_same_state_exports_the_same_bytes(enrolled: Scheduler) -> None:
    first = enrolled.export(subject="P-001", level="coded", extras=["periods", "windows"])
    assert enrolled.export(subject="P-001", level="coded", extras=["periods", "windows"]) == first
    assert b"P-001" in first
    assert b"P-001" not in enrolled.export(subject="P-001")
    narrow = enrolled.export(subject="P-001", start=date(2026, 3, 2), end=date(2026, 3, 2))
    assert narrow.count(b"BEGIN:VEVENT") == 2, "day 1 and its sample"


Step = Callable[[Scheduler], Change | Sweep]
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
VISITS = st.sampled_from(["consent", "labs", "d1", "d8", "d15", "call-1"])
EVENTS = st.sampled_from(["eligible", "progression", "withdrawal-treatment", "death"])
STEPS = st.one_of(
    st.builds(lambda visit, day: lambda trial: trial.book("P-001", visit, day, override=True, why="so"), VISITS, DAYS),
    st.builds(lambda visit, day: lambda trial: trial.done("P-001", visit, day), VISITS, DAYS),
    st.builds(lambda visit: lambda trial: trial.missed("P-001", visit), VISITS),
    st.builds(lambda name, day: lambda trial: trial.event("P-001", name, day), EVENTS, DAYS),
    st.builds(lambda value: lambda trial: trial.group("P-001", {"arm": value}), st.sampled_from(["A", "B"])),
    st.builds(lambda day: lambda trial: trial.remind_once(now=f"{day}T12:00Z", send=lambda _: None), DAYS),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_whatever_happens_rows_follow_facts(databases: Databases, steps: list[Step]) -> None:
    url = databases.make(migrated=True)
    with Scheduler(url) as trial:
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
        trial.add_contact(subject="P-001", role="patient", now=ENROLLED)
        trial.add_contact(site="BJ01", role="coordinator", now=ENROLLED)
        for step in steps:
            _assert_holds_after(trial, step)
    databases.drop(url)


def _assert_holds_after(trial: Scheduler, step: Step) -> None:
    before = numbers(trial.calendar(subject="P-001"))
    done: dict[str, When | None] = {
        visit.id: visit.actual for visit in trial.plan("P-001").visits if visit.actual is not None
    }
    # Refused is only what would move what is done.
    with contextlib.suppress(InvalidInput):
        done |= _done_by(step(trial))
    after = numbers(trial.calendar(subject="P-001"))
    assert all(after[name][0] == uid and after[name][1] >= old for name, (uid, old) in before.items() if name in after)
    assert trial.audit("P-001", verify=True).problems == (), "the chain holds and the rows are those of the plan"
    plan = trial.plan("P-001")
    assert {visit.id: visit.actual for visit in plan.visits if visit.actual is not None} == done
    # What tells staff that a visit was called off is of no visit to come.
    called_off = ("cancelled", "stopped")
    waiting = {
        queued.visit
        for queued in trial.reminders("P-001")
        if queued.state == "pending" and queued.event not in called_off
    }
    assert waiting <= {visit.id for visit in plan.visits if visit.status in TO_COME}
    assert plan.stopped is None or waiting == set(), "staff get one notice, and nobody anything else"


def _done_by(outcome: Change | Sweep) -> dict[str, When | None]:
    facts = outcome.facts if isinstance(outcome, Change) else ()
    return {fact.name: fact.when for fact in facts if fact.kind is Kind.DONE}
