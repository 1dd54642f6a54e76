"""Worklists, deviations, quantities and folded diffs: pure values and their text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.changes import diff_text
from calendars.deviations import Deviations, deviations_report
from calendars.words import closes, standing
from calendars.worklist_document import worklist_document
from calendars.worklist_tables import department_text, worklist_text
from calendars.worklists import BUCKETS, LISTS, Case, Worklist, worklist
from schedules.diff import Diff, Move, Turn
from schedules.expiries import Expiry, expiries
from schedules.plan import Period, Plan, Status
from tests.support import booked, done, planned, template
from tests.worklists import DAY, TODAY, plan, visit


def listed(found: Plan, *due: Expiry, site: str = "S1", today: date = TODAY) -> Worklist:
    return worklist({site: today}, [Case(site=site, subject="P-1", plan=found, expiries=due, today=today)])


def names(found: Worklist) -> dict[str, list[str]]:
    """What is on each list that is not empty."""
    return {name: [task.name for task in getattr(found, name)] for name in LISTS if getattr(found, name)}


# What is overdue


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *((1, "1"), (2, "2–30"), (30, "2–30"), (31, "31–60"), (60, "31–60"), (61, "61–90"), (90, "61–90")),
        *((91, "91–180"), (180, "91–180"), (181, "over 180"), (4000, "over 180")),
    ],
)
def test_the_edges_of_the_buckets(days: int, bucket: str) -> None:
    assert [item.name for item in BUCKETS if item.holds(days)] == [bucket]
    found = listed(plan(visit("v", TODAY - days * DAY)))
    numbers = worklist_document(found)["numbers"]
    assert isinstance(numbers, dict)
    assert numbers["buckets"] == {item.name: int(item.name == bucket) for item in BUCKETS}
    assert [task.days for task in found.overdue] == [days]


@given(st.lists(st.tuples(st.integers(-400, 400), st.sampled_from(("S1", "S2", "S3"))), max_size=30))
def test_each_overdue_visit_is_in_one_bucket_and_the_totals_add_up(offsets: list[tuple[int, str]]) -> None:
    cases = [
        Case(site=site, subject=f"P-{number}", plan=plan(visit("v", TODAY - days * DAY)), expiries=(), today=TODAY)
        for number, (days, site) in enumerate(offsets)
    ]
    found = worklist(dict.fromkeys(("S1", "S2", "S3"), TODAY), cases)
    assert found.count() == sum(days > 0 for days, _ in offsets) == len(found.overdue)
    for bucket in (*BUCKETS, None):
        assert found.count(bucket) == sum(found.count(bucket, site) for site in found.today)
    for site in (*found.today, None):
        assert found.count(None, site) == sum(found.count(bucket, site) for bucket in BUCKETS)


@given(
    st.sampled_from([Status.PLANNED, Status.BOOKED]),
    *[st.none() | st.integers(-40, 40)] * 2,
    st.integers(-40, 40),
)
def test_what_show_calls_overdue_is_on_the_list(
    status: Status, end: int | None, bound: int | None, offset: int
) -> None:
    one = visit(
        "v",
        TODAY + offset * DAY,
        status,
        window_start=None if end is None else TODAY - 50 * DAY,
        window_end=None if end is None else TODAY + end * DAY,
        not_after=None if bound is None else TODAY + bound * DAY,
    )
    assert bool(listed(plan(one)).overdue) == (standing(one, TODAY) == "overdue")


def test_a_booked_visit_is_overdue_when_its_day_is_over_and_a_planned_one_with_its_window() -> None:
    window: dict[str, Any] = {"window_start": date(2026, 3, 1), "window_end": date(2026, 3, 15)}
    waiting, missed_its_day = (
        visit("a", date(2026, 3, 5), **window),
        visit("b", date(2026, 3, 5), Status.BOOKED, **window),
    )
    assert (closes(waiting), closes(missed_its_day)) == (date(2026, 3, 15), date(2026, 3, 5))
    assert names(listed(plan(waiting, missed_its_day))) == {"overdue": ["b"], "closing": ["a"]}


@pytest.mark.parametrize("status", [Status.DONE, Status.MISSED, Status.CANCELLED, Status.NOT_APPLICABLE])
def test_what_is_recorded_or_off_is_on_no_list(status: Status) -> None:
    assert names(listed(plan(visit("v", TODAY - 5 * DAY, status)))) == {}


def test_who_was_stopped_is_on_no_list() -> None:
    found = plan(visit("v", TODAY - 5 * DAY), stopped="death")
    assert names(listed(found)) == {}


# What soon will be


@pytest.mark.parametrize(("left", "is_there"), [(0, True), (7, True), (8, False)])
def test_windows_and_periods_within_seven_days(left: int, is_there: bool) -> None:
    end = TODAY + left * DAY
    one = visit("v", TODAY, window_start=TODAY, window_end=end)
    period = Period(id="dlt", label="DLT", start=date(2026, 3, 1), end=end, waiting_for=("d28",))
    found = listed(plan(one, periods=(period,)))
    assert names(found) == ({"closing": ["v"], "ending": ["dlt"]} if is_there else {})
    assert all(task.days == left for task in (*found.closing, *found.ending))


@pytest.mark.parametrize(("left", "is_there"), [(0, True), (14, True), (15, False)])
def test_gates_of_booked_visits_within_fourteen_days(left: int, is_there: bool) -> None:
    one = visit("v", TODAY + left * DAY, Status.BOOKED, waiting_for=("eligible",))
    found = listed(plan(one, replace(one, id="w", waiting_for=()), replace(one, id="x", status=Status.PLANNED)))
    assert [(task.name, task.because) for task in found.shut] == ([("v", ("eligible",))] if is_there else [])


def test_what_expires_soon_or_before_its_visit() -> None:
    def due(name: str, last: int, on: int) -> Expiry:
        days = (TODAY + last * DAY, TODAY + on * DAY)
        return Expiry(
            visit=name, label=name, status=Status.PLANNED, rule="labs + 7 days", last=days[0], planned=days[1]
        )

    visits = [visit(name, TODAY + 1 * DAY) for name in ("soon", "far", "broken", "past")]
    late = visit("late", TODAY - 1 * DAY)
    dues = (due("soon", 7, 1), due("far", 8, 1), due("broken", 20, 21), due("past", -1, 1), due("late", 1, -1))
    found = listed(plan(*visits, late), *dues)
    assert [(task.name, task.days) for task in found.expiring] == [("past", -1), ("soon", 7), ("broken", 20)]
    assert names(found)["overdue"] == ["late"]


RULES = template(
    """
visits:
  labs: {epoch: e, at: day -3, window: -3..+1 days}
  ld: {epoch: e, at: [day -2, day -1]}
  d1: {epoch: e, at: enrolment + 28 days, no_later_than: [labs + 7 days, ld.first + 14 days]}
"""
)


def test_an_expiry_counts_only_from_what_happened() -> None:
    facts = [booked("d1", "2026-03-02")]
    assert expiries(RULES, planned(RULES, *facts)) == ()
    found = expiries(RULES, planned(RULES, *facts, done("ld-1", "2026-02-20")))
    assert [(item.visit, item.rule, item.last) for item in found] == [("d1", "ld.first + 14 days", date(2026, 3, 6))]
    found = expiries(RULES, planned(RULES, *facts, done("ld-1", "2026-02-20"), done("labs", "2026-02-22")))
    assert [(item.rule, item.last, item.holds) for item in found] == [("labs + 7 days", date(2026, 3, 1), False)]
    after = planned(RULES, *facts, done("labs", "2026-02-22"), done("d1", "2026-03-02"))
    assert expiries(RULES, after) == ()


SCREENED = template(
    """
visits:
  screening: {epoch: e, at: day -14, window: ld.first - 28 days .. ld.first - 1 day}
  scan: {epoch: e, at: d1 - 1 month, window: -1..+2 days}
  ld: {epoch: e, at: [day -3, day -2]}
  d1: {epoch: e, at: enrolment + 90 days}
  d10: {epoch: e, at: day 10, window: ±1 day, at_the_latest: day 14}
"""
)


def test_what_was_done_in_a_window_is_too_old_if_what_it_counts_from_slips() -> None:
    facts = (booked("d1", "2026-03-31"), done("screening", "2026-03-05"), done("scan", "2026-02-28"))
    found = expiries(SCREENED, planned(SCREENED, *facts))
    assert [(item.visit, item.kind, item.rule, item.last) for item in found] == [
        # 28 February is in its window up to 31 March: a month before, clamped, is 28 February.
        ("d1", "window", "window of scan (-1 day .. +2 days around d1 - 1 month)", date(2026, 4, 1)),
        ("ld-1", "window", "window of screening (ld.first - 28 days .. ld.first - 1 day)", date(2026, 4, 2)),
    ]
    assert [item.holds for item in found] == [True, True]
    slipped = expiries(SCREENED, planned(SCREENED, *facts, booked("d1", "2026-04-07")))
    assert [(item.visit, item.holds) for item in slipped] == [("d1", False), ("ld-1", False)]
    over = planned(SCREENED, *facts, booked("ld-1", "2026-04-04"), done("ld-1", "2026-04-04"), done("d1", "2026-04-07"))
    assert [item.kind for item in expiries(SCREENED, over)] == ["latest"]


@given(st.integers(0, 400), st.integers(0, 40))
def test_the_last_day_is_the_last_on_which_it_is_in_its_window(later: int, before: int) -> None:
    day = date(2026, 1, 5) + later * DAY
    facts = (booked("d1", str(day)), done("scan", str(day - before * DAY)))
    for expiry in expiries(SCREENED, planned(SCREENED, *facts, on="2025-01-05")):
        # The planner is the oracle: on that day the scan is in its window, and a day later it is not.
        for shift, fits in ((0, True), (1, False)):
            plan = planned(SCREENED, booked("d1", str(expiry.last + shift * DAY)), on="2025-01-05")
            scan = plan.visit("scan")
            assert scan is not None
            assert isinstance(scan.window_start, date)
            assert (scan.window_start <= day - before * DAY) == fits


def test_what_may_be_done_late_for_a_reason_says_up_to_when() -> None:
    found = planned(SCREENED, booked("d1", "2026-02-25"), done("d1", "2026-02-25"))
    case = Case(site="S1", subject="P-1", plan=found, expiries=expiries(SCREENED, found), today=TODAY - 2 * DAY)
    (task,) = (task for task in worklist({"S1": case.today}, [case]).overdue if task.name == "d10")
    assert task.because == ("may still be booked up to Tue 10 Mar 2026, with a reason",)
    assert "may still be booked up to Tue 10 Mar 2026" in worklist_text(worklist({"S1": case.today}, [case]))
    late = worklist({"S1": TODAY + DAY}, [replace(case, today=TODAY + DAY)])
    assert [task.because for task in late.overdue if task.name == "d10"] == [()]


# As text


def test_empty_lists_say_so() -> None:
    assert worklist_text(listed(plan())) == (
        "Nothing is overdue.\n\n"
        "Nothing closes, expires or ends within 7 days, and no visit booked within 14\n"
        "days waits for a gate."
    )
    assert deviations_report(Deviations(items=())) == "No deviation is on record."
    assert department_text([], "pharmacy") == ""


def test_the_worklist_as_text() -> None:
    late, later = visit("b", TODAY - 1 * DAY), visit("a", TODAY - 40 * DAY)
    gate = visit("d1", TODAY + 2 * DAY, Status.BOOKED, waiting_for=("eligible",))
    assert worklist_text(listed(plan(late, later, gate))) == (
        "Overdue visits by days overdue\n"
        "Site   1  2–30  31–60  61–90  91–180  over 180  Total\n"
        "─────  ─  ────  ─────  ─────  ──────  ────────  ─────\n"
        "S1     1  0     1      0      0       0         2\n"
        "Total  1  0     1      0      0       0         2\n"
        "Days are counted from the last day of the window, or of a visit that is booked\n"
        "or has no window from its day.\n\n"
        "Overdue  Last day         Subject   Visit  What  Status\n"
        "───────  ───────────────  ────────  ─────  ────  ───────\n"
        "· 31–60 days: 1 visit ·\n"
        "40 days  Thu 29 Jan 2026  P-1 (S1)  a      A     planned\n"
        "· 1 day: 1 visit ·\n"
        "1 day    Mon 9 Mar 2026   P-1 (S1)  b      B     planned\n\n"
        "Booked within 14 days, and waits for a gate: 1\n"
        "Booked for       In      Subject   Visit  What  Status\n"
        "───────────────  ──────  ────────  ─────  ────  ──────────────────────\n"
        "Thu 12 Mar 2026  2 days  P-1 (S1)  d1     D1    booked Thu 12 Mar 2026\n"
        "                                   eligible"
    )


# Folded diffs


def turn(name: str, before: Status, after: Status, series: str = "", on: date | None = None) -> Turn:
    return Turn(visit=name, label=name.upper(), before=before, after=after, series=series, when=on)


def test_members_of_a_series_that_turn_alike_are_one_line() -> None:
    first = date(2026, 7, 20)
    turned = (
        *(turn(f"call-{n}", Status.CONDITIONAL, Status.PLANNED, "call", first + n * DAY) for n in range(8)),
        turn("d1", Status.BOOKED, Status.CANCELLED),
        turn("scan-1", Status.PLANNED, Status.CANCELLED, "scan"),
        turn("ltfu-1", Status.PLANNED, Status.NOT_APPLICABLE, "ltfu"),
        turn("scan-2", Status.PLANNED, Status.CANCELLED, "scan"),
        turn("scan-3", Status.BOOKED, Status.CANCELLED, "scan"),
    )
    assert diff_text(Diff(turned=turned)) == (
        "Changes\n"
        "  - call-0 … call-7 (8 visits): conditional → planned, first on Mon 20 Jul 2026\n"
        "  - d1 (D1): booked → cancelled\n"
        "  - scan-1, scan-2: planned → cancelled\n"
        "  - ltfu-1 (LTFU-1): planned → not applicable\n"
        "  - scan-3 (SCAN-3): booked → cancelled\n\n"
        "Nothing else moves."
    )


def moves(*offsets: int, by: int = 2, why: str = "") -> list[Move]:
    return [
        Move(visit=f"v{n}", label="V", before=TODAY + n * DAY, after=TODAY + (n + by) * DAY, why=why) for n in offsets
    ]


def test_many_moves_are_listed_for_sixty_days_and_the_rest_by_distance() -> None:
    diff = Diff(moved=(*moves(*range(8), 60, why="d1 was late"), *moves(61, 90, 400), *moves(500, by=-1)))
    text = diff_text(diff, today=TODAY)
    assert "v60 " in text
    assert text.endswith("\n  - 3 later visits, to v400, +2 days\n  - 1 later visit, v500, -1 day\nWhy: d1 was late.")
    assert "v61" not in text
    assert "v500  " in diff_text(diff)
    few = Diff(moved=(*moves(*range(8), 61, 90, 400), *moves(500, by=-1)))
    assert len(few.moved) == 12
    assert "v400" in diff_text(few, today=TODAY)
    assert "later visits" not in diff_text(few, today=TODAY)


def test_reasons_name_what_is_listed_and_count_the_rest() -> None:
    near, far = moves(*range(11), why="d1 was late"), moves(100, 101, why="d1 was late")
    other = moves(102, why="d7 is booked")
    text = diff_text(Diff(moved=(*near, *far, *other)), today=TODAY, width=100)
    assert text.endswith(
        "\n  v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, 2 later visits: d1 was late\n  1 later visit: d7 is booked"
    )


def test_of_what_is_not_listed_one_reason_stands_for_all_weekends() -> None:
    far = [
        replace(move, root="d1 was late", why=f"d1 was late; weekend {number}")
        for number, move in enumerate(moves(*range(100, 113)))
    ]
    text = diff_text(Diff(moved=tuple(far)), today=TODAY)
    assert text == "Moves\n  - 13 later visits, to v112, +2 days\nWhy: d1 was late."
    assert "weekend 12" in diff_text(Diff(moved=tuple(far)))


def test_only_later_moves_need_no_table() -> None:
    text = diff_text(Diff(moved=tuple(moves(*range(100, 113)))), today=TODAY)
    assert text == "Moves\n  - 13 later visits, to v112, +2 days"
