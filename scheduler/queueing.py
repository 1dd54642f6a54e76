"""Which reminders belong into the outbox, and what becomes of those there when a plan changes (design §8). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.moments import end_of
from schedules.plan import Plan
from schedules.reminder_rules import Rules, parse_rules, rules_for
from schedules.reminders import Reminder, reminders
from schedules.site import Site
from schedules.template import Template

if TYPE_CHECKING:
    from scheduler.store.outbox import Item, Wanted
    from scheduler.values import Contact

# Reminders are queued this far ahead; the sweep moves the end on, so that 15 years of follow-up are no rows yet.
HORIZON = timedelta(days=60)
NOT_WANTED = "the visit is no longer to come, or nobody is reminded of it by itself any more"
TOO_LATE = "the visit was moved, and the time for this reminder was past by then"
SitePolicy = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is to be done to the outbox: rows to add, to re-time (by id), and to suppress (id and reason)."""

    add: tuple[Wanted, ...] = ()
    retime: tuple[tuple[int, Wanted], ...] = ()
    suppress: tuple[tuple[int, str], ...] = ()


def rules_of(contact: Contact, template: Template, policy: SitePolicy) -> Rules:
    """The rules that hold for a contact: its own, else those of its role at its site, else the protocol's."""
    own = contact.rules if contact.rules is not None else policy.get(contact.role)
    return rules_for(template, contact.role) if own is None else parse_rules(contact.role, own)


def wanted_reminders(
    template: Template, plan: Plan, site: Site, by_contact: Mapping[Contact, Rules], revisions: Mapping[str, int]
) -> tuple[Wanted, ...]:
    """All reminders that the plan calls for, one a contact, by the rules of each; ``revisions`` are of the visits."""
    if plan.stopped is not None:
        return ()
    alike: dict[tuple[str, Rules], list[Contact]] = {}
    for contact, rules in by_contact.items():
        alike.setdefault((contact.role, rules), []).append(contact)
    return tuple(
        _wanted(reminder, contact, revision_of(reminder, revisions), site)
        for (role, rules), contacts in alike.items()
        for reminder in reminders(template, plan, site, {role: rules})
        for contact in contacts
    )


def revision_of(reminder: Reminder, revisions: Mapping[str, int]) -> int:
    """Which state of its visit a reminder is of; of what has no revision (a period, a milestone) the day it is on."""
    return revisions[reminder.visit] if reminder.on is None else reminder.on.toordinal()


def _wanted(reminder: Reminder, contact: Contact, revision: int, site: Site) -> Wanted:
    from scheduler.store.outbox import Wanted

    moment = reminder.moment(ZoneInfo(contact.zone))
    return Wanted(
        visit=reminder.visit,
        visit_revision=revision,
        role=reminder.role,
        rule=reminder.rule,
        event=reminder.event,
        recipient=contact.id,
        moment=moment.astimezone(UTC),
        due=after_quiet(moment, contact.quiet).astimezone(UTC),
        useful_to=None if reminder.last is None else end_of(reminder.last, site.zone).astimezone(UTC),
        detail=reminder.detail,
    )


def after_quiet(moment: datetime, quiet: tuple[time, time] | None) -> datetime:
    """The moment, or the end of the quiet hours it falls into; both in the recipient's zone, which it is given in.

    Quiet hours may go over midnight; they begin with their first minute and end before their last.
    """
    if quiet is None:
        return moment
    start, end = quiet
    clock = moment.time()
    over_midnight = start > end
    if not (clock >= start or clock < end if over_midnight else start <= clock < end):
        return moment
    day = moment.date() + timedelta(days=1) if over_midnight and clock >= start else moment.date()
    return datetime.combine(day, end, moment.tzinfo).astimezone(UTC).astimezone(moment.tzinfo)


def reconcile(
    items: Iterable[Item], wanted: Iterable[Wanted], *, now: datetime, since: datetime, until: datetime
) -> Steps:
    """What brings the outbox in line with the reminders that are wanted.

    New ones are added where they fall after ``since`` (what was past then is not queued) and up to ``until``, the
    horizon. A waiting one is kept if its moment is the same, even if that is past; else it is re-timed, or suppressed
    where its new moment is past. One that waits for a visit of which nothing is told any more goes over to another
    visit of which the same rule tells at the same moment: they shared an entry. What was sent, missed or given up on
    stays that.
    """
    items = tuple(items)
    waiting = {item.wanted.slot: item for item in items if item.state == "pending"}
    closed = {(*item.wanted.slot, item.wanted.visit_revision): item for item in items if item.state != "pending"}
    told = {(*item.wanted.slot, item.wanted.moment) for item in items if item.state not in ("pending", "suppressed")}
    by_slot = {one.slot: one for one in wanted}
    untold = {_call(item.wanted) for slot, item in waiting.items() if slot not in by_slot and not item.begun}
    add: list[Wanted] = []
    retime: list[tuple[int, Wanted]] = []
    for slot, one in by_slot.items():
        item, earlier = waiting.get(slot), closed.get((*slot, one.visit_revision))
        if item is not None:
            retime += _retimed(item, one, now)
        elif (since < one.moment or _call(one) in untold) and one.moment <= until and (*slot, one.moment) not in told:
            # A reminder of this very revision can only be there, and not told, if it was suppressed: it waits again.
            retime += [] if earlier is None or earlier.state != "suppressed" else [(earlier.id, one)]
            add += [one] if earlier is None else []
    return Steps(add=tuple(add), retime=tuple(retime), suppress=tuple(_dropped(waiting, by_slot, now)))


def _call(one: Wanted) -> tuple[str, int, datetime]:
    return one.rule, one.recipient, one.moment


def _retimed(item: Item, one: Wanted, now: datetime) -> Iterator[tuple[int, Wanted]]:
    if item.wanted.moment == one.moment:
        kept = replace(one, due=item.wanted.due)
        if kept != item.wanted:
            yield item.id, kept
    elif one.moment > now:
        yield item.id, one


def _dropped(
    waiting: Mapping[tuple[str, str, int], Item], by_slot: Mapping[tuple[str, str, int], Wanted], now: datetime
) -> Iterator[tuple[int, str]]:
    for slot, item in waiting.items():
        one = by_slot.get(slot)
        if one is None:
            yield item.id, NOT_WANTED
        elif one.moment != item.wanted.moment and one.moment <= now:
            yield item.id, TOO_LATE
