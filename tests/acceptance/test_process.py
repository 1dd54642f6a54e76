"""The command as a process of its own: its exit code, its streams, and a reader that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = [sys.executable, str(ROOT / "cli.py")]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SCRIPT, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env=os.environ | environment,
    )


def test_a_story_told_by_processes(tmp_path: Path) -> None:
    url = {"DAYZERO_DATABASE": f"sqlite:///{tmp_path / 'trial.db'}"}
    site = run("site", "add", "BJ01", "--timezone", "Asia/Shanghai", **url)
    assert (site.returncode, site.stderr) == (0, "")
    enrolled = run("enrol", "NEUK203-13", "P-001", "--site", "BJ01", "--set", "d1=2026-03-02", **url)
    assert enrolled.returncode == 0
    again = run("enrol", "NEUK203-13", "P-001", "--site", "BJ01", **url)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("Error: Subject P-001 is enrolled already.")


def test_a_terminal_that_knows_no_unicode_gets_question_marks() -> None:
    found = run("preview", "NEUK203-13", "--set", "d1=2026-03-02", PYTHONIOENCODING="ascii")
    assert (found.returncode, found.stderr) == (0, "")
    assert "Mon 2 Mar 2026   D1    d1 " in found.stdout


@pytest.mark.skipif(os.name == "nt", reason="there are no POSIX pipes")
@pytest.mark.parametrize("arguments", [("preview", "NEUK203-13"), ("--help",)], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run([*SCRIPT, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert process.stderr == b""
    assert process.returncode in (1, 141)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this machine has no /dev/full")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [*SCRIPT, "preview", "NEUK203-13"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert process.returncode == 3
    assert process.stderr.decode() == "Error: The output could not be written: No space left on device.\n"
