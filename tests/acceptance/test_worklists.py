"""The commands of the day: overdue, deviations, move and what a department must have ready."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from calendars.worklists import BUCKETS

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

NOW = ("--now", "2026-03-04T16:00")
LATE = ("done", "P-001", "d1", "2026-03-04", "--why", "fever on the planned day", *NOW)
MOVE = ("move", "P-001", "d1", "2026-03-04", "--why", "fever", "--now", "2026-02-20T10:00")
TASK_KEYS = ["site", "subject", "name", "label", "status", "when", "until", "days", "because"]


def visit(dayzero: Run, name: str) -> Any:
    shown = dayzero("show", "P-001", "--json").json
    return next(item for item in shown["visits"] if item["id"] == name)


@pytest.fixture
def booked(database: Path, dayzero: Run) -> Path:
    """The database with d7 booked for its day, at 10:00."""
    options = ("--now", "2026-02-09T12:00")
    assert dayzero("book", "P-001", "d7", "2026-03-08T10:00", *options).code == 0
    return database


# overdue


def test_nothing_is_overdue_on_the_first_day(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("overdue", "--now", "2026-02-09T10:00")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Nothing is overdue.\n")
    found = dayzero("overdue", "--now", "2026-02-09T10:00", "--json").json
    assert (found["overdue"], found["numbers"]["total"]) == ([], 0)


def test_overdue_in_buckets_that_add_up(unchanged: Path, dayzero: Run) -> None:
    found = dayzero("overdue", "--site", "BJ01", "--now", "2026-05-20T10:00", "--json").json
    lists = ["overdue", "closing", "expiring", "ending", "shut"]
    assert list(found) == ["sites", "buckets", "numbers", *lists, "undelivered"]
    assert found["sites"] == [{"site": "BJ01", "today": "2026-05-20"}]
    numbers = found["numbers"]
    assert list(numbers["buckets"]) == [bucket.name for bucket in BUCKETS]
    assert numbers["total"] == sum(numbers["buckets"].values()) == len(found["overdue"]) > 10
    assert numbers["sites"] == [{"site": "BJ01", "buckets": numbers["buckets"], "total": numbers["total"]}]
    for bucket in found["buckets"]:
        inside = [
            task
            for task in found["overdue"]
            if task["days"] >= bucket["first"] and (bucket["last"] is None or task["days"] <= bucket["last"])
        ]
        assert len(inside) == numbers["buckets"][bucket["name"]]
    assert all(list(task) == TASK_KEYS for name in lists for task in found[name])
    text = dayzero("overdue", "--site", "BJ01", "--now", "2026-05-20T10:00").out
    total = next(line.split() for line in text.splitlines() if line.startswith("Total"))
    assert [int(number) for number in total[1:]] == [*numbers["buckets"].values(), numbers["total"]]
    assert max(map(len, text.splitlines())) <= 80


def test_what_soon_will_be(booked: Path, dayzero: Run) -> None:
    dayzero("done", "P-001", "labs", "2026-02-24", "--now", "2026-02-24T12:00")
    dayzero("book", "P-001", "ld-1", "2026-02-26", "--override", "--why", "bed", "--now", "2026-02-24T12:00")
    result = dayzero("overdue", "--now", "2026-02-24T13:00")
    told = " ".join(result.out.split())
    assert "Expires within 7 days, or before the visit: 1 " in told
    assert "Tue 3 Mar 2026 7 days P-001 (BJ01) d1 Day 1 booked Mon 2 Mar 2026 labs + 7 days" in told
    assert "Booked within 14 days, and waits for a gate: 1 " in told
    assert "eligible, product-on-site" in told


def test_a_site_that_is_not_there(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("overdue", "--site", "BJ1")
    assert (result.code, result.err) == (2, "Error: There is no site 'BJ1'. Did you mean 'BJ01'?\n")


# deviations


def test_no_deviations(unchanged: Path, dayzero: Run) -> None:
    assert dayzero("deviations").out == "No deviation is on record.\n"
    assert dayzero("deviations", "--json").json == {"deviations": [], "total": 0}
    (header,) = dayzero("deviations", "--csv").out.splitlines()
    assert header.startswith("protocol,version,site,subject,visit,label,kind,by,days,")


def test_deviations_as_table_json_and_csv(database: Path, dayzero: Run) -> None:
    dayzero("done", "P-001", "labs", "2026-02-24", "--now", "2026-02-24T12:00")
    dayzero(*LATE)
    dayzero("missed", "P-001", "d10", "--why", "=snow, no trains", "--by", "nurse", "--now", "2026-03-15T09:00")
    found = dayzero("deviations", "--protocol", "NEUK203-13", "--json").json
    told = {(item["visit"], item["kind"]): item for item in found["deviations"]}
    assert set(told) == {("d1", "late"), ("d10", "missed")}
    assert found["total"] == 2
    late = told["d1", "late"]
    assert (late["by"], late["why"], late["recorded_by"], late["version"]) == (
        "P1D",
        "fever on the planned day",
        "tester",
        "1.0",
    )
    assert "no later than labs + 7 days" in late["message"]
    result = dayzero("deviations", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.out, newline="")))
    assert result.out.count("\r\n") == len(rows) + 1 == 3
    assert {(row["visit"], row["kind"], row["by"]) for row in rows} == {("d1", "late", "P1D"), ("d10", "missed", "")}
    assert next(row["reason"] for row in rows if row["visit"] == "d10") == "'=snow, no trains"
    text = dayzero("deviations").out
    assert "recorded by nurse on 2026-03-15 01:00 UTC" in " ".join(text.split())
    assert text.splitlines()[-1].split() == ["Total", "1", "1", "2"]


def test_of_one_patient_also_expiries_and_questions(database: Path, dayzero: Run) -> None:
    dayzero("done", "P-001", "labs", "2026-02-24", "--now", "2026-02-24T12:00")
    dayzero("move", "P-001", "d1", "2026-03-04", "--now", "2026-02-24T13:00")
    found = dayzero("deviations", "P-001", "--json").json
    assert list(found) == ["subject", "deviations", "total", "expiries", "questions"]
    assert found["expiries"] == [
        {
            "visit": "d1",
            "label": "Day 1",
            "status": "booked",
            "kind": "bound",
            "rule": "labs + 7 days",
            "last": "2026-03-03",
            "planned": "2026-03-04",
            "holds": False,
        }
    ]
    assert any("stroke" in question for question in found["questions"])
    told = " ".join(dayzero("deviations", "P-001").out.split())
    assert "labs + 7 days allows d1 up to Tue 3 Mar 2026; it is booked for Wed 4 Mar 2026: 1 day too late" in told


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--csv", "--json"), "Error: Give either --csv or --json, not both.\n"),
        (("P-001", "--protocol", "NEUK203-13"), "Error: Deviations are of one subject, or of a protocol or site."),
        (("--protocol", "NEUK203"), "Error: There is no protocol 'NEUK203'. Did you mean 'NEUK203-13'?\n"),
        (("P-01",), "Error: There is no subject 'P-01'. Did you mean 'P-001'?\n"),
    ],
)
def test_deviations_that_cannot_be_listed(
    arguments: tuple[str, ...], error: str, unchanged: Path, dayzero: Run
) -> None:
    result = dayzero("deviations", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(error)


# move


def test_a_move_with_its_reason_says_what_stays(booked: Path, dayzero: Run) -> None:
    result = dayzero(*MOVE)
    assert result.code == 0
    assert result.err == "Warning: Booked later, and not moved: d7. With --shift they move by as many days.\n"
    assert result.out.startswith("P-001, recorded (revision 3): d1 booked for Wed 4 Mar 2026\n")
    assert "New conflicts\n  ! d7 is booked for 8 March 2026 at 10:00, 2 days before" in result.out
    assert dayzero("audit", "P-001", "--json").json["facts"][-1]["why"] == "fever"


def test_a_shift_keeps_the_time_of_day(booked: Path, dayzero: Run) -> None:
    result = dayzero(*MOVE, "--shift", "--json")
    assert (result.code, result.err) == (0, "")
    moved = {item["visit"]: item["to"] for item in result.json["diff"]["moved"]}
    assert (moved["d1"], moved["d7"]) == ("2026-03-04", "2026-03-10T10:00+08:00")
    assert result.json["diff"]["new_conflicts"] == []
    assert len(moved) > 15
    assert visit(dayzero, "d7")["planned"] == "2026-03-10T10:00+08:00"


@pytest.mark.parametrize("options", [(), ("--shift",)], ids=["alone", "with the others"])
def test_a_dry_run_of_a_move_writes_nothing(
    options: tuple[str, ...], booked: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(booked)
    tried = dayzero(*MOVE, *options, "--dry-run")
    assert tried.out.endswith("\n\nThis was a dry run: nothing was written.\n")
    assert contents(booked) == before
    real = dayzero(*MOVE, *options)
    body = real.out.partition("\n\n")[2].rstrip("\n")
    assert tried.out.partition("\n\n")[2] == f"{body}\n\nThis was a dry run: nothing was written.\n"


@pytest.mark.parametrize("options", [("--yes",), ("--shift", "--yes", "--dry-run")])
def test_yes_goes_with_a_shift(options: tuple[str, ...], unchanged: Path, dayzero: Run) -> None:
    result = dayzero(*MOVE, *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: --yes goes with --shift, and without --dry-run.\n")


def test_at_a_terminal_a_shift_asks_first(
    booked: Path, at_a_terminal: Callable[..., tuple[int, str]], contents: Callable[[Path], list[str]]
) -> None:
    before = contents(booked)
    code, shown = at_a_terminal("n\n", *MOVE, "--shift")
    assert code == 1
    assert shown.startswith(
        "P-001, not recorded: d1 booked for Wed 4 Mar 2026; d7 booked for Tue 10 Mar\n  2026, 10:00\n"
    )
    assert "Record this? [y/N]: " in shown
    assert shown.endswith("Nothing was recorded.\n")
    assert contents(booked) == before
    code, shown = at_a_terminal("y\n", *MOVE, "--shift")
    assert code == 0
    assert shown.endswith("\nRecord this? [y/N]: P-001, recorded (revision 3).\n")
    assert shown.count("\nMoves\n") == 1
    assert contents(booked) != before


@pytest.mark.parametrize("options", [("--shift", "--yes"), ("--shift", "--dry-run"), ("--shift", "--json"), ()])
def test_otherwise_nothing_is_asked(
    options: tuple[str, ...], booked: Path, at_a_terminal: Callable[..., tuple[int, str]]
) -> None:
    code, shown = at_a_terminal("", *MOVE, *options)
    assert code == 0
    assert "Record this?" not in shown


# What a department must have ready


def test_quantities_of_visits_for_a_department(booked: Path, dayzero: Run) -> None:
    arguments = ("agenda", "--department", "pharmacy", "--from", "2026-02-25", "--days", "30")
    found = dayzero(*arguments, "--json").json
    assert list(found) == ["department", "items", "days", "total"]
    assert found["total"]["visits"] == {"booked": 2, "planned": 5, "done": 0, "total": 7}
    assert found["total"]["visits"]["total"] == len(found["items"]) == len(found["days"])
    for name in ("booked", "planned", "done", "total"):
        assert sum(day["visits"][name] for day in found["days"]) == found["total"]["visits"][name]
    numbers = {item["activity"]: item["total"] for item in found["total"]["activities"]}
    assert numbers == {"Cyclophosphamide IV": 3, "Fludarabine IV": 3, "Interleukin-2, 6 mIU": 4}
    text = dayzero(*arguments).out
    assert "\nWhat pharmacy must have ready\n" in text
    assert [line.split() for line in text.splitlines() if line.startswith("visits ")] == [
        ["visits", "2", "5", "0", "7"]
    ]
    assert dayzero("agenda", "--department", "pharmacy", "--from", "2035-01-01").out == "No visits in these days.\n"


# The diff in short, and how long ago the last sweep was


def test_a_diff_is_short_and_its_json_complete(database: Path, dayzero: Run) -> None:
    event = ("event", "P-001", "progression", "2026-04-20", "--now", "2026-04-21T10:00")
    dry = dayzero(*event, "--dry-run").out
    assert (
        "  - survival-call-1 … survival-call-8 (8 visits): conditional → planned, first\n    on Mon 20 Jul 2026\n"
        in dry
    )
    turned = [turn["visit"] for turn in dayzero(*event, "--json").json["diff"]["turned"]]
    assert [name for name in turned if name.startswith("survival-call-")] == [f"survival-call-{n}" for n in range(1, 9)]


def test_years_of_later_visits_are_a_line(database: Path, dayzero: Run) -> None:
    result = dayzero("move", "P-001", "d1", "2026-03-04", "--dry-run", "--now", "2026-02-20T10:00")
    moved = dayzero("move", "P-001", "d1", "2026-03-04", "--dry-run", "--now", "2026-02-20T10:00", "--json").json
    assert "  - 6 later visits, to response-month-15, +2 days\n" in result.out
    assert "\nresponse-month-15 " not in result.out
    assert "response-month-15" in [item["visit"] for item in moved["diff"]["moved"]]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-03-06T20:30+08:00", "3 hours ago"),
        ("2026-03-08T17:30+08:00", "2 days ago"),
        ("2026-03-06T17:00+08:00", "in 30 minutes"),
    ],
)
def test_the_status_tells_how_long_ago_the_last_sweep_was(now: str, told: str, database: Path, dayzero: Run) -> None:
    dayzero("remind", "--once", "--now", "2026-03-06T17:30+08:00")
    assert f"\nLast sweep  2026-03-06 09:30 UTC, {told}\n" in dayzero("status", "--now", now).out


def test_the_agenda_is_counted_by_day_site_and_department(unchanged: Path, dayzero: Run) -> None:
    span = ("--from", "2026-03-02", "--days", "7", "--now", "2026-02-20T09:00")
    listed = dayzero("agenda", *span, "--json").json
    by_day = dayzero("agenda", "--count", "day", *span, "--json").json
    assert sum(group["visits"]["total"] for group in by_day["groups"]) == by_day["total"]["visits"]["total"]
    assert by_day["total"]["visits"]["total"] == len(listed)
    departments = dayzero("agenda", "--count", "department", *span, "--json").json["groups"]
    assert [group["department"] for group in departments] == ["cell lab", "infusion unit", "laboratory", "pharmacy"]
    for group in departments:
        own = dayzero("agenda", "--department", group["department"], *span, "--json").json
        assert own["total"] == {"visits": group["visits"], "activities": group["activities"]}
    assert dayzero("agenda", "--count", "site", *span).out.splitlines()[-1].startswith("Total")
    wrong = dayzero("agenda", "--count", "patient")
    assert (wrong.code, wrong.err) == (
        2,
        "Error: There is no way 'patient' to count visits by. Choose one of day, site, department.\n",
    )


# Who is there, what was recorded lately, and the sites


def test_the_subjects_are_listed(database: Path, dayzero: Run) -> None:
    assert dayzero("subjects", "--now", "2026-03-01").out == (
        "Subject       Protocol        Next            Visit  Status  Overdue  Conflicts\n"
        "────────────  ──────────────  ──────────────  ─────  ──────  ───────  ─────────\n"
        "P-001 (BJ01)  NEUK203-13 1.0  Mon 2 Mar 2026  d1     booked  7        0\n"
    )
    (one,) = dayzero("subjects", "--json", "--now", "2026-03-01").json
    assert one["next"] == {"visit": "d1", "planned": "2026-03-02", "status": "booked"}
    assert (one["enrolled"], one["revision"], one["stopped"]) == ("2026-02-09", 1, None)
    dayzero("event", "P-001", "death", "2026-03-01", "--now", "2026-03-01T10:00")
    assert dayzero("subjects").out.startswith("Stopped\nSubject       Protocol        By     On\n")
    assert dayzero("subjects", "--json").json[0]["stopped"] == {"by": "death", "on": "2026-03-01"}
    assert dayzero("subjects", "--protocol", "CD70-CART").out == "Nobody is enrolled.\n"


def test_what_was_recorded_lately_is_listed(database: Path, dayzero: Run) -> None:
    dayzero(*LATE, "--by", "lin")
    assert dayzero("changes", "--now", "2026-03-05T08:00").out == (
        "Recorded (UTC)    Subject       By   What                  Why\n"
        "────────────────  ────────────  ───  ────────────────────  ─────────────────────\n"
        "2026-03-04 08:00  P-001 (BJ01)  lin  d1 done on Wed 4 Mar  fever on the planned\n"
        "                                     2026                  day\n"
    )
    (one,) = dayzero("changes", "--since", "2026-03-04", "--json").json
    assert (one["subject"], one["fact"], one["recorded"]) == ("P-001", 4, "2026-03-04T08:00:00+00:00")
    assert dayzero("changes", "--now", "2026-03-07T08:00").out == "Nothing was recorded.\n"


def test_sites_are_listed_and_shown(database: Path, dayzero: Run) -> None:
    assert "BJ01        Asia/Shanghai  mon, tue, wed, thu, fri  08:00  CN\n" in dayzero("site", "list").out
    dayzero("site", "close", "BJ01", "2026-04-20..2026-04-22", "--why", "inspection", "--yes")
    dayzero("site", "approve", "BJ01", "NEUK203-13", "--version", "1.0", "--mandatory")
    shown = dayzero("site", "show", "BJ01").out
    assert shown.startswith("Site BJ01, revision 2: Asia/Shanghai, open mon, tue, wed, thu, fri from 08:00.")
    assert "Closed\n  - Mon 20 Apr 2026 to Wed 22 Apr 2026: inspection\n" in shown
    assert "Approved\n  - NEUK203-13 1.0, for every patient\n" in shown
    told = dayzero("site", "show", "BJ01", "--json").json
    assert told["closures"][0] == {"date": "2026-04-20", "why": "inspection"}
    assert (told["approved"][0]["version"], told["reminders"]) == ("1.0", {})


def test_a_site_that_is_there_is_not_said_to_be_added(unchanged: Path, dayzero: Run) -> None:
    again = dayzero("site", "add", "BJ01", "--timezone", "Asia/Shanghai", "--holidays", "CN")
    assert again.out.startswith("Site BJ01 was there before, and nothing has changed: Asia/Shanghai, open mon,")
