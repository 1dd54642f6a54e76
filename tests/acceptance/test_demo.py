"""The demonstration: real commands, the key dates, the same each time, nothing left behind."""

from __future__ import annotations

import io
import os
import re
import shlex
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

import cli
from scheduler.demo import STEPS
from tests.servers import LOOPBACK, mail_server


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo gave and printed."""

    code: int
    out: str
    err: str


def tell(folder: Path) -> Result:
    """Runs the demo; its temporary folder is made in ``folder``."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("DAYZERO_USER", "somebody")
        code = cli.main(["demo"])
    return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The demo, told once for all tests that only read it."""
    return tell(tmp_path_factory.mktemp("demo"))


def test_the_demo_tells_the_story(told: Result) -> None:
    assert (told.code, told.err) == (0, "")
    story = " ".join(told.out.split())
    for text in (
        "Mon 2 Mar 2026 D1 d1 Day 1 booked",
        "Thu 5 Mar 2026 Sat 7 Mar 2026 +2 days",
        "Wed 11 Mar 2026 Fri 13 Mar 2026 +2 days",
        "New conflicts ! d1 is booked for 4 March 2026, but it can be no later than 3 March 2026 (labs + 7 days)",
        "This was a dry run: nothing was written.",
        "Day 4 (d4) is planned for Saturday 7 March 2026.",
        "patient: You have an appointment on Monday 2 March 2026.",
        "0 sent, 0 suppressed, 0 missed, 0 failed.",
        "SUMMARY:Visit DTSTART;VALUE=DATE:20260305",
        "END:VEVENT",
        "fever on the planned day",
        "none changed, removed or re-ordered.",
    ):
        assert text in story


def test_the_demo_fits_80_columns(told: Result) -> None:
    assert max(map(len, told.out.splitlines())) <= 80
    assert "\x1b" not in told.out


def test_the_demo_is_the_same_each_time_and_leaves_nothing_behind(told: Result, database: Path, tmp_path: Path) -> None:
    before = database.read_bytes(), dict(os.environ)
    folder = tmp_path / "temporary"
    folder.mkdir()
    assert tell(folder) == told
    assert list(folder.iterdir()) == []
    assert (database.read_bytes(), dict(os.environ)) == before
    assert Path.cwd() == tmp_path


def test_the_demo_writes_to_nobody_whatever_is_set_up(
    told: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server:
        monkeypatch.setenv("DAYZERO_SMTP_HOST", LOOPBACK)
        monkeypatch.setenv("DAYZERO_SMTP_PORT", str(server.port))
        monkeypatch.setenv("DAYZERO_SMTP_SECURITY", "none")
        monkeypatch.setenv("DAYZERO_MAIL_FROM", "visits@example.org")
        monkeypatch.setenv("DAYZERO_QUESTIONS", "call us")
        assert tell(tmp_path) == told
    assert (server.received, server.connections) == ([], 0)


def test_the_commands_shown_are_commands(told: Result) -> None:
    shown = re.findall(r"^\$ ((?:.*\\\n)*.*)", told.out, flags=re.MULTILINE)
    assert shown == [command for step in STEPS for command in step.commands]
    for command in shown:
        words = shlex.split(command.replace("\\\n", " ").partition("|")[0])
        assert words[0] == "dayzero"
        assert words[1] in cli.dayzero.commands
