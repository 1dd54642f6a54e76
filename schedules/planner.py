"""The planner: a template, a record and a site in, a plan out. Pure and deterministic (design §2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from schedules.compiled import Compiled, compiled
from schedules.conflicts import find_conflicts
from schedules.layout import Layout
from schedules.periods import find_periods
from schedules.plan import Deviation, Expectation, Plan
from schedules.record import Fact, Record, When
from schedules.settling import lay_out
from schedules.site import Site
from schedules.standing import Standing, fold, known_groups
from schedules.template import STOP_EVERYTHING, Template
from schedules.visits import find_visits

# A small command must not pay for what few records hold: amendments, what happened, and unscheduled visits.
if TYPE_CHECKING:
    from schedules.course import Earlier, Sources
    from schedules.grounds import Ground, Grounds
    from schedules.judge import PlannedFor, Seen


NOTHING_SEEN: Mapping[int, Seen] = MappingProxyType({})


def plan(template: Template, record: Record, site: Site, earlier: Earlier | None = None) -> Plan:
    """The plan that follows from the facts of ``record`` under ``template`` at ``site``, those in force.

    Where the record was amended or its site's days were revised, ``earlier`` is what was in force before; without it
    that raises ValueError.

    Dates are at the site's zone. What cannot be placed is a conflict, and what happened against the rules a
    deviation; neither raises. The facts must name what the template knows (see ``schedules.facts_check``).
    """
    return plan_of(prepare(template, record, site, earlier))


class Prepared:
    """A record laid out, with what was seen before each of its facts; :func:`plan` and ``why`` are made from it.

    ``template`` is the one in force; of a record that was amended, the patient's own, merged from all versions.
    ``ground`` is there where what the plan is made with changed since the enrolment. With ``known``, the same of a part
    of the record, what was seen before the facts of that part is taken from it; ``looks`` are what is known to have
    been seen before single facts, by their number.
    """

    __slots__ = (
        "compiled",
        "earlier",
        "ground",
        "in_force",
        "layout",
        "looks",
        "record",
        "seen",
        "site",
        "standing",
        "template",
    )

    def __init__(
        self,
        template: Template,
        record: Record,
        site: Site,
        earlier: Earlier | None = None,
        *,
        known: Prepared | None = None,
        looks: Mapping[int, Seen] = NOTHING_SEEN,
    ) -> None:
        # As it counts, with corrections made: so the plan is what it would have been, and what happened is judged anew.
        record = record.effective()
        self.template, self.record, self.site = template, record, site
        self.standing: Standing = fold(record)
        self.ground: Ground | None = None
        self.in_force, self.earlier = template, earlier
        self.looks: dict[int, Seen] = {**looks}
        if known is not None and self._continues(known):
            self.looks |= known.looks
        if self.standing.changed:
            from schedules.grounds import Grounds

            self._on_changing_ground(Grounds(self.sources, self.standing))
            return
        self.compiled: Compiled = compiled(template, tuple(sorted(known_groups(template, self.standing).items())))
        self.seen: dict[str, Seen] = {}
        if self.standing.done or self.standing.missed:
            from schedules.judge import plainly, replay

            self.seen = replay(record, self.standing, plainly(self.compiled, record, site), self.looks)
        self.layout: Layout = lay_out(self.compiled, self.standing, site, planned_for(self.seen))

    @property
    def sources(self) -> Sources:
        """All that the record was planned with. Raises ValueError where something earlier is not given."""
        from schedules.course import NOTHING_EARLIER, Sources, course_of

        return Sources(course_of(self.record), self.in_force, self.site, self.earlier or NOTHING_EARLIER)

    def _on_changing_ground(self, grounds: Grounds) -> None:
        """As the constructor, each fact judged by what was in force."""
        from schedules.judge import replay

        record = self.record

        def before(fact: Fact, planned: PlannedFor, seen: dict[str, Seen]) -> Layout:
            return grounds.just_before(record, fact, planned, seen).layout

        found = replay(record, self.standing, before, self.looks)
        self.ground = ground = grounds.as_of(record, planned_for(found), found)
        self.template, self.compiled = ground.template, ground.compiled
        self.standing, self.layout = ground.standing, ground.layout
        self.seen = {name: seen for name, seen in found.items() if name in ground.compiled.index}

    def _continues(self, known: Prepared) -> bool:
        """Whether a record has gone on from an earlier one: the same facts so far, planned with the same, of a patient
        in the same groups. What is judged by the facts before it alone is then as it was, also where an amendment or
        new days of the site came since."""
        facts = known.record.facts
        same = self.standing.groups == known.standing.groups and self.record.facts[: len(facts)] == facts
        return same and self.sources.begin_with(known.sources)


def planned_for(seen: Mapping[str, Seen]) -> dict[str, When | None]:
    """What each visit was planned for before the fact about it."""
    return {name: look.planned for name, look in seen.items()}


def prepare(
    template: Template,
    record: Record,
    site: Site,
    earlier: Earlier | None = None,
    *,
    known: Prepared | None = None,
    looks: Mapping[int, Seen] = NOTHING_SEEN,
) -> Prepared:
    """The layout behind a plan; with ``known``, one of the same subject, or ``looks`` in less time."""
    return Prepared(template, record, site, earlier, known=known, looks=looks)


def plan_of(prepared: Prepared) -> Plan:
    """The plan as a value, from its layout."""
    layout, template, standing = prepared.layout, prepared.template, prepared.standing
    ground = prepared.ground
    visits = find_visits(layout, prepared.seen) if ground is None else ground.visits(prepared.seen)
    conflicts = find_conflicts(layout)
    if standing.added:
        from schedules.unscheduled import unscheduled_conflicts, with_unscheduled

        visits = with_unscheduled(visits, template, standing, prepared.site)
        conflicts = (*conflicts, *unscheduled_conflicts(visits, prepared.site))
    events = standing.events
    stopped = next((name for name in STOP_EVERYTHING if name in events), None) if events else None
    return Plan(
        protocol=template.protocol,
        version=template.version,
        timezone=prepared.site.timezone,
        visits=visits,
        periods=find_periods(layout) if ground is None else ground.periods(),
        conflicts=conflicts,
        deviations=_deviations(prepared.seen),
        questions=tuple(questions(template, standing, prepared.compiled.groups)),
        activities={**prepared.compiled.activity_labels},
        departments={**prepared.compiled.departments},
        milestones={name: fact.day for name, fact in events.items() if fact.day is not None},
        expected=() if stopped else tuple(_expected(prepared)),
        stopped=stopped,
        announced_to=prepared.site.announced_to,
        labels_kept={} if ground is None else ground.labels_kept(),
    )


def _deviations(seen: Mapping[str, Seen]) -> tuple[Deviation, ...]:
    """The deviations of all visits, and of the times that some were done before, in the order of the record."""
    found = [deviation for look in seen.values() for deviation in look.all_deviations]
    return tuple(sorted(found, key=lambda deviation: deviation.fact))


def _expected(prepared: Prepared) -> Iterator[Expectation]:
    """The milestones still to come that the template expects on a day."""
    for name, label, counted in prepared.compiled.expected:
        day = None if name in prepared.standing.events else prepared.layout.at(counted)
        if day is not None:
            yield Expectation(milestone=name, label=label, day=day)


def questions(template: Template, standing: Standing, groups: Mapping[str, str]) -> list[str]:
    """What is still open: history not answered (or not whole), and groups that are not among those known."""
    found = []
    for item in template.history.values():
        answer = standing.history.get(item.id)
        if answer is None or (answer.day is None and not answer.never):
            found.append(f"{item.id}: {item.label}: when, or never?")
        elif not answer.never:
            found.extend(
                f"{item.id}.{asked}: {item.label}: what is the {asked}?"
                for asked in item.asks
                if asked not in answer.values
            )
    found.extend(
        f"{name}: {group.label}: {', '.join(group.values)}?"
        for name, group in template.groups.items()
        if name not in groups
    )
    return found
