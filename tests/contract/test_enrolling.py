"""Enrolment begins a record: its facts, its plan, its rows, all or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput, UnknownName
from schedules.plan import Status
from schedules.record import Kind

NOW = "2026-01-05T09:00"


def test_enrolment_records_what_the_plan_is_made_of(trial: Scheduler) -> None:
    change = trial.enrol(
        "SMALL",
        "P-001",
        site="BJ01",
        dates={"d8": "2026-03-09", "d1": "2026-03-02"},
        groups={"arm": "A"},
        history={"therapy": "2026-01-20"},
        given=[("d15", "boost")],
        now=NOW,
        by="cora",
        why="signed today",
    )
    assert [(fact.number, fact.kind, fact.name) for fact in change.facts] == [
        (1, Kind.ENROLLED, "P-001"),
        (2, Kind.GROUP, "arm"),
        (3, Kind.HISTORY, "therapy"),
        (4, Kind.BOOKED, "d1"),
        (5, Kind.BOOKED, "d8"),
        (6, Kind.GIVEN, "d15"),
    ]
    enrolment = change.facts[0]
    assert enrolment.when == date(2026, 1, 5)
    assert (enrolment.by, enrolment.why) == ("cora", "signed today")
    assert enrolment.recorded == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    assert enrolment.values["template"] == trial.template("SMALL").sha256
    assert {name: enrolment.values[name] for name in ("protocol", "version", "site", "site_revision")} == {
        "protocol": "SMALL",
        "version": "1.0",
        "site": "BJ01",
        "site_revision": "1",
    }
    assert len(enrolment.values["salt"]) == 32
    assert (change.revision, change.before, change.today) == (1, None, date(2026, 1, 5))
    assert not change.diff


def test_what_is_enrolled_is_shown(enrolled: Scheduler) -> None:
    patient = enrolled.show("P-001", now="2026-02-20T09:00")
    assert (patient.protocol, patient.version, patient.site.id, patient.revision) == ("SMALL", "1.0", "BJ01", 1)
    assert (patient.enrolled, patient.today) == (date(2026, 1, 5), date(2026, 2, 20))
    assert patient.plan == enrolled.plan("P-001")
    d8 = patient.plan.visit("d8")
    assert d8 is not None
    assert (d8.planned, d8.status, d8.waiting_for) == (date(2026, 3, 9), Status.PLANNED, ("eligible",))


def test_today_at_the_site_is_the_day_of_enrolment(trial: Scheduler) -> None:
    change = trial.enrol("SMALL", "P-001", site="BJ01", now=datetime(2026, 1, 5, 23, 0, tzinfo=UTC))
    assert change.facts[0].when == date(2026, 1, 6)


def test_each_subject_has_a_salt_of_its_own(trial: Scheduler) -> None:
    salts = {trial.enrol("SMALL", name, site="BJ01", now=NOW).facts[0].values["salt"] for name in ("P-001", "P-002")}
    assert len(salts) == 2


@pytest.mark.parametrize("name", ["P-001", "p-001"])
def test_a_second_enrolment_is_refused(enrolled: Scheduler, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"Subject P-001 is enrolled already. Look at it with 'dayzero show P-001'"):
        enrolled.enrol("SMALL", name, site="BJ01", now=NOW)
    assert enrolled.status().subjects == 1


def test_an_enrolment_in_the_future_is_warned_of(trial: Scheduler) -> None:
    change = trial.enrol("SMALL", "P-001", site="BJ01", enrolled="2026-01-06", now=NOW)
    assert "P-001 is dated 6 January 2026, which is in the future; it is recorded all the same." in change.warnings


def test_who_will_not_be_reminded_is_warned_of(trial: Scheduler) -> None:
    trial.add_contact(site="BJ01", role="coordinator", now=NOW)
    change = trial.enrol("SMALL", "P-001", site="BJ01", now=NOW)
    assert change.warnings == (
        "Nobody is there yet to be reminded as patient, infusion unit. Add them with 'dayzero contact add'.",
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"protocol": "SMAL"}, "There is no protocol 'SMAL'. Did you mean 'SMALL'?"),
        ({"version": "1.1"}, "There is no version '1.1' of SMALL. Known: 1.0."),
        ({"site": "BJ02"}, "There is no site 'BJ02'. Did you mean 'BJ01'?"),
        ({"dates": {"d2": "2026-03-02"}}, "There is no visit 'd2'. Did you mean 'd8'?"),
        ({"dates": {"d1": "2026-02-30"}}, "'2026-02-30' is no date of the calendar"),
        ({"dates": {"d1": "03/04/2026"}}, "'03/04/2026' is no date. Write year-month-day"),
        ({"dates": {"sample": "2026-03-02"}}, "'sample' is counted in hours: give the time too"),
        ({"groups": {"arms": "A"}}, "There is no group 'arms'. Did you mean 'arm'?"),
        ({"groups": {"arm": "C"}}, "There is no value 'C' of group 'arm'"),
        ({"history": {"theraphy": "never"}}, "There is no history item 'theraphy'. Did you mean 'therapy'?"),
        ({"history": {"therapy": "sometimes"}}, "'sometimes' is no date"),
        ({"given": [("d15", "bost")]}, "There is no activity 'bost' at d15. Did you mean 'boost'?"),
        ({"subject": "P 001"}, "'P 001' cannot be the id of a subject"),
        ({"enrolled": date(1066, 10, 14)}, "'1066-10-14' is outside 1900 to 2199"),
        ({"now": "2026-01-05T9"}, "'2026-01-05T9' is no time"),
        ({"by": "x" * 101}, "cannot be the name of who records this"),
        ({"why": "x" * 2001}, "The reason has 2,001 characters, and 2,000 are kept. Write it shorter."),
        ({"why": "bell \a"}, "The reason 'bell �' holds characters that cannot be printed. Write it without them."),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(trial: Scheduler, values: dict[str, object], message: str) -> None:
    given = {"protocol": "SMALL", "subject": "P-001", "site": "BJ01", "now": NOW} | values
    with pytest.raises(InvalidInput) as caught:
        trial.enrol(**given)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert trial.status().subjects == 0
    assert trial.status().visits_to_come == 0


def test_a_dry_run_writes_nothing_and_registers_nothing(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        trial.add_site("BJ01", timezone="Asia/Shanghai")
        change = trial.enrol("NEUK203-13", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, now=NOW, dry_run=True)
        assert change.dry_run
        d4 = change.after.visit("d4")
        assert d4 is not None
        assert d4.planned == date(2026, 3, 5)
        state = trial.status()
    assert (state.subjects, state.visits_to_come, state.protocols) == (0, 0, 0)


def test_a_time_is_read_at_the_site(trial: Scheduler) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    for name, when in (
        ("P-001", "2026-03-02T10:00"),
        ("P-002", datetime(2026, 3, 2, 10, 0)),
        ("P-003", datetime(2026, 3, 2, 2, 0, tzinfo=UTC)),
        ("P-004", "2026-03-02T02:00Z"),
    ):
        trial.enrol("SMALL", name, site="BJ01", dates={"d1": when}, now=NOW)
        d1 = trial.plan(name).visit("d1")
        assert d1 is not None
        assert d1.planned == datetime(2026, 3, 2, 10, 0, tzinfo=zone)
        assert str(d1.planned) == "2026-03-02 10:00:00+08:00"


def test_a_time_that_comes_twice_keeps_its_offset(trial: Scheduler) -> None:
    trial.add_site("B01", timezone="Europe/Berlin")
    for name, when in (("P-001", "2026-10-25T02:30+02:00"), ("P-002", "2026-10-25T02:30+01:00")):
        trial.enrol("SMALL", name, site="B01", dates={"d1": when}, now=NOW)
        d1 = trial.plan(name).visit("d1")
        assert d1 is not None
        assert isinstance(d1.planned, datetime)
        assert d1.planned.isoformat() == f"{when[:16]}:00{when[16:]}"
    with pytest.raises(InvalidInput, match=r"2026-10-25T02:30 comes twice in Europe/Berlin"):
        trial.enrol("SMALL", "P-003", site="B01", dates={"d1": "2026-10-25T02:30"}, now=NOW)


def test_an_unknown_subject_names_the_nearest(enrolled: Scheduler) -> None:
    for ask in (enrolled.show, enrolled.audit, enrolled.reminders):
        with pytest.raises(UnknownName, match=r"There is no subject 'P-01'. Did you mean 'P-001'?"):
            ask("P-01")
    for odd in ("P-\udcff", "P\x00", "", "x" * 5000):
        with pytest.raises(UnknownName, match=r"There is no subject "):
            enrolled.show(odd)
        with pytest.raises(UnknownName, match=r"There is no site "):
            enrolled.site(odd)
    with pytest.raises(UnknownName, match=r"There is no visit 'd16'. Did you mean 'd1"):
        enrolled.why("P-001", "d16")
