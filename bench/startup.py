"""Whole commands, against the start of Python with click alone."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import Row, processes

AIMS = {"--help": 2.5, "preview": 6.0}


def rows() -> list[Row]:
    """``dayzero --help`` and ``dayzero preview`` against ``python -c "import click"``."""
    dayzero = str(Path(sys.executable).with_name("dayzero"))
    preview = [dayzero, "preview", "NEUK203-13", "--enrolled", "2026-02-02", "--set", "d1=2026-03-02"]
    floor, help_, shown = processes([[sys.executable, "-c", "import click"], [dayzero, "--help"], preview])
    return [
        Row(name='python -c "import click"', seconds=floor, ratio=1.0),
        Row(name="dayzero --help", seconds=help_, ratio=help_ / floor, aim=AIMS["--help"]),
        Row(name="dayzero preview NEUK203-13", seconds=shown, ratio=shown / floor, aim=AIMS["preview"]),
    ]
