"""The facts of a record in words: what each says, and of a correction what it corrects, from what to what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from calendars.layout import Cell, clean, table
from calendars.tables import fact_in_words, short
from schedules.record import UNDOES, Fact, Kind, Record


def facts_in_words(record: Record, facts: Iterable[Fact]) -> str:
    """Facts of a record on one line."""
    return "; ".join(told_in(record, fact) for fact in facts)


def told_in(record: Record, fact: Fact) -> str:
    """What a fact of the record says, on one line; of a correction with the fact it corrects, as that counted before.

    ``fact 5 (d1 done on Mon 2 Mar 2026) corrected to Wed 4 Mar 2026``
    """
    if fact.kind is not Kind.CORRECTED:
        return fact_in_words(fact)
    before = record.before(fact)
    named = before.facts[fact.corrects - 1]
    what = f"fact {fact.corrects} ({told_in(before, _as_counted(before, named))})"
    done = "taken back" if fact.when is None else f"corrected to {short(fact.when)}"
    undone = f", as undo of revision {fact.values[UNDOES]}" if UNDOES in fact.values else ""
    return clean(f"{what} {done}{undone}")


def _as_counted(record: Record, fact: Fact) -> Fact:
    """The fact with the date that counts; as it was recorded where it is taken back."""
    correction = record.corrections().get(fact.number)
    return fact if correction is None or correction.when is None else fact.dated(correction.when)


def audit_text(record: Record, *, width: int = 80, colour: bool = False) -> str:
    """Who recorded what, when (in UTC) and why, in the order of the record."""
    rows = [
        (
            Cell(str(fact.number), whole=True),
            Cell(_recorded(fact), whole=True),
            fact.by,
            told_in(record, fact),
            fact.why,
        )
        for fact in record.facts
    ]
    return table(("No.", "Recorded (UTC)", "By", "What", "Why"), rows, width=width, colour=colour)


def _recorded(fact: Fact) -> str:
    return "" if fact.recorded is None else f"{fact.recorded.astimezone(UTC):%Y-%m-%d %H:%M}"
