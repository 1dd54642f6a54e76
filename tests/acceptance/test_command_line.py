"""The command line itself: help with examples, shared options before and after a command's name, exit codes."""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import cli

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run


def commands(
    group: click.Group = cli.dayzero, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that name it, groups included."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = [pytest.param(path, command, id=" ".join(("dayzero", *path))) for path, command in commands()]


def examples(command: click.Command) -> list[str]:
    """The command lines under "Examples:" in a command's help, continued lines joined."""
    _, _, block = (command.help or "").partition("Examples:\n")
    return [line.strip() for line in block.replace("\\\n", " ").splitlines() if line.strip().startswith("dayzero")]


def test_the_commands_are_those_of_the_interface() -> None:
    assert {" ".join(path) for path, _ in commands()} == {
        "",
        "protocols",
        "protocols show",
        "protocols assumptions",
        "protocols check",
        "protocols add",
        "protocols diff",
        "preview",
        "site",
        "site add",
        "site approve",
        "site close",
        "site list",
        "site refresh",
        "site remind",
        "site show",
        "enrol",
        "subjects",
        "show",
        "why",
        "agenda",
        "overdue",
        "deviations",
        "changes",
        "book",
        "move",
        "done",
        "missed",
        "cancel",
        "add",
        "event",
        "group",
        "history",
        "correct",
        "undo",
        "amend",
        "export",
        "print",
        "contact",
        "contact add",
        "contact change",
        "contact pause",
        "contact resume",
        "contact erase",
        "contact list",
        "contact test",
        "run",
        "remind",
        "remind list",
        "audit",
        "record",
        "record export",
        "record import",
        "status",
        "simulate",
        "demo",
    }


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_help_has_examples_and_fits_80_columns(path: tuple[str, ...], command: click.Command, dayzero: Run) -> None:
    result = dayzero(*path, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: {' '.join(('dayzero', *path))} ")
    assert "\n  Examples:\n    dayzero " in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert result.out == dayzero(*path, "-h").out


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_a_list_of_commands_has_the_first_sentence_of_each_whole(
    path: tuple[str, ...], command: click.Command, dayzero: Run
) -> None:
    if isinstance(command, click.Group):
        listed = dayzero(*path, "--help").out.partition("\nCommands:\n")[2]
        assert not [line for line in listed.splitlines() if line.endswith("...")]


def named_by(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line's first words name, and the words that are left for it."""
    command: click.Command = cli.dayzero
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_every_example_is_a_command_line_of_that_command(path: tuple[str, ...], command: click.Command) -> None:
    lines = [re.sub(r'"\$\(.*\)"', "hash", example.partition(" > ")[0]) for example in examples(command)]
    assert lines
    for line in lines:
        _, *words = shlex.split(line)
        assert tuple(words[: len(path)]) == path
        meant, left = named_by(words)
        assert meant.make_context("example", left).args == []


def test_an_example_that_is_none_would_be_found() -> None:
    meant, left = named_by(["protocols", "show", "NEUK203-13", "--vesion", "1.0"])
    with pytest.raises(click.NoSuchOption):
        meant.make_context("example", left)


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_who_records_can_say_by_and_when(path: tuple[str, ...], command: click.Command) -> None:
    options = {name for parameter in command.params for name in parameter.opts}
    happened = ("enrol", "book", "move", "done", "missed", "cancel", "add", "event", "group", "history")
    rounds = path in {("amend",), ("site", "close"), ("site", "refresh")}
    records = rounds or path in {(name,) for name in (*happened, "correct", "undo")}
    adds = path in {("site", name) for name in ("add", "approve", "remind")} | {
        ("contact", "add"),
        ("protocols", "add"),
    }
    assert ({"--why", "--dry-run"} <= options) == records
    assert ("--seen" in options) == (records and not rounds and path != ("enrol",))
    assert ({"--by", "--now"} <= options) == (records or adds)


@pytest.mark.parametrize("arguments", [("--database", "URL", "status"), ("status", "--database", "URL")])
def test_the_database_may_be_named_before_and_after_the_command(
    arguments: tuple[str, ...], dayzero: Run, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    result = dayzero(*(url if word == "URL" else word for word in arguments))
    assert result.code == 0
    assert f"Database    {url}\n" in result.out
    assert (tmp_path / "other.db").exists()


def test_the_last_database_named_counts_and_both_count_more_than_the_environment(
    dayzero: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{tmp_path / 'env.db'}")
    first, last = (f"sqlite:///{tmp_path / name}" for name in ("first.db", "last.db"))
    assert dayzero("--database", first, "status", "--database", last, "--json").json["database"] == last
    assert dayzero("--database", first, "status", "--json").json["database"] == first
    assert dayzero("status", "--json").json["database"].endswith("env.db")
    assert sorted(file.name for file in tmp_path.glob("*.db")) == ["env.db", "first.db", "last.db"]


def test_json_may_be_asked_of_the_group_or_of_its_command(database: Path, dayzero: Run) -> None:
    assert dayzero("protocols", "--json", "show", "NEUK203-13").json["protocol"] == "NEUK203-13"
    assert dayzero("protocols", "show", "NEUK203-13", "--json").json["protocol"] == "NEUK203-13"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("shw",), "Error: No such command 'shw'. Did you mean 'show'?\nTry 'dayzero --help'.\n"),
        (("protocols", "sow"), "Error: No such command 'sow'. Did you mean 'show'?\nTry 'dayzero protocols --help'.\n"),
        (("show", "P-001", "--jsn"), "Error: No such option '--jsn'. (Did you mean one of: '--json', '--now'?)"),
        (("done", "P-001"), "Error: Missing argument 'VISIT'.\nTry 'dayzero done --help'.\n"),
        (("enrol", "X", "P-1"), "Error: Missing option '--site'.\nTry 'dayzero enrol --help'.\n"),
        (("agenda", "--days", "0"), "Error: Invalid value for '--days': 0 is not in the range 1<=x<=3660.\n"),
        (("remind",), "Error: Give --once to send what is due, or 'list SUBJECT' to see what is queued.\n"),
        (("remind", "--once", "list", "P-001"), "Error: --once and --now do not go with list.\n"),
        (("export",), "Error: Give either a SUBJECT or --site S.\nTry 'dayzero export --help'.\n"),
        (("export", "P-001", "--site", "BJ01"), "Error: Give either a SUBJECT or --site S.\n"),
        (("contact", "add", "--role", "patient"), "Error: Give either a SUBJECT or --site S.\n"),
        (("audit", "P-001", "--head", "0" * 64), "Error: HASH is looked for with --verify"),
        (("preview", "NEUK203-13", "--site", "BJ01", "--open", "mon"), "Error: Give either --site or a description"),
        (("preview", "x.yaml", "--version", "1"), "Error: --version goes with an ID, not with a file.\n"),
    ],
)
def test_bad_usage_is_told_in_two_lines(arguments: tuple[str, ...], error: str, unchanged: Path, dayzero: Run) -> None:
    result = dayzero(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(error)
    assert len(result.err.splitlines()) <= 2


def test_no_command_prints_the_help_on_stderr(dayzero: Run) -> None:
    result = dayzero()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: dayzero ")


def test_a_store_that_cannot_be_reached_is_exit_code_3(dayzero: Run, tmp_path: Path) -> None:
    (tmp_path / "trial.db").write_text("no database at all, and long enough not to be taken for an empty one" * 20)
    result = dayzero("status", "--database", f"sqlite:///{tmp_path / 'trial.db'}")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("Error: The database sqlite:///")
    assert "is not a SQLite database" in result.err


def test_a_password_in_a_url_is_never_shown(dayzero: Run) -> None:
    result = dayzero("status", "--database", "mysql://user:geheim@host/trial")
    assert result.code == 2
    assert "geheim" not in result.err + result.out


def test_a_defect_is_one_line_and_70_and_with_debug_the_traceback(
    dayzero: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "store", broken)
    result = dayzero("status")
    assert (result.code, result.out) == (70, "")
    assert (
        result.err
        == "Error: This is a defect of dayzero (ZeroDivisionError). DAYZERO_DEBUG=1 shows where; please report it.\n"
    )
    monkeypatch.setenv("DAYZERO_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["status"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, click.Abort])
def test_an_interrupt_is_130(error: type[BaseException], dayzero: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise error

    monkeypatch.setattr(cli, "store", interrupted)
    result = dayzero("status")
    assert (result.code, result.out, result.err.strip()) == (130, "", "")


class ClosedOutput(io.TextIOWrapper):
    """Standard output that fails as a pipe or a disk does."""

    def __init__(self, error: OSError) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self.error = error

    def write(self, text: str) -> int:
        if text:
            raise self.error
        return 0


FAILURES = {
    "closed": (BrokenPipeError(32, "Broken pipe"), 141, ""),
    "full": (
        OSError(28, "No space left on device"),
        3,
        "Error: The output could not be written: No space left on device.\n",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_output_that_cannot_be_written(
    failure: str, database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, code, message = FAILURES[failure]
    monkeypatch.setattr(sys, "stdout", ClosedOutput(error))
    result = dayzero("status")
    assert (result.code, result.out, result.err) == (code, "", message)


def test_text_has_80_columns_and_no_colour_when_piped(
    database: Path, dayzero: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = dayzero("show", "P-001", "--now", "2026-02-09T12:00")
    assert "\x1b" not in result.out
    assert max(map(len, result.out.splitlines())) == 80


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_without_no_color(
    no_color: str, coloured: bool, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    assert cli.main(["show", "P-001"]) == 0
    assert ("\x1b[" in screen.getvalue()) == coloured
