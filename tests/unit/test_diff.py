"""Diffs: gates that open and shut, what expires, and how many changes are told in few words (design §2)."""

from __future__ import annotations

from datetime import date

from calendars.changes import diff_text, gate_in_words, visits_in_words
from schedules.diff import ActivityChange, Diff, Turn, compare, compare_under
from schedules.gates import GateChange
from schedules.plan import Status
from schedules.planner import prepare
from schedules.record import Fact
from schedules.site import Site
from schedules.template import Template
from schedules.why import reasons
from tests.support import again, booked, cancelled, done, event, given, planned, record, template, withheld

BODY = """milestones:
  ready: Product on site
  go: Second cycle decided
visits:
  labs: {epoch: s, at: day -6, window: day -7 .. day -6}
  ld: {epoch: t, at: {every: 1 day, first: day -5, times: 3}, requires: [ready]}
  d1: {epoch: t, at: enrolment + 28 days, no_later_than: labs + 7 days, requires: [ready]}
  d4: {epoch: t, at: day 4}
cycles:
  second: {repeat: [t], from: go + 7 days, max: 1}
"""
D1 = booked("d1", "2026-03-02")


def changes(*before: Fact, then: tuple[Fact, ...], of: Template | None = None) -> Diff:
    used = of or template(BODY)
    return compare_under(used, planned(used, *before), planned(used, *before, *then))


def test_a_gate_opens_for_those_who_wait() -> None:
    diff = changes(D1, then=(event("ready", "2026-02-20"),))
    assert diff.gates == (
        GateChange(
            milestone="ready",
            label="Product on site",
            before="shut",
            after="open",
            visits=("ld-1", "ld-2", "ld-3", "d1"),
        ),
    )
    assert diff_text(diff) == (
        "Gates\n  - ready is open: ld-1 … ld-3 (3 visits), d1 no longer wait for it\n\nNothing else moves."
    )
    assert diff


def test_a_second_cycle_waits_for_its_own_gate() -> None:
    diff = changes(D1, event("ready", "2026-02-20"), then=(event("go", "2026-04-01"),))
    (gate,) = diff.gates
    assert (gate.milestone, gate.before, gate.after) == ("second/ready", None, "shut")
    assert gate.visits == ("second/ld-1", "second/ld-2", "second/ld-3", "second/d1")
    assert gate_in_words(gate) == ("second/ready is shut: second/ld-1 … second/ld-3 (3 visits), second/d1 wait for it")


def test_a_gate_that_no_visit_to_come_requires_is_no_news() -> None:
    done_all = tuple(done(name, "2026-02-25") for name in ("ld-1", "ld-2", "ld-3", "d1"))
    assert changes(D1, *done_all, then=(event("ready", "2026-03-20"),)).gates == ()
    assert changes(D1, then=(event("death", "2026-02-01"),)).gates == ()


def test_the_words_of_a_gate() -> None:
    one = GateChange(milestone="ready", label="Ready", before="open", after="shut", visits=("d1",))
    assert gate_in_words(one) == "ready is shut again: d1 waits for it"
    new = GateChange(milestone="ready", label="Ready", before=None, after="open", visits=("d1", "d4"))
    assert gate_in_words(new) == "ready is open for d1, d4"


def test_labs_that_were_done_bound_what_comes_and_repeated_ones_bound_it_anew() -> None:
    first = (D1, done("labs", "2026-02-24"))
    (new,) = changes(D1, then=first[1:]).expiries
    assert new.before is None
    assert new.after is not None
    assert (new.after.visit, new.after.last, new.after.holds) == ("d1", date(2026, 3, 3), True)
    late = changes(*first, then=(booked("d1", "2026-03-05"),))
    assert [(item.before and item.before.holds, item.after and item.after.holds) for item in late.expiries] == [
        (True, False)
    ]
    repeated = changes(*first, booked("d1", "2026-03-05"), then=(again("labs", "2026-03-01"),))
    assert "labs + 7 days allows d1 up to Sun 8 Mar 2026; it is booked for Thu 5 Mar 2026; before, up to Tue" in (
        diff_text(repeated, width=200)
    )
    # Once d1 is done nothing expires, and that is no news.
    assert changes(*first, then=(done("d1", "2026-03-02"),)).expiries == ()


def test_what_moves_within_its_bound_is_no_news_of_an_expiry() -> None:
    assert changes(D1, done("labs", "2026-02-24"), then=(booked("d1", "2026-03-03"),)).expiries == ()


def test_members_that_follow_one_another_are_told_in_short() -> None:
    assert visits_in_words(["ld-1", "ld-2", "ld-3", "d1", "d4", "ltfu-1", "ltfu-2", "ltfu-5"]) == (
        "ld-1 … ld-3 (3 visits), d1, d4, ltfu-1, ltfu-2, ltfu-5"
    )
    assert visits_in_words(["second/ld-1", "second/ld-2", "second/ld-3"]) == "second/ld-1 … second/ld-3 (3 visits)"
    months = [f"month-{number}" for number in (3, 6, 9, 12, 18, 24)]
    assert visits_in_words(months) == "month-3 … month-12 (4 visits), month-18, month-24"
    assert visits_in_words([]) == ""


def test_many_that_turn_alike_are_one_line_and_the_others_keep_theirs() -> None:
    turns = [
        Turn(visit=f"{name}", label=name, before=Status.CONDITIONAL, after=Status.PLANNED, when=date(2026, 4, day))
        for day, name in enumerate("abcdefg", start=10)
    ]
    done_one = Turn(visit="d1", label="Day 1", before=Status.PLANNED, after=Status.DONE)
    assert diff_text(Diff(turned=(done_one, *turns)), width=120).splitlines()[1:3] == [
        "  - d1 (Day 1): planned → done",
        "  - conditional → planned, Fri 10 Apr 2026 to Thu 16 Apr 2026 (7 visits): a, b, c, d, e, f, g",
    ]


def test_what_never_had_a_date_is_not_news_when_it_is_cancelled() -> None:
    body = BODY.replace("  d4: {epoch: t,", "  d4: {epoch: t, only_for: {arm: A},")
    grouped = template("groups: {arm: {values: {A: A, B: B}, default: B}}\n" + body)
    diff = changes(D1, then=(event("death", "2026-02-01"),), of=grouped)
    assert "d4" not in {turn.visit for turn in diff.turned}
    assert "d1" in {turn.visit for turn in diff.turned}


def test_what_is_no_longer_done_at_visits_that_stay_is_told() -> None:
    scans = template(
        BODY.replace("  go:", "  progression: {label: Progression, stop: [scan]}\n  go:")
        + """activities:
  exam: {label: Exam, visits: [labs, d4]}
  scan: {label: Scan, visits: [labs, d4]}
  boost: {label: Boost, visits: [d4], optional: [d4]}
"""
    )
    diff = changes(D1, then=(event("progression", "2026-02-01"),), of=scans)
    visits = ("labs", "d4", "second/d4")
    assert diff.activities == (ActivityChange(activity="scan", label="Scan", added=False, visits=visits),)
    assert "Activities\n  - Scan no longer at labs, d4, second/d4" in diff_text(diff)
    chosen = changes(D1, then=(given("d4", "boost"),), of=scans)
    assert "Boost also at d4" in diff_text(chosen)
    # What was left out at a visit that was done is in the fact itself.
    assert changes(D1, then=(done("labs", "2026-02-24"), withheld("labs", "scan")), of=scans).activities == ()


def test_where_what_is_cancelled_would_be_is_no_move() -> None:
    moved = changes(D1, cancelled("d4"), then=(booked("d1", "2026-03-04"),)).moved
    assert "d4" not in {move.visit for move in moved}
    assert "d1" in {move.visit for move in moved}


def test_a_diff_between_equal_plans_is_empty() -> None:
    plan = planned(template(BODY), D1, cancelled("d4"))
    assert not compare(plan, plan)
    assert not compare_under(template(BODY), plan, plan)


PERIODS = """visits:
  d1: {epoch: t, at: enrolment + 28 days}
  d8: {epoch: t, at: day 8}
activities:
  infusion: {visits: [d1, d8]}
periods:
  no-driving: {label: No driving, after_each: infusion, for: 2 weeks}
"""


def test_a_period_that_is_new_or_gone_is_told() -> None:
    used = template(PERIODS)
    (ended,) = changes(D1, then=(withheld("d8", "infusion"),), of=used).periods
    assert (ended.visit, ended.before, ended.after) == ("no-driving-2", date(2026, 3, 23), None)
    assert "no-driving-2  No driving  Mon 23 Mar 2026  no date\n" in f"{diff_text(Diff(periods=(ended,)))}\n"
    (begun,) = compare(planned(used, D1, withheld("d8", "infusion")), planned(used, D1)).periods
    assert (begun.visit, begun.before, begun.after) == ("no-driving-2", None, date(2026, 3, 23))
    assert changes(D1, then=(event("death", "2026-03-01"),), of=used).periods == ()


def test_what_goes_along_with_another_visit_moves_for_its_reason() -> None:
    used = template(
        """visits:
  d1: {epoch: t, at: enrolment + 28 days}
  d8: {epoch: t, at: day 8}
  month-2: {epoch: f, at: d1 + 2 months, window: ±14 days, together_with: [late]}
  late: {epoch: f, at: d8 + 2 months}
"""
    )
    told = reasons(prepare(used, record(D1, booked("d8", "2026-03-12")), Site()), ("month-2", "late"))
    assert told == {
        "month-2": ("together with late: d8 is booked for Thursday 12 March 2026", ""),
        "late": ("d8 is booked for Thursday 12 March 2026", ""),
    }
