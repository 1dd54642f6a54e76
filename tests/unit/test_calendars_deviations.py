"""Deviations as text, CSV and numbers, with the facts by which they were judged."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendars.deviations import DeviationItem, Deviations, deviation_items, deviations_csv, deviations_report
from calendars.layout import columns
from calendars.worklist_document import deviations_document
from schedules.expiries import Expiry
from schedules.plan import Deviation, Status
from schedules.record import Fact, Kind, enrolled
from tests.worklists import DAY, plan, visit

LATE = DeviationItem(
    protocol="TEST",
    version="1",
    site="S1",
    subject="P-1",
    visit="d1",
    label="Day 1",
    kind="late",
    by=timedelta(days=2),
    message='d1 was late: "no later" than labs, 7 days',
    when=date(2026, 3, 4),
    recorded_by="=cmd",
    recorded=datetime(2026, 3, 4, 8, tzinfo=UTC),
    why="+fever,\nand chills",
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_csv_is_read_back_and_holds_no_formula() -> None:
    text = deviations_csv(Deviations(items=(LATE, replace(LATE, kind="gate", by=None, recorded=None, when=None))))
    assert text.endswith("\r\n")
    first, second = read(text)
    assert (first["by"], first["days"], first["date"], first["recorded"]) == (
        "P2D",
        "2",
        "2026-03-04",
        "2026-03-04T08:00:00+00:00",
    )
    assert first["deviation"] == LATE.message
    assert (first["recorded_by"], first["reason"]) == ("'=cmd", "'+fever,\nand chills")
    assert (second["by"], second["days"], second["date"], second["recorded"]) == ("", "", "", "")
    assert read(deviations_csv(Deviations(items=()))) == []


@given(st.text(st.characters(codec="utf-8"), max_size=20))
@example("\n=cmd")
@example("\u3000=cmd")
@example("\u00a0＝cmd")
def test_any_reason_comes_back_from_the_csv(why: str) -> None:
    (row,) = read(deviations_csv(Deviations(items=(replace(LATE, why=why),))))
    assert row["reason"] in (why, f"'{why}")
    assert not row["reason"].startswith(tuple("=+-@\t\r\n"))
    assert not row["reason"].strip().startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize(("by", "days"), [(timedelta(hours=6), "0.25"), (10 * DAY, "10"), (12000 * DAY, "12000")])
def test_days_are_a_number(by: timedelta, days: str) -> None:
    assert read(deviations_csv(Deviations(items=(replace(LATE, by=by),))))[0]["days"] == days


def test_a_deviation_comes_with_the_fact_that_was_judged() -> None:
    facts = [
        Fact(kind=Kind.DONE, name="d1", when=date(2026, 3, 3), why="typing error", by="cora"),
        Fact(kind=Kind.DONE, name="d1", when=date(2026, 3, 4), why="fever", by="lin", recorded=LATE.recorded),
        Fact(kind=Kind.MISSED, name="d4", by="lin"),
    ]
    found = plan(
        visit("d1", date(2026, 3, 4), Status.DONE),
        deviations=tuple(
            Deviation(visit=name, kind=kind, by=None, message=name, version="0.9", fact=fact)
            for name, kind, fact in (("d1", "late", 3), ("d4", "missed", 4))
        ),
    )
    record = enrolled("P-1", date(2026, 2, 2)).with_facts(*facts)
    late, missed = deviation_items(found, record, subject="P-1", site="S1")
    assert (late.why, late.recorded_by, late.when, late.version) == ("fever", "lin", date(2026, 3, 4), "0.9")
    assert (late.label, missed.label, missed.when, missed.recorded) == ("D1", "", None, None)


def test_the_numbers_of_deviations_add_up() -> None:
    other = replace(LATE, protocol="OTHER", kind="gate", by=None, why="")
    text = deviations_report(Deviations(items=(LATE, LATE, other)), width=90)
    assert text.endswith(
        "How many\n"
        "Protocol  gate  late  Total\n"
        "────────  ────  ────  ─────\n"
        "OTHER 1   1     0     1\n"
        "TEST 1    0     2     2\n"
        "Total     1     2     3"
    )
    assert "OTHER 1; recorded by =cmd on 2026-03-04 08:00 UTC, without a reason" in text
    assert max(map(columns, text.splitlines())) <= 90


def test_of_one_subject_expiries_and_questions_stand_beside_them() -> None:
    due = Expiry(
        visit="d1",
        label="Day 1",
        status=Status.BOOKED,
        rule="labs + 7 days",
        last=date(2026, 3, 3),
        planned=date(2026, 3, 4),
    )
    found = Deviations(items=(), subject="P-1", expiries=(due,), questions=("stroke: when?",))
    assert deviations_report(found, width=120) == (
        "No deviation is on record.\n\n"
        "Expiries\n"
        "  - labs + 7 days allows d1 up to Tue 3 Mar 2026; it is booked for Wed 4 Mar 2026: 1 day too late\n\n"
        "Open questions\n"
        "  - stroke: when?"
    )
    document = deviations_document(found)
    assert list(document) == ["subject", "deviations", "total", "expiries", "questions"]
    assert list(deviations_document(replace(found, subject=None))) == ["deviations", "total"]
