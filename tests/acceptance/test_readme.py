"""The README's tour, word for word: its commands are run in order, and what it shows of their output is held to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.tours import ROOT, play


def test_the_tour_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(ROOT / "README.md", tmp_path, monkeypatch, capsys) > 15
    assert (tmp_path / "tour.db").exists()
    assert (tmp_path / "p-001.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
