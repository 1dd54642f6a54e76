"""Questions and progress bars at a real terminal of 80 columns: y, n, Ctrl-C, the end of input, and --yes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Run

if os.name == "nt":
    pytest.skip("there are no POSIX terminals", allow_module_level=True)

from tests.acceptance.terminals import ASKED, CTRL_C, END, Shown, at_terminal

NOW = ("--now", "2026-02-20T10:00")
AMENDED = Path(__file__).resolve().parents[2] / "schedules" / "protocols" / "NEUK203-13_1.0.yaml"
QUESTION = ASKED.decode()
Contents = Callable[[Path], list[str]]


@pytest.fixture(scope="session")
def amendable(made_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made database with a second version that its site approved, and something to undo."""
    import cli

    folder = tmp_path_factory.mktemp("amendable")
    file = Path(shutil.copy(made_database, folder / "trial.db"))
    source = AMENDED.read_text(encoding="utf-8").replace('version: "1.0"', 'version: "2.0"')
    assert "at: day 28, " in source
    (folder / "two.yaml").write_text(source.replace("at: day 28, ", "at: day 30, "), encoding="utf-8")
    options = ["--by", "tester", "--database", f"sqlite:///{file}", *NOW]
    for command in (
        ["protocols", "add", str(folder / "two.yaml")],
        ["site", "approve", "BJ01", "NEUK203-13", "--version", "2.0", "--mandatory"],
        ["book", "P-001", "d28", "2026-03-27"],
    ):
        assert cli.main([*command, *options]) == 0
    return file


@pytest.fixture
def trial(amendable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = Path(shutil.copy(amendable, tmp_path / "trial.db"))
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{file}")
    return file


COMMANDS = {
    "amend": ("amend", "NEUK203-13", "--to", "2.0", "--effective", "2026-02-20", *NOW),
    "close": ("site", "close", "BJ01", "2026-03-27..2026-03-31", "--why", "Scanner", *NOW),
    "move": ("move", "P-001", "d1", "2026-03-05", "--shift", *NOW),
    "undo": ("undo", "P-001", *NOW),
    "correct": ("correct", "P-001", "3", "2026-03-26", "--why", "misread", *NOW),
}
each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def fits(shown: Shown) -> bool:
    return max(map(len, shown.lines)) <= 80


@each_command
def test_what_is_refused_is_not_recorded(command: tuple[str, ...], trial: Path, contents: Contents) -> None:
    before = contents(trial)
    shown = at_terminal(*command, keys=b"n\n")
    assert shown.code == 1
    assert shown.text.endswith(f"{QUESTION}n\r\nNothing was recorded.\r\n")
    assert "Traceback" not in shown.text
    assert fits(shown)
    assert contents(trial) == before


@each_command
def test_what_is_agreed_to_is_recorded(command: tuple[str, ...], trial: Path, dayzero: Run) -> None:
    shown = at_terminal(*command, keys=b"y\n")
    assert shown.code == 0
    assert shown.text.count(QUESTION) == 1
    assert shown.text.index("P-001") < shown.text.index(QUESTION)
    assert fits(shown)
    assert dayzero("audit", "P-001", "--verify").code == 0
    last = shown.lines[-2]
    assert last in {
        "1 patient: 1 amended.",
        "Site BJ01, revision 2. 1 patient: 1 revised.",
        "P-001, recorded (revision 3).",
    }


@pytest.mark.parametrize("keys", [CTRL_C, END], ids=["ctrl-c", "end"])
@pytest.mark.parametrize("name", ["amend", "close", "undo"])
def test_who_goes_away_has_recorded_nothing(name: str, keys: bytes, trial: Path, contents: Contents) -> None:
    before = contents(trial)
    shown = at_terminal(*COMMANDS[name], keys=keys)
    assert shown.code == 130
    assert "Traceback" not in shown.text
    assert contents(trial) == before


@each_command
def test_with_yes_nobody_is_asked(command: tuple[str, ...], trial: Path, contents: Contents) -> None:
    before = contents(trial)
    shown = at_terminal(*command, "--yes")
    assert (shown.code, QUESTION in shown.text) == (0, False)
    assert contents(trial) != before


@pytest.mark.parametrize("name", ["amend", "close", "undo"])
def test_a_dry_run_asks_nothing(name: str, trial: Path, contents: Contents) -> None:
    before = contents(trial)
    shown = at_terminal(*COMMANDS[name], "--dry-run")
    assert (shown.code, QUESTION in shown.text) == (0, False)
    assert shown.text.endswith("This was a dry run: nothing was written.\r\n")
    assert contents(trial) == before


def test_a_bar_shows_how_far_it_is(trial: Path) -> None:
    shown = at_terminal(*COMMANDS["amend"], "--yes")
    assert "Amending" in shown.text
    assert "100%" in shown.text
    assert fits(shown)


def test_what_changes_nothing_asks_nothing(trial: Path, contents: Contents) -> None:
    before = contents(trial)
    shown = at_terminal("site", "refresh", "BJ01", *NOW)
    assert (shown.code, QUESTION in shown.text) == (0, False)
    assert "Site BJ01 has these days already, revision 1." in shown.text
    assert contents(trial) == before


def test_where_nobody_can_be_asked_it_is_done(trial: Path, contents: Contents) -> None:
    """As for scripts: typed input that is no terminal is nobody's answer."""
    before = contents(trial)
    with open(os.devnull, "rb") as nothing:
        shown = at_terminal(*COMMANDS["close"], stdin=nothing.fileno())
    assert (shown.code, QUESTION in shown.text) == (0, False)
    assert contents(trial) != before
