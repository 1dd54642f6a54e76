"""Plain text in columns: measured as terminals do, never wider than asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendars.layout import Cell, Note, bullets, clean, columns, paragraph, sections, styled, table, wrapped

# rich measures by a table of its own. Left out is what terminals themselves disagree on: marks, fillers, emoji.
RANGES = ((0x20, 0x58F), (0x2010, 0x2027), (0x3001, 0x3029), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFF01, 0xFF60))
MEASURABLE = st.text(
    st.one_of(
        *(
            st.characters(min_codepoint=first, max_codepoint=last, exclude_categories=("C", "Lm", "M", "Sk"))
            for first, last in RANGES
        )
    )
)
LINES = st.text(st.sampled_from("ab -/(,.就诊é–\u0301"), max_size=60)
WIDEST = 2


@given(MEASURABLE)
@example("就诊 visit é（）")
def test_columns_are_those_of_rich(text: str) -> None:
    from rich.cells import cell_len

    assert columns(text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "width"), [("就诊", 4), ("e\u0301", 1), ("a\u200bb", 2), ("", 0), ("ｗ", 2), ("×±–", 3)]
)
def test_columns_of_the_unusual(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines\tand  gaps ", "two lines and gaps"),
        ("\x1b[2Jcleared", "�[2Jcleared"),
        ("bell\x07", "bell�"),
        ("read \u202ebackwards", "read �backwards"),
        ("kept\u00a0together", "kept\u00a0together"),
        ("就诊", "就诊"),
    ],
)
def test_a_text_cannot_disturb_the_terminal(text: str, line: str) -> None:
    assert clean(text) == line


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("a very long label", 10, ["a very", "long label"]),
        ("", 10, [""]),
        ("   ", 10, [""]),
        ("细胞治疗后的就诊", 10, ["细胞治疗后", "的就诊"]),
        ("Supercalifragilistic yes", 6, ["Superc", "alifra", "gilist", "ic yes"]),
        ("screening-visit", 12, ["screening-", "visit"]),
        ("28\u00a0Jan–24\u00a0Feb", 11, ["28 Jan–", "24 Feb"]),
        ("就", 1, ["就"]),
    ],
)
def test_a_text_wraps(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


@given(LINES, st.integers(WIDEST, 30))
def test_no_line_is_wider_than_asked_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert max(map(columns, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_table() -> None:
    rows: list[Sequence[str | Cell] | Note] = [
        ["d1", "就诊 1", Cell("booked", "cyan")],
        ["d4", "Day 4", "planned"],
        Note("waits for d1", 1),
    ]
    assert table(["Visit", "What", "Status"], rows) == (
        "Visit  What    Status\n"
        "─────  ──────  ───────\n"
        "d1     就诊 1  booked\n"
        "d4     Day 4   planned\n"
        "       waits for d1"
    )


def test_columns_that_may_wrap_give_way_first() -> None:
    row = [Cell("response-month-12", whole=True), Cell("Response assessment, month 12")]
    assert table(["Visit", "What"], [row], width=31) == (
        "Visit              What\n"
        "─────────────────  ────────────\n"
        "response-month-12  Response\n"
        "                   assessment,\n"
        "                   month 12"
    )


def test_given_widths_count() -> None:
    assert table(["A", "B"], [["one two", "x"]], widths=[4, 2]) == "A     B\n────  ──\none   x\ntwo"


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        table(["A", "B"], [["only one"]])


@given(st.lists(st.lists(LINES, min_size=4, max_size=4), max_size=6), st.integers(22, 80), st.booleans())
def test_a_table_keeps_to_its_width(rows: list[list[str]], width: int, whole: bool) -> None:
    cells = [[Cell(text, "red", whole=whole) for text in row] for row in rows]
    plain = table(["One", "Two", "Three", "Four"], [*cells, Note("a note " * 9, 2)], width=width)
    assert max(columns(line) for line in plain.split("\n")) <= width
    coloured = table(["One", "Two", "Three", "Four"], [*cells, Note("a note " * 9, 2)], width=width, colour=True)
    unstyled = re.sub("\x1b\\[[0-9]+m", "", coloured)
    assert [line.rstrip() for line in unstyled.split("\n")] == plain.split("\n")


def test_styles_are_only_for_colour() -> None:
    assert styled("late", "red", colour=True) == "\x1b[31mlate\x1b[0m"
    assert styled("late", "red", colour=False) == "late"
    assert styled("  ", "red", colour=True) == "  "
    with pytest.raises(KeyError, match="mauve"):
        styled("late", "mauve", colour=True)


def test_paragraphs_and_bullets() -> None:
    assert paragraph("one two three", width=10, first="- ", rest="  ") == "- one two\n  three"
    assert bullets(["first thing", "second"], width=10) == "  - first\n    thing\n  - second"
    assert bullets([], width=10) == ""
    assert sections(["a", "", "b"]) == "a\n\nb"
