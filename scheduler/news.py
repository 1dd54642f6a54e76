"""What is told as it happens: a visit moved or was cancelled, a conflict arose, a subject is followed no longer.

A plan alone does not say so: it follows from how the rows were before. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calendars.entries import Level
from scheduler.moments import day_of, end_of
from scheduler.queueing import Steps, after_quiet
from schedules.plan import TO_COME, Plan, Status
from schedules.record import When
from schedules.reminder_rules import Rules
from schedules.reminders import concerns, is_moved, is_soon
from schedules.site import Site
from schedules.template import DEPARTMENTS, SUBJECT_ROLES, ReminderRule, Template

if TYPE_CHECKING:
    from scheduler.store.outbox import Item, Wanted
    from scheduler.store.visits import StoredVisit
    from scheduler.values import Contact

# Rules that nobody writes. A visit that was called off is on again: told as an appointment is.
ON_AGAIN = "on again"
# Staff get one notice when a subject's record is stopped (design §8); who belongs to the subject gets none.
STOPPED = "followed no longer"
NO_MORE = "it is no longer so"
_CALLED_OFF = frozenset({Status.CANCELLED, Status.CONDITIONAL, Status.NOT_APPLICABLE})


def is_news(event: str, rule: str) -> bool:
    """Whether a reminder is told as it happens, and so does not follow from a plan."""
    return event in ("moved", "cancelled", "conflict", "stopped") or rule == ON_AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What news are told from: the plan as it is now, whom it concerns by which rules, the rows of visits that changed
    (as they were and are), and those ``called_off``: the (visit, contact) that were last told that it was cancelled."""

    template: Template
    plan: Plan
    site: Site
    contacts: Mapping[Contact, Rules]
    now: datetime
    changed: tuple[tuple[StoredVisit, StoredVisit], ...] = ()
    called_off: frozenset[tuple[str, int]] = field(default_factory=frozenset)


def news(scene: Scene, items: Iterable[Item]) -> Steps:
    """What is to be done to the outbox; ``items`` are all news of the subject that wait, and those closed of late."""
    items = tuple(items)
    wanted = tuple(_stop_notices(scene)) if scene.plan.stopped is not None else tuple(_arisen(scene))
    standing = _stand(items, wanted)
    if scene.plan.stopped is not None:
        return _with_dropped(standing, _waiting(items, ("moved", "cancelled", "conflict"), ON_AGAIN), wanted)
    return _joined(standing, _of_visits(scene, items))


# What stands as long as the plan does: conflicts, and the notice that a subject is followed no longer


def _arisen(scene: Scene) -> Iterator[Wanted]:
    for contact, rules in scene.contacts.items():
        rule = _rule(rules, "conflict")
        for conflict in scene.plan.conflicts if rule is not None else ():
            visit = scene.plan.visit(conflict.visit)
            if rule is not None and visit is not None and concerns(contact.role, visit, scene.plan):
                number = number_of(conflict.message)
                yield _at_once(
                    scene, contact, rule.text, event="conflict", of=(conflict.visit, number), detail=conflict.message
                )


def number_of(text: str) -> int:
    """A number that stands for a text, where a row has a revision."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def _stop_notices(scene: Scene) -> Iterator[Wanted]:
    stopped = scene.plan.stopped
    day = scene.plan.milestones.get(stopped or "")
    if stopped is None or day is None:
        return
    for contact, rules in scene.contacts.items():
        if contact.role not in SUBJECT_ROLES and rules and _had_business(contact.role, scene):
            yield _at_once(scene, contact, STOPPED, event="stopped", of=(stopped, day.toordinal()), detail=stopped)


def _had_business(role: str, scene: Scene) -> bool:
    """A department hears of it only if something of its own was still to come."""
    if role not in DEPARTMENTS:
        return True
    return any(_concerned(role, old, scene) for old, _ in scene.changed if old.status in TO_COME)


def _stand(items: tuple[Item, ...], wanted: tuple[Wanted, ...]) -> Steps:
    known = {(*item.wanted.slot, item.wanted.visit_revision): item for item in items}
    found = [(one, known.get((*one.slot, one.visit_revision))) for one in wanted]
    slots = {(*one.slot, one.visit_revision) for one in wanted}
    gone = [
        item.id
        for slot, item in known.items()
        if item.state == "pending" and slot not in slots and (item.wanted.event == "conflict" or _is_stop(item))
    ]
    return Steps(
        add=tuple(one for one, item in found if item is None),
        retime=tuple((item.id, one) for one, item in found if item is not None and item.state == "suppressed"),
        suppress=tuple((number, NO_MORE) for number in gone),
    )


def _is_stop(item: Item) -> bool:
    return item.wanted.event == "stopped"


def _waiting(items: Iterable[Item], events: tuple[str, ...], rule: str) -> tuple[Item, ...]:
    return tuple(
        item for item in items if item.state == "pending" and (item.wanted.event in events or item.wanted.rule == rule)
    )


def _with_dropped(steps: Steps, items: Iterable[Item], kept: Iterable[Wanted]) -> Steps:
    stay = {(*one.slot, one.visit_revision) for one in kept}
    dropped = [item.id for item in items if (*item.wanted.slot, item.wanted.visit_revision) not in stay]
    return replace(steps, suppress=tuple(dict.fromkeys((*steps.suppress, *((number, NO_MORE) for number in dropped)))))


def _joined(one: Steps, two: Steps) -> Steps:
    return Steps(add=one.add + two.add, retime=one.retime + two.retime, suppress=one.suppress + two.suppress)


# Visits that moved, were called off, or are on again. Those that share a calendar entry are one appointment for who is
# told no more than that: it is off only when all of them are, and one of them that leaves it is another appointment.


def _of_visits(scene: Scene, items: tuple[Item, ...]) -> Steps:
    waiting = {
        (item.wanted.visit, item.wanted.recipient): item
        for item in items
        if item.state == "pending" and item.wanted.event != "conflict" and not _is_stop(item)
    }
    steps = Steps()
    for old, new in scene.changed:
        for contact in scene.contacts:
            item = waiting.get((new.visit, contact.id))
            if not _told_with_another(scene, old, new, contact):
                steps = _joined(steps, _of_visit(scene, old, new, contact, item))
            elif item is not None:
                steps = _joined(steps, Steps(suppress=((item.id, NO_MORE),)))
    return steps


def _told_with_another(scene: Scene, old: StoredVisit, new: StoredVisit, contact: Contact) -> bool:
    """Whether the same is told of the visit whose calendar entry this one was part of: it moved with that one, or was
    called off with it and nothing is told but that an appointment is."""
    host = next((pair for pair in scene.changed if pair[1].visit == old.part_of), None)
    if host is None or not _concerned(contact.role, host[1], scene) or host[0].status not in TO_COME:
        return False
    if new.status in TO_COME:
        return new.part_of == old.part_of and host[1].status in TO_COME and _day(host[1]) == _day(new)
    return contact.level == Level.PRIVATE and host[1].status in _CALLED_OFF


def _is_left(scene: Scene, old: StoredVisit, was: When | None, contact: Contact, *, event: str) -> bool:
    """Whether the reader still has the appointment that this visit was one with; it may have moved, and be told so."""
    if contact.level != Level.PRIVATE or was is None:
        return False
    entry = old.part_of or old.visit
    days = [
        _day(other)
        for one, other in scene.changed
        if entry in (one.part_of, one.visit)
        and one.visit != old.visit
        and other.status in TO_COME
        and _concerned(contact.role, other, scene)
    ]
    moves = event == "cancelled" and _rule(scene.contacts[contact], "moved") is not None
    return day_of(was) in days or (moves and any(day is not None for day in days))


def _day(visit: StoredVisit) -> date | None:
    return None if visit.when is None else day_of(visit.when)


def _of_visit(scene: Scene, old: StoredVisit, new: StoredVisit, contact: Contact, item: Item | None) -> Steps:
    # What waits to be told counts from where the reader last knew the visit to be.
    was = item.wanted.was if item is not None and item.wanted.was is not None else old.when
    on_before = old.status in TO_COME or item is not None
    event = _event(scene, was, on_before, new, contact)
    rule = None if event is None else _rule(scene.contacts[contact], "cancelled" if event == "before" else event)
    if event in ("moved", "cancelled") and _is_left(scene, old, was, contact, event=event):
        event = "before" if event == "moved" else None
    one = None
    if event is not None and rule is not None and _concerned(contact.role, new, scene):
        one = _told(scene, contact, rule, event=event, was=was, new=new)
    if item is None:
        return Steps(add=() if one is None else (one,))
    if one is not None and one.event == item.wanted.event:
        return Steps(retime=((item.id, replace(one, rule=item.wanted.rule)),))
    return Steps(add=() if one is None else (one,), suppress=((item.id, NO_MORE),))


def _event(scene: Scene, was: When | None, on_before: bool, new: StoredVisit, contact: Contact) -> str | None:
    if new.status in TO_COME and new.when is not None:
        if on_before:
            return "moved" if is_moved(was, new.when) else None
        return "before" if (new.visit, contact.id) in scene.called_off else None
    return "cancelled" if on_before and was is not None and new.status in _CALLED_OFF else None


def _told(
    scene: Scene, contact: Contact, rule: ReminderRule, *, event: str, was: When | None, new: StoredVisit
) -> Wanted | None:
    days = (was, new.when) if event == "moved" else (new.when,) if event == "before" else (was,)
    if not is_soon(days, scene.now.astimezone(scene.site.zone).date(), rule):
        return None
    last = max(day_of(day) for day in days if day is not None)
    text = ON_AGAIN if event == "before" else rule.text
    before = None if event == "before" else was
    one = _at_once(scene, contact, text, event=event, of=(new.visit, new.revision), was=before)
    return replace(one, useful_to=end_of(last, scene.site.zone).astimezone(UTC))


def _concerned(role: str, visit: StoredVisit, scene: Scene) -> bool:
    """As :func:`~schedules.reminders.concerns`; a visit that was called off keeps no activities, so by the template."""
    planned = scene.plan.visit(visit.visit)
    if role not in DEPARTMENTS or (planned is not None and concerns(role, planned, scene.plan)):
        return True
    return any(
        activity.department == role and visit.visit in activity.visits
        for activity in scene.template.activities.values()
        if planned is None or planned.status not in TO_COME
    )


def _rule(rules: Rules, event: str) -> ReminderRule | None:
    return next((rule for rule in rules if rule.event == event), None)


def _at_once(
    scene: Scene,
    contact: Contact,
    rule: str,
    *,
    event: str,
    of: tuple[str, int],
    detail: str = "",
    was: When | None = None,
) -> Wanted:
    from scheduler.store.outbox import Wanted

    here = scene.now.astimezone(ZoneInfo(contact.zone))
    return Wanted(
        visit=of[0],
        visit_revision=of[1],
        role=contact.role,
        rule=rule,
        event=event,
        recipient=contact.id,
        moment=here.astimezone(UTC),
        due=after_quiet(here, contact.quiet).astimezone(UTC),
        useful_to=None,
        detail=detail,
        was=was,
    )
