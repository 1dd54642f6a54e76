"""Moving with and without what is booked later, what is overdue, and deviations, over both databases."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from calendars.worklists import Worklist
from scheduler import Scheduler
from schedules.errors import InvalidInput, StaleRevision, UnknownName
from schedules.plan import Plan, Status
from schedules.record import Kind

NOW = "2026-02-20T09:00"
BEIJING, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def booked(plan: Plan) -> dict[str, object]:
    """What is booked, and when."""
    return {visit.id: visit.planned for visit in plan.visits if visit.status is Status.BOOKED}


@pytest.fixture
def full(enrolled: Scheduler) -> Scheduler:
    """P-001 with everything booked: labs before day 1, a sample on it, days 8 and 15 after."""
    enrolled.event("P-001", "eligible", "2026-02-01", now=NOW)
    for visit, when in (
        ("labs", "2026-02-24T09:00"),
        ("sample", "2026-03-02T14:00"),
        ("d8", "2026-03-09"),
        ("d15", "2026-03-16T10:30"),
    ):
        enrolled.book("P-001", visit, when, now=NOW)
    return enrolled


# Moving


def test_a_move_is_a_booking_with_a_reason_and_leaves_what_is_booked_later(full: Scheduler) -> None:
    change = full.move("P-001", "d1", "2026-03-04", why="fever", now=NOW, by="cora")
    (fact,) = change.facts
    assert (fact.kind, fact.name, fact.when, fact.why, fact.by) == (
        Kind.BOOKED,
        "d1",
        date(2026, 3, 4),
        "fever",
        "cora",
    )
    assert booked(full.plan("P-001"))["d15"] == datetime(2026, 3, 16, 10, 30, tzinfo=BEIJING)
    assert change.warnings == ("Booked later, and not moved: sample, d8, d15. With --shift they move by as many days.",)
    assert [conflict.visit for conflict in change.diff.new_conflicts] == ["labs", "sample", "d8"]


def test_a_shift_moves_everything_booked_later_in_one_revision(full: Scheduler) -> None:
    before = full.show("P-001").revision
    change = full.move("P-001", "d1", "2026-03-04", shift=True, why="fever", now=NOW)
    assert [(fact.name, fact.why) for fact in change.facts] == [
        (name, "fever") for name in ("d1", "sample", "d8", "d15")
    ]
    assert change.revision == full.show("P-001").revision == before + 1
    assert booked(full.plan("P-001")) == {
        "labs": datetime(2026, 2, 24, 9, tzinfo=BEIJING),
        "d1": date(2026, 3, 4),
        "sample": datetime(2026, 3, 4, 14, tzinfo=BEIJING),
        "d8": date(2026, 3, 11),
        "d15": datetime(2026, 3, 18, 10, 30, tzinfo=BEIJING),
    }
    # Labs stay where they are, a day before their window now; nothing of what was shifted conflicts.
    assert [conflict.visit for conflict in change.diff.new_conflicts] == ["labs"]
    assert (change.warnings, full.audit("P-001", verify=True).ok) == ((), True)


def test_a_shift_may_go_back_and_each_is_checked(full: Scheduler) -> None:
    change = full.move("P-001", "d8", "2026-03-08", shift=True, now=NOW)
    assert [fact.name for fact in change.facts] == ["d8", "d15"]
    assert [conflict.visit for conflict in change.diff.new_conflicts] == ["d8"]
    assert booked(change.after)["d15"] == datetime(2026, 3, 15, 10, 30, tzinfo=BEIJING)


def test_what_is_done_never_shifts(full: Scheduler) -> None:
    full.done("P-001", "d15", "2026-03-16", now="2026-03-16T18:00")
    change = full.move("P-001", "d8", "2026-03-10", shift=True, now="2026-03-16T18:00")
    assert [fact.name for fact in change.facts] == ["d8"]
    assert change.warnings == ("No visit is booked later, so nothing else is shifted.",)


def test_a_shift_of_no_day_moves_nothing_else(full: Scheduler) -> None:
    change = full.move("P-001", "d1", "2026-03-02T09:00", shift=True, now=NOW)
    assert [fact.name for fact in change.facts] == ["d1"]
    assert change.warnings == ("It stays on its day, so nothing is shifted.",)


def test_a_move_is_never_refused_for_a_gate_or_the_order(enrolled: Scheduler) -> None:
    change = enrolled.move("P-001", "d8", "2026-02-10", now=NOW)
    assert change.warnings == ("d8 waits for eligible, which is not recorded; it is moved all the same.",)
    assert booked(change.after)["d8"] == date(2026, 2, 10)
    assert change.after.conflicts != ()


def test_what_cannot_be_moved_is_refused_and_nothing_stays(full: Scheduler) -> None:
    full.done("P-001", "labs", "2026-02-24T09:00", now="2026-02-25T09:00")
    before = full.show("P-001")
    with pytest.raises(InvalidInput, match=r"labs was done on .*; what is done does not move and cannot be moved"):
        full.move("P-001", "labs", "2026-02-25", now=NOW)
    with pytest.raises(InvalidInput, match=r"There is no visit 'd2'"):
        full.move("P-001", "d2", "2026-03-04", shift=True, now=NOW)
    with pytest.raises(InvalidInput, match=r"call-1 has no date yet that others could be shifted with. Move it"):
        full.move("P-001", "call-1", "2026-03-04", shift=True, now=NOW)
    with pytest.raises(InvalidInput, match=r"outside 1900 to 2199|out of the calendar"):
        full.move("P-001", "d1", "2199-12-30", shift=True, now=NOW)
    with pytest.raises(StaleRevision, match=r"made for revision 1"):
        full.move("P-001", "d1", "2026-03-04", shift=True, now=NOW, seen=1)
    assert full.show("P-001", now=NOW).record == before.record


def test_a_dry_run_of_a_shift_tells_the_same_and_writes_nothing(full: Scheduler) -> None:
    before = full.show("P-001", now=NOW), full.audit("P-001").head, full.status()
    tried = full.move("P-001", "d1", "2026-03-04", shift=True, now=NOW, dry_run=True)
    assert (full.show("P-001", now=NOW), full.audit("P-001").head, full.status()) == before
    real = full.move("P-001", "d1", "2026-03-04", shift=True, now=NOW, seen=tried.revision - 1)
    assert (tried.diff, tried.after, tried.revision) == (real.diff, real.after, real.revision)


def test_a_shift_keeps_the_clock_time_over_clock_changes(trial: Scheduler) -> None:
    trial.add_site("DE01", timezone="Europe/Berlin", weekdays=frozenset(range(7)), now=NOW)
    trial.enrol("SMALL", "P-009", site="DE01", enrolled="2026-02-20", dates={"d1": "2026-03-20"}, now=NOW)
    # The clocks go from 02:00 to 03:00 on 29 March 2026.
    for visit, when in (("d8", "2026-03-27T02:30"), ("d15", "2026-04-03T02:30")):
        trial.book("P-009", visit, when, override=True, why="night ward", now=NOW)
    change = trial.move("P-009", "d1", "2026-03-22", shift=True, now=NOW)
    shifted = booked(change.after)
    assert shifted["d8"] == datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
    assert shifted["d15"] == datetime(2026, 4, 5, 2, 30, tzinfo=BERLIN)
    assert change.warnings == ("The clocks skip 02:30 on 2026-03-29; d8 is booked for 29 March 2026 at 03:30.",)


def test_of_a_time_that_comes_twice_the_first_is_meant(trial: Scheduler) -> None:
    trial.add_site("DE01", timezone="Europe/Berlin", weekdays=frozenset(range(7)), now=NOW)
    trial.enrol("SMALL", "P-009", site="DE01", enrolled="2026-10-01", dates={"d1": "2026-10-10"}, now=NOW)
    trial.book("P-009", "d15", "2026-10-24T02:30", now=NOW)
    change = trial.move("P-009", "d1", "2026-10-11", shift=True, now=NOW)
    found = booked(change.after)["d15"]
    assert isinstance(found, datetime)
    assert found.isoformat() == "2026-10-25T02:30:00+02:00"
    assert change.warnings == ("02:30 comes twice on 2026-10-25; d15 is booked for the first, +0200.",)


# Worklists


def names(found: Worklist) -> dict[str, list[tuple[str, str]]]:
    lists = ("overdue", "closing", "expiring", "ending", "shut")
    return {
        name: [(task.subject, task.name) for task in getattr(found, name)] for name in lists if getattr(found, name)
    }


def test_what_is_overdue_by_site_and_what_soon_will_be(enrolled: Scheduler) -> None:
    enrolled.add_site("SH01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=NOW)
    enrolled.enrol("SMALL", "P-002", site="SH01", enrolled="2026-02-10", dates={"d1": "2026-03-12"}, now=NOW)
    enrolled.done("P-001", "consent", "2026-01-05", now=NOW)
    enrolled.book("P-001", "d8", "2026-03-09", override=True, why="bed is free", now=NOW)
    found = enrolled.overdue(now="2026-02-26T09:00")
    assert names(found) == {
        "overdue": [("P-002", "consent"), ("P-001", "labs")],
        "closing": [("P-001", "sample")],
        "shut": [("P-001", "d8")],
    }
    assert [task.days for task in found.overdue] == [16, 1]
    assert dict(found.today) == {"BJ01": date(2026, 2, 26), "SH01": date(2026, 2, 26)}
    assert enrolled.overdue(site="SH01", now="2026-02-26T09:00").count() == 1
    with pytest.raises(InvalidInput, match=r"There is no site 'BJ1'"):
        enrolled.overdue(site="BJ1")


def test_what_expires_ends_and_closes(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "consent", "2026-01-05", now=NOW)
    enrolled.done("P-001", "labs", "2026-02-24", now="2026-02-24T12:00")
    enrolled.move("P-001", "d1", "2026-03-11", now="2026-02-24T12:00")
    found = enrolled.overdue(now="2026-02-24T12:00")
    assert [(task.name, task.until, task.because) for task in found.expiring] == [
        ("d1", date(2026, 3, 10), ("labs + 14 days",))
    ]
    enrolled.done("P-001", "d1", "2026-03-02", now="2026-03-02T12:00")
    found = enrolled.overdue(now="2026-03-16T12:00")
    assert [task.name for task in found.closing] == ["d15"]
    assert [task.name for task in found.ending] == ["near-1", "near-2"]
    assert found.expiring == ()


def test_today_is_of_each_site(trial: Scheduler) -> None:
    trial.add_site("NY01", timezone="America/New_York", now=NOW)
    found = trial.overdue(now="2026-03-01T20:00Z")
    assert dict(found.today) == {"BJ01": date(2026, 3, 2), "NY01": date(2026, 3, 1)}
    assert names(found) == {}


def test_the_dead_are_on_no_list(enrolled: Scheduler) -> None:
    assert enrolled.overdue(now="2026-06-01T09:00").count() > 0
    enrolled.event("P-001", "death", "2026-03-05", now="2026-03-06T09:00")
    assert names(enrolled.overdue(now="2026-06-01T09:00")) == {}


# Deviations


def test_deviations_by_subject_and_protocol(enrolled: Scheduler) -> None:
    enrolled.enrol("SMALL", "P-002", site="BJ01", enrolled="2026-01-05", dates={"d1": "2026-03-02"}, now=NOW)
    enrolled.done("P-001", "d15", "2026-03-20", why="snow", by="cora", now="2026-03-20T18:00")
    enrolled.missed("P-002", "d15", why="did not come", by="lin", now="2026-03-20T19:00")
    found = enrolled.deviations(protocol="SMALL")
    assert [(item.subject, item.visit, item.kind, item.why, item.recorded_by) for item in found.items] == [
        ("P-001", "d15", "late", "snow", "cora"),
        ("P-002", "d15", "missed", "did not come", "lin"),
    ]
    assert found.items[0].by is not None
    assert (found.items[0].by.days, found.items[0].version, found.items[0].when) == (2, "1.0", date(2026, 3, 20))
    assert (found.items[0].recorded, found.questions) == (
        datetime(2026, 3, 20, 18, tzinfo=BEIJING),
        (),
    )
    assert sum(found.counts().values()) == len(found.items)
    assert enrolled.deviations() == found
    one = enrolled.deviations(subject="P-002")
    assert (one.items, one.subject) == (found.items[1:], "P-002")
    assert [question.partition(":")[0] for question in one.questions] == ["therapy", "arm"]


def test_deviations_of_what_is_not_there(enrolled: Scheduler) -> None:
    assert enrolled.deviations(protocol="NEUK203-13").items == ()
    with pytest.raises(InvalidInput, match=r"There is no protocol 'SMAL'. Did you mean 'SMALL'\?"):
        enrolled.deviations(protocol="SMAL")
    with pytest.raises(InvalidInput, match=r"There is no subject 'P-01'"):
        enrolled.deviations(subject="P-01")
    with pytest.raises(InvalidInput, match=r"Deviations are of one subject, or of a protocol or site"):
        enrolled.deviations(subject="P-001", protocol="SMALL")


# Who is there, and what was recorded lately


def test_the_subjects_are_listed_with_what_comes_next(full: Scheduler) -> None:
    (one,) = full.subjects(now="2026-02-25T09:00")
    assert (one.subject, one.site, one.protocol, one.version) == ("P-001", "BJ01", "SMALL", "1.0")
    assert (one.next_visit, one.next_when, one.next_status) == ("d1", date(2026, 3, 2), "booked")
    # Neither consent nor the labs booked for the day before are recorded.
    assert (one.overdue, one.conflicts, one.stopped) == (2, 0, None)
    full.event("P-001", "death", "2026-02-26", now="2026-02-27T09:00")
    (one,) = full.subjects(now="2026-02-27T09:00")
    assert (one.next_visit, one.overdue, one.stopped, one.stopped_on) == (None, 0, "death", date(2026, 2, 26))


def test_subjects_are_those_of_a_site_or_protocol(full: Scheduler) -> None:
    full.add_site("HD01", timezone="Europe/Berlin", now=NOW)
    full.enrol("SMALL", "P-002", site="HD01", now=NOW)
    assert [one.subject for one in full.subjects(now=NOW)] == ["P-001", "P-002"]
    assert [one.subject for one in full.subjects(site="HD01", protocol="SMALL", now=NOW)] == ["P-002"]
    assert full.subjects(protocol="NEUK203-13", now=NOW) == ()
    with pytest.raises(UnknownName, match=r"There is no site 'HD02'"):
        full.subjects(site="HD02")
    with pytest.raises(UnknownName, match=r"There is no protocol 'NONE'"):
        full.subjects(protocol="NONE")


def test_changes_are_from_the_beginning_of_yesterday_at_the_site(full: Scheduler) -> None:
    full.missed("P-001", "labs", why="snow", by="cora", now="2026-02-26T00:10")
    full.done("P-001", "d1", "2026-03-02", by="lin", now="2026-02-26T23:50")
    told = [(one.by, one.what, one.why) for one in full.changes(now="2026-02-27T08:00")]
    assert told == [("cora", "labs missed", "snow"), ("lin", "d1 done on Mon 2 Mar 2026", "")]
    # Ten minutes past midnight in Beijing are ten past four in the afternoon before, in UTC.
    assert [one.by for one in full.changes(since="2026-02-25T16:30Z", now="2026-02-27T08:00")] == ["lin"]
    assert full.changes(now="2026-02-28T08:00") == ()
    assert full.changes(site="BJ01", protocol="NEUK203-13", since="2026-01-01") == ()


def test_deviations_are_those_of_a_site(full: Scheduler) -> None:
    full.add_site("HD01", timezone="Europe/Berlin", now=NOW)
    full.missed("P-001", "labs", now="2026-02-26T00:10")
    assert [one.visit for one in full.deviations(site="BJ01").items] == ["labs"]
    assert full.deviations(site="HD01").items == ()
