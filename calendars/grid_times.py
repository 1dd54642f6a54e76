"""When the visits of one column of a schedule of activities are, in a protocol's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from schedules.points import Day, Named, Point, Shifted
from schedules.spans import Span
from schedules.template import Template, VisitRule

# More members than this are told by the first, the last and the step, where that is the same throughout.
TOLD_ONE_BY_ONE = 4


def when_of(template: Template, visits: Sequence[VisitRule], days: Mapping[str, int]) -> str:
    """The times of a visit, or of all members of a series; ``days`` are those from the reference visit, where known.

    The reference visit is on its day of the protocol, whatever point stands in for its date.
    """
    numbers = [_number(template, days.get(visit.id)) for visit in visits]
    known = [number for number in numbers if number is not None]
    if len(visits) == 1:
        return _of_one(template, visits[0], numbers[0])
    from_one = _from_one(visits)
    if from_one is not None:
        base, spans = from_one
        return _steps(f"{base} + ", [span.text() for span in spans], _step_of_spans(spans))
    if len(known) == len(visits):
        return _steps("day ", list(map(str, known)), _step_of_days([days[visit.id] for visit in visits]))
    step = _step_of_chain(visits)
    return f"{visits[0].at}, then every {step}" if step else ", ".join(str(visit.at) for visit in visits)


def _number(template: Template, days: int | None) -> int | None:
    """The protocol's number of a day so many days from its reference visit (design §5, rule 3)."""
    return None if days is None else days + template.reference_day if days >= 0 else days


def _of_one(template: Template, visit: VisitRule, number: int | None) -> str:
    if visit.id.rpartition("/")[2] == template.reference_visit:
        return f"day {template.reference_day}"
    # Who reads that a visit is a day after Day 7 may want to know that this is Day 8; eight weeks are told as weeks.
    base = visit.at.base if isinstance(visit.at, Shifted) else visit.at
    counted = isinstance(base, Day) or (isinstance(base, Named) and base.name == template.reference_visit)
    return str(visit.at) if number is None or counted else f"{visit.at} (day {number})"


def _from_one(visits: Sequence[VisitRule]) -> tuple[Point, list[Span]] | None:
    """What all visits count from, and how far after it each is; None where they differ, or one is not after it."""
    points = [visit.at for visit in visits]
    spans = [point.span for point in points if isinstance(point, Shifted)]
    bases = {point.base for point in points if isinstance(point, Shifted)}
    if len(spans) < len(visits) or len(bases) > 1 or any(len(span.parts()) > 1 for span in spans):
        return None
    base = next(iter(bases))
    return None if isinstance(base, Day) or any(span.roughly_days <= 0 for span in spans) else (base, spans)


def _steps(before: str, texts: Sequence[str], step: str) -> str:
    if len(texts) > TOLD_ONE_BY_ONE and step:
        return f"{before}{texts[0]} … {texts[-1]}, every {step}"
    return before + ", ".join(texts)


def _step_of_spans(spans: Sequence[Span]) -> str:
    """The length between each and the next, in words, where it is the same."""
    steps = {later + -earlier for earlier, later in pairwise(spans)}
    return steps.pop().text() if len(steps) == 1 else ""


def _step_of_days(days: Sequence[int]) -> str:
    steps = {later - earlier for earlier, later in pairwise(days)}
    return Span(days=steps.pop()).text() if len(steps) == 1 else ""


def _step_of_chain(visits: Sequence[VisitRule]) -> str:
    """The length between members that each count from the one before, in words, where it is the same."""
    steps = set()
    for earlier, later in pairwise(visits):
        if not isinstance(later.at, Shifted) or later.at.base != Named(earlier.id):
            return ""
        steps.add(later.at.span)
    return steps.pop().text() if len(steps) == 1 else ""
