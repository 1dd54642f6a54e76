"""The JSON objects, to the letter of interface.md."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars.agenda import agenda_items
from calendars.document import (
    agenda_document,
    assumptions_document,
    audit_document,
    catalogue_document,
    diff_document,
    plan_document,
    template_document,
    when_text,
)
from schedules.diff import ActivityChange, Diff, ExpiryChange, Move, Turn
from schedules.expiries import Expiry
from schedules.gates import GateChange
from schedules.plan import Conflict, Deviation, Period, Plan, Status, Visit
from schedules.points import Around, Day, Named
from schedules.record import Fact, Kind, When, enrolled
from schedules.spans import Span
from schedules.template import Activity, Epoch, PeriodRule, Statement, Template, VisitRule

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 2)
D1 = Visit(
    id="d1",
    label="Day 1",
    epoch="treatment",
    place="ward",
    status=Status.DONE,
    day="D1",
    target=date(2026, 3, 2),
    planned=datetime(2026, 3, 2, 10, tzinfo=SHANGHAI),
    actual=datetime(2026, 3, 2, 10, tzinfo=SHANGHAI),
    not_before=date(2026, 3, 1),
    not_after=date(2026, 3, 4),
    activities=("infusion", "il2"),
)
D10 = Visit(
    id="d10",
    label="Day 10",
    epoch="treatment",
    place="ward",
    status=Status.PLANNED,
    day="D10",
    target=date(2026, 3, 11),
    planned=date(2026, 3, 11),
    window_start=date(2026, 3, 10),
    window_end=date(2026, 3, 12),
    activities=("il2",),
    assumed=("±1 day to Day 14",),
)
CALL = Visit(
    id="survival-call-1",
    label="Survival call 1",
    epoch="survival",
    place="phone",
    status=Status.CONDITIONAL,
    waiting_for=("progression",),
)
CONFLICT = Conflict(visit="d10", by=timedelta(days=1, hours=2), message="d10 is late", rules=("d10 at day 10",))
DEVIATION = Deviation(visit="d1", kind="late", by=None, message="d1 was late", version="1.0")
PLAN = Plan(
    protocol="NEUK203-13",
    version="1.0",
    timezone="Asia/Shanghai",
    visits=(D1, D10, CALL),
    periods=(Period(id="dlt", label="DLT observation", start=date(2026, 3, 2), end=date(2026, 3, 29)),),
    conflicts=(CONFLICT,),
    deviations=(DEVIATION,),
    questions=("stroke: Last stroke or TIA: when, or never?",),
    activities={"infusion": "Infusion", "il2": "Interleukin-2"},
    departments={"infusion": "infusion unit", "il2": "pharmacy"},
)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (None, None),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), "2026-03-02T10:00+08:00"),
        (datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC), "2026-03-02T10:00:30+00:00"),
    ],
)
def test_dates_and_times_are_iso(when: When | None, text: str | None) -> None:
    assert when_text(when) == text


def test_the_plan_of_a_patient() -> None:
    found = plan_document(PLAN, today=TODAY, subject="P-001", site="BJ01", revision=3)
    assert list(found) == [
        *("protocol", "version", "subject", "site", "revision"),
        *("visits", "periods", "conflicts", "deviations", "questions"),
    ]
    assert (found["subject"], found["site"], found["revision"]) == ("P-001", "BJ01", 3)
    assert found["periods"] == [
        {
            "id": "dlt",
            "label": "DLT observation",
            "start": "2026-03-02",
            "end": "2026-03-29",
            "status": "open",
        }
    ]
    assert found["conflicts"] == [
        {"visit": "d10", "by": "P1DT2H", "message": "d10 is late", "rules": ["d10 at day 10"]}
    ]
    assert found["deviations"] == [{"visit": "d1", "kind": "late", "by": None, "message": "d1 was late"}]
    assert found["questions"] == ["stroke: Last stroke or TIA: when, or never?"]


def test_a_preview_has_no_patient() -> None:
    found = plan_document(PLAN, today=TODAY)
    assert list(found)[:3] == ["protocol", "version", "visits"]
    assert plan_document(PLAN, today=TODAY, revision=0)["revision"] == 0


def test_a_visit_has_the_listed_keys_in_their_order() -> None:
    visits = json.loads(json.dumps(plan_document(PLAN, today=TODAY)))["visits"]
    # The order is interface.md's.
    assert list(visits[0].items()) == [
        ("id", "d1"),
        ("label", "Day 1"),
        ("epoch", "treatment"),
        ("cycle", None),
        ("status", "done"),
        ("day", "D1"),
        ("target", "2026-03-02"),
        ("planned", "2026-03-02T10:00+08:00"),
        ("actual", "2026-03-02T10:00+08:00"),
        ("window_start", None),
        ("window_end", None),
        ("not_before", "2026-03-01"),
        ("not_after", "2026-03-04"),
        ("activities", ["infusion", "il2"]),
        ("waiting_for", []),
        ("assumed", []),
    ]
    assert visits[1]["window_start"] == "2026-03-10"
    assert visits[1]["assumed"] == ["±1 day to Day 14"]
    assert visits[2]["planned"] is None
    assert visits[2]["waiting_for"] == ["progression"]


@pytest.mark.parametrize(
    ("today", "status"),
    [(date(2026, 3, 1), "planned"), (date(2026, 3, 29), "open"), (date(2026, 3, 30), "ended")],
)
def test_a_periods_status_is_as_of_today(today: date, status: str) -> None:
    periods = plan_document(PLAN, today=today)["periods"]
    assert isinstance(periods, list)
    assert periods[0]["status"] == status


EXPIRY = Expiry(
    visit="d1",
    label="Day 1",
    status=Status.BOOKED,
    rule="labs + 7 days",
    last=date(2026, 3, 3),
    planned=date(2026, 3, 4),
)


def test_a_diff() -> None:
    diff = Diff(
        moved=(Move(visit="d4", label="Day 4", before=date(2026, 3, 5), after=date(2026, 3, 7), why="d1 was late"),),
        turned=(Turn(visit="d1", label="Day 1", before=Status.BOOKED, after=Status.DONE),),
        new_conflicts=(CONFLICT,),
        new_deviations=(DEVIATION,),
        answered=("labs: when?",),
        periods=(Move(visit="dlt", label="DLT", before=None, after=date(2026, 3, 31)),),
        activities=(ActivityChange(activity="scan", label="Scan", added=False, visits=("d4",)),),
        gates=(GateChange(milestone="ready", label="Ready", before="shut", after="open", visits=("d1", "d4")),),
        expiries=(ExpiryChange(before=None, after=EXPIRY),),
    )
    assert diff_document(diff) == {
        "moved": [
            {
                "visit": "d4",
                "label": "Day 4",
                "from": "2026-03-05",
                "to": "2026-03-07",
                "by": "P2D",
                "why": "d1 was late",
            }
        ],
        "turned": [{"visit": "d1", "label": "Day 1", "from": "booked", "to": "done", "date": None}],
        "new_conflicts": [{"visit": "d10", "by": "P1DT2H", "message": "d10 is late", "rules": ["d10 at day 10"]}],
        "gone_conflicts": [],
        "new_deviations": [{"visit": "d1", "kind": "late", "by": None, "message": "d1 was late"}],
        "periods": [{"period": "dlt", "label": "DLT", "from": None, "to": "2026-03-31", "by": None, "why": ""}],
        "answered": ["labs: when?"],
        "asked": [],
        "activities": [{"activity": "scan", "label": "Scan", "added": False, "visits": ["d4"]}],
        "gates": [{"milestone": "ready", "label": "Ready", "from": "shut", "to": "open", "visits": ["d1", "d4"]}],
        "expiries": [
            {
                "visit": "d1",
                "label": "Day 1",
                "rule": "labs + 7 days",
                "from": None,
                "to": "2026-03-03",
                "planned": "2026-03-04",
                "holds": False,
            }
        ],
    }


def test_a_diff_back_is_negative() -> None:
    move = Move(visit="d4", label="Day 4", before=date(2026, 3, 7), after=date(2026, 3, 5))
    found = diff_document(Diff(moved=(move,)))["moved"]
    assert isinstance(found, list)
    assert found[0]["by"] == "-P2D"


def test_the_agenda_of_a_department() -> None:
    days = {"start": date(2026, 3, 1), "end": date(2026, 3, 31)}
    items = agenda_items(PLAN, subject="P-001", site="BJ01", today=TODAY, department="infusion unit", **days)
    assert agenda_document(items) == [
        {
            "when": "2026-03-02T10:00+08:00",
            "site": "BJ01",
            "subject": "P-001",
            "visit": "d1",
            "label": "Day 1",
            "status": "done",
            "activities": ["Infusion"],
            "waiting_for": [],
        }
    ]


@pytest.mark.parametrize(
    ("start", "end", "visits"),
    [
        (date(2026, 3, 2), date(2026, 3, 11), ["d1", "d10"]),
        (date(2026, 3, 3), date(2026, 3, 11), ["d10"]),
        (date(2026, 3, 3), date(2026, 3, 10), []),
    ],
)
def test_the_agenda_has_both_of_its_ends(start: date, end: date, visits: list[str]) -> None:
    items = agenda_items(PLAN, subject="P-001", site="BJ01", start=start, end=end, today=TODAY)
    assert [item.visit for item in items] == visits


def test_the_audit_trail_keeps_the_salt() -> None:
    record = enrolled("P-001", date(2026, 2, 2), protocol="NEUK203-13", salt="secret")
    booked = Fact(
        kind=Kind.BOOKED,
        name="d1",
        when=date(2026, 3, 2),
        by="m.li",
        recorded=datetime(2026, 2, 2, 9, tzinfo=UTC),
    )
    found = audit_document(record.with_facts(booked))
    assert "secret" not in json.dumps(found)
    assert found[0]["values"] == {"protocol": "NEUK203-13"}
    assert found[1] == {
        "number": 2,
        "kind": "booked",
        "name": "d1",
        "when": "2026-03-02",
        "says": "d1 booked for Mon 2 Mar 2026",
        "values": {},
        "why": "",
        "by": "m.li",
        "recorded": "2026-02-02T09:00+00:00",
    }


TEMPLATE = Template(
    protocol="TINY-1",
    version="1.0",
    title="A tiny protocol",
    sha256="00",
    registry="NCT00000000",
    reference_visit="d1",
    reference_day=1,
    epochs={"treatment": Epoch(id="treatment", label="Treatment")},
    visits=(
        VisitRule(id="d1", label="Day 1", epoch="treatment", place="ward", at=Named("enrolment")),
        VisitRule(
            id="d4",
            label="Day 4",
            epoch="treatment",
            place="ward",
            at=Day(4),
            window=Around(-Span(days=1), Span(days=1)),
            no_earlier_than=(Named("d1"),),
            only_for=(("dose_level", ("DL1", "DL2")),),
        ),
    ),
    activities={
        "infusion": Activity(
            id="infusion", label="Infusion", visits=("d1", "d4"), department="pharmacy", optional=frozenset({"d4"})
        )
    },
    periods=(PeriodRule(id="near", label="Stay near", after_each="infusion", length=Span(days=14)),),
    quotes=(Statement(where="visits.d1", what="", text="first dose"),),
    assumptions=(Statement(where="visits.d4", what="window", text="the record gives none"),),
    notes=(("cohorts", "3+3"),),
)


def test_the_catalogue() -> None:
    assert catalogue_document([TEMPLATE]) == [
        {
            "protocol": "TINY-1",
            "version": "1.0",
            "title": "A tiny protocol",
            "registry": "NCT00000000",
            "visits": 2,
            "activities": 1,
            "assumptions": 1,
        }
    ]


def test_what_is_assumed_and_quoted() -> None:
    found = assumptions_document(TEMPLATE)
    assert found["assumptions"] == [{"where": "visits.d4", "field": "window", "text": "the record gives none"}]
    assert found["quotes"] == [{"where": "visits.d1", "field": "", "text": "first dose"}]


def test_a_template_as_json() -> None:
    found = json.loads(json.dumps(template_document(TEMPLATE)))
    assert found["reference"] == {"visit": "d1", "day": 1}
    assert found["visits"][1] == {
        "id": "d4",
        "label": "Day 4",
        "epoch": "treatment",
        "place": "ward",
        "at": "day 4",
        "window": "±1 day",
        "no_earlier_than": ["d1"],
        "no_later_than": [],
        "at_the_latest": None,
        "requires": [],
        "only_for": {"dose_level": ["DL1", "DL2"]},
    }
    assert found["activities"][0]["optional"] == ["d4"]
    assert found["periods"][0] == {
        "id": "near",
        "label": "Stay near",
        "from": None,
        "to": None,
        "for": "2 weeks",
        "after_each": "infusion",
        "and_until_done": [],
        "only_for": {},
    }
    assert found["notes"] == [{"name": "cohorts", "text": "3+3"}]
