"""`dayzero preview`: the worked dates of protocols.md, every fact and site option, and what it must not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
S4 = ("preview", "NEUK203-13", "--enrolled", "2026-02-02", "--set", "d1=2026-03-02", "--json")
S0 = ("preview", "GD2B7H3-CART", "--enrolled", "2026-07-20", "--set", "d0=2026-08-31", "--json")
VISIT_KEYS = [
    *("id", "label", "epoch", "cycle", "status", "day", "target", "planned", "actual", "window_start", "window_end"),
    *("not_before", "not_after", "activities", "waiting_for", "assumed"),
]


def planned(document: Any) -> dict[str, str | None]:
    return {visit["id"]: visit["planned"] for visit in document["visits"]}


def visit(document: Any, name: str) -> Any:
    return next(item for item in document["visits"] if item["id"] == name)


def period(document: Any, name: str) -> Any:
    return next(item for item in document["periods"] if item["id"] == name)


def test_the_plan_as_json_has_the_keys_of_the_interface(dayzero: Run) -> None:
    document = dayzero(*S4).json
    assert list(document) == ["protocol", "version", "visits", "periods", "conflicts", "deviations", "questions"]
    assert all(list(item) == VISIT_KEYS for item in document["visits"])
    assert all(list(item) == ["id", "label", "start", "end", "status"] for item in document["periods"])
    dates = [item["planned"] for item in document["visits"] if item["planned"]]
    assert dates == sorted(dates)
    assert document["visits"][-1]["planned"] is None


def test_the_worked_dates_of_s4(dayzero: Run) -> None:
    document = dayzero(*S4).json
    found = planned(document)
    assert [found[name] for name in ("ld-1", "ld-2", "ld-3")] == ["2026-02-25", "2026-02-26", "2026-02-27"]
    assert [found[name] for name in ("d4", "d7", "d10")] == ["2026-03-05", "2026-03-08", "2026-03-11"]
    labs = visit(document, "labs")
    assert (labs["planned"], labs["day"]) == ("2026-02-24", "D-6")
    assert (labs["window_start"], labs["window_end"]) == ("2026-02-23", "2026-02-24")
    assert period(document, "dlt")["end"] == "2026-03-29"
    contraception = period(document, "contraception")
    assert (contraception["start"], contraception["end"]) == ("2026-02-25", "2026-09-11")


def test_contraception_ends_earlier_if_d10_is_missed(dayzero: Run) -> None:
    document = dayzero(*S4, "--missed", "d10").json
    assert period(document, "contraception")["end"] == "2026-09-08"
    assert visit(document, "d10")["status"] == "missed"


@pytest.mark.parametrize(("half_life", "earliest"), [("3 days", "2026-02-25"), ("8 days", "2026-03-10")])
def test_history_keeps_d1_at_a_distance(half_life: str, earliest: str, dayzero: Run) -> None:
    answers = ("--history", "systemic-therapy=2026-02-10", "--history", f"systemic-therapy.half-life={half_life}")
    document = dayzero(*S4, *answers).json
    assert visit(document, "d1")["not_before"] == earliest
    assert bool(document["conflicts"]) == (earliest > "2026-03-02")
    assert not any("systemic-therapy" in question for question in document["questions"])


def test_the_worked_dates_of_s0(dayzero: Run) -> None:
    every_day = planned(dayzero(*S0).json)
    assert every_day["response-week-6"] == "2026-10-12"
    assert every_day["response-month-3"] == "2026-11-30"
    at_a_clinic = dayzero(*S0, "--open", "mon,tue,wed,thu,fri").json
    assert visit(at_a_clinic, "response-month-6")["target"] == "2027-02-28"
    assert visit(at_a_clinic, "response-month-6")["planned"] == "2027-03-01"


def test_holidays_or_closures_alone_mean_monday_to_friday(dayzero: Run) -> None:
    holidays = dayzero(*S4, "--holidays", "CN").json
    assert planned(holidays)["labs"] == "2026-02-24"
    assert planned(holidays)["d14"] == "2026-03-16"
    # Day 21 is Sunday 22 March; without the Monday, Friday and Tuesday are as near, and the earlier is taken.
    assert planned(dayzero(*S4, "--closed", "2026-03-14").json)["d21"] == "2026-03-23"
    assert planned(dayzero(*S4, "--closed", "2026-03-23").json)["d21"] == "2026-03-20"
    range_of_days = dayzero(*S4, "--closed", "2026-02-23..2026-02-24").json
    assert [item["visit"] for item in range_of_days["conflicts"]] == ["labs"]


def test_open_days_zone_and_opening_time(dayzero: Run) -> None:
    document = dayzero(*S4, "--open", "tue,wed,thu", "--timezone", "America/New_York", "--opens", "07:30").json
    assert planned(document)["d21"] == "2026-03-24"
    assert [item["visit"] for item in document["conflicts"]] == ["d14"]
    text = dayzero(*S4[:-1], "--timezone", "America/New_York").out
    assert text.startswith("NEUK203-13 1.0 · America/New_York\n")


def test_the_zone_is_the_templates_where_none_is_given(dayzero: Run) -> None:
    assert dayzero(*S4[:-1]).out.startswith("NEUK203-13 1.0 · Asia/Shanghai\n")
    # 18:00 in London is 02:00 of the next day in Shanghai.
    document = dayzero("preview", "NEUK203-13", "--now", "2026-02-01T18:00+00:00", "--json").json
    assert planned(document)["consent"] == "2026-02-02"


def test_facts_of_every_kind(dayzero: Run) -> None:
    facts = (
        *("--done", "d1=2026-03-04", "--withheld", "d7:infusion", "--missed", "d10", "--given", "d4:il2"),
        *("--event", "progression=2026-06-02", "--group", "dose_level=DL2", "--group", "ltfu=in"),
    )
    document = dayzero(*S4, *facts).json
    d1 = visit(document, "d1")
    assert (d1["status"], d1["planned"], d1["actual"]) == ("done", "2026-03-04", "2026-03-04")
    assert "infusion" not in visit(document, "d7")["activities"]
    assert planned(document)["survival-call-1"] == "2026-09-02"
    # The last infusion that was given is that of d4.
    assert visit(document, "ltfu-1")["target"] == "2027-03-07"
    assert dayzero(*S4, *facts).err == "Warning: 'il2' at d4 is not optional; it counts as given anyway.\n"


def test_dated_facts_count_in_the_order_of_their_dates(dayzero: Run) -> None:
    """What is done is judged against the plan as it was just before, however the options are ordered."""
    done = ("--done", "d1=2026-03-04", "--done", "labs=2026-02-24")
    late = dayzero(*S4, *done).json["deviations"]
    assert [(item["visit"], item["kind"]) for item in late] == [("d1", "late")]
    assert late[0]["by"] == "P1D"


def test_strict_turns_conflicts_into_a_no(dayzero: Run) -> None:
    closed = ("--closed", "2026-02-23..2026-02-24")
    assert dayzero(*S4, "--strict").code == 0
    assert dayzero(*S4, *closed).code == 0
    strict = dayzero(*S4, *closed, "--strict")
    assert strict.code == 1
    assert strict.json["conflicts"]
    assert "Conflicts\n  ! labs" in dayzero(*S4[:-1], *closed, "--strict").out


def test_the_default_enrolment_is_today(dayzero: Run) -> None:
    document = dayzero("preview", "NEUK203-13", "--now", "2026-02-02T09:00", "--json").json
    assert planned(document)["consent"] == "2026-02-02"
    assert planned(document)["d1"] == "2026-03-02"


def test_a_site_of_the_database_and_the_text(unchanged: Path, dayzero: Run) -> None:
    arguments = ("preview", "NEUK203-13", "--enrolled", "2026-02-02", "--set", "d1=2026-03-02", "--site", "BJ01")
    result = dayzero(*arguments, "--now", "2026-02-02T09:00")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("NEUK203-13 1.0 · BJ01 · Asia/Shanghai\n")
    document = dayzero(*arguments, "--json").json
    assert document["site"] == "BJ01"
    assert planned(document)["d14"] == "2026-03-16"


def test_a_file_is_previewed_like_a_protocol(dayzero: Run, tmp_path: Path) -> None:
    text = (ROOT / "schedules" / "protocols" / "NEUK203-13_1.0.yaml").read_text(encoding="utf-8")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    assert dayzero(*(word.replace("NEUK203-13", "study.yaml") for word in S4)).json == dayzero(*S4).json


def test_a_version_may_be_named(dayzero: Run) -> None:
    assert dayzero(*S4, "--version", "1.0").json["version"] == "1.0"


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a command line loads, in an interpreter of its own."""
    script = "import sys, cli\ncli.main(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in run.stderr.split()}


def test_a_preview_loads_no_store_and_holidays_only_when_asked_for() -> None:
    heavy = {
        "sqlmodel",
        "sqlalchemy",
        "sqlite3",
        "alembic",
        "pendulum",
        "rich",
        "holidays",
        "icalendar",
        "apscheduler",
        "babel",
    }
    assert loaded_by(*S4[:-1]) & (heavy | {"json"}) == set()
    assert loaded_by(*S4, "--holidays", "CN") & heavy == {"holidays"}
    assert loaded_by("--help") & (heavy | {"ruamel", "schedules", "calendars", "scheduler"}) == set()


def test_a_milestone_that_repeats_may_be_given_more_than_once(dayzero: Run) -> None:
    start = ("preview", "CD70-CART", "--enrolled", "2026-01-05", "--set", "d0=2026-03-02", "--json")
    scans = ("--event", "unconfirmed-progression=2026-05-01", "--event", "unconfirmed-progression=2026-09-01")
    found = planned(dayzero(*start, *scans).json)
    assert (found["confirm-1"], found["confirm-2"]) == ("2026-06-02", "2026-10-13")
    result = dayzero(*start, "--event", "progression=2026-05-01", "--event", "progression=2026-06-01")
    assert result.code == 2
    assert result.err == "Error: 'progression' is given twice, as 2026-05-01 and as 2026-06-01. Give it once.\n"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--open", "There is no weekday ''. Write them as in mon,tue,wed,thu,fri,sat,sun."),
        ("--opens", "'' is no time of day. Write hours and minutes, such as 08:00."),
        ("--timezone", "There is no time zone ''. Write a name of the IANA list, such as Asia/Shanghai or UTC."),
    ],
)
def test_an_empty_description_of_a_site_is_refused(option: str, message: str, dayzero: Run) -> None:
    result = dayzero(*S4, option, "")
    assert (result.code, result.err) == (2, f"Error: {message}\n")
