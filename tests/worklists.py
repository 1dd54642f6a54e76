"""Visits and plans for tests of lists."""

from __future__ import annotations

from datetime import date, timedelta

from schedules.plan import Plan, Status, Visit

TODAY = date(2026, 3, 10)
DAY = timedelta(days=1)


def visit(name: str, planned_for: date, status: Status = Status.PLANNED, **fields: object) -> Visit:
    return Visit(id=name, label=name.upper(), epoch="e", place="clinic", status=status, planned=planned_for, **fields)  # type: ignore[arg-type]


def plan(*visits: Visit, **fields: object) -> Plan:
    return Plan(protocol="TEST", version="1", timezone="UTC", visits=visits, **fields)  # type: ignore[arg-type]
