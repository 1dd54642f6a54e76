"""Any text, in any property, comes through every parser as it went in: on one line, and without control characters."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from calendars.alarms import parse_alarms
from calendars.entries import Entry, Level, derived_uid
from calendars.ics import calendar_file
from schedules.plan import Status, Visit
from tests.interop.lint import problems
from tests.interop.readers import Reader

ALARMS = parse_alarms("1 day before at 17:00")
# Those that parsers stumble over, more often than chance would bring them.
AWKWARD = st.sampled_from(
    [*"\\;,:\"'=^|", "\\n", "\\N", "\\\\", "\r\n", "\n", "\t", "\x85", "\u2028", "\ufeff", " ", "🩸", "就"]
)
TEXTS = st.lists(AWKWARD | st.text(max_size=8), max_size=40).map("".join)


def written(text: str, activity: str) -> Entry:
    visit = Visit(
        id="v",
        label=text,
        epoch="e",
        place=text,
        status=Status.PLANNED,
        planned=date(2026, 3, 2),
        activities=("a", "b"),
    )
    return Entry(
        visit=visit,
        uid=derived_uid("salt", "v"),
        sequence=0,
        changed=datetime(2026, 1, 1, tzinfo=UTC),
        subject="P-001",
        timezone="UTC",
        activities={"a": activity, "b": "b"},
    )


def one_line(text: str) -> str:
    """What is to be shown of a text; said once more, since the program's own way is what is tested."""
    shown = []
    for char in text:
        category = unicodedata.category(char)
        blank = category in ("Cc", "Zl", "Zp") or char == "\ufeff"
        shown.append(" " if blank else "?" if category == "Cs" else char)
    return " ".join("".join(shown).split())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS)
@example("a\\Nb\\;c", "x" * 60 + "\\\\" * 30)
@example("就" * 40, "🩸" * 40)
@example(" ", "\\")
@example("P" * 64 + ",", ";" * 80)
def test_any_text_comes_through(reader: Reader, text: str, activity: str) -> None:
    data = calendar_file([written(text, activity)], level=Level.FULL, name=text, alarms=ALARMS)
    assert problems(data) == []
    (event,) = reader.read(data)
    assert event.summary == one_line(f"P-001 · {text}")
    assert event.location == one_line(text)
    assert event.description == f"Activities:\n- {one_line(activity)}\n- b"
