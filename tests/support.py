"""Short ways to say a template, a record and a plan in tests. No I/O beyond the shipped templates."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from schedules.catalogue import read, shipped
from schedules.load import load
from schedules.plan import Plan, Visit
from schedules.planner import plan
from schedules.record import Fact, Kind, Record, When, enrolled
from schedules.site import Site
from schedules.template import Template

HEAD = """protocol: TEST
version: "1"
title: A protocol for tests
reference: {visit: %s, day: %d}
"""


def template(body: str, *, reference: str = "d1", day: int = 1, contradictory: bool = False) -> Template:
    """A template with a head of its own and this body; ``contradictory`` rules are let through."""
    return load((HEAD % (reference, day) + body).encode(), "test.yaml", registered=contradictory)


@cache
def protocol(name: str) -> Template:
    """A shipped protocol."""
    found = next(item for item in shipped() if item.protocol == name)
    return load(read(found), found.file)


def day(text: str) -> date:
    """``2026-03-02`` as a date."""
    return date.fromisoformat(text)


def when(text: str) -> When:
    """A date, or where there is a time an aware moment."""
    return datetime.fromisoformat(text) if "T" in text else day(text)


def booked(visit: str, at: str) -> Fact:
    return Fact(kind=Kind.BOOKED, name=visit, when=when(at))


def done(visit: str, at: str, why: str = "") -> Fact:
    return Fact(kind=Kind.DONE, name=visit, when=when(at), why=why)


def missed(visit: str) -> Fact:
    return Fact(kind=Kind.MISSED, name=visit)


def again(visit: str, at: str, why: str = "") -> Fact:
    return Fact(kind=Kind.DONE, name=visit, when=when(at), values={"again": "yes"}, why=why)


def cancelled(visit: str, why: str = "") -> Fact:
    return Fact(kind=Kind.CANCELLED, name=visit, why=why)


def added(number: int, label: str, at: str, by: str = "") -> Fact:
    return Fact(kind=Kind.ADDED, name=f"unscheduled-{number}", when=when(at), values={"label": label}, by=by)


def event(name: str, at: str) -> Fact:
    return Fact(kind=Kind.EVENT, name=name, when=day(at))


def group(name: str, value: str) -> Fact:
    return Fact(kind=Kind.GROUP, name=name, values={"value": value})


def history(name: str, value: str, **extra: str) -> Fact:
    return Fact(
        kind=Kind.HISTORY, name=name, values={"value": value, **{k.replace("_", "-"): v for k, v in extra.items()}}
    )


def withheld(visit: str, activity: str) -> Fact:
    return Fact(kind=Kind.WITHHELD, name=visit, values={"activity": activity})


def given(visit: str, activity: str) -> Fact:
    return Fact(kind=Kind.GIVEN, name=visit, values={"activity": activity})


def record(*facts: Fact, on: str = "2026-01-05") -> Record:
    """A record enrolled on that day, with these facts."""
    return enrolled("P-001", day(on)).with_facts(*facts)


def planned(of: Template, *facts: Fact, on: str = "2026-01-05", site: Site | None = None) -> Plan:
    """The plan of a record with these facts; every day is open unless a site says otherwise."""
    return plan(of, record(*facts, on=on), site or Site())


def visit(of: Plan, name: str) -> Visit:
    """One visit that must be there."""
    found = of.visit(name)
    assert found is not None, name
    return found


def dates(of: Plan, *names: str) -> list[str]:
    """The dates of some visits as ISO text; ``-`` where there is none."""
    found = [visit(of, name).date for name in names]
    return [str(item) if item else "-" for item in found]


def conflicts(of: Plan) -> list[tuple[str, int]]:
    """All conflicts as visit and size in days."""
    return [(item.visit, item.by.days if item.by else 0) for item in of.conflicts]


def deviations(of: Plan) -> list[tuple[str, str, int | None]]:
    """All deviations as visit, kind and size in days."""
    return [(item.visit, item.kind, item.by.days if item.by is not None else None) for item in of.deviations]
