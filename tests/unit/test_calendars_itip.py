"""Invitations and cancellations: what a mail client must find in them, and what it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from calendars.entries import Entry, Level, derived_uid
from calendars.ics import calendar_file
from calendars.itip import LONGEST_ADDRESS, METHODS, Method, itip_message
from schedules.errors import InvalidInput, UnknownName
from schedules.plan import Status, Visit

CHANGED = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
D1 = Visit(
    id="d1",
    label="Day 1",
    epoch="treatment",
    place="ward",
    status=Status.BOOKED,
    planned=datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("America/New_York")),
    duration=timedelta(hours=4),
    activities=("infusion",),
)
D10 = replace(D1, id="d10", label="Day 10", status=Status.PLANNED, planned=date(2026, 3, 11), duration=None)


def entry(visit: Visit) -> Entry:
    return Entry(
        visit=visit,
        uid=derived_uid("salt", visit.id),
        sequence=3,
        changed=CHANGED,
        subject="P-001",
        timezone="America/New_York",
        activities={"infusion": "NEUK203-13 IV infusion"},
    )


def message(visit: Visit = D1, method: Method = "REQUEST", **changes: Any) -> bytes:
    given = {"organizer": "visits@example.org", "attendee": "nurse@example.org", "level": Level.CODED, "language": "en"}
    return itip_message(entry(visit), method=method, **(given | changes))


def only(data: bytes) -> Event:
    (event,) = Calendar.from_ical(data).events
    return event


def unfolded(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n ", b"").split(b"\r\n")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("visit", [D1, D10], ids=["timed", "all day"])
def test_a_message_is_one_event_between_two_addresses(method: Method, visit: Visit) -> None:
    data = message(visit, method)
    assert unfolded(data).count(f"METHOD:{method}".encode()) == 1
    assert unfolded(data).count(b"BEGIN:VEVENT") == 1
    assert b"ORGANIZER:mailto:visits@example.org" in unfolded(data)
    assert str(only(data)["ATTENDEE"]) == "mailto:nurse@example.org"


def test_who_is_invited_is_not_asked_to_answer() -> None:
    line = b"ATTENDEE;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:nurse@example.org"
    assert line in unfolded(message())
    assert b"ATTENDEE:mailto:nurse@example.org" in unfolded(message(method="CANCEL"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", Level)
def test_a_message_is_the_event_of_the_file(method: Method, level: Level) -> None:
    filed = only(calendar_file([entry(D1)], level=level, language="de"))
    sent = only(message(method=method, level=level, language="de"))
    same = {"UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION"}
    for name in same & {*filed, *sent}:
        assert sent[name].to_ical() == filed[name].to_ical(), name
    assert set(sent) - set(filed) == {"ORGANIZER", "ATTENDEE"}


def test_what_is_called_off_is_cancelled_and_takes_no_time() -> None:
    sent = only(message(method="CANCEL"))
    assert (sent["STATUS"], sent["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert (only(message())["STATUS"], only(message())["TRANSP"]) == ("CONFIRMED", "OPAQUE")


def test_the_zone_comes_with_a_time_and_with_nothing_else() -> None:
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(message()).timezones] == ["America/New_York"]
    assert b"VTIMEZONE" not in message(D10)


def test_a_message_names_no_calendar_and_rings_no_alarm() -> None:
    assert not any(word in message() for word in (b"\nNAME:", b"CALNAME", b"VALARM", b"REFRESH"))


def test_the_same_state_gives_the_same_bytes() -> None:
    assert message() == message()


@pytest.mark.parametrize("method", METHODS)
def test_private_tells_nothing_but_the_addresses(method: Method) -> None:
    text = message(method=method, level=Level.PRIVATE).decode().casefold()
    assert not any(word in text for word in ("p-001", "day 1", "ward", "infusion", "neuk", "d1"))
    assert str(only(message(level=Level.PRIVATE))["SUMMARY"]) == "Visit"


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.MISSED])
def test_nobody_is_invited_to_what_does_not_take_place(status: Status) -> None:
    off = replace(D1, status=status)
    with pytest.raises(InvalidInput, match=rf"^Visit d1 is {status}\. Send a CANCEL for it, not a REQUEST\.$"):
        message(off)
    assert only(message(off, "CANCEL"))["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("method", METHODS)
def test_a_visit_without_a_date_has_no_message(method: Method) -> None:
    waiting = replace(D10, status=Status.CONDITIONAL, planned=None)
    with pytest.raises(InvalidInput, match=r"^Visit d10 has no date, so it can neither be announced nor called off\."):
        message(waiting, method)


@pytest.mark.parametrize(
    "address",
    [
        *("", "ward", "ward@", "@example.org", "a@b@example.org", "ward @example.org", "Ward <ward@example.org>"),
        *("a@example.org,b@example.org", "ward@example.org\r\nX: y", "ward@example.org\x00", "mailto:a@example.org"),
        "a" * LONGEST_ADDRESS + "@example.org",
    ],
)
@pytest.mark.parametrize("role", ["organizer", "attendee"])
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str, role: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        message(D1, "REQUEST", **{role: address})
    assert str(caught.value) == (
        f"The {role} of a calendar message has no single plain e-mail address, such as visits@example.org. "
        "Mend it where it was given."
    )


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("a+b@example.org", "mailto:a+b@example.org"),
        ("50%&more?@example.org", "mailto:50%25%26more%3F@example.org"),
        ("张@例子.example", "mailto:%E5%BC%A0@%E4%BE%8B%E5%AD%90.example"),
    ],
)
def test_an_address_is_a_uri(address: str, uri: str) -> None:
    assert f"ORGANIZER:{uri}".encode() in unfolded(message(organizer=address))


def test_other_methods_and_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="a message is a REQUEST or a CANCEL, not a PUBLISH"):
        message(method="PUBLISH")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="There is no language 'fr'"):
        message(language="fr")


@pytest.mark.parametrize("method", METHODS)
def test_a_message_survives_its_way_through_e_mail(method: Method) -> None:
    letter = EmailMessage(policy=policy.SMTP)
    letter.set_content("You have an appointment.")
    letter.add_alternative(
        message(method=method, language="zh"), "text", "calendar", params={"method": method, "charset": "utf-8"}
    )
    (calendar,) = [
        found
        for found in message_from_bytes(letter.as_bytes(), policy=policy.default).walk()
        if found.get_content_type() == "text/calendar"
    ]
    assert calendar.get_param("method") == method
    assert calendar.get_payload(decode=True) == message(method=method, language="zh")
