"""Exports: from bytes that are stored once and never stale, with nothing that was served dropping out (design §7)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import text

from scheduler import Scheduler
from scheduler.exporting import entry_of
from scheduler.store.visit_events import StoredEvent
from scheduler.store.work import Work
from schedules.errors import InvalidInput, UnknownName
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import Databases
from tests.contract.test_projection import STEPS, Step

NOW = "2026-03-04T18:00"
ALARMS = "1 day before at 17:00"
# Year 1 is on the day of month 12 where their windows meet; the sample of day 1 is timed.
TOGETHER_TEMPLATE = SMALL.replace(
    "activities:",
    "  month-12: {label: Month 12, epoch: follow-up, at: d1 + 12 months}\n"
    "  year-1: {label: Year 1, epoch: calls, at: d1 + 1 year, together_with: [month-12]}\n"
    "activities:\n"
    "  pk: {label: Copies in blood, visits: [d1, year-1], department: imaging, "
    "samples: {d1: [-30 minutes, +2 hours ±15 minutes]}}",
).replace("protocol: SMALL", "protocol: SHARED")


def read(data: bytes) -> list[Any]:
    return Calendar.from_ical(data).events


def events(data: bytes) -> dict[str, Any]:
    """The events of a calendar by title."""
    found = read(data)
    titles = [str(event["SUMMARY"]).partition(" · ")[2] or str(event["SUMMARY"]) for event in found]
    assert len(set(titles)) == len(titles)
    return dict(zip(titles, found, strict=True))


def exported(trial: Scheduler, **asked: Any) -> dict[str, Any]:
    return events(trial.export(**{"subject": "P-001", "level": "full", **asked}))


@pytest.fixture
def shared(trial: Scheduler) -> Scheduler:
    """A subject whose year 1 is on the day of month 12."""
    trial.add_protocol(TOGETHER_TEMPLATE.encode(), "shared.yaml", now=ENROLLED)
    trial.enrol("SHARED", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
    return trial


def stored(trial: Scheduler) -> list[tuple[str, str, int, bytes]]:
    with trial._desk.store.reading() as work:
        rows = work.visit_events._session.connection().execute(
            text("SELECT visit, form, revision, data FROM visit_event ORDER BY form, visit")
        )
        return [(row[0], row[1], row[2], bytes(row[3])) for row in rows]


def test_the_first_export_stores_what_the_second_joins(enrolled: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stored(enrolled) == []
    first = enrolled.export(subject="P-001", level="full", alarms=ALARMS)
    kept = stored(enrolled)
    assert len(kept) == first.count(b"BEGIN:VEVENT")
    assert {form for _, form, _, _ in kept} == {f"1 full en {ALARMS}"}
    assert all(data in first for _, _, _, data in kept)
    monkeypatch.setattr("scheduler.exporting._stored", lambda *_: pytest.fail("an event was made again"))
    assert enrolled.export(subject="P-001", level="full", alarms=ALARMS) == first
    assert enrolled.export(site="BJ01", level="full", alarms=ALARMS).count(b"BEGIN:VEVENT") == first.count(
        b"BEGIN:VEVENT"
    )


def test_only_what_changed_is_stored_again(enrolled: Scheduler) -> None:
    enrolled.export(subject="P-001", level="coded")
    before = {visit: (revision, data) for visit, _, revision, data in stored(enrolled)}
    enrolled.book("P-001", "d15", "2026-03-17", now=NOW)
    moved = exported(enrolled, level="coded")
    after = {visit: (revision, data) for visit, _, revision, data in stored(enrolled)}
    assert {name for name in before if after[name] != before[name]} == {"d15"}
    assert moved["Day 15"].start == date(2026, 3, 17)


@pytest.mark.parametrize("level", ["private", "coded", "full"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_stored_and_made_are_the_same_bytes(shared: Scheduler, level: str, language: str) -> None:
    days = {"start": date(2026, 2, 20), "end": date(2026, 3, 20)}
    for asked in ({}, days, {"alarms": ALARMS}):
        fresh = shared.export(subject="P-001", level=level, language=language, **asked)
        joined = shared.export(subject="P-001", level=level, language=language, **asked)
        # A department of its own asks for what is made from charts; an extra too, and these days have no period.
        made = shared.export(subject="P-001", level=level, language=language, extras=["samples"], **asked)
        assert fresh == joined
        visits = re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\r\n", joined, re.DOTALL)
        assert made.startswith(joined.partition(b"BEGIN:VEVENT")[0])
        assert re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\r\n", made, re.DOTALL)[: len(visits)] == visits


def test_a_group_that_changes_a_label_is_told_though_no_date_moves(enrolled: Scheduler) -> None:
    before = exported(enrolled)["Day 1"]
    assert "Infusion, Arm A" in before["DESCRIPTION"]
    enrolled.group("P-001", {"arm": "B"}, now=NOW)
    after = exported(enrolled)["Day 1"]
    assert "Infusion, Arm B" in after["DESCRIPTION"]
    assert after["SEQUENCE"] == before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


def test_a_visit_that_moves_keeps_its_uid_and_gets_a_higher_number(enrolled: Scheduler) -> None:
    before = exported(enrolled)
    enrolled.move("P-001", "d1", "2026-03-03", now=NOW)
    after = exported(enrolled)
    assert after["Day 1"].start == date(2026, 3, 3)
    for name in ("Day 1", "Day 8", "Day 15"):
        assert after[name]["UID"] == before[name]["UID"]
        assert after[name]["SEQUENCE"] == before[name]["SEQUENCE"] + 1


def test_a_visit_that_has_no_date_any_more_is_cancelled_on_its_last(enrolled: Scheduler) -> None:
    fact = enrolled.event("P-001", "progression", "2026-03-03", now=NOW).facts[0]
    called = exported(enrolled, extras=["windows"])
    enrolled.undo("P-001", now=NOW)
    assert fact.name == "progression"
    for _ in range(2):
        after = exported(enrolled, extras=["windows"])
        for name in ("Call 1", "Visit window: Call 1"):
            assert called[name]["STATUS"] != "CANCELLED"
            assert after[name]["STATUS"] == "CANCELLED"
            assert (after[name]["UID"], after[name].start) == (called[name]["UID"], called[name].start)
            assert after[name]["SEQUENCE"] > called[name]["SEQUENCE"]
    assert exported(enrolled)["Call 1"]["STATUS"] == "CANCELLED"
    enrolled.event("P-001", "progression", "2026-03-10", now=NOW)
    again = exported(enrolled)["Call 1"]
    assert (again["STATUS"], again["UID"]) == ("TENTATIVE", called["Call 1"]["UID"])
    assert again["SEQUENCE"] == called["Call 1"]["SEQUENCE"] + 2


def test_what_never_had_a_date_is_in_no_calendar(enrolled: Scheduler) -> None:
    assert "Call 1" not in exported(enrolled, extras=["windows", "samples"])


def test_a_period_that_has_no_dates_any_more_is_cancelled_on_its_last(enrolled: Scheduler) -> None:
    before = read(enrolled.export(subject="P-001", extras=["periods"], start=date(2026, 3, 20), end=date(2026, 3, 20)))
    enrolled.done("P-001", "d8", "2026-03-09", withheld=["infusion"], now=NOW)
    everything = read(enrolled.export(subject="P-001", level="full", extras=["periods"]))
    found = [event for event in everything if str(event["SUMMARY"]).endswith("Stay near")]
    assert sorted(str(event["STATUS"]) for event in found) == ["CANCELLED", "CONFIRMED"]
    (off,) = [event for event in found if event["STATUS"] == "CANCELLED"]
    (was,) = before
    assert (off["UID"], off.start, off["SEQUENCE"]) == (was["UID"], was.start, was["SEQUENCE"] + 1)


def test_visits_on_one_day_are_one_entry(shared: Scheduler) -> None:
    together = exported(shared)
    assert "Month 12 + Year 1" in together
    assert not {"Month 12", "Year 1"} & set(together)
    assert "Copies in blood" in together["Month 12 + Year 1"]["DESCRIPTION"]
    assert "Visit window: Year 1" in exported(shared, extras=["windows"])


def test_a_visit_that_joins_another_is_cancelled_and_one_that_leaves_comes_back(shared: Scheduler) -> None:
    both = exported(shared)["Month 12 + Year 1"]
    shared.book("P-001", "year-1", "2027-03-04", now=NOW)
    apart = exported(shared)
    assert apart["Month 12"]["UID"] == both["UID"]
    assert apart["Month 12"]["SEQUENCE"] == both["SEQUENCE"] + 1
    assert apart["Year 1"]["STATUS"] == "CONFIRMED"
    shared.move("P-001", "year-1", "2027-03-02", now=NOW)
    again = exported(shared)
    assert again["Month 12 + Year 1"]["SEQUENCE"] == both["SEQUENCE"] + 2
    assert again["Month 12 + Year 1"]["STATUS"] == "CONFIRMED"
    assert (again["Year 1"]["STATUS"], again["Year 1"]["UID"]) == ("CANCELLED", apart["Year 1"]["UID"])
    assert again["Year 1"]["SEQUENCE"] == apart["Year 1"]["SEQUENCE"] + 1


def test_a_time_that_a_guest_gets_is_the_entrys(shared: Scheduler) -> None:
    both = exported(shared)["Month 12 + Year 1"]
    shared.book("P-001", "year-1", "2027-03-02T09:00", now=NOW)
    timed = exported(shared)["Month 12 + Year 1"]
    assert timed.start.hour == 9
    assert timed["SEQUENCE"] == both["SEQUENCE"] + 1
    desk = shared._desk
    with desk.store.reading() as work:
        chart = desk.chart(work, "P-001")
        entries = [entry_of(work, chart, name) for name in ("month-12", "year-1")]
        assert entries[0] == entries[1]
        assert entry_of(work, chart, "nothing") is None


def test_samples_are_at_their_own_times_once_the_visit_has_one(shared: Scheduler) -> None:
    open_ = read(shared.export(subject="P-001", level="full", extras=["samples"]))
    days = {str(event["UID"]): event for event in open_ if "Copies" in event["SUMMARY"]}
    assert [event.start for event in days.values()] == [date(2026, 3, 2)] * 2
    assert "±15 minutes" in [*days.values()][1]["DESCRIPTION"]
    shared.book("P-001", "d1", "2026-03-02T10:00", now=NOW)
    timed = read(shared.export(subject="P-001", level="full", extras=["samples"]))
    hours = {str(event["UID"]): event for event in timed if "Copies" in event["SUMMARY"]}
    assert set(hours) == set(days)
    assert [f"{event.start:%H:%M}" for event in hours.values()] == ["09:30", "12:00"]
    assert "Between 11:45 and 12:15" in [*hours.values()][1]["DESCRIPTION"]
    assert all(hours[uid]["SEQUENCE"] > days[uid]["SEQUENCE"] for uid in days)
    private = shared.export(subject="P-001", extras=["samples"])
    assert b"Copies" not in private
    assert private.count(b"SUMMARY:Time point\r\n") == 2


# Whose calendar


def test_a_department_sees_its_own_visits_and_only_what_it_has_to_do(shared: Scheduler) -> None:
    found = exported(shared, department="imaging")
    assert set(found) == {"Day 1", "Day 15", "Month 12 + Year 1"}
    assert found["Day 1"]["DESCRIPTION"] == "Activities:\n- Copies in blood"
    assert found == exported(shared, role="imaging")
    assert b"P-001" in shared.export(site="BJ01", role="imaging")
    with pytest.raises(UnknownName, match=r"There is no department 'imagin'. Did you mean 'imaging'\?"):
        exported(shared, department="imagin")


def test_a_patient_sees_the_periods_meant_for_patients(enrolled: Scheduler) -> None:
    staff = enrolled.export(subject="P-001", role="coordinator", extras=["periods"])
    patient = enrolled.export(subject="P-001", role="patient", extras=["periods"])
    assert b"P-001" in staff
    assert b"P-001" not in patient
    assert patient.count(b"SUMMARY:Period\r\n") == 2
    assert enrolled.export(subject="P-001", role="patient") == enrolled.export(subject="P-001")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"role": "nurse", "subject": "P-001"}, "There is no role 'nurse'."),
        ({"role": "patient", "site": "BJ01"}, "The calendar of a patient is of one subject."),
        (
            {"role": "pharmacy", "department": "imaging", "subject": "P-001"},
            "The pharmacy and department 'imaging' are",
        ),
        ({"subject": "P-001", "level": "secret"}, "There is no level 'secret'."),
        ({"subject": "P-001", "language": "fr"}, "There is no language 'fr'."),
        ({"subject": "P-001", "alarms": "soon"}, "'soon' is no alarm."),
        ({"subject": "P-001", "extras": ["drugs"]}, "There is no extra 'drugs'."),
        (
            {"subject": "P-001", "start": date(2026, 3, 2), "end": date(2026, 3, 1)},
            "The last day, 2026-03-01, is before",
        ),
        ({"subject": "P-002"}, "There is no subject 'P-002'."),
        ({"site": "BJ02"}, "There is no site 'BJ02'."),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_stored(
    enrolled: Scheduler, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        enrolled.export(**asked)
    assert message in str(caught.value)
    assert stored(enrolled) == []


# Where the database cannot be written


def test_a_database_that_somebody_writes_to_is_exported_all_the_same(enrolled: Scheduler) -> None:
    expected = enrolled.export(subject="P-001", level="coded")
    kept = stored(enrolled)
    with enrolled._desk.store.writing(dry_run=True) as work:
        work.visit_events._session.connection()
        assert enrolled.export(subject="P-001", level="full").count(b"BEGIN:VEVENT") == expected.count(b"BEGIN:VEVENT")
    assert stored(enrolled) == kept
    enrolled.export(subject="P-001", level="full")
    assert len(stored(enrolled)) == 2 * len(kept)


def test_what_can_be_made_again_is_kept_unless_there_is_trouble(enrolled: Scheduler) -> None:
    store = enrolled._desk.store

    def fails(work: Work) -> None:
        work.visit_events._session.connection().execute(text("INSERT INTO visit_event (nothing) VALUES (1)"))

    assert store.keep(lambda _: None) is True
    assert store.keep(fails) is False


def test_an_older_event_does_not_replace_a_newer_one(enrolled: Scheduler) -> None:
    enrolled.export(subject="P-001")
    visit, form, revision, data = stored(enrolled)[0]
    event = StoredEvent(
        subject="P-001", visit=visit, form=form, revision=revision - 1, site_revision=1, starts="", zone="",
        first=date(2026, 3, 2), last=date(2026, 3, 2), data=b"old",
    )  # fmt: skip
    enrolled._desk.store.keep(lambda work: work.visit_events.put([event]))
    assert stored(enrolled)[0] == (visit, form, revision, data)
    enrolled._desk.store.keep(lambda work: work.visit_events.put([replace(event, revision=revision + 1)]))
    assert stored(enrolled)[0] == (visit, form, revision + 1, b"old")


def _booked(visit: str, day: int, clock: str) -> Step:
    return lambda trial: trial.book("P-001", visit, f"2027-03-{day:02}{clock}", now=NOW)


SHARING = st.builds(
    _booked, st.sampled_from(["month-12", "year-1"]), st.integers(1, 3), st.sampled_from(["", "T09:00", "T10:00"])
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS | SHARING, min_size=1, max_size=6))
def test_whatever_happens_stored_events_are_never_stale(databases: Databases, steps: list[Step]) -> None:
    url = databases.make(migrated=True)
    with Scheduler(url) as trial:
        trial.add_protocol(TOGETHER_TEMPLATE.replace("SHARED", "SMALL").encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
        seen: dict[str, Any] = {}
        for step in steps:
            try:
                step(trial)
            except InvalidInput:
                continue
            seen = _assert_nothing_is_lost(trial, seen)
    databases.drop(url)


def _assert_nothing_is_lost(trial: Scheduler, seen: dict[str, Any]) -> dict[str, Any]:
    joined = trial.export(subject="P-001", level="full")
    made = re.findall(
        rb"BEGIN:VEVENT.*?END:VEVENT\r\n", trial.export(subject="P-001", level="full", extras=["samples"]), re.S
    )
    assert all(event in made for event in re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\r\n", joined, re.S))
    found = {str(event["UID"]): event for event in read(joined)}
    assert set(seen) <= set(found), "what was served stays, if only as cancelled"
    for uid, before in seen.items():
        moved = any(found[uid].get(name) != before.get(name) for name in ("DTSTART", "DTEND", "STATUS", "LOCATION"))
        assert found[uid]["SEQUENCE"] >= before["SEQUENCE"] + moved
    dated = [
        visit for visit in trial.plan("P-001").visits if visit.planned is not None and visit.shares_entry_with is None
    ]
    # A calendar may also have what once was dated, as cancelled.
    assert len(found) >= len(dated)
    return found
