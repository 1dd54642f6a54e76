"""New days of a site, on every database: closures and holidays read anew, and the patients they move (design §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from scheduler import Scheduler, revising
from schedules.errors import InvalidInput, UnknownName
from schedules.record import Kind
from schedules.site import Site
from tests.contract.conftest import ENROLLED

NOW = "2026-03-04T18:00"
CLOSED = (date(2026, 3, 16), date(2026, 3, 17))


@pytest.fixture
def begun(enrolled: Scheduler) -> Scheduler:
    """P-001 had day 1 on 2 March, and day 15 is planned for 16 March; P-002 died; P-003 is booked for its day 15."""
    enrolled.enrol("SMALL", "P-002", site="BJ01", groups={"arm": "B"}, now=ENROLLED)
    enrolled.event("P-002", "death", "2026-02-01", now=NOW)
    enrolled.enrol("SMALL", "P-003", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    enrolled.done("P-001", "d1", "2026-03-02T10:00", now=NOW)
    enrolled.book("P-003", "d15", "2026-03-16T09:00", now=NOW)
    return enrolled


def planned(trial: Scheduler, subject: str, visit: str) -> object:
    found = trial.plan(subject).visit(visit)
    assert found is not None
    return found.planned


def test_a_closure_moves_what_was_planned_and_keeps_what_is_booked(begun: Scheduler) -> None:
    dead, done = begun.show("P-002", now=NOW), planned(begun, "P-001", "d1")
    seen: list[tuple[int, int]] = []
    found = begun.close_site(
        "BJ01", CLOSED, why="Power cut", now=NOW, by="cora", progress=lambda number, of: seen.append((number, of))
    )
    assert (found.before.revision, found.after.revision) == (1, 2)
    assert [(one.subject, one.outcome) for one in found.patients] == [
        ("P-001", "on the new days"),
        ("P-002", "stopped"),
        ("P-003", "on the new days"),
    ]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert planned(begun, "P-001", "d15") == date(2026, 3, 15), "the nearest open day in its window"
    assert [(move.visit, move.after) for move in found.changes["P-001"].moved] == [("d15", date(2026, 3, 15))]
    assert str(planned(begun, "P-003", "d15")).startswith("2026-03-16 09:00")
    assert [conflict.visit for conflict in begun.plan("P-003").conflicts] == ["d15"]
    assert found.patients[2].notes == ("d15 is booked for 16 March 2026 at 09:00, and Power cut: book it anew.",)
    assert planned(begun, "P-001", "d1") == done
    assert begun.show("P-002", now=NOW) == dead
    fact = begun.audit("P-001").record.facts[-1]
    assert (fact.kind, fact.name, fact.why, fact.by) == (Kind.SITE_REVISED, "BJ01", "Power cut", "cora")
    for subject in ("P-001", "P-002", "P-003"):
        assert begun.audit(subject, verify=True).problems == ()


def test_a_dry_run_shows_the_same_and_writes_nothing(begun: Scheduler) -> None:
    heads = {name: begun.audit(name).head for name in ("P-001", "P-002", "P-003")}
    tried = begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW, dry_run=True)
    assert begun.site("BJ01").revision == 1
    assert {name: begun.audit(name).head for name in heads} == heads
    done = begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW)
    assert done.patients == tried.patients


def test_a_second_run_goes_on_with_who_is_not_there_yet(begun: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    one = revising._one

    def fails_at_the_third(*given: object) -> object:
        if given[1] == "P-003":
            raise OSError("the power went")
        return one(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(revising, "_one", fails_at_the_third)
    with pytest.raises(OSError, match="the power went"):
        begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW)
    monkeypatch.setattr(revising, "_one", one)
    found = begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW)
    assert found.before == found.after == begun.site("BJ01")
    assert [one.outcome for one in found.patients] == ["there already", "stopped", "on the new days"]
    assert [conflict.visit for conflict in begun.plan("P-003").conflicts] == ["d15"]


def test_new_patients_are_planned_by_the_new_days(begun: Scheduler) -> None:
    begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW)
    begun.enrol("SMALL", "P-004", site="BJ01", dates={"d1": "2026-03-03"}, groups={"arm": "A"}, now=NOW)
    assert planned(begun, "P-004", "d15") == date(2026, 3, 18), "17 March is closed, and the 15th is farther"
    assert begun.audit("P-004", verify=True).problems == ()


def test_a_closure_can_be_taken_back_for_a_patient(begun: Scheduler) -> None:
    begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW, by="cora")
    begun.undo("P-001", by="cora", now=NOW)
    assert planned(begun, "P-001", "d15") == date(2026, 3, 16)
    assert begun.audit("P-001", verify=True).problems == ()


def test_a_closure_wants_a_reason_and_keeps_the_one_it_has(begun: Scheduler) -> None:
    with pytest.raises(InvalidInput, match=r"A closure wants a reason, .* Give it with --why\."):
        begun.close_site("BJ01", CLOSED, now=NOW)
    begun.close_site("BJ01", CLOSED, why="Power cut", now=NOW)
    with pytest.raises(InvalidInput, match=r"BJ01 is closed on 17 March 2026 already: Power cut\. Leave that day out"):
        begun.close_site("BJ01", (date(2026, 3, 17), date(2026, 3, 18)), why="Building works", now=NOW)
    with pytest.raises(UnknownName, match="There is no site 'BJ02'"):
        begun.close_site("BJ02", CLOSED, why="Power cut", now=NOW)
    assert begun.site("BJ01").revision == 2


def test_holidays_are_read_anew(begun: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match=r"BJ01 keeps no public holidays, so there is nothing to read anew\."):
        begun.refresh_site("BJ01", now=NOW)
    begun.add_site("DE01", timezone="Europe/Berlin", holidays="DE-BE", now=NOW)
    begun.enrol("SMALL", "P-005", site="DE01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    same = begun.refresh_site("DE01", now=NOW)
    assert (same.after.revision, [one.outcome for one in same.patients]) == (1, ["there already"])

    def decreed(site: Site, *_: object) -> Site:
        return replace(site, closed=tuple(sorted((*site.closed, (date(2026, 3, 16), "A day of mourning")))))

    monkeypatch.setattr(revising, "with_holidays", decreed)
    assert planned(begun, "P-005", "d15") == date(2026, 3, 16)
    found = begun.refresh_site("DE01", why="decreed in February", now=NOW)
    assert (found.after.revision, found.after.why_closed(date(2026, 3, 16))) == (2, "A day of mourning")
    assert planned(begun, "P-005", "d15") == date(2026, 3, 17)
    assert begun.audit("P-005", verify=True).problems == ()


def test_the_years_that_are_known_stay_known(begun: Scheduler) -> None:
    begun.add_site("DE01", timezone="Europe/Berlin", holidays="DE-BE", now="2026-03-04T18:00")
    first = begun.site("DE01").closed[0][0].year
    later = begun.refresh_site("DE01", now=datetime(2030, 1, 1).astimezone())
    assert (later.after.closed[0][0].year, later.after.closed[-1][0].year) == (first, 2060)
