"""The direction of imports, the purity of the core, and what a small command may load (design §2, §10)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ROOMS = ("schedules", "calendars", "scheduler", "cli")  # each may import itself and the rooms before it
PURE = ("schedules", "calendars")
OUTSIDE = frozenset({"tests", "bench"})
STORAGE = frozenset({"sqlmodel", "sqlalchemy", "alembic"})
WORLD = STORAGE | {
    "apscheduler",
    "asyncio",
    "http",
    "multiprocessing",
    "platformdirs",
    "psycopg",
    "random",
    "secrets",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
CLOCKS = frozenset(
    f"{owner}.{name}"
    for owner in ("datetime.datetime", "datetime.date", "pendulum", "pendulum.DateTime", "pendulum.Date")
    for name in ("now", "today", "utcnow", "yesterday", "tomorrow")
)
# Functions by their bare names, methods with their dot. Only schedules may read: a template file.
OUTPUT = frozenset({"print", "input", ".write_text", ".write_bytes", ".mkdir", ".unlink"})
FILES = {"schedules": OUTPUT, "calendars": OUTPUT | {"open", ".open", ".read_text", ".read_bytes"}}
HEAVY = STORAGE | {
    "apprise",
    "apscheduler",
    "holidays",
    "icalendar",
    "pendulum",
    "pydantic",
    "rich",
    "ruamel",
    "smtplib",
}


# The checker: source in, problems out


def problems(source: str, room: str) -> list[str]:
    """What a module of a room must not do, one "line N: …" for each, in the order of lines."""
    tree = ast.parse(source)
    found = [*_import_problems(tree, room)]
    if room in PURE:
        found += _clock_problems(tree)
        found += _file_problems(tree, FILES[room])
    return [f"line {line}: {text}" for line, text in sorted(found)]


def _import_problems(tree: ast.Module, room: str) -> Iterator[tuple[int, str]]:
    above = ROOMS[ROOMS.index(room) + 1 :]
    for line, name in _imports(tree):
        top = name.partition(".")[0]
        if not top:
            yield line, "imports relatively"
        elif top in above or top in OUTSIDE:
            yield line, f"{room} imports {top}"
        elif room in PURE and top in WORLD:
            yield line, f"{room} is pure, and imports {top}"
        elif room == "cli" and top in STORAGE:
            yield line, f"rows never leave scheduler, and cli imports {top}"


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, at any depth, and of those by a call with a literal name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and _called(node) in {
            ".import_module",
            "import_module",
            "__import__",
        }:
            yield from ((node.lineno, name) for name in _literals(node.args[:1]))


def _literals(nodes: list[ast.expr]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return f".{node.func.attr}"
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _clock_problems(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every mention of a clock, called or not: `clock = datetime.now` would only hide the call."""
    names = dict(_imported_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node, names)
            if dotted in CLOCKS:
                yield node.lineno, f"reads the clock: {dotted}"


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each imported name stands for: `from datetime import date as d` gives d, datetime.date."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def _file_problems(tree: ast.Module, forbidden: frozenset[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in forbidden:
            yield node.lineno, f"input or output: {_called(node)}()"


def loaded_by(statement: str) -> set[str]:
    """Top-level names of all that a fresh interpreter has loaded after the statement."""
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


# The rooms as they are


def modules() -> list[Path]:
    """Every module of every room, as paths from the top of the checkout."""
    inside = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in [*inside, ROOT / "cli.py"]]


def test_every_room_has_modules() -> None:
    assert {path.parts[0].removesuffix(".py") for path in modules()} == set(ROOMS)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_module_keeps_to_its_room(module: Path) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert problems(source, room=module.parts[0].removesuffix(".py")) == []


def test_the_command_loads_nothing_heavy() -> None:
    loaded = loaded_by("import cli")
    assert "cli" in loaded
    assert loaded & HEAVY == set()


def test_a_transport_is_loaded_when_a_message_takes_it() -> None:
    transports = {"apprise", "http", "pydantic_settings", "smtplib", "ssl"}
    assert loaded_by("import scheduler.channels, scheduler.composing") & transports == set()


# The checker itself can fail


@pytest.mark.parametrize(
    ("room", "source", "problem"),
    [
        ("schedules", "import calendars.ical", "line 1: schedules imports calendars"),
        ("schedules", "from scheduler import Scheduler", "line 1: schedules imports scheduler"),
        ("calendars", "import os, scheduler", "line 1: calendars imports scheduler"),
        ("scheduler", "def f():\n    from cli import main", "line 2: scheduler imports cli"),
        ("cli", "import bench", "line 1: cli imports bench"),
        ("scheduler", "from tests.conftest import x", "line 1: scheduler imports tests"),
        ("scheduler", "from . import store", "line 1: imports relatively"),
        ("scheduler", "from ..calendars import text", "line 1: imports relatively"),
        ("schedules", "import importlib\nimportlib.import_module('cli')", "line 2: schedules imports cli"),
        ("calendars", "__import__('scheduler.store')", "line 1: calendars imports scheduler"),
    ],
)
def test_an_import_against_the_direction_is_found(room: str, source: str, problem: str) -> None:
    assert problems(source, room) == [problem]


@pytest.mark.parametrize("room", PURE)
@pytest.mark.parametrize(
    "name",
    ["sqlmodel", "sqlalchemy.orm", "alembic", "smtplib", "socket", "subprocess", "time", "sqlite3"],
)
def test_the_world_in_a_pure_room_is_found(room: str, name: str) -> None:
    top = name.partition(".")[0]
    assert problems(f"def f():\n    import {name}", room) == [f"line 2: {room} is pure, and imports {top}"]


@pytest.mark.parametrize(
    ("source", "clock"),
    [
        ("from datetime import datetime\ndatetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as dt\ndt.utcnow()", "datetime.datetime.utcnow"),
        ("from datetime import date\ndate.today()", "datetime.date.today"),
        ("import datetime as d\nd.date.today()", "datetime.date.today"),
        ("import datetime\nclock = datetime.datetime.now", "datetime.datetime.now"),
        ("import pendulum\npendulum.now()", "pendulum.now"),
        ("from pendulum import today\ntoday()", "pendulum.today"),
    ],
)
def test_a_clock_in_a_pure_room_is_found(source: str, clock: str) -> None:
    assert problems(source, "schedules") == [f"line 2: reads the clock: {clock}"]
    assert problems(source, "scheduler") == []


@pytest.mark.parametrize(
    ("room", "source", "call"),
    [
        ("schedules", "print('x')", "print"),
        ("schedules", "path.write_text('x')", ".write_text"),
        ("calendars", "open('page.html')", "open"),
        ("calendars", "path.read_text()", ".read_text"),
    ],
)
def test_input_and_output_in_a_pure_room_are_found(room: str, source: str, call: str) -> None:
    assert problems(source, room) == [f"line 1: input or output: {call}()"]


@pytest.mark.parametrize("name", sorted(STORAGE))
def test_rows_outside_the_scheduler_are_found(name: str) -> None:
    source = f"from {name} import anything"
    assert problems(source, "cli") == [f"line 1: rows never leave scheduler, and cli imports {name}"]
    assert problems(source, "schedules") == [f"line 1: schedules is pure, and imports {name}"]
    assert problems(source, "scheduler") == []


def test_what_is_allowed_is_not_found() -> None:
    assert problems("from datetime import date, datetime, time\nday = date(2026, 3, 2)", "schedules") == []
    assert problems("text = path.read_text(encoding='utf-8')", "schedules") == []
    assert problems("from schedules.plan import Plan\nPlan.today", "calendars") == []
    assert problems("console.print(table)", "calendars") == []
    assert problems("import calendars, schedules, time, sqlmodel", "scheduler") == []
    assert problems("def f():\n    from scheduler import Scheduler", "cli") == []


def test_a_heavy_import_is_found() -> None:
    assert "sqlalchemy" in loaded_by("import sqlalchemy")
    assert "sqlalchemy" not in loaded_by("import json")
