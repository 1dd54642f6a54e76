"""Laws of the record: of correction, undo, export and import, whatever was recorded before (design §2, §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler import Scheduler
from schedules.corrections import changed_by, correction, taken_back_by
from schedules.errors import InvalidInput
from schedules.facts_check import check_fact
from schedules.load import load
from schedules.planner import plan
from schedules.record import Fact, Kind, Record, When, enrolled
from schedules.site import Site
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import SqliteDatabases
from tests.support import day, when

SITE = Site(timezone="Asia/Shanghai")
TOO_MUCH = "too much"
DAYS = st.dates(day("2026-01-05"), day("2026-06-30"))
TEMPLATE = load(SMALL.encode(), "small.yaml")


# The record as a value: no database


def moment(of: Any) -> Any:
    return when(f"{of}T10:00+08:00")


FACTS = st.one_of(
    st.builds(lambda name, of: Fact(kind=Kind.BOOKED, name=name, when=of), st.sampled_from(["d1", "d8", "d15"]), DAYS),
    st.builds(lambda name, of: Fact(kind=Kind.DONE, name=name, when=of), st.sampled_from(["labs", "d1", "d8"]), DAYS),
    st.builds(lambda of: Fact(kind=Kind.DONE, name="sample", when=moment(of)), DAYS),
    st.builds(lambda name: Fact(kind=Kind.MISSED, name=name), st.sampled_from(["labs", "d8", "d15"])),
    st.builds(
        lambda name, of: Fact(kind=Kind.EVENT, name=name, when=of),
        st.sampled_from(["eligible", "progression", "withdrawal-treatment", "death"]),
        DAYS,
    ),
    st.builds(lambda value: Fact(kind=Kind.GROUP, name="arm", values={"value": value}), st.sampled_from("AB")),
    st.builds(
        lambda of: Fact(kind=Kind.HISTORY, name="therapy", when=of, values={"value": of.isoformat()}),
        st.dates(day("2025-06-01"), day("2026-01-05")),
    ),
    st.just(Fact(kind=Kind.WITHHELD, name="d1", values={"activity": "thaw"})),
    st.just(Fact(kind=Kind.GIVEN, name="d15", values={"activity": "boost"})),
)
# Facts as they are right, and of some of them what was recorded instead: another date, or nothing like it.
WRITTEN = st.lists(st.tuples(FACTS, st.none() | DAYS | st.just(TOO_MUCH)), max_size=12)


def same_plan(one: Record, two: Record) -> bool:
    return plan(TEMPLATE, one, SITE) == plan(TEMPLATE, two, SITE)


def start() -> Record:
    return enrolled("P-001", day("2026-01-05"))


@given(WRITTEN)
@settings(max_examples=100)
def test_after_corrections_the_plan_is_what_it_would_have_been(facts: list[tuple[Fact, Any]]) -> None:
    """However much was recorded wrongly, and corrected at the end: it is the plan of the record without mistakes."""
    right, wrong = start(), start()
    corrections: list[tuple[int, When | None]] = []
    for fact, mistake in facts:
        recorded = instead(fact, mistake)
        wrong = wrong.with_facts(recorded)
        if mistake == TOO_MUCH:
            corrections.append((len(wrong.facts), None))
            continue
        right = right.with_facts(fact)
        if recorded is not fact:
            corrections.append((len(wrong.facts), fact.when))
    for number, of in corrections:
        wrong = wrong.with_facts(correction(wrong, number, of))
    assert same_plan(wrong, right)
    assert [replace(fact, number=0) for fact in wrong.effective().facts] == [
        replace(fact, number=0) for fact in right.facts
    ]


def instead(fact: Fact, mistake: Any) -> Fact:
    """What is recorded instead of a fact by a mistake; the same fact by none."""
    if mistake in (None, TOO_MUCH) or fact.when is None:
        return fact
    return fact.dated(moment(mistake) if fact.name == "sample" else mistake)


@given(st.lists(FACTS, min_size=1, max_size=8), st.lists(st.tuples(st.integers(1, 40), st.none() | DAYS), max_size=8))
@settings(max_examples=100)
def test_what_is_taken_back_again_has_never_been(facts: list[Fact], steps: list[tuple[int, Any]]) -> None:
    """Corrections of corrections, in any order: each can be taken back, from the last on, and all is as before."""
    record = start().with_facts(*facts)
    records = [record]
    for number, of in steps:
        try:
            fact = correction(record, 1 + number % len(record.facts), of and moment(of))
        except InvalidInput:
            continue
        record = record.with_facts(fact)
        records.append(record)
        assert record.effective().effective() == record.effective()
        assert {changed.number for changed, _ in changed_by(records[-2], [fact])} <= {
            fact.number for fact in record.effective().facts
        }
    for before in reversed(records[:-1]):
        last = before.facts[-1].number + 1
        if taken_back_by(record, record.facts[last - 1]) is None:
            record = record.with_facts(correction(record, last, None))
        assert record.effective() == before.effective()
    assert same_plan(record, start().with_facts(*facts))


@given(st.lists(FACTS, min_size=1, max_size=10), st.integers(0, 9))
@settings(max_examples=60)
def test_whatever_is_taken_back_the_others_are_still_possible(facts: list[Fact], number: int) -> None:
    record = start().with_facts(*facts)
    fact = correction(record, 2 + number % len(facts), None)
    assert check_fact(TEMPLATE, record, fact) == ()
    after = record.with_facts(fact).effective()
    assert len(after.facts) == len(facts)
    for place, other in enumerate(after.facts):
        check_fact(TEMPLATE, replace(after, facts=after.facts[:place]), other)


# The record in a database

PEOPLE = st.sampled_from(["cora", "dan"])
Step = Callable[[Scheduler, str], object]


def step(name: str, *arguments: object, **more: object) -> Step:
    """A use case on P-001, to be done by somebody."""

    def do(trial: Scheduler, by: str) -> object:
        return getattr(trial, name)("P-001", *arguments, by=by, now="2026-03-05T09:00", **more)

    return do


STEPS = st.one_of(
    st.builds(lambda visit, of: step("book", visit, of, override=True, why="x"), st.sampled_from(["d1", "d15"]), DAYS),
    st.builds(lambda of: step("done", "d1", of, withheld=["thaw"]), DAYS),
    st.builds(lambda of: step("done", "labs", of), DAYS),
    st.builds(lambda visit: step("missed", visit), st.sampled_from(["d8", "labs"])),
    st.builds(lambda name, of: step("event", name, of), st.sampled_from(["eligible", "progression", "death"]), DAYS),
    st.builds(lambda value: step("group", {"arm": value}), st.sampled_from("AB")),
    st.just(step("history", {"therapy": "never"})),
    st.builds(lambda number, of: step("correct", number, of, why="x"), st.integers(1, 20), st.none() | DAYS),
    st.just(step("undo")),
)


@contextmanager
def database(databases: SqliteDatabases) -> Iterator[Scheduler]:
    url = databases.make(migrated=True)
    with Scheduler(url) as trial:
        yield trial
    databases.drop(url)


@contextmanager
def told(databases: SqliteDatabases, steps: list[tuple[Step, str]]) -> Iterator[Scheduler]:
    """A database in which P-001 is enrolled, and these things happened as far as they could."""
    with database(databases) as trial:
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
        for do, by in steps:
            attempt(trial, do, by)
        yield trial


def attempt(trial: Scheduler, do: Step, by: str) -> bool:
    """Whether it could be done; where not, nothing has changed."""
    head = trial.audit("P-001").head
    try:
        do(trial, by)
    except InvalidInput:
        assert trial.audit("P-001").head == head
        return False
    return True


IN_A_DATABASE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sequences(trial: Scheduler) -> dict[str, int]:
    return {entry.visit.id: entry.sequence for entry in trial.calendar(subject="P-001").entries}


@given(st.lists(st.tuples(STEPS, PEOPLE), max_size=8), STEPS, PEOPLE)
@IN_A_DATABASE
def test_an_undo_is_as_if_it_had_not_been(
    sqlite_databases: SqliteDatabases, steps: list[tuple[Step, str]], last: Step, by: str
) -> None:
    """Of the plan; the record has both, calendars are told of both, and the chain holds."""
    with told(sqlite_databases, steps) as trial:
        plan_before, numbers, facts = trial.plan("P-001"), sequences(trial), trial.audit("P-001").record.facts
        was_undo = attempt(trial, last, by) and any("undoes" in fact.values for fact in facts_since(trial, facts))
        if not was_undo and facts_since(trial, facts):
            trial.undo("P-001", by=by, now="2026-03-05T10:00")
            assert trial.plan("P-001") == plan_before
        audit = trial.audit("P-001", verify=True)
        assert audit.ok
        assert audit.record.facts[: len(facts)] == facts
        after = sequences(trial)
        assert all(after[name] >= number for name, number in numbers.items())


def facts_since(trial: Scheduler, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    return trial.audit("P-001").record.facts[len(facts) :]


@given(st.lists(st.tuples(STEPS, PEOPLE), max_size=8), PEOPLE)
@IN_A_DATABASE
def test_undone_to_the_end_only_what_others_recorded_is_left(
    sqlite_databases: SqliteDatabases, steps: list[tuple[Step, str]], by: str
) -> None:
    """Undo goes one further back each time, and comes to an end."""
    with told(sqlite_databases, steps) as trial:
        for _ in range(len(steps) + 1):
            if not attempt(trial, step("undo"), by):
                break
        else:
            pytest.fail("there was always something left to undo")
        assert trial.audit("P-001", verify=True).ok
        counting = trial.audit("P-001").record.effective()
        assert {fact.by for fact in counting.facts} <= {"tester", "cora", "dan"} - {by}


@given(st.lists(st.tuples(STEPS, PEOPLE), max_size=8), STEPS, PEOPLE)
@IN_A_DATABASE
def test_a_record_is_the_same_in_another_database_and_goes_on_alike(
    sqlite_databases: SqliteDatabases, steps: list[tuple[Step, str]], following: Step, by: str
) -> None:
    with told(sqlite_databases, steps) as trial, database(sqlite_databases) as other:
        data = trial.export_record("P-001")
        other.import_record(data, now="2026-03-05T09:00")
        assert other.export_record("P-001") == data
        for _ in range(2):
            assert other.audit("P-001", verify=True) == trial.audit("P-001", verify=True)
            assert other.show("P-001", now=ENROLLED) == trial.show("P-001", now=ENROLLED)
            for level in ("private", "coded", "full"):
                files = [one.export(subject="P-001", level=level, extras=["periods"]) for one in (trial, other)]
                assert files[0] == files[1]
            assert attempt(trial, following, by) == attempt(other, following, by)
