"""A patient's whole record as a file: out with one command, in with another (docs/record.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Run

OTHER = ("--database", "sqlite:///other.db")


@pytest.fixture
def file(database: Path, dayzero: Run) -> Path:
    """The record of P-001, who was infused on 4 March."""
    assert dayzero("done", "P-001", "d1", "2026-03-04", "--why", "fever", "--now", "2026-03-04T18:00").code == 0
    result = dayzero("record", "export", "P-001", "-o", "p-001.json")
    assert (result.code, result.out) == (0, "p-001.json: the whole record of P-001, without contacts.\n")
    return Path("p-001.json")


def test_out_and_in_again(file: Path, dayzero: Run) -> None:
    head = dayzero("audit", "P-001", "--head").out.strip()
    result = dayzero("record", "import", "p-001.json", *OTHER)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        f"The record of P-001 is imported: 4 facts, revision 2.\nLast hash: {head}\n"
        "Contacts are in no record: add them with 'dayzero contact add P-001 --role patient'.\n"
    )
    assert dayzero("audit", "P-001", "--verify", "--head", head, *OTHER).code == 0
    for command in (("show", "P-001", "--json"), ("export", "P-001", "--level", "full"), ("record", "export", "P-001")):
        assert dayzero(*command, *OTHER).out == dayzero(*command).out


def test_a_dry_run_only_verifies(file: Path, dayzero: Run) -> None:
    result = dayzero("record", "import", "p-001.json", "--dry-run", "--json", *OTHER)
    assert (result.code, result.json["dry_run"], result.json["facts"]) == (0, True, 4)
    assert dayzero("status", "--json", *OTHER).json["subjects"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "Error: The file is no record: line "),
        (lambda text: text.replace("fever", "cold"), "Error: The file was changed after it was written: its sha256"),
        (lambda text: "[]", "Error: The file is no record: it holds no JSON object.\n"),
        (
            lambda text: json.dumps({"format": "song"}),
            "Error: The file is no record of dayzero. Such a file is written",
        ),
    ],
)
def test_what_is_no_record_is_refused(change: Callable[[str], str], message: str, file: Path, dayzero: Run) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    result = dayzero("record", "import", "p-001.json", *OTHER)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)


def test_what_is_there_or_not_there_is_refused(file: Path, unchanged: Path, dayzero: Run) -> None:
    result = dayzero("record", "import", "p-001.json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: Subject P-001 is there already, and a record is imported once")
    result = dayzero("record", "import", "p-002.json")
    assert (result.code, result.err) == (2, "Error: The file 'p-002.json' cannot be read: No such file or directory.\n")
    result = dayzero("record", "export", "P-002")
    assert (result.code, result.err) == (2, "Error: There is no subject 'P-002'. Did you mean 'P-001'?\n")
