"""Plans per second, against the same dates made by bare ``date + timedelta``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from bench.measure import Row, in_process
from schedules.catalogue import read, shipped
from schedules.load import load
from schedules.plan import Plan
from schedules.planner import plan
from schedules.record import Fact, Kind, enrolled
from schedules.site import Site

REFERENCE = date(2026, 3, 2)
AIM = 60.0


def rows() -> list[Row]:
    """A floor and a plan for each shipped protocol."""
    found = []
    for item in shipped():
        template = load(read(item), item.file, registered=True)
        record = enrolled("P-001", date(2026, 1, 5)).with_facts(
            Fact(kind=Kind.BOOKED, name=template.reference_visit, when=REFERENCE)
        )
        site = Site()
        floor = bare_dates(plan(template, record, site))
        work, bare = in_process(partial(plan, template, record, site), floor)
        count = len(template.visits)
        found.append(Row(name=f"{item.protocol}: {len(floor())} bare dates", seconds=bare, ratio=1.0))
        found.append(
            Row(
                name=f"{item.protocol}: plan of {count} visits, {1 / work:,.0f}/s",
                seconds=work,
                ratio=work / bare,
                aim=AIM,
            )
        )
    return found


def bare_dates(of: Plan) -> Callable[[], list[date]]:
    """The floor: the plan's dates from the reference, with the deltas made beforehand."""
    deltas = [item.date - REFERENCE for item in of.visits if item.date is not None]
    return lambda: [REFERENCE + delta for delta in deltas]
