"""`dayzero protocols`: the catalogue, a schedule of activities, assumptions, checks, registration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

MINIMAL = """\
protocol: MINI
version: "{version}"
title: A protocol for tests
reference: {{visit: d1, day: 1}}
visits:
  d1: {{epoch: treatment, at: enrolment + 7 days}}
  d8: {{epoch: treatment, at: day 8, window: ±1 day}}
"""
TWO_PROBLEMS = """\
protocol: MINI
version: "1.0"
title: A protocol for tests
reference: {visit: d1, day: 1}
visits:
  d1: {epoch: treatment, at: enrolment + 7 days}
  d8: {epoch: treatment, at: day 8, windw: ±1 day}
  d9: {epoch: treatment, at: d7 + 2 days}
"""
UNUSED_VALUE = (
    MINIMAL + "  d9: {{epoch: treatment, at: day 9, only_for: {{arm: A}}}}\ngroups:\n  arm: {{A: Arm A, B: Arm B}}\n"
)


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A small template file without problems."""
    return written(tmp_path / "mini.yaml", MINIMAL.format(version="1.0"))


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_the_catalogue_lists_what_is_shipped(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("protocols")
    assert (result.code, result.err) == (0, "")
    assert "Protocol" in result.out.splitlines()[0]
    for name in ("NEUK203-13", "GD2B7H3-CART"):
        assert name in result.out
    found = dayzero("protocols", "--json").json
    assert {"GD2B7H3-CART", "NEUK203-13"} <= {item["protocol"] for item in found}
    assert {"protocol", "version", "title", "visits", "assumptions"} <= set(found[0])
    assert all(item["assumptions"] > 0 and item["visits"] > 20 for item in found)


def test_the_schedule_of_activities_as_markdown(database: Path, dayzero: Run) -> None:
    lines = dayzero("protocols", "show", "NEUK203-13", "--markdown").out.splitlines()
    heads = [line for line in lines if line.startswith("| Activity |")]
    rows = [line for line in lines if line.startswith("| Informed consent |")]
    assert len(heads) == len(rows) == 1
    assert heads[0].count("|") == rows[0].count("|")
    assert rows[0].split("|")[2].strip() == "x"


@pytest.mark.parametrize("command", ["show", "assumptions"])
def test_a_file_is_shown_before_it_is_registered(command: str, mini: Path, database: Path, dayzero: Run) -> None:
    result = dayzero("protocols", command, str(mini))
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("MINI 1.0: A protocol for tests")
    assert "MINI" not in dayzero("protocols").out
    assert dayzero("protocols", command, str(mini), "--version", "1.0").code == 2
    written(mini, TWO_PROBLEMS)
    result = dayzero("protocols", command, str(mini))
    assert (result.code, result.out) == (2, "")
    assert "mini.yaml:7:37: error: Visit 'd8' has no key 'windw'" in result.err


def test_show_prints_visits_across_and_activities_down(database: Path, dayzero: Run) -> None:
    result = dayzero("protocols", "show", "NEUK203-13")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("NEUK203-13 1.0: NEUK203-13 (iPSC-derived anti-DLL3 CAR-NK)")
    for text in ("Interleukin-2, 6 mIU", "d10", "DLT observation"):
        assert text in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    found = dayzero("protocols", "show", "NEUK203-13", "--json").json
    assert found["reference"] == {"visit": "d1", "day": 1}
    assert {"d1", "d4", "d7", "d10"} <= {visit["id"] for visit in found["visits"]}


def test_assumptions_are_listed_with_what_is_quoted(database: Path, dayzero: Run) -> None:
    result = dayzero("protocols", "assumptions", "NEUK203-13")
    assert (result.code, result.err) == (0, "")
    assert "To be confirmed by the study team" in result.out
    assert "d1,d4 and d7 for three doses" in result.out
    found = dayzero("protocols", "assumptions", "NEUK203-13", "--json").json
    assert len(found["assumptions"]) > 20
    assert any("d1,d4 and d7 for three doses" in quote["text"] for quote in found["quotes"])


def test_check_of_a_file_without_problems(mini: Path, dayzero: Run) -> None:
    result = dayzero("protocols", "check", "mini.yaml", str(mini), "--strict")
    assert (result.code, result.out, result.err) == (0, f"mini.yaml: no problems\n{mini}: no problems\n", "")


def test_check_prints_every_problem_of_every_file_with_its_place(mini: Path, tmp_path: Path, dayzero: Run) -> None:
    written(tmp_path / "bad.yaml", TWO_PROBLEMS)
    result = dayzero("protocols", "check", "bad.yaml", "mini.yaml", "missing.yaml")
    assert (result.code, result.out) == (2, "mini.yaml: no problems\n")
    problems = result.err.splitlines()
    assert problems[0].startswith("bad.yaml:7:37: error: ")
    assert "'windw'" in problems[0]
    assert "'window'" in problems[0]
    assert problems[1].startswith("bad.yaml:8:30: error: There is no visit")
    assert "'d7'" in problems[1]
    assert problems[2:] == ["The file 'missing.yaml' cannot be read: No such file or directory."]


def test_check_with_json(mini: Path, tmp_path: Path, dayzero: Run) -> None:
    written(tmp_path / "bad.yaml", TWO_PROBLEMS)
    result = dayzero("protocols", "check", "bad.yaml", "mini.yaml", "--json")
    assert (result.code, result.err) == (2, "")
    bad, good = result.json
    assert good == {"file": "mini.yaml", "errors": [], "warnings": []}
    assert (bad["file"], len(bad["errors"]), bad["warnings"]) == ("bad.yaml", 2, [])


def test_a_warning_is_a_no_only_under_strict(tmp_path: Path, dayzero: Run) -> None:
    written(tmp_path / "odd.yaml", UNUSED_VALUE.format(version="1.0"))
    result = dayzero("protocols", "check", "odd.yaml")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("odd.yaml:10:")
    assert ": warning: " in result.err
    strict = dayzero("protocols", "check", "odd.yaml", "--strict")
    assert (strict.code, strict.err) == (1, result.err)


def test_a_version_is_registered_for_good(database: Path, mini: Path, tmp_path: Path, dayzero: Run) -> None:
    first = dayzero("protocols", "add", str(mini))
    assert first.code == 0
    assert first.out.startswith("MINI 1.0 is registered.\nSHA-256 ")
    again = dayzero("protocols", "add", str(mini), "--json")
    assert again.json["new"] is False
    assert again.json["sha256"] in first.out
    changed = written(
        tmp_path / "changed.yaml", MINIMAL.format(version="1.0") + "  d9: {epoch: treatment, at: day 9}\n"
    )
    refused = dayzero("protocols", "add", str(changed))
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Error: MINI 1.0 ")
    newer = written(tmp_path / "newer.yaml", MINIMAL.format(version="1.1"))
    assert dayzero("protocols", "add", str(newer), "--json").json["version"] == "1.1"
    assert dayzero("protocols", "show", "MINI", "--json").json["version"] == "1.1"
    assert dayzero("protocols", "show", "MINI", "--version", "1.0", "--json").json["version"] == "1.0"
    assert dayzero("preview", "MINI", "--enrolled", "2026-03-02", "--json").json["version"] == "1.1"


def test_an_unknown_protocol_or_version_names_the_nearest(database: Path, dayzero: Run) -> None:
    for command in ("show", "assumptions"):
        result = dayzero("protocols", command, "NEUK203-31")
        assert (result.code, result.out) == (2, "")
        assert result.err == "Error: There is no protocol 'NEUK203-31'. Did you mean 'NEUK203-13'?\n"
    assert (
        "There is no version '9.0' of NEUK203-13." in dayzero("protocols", "show", "NEUK203-13", "--version", "9.0").err
    )


def test_show_prints_a_page_or_markdown_but_not_both(database: Path, dayzero: Run) -> None:
    page = dayzero("protocols", "show", "NEUK203-13", "--html")
    assert (page.code, page.err) == (0, "")
    assert page.out.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert page.out.endswith("</html>\n")
    both = dayzero("protocols", "show", "NEUK203-13", "--html", "--markdown")
    assert (both.code, both.out) == (2, "")
    assert "--html and --markdown are two forms of one table. Give one of them." in both.err
