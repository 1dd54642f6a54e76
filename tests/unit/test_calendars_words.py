"""Words and dates in words, and the status of a visit for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.words import (
    LANGUAGES,
    change_between,
    change_in_words,
    day_in_words,
    length_in_words,
    standing,
    time_in_words,
    when_in_words,
    window_in_words,
    words,
)
from schedules.errors import UnknownName
from schedules.plan import Status, Visit
from schedules.points import Around
from schedules.record import When
from schedules.spans import Span
from schedules.words import in_a_sentence

TUESDAY = date(2026, 3, 3)
NEW_YORK = ZoneInfo("America/New_York")


def visit(status: Status, planned: date | None, **fields: date) -> Visit:
    return Visit(id="v", label="V", epoch="e", place="clinic", status=status, planned=planned, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [
        ("en", "Tuesday 3 March 2026", "Tue 3 Mar 2026"),
        ("zh", "2026年3月3日星期二", "2026年3月3日周二"),
        ("de", "Dienstag, 3. März 2026", "Di 3.3.2026"),
        ("es", "martes, 3 de marzo de 2026", "mar 3 mar 2026"),
    ],
)
def test_a_date_in_the_readers_language(language: str, long: str, short: str) -> None:
    assert day_in_words(TUESDAY, language) == long
    assert day_in_words(TUESDAY, language, short=True) == short


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_english_names_are_those_of_the_c_locale(day: date) -> None:
    # Python starts in the C locale, so strftime is an oracle here; in the product it would follow the user's.
    assert day_in_words(day) == f"{day:%A} {day.day} {day:%B} {day.year}"
    assert day_in_words(day, short=True) == f"{day:%a} {day.day} {day:%b} {day.year}"


@pytest.mark.parametrize(
    ("language", "after", "before", "around"),
    [
        ("en", "1 hour 30 minutes after the visit begins", "30 minutes before the visit begins", "±15 minutes"),
        ("zh", "就诊开始后1小时 30分钟", "就诊开始前30分钟", "±15分钟"),
        ("de", "1 Stunde 30 Minuten nach Beginn des Termins", "30 Minuten vor Beginn des Termins", "±15 Minuten"),
        (
            "es",
            "1 hora 30 minutos después del inicio de la visita",
            "30 minutos antes del inicio de la visita",
            "±15 minutos",
        ),
    ],
)
def test_a_moment_counted_from_a_visit(language: str, after: str, before: str, around: str) -> None:
    own, quarter = words(language), Span(minutes=15, timed=True)
    assert own.counted(Span(minutes=90, timed=True)) == after
    assert own.counted(Span(minutes=-30, timed=True)) == before
    assert own.counted(Span(timed=True)) == own.start
    assert own.around(Around(-quarter, quarter)) == around
    assert own.around(Around(Span(minutes=-5, timed=True), quarter)).startswith("−5")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    own = words(language)
    assert set(own.status) == set(Status)
    assert set(own.place) == {"clinic", "phone", "ward", "remote"}
    texts = [own.visit, own.visits, own.window, own.period, own.activities, own.due, own.overdue]
    assert all([*texts, *own.status.values(), *own.place.values()])
    assert len(set(own.status.values()) | {own.due, own.overdue}) == len(Status) + 2


@pytest.mark.parametrize("language", ["fr", "", "EN"])
def test_another_language_is_refused(language: str) -> None:
    for ask in (words, lambda name: day_in_words(TUESDAY, name)):
        with pytest.raises(UnknownName, match=f"There is no language '{language}'. Choose one of en, zh, de, es."):
            ask(language)


def test_a_moment_in_words() -> None:
    moment = datetime(2026, 3, 3, 9, 5, tzinfo=NEW_YORK)
    assert when_in_words(moment) == "Tuesday 3 March 2026, 09:05"
    assert when_in_words(moment, "de", short=True) == "Di 3.3.2026, 09:05"
    assert when_in_words(TUESDAY, short=True) == "Tue 3 Mar 2026"
    assert time_in_words(time(17, 0)) == "17:00"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (TUESDAY, TUESDAY, "3 Mar"),
        (date(2026, 2, 23), date(2026, 2, 24), "23–24 Feb"),
        (date(2026, 2, 28), date(2026, 3, 6), "28 Feb–6 Mar"),
        (date(2026, 12, 28), date(2027, 1, 4), "28 Dec–4 Jan"),
        (date(2026, 3, 2), date(2027, 3, 2), "2 Mar–2 Mar"),
        (date(2026, 3, 2), date(2027, 3, 3), "2 Mar 2026–3 Mar 2027"),
        (date(2026, 3, 2), date(2028, 3, 4), "2 Mar 2026–4 Mar 2028"),
        (TUESDAY, None, "from 3 Mar"),
        (None, TUESDAY, "to 3 Mar"),
        (None, None, ""),
        (datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC), "3 Mar 08:00–12:00"),
        (datetime(2026, 3, 3, 22, tzinfo=UTC), datetime(2026, 3, 4, 2, tzinfo=UTC), "3 Mar 22:00–4 Mar 02:00"),
    ],
)
def test_a_window_in_words(start: When | None, end: When | None, text: str) -> None:
    assert window_in_words(start, end) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(days=-2), "2 days"),
        (timedelta(hours=6, minutes=30), "6 hours 30 minutes"),
        (timedelta(days=1, hours=1), "1 day 1 hour"),
        (timedelta(seconds=20), "0 days"),
    ],
)
def test_a_length_in_words(length: timedelta, text: str) -> None:
    assert length_in_words(length) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (date(2026, 3, 2), date(2026, 3, 4), "+2 days"),
        (date(2026, 3, 2), date(2026, 3, 1), "-1 day"),
        (date(2026, 3, 2), datetime(2026, 3, 2, 10, tzinfo=NEW_YORK), "same day"),
        (datetime(2026, 3, 2, 10, tzinfo=NEW_YORK), datetime(2026, 3, 2, 16, tzinfo=NEW_YORK), "+6 hours"),
        # 8 March 2026 has 23 hours in New York; the same time on the next day is still one day later.
        (datetime(2026, 3, 7, 10, tzinfo=NEW_YORK), datetime(2026, 3, 8, 10, tzinfo=NEW_YORK), "+1 day"),
        (datetime(2026, 3, 7, 10, tzinfo=NEW_YORK), datetime(2026, 3, 8, 11, tzinfo=NEW_YORK), "+1 day"),
    ],
)
def test_a_change_in_words(before: When, after: When, text: str) -> None:
    assert change_in_words(before, after) == text


def test_a_change_between_moments_is_elapsed_time() -> None:
    before, after = datetime(2026, 3, 7, 10, tzinfo=NEW_YORK), datetime(2026, 3, 8, 11, tzinfo=NEW_YORK)
    assert change_between(before, after) == timedelta(hours=24)


WINDOW = {"window_start": date(2026, 3, 1), "window_end": date(2026, 3, 7)}


@pytest.mark.parametrize(
    ("subject", "today", "status"),
    [
        (visit(Status.PLANNED, TUESDAY, **WINDOW), date(2026, 2, 28), "planned"),
        (visit(Status.PLANNED, TUESDAY, **WINDOW), date(2026, 3, 1), "due"),
        (visit(Status.PLANNED, TUESDAY, **WINDOW), date(2026, 3, 7), "due"),
        (visit(Status.PLANNED, TUESDAY, **WINDOW), date(2026, 3, 8), "overdue"),
        (visit(Status.PLANNED, TUESDAY), date(2026, 3, 2), "planned"),
        (visit(Status.PLANNED, TUESDAY), TUESDAY, "due"),
        (visit(Status.PLANNED, TUESDAY), date(2026, 3, 4), "overdue"),
        (visit(Status.PLANNED, TUESDAY, not_after=date(2026, 3, 5)), date(2026, 3, 5), "due"),
        (visit(Status.PLANNED, TUESDAY, not_after=date(2026, 3, 5), **WINDOW), date(2026, 3, 6), "overdue"),
        (visit(Status.PLANNED, date(2026, 3, 9), **WINDOW), date(2026, 3, 9), "due"),
        (visit(Status.BOOKED, TUESDAY, **WINDOW), date(2026, 3, 2), "booked"),
        (visit(Status.BOOKED, TUESDAY, **WINDOW), TUESDAY, "booked"),
        (visit(Status.BOOKED, TUESDAY, **WINDOW), date(2026, 3, 4), "overdue"),
        (visit(Status.DONE, TUESDAY, **WINDOW), date(2027, 3, 4), "done"),
        (visit(Status.MISSED, TUESDAY), date(2027, 3, 4), "missed"),
        (visit(Status.CONDITIONAL, None), TUESDAY, "conditional"),
        (visit(Status.NOT_APPLICABLE, None), TUESDAY, "not applicable"),
    ],
)
def test_the_status_for_people(subject: Visit, today: date, status: str) -> None:
    assert standing(subject, today) == status


def test_the_status_in_another_language() -> None:
    assert standing(visit(Status.PLANNED, TUESDAY), date(2026, 3, 4), "zh") == "逾期"
    assert standing(visit(Status.BOOKED, TUESDAY), TUESDAY, "de") == "gebucht"


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("Disease progression", "disease progression"),
        ("Last systemic therapy", "last systemic therapy"),
        ("CAR-T infusion", "CAR-T infusion"),
        ("T cells", "T cells"),
        ("MRI", "MRI"),
        ("", ""),
    ],
)
def test_a_label_within_a_sentence_keeps_its_abbreviations(label: str, found: str) -> None:
    assert in_a_sentence(label) == found
