"""Correction and undo: new facts that take old ones out of what counts, on both databases (design §6)."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput, StaleRevision
from schedules.plan import Status
from schedules.record import Kind

NOW = "2026-03-04T18:00"
LATER = "2026-03-05T09:00"


@pytest.fixture
def told(enrolled: Scheduler) -> Scheduler:
    """Facts 4 to 7: eligible (cora), d1 done without its thaw (dan), d8 booked (cora)."""
    enrolled.event("P-001", "eligible", "2026-03-01", now=NOW, by="cora")
    enrolled.done("P-001", "d1", "2026-03-04", withheld=["thaw"], why="fever", now=NOW, by="dan")
    enrolled.book("P-001", "d8", "2026-03-12", now=NOW, by="cora")
    return enrolled


def sequences(trial: Scheduler) -> dict[str, int]:
    return {entry.visit.id: entry.sequence for entry in trial.calendar(subject="P-001").entries}


def test_a_correction_is_a_fact_and_the_plan_what_it_would_have_been(told: Scheduler) -> None:
    before = told.audit("P-001").record.facts
    change = told.correct("P-001", 5, "2026-03-03", why="misread the chart", now=LATER, by="eva")
    (fact,) = change.facts
    assert (fact.kind, fact.name, fact.corrects, fact.when) == (Kind.CORRECTED, "d1", 5, date(2026, 3, 3))
    assert (fact.number, fact.by, fact.why, change.revision) == (8, "eva", "misread the chart", 5)
    assert told.audit("P-001", verify=True).ok
    assert told.audit("P-001").record.facts[:-1] == before, "nothing is changed"
    assert change.after == told.plan("P-001")
    visit = change.after.visit("d15")
    assert visit is not None
    assert visit.planned == date(2026, 3, 17)
    assert ("d15", date(2026, 3, 18), date(2026, 3, 17)) in [(m.visit, m.before, m.after) for m in change.moved]


def test_a_dry_run_writes_nothing(told: Scheduler) -> None:
    head = told.audit("P-001").head
    assert told.correct("P-001", 5, why="another patient", dry_run=True, now=LATER).moved
    assert told.undo("P-001", by="cora", dry_run=True, now=LATER).facts
    assert told.audit("P-001").head == head


@pytest.mark.parametrize(
    ("number", "when", "why", "message"),
    [
        (5, "2026-03-03", "", "A correction wants a reason. Give it with --why."),
        (5, "2026-03-03", "  ", "A correction wants a reason. Give it with --why."),
        (5, "2026-03-04", "x", "Nothing would change: fact 5 of P-001 says 4 March 2026 already."),
        (9, None, "x", "P-001 has no fact 9: its facts are 1 to 7. 'dayzero audit P-001' lists them."),
        (1, None, "x", "The enrolment cannot be taken back, only its date corrected. Give the right date too."),
        (6, "2026-03-04", "x", "Fact 6 (withheld d1) has no date of its own that could be corrected. Leave"),
        (5, "4 March", "x", "'4 March' is no date. Write"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    told: Scheduler, number: int, when: str | None, why: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        told.correct("P-001", number, when, why=why, now=LATER)
    assert str(caught.value).startswith(message)
    assert told.show("P-001").revision == 4


def test_a_stale_correction_is_refused(told: Scheduler) -> None:
    with pytest.raises(StaleRevision, match=r"Since then: d8 booked for .* \(by cora\)"):
        told.correct("P-001", 5, "2026-03-03", why="misread", seen=3, now=LATER)
    with pytest.raises(StaleRevision, match=r"Since then: d8 booked for .* \(by cora\)"):
        told.undo("P-001", by="dan", seen=3, now=LATER)


def test_what_was_recorded_with_it_is_named_and_the_future_is_odd(told: Scheduler) -> None:
    assert told.correct("P-001", 5, why="another patient", dry_run=True, now=LATER).warnings == (
        "Recorded together with it, and kept: fact 6 (withheld d1).",
    )
    assert told.correct("P-001", 5, "2026-03-06", why="misread", now=LATER).warnings == (
        "d1 is dated 6 March 2026, which is in the future; it is recorded all the same.",
    )
    assert told.correct("P-001", 7, "2026-03-13", why="misread", now=LATER).warnings == (), "bookings are"


def test_the_enrolments_date_is_corrected(told: Scheduler) -> None:
    told.correct("P-001", 1, "2026-01-07T09:00", why="signed two days later", now=LATER)
    patient = told.show("P-001")
    assert patient.enrolled == date(2026, 1, 7)
    visit = patient.plan.visit("consent")
    assert visit is not None
    assert visit.planned == date(2026, 1, 7)


def test_a_death_recorded_for_the_wrong_patient_lets_the_right_one_go_on(told: Scheduler) -> None:
    told.add_contact(role="patient", subject="P-001", now=LATER)
    queued = [item.state for item in told.reminders("P-001")]
    told.event("P-001", "death", "2026-03-05", now=LATER, by="dan")
    assert "pending" not in {item.state for item in told.reminders("P-001")}
    told.undo("P-001", now=LATER, by="dan")
    assert told.plan("P-001").stopped is None
    assert [item.state for item in told.reminders("P-001")].count("pending") == queued.count("pending") > 0


def test_sequence_numbers_rise_when_a_change_is_undone(told: Scheduler) -> None:
    before = sequences(told)
    plan = told.plan("P-001")
    told.done("P-001", "labs", "2026-02-26", now=NOW, by="dan")
    told.book("P-001", "d15", "2026-03-20", now=NOW, by="dan")
    told.undo("P-001", now=LATER, by="dan")
    told.undo("P-001", now=LATER, by="dan")
    assert told.plan("P-001") == plan
    after = sequences(told)
    assert after["d15"] == before["d15"] + 2
    assert all(after[name] >= before[name] for name in before)


def test_an_undo_takes_back_ones_own_last_use_case_with_all_its_facts(told: Scheduler) -> None:
    before = told.plan("P-001")
    change = told.undo("P-001", by="dan", why="another patient", now=LATER)
    assert [(fact.corrects, fact.when, fact.values["undoes"]) for fact in change.facts] == [
        (6, None, "3"),
        (5, None, "3"),
    ]
    assert change.warnings == ("Since then cora recorded, and it stays: fact 7 (booked d8).",)
    visit = change.after.visit("d1")
    assert visit is not None
    assert (visit.status, visit.activities) == (Status.BOOKED, ("infusion", "thaw"))
    assert told.audit("P-001", verify=True).ok
    for number in (8, 9):
        told.correct("P-001", number, why="it was him after all", now=LATER)
    assert told.plan("P-001") == before


def test_a_second_undo_goes_one_further_back_until_nothing_is_left(told: Scheduler) -> None:
    plans = [told.plan("P-001")]
    first = told.undo("P-001", by="cora", now=LATER)
    assert [fact.corrects for fact in first.facts] == [7]
    second = told.undo("P-001", by="cora", now=LATER)
    assert [fact.corrects for fact in second.facts] == [4]
    with pytest.raises(InvalidInput) as caught:
        told.undo("P-001", by="cora", now=LATER)
    assert str(caught.value) == (
        "Nothing that cora recorded for P-001 is left to undo. Others recorded too: tester, dan. "
        "To correct a fact of theirs use 'dayzero correct'."
    )
    with pytest.raises(InvalidInput, match=r"is left to undo, but for the enrolment, which cannot be undone"):
        told.undo("P-001", by="tester", now=LATER)
    told.correct("P-001", 9, why="it was right", now=LATER, by="cora")
    told.correct("P-001", 8, why="it was right", now=LATER, by="cora")
    assert told.plan("P-001") == plans[0]
    again = told.undo("P-001", by="cora", now=LATER)
    assert [fact.corrects for fact in again.facts] == [11], "the correction is a use case of its own"


def test_an_undo_of_a_correction(told: Scheduler) -> None:
    before = told.plan("P-001")
    told.correct("P-001", 5, "2026-03-03", why="misread", now=LATER, by="eva")
    told.undo("P-001", by="eva", now=LATER)
    assert told.plan("P-001") == before


def test_a_use_case_partly_taken_back_already_is_undone_for_the_rest(told: Scheduler) -> None:
    told.correct("P-001", 5, why="another day", now=LATER, by="eva")
    assert [fact.corrects for fact in told.undo("P-001", by="dan", now=LATER).facts] == [6]


def test_deviations_and_their_reasons_are_of_what_counts(told: Scheduler) -> None:
    told.done("P-001", "labs", "2026-03-02", why="late", now=NOW)
    (item,) = told.deviations(subject="P-001").items
    assert (item.visit, item.when, item.why) == ("labs", date(2026, 3, 2), "late")
    told.correct("P-001", 8, "2026-02-25", why="misread", now=LATER)
    assert told.deviations(subject="P-001").items == ()
