"""A plan with no patient: facts that nobody recorded, at a site that may exist nowhere. No store is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypedDict
from zoneinfo import ZoneInfo

from scheduler.moments import AnyWhen, Moment, day_at, day_of, moment_at, when_at
from schedules import catalogue
from schedules.facts_check import check_fact
from schedules.load import load
from schedules.plan import Plan
from schedules.planner import plan
from schedules.record import Fact, Kind, When
from schedules.record import enrolled as record_of
from schedules.site import ALL_WEEK, OPENING, WORKING_WEEK, Site
from schedules.template import Template
from schedules.typed import parse_clock, parse_days, parse_weekdays, parse_zone

# Holidays are looked up from two years before the enrolment to the end of 15 years of follow-up, and some delay.
YEARS_BEFORE, YEARS_AFTER = 2, 20


class Described(TypedDict):
    """A site as it was typed; all of it may be missing."""

    timezone: str | None
    weekdays: str | None
    holidays: str | None
    closed: Iterable[str]
    opens: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A plan that was only asked for; ``today`` is the date at its site, ``warnings`` what was odd in the question."""

    plan: Plan
    today: date
    warnings: tuple[str, ...]


def shipped_template(protocol: str, version: str | None = None) -> Template | None:
    """A template that comes with dayzero, by default its newest version; None where there is none."""
    found = [item for item in catalogue.shipped() if item.protocol == protocol and version in (None, item.version)]
    if not found:
        return None
    newest = found[0] if len(found) == 1 else max(found, key=_order)
    return load(catalogue.read(newest), newest.file, registered=True)


def _order(item: catalogue.Shipped) -> tuple[object, ...]:
    from scheduler.desk import version_order

    return version_order(item.version)


def preview(
    template: Template,
    site: Site | Described,
    *,
    enrolled: AnyWhen | None = None,
    now: Moment = None,
    groups: Mapping[str, str],
    history: Mapping[str, str],
    dates: Mapping[str, AnyWhen],
    done: Mapping[str, AnyWhen],
    events: Iterable[tuple[str, AnyWhen]],
    withheld: Iterable[tuple[str, str]],
    given: Iterable[tuple[str, str]],
    missed: Iterable[str],
) -> Preview:
    """The plan of a patient to whom all this happened; without ``enrolled`` one who is enrolled today.

    Groups and history count first, then what has a date in order of its date, then what was withheld, given, missed
    (interface). Times without an offset are read at the site's zone. Raises UnknownName and InvalidInput.
    """
    place = site if isinstance(site, Site) else imagined_site(template, site, enrolled, now)
    today = moment_at(now, place.zone).astimezone(place.zone).date()
    record = record_of("preview", today if enrolled is None else day_at(enrolled, place.zone))
    booked = _dated(Kind.BOOKED, dates.items(), place)
    happened = [*booked, *_dated(Kind.DONE, done.items(), place), *_dated(Kind.EVENT, events, place)]
    facts = (
        *_answers(groups, history),
        *sorted(happened, key=_moment),
        *(Fact(kind=Kind.WITHHELD, name=visit, values={"activity": name}) for visit, name in withheld),
        *(Fact(kind=Kind.GIVEN, name=visit, values={"activity": name}) for visit, name in given),
        *(Fact(kind=Kind.MISSED, name=visit) for visit in missed),
    )
    warnings: list[str] = []
    for fact in facts:
        warnings += check_fact(template, record, fact)
        record = record.with_facts(fact)
    return Preview(plan=plan(template, record, place), today=today, warnings=tuple(dict.fromkeys(warnings)))


def _answers(groups: Mapping[str, str], history: Mapping[str, str]) -> Iterator[Fact]:
    """Groups and history. Only a preview that is given some pays for what enrolment shares."""
    if groups or history:
        from scheduler.changing import group_facts, history_facts

        yield from group_facts(groups)
        yield from history_facts(history)


def _dated(kind: Kind, dates: Iterable[tuple[str, AnyWhen]], site: Site) -> Iterator[Fact]:
    """Facts with a date or a time at the site; a milestone has a date only."""
    read: Callable[[AnyWhen, ZoneInfo], When] = day_at if kind is Kind.EVENT else when_at
    return (Fact(kind=kind, name=name, when=read(when, site.zone)) for name, when in dates)


def _moment(fact: Fact) -> tuple[date, time]:
    assert fact.when is not None
    return day_of(fact.when), fact.when.time() if isinstance(fact.when, datetime) else time.min


def imagined_site(template: Template, typed: Described, enrolled: AnyWhen | None, now: Moment) -> Site:
    """The site that was described, with the public holidays of the years around the enrolment (design §5, rule 5).

    Every day is open where neither weekdays, holidays nor closures are given; with the latter alone, Monday to Friday.
    Raises UnknownName and InvalidInput for what cannot be read.
    """
    closures = sorted({day for text in typed["closed"] for day in parse_days(text)})
    week = WORKING_WEEK if typed["holidays"] or closures else ALL_WEEK
    site = Site(
        timezone=template.timezone or "UTC" if typed["timezone"] is None else parse_zone(typed["timezone"]),
        weekdays=week if typed["weekdays"] is None else parse_weekdays(typed["weekdays"]),
        closures=tuple((day, "closed") for day in closures),
        opens=OPENING if typed["opens"] is None else parse_clock(typed["opens"]),
    )
    if not typed["holidays"]:
        return site
    from schedules.opendays import with_holidays

    year = day_at(moment_at(now, site.zone) if enrolled is None else enrolled, site.zone).year
    return with_holidays(site, typed["holidays"], year - YEARS_BEFORE, year + YEARS_AFTER)
