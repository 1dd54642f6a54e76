"""Where a date comes from: its derivation in words, from the visit back to facts (design §1, guarantee 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from schedules import unscheduled
from schedules.bounding import history_bounds
from schedules.conflicts import find_conflicts, window_words
from schedules.course import NOTHING_EARLIER, Earlier
from schedules.evaluating import as_day
from schedules.facts_check import no_visit
from schedules.inequalities import Constant
from schedules.judge import Seen, override_words
from schedules.plan import Deviation, Status
from schedules.planner import Prepared, prepare
from schedules.points import Day, Named, Point, names_in
from schedules.record import Record, When
from schedules.site import Site
from schedules.template import Template
from schedules.words import day_words, in_a_sentence, weekday, when_words


def why(
    template: Template, record: Record, site: Site, visit: str, earlier: Earlier = NOTHING_EARLIER
) -> tuple[str, ...]:
    """The story of one visit's date, a line a step: where it stands, what it counts from and so on back to facts.

    Raises InvalidInput for what is no visit of the template, UnknownName where it is nothing else there.
    """
    prepared = prepare(template, record, site, earlier)
    place = prepared.compiled.index.get(visit)
    if place is None:
        if visit in prepared.standing.unscheduled:
            return tuple(unscheduled.story(template, prepared.standing, site, visit))
        raise no_visit(prepared.template, visit, prepared.standing.unscheduled)
    return tuple(dict.fromkeys(_Story(prepared).of(place)))


class _Story:
    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.layout = prepared.layout
        self.compiled = prepared.compiled
        self.board = prepared.layout.board

    def of(self, place: int) -> Iterator[str]:
        rule, status = self.compiled.rules[place], self.board.status[place]
        yield f"{self.compiled.labels[place]} ({rule.id}) {self.stands(place)}."
        if status is Status.CONDITIONAL:
            yield from self.waiting(place)
        yield from self.amended(rule.id)
        if status is Status.NOT_APPLICABLE:
            yield from self.not_applicable(place)
            return
        if place in self.layout.stopped_by:
            event = self.layout.stopped_by[place]
            yield f"It was cancelled by {self.event(event)}, which stops it."
        yield from self.times_before(rule.id)
        yield from self.target(place)
        yield from self.window(place)
        yield from self.bounds(place)
        yield from self.days(place)
        yield from self.gates(place)
        yield from (f"Conflict: {item.message}" for item in find_conflicts(self.layout) if item.visit == rule.id)
        yield from (f"Deviation: {item.message}" for item in self.deviations(rule.id))
        yield from (f"Assumed: {text}." for text in rule.assumed)

    def waiting(self, place: int) -> Iterator[str]:
        """What a conditional visit has no date without: what has to happen, and the patient's groups that are open."""
        names = self.layout.waiting.get(place, ())
        groups = [name for name in names if name in self.compiled.template.groups]
        events = [name for name in names if name not in groups]
        if events:
            yield f"It has no date until this happens: {', '.join(events)}."
        if groups:
            yield f"It has no date until this is known of the patient: {', '.join(groups)}."

    def not_applicable(self, place: int) -> Iterator[str]:
        """Why a visit does not apply; what an amendment would have added to the past says so itself."""
        ground, name = self.prepared.ground, self.compiled.rules[place].id
        if ground is None or name not in ground.passed_over:
            yield f"It does not apply to this patient's groups: {self.groups(place)}."

    def amended(self, name: str) -> Iterator[str]:
        """That a visit is kept from the version before an amendment, or that this did not add it to the past."""
        ground, template = self.prepared.ground, self.prepared.template
        if ground is None or ground.effective is None:
            return
        version, day = template.version, day_words(ground.effective)
        if name in ground.passed_over:
            on = day_words(ground.passed_over[name])
            yield (
                f"Version {version}, which holds from {day} on, would have it on {on}; an amendment adds nothing to "
                "the past."
            )
        elif name in template.kept:
            yield f"It stays as version {template.kept[name]} has it: {version} holds from {day} on."

    def times_before(self, name: str) -> Iterator[str]:
        """When a visit that was done again was done before."""
        seen, site = self.prepared.seen.get(name), self.board.site
        for fact, look in seen.earlier if seen else ():
            assert fact.when is not None
            when = site.at(fact.when)
            reason = f" ({fact.why})" if fact.why else ""
            yield f"It was done before, on {weekday(as_day(when))} {when_words(when)}{_instead(look, when)}{reason}."

    def deviations(self, name: str) -> tuple[Deviation, ...]:
        seen = self.prepared.seen.get(name)
        return seen.all_deviations if seen else ()

    def groups(self, place: int) -> str:
        return ", ".join(
            f"{group} is {self.compiled.groups.get(group, 'open')}" for group, _ in self.compiled.rules[place].only_for
        )

    def event(self, name: str) -> str:
        label = self.compiled.template.event_label(name)
        day = self.board.events.get(name)
        return in_a_sentence(label) + (f" on {day_words(day)}" if day is not None else ", which is not recorded")

    def stands(self, place: int) -> str:
        """``was done on 4 March 2026 instead of 2 March 2026 (fever)``."""
        rule, when = self.compiled.rules[place], self.board.when[place]
        visit = self.prepared.standing.visits.get(rule.id)
        seen = self.prepared.seen.get(rule.id)
        reason = f" ({visit.fact.why})" if visit and visit.fact.why else ""
        match self.board.status[place]:
            case Status.DONE:
                again = "again " if visit and visit.fact.is_repeat else ""
                instead = _instead(seen, when) or ("" if again else self.moved_from(rule.id, when))
                return f"was done {again}on {self.shown(place)}{instead}{reason}"
            case Status.BOOKED:
                return f"is booked for {self.shown(place)}{self.moved_from(rule.id, when)}{reason}"
            case Status.MISSED:
                return f"was missed; it was planned for {self.shown(place)}{reason}"
            case Status.PLANNED:
                return f"is planned for {self.shown(place)}"
            case Status.CANCELLED:
                return f"is cancelled{'' if when is None else f'; it would be on {self.shown(place)}'}{reason}"
            case status:
                return f"is {status.value}"

    def moved_from(self, name: str, when: When | None) -> str:
        """The day that was set at first, where the visit was moved to another since."""
        first = self.prepared.standing.first_set.get(name)
        if first is None or when is None or as_day(first) == as_day(when):
            return ""
        return f" instead of {day_words(as_day(first))}"

    def shown(self, place: int) -> str:
        when = self.board.when[place]
        return f"{weekday(as_day(when))} {when_words(when)}" if when is not None else "no date"

    def target(self, place: int) -> Iterator[str]:
        """What the visit counts from, and how that stands, back to facts."""
        seen: set[int] = set()
        pending = [place]
        while pending:
            current = pending.pop(0)
            if current in seen:
                continue
            seen.add(current)
            fixed = self.board.status[current] in (Status.DONE, Status.BOOKED)
            if fixed and current != place:
                continue
            rule, target = self.compiled.rules[current], self.layout.targets[current]
            if fixed and current in self.compiled.references:
                yield f"It is the reference visit: its date replaces the placeholder {rule.at}."
                continue
            seen_before = self.prepared.seen.get(rule.id)
            if fixed and seen_before is not None:
                target = seen_before.target
                yield (
                    f"Its target was {when_words(target)}, {rule.at}." if target is not None else "It had no target."
                )
                continue
            if target is None:
                continue
            subject = "Its target" if current == place else f"The target of {rule.id}"
            yield f"{subject} is {when_words(target)}: {self.derivation(rule.at)}."
            if isinstance(target, datetime):
                yield from self.opening(rule.at)
            pending += [anchor for anchor in self.deciding(rule.at) if anchor not in seen]

    def opening(self, point: Point) -> Iterator[str]:
        """That hours are counted from the site's opening time, where what they count from has only a date (rule 1)."""
        for named in names_in(point):
            for anchor in self.places(named):
                if not isinstance(self.board.when[anchor], datetime):
                    name, opens = self.compiled.rules[anchor].id, self.board.site.opens
                    yield f"{name} has a date and no time, so hours count from the site's opening time, {opens:%H:%M}."

    def deciding(self, point: Point) -> list[int]:
        found = []
        for named in names_in(point):
            found += self.places(named)
        return found

    def places(self, named: Named | Day) -> list[int]:
        if isinstance(named, Day):
            return [self.compiled.reference_of(named)]
        if not named.which:
            return [self.compiled.index[named.name]] if named.name in self.compiled.index else []
        edge = self.compiled.edges[named.name]
        present = [
            place
            for place in edge.members
            if self.board.counts(place, edge.activity) and self.board.when[place] is not None
        ]
        ordered = sorted(
            present,
            key=lambda place: (as_day(self.board.when[place] or self.prepared.standing.enrolment), place),
        )
        return ordered[-1:] if named.which == "last" else ordered[:1]

    def closed_target(self, place: int) -> Iterator[str]:
        """That a visit is not on its target because the site is closed then, for it or for one that it is held together
        with, if it is so."""
        target, when, site = self.layout.targets[place], self.board.when[place], self.board.site
        needs_open = self.compiled.rules[place].needs_open_day or place in self.layout.agreed
        if target is None or when is None or not needs_open:
            return
        day = as_day(target)
        if as_day(when) != day and not site.is_open(day):
            yield f"{weekday(day)} {day_words(day)} is not an open day: {site.why_closed(day)}"

    def roots(self, place: int) -> list[str]:
        """The facts at the far end of what a visit counts from: ``d1 was done on 4 March 2026 instead of …``."""
        found: dict[str, None] = {}
        seen, pending = {place}, [place]
        while pending:
            current = pending.pop(0)
            if current != place and self.board.status[current] is not Status.PLANNED:
                found[f"{self.compiled.rules[current].id} {self.stands(current)}"] = None
                continue
            found |= dict.fromkeys(self.pushed(current))
            at = self.compiled.rules[current].at
            events = [named for named in names_in(at) if isinstance(named, Named) and not self.places(named)]
            found |= dict.fromkeys(self.event(str(named)) for named in events if not named.which)
            fresh = [anchor for anchor in self.deciding(at) if anchor not in seen]
            seen.update(fresh)
            pending += fresh
        return list(found)

    def pushed(self, place: int) -> Iterator[str]:
        """The rules that a planned visit carries and that keep it off its target."""
        target, when = self.layout.targets[place], self.board.when[place]
        if target is None or when is None or as_day(target) == as_day(when):
            return
        name, day = self.compiled.rules[place].id, as_day(target)
        for check in self.compiled.checks:
            limit = check.evaluate(self.board) if check.carrier == place else None
            if limit is not None and (day > as_day(limit) if check.upper else day < as_day(limit)):
                yield f"{name} no {'later' if check.upper else 'earlier'} than {self.derivation(check.point)}"
        for bound in history_bounds(self.compiled, self.prepared.standing, lambda other: other == place):
            if isinstance(bound.expression, Constant) and day.toordinal() < bound.expression.day:
                yield bound.text

    def reason(self, place: int) -> str:
        """The facts that a date goes back to; of a visit that left its target for another, those of the other."""
        when, target = self.board.when[place], self.layout.targets[place]
        if when is not None and target is not None and as_day(when) != as_day(target):
            partner = self.partner(place, as_day(when))
            if partner is not None:
                return f"together with {partner}: {'; '.join(self.roots(self.compiled.index[partner]))}"
        return "; ".join(self.roots(place))

    def derivation(self, point: Point) -> str:
        """``day 4, counted from d1, which was done on …``."""
        stories = [self.anchor(named) for named in names_in(point)]
        counted = "; ".join(dict.fromkeys(stories))
        return f"{point}, counted from {counted}" if str(point) != "enrolment" else f"the day of {counted}"

    def anchor(self, named: Named | Day) -> str:
        places = self.places(named)
        if places:
            name = self.compiled.rules[places[0]].id
            called = f"{named}, which is {name}" if isinstance(named, Named) and named.which else name
            return f"{called}, which {self.stands(places[0])}"
        return self.event(str(named)) if isinstance(named, Named) and not named.which else f"{named}, which has no date"

    def window(self, place: int) -> Iterator[str]:
        seen = self.prepared.seen.get(self.compiled.rules[place].id)
        done = self.board.status[place] is Status.DONE and seen is not None
        start = seen.start if done and seen else self.layout.starts[place]
        end = seen.end if done and seen else self.layout.ends[place]
        if start is not None and end is not None:
            text = self.compiled.rules[place].window
            yield f"Its window is {when_words(start)} to {when_words(end)}, both days included ({text})."

    def bounds(self, place: int) -> Iterator[str]:
        for check in self.compiled.checks:
            if check.carrier == place:
                limit = check.evaluate(self.board)
                value = f"which is {when_words(limit)}" if limit is not None else "which does not bind now"
                yield f"It can be {check.text}, {value}."
        for bound in history_bounds(self.compiled, self.prepared.standing, lambda other: other == place):
            if isinstance(bound.expression, Constant):
                yield f"It can be no earlier than {_ordinal_words(bound.expression.day)}: {bound.text}."

    def days(self, place: int) -> Iterator[str]:
        rule, when, target = self.compiled.rules[place], self.board.when[place], self.layout.targets[place]
        if self.board.status[place] is not Status.PLANNED or when is None or target is None:
            return
        day, wanted, site = as_day(when), as_day(target), self.board.site
        needs_open = rule.needs_open_day
        partner = self.partner(place, day)
        if day != wanted and partner is not None:
            yield f"It is together with {partner}, on the same day, since their windows overlap."
            if place in self.layout.agreed and not site.is_open(wanted):
                yield f"{weekday(wanted)} {day_words(wanted)} is no day for {partner}: {site.why_closed(wanted)}."
            return
        if day == wanted:
            if needs_open and not site.is_open(day):
                yield (
                    f"{weekday(day)} {day_words(day)} is not an open day: {site.why_closed(day)}. "
                    f"No other day fits its rules ({window_words(self.layout, place)})."
                )
            return
        if needs_open and not site.is_open(wanted):
            closed = site.why_closed(wanted)
            yield f"The target is not an open day ({closed}); {day_words(day)} is the nearest one its rules allow."
        else:
            yield f"Its rules do not allow the target; {day_words(day)} is the nearest day they do."

    def partner(self, place: int, day: date) -> str | None:
        """The visit that this one is on the same day with, where the template wants them together: one that it is to
        be held together with, or that it came to another day for."""
        partners = self.layout.shape.partners
        guests = [guest for guest, hosts in partners.items() if place in hosts] if place in self.layout.agreed else []
        on_it = (other for other in (*partners.get(place, ()), *guests) if self.layout.day(other) == day)
        other = next(on_it, None)
        return None if other is None else self.compiled.rules[other].id

    def gates(self, place: int) -> Iterator[str]:
        name = self.compiled.rules[place].id
        for gate in self.compiled.rules[place].requires:
            is_open = gate in self.prepared.standing.events
            words = "" if is_open else override_words(self.prepared.standing, name, [gate], self.board.site)
            told = f"; {words}" if words else ""
            yield f"Its gate {gate} is {'open' if is_open else 'shut'}: {self.event(gate)}{told}."


def _instead(seen: Seen | None, when: object) -> str:
    if seen is None or seen.planned is None or seen.planned == when:
        return ""
    return f" instead of {when_words(seen.planned)}"


def _ordinal_words(day: int) -> str:
    return day_words(date.fromordinal(day))


def reasons(prepared: Prepared, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """For a diff, by visit id: the facts that these visits' dates go back to, in words, and why the day is not the
    target where the site is closed then, else nothing; of planned ones only."""
    story, layout = _Story(prepared), prepared.layout
    places = ((name, prepared.compiled.index[name]) for name in names if name in prepared.compiled.index)
    return {
        name: (story.reason(place), "; ".join(story.closed_target(place)))
        for name, place in places
        if layout.board.status[place] is Status.PLANNED and layout.targets[place] is not None
    }
