"""A release of the zone data, on every database: nothing moves by it, and a refresh proposes what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from scheduler import Scheduler, registering
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import Databases
from tests.zone_releases import Says, release

NOW = "2026-03-04T18:00"
MOVED = datetime(2026, 3, 9, 18, tzinfo=UTC)
BEFORE: Says = (6, ())
# On 10 March 2026 at midnight clocks go back by an hour.
AFTER: Says = (6, ((MOVED, 5),))
WEEK = frozenset(range(7))
# Six days and six hours after Day 1: an hour of them is one that comes twice.
HOURS = SMALL.replace("at: d1 + 6 hours, window: ±1 hour", "at: d1 + 150 hours, window: ±1 hour")


class Releases:
    """Installs one release after the other, as a site's machine gets them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack

    def install(self, **zones: Says) -> None:
        self.stack.enter_context(release(self.folder, **zones))


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[Releases]:
    with ExitStack() as stack:
        found = Releases(tmp_path, stack)
        found.install(Almaty=BEFORE)
        yield found


def begin(trial: Scheduler) -> None:
    """P-001 had Day 1 in the evening of 4 March, and is booked for ten on the 18th; P-002 is before it; P-003 died."""
    trial.add_protocol(HOURS.encode(), "small.yaml", now=ENROLLED)
    trial.add_site("ALA1", timezone="Asia/Almaty", weekdays=WEEK, now=ENROLLED)
    for name in ("P-001", "P-002", "P-003"):
        trial.enrol("SMALL", name, site="ALA1", dates={"d1": "2026-03-04"}, groups={"arm": "A"}, now=ENROLLED)
    trial.done("P-001", "d1", "2026-03-04T17:00", now=NOW)
    trial.book("P-001", "d15", "2026-03-18T10:00", now=NOW)
    trial.event("P-003", "death", "2026-03-03", now=NOW)


@pytest.fixture
def begun(database_url: str, releases: Releases) -> Iterator[Scheduler]:
    with Scheduler(database_url) as trial:
        begin(trial)
        yield trial


def planned(trial: Scheduler, visit: str, subject: str = "P-001") -> str:
    found = trial.plan(subject).visit(visit)
    assert found is not None
    return str(found.planned)


def told(data: bytes) -> dict[str, Any]:
    """Start and sequence number of each event."""
    events: list[Any] = [*Calendar.from_ical(data).walk("VEVENT")]
    return {str(event["SUMMARY"]): (str(event["DTSTART"].dt)[:16], int(event["SEQUENCE"])) for event in events}


def state(trial: Scheduler) -> tuple[object, ...]:
    return (
        trial.plan("P-001"),
        trial.plan("P-003"),
        *(trial.export(subject="P-001", level=level) for level in ("private", "coded", "full")),
        trial.export(site="ALA1", level="coded", department="imaging"),
        *(trial.audit(name, verify=True).problems for name in ("P-001", "P-002", "P-003")),
    )


def test_a_release_alone_moves_nothing(begun: Scheduler, releases: Releases) -> None:
    before = state(begun)
    assert planned(begun, "sample") == "2026-03-10 23:00:00+06:00"
    releases.install(Almaty=AFTER)
    assert state(begun) == before


def test_a_refresh_proposes_what_it_changes_and_then_does_it(begun: Scheduler, releases: Releases) -> None:
    before = state(begun)
    releases.install(Almaty=AFTER)
    tried = begun.refresh_site("ALA1", now=NOW, dry_run=True)
    assert state(begun) == before
    found = begun.refresh_site("ALA1", now=NOW)
    assert (tried.clocks, tried.changes.keys()) == (found.clocks, found.changes.keys())
    assert {name: change.diff for name, change in tried.changes.items()} == {
        name: change.diff for name, change in found.changes.items()
    }
    assert (found.new, found.after.revision, found.news) == (True, 2, ("new clocks",))
    assert found.clocks == ("In Asia/Almaty clocks go from +06:00 to +05:00 on 10 March 2026 at 00:00.",)
    assert [(one.subject, one.outcome, one.changes) for one in found.patients] == [
        ("P-001", "revised", True),
        ("P-002", "revised", True),
        ("P-003", "stopped", False),
    ]
    moves = {move.visit: (str(move.before), str(move.after)) for move in found.changes["P-001"].moved}
    assert moves == {"sample": ("2026-03-10 23:00:00+06:00", "2026-03-10 22:00:00+05:00")}
    assert found.patients[0].notes == (
        "d15 stays on 18 March 2026 at 10:00, which is 1 h later by the new clocks: tell whoever comes from another "
        "zone.",
    )
    assert all(begun.audit(name, verify=True).ok for name in ("P-001", "P-002", "P-003"))
    assert not begun.refresh_site("ALA1", now=NOW).new


def test_calendars_are_told_of_what_is_another_moment_now(begun: Scheduler, releases: Releases) -> None:
    before, blocks = told(begun.export(subject="P-001", level="coded")), zone_block(begun.export(subject="P-001"))
    releases.install(Almaty=AFTER)
    begun.refresh_site("ALA1", now=NOW)
    data = begun.export(subject="P-001", level="coded")
    after = told(data)
    raised = {name for name, (_, number) in after.items() if number > before[name][1]}
    assert raised == {"P-001 · Sample", "P-001 · Day 15"}
    assert after["P-001 · Day 15"][0] == before["P-001 · Day 15"][0] == "2026-03-18 10:00"
    assert after["P-001 · Sample"][0] == "2026-03-10 22:00"
    assert "TZOFFSETTO:+0500" not in blocks
    assert "TZOFFSETTO:+0500" in zone_block(data)
    assert data == begun.export(subject="P-001", level="coded")


def zone_block(data: bytes) -> str:
    text = data.decode()
    return text[text.index("BEGIN:VTIMEZONE") : text.index("END:VTIMEZONE")]


def test_reminders_are_timed_by_the_new_clocks(begun: Scheduler, releases: Releases) -> None:
    begun.add_contact(role="patient", subject="P-001", email="patient@example.org", now=NOW)

    def queued() -> dict[str, str]:
        return {item.visit: f"{item.due.astimezone(UTC):%Y-%m-%d %H:%M}" for item in begun.reminders("P-001")}

    assert queued()["d15"] == "2026-03-17 11:00"
    releases.install(Almaty=AFTER)
    begun.refresh_site("ALA1", now=NOW)
    assert queued()["d15"] == "2026-03-17 12:00"


def test_a_release_that_does_not_touch_the_zone_makes_no_revision(begun: Scheduler, releases: Releases) -> None:
    releases.install(Almaty=BEFORE, Urumqi=AFTER)
    found = begun.refresh_site("ALA1", now=NOW)
    assert (found.new, found.after.revision, found.clocks) == (False, 1, ())


def test_undo_takes_new_clocks_back(begun: Scheduler, releases: Releases) -> None:
    before = begun.plan("P-001")
    releases.install(Almaty=AFTER)
    begun.refresh_site("ALA1", now=NOW)
    begun.undo("P-001", now=NOW)
    assert begun.plan("P-001") == before
    assert begun.audit("P-001", verify=True).ok


def test_a_site_of_before_clocks_were_recorded_gets_them_and_nobody_moves(
    database_url: str, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, Scheduler(database_url) as trial:
        patch.setattr(registering, "installed_clocks", lambda key: None)
        begin(trial)
        before = trial.plan("P-001")
    with Scheduler(database_url) as trial:
        found = trial.refresh_site("ALA1", now=NOW)
        assert (found.new, found.clocks) == (True, ("How clocks go in Asia/Almaty is recorded from now on.",))
        assert not any(one.changes or one.notes for one in found.patients)
        assert trial.plan("P-001") == before
        assert trial.audit("P-001", verify=True).ok
        releases.install(Almaty=AFTER)
        assert trial.plan("P-001") == before


def test_what_happened_by_the_old_clocks_stays_as_it_was(begun: Scheduler, releases: Releases) -> None:
    begun.done("P-001", "sample", "2026-03-10T23:30", now="2026-03-11T09:00")
    before = begun.plan("P-001")
    releases.install(Almaty=AFTER)
    begun.refresh_site("ALA1", now="2026-03-11T10:00")
    after = begun.plan("P-001")
    assert (after.deviations, before.deviations) == ((), ())
    one, two = before.visit("sample"), after.visit("sample")
    assert one is not None
    assert two is not None
    assert f"{one.actual:%H:%M}" == f"{two.actual:%H:%M}" == "23:30"
    assert begun.audit("P-001", verify=True).ok


def test_an_exported_record_is_the_same_under_another_release(
    begun: Scheduler, releases: Releases, databases: Databases
) -> None:
    begun.done("P-001", "sample", "2026-03-10T23:30", now="2026-03-11T09:00")
    before, data = begun.export(subject="P-001", level="full"), begun.export_record("P-001")
    releases.install(Almaty=AFTER)
    url = databases.make(migrated=True)
    with Scheduler(url) as other:
        assert other.import_record(data, now=NOW).warnings == ()
        assert other.plan("P-001") == begun.plan("P-001")
        assert other.export(subject="P-001", level="full") == before
        assert other.export_record("P-001") == data
        assert other.audit("P-001", verify=True).ok
    databases.drop(url)


def test_the_same_site_again_is_the_same_under_another_release(begun: Scheduler, releases: Releases) -> None:
    releases.install(Almaty=AFTER)
    assert begun.add_site("ALA1", timezone="Asia/Almaty", weekdays=WEEK, now=ENROLLED).revision == 1


def test_the_night_tells_of_a_release(begun: Scheduler, releases: Releases) -> None:
    assert begun.look_after(now=NOW).notes == ()
    releases.install(Almaty=AFTER)
    assert begun.look_after(now=NOW).notes == (
        "clocks at site ALA1 go otherwise by now: In Asia/Almaty clocks go from +06:00 to +05:00 on 10 March 2026 at "
        "00:00. 'dayzero site refresh ALA1' tells all",
    )
