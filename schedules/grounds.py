"""What a record was laid out with as of each of its facts, where an amendment or a revision of the site's days changed
that (design §6; §5, rule 12).

Until the day from which an amendment holds the version before it goes on: what happened, and what that version dates
before the day, stays as it has it. From the day on the new version holds. Nothing is added to the past: a visit that
the new version dates before the day, and the old one does not, does not apply; and a visit that was due on the day or
later is not moved to before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from schedules.compiled import Compiled, compiled
from schedules.course import Sources
from schedules.evaluating import as_day
from schedules.judge import Seen
from schedules.layout import Layout
from schedules.merging import KEPT, Kept, merged, needs_days, no_earlier_than
from schedules.periods import find_periods
from schedules.plan import Period, Status, Visit
from schedules.record import Fact, Record, When
from schedules.settling import lay_out
from schedules.site import Site
from schedules.standing import Standing, fold, known_groups
from schedules.template import Template
from schedules.visits import find_visits

TO_DO = (Status.PLANNED, Status.BOOKED)
HAPPENED = (Status.DONE, Status.MISSED)
Seens = Mapping[str, Seen]
PlannedFor = Mapping[str, "When | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A record laid out under the version in force.

    ``before`` is how the version before that would lay it out, of which the ``kept`` visits are taken over.
    ``passed_over`` are the visits that the amendment would have added to the past, with the day they would be on.
    """

    template: Template
    compiled: Compiled
    standing: Standing
    layout: Layout
    before: Ground | None = None
    effective: date | None = None
    kept: frozenset[str] = frozenset()
    passed_over: Mapping[str, date] = field(default_factory=dict)

    def visits(self, seen: Seens) -> tuple[Visit, ...]:
        """All visits in the order of their dates. What happened before the amendment is as it was, whole."""
        found = find_visits(self.layout, seen)
        if self.before is None:
            return found
        before = {visit.id: visit for visit in self.before.visits(seen) if visit.id in self.kept}
        return tuple(_as_kept(visit, before[visit.id]) if visit.id in before else visit for visit in found)

    def labels_kept(self) -> dict[str, dict[str, str]]:
        """What is done at kept visits, where the version they are kept from calls it otherwise: label by activity, by
        visit."""
        found = {name: self._labels_then(name) for name in sorted(self.kept)}
        return {name: labels for name, labels in found.items() if labels}

    def _labels_then(self, visit: str) -> dict[str, str]:
        ground = self._origin(visit)
        then, now = ground.compiled.activity_labels, self.compiled.activity_labels
        here = ground.compiled.activities[ground.compiled.index[visit]]
        return {name: then[name] for name in here if then[name] != now.get(name)}

    def _origin(self, visit: str) -> Ground:
        """The ground of the version that a visit is kept from."""
        ground = self
        while visit in ground.kept and ground.before is not None:
            ground = ground.before
        return ground

    def periods(self) -> tuple[Period, ...]:
        """The periods: what ended before the amendment is as it was, and none is added that would have ended then."""
        own = find_periods(self.layout)
        if self.before is None or self.effective is None:
            return own
        day = self.effective
        earlier = {period.id: period for period in self.before.periods()}
        over = {name: period for name, period in earlier.items() if period.end is not None and period.end < day}
        found = [over.get(period.id, period) for period in own if period.id in over or not _is_over(period, day)]
        names = {period.id for period in own}
        return (*found, *(period for name, period in over.items() if name not in names))


def _as_kept(now: Visit, before: Visit) -> Visit:
    """A kept visit: its dates are the plan's; what it is called and where it takes place, the version's before."""
    if now.status in HAPPENED:
        return before
    return replace(
        now,
        label=before.label,
        epoch=before.epoch,
        place=before.place,
        series=before.series,
        cycle=before.cycle,
        day=before.day,
        duration=before.duration,
        assumed=before.assumed,
    )


def _is_over(period: Period, day: date) -> bool:
    return period.end is not None and period.end < day


class Grounds:
    """Lays a record out as of any of its facts. ``groups`` are the patient's as they are known now."""

    def __init__(self, sources: Sources, groups: Standing) -> None:
        self.sources, self.groups = sources, groups

    def as_of(self, record: Record, planned_for: PlannedFor, seen: Seens) -> Ground:
        """The ground after the facts of ``record``, the beginning of the whole."""
        return _Laying(self, record, planned_for, seen).ground(self._amendments_in(record))

    def just_before(self, record: Record, fact: Fact, planned_for: PlannedFor, seen: Seens) -> Ground:
        """The ground on which a fact is judged: the record before it, under the version that held on its day.

        What happened before an amendment took effect, and was recorded after it, is judged by the version before.
        """
        facts = record.before(fact)
        laying = _Laying(self, facts, planned_for, seen)
        last = self._amendments_in(facts)
        number = last
        while number and fact.day is not None and fact.day < self.effective(number):
            number -= 1
        ground = laying.ground(number)
        return ground if fact.name in ground.compiled.index else laying.ground(last)

    def effective(self, number: int) -> date:
        """The day from which the nth amendment holds, the first being number 1."""
        day = self.sources.course.amendments[number - 1].day
        assert day is not None, "an amendment has the day from which it holds"
        return day

    def _amendments_in(self, record: Record) -> int:
        last = record.facts[-1].number
        return sum(fact.number <= last for fact in self.sources.course.amendments)


class _Laying:
    """One record, laid out under each of the versions it went through in turn."""

    def __init__(self, grounds: Grounds, record: Record, planned_for: PlannedFor, seen: Seens) -> None:
        self.grounds, self.planned_for, self.seen = grounds, planned_for, seen
        self.standing = fold(record)
        self.site: Site = grounds.sources.site_at(record)

    def ground(self, number: int) -> Ground:
        """The ground under the version after so many amendments."""
        template = self.grounds.sources.templates[number]
        if not number:
            found = self._compiled(template)
            standing = self._known(found)
            return Ground(template=template, compiled=found, standing=standing, layout=self._laid_out(found, standing))
        before = self.ground(number - 1)
        amendment = self.grounds.sources.course.amendments[number - 1]
        effective = self.grounds.effective(number)
        kept = frozenset(self._kept(before, template, amendment, effective))
        return self._settled(merged(template, before.template, kept), before, number, frozenset(one.id for one in kept))

    def _settled(self, template: Template, before: Ground, number: int, kept: frozenset[str]) -> Ground:
        """The ground once nothing is on a day before the amendment that was not there before."""
        event = f"amendment {self.grounds.sources.course.versions[number]}"
        effective = self.grounds.effective(number)
        held: frozenset[str] = frozenset()
        passed_over: dict[str, date] = {}
        while True:
            bound = no_earlier_than(template, held, event) if held else template
            found = _without(self._compiled(bound), frozenset(passed_over))
            standing = self._known(found)
            layout = self._laid_out(found, standing)
            early = {name: day for name, day in _dated_before(layout, effective) if name not in kept}
            was_due = frozenset(name for name in early if _is_to_do(before, name))
            if was_due <= held and early.keys() - was_due <= passed_over.keys():
                return Ground(
                    template=bound,
                    compiled=found,
                    standing=standing,
                    layout=layout,
                    before=before,
                    effective=effective,
                    kept=kept,
                    passed_over=passed_over,
                )
            held |= was_due
            passed_over |= {name: day for name, day in early.items() if name not in was_due}

    def _kept(self, before: Ground, new: Template, amendment: Fact, effective: date) -> Iterator[Kept]:
        """The visits that stay as the version before has them."""
        status, known = before.layout.board.status, {rule.id for rule in new.visits}
        # What happened and the new version does not have can only stay, also where it was done once more since.
        chosen = {
            rule.id: status[place] in HAPPENED
            for place, rule in enumerate(before.compiled.rules)
            if _stays(before, place, amendment, effective) or (status[place] in HAPPENED and rule.id not in known)
        }
        for name, happened in chosen.items():
            bare = Kept(id=name, happened=happened)
            yield self._with_days(before, bare) if needs_days(new, before.template, bare, chosen) else bare

    def _with_days(self, before: Ground, kept: Kept) -> Kept:
        layout, place = before.layout, before.compiled.index[kept.id]
        look = self.seen.get(kept.id) if kept.happened else None
        target = look.target if look else layout.targets[place]
        start = look.start if look else layout.starts[place]
        end = look.end if look else layout.ends[place]
        return replace(
            kept,
            target=self._after_enrolment(target or layout.board.when[place]),
            start=self._after_enrolment(start),
            end=self._after_enrolment(end),
        )

    def _after_enrolment(self, when: When | None) -> int | None:
        return None if when is None else (as_day(when) - self.standing.enrolment).days

    def _compiled(self, template: Template) -> Compiled:
        return compiled(template, tuple(sorted(known_groups(template, self.grounds.groups).items())))

    def _laid_out(self, found: Compiled, standing: Standing) -> Layout:
        return lay_out(found, standing, self.site, self.planned_for)

    def _known(self, found: Compiled) -> Standing:
        """The standing without facts about visits that the template does not have, and with the amendments as events
        that bounds can name."""
        standing, index = self.standing, found.index
        course = self.grounds.sources.course
        amendments = {
            f"amendment {version}": [fact] for version, fact in zip(course.versions[1:], course.amendments, strict=True)
        }
        return replace(
            standing,
            visits={name: fixed for name, fixed in standing.visits.items() if name in index},
            withheld={pair for pair in standing.withheld if pair[0] in index},
            given={pair for pair in standing.given if pair[0] in index},
            occurrences={**standing.occurrences, **amendments},
        )


@lru_cache(maxsize=KEPT)
def _without(found: Compiled, visits: frozenset[str]) -> Compiled:
    """With these visits as not applicable."""
    return replace(found, excluded=found.excluded | {found.index[name] for name in visits}) if visits else found


def _dated_before(layout: Layout, effective: date) -> Iterator[tuple[str, date]]:
    """The visits that are planned before a day, and about which there is no fact."""
    fixed = layout.standing.visits
    for place, rule in enumerate(layout.compiled.rules):
        when = layout.board.when[place]
        if layout.board.status[place] is Status.PLANNED and when is not None and rule.id not in fixed:
            day = as_day(when)
            if day < effective:
                yield rule.id, day


def _is_to_do(ground: Ground, name: str) -> bool:
    place = ground.compiled.index.get(name)
    return place is not None and ground.layout.board.status[place] in TO_DO


def _stays(before: Ground, place: int, amendment: Fact, effective: date) -> bool:
    """Whether a visit stays as it is: it happened before the amendment was recorded, or is of a day before it holds."""
    status, when = before.layout.board.status[place], before.layout.board.when[place]
    of_before = when is not None and as_day(when) < effective
    if status not in HAPPENED:
        return of_before and status in TO_DO
    return of_before or before.standing.visits[before.compiled.rules[place].id].fact.number < amendment.number
