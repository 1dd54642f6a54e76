"""New days of a site, on every database: proposed, then put in force by facts (design §6)."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler import Scheduler, revising
from schedules.errors import InvalidInput
from schedules.opendays import with_holidays
from schedules.site import Site
from tests.contract.conftest import ENROLLED
from tests.support import day

NOW = "2026-03-04T18:00"
MONDAY = (day("2026-03-16"),)


@pytest.fixture
def begun(enrolled: Scheduler) -> Scheduler:
    """P-001 had day 1 on 2 March, so that day 15 is on Monday 16 March; P-002 is before it, P-003 died."""
    enrolled.done("P-001", "d1", "2026-03-02T10:00", now=NOW)
    for name in ("P-002", "P-003"):
        enrolled.enrol("SMALL", name, site="BJ01", groups={"arm": "A"}, enrolled="2026-03-02", now=NOW)
    enrolled.event("P-003", "death", "2026-03-03", now=NOW)
    return enrolled


def test_a_closure_moves_whom_it_concerns_and_reaches_everybody(begun: Scheduler) -> None:
    found = begun.close_site("BJ01", MONDAY, why="inspection", now=NOW)
    assert (found.before.revision, found.after.revision, found.new) == (1, 2, True)
    assert [(one.subject, one.outcome, one.changes) for one in found.patients] == [
        ("P-001", "revised", True),
        ("P-002", "revised", False),
        ("P-003", "stopped", False),
    ]
    assert [(move.visit, str(move.after)) for move in found.changes["P-001"].moved] == [("d15", "2026-03-15")]
    fact = begun.audit("P-002").record.facts[-1]
    assert (fact.kind, fact.name, fact.why, fact.values["site_revision"]) == ("site-revised", "BJ01", "inspection", "2")
    assert [begun.show(name, now=NOW).site.revision for name in ("P-001", "P-002", "P-003")] == [2, 2, 1]
    assert all(begun.audit(name, verify=True).ok for name in ("P-001", "P-002", "P-003"))


def test_it_is_proposed_before_anything_is_written(begun: Scheduler) -> None:
    before = begun.show("P-001", now=NOW)
    found = begun.close_site("BJ01", MONDAY, why="inspection", now=NOW, dry_run=True)
    assert [move.visit for move in found.changes["P-001"].moved] == ["d15"]
    assert (begun.site("BJ01").revision, begun.show("P-001", now=NOW)) == (1, before)


def test_what_is_booked_on_a_closed_day_stays_and_is_listed(begun: Scheduler) -> None:
    begun.book("P-001", "d15", "2026-03-16", now=NOW)
    found = begun.close_site("BJ01", MONDAY, why="inspection", now=NOW)
    assert begun.show("P-001", now=NOW).plan.conflicts[0].visit == "d15"
    assert found.patients[0].notes == (
        "d15 stays booked for 16 March 2026, when BJ01 is closed (inspection): book it for another day.",
    )


def test_a_second_run_goes_on_where_the_first_broke_off(begun: Scheduler) -> None:
    def break_off(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begun.close_site("BJ01", MONDAY, why="inspection", now=NOW, progress=break_off)
    again = begun.close_site("BJ01", MONDAY, why="inspection", now=NOW)
    assert (again.new, [one.outcome for one in again.patients]) == (False, ["there already", "revised", "stopped"])


def test_what_was_done_stays_judged_by_the_days_of_then(begun: Scheduler) -> None:
    begun.done("P-001", "d15", "2026-03-18", now="2026-03-18T12:00")
    before = begun.plan("P-001")
    begun.close_site("BJ01", MONDAY, why="inspection", now="2026-03-19T12:00")
    after = begun.plan("P-001")
    assert (after.visit("d15"), after.deviations) == (before.visit("d15"), before.deviations)


def test_a_new_patient_is_planned_by_the_new_days(begun: Scheduler) -> None:
    begun.close_site("BJ01", MONDAY, why="inspection", now=NOW)
    begun.enrol("SMALL", "P-004", site="BJ01", groups={"arm": "A"}, now=NOW)
    assert begun.show("P-004", now=NOW).site.revision == 2


def test_a_closure_that_is_none_is_refused(begun: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"A closure wants a reason\. Give it with --why\."):
        begun.close_site("BJ01", MONDAY, why=" ", now=NOW)
    with pytest.raises(InvalidInput, match=r"A closure is of 1 to 366 days, and 0 were given\."):
        begun.close_site("BJ01", (), why="inspection", now=NOW)


def test_another_release_of_the_holidays_makes_a_revision(trial: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.add_site("BJ02", timezone="Asia/Shanghai", holidays="CN", now=ENROLLED)
    trial.enrol("SMALL", "P-001", site="BJ02", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    assert not trial.refresh_site("BJ02", now=NOW).new

    def released(site: Site, holidays: str, first: int, last: int) -> Site:
        from dataclasses import replace

        known = with_holidays(site, holidays, first, last)
        return replace(known, closed=tuple(sorted((*known.closed, (date(2026, 3, 16), "A new holiday")))))

    monkeypatch.setattr(revising, "with_holidays", released)
    found = trial.refresh_site("BJ02", now=NOW)
    assert (found.new, [move.visit for move in found.changes["P-001"].moved]) == (True, ["d15"])
    assert not trial.refresh_site("BJ02", now=NOW).new
