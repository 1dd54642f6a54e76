"""``print`` and ``show --timeline``: the files, what is said about them, and what a browser makes of them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

NOW = ("--now", "2026-02-10T09:00")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CLOSED = ("quic", "background-networking", "component-update", "sync", "gpu", "extensions")


def visits(page: str) -> int:
    return page.count('<li class="visit ')


# The page


def test_a_page_is_written_and_says_how_much(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    result = dayzero("print", "P-001", "-o", "visits.html", *NOW)
    page = (tmp_path / "visits.html").read_text(encoding="utf-8")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"visits.html: {visits(page)} visits, level private.\n"
    planned = [item["planned"] or "" for item in dayzero("show", "P-001", "--json", *NOW).json["visits"]]
    coming = [day for day in planned if day >= "2026-02-10"]
    assert visits(page) - page.count('<li class="visit open') == len(coming) > 20
    told = re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL)
    for word in ("P-001", "NEUK", "BJ01", "nfusion", "Lymphodepletion", "riving", "DLL3"):
        assert word not in told
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "As of Tuesday 10 February 2026. Version 1." in page
    assert sorted(file.suffix for file in tmp_path.iterdir() if file.suffix in {".html", ".new"}) == [".html"]


def test_the_page_as_asked_for(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    days = ("--from", "2026-03-02", "--to", "2026-03-08")
    full = dayzero("print", "P-001", "--level", "full", "--language", "de", *days, "--call", "Zentrale <555>", *NOW).out
    assert visits(full) == 7
    assert "Termine · P-001" in full
    assert "Montag, 2. März" in full
    assert "NEUK203-13 IV infusion, Dose level 1" in full
    assert "Zentrale &lt;555&gt;" in full
    assert "Stay near the hospital" in full
    dayzero("print", "P-001", "-o", "visits.html", *NOW)
    assert dayzero("print", "P-001", *NOW).out.encode() == (tmp_path / "visits.html").read_bytes()
    assert dayzero("print", "P-001", "--language", "zh", *NOW).out.count("尚未预约") > 20
    one = dayzero("print", "P-001", "-o", "one.html", "--from", "2026-03-02", "--to", "2026-03-02", *NOW)
    assert one.out == "one.html: 1 visit, level private.\n"


def test_the_page_of_the_dead_has_no_future(database: Path, dayzero: Run) -> None:
    dayzero("event", "P-001", "death", "2026-02-20", "--now", "2026-02-20T10:00")
    result = dayzero("print", "P-001", "--level", "full", "--now", "2026-02-21T10:00")
    assert result.code == 0
    assert visits(result.out) == 0
    assert "No visits are planned." in result.out
    assert "driving" not in result.out


def test_an_unscheduled_visit_and_one_that_was_called_off(database: Path, dayzero: Run) -> None:
    when = ("--now", "2026-02-12T10:00")
    dayzero("add", "P-001", "Fever check", "2026-02-13T09:30", *when)
    assert "09:30" in dayzero("print", "P-001", "--to", "2026-02-13", *when).out
    before = visits(dayzero("print", "P-001", *when).out)
    dayzero("cancel", "P-001", "d14", "--why", "the patient asked", *when)
    assert visits(dayzero("print", "P-001", *when).out) == before - 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("P-002",), "There is no subject 'P-002'. Did you mean 'P-001'?"),
        (("P-001", "--level", "public"), "There is no level 'public'. Choose one of private, coded, full."),
        (("P-001", "--language", "fr"), "There is no language 'fr'. Choose one of en, zh, de, es."),
        (("P-001", "--from", "2026-3-2"), "'2026-3-2' is no date. Write year-month-day, such as 2026-03-02."),
        (
            ("P-001", "--from", "2026-03-02", "--to", "2026-03-01"),
            "The last day, 2026-03-01, is before the first, 2026-03-02. Name them the other way round.",
        ),
        (
            ("P-001", "--call", "5" * 201),
            "Whom to call takes 200 characters, and these are 201. Write it shorter.",
        ),
        (("P-001", "-o", "folder"), "'folder' is a folder. Name a file in it, such as folder/visits.html."),
        (
            ("P-001", "-o", "missing/visits.html"),
            "'missing/visits.html' cannot be written: No such file or directory. Name another file.",
        ),
    ],
)
def test_what_cannot_be_printed_is_said(
    arguments: tuple[str, ...], message: str, unchanged: Path, dayzero: Run, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    result = dayzero("print", *arguments, *NOW)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"Error: {message}")
    assert len(result.err.splitlines()) <= 2
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_is_replaced_whole(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    (tmp_path / "visits.html").write_text("old")
    assert dayzero("print", "P-001", "-o", "visits.html", *NOW).code == 0
    assert (tmp_path / "visits.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="this machine has no /dev/null")
def test_a_device_is_written_to_and_not_replaced(unchanged: Path, dayzero: Run) -> None:
    assert dayzero("print", "P-001", "-o", "/dev/null", *NOW).code == 0
    assert Path("/dev/null").is_char_device()


# The timeline


def test_a_timeline_is_written_instead_of_the_table(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    result = dayzero("show", "P-001", "--timeline", "p-001.svg", *NOW)
    assert (result.code, result.out, result.err) == (0, "p-001.svg: the timeline of P-001.\n", "")
    root = ElementTree.fromstring((tmp_path / "p-001.svg").read_bytes())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    titles = [item.text or "" for item in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "P-001 · NEUK203-13 1.0 · BJ01"
    assert "d1, Day 1: booked, Mon 2 Mar 2026" in " ".join(titles)
    assert "Follow-up" in titles


def test_with_json_the_plan_is_printed_too(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    result = dayzero("show", "P-001", "--timeline", "p-001.svg", "--json", *NOW)
    assert result.json == json.loads(dayzero("show", "P-001", "--json", *NOW).out)
    assert result.err == "p-001.svg: the timeline of P-001.\n"
    assert (tmp_path / "p-001.svg").exists()


def test_a_timeline_that_cannot_be_written_is_said(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    folder = dayzero("show", "P-001", "--timeline", "folder", *NOW)
    assert (folder.code, folder.out) == (2, "")
    assert folder.err == "Error: 'folder' is a folder. Name a file in it, such as folder/timeline.svg.\n"
    nobody = dayzero("show", "P-002", "--timeline", "p.svg", *NOW)
    assert (nobody.code, nobody.out) == (2, "")
    assert nobody.err.startswith("Error: There is no subject 'P-002'.")
    assert not (tmp_path / "p.svg").exists()


def test_both_are_methods(unchanged: Path) -> None:
    with Scheduler(f"sqlite:///{unchanged}") as trial:
        page = trial.page("P-001", language="es", call="Enfermera", now="2026-02-10T09:00")
        assert '<html lang="es">' in page
        assert "Enfermera" in page
        assert trial.timeline("P-001", now="2026-02-10T09:00").startswith("<?xml")
        with pytest.raises(InvalidInput, match="Whom to call takes 200 characters"):
            trial.page("P-001", call="x" * 300)


# A browser


def browsed(tmp_path: Path, *arguments: str) -> str:
    assert CHROMIUM is not None
    options = [f"--disable-{name}" for name in CLOSED] + ["--headless", "--no-sandbox", "--no-first-run"]
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return run.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: how wide the page is was not measured")
def test_on_a_phone_nothing_is_wider_than_the_screen(unchanged: Path, dayzero: Run, tmp_path: Path) -> None:
    """Each page in a frame as wide as a phone or a desk's screen; a script of the test's own tells what sticks out."""
    frames = []
    for language in ("en", "zh", "de", "es"):
        page = dayzero("print", "P-001", "--language", language, "--level", "full", *NOW).out
        frames += [
            f'<iframe width="{width}" height="600" style="border: 0" srcdoc="{html.escape(page)}"></iframe>'
            for width in (320, 360, 1280)
        ]
    script = """<script>onload = () => { document.title = [...document.querySelectorAll("iframe")].map(frame =>
        frame.contentDocument.documentElement.scrollWidth - frame.contentDocument.documentElement.clientWidth + ":" +
        frame.contentDocument.styleSheets.length).join(" ") }</script>"""
    (tmp_path / "frames.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{script}{''.join(frames)}", "utf-8")
    found = re.search(r"<title>(.*?)</title>", browsed(tmp_path, "--dump-dom", f"file://{tmp_path}/frames.html"))
    # The style sheet is applied too: its hash is the one that the page's policy names.
    assert found
    assert found[1].split() == ["0:1"] * 12


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: where its letters really are was not measured")
def test_in_a_browser_no_text_of_a_timeline_covers_another(database: Path, dayzero: Run, tmp_path: Path) -> None:
    drawings = []
    for step in ((), ("done", "P-001", "ld-1", "2026-02-27"), ("event", "P-001", "progression", "2026-06-01")):
        if step:
            assert dayzero(*step, "--now", "2026-06-02T10:00").code == 0
        dayzero("show", "P-001", "--timeline", "p-001.svg", "--now", "2026-02-20")
        drawings.append((tmp_path / "p-001.svg").read_text(encoding="utf-8").partition("\n")[2])
    script = """<script>onload = () => { const found = []; let number = 0;
        for (const drawing of document.querySelectorAll("svg")) {
          const all = drawing.getBoundingClientRect();
          const texts = [...drawing.querySelectorAll("text")].map(
            text => [text.firstChild.data, text.getBoundingClientRect()]);
          number += texts.length;
          texts.forEach(([one, a], index) => {
            if (a.left < all.left || a.right > all.right || a.bottom > all.bottom) found.push(one + " is outside");
            for (const [other, b] of texts.slice(index + 1))
              if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3)
                found.push(one + " and " + other);
          });
        }
        document.title = number + ": " + found.join("; "); }</script>"""
    (tmp_path / "drawings.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{script}{''.join(drawings)}", "utf-8")
    found = re.search(
        r"<title>(\d+): (.*?)</title>", browsed(tmp_path, "--dump-dom", f"file://{tmp_path}/drawings.html")
    )
    assert found
    assert int(found[1]) > 150
    assert found[2] == ""
