"""What reminders say: to a patient no more than needed (design §1, guarantee 5)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from calendars.entries import Level
from calendars.messages import reminder_text
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
    )


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


@pytest.mark.parametrize("event", ["before", "opens", "closes", "overdue"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_privacy_holds_for_every_rule_and_language(event: str, language: str) -> None:
    told = text(event, language=language)
    assert not [word for word in ("P-001", "Day 1", "Infusion", "Thaw") if word in told]
    assert "P-001" in text(event, level=Level.CODED, language=language)
    assert "Infusion" not in text(event, level=Level.CODED, language=language)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("before", "P-001: Day 1 on Tuesday 3 March 2026."),
        ("opens", "P-001: Day 1, planned for Tuesday 3 March 2026. Its window is open, to Thursday 5 March 2026."),
        ("closes", "P-001: Day 1, planned for Tuesday 3 March 2026. Its window closes on Thursday 5 March 2026."),
        ("overdue", "P-001: Day 1 was due by Thursday 5 March 2026. Nothing is recorded."),
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
