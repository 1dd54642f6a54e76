"""What is known only once all visits are placed: what a milestone ends (design §5, rules 11 and 16), and the days that
visits held together agree on (design §4). With that all are placed again, until nothing changes.

A visit that is ``together_with`` another is placed after it, and takes its day where its window and bounds allow that.
Where its own place is closed on that day (the other is on the ward, say), the two go to a day that both may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Protocol

from schedules import stopping
from schedules.compiled import Compiled
from schedules.evaluating import as_day
from schedules.inequalities import FIRST, LAST
from schedules.layout import Layout, lay_out_with, nearest
from schedules.plan import Status
from schedules.record import When
from schedules.site import Site
from schedules.standing import Standing


class _LayOut(Protocol):
    """All visits placed, of one record: what is left open is what this module finds out."""

    def __call__(
        self, *, absent: frozenset[tuple[int, str]], stopped: Mapping[int, str], agreed: Mapping[int, date]
    ) -> Layout: ...


def lay_out(compiled: Compiled, standing: Standing, site: Site, planned_for: Mapping[str, When | None]) -> Layout:
    """The dates of all visits. ``planned_for`` gives, of a missed visit, the moment it was planned for (rule 7)."""
    place = partial(lay_out_with, compiled, standing, site, planned_for)
    absent = _absent(compiled, standing)
    layout = _agreed(place, absent, {})
    if not standing.events:
        return layout
    stopped: dict[int, str] = {}
    # What a stop cancels can move what counts from the last of something, and so bring more under the stop.
    for _ in range(len(compiled.rules) + 1):
        found, lost = stopping.stopped(compiled, standing, layout.board)
        if found.keys() <= stopped.keys() and lost <= absent:
            break
        stopped |= found
        absent |= lost
        layout = _agreed(place, absent, stopped)
    return layout


def _absent(compiled: Compiled, standing: Standing) -> frozenset[tuple[int, str]]:
    """What is not given where: the optional that was not chosen, and the withheld."""
    if not standing.given and not standing.withheld:
        return compiled.optional
    chosen = {(compiled.index[visit], activity) for visit, activity in standing.given}
    return (compiled.optional - chosen) | {(compiled.index[visit], activity) for visit, activity in standing.withheld}


def _agreed(place: _LayOut, absent: frozenset[tuple[int, str]], stopped: Mapping[int, str]) -> Layout:
    """All visits placed, those that are held together on a day that is open for both, where they may have one.

    A visit that came to another day in vain, since the one it came for could not follow, goes back and stays there.
    """
    agreed: dict[int, date] = {}
    asked: set[int] = set()
    while True:
        layout = place(absent=absent, stopped=stopped, agreed=agreed)
        layout.together = together = _together(layout)
        shut_out = {guest for guest in together if not layout.is_open_for(guest)}
        if not (agreed or shut_out):
            return layout
        content = {guest: host for guest, host in together.items() if guest not in shut_out}
        vain = agreed.keys() - content.values()
        settled = {*content, *content.values(), *asked}
        found = {} if vain else _days_to_agree_on(layout, {guest: together[guest] for guest in shut_out}, settled)
        if not (vain or found):
            return layout
        agreed = {host: day for host, day in {**agreed, **found}.items() if host not in vain}
        asked |= found.keys()


def _together(layout: Layout) -> dict[int, int]:
    """The visits that are held together with another: on its day, each with that other."""
    found, when = {}, layout.board.when
    for guest, hosts in layout.shape.partners.items():
        own = when[guest]
        if own is None:
            continue
        for host in hosts:
            other = when[host]
            if other is not None and as_day(other) == as_day(own):
                found[guest] = host
                break
    return found


def _days_to_agree_on(layout: Layout, shut_out: Mapping[int, int], settled: set[int]) -> dict[int, date]:
    """The visits to come to another day so that those that are shut out on theirs can be held together with them, each
    with that day. None is asked to leave another that it is settled with."""
    found = {}
    for guest, host in shut_out.items():
        both = (layout.board.status[place] is Status.PLANNED and place not in settled for place in (guest, host))
        day = _common_day(layout, host, guest) if all(both) else None
        if day is not None:
            found[host] = day
            settled |= {guest, host}
    return found


def _common_day(layout: Layout, host: int, guest: int) -> date | None:
    """The day nearest to the target of ``host`` that its window and bounds leave it, and those of ``guest`` too, and on
    which the places of both are open.

    Where there is none, ``guest`` may yet have one if it counts from ``host`` and so goes along with it. Whether it has
    shows when all are placed anew.
    """

    def open_for_both(day: date) -> bool:
        return layout.may_be_on(host, day) and layout.may_be_on(guest, day)

    (target, first, last), (_, other_first, other_last) = _left_over(layout, host), _left_over(layout, guest)
    common = nearest(target, max(first, other_first), min(last, other_last), open_for_both)
    return common or nearest(target, first, last, open_for_both)


def _left_over(layout: Layout, place: int) -> tuple[int, int, int]:
    """The target of a planned visit, and the first and last day that its window and bounds leave it, as ordinals."""
    target = layout.targets[place]
    assert target is not None
    first, last = layout.own_window(place, as_day(target))
    low, high = layout.not_before[place], layout.not_after[place]
    return (
        as_day(target).toordinal(),
        max(first, low.toordinal() if low else FIRST),
        min(last, high.toordinal() if high else LAST),
    )
