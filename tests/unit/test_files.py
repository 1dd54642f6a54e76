"""Files that people name: whose they are, and what is left of them where something fails."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scheduler import files
from scheduler.files import write_file
from schedules.errors import InvalidInput

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")


def rights(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@POSIX
@pytest.mark.parametrize("chosen", [0o600, 0o640, 0o666])
def test_a_file_that_is_replaced_keeps_its_rights(tmp_path: Path, chosen: int) -> None:
    file = tmp_path / "record.json"
    file.touch()
    file.chmod(chosen)
    write_file(str(file), b"new")
    assert (file.read_bytes(), rights(file)) == (b"new", chosen)


@POSIX
def test_a_new_file_that_is_to_be_its_owners_is_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "p-001.json"
    write_file(str(file), b"new", own=True)
    assert rights(file) == 0o600


@POSIX
def test_a_new_file_has_the_rights_that_the_user_gives_to_new_files(tmp_path: Path) -> None:
    file = tmp_path / "visits.ics"
    before = os.umask(0o027)
    try:
        write_file(str(file), b"new")
    finally:
        os.umask(before)
    assert rights(file) == 0o640


def test_what_a_link_points_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "visits.ics", tmp_path / "feed.ics"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_file(str(link), b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_link_that_waits_under_the_unfinished_files_name_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, other = tmp_path / "visits.ics", tmp_path / "other"
    monkeypatch.setattr(files, "token_hex", lambda size: "guessed")
    trap = tmp_path / f"visits.ics.{os.getpid()}-guessed.new"
    trap.symlink_to(other)
    with pytest.raises(InvalidInput, match=r" cannot be written: File exists\. Name another file\.$"):
        write_file(str(target), b"new")
    assert not other.exists()
    assert trap.is_symlink()


def test_where_the_last_step_fails_the_old_file_stays_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "visits.ics"
    file.write_bytes(b"old")

    def fails(new: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(InvalidInput, match="No space left on device"):
        write_file(str(file), b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
