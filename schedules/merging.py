"""Two versions of a protocol as one template, for a patient who goes from the one to the other (design §6).

What happened, and what is still to be done before the day from which the new version holds, stays as the old version
has it; all else is the new version's. A visit is the same one in both if it has the same id, whatever its name or day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from schedules.points import Around, Between, Day, Named, Point, Shifted, names_in
from schedules.spans import Span
from schedules.template import Activity, Template, VisitRule

KEPT = 256
ENROLMENT = Named("enrolment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A visit that stays as the old version has it: one that ``happened`` (done or missed), or is still to be done.

    Where the new version does not know what its rule counts from, its days are kept instead, as days after the
    enrolment: ``target``, and where it has a window ``start`` and ``end``; None where there is no date.
    """

    id: str
    happened: bool
    target: int | None = None
    start: int | None = None
    end: int | None = None


@lru_cache(maxsize=KEPT)
def merged(new: Template, old: Template, kept: frozenset[Kept]) -> Template:
    """``new`` with the ``kept`` visits as ``old`` has them, and what is done at them. ``old`` may be merged itself."""
    return _Merger(new, old, {visit.id: visit for visit in kept}).merged()


def needs_days(new: Template, old: Template, visit: Kept, kept: Iterable[str]) -> bool:
    """Whether a visit can only be kept with its days, since the new version cannot tell them from its rule."""
    if visit.happened:
        return all(rule.id != visit.id for rule in new.visits)
    rule = next(rule for rule in old.visits if rule.id == visit.id)
    return not _Scope(new, old, kept).has_all(_points_of_date(rule))


@lru_cache(maxsize=KEPT)
def no_earlier_than(template: Template, visits: frozenset[str], event: str) -> Template:
    """The template with one more bound on these visits: none is before an event of the patient's record.

    One that only had its target day keeps it as its window, so that it is a conflict if it cannot be on it.
    """

    def bound(rule: VisitRule) -> VisitRule:
        if rule.id not in visits:
            return rule
        free = rule.no_earlier_than or rule.no_later_than or rule.id == template.reference_visit
        window = rule.window if rule.window is not None or free else Around(Span(), Span())
        return replace(rule, no_earlier_than=(*rule.no_earlier_than, Named(event)), window=window)

    return replace(template, visits=tuple(bound(rule) for rule in template.visits))


class _Scope:
    """What points can name in a merged template."""

    def __init__(self, new: Template, old: Template, kept: Iterable[str]) -> None:
        self.new = new
        self.visits = {rule.id for rule in new.visits}.union(kept)
        self.visits_of_old = {rule.id for rule in old.visits}
        self.same_days = (old.reference_visit, old.reference_day) == (new.reference_visit, new.reference_day)
        scopes = {f"{rule.cycle}/" for rule in new.visits if rule.cycle}
        every = {"*/"} if scopes else set()
        activities = {f"{scope}{name}" for name in new.activities for scope in ("", *scopes, *every)}
        self.edges = activities | {*new.series} | {f"{scope}{name}" for name in new.series for scope in every}

    def has_all(self, points: Iterable[Point]) -> bool:
        return all(self.has(named) for point in points for named in names_in(point))

    def has(self, named: Named | Day) -> bool:
        if isinstance(named, Day):
            return named.reference in self.visits if named.reference else self.same_days
        if named.which:
            return named.name in self.edges
        # What is no visit is an event, which is recorded or not, whatever the version.
        return named.name in self.visits or named.name not in self.visits_of_old


class _Merger:
    def __init__(self, new: Template, old: Template, kept: Mapping[str, Kept]) -> None:
        self.new, self.old, self.kept = new, old, kept
        self.scope = _Scope(new, old, kept)
        self.of_old = {rule.id: rule for rule in old.visits}
        self.of_new = {rule.id: rule for rule in new.visits}
        self.cycles = {rule.cycle for rule in new.visits}

    def merged(self) -> Template:
        visits = tuple(self.visits())
        place = {rule.id: number for number, rule in enumerate(visits)}
        epochs = {rule.epoch: self.old.epochs[rule.epoch] for rule in visits if rule.epoch not in self.new.epochs}
        return replace(
            self.new,
            epochs={**self.new.epochs, **epochs},
            visits=visits,
            series={name: self.members(name, visits) for name in self.new.series},
            activities={activity.id: activity for activity in self.activities(place)},
            kept={name: self.old.version_of(name) for name in self.kept},
        )

    def visits(self) -> Iterator[VisitRule]:
        """The visits in the order of the new file; what only the old one has comes behind its neighbour there."""
        behind: dict[str, list[VisitRule]] = {}
        neighbour = ""
        for rule in self.old.visits:
            if rule.id in self.of_new:
                neighbour = rule.id
            elif rule.id in self.kept:
                behind.setdefault(neighbour, []).append(self.rule(rule.id))
        yield from behind.get("", ())
        for rule in self.new.visits:
            yield self.rule(rule.id) if rule.id in self.kept else rule
            yield from behind.get(rule.id, ())

    def rule(self, name: str) -> VisitRule:
        """The rule of a kept visit. What happened binds others by the rules of the new version, if that has it."""
        kept, old = self.kept[name], self.of_old[name]
        if kept.happened and name in self.of_new:
            return self.of_new[name]
        bare = self.without_what_is_gone(old)
        if kept.happened or not self.scope.has_all(_points_of_date(old)):
            return _on_its_days(bare, kept)
        return bare

    def without_what_is_gone(self, rule: VisitRule) -> VisitRule:
        """A rule of the old version without the bounds, gates and groups that the new one does not know."""
        later = rule.at_the_latest
        return replace(
            rule,
            series=rule.series if rule.series in self.new.series else "",
            cycle=rule.cycle if rule.cycle in self.cycles else "",
            stands_in_for=rule.stands_in_for if rule.stands_in_for in self.scope.visits else "",
            no_earlier_than=tuple(point for point in rule.no_earlier_than if self.scope.has_all([point])),
            no_later_than=tuple(point for point in rule.no_later_than if self.scope.has_all([point])),
            at_the_latest=later if later is not None and self.scope.has_all([later]) else None,
            requires=tuple(gate for gate in rule.requires if gate in self.new.milestones),
            together_with=tuple(other for other in rule.together_with if other in self.scope.visits),
            only_for=(),
        )

    def members(self, series: str, visits: Iterable[VisitRule]) -> tuple[str, ...]:
        known = {*self.new.series[series]}
        return tuple(
            rule.id for rule in visits if rule.id in known or (rule.id not in self.of_new and rule.series == series)
        )

    def activities(self, place: Mapping[str, int]) -> Iterator[Activity]:
        """What is done at kept visits is what the old version has there; elsewhere it is the new version's."""
        for name in dict.fromkeys((*self.new.activities, *self.old.activities)):
            new, old = self.new.activities.get(name), self.old.activities.get(name)
            here = [visit for visit in new.visits if visit not in self.kept] if new else []
            there = [visit for visit in old.visits if visit in self.kept] if old else []
            known = new or old
            assert known is not None
            if new is not None or there:
                yield replace(
                    known,
                    visits=tuple(sorted((*here, *there), key=place.__getitem__)),
                    optional=_optional(new, here) | _optional(old, there),
                    samples={**_samples(new, here), **_samples(old, there)},
                )


def _points_of_date(rule: VisitRule) -> list[Point]:
    """What the date of a visit counts from."""
    window = [rule.window.start, rule.window.end] if isinstance(rule.window, Between) else []
    return [rule.at, *window, *([rule.until] if rule.until is not None else [])]


def _on_its_days(rule: VisitRule, kept: Kept) -> VisitRule:
    """A rule that gives a visit the days it had, and binds nothing."""
    window = None
    if kept.start is not None and kept.end is not None:
        window = Between(_day(kept.start), _day(kept.end))
    return replace(
        rule,
        at=ENROLMENT if kept.target is None else _day(kept.target),
        window=window,
        until=None,
        no_earlier_than=(),
        no_later_than=(),
        at_the_latest=None,
        stands_in_for="",
    )


def _day(after: int) -> Point:
    return Shifted(ENROLMENT, Span(days=after))


def _optional(activity: Activity | None, visits: Iterable[str]) -> frozenset[str]:
    return frozenset() if activity is None else activity.optional.intersection(visits)


def _samples(activity: Activity | None, visits: Iterable[str]) -> dict[str, tuple[tuple[Span, Around | None], ...]]:
    known = {} if activity is None else activity.samples
    return {visit: known[visit] for visit in visits if visit in known}
