"""What becomes of waiting reminders when a plan changes, and where quiet hours put them (design §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.queueing import NOT_WANTED, TOO_LATE, after_quiet, reconcile
from scheduler.store.outbox import MISSED, PENDING, SENT, SUPPRESSED, Item, Wanted

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WANTED = Wanted(
    visit="d1",
    visit_revision=1,
    role="patient",
    rule="1 day before",
    event="before",
    recipient=7,
    moment=NOW + HOUR,
    due=NOW + HOUR,
    useful_to=NOW + 24 * HOUR,
)


def item(wanted: Wanted = WANTED, state: str = PENDING, number: int = 1) -> Item:
    return Item(id=number, subject="P-001", wanted=wanted, state=state, attempts=0)


def steps(
    items: list[Item], wanted: list[Wanted], since: datetime = NOW
) -> tuple[tuple[Wanted, ...], tuple[tuple[int, Wanted], ...], tuple[tuple[int, str], ...]]:
    found = reconcile(items, wanted, now=NOW, since=since, until=NOW + timedelta(days=60))
    return found.add, found.retime, found.suppress


def moved(by: timedelta, revision: int = 2) -> Wanted:
    moment = WANTED.moment + by
    return replace(WANTED, moment=moment, due=moment, visit_revision=revision)


def test_a_new_reminder_is_added() -> None:
    assert steps([], [WANTED]) == ((WANTED,), (), ())


def test_a_known_reminder_is_left_alone() -> None:
    assert steps([item()], [WANTED]) == ((), (), ())


@pytest.mark.parametrize("by", [-2 * HOUR, -HOUR, timedelta(days=60)])
def test_what_is_past_or_beyond_the_horizon_is_not_added(by: timedelta) -> None:
    assert steps([], [moved(by)]) == ((), (), ())


def test_what_fell_due_since_the_last_time_is_added() -> None:
    late = moved(-3 * HOUR)
    assert steps([], [late], since=NOW - 5 * HOUR) == ((late,), (), ())


def test_a_moved_one_is_retimed_even_beyond_the_horizon() -> None:
    for by in (HOUR, timedelta(days=100)):
        assert steps([item()], [moved(by)]) == ((), ((1, moved(by)),), ())


def test_one_moved_into_the_past_is_suppressed() -> None:
    assert steps([item()], [moved(-2 * HOUR)]) == ((), (), ((1, TOO_LATE),))


def test_one_no_longer_wanted_is_suppressed() -> None:
    assert steps([item()], []) == ((), (), ((1, NOT_WANTED),))


def test_one_that_is_due_and_unsent_is_kept_through_a_change() -> None:
    due = replace(WANTED, moment=NOW - HOUR, due=NOW - HOUR)
    changed = replace(due, visit_revision=2)
    assert steps([item(due)], [changed]) == ((), ((1, changed),), ())


def test_a_claimed_one_keeps_its_lease_through_a_change_of_revision() -> None:
    leased = replace(WANTED, moment=NOW - HOUR, due=NOW + timedelta(minutes=5))
    changed = replace(WANTED, moment=NOW - HOUR, due=NOW - HOUR, visit_revision=2)
    assert steps([item(leased)], [changed]) == ((), ((1, replace(leased, visit_revision=2)),), ())


@pytest.mark.parametrize("state", [SENT, MISSED])
def test_what_was_told_is_not_told_again_for_the_same_moment(state: str) -> None:
    assert steps([item(state=state)], [replace(WANTED, visit_revision=2)]) == ((), (), ())


def test_what_was_told_is_told_anew_for_another_moment() -> None:
    assert steps([item(state=SENT)], [moved(HOUR)]) == ((moved(HOUR),), (), ())


def test_what_was_sent_for_a_revision_is_not_sent_for_it_again() -> None:
    assert steps([item(state=SENT)], [moved(HOUR, revision=1)]) == ((), (), ())


def test_a_suppressed_one_waits_again_when_it_is_wanted_again() -> None:
    assert steps([item(state=SUPPRESSED)], [WANTED]) == ((), ((1, WANTED),), ())
    again = replace(WANTED, visit_revision=2)
    assert steps([item(state=SUPPRESSED)], [again]) == ((again,), (), ())


def test_recipients_and_rules_are_apart() -> None:
    others = [replace(WANTED, recipient=8), replace(WANTED, rule="2 days before"), replace(WANTED, visit="d4")]
    assert steps([item()], [WANTED, *others]) == (tuple(others), (), ())


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NIGHT = (time(21), time(8))


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        ("2026-03-01T20:59:59", "2026-03-01T20:59:59"),
        ("2026-03-01T21:00", "2026-03-02T08:00"),
        ("2026-03-01T23:30", "2026-03-02T08:00"),
        ("2026-03-02T00:00", "2026-03-02T08:00"),
        ("2026-03-02T07:59", "2026-03-02T08:00"),
        ("2026-03-02T08:00", "2026-03-02T08:00"),
    ],
)
def test_quiet_hours_over_midnight(moment: str, after: str) -> None:
    assert after_quiet(at(moment), NIGHT) == at(after)


def test_quiet_hours_in_the_day() -> None:
    noon = (time(12), time(14))
    assert after_quiet(at("2026-03-01T13:00"), noon) == at("2026-03-01T14:00")
    assert after_quiet(at("2026-03-01T14:00"), noon) == at("2026-03-01T14:00")
    assert after_quiet(at("2026-03-01T13:00"), None) == at("2026-03-01T13:00")


def test_quiet_hours_end_by_the_clock_after_it_was_changed() -> None:
    berlin = after_quiet(at("2026-03-28T22:00", "Europe/Berlin"), NIGHT)
    assert berlin.isoformat() == "2026-03-29T08:00:00+02:00"
    # 02:30 does not exist that night: quiet hours that end then end at the same instant, read after the change.
    gap = after_quiet(at("2026-03-28T22:00", "Europe/Berlin"), (time(21), time(2, 30)))
    assert gap.isoformat() == "2026-03-29T03:30:00+02:00"


ZONES = st.sampled_from(["UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Europe/Berlin"])
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(moment=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), zone=ZONES, quiet=st.tuples(CLOCKS, CLOCKS))
def test_quiet_hours_never_hasten_and_end_within_a_day(moment: datetime, zone: str, quiet: tuple[time, time]) -> None:
    here = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    after = after_quiet(here, None if quiet[0] == quiet[1] else quiet)
    delay = after.astimezone(UTC) - here.astimezone(UTC)
    assert timedelta() <= delay <= timedelta(hours=25)
