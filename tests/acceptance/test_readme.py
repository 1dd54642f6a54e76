"""The README's tour, word for word: its commands are run in order, and what it shows of their output is held to."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli

README = Path(__file__).parents[2] / "README.md"


def blocks() -> Iterator[list[str]]:
    """The lines of every console block."""
    for found in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        yield found.splitlines()


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command with the output shown behind it; ``…`` stands for more."""
    for lines in blocks():
        command = ""
        shown: list[str] = []
        for line in lines:
            if line.startswith("$ "):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            elif line != "…":
                shown.append(line)
        yield command, shown


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        code = cli.main(words)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    return int(code or 0), capsys.readouterr().out


def test_the_tour_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = list(steps())
    assert len(told) > 15
    for command, shown in told:
        words = shlex.split(command)
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                monkeypatch.setenv(name, value.replace("$PWD", os.getcwd()) if name != "PATH" else os.environ["PATH"])
            continue
        assert words[0] == "dayzero", command
        code, printed = run(words[1:], capsys)
        assert code == 0, command
        missing = [line for line in shown if line not in printed]
        assert not missing, f"{command}\n{printed}"
    assert (tmp_path / "tour.db").exists()
    assert (tmp_path / "p-001.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
