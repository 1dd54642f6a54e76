"""The coordinator's guide: a patient's year, each command run and its output held to what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

import cli
from tests.acceptance.tours import ROOT, differs, play, steps

GUIDE = ROOT / "docs" / "coordinator.md"


def test_the_year_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(GUIDE, tmp_path, monkeypatch, capsys) > 50
    assert (tmp_path / "year.db").exists()


def test_it_shows_every_command_that_records_what_happened() -> None:
    shown = {step.command.split()[1] for step in steps(GUIDE)}
    recording = {
        name for name, command in cli.dayzero.commands.items() if "seen" in {item.name for item in command.params}
    }
    assert recording - shown <= {"group", "undo", "amend"}


@pytest.mark.parametrize(
    ("shown", "printed", "wrong"),
    [
        (["a", "b"], ["a", "b"], ""),
        (["a"], ["a", "b"], "(nothing; printed: b)"),
        (["a", "…"], ["a", "b"], ""),
        (["…", "b"], ["a", "b"], ""),
        (["…", "a"], ["a", "b"], "(nothing; printed: b)"),
        (["a", "c"], ["a", "b", "c"], "c"),
        (["a", "…", "c"], ["a", "b", "c"], ""),
        (["b", "a"], ["a", "b"], "b"),
        ([], ["a"], "(nothing; printed: a)"),
        (["…"], [], ""),
    ],
)
def test_what_is_shown_must_be_there_in_order_and_nothing_else_but_behind_dots(
    shown: list[str], printed: list[str], wrong: str
) -> None:
    assert differs(shown, printed) == wrong
