"""The use cases that change a subject's record once it is enrolled: one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from scheduler.desk import Desk
from scheduler.moments import AnyWhen, day_of
from scheduler.recording import Recording, Terms, is_ahead, recording
from scheduler.values import Change
from schedules.errors import InvalidInput
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.record import AGAIN, OVERRIDE, YES, Fact, Kind
from schedules.standing import NEVER
from schedules.typed import parse_day
from schedules.words import when_words


def book(
    desk: Desk, subject: str, visit: str, when: AnyWhen, *, given: Iterable[str], override: bool, terms: Terms
) -> Change:
    """Books a visit. Raises InvalidInput for one that was done, and for a shut gate unless that is overridden with a
    reason (design §5, rule 13)."""
    with recording(desk, subject, terms) as doing:
        refuse_done(doing, visit, "booked")
        shut = shut_gates(doing, visit)
        if shut and not (override and doing.why):
            raise InvalidInput(
                f"{visit} waits for {', '.join(shut)}, which {'is' if len(shut) == 1 else 'are'} not recorded. "
                f"Record it with 'dayzero event {subject} {shut[0]} DATE', or book with --override and --why."
            )
        overridden = {OVERRIDE: ", ".join(shut)} if shut else {}
        fact = doing.fact(Kind.BOOKED, visit, when, **overridden)
        change = doing.record([fact, *(doing.fact(Kind.GIVEN, visit, activity=name) for name in given)])
        return replace(change, warnings=(*change.warnings, *of_booking(doing, change.after, visit)))


def refuse_done(doing: Recording, name: str, what: str) -> None:
    """Raises InvalidInput for a visit that was done; ``what`` it cannot be: booked, moved, missed."""
    planned = doing.chart.plan.visit(name)
    if planned is not None and planned.actual is not None:
        raise InvalidInput(
            f"{name} was done on {when_words(planned.actual)}; what is done does not move and cannot be {what}."
        )


def shut_gates(doing: Recording, visit: str) -> tuple[str, ...]:
    """The milestones a visit waits for that are not recorded."""
    rule = next((rule for rule in doing.chart.template.visits if rule.id == visit), None)
    gates = rule.requires if rule is not None else ()
    return tuple(name for name in gates if name not in doing.chart.plan.milestones)


def of_booking(doing: Recording, plan: Plan, name: str) -> Iterator[str]:
    """What is odd about a booking, given the plan after it."""
    rule = next((rule for rule in doing.chart.template.visits if rule.id == name), None)
    visit = plan.visit(name)
    if visit is None or visit.planned is None or visit.status is not Status.BOOKED:
        yield f"{name} is {visit.status if visit else 'not planned'} all the same; the booking is recorded."
    elif rule is not None and rule.at_the_latest is not None and not doing.why and _is_late(visit):
        yield f"{name} is booked later than its rules allow, for which the protocol wants a reason. Give it with --why."


def _is_late(visit: Visit) -> bool:
    ends = [day_of(end) for end in (visit.window_end, visit.not_after) if end is not None]
    return visit.planned is not None and any(day_of(visit.planned) > end for end in ends)


def done(
    desk: Desk,
    subject: str,
    visit: str,
    when: AnyWhen,
    *,
    withheld: Iterable[str],
    given: Iterable[str],
    again: bool,
    terms: Terms,
) -> Change:
    """Records that a visit was done; never refused for being inconvenient (design §5, rule 13).

    One that was done before can be done ``again``, and counts from then on (rule 14). Raises InvalidInput for one that
    was done before and is not said to be done again, and the other way round.
    """
    with recording(desk, subject, terms) as doing:
        _check_repeat(doing, visit, again)
        repeat = {AGAIN: YES} if again else {}
        fact = doing.fact(Kind.DONE, visit, when, **repeat)
        left_out = [doing.fact(Kind.WITHHELD, visit, activity=name) for name in withheld]
        chosen = [doing.fact(Kind.GIVEN, visit, activity=name) for name in given]
        return doing.record([fact, *left_out, *chosen], warnings=_of_repeat(doing, fact) if again else ())


def _check_repeat(doing: Recording, name: str, again: bool) -> None:
    visit = doing.chart.plan.visit(name)
    actual = visit.actual if visit is not None else None
    if visit is not None and actual is None and again:
        raise InvalidInput(f"{name} was not done before, so it cannot be done again. Leave --again out.")
    if actual is not None and not again:
        number = max(fact.number for fact in doing.chart.record.effective().facts if _is_of(fact, Kind.DONE, name))
        raise InvalidInput(
            f"{name} was done on {when_words(actual)}. If it was done once more, say --again. If that date is wrong, "
            f"correct it: dayzero correct {doing.chart.subject.id} {number} --why TEXT WHEN"
        )


def _is_of(fact: Fact, kind: Kind, name: str) -> bool:
    return fact.kind is kind and fact.name == name


def _of_repeat(doing: Recording, fact: Fact) -> Iterator[str]:
    visit = doing.chart.plan.visit(fact.name)
    if visit is not None and visit.actual is not None and fact.day is not None and fact.day < day_of(visit.actual):
        before, after = when_words(visit.actual), when_words(fact.day)
        yield f"{fact.name} was done on {before}; this is dated before it, {after}, and counts instead."


def missed(desk: Desk, subject: str, visit: str, terms: Terms) -> Change:
    """Records that a visit was missed."""
    with recording(desk, subject, terms) as doing:
        refuse_done(doing, visit, "missed")
        return doing.record([doing.fact(Kind.MISSED, visit)], warnings=_of_early_miss(doing, visit))


def _of_early_miss(doing: Recording, name: str) -> Iterator[str]:
    visit = doing.chart.plan.visit(name)
    if visit is not None and visit.planned is not None and is_ahead(visit.planned, doing.now, doing.chart):
        yield (
            f"{name} is {visit.status} for {when_words(visit.planned)}, which is in the future; "
            "it is recorded as missed all the same."
        )


def event(desk: Desk, subject: str, milestone: str, day: AnyWhen, terms: Terms) -> Change:
    """Records a milestone on its day: death, progression, product on site …"""
    with recording(desk, subject, terms) as doing:
        return doing.record([doing.fact(Kind.EVENT, milestone, day)], warnings=_of_another_event(doing, milestone))


def _of_another_event(doing: Recording, name: str) -> Iterator[str]:
    earlier = doing.chart.plan.milestones.get(name)
    milestone = doing.chart.template.milestones.get(name)
    if earlier is not None and not (milestone is not None and milestone.repeats):
        waiting = _asked_again(doing, name)
        meant = f" If it is for {waiting}, undo it and record that." if waiting else ""
        yield f"{name} was recorded before, on {when_words(earlier)}; this counts instead.{meant}"


def _asked_again(doing: Recording, name: str) -> str | None:
    """The milestone of a cycle that a visit with a date waits for, and that is the same one asked again."""
    plan = doing.chart.plan
    for rule in doing.chart.template.visits:
        visit = plan.visit(rule.id)
        if visit is not None and visit.planned is not None and visit.status in TO_COME:
            for gate in rule.requires:
                if gate.endswith(f"/{name}") and gate not in plan.milestones:
                    return gate
    return None


def group(desk: Desk, subject: str, groups: Mapping[str, str], terms: Terms) -> Change:
    """Records what tells this subject's schedule from another's."""
    with recording(desk, subject, terms) as doing:
        return doing.record(group_facts(groups))


def history(desk: Desk, subject: str, answers: Mapping[str, str], terms: Terms) -> Change:
    """Records answers to questions asked at screening."""
    with recording(desk, subject, terms) as doing:
        return doing.record(history_facts(answers))


def group_facts(groups: Mapping[str, str]) -> list[Fact]:
    """One fact a group."""
    return [Fact(kind=Kind.GROUP, name=name, values={"value": value}) for name, value in groups.items()]


def history_facts(answers: Mapping[str, str]) -> list[Fact]:
    """One fact a history item: ``NAME`` is its date or ``never``, ``NAME.half-life`` what else was asked for."""
    items: dict[str, dict[str, str]] = {}
    for key, text in answers.items():
        name, dot, asked = key.partition(".")
        items.setdefault(name, {})[asked if dot else "value"] = text
    return [_history_fact(name, values) for name, values in items.items()]


def _history_fact(name: str, values: dict[str, str]) -> Fact:
    answer = values.get("value")
    day = _answered_day(name, answer) if answer is not None and answer != NEVER else None
    return Fact(kind=Kind.HISTORY, name=name, when=day, values=values)


def _answered_day(name: str, answer: str) -> date:
    try:
        return parse_day(answer)
    except InvalidInput as error:
        raise InvalidInput(f"{error} Where {name} does not apply, write '{NEVER}'.") from None
