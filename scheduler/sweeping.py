"""The sweep: queues what comes within the horizon, and sends what is due (design §8).

A reminder is claimed in one transaction, checked against the present state, sent outside of any transaction, and marked
in another. Killed in between, it is due again when its lease ends, and is sent with the same key: it is never lost, and
whoever gets it twice can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.channels import DeliveryFailed, Send, console, open_channels
from scheduler.composing import compose
from scheduler.desk import Desk
from scheduler.moments import Moment, is_floating, moment_at, moment_here
from scheduler.queueing import HORIZON, after_quiet
from scheduler.recording import queue_reminders
from scheduler.values import Message, Sweep
from schedules.plan import TO_COME

if TYPE_CHECKING:
    from scheduler.settings import Settings
    from scheduler.store.outbox import Item
    from scheduler.store.work import Work

BATCH = 100
LEASE = timedelta(minutes=5)
ATTEMPTS = 5
# The horizon is moved on once a day, not at every sweep.
SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to become of a claimed reminder: a state and why, or another time; without either its message is sent."""

    state: str = ""
    reason: str = ""
    until: datetime | None = None
    message: Message | None = None


def remind_once(desk: Desk, now: Moment, send: Send | None, say: Send = console) -> Sweep:
    """Sends every reminder that is due, once. ``now`` without an offset is read at each site's own zone.

    ``send`` takes all messages instead of the channels that are set up; ``say`` is the console's way to print one.
    """
    from scheduler.settings_file import load_settings

    settings = load_settings()
    totals: Counter[str] = Counter()
    messages: list[Message] = []
    moments = tuple(_moments(desk, now))
    for moment, sites in moments:
        _extend(desk, moment, sites)
        with open_channels(settings, say) as channels:
            messages += _send_due(desk, moment, sites, settings=settings, send=send or channels, totals=totals)
    _note(desk, max((moment for moment, _ in moments), default=moment_here(now)))
    counts = {name: totals[name] for name in ("sent", "suppressed", "missed", "failed")}
    return Sweep(**counts, messages=tuple(messages))


def _moments(desk: Desk, now: Moment) -> Iterator[tuple[datetime, Collection[str] | None]]:
    """The moment to sweep for and the sites it is for; all of them at once where the moment is the same everywhere."""
    if not is_floating(now):
        yield moment_here(now).astimezone(UTC), None
        return
    with desk.store.reading() as work:
        zones = work.sites.zones()
    for zone in sorted(set(zones.values())):
        yield moment_at(now, ZoneInfo(zone)).astimezone(UTC), [site for site, at in zones.items() if at == zone]


def _note(desk: Desk, now: datetime) -> None:
    from scheduler.store.state import LAST_SWEEP

    with desk.store.writing() as work:
        work.state.note(LAST_SWEEP, now.astimezone(UTC))


def _extend(desk: Desk, now: datetime, sites: Collection[str] | None) -> None:
    """Moves the horizon on: what it was short of since the last time is queued, even if it is past by now."""
    while True:
        with desk.store.writing() as work:
            names = work.subjects.to_queue(now + HORIZON - SLACK, limit=BATCH, sites=sites)
            for name in names:
                chart = desk.chart(work, name)
                since = min(chart.subject.queued_to, now)
                queue_reminders(work, chart, now=now, since=since, until=now + HORIZON)
        if len(names) < BATCH:
            return


def _send_due(
    desk: Desk,
    now: datetime,
    sites: Collection[str] | None,
    *,
    settings: Settings,
    send: Send,
    totals: Counter[str],
) -> Iterator[Message]:
    while True:
        with desk.store.writing(together=True) as work:
            items = work.outbox.claim(now, now + LEASE, BATCH, sites)
        if not items:
            return
        for item in items:
            with desk.store.reading() as work:
                verdict = _judge(desk, work, item, now, settings)
            outcome = _carry_out(desk, item, verdict, now, send)
            totals[outcome] += 1
            if outcome == "sent" and verdict.message is not None:
                yield verdict.message


def _judge(desk: Desk, work: Work, item: Item, now: datetime, settings: Settings) -> Verdict:
    """Holds a reminder against the present state, just before it is sent (design §1, guarantee 4)."""
    from scheduler.store.outbox import MISSED, SUPPRESSED

    subject = work.subjects.find(item.subject)
    visit = work.visits.visit(item.subject, item.wanted.visit)
    contact = work.contacts.find(item.wanted.recipient)
    if subject is None or subject.stopped is not None:
        return Verdict(state=SUPPRESSED, reason="the subject is followed no longer")
    if visit is None or visit.status not in TO_COME or visit.revision != item.wanted.visit_revision:
        return Verdict(state=SUPPRESSED, reason="the visit has changed")
    if contact is None or contact.paused:
        return Verdict(state=SUPPRESSED, reason="the contact is paused or erased")
    if item.wanted.useful_to is not None and item.wanted.useful_to <= now:
        return Verdict(state=MISSED, reason="it was past its use")
    local = now.astimezone(ZoneInfo(contact.zone))
    quiet_end = after_quiet(local, contact.quiet)
    if quiet_end != local:
        return Verdict(until=quiet_end.astimezone(UTC))
    return Verdict(message=compose(desk, work, item, visit, contact, settings=settings))


def _carry_out(desk: Desk, item: Item, verdict: Verdict, now: datetime, send: Send) -> str:
    """Sends or closes a reminder, marks it, and tells which of the sweep's numbers it counts in."""
    from scheduler.store.outbox import SENT

    if verdict.message is None:
        with desk.store.writing(together=True) as work:
            if verdict.until is not None:
                work.outbox.put_off(item, verdict.until, attempts=item.attempts)
                return "put off"
            return verdict.state if work.outbox.finish(item, verdict.state, now, verdict.reason) else "re-timed"
    try:
        send(verdict.message)
    except DeliveryFailed:
        return _try_later(desk, item, now)
    with desk.store.writing(together=True) as work:
        if not work.outbox.finish(item, SENT, now):
            work.outbox.note_sent(item, now)
    return "sent"


def _try_later(desk: Desk, item: Item, now: datetime) -> str:
    from scheduler.store.outbox import FAILED

    attempts = item.attempts + 1
    with desk.store.writing(together=True) as work:
        if attempts >= ATTEMPTS:
            work.outbox.finish(item, FAILED, now, "it could not be delivered")
        else:
            work.outbox.put_off(item, now + timedelta(minutes=2**attempts), attempts=attempts)
    return "failed"
