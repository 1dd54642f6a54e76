"""Visits that the protocol did not ask for, and those that will not take place: the use cases behind ``add`` and
``cancel`` (design §5, rules 7, 11 and 14)."""

from __future__ import annotations

from dataclasses import replace

from scheduler.changing import of_booking, refuse_done
from scheduler.desk import Desk
from scheduler.moments import AnyWhen
from scheduler.recording import Terms, is_ahead, recording
from scheduler.values import Change
from schedules.errors import InvalidInput
from schedules.plan import Status
from schedules.record import LABEL, Kind
from schedules.unscheduled import next_name


def add(desk: Desk, subject: str, label: str, when: AnyWhen, terms: Terms) -> Change:
    """Adds an unscheduled visit under an id of its own. It is booked, or done where ``when`` is not in the future.

    Raises InvalidInput for a label that is empty, too long or not printable.
    """
    with recording(desk, subject, terms) as doing:
        name = next_name(doing.chart.record.facts, (rule.id for rule in doing.chart.template.visits))
        added = doing.fact(Kind.ADDED, name, when, **{LABEL: " ".join(label.split())})
        assert added.when is not None
        if not is_ahead(added.when, doing.now, doing.chart):
            return doing.record([added, doing.fact(Kind.DONE, name, when)])
        change = doing.record([added])
        return replace(change, warnings=(*change.warnings, *of_booking(doing, change.after, name)))


def cancel(desk: Desk, subject: str, visit: str, terms: Terms) -> Change:
    """Cancels a visit until it is booked again. Raises InvalidInput without a reason, and for a visit that was done or
    missed, is cancelled already or does not apply to the subject."""
    with recording(desk, subject, terms) as doing:
        refuse_done(doing, visit, "cancelled")
        planned = doing.chart.plan.visit(visit)
        status = planned.status if planned is not None else None
        if status in (Status.MISSED, Status.CANCELLED, Status.NOT_APPLICABLE):
            stands = "does not apply to this patient" if status is Status.NOT_APPLICABLE else f"is {status} already"
            raise InvalidInput(f"{visit} {stands}, so there is nothing to cancel.")
        fact = doing.fact(Kind.CANCELLED, visit)
        if planned is not None and not doing.why:
            raise InvalidInput("A visit is cancelled for a reason. Give it with --why, as in: --why 'bed not free'.")
        return doing.record([fact])
