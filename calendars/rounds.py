"""What a change does to several patients, each in a transaction of its own: an amendment, or new days of a site. As
text, where each is told in short, and as JSON, where nothing is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from calendars.changes import diff_text
from calendars.document import diff_document
from calendars.layout import Cell, bullets, heading, sections, table
from schedules.diff import Diff
from schedules.plan import Status
from schedules.words import counted

# Of up to so many patients whose plan changes each change is told in full; of more, in a row.
TOLD_IN_FULL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One patient in such a change. ``outcome`` is what became of it, in a word or two, and ``reason`` why it was left
    as it is. ``diff`` is None for those who were; ``notes`` are what somebody must know of it; ``today`` is the date at
    the site."""

    subject: str
    site: str
    version: str
    outcome: str
    reason: str = ""
    diff: Diff | None = None
    notes: tuple[str, ...] = ()
    today: date | None = None

    @property
    def changes(self) -> bool:
        """Whether anything in the patient's plan changes."""
        return bool(self.diff)


def counts(rounds: Iterable[Round]) -> dict[str, int]:
    """How many patients there are by outcome, in the order in which outcomes first occur."""
    return dict(Counter(one.outcome for one in rounds))


def counts_text(rounds: Sequence[Round]) -> str:
    """``12 patients: 9 amended, 2 there already, 1 stopped.``"""
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts(rounds).items())
    return f"{counted(len(rounds), 'patient')}: {told}." if rounds else "There is no patient whom it concerns."


def rounds_text(rounds: Sequence[Round], *, width: int = 80, colour: bool = False) -> str:
    """What becomes of each patient, what changes for whom, and numbers that add up."""
    changed = [one for one in rounds if one.changes]
    full = changed if len(changed) <= TOLD_IN_FULL else []
    return sections(
        (
            _table(rounds, width, colour) if rounds else "",
            *(
                sections(
                    (
                        heading(one.subject, colour=colour),
                        diff_text(one.diff, today=one.today, width=width, colour=colour),
                    )
                )
                for one in full
                if one.diff is not None
            ),
            _notes(rounds, width, colour),
            counts_text(rounds),
        )
    )


def _table(rounds: Sequence[Round], width: int, colour: bool) -> str:
    rows = [
        (
            Cell(one.subject, "bold", whole=True),
            one.site,
            Cell(one.version, whole=True),
            one.outcome,
            one.reason or "; ".join(_in_short(one.diff)) or "nothing changes",
        )
        for one in rounds
    ]
    return table(
        ("Subject", "Site", "Version", "Outcome", "What changes, or why not"), rows, width=width, colour=colour
    )


def _in_short(diff: Diff | None) -> Iterator[str]:
    """``2 visits move``, ``1 new``, ``1 no longer there``, ``1 new conflict``."""
    if diff is None:
        return
    new = [turn for turn in diff.turned if turn.before is None and turn.after is not Status.NOT_APPLICABLE]
    gone = [turn for turn in diff.turned if turn.after is None]
    past = [turn for turn in diff.turned if turn.before is None and turn.after is Status.NOT_APPLICABLE]
    others = len(diff.turned) - len(new) - len(gone) - len(past)
    for number, one, many in (
        (len(diff.moved), "visit moves", "visits move"),
        (len(new), "new", "new"),
        (len(gone), "no longer there", "no longer there"),
        (len(past), "not added", "not added"),
        (others, "changes its status", "change their status"),
        (len(diff.periods), "period ends otherwise", "periods end otherwise"),
        (len(diff.new_conflicts), "new conflict", "new conflicts"),
        (len(diff.gone_conflicts), "conflict less", "conflicts less"),
        (len(diff.asked), "new question", "new questions"),
    ):
        if number:
            yield f"{number} {one if number == 1 else many}"


def _notes(rounds: Iterable[Round], width: int, colour: bool) -> str:
    notes = [f"{one.subject}: {note}" for one in rounds for note in one.notes]
    return f"{heading('To be looked at', colour=colour)}\n{bullets(notes, width=width)}" if notes else ""


def rounds_document(rounds: Sequence[Round]) -> dict[str, object]:
    """The counts by outcome, and each patient with all that changes."""
    return {
        "counts": {**counts(rounds), "all": len(rounds)},
        "subjects": [
            {
                "subject": one.subject,
                "site": one.site,
                "version": one.version,
                "outcome": one.outcome,
                "reason": one.reason,
                "diff": None if one.diff is None else diff_document(one.diff),
                "notes": list(one.notes),
            }
            for one in rounds
        ],
    }
