"""Cycles: a template's repeated epochs written out once more for every further cycle (design §4, §5 rules 7 and 15).

In the visits of a cycle names mean that cycle; in its ``from`` and its own bounds, the cycle before; in periods and
later epochs
``first`` and ``last`` range over all cycles, and a plain id or ``day N`` means the first pass. Scopes are written
into the names:
``second/ld`` is the series of that cycle, ``*/infusion`` an activity over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from schedules.points import Between, Day, Extreme, Named, Point, Shifted, names_in, rescoped, rescoped_window
from schedules.template import Activity, Cycle, Milestone, PeriodRule, Template, VisitRule


@dataclass(frozen=True, slots=True)
class Dropped:
    """A bound that a cycle cannot keep, since it names a visit the cycle does not repeat; or, where ``upper`` is None,
    a target or window that it can only keep as it is in the first pass."""

    visit: str
    cycle: str
    upper: bool | None
    point: Point


@dataclass(frozen=True, slots=True)
class _Pass:
    """One further pass of a cycle: its name (``second``, ``second-2``), its number, and the name of the pass before."""

    cycle: Cycle
    number: int

    @property
    def name(self) -> str:
        return self.cycle.id if self.number == 1 else f"{self.cycle.id}-{self.number}"

    @property
    def before(self) -> str:
        return "" if self.number == 1 else _Pass(self.cycle, self.number - 1).name


def expand(template: Template) -> tuple[Template, tuple[Dropped, ...]]:
    """The template with every pass of its cycles written out, and the bounds that they drop."""
    if not template.cycles:
        return template, ()
    return _Expansion(template).expanded()


class _Expansion:
    def __init__(self, template: Template) -> None:
        self.template = template
        self.rules = {rule.id: rule for rule in template.visits}
        self.dropped: list[Dropped] = []
        self.visits: list[VisitRule] = []
        self.series = dict(template.series)
        self.activities = dict(template.activities)
        self.milestones = dict(template.milestones)
        self.repeated: set[str] = set()

    def expanded(self) -> tuple[Template, tuple[Dropped, ...]]:
        passes = [
            _Pass(cycle, number) for cycle in self.template.cycles.values() for number in range(1, cycle.maximum + 1)
        ]
        for cycle in self.template.cycles.values():
            self.repeated.update(visit for name in cycle.repeat for visit in self.template.members(name))
        copies = [rule for one in passes for rule in self.copies(one)]
        order = list(self.template.epochs)
        last = max((order.index(self.rules[name].epoch) for name in self.repeated), default=-1)
        for rule in self.template.visits:
            later = rule.id not in self.repeated and order.index(rule.epoch) > last
            self.visits.append(self.over_all_cycles(rule) if later else rule)
        place = max((number for number, rule in enumerate(self.visits) if rule.id in self.repeated), default=-1) + 1
        self.visits[place:place] = copies
        self.visits += [rule for one in passes for rule in self.stand_ins(one, last, order)]
        stood_in_for = {rule.stands_in_for for rule in self.visits if rule.stands_in_for}
        if stood_in_for:
            self.visits = [self.chained(rule, passes, stood_in_for) for rule in self.visits]
        expanded = replace(
            self.template,
            visits=tuple(self.visits),
            series=self.series,
            activities=self.activities,
            milestones=self.milestones,
            periods=tuple(self.period(rule) for rule in self.template.periods),
        )
        return expanded, tuple(self.dropped)

    def copies(self, one: _Pass) -> Iterator[VisitRule]:
        """The visits of one pass, with what is done there and the gates that are asked again."""
        repeated = [rule for rule in self.template.visits if rule.id in self.members_of(one.cycle)]
        names = self.scope(one, {rule.id for rule in repeated})
        for rule in repeated:
            yield self.copy(one, rule, names)
        for series, members in self.template.series.items():
            if members[0] in names:
                self.series[f"{one.name}/{series}"] = tuple(names[member] for member in members)
        for activity in self.template.activities.values():
            self.extend(activity, names)

    def members_of(self, cycle: Cycle) -> set[str]:
        return {visit for name in cycle.repeat for visit in self.template.members(name)}

    def scope(self, one: _Pass, repeated: set[str]) -> dict[str, str]:
        """What the names of repeated visits, of their series, activities and gates mean in a pass."""
        names = {visit: f"{one.name}/{visit}" for visit in repeated}
        names |= {
            series: f"{one.name}/{series}" for series, members in self.template.series.items() if members[0] in repeated
        }
        names |= {
            activity.id: f"{one.name}/{activity.id}"
            for activity in self.template.activities.values()
            if not repeated.isdisjoint(activity.visits)
        }
        gates = {gate for visit in repeated for gate in self.rules[visit].requires}
        for gate in sorted(gates):
            milestone = self.template.milestones.get(gate)
            if milestone is not None and not milestone.once:
                names[gate] = f"{one.name}/{gate}"
                label = f"{milestone.label} ({one.name.replace('-', ' ')})"
                expected = self.expected(milestone, one, names)
                self.milestones[names[gate]] = Milestone(id=names[gate], label=label, expected=expected)
        return names

    def expected(self, gate: Milestone, one: _Pass, names: Mapping[str, str]) -> Point | None:
        """When a gate that is asked again is expected, where that counts from what the pass repeats."""
        if gate.expected is None or not all(
            isinstance(named, Day) or named.name in names for named in names_in(gate.expected)
        ):
            return None
        return rescoped(gate.expected, names, f"{one.name}/{self.template.reference_visit}")

    def copy(self, one: _Pass, rule: VisitRule, names: Mapping[str, str]) -> VisitRule:
        reference = f"{one.name}/{self.template.reference_visit}"
        is_reference = rule.id == self.template.reference_visit
        cycle = one.name.replace("-", " ")
        at = self.start(one) if is_reference else rescoped(rule.at, names, reference)
        self.note_stuck(one, rule, names, is_reference=is_reference)
        earlier = [*self.kept(one, rule, names, upper=False)]
        later = [*self.kept(one, rule, names, upper=True)]
        if is_reference:
            earlier += [self.before(one, point) for point in one.cycle.no_earlier_than]
            later += [self.before(one, point) for point in one.cycle.no_later_than]
        return replace(
            rule,
            id=names[rule.id],
            series=f"{one.name}/{rule.series}" if rule.series else "",
            cycle=one.name,
            label=rule.label.replace("{cycle}", cycle) if "{cycle}" in rule.label else f"{rule.label} ({cycle})",
            at=at,
            window=rescoped_window(rule.window, names, reference),
            no_earlier_than=tuple(earlier),
            no_later_than=tuple(later),
            at_the_latest=rule.at_the_latest and rescoped(rule.at_the_latest, names, reference),
            until=rule.until and rescoped(rule.until, names, reference),
            requires=tuple(names.get(gate, gate) for gate in rule.requires),
            together_with=tuple(names[other] for other in rule.together_with if other in names),
        )

    def note_stuck(self, one: _Pass, rule: VisitRule, names: Mapping[str, str], *, is_reference: bool) -> None:
        """Notes what a copy counts from that is on the same day in every pass."""
        points = [] if is_reference else [rule.at]
        if isinstance(rule.window, Between):
            points += [rule.window.start, rule.window.end]
        for point in points:
            if any(
                isinstance(named, Named) and (named.name == "enrolment" or self.is_foreign(named, names))
                for named in names_in(point)
            ):
                self.dropped.append(Dropped(rule.series or rule.id, one.name, None, point))

    def kept(self, one: _Pass, rule: VisitRule, names: Mapping[str, str], *, upper: bool) -> Iterator[Point]:
        """The bounds of a visit that hold in a cycle too: those that name nothing but what the cycle repeats."""
        reference = f"{one.name}/{self.template.reference_visit}"
        for point in rule.no_later_than if upper else rule.no_earlier_than:
            foreign = [named for named in names_in(point) if isinstance(named, Named) and self.is_foreign(named, names)]
            if foreign:
                self.dropped.append(Dropped(rule.series or rule.id, one.name, upper, point))
            else:
                yield rescoped(point, names, reference)

    def is_foreign(self, named: Named, names: Mapping[str, str]) -> bool:
        visits = {**self.rules, **self.template.series, **self.template.activities}
        return named.name in visits and named.name not in names

    def start(self, one: _Pass) -> Point:
        """Where the pass begins: its ``from``, the nth event starting the nth pass."""
        return self.before(one, one.cycle.start, events=True)

    def before(self, one: _Pass, point: Point, *, events: bool = False) -> Point:
        """A point of the cycle itself, whose names mean the pass before."""
        names: dict[str, str] = {}
        if one.before:
            members = self.members_of(one.cycle)
            names = {name: f"{one.before}/{name}" for name in members}
            names |= {
                name: f"{one.before}/{name}" for name, found in self.template.series.items() if found[0] in members
            }
            names |= {
                item.id: f"{one.before}/{item.id}"
                for item in self.template.activities.values()
                if not members.isdisjoint(item.visits)
            }
        if events:
            names |= {name: f"{name}#{one.number}" for name, item in self.template.milestones.items() if item.repeats}
        return rescoped(point, names, f"{one.before}/{self.template.reference_visit}" if one.before else "")

    def extend(self, activity: Activity, names: Mapping[str, str]) -> None:
        """What is done at a visit is done at its copy."""
        known = self.activities[activity.id]
        samples = {names[visit]: times for visit, times in activity.samples.items() if visit in names}
        self.activities[activity.id] = replace(
            known,
            visits=known.visits + tuple(names[visit] for visit in activity.visits if visit in names),
            optional=known.optional | {names[visit] for visit in activity.optional if visit in names},
            samples={**known.samples, **samples},
        )

    def all_cycles(self) -> dict[str, str]:
        """The series and activities that cycles repeat, as ranging over all of them."""
        names = {
            series: f"*/{series}" for series, members in self.template.series.items() if members[0] in self.repeated
        }
        return names | {
            item.id: f"*/{item.id}"
            for item in self.template.activities.values()
            if not self.repeated.isdisjoint(item.visits)
        }

    def over_all_cycles(self, rule: VisitRule) -> VisitRule:
        """A visit of a later epoch: its ``first`` and ``last`` range over all cycles."""
        names = self.all_cycles()
        return replace(
            rule,
            at=rescoped(rule.at, names),
            window=rescoped_window(rule.window, names),
            no_earlier_than=tuple(rescoped(point, names) for point in rule.no_earlier_than),
            no_later_than=tuple(rescoped(point, names) for point in rule.no_later_than),
            at_the_latest=rule.at_the_latest and rescoped(rule.at_the_latest, names),
            until=rule.until and rescoped(rule.until, names),
        )

    def stand_ins(self, one: _Pass, last: int, order: list[str]) -> Iterator[VisitRule]:
        """For members of a later repetition that a cycle re-anchors: the member that takes over once its id is taken
        (rule 15)."""
        for rule in [*self.visits]:
            original = self.rules.get(rule.id)
            if original is None or not rule.step or rule.id in self.repeated or order.index(rule.epoch) <= last:
                continue
            if not self.is_reanchored(rule):
                continue
            name = f"{one.name}/{rule.id}"
            yield replace(rule, id=name, series=f"{one.name}/{rule.series}", cycle=one.name, stands_in_for=rule.id)
            self.series[f"{one.name}/{rule.series}"] = (*self.series.get(f"{one.name}/{rule.series}", ()), name)
            for activity in [*self.activities.values()]:
                if rule.id in activity.visits:
                    self.activities[activity.id] = replace(activity, visits=(*activity.visits, name))

    def is_reanchored(self, rule: VisitRule) -> bool:
        """Whether a member of a series counts from what ranges over all cycles, by itself or by those before it."""
        if self.before_it(rule):
            first = next(other for other in self.visits if other.id == self.template.series[rule.series][0])
            return self.is_reanchored(first)
        return any(isinstance(named, Named) and named.name.startswith("*/") for named in names_in(rule.at))

    def before_it(self, rule: VisitRule) -> str:
        """The member before this one, where it counts from that (``from_previous``)."""
        original = rule.stands_in_for or rule.id
        members = self.template.series.get(self.rules[original].series, ()) if original in self.rules else ()
        before = members[members.index(original) - 1] if original in members[1:] else ""
        return before if isinstance(rule.at, Shifted) and rule.at.base == Named(before) else ""

    def chained(self, rule: VisitRule, passes: list[_Pass], stood_in_for: set[str]) -> VisitRule:
        """A member that counts from the one before counts from whichever stands in for that one (rule 15)."""
        before = self.before_it(rule)
        if before not in stood_in_for or not isinstance(rule.at, Shifted):
            return rule
        anyone = Extreme("latest", tuple(map(Named, (before, *(f"{one.name}/{before}" for one in passes)))))
        return replace(rule, at=Shifted(anyone, rule.at.span))

    def period(self, rule: PeriodRule) -> PeriodRule:
        names = self.all_cycles()
        return replace(
            rule,
            start=rule.start and rescoped(rule.start, names),
            end=rule.end and rescoped(rule.end, names),
            after_each=names.get(rule.after_each, rule.after_each),
        )
