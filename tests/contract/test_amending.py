"""Amending patients, on every database: approvals, who is moved and who is left (design §6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput
from schedules.plan import Status
from tests.contract.conftest import ENROLLED, SMALL

NOW = "2026-03-04T18:00"
DAY = "2026-03-05"
SECOND = (
    SMALL.replace('version: "1.0"', 'version: "2.0"')
    .replace("at: day 15}", "at: day 17}")
    .replace("  d8: {", "  d2: {label: Day 2, epoch: treatment, at: day 2}\n  d8: {")
)
WITHOUT_D8 = (
    SMALL.replace('version: "1.0"', 'version: "3.0"')
    .replace("  d8: {label: Day 8, epoch: treatment, at: day 8, requires: [eligible]}\n", "")
    .replace("visits: [d1, d8]", "visits: [d1]")
)


@pytest.fixture
def begun(enrolled: Scheduler) -> Scheduler:
    """P-001 had day 1 on 2 March, P-002 died; versions 2.0 and 3.0 are registered."""
    enrolled.add_protocol(SECOND.encode(), "second.yaml", now=ENROLLED)
    enrolled.add_protocol(WITHOUT_D8.encode(), "third.yaml", now=ENROLLED)
    enrolled.enrol("SMALL", "P-002", site="BJ01", version="1.0", groups={"arm": "B"}, now=ENROLLED)
    enrolled.event("P-002", "death", "2026-02-01", now=NOW)
    enrolled.done("P-001", "d1", "2026-03-02T10:00", now=NOW)
    return enrolled


def approved(trial: Scheduler, version: str = "2.0", *, mandatory: bool = True) -> Scheduler:
    trial.approve_version("BJ01", "SMALL", version, mandatory=mandatory, now=NOW)
    return trial


def test_a_site_must_have_approved_the_version(begun: Scheduler) -> None:
    told = r"BJ01 has not approved SMALL 2\.0\. Once it has, record that with 'dayzero site approve BJ01 SMALL"
    for whom in ({"subject": "P-001"}, {"site": "BJ01"}):
        with pytest.raises(InvalidInput, match=told):
            begun.amend("SMALL", to="2.0", effective=DAY, now=NOW, **whom)  # type: ignore[arg-type]
    left = begun.amend("SMALL", to="2.0", effective=DAY, now=NOW)
    assert left.counts == {"not approved": 1, "stopped": 1}


def test_patients_are_moved_and_the_discontinued_left_alone(begun: Scheduler) -> None:
    before, dead = begun.plan("P-001"), begun.show("P-002", now=NOW)
    seen: list[tuple[int, int]] = []
    found = approved(begun).amend(
        "SMALL", to="2.0", effective=DAY, now=NOW, progress=lambda done, of: seen.append((done, of))
    )
    assert (found.counts, seen) == ({"amended": 1, "stopped": 1}, [(1, 2), (2, 2)])
    after = begun.show("P-001", now=NOW)
    assert (after.version, after.plan.version) == ("2.0", "2.0")
    assert after.plan.visit("d1") == before.visit("d1")
    assert [(move.visit, str(move.after)) for move in found.changes["P-001"].moved] == [("d15", "2026-03-18")]
    assert "d2 is not added: it would have been on 3 March 2026." in found.changes["P-001"].warnings
    assert begun.show("P-002", now=NOW) == dead
    assert begun.audit("P-001", verify=True).problems == ()


def test_a_second_run_goes_on_with_who_is_not_yet_moved(begun: Scheduler) -> None:
    approved(begun).amend("SMALL", to="2.0", subject="P-001", effective=DAY, now=NOW)
    begun.enrol("SMALL", "P-003", site="BJ01", version="1.0", groups={"arm": "A"}, now=NOW)
    again = begun.amend("SMALL", to="2.0", site="BJ01", effective=DAY, now=NOW)
    assert [(one.subject, one.outcome) for one in again.patients] == [
        ("P-001", "there already"),
        ("P-002", "stopped"),
        ("P-003", "amended"),
    ]


def test_a_run_that_breaks_off_keeps_who_was_moved(begun: Scheduler) -> None:
    begun.enrol("SMALL", "P-003", site="BJ01", version="1.0", groups={"arm": "A"}, now=NOW)

    def break_off(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        approved(begun).amend("SMALL", to="2.0", effective=DAY, now=NOW, progress=break_off)
    assert [begun.show(name, now=NOW).version for name in ("P-001", "P-003")] == ["2.0", "1.0"]
    assert begun.amend("SMALL", to="2.0", effective=DAY, now=NOW).counts["amended"] == 1


def test_a_dry_run_writes_nothing(begun: Scheduler) -> None:
    before = begun.show("P-001", now=NOW)
    found = approved(begun).amend("SMALL", to="2.0", effective=DAY, now=NOW, dry_run=True)
    assert (found.dry_run, found.counts["amended"]) == (True, 1)
    assert begun.show("P-001", now=NOW) == before


def test_by_re_consent_each_patient_is_moved_by_itself(begun: Scheduler) -> None:
    approved(begun, mandatory=False)
    assert begun.amend("SMALL", to="2.0", effective=DAY, now=NOW).counts == {"to re-consent": 1, "stopped": 1}
    with pytest.raises(InvalidInput, match=r"by re-consent, and P-001 stays on 1\.0 until then"):
        begun.amend("SMALL", to="2.0", subject="P-001", effective=DAY, now=NOW)
    with pytest.raises(InvalidInput, match=r"P-001 consented to 2\.0 on 6 March 2026, after 5 March 2026"):
        begun.amend("SMALL", to="2.0", subject="P-001", effective=DAY, reconsented="2026-03-06", now=NOW)
    begun.amend("SMALL", to="2.0", subject="P-001", effective=DAY, reconsented="2026-03-04", now=NOW)
    assert begun.audit("P-001").record.facts[-1].values["reconsented"] == "2026-03-04"
    with pytest.raises(InvalidInput, match=r"A re-consent is of one patient"):
        begun.amend("SMALL", to="2.0", effective=DAY, reconsented="2026-03-04", now=NOW)


def test_what_is_dropped_is_cancelled_in_calendars_and_its_booking_reported(begun: Scheduler) -> None:
    begun.event("P-001", "eligible", "2026-03-02", now=NOW)
    begun.book("P-001", "d8", "2026-03-09", now=NOW)
    assert b"CANCELLED" not in begun.export(subject="P-001")
    found = approved(begun, "3.0").amend("SMALL", to="3.0", effective=DAY, now=NOW)
    assert begun.plan("P-001").visit("d8") is None
    told = "d8 was booked for 9 March 2026, and 3.0 has no such visit for this patient: tell whoever expects it."
    assert told in found.patients[0].notes
    assert b"STATUS:CANCELLED" in begun.export(subject="P-001")
    assert begun.audit("P-001", verify=True).problems == ()


def test_an_amendment_that_is_undone_leaves_everything_as_it_was(begun: Scheduler) -> None:
    before = begun.show("P-001", now=NOW)
    approved(begun).amend("SMALL", to="2.0", effective=DAY, now=NOW)
    begun.undo("P-001", now=NOW)
    after = begun.show("P-001", now=NOW)
    assert (after.plan, after.version) == (before.plan, "1.0")
    assert begun.audit("P-001", verify=True).problems == ()


def test_it_is_not_undone_from_under_a_visit_that_only_it_has(begun: Scheduler) -> None:
    approved(begun).amend("SMALL", to="2.0", effective="2026-03-03", now=NOW)
    number = len(begun.audit("P-001").record.facts)
    begun.done("P-001", "d2", "2026-03-03", now=NOW)
    with pytest.raises(InvalidInput, match=r"\(done d2\) is about a visit that only version 2\.0 has"):
        begun.correct("P-001", number, why="wrong", now=NOW)


def test_an_earlier_day_or_version_is_refused(begun: Scheduler) -> None:
    approved(approved(begun), "3.0").amend("SMALL", to="2.0", effective=DAY, now=NOW)
    with pytest.raises(InvalidInput, match=r"Amend with --effective 2026-03-05 or later"):
        begun.amend("SMALL", to="3.0", subject="P-001", effective="2026-03-01", now=NOW)
    begun.amend("SMALL", to="3.0", subject="P-001", effective=DAY, now=NOW)
    with pytest.raises(InvalidInput, match=r"P-001 is on 3\.0, which is newer than 2\.0"):
        begun.amend("SMALL", to="2.0", subject="P-001", effective=DAY, now=NOW)


def test_new_patients_get_the_newest_version_their_site_approved(begun: Scheduler) -> None:
    first = begun.enrol("SMALL", "P-003", site="BJ01", groups={"arm": "A"}, now=NOW)
    approved(begun)
    second = begun.enrol("SMALL", "P-004", site="BJ01", groups={"arm": "A"}, now=NOW)
    other = begun.enrol("SMALL", "P-005", site="BJ01", version="1.0", groups={"arm": "A"}, now=NOW)
    assert [change.version for change in (first, second, other)] == ["3.0", "2.0", "1.0"]
    assert other.warnings[0].startswith("BJ01 has not approved SMALL 1.0, only 2.0; it is recorded all the same.")


def test_the_last_approval_of_a_version_counts(begun: Scheduler) -> None:
    assert begun.approve_version("BJ01", "SMALL", "2.0", now=NOW).new
    assert not begun.approve_version("BJ01", "SMALL", "2.0", now=NOW).new
    assert begun.approve_version("BJ01", "SMALL", "2.0", mandatory=True, now=NOW).new
    assert [(one.version, one.mandatory) for one in begun.approvals("BJ01")] == [("2.0", True)]


def test_tampering_with_a_version_is_found(begun: Scheduler, tamper: Callable[[str], None]) -> None:
    approved(begun).amend("SMALL", to="2.0", effective=DAY, now=NOW)
    tamper("UPDATE subject SET version = '1.0' WHERE id = 'P-001'")
    assert begun.audit("P-001", verify=True).problems[0] == "The version of P-001 is not the one its amendment says."


def test_sequence_numbers_only_rise(begun: Scheduler) -> None:
    with begun._desk.store.reading() as work:
        before = work.visits.visits("P-001")
    approved(begun).amend("SMALL", to="2.0", effective=DAY, now=NOW)
    with begun._desk.store.reading() as work:
        after = work.visits.visits("P-001")
    assert all(after[name].sequence >= row.sequence for name, row in before.items())
    assert after["d15"].sequence == before["d15"].sequence + 1
    assert after["d1"] == before["d1"]
    assert after["d2"].status == Status.NOT_APPLICABLE


def test_its_day_is_not_corrected_to_before_a_visit_that_was_done_under_the_version_before(begun: Scheduler) -> None:
    later = "2026-03-12T18:00"
    begun.event("P-001", "eligible", "2026-03-02", now=NOW)
    approved(begun, "3.0").amend("SMALL", to="3.0", effective="2026-03-20", now=NOW)
    number = len(begun.audit("P-001").record.facts)
    begun.done("P-001", "d8", "2026-03-09", now=later)
    with pytest.raises(InvalidInput, match=r"\(done d8\) would be of a visit that the version in force then"):
        begun.correct("P-001", number, "2026-03-05", why="misread", now=later)
