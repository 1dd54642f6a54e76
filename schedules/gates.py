"""Gates: milestones without which a visit is not booked, and which visits wait for them (design §5, rule 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from schedules.plan import TO_COME, Plan
from schedules.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A milestone that visits to come require. ``day`` is when it was reached; until then the gate is shut."""

    milestone: str
    label: str
    day: date | None
    visits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChange:
    """A gate that opened, that shut, or that visits to come wait for from now on. ``before`` and ``after`` are open,
    shut, or None where no visit to come requires it; ``visits`` are those that do."""

    milestone: str
    label: str
    before: str | None
    after: str
    visits: tuple[str, ...]


def gates(template: Template, plan: Plan) -> dict[str, Gate]:
    """The gates of all visits planned or booked, by milestone."""
    rules = {rule.id: rule.requires for rule in template.visits if rule.requires}
    visits: dict[str, list[str]] = {}
    for visit in plan.visits if rules else ():
        if visit.status in TO_COME:
            for name in rules.get(visit.id, ()):
                visits.setdefault(name, []).append(visit.id)
    return {
        name: Gate(
            milestone=name, label=template.event_label(name), day=plan.milestones.get(name), visits=tuple(waiting)
        )
        for name, waiting in visits.items()
    }


def gate_changes(before: Mapping[str, Gate], after: Mapping[str, Gate]) -> Iterable[GateChange]:
    """What changed of the gates that visits to come require; one that none requires any more is no news."""
    for name, gate in after.items():
        old = before.get(name)
        one, two = None if old is None else _state(old), _state(gate)
        if one != two and (one is not None or two == "shut"):
            yield GateChange(milestone=name, label=gate.label, before=one, after=two, visits=gate.visits)


def _state(gate: Gate) -> str:
    return "shut" if gate.day is None else "open"
