"""What a milestone ends: visits after its day, and activities at those that go on (design §5, rules 11 and 16)."""

from __future__ import annotations

from functools import lru_cache

from schedules.compiled import Compiled
from schedules.evaluating import Board, as_day
from schedules.plan import Status
from schedules.standing import Standing
from schedules.template import STOP_EVERYTHING

NOTHING: frozenset[str] = frozenset()


def stopped(compiled: Compiled, standing: Standing, board: Board) -> tuple[dict[int, str], set[tuple[int, str]]]:
    """The visits and the activities at visits that an event stops: not done, and dated after its day."""
    visits: dict[int, str] = {}
    lost: set[tuple[int, str]] = set()
    for event, fact in standing.events.items():
        # The first of an event that repeats stops what comes after it.
        day = board.events.get(f"{event}#1", fact.day)
        names, activities, spared = stops(compiled, event)
        # Most milestones end nothing.
        if day is None or not (names or activities):
            continue
        for place, status in enumerate(board.status):
            if status in (Status.DONE, Status.MISSED, Status.NOT_APPLICABLE):
                continue
            when = board.when[place]
            if when is not None and as_day(when) <= day:
                continue
            kept = place in names and any(_given(compiled, board, place, name) for name in spared)
            gone = [name for name in compiled.activities[place] if name in activities or (kept and name not in spared)]
            lost.update((place, name) for name in gone)
            if (place in names and not kept) or (gone and not _left(compiled, board, place, gone)):
                visits.setdefault(place, event)
    return visits, lost


def _left(compiled: Compiled, board: Board, place: int, gone: list[str]) -> bool:
    """Whether anything is still to be done at a visit."""
    return any(name not in gone and _given(compiled, board, place, name) for name in compiled.activities[place])


def _given(compiled: Compiled, board: Board, place: int, activity: str) -> bool:
    return activity in compiled.activities[place] and (place, activity) not in board.absent


@lru_cache(maxsize=512)
def stops(compiled: Compiled, event: str) -> tuple[frozenset[int], frozenset[str], frozenset[str]]:
    """The visits (by index) and activities that a milestone ends; and those activities for which a visit that it would
    end goes on, with nothing else."""
    template = compiled.template
    milestone = template.milestones.get(event)
    listed = milestone.stop if milestone else None
    every = frozenset(range(len(compiled.rules)))
    if event in STOP_EVERYTHING:
        return every, NOTHING, NOTHING
    if event == "withdrawal-follow-up" and listed is None:
        seen = frozenset(place for place in every if compiled.rules[place].place in ("clinic", "ward"))
        return seen, NOTHING, NOTHING
    if event == "withdrawal-treatment" and listed is None:
        return frozenset(), frozenset(compiled.activities[compiled.reference]), NOTHING
    if not listed:
        return frozenset(), NOTHING, NOTHING
    keep = {place for name in (milestone.keep if milestone else ()) for place in _places(compiled, name)}
    spared = frozenset(name for name in (milestone.keep if milestone else ()) if name in template.activities)
    if "all" in listed:
        return every - keep, NOTHING, spared
    visits = {place for name in listed if name not in template.activities for place in _places(compiled, name)}
    ended = frozenset(name for name in listed if name in template.activities) - spared
    return frozenset(visits - keep), ended, spared


def _places(compiled: Compiled, name: str) -> list[int]:
    return [compiled.index[visit] for visit in compiled.template.members(name) if visit in compiled.index]
