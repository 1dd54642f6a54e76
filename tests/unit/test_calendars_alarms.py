"""Alarms: how they are asked for, and when they ring."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.alarms import Alarm, parse_alarms
from calendars.entries import Entry, Level, derived_uid
from calendars.ics import calendar_file, form_of
from schedules.errors import InvalidInput
from schedules.plan import Status, Visit
from schedules.record import When
from schedules.spans import Span

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 3, 11)
TIMED = datetime(2026, 3, 11, 10, tzinfo=NEW_YORK)


def only(text: str) -> Alarm:
    (alarm,) = parse_alarms(text)
    return alarm


def triggers(when: When, alarms: str, status: Status = Status.BOOKED) -> list[str]:
    visit = Visit(id="v", label="V", epoch="e", place="clinic", status=status, planned=when)
    entry = Entry(
        visit=visit,
        uid=derived_uid("salt", "v"),
        sequence=0,
        changed=datetime(2026, 1, 1, tzinfo=UTC),
        subject="P-001",
        timezone="America/New_York",
    )
    data = calendar_file([entry], level=Level.FULL, alarms=parse_alarms(alarms)).decode()
    return [line.removeprefix("TRIGGER:") for line in data.split("\r\n") if line.startswith("TRIGGER")]


@pytest.mark.parametrize(
    ("text", "lead", "at"),
    [
        ("1 day before", Span(days=1), None),
        ("1 day before at 17:00", Span(days=1), time(17)),
        ("2 weeks before at 09:30", Span(days=14), time(9, 30)),
        ("2 hours before", Span(minutes=120, timed=True), None),
        ("PT90M before", Span(minutes=90, timed=True), None),
    ],
)
def test_an_alarm_as_it_is_asked_for(text: str, lead: Span, at: time | None) -> None:
    assert only(text) == Alarm(lead=lead, at=at)
    assert only(str(only(text))) == only(text)


def test_several_come_in_the_order_asked_for() -> None:
    assert [str(alarm) for alarm in parse_alarms("2 hours before, 1 day before at 17:00")] == [
        "2 hours before",
        "1 day before at 17:00",
    ]
    assert parse_alarms("") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tomorrow", "'tomorrow' is no alarm. Write '1 day before at 17:00', '1 day before' or '2 hours before'."),
        ("a day before", "'a day' is no length of time."),
        ("0 days before at 08:00", "it comes 1 to 28 days before, or some hours or minutes."),
        ("1 month before", "it comes 1 to 28 days before, or some hours or minutes."),
        ("5 weeks before", "it comes 1 to 28 days before, or some hours or minutes."),
        ("2 hours before at 08:00", "'2 hours before at 08:00' says both how many hours before and at what time."),
        ("1 day before at 24:00", "'24:00' has no time of the day."),
        (
            "1 day before at 00:00",
            "'1 day before at 00:00' rings at midnight. Choose an hour at which people are awake.",
        ),
        ("1 day before, 2 days before, 3 days before", "3 alarms are asked for, and a calendar has at most 2 a visit:"),
    ],
)
def test_what_is_no_alarm_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_alarms(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("when", "alarms", "expected"),
    [
        (DAY, "1 day before at 17:00", ["-PT7H"]),
        (DAY, "1 day before", ["-PT7H"]),
        (DAY, "1 week before at 08:30", ["-PT159H30M"]),
        (DAY, "2 hours before", []),
        (TIMED, "2 hours before", ["-PT2H"]),
        (TIMED, "90 minutes before", ["-PT1H30M"]),
        (TIMED, "1 day before", ["-PT24H"]),
        (TIMED, "1 day before at 17:00, 2 hours before", ["-PT17H", "-PT2H"]),
        (TIMED, "1 day before, 24 hours before", ["-PT24H"]),
        # The clocks go forward on 8 March: the same time a week before is an hour nearer.
        (TIMED, "1 week before", ["-PT167H"]),
    ],
)
def test_an_alarm_is_a_length_of_time_before_the_start(when: When, alarms: str, expected: list[str]) -> None:
    assert triggers(when, alarms) == expected


@pytest.mark.parametrize("status", [Status.DONE, Status.MISSED, Status.CANCELLED])
def test_what_is_over_or_off_rings_nothing(status: Status) -> None:
    assert triggers(TIMED, "2 hours before", status) == []


@given(
    st.integers(1, 28),
    st.none() | st.times(time(0, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.none() | st.times(),
)
def test_no_alarm_rings_after_the_start_or_at_the_midnight_of_a_day(
    days: int, at: time | None, day: date, clock: time | None
) -> None:
    at = None if at == time.min else at
    start = day if clock is None else datetime.combine(day, clock, NEW_YORK).astimezone(UTC).astimezone(NEW_YORK)
    ahead = Alarm(lead=Span(days=days), at=at).ahead(start)
    assert ahead is not None
    assert ahead > timedelta()
    assert clock is not None or ahead % timedelta(days=1)


def test_alarms_have_a_form_of_their_own() -> None:
    forms = {form_of(Level.CODED, "en", parse_alarms(text)) for text in ("", "1 day before", "2 hours before")}
    assert len(forms) == 3
