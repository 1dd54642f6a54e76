"""What changes between two plans of one patient: the value every command that changes a plan prints (design §2)."""

from __future__ import annotations

from dataclasses import dataclass

from schedules.plan import Conflict, Deviation, Plan, Status, Visit
from schedules.record import When


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A visit whose date changed; ``why`` is in words."""

    visit: str
    label: str
    before: When | None
    after: When | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A visit whose status changed without a new date being the news: booked, done, conditional, cancelled …

    ``when`` is its date now, if it has one; ``series`` is what it is a member of, if anything.
    """

    visit: str
    label: str
    before: Status | None
    after: Status | None
    when: When | None = None
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that differs from one plan to the next; empty where nothing a person sees has changed."""

    moved: tuple[Move, ...] = ()
    turned: tuple[Turn, ...] = ()
    new_conflicts: tuple[Conflict, ...] = ()
    gone_conflicts: tuple[Conflict, ...] = ()
    new_deviations: tuple[Deviation, ...] = ()
    periods: tuple[Move, ...] = ()
    answered: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        plain = (self.moved, self.turned, self.new_conflicts, self.gone_conflicts, self.new_deviations, self.periods)
        return any(plain) or bool(self.answered or self.asked)


def compare(before: Plan, after: Plan, reasons: dict[str, str] | None = None) -> Diff:
    """The difference from ``before`` to ``after``; ``reasons`` gives the words for why a visit moved, by visit id."""
    old = {visit.id: visit for visit in before.visits}
    new = {visit.id: visit for visit in after.visits}
    pairs = [(old.get(name), new.get(name)) for name in dict.fromkeys((*new, *old))]
    return Diff(
        moved=tuple(_move(one, two, reasons or {}) for one, two in pairs if one and two and _has_moved(one, two)),
        turned=tuple(_turn(one, two) for one, two in pairs if _has_turned(one, two)),
        new_conflicts=_only_in(after.conflicts, before.conflicts),
        gone_conflicts=_only_in(before.conflicts, after.conflicts),
        new_deviations=tuple(item for item in after.deviations if item not in before.deviations),
        periods=_moved_periods(before, after),
        answered=tuple(question for question in before.questions if question not in after.questions),
        asked=tuple(question for question in after.questions if question not in before.questions),
    )


def _has_moved(one: Visit, two: Visit) -> bool:
    return one.planned != two.planned and one.planned is not None and two.planned is not None


def _move(one: Visit, two: Visit, reasons: dict[str, str]) -> Move:
    return Move(visit=two.id, label=two.label, before=one.planned, after=two.planned, why=reasons.get(two.id, ""))


def _has_turned(one: Visit | None, two: Visit | None) -> bool:
    return (one and one.status) != (two and two.status)


def _turn(one: Visit | None, two: Visit | None) -> Turn:
    known = two or one
    assert known is not None
    return Turn(
        visit=known.id,
        label=known.label,
        before=one.status if one else None,
        after=two.status if two else None,
        when=two.planned if two else None,
        series=known.series,
    )


def _only_in(these: tuple[Conflict, ...], those: tuple[Conflict, ...]) -> tuple[Conflict, ...]:
    known = {(conflict.visit, conflict.by, conflict.rules) for conflict in those}
    return tuple(item for item in these if (item.visit, item.by, item.rules) not in known)


def _moved_periods(before: Plan, after: Plan) -> tuple[Move, ...]:
    ends = {period.id: period.end for period in before.periods}
    return tuple(
        Move(visit=period.id, label=period.label, before=ends[period.id], after=period.end)
        for period in after.periods
        if period.id in ends and ends[period.id] != period.end
    )
