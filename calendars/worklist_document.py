"""Worklists, deviations and what a department must have ready, as JSON objects."""

from __future__ import annotations

from collections.abc import Sequence

from calendars.agenda import AgendaItem, Quantity, by_day, grouped, quantities, quantity
from calendars.deviations import DeviationItem, Deviations
from calendars.document import agenda_document, when_text
from calendars.worklists import BUCKETS, LISTS, Task, Worklist
from schedules.expiries import Expiry
from schedules.spans import iso_duration


def department_document(items: Sequence[AgendaItem], department: str) -> dict[str, object]:
    """What a department must have ready: its items, and the numbers of visits by day and activity, and in all.

    A visit with two activities counts for each of them, and once among the visits.
    """
    return {
        "department": department,
        "items": agenda_document(items),
        "days": [{"date": day.isoformat(), **_quantities(group)} for day, group in by_day(items).items()],
        "total": _quantities(items),
    }


def grouped_document(items: Sequence[AgendaItem], by: str) -> dict[str, object]:
    """The numbers of visits by day, site or department and activity, and in all.

    A visit at which two departments have something to do counts for each of them, and once in all.
    """
    groups = grouped(items, by)
    key = "date" if by == "day" else by
    concerned = [item for item in items if by != "department" or any(item.departments)]
    return {
        "by": by,
        "groups": [{key: name, **_quantities(group)} for name, group in groups.items()],
        "total": _quantities(concerned),
    }


def _quantities(items: Sequence[AgendaItem]) -> dict[str, object]:
    numbers = [{"activity": label, **_quantity(number)} for label, number in quantities(items).items()]
    return {"visits": _quantity(quantity(items)), "activities": numbers}


def _quantity(number: Quantity) -> dict[str, object]:
    return {"booked": number.booked, "planned": number.planned, "done": number.done, "total": number.total}


def worklist_document(found: Worklist) -> dict[str, object]:
    """The lists of ``overdue``; ``numbers`` of overdue visits are by site and bucket, and in all."""
    return {
        "sites": [{"site": site, "today": found.today[site].isoformat()} for site in sorted(found.today)],
        "buckets": [{"name": bucket.name, "first": bucket.first, "last": bucket.last} for bucket in BUCKETS],
        "numbers": {
            "sites": [{"site": site, **_numbers(found, site)} for site in sorted(found.today)],
            **_numbers(found, None),
        },
        **{name: [_task(task) for task in getattr(found, name)] for name in LISTS},
        "undelivered": [
            {
                "subject": one.subject,
                "visit": one.visit,
                "role": one.role,
                "due": one.due.isoformat(),
                "why": one.why,
            }
            for one in found.undelivered
        ],
    }


def _numbers(found: Worklist, site: str | None) -> dict[str, object]:
    return {"buckets": {bucket.name: found.count(bucket, site) for bucket in BUCKETS}, "total": found.count(None, site)}


def _task(task: Task) -> dict[str, object]:
    return {
        "site": task.site,
        "subject": task.subject,
        "name": task.name,
        "label": task.label,
        "status": task.status,
        "when": when_text(task.when),
        "until": when_text(task.until),
        "days": task.days,
        "because": list(task.because),
    }


def deviations_document(found: Deviations) -> dict[str, object]:
    """Deviations with their facts and their number; of one subject also what expires and what is asked."""
    document: dict[str, object] = {
        "deviations": [_deviation_item(item) for item in found.items],
        "total": len(found.items),
    }
    if found.subject is None:
        return document
    expiring = [_expiry(expiry) for expiry in found.expiries]
    return {"subject": found.subject, **document, "expiries": expiring, "questions": list(found.questions)}


def _deviation_item(item: DeviationItem) -> dict[str, object]:
    return {
        "protocol": item.protocol,
        "version": item.version,
        "site": item.site,
        "subject": item.subject,
        "visit": item.visit,
        "label": item.label,
        "kind": item.kind,
        "by": None if item.by is None else iso_duration(item.by),
        "message": item.message,
        "date": when_text(item.when),
        "recorded_by": item.recorded_by,
        "recorded": when_text(item.recorded),
        "why": item.why,
    }


def _expiry(expiry: Expiry) -> dict[str, object]:
    return {
        "visit": expiry.visit,
        "label": expiry.label,
        "status": str(expiry.status),
        "kind": expiry.kind,
        "rule": expiry.rule,
        "last": when_text(expiry.last),
        "planned": when_text(expiry.planned),
        "holds": expiry.holds,
    }
