"""What changes between two plans of one patient: the value every command that changes a plan prints (design §2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from schedules.expiries import Expiry, expiries
from schedules.gates import GateChange, gate_changes, gates
from schedules.plan import TO_COME, Conflict, Deviation, Plan, Status, Visit
from schedules.record import When
from schedules.spans import is_same_time
from schedules.template import Template

# Neither of the two ever had a date, so that going from one to the other is no news.
_NEVER = frozenset({Status.NOT_APPLICABLE, Status.CANCELLED})
_EXPECTED = TO_COME | {Status.CONDITIONAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A visit whose date changed. ``why`` is in words; ``root`` is the part of it that names facts, without what is of
    this one day alone, such as a weekend that it falls on."""

    visit: str
    label: str
    before: When | None
    after: When | None
    why: str = ""
    root: str = ""


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
    activities: tuple[ActivityChange, ...] = ()
    gates: tuple[GateChange, ...] = ()
    expiries: tuple[ExpiryChange, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryChange:
    """Something that bounds a visit to come and did not before, or that bounds it otherwise: up to another day, or to
    a day that it now keeps and did not, or the other way round. ``before`` is None where it is new, ``after`` where it
    bounds no more."""

    before: Expiry | None
    after: Expiry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityChange:
    """Something that is to be done at visits to come and was not before, or the other way round (``added``)."""

    activity: str
    label: str
    added: bool
    visits: tuple[str, ...]


def compare_under(template: Template, before: Plan, after: Plan, reasons: dict[str, str] | None = None) -> Diff:
    """As :func:`compare`, with the gates and expiries that follow from the plans' template."""
    return replace(
        compare(before, after, reasons),
        gates=tuple(gate_changes(gates(template, before), gates(template, after))),
        expiries=tuple(_expiry_changes(template, before, after)),
    )


def _expiry_changes(template: Template, before: Plan, after: Plan) -> Iterator[ExpiryChange]:
    old, new = ({item.visit: item for item in expiries(template, plan)} for plan in (before, after))
    for visit in dict.fromkeys((*new, *old)):
        one, two = old.get(visit), new.get(visit)
        if one is not None and two is not None:
            if (one.last, one.holds) != (two.last, two.holds):
                yield ExpiryChange(before=one, after=two)
        elif two is not None or _is_to_come(after, visit):
            yield ExpiryChange(before=one, after=two)


def _is_to_come(plan: Plan, name: str) -> bool:
    visit = plan.visit(name)
    return visit is not None and visit.status in TO_COME


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
        activities=tuple(_activities(after, pairs)),
        answered=tuple(question for question in before.questions if question not in after.questions),
        asked=tuple(question for question in after.questions if question not in before.questions),
    )


def _has_moved(one: Visit, two: Visit) -> bool:
    # Where what is cancelled would be is no date that anybody comes on.
    if one.planned is None or two.planned is None or two.status in _NEVER:
        return False
    return not is_same_time(one.planned, two.planned)


def _move(one: Visit, two: Visit, reasons: dict[str, str]) -> Move:
    return Move(visit=two.id, label=two.label, before=one.planned, after=two.planned, why=reasons.get(two.id, ""))


def _has_turned(one: Visit | None, two: Visit | None) -> bool:
    states = (one and one.status, two and two.status)
    return states[0] != states[1] and not (_NEVER.issuperset(states) and not (two and two.planned))


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


def _activities(after: Plan, pairs: Iterable[tuple[Visit | None, Visit | None]]) -> Iterator[ActivityChange]:
    """What ends or begins at visits that are to come before and after."""
    found: dict[tuple[str, bool], list[str]] = {}
    for one, two in pairs:
        if one is None or two is None or two.status not in _EXPECTED or one.activities == two.activities:
            continue
        for name in dict.fromkeys((*one.activities, *two.activities)):
            if (name in one.activities) != (name in two.activities):
                found.setdefault((name, name in two.activities), []).append(two.id)
    for (name, added), visits in found.items():
        label = after.activities.get(name, name)
        yield ActivityChange(activity=name, label=label, added=added, visits=tuple(visits))


def _only_in(these: tuple[Conflict, ...], those: tuple[Conflict, ...]) -> tuple[Conflict, ...]:
    known = {(conflict.visit, conflict.by, conflict.rules) for conflict in those}
    return tuple(item for item in these if (item.visit, item.by, item.rules) not in known)


def _moved_periods(before: Plan, after: Plan) -> tuple[Move, ...]:
    """The periods whose last day changed, also those that are new or have no date any more; where everything is
    stopped the latter go without saying."""
    ends = {period.id: period.end for period in before.periods}
    labels = {period.id: period.label for period in (*before.periods, *after.periods)}
    now = {period.id: period.end for period in after.periods}
    return tuple(
        Move(visit=name, label=label, before=ends.get(name), after=now.get(name))
        for name, label in labels.items()
        if ends.get(name) != now.get(name) and (now.get(name) is not None or after.stopped is None)
    )
