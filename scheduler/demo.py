"""The demonstration: one patient's first weeks, told step by step with real commands on a temporary database."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

WIDTH = 80
CALENDAR = "visits.ics"
# Whatever is set up for messages, the people of a story get none.
NOBODY = {f"DAYZERO_{name}": "" for name in ("SETTINGS", "SMTP_HOST", "WEBHOOK_SECRET", "NOTIFY", "QUESTIONS")}
ENVIRONMENT = {"DAYZERO_DATABASE": "sqlite:///demo.db", "DAYZERO_USER": "coordinator", **NOBODY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Words, and the command lines they speak of, which may end in ``| head -n N`` or ``| tail -n N``."""

    title: str = ""
    words: str
    commands: Sequence[str] = ()
    shows_event: bool = False


STEPS = (
    Step(
        title="A site",
        words="A hospital in Beijing takes part in NEUK203-13, a trial of CAR-NK cells against neuroendocrine "
        "tumours. Its clinic is open from Monday to Friday, not on China's public holidays, but on the weekend days "
        "that are worked for them. Its coordinator and its pharmacy want to be reminded.",
        commands=(
            "dayzero site add BJ01 --timezone Asia/Shanghai --holidays CN \\\n    --name 'Cancer hospital in Beijing'",
            "dayzero contact add --site BJ01 --role coordinator \\\n    --email coordinator@example.org",
            "dayzero contact add --site BJ01 --role pharmacy --email pharmacy@example.org",
        ),
    ),
    Step(
        title="A patient",
        words="On 9 February 2026 a patient gives consent. Day 1, the first infusion, is set for Monday 2 March, at "
        "dose level 1. (With --now a command takes another moment for the present, so that this story is always the "
        "same.)",
        commands=(
            "dayzero enrol NEUK203-13 P-001 --site BJ01 --set d1=2026-03-02 \\\n"
            "    --group dose_level=DL1 --now 2026-02-09T10:00",
            "dayzero contact add P-001 --role patient --email patient@example.org \\\n"
            "    --quiet 21:00-08:00 --now 2026-02-09T10:05",
        ),
    ),
    Step(
        words="The questions are the protocol's: an answer keeps Day 1 at a distance. After the last systemic therapy "
        "that is 4 weeks or 5 half-lives, the shorter. 5 half-lives of 6 days are 30 days, so 4 weeks count: Day 1 "
        "can be no earlier than 23 February.",
        commands=(
            "dayzero history P-001 systemic-therapy=2026-01-26 \\\n"
            "    systemic-therapy.half-life='6 days' thoracic-radiotherapy=2025-06-12 \\\n"
            "    radiotherapy=never live-vaccine=never major-surgery=never \\\n"
            "    severe-infection=never antibiotics=never brain-metastases=never \\\n"
            "    stroke=never supportive-therapy=never --now 2026-02-09T10:20",
        ),
    ),
    Step(
        title="The calendar",
        words="This follows from the protocol, the patient and the site's open days. The ward works every day, the "
        "clinic on its open days. (Saturday 14 February is one: it is worked in place of a holiday.)",
        commands=("dayzero show P-001 --now 2026-02-09T11:00",),
    ),
    Step(
        title="What happens",
        words="Two weeks go by as planned, and every step is recorded.",
        commands=(
            "dayzero done P-001 consent 2026-02-09 --now 2026-02-09T11:30 | head -n 1",
            "dayzero done P-001 screening-visit 2026-02-09 \\\n    --now 2026-02-09T16:00 | head -n 1",
            "dayzero done P-001 baseline-imaging 2026-02-12 \\\n    --now 2026-02-12T16:00 | head -n 1",
            "dayzero event P-001 eligible 2026-02-13 --now 2026-02-13T12:00 | head -n 1",
            "dayzero event P-001 product-on-site 2026-02-20 \\\n    --now 2026-02-20T12:00 | head -n 1",
        ),
    ),
    Step(
        title="The week before",
        words="This command, run from time to time, sends what is due. As no mail server is set up here, it prints the "
        "messages. Each is sent once: a minute later there is nothing to send.",
        commands=(
            "dayzero remind --once --now 2026-02-23T09:00",
            "dayzero remind --once --now 2026-02-23T09:01",
        ),
    ),
    Step(
        words="Blood is tested, and lymphodepletion makes room for the cells.",
        commands=(
            "dayzero done P-001 labs 2026-02-24 --now 2026-02-24T17:30 | head -n 1",
            "dayzero done P-001 ld-1 2026-02-25 --now 2026-02-25T15:00 | head -n 1",
            "dayzero done P-001 ld-2 2026-02-26 --now 2026-02-26T15:00 | head -n 1",
            "dayzero done P-001 ld-3 2026-02-27 --now 2026-02-27T15:00 | head -n 1",
        ),
    ),
    Step(
        title="A fever",
        words="On Sunday evening the patient has a fever. What if the infusion slips by two days? With --dry-run, to "
        "ask costs nothing. This is the end of the answer:",
        commands=("dayzero book P-001 d1 2026-03-04 --dry-run --now 2026-03-01T20:00 \\\n    | tail -n 8",),
    ),
    Step(
        words="So blood is tested again. That is outside the window of this visit: a deviation, which is recorded and "
        "not refused. On 4 March the fever is gone and the cells are given. This is what moves:",
        commands=(
            "dayzero done P-001 labs 2026-03-03 --again --why 'the first ones expire' \\\n    --now 2026-03-03T15:00",
            "dayzero done P-001 d1 2026-03-04 --why 'fever on the planned day' \\\n    --now 2026-03-04T16:00",
        ),
    ),
    Step(
        words="Every date can say where it comes from:",
        commands=("dayzero why P-001 d4",),
    ),
    Step(
        title="The calendar file",
        words="What is still to come, for the patient's phone: with a neutral title, no name, no drug, no diagnosis. "
        "Below the answer is the file's first event, without its identifier, which is random.",
        commands=(f"dayzero export P-001 --from 2026-03-05 -o {CALENDAR}",),
        shows_event=True,
    ),
    Step(
        title="The audit trail",
        words="Nothing was overwritten. Each fact carries the hash of the one before, so that a changed, missing or "
        "re-ordered past would show.",
        commands=("dayzero audit P-001 --verify",),
    ),
)
HEAD = (
    "One patient's first weeks in a trial of cell therapy, told by dayzero. Every command below is real: it runs now, "
    "on a temporary database that is gone afterwards."
)
TAIL = "That was the demo. 'dayzero --help' lists all commands, and 'dayzero protocols' the protocols."


def tell(run: Callable[[Sequence[str]], int], say: Callable[[str], object]) -> int:
    """Tells all steps in a folder that is gone afterwards; gives the highest exit code. Raises what a command raises.

    ``run`` runs a command line without its first word, ``say`` prints a text.
    """
    say(_wrapped(HEAD))
    with TemporaryDirectory(prefix="dayzero-") as folder, contextlib.chdir(folder), _environment(ENVIRONMENT):
        codes = [_tell(step, run, say) for step in STEPS]
    say(f"\n{_wrapped(TAIL)}")
    return max(codes)


def _tell(step: Step, run: Callable[[Sequence[str]], int], say: Callable[[str], object]) -> int:
    if step.title:
        say(f"\n\n{step.title}\n{'─' * len(step.title)}")
    say(f"\n{_wrapped(step.words)}")
    codes = []
    for command in step.commands:
        say(f"\n$ {command}")
        codes.append(_run(command, run, say))
    if step.shows_event:
        say("\n" + "\n".join(_first_event(Path(CALENDAR))))
    return max(codes)


def _run(command: str, run: Callable[[Sequence[str]], int], say: Callable[[str], object]) -> int:
    line, _, filtered = command.replace("\\\n", " ").partition("|")
    _, *arguments = shlex.split(line)
    with contextlib.redirect_stderr(_Folded(sys.stdout)):
        if not filtered:
            return run(arguments)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = run(arguments)
        say("\n".join(_filtered(printed.getvalue().splitlines(), filtered)))
        return code


def _filtered(lines: list[str], by: str) -> list[str]:
    """What ``head -n N`` or ``tail -n N`` leaves."""
    program, _, number = by.split()
    return lines[: int(number)] if program == "head" else lines[-int(number) :]


class _Folded(io.StringIO):
    """Standard error, told where it is given even when the output goes into a file, and not wider than the rest."""

    def __init__(self, target: TextIO) -> None:
        super().__init__()
        self._target = target

    def write(self, text: str) -> int:
        # This refuses bytes, which click tries in order to see what it prints to.
        length = super().write(text)
        for line in text.splitlines():
            self._target.write(textwrap.fill(line, WIDTH, subsequent_indent="  ") + "\n")
        return length


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _first_event(file: Path) -> Iterator[str]:
    """The lines of the first event of a calendar file, without its identifier."""
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line == "BEGIN:VEVENT":
            yield line
            break
    for line in lines:
        if not line.startswith("UID:"):
            yield line
        if line == "END:VEVENT":
            return


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables that are set for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
