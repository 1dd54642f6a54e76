"""The command that runs invented patients: what it prints, where it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Run

SMALL = ("NEUK203-13", "--patients", "1", "--days", "30")


def test_it_tells_what_came_of_it_and_leaves_nothing_behind(dayzero: Run, tmp_path: Path) -> None:
    told = dayzero("simulate", *SMALL)
    assert (told.code, told.err) == (0, "")
    heads = [line[:12].strip() for line in told.out.splitlines() if not line.startswith(" ")]
    assert heads == ["Patients", "Recorded", "Ended", "Plans", "Reminders", "Messages"]
    assert "1, followed for 30 days" in told.out
    assert "0 sent twice" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_as_json_it_is_the_same_each_time_for_a_seed(dayzero: Run) -> None:
    told = dayzero("simulate", *SMALL, "--json").json
    assert told["facts"]["enrolled"] == 1
    assert dayzero("simulate", *SMALL, "--json").json == told
    assert dayzero("simulate", *SMALL, "--seed", "7", "--json").json != told


def test_a_database_that_is_named_is_kept_and_can_be_looked_at(dayzero: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/simulated.db"
    assert dayzero("simulate", *SMALL, "--database", url).code == 0
    shown = dayzero("show", "SIM-00001", "--database", url, "--json").json
    assert (shown["protocol"], shown["site"]) == ("NEUK203-13", "SIM-CN")


def test_the_database_of_the_environment_is_left_alone(
    dayzero: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever works with DAYZERO_DATABASE set means a real trial by it."""
    monkeypatch.setenv("DAYZERO_DATABASE", f"sqlite:///{tmp_path}/trial.db")
    assert dayzero("simulate", *SMALL).code == 0
    assert list(tmp_path.iterdir()) == []
    monkeypatch.delenv("DAYZERO_DATABASE")
    assert dayzero("--database", f"sqlite:///{tmp_path}/simulated.db", "simulate", *SMALL).code == 0
    assert (tmp_path / "simulated.db").exists()


def test_it_refuses_a_database_with_subjects(dayzero: Run, unchanged: Path) -> None:
    told = dayzero("simulate", *SMALL, "--database", f"sqlite:///{unchanged}")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("Error: The database holds subjects already, and invented patients must not mix")


def test_it_refuses_what_is_no_number_of_days(dayzero: Run) -> None:
    told = dayzero("simulate", "--days", "0")
    assert (told.code, told.err) == (2, "Error: A simulation has 1 to 7,320 days, and 0 were asked for.\n")
