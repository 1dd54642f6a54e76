"""Tours in documents: console blocks whose commands are run in order, and whose output is held to what is shown."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import cli

ROOT = Path(__file__).parents[2]
MORE = "…"


@dataclass(frozen=True, slots=True)
class Step:
    """A command and the lines shown behind it; ``…`` stands for more."""

    command: str
    shown: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether what is shown is that it was refused."""
        return self.shown[:1] != () and self.shown[0].startswith("Error: ")


def steps(file: Path) -> Iterator[Step]:
    """The steps of all console blocks of a document. A command may go on in the next line behind a backslash."""
    for block in re.findall(r"```console\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.replace("\\\n", "").partition("\n")
            yield Step(" ".join(command.split()) if "\\\n" in step else command, tuple(shown.splitlines()))


def differs(shown: Sequence[str], printed: Sequence[str]) -> str:
    """The first line shown that was not printed where it stands: behind the one before it, or behind ``…`` somewhere
    later. Empty where all were, and nothing else where there is no ``…``."""
    place, anywhere = 0, False
    for line in shown:
        if line == MORE:
            anywhere = True
            continue
        found = next((number for number in range(place, len(printed)) if printed[number] == line), None)
        if found is None or (found != place and not anywhere):
            return line
        place, anywhere = found + 1, False
    return "" if anywhere or place == len(printed) else f"(nothing; printed: {printed[place]})"


def play(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> int:
    """Runs all steps of a document in a folder; gives their number."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DAYZERO_DATABASE", raising=False)
    told = [*steps(file)]
    for step in told:
        words = shlex.split(step.command)
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                monkeypatch.setenv(name, value.replace("$PWD", os.getcwd()) if name != "PATH" else os.environ["PATH"])
            continue
        assert words[0] == "dayzero", step.command
        code, out, err = run(words[1:], capsys)
        assert code == (cli.USAGE if step.refused else 0), f"{step.command}\n{out}{err}"
        printed = (err if step.refused else out).splitlines()
        wrong = differs(step.shown, printed)
        assert not wrong, f"{step.command}\nshown: {wrong}\nprinted:\n{out}{err}"
    return len(told)


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code of a command line and what it printed."""
    capsys.readouterr()
    try:
        code = cli.main(words)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    printed = capsys.readouterr()
    return int(code or 0), printed.out, printed.err
