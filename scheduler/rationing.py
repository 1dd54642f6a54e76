"""At most so many messages an hour to a person: what is more goes into one digest, and then waits (design §8).

It is decided in the transaction that claims, so that what is in a digest, and the key of that, outlive a crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.store.outbox import Item, Use
    from scheduler.store.work import Work

PER_HOUR = 6
HOUR = timedelta(hours=1)
# A digest of a coordinator who comes back from a long downtime must still be one message that can be sent.
LONGEST_DIGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is to become of one recipient's claimed reminders: sent one by one, as one digest, or later."""

    singles: tuple[Item, ...]
    digest: tuple[Item, ...] = ()
    later: tuple[Item, ...] = ()
    until: datetime | None = None


def share(items: tuple[Item, ...], use: Use | None, now: datetime, per_hour: int) -> Share:
    """How one recipient's reminders are shared out; ``use`` is what it was sent within the last hour.

    Digests that were made before, and what may have gone out already, are messages of their own: in another one they
    would be told twice. What is past its use becomes none. The last message of an hour is a digest where more wait than
    it has room for.
    """
    made = tuple(item for item in items if item.begun or item.wanted.event == "digest")
    others = tuple(item for item in items if item not in made)
    past = tuple(item for item in others if item.wanted.useful_to is not None and item.wanted.useful_to <= now)
    rest = tuple(item for item in others if item not in past)
    free = per_hour - len(made) - (0 if use is None else use.number)
    if len(rest) <= max(free, 0):
        return Share(singles=made + past + rest)
    if free <= 0:
        return Share(singles=made + past, later=rest, until=(now if use is None else use.first) + HOUR)
    return Share(singles=made + past + rest[: free - 1], digest=rest[free - 1 :])


def rationed(
    work: Work, items: tuple[Item, ...], *, now: datetime, lease: datetime, per_hour: int = PER_HOUR
) -> tuple[Item, ...]:
    """Those of the reminders just claimed that are to be sent, digests among them; the others wait."""
    shares = dict(_shares(work, items, now, per_hour))
    ready: list[Item] = []
    for recipient, found in shares.items():
        ready += found.singles
        if found.digest:
            room = max(0, LONGEST_DIGEST - len(found.digest))
            more = work.outbox.claim_for(recipient, now, lease, room) if room else ()
            ready += [item for item in more if item.begun or item.wanted.event == "digest"]
            fresh = [item for item in more if not item.begun and item.wanted.event != "digest"]
            ready.append(work.outbox.make_digest((*found.digest, *fresh), now, lease))
        for item in found.later:
            work.marks.put_off(item, found.until or now + HOUR, attempts=item.attempts)
    work.outbox.begin([item.id for item in ready], now)
    return tuple(sorted(ready, key=lambda item: (item.wanted.moment, item.id)))


def _shares(work: Work, items: tuple[Item, ...], now: datetime, per_hour: int) -> Iterator[tuple[int, Share]]:
    by_recipient = sorted(items, key=lambda item: (item.wanted.recipient, item.wanted.moment, item.id))
    uses = _uses(work, items, now)
    for recipient, own in groupby(by_recipient, key=lambda item: item.wanted.recipient):
        yield recipient, share(tuple(own), uses.get(recipient), now, per_hour)


def _uses(work: Work, items: tuple[Item, ...], now: datetime) -> Mapping[int, Use]:
    recipients = {item.wanted.recipient for item in items}
    # Two sweeps at once must not both find room for the last message of an hour.
    work.contacts.lock(recipients)
    return work.outbox.uses(recipients, now - HOUR, [item.id for item in items])
