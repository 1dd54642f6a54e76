"""The authoring guide is true: every template in it loads, every wrong one gives the messages shown below it."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from schedules import check, check_dates, forecast, load_visits, points, reader, reminder_rules, source, spans
from schedules import load as loader
from schedules.errors import TemplateError
from schedules.load import load

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "templates.md"
FILE = "my-study.yaml"
KINDS = ("whole", "base", "part", "warning", "wrong", "wrong whole")


# The blocks of the guide


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language and what it is for, its text, and the line of the guide on which it begins."""

    language: str
    kind: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}"


def blocks(guide: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in re.finditer(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        line = guide.count("\n", 0, match.start()) + 2
        found.append(Block(language=match[1], kind=match[2], text=match[3], line=line))
    return found


BLOCKS = blocks(GUIDE.read_text(encoding="utf-8"))
TEMPLATES = [block for block in BLOCKS if block.language == "yaml"]
(BASE,) = (block.text for block in TEMPLATES if block.kind == "base")


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in TEMPLATES if block.kind in kinds]


def messages_below(block: Block) -> str:
    """The text block right after a wrong template."""
    below = BLOCKS[BLOCKS.index(block) + 1]
    assert below.language == "text", f"nothing says what is wrong with the block on line {block.line}"
    return below.text


# A fragment, completed from the template the guide calls the example


Line = tuple[str, int]


def split(lines: list[Line], indent: int) -> list[tuple[str, list[Line]]]:
    """Lines by the keys that stand at an indentation; comments and blank lines go with what is above them."""
    found: list[tuple[str, list[Line]]] = []
    for line in lines:
        text = line[0]
        if not found or (text[indent : indent + 1].strip(" #") and not text[:indent].strip()):
            found.append((text.partition(":")[0].strip(), []))
        found[-1][1].append(line)
    return found


def merged(base: list[tuple[str, list[Line]]], own: list[tuple[str, list[Line]]], *, deep: bool) -> list[Line]:
    """What is said twice is said by the fragment; what is new comes after."""
    found = dict(base)
    for key, lines in own:
        if deep and key in found and all(re.fullmatch(rf"{key}:\s*(#.*)?", head[0][0]) for head in (lines, found[key])):
            found[key] = [lines[0], *merged(split(found[key][1:], 2), split(lines[1:], 2), deep=False)]
        else:
            found[key] = lines
    return [line for lines in found.values() for line in lines]


def completed(fragment: str) -> tuple[str, list[int]]:
    """A whole template, and for each of its lines the line of the fragment (0 where it has none)."""
    base = [(line, 0) for line in BASE.splitlines()]
    own = [(line, number) for number, line in enumerate(fragment.splitlines(), start=1)]
    lines = merged(split(base, 0), split(own, 0), deep=True)
    return "\n".join(text for text, _ in lines) + "\n", [number for _, number in lines]


def template_of(block: Block) -> tuple[str, list[int]]:
    if block.kind in ("part", "warning", "wrong"):
        return completed(block.text)
    return block.text, list(range(1, block.text.count("\n") + 2))


def said_of(block: Block) -> str:
    """What the loader says, with the lines of the block."""
    text, lines = template_of(block)
    try:
        said = load(text.encode(), FILE).warnings
    except TemplateError as error:
        said = tuple(str(error).splitlines())
    located = [_at_its_line(message, lines) for message in said]
    return "".join(f"{FILE}:{line}:{rest}\n" for line, rest in sorted(located, key=lambda found: found[0]))


def _at_its_line(message: str, lines: list[int]) -> tuple[int, str]:
    _, number, rest = message.split(":", maxsplit=2)
    own = lines[int(number) - 1]
    assert own, f"no line of the fragment is at fault: {message}"
    return own, rest


def test_every_template_of_the_guide_says_what_it_is() -> None:
    assert {block.kind for block in TEMPLATES} == set(KINDS)


def test_the_first_template_has_ten_lines() -> None:
    lines = [line for line in of_kind("whole")[0].text.splitlines() if line]
    assert len(lines) == 10


@pytest.mark.parametrize("block", of_kind("whole", "base", "part"), ids=str)
def test_what_the_guide_shows_loads(block: Block) -> None:
    assert said_of(block) == ""


@pytest.mark.parametrize("block", of_kind("warning", "wrong", "wrong whole"), ids=str)
def test_what_the_guide_calls_wrong_is_wrong_in_those_words(block: Block) -> None:
    assert said_of(block) == messages_below(block)


def test_the_line_for_editors_names_the_schema() -> None:
    (name,) = {found[1] for block in TEMPLATES if (found := re.search(r"\$schema=(\S+)", block.text))}
    assert (GUIDE.parent / name).resolve() == ROOT / "docs" / "template.schema.json"


# The commands of the guide

Dayzero = Callable[..., Any]  # the fixture of conftest.py


def commands(block: Block) -> list[tuple[list[str], list[str]]]:
    """Each command of a console block, with the lines shown of what it prints; ``…`` stands for more."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:]), []))
        elif line != "…":
            found[-1][1].append(line)
    return found


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "console"], ids=str)
def test_the_commands_print_what_the_guide_shows(
    block: Block, dayzero: Dayzero, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{tmp_path / 'guide.db'}")
    saved = [other for other in of_kind("whole", "base") if other.line < block.line][-1]
    Path(FILE).write_text(saved.text, encoding="utf-8")
    for (name, *words), shown in commands(block):
        assert name == "dayzero"
        ran = dayzero(*words)
        assert ran.code == 0, ran.err
        printed = ran.out.splitlines()
        assert [line for line in shown if line not in printed] == []


# Every message of the loader is in the guide

MODULES = [loader, load_visits, reader, check, check_dates, forecast, points, reminder_rules, source, spans]
# What takes a file nobody would print: it is in the guide's list of limits, in words.
LIMITS = (
    "a template has at most",
    "is not UTF-8 text",
    "holds a control character",
    "Is it a template?",
    "A template is a YAML text file.",
    "Mend the line, or put the text in quotes",
    "Points are nested more than",
    "Write fewer.",
    "The template is too large to be searched",
    "lead out of the calendar",
)


@dataclass(frozen=True, slots=True)
class Message:
    """A statement of the loader that makes a message: where it stands, and a piece of its text."""

    file: str
    lines: range
    text: str


def statements_with_messages(file: str) -> Iterator[Message]:
    """Every innermost statement within a function that holds a sentence."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for statement in _innermost(function.body):
            if text := _sentence(statement):
                yield Message(file, range(statement.lineno, (statement.end_lineno or statement.lineno) + 1), text)


def _innermost(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        inner = [one for one in ast.walk(statement) if isinstance(one, ast.stmt) and one is not statement]
        if not inner and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield statement
        elif not isinstance(statement, ast.FunctionDef):
            yield from _innermost([one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.stmt)])


def _sentence(statement: ast.stmt) -> str:
    """The words of a message in a statement, or nothing."""
    constants = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
    texts = [value for value in constants if isinstance(value, str)]
    ends = any(re.search(r"[.?]( |$)", text) for text in texts)
    words = " … ".join(texts)
    return words if ends and len(re.findall(r"[a-z]{2,}", words)) > 2 and not isinstance(statement, ast.Assert) else ""


def test_every_message_of_the_loader_is_shown_in_the_guide() -> None:
    messages = [message for module in MODULES for message in statements_with_messages(str(module.__file__))]
    assert len(messages) > 60
    reached = lines_reached({message.file for message in messages})
    unseen = [
        f"{Path(message.file).name}:{message.lines.start}: {message.text}"
        for message in messages
        if not any((message.file, line) in reached for line in message.lines)
        and not any(limit in message.text for limit in LIMITS)
    ]
    assert "\n".join(unseen) == ""


def test_every_way_not_to_be_yaml_is_shown_in_the_guide() -> None:
    below = "".join(messages_below(block) for block in of_kind("wrong whole"))
    ends = [words.replace("{{", "{").replace("}}", "}").rpartition("{opened}")[2] for _, words in source._PARSER_WORDS]
    assert len(ends) > 10
    assert [end for end in ends if end not in below] == []


def lines_reached(files: set[str]) -> set[tuple[str, int]]:
    """The lines of some files that run while the templates of the guide are loaded."""
    reached: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for block in of_kind("warning", "wrong", "wrong whole"):
            said_of(block)
    finally:
        sys.settrace(before)
    return reached
