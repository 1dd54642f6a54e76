"""Any text in a calendar file stays that text (RFC 5545, 3.1 and 3.3.11), and what files and events are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendars.entries import (
    Level,
    derived_uid,
    file_name,
    parse_extras,
    parse_level,
)
from calendars.ics import calendar_file
from schedules.errors import UnknownName
from tests.calendar_entries import D1, D10, entry, events, lines

# Text


def shown(texts: Iterable[str]) -> list[str]:
    """The titles read back of visits with these labels."""
    entries = [entry(replace(D10, id=str(number), label=text)) for number, text in enumerate(texts)]
    found = events(calendar_file(entries, level=Level.CODED))
    return [str(event["SUMMARY"]).removeprefix("P-001 · ") for event in found]


@pytest.mark.parametrize(
    "label",
    [
        "Day 1; fasting, please",
        r"C:\New\note",
        r"\N \n \\",
        'say "yes": no',
        "输注 第一天",
        "😀 ☎️",
        "50 % ^n",
        "x" * 200,
    ],
)
def test_a_label_survives(label: str) -> None:
    assert shown([label]) == [label]


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1)


@given(st.lists(PRINTABLE, max_size=4))
@example([r"\N"])
@example(["\\" * 80 + "n"])
def test_any_label_survives(labels: list[str]) -> None:
    assert shown(labels) == labels


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("two\nlines", "two lines"),
        ("tab\tstop", "tab stop"),
        ("END:VEVENT\r\nBEGIN:VEVENT", "END:VEVENT BEGIN:VEVENT"),
        ("bell\x07 null\x00 \x1b[2J", "bell null [2J"),
        ("next\x85line\u2028separated\u2029text", "next line separated text"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
    ],
)
def test_control_characters_cannot_break_a_file(label: str, title: str) -> None:
    assert shown([label, "next"]) == [title, "next"]


WIDE = st.text(st.sampled_from("ab ,;就诊é😀"), max_size=120)


@given(WIDE, WIDE)
def test_lines_are_folded_at_75_octets_between_characters(label: str, activity: str) -> None:
    visit = entry(replace(D1, label=label), activities={"infusion": activity, "il2": activity})
    data = calendar_file([visit], level=Level.FULL, name=label)
    assert data.endswith(b"\r\n")
    for line in lines(data):
        assert len(line) <= 75
        assert not {"\r", "\n"} & set(line.decode())  # decode: no character is cut in two
        assert not line.endswith(b"\\")  # nor an escape


@given(st.text(max_size=30))
def test_no_text_brings_a_line_of_its_own(label: str) -> None:
    data = calendar_file([entry(replace(D10, label=label))], level=Level.FULL)
    names = [line.split(b":")[0].split(b";")[0] for line in lines(data.replace(b"\r\n ", b""))]
    assert names.count(b"BEGIN") == names.count(b"END") == 2
    assert not any(unicodedata.category(char) == "Cc" for char in data.decode().replace("\r\n", ""))


# Names


def test_derived_uids() -> None:
    names = ["d1", "d2", "period:d1", "window"]
    assert len({derived_uid(salt, name) for salt in ("salt", "pepper") for name in names}) == 8
    # Pinned: calendars that are out in the world would double if it changed.
    assert derived_uid("salt", "d1") == "d3a001c7-d913-598c-89e5-ca01c889b7d9"


@pytest.mark.parametrize(
    ("level", "name", "file"),
    [
        (Level.PRIVATE, "P-001", "visits.ics"),
        (Level.CODED, "P-001", "visits-P-001.ics"),
        (Level.FULL, "P-001", "visits-P-001-full.ics"),
        (Level.CODED, "", "visits.ics"),
        (Level.CODED, "../../etc/passwd", "visits-etc-passwd.ics"),
        (Level.CODED, "北京 01:02", "visits-北京-01-02.ics"),
        (Level.CODED, "x" * 300, f"visits-{'x' * 80}.ics"),
    ],
)
def test_the_name_of_the_file(level: Level, name: str, file: str) -> None:
    assert file_name(level, name) == file


def test_levels_and_extras_as_they_are_typed() -> None:
    assert parse_level("coded") is Level.CODED
    assert parse_extras("periods, windows") == {"periods", "windows"}
    assert parse_extras("") == frozenset()
    with pytest.raises(UnknownName, match=r"There is no level 'public'. Choose one of private, coded, full."):
        parse_level("public")
    with pytest.raises(UnknownName, match=r"There is no extra 'window'. Did you mean 'windows'\?"):
        parse_extras("periods,window")
