"""Unscheduled visits: recorded beside the protocol's own, and shown; they move nothing and nothing counts from them
(design §5, rule 14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from schedules.evaluating import as_day
from schedules.plan import TO_COME, Conflict, Status, Visit
from schedules.record import LABEL, Fact, When
from schedules.site import Site
from schedules.standing import Fixed, Standing
from schedules.template import STOP_EVERYTHING, Template
from schedules.words import day_words, in_a_sentence, weekday, when_words

EPOCH = "unscheduled"
PLACE = "clinic"
FARTHEST_SEARCH = 366


def is_name(name: str) -> bool:
    """Whether a name is of the kind that unscheduled visits are given: ``unscheduled-1``, ``unscheduled-2`` …"""
    return name.startswith(f"{EPOCH}-") and name[len(EPOCH) + 1 :].isdecimal()


def next_name(facts: Iterable[Fact], taken: Iterable[str]) -> str:
    """The first such name that no fact speaks of and nothing is called by."""
    used = {*taken, *(fact.name for fact in facts)}
    number = 1
    while f"{EPOCH}-{number}" in used:
        number += 1
    return f"{EPOCH}-{number}"


def with_unscheduled(
    visits: tuple[Visit, ...], template: Template, standing: Standing, site: Site
) -> tuple[Visit, ...]:
    """The visits of a plan with those that were added, in the order of their dates, those without a date last."""
    if not standing.added:
        return visits
    dated = [visit for visit in visits if visit.planned is not None]
    dated += (_visit(template, standing, site, name) for name in standing.unscheduled)
    dated.sort(key=_order)
    return (*dated, *(visit for visit in visits if visit.planned is None))


def _order(visit: Visit) -> tuple[date, float]:
    when = visit.planned
    assert when is not None
    return (when.date(), when.timestamp()) if isinstance(when, datetime) else (when, 0)


def _visit(template: Template, standing: Standing, site: Site, name: str) -> Visit:
    fixed = standing.unscheduled[name]
    when = _at_site(fixed.when, site)
    status = Status.CANCELLED if stopped_by(template, standing, name) else fixed.status
    return Visit(
        id=name,
        label=standing.added[name].values[LABEL],
        epoch=EPOCH,
        place=PLACE,
        status=status,
        planned=when,
        actual=when if status is Status.DONE else None,
        earlier=tuple(_at_site(fact.when, site) for fact in standing.earlier.get(name, ())),
    )


def _at_site(when: When | None, site: Site) -> When:
    assert when is not None
    return site.at(when)


def stopped_by(template: Template, standing: Standing, name: str) -> str | None:
    """The event that stops an unscheduled visit: not done, and dated after its day (rules 11 and 16); None for none."""
    fixed = standing.unscheduled[name]
    if fixed.status is not Status.BOOKED or fixed.when is None:
        return None
    day = as_day(fixed.when)
    for event, facts in standing.occurrences.items():
        days = [fact.day for fact in facts if fact.day is not None]
        first = (min if template.may_repeat(event) else _last)(days)
        if day > first and _stops(template, event):
            return event
    return None


def _last(days: list[date]) -> date:
    return days[-1]


def _stops(template: Template, event: str) -> bool:
    """Whether an event stops what the template does not know: where it stops all visits, or those at the clinic."""
    milestone = template.milestones.get(event)
    listed = milestone.stop if milestone else None
    if event in STOP_EVERYTHING or (event == "withdrawal-follow-up" and listed is None):
        return True
    return milestone is not None and "all" in (listed or ()) and EPOCH not in milestone.keep


def unscheduled_conflicts(visits: Iterable[Visit], site: Site) -> Iterator[Conflict]:
    """Those booked for a day on which the site is closed."""
    for visit in visits:
        if visit.epoch != EPOCH or visit.status not in TO_COME or visit.date is None or site.is_open(visit.date):
            continue
        assert visit.planned is not None
        closed = f"{weekday(visit.date)} {day_words(visit.date)} is not an open day: {site.why_closed(visit.date)}"
        stands = f"{visit.id} is booked for {when_words(visit.planned)}"
        yield Conflict(
            visit=visit.id, by=_distance(visit.date, site), message=f"{stands}, but {closed}.", rules=(stands, closed)
        )


def _distance(day: date, site: Site) -> timedelta:
    """How far the nearest open day is."""
    found = (
        days for days in range(1, FARTHEST_SEARCH) for sign in (-1, 1) if site.is_open(day + timedelta(sign * days))
    )
    return timedelta(next(found, 0))


def story(template: Template, standing: Standing, site: Site, name: str) -> Iterator[str]:
    """Where the date of an unscheduled visit comes from, a line a step."""
    visit, fixed, added = _visit(template, standing, site, name), standing.unscheduled[name], standing.added[name]
    yield f"{visit.label} ({name}) {_stands(visit, fixed)}."
    event = stopped_by(template, standing, name)
    if event is not None:
        label, day = template.event_label(event), standing.events[event].day
        on = f" on {day_words(day)}" if day is not None else ""
        yield f"It was cancelled by {in_a_sentence(label)}{on}, which stops it."
    by = f" by {added.by}" if added.by else ""
    yield f"It is unscheduled: it was added{by}. The protocol does not ask for it, and no other date counts from it."
    yield from (f"Conflict: {item.message}" for item in unscheduled_conflicts([visit], site))


def _stands(visit: Visit, fixed: Fixed) -> str:
    assert visit.planned is not None
    day = f"{weekday(as_day(visit.planned))} {when_words(visit.planned)}"
    # Of what an event cancelled, the reason of its booking is no reason.
    reason = f" ({fixed.fact.why})" if fixed.fact.why and visit.status is fixed.status else ""
    match visit.status:
        case Status.DONE:
            return f"was done on {day}{reason}"
        case Status.MISSED:
            return f"was missed; it was booked for {day}{reason}"
        case Status.CANCELLED:
            return f"is cancelled; it was booked for {day}{reason}"
        case _:
            return f"is booked for {day}{reason}"
