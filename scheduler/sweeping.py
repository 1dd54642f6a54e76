"""The sweep: queues what comes within the horizon, and sends what is due (design §8).

A batch of reminders is claimed in one transaction. Each is checked against the present state and sent outside of any
transaction; the one that marks it as sent also checks the next. Killed in between, it is due again when its lease ends,
and is sent with the same key: it is never lost, and whoever gets it twice can tell.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.channels import DeliveryFailed, Send, console, open_channels
from scheduler.desk import Desk
from scheduler.judging import Judge, Verdict
from scheduler.moments import Moment, is_floating, moment_at, moment_here
from scheduler.queueing import HORIZON
from scheduler.rationing import PER_HOUR, rationed
from scheduler.recording import queue_reminders
from scheduler.values import Message, Sweep
from schedules.errors import DayzeroError

if TYPE_CHECKING:
    from scheduler.settings import Settings
    from scheduler.store.outbox import Item
    from scheduler.store.work import Step

BATCH = 100
LEASE = timedelta(minutes=5)
# A batch is left to be claimed anew when what is left of its lease is no longer than one message may take.
LONGEST_SEND = timedelta(minutes=2)
# A mark waits for the disk if none has for so many seconds. With a channel that takes its time each one does, or each
# second one; what a machine that goes down may lose is what was sent within one such time, which is then sent again.
SYNCED_EVERY = 0.05
# Waits of 2, 4, 8, 16, 32 minutes and then of an hour: about a day, unless it is past its use before.
ATTEMPTS = 28
LONGEST_WAIT = timedelta(hours=1)
# The horizon is moved on when half of it is used up: to plan every patient anew each day would be most of the work.
SLACK = timedelta(days=30)
# What a record raises that was tampered with or damaged, beside the errors of dayzero; not those of the database, which
# end a transaction.
UNREADABLE = (DayzeroError, ValueError, KeyError, TypeError)
NOT_READ = "its record cannot be read"
COUNTS = ("sent", "suppressed", "missed", "failed")


def never() -> bool:
    """Nobody asks for an end."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to sweep.

    ``send`` takes all messages instead of the channels that are set up; ``say`` is the console's way to print one;
    ``stopping`` is asked before each batch whether to end; ``random`` spreads what is tried again.
    """

    send: Send | None = None
    say: Send = console
    stopping: Callable[[], bool] = never
    random: Random = field(default_factory=Random)
    per_hour: int = PER_HOUR


def remind_once(desk: Desk, now: Moment, manner: Manner) -> Sweep:
    """Sends every reminder that is due, once. ``now`` without an offset is read at each site's own zone; without any,
    it goes on as the machine's clock does."""
    from scheduler.settings_file import load_settings

    sweep = _Sweep(desk, load_settings(), manner)
    for present, sites in _clocks(desk, now):
        sweep.extend(present(), sites)
        sweep.send_due(present, sites)
        sweep.last = max(sweep.last or present(), present())
    sweep.note(sweep.last or moment_here(now))
    return Sweep(**{name: sweep.totals[name] for name in COUNTS}, messages=tuple(sweep.messages))


def _clocks(desk: Desk, now: Moment) -> Iterator[tuple[Callable[[], datetime], Collection[str] | None]]:
    """The clock to sweep by and the sites it is for; all of them at once where the moment is the same everywhere."""
    if now is None:
        yield lambda: moment_here(None).astimezone(UTC), None
        return
    if not is_floating(now):
        yield _stopped_at(moment_here(now)), None
        return
    with desk.store.reading() as work:
        zones = work.sites.zones()
    for zone in sorted(set(zones.values())):
        yield _stopped_at(moment_at(now, ZoneInfo(zone))), [site for site, at in zones.items() if at == zone]


def _stopped_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment.astimezone(UTC)


def extend_horizon(desk: Desk, now: datetime, sites: Collection[str] | None = None) -> int:
    """Moves the horizon on, and gives for how many subjects: what it was short of since the last time is queued, even
    if it is past by now. One whose record cannot be read keeps none of the others waiting."""
    number, broken = 0, set[str]()
    while True:
        with desk.store.writing() as work:
            names = work.subjects.to_queue(now + HORIZON - SLACK, limit=BATCH, sites=sites, but=broken)
            for name in names:
                try:
                    chart = desk.chart(work, name)
                except UNREADABLE:
                    broken.add(name)
                    continue
                since = min(chart.subject.queued_to, now)
                queue_reminders(work, chart, now=now, since=since, until=now + HORIZON)
                number += 1
        if len(names) < BATCH:
            return number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What came of handing a message over: it was sent, or ``failure`` says why not."""

    item: Item
    verdict: Verdict
    failure: DeliveryFailed | None = None


class _Sweep:
    """One sweep."""

    def __init__(self, desk: Desk, settings: Settings, manner: Manner) -> None:
        self.desk, self.settings, self.manner = desk, settings, manner
        self.totals: Counter[str] = Counter()
        self.messages: list[Message] = []
        self.last: datetime | None = None

    def extend(self, now: datetime, sites: Collection[str] | None) -> None:
        """Moves the horizon on."""
        extend_horizon(self.desk, now, sites)

    def note(self, now: datetime) -> None:
        """Records that there was a sweep."""
        from scheduler.store.state import LAST_SWEEP

        told = ", ".join(f"{self.totals[name]} {name}" for name in COUNTS)
        with self.desk.store.writing() as work:
            work.state.note(LAST_SWEEP, now.astimezone(UTC), told)

    def send_due(self, present: Callable[[], datetime], sites: Collection[str] | None) -> None:
        """Sends what is due, batch by batch, until nothing is or an end is asked for."""
        while not self.manner.stopping():
            items = self._claimed(present(), sites)
            if items is None:
                return
            with open_channels(self.settings, self.manner.say) as channels:
                self._pass_on(items, present, self.manner.send or channels)

    def _claimed(self, now: datetime, sites: Collection[str] | None) -> tuple[Item, ...] | None:
        """A batch of what is due; None where nothing is."""
        with self.desk.store.writing(together=True) as work:
            items = work.outbox.claim(now, now + LEASE, BATCH, sites)
            if not items:
                return None
            return rationed(work, items, now=now, lease=now + LEASE, per_hour=self.manner.per_hour)

    def _pass_on(self, items: tuple[Item, ...], present: Callable[[], datetime], send: Send) -> None:
        synced = time.monotonic()
        end = synced + (LEASE - LONGEST_SEND).total_seconds()
        outcome: _Outcome | None = None
        for item in items:
            began = time.monotonic()
            if began > end:
                break
            waits = began - synced >= SYNCED_EVERY or item is items[-1]
            with self.desk.store.stepping(synced=waits) as step:
                step.marks.hold(_subjects(outcome, item))
                self._mark(step, outcome, present())
                outcome = None
                verdict = self._judged(step, item, present())
            synced = began if waits else synced
            outcome = self._handed_over(item, verdict, send)
        if outcome is not None:
            with self.desk.store.stepping() as step:
                step.marks.hold(_subjects(outcome))
                self._mark(step, outcome, present())

    def _judged(self, step: Step, item: Item, now: datetime) -> Verdict:
        """Judges a reminder, and closes or puts off one that is not to be sent."""
        judge = Judge(self.desk, step, self.settings, now)
        is_digest = item.wanted.event == "digest"
        try:
            verdict = judge.digest(item) if is_digest else judge.verdict(item)
        except UNREADABLE:
            # What cannot be held against the present is not sent, and keeps nothing else from being sent.
            unread = _Outcome(item=item, verdict=Verdict(parts=item.members or (item,)))
            self._mark_failed(step, unread, DeliveryFailed(NOT_READ), now)
            return Verdict(lost=True)
        if verdict.until is not None:
            step.marks.put_off(item, verdict.until, attempts=item.attempts)
        elif verdict.state and step.marks.finish(item, verdict.state, now, verdict.reason) and not is_digest:
            self.totals[verdict.state] += 1
        if is_digest and not verdict.lost:
            self._count_closed(step, item, verdict)
        return verdict

    def _count_closed(self, step: Step, item: Item, verdict: Verdict) -> None:
        """Counts the reminders of a digest that were closed while it was judged."""
        states = step.work.outbox.states(member.id for member in item.members if member not in verdict.parts)
        self.totals.update(state for state in states if state in COUNTS)

    def _handed_over(self, item: Item, verdict: Verdict, send: Send) -> _Outcome | None:
        if verdict.message is None:
            return None
        try:
            send(verdict.message)
        except DeliveryFailed as failure:
            return _Outcome(item=item, verdict=verdict, failure=failure)
        self.messages.append(verdict.message)
        return _Outcome(item=item, verdict=verdict)

    def _mark(self, step: Step, outcome: _Outcome | None, now: datetime) -> None:
        """Records what came of a message. Only now it counts as sent: before, a crash would lose it."""
        if outcome is None:
            return
        if outcome.failure is not None:
            self._mark_failed(step, outcome, outcome.failure, now)
            return
        rows = dict.fromkeys((outcome.item, *outcome.verdict.parts))
        for item in rows:
            if not step.marks.finish(item, "sent", now) and item.wanted.event != "digest":
                step.marks.note_sent(item, now)
        self.totals["sent"] += len(outcome.verdict.parts)

    def _mark_failed(self, step: Step, outcome: _Outcome, failure: DeliveryFailed, now: datetime) -> None:
        item, attempts = outcome.item, outcome.item.attempts + 1
        self.totals["failed"] += len(outcome.verdict.parts)
        if failure.permanent or attempts >= ATTEMPTS:
            for row in dict.fromkeys((item, *outcome.verdict.parts)):
                step.marks.finish(row, "failed", now, failure.reason)
        else:
            later = now + wait_after(attempts, self.manner.random)
            step.marks.put_off(item, later, attempts=attempts, begun=failure.told)


def _subjects(outcome: _Outcome | None, item: Item | None = None) -> set[str]:
    """The subjects that a transaction is about to touch, digests' members included."""
    items = [*([] if outcome is None else [outcome.item]), *([] if item is None else [item])]
    return {one.subject for item in items for one in (item, *item.members)}


def wait_after(attempts: int, random: Random) -> timedelta:
    """How long to wait after so many attempts: twice as long each time up to an hour, less a random part of up to a
    half, so that what failed together is not tried again together."""
    longest = min(timedelta(minutes=2**attempts), LONGEST_WAIT)
    return longest * (1 - random.random() / 2)
