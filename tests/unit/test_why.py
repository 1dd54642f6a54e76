"""Where a date comes from, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.errors import UnknownName
from schedules.planner import prepare
from schedules.site import WORKING_WEEK, Site
from schedules.why import reasons, why
from tests.support import booked, done, event, group, history, protocol, record, template

S4 = "NEUK203-13"


def story(visit: str, *facts: object, site: Site | None = None) -> tuple[str, ...]:
    return why(protocol(S4), record(*facts), site or Site(), visit)  # type: ignore[arg-type]


def test_a_delay_tells_its_story() -> None:
    lines = story("d4", booked("d1", "2026-03-02"), done("d1", "2026-03-04", why="fever"))
    assert lines[0] == "Day 4 (d4) is planned for Saturday 7 March 2026."
    assert lines[1] == (
        "Its target is 7 March 2026: day 4, counted from d1, which was done on Wednesday 4 March 2026 "
        "instead of 2 March 2026 (fever)."
    )


def test_a_chain_is_followed_back_to_facts() -> None:
    lines = story("ld-3", booked("d1", "2026-03-02"))
    assert lines[1:4] == (
        "Its target is 27 February 2026: ld-2 + 1 day, counted from ld-2, "
        "which is planned for Thursday 26 February 2026.",
        "The target of ld-2 is 26 February 2026: ld-1 + 1 day, counted from ld-1, "
        "which is planned for Wednesday 25 February 2026.",
        "The target of ld-1 is 25 February 2026: day -5, counted from d1, which is booked for Monday 2 March 2026.",
    )
    assert "Its gate eligible is shut: eligibility confirmed, which is not recorded." in lines
    assert any(line.startswith("Assumed:") for line in lines)


def test_the_reference_and_its_bounds() -> None:
    lines = story("d1", booked("d1", "2026-03-02"), done("ld-1", "2026-02-27"))
    assert "It is the reference visit: its date replaces the placeholder enrolment + 28 days." in lines
    assert "It can be no earlier than ld.last + 2 days, which is 3 March 2026." in lines
    assert any(line.startswith("Conflict: d1 is booked for 2 March 2026") for line in lines)


def test_conditional_stopped_and_not_applicable_visits_say_why() -> None:
    assert "It has no date until this happens: progression, new-therapy." in story("survival-call-1")
    assert story("ltfu-1")[1] == "It does not apply to this patient's groups: ltfu is out."
    stopped = story("d28", booked("d1", "2026-03-02"), event("death", "2026-03-10"))
    assert "It was cancelled by death on 10 March 2026, which stops it." in stopped


def test_a_day_that_is_not_open_says_so() -> None:
    clinic = Site(weekdays=WORKING_WEEK)
    moved = story("d28", booked("d1", "2026-03-02"), site=clinic)
    assert moved[-1].startswith(
        "The target is not an open day (the site is not open on a Sunday); 30 March 2026 is"
    ) or any(
        line.startswith("The target is not an open day (the site is not open on a Sunday); 30 March 2026 is")
        for line in moved
    )


def test_a_done_visit_tells_what_was_asked_when_it_was_recorded() -> None:
    lines = story("labs", booked("d1", "2026-03-02"), done("labs", "2026-02-24"), done("d1", "2026-03-04"))
    assert "Its target was 24 February 2026, day -6." in lines
    assert "Its window is 23 February 2026 to 24 February 2026, both days included (day -7 .. day -6)." in lines


def test_an_unknown_visit_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"There is no visit 'labz'\. Did you mean 'labs'\?"):
        story("labz")


def test_history_in_the_story_of_the_visit_it_keeps_away() -> None:
    from tests.support import history

    body = template(
        "history:\n"
        "  surgery: {label: Major surgery, clear: 4 weeks, before: d1}\nvisits:\n"
        "  d1: {epoch: t, at: enrolment}\n"
    )
    lines = why(body, record(history("surgery", "2026-01-01")), Site(), "d1")
    assert (
        "It can be no earlier than 29 January 2026: d1 no earlier than 4 weeks after major surgery on 1 January 2026."
        in lines
    )


def test_hours_from_a_visit_without_a_time_say_where_they_start() -> None:
    body = template(
        "visits:\n  d1: {epoch: t, at: enrolment}\n  pk: {epoch: t, at: d1 + 2 hours, window: ±15 minutes}\n"
    )
    lines = why(body, record(booked("d1", "2026-03-02")), Site(), "pk")
    assert lines[1:3] == (
        "Its target is 2 March 2026 at 10:00: d1 + 2 hours, counted from d1, which is booked for Monday 2 March 2026.",
        "d1 has a date and no time, so hours count from the site's opening time, 08:00.",
    )
    timed = why(body, record(booked("d1", "2026-03-02T09:30+00:00")), Site(), "pk")
    assert not any("opening time" in line for line in timed)


def test_a_visit_that_was_moved_says_from_where_also_once_it_is_done() -> None:
    moved = (booked("d1", "2026-03-02"), replace(booked("d1", "2026-03-04"), why="fever"))
    assert story("d1", *moved)[0] == "Day 1 (d1) is booked for Wednesday 4 March 2026 instead of 2 March 2026 (fever)."
    target = story("d4", *moved, done("d1", "2026-03-04", why="fever"))[1]
    assert target.endswith("which was done on Wednesday 4 March 2026 instead of 2 March 2026 (fever).")
    # What was booked for another time of the same day was not moved to another.
    same = (booked("d10", "2026-03-11"), booked("d10", "2026-03-11T10:00+00:00"))
    assert "instead" not in story("d10", booked("d1", "2026-03-02"), *same)[0]


def test_visits_that_are_together_say_so() -> None:
    lines = story("ltfu-1", group("ltfu", "in"), booked("d1", "2026-03-02"), done("d7", "2026-03-09"))
    assert lines[0].endswith("is planned for Tuesday 2 March 2027.")
    assert "It is together with response-month-12, on the same day, since their windows overlap." in lines
    assert not any("Its rules do not allow the target" in line for line in lines)


def test_why_a_visit_moved_names_the_rule_that_keeps_it_off_its_target() -> None:
    of = template(
        "history:\n  mri: {label: MRI contrast, clear: 3 days, before: d1}\nvisits:\n"
        "  d1: {epoch: t, at: enrolment + 10 days, no_earlier_than: ld + 2 days}\n"
        "  ld: {epoch: t, at: enrolment + 5 days}\n  d4: {epoch: t, at: day 4}\n"
    )
    late = prepare(of, record(done("ld", "2026-01-15")), Site())
    pushed = "d1 no earlier than ld + 2 days, counted from ld, which was done on Thursday 15 January 2026"
    told = reasons(late, ["d1", "d4"])
    assert told["d1"][0].startswith(f"{pushed} instead of 10 January 2026; ")
    assert pushed in told["d4"][0]
    cleared = prepare(of, record(history("mri", "2026-01-14")), Site())
    assert reasons(cleared, ["d1"])["d1"][0] == (
        "d1 no earlier than 3 days after MRI contrast on 14 January 2026; enrolment on 5 January 2026"
    )


def test_a_visit_of_an_open_group_waits_for_what_is_known_of_the_patient() -> None:
    of = template(
        "groups: {arm: {A: a, B: b}}\nmilestones: {crs: Severe CRS}\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
        '  x: {epoch: t, at: day 4, only_for: {arm: A}}\n  y: {epoch: t, at: "latest(x, crs)"}\n'
    )
    assert why(of, record(), Site(), "x")[1] == "It has no date until this is known of the patient: arm."
    assert why(of, record(), Site(), "y")[1:3] == (
        "It has no date until this happens: crs.",
        "It has no date until this is known of the patient: arm.",
    )
