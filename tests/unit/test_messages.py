"""What reminders say: to a patient no more than needed (design §1, guarantee 5)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from calendars.entries import Level
from calendars.messages import (
    EVENTS,
    digest_text,
    digest_title,
    probe_text,
    questions_text,
    reminder_text,
    stop_text,
    title_text,
)
from calendars.words import LANGUAGES
from schedules.errors import UnknownName
from schedules.record import When

TUESDAY = date(2026, 3, 3)
AT_TEN = datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def text(
    event: str = "before", when: When = TUESDAY, level: Level = Level.PRIVATE, language: str = "en", zone: str = ""
) -> str:
    return reminder_text(
        event,
        subject="P-001",
        label="Day 1",
        when=when,
        closes=date(2026, 3, 5),
        level=level,
        language=language,
        zone=ZoneInfo(zone) if zone else None,
        activities=["Infusion, Arm A", "Thaw"],
        before=datetime(2026, 3, 2, 9, 0, tzinfo=AT_TEN.tzinfo),
        detail="eligible",
    )


def title(event: str, level: Level = Level.PRIVATE, language: str = "en") -> str:
    return title_text(event, subject="P-001", label="Day 1", when=AT_TEN, level=level, language=language)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "You have an appointment on Tuesday 3 March 2026 at 10:00."),
        ("zh", "您的预约时间是2026年3月3日星期二 10:00。"),
        ("de", "Sie haben einen Termin am Dienstag, 3. März 2026 um 10:00 Uhr."),
        ("es", "Tiene una cita el martes, 3 de marzo de 2026 a las 10:00."),
    ],
)
def test_a_patient_is_told_day_and_time(language: str, told: str) -> None:
    assert text(when=AT_TEN, language=language) == told


def test_without_a_time_only_the_day_is_told() -> None:
    assert text() == "You have an appointment on Tuesday 3 March 2026."


def test_what_was_not_heard_of_asks_for_a_call() -> None:
    assert text("overdue") == "Please call your care team about your appointment on Tuesday 3 March 2026."


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_privacy_holds_for_every_event_and_language(event: str, language: str) -> None:
    told = text(event, language=language) + title(event, language=language)
    assert not [word for word in ("P-001", "Day 1", "Infusion", "Thaw", "eligible") if word in told]
    coded = text(event, level=Level.CODED, language=language)
    assert "P-001" in coded
    assert "Infusion" not in coded
    assert "Day 1" in coded
    assert ("eligible" in coded) == (event in ("expires", "gate", "conflict"))
    assert "P-001" in title(event, level=Level.CODED, language=language)


@pytest.mark.parametrize("event", EVENTS)
def test_every_language_has_a_sentence_of_its_own(event: str) -> None:
    for level in (Level.PRIVATE, Level.CODED):
        assert len({text(event, level=level, language=language) for language in LANGUAGES}) == len(LANGUAGES)
        assert len({title(event, level=level, language=language) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            "moved",
            "Your appointment has moved. It was on Monday 2 March 2026 at 09:00. It is now on Tuesday 3 March 2026 "
            "at 10:00.",
        ),
        ("cancelled", "Your appointment on Tuesday 3 March 2026 at 10:00 is cancelled."),
        (
            "period",
            "A part of your care plan ends on Tuesday 3 March 2026. Your care team can tell you what comes next.",
        ),
        ("conflict", "There is something to check for Tuesday 3 March 2026 at 10:00. Please look at your list."),
    ],
)
def test_a_patient_is_told_what_has_changed(event: str, told: str) -> None:
    when = TUESDAY if event == "period" else AT_TEN
    assert text(event, when=when) == told


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("before", "P-001: Day 1 on Tuesday 3 March 2026."),
        ("opens", "P-001: Day 1, planned for Tuesday 3 March 2026. Its window is open, to Thursday 5 March 2026."),
        ("closes", "P-001: Day 1, planned for Tuesday 3 March 2026. Its window closes on Thursday 5 March 2026."),
        ("overdue", "P-001: Day 1 was due by Thursday 5 March 2026. Nothing is recorded."),
        ("moved", "P-001: Day 1 has moved from Monday 2 March 2026 at 09:00 to Tuesday 3 March 2026."),
        ("cancelled", "P-001: Day 1 on Tuesday 3 March 2026 is cancelled."),
        ("period", "P-001: Day 1 ends on Tuesday 3 March 2026."),
        (
            "expires",
            "P-001: Day 1, planned for Tuesday 3 March 2026, can be done up to Thursday 5 March 2026 only (eligible).",
        ),
        ("gate", "P-001: Day 1 is on Tuesday 3 March 2026. Still open: eligible."),
        ("conflict", "P-001: Day 1, planned for Tuesday 3 March 2026, does not fit the rules. eligible"),
        ("expected", "P-001: Day 1 is expected by Tuesday 3 March 2026."),
        (
            "stopped",
            "P-001 is followed no longer: Day 1, Tuesday 3 March 2026. No more visits are planned.",
        ),
    ],
)
def test_staff_are_told_subject_visit_and_why_now(event: str, told: str) -> None:
    assert text(event, level=Level.CODED) == told


def test_the_team_is_told_what_is_to_be_done() -> None:
    assert text(level=Level.FULL) == "P-001: Day 1 on Tuesday 3 March 2026. To do: Infusion, Arm A, Thaw."


def test_a_reader_whose_clock_differs_is_told_whose_time_it_is() -> None:
    assert text(when=AT_TEN, zone="Europe/Berlin").endswith("at 10:00 (Asia/Shanghai).")
    assert text(when=AT_TEN, zone="Asia/Singapore").endswith("at 10:00.")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"There is no language 'fr'"):
        text(language="fr")


def test_titles() -> None:
    assert title("before") == "Your appointment on Tue 3 Mar 2026"
    assert title("moved") == "Your appointment has moved to Tue 3 Mar 2026"
    assert title("before", Level.CODED) == "P-001: Day 1, Tue 3 Mar 2026"
    assert title("moved", Level.FULL) == "P-001: Day 1 (moved), Tue 3 Mar 2026"
    assert title("stopped", Level.CODED) == "P-001: Day 1 (followed no longer), Tue 3 Mar 2026"
    assert title("moved", language="de") == "Ihr Termin wurde verlegt auf Di 3.3.2026"


def test_a_long_label_or_detail_is_cut() -> None:
    long = "x" * 5000
    told = title_text("before", subject="P-001", label=long, when=AT_TEN, level=Level.CODED)
    assert len(told) < 160
    told = reminder_text("conflict", subject="P-001", label="Day 1", when=AT_TEN, level=Level.CODED, detail=long)
    assert told.endswith("x…")
    assert len(told) < 1200


def test_no_line_break_gets_into_a_line() -> None:
    evil = "Day 1\r\nBcc: x@example.org\x00"
    told = reminder_text("gate", subject="P-001", label=evil, when=TUESDAY, level=Level.CODED, detail=evil)
    told += title_text("gate", subject="P-001", label=evil, when=TUESDAY, level=Level.CODED)
    assert told.isprintable()


def test_several_messages_are_one() -> None:
    assert digest_text(["One.", "Two."]) == "You have 2 messages:\n- One.\n- Two."
    assert digest_text(["一。"], "zh") == "您有1条消息:\n- 一。"
    assert digest_title(2, "es") == "Tiene 2 mensajes"


def test_whom_to_ask_and_how_to_stop() -> None:
    assert questions_text("call 0221 1234", "de") == "Fragen: call 0221 1234"
    assert stop_text("team@example.org") == "To get no more of these messages, write to team@example.org."
    assert stop_text("") == "To get no more of these messages, please tell us."
    assert len({stop_text(address, language) for address in ("", "a@b.org") for language in LANGUAGES}) == 8
    assert len({probe_text(language) for language in LANGUAGES}) == 4
