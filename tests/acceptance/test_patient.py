"""A patient from enrolment on: the calendar, why, the agenda, and what each thing that happens moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Result, Run

NOW = ("--now", "2026-03-04T16:00")
DONE = ("done", "P-001", "d1", "2026-03-04", "--why", "fever on the planned day", *NOW)
MOVE_KEYS = ["visit", "label", "from", "to", "by", "why"]
CHANGE_KEYS = ["subject", "protocol", "version", "site", "revision", "dry_run", "diff", "warnings"]
DIFF_KEYS = [
    *("moved", "turned", "new_conflicts", "gone_conflicts", "new_deviations", "periods", "answered", "asked"),
    *("activities", "gates", "expiries"),
]


def moves(result: Result) -> dict[str, tuple[str, str]]:
    """From where to where each visit moved."""
    return {move["visit"]: (move["from"], move["to"]) for move in result.json["diff"]["moved"]}


def turns(result: Result) -> dict[str, tuple[str, str]]:
    """From which status to which each visit turned."""
    return {turn["visit"]: (turn["from"], turn["to"]) for turn in result.json["diff"]["turned"]}


def visit(dayzero: Run, name: str, subject: str = "P-001") -> Any:
    shown = dayzero("show", subject, "--json").json
    return next(item for item in shown["visits"] if item["id"] == name)


# Sites and enrolment


def test_a_site_is_added_with_its_open_days(database: Path, dayzero: Run) -> None:
    options = ("--timezone", "America/New_York", "--open", "tue,wed,thu", "--holidays", "US-NY", "--opens", "07:30")
    result = dayzero("site", "add", "NY02", "--name", "A clinic", *options)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Site NY02 (A clinic) is added: America/New_York, open tue, wed, thu from 07:30.")
    assert "US-NY" in result.out
    found = dayzero("site", "add", "UTC3", "--timezone", "UTC", "--json").json
    assert found == {
        "id": "UTC3",
        "revision": 1,
        "name": "",
        "timezone": "UTC",
        "holidays": "",
        "announced_to": None,
        "open": ["mon", "tue", "wed", "thu", "fri"],
        "opens": "08:00",
    }


def test_enrolment_makes_the_calendar(database: Path, dayzero: Run) -> None:
    facts = ("--set", "d0=2026-08-31", "--group", "stratum=neuroblastoma", "--enrolled", "2026-07-20")
    result = dayzero("enrol", "GD2B7H3-CART", "P-002", "--site", "BJ01", *facts, "--now", "2026-07-20T10:00")
    assert result.code == 0
    assert result.out.startswith("P-002, recorded (revision 1): enrolled in GD2B7H3-CART 1.0 on Mon 20 Jul 2026;")
    assert "'dayzero show P-002' prints them." in result.out
    assert result.err.startswith("Warning: Nobody is there yet to be reminded as patient")
    # 28 February 2027 is a Sunday, and this clinic is closed at weekends.
    assert visit(dayzero, "response-month-6", "P-002")["target"] == "2027-02-28"
    assert visit(dayzero, "response-month-6", "P-002")["planned"] == "2027-03-01"


def test_enrolment_with_history_and_an_activity_as_json(database: Path, dayzero: Run) -> None:
    facts = ("--history", "systemic-therapy=2026-02-10", "--history", "systemic-therapy.half-life=8 days")
    arguments = ("enrol", "NEUK203-13", "P-003", "--site", "BJ01", "--set", "d1=2026-03-02T10:00", *facts)
    result = dayzero(*arguments, "--given", "d7:il2", "--now", "2026-02-09T10:00", "--json")
    assert result.code == 0
    assert list(result.json) == [*CHANGE_KEYS, "plan"]
    assert result.json["revision"] == 1
    assert "'il2' at d7 is not optional; it counts as given anyway." in result.json["warnings"]
    d1 = next(item for item in result.json["plan"]["visits"] if item["id"] == "d1")
    assert (d1["planned"], d1["not_before"]) == ("2026-03-02T10:00+08:00", "2026-03-10")
    assert [conflict["visit"] for conflict in result.json["plan"]["conflicts"]] == ["d1"]


def test_enrolment_as_a_dry_run_prints_the_calendar_and_writes_nothing(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("enrol", "NEUK203-13", "P-002", "--site", "BJ01", "--set", "d1=2026-03-02", "--dry-run")
    assert result.code == 0
    assert result.out.startswith("P-002, not recorded: enrolled in NEUK203-13 1.0 on ")
    assert "\nWed 11 Mar 2026  D10   d10 " in result.out
    assert result.out.endswith("\n\nThis was a dry run: nothing was written.\n")
    assert dayzero("show", "P-002").err == "Error: There is no subject 'P-002'. Did you mean 'P-001'?\n"


# Looking


def test_show_prints_the_calendar(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("show", "P-001", "--now", "2026-02-10T09:00")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("NEUK203-13 1.0 · P-001 · BJ01 · Asia/Shanghai · revision 1\n")
    for text in ("Mon 2 Mar 2026   D1    d1 ", "DLT observation", "Open questions", "today"):
        assert text in result.out


def test_show_as_json_has_the_keys_of_the_interface(unchanged: Path, dayzero: Run) -> None:
    found = dayzero("show", "P-001", "--json").json
    head = ["protocol", "version", "subject", "site", "revision"]
    assert list(found) == [*head, "visits", "periods", "conflicts", "deviations", "questions"]
    assert [found[name] for name in head] == ["NEUK203-13", "1.0", "P-001", "BJ01", 1]


def test_the_present_decides_what_is_overdue(unchanged: Path, dayzero: Run) -> None:
    def consent(now: str) -> str:
        return next(line for line in dayzero("show", "P-001", "--now", now).out.splitlines() if " consent " in line)

    assert consent("2026-02-09T23:00").split()[-1] == "due"
    # 16:30 UTC is half past midnight in Beijing.
    assert consent("2026-02-09T16:30Z").split()[-1] == "overdue"


def test_why_tells_where_a_date_comes_from(database: Path, dayzero: Run) -> None:
    before = dayzero("why", "P-001", "d4")
    assert (before.code, before.err) == (0, "")
    assert before.out.startswith("Day 4 (d4) is planned for Thursday 5 March 2026.\n")
    dayzero(*DONE)
    after = dayzero("why", "P-001", "d4", "--json").json
    assert list(after) == ["subject", "visit", "steps"]
    told = " ".join(after["steps"])
    for text in (
        "Saturday 7 March 2026",
        "d1, which was done",
        "4 March 2026",
        "2 March 2026",
        "fever on the planned day",
    ):
        assert text in told


def test_the_agenda_lists_who_comes_when(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("agenda", "--from", "2026-03-02", "--days", "3")
    assert (result.code, result.err) == (0, "")
    assert [line[:15] for line in result.out.splitlines() if "P-001" in line] == [
        "Mon 2 Mar 2026 ",
        "Tue 3 Mar 2026 ",
        "Wed 4 Mar 2026 ",
    ]
    from_today = dayzero("agenda", "--now", "2026-03-02T09:00", "--days", "3", "--site", "BJ01")
    assert from_today.out == dayzero("agenda", "--from", "2026-03-02", "--days", "3", "--now", "2026-03-02T09:00").out
    assert "  booked\n" in from_today.out
    assert dayzero("agenda", "--from", "2030-01-01").out == "No visits in these days.\n"


def test_the_agenda_of_a_department_as_json(unchanged: Path, dayzero: Run) -> None:
    found = dayzero("agenda", "--department", "pharmacy", "--from", "2026-03-01", "--json").json
    assert [(item["when"], item["visit"]) for item in found["items"]] == [
        ("2026-03-02", "d1"),
        ("2026-03-05", "d4"),
        ("2026-03-08", "d7"),
        ("2026-03-11", "d10"),
    ]
    assert all(item["activities"] == ["Interleukin-2, 6 mIU"] for item in found["items"])
    assert {item["subject"] for item in found["items"]} == {"P-001"}


# What happens


def test_a_late_first_infusion_moves_the_others_and_prints_the_diff(database: Path, dayzero: Run) -> None:
    result = dayzero(*DONE)
    assert result.code == 0
    assert result.out.startswith("P-001, recorded (revision 2): d1 done on Wed 4 Mar 2026\n\nMoves\n")
    lines = [line.split() for line in result.out.splitlines()]
    for name, before, after in (("d4", "5", "7"), ("d7", "8", "10"), ("d10", "11", "13")):
        (line,) = (words for words in lines if words[:1] == [name] and "+2" in words)
        assert f"{before} Mar 2026" in " ".join(line)
        assert f"{after} Mar 2026 +2 days" in " ".join(line)
    assert "fever on the planned day" in " ".join(result.out.split())
    assert "DLT observation" in result.out
    assert visit(dayzero, "d1")["actual"] == "2026-03-04"
    assert visit(dayzero, "d7")["planned"] == "2026-03-10"


def test_the_diff_as_json(database: Path, dayzero: Run) -> None:
    result = dayzero(*DONE, "--json")
    assert list(result.json) == CHANGE_KEYS
    assert list(result.json["diff"]) == DIFF_KEYS
    assert (result.json["revision"], result.json["dry_run"]) == (2, False)
    assert all(list(move) == MOVE_KEYS for move in result.json["diff"]["moved"])
    found = moves(result)
    assert found["d4"] == ("2026-03-05", "2026-03-07")
    assert found["d7"] == ("2026-03-08", "2026-03-10")
    assert found["d10"] == ("2026-03-11", "2026-03-13")
    assert turns(result) == {"d1": ("booked", "done")}
    ends = {move["period"]: move["to"] for move in result.json["diff"]["periods"]}
    assert ends["dlt"] == "2026-03-31"


@pytest.mark.parametrize(
    "arguments",
    [
        DONE,
        ("book", "P-001", "d1", "2026-03-04T10:00", *NOW),
        ("missed", "P-001", "d10", *NOW),
        ("event", "P-001", "progression", "2026-03-04", *NOW),
        ("group", "P-001", "dose_level=DL2", *NOW),
        ("history", "P-001", "stroke=never", *NOW),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_dry_run_shows_the_same_and_writes_nothing(
    arguments: tuple[str, ...], database: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(database)
    tried = dayzero(*arguments, "--dry-run")
    assert tried.code == 0
    assert tried.out.startswith("P-001, not recorded: ")
    assert tried.out.endswith("\n\nThis was a dry run: nothing was written.\n")
    assert dayzero(*arguments, "--dry-run", "--json").json["dry_run"] is True
    assert contents(database) == before
    done = dayzero(*arguments)
    assert done.code == 0
    assert contents(database) != before
    body = done.out.partition("\n\n")[2].rstrip("\n")
    assert tried.out.partition("\n\n")[2] == f"{body}\n\nThis was a dry run: nothing was written.\n"


def test_a_booking_with_a_time(database: Path, dayzero: Run) -> None:
    result = dayzero("book", "P-001", "d1", "2026-03-02T10:00", *NOW)
    assert result.out.startswith("P-001, recorded (revision 2): d1 booked for Mon 2 Mar 2026, 10:00\n")
    assert visit(dayzero, "d1")["planned"] == "2026-03-02T10:00+08:00"
    dayzero("book", "P-001", "d1", "2026-03-02T03:00Z", *NOW)
    assert visit(dayzero, "d1")["planned"] == "2026-03-02T11:00+08:00"


def test_a_shut_gate_is_only_overridden_with_a_reason(
    database: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(database)
    for options in ((), ("--override",), ("--why", "bed is free")):
        refused = dayzero("book", "P-001", "ld-1", "2026-02-25", *options)
        assert (refused.code, refused.out) == (2, "")
        assert "ld-1 waits for eligible, product-on-site" in refused.err
    assert contents(database) == before
    assert dayzero("book", "P-001", "ld-1", "2026-02-25", "--override", "--why", "bed is free").code == 0
    assert visit(dayzero, "ld-1")["status"] == "booked"


def test_milestones_open_gates_and_start_what_waited(database: Path, dayzero: Run) -> None:
    assert visit(dayzero, "ld-1")["waiting_for"] == ["eligible", "product-on-site"]
    result = dayzero(
        "event", "P-001", "eligible", "2026-02-13", "--why", "all criteria met", "--now", "2026-02-13T10:00"
    )
    assert result.out.startswith("P-001, recorded (revision 2): eligible on Fri 13 Feb 2026\n")
    dayzero("event", "P-001", "product-on-site", "2026-02-20", "--now", "2026-02-20T10:00")
    assert visit(dayzero, "ld-1")["waiting_for"] == []
    assert dayzero("book", "P-001", "ld-1", "2026-02-25", "--now", "2026-02-20T11:00").code == 0


def test_a_missed_visit_and_what_waits_for_it(database: Path, dayzero: Run) -> None:
    result = dayzero("missed", "P-001", "d10", "--why", "snow, no trains", "--now", "2026-03-12T09:00", "--json")
    assert turns(result) == {"d10": ("planned", "missed")}
    ends = {move["period"]: move["to"] for move in result.json["diff"]["periods"]}
    assert ends["contraception"] == "2026-09-08"


def test_what_was_withheld_counts_for_nothing(database: Path, dayzero: Run) -> None:
    result = dayzero(
        "done", "P-001", "d1", "2026-03-02", "--withheld", "infusion", "--now", "2026-03-02T16:00", "--json"
    )
    assert result.code == 0
    assert "infusion" not in visit(dayzero, "d1")["activities"]
    assert "il2" in visit(dayzero, "d1")["activities"]


def test_groups_and_history_answer_questions(database: Path, dayzero: Run) -> None:
    assert any("stroke" in question for question in dayzero("show", "P-001", "--json").json["questions"])
    assert dayzero("history", "P-001", "stroke=never", "major-surgery=2025-11-20", *NOW).code == 0
    left = dayzero("show", "P-001", "--json").json["questions"]
    assert not any("stroke" in question or "major-surgery" in question for question in left)
    result = dayzero("group", "P-001", "ltfu=in", *NOW)
    assert result.out.startswith("P-001, recorded (revision 3): ltfu is in\n")
    # A year after the last infusion, d7; on the day of the assessment at month 12, as their windows overlap.
    assert visit(dayzero, "ltfu-1")["target"] == "2027-03-08"
    assert visit(dayzero, "ltfu-1")["planned"] == visit(dayzero, "response-month-12")["planned"] == "2027-03-02"


def test_two_people_at_once_are_told_what_the_other_recorded(database: Path, dayzero: Run) -> None:
    seen = dayzero("show", "P-001", "--json").json["revision"]
    dayzero("event", "P-001", "eligible", "2026-02-09", "--by", "lin", *NOW)
    stale = dayzero("book", "P-001", "d10", "2026-03-12", "--seen", str(seen), *NOW)
    assert (stale.code, stale.out) == (2, "")
    assert stale.err == (
        "Error: The record of P-001 is at revision 2, and this was made for revision 1. "
        "Since then: eligible on Mon 9 Feb 2026 (by lin). Look at it again, then repeat.\n"
    )
    assert dayzero("book", "P-001", "d10", "2026-03-12", "--seen", "2", *NOW).code == 0
    ahead = dayzero("book", "P-001", "d10", "2026-03-12", "--seen", "9", "--dry-run", *NOW)
    assert "Since then: nothing, there is no such revision yet." in ahead.err


def test_death_ends_everything_to_come(database: Path, dayzero: Run) -> None:
    result = dayzero("event", "P-001", "death", "2026-03-04", *NOW)
    assert result.code == 0
    assert visit(dayzero, "d7")["status"] == "cancelled"
    assert "Stopped: " in dayzero("show", "P-001").out


def test_a_date_in_the_future_is_recorded_with_a_warning(database: Path, dayzero: Run) -> None:
    result = dayzero("done", "P-001", "d1", "2026-03-06", *NOW)
    assert result.code == 0
    assert result.err.startswith("Warning: d1 is dated 6 March 2026, which is in the future")
    assert len(result.err.splitlines()) == 1
    assert visit(dayzero, "d1")["actual"] == "2026-03-06"


def test_who_recorded_it_is_by_the_option_else_the_environment(database: Path, dayzero: Run) -> None:
    dayzero("history", "P-001", "stroke=never", "--by", "Study nurse")
    dayzero("history", "P-001", "radiotherapy=never")
    facts = dayzero("audit", "P-001", "--json").json["facts"]
    assert [fact["by"] for fact in facts[-2:]] == ["Study nurse", "tester"]


LATER = """\
protocol: LATER
version: "1.0"
title: Visits with a later bound
reference: {visit: d1, day: 1}
visits:
  d1: {epoch: treatment, place: ward, at: enrolment + 7 days}
  x: {epoch: treatment, place: ward, at: day 5, window: ±1 day, at_the_latest: day 9}
  y: {epoch: treatment, place: ward, at: day 5, no_later_than: day 6, at_the_latest: day 9}
"""


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_booking_up_to_the_later_bound_asks_for_a_reason(
    name: str, tmp_path: Path, database: Path, dayzero: Run
) -> None:
    (tmp_path / "later.yaml").write_text(LATER, encoding="utf-8")
    assert dayzero("protocols", "add", "later.yaml").code == 0
    assert dayzero("enrol", "LATER", "L-1", "--site", "BJ01", "--set", "d1=2026-03-02", *NOW).code == 0
    warning = f"{name} is booked later than its rules allow, for which the protocol wants a reason. Give it with --why."
    assert warning not in dayzero("book", "L-1", name, "2026-03-07", *NOW).err
    late = dayzero("move", "L-1", name, "2026-03-09", *NOW)
    assert (late.code, late.err) == (0, f"Warning: {warning}\n")
    assert warning not in dayzero("move", "L-1", name, "2026-03-10", "--why", "travel", *NOW).err
    assert dayzero("show", "L-1", "--json").json["conflicts"] == []
