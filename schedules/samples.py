"""Timed samples: what is taken at a moment counted from the start of its visit, as the template's ``samples`` say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedules.plan import Plan, Visit
from schedules.points import Around
from schedules.spans import Span, add
from schedules.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample of a visit: ``number`` counts those of its activity there, from 1, in the order of the template.

    ``offset`` is counted from the visit's start, ``tolerance`` around the moment that gives.
    """

    activity: str
    label: str
    number: int
    offset: Span
    tolerance: Around | None = None

    def moment(self, start: datetime) -> datetime:
        """When it is to be taken, for a visit that starts at an aware moment."""
        return add(start, self.offset)

    def bounds(self, start: datetime) -> tuple[datetime, datetime] | None:
        """The first and the last moment at which it may be taken; None where the template leaves no room."""
        if self.tolerance is None:
            return None
        moment = self.moment(start)
        return add(moment, self.tolerance.start), add(moment, self.tolerance.end)


def samples_of(template: Template, plan: Plan, visit: Visit) -> tuple[Sample, ...]:
    """The samples of the activities that a visit of the plan has; none of what is withheld or was not chosen."""
    return tuple(
        Sample(
            activity=name,
            label=plan.activities.get(name, name),
            number=number,
            offset=offset,
            tolerance=tolerance,
        )
        for name in visit.activities
        for number, (offset, tolerance) in enumerate(template.activities[name].samples.get(visit.id, ()), start=1)
    )
