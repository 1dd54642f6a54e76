"""The commands around amendments: what they print, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules.catalogue import PROTOCOLS
from tests.acceptance.conftest import Run

ON = ("--now", "2026-03-06T10:00")


@pytest.fixture
def second(dayzero: Run, database: Path, tmp_path: Path) -> str:
    """Version 2.0 of NEUK203-13, in which Day 10 is Day 11."""
    file = tmp_path / "second.yaml"
    text = (Path(PROTOCOLS) / "NEUK203-13_1.0.yaml").read_text(encoding="utf-8")
    changed = text.replace('version: "1.0"', 'version: "2.0"').replace("at: day 10\n", "at: day 11\n")
    assert changed.count("at: day 11\n") == 1
    file.write_text(changed, encoding="utf-8")
    assert dayzero("protocols", "add", str(file)).code == 0
    return "2.0"


def test_amending_one_patient(dayzero: Run, second: str) -> None:
    asked = ("amend", "NEUK203-13", "--to", second, "--effective", "2026-03-06", *ON)
    refused = dayzero(*asked, "--subject", "P-001")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Error: BJ01 has not approved NEUK203-13 2.0. Once it has, record that with")
    said = dayzero("site", "approve", "BJ01", "NEUK203-13", "--version", second, "--mandatory", *ON)
    assert said.out == "BJ01 approves NEUK203-13 2.0, for every patient.\n"
    tried = dayzero(*asked, "--dry-run")
    assert tried.out.endswith("1 patient: 1 amended.\n\nThis was a dry run: nothing was written.\n")
    assert dayzero("show", "P-001", "--json").json["version"] == "1.0"
    found = dayzero(*asked, "--json").json
    assert (found["counts"], found["subjects"][0]["outcome"]) == ({"amended": 1, "all": 1}, "amended")
    assert [move["visit"] for move in found["subjects"][0]["diff"]["moved"]] == ["d10"]
    shown = dayzero("show", "P-001", "--json").json
    assert shown["version"] == second
    again = dayzero(*asked)
    assert again.out.endswith("1 patient: 1 there already.\n")
    assert "amended from NEUK203-13 1.0 to 2.0, from Fri 6 Mar 2026 on" in " ".join(
        dayzero("audit", "P-001", "--verify").out.split()
    )


def test_a_version_or_protocol_that_is_not_there(dayzero: Run, database: Path) -> None:
    found = dayzero("amend", "NEUK203-13", "--to", "9.9", "--effective", "2026-03-06")
    assert (found.code, found.err) == (2, "Error: There is no version '9.9' of NEUK203-13. Known: 1.0.\n")
