"""Corrections: the plan is what it would have been, and what cannot be corrected is refused with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars.facts import facts_in_words
from schedules.corrections import changed_by, correction, refuse_without_effect
from schedules.errors import InvalidInput
from schedules.facts_check import check_fact
from schedules.plan import Status
from schedules.planner import plan
from schedules.record import Fact, Kind, Record
from schedules.site import Site
from schedules.why import why
from tests.support import (
    added,
    booked,
    day,
    deviations,
    done,
    event,
    group,
    history,
    missed,
    planned,
    record,
    template,
    visit,
    when,
    withheld,
)

BODY = """groups:
  arm: {A: Arm A, B: Arm B}
milestones:
  second-cycle: Second cycle granted
  progression: {label: Progression, stop: [scan]}
history:
  therapy: {label: Last therapy, clear: 4 weeks, before: d1}
visits:
  labs: {epoch: s, at: day -6, window: day -7 .. day -6}
  d1: {epoch: t, at: enrolment + 28 days, no_later_than: labs + 7 days}
  d4: {epoch: t, at: day 4}
  dose: {epoch: t, at: d4 + 2 hours, window: ±30 minutes}
  d10: {epoch: f, at: day 10, window: ±1 day}
  scan: {epoch: f, at: d1 + 6 weeks, window: ±7 days}
cycles:
  second: {repeat: [t], from: second-cycle + 7 days, max: 1}
activities:
  il2: {label: IL-2, visits: [d4, d10]}
"""
OF = template(BODY)
WRONG = record(booked("d1", "2026-03-02"), done("d1", "2026-03-04"), done("d4", "2026-03-05"))


def corrected(of: Record, number: int, to: str | None = None) -> Record:
    return of.with_facts(correction(of, number, None if to is None else when(to)))


def same_plan(one: Record, two: Record) -> bool:
    return plan(OF, one, Site()) == plan(OF, two, Site())


def test_a_corrected_date_gives_the_plan_that_would_have_been() -> None:
    right = record(booked("d1", "2026-03-02"), done("d1", "2026-03-03"), done("d4", "2026-03-05"))
    assert same_plan(corrected(WRONG, 3, "2026-03-03"), right)
    assert not same_plan(WRONG, right)


def test_deviations_are_judged_anew() -> None:
    assert deviations(plan(OF, WRONG, Site())) == [("d4", "early", 2)]
    assert deviations(plan(OF, corrected(WRONG, 3, "2026-03-02"), Site())) == []


def test_what_is_taken_back_has_never_been() -> None:
    right = record(booked("d1", "2026-03-02"), done("d4", "2026-03-05"))
    assert same_plan(corrected(WRONG, 3), right)


def test_a_fact_counts_at_its_own_place() -> None:
    """A booking that is corrected later is not the last word on its visit."""
    of = corrected(record(booked("d10", "2026-03-10"), booked("d10", "2026-03-12")), 2, "2026-03-14")
    assert str(visit(plan(OF, of, Site()), "d10").date) == "2026-03-12"


def test_a_correction_can_be_taken_back_and_corrected() -> None:
    once = corrected(WRONG, 3, "2026-03-03")
    assert same_plan(corrected(once, 5), WRONG)
    assert same_plan(corrected(once, 5, "2026-03-02"), corrected(WRONG, 3, "2026-03-02"))
    twice = corrected(corrected(WRONG, 3), 5)
    assert same_plan(twice, WRONG), "what was taken back by mistake counts again"
    assert same_plan(corrected(twice, 6), corrected(WRONG, 3))


def test_of_two_corrections_the_last_counts_and_behind_it_the_one_before() -> None:
    twice = corrected(corrected(WRONG, 3, "2026-03-03"), 3, "2026-03-01")
    assert same_plan(twice, corrected(WRONG, 3, "2026-03-01"))
    assert same_plan(corrected(twice, 6), corrected(WRONG, 3, "2026-03-03"))


def test_an_effective_record_is_its_own_and_keeps_the_numbers() -> None:
    effective = corrected(WRONG, 2).effective()
    assert [fact.number for fact in effective.facts] == [1, 3, 4]
    assert effective.effective() is effective
    assert WRONG.effective() is WRONG


@pytest.mark.parametrize(
    ("fact", "back"),
    [
        (missed("d10"), Status.PLANNED),
        (event("progression", "2026-03-20"), Status.PLANNED),
        (group("arm", "B"), Status.PLANNED),
        (history("therapy", "never"), Status.PLANNED),
        (withheld("d10", "il2"), Status.PLANNED),
    ],
    ids=lambda value: str(getattr(value, "kind", "")),
)
def test_every_kind_can_be_taken_back(fact: Fact, back: Status) -> None:
    before = record(booked("d1", "2026-03-02"))
    after = before.with_facts(fact)
    assert same_plan(corrected(after, 3), before)
    assert visit(plan(OF, corrected(after, 3), Site()), "d10").status is back


def test_an_answers_date_and_its_value_are_one() -> None:
    of = corrected(record(booked("d1", "2026-03-02"), history("therapy", "2026-02-20")), 3)
    assert plan(OF, of, Site()).conflicts == ()
    dated = record(
        Fact(kind=Kind.HISTORY, name="therapy", when=day("2026-02-20"), values={"value": "2026-02-20"}),
        booked("d1", "2026-03-02"),
    )
    assert [item.visit for item in plan(OF, dated, Site()).conflicts] == ["d1"]
    right = corrected(dated, 2, "2026-01-20")
    assert right.effective().facts[1].values == {"value": "2026-01-20"}
    assert plan(OF, right, Site()).conflicts == ()


def test_the_enrolments_date_can_be_corrected_and_the_enrolment_not_taken_back() -> None:
    assert same_plan(corrected(record(), 1, "2026-01-12"), record(on="2026-01-12"))
    with pytest.raises(
        InvalidInput, match=r"^The enrolment cannot be taken back, only its date corrected. Give the right date too.$"
    ):
        corrected(record(), 1)
    once = corrected(record(), 1, "2026-01-12")
    assert same_plan(corrected(once, 2), record()), "its correction can"


@pytest.mark.parametrize(
    ("number", "to", "message"),
    [
        (0, None, "P-001 has no fact 0: its facts are 1 to 7. 'dayzero audit P-001' lists them."),
        (8, None, "P-001 has no fact 8: its facts are 1 to 7. 'dayzero audit P-001' lists them."),
        (-1, None, "P-001 has no fact -1"),
        (
            4,
            "2026-03-02",
            "Fact 4 (withheld d4) has no date of its own that could be corrected. "
            "Leave the date out to take it back, then record what is right.",
        ),
        (3, None, "Fact 3 was taken back by fact 5. To let it count again, take fact 5 back."),
        (3, "2026-03-03", "Fact 3 was taken back by fact 5. To let it count again, take fact 5 back."),
    ],
)
def test_what_cannot_be_corrected_is_refused(number: int, to: str | None, message: str) -> None:
    of = record(booked("d1", "2026-03-02"), done("d1", "2026-03-04"), withheld("d4", "il2"))
    of = corrected(corrected(corrected(of, 3), 2, "2026-03-03"), 2, "2026-03-04")
    with pytest.raises(InvalidInput) as caught:
        corrected(of, number, to)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("number", "to", "message"),
    [
        (2, "2026-03-04", "Nothing would change: fact 2 of P-001 says 4 March 2026 already."),
        (4, "2026-03-04", "Fact 4 no longer counts, since fact 5 corrects the same one. Correct fact 5 instead."),
        (4, None, "Fact 4 no longer counts, since fact 5 corrects the same one. Correct fact 5 instead."),
        (3, "2026-03-05", "Nothing would change: fact 3 of P-001 says 5 March 2026 already."),
    ],
)
def test_a_correction_without_effect_is_refused(number: int, to: str | None, message: str) -> None:
    of = record(booked("d1", "2026-03-02"), done("d4", "2026-03-05"))
    of = corrected(corrected(of, 2, "2026-03-03"), 2, "2026-03-04")
    with pytest.raises(InvalidInput) as caught:
        refuse_without_effect(of, correction(of, number, None if to is None else when(to)))
    assert str(caught.value) == message


def test_the_same_time_of_day_twice_is_two_times() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    second = first.replace(fold=1)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    of = record(Fact(kind=Kind.DONE, name="dose", when=first))
    fact = correction(of, 2, second)
    refuse_without_effect(of, fact)
    assert [changed.when for changed, _ in changed_by(of, [fact])] == [second]


def test_a_timed_visit_needs_a_time() -> None:
    of = record(done("dose", "2026-03-05T10:00+00:00"))
    with pytest.raises(InvalidInput, match=r"'dose' is counted in hours: give the time too"):
        check_fact(OF, of, correction(of, 2, day("2026-03-06")))
    assert check_fact(OF, of, correction(of, 2, when("2026-03-06T10:00+00:00"))) == ()


def test_what_counts_again_must_be_possible_again() -> None:
    """A second cycle was taken back and another one recorded: the first cannot come back beside it."""
    of = corrected(record(booked("d1", "2026-03-02"), event("second-cycle", "2026-04-01")), 3)
    again = event("second-cycle", "2026-04-20")
    assert check_fact(OF, of, again) == (), "what is taken back does not count"
    of = of.with_facts(again)
    with pytest.raises(InvalidInput, match=r"'second-cycle' is recorded for 20 April 2026 already, and the protocol"):
        check_fact(OF, of, correction(of, 4, None))


def test_why_tells_the_corrected_story() -> None:
    told = " ".join(why(OF, corrected(WRONG, 3, "2026-03-03"), Site(), "d10"))
    assert "3 March 2026 instead of 2 March 2026" in told
    assert "4 March" not in told


def test_a_plan_of_facts_before_is_of_what_counts() -> None:
    """Replay: d4 was judged by d1, which was taken back."""
    assert planned(OF, booked("d1", "2026-03-02"), done("d4", "2026-03-05")) == plan(OF, corrected(WRONG, 3), Site())


def test_corrections_in_words() -> None:
    of = corrected(corrected(corrected(WRONG, 3, "2026-03-03"), 3, "2026-03-01"), 6)
    undone = of.with_facts(correction(of, 4, None, undoes=3))
    assert facts_in_words(undone, undone.facts[4:]).split("; ") == [
        "fact 3 (d1 done on Wed 4 Mar 2026) corrected to Tue 3 Mar 2026",
        "fact 3 (d1 done on Tue 3 Mar 2026) corrected to Sun 1 Mar 2026",
        "fact 6 (fact 3 (d1 done on Tue 3 Mar 2026) corrected to Sun 1 Mar 2026) taken back",
        "fact 4 (d4 done on Thu 5 Mar 2026) taken back, as undo of revision 3",
    ]


def test_an_unscheduled_visit_stays_while_later_facts_speak_of_it() -> None:
    fever = added(1, "Fever", "2026-03-09")
    of = record(booked("d1", "2026-03-02"), fever, done("unscheduled-1", "2026-03-09"))
    with pytest.raises(InvalidInput) as caught:
        correction(of, 3, None)
    assert str(caught.value) == (
        "unscheduled-1 cannot be taken back, since fact 4 (done) speaks of it. Take that back first."
    )
    without = corrected(corrected(of, 4), 3)
    assert plan(OF, without, Site()).visit("unscheduled-1") is None


def test_what_was_withheld_is_given_once_its_visit_is_to_come_again() -> None:
    of = record(booked("d1", "2026-03-02"), done("d4", "2026-03-05"), withheld("d4", "il2"))
    again = corrected(of, 3).with_facts(booked("d4", "2026-03-06"))
    assert visit(plan(OF, of, Site()), "d4").activities == ()
    assert visit(plan(OF, again, Site()), "d4").activities == ("il2",)
