"""What people do about mistakes: correct, undo, and the audit that tells of it (design §6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Run

NOW = ("--now", "2026-03-05T09:00")
CORRECT = ("correct", "P-001", "4", "2026-03-03", "--why", "misread the chart", *NOW)


@pytest.fixture
def told(database: Path, dayzero: Run) -> Path:
    """P-001 was infused on 4 March: fact 4."""
    assert dayzero("done", "P-001", "d1", "2026-03-04", "--why", "fever", "--now", "2026-03-04T18:00").code == 0
    return database


def test_a_correction_says_what_it_corrects_and_what_moves(told: Path, dayzero: Run) -> None:
    result = dayzero(*CORRECT)
    assert (result.code, result.err) == (0, "")
    head, _, rest = result.out.partition("\n\n")
    assert head == "P-001, recorded (revision 3): fact 4 (d1 done on Wed 4 Mar 2026) corrected to\n  Tue 3 Mar 2026"
    assert "d4" in rest
    assert "Fri 6 Mar 2026" in rest


def test_a_dry_run_shows_the_same_and_writes_nothing(
    told: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(told)
    tried = dayzero(*CORRECT, "--dry-run")
    assert contents(told) == before
    done = dayzero(*CORRECT)
    _, _, body = done.out.partition("\n\n")
    assert tried.out.partition("\n\n")[2] == f"{body.rstrip()}\n\nThis was a dry run: nothing was written.\n"


def test_an_undo_says_what_is_undone(told: Path, dayzero: Run) -> None:
    before = dayzero("show", "P-001", "--json", *NOW).json
    assert dayzero("event", "P-001", "progression", "2026-03-05", *NOW).code == 0
    result = dayzero("undo", "P-001", *NOW)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "P-001, recorded (revision 4): fact 5 (progression on Thu 5 Mar 2026) taken\n  back, as undo of revision 3\n"
    )
    after = dayzero("show", "P-001", "--json", *NOW).json
    assert after.pop("revision") == before.pop("revision") + 2
    assert after == before


def test_the_audit_tells_of_corrections_in_words(told: Path, dayzero: Run) -> None:
    assert dayzero(*CORRECT, "--by", "eva").code == 0
    assert dayzero("undo", "P-001", *NOW).code == 0
    result = dayzero("audit", "P-001", "--json", "--verify")
    assert result.json["verified"] is True
    told_of = [(fact["by"], fact["says"], fact["why"]) for fact in result.json["facts"][4:]]
    assert told_of == [
        ("eva", "fact 4 (d1 done on Wed 4 Mar 2026) corrected to Tue 3 Mar 2026", "misread the chart"),
        ("tester", "fact 4 (d1 done on Tue 3 Mar 2026) taken back, as undo of revision 2", ""),
    ]
    lines = dayzero("audit", "P-001").out.splitlines()
    assert "5    2026-03-05 01:00  eva     fact 4 (d1 done on Wed 4 Mar    misread the chart" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("correct", "P-001", "4", "2026-03-03"), "Error: A correction wants a reason. Give it with --why.\n"),
        (("correct", "P-001", "9", "--why", "x"), "Error: P-001 has no fact 9: its facts are 1 to 4. 'dayzero audit"),
        (("correct", "P-001", "d1", "--why", "x"), "Error: Invalid value for 'FACT-ID': 'd1' is not a valid integer."),
        (("correct", "P-002", "4", "--why", "x"), "Error: There is no subject 'P-002'. Did you mean 'P-001'?\n"),
        (("undo", "P-001", "--by", "maker"), "Error: Nothing that maker recorded for P-001 is left to undo, but for"),
        (("undo", "P-001", "--by", "nobody"), "Error: Nothing that nobody recorded for P-001 is left to undo. Others"),
        (("undo", "P-002"), "Error: There is no subject 'P-002'. Did you mean 'P-001'?\n"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], message: str, told: Path, dayzero: Run) -> None:
    result = dayzero(*arguments, *NOW)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)
    assert dayzero("show", "P-001", "--json").json["revision"] == 2


@pytest.mark.parametrize("command", [CORRECT, ("undo", "P-001", *NOW)], ids=["correct", "undo"])
def test_at_a_terminal_the_change_is_shown_first(
    command: tuple[str, ...],
    told: Path,
    at_a_terminal: Callable[..., tuple[int, str]],
    contents: Callable[[Path], list[str]],
) -> None:
    before = contents(told)
    code, shown = at_a_terminal("n\n", *command)
    assert code == 1
    assert shown.startswith("P-001, not recorded: fact 4 (d1 done on Wed 4 Mar 2026) ")
    assert "\nMoves\n" in shown
    assert shown.endswith("Record this? [y/N]: Nothing was recorded.\n")
    assert contents(told) == before
    code, shown = at_a_terminal("y\n", *command)
    assert (code, shown.endswith("\nRecord this? [y/N]: P-001, recorded (revision 3).\n")) == (0, True)
    code, shown = at_a_terminal("", "undo", "P-001", "--yes")
    assert (code, "Record this?" in shown) == (2 if command[0] == "undo" else 0, False)
