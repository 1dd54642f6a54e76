"""What happens is recorded, and what follows from it moves (design §5, §6)."""

from __future__ import annotations

import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler import Scheduler, recording
from schedules.errors import InvalidInput, StaleRevision
from schedules.plan import Status
from schedules.record import Kind

NOW = "2026-03-04T18:00"
BEIJING = ZoneInfo("Asia/Shanghai")


def dates(trial: Scheduler, subject: str = "P-001") -> dict[str, date | None]:
    return {visit.id: visit.date for visit in trial.plan(subject).visits}


def status(trial: Scheduler, visit: str) -> Status:
    found = trial.plan("P-001").visit(visit)
    assert found is not None
    return found.status


def test_a_late_infusion_moves_what_depends_on_it(enrolled: Scheduler) -> None:
    change = enrolled.done("P-001", "d1", "2026-03-04", why="fever on the planned day", now=NOW, by="cora")
    moved = {move.visit: (move.before, move.after) for move in change.moved}
    assert moved["d8"] == (date(2026, 3, 9), date(2026, 3, 11))
    assert moved["d15"] == (date(2026, 3, 16), date(2026, 3, 18))
    assert "consent" not in moved
    assert "fever on the planned day" in next(move.why for move in change.moved if move.visit == "d8")
    assert [(turn.visit, turn.after) for turn in change.diff.turned] == [("d1", Status.DONE)]
    assert change.before is not None
    assert (change.revision, change.after) == (2, enrolled.plan("P-001"))
    assert dates(enrolled)["d15"] == date(2026, 3, 18)


def test_why_tells_the_story(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "d1", "2026-03-04", why="fever", now=NOW)
    told = " ".join(enrolled.why("P-001", "d8"))
    assert "done on Wednesday 4 March 2026 instead of 2 March 2026 (fever)" in told


def test_a_booking_with_a_time_is_kept_with_its_time(enrolled: Scheduler) -> None:
    change = enrolled.book("P-001", "d15", "2026-03-17T10:30", given=["boost"], now=NOW)
    visit = enrolled.plan("P-001").visit("d15")
    assert visit is not None
    assert visit.planned == datetime(2026, 3, 17, 10, 30, tzinfo=BEIJING)
    assert visit.activities == ("boost", "scan")
    assert change.warnings == ()
    assert [fact.kind for fact in change.facts] == [Kind.BOOKED, Kind.GIVEN]


def test_a_shut_gate_refuses_a_booking(enrolled: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"d8 waits for eligible, which is not recorded. Record it with") as caught:
        enrolled.book("P-001", "d8", "2026-03-10", now=NOW)
    assert "'dayzero event P-001 eligible DATE', or book with --override and --why" in str(caught.value)
    with pytest.raises(InvalidInput, match=r"d8 waits for eligible"):
        enrolled.book("P-001", "d8", "2026-03-10", override=True, now=NOW)
    assert enrolled.show("P-001").revision == 1


def test_a_shut_gate_is_overridden_with_a_reason(enrolled: Scheduler) -> None:
    change = enrolled.book("P-001", "d8", "2026-03-10", override=True, why="sponsor agreed", now=NOW, by="cora")
    (fact,) = change.facts
    assert (fact.values["override"], fact.why, fact.by) == ("eligible", "sponsor agreed", "cora")


def test_an_open_gate_lets_a_booking_through(enrolled: Scheduler) -> None:
    enrolled.event("P-001", "eligible", "2026-02-01", now=NOW)
    change = enrolled.book("P-001", "d8", "2026-03-10", override=True, why="no need", now=NOW)
    assert "override" not in change.facts[0].values


def test_done_is_never_refused_for_a_gate(enrolled: Scheduler) -> None:
    change = enrolled.done("P-001", "d8", "2026-03-09", now="2026-03-09T18:00")
    assert [(deviation.visit, deviation.kind) for deviation in change.diff.new_deviations] == [("d8", "gate")]


def test_what_was_done_is_neither_booked_nor_missed(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "d1", "2026-03-04", now=NOW)
    with pytest.raises(
        InvalidInput, match=r"d1 was done on 4 March 2026; what is done does not move and cannot be booked"
    ):
        enrolled.book("P-001", "d1", "2026-03-06", now=NOW)
    with pytest.raises(InvalidInput, match=r"cannot be missed"):
        enrolled.missed("P-001", "d1", now=NOW)
    with pytest.raises(InvalidInput, match=r"cannot be cancelled"):
        enrolled.cancel("P-001", "d1", why="no bed", now=NOW)


def test_what_was_done_is_done_once_more_only_if_that_is_said(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "labs", "2026-02-24", now="2026-02-24T12:00")
    with pytest.raises(InvalidInput) as caught:
        enrolled.done("P-001", "labs", "2026-02-25", now="2026-02-25T12:00")
    assert str(caught.value) == (
        "labs was done on 24 February 2026. If it was done once more, say --again. If that date is wrong, "
        "correct it: dayzero correct P-001 4 --why TEXT WHEN"
    )
    with pytest.raises(InvalidInput, match=r"d1 was not done before, so it cannot be done again. Leave --again out."):
        enrolled.done("P-001", "d1", "2026-03-02", again=True, now=NOW)
    assert enrolled.show("P-001").revision == 2
    change = enrolled.done("P-001", "labs", "2026-02-20", again=True, now="2026-02-25T12:00")
    assert change.warnings == (
        "labs was done on 24 February 2026; this is dated before it, 20 February 2026, and counts instead.",
    )


def test_withheld_activities_are_recorded_with_the_visit(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "d1", "2026-03-02", withheld=["infusion"], why="fever", now=NOW)
    visit = enrolled.plan("P-001").visit("d1")
    assert visit is not None
    assert visit.activities == ("thaw",)
    assert [period.id for period in enrolled.plan("P-001").periods] == ["near-1"]


def test_a_missed_visit_stays_where_it_was_planned(enrolled: Scheduler) -> None:
    change = enrolled.missed("P-001", "d15", why="did not come", now="2026-03-17T09:00")
    assert (status(enrolled, "d15"), dates(enrolled)["d15"]) == (Status.MISSED, date(2026, 3, 16))
    assert change.facts[0].why == "did not come"


def test_death_ends_everything(enrolled: Scheduler) -> None:
    change = enrolled.event("P-001", "death", "2026-03-05", now="2026-03-06T09:00")
    assert change.after.stopped == "death"
    assert status(enrolled, "d15") is Status.CANCELLED
    assert enrolled.agenda(now="2026-03-06T09:00", days=60) == ()


def test_a_milestone_recorded_again_is_warned_of(enrolled: Scheduler) -> None:
    enrolled.event("P-001", "eligible", "2026-02-01", now=NOW)
    change = enrolled.event("P-001", "eligible", "2026-02-02", now=NOW)
    assert change.warnings == ("eligible was recorded before, on 1 February 2026; this counts instead.",)
    assert change.after.milestones["eligible"] == date(2026, 2, 2)


def test_a_booking_that_does_not_count_is_warned_of(enrolled: Scheduler) -> None:
    enrolled.event("P-001", "death", "2026-03-05", now="2026-03-06T09:00")
    change = enrolled.book("P-001", "d15", "2026-03-16", now="2026-03-06T09:00")
    assert change.warnings == ("d15 is cancelled all the same; the booking is recorded.",)


def test_progression_gives_conditional_visits_their_dates(enrolled: Scheduler) -> None:
    assert status(enrolled, "call-1") is Status.CONDITIONAL
    change = enrolled.event("P-001", "progression", "2026-04-01", now="2026-04-02T09:00")
    assert dates(enrolled)["call-1"] == date(2026, 7, 1)
    assert ("call-1", Status.CONDITIONAL, Status.PLANNED) in [
        (turn.visit, turn.before, turn.after) for turn in change.diff.turned
    ]


def test_groups_and_history_can_come_later(trial: Scheduler) -> None:
    trial.enrol("SMALL", "P-001", site="BJ01", now="2026-01-05T09:00")
    assert [question.partition(":")[0] for question in trial.plan("P-001").questions] == ["therapy", "arm"]
    trial.group("P-001", {"arm": "B"}, now=NOW)
    change = trial.history("P-001", {"therapy": "2026-01-20"}, now=NOW)
    assert change.after.questions == ()
    assert change.facts[0].when == date(2026, 1, 20)
    d1 = change.after.visit("d1")
    assert d1 is not None
    assert d1.planned == date(2026, 2, 17)


def test_the_future_is_accepted_with_a_warning(enrolled: Scheduler) -> None:
    change = enrolled.done("P-001", "d1", "2026-03-05", now=NOW)
    assert change.warnings == ("d1 is dated 5 March 2026, which is in the future; it is recorded all the same.",)
    assert enrolled.event("P-001", "eligible", "2026-03-04", now=NOW).warnings == ()


def test_a_dry_run_tells_the_same_and_writes_nothing(enrolled: Scheduler) -> None:
    before = enrolled.show("P-001"), enrolled.audit("P-001").head, enrolled.status()
    rehearsed = enrolled.done("P-001", "d1", "2026-03-04", now=NOW, dry_run=True)
    assert (enrolled.show("P-001"), enrolled.audit("P-001").head, enrolled.status()) == before
    real = enrolled.done("P-001", "d1", "2026-03-04", now=NOW)
    assert (rehearsed.diff, rehearsed.after, rehearsed.revision) == (real.diff, real.after, real.revision)
    assert (rehearsed.dry_run, real.dry_run) == (True, False)


def test_a_stale_revision_is_refused_and_says_what_happened(enrolled: Scheduler) -> None:
    enrolled.done("P-001", "d1", "2026-03-04", now=NOW, by="cora", seen=1)
    with pytest.raises(StaleRevision) as caught:
        enrolled.book("P-001", "d15", "2026-03-17", now=NOW, seen=1)
    assert str(caught.value) == (
        "The record of P-001 is at revision 2, and this was made for revision 1. "
        "Since then: d1 done on Wed 4 Mar 2026 (by cora). Look at it again, then repeat."
    )
    assert enrolled.book("P-001", "d15", "2026-03-17", now=NOW, seen=2).revision == 3


def test_unknown_facts_are_refused_and_nothing_of_them_stays(enrolled: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"There is no activity 'infusin' at d1"):
        enrolled.done("P-001", "d1", "2026-03-04", withheld=["infusin"], now=NOW)
    with pytest.raises(InvalidInput, match=r"There is no milestone 'progresion'. Did you mean 'progression'?"):
        enrolled.event("P-001", "progresion", "2026-03-04", now=NOW)
    with pytest.raises(InvalidInput, match=r"There is no visit 'd2'"):
        enrolled.book("P-001", "d2", "2026-03-04", now=NOW)
    assert (enrolled.show("P-001").revision, len(enrolled.show("P-001").record.facts)) == (1, 3)


def test_one_use_case_is_one_transaction(enrolled: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now="2026-01-05T09:00")
    before = enrolled.show("P-001"), enrolled.reminders("P-001"), enrolled.calendar(subject="P-001")

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError("the power went")

    # What is told as it happens comes last, when facts, rows and other reminders are written.
    monkeypatch.setattr(recording, "news", fail)
    with pytest.raises(OSError, match=r"the power went"):
        enrolled.done("P-001", "d1", "2026-03-04", now=NOW)
    assert (enrolled.show("P-001"), enrolled.reminders("P-001"), enrolled.calendar(subject="P-001")) == before
    assert enrolled.audit("P-001", verify=True).ok
    monkeypatch.undo()
    monkeypatch.setenv("DAYZERO_USER", "tester")
    assert enrolled.done("P-001", "d1", "2026-03-04", now=NOW).revision == 2


def test_two_writers_at_once_are_both_recorded(enrolled: Scheduler, database_url: str) -> None:
    gate = threading.Barrier(2)
    failed: list[BaseException] = []

    def write(visit: str) -> None:
        try:
            with Scheduler(database_url) as other:
                gate.wait(timeout=10)
                for day in range(10, 20):
                    other.book("P-001", visit, f"2026-04-{day}", now=NOW)
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(visit,)) for visit in ("d1", "d15")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert failed == []
    patient = enrolled.show("P-001")
    assert (patient.revision, len(patient.record.facts)) == (21, 23)
    assert enrolled.audit("P-001", verify=True).problems == ()


def test_of_two_who_saw_the_same_only_one_is_recorded(enrolled: Scheduler, database_url: str) -> None:
    gate = threading.Barrier(2)
    outcomes: list[str] = []

    def write(day: str) -> None:
        with Scheduler(database_url) as other:
            gate.wait(timeout=10)
            try:
                other.book("P-001", "d15", day, now=NOW, seen=1)
                outcomes.append("recorded")
            except StaleRevision:
                outcomes.append("stale")

    writers = [threading.Thread(target=write, args=(day,)) for day in ("2026-03-16", "2026-03-17")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert sorted(outcomes) == ["recorded", "stale"]


def test_everything_is_there_after_a_restart(enrolled: Scheduler, database_url: str) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now="2026-01-05T09:00")
    enrolled.done("P-001", "d1", "2026-03-04T10:15", withheld=["thaw"], why="fever", now=NOW)
    with Scheduler(database_url) as again:
        assert again.show("P-001").record == enrolled.show("P-001").record
        assert again.plan("P-001") == enrolled.plan("P-001")
        assert again.calendar(subject="P-001") == enrolled.calendar(subject="P-001")
        assert again.reminders("P-001") == enrolled.reminders("P-001")
        assert again.audit("P-001", verify=True).ok


def test_the_agenda_is_told_by_site_and_department(enrolled: Scheduler) -> None:
    enrolled.add_site("SH01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=NOW)
    enrolled.enrol("SMALL", "P-002", site="SH01", enrolled="2026-01-05", dates={"d1": "2026-03-02"}, now=NOW)
    everybody = enrolled.agenda(start="2026-03-02", days=1, now=NOW)
    assert [(item.subject, item.visit) for item in everybody] == [
        ("P-001", "d1"),
        ("P-002", "d1"),
        ("P-001", "sample"),
        ("P-002", "sample"),
    ]
    labs = enrolled.agenda(site="SH01", department="cell lab", start="2026-03-01", days=30, now=NOW)
    assert [(item.subject, item.visit, item.activities) for item in labs] == [("P-002", "d1", ("Thaw",))]
    assert enrolled.agenda(now="2026-03-16T23:00", days=1)[0].when == date(2026, 3, 16)
    with pytest.raises(InvalidInput, match=r"An agenda has 1 to 3660 days, and 0 were asked for"):
        enrolled.agenda(days=0)
    assert enrolled.agenda(department="apheresis", now=NOW) == ()
    with pytest.raises(InvalidInput, match=r"There is no department 'pharmcy'. Did you mean 'pharmacy'"):
        enrolled.agenda(department="pharmcy", now=NOW)
    with pytest.raises(InvalidInput, match=r"There is no site 'BJ1'. Did you mean 'BJ01'?"):
        enrolled.agenda(site="BJ1")


def test_what_is_dated_before_the_enrolment_is_recorded_with_a_warning(enrolled: Scheduler) -> None:
    """The wrong year of a January."""
    before = "is dated 4 March 2025, before the enrolment on 5 January 2026; it is recorded all the same."
    assert enrolled.done("P-001", "d1", "2025-03-04", now=NOW, dry_run=True).warnings == (f"d1 {before}",)
    assert enrolled.book("P-001", "d1", "2025-03-04", now=NOW, dry_run=True).warnings == (f"d1 {before}",)
    assert enrolled.event("P-001", "death", "2025-03-04", now=NOW, dry_run=True).warnings == (f"death {before}",)
    assert enrolled.event("P-001", "eligible", "2025-03-04", now=NOW, dry_run=True).warnings == ()
    number = enrolled.done("P-001", "d1", "2026-03-04", now=NOW).record.facts[-1].number
    change = enrolled.correct("P-001", number, "2025-03-04", why="typo", now=NOW, dry_run=True)
    assert change.warnings == (f"d1 {before}",)


def test_what_is_missed_before_its_day_is_recorded_with_a_warning(enrolled: Scheduler) -> None:
    early = enrolled.missed("P-001", "d1", now="2026-02-27T12:00", dry_run=True)
    (warning,) = early.warnings
    assert warning == "d1 is booked for 2 March 2026, which is in the future; it is recorded as missed all the same."
    assert enrolled.missed("P-001", "d1", now="2026-03-02T12:00", dry_run=True).warnings == ()
