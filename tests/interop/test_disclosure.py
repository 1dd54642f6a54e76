"""At level private no calendar tells anything of template or record: every word of both is looked for in its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from calendars.alarms import parse_alarms
from calendars.entries import EXTRAS, Level, file_name
from calendars.ics import calendar_file
from calendars.itip import METHODS, itip_message
from calendars.words import LANGUAGES, words
from schedules.catalogue import read, shipped
from schedules.errors import InvalidInput
from tests.interop.plans import PROTOCOLS, SUBJECT, case

# The words of RFC 5545 and 5546, of the program's own name, and of the zone: all that is said besides fixed words.
FORMAT = re.findall(
    r"\w+",
    """
    begin end vcalendar version prodid dayzero visits en calscale gregorian name x wr calname method request cancel
    vtimezone tzid standard daylight dtstart tzoffsetfrom tzoffsetto tzname rrule freq yearly byday bymonth su
    america new york est edt
    vevent summary dtend dtstamp uid sequence last modified status transp value date
    tentative confirmed cancelled opaque transparent
    valarm action display description trigger pt h m t z
    organizer attendee mailto example org partstat needs role req participant rsvp false
    """,
)
# Words that only the disclosure of a visit's name, place or activity could bring into a calendar.
PLACES = ("ward", "clinic", "phone", "remote", "telephone", "病房", "门诊", "station", "ambulanz", "planta", "consulta")


def tokens(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.casefold()))


def private(protocol: str, language: str) -> list[bytes]:
    """All that is made of a patient at level private: files with all that can be in them, and messages."""
    found = case(protocol)
    alarms = parse_alarms("1 day before at 17:00, 2 hours before")
    made = [
        calendar_file(
            found.entries, language=language, name=SUBJECT, periods=found.periods, extras=extras, alarms=alarms
        )
        for extras in ((), EXTRAS)
    ]
    for entry in found.entries:
        for method in METHODS:
            try:
                made.append(
                    itip_message(
                        entry,
                        method=method,
                        organizer="a@example.org",
                        attendee="b@example.org",
                        level=Level.PRIVATE,
                        language=language,
                    )
                )
            except InvalidInput:
                continue
    return made


def unfolded(data: bytes) -> str:
    return data.replace(b"\r\n ", b"").decode()


def without_uids(text: str) -> str:
    return re.sub(r"UID:[0-9a-f-]{36}", "UID:", text)


def fixed(language: str) -> set[str]:
    own = words(language)
    return tokens(" ".join((own.visit, own.visits, own.window, own.period, own.sample)))


def secrets(protocol: str) -> set[str]:
    """Every word of the template's file, of the plan made from it, and of the record."""
    item = next(item for item in shipped() if item.protocol == protocol)
    found = case(protocol)
    spoken: Iterable[str] = (
        read(item).decode(),
        SUBJECT,
        *(visit.label for visit in found.plan.visits),
        *found.plan.activities.values(),
        *(period.label for period in found.plan.periods),
        *PLACES,
    )
    return tokens(" ".join(spoken))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_private_says_only_fixed_words(protocol: str, language: str) -> None:
    allowed = {*FORMAT, *fixed(language), "a", "b"}
    for data in private(protocol, language):
        told = tokens(without_uids(unfolded(data)))
        assert told - allowed == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_word_of_template_or_record_is_in_the_bytes(protocol: str, language: str) -> None:
    allowed = {*FORMAT, *fixed(language)}
    # A word of two letters is in any text; within others it says nothing.
    looked_for = {word for word in secrets(protocol) - allowed if len(word) > 2}
    assert len(looked_for) > 100
    long = [word for word in looked_for if len(word) > 7 and not any(word in known for known in allowed)]
    for data in private(protocol, language):
        text = without_uids(unfolded(data)).casefold()
        alone = tokens(text)
        assert looked_for & alone == set()
        assert [word for word in long if word in text] == []
        assert SUBJECT.casefold() not in text
        assert protocol.casefold() not in text


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_search_finds_what_the_other_levels_tell(protocol: str) -> None:
    found = case(protocol)
    data = calendar_file(found.entries, level=Level.FULL, name=SUBJECT, periods=found.periods, extras=EXTRAS)
    told = tokens(unfolded(data))
    assert len(told & secrets(protocol) - set(FORMAT)) > 20
    assert SUBJECT.encode() in data


def test_the_name_of_a_file_says_nothing() -> None:
    assert {file_name(Level.PRIVATE, name) for name in (SUBJECT, "BJ01", *PROTOCOLS)} == {"visits.ics"}
    assert file_name(Level.CODED, SUBJECT) == f"visits-{SUBJECT}.ics"


def test_a_uid_is_of_no_use_to_who_does_not_know_the_salt() -> None:
    uids = {entry.uid for entry in case("NEUK203-13").entries}
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uid) for uid in uids
    )
