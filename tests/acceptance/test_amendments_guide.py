"""The page on amendments: its example is run, and its output held to what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.tours import ROOT, play

GUIDE = ROOT / "docs" / "amendments.md"


def test_the_example_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = re.findall(r"```yaml\n# (\S+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for name, _ in files] == ["one.yaml", "two.yaml"]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert play(GUIDE, tmp_path, monkeypatch, capsys) > 10
