"""S1's second cycle, from the decision to long-term follow-up, through commands (design §4; §5, rules 7, 13, 15)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Result, Run

DOSES = [option for day in ("d7", "d14") for what in ("thaw", "infusion") for option in ("--given", f"{day}:{what}")]


def visits(dayzero: Run) -> dict[str, dict[str, Any]]:
    return {visit["id"]: visit for visit in dayzero("show", "S-1", "--json").json["visits"]}


def dates(dayzero: Run, *names: str) -> list[str]:
    found = visits(dayzero)
    return [found[name]["planned"] for name in names]


@pytest.fixture
def first(tmp_path: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The first cycle, done: infusions on 2 and 9 March, the third withheld on 16 March."""
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{tmp_path / 'cycle.db'}")
    dayzero("site", "add", "BJ01", "--timezone", "Asia/Shanghai")
    known = ("--enrolled", "2026-02-02", "--set", "d0=2026-03-02", "--group", "phase=1", *DOSES)
    assert dayzero("enrol", "CARNK-SCLC", "S-1", "--site", "BJ01", *known, "--now", "2026-02-02T09:00").code == 0
    for gate in ("eligible", "product-on-site"):
        dayzero("event", "S-1", gate, "2026-02-20", "--now", "2026-02-20T09:00")
    for name, day in (("ld-1", "02-25"), ("ld-2", "02-26"), ("ld-3", "02-27"), ("d0", "03-02"), ("d7", "03-09")):
        dayzero("done", "S-1", name, f"2026-{day}", "--now", f"2026-{day}T18:00")
    withheld = ("--withheld", "thaw", "--withheld", "infusion", "--why", "platelets low")
    dayzero("done", "S-1", "d14", "2026-03-16", *withheld, "--now", "2026-03-16T18:00")
    return dayzero


def decide(dayzero: Run) -> Result:
    return dayzero("event", "S-1", "second-cycle", "2026-04-10", "--now", "2026-04-10T12:00")


def test_long_term_follow_up_counts_from_the_last_infusion_really_given(first: Run) -> None:
    assert dates(first, "ltfu-1", "ltfu-call-6") == ["2027-03-09", "2032-03-09"]


def test_the_decision_gives_the_second_cycle_its_dates_and_its_own_gates(first: Run) -> None:
    assert {visits(first)[f"second/{name}"]["status"] for name in ("d0", "ld-1", "d28")} == {"conditional"}
    told = decide(first).out
    assert "conditional → planned, Sun 12 Apr 2026 to Fri 15 May 2026 (15 visits): second/ld-1" in " ".join(
        told.split()
    )
    assert "second/product-on-site is shut: second/ld-1 … second/ld-3 (3 visits) wait for it" in " ".join(told.split())
    # A placeholder of a week after the decision, with lymphodepletion of its own on days -5 to -3.
    assert dates(first, "second/ld-1", "second/ld-3", "second/d0", "second/d28") == [
        *("2026-04-12", "2026-04-14", "2026-04-17", "2026-05-15")
    ]
    assert visits(first)["second/ld-1"]["waiting_for"] == ["second/eligible", "second/product-on-site"]
    assert visits(first)["second/d0"]["day"] == "D0"


def test_the_second_cycle_waits_for_its_own_product(first: Run) -> None:
    decide(first)
    refused = first("book", "S-1", "second/ld-1", "2026-04-15", "--now", "2026-04-10T12:00")
    assert (refused.code, refused.err) == (
        2,
        "Error: second/ld-1 waits for second/eligible, second/product-on-site, which are not recorded. Record it with "
        "'dayzero event S-1 second/eligible DATE', or book with --override and --why.\n",
    )
    why = ("--override", "--why", "product in customs, due tomorrow")
    assert first("book", "S-1", "second/ld-1", "2026-04-15", *why, "--now", "2026-04-10T12:00").code == 0
    done = first("done", "S-1", "second/ld-1", "2026-04-15", "--now", "2026-04-15T18:00", "--json").json
    (gate,) = (item for item in done["diff"]["new_deviations"] if item["kind"] == "gate")
    assert gate["visit"] == "second/ld-1"
    assert gate["message"].endswith(
        "was not recorded; overridden by tester on 10 April 2026 (product in customs, due tomorrow)."
    )
    opened = first("event", "S-1", "second/product-on-site", "2026-04-16", "--now", "2026-04-16T09:00", "--json").json
    assert opened["diff"]["gates"] == [
        {
            "milestone": "second/product-on-site",
            "label": "Product released and on site (second)",
            "from": "shut",
            "to": "open",
            "visits": ["second/ld-2", "second/ld-3"],
        }
    ]


def test_a_milestone_recorded_again_names_that_of_the_second_cycle(first: Run) -> None:
    decide(first)
    told = first("event", "S-1", "eligible", "2026-04-10", "--now", "2026-04-10T12:00", "--dry-run").err
    assert told.endswith("this counts instead. If it is for second/eligible, undo it and record that.\n")
    first("event", "S-1", "second/eligible", "2026-04-10", "--now", "2026-04-10T12:00")
    told = first("event", "S-1", "eligible", "2026-04-10", "--now", "2026-04-10T12:00", "--dry-run").err
    assert told.endswith("this counts instead.\n")


def test_the_second_day_0_is_no_earlier_than_28_days_after_the_first(first: Run) -> None:
    first("event", "S-1", "second-cycle", "2026-03-18", "--now", "2026-03-18T12:00")
    assert dates(first, "second/d0") == ["2026-03-30"]
    moved = first("book", "S-1", "second/d0", "2026-03-27", "--now", "2026-03-18T12:00", "--json").json
    (conflict,) = (item for item in moved["diff"]["new_conflicts"] if item["visit"] == "second/d0")
    assert (conflict["by"], "second/d0 no earlier than d0 + 28 days" in conflict["rules"]) == ("P3D", True)


def test_long_term_follow_up_counts_anew_from_the_second_cycle(first: Run) -> None:
    decide(first)
    first("done", "S-1", "second/d0", "2026-04-21", "--why", "fever", "--now", "2026-04-21T18:00")
    assert dates(first, "ltfu-2", "ltfu-call-6") == ["2028-04-21", "2032-04-21"]
    told = " ".join(first("why", "S-1", "ltfu-3").out.split())
    assert "infusion.last, which is second/d0, which was done on Tuesday 21 April 2026 instead of 17 April 2026" in told
    # What does not count from the last infusion stays where the first one put it.
    assert dates(first, "week-8", "month-3")[0] == "2026-04-27"


def test_a_year_done_before_the_second_cycle_stays_and_the_new_one_bears_its_name(first: Run) -> None:
    first("done", "S-1", "ltfu-1", "2027-03-09", "--now", "2027-03-09T12:00")
    first("event", "S-1", "second-cycle", "2027-04-01", "--now", "2027-04-01T12:00")
    found = visits(first)
    assert (found["ltfu-1"]["status"], found["ltfu-1"]["actual"]) == ("done", "2027-03-09")
    # Numbered afresh from the new Day 0, 8 April 2027: its first year is not the one that was done.
    assert dates(first, "second/ltfu-1", "ltfu-2") == ["2028-04-07", "2029-04-09"]
    assert found["second/ltfu-1"]["target"] == "2028-04-08"


def test_a_third_cycle_is_refused(first: Run) -> None:
    decide(first)
    again = first("event", "S-1", "second-cycle", "2026-06-01", "--now", "2026-06-01T12:00")
    assert (again.code, again.out) == (2, "")
    assert again.err == (
        "Error: 'second-cycle' is recorded for 10 April 2026 already, and the protocol allows 1 'second' cycle. "
        "A further cycle would need an amendment.\n"
    )


def test_the_record_of_two_cycles_verifies(first: Run) -> None:
    decide(first)
    first("done", "S-1", "second/d0", "2026-04-21", "--now", "2026-04-21T18:00")
    assert first("audit", "S-1", "--verify").code == 0
