"""What is going to happen to an invented patient, drawn once at enrolment, and how likely each thing is.

The delay of the infusion is that of a published series of CAR-T infusions: 40 of 240, by 2 days in the median and up to
14, most by infection. The other rates are round numbers that make a trial of sick people: they are no findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.simulation.chance import Chance
from schedules.template import Template

DELAYED, DELAY_MEDIAN, LONGEST_DELAY = 40 / 240, 2, 14
SCREEN_FAILURE = 0.10
PROGRESSION, PROGRESSION_MEDIAN = 0.55, 150
NEW_THERAPY = 0.5
DEATH_AFTER_PROGRESSION, SURVIVAL_MEDIAN = 0.6, 180
# Ends that can come to anybody in a year from enrolment on.
ENDS = {
    "withdrawal-treatment": 0.02,
    "withdrawal-follow-up": 0.03,
    "withdrawal-contact": 0.02,
    "lost-to-follow-up": 0.03,
}
FURTHER_CYCLE = 0.3
OTHER_EVENT = 0.1
YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One patient's: groups and answers at enrolment; ``delay`` of the reference visit in days (0: none); and events by
    milestone, in days from enrolment (``early``) or from the reference visit (``late``). ``later`` are the groups that
    become known after enrolment."""

    groups: Mapping[str, str]
    later: Mapping[str, str]
    history: Mapping[str, str]
    delay: int
    early: Mapping[str, int]
    late: Mapping[str, int]


def fate(template: Template, chance: Chance) -> Fate:
    """What happens to the patient whose draws these are."""
    values = {
        name: (group.later, chance.pick([*group.values], "group", name)) for name, group in template.groups.items()
    }
    return Fate(
        groups={name: value for name, (later, value) in values.items() if not later},
        later={name: value for name, (later, value) in values.items() if later},
        history=_history(template, chance),
        delay=chance.days(DELAY_MEDIAN, LONGEST_DELAY, "delay") if chance.happens(DELAYED, "delayed") else 0,
        early=_early(chance),
        late=_late(template, chance),
    )


def _history(template: Template, chance: Chance) -> dict[str, str]:
    """Answers by item: ``never``, or how many days before enrolment; and what else the item asks for."""
    answers: dict[str, str] = {}
    for item in template.history.values():
        if chance.happens(0.5, "never", item.id):
            answers[item.id] = "never"
            continue
        answers[item.id] = str(chance.between(20, 400, "history", item.id))
        answers |= {f"{item.id}.{asked}": f"{chance.between(1, 8, asked)} days" for asked in item.asks}
    return answers


def _early(chance: Chance) -> dict[str, int]:
    found = {name: chance.between(1, YEAR, name) for name, rate in ENDS.items() if chance.happens(rate, "end", name)}
    if chance.happens(SCREEN_FAILURE, "screen failure"):
        found["screen-failure"] = chance.between(3, 14, "screen failure on")
    return found


def _late(template: Template, chance: Chance) -> dict[str, int]:
    """Progression and what follows it; a further cycle for some of the others; what else the protocol records."""
    found: dict[str, int] = {}
    starts = {name for cycle in template.cycles.values() for name in template.milestones if name in str(cycle.start)}
    if chance.happens(PROGRESSION, "progression"):
        found["progression"] = 20 + chance.days(PROGRESSION_MEDIAN, 5 * YEAR, "progression on")
        if chance.happens(NEW_THERAPY, "new therapy"):
            found["new-therapy"] = found["progression"] + chance.between(7, 60, "new therapy on")
        if chance.happens(DEATH_AFTER_PROGRESSION, "death"):
            found["death"] = found["progression"] + chance.days(SURVIVAL_MEDIAN, 5 * YEAR, "death on")
    elif starts and chance.happens(FURTHER_CYCLE, "cycle"):
        found |= {name: chance.between(30, 60, "cycle", name) for name in starts}
    gates = {gate for rule in template.visits for gate in rule.requires}
    others = set(template.milestones) - starts - gates - found.keys() - {"progression", "new-therapy", *ENDS}
    found |= {
        name: chance.between(3, 27, "other on", name)
        for name in sorted(others)
        if "/" not in name and chance.happens(OTHER_EVENT, "other", name)
    }
    return {name: day for name, day in found.items() if name == "death" or name in template.milestones}
