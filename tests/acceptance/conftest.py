"""What the acceptance tests share: commands run in this process, on a copy of a database that is made once."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cli
from tests.servers import Receiver, webhook_receiver

NOW = "2026-02-09T10:00"


@dataclass(frozen=True, slots=True)
class Result:
    """What a command line gave: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings, and a folder of its own to write to."""
    for name in ("DAYZERO_DATABASE", "DAYZERO_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAYZERO_USER", "tester")
    # Where the default database would be: a test that forgets to name one must not touch the user's.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server on this machine that keeps what is posted to it."""
    with webhook_receiver() as found:
        yield found


@pytest.fixture
def dayzero(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command line in this process, and gives what it printed."""

    def run(*arguments: str) -> Result:
        capfdbinary.readouterr()
        code = cli.main(list(arguments))
        printed = capfdbinary.readouterr()
        return Result(code, printed.out.decode(), printed.err.decode())

    return run


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with site BJ01 in Beijing, and P-001 in NEUK203-13 with Day 1 set to 2 March 2026."""
    file = tmp_path_factory.mktemp("made") / "made.db"
    options = ["--by", "maker", "--now", NOW, "--database", f"sqlite:///{file}"]
    assert cli.main(["site", "add", "BJ01", "--timezone", "Asia/Shanghai", "--holidays", "CN", *options]) == 0
    facts = ["--set", "d1=2026-03-02", "--group", "dose_level=DL1"]
    assert cli.main(["enrol", "NEUK203-13", "P-001", "--site", "BJ01", *facts, *options]) == 0
    return file


@pytest.fixture
def database(made_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that database, which the commands of a test use."""
    file = Path(shutil.copy(made_database, tmp_path / "trial.db"))
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{file}")
    return file


def rows(database: Path) -> list[str]:
    """Everything that is in a database, as SQL."""
    with sqlite3.connect(database) as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


@pytest.fixture
def unchanged(database: Path) -> Iterator[Path]:
    """The database, of which a test changes nothing."""
    before = rows(database)
    yield database
    assert rows(database) == before


@pytest.fixture
def contents() -> Callable[[Path], list[str]]:
    """Gives everything that is in a database, as SQL."""
    return rows


class Terminal(io.StringIO):
    """A terminal: what is typed, or what is shown."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs a command line at a terminal where ``typed`` is typed, and gives its exit code and what is shown."""

    def run(typed: str, *arguments: str) -> tuple[int, str]:
        screen = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(typed))
            patch.setattr(sys, "stdout", screen)
            patch.setenv("NO_COLOR", "1")
            code = cli.main(list(arguments))
        return code, screen.getvalue()

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was skipped."""
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if "Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.section("NOT LOOKED AT IN A BROWSER", sep="=", red=True, bold=True)
        terminalreporter.line(f"No Chromium is installed: {len(skipped)} tests of page and timeline were skipped.")
