"""The plan, and what else the commands list, as JSON objects: the keys and their order are interface.md's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from calendars.agenda import AgendaItem
from calendars.facts import told_in
from calendars.words import change_between
from schedules.diff import ActivityChange, Diff, ExpiryChange, Move, Turn
from schedules.gates import GateChange
from schedules.plan import Conflict, Deviation, Period, Plan, Visit
from schedules.points import Point, Window
from schedules.record import Record, When
from schedules.spans import iso_duration
from schedules.template import Activity, OnlyFor, PeriodRule, Statement, Template, VisitRule

# Whoever knows the salt can tell whose a calendar's UIDs are (design §6).
_SECRET = frozenset({"salt"})


def when_text(when: When | None) -> str | None:
    """An ISO date; of a moment the ISO date-time with its offset, to the minute unless it has seconds."""
    if isinstance(when, datetime):
        return when.isoformat(timespec="seconds" if when.second else "minutes")
    return None if when is None else when.isoformat()


def plan_document(
    plan: Plan,
    *,
    today: date,
    subject: str | None = None,
    site: str | None = None,
    revision: int | None = None,
) -> dict[str, object]:
    """The plan as the object that ``preview --json`` and ``show --json`` print.

    :param today: the date at the site as of which the periods' status is told.
    :param subject: with ``site`` and ``revision`` only of a plan that belongs to a patient; left out where
        None.
    """
    head: dict[str, object] = {"protocol": plan.protocol, "version": plan.version}
    known = {"subject": subject, "site": site, "revision": revision}
    head |= {name: value for name, value in known.items() if value is not None}
    return head | {
        "visits": [_visit(visit) for visit in plan.visits],
        "periods": [_period(period, today) for period in plan.periods],
        "conflicts": [_conflict(conflict) for conflict in plan.conflicts],
        "deviations": [_deviation(deviation) for deviation in plan.deviations],
        "questions": list(plan.questions),
    }


def _visit(visit: Visit) -> dict[str, object]:
    return {
        "id": visit.id,
        "label": visit.label,
        "epoch": visit.epoch,
        "cycle": visit.cycle,
        "status": str(visit.status),
        "day": visit.day,
        "target": when_text(visit.target),
        "planned": when_text(visit.planned),
        "actual": when_text(visit.actual),
        "window_start": when_text(visit.window_start),
        "window_end": when_text(visit.window_end),
        "not_before": when_text(visit.not_before),
        "not_after": when_text(visit.not_after),
        "activities": list(visit.activities),
        "waiting_for": list(visit.waiting_for),
        "assumed": list(visit.assumed),
    } | ({"earlier": [when_text(when) for when in visit.earlier]} if visit.earlier else {})


def _period(period: Period, today: date) -> dict[str, object]:
    return {
        "id": period.id,
        "label": period.label,
        "start": when_text(period.start),
        "end": when_text(period.end),
        "status": period.status(today),
    }


def _length(by: timedelta | None) -> str | None:
    return None if by is None else iso_duration(by)


def _conflict(conflict: Conflict) -> dict[str, object]:
    return {
        "visit": conflict.visit,
        "by": _length(conflict.by),
        "message": conflict.message,
        "rules": list(conflict.rules),
    }


def _deviation(deviation: Deviation) -> dict[str, object]:
    return {
        "visit": deviation.visit,
        "kind": deviation.kind,
        "by": _length(deviation.by),
        "message": deviation.message,
    }


def diff_document(diff: Diff) -> dict[str, object]:
    """A diff between two plans: what moved and turned, which conflicts came and went, new deviations."""
    return {
        "moved": [_move("visit", move) for move in diff.moved],
        "turned": [_turn(turn) for turn in diff.turned],
        "new_conflicts": [_conflict(conflict) for conflict in diff.new_conflicts],
        "gone_conflicts": [_conflict(conflict) for conflict in diff.gone_conflicts],
        "new_deviations": [_deviation(deviation) for deviation in diff.new_deviations],
        "periods": [_move("period", move) for move in diff.periods],
        "answered": list(diff.answered),
        "asked": list(diff.asked),
        "activities": [_activity_change(change) for change in diff.activities],
        "gates": [_gate(gate) for gate in diff.gates],
        "expiries": [_expiry_change(change) for change in diff.expiries],
    }


def _activity_change(change: ActivityChange) -> dict[str, object]:
    return {
        "activity": change.activity,
        "label": change.label,
        "added": change.added,
        "visits": list(change.visits),
    }


def _gate(gate: GateChange) -> dict[str, object]:
    return {
        "milestone": gate.milestone,
        "label": gate.label,
        "from": gate.before,
        "to": gate.after,
        "visits": list(gate.visits),
    }


def _expiry_change(change: ExpiryChange) -> dict[str, object]:
    """``from`` and ``to`` are the last days that are allowed before and after; null where there was or is none."""
    before, after = change.before, change.after
    known = after or before
    assert known is not None
    return {
        "visit": known.visit,
        "label": known.label,
        "rule": known.rule,
        "from": when_text(before.last if before else None),
        "to": when_text(after.last if after else None),
        "planned": when_text(known.planned),
        "holds": known.holds,
    }


def _move(kind: str, move: Move) -> dict[str, object]:
    dated = (move.before, move.after) if move.before is not None and move.after is not None else None
    return {
        kind: move.visit,
        "label": move.label,
        "from": when_text(move.before),
        "to": when_text(move.after),
        "by": _length(change_between(*dated) if dated else None),
        "why": move.why,
    }


def _turn(turn: Turn) -> dict[str, object]:
    return {
        "visit": turn.visit,
        "label": turn.label,
        "from": None if turn.before is None else str(turn.before),
        "to": None if turn.after is None else str(turn.after),
        "date": when_text(turn.when),
    }


def agenda_document(items: Iterable[AgendaItem]) -> list[dict[str, object]]:
    """The items of an agenda; ``when`` is a date, or a date-time with offset where the visit is timed."""
    return [
        {
            "when": when_text(item.when),
            "site": item.site,
            "subject": item.subject,
            "visit": item.visit,
            "label": item.label,
            "status": item.status,
            "activities": list(item.activities),
            "waiting_for": list(item.waiting_for),
        }
        for item in items
    ]


def audit_document(record: Record) -> list[dict[str, object]]:
    """The facts of a record in order, without the salt of its calendar UIDs."""
    return [
        {
            "number": fact.number,
            "kind": str(fact.kind),
            "name": fact.name,
            "when": when_text(fact.when),
            "says": told_in(record, fact),
            "values": {name: value for name, value in fact.values.items() if name not in _SECRET},
            "why": fact.why,
            "by": fact.by,
            "recorded": when_text(fact.recorded),
        }
        for fact in record.facts
    ]


def catalogue_document(templates: Iterable[Template]) -> list[dict[str, object]]:
    """The catalogue: a protocol version each, with the numbers of visits, activities and assumptions."""
    return [
        {
            "protocol": template.protocol,
            "version": template.version,
            "title": template.title,
            "registry": template.registry,
            "visits": len(template.visits),
            "activities": len(template.activities),
            "assumptions": len(template.assumptions),
        }
        for template in templates
    ]


def assumptions_document(template: Template) -> dict[str, object]:
    """What a study team must confirm, and what is quoted: where in the template, which field, the text."""
    return {
        "protocol": template.protocol,
        "version": template.version,
        "record": template.record,
        "assumptions": [_statement(statement) for statement in template.assumptions],
        "quotes": [_statement(statement) for statement in template.quotes],
    }


def _statement(statement: Statement) -> dict[str, object]:
    return {"where": statement.where, "field": statement.what, "text": statement.text}


def template_document(template: Template) -> dict[str, object]:
    """The schedule of activities: visits with their rules in the template's words, and what is done."""
    return {
        "protocol": template.protocol,
        "version": template.version,
        "title": template.title,
        "registry": template.registry,
        "sha256": template.sha256,
        "reference": {"visit": template.reference_visit, "day": template.reference_day},
        "visits": [_visit_rule(rule) for rule in template.visits],
        "activities": [_activity(activity) for activity in template.activities.values()],
        "periods": [_period_rule(rule) for rule in template.periods],
        "groups": [
            {"id": group.id, "label": group.label, "values": dict(group.values), "default": group.default}
            for group in template.groups.values()
        ],
        "milestones": [{"id": item.id, "label": item.label} for item in template.milestones.values()],
        "history": [
            {"id": item.id, "label": item.label, "asks": list(item.asks)} for item in template.history.values()
        ],
        "notes": [{"name": name, "text": text} for name, text in template.notes],
    }


def _visit_rule(rule: VisitRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "label": rule.label,
        "epoch": rule.epoch,
        "place": rule.place,
        "at": str(rule.at),
        "window": _words(rule.window),
        "no_earlier_than": [str(point) for point in rule.no_earlier_than],
        "no_later_than": [str(point) for point in rule.no_later_than],
        "at_the_latest": _words(rule.at_the_latest),
        "requires": list(rule.requires),
        "only_for": _only_for(rule.only_for),
    }


def _activity(activity: Activity) -> dict[str, object]:
    return {
        "id": activity.id,
        "label": activity.label,
        "department": activity.department,
        "visits": list(activity.visits),
        "optional": [visit for visit in activity.visits if visit in activity.optional],
        "only_for": _only_for(activity.only_for),
    }


def _period_rule(rule: PeriodRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "label": rule.label,
        "from": _words(rule.start),
        "to": _words(rule.end),
        "for": rule.length.text() if rule.length is not None else None,
        "after_each": rule.after_each or None,
        "and_until_done": list(rule.until_done),
        "only_for": _only_for(rule.only_for),
    }


def _words(value: Point | Window | None) -> str | None:
    return None if value is None else str(value)


def _only_for(only_for: OnlyFor) -> dict[str, list[str]]:
    return {name: list(values) for name, values in only_for}
