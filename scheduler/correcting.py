"""Correction and undo: use cases that take a mistake out of what counts, never out of the record (design §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.desk import Desk
from scheduler.moments import AnyWhen, day_of
from scheduler.recording import Recording, Terms, before_enrolment, is_ahead, recording
from scheduler.values import Change
from schedules.corrections import changed_by, corrected_by, correction, refuse_without_effect, taken_back_by
from schedules.errors import InvalidInput
from schedules.record import UNDOES, Fact, Kind
from schedules.words import when_words

if TYPE_CHECKING:
    from scheduler.store.facts import Link

# Enrolments, answers and amendments are of a day, also where a time is given.
_OF_A_DAY = frozenset({Kind.ENROLLED, Kind.HISTORY, Kind.AMENDED})


def correct(desk: Desk, subject: str, number: int, when: AnyWhen | None, terms: Terms) -> Change:
    """Corrects the date of a fact, or without one takes the fact back; what depends on it follows.

    Raises InvalidInput where there is no reason, no such fact, or it cannot be corrected that way: the enrolment cannot
    be taken back, a fact without a date can only be, and a visit counted in hours needs a time.
    """
    with recording(desk, subject, terms) as doing:
        if not doing.why:
            raise InvalidInput("A correction wants a reason. Give it with --why.")
        fact = _correction(doing, number, when)
        refuse_without_effect(doing.chart.record, fact)
        return doing.record([fact], warnings=[*_of_dates(doing, [fact]), *_of_company(doing, fact)])


def _correction(doing: Recording, number: int, when: AnyWhen | None) -> Fact:
    record = doing.chart.record
    read = None if when is None else doing.fact(Kind.CORRECTED, "", when).when
    fact = correction(record, number, read)
    if isinstance(read, datetime) and corrected_by(record, fact).kind in _OF_A_DAY:
        return replace(fact, when=day_of(read))
    return fact


def _of_dates(doing: Recording, facts: Sequence[Fact]) -> Iterator[str]:
    """Warnings for what would now have happened in the future (design §5, rule 6), or before the enrolment."""
    for fact, _ in changed_by(doing.chart.record, facts):
        if fact.when is not None and fact.kind is not Kind.BOOKED and is_ahead(fact.when, doing.now, doing.chart):
            yield f"{fact.name} is dated {when_words(fact.when)}, which is in the future; it is recorded all the same."
        yield from before_enrolment(doing.chart.record, fact)


def _of_company(doing: Recording, fact: Fact) -> Iterator[str]:
    """What was recorded together with a fact that is taken back, and goes on to count."""
    if fact.when is not None:
        return
    links = doing.work.facts.links(doing.chart.subject.id)
    revision = links[fact.corrects - 1].revision
    together = [link.fact for link in links if link.revision == revision and link.number != fact.corrects]
    counting = [other for other in together if taken_back_by(doing.chart.record, other) is None]
    if counting and links[fact.corrects - 1].kind != Kind.CORRECTED and revision > 1:
        yield f"Recorded together with it, and kept: {_in_words(counting)}."


def undo(desk: Desk, subject: str, terms: Terms) -> Change:
    """Takes back the last use case that the same person recorded for a subject and that still counts.

    Undos are passed over, so that the next one goes one further back. Raises InvalidInput where nothing is left.
    """
    with recording(desk, subject, terms) as doing:
        links = doing.work.facts.links(doing.chart.subject.id)
        undone = _last_of(doing, links)
        record, facts = doing.chart.record, []
        # From the last on: a fact must be taken back after those of the same use case that correct it.
        for fact in reversed(undone):
            facts.append(correction(record, fact.number, None, undoes=_revision(links, fact)))
            record = record.with_facts(facts[-1])
        told = [*_of_dates(doing, facts), *_of_others(doing, links, _revision(links, undone[0]))]
        return doing.record(facts, warnings=told)


def _last_of(doing: Recording, links: Sequence[Link]) -> list[Fact]:
    """The facts of the use case to undo that still count."""
    first = links[0].revision
    for revision in sorted({link.revision for link in links if link.recorded_by == doing.by}, reverse=True):
        facts = [link.fact for link in links if link.revision == revision]
        if revision == first or any(UNDOES in fact.values for fact in facts):
            continue
        counting = [fact for fact in facts if taken_back_by(doing.chart.record, fact) is None]
        if counting:
            return counting
    raise InvalidInput(_nothing_left(doing, links))


def _nothing_left(doing: Recording, links: Sequence[Link]) -> str:
    name = doing.chart.subject.id
    enrolled = links[0].recorded_by == doing.by
    others = ", ".join(dict.fromkeys(link.recorded_by for link in links if link.recorded_by != doing.by))
    told = f"Nothing that {doing.by} recorded for {name} is left to undo"
    told += ", but for the enrolment, which cannot be undone." if enrolled else "."
    return told + (
        f" Others recorded too: {others}. To correct a fact of theirs use 'dayzero correct'." if others else ""
    )


def _revision(links: Sequence[Link], fact: Fact) -> int:
    return links[fact.number - 1].revision


def _of_others(doing: Recording, links: Sequence[Link], undone: int) -> Iterator[str]:
    since = [link.fact for link in links if link.revision > undone and UNDOES not in link.fact.values]
    since = [fact for fact in since if fact.by != doing.by and taken_back_by(doing.chart.record, fact) is None]
    if since:
        by = ", ".join(dict.fromkeys(fact.by for fact in since))
        yield f"Since then {by} recorded, and it stays: {_in_words(since[:5])}{'; …' if len(since) > 5 else ''}."


def _in_words(facts: Iterable[Fact]) -> str:
    return "; ".join(f"fact {fact.number} ({fact.kind} {fact.name})" for fact in facts)
