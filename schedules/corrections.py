"""Which corrections can be, and what they change in how a record counts (design §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NoReturn

from schedules.errors import InvalidInput
from schedules.record import CORRECTS, UNDOES, Fact, Kind, Record, When
from schedules.words import when_words


def correction(record: Record, number: int, when: When | None, *, undoes: int | None = None) -> Fact:
    """The fact that corrects fact ``number`` to ``when``, or takes it back; of an undo with the revision it undoes.

    Raises InvalidInput where that cannot be, as :func:`check_correction` does.
    """
    named = _named(record, number)
    values = {CORRECTS: str(number)} | ({} if undoes is None else {UNDOES: str(undoes)})
    fact = Fact(kind=Kind.CORRECTED, name=named.name, when=when, values=values)
    check_correction(record, fact)
    return fact


def check_correction(record: Record, fact: Fact) -> None:
    """Raises InvalidInput for a correction that cannot be made of ``record``, in words that say what can."""
    named = _named(record, fact.corrects)
    root = corrected_by(record, named)
    taken_back = taken_back_by(record, named)
    if taken_back is not None:
        raise InvalidInput(
            f"Fact {named.number} was taken back by fact {taken_back.number}. "
            f"To let it count again, take fact {taken_back.number} back."
        )
    if fact.when is None and named.kind is Kind.ENROLLED:
        raise InvalidInput("The enrolment cannot be taken back, only its date corrected. Give the right date too.")
    if fact.when is not None and root.when is None:
        raise InvalidInput(
            f"Fact {root.number} ({root.kind} {root.name}) has no date of its own that could be corrected. "
            "Leave the date out to take it back, then record what is right."
        )
    if fact.when is None and named.kind is Kind.ADDED:
        _refuse_while_spoken_of(record, named)


def _refuse_while_spoken_of(record: Record, added: Fact) -> None:
    """An unscheduled visit cannot be taken back from under what was recorded of it later."""
    later = [fact for fact in record.effective().facts if fact.name == added.name and fact.number != added.number]
    if later:
        told = ", ".join(f"fact {fact.number} ({fact.kind})" for fact in later)
        raise InvalidInput(f"{added.name} cannot be taken back, since {told} speaks of it. Take that back first.")


def _named(record: Record, number: int) -> Fact:
    if 1 <= number <= len(record.facts):
        return record.facts[number - 1]
    raise InvalidInput(
        f"{record.subject} has no fact {number}: its facts are 1 to {len(record.facts)}. "
        f"'dayzero audit {record.subject}' lists them."
    )


def corrected_by(record: Record, fact: Fact) -> Fact:
    """The fact that a correction is of in the end, over corrections of corrections; of another fact that fact."""
    while fact.kind is Kind.CORRECTED:
        fact = record.facts[fact.corrects - 1]
    return fact


def taken_back_by(record: Record, fact: Fact) -> Fact | None:
    """The correction that took a fact back, if that counts."""
    found = record.corrections().get(fact.number)
    return found if found is not None and found.when is None else None


def refuse_without_effect(record: Record, fact: Fact) -> None:
    """Raises InvalidInput for a correction after which the record counts as before."""
    if _counted(record.with_facts(fact)) != _counted(record):
        return
    named = _named(record, fact.corrects)
    root = corrected_by(record, named)
    counting = record.corrections().get(root.number)
    if named.kind is Kind.CORRECTED and counting is not None and counting.number != named.number:
        raise InvalidInput(
            f"Fact {named.number} no longer counts, since fact {counting.number} corrects the same one. "
            f"Correct fact {counting.number} instead."
        )
    _says_so_already(record, root, fact.when)


def _says_so_already(record: Record, root: Fact, when: When | None) -> NoReturn:
    told = f"says {when_words(when)} already" if when is not None else "counts the same without it"
    raise InvalidInput(f"Nothing would change: fact {root.number} of {record.subject} {told}.")


def changed_by(record: Record, corrections: Iterable[Fact]) -> Iterator[tuple[Fact, Record]]:
    """The facts that count anew or otherwise after ``corrections``, each with the record as it counts without it."""
    before, after = _counted(record), record.with_facts(*corrections)
    then = _counted(after)
    effective = after.effective()
    for fact in effective.facts:
        if before.get(fact.number) != then[fact.number]:
            yield fact, replace(effective, facts=tuple(other for other in effective.facts if other is not fact))


def _counted(record: Record) -> dict[int, tuple[str, int]]:
    """What counts, by the number of the fact: its date as text, since of two equal times of a day on which the clocks
    go back Python thinks the same."""
    return {fact.number: (str(fact.when), getattr(fact.when, "fold", 0)) for fact in record.effective().facts}
