"""The planner: a template, a record and a site in, a plan out. Pure and deterministic (design §2)."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.compiled import Compiled, as_day, compiled
from schedules.conflicts import find_conflicts
from schedules.judge import Seen, all_deviations, replay
from schedules.layout import Layout, lay_out
from schedules.periods import find_periods
from schedules.plan import Expectation, Plan
from schedules.record import Record
from schedules.site import Site
from schedules.standing import Standing, fold
from schedules.template import STOP_EVERYTHING, Template
from schedules.unscheduled import unscheduled_conflicts, with_unscheduled
from schedules.visits import find_visits


def plan(template: Template, record: Record, site: Site) -> Plan:
    """The plan that follows from the facts of ``record`` under ``template`` at ``site``.

    Dates are at the site's zone. What cannot be placed is a conflict, and what happened against the rules a
    deviation; neither raises. The facts must name what the template knows (see ``schedules.facts_check``).
    """
    return plan_of(prepare(template, record, site))


class Prepared:
    """A record laid out, with what was seen before each of its facts; :func:`plan` and ``why`` are made from it.

    With ``earlier``, the same of a part of the record, what was seen before the facts of that part is taken from it.
    """

    __slots__ = ("compiled", "layout", "looks", "record", "seen", "site", "standing", "template")

    def __init__(self, template: Template, record: Record, site: Site, earlier: Prepared | None = None) -> None:
        # As it counts, with corrections made: so the plan is what it would have been, and what happened is judged anew.
        record = record.effective()
        self.template, self.record, self.site = template, record, site
        self.standing: Standing = fold(record)
        self.compiled: Compiled = compiled(template, tuple(sorted(known_groups(template, self.standing).items())))
        told = bool(self.standing.done or self.standing.missed)
        self.looks: dict[int, Seen] = {} if earlier is None or not self._continues(earlier) else {**earlier.looks}
        self.seen: dict[str, Seen] = replay(self.compiled, record, self.standing, site, self.looks) if told else {}
        planned_for = {name: seen.planned for name, seen in self.seen.items()}
        self.layout: Layout = lay_out(self.compiled, self.standing, site, planned_for)

    def _continues(self, earlier: Prepared) -> bool:
        """Whether a record has gone on from an earlier one, under the same template, groups and open days."""
        same = self.compiled is earlier.compiled and self.site == earlier.site
        facts = earlier.record.facts
        return same and self.record.facts[: len(facts)] == facts


def prepare(template: Template, record: Record, site: Site, earlier: Prepared | None = None) -> Prepared:
    """The layout behind a plan; with ``earlier``, one of the same subject, in less time."""
    return Prepared(template, record, site, earlier)


def known_groups(template: Template, standing: Standing) -> dict[str, str]:
    """The patient's groups: as recorded, else the template's defaults; open ones are left out."""
    defaults = {name: group.default for name, group in template.groups.items() if group.default is not None}
    return {**defaults, **standing.groups}


def plan_of(prepared: Prepared) -> Plan:
    """The plan as a value, from its layout."""
    layout, template, standing = prepared.layout, prepared.template, prepared.standing
    visits = with_unscheduled(find_visits(layout, prepared.seen), template, standing, prepared.site)
    conflicts = find_conflicts(layout)
    if standing.added:
        conflicts = (*conflicts, *unscheduled_conflicts(visits, prepared.site))
    stopped = next((name for name in STOP_EVERYTHING if name in standing.events), None)
    return Plan(
        protocol=template.protocol,
        version=template.version,
        timezone=prepared.site.timezone,
        visits=visits,
        periods=find_periods(layout),
        conflicts=conflicts,
        deviations=all_deviations(prepared.seen.values()),
        questions=tuple(questions(template, standing)),
        activities={**prepared.compiled.activity_labels},
        departments={**prepared.compiled.departments},
        milestones={name: fact.day for name, fact in standing.events.items() if fact.day is not None},
        expected=() if stopped else tuple(_expected(prepared)),
        stopped=stopped,
        announced_to=prepared.site.announced_to,
    )


def _expected(prepared: Prepared) -> Iterator[Expectation]:
    """The milestones still to come that the template expects on a day."""
    for name, evaluate in prepared.compiled.expected:
        day = None if name in prepared.standing.events else evaluate(prepared.layout.board)
        if day is not None:
            yield Expectation(milestone=name, label=prepared.template.event_label(name), day=as_day(day))


def questions(template: Template, standing: Standing) -> list[str]:
    """What is still open: history not answered (or not whole), and groups not known."""
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
    known = known_groups(template, standing)
    found.extend(
        f"{name}: {group.label}: {', '.join(group.values)}?"
        for name, group in template.groups.items()
        if name not in known
    )
    return found
