"""The ends in each shipped protocol: what stops, what goes on, what starts (design §5, rules 11 and 16)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schedules.catalogue import shipped
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.record import Fact
from schedules.template import STOP_EVERYTHING
from tests.support import booked, dates, done, event, group, planned, protocol, visit

PROTOCOLS = sorted(item.protocol for item in shipped())
END = date(2026, 3, 12)
DOSING = {"infusion", "thaw", "fludarabine", "cyclophosphamide", "lymphodepletion", "il2"}
IMAGING = {"imaging", "inrc", "recist", "tissue-cells"}
CHOSEN = {"GD2B7H3-CART": (group("stratum", "neuroblastoma"),)}


def plan_of(name: str, *facts: Fact, infused: bool = True) -> Plan:
    """A patient followed for the long term, infused on 2 March 2026 or about to be."""
    reference = protocol(name).reference_visit
    start = [group("ltfu", "in"), *CHOSEN.get(name, ()), booked(reference, "2026-03-02")]
    return planned(protocol(name), *start, *([done(reference, "2026-03-02")] if infused else []), *facts)


def ended(name: str, by: str) -> tuple[Plan, Plan]:
    """The plan before and after an end on 12 March 2026, when all that is infused without being asked for was."""
    return plan_of(name), plan_of(name, event(by, str(END)))


def to_come(plan: Plan) -> dict[str, Visit]:
    """What is planned or booked after the end."""
    return {item.id: item for item in plan.visits if item.status in TO_COME and item.date and item.date > END}


def days(visits: dict[str, Visit], *epochs: str) -> dict[str, date | None]:
    return {name: item.date for name, item in visits.items() if not epochs or item.epoch in epochs}


@pytest.mark.parametrize("end", STOP_EVERYTHING)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_after_these_nothing_is_left(name: str, end: str) -> None:
    before, after = ended(name, end)
    assert to_come(before)
    assert (after.stopped, to_come(after), after.expected) == (end, {}, ())
    assert not [item.id for item in after.visits if item.status is Status.CONDITIONAL]
    # What was due on or before that day is no less overdue for it, and what was done stays done.
    assert [item for item in after.visits if item.date and item.date <= END] == [
        item for item in before.visits if item.date and item.date <= END
    ]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_who_withdraws_from_visits_is_still_called(name: str) -> None:
    before, after = ended(name, "withdrawal-follow-up")
    calls = {visit: item for visit, item in to_come(before).items() if item.place in ("phone", "remote")}
    assert to_come(after) == calls
    assert {f"ltfu-call-{number}" for number in range(6, 16)} <= calls.keys()
    assert after.stopped is None


@pytest.mark.parametrize("name", PROTOCOLS)
def test_who_stops_treatment_is_seen_once_more_and_followed_on(name: str) -> None:
    before, after = ended(name, "withdrawal-treatment")
    seen = visit(after, "eot")
    assert (seen.status, seen.date) == (Status.PLANNED, END + timedelta(days=7))
    assert (seen.window_start, seen.window_end) == (END, END + timedelta(days=14))
    assert not [item.id for item in to_come(after).values() if DOSING.intersection(item.activities)]
    kept = days(to_come(after))
    assert kept.pop("eot")
    assert kept == days(to_come(before))


@pytest.mark.parametrize("end", ["progression", "new-therapy"])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_progression_and_new_therapy_end_imaging_and_dosing_and_begin_survival_calls(name: str, end: str) -> None:
    before, after = ended(name, end)
    assert any(IMAGING.intersection(item.activities) for item in to_come(before).values())
    assert not [item.id for item in to_come(after).values() if (IMAGING | DOSING).intersection(item.activities)]
    # Visits for nothing but a scan go with it; everything else stays where it was.
    only_scans = {visit for visit, item in to_come(before).items() if IMAGING.issuperset(item.activities)}
    kept = days(to_come(after))
    calls = {visit: kept.pop(visit) for visit in [*kept] if visit.startswith("survival-call-")}
    assert kept == {visit: day for visit, day in days(to_come(before)).items() if visit not in only_scans}
    assert [calls["survival-call-1"], calls["survival-call-2"]] == [date(2026, 6, 12), date(2026, 9, 12)]
    assert len(calls) >= 3


@pytest.mark.parametrize("end", ["withdrawal-treatment", "progression", "new-therapy"])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_long_term_follow_up_survives_early_discontinuation(name: str, end: str) -> None:
    before, after = ended(name, end)
    years = days(to_come(before), "long-term")
    assert len(years) == 15
    assert days(to_come(after), "long-term") == years


@pytest.mark.parametrize("name", PROTOCOLS)
def test_who_was_never_infused_is_not_followed_for_15_years(name: str) -> None:
    after = plan_of(name, event("withdrawal-treatment", "2026-02-20"), infused=False)
    assert {visit(after, name).status for name in ("ltfu-1", "ltfu-call-15")} == {Status.CONDITIONAL}
    assert visit(after, "eot").date == date(2026, 2, 27)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_death_ends_what_progression_began(name: str) -> None:
    after = plan_of(name, event("progression", "2026-03-20"), event("death", "2026-07-01"))
    calls = [item for item in after.visits if item.id.startswith("survival-call-") and item.date is not None]
    assert [item.status for item in calls][:2] == [Status.PLANNED, Status.CANCELLED]
    assert dates(after, "survival-call-1") == ["2026-06-20"]


def test_the_first_of_two_ends_that_counts_starts_the_survival_calls() -> None:
    after = plan_of("NEUK203-13", event("new-therapy", "2026-05-10"), event("progression", "2026-04-10"))
    assert dates(after, "survival-call-1") == ["2026-07-10"]


def test_a_booking_after_the_end_is_cancelled_and_one_before_it_is_not() -> None:
    facts = (booked("d5", "2026-03-06"), booked("d7", "2026-03-08"), event("death", "2026-03-06"))
    after = plan_of("NEUK203-13", *facts)
    assert (visit(after, "d5").status, visit(after, "d7").status) == (Status.BOOKED, Status.CANCELLED)
    assert visit(after, "d7").date == date(2026, 3, 8)


def test_what_was_not_infused_any_more_is_not_counted_from() -> None:
    after = plan_of("NEUK203-13", event("withdrawal-treatment", "2026-03-05"))
    # Day 4 was on 5 March; the infusion of Day 7 is off, and long-term follow-up counts from the last one given.
    assert dates(after, "d7", "ltfu-3") == ["2026-03-08", "2029-03-05"]
    assert "infusion" not in visit(after, "d7").activities
