"""Bad input: a clear message on stderr, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

ENROL = ("enrol", "NEUK203-13", "P-002", "--site", "BJ01")
PREVIEW = ("preview", "NEUK203-13")
DONE = ("done", "P-001", "d1")
HEAD = 'protocol: MINI\nversion: "1.0"\ntitle: A protocol\nreference: {visit: d1, day: 1}\n'

UNKNOWN_NAMES = [
    (("preview", "NEUK203-31"), "There is no protocol 'NEUK203-31'. Did you mean 'NEUK203-13'?"),
    (("enrol", "GD2B7H3", "P-002", "--site", "BJ01"), "There is no protocol 'GD2B7H3'. Did you mean 'GD2B7H3-CART'?"),
    ((*ENROL, "--version", "2.0"), "There is no version '2.0' of NEUK203-13."),
    ((*ENROL[:-1], "BJ1"), "There is no site 'BJ1'. Did you mean 'BJ01'?"),
    (("agenda", "--site", "BJ02"), "There is no site 'BJ02'. Did you mean 'BJ01'?"),
    ((*PREVIEW, "--site", "BJ02"), "There is no site 'BJ02'. Did you mean 'BJ01'?"),
    (("export", "--site", "BJ02"), "There is no site 'BJ02'. Did you mean 'BJ01'?"),
    (("show", "P-01"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("audit", "P-01"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("export", "P-01"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("remind", "list", "P-01"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("contact", "add", "P-01", "--role", "patient"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("done", "P-01", "d1", "2026-03-02"), "There is no subject 'P-01'. Did you mean 'P-001'?"),
    (("done", "P-001", "day1", "2026-03-02"), "There is no visit 'day1'. Did you mean 'd1"),
    (("missed", "P-001", "response-month-5"), "There is no visit 'response-month-5'. Did you mean 'response-month-"),
    (("why", "P-001", "lab"), "There is no visit 'lab'. Did you mean 'labs'?"),
    ((*ENROL, "--set", "lab=2026-03-02"), "There is no visit 'lab'. Did you mean 'labs'?"),
    ((*PREVIEW, "--done", "lab=2026-03-02"), "There is no visit 'lab'. Did you mean 'labs'?"),
    ((*PREVIEW, "--missed", "lab"), "There is no visit 'lab'. Did you mean 'labs'?"),
    ((*DONE, "2026-03-02", "--withheld", "il3"), "There is no activity 'il3' at d1. Did you mean 'il2'?"),
    ((*PREVIEW, "--withheld", "d1:il3"), "There is no activity 'il3' at d1. Did you mean 'il2'?"),
    ((*PREVIEW, "--given", "lab:il2"), "There is no visit 'lab'. Did you mean 'labs'?"),
    ((*ENROL, "--group", "dose=DL1"), "There is no group 'dose'. Did you mean 'dose_level'?"),
    (("group", "P-001", "dose_level=DL3"), "There is no value 'DL3' of group 'dose_level'. Did you mean 'DL"),
    ((*PREVIEW, "--group", "dosage=DL1"), "There is no group 'dosage'. Did you mean 'dose_level'?"),
    (("event", "P-001", "progress", "2026-03-02"), "There is no milestone 'progress'. Did you mean 'progression'?"),
    ((*PREVIEW, "--event", "deth=2026-03-02"), "There is no milestone 'deth'. Did you mean 'death'?"),
    (("history", "P-001", "strok=never"), "There is no history item 'strok'. Did you mean 'stroke'?"),
    (
        (*PREVIEW, "--history", "systemic-therapy.half=3 days"),
        "There is no question 'half' about 'systemic-therapy'. Did you mean 'half-life'?",
    ),
    (
        ("site", "add", "X", "--timezone", "Asia/Shangai"),
        "There is no time zone 'Asia/Shangai'. Did you mean 'Asia/Shanghai'?",
    ),
    ((*PREVIEW, "--timezone", "Beijing"), "There is no time zone 'Beijing'."),
    (("contact", "add", "P-001", "--role", "patient", "--zone", "CST6"), "There is no time zone 'CST6'."),
    (("site", "add", "X", "--timezone", "UTC", "--open", "mon,tues"), "There is no weekday 'tues'."),
    ((*PREVIEW, "--open", "weekdays"), "There is no weekday 'weekdays'. Write them as in mon,tue,wed"),
    (("site", "add", "X", "--timezone", "UTC", "--holidays", "XX"), "There is no country 'XX'."),
    ((*PREVIEW, "--holidays", "DE-XX"), "There is no subdivision of DE 'XX'."),
    (("contact", "add", "P-001", "--role", "patent"), "There is no role 'patent'."),
    (("contact", "add", "P-001", "--role", "patient", "--language", "fr"), "There is no language 'fr'."),
    (("export", "P-001", "--level", "secret"), "There is no level 'secret'. Choose one of private, coded, full."),
    (("export", "P-001", "--with", "sampels"), "There is no extra 'sampels'."),
    (("export", "P-001", "--alarm", "soon"), "'soon' is no alarm. Write '1 day before at 17:00'"),
    (("export", "P-001", "--role", "nurse"), "There is no role 'nurse'."),
    (("export", "--site", "BJ01", "--role", "patient"), "The calendar of a patient is of one subject."),
    (("export", "P-001", "--department", "imagin"), "There is no department 'imagin'. Did you mean 'imaging'?"),
]

BAD_TEXTS = [
    ((*DONE, "2026-02-30"), "'2026-02-30' is no date of the calendar."),
    ((*DONE, "2026-13-01"), "'2026-13-01' is no date of the calendar."),
    (("event", "P-001", "progression", "2027-02-29"), "'2027-02-29' is no date of the calendar."),
    ((*PREVIEW, "--enrolled", "2026-04-31"), "'2026-04-31' is no date of the calendar."),
    ((*DONE, "03/04/2026"), "'03/04/2026' is no date. Write year-month-day, such as 2026-03-02."),
    ((*DONE, "4.3.2026"), "'4.3.2026' is no date."),
    ((*DONE, "20260304"), "'20260304' is no date."),
    ((*DONE, "now"), "'now' is no date."),
    ((*DONE, "tomorrow"), "'tomorrow' is no date."),
    ((*DONE, "10:30"), "'10:30' is no time. Write a date and a time, such as 2026-03-02T10:00."),
    ((*DONE, ""), "'' is no date."),
    ((*DONE, "2026-03-04T25:00"), "'2026-03-04T25:00' has no time of the day."),
    ((*DONE, "0026-03-04"), "'0026-03-04' is outside 1900 to 2199."),
    ((*DONE, "２０２６-03-04"), "is no date"),
    ((*ENROL, "--enrolled", "03/04/2026"), "'03/04/2026' is no date."),
    ((*ENROL, "--set", "d1=now"), "'now' is no date."),
    ((*PREVIEW, "--set", "d1=10:30"), "'10:30' is no time."),
    ((*PREVIEW, "--closed", "2026-03-04..2026-03-01"), "'2026-03-04..2026-03-01' is no range of days."),
    ((*PREVIEW, "--opens", "8"), "'8' is no time of day. Write hours and minutes, such as 08:00."),
    (("history", "P-001", "stroke=last year"), "'last year' is no date."),
    (("history", "P-001", "systemic-therapy.half-life=long"), "'long' is no length of time."),
    (("status", "--now", "now"), "'now' is no date."),
    (("show", "P-001", "--now", "10:30"), "'10:30' is no time."),
    (("agenda", "--from", "03/04/2026"), "'03/04/2026' is no date."),
    (("export", "P-001", "--to", "03/04/2026"), "'03/04/2026' is no date."),
    ((*ENROL, "--set", "d1"), "'d1' is not of the form VISIT=WHEN."),
    ((*ENROL, "--group", "DL1"), "'DL1' is not of the form NAME=VALUE."),
    ((*ENROL, "--given", "il2"), "'il2' is not of the form VISIT:ACTIVITY, such as d7:il2."),
    (
        (*ENROL, "--set", "d1=2026-03-02", "--set", "d1=2026-03-03"),
        "'d1' is given twice, as 2026-03-02 and as 2026-03-03.",
    ),
    (("enrol", "NEUK203-13", "P 002", "--site", "BJ01"), "'P 002' cannot be the id of a subject."),
    (("enrol", "NEUK203-13", "../P", "--site", "BJ01"), "'../P' cannot be the id of a subject."),
    (("site", "add", "B J", "--timezone", "UTC"), "'B J' cannot be the id of a site."),
    (("contact", "add", "P-001", "--role", "patient", "--quiet", "night"), "'night'"),
    (("contact", "add", "--site", "BJ01", "--role", "patient"), "patient"),
    ((*DONE, "2026-03-04", "--by", "x" * 200), "cannot be the name of who records this."),
    (("audit", "P-001", "--verify", "--head", "abc"), "'abc' is no head of a record"),
    (("done", "P-001", "ld", "2026-02-25"), "'ld' is a series of visits. Name one of them: ld-1, ld-2, ld-3."),
    (("why", "P-001", "ld"), "'ld' is a series of visits. Name one of them: ld-1, ld-2, ld-3."),
    (
        ("book", "P-001", "il2", "2026-03-02"),
        "'il2' is an activity, not a visit. Name a visit at which it is done: d1, d4",
    ),
    (("why", "P-001", "il2"), "'il2' is an activity, not a visit."),
    (
        ("done", "P-001", "progression", "2026-03-02"),
        "'progression' is a milestone, not a visit. Record it as an event.",
    ),
    (("missed", "P-001", "death"), "'death' is a milestone, not a visit. Record it as an event."),
    (("event", "P-001", "d1", "2026-03-02"), "'d1' is a visit, not a milestone. Record it as done."),
    (("event", "P-001", "enrolment", "2026-02-01"), "Correct the date of that fact instead."),
    (("history", "P-001", "stroke=no"), "'no' is no date. Write year-month-day, such as 2026-03-02. Where stroke does"),
    ((*DONE, "2026-03-04", "--why", "bell \a"), "The reason 'bell �' holds characters that cannot be printed."),
    (("preview", "missing.yaml"), "The file 'missing.yaml' cannot be read: No such file or directory."),
    (("protocols", "add", "."), "The file '.' cannot be read: Is a directory."),
]


@pytest.mark.parametrize(("arguments", "message"), [*UNKNOWN_NAMES, *BAD_TEXTS])
def test_what_cannot_be_is_told_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, unchanged: Path, dayzero: Run
) -> None:
    result = dayzero(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: ")
    assert message in result.err
    assert len(result.err.splitlines()) <= 2


def test_a_second_enrolment_is_refused(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("enrol", "NEUK203-13", "P-001", "--site", "BJ01", "--set", "d1=2026-04-06")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "Error: Subject P-001 is enrolled already. Look at it with 'dayzero show P-001', or give another id.\n"
    )


def test_a_second_site_of_the_same_name_is_refused(unchanged: Path, dayzero: Run) -> None:
    result = dayzero("site", "add", "BJ01", "--timezone", "UTC")
    assert (result.code, result.out) == (2, "")
    assert "BJ01" in result.err


def test_a_wall_clock_time_that_does_not_exist_is_refused(dayzero: Run) -> None:
    result = dayzero(*PREVIEW, "--timezone", "America/New_York", "--set", "d1=2026-03-08T02:30")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: 2026-03-08T02:30 does not exist in America/New_York")


def alias_bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return (HEAD + "\n".join(lines) + "\n").encode()


TEMPLATES = {
    "of 10 MB": (HEAD.encode() + b"# " + b"x" * 10 * 1024 * 1024, ":1:1: error: The file has 10,240 KiB"),
    "alias bomb": (alias_bomb(), "error: "),
    "binary": (bytes(range(256)) * 8, "error: "),
    "compiled": (b"\x7fELF\x02\x01\x01" + b"\x00" * 200, "error: "),
    "names itself": (HEAD.encode() + b"visits:\n  d1: {epoch: treatment, at: d1 + 2 days}\n", "d1"),
    "names one another": (
        HEAD.encode()
        + b"visits:\n  d1: {epoch: treatment, at: d2 + 1 day}\n  d2: {epoch: treatment, at: d1 + 1 day}\n",
        "d2",
    ),
    "includes itself": (
        HEAD.encode() + b"visits: &v\n  d1: {epoch: treatment, at: enrolment, window: *v}\n",
        "error: ",
    ),
    "empty": (b"", "error: "),
    "a list": (b"- 1\n- 2\n", "error: A template is a map of keys"),
    "deeply nested": (HEAD.encode() + b"visits: " + b"[" * 5000 + b"]" * 5000, "error: "),
    "a tag": (HEAD.encode() + b"visits: !!python/object/apply:os.system [echo]\n", "error: "),
    "two documents": (HEAD.encode() + b"---\n" + HEAD.encode(), "error: "),
}


@pytest.mark.parametrize("command", [("preview",), ("protocols", "check"), ("protocols", "add")], ids=" ".join)
@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_bad_template_is_refused(
    kind: str, command: tuple[str, ...], unchanged: Path, dayzero: Run, tmp_path: Path
) -> None:
    data, message = TEMPLATES[kind]
    (tmp_path / "bad.yaml").write_bytes(data)
    result = dayzero(*command, "bad.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("bad.yaml:")
    assert message in result.err
    assert "Traceback" not in result.err
    assert max(map(len, result.err.splitlines())) < 400


def test_a_template_that_names_itself_says_so(dayzero: Run, tmp_path: Path) -> None:
    (tmp_path / "self.yaml").write_bytes(TEMPLATES["names itself"][0])
    result = dayzero("preview", "self.yaml")
    assert result.err.startswith("self.yaml:6:")
    assert "itself" in result.err


def test_a_device_without_end_is_no_template(dayzero: Run) -> None:
    if not os.path.exists("/dev/zero"):
        pytest.skip("this machine has no /dev/zero")
    result = dayzero("protocols", "check", "/dev/zero")
    assert result.code == 2
    assert result.err.startswith("/dev/zero:1:1: error: The file has ")


@pytest.mark.parametrize(
    "name", ["P-\udcff", "P\x00", "P\n2", "\x1b[31mP", "P" * 5000, "", "患者-1'; DROP TABLE fact;--"]
)
def test_odd_names_are_refused_and_shown_without_harm(name: str, unchanged: Path, dayzero: Run) -> None:
    for arguments in (
        ("enrol", "NEUK203-13", name, "--site", "BJ01"),
        ("show", name),
        ("preview", name),
        ("site", "add", name, "--timezone", "UTC"),
    ):
        result = dayzero(*arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("Error: ")
        assert "\x1b" not in result.err
        assert max(map(len, result.err.splitlines())) < 400


def test_odd_reasons_are_recorded_as_text_or_refused(
    database: Path, dayzero: Run, contents: Callable[[Path], list[str]]
) -> None:
    before = contents(database)
    for why in ("x" * 3000, "\x1b[31m", "\udcff"):
        assert dayzero(*DONE, "2026-03-02", "--why", why).code == 2
    assert contents(database) == before
    assert dayzero(*DONE, "2026-03-02", "--why", "发热 – “fever”; DROP TABLE fact;--").code == 0
    assert dayzero("audit", "P-001", "--json").json["facts"][-1]["why"] == "发热 – “fever”; DROP TABLE fact;--"
